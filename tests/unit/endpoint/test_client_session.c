#include "endpoint/client_session.h"
#include "endpoint/echo.h"
#include "failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A client and an echoing server that exchange octets through memory, `chunk` at a time. */
struct pair {
  struct wspec_client_session *client;
  struct wspec_echo *echo;
  struct wspec_session *server;
  size_t chunk;
  char log[256]; /* what the client was told, a word each */
  char protocol[16];
  size_t n_extensions;
  const char *requirement; /* of the fault or violation */
};

static void note(struct pair *pair, const char *word) {
  size_t len = strlen(pair->log);
  (void)snprintf(pair->log + len, sizeof pair->log - len, "%s%s", len > 0 ? " " : "", word);
}

static void on_head(void *user, struct wspec_client_session *session,
                    const struct wspec_http_head *head) {
  (void)session;
  assert_true(head->raw.len > 0);
  note(user, "head");
}

static void on_open(void *user, struct wspec_client_session *session,
                    const struct wspec_handshake_grant *grant) {
  struct pair *pair = user;
  note(pair, "open");
  (void)snprintf(pair->protocol, sizeof pair->protocol, "%.*s", (int)grant->protocol.len,
                 grant->protocol.len > 0 ? (const char *)grant->protocol.data : "");
  pair->n_extensions = grant->extensions.n_items;
  enum wspec_err err = wspec_conn_send(wspec_client_session_conn(session), WSPEC_OPCODE_TEXT,
                                       wspec_span_text("Hello"));
  note(pair, err ? "unsent" : "sent");
}

static void on_refused(void *user, struct wspec_client_session *session,
                       const struct wspec_handshake_fault *fault, unsigned status_code) {
  struct pair *pair = user;
  (void)session;
  (void)status_code;
  assert_true(fault->sentence[0] != '\0');
  pair->requirement = fault->requirement;
  note(pair, "refused");
}

static void on_event(void *user, struct wspec_client_session *session,
                     const struct wspec_conn_event *event) {
  struct pair *pair = user;
  if (event->type == WSPEC_CONN_MESSAGE) {
    note(pair, wspec_span_equal_text(event->payload, "Hello") ? "Hello" : "other");
    enum wspec_err err =
        wspec_conn_close(wspec_client_session_conn(session), 3001, wspec_span_text("bye"));
    note(pair, err ? "unclosed" : "closed");
  } else if (event->type == WSPEC_CONN_CLOSE) {
    note(pair, event->close.status_code == 3001 ? "close-3001" : "close-other");
  }
}

static void on_failed(void *user, struct wspec_client_session *session,
                      const struct wspec_violation *violation) {
  struct pair *pair = user;
  (void)session;
  pair->requirement = violation->requirement;
  note(pair, "failed");
}

static const struct wspec_client_session_handlers HANDLERS = {
    .on_head = on_head,
    .on_open = on_open,
    .on_refused = on_refused,
    .on_event = on_event,
    .on_failed = on_failed,
};

static const struct wspec_span PROTOCOLS[] = {{(const uint8_t *)"chat", 4},
                                              {(const uint8_t *)"echo", 4}};

static struct wspec_client_session_options client_options(void) {
  struct wspec_client_session_options options;
  wspec_client_session_options_init(&options);
  options.host = wspec_span_text("localhost:9001");
  options.target = wspec_span_text("/chat?x");
  options.conn.masking_seed = 7;
  return options;
}

static bool pair_init(struct pair *pair, const struct wspec_client_session_options *options) {
  struct wspec_session_options server = {
      .protocols = &PROTOCOLS[1], .n_protocols = 1, .deflate = true};
  wspec_conn_options_init(&server.conn, false);
  server.conn.assemble = false;
  *pair = (struct pair){.chunk = SIZE_MAX};
  pair->echo = wspec_echo_new();
  pair->server = pair->echo ? wspec_session_new(&server, wspec_echo_handlers(), pair->echo) : NULL;
  return pair->server &&
         wspec_client_session_new(options, &HANDLERS, pair, &pair->client) == WSPEC_OK;
}

static void pair_clear(struct pair *pair) {
  wspec_client_session_free(pair->client);
  wspec_session_free(pair->server);
  wspec_echo_free(pair->echo);
}

/* An exact copy, so that a read or write past its end is seen. NULL: nothing to copy, or no
 * memory. */
static uint8_t *copy_of(struct wspec_span output, size_t chunk, size_t *len) {
  *len = output.len < chunk ? output.len : chunk;
  uint8_t *copy = *len > 0 ? malloc(*len) : NULL;
  if (copy) {
    memcpy(copy, output.data, *len);
  }
  return copy;
}

