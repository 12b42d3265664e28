#include "failalloc.h"
#include "proto/handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEY    "sN9cRrP/n9NdMgdcy2VJFQ=="
#define ACCEPT "fFBooB7FAkLlXgRSz0BT3v4hq5s="

/* The lines of a good request, to be put together with one of them wrong. */
#define LINE     "GET /chat HTTP/1.1\r\n"
#define HOST     "Host: example.org\r\n"
#define UPGRADE  "Upgrade: websocket\r\n"
#define CONNECT  "Connection: Upgrade\r\n"
#define KEY_LINE "Sec-WebSocket-Key: " KEY "\r\n"
#define VERSION  "Sec-WebSocket-Version: 13\r\n"
#define FIELDS   UPGRADE CONNECT KEY_LINE VERSION
#define GOOD     LINE HOST FIELDS

/* The same for a response. */
#define STATUS      "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT_LINE "Sec-WebSocket-Accept: " ACCEPT "\r\n"
#define GOOD_ANSWER STATUS UPGRADE CONNECT ACCEPT_LINE

static struct wspec_handshake_offer g_offer;
static struct wspec_handshake_grant g_grant;

static void read_head(struct wspec_http_head *head, enum wspec_http_kind kind, const char *text) {
  size_t consumed;
  wspec_http_head_init(head, kind, NULL);
  enum wspec_err err = wspec_http_head_feed(head, wspec_span_text(text), &consumed);
  assert_int_not_equal(err, WSPEC_ERR_NEED_MORE);
}

static void test_known_answer(void **state) {
  (void)state;
  char accept[WSPEC_HANDSHAKE_ACCEPT_LEN + 1];
  assert_int_equal(wspec_handshake_accept(wspec_span_text(KEY), accept), WSPEC_OK);
  assert_string_equal(accept, ACCEPT);
  assert_int_equal(wspec_handshake_accept(wspec_span_text(""), accept), WSPEC_OK);
  assert_string_equal(accept, "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=");
}

static void test_keys(void **state) {
  (void)state;
  static const struct {
    const char *key;
    enum wspec_handshake_key standing;
  } ROWS[] = {
      {KEY, WSPEC_HANDSHAKE_KEY_VALID},
      {"AAAAAAAAAAAAAAAAAAAAAA==", WSPEC_HANDSHAKE_KEY_VALID},
      {"/+9zAAAAAAAAAAAAAAAAAw==", WSPEC_HANDSHAKE_KEY_VALID},
      {"AQIDBAUGBwgJCgsMDQ4PEC==", WSPEC_HANDSHAKE_KEY_PAD_BITS},
      {"AQIDBAUGBwgJCgsMDQ4PEB==", WSPEC_HANDSHAKE_KEY_PAD_BITS},
      {"AQIDBAUGBwgJCgsMDQ4PEA=", WSPEC_HANDSHAKE_KEY_WRONG_LEN},
      {"AQIDBAUGBwgJCgsMDQ4PEBE=", WSPEC_HANDSHAKE_KEY_WRONG_LEN},
      {"AQIDBAUGBwgJCgsMDQ4PEBES", WSPEC_HANDSHAKE_KEY_WRONG_LEN},
      {"", WSPEC_HANDSHAKE_KEY_WRONG_LEN},
      {"AQIDBAUGBwgJCgsMDQ4PE===", WSPEC_HANDSHAKE_KEY_NOT_BASE64},
      {"AQIDBAUGBwg-CgsMDQ4PEA==", WSPEC_HANDSHAKE_KEY_NOT_BASE64},
      {"AQIDBAUGBwgJ gsMDQ4PEA==", WSPEC_HANDSHAKE_KEY_NOT_BASE64},
      {"AQIDBAUGBwgJCgsMDQ4PEA=A", WSPEC_HANDSHAKE_KEY_NOT_BASE64},
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
    assert_int_equal(wspec_handshake_check_key(wspec_span_text(ROWS[i].key)), ROWS[i].standing);
  }
  char key[WSPEC_HANDSHAKE_KEY_LEN + 1];
  uint8_t nonce[WSPEC_HANDSHAKE_NONCE_LEN] = {1, 2,  3,  4,  5,  6,  7,  8,
                                              9, 10, 11, 12, 13, 14, 15, 16};
  wspec_handshake_make_key(nonce, key);
  assert_string_equal(key, "AQIDBAUGBwgJCgsMDQ4PEA==");
}

