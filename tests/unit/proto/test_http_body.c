#include "proto/http_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void init_from(struct wspec_http_body *body, enum wspec_http_kind kind, const char *text) {
  struct wspec_http_head head;
  size_t consumed;
  wspec_http_head_init(&head, kind, NULL);
  assert_int_equal(wspec_http_head_feed(&head, wspec_span_text(text), &consumed), WSPEC_OK);
  wspec_http_body_init(body, &head, false);
  wspec_http_head_clear(&head);
}

struct fact_row {
  enum wspec_http_kind kind;
  const char *head;
  enum wspec_http_body_kind body;
  enum wspec_http_length_state length_state;
};

static void test_facts_follow_the_order_of_section_6_3(void **state) {
  (void)state;
  static const struct fact_row ROWS[] = {
      {WSPEC_HTTP_REQUEST, "GET / HTTP/1.1\r\n\r\n", WSPEC_HTTP_BODY_NONE,
       WSPEC_HTTP_LENGTH_ABSENT},
      {WSPEC_HTTP_REQUEST, "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", WSPEC_HTTP_BODY_LENGTH,
       WSPEC_HTTP_LENGTH_VALID},
      {WSPEC_HTTP_REQUEST, "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
       WSPEC_HTTP_BODY_INVALID, WSPEC_HTTP_LENGTH_ABSENT},
      {WSPEC_HTTP_REQUEST,
       "GET / HTTP/1.1\r\nTransfer-Encoding: gzip,\r\n"
       "Transfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n",
       WSPEC_HTTP_BODY_CHUNKED, WSPEC_HTTP_LENGTH_VALID},
      {WSPEC_HTTP_REQUEST, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
       WSPEC_HTTP_BODY_INVALID, WSPEC_HTTP_LENGTH_ABSENT},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 200 OK\r\n\r\n", WSPEC_HTTP_BODY_UNTIL_CLOSE,
       WSPEC_HTTP_LENGTH_ABSENT},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
       WSPEC_HTTP_BODY_UNTIL_CLOSE, WSPEC_HTTP_LENGTH_ABSENT},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 101 S\r\nContent-Length: 5\r\n\r\n", WSPEC_HTTP_BODY_NONE,
       WSPEC_HTTP_LENGTH_VALID},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 304 N\r\nTransfer-Encoding: chunked\r\n\r\n",
       WSPEC_HTTP_BODY_NONE, WSPEC_HTTP_LENGTH_ABSENT},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 204 N\r\n\r\n", WSPEC_HTTP_BODY_NONE,
       WSPEC_HTTP_LENGTH_ABSENT},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 400 B\r\nContent-Length: 5, 5\r\ncontent-length: 5\r\n\r\n",
       WSPEC_HTTP_BODY_LENGTH, WSPEC_HTTP_LENGTH_VALID},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 400 B\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
       WSPEC_HTTP_BODY_INVALID, WSPEC_HTTP_LENGTH_CONFLICTING},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 400 B\r\nContent-Length: +5\r\n\r\n", WSPEC_HTTP_BODY_INVALID,
       WSPEC_HTTP_LENGTH_INVALID},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 400 B\r\nContent-Length:\r\n\r\n", WSPEC_HTTP_BODY_INVALID,
       WSPEC_HTTP_LENGTH_INVALID},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 400 B\r\nContent-Length: 18446744073709551615\r\n\r\n",
       WSPEC_HTTP_BODY_LENGTH, WSPEC_HTTP_LENGTH_VALID},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 400 B\r\nContent-Length: 18446744073709551616\r\n\r\n",
       WSPEC_HTTP_BODY_INVALID, WSPEC_HTTP_LENGTH_INVALID},
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
    struct wspec_http_body body;
    init_from(&body, ROWS[i].kind, ROWS[i].head);
    assert_int_equal(body.kind, ROWS[i].body);
    assert_int_equal(body.content_length_state, ROWS[i].length_state);
  }
}