static bool carry(struct pair *pair) {
  size_t len;
  uint8_t *to_server = copy_of(wspec_client_session_output(pair->client), pair->chunk, &len);
  if (to_server) {
    wspec_client_session_output_sent(pair->client, len);
    wspec_session_feed(pair->server, to_server, len);
    free(to_server);
    return true;
  }
  uint8_t *to_client = copy_of(wspec_session_output(pair->server), pair->chunk, &len);
  if (to_client) {
    wspec_session_output_sent(pair->server, len);
    wspec_client_session_feed(pair->client, to_client, len);
    free(to_client);
    return true;
  }
  return false;
}

static void test_conversation_at_every_chunk_size(void **state) {
  (void)state;
  for (size_t chunk = 1; chunk < 600; chunk++) {
    struct pair pair;
    struct wspec_client_session_options options = client_options();
    options.protocols = PROTOCOLS;
    options.n_protocols = 2;
    options.protocol_required = true;
    assert_true(pair_init(&pair, &options));
    pair.chunk = chunk;
    while (carry(&pair)) {
    }
    assert_string_equal(pair.log, "head open sent Hello closed close-3001");
    assert_string_equal(pair.protocol, "echo");
    assert_int_equal(pair.n_extensions, 1);
    assert_true(wspec_session_wants_close(pair.server));
    assert_false(wspec_client_session_wants_close(pair.client)); /* the server closes TCP first */
    wspec_client_session_eof(pair.client);
    assert_true(wspec_client_session_wants_close(pair.client));
    assert_true(wspec_conn_outcome(wspec_client_session_conn(pair.client)).was_clean);
    pair_clear(&pair);
  }
}

static void test_request_says_what_was_asked_for(void **state) {
  (void)state;
  struct wspec_handshake_header header = {wspec_span_text("X-Mine"), wspec_span_text("1")};
  struct wspec_client_session_options options = client_options();
  options.origin = wspec_span_text("http://a");
  options.headers = &header;
  options.n_headers = 1;
  struct pair pair;
  assert_true(pair_init(&pair, &options));
  struct wspec_span output = wspec_client_session_output(pair.client);
  char *text = strndup((const char *)output.data, output.len);
  assert_non_null(text);
  assert_ptr_equal(strstr(text, "GET /chat?x HTTP/1.1\r\n"), text);
  assert_non_null(strstr(text, "\r\nHost: localhost:9001\r\n"));
  assert_non_null(strstr(text, "\r\nOrigin: http://a\r\n"));
  assert_non_null(strstr(text, "\r\nX-Mine: 1\r\n"));
  assert_non_null(strstr(text, "permessage-deflate; client_max_window_bits\r\n"));
  assert_null(strstr(text, "Sec-WebSocket-Protocol"));
  free(text);
  pair_clear(&pair);
}

static void test_header_that_cannot_be_sent_is_misuse(void **state) {
  (void)state;
  struct wspec_handshake_header header = {wspec_span_text("X"), wspec_span_text("1\r\nY: 2")};
  struct wspec_client_session_options options = client_options();
  options.headers = &header;
  options.n_headers = 1;
  struct wspec_client_session *client;
  assert_int_equal(wspec_client_session_new(&options, &HANDLERS, NULL, &client), WSPEC_ERR_MISUSE);
  assert_null(client);
}

/* Feeds `answer`, with every "%" in it replaced by the right Accept value, then the end of TCP. */
static void answer(struct pair *pair, const char *text) {
  struct wspec_span request = wspec_client_session_output(pair->client);
  static const char NAME[] = "Sec-WebSocket-Key: ";
  char *sent = strndup((const char *)request.data, request.len);
  const char *key = sent ? strstr(sent, NAME) : NULL;
  char accept[WSPEC_HANDSHAKE_ACCEPT_LEN + 1];
  char octets[1024] = "";
  assert_non_null(key);
  assert_int_equal(
      wspec_handshake_accept(wspec_span_of(key + sizeof NAME - 1, WSPEC_HANDSHAKE_KEY_LEN), accept),
      WSPEC_OK);
  free(sent);
  size_t len = 0;
  for (; *text; text++) {
    len += (size_t)snprintf(octets + len, sizeof octets - len, "%.*s", *text == '%' ? 28 : 1,
                            *text == '%' ? accept : text);
  }
  wspec_client_session_output_sent(pair->client, request.len);
  uint8_t *copy = malloc(len);
  assert_non_null(copy);
  memcpy(copy, octets, len);
  wspec_client_session_feed(pair->client, copy, len);
  free(copy);
  wspec_client_session_eof(pair->client);
}