static void test_good_requests_are_taken(void **state) {
  (void)state;
  static const char *const ROWS[] = {
      GOOD "\r\n",
      "\r\n" GOOD "\r\n",
      LINE "hOST: [::1]:9001\r\n" FIELDS "\r\n",
      "GET /chat HTTP/1.2\r\n" HOST FIELDS "\r\n",
      "GET http://a.example/chat?x HTTP/1.1\r\n" HOST FIELDS "\r\n",
      LINE HOST
      "Upgrade: h2c,WebSocket\r\nConnection: keep-alive\r\nConnection: ,UPGRADE\r\n" KEY_LINE
          VERSION "\r\n",
      GOOD "Content-Length: 0\r\nX-Unknown: \xff\r\nSec-WebSocket-Protocol: a,,b\r\n\r\n",
      LINE HOST UPGRADE CONNECT VERSION "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\n\r\n",
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
    struct wspec_http_head head;
    read_head(&head, WSPEC_HTTP_REQUEST, ROWS[i]);
    assert_int_equal(wspec_handshake_check_request(&head, &g_offer), WSPEC_OK);
    assert_int_equal(g_offer.n_faults, 0);
    wspec_http_head_clear(&head);
  }
}

static void test_an_offer_says_what_is_asked_for(void **state) {
  (void)state;
  struct wspec_http_head head;
  read_head(&head, WSPEC_HTTP_REQUEST,
            GOOD "Origin: http://o.example\r\nSec-WebSocket-Extensions: x; y=1\r\n\r\n");
  assert_int_equal(wspec_handshake_check_request(&head, &g_offer), WSPEC_OK);
  assert_true(wspec_span_equal_text(g_offer.resource_name, "/chat"));
  assert_true(wspec_span_equal_text(g_offer.host, "example.org"));
  assert_true(wspec_span_equal_text(g_offer.key, KEY));
  assert_true(wspec_span_equal_text(g_offer.origin, "http://o.example"));
  assert_int_equal(g_offer.extensions.n_items, 1);
  wspec_http_head_clear(&head);

  /* RFC 9112 section 3.2.2: the target's authority counts, not Host */
  read_head(&head, WSPEC_HTTP_REQUEST, "GET HTTPS://b.example:8?q HTTP/1.1\r\n" HOST FIELDS "\r\n");
  assert_int_equal(wspec_handshake_check_request(&head, &g_offer), WSPEC_OK);
  assert_true(wspec_span_equal_text(g_offer.resource_name, "?q"));
  assert_true(wspec_span_equal_text(g_offer.host, "b.example:8"));
  assert_null(g_offer.origin.data);
  wspec_http_head_clear(&head);
}

struct refused_row {
  const char *text;
  unsigned status_code;
  const char *requirement;
};

