/* bench_handshake: a server reads the opening handshake of a browser, beside parsers of HTTP.
 *
 * The parsers of others find the fields and their values; ours also judges them by RFC 6455
 * section 4.2.1 and RFC 9112. What a connection costs above that, the 101 with its SHA-1, is a row
 * of its own, beside which nothing is set. */
#include "bench.h"
#include "peers.h"

#include "base/buf.h"
#include "proto/handshake.h"

#include <stdio.h>

static const char request[] =
    "GET /chat/room/42?token=8f14e45fceea167a HTTP/1.1\r\n"
    "Host: chat.example.org\r\n"
    "Connection: Upgrade\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36\r\n"
    "Upgrade: websocket\r\n"
    "Origin: https://chat.example.org\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Cookie: session=c4ca4238a0b\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

enum { REQUEST_LEN = sizeof request - 1, N_FIELDS = 13 };
_Static_assert(REQUEST_LEN == 565, "the length that the goal speaks of");

static uint64_t run_parse(void *context, uint64_t rounds) {
  uint64_t fields = 0;
  (void)context;
  for (uint64_t i = 0; i < rounds; i++) {
    struct wspec_http_head head;
    size_t consumed;
    wspec_http_head_init(&head, WSPEC_HTTP_REQUEST, NULL);
    if (wspec_http_head_feed(&head, wspec_span_of(request, REQUEST_LEN), &consumed) == WSPEC_OK) {
      fields += head.n_fields;
    }
    wspec_http_head_clear(&head);
  }
  return fields;
}

/* Reads and judges; with `answer` it also writes the 101 into it. */
static uint64_t judge(struct wspec_buf *answer) {
  struct wspec_http_head head;
  struct wspec_handshake_offer offer;
  size_t consumed;
  uint64_t fields = 0;
  wspec_http_head_init(&head, WSPEC_HTTP_REQUEST, NULL);
  if (wspec_http_head_feed(&head, wspec_span_of(request, REQUEST_LEN), &consumed) == WSPEC_OK &&
      wspec_handshake_check_request(&head, &offer) == WSPEC_OK) {
    fields = head.n_fields;
  }
  if (answer) {
    wspec_buf_reset(answer);
    struct wspec_handshake_answer wanted = {.key = offer.key};
    fields = wspec_handshake_write_answer(answer, &wanted) == WSPEC_OK ? fields : 0;
  }
  wspec_http_head_clear(&head);
  return fields;
}

static uint64_t run_judge(void *context, uint64_t rounds) {
  uint64_t fields = 0;
  (void)context;
  for (uint64_t i = 0; i < rounds; i++) {
    fields += judge(NULL);
  }
  return fields;
}

static uint64_t run_answer(void *context, uint64_t rounds) {
  uint64_t fields = 0;
  (void)context;
  struct wspec_buf answer;
  wspec_buf_init(&answer, 4096);
  for (uint64_t i = 0; i < rounds; i++) {
    fields += judge(&answer);
  }
  wspec_buf_clear(&answer);
  return fields;
}

int main(void) {
  struct bench_head head = {.octets = request, .len = REQUEST_LEN, .n_fields = N_FIELDS};
  struct bench_candidate row[BENCH_MAX_CANDIDATES];
  size_t n = 0;
#define ADD(label, kind, function)     \
  row[n++] = (struct bench_candidate){ \
      .name = (label), .role = (kind), .run = (function), .context = &head}
#ifdef WSPEC_BENCH_LLHTTP
  ADD("llhttp", BENCH_PEER, peer_llhttp_fields);
#endif
#ifdef WSPEC_BENCH_PICOHTTPPARSER
  ADD("picohttpparser", BENCH_LIMIT, peer_picohttpparser_fields);
#endif
#ifdef WSPEC_BENCH_BEAST
  ADD("Beast", BENCH_LIMIT, peer_beast_fields);
#endif
  ADD("wspec parse", BENCH_OURS, run_parse);
  ADD("wspec parse and judge", BENCH_OURS, run_judge);
  ADD("wspec parse, judge and answer", BENCH_OURS, run_answer);
#undef ADD
  bench_print_head("Opening handshake", row, n);
  int failed = bench_measure(row, n);
  bench_print_row("565 B request", 0, row, n);
  bench_sum_up_lead("handshake, 565 B request", &row[n - 2], 0.5);
  return failed;
}