#define SWITCH  "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPT  "Sec-WebSocket-Accept: %\r\n"

static const struct {
  const char *answer, *log, *requirement;
} ANSWERS[] = {
    {SWITCH UPGRADE ACCEPT "\r\n", "head refused", "whatwg-2.2-08"},
    {SWITCH UPGRADE ACCEPT "Sec-WebSocket-Protocol: b\r\n\r\n", "head refused", "6455-4.1-50"},
    {SWITCH UPGRADE "Sec-WebSocket-Accept: sN9cRrP/n9NdMgdcy2VJFQ==\r\n\r\n", "head refused", NULL},
    {"HTTP/1.1 200 OK\r\n\r\n", "head refused", "6455-4.1-40"},
    {"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "head refused", "6455-4.1-40"},
    {"SSH-2.0-OpenSSH\r\n\r\n", "head refused", "6455-4.2.2-21"},
    {SWITCH UPGRADE, "refused", "6455-4.1-42"},
    {"", "refused", "6455-4.1-42"},
    {SWITCH UPGRADE ACCEPT "Sec-WebSocket-Protocol: chat\r\n"
                           "Sec-WebSocket-Extensions: permessage-deflate; x=1\r\n\r\n",
     "head refused", NULL},
    {SWITCH UPGRADE ACCEPT "Sec-WebSocket-Protocol: chat\r\n"
                           "Sec-WebSocket-Extensions: x-other\r\n\r\n",
     "head refused", "6455-4.1-49"},
    {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" SWITCH UPGRADE
         ACCEPT "Sec-WebSocket-Protocol: chat\r\n\r\n",
     "head open sent", NULL},
    {SWITCH UPGRADE ACCEPT "Sec-WebSocket-Protocol: chat\r\n\r\n\x81\x05Hello",
     "head open sent Hello closed", NULL},
    {SWITCH UPGRADE ACCEPT "Sec-WebSocket-Protocol: chat\r\n\r\n\x83\x05Hello",
     "head open sent failed", NULL},
};

static void test_answers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
    struct wspec_client_session_options options = client_options();
    options.protocols = PROTOCOLS;
    options.n_protocols = 2;
    options.protocol_required = true;
    struct pair pair;
    assert_true(pair_init(&pair, &options));
    answer(&pair, ANSWERS[i].answer);
    assert_string_equal(pair.log, ANSWERS[i].log);
    if (ANSWERS[i].requirement) {
      assert_string_equal(pair.requirement, ANSWERS[i].requirement);
    }
    assert_true(wspec_client_session_wants_close(pair.client));
    pair_clear(&pair);
  }
}

static void test_deflate_unasked_is_refused(void **state) {
  (void)state;
  struct wspec_client_session_options options = client_options();
  options.deflate = false;
  struct pair pair;
  assert_true(pair_init(&pair, &options));
  answer(&pair, SWITCH UPGRADE ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  assert_string_equal(pair.log, "head refused");
  pair_clear(&pair);
}

static void test_no_protocol_is_fine_for_the_rfc_alone(void **state) {
  (void)state;
  struct wspec_client_session_options options = client_options();
  options.protocols = PROTOCOLS;
  options.n_protocols = 2;
  struct pair pair;
  assert_true(pair_init(&pair, &options));
  answer(&pair, SWITCH UPGRADE ACCEPT "\r\n");
  assert_string_equal(pair.log, "head open sent");
  pair_clear(&pair);
}

/* Without memory either nothing is made, or the connection ends: it never hangs or crashes. */
static void test_every_allocation_may_fail(void **state) {
  (void)state;
  bool failed = true;
  for (unsigned n = 1; failed; n++) {
    struct pair pair;
    struct wspec_client_session_options options = client_options();
    failalloc_arm(n);
    bool is_made = pair_init(&pair, &options);
    unsigned turns = 0;
    while (is_made && turns < 1000 && carry(&pair)) {
      turns++;
    }
    failed = failalloc_disarm();
    assert_true(turns < 1000);
    if (!failed) {
      assert_string_equal(pair.log, "head open sent Hello closed close-3001");
    }
    pair_clear(&pair);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conversation_at_every_chunk_size),
      cmocka_unit_test(test_request_says_what_was_asked_for),
      cmocka_unit_test(test_header_that_cannot_be_sent_is_misuse),
      cmocka_unit_test(test_answers),
      cmocka_unit_test(test_deflate_unasked_is_refused),
      cmocka_unit_test(test_no_protocol_is_fine_for_the_rfc_alone),
      cmocka_unit_test(test_every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