static const struct refused_row REFUSED[] = {
    {"POST /chat HTTP/1.1\r\n" HOST FIELDS "\r\n", 405, "6455-4.2.1-02"},
    {"get /chat HTTP/1.1\r\n" HOST FIELDS "\r\n", 405, "6455-4.2.1-02"},
    {"GET /chat HTTP/1.0\r\n" HOST FIELDS "\r\n", 400, "6455-4.2.1-03"},
    {"GET /chat HTTP/2.0\r\n" HOST FIELDS "\r\n", 505, "6455-4.2.1-03"},
    {"GET /chat http/1.1\r\n" HOST FIELDS "\r\n", 400, "9112-2.3-01"},
    {"GET  /chat HTTP/1.1\r\n" HOST FIELDS "\r\n", 400, "9110-2.2-01"},
    {"GET * HTTP/1.1\r\n" HOST FIELDS "\r\n", 400, "6455-4.2.1-04"},
    {"GET ftp://a/ HTTP/1.1\r\n" HOST FIELDS "\r\n", 400, "6455-4.2.1-04"},
    {"GET http:///x HTTP/1.1\r\n" HOST FIELDS "\r\n", 400, "6455-4.2.1-04"},
    {"GET /a#b HTTP/1.1\r\n" HOST FIELDS "\r\n", 400, "6455-3-06"},
    {"nonsense\r\n", 400, "9112-2.2-08"},
    {LINE FIELDS "\r\n", 400, "9112-3.2-03"},
    {LINE HOST HOST FIELDS "\r\n", 400, "9112-3.2-04"},
    {LINE "Host: a b\r\n" FIELDS "\r\n", 400, "9112-3.2-05"},
    {LINE "Host:\r\n" FIELDS "\r\n", 400, "9112-3.2-05"},
    {LINE "Host: a:8x\r\n" FIELDS "\r\n", 400, "9112-3.2-05"},
    {LINE "Host: [::1\r\n" FIELDS "\r\n", 400, "9112-3.2-05"},
    {LINE "Host: []\r\n" FIELDS "\r\n", 400, "9112-3.2-05"},
    {LINE "Host: u@a\r\n" FIELDS "\r\n", 400, "9112-3.2-05"},
    {LINE "Host: a%zz\r\n" FIELDS "\r\n", 400, "9112-3.2-05"},
    {LINE "Host: a%2\r\n" FIELDS "\r\n", 400, "9112-3.2-05"},
    {LINE "Host : a\r\n" FIELDS "\r\n", 400, "9112-5.1-01"},
    {GOOD "A: b\r\n c\r\n\r\n", 400, "9112-5.2-01"},
    {GOOD "A: b\n\r\n", 400, "9112-2.1-01"},
    {LINE HOST CONNECT KEY_LINE VERSION "\r\n", 426, "6455-4.2.1-07"},
    {LINE HOST "Upgrade: websockets\r\n" CONNECT KEY_LINE VERSION "\r\n", 426, "6455-4.2.1-08"},
    {LINE HOST UPGRADE KEY_LINE VERSION "\r\n", 400, "6455-4.2.1-11"},
    {LINE HOST UPGRADE "Connection: notupgrade\r\n" KEY_LINE VERSION "\r\n", 400, "6455-4.2.1-11"},
    {LINE HOST UPGRADE CONNECT VERSION "\r\n", 400, "6455-4.2.1-13"},
    {LINE HOST UPGRADE CONNECT VERSION "Sec-WebSocket-Key: short\r\n\r\n", 400, "6455-4.2.1-14"},
    {GOOD KEY_LINE "\r\n", 400, "6455-11.3.1-02"},
    {LINE HOST UPGRADE CONNECT KEY_LINE "\r\n", 426, "6455-4.2.1-16"},
    {LINE HOST UPGRADE CONNECT KEY_LINE "Sec-WebSocket-Version: 8\r\n\r\n", 426, "6455-4.2.1-17"},
    {LINE HOST UPGRADE CONNECT KEY_LINE "Sec-WebSocket-Version: 013\r\n\r\n", 400, "6455-4.3-05"},
    {LINE HOST UPGRADE CONNECT KEY_LINE "Sec-WebSocket-Version: 256\r\n\r\n", 400, "6455-4.3-05"},
    {LINE HOST UPGRADE CONNECT KEY_LINE "Sec-WebSocket-Version: 13, 8\r\n\r\n", 400, "6455-4.3-05"},
    {GOOD VERSION "\r\n", 400, "6455-11.3.5-03"},
    {GOOD "Origin: a\r\nOrigin: a\r\n\r\n", 400, "9110-5.3-01"},
    {GOOD "Sec-WebSocket-Protocol: a b\r\n\r\n", 400, "6455-4.2.1-20"},
    {GOOD "Sec-WebSocket-Protocol: ,\r\n\r\n", 400, "6455-4.2.1-20"},
    {GOOD "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: a\r\n\r\n", 400, "6455-4.1-35"},
    {GOOD "Sec-WebSocket-Extensions: a;\r\n\r\n", 400, "6455-4.2.1-21"},
    {GOOD "Content-Length: 5\r\n\r\n", 400, "9112-6-01"},
    {GOOD "Content-Length: x\r\n\r\n", 400, "9112-6.3-01"},
    {GOOD "Transfer-Encoding: chunked\r\n\r\n", 400, "9112-6-01"},
    {GOOD "Transfer-Encoding: gzip\r\n\r\n", 400, "9112-6.1-01"},
    {GOOD "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 400, "9112-6.2-01"},
};

static void test_bad_requests_are_refused_with_the_reason(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
    struct wspec_http_head head;
    read_head(&head, WSPEC_HTTP_REQUEST, REFUSED[i].text);
    assert_int_equal(wspec_handshake_check_request(&head, &g_offer), WSPEC_ERR_HANDSHAKE);
    assert_string_equal(g_offer.faults[0].requirement, REFUSED[i].requirement);
    assert_int_equal(g_offer.faults[0].status_code, REFUSED[i].status_code);
    assert_true(g_offer.faults[0].offset <= strlen(REFUSED[i].text));
    assert_int_equal(g_offer.n_faults, 1);
    wspec_http_head_clear(&head);
  }
}