static void test_an_answer_to_head_has_no_body(void **state) {
  (void)state;
  struct wspec_http_head head;
  struct wspec_http_body body;
  size_t consumed;
  wspec_http_head_init(&head, WSPEC_HTTP_RESPONSE, NULL);
  assert_int_equal(
      wspec_http_head_feed(&head, wspec_span_text("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
                           &consumed),
      WSPEC_OK);
  wspec_http_body_init(&body, &head, true);
  assert_int_equal(body.kind, WSPEC_HTTP_BODY_NONE);
  assert_int_equal(body.content_length, 9);
  wspec_http_head_clear(&head);
}

/* Feeds a chunk from a heap block of its exact size and adds the content to `out`. */
static enum wspec_err feed_chunk(struct wspec_http_body *body, struct wspec_span chunk,
                                 struct wspec_buf *out) {
  uint8_t *copy = malloc(chunk.len + (chunk.len == 0));
  assert_non_null(copy);
  if (chunk.len > 0) {
    memcpy(copy, chunk.data, chunk.len);
  }
  struct wspec_span rest = {copy, chunk.len};
  enum wspec_err err;
  do {
    size_t consumed;
    struct wspec_span content;
    err = wspec_http_body_feed(body, rest, &consumed, &content);
    assert_int_equal(wspec_buf_append_span(out, content), WSPEC_OK);
    assert_true(err != WSPEC_ERR_NEED_MORE || consumed > 0 || rest.len == 0);
    rest = wspec_span_from(rest, consumed);
  } while (err == WSPEC_ERR_NEED_MORE && rest.len > 0);
  free(copy);
  return err;
}

/* The outcome must be the same at once, octet by octet, and at every split. */
static void assert_body(const char *head, const char *octets, enum wspec_err err, uint64_t offset,
                        const char *content) {
  struct wspec_span all = wspec_span_text(octets);
  struct wspec_buf out;
  wspec_buf_init(&out, 1000);
  for (size_t split = 0; split <= all.len + 1; split++) {
    struct wspec_http_body body;
    enum wspec_err seen = WSPEC_ERR_NEED_MORE;
    init_from(&body, WSPEC_HTTP_RESPONSE, head);
    wspec_buf_reset(&out);
    if (split <= all.len) {
      seen = feed_chunk(&body, (struct wspec_span){all.data, split}, &out);
      seen = feed_chunk(&body, wspec_span_from(all, split), &out);
    } else {
      for (size_t i = 0; i < all.len; i++) {
        seen = feed_chunk(&body, (struct wspec_span){all.data + i, 1}, &out);
      }
    }
    assert_int_equal(seen, err);
    assert_int_equal(body.offset, offset);
    assert_true(wspec_span_equal_text(wspec_buf_span(&out), content));
    assert_int_equal(body.err, err == WSPEC_ERR_HTTP || err == WSPEC_ERR_LIMIT ? err : WSPEC_OK);
  }
  wspec_buf_clear(&out);
}

static void test_the_end_is_found(void **state) {
  (void)state;
  static const char CHUNKED[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  static const char FIVE[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  static const char OPEN[] = "HTTP/1.1 200 OK\r\n\r\n";
  assert_body(FIVE, "helloX", WSPEC_OK, 5, "hello");
  assert_body(FIVE, "hell", WSPEC_ERR_NEED_MORE, 4, "hell");
  assert_body(OPEN, "hello", WSPEC_ERR_NEED_MORE, 5, "hello");
  assert_body("HTTP/1.1 101 S\r\n\r\n", "\x81", WSPEC_OK, 0, "");
  assert_body(CHUNKED, "5\r\nhello\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\n\r\nX", WSPEC_OK, 38,
              "hello0123456789");
  assert_body(CHUNKED, "1 \r\na\r\n0\r\nT: 1\r\nU: 2\r\n\r\n", WSPEC_OK, 24, "a");
  assert_body(CHUNKED, "5\r\nhel", WSPEC_ERR_NEED_MORE, 6, "hel");
}

static void test_broken_chunks_fail_where_they_break(void **state) {
  (void)state;
  static const char CHUNKED[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  assert_body(CHUNKED, "x\r\n", WSPEC_ERR_HTTP, 0, "");
  assert_body(CHUNKED, "\r\n", WSPEC_ERR_HTTP, 0, "");
  assert_body(CHUNKED, "1\na", WSPEC_ERR_HTTP, 1, "");
  assert_body(CHUNKED, "1;x\na", WSPEC_ERR_HTTP, 3, "");
  assert_body(CHUNKED, "1\r\nab", WSPEC_ERR_HTTP, 4, "a");
  assert_body(CHUNKED, "0\r\n\rX", WSPEC_ERR_HTTP, 4, "");
  assert_body(CHUNKED, "1234567890123456\r\n", WSPEC_ERR_LIMIT, 15, "");
  assert_body("HTTP/1.1 200 OK\r\nContent-Length: a\r\n\r\n", "a", WSPEC_ERR_HTTP, 0, "");
}

static void test_endless_framing_is_bounded(void **state) {
  (void)state;
  struct wspec_http_body body;
  struct wspec_buf out;
  wspec_buf_init(&out, 1000);
  init_from(&body, WSPEC_HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  assert_int_equal(feed_chunk(&body, wspec_span_text("0\r\n"), &out), WSPEC_ERR_NEED_MORE);
  enum wspec_err err = WSPEC_ERR_NEED_MORE;
  for (int i = 0; i < 3000 && err == WSPEC_ERR_NEED_MORE; i++) {
    err = feed_chunk(&body, wspec_span_text("A:\r\n"), &out);
  }
  assert_int_equal(err, WSPEC_ERR_LIMIT);
  assert_int_equal(body.offset, 3 + 8192);
  assert_int_equal(feed_chunk(&body, wspec_span_text("\r\n"), &out), WSPEC_ERR_LIMIT);
  wspec_buf_clear(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_facts_follow_the_order_of_section_6_3),
      cmocka_unit_test(test_an_answer_to_head_has_no_body),
      cmocka_unit_test(test_the_end_is_found),
      cmocka_unit_test(test_broken_chunks_fail_where_they_break),
      cmocka_unit_test(test_endless_framing_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