static void test_all_faults_are_listed_in_order(void **state) {
  (void)state;
  struct wspec_http_head head;
  read_head(&head, WSPEC_HTTP_REQUEST, "PUT / HTTP/1.1\r\nUpgrade: a\r\nConnection: b\r\n\r\n");
  assert_int_equal(wspec_handshake_check_request(&head, &g_offer), WSPEC_ERR_HANDSHAKE);
  static const char *const IDS[] = {"6455-4.2.1-02", "9112-3.2-03",   "6455-4.2.1-08",
                                    "6455-4.2.1-11", "6455-4.2.1-16", "6455-4.2.1-13"};
  assert_int_equal(g_offer.n_faults, 6);
  for (size_t i = 0; i < 6; i++) {
    assert_string_equal(g_offer.faults[i].requirement, IDS[i]);
  }
  assert_int_equal(g_offer.faults[1].offset, head.raw.len);
  assert_int_equal(g_offer.faults[2].offset, 16);
  wspec_http_head_clear(&head);
}

static void test_limits_have_their_own_status(void **state) {
  (void)state;
  static const struct wspec_http_limits LIMITS = {.line_len = 40, .headers = 2};
  static const struct {
    const char *text;
    unsigned status_code;
  } ROWS[] = {
      {"GET /a/resource/name/that/is/too/long/for/the/limit HTTP/1.1\r\n", 414},
      {LINE "A: a value that is too long for the limit\r\n", 431},
      {LINE "A:\r\nB:\r\nC:\r\n", 431},
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
    struct wspec_http_head head;
    size_t consumed;
    wspec_http_head_init(&head, WSPEC_HTTP_REQUEST, &LIMITS);
    assert_int_equal(wspec_http_head_feed(&head, wspec_span_text(ROWS[i].text), &consumed),
                     WSPEC_ERR_LIMIT);
    assert_int_equal(wspec_handshake_check_request(&head, &g_offer), WSPEC_ERR_HANDSHAKE);
    assert_int_equal(g_offer.faults[0].status_code, ROWS[i].status_code);
    wspec_http_head_clear(&head);
  }
}

static void test_too_many_subprotocols_are_refused(void **state) {
  (void)state;
  struct wspec_http_head head;
  struct wspec_buf text;
  wspec_buf_init(&text, 10000);
  for (int n = WSPEC_HANDSHAKE_PROTOCOLS_MAX; n <= WSPEC_HANDSHAKE_PROTOCOLS_MAX + 1; n++) {
    wspec_buf_reset(&text);
    assert_int_equal(wspec_buf_append_text(&text, GOOD "Sec-WebSocket-Protocol: a"), WSPEC_OK);
    for (int i = 1; i < n; i++) {
      assert_int_equal(wspec_buf_appendf(&text, ",p%d", i), WSPEC_OK);
    }
    assert_int_equal(wspec_buf_append(&text, "\r\n\r\n", 5), WSPEC_OK);
    read_head(&head, WSPEC_HTTP_REQUEST, (const char *)text.data);
    bool fits = n == WSPEC_HANDSHAKE_PROTOCOLS_MAX;
    assert_int_equal(wspec_handshake_check_request(&head, &g_offer),
                     fits ? WSPEC_OK : WSPEC_ERR_HANDSHAKE);
    assert_int_equal(fits ? 431 : g_offer.faults[0].status_code, 431);
    wspec_http_head_clear(&head);
  }
  wspec_buf_clear(&text);
}

static void test_unfinished_or_wrong_kind_is_misuse(void **state) {
  (void)state;
  struct wspec_http_head head;
  struct wspec_handshake_request request = {.key = wspec_span_text(KEY)};
  wspec_http_head_init(&head, WSPEC_HTTP_REQUEST, NULL);
  assert_int_equal(wspec_handshake_check_request(&head, &g_offer), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_handshake_check_response(&head, &request, &g_grant), WSPEC_ERR_MISUSE);
  wspec_http_head_init(&head, WSPEC_HTTP_RESPONSE, NULL);
  assert_int_equal(wspec_handshake_check_request(&head, &g_offer), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_handshake_check_response(&head, &request, &g_grant), WSPEC_ERR_MISUSE);
}

static void test_the_clients_order_selects_the_subprotocol(void **state) {
  (void)state;
  struct wspec_http_head head;
  struct wspec_span chosen;
  struct wspec_span supported[] = {wspec_span_text("c"), wspec_span_text("b")};
  read_head(&head, WSPEC_HTTP_REQUEST,
            GOOD "Sec-WebSocket-Protocol: a, B\r\nSec-WebSocket-Protocol: b, c\r\n\r\n");
  assert_true(wspec_handshake_select_protocol(&head, supported, 2, &chosen));
  assert_true(wspec_span_equal_text(chosen, "b"));
  assert_true(wspec_handshake_select_protocol(&head, supported, 1, &chosen));
  assert_true(wspec_span_equal_text(chosen, "c"));
  assert_false(wspec_handshake_select_protocol(&head, supported, 0, &chosen));
  assert_null(chosen.data);
  wspec_http_head_clear(&head);
}

static struct wspec_span g_protocols[2];
static struct wspec_extension_param g_param;
static struct wspec_extension g_extension;

static struct wspec_handshake_request make_request(void) {
  g_protocols[0] = wspec_span_text("chat");
  g_protocols[1] = wspec_span_text("superchat");
  g_param = (struct wspec_extension_param){wspec_span_text("p"), wspec_span_text("1"), true, false};
  g_extension = (struct wspec_extension){wspec_span_text("ext"), &g_param, 1};
  return (struct wspec_handshake_request){.host = wspec_span_text("example.org:8080"),
                                          .target = wspec_span_text("/a?b"),
                                          .key = wspec_span_text(KEY),
                                          .origin = wspec_span_text("http://o.example"),
                                          .protocols = g_protocols,
                                          .n_protocols = 2,
                                          .extensions = &g_extension,
                                          .n_extensions = 1};
}

struct answer_row {
  const char *text;
  const char *requirement; /* NULL: it is taken */
};

static const struct answer_row ANSWERS[] = {
    {GOOD_ANSWER "\r\n", NULL},
    {"HTTP/1.1 101\r\nuPGRADE: WebSocket\r\nConnection: x, upgrade\r\n" ACCEPT_LINE "\r\n", NULL},
    {STATUS UPGRADE CONNECT "Sec-WebSocket-Accept:\r\n " ACCEPT " \r\n\r\n", NULL},
    {GOOD_ANSWER "Content-Length: 3\r\nSec-WebSocket-Origin: x\r\n\r\n", NULL},
    {GOOD_ANSWER "Sec-WebSocket-Protocol: superchat\r\n\r\n", NULL},
    {GOOD_ANSWER "Sec-WebSocket-Extensions: EXT\r\n\r\n", NULL},
    {"HTTP/1.1 200 OK\r\n\r\n", "6455-4.1-40"},
    {"HTTP/1.1 x\r\n", "6455-4.2.2-21"},
    {"HTTP/1.0 101 S\r\n" UPGRADE CONNECT ACCEPT_LINE "\r\n", "6455-4.2.2-21"},
    {"HTTP/1.1  101 S\r\n" UPGRADE CONNECT ACCEPT_LINE "\r\n", "9112-4-01"},
    {STATUS CONNECT ACCEPT_LINE "\r\n", "6455-4.1-42"},
    {STATUS "Upgrade: websocket, h2c\r\n" CONNECT ACCEPT_LINE "\r\n", "6455-4.1-43"},
    {GOOD_ANSWER UPGRADE "\r\n", "6455-4.1-43"},
    {STATUS UPGRADE ACCEPT_LINE "\r\n", "6455-4.1-44"},
    {STATUS UPGRADE "Connection: close\r\n" ACCEPT_LINE "\r\n", "6455-4.1-45"},
    {STATUS UPGRADE CONNECT "\r\n", "6455-4.1-46"},
    {STATUS UPGRADE CONNECT "Sec-WebSocket-Accept: fFBooB7FAkLlXgRSz0BT3v4hq5t=\r\n\r\n",
     "6455-4.1-47"},
    {STATUS UPGRADE CONNECT "Sec-WebSocket-Accept: FFBOOB7FAKLLXGRSZ0BT3V4HQ5S=\r\n\r\n",
     "6455-4.1-47"},
    {GOOD_ANSWER ACCEPT_LINE "\r\n", "6455-11.3.3-01"},
    {GOOD_ANSWER "Sec-WebSocket-Extensions: ext, other\r\n\r\n", "6455-4.1-49"},
    {GOOD_ANSWER "Sec-WebSocket-Extensions: ext;\r\n\r\n", "6455-9.1-02"},
    {GOOD_ANSWER "Sec-WebSocket-Extensions:\r\n\r\n", "6455-9.1-02"},
    {GOOD_ANSWER "Sec-WebSocket-Protocol: Chat\r\n\r\n", "6455-4.1-50"},
    {GOOD_ANSWER "Sec-WebSocket-Protocol: chat, superchat\r\n\r\n", "6455-4.3-07"},
    {GOOD_ANSWER "Sec-WebSocket-Protocol:\r\n\r\n", "6455-4.3-07"},
    {GOOD_ANSWER "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
     "6455-11.3.4-02"},
};

static void test_answers_are_judged(void **state) {
  (void)state;
  struct wspec_handshake_request request = make_request();
  for (size_t i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
    struct wspec_http_head head;
    read_head(&head, WSPEC_HTTP_RESPONSE, ANSWERS[i].text);
    enum wspec_err err = wspec_handshake_check_response(&head, &request, &g_grant);
    const char *requirement = ANSWERS[i].requirement;
    assert_int_equal(err, requirement ? WSPEC_ERR_HANDSHAKE : WSPEC_OK);
    assert_int_equal(g_grant.n_faults, requirement ? 1 : 0);
    assert_string_equal(requirement ? g_grant.faults[0].requirement : "",
                        requirement ? requirement : "");
    wspec_http_head_clear(&head);
  }
}

static void test_a_grant_says_what_was_chosen(void **state) {
  (void)state;
  struct wspec_http_head head;
  struct wspec_handshake_request request = make_request();
  read_head(&head, WSPEC_HTTP_RESPONSE,
            GOOD_ANSWER "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: ext; q\r\n\r\n");
  assert_int_equal(wspec_handshake_check_response(&head, &request, &g_grant), WSPEC_OK);
  assert_true(wspec_span_equal_text(g_grant.protocol, "chat"));
  assert_int_equal(g_grant.extensions.n_items, 1);
  wspec_http_head_clear(&head);

  /* nothing was offered, so nothing may be chosen */
  request = (struct wspec_handshake_request){.key = wspec_span_text(KEY)};
  read_head(&head, WSPEC_HTTP_RESPONSE,
            GOOD_ANSWER "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: ext\r\n\r\n");
  assert_int_equal(wspec_handshake_check_response(&head, &request, &g_grant), WSPEC_ERR_HANDSHAKE);
  assert_int_equal(g_grant.n_faults, 2);
  assert_string_equal(g_grant.faults[0].requirement, "6455-4.1-49");
  assert_string_equal(g_grant.faults[1].requirement, "6455-4.1-50");
  assert_null(g_grant.protocol.data);
  wspec_http_head_clear(&head);
}

static void assert_text(const struct wspec_buf *buf, const char *text) {
  assert_int_equal(buf->len, strlen(text));
  assert_memory_equal(buf->data, text, buf->len);
}

static void test_a_request_is_written_and_taken(void **state) {
  (void)state;
  static const char TEXT[] =
      "GET /a?b HTTP/1.1\r\nHost: example.org:8080\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: ext; p=1\r\n"
      "Origin: http://o.example\r\nX-Empty: \r\n\r\n";
  struct wspec_handshake_header header = {wspec_span_text("X-Empty"), wspec_span_text("")};
  struct wspec_handshake_request request = make_request();
  struct wspec_http_head head;
  struct wspec_buf out;
  size_t consumed;
  request.headers = &header;
  request.n_headers = 1;
  wspec_buf_init(&out, 1000);
  assert_int_equal(wspec_handshake_write_request(&out, &request), WSPEC_OK);
  assert_text(&out, TEXT);
  wspec_http_head_init(&head, WSPEC_HTTP_REQUEST, NULL);
  assert_int_equal(wspec_http_head_feed(&head, wspec_buf_span(&out), &consumed), WSPEC_OK);
  assert_int_equal(head.oddities, 0);
  assert_int_equal(wspec_handshake_check_request(&head, &g_offer), WSPEC_OK);
  wspec_http_head_clear(&head);
  wspec_buf_clear(&out);
}

static void test_an_answer_is_written_and_taken(void **state) {
  (void)state;
  static const char TEXT[] =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n"
      "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: ext; p=1\r\n"
      "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";
  struct wspec_handshake_request request = make_request();
  struct wspec_handshake_answer answer = {.key = wspec_span_text(KEY),
                                          .protocol = wspec_span_text("chat"),
                                          .extensions = &g_extension,
                                          .n_extensions = 1,
                                          .date = wspec_span_text("Thu, 01 Jan 1970 00:00:00 GMT")};
  struct wspec_http_head head;
  struct wspec_buf out;
  size_t consumed;
  wspec_buf_init(&out, 1000);
  assert_int_equal(wspec_handshake_write_answer(&out, &answer), WSPEC_OK);
  assert_text(&out, TEXT);
  wspec_http_head_init(&head, WSPEC_HTTP_RESPONSE, NULL);
  assert_int_equal(wspec_http_head_feed(&head, wspec_buf_span(&out), &consumed), WSPEC_OK);
  assert_int_equal(head.oddities, 0);
  assert_int_equal(wspec_handshake_check_response(&head, &request, &g_grant), WSPEC_OK);
  wspec_http_head_clear(&head);
  wspec_buf_clear(&out);
}

static void test_refusals_carry_what_their_status_needs(void **state) {
  (void)state;
  static const struct {
    unsigned status_code;
    const char *text;
  } ROWS[] = {
      {400, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"},
      {405, "HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nAllow: GET\r\n"},
      {426, "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade, close\r\n"},
      {431, "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n"},
      {505, "HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: close\r\n"},
      {499, "HTTP/1.1 499 \r\nConnection: close\r\n"},
  };
  static const char REST[] =
      "Sec-WebSocket-Version: 13\r\nContent-Type: text/plain; charset=utf-8\r\nDate: d\r\n"
      "Content-Length: 3\r\n\r\nno\n";
  for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
    struct wspec_handshake_fault fault = {"6455-4.2.1-01", "no", 0, ROWS[i].status_code};
    struct wspec_buf out;
    struct wspec_http_head head;
    size_t consumed;
    wspec_buf_init(&out, 1000);
    assert_int_equal(wspec_handshake_write_refusal(&out, &fault, wspec_span_text("d")), WSPEC_OK);
    size_t len = strlen(ROWS[i].text);
    assert_int_equal(out.len, len + sizeof REST - 1);
    assert_memory_equal(out.data, ROWS[i].text, len);
    assert_memory_equal(out.data + len, REST, sizeof REST - 1);
    wspec_http_head_init(&head, WSPEC_HTTP_RESPONSE, NULL);
    assert_int_equal(wspec_http_head_feed(&head, wspec_buf_span(&out), &consumed), WSPEC_OK);
    assert_int_equal(consumed, out.len - 3);
    assert_int_equal(head.oddities, 0);
    wspec_http_head_clear(&head);
    wspec_buf_clear(&out);
  }
}

static void test_values_can_not_end_their_line(void **state) {
  (void)state;
  struct wspec_handshake_header header = {wspec_span_text("A"), wspec_span_text("b\r\nC: d")};
  struct wspec_handshake_request request = make_request();
  struct wspec_handshake_answer answer = {.key = wspec_span_text(KEY)};
  struct wspec_buf out;
  wspec_buf_init(&out, 1000);
  request.headers = &header;
  request.n_headers = 1;
  assert_int_equal(wspec_handshake_write_request(&out, &request), WSPEC_ERR_MISUSE);
  header = (struct wspec_handshake_header){wspec_span_text("A "), wspec_span_text("b")};
  assert_int_equal(wspec_handshake_write_request(&out, &request), WSPEC_ERR_MISUSE);
  request.n_headers = 0;
  request.target = wspec_span_text("/a b");
  assert_int_equal(wspec_handshake_write_request(&out, &request), WSPEC_ERR_MISUSE);
  request.target = wspec_span_text("");
  assert_int_equal(wspec_handshake_write_request(&out, &request), WSPEC_ERR_MISUSE);
  request = make_request();
  g_protocols[1] = wspec_span_text("a\nb");
  assert_int_equal(wspec_handshake_write_request(&out, &request), WSPEC_ERR_MISUSE);
  request = make_request();
  g_param.value = wspec_span_text("\r");
  assert_int_equal(wspec_handshake_write_request(&out, &request), WSPEC_ERR_MISUSE);
  answer.protocol = wspec_span_text("a\nb");
  assert_int_equal(wspec_handshake_write_answer(&out, &answer), WSPEC_ERR_MISUSE);
  assert_int_equal(out.len, 0);
  wspec_buf_clear(&out);
}

typedef enum wspec_err write_function(struct wspec_buf *out);

static enum wspec_err write_request(struct wspec_buf *out) {
  struct wspec_handshake_request request = make_request();
  return wspec_handshake_write_request(out, &request);
}

static enum wspec_err write_answer(struct wspec_buf *out) {
  struct wspec_handshake_answer answer = {.key = wspec_span_text(KEY)};
  return wspec_handshake_write_answer(out, &answer);
}

static enum wspec_err write_refusal(struct wspec_buf *out) {
  struct wspec_handshake_fault fault = {"6455-4.2.1-01", "no", 0, 426};
  return wspec_handshake_write_refusal(out, &fault, wspec_span_text("d"));
}

static void test_every_allocation_failure_is_reported(void **state) {
  (void)state;
  static write_function *const WRITERS[] = {write_request, write_answer, write_refusal};
  for (size_t i = 0; i < 3; i++) {
    unsigned n = 1;
    for (;; n++) {
      struct wspec_buf out;
      wspec_buf_init(&out, 1000);
      failalloc_arm(n);
      enum wspec_err err = WRITERS[i](&out);
      bool failed = failalloc_disarm();
      wspec_buf_clear(&out);
      assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_OK);
      if (!failed) {
        break;
      }
    }
    assert_true(n > 2);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_answer),
      cmocka_unit_test(test_keys),
      cmocka_unit_test(test_good_requests_are_taken),
      cmocka_unit_test(test_an_offer_says_what_is_asked_for),
      cmocka_unit_test(test_bad_requests_are_refused_with_the_reason),
      cmocka_unit_test(test_all_faults_are_listed_in_order),
      cmocka_unit_test(test_limits_have_their_own_status),
      cmocka_unit_test(test_too_many_subprotocols_are_refused),
      cmocka_unit_test(test_unfinished_or_wrong_kind_is_misuse),
      cmocka_unit_test(test_the_clients_order_selects_the_subprotocol),
      cmocka_unit_test(test_answers_are_judged),
      cmocka_unit_test(test_a_grant_says_what_was_chosen),
      cmocka_unit_test(test_a_request_is_written_and_taken),
      cmocka_unit_test(test_an_answer_is_written_and_taken),
      cmocka_unit_test(test_refusals_carry_what_their_status_needs),
      cmocka_unit_test(test_values_can_not_end_their_line),
      cmocka_unit_test(test_every_allocation_failure_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
