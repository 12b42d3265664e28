#include "failalloc.h"
#include "proto/http_head.h"
#include "proto/http_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct wspec_http_limits SMALL = {.line_len = 32, .head_len = 80, .headers = 3};

/* Feeds one chunk from a heap block of its exact size, so that ASan sees a read past its end. */
static enum wspec_err feed_chunk(struct wspec_http_head *head, struct wspec_span chunk,
                                 size_t *consumed) {
  uint8_t *copy = malloc(chunk.len + (chunk.len == 0));
  assert_non_null(copy);
  if (chunk.len > 0) {
    memcpy(copy, chunk.data, chunk.len);
  }
  enum wspec_err err = wspec_http_head_feed(head, wspec_span_of(copy, chunk.len), consumed);
  free(copy);
  return err;
}

static enum wspec_err parse(struct wspec_http_head *head, enum wspec_http_kind kind,
                            const char *text) {
  size_t consumed;
  wspec_http_head_init(head, kind, NULL);
  enum wspec_err err = feed_chunk(head, wspec_span_text(text), &consumed);
  assert_int_equal(consumed, head->raw.len);
  return err;
}

static void put_span(struct wspec_buf *out, const char *label, struct wspec_span span) {
  assert_int_equal(wspec_buf_appendf(out, "%s[%.*s]", label, (int)span.len,
                                     span.len > 0 ? (const char *)span.data : ""),
                   WSPEC_OK);
}

/* All that a user can see, as text. */
static void dump(const struct wspec_http_head *head, struct wspec_buf *out) {
  assert_int_equal(
      wspec_buf_appendf(out, "state %d err %d at %d text %s oddities %x raw %d %d.%d status %u\n",
                        (int)head->state, (int)head->err, (int)head->error_offset,
                        head->error_text ? head->error_text : "-", head->oddities,
                        (int)head->raw.len, head->version_major, head->version_minor,
                        head->status_code),
      WSPEC_OK);
  put_span(out, "line", head->start_line);
  put_span(out, "method", head->method);
  put_span(out, "target", head->target);
  put_span(out, "version", head->version);
  put_span(out, "reason", head->reason);
  for (size_t i = 0; i < head->n_fields; i++) {
    const struct wspec_http_field *field = &head->fields[i];
    assert_int_equal(wspec_buf_appendf(out, "\n%d %x ", (int)field->offset, field->oddities),
                     WSPEC_OK);
    put_span(out, "name", field->name);
    put_span(out, "value", field->value);
    put_span(out, "raw", field->raw);
  }
}

/* Feeds `chunk` and checks that the sum of what was consumed is what `raw` holds. */
static void feed_on(struct wspec_http_head *head, struct wspec_span chunk) {
  size_t before = head->raw.len;
  size_t consumed;
  enum wspec_err err = feed_chunk(head, chunk, &consumed);
  assert_int_equal(head->raw.len, before + consumed);
  assert_true(consumed <= chunk.len);
  if (err == WSPEC_ERR_NEED_MORE) {
    assert_int_equal(consumed, chunk.len);
  } else {
    assert_int_equal(err, head->err);
  }
}

static void assert_same_for_all_portions(enum wspec_http_kind kind, struct wspec_span input,
                                         const struct wspec_http_limits *limits) {
  struct wspec_buf expected;
  struct wspec_buf seen;
  struct wspec_http_head head;
  wspec_buf_init(&expected, 1 << 20);
  wspec_buf_init(&seen, 1 << 20);
  wspec_http_head_init(&head, kind, limits);
  feed_on(&head, input);
  dump(&head, &expected);
  for (size_t split = 0; split <= input.len + 1; split++) {
    wspec_http_head_clear(&head);
    wspec_buf_reset(&seen);
    if (split <= input.len) {
      feed_on(&head, (struct wspec_span){input.data, split});
      feed_on(&head, wspec_span_from(input, split));
    } else {
      for (size_t i = 0; i < input.len; i++) {
        feed_on(&head, (struct wspec_span){input.data + i, 1});
      }
    }
    dump(&head, &seen);
    assert_true(wspec_span_equal(wspec_buf_span(&expected), wspec_buf_span(&seen)));
  }
  wspec_http_head_clear(&head);
  wspec_buf_clear(&expected);
  wspec_buf_clear(&seen);
}

static void assert_span(struct wspec_span span, const char *text) {
  assert_int_equal(span.len, strlen(text));
  if (span.len > 0) {
    assert_memory_equal(span.data, text, span.len);
  }
}

static void assert_field(const struct wspec_http_head *head, size_t i, const char *name,
                         const char *value, unsigned oddities) {
  assert_true(i < head->n_fields);
  assert_span(head->fields[i].name, name);
  assert_span(head->fields[i].value, value);
  assert_int_equal(head->fields[i].oddities, oddities);
}

static void test_request_is_read(void **state) {
  (void)state;
  struct wspec_http_head head;
  const char *text = "GET /chat?x=1 HTTP/1.1\r\nHost: a.example\r\nUpgrade:websocket \t\r\n"
                     "X-Empty:\r\n\r\n";
  assert_int_equal(parse(&head, WSPEC_HTTP_REQUEST, text), WSPEC_OK);
  assert_int_equal(head.state, WSPEC_HTTP_STATE_COMPLETE);
  assert_span(head.start_line, "GET /chat?x=1 HTTP/1.1");
  assert_span(head.method, "GET");
  assert_span(head.target, "/chat?x=1");
  assert_span(head.version, "HTTP/1.1");
  assert_int_equal(head.version_major, 1);
  assert_int_equal(head.version_minor, 1);
  assert_int_equal(head.oddities, 0);
  assert_int_equal(head.n_fields, 3);
  assert_field(&head, 0, "Host", "a.example", 0);
  assert_field(&head, 1, "Upgrade", "websocket", 0);
  assert_field(&head, 2, "X-Empty", "", 0);
  assert_int_equal(head.fields[1].offset, 41);
  assert_span(head.fields[1].raw, "Upgrade:websocket \t\r\n");
  wspec_http_head_clear(&head);
}

static void test_response_leaves_what_follows(void **state) {
  (void)state;
  static const char TEXT[] = "HTTP/1.1 101 Switching  Protocols\r\nA: b\r\n\r\n\x81\x00";
  struct wspec_http_head head;
  size_t consumed;
  wspec_http_head_init(&head, WSPEC_HTTP_RESPONSE, NULL);
  struct wspec_span all = wspec_span_of(TEXT, sizeof TEXT - 1);
  assert_int_equal(feed_chunk(&head, all, &consumed), WSPEC_OK);
  assert_int_equal(consumed, all.len - 2);
  assert_int_equal(head.status_code, 101);
  assert_span(head.reason, "Switching  Protocols");
  assert_int_equal(head.oddities, 0);
  assert_int_equal(feed_chunk(&head, all, &consumed), WSPEC_OK);
  assert_int_equal(consumed, 0);
  wspec_http_head_clear(&head);
  assert_int_equal(head.state, WSPEC_HTTP_STATE_START_LINE);
  assert_int_equal(head.n_fields, 0);
}

struct odd_row {
  const char *text;
  unsigned oddities;
};

static void assert_oddities(enum wspec_http_kind kind, const struct odd_row *rows, size_t n) {
  for (size_t i = 0; i < n; i++) {
    struct wspec_http_head head;
    assert_int_equal(parse(&head, kind, rows[i].text), WSPEC_OK);
    if (head.oddities != rows[i].oddities) {
      print_error("for %s\n", rows[i].text);
    }
    assert_int_equal(head.oddities, rows[i].oddities);
    wspec_http_head_clear(&head);
    assert_same_for_all_portions(kind, wspec_span_text(rows[i].text), NULL);
  }
}

static const struct odd_row ODD_REQUESTS[] = {
    {"GET / HTTP/1.1\r\nA: b\r\n\r\n", 0},
    {"GET / HTTP/1.1\n\n", WSPEC_HTTP_BARE_LF},
    {"GET / HTTP/1.1\r\nA: b\n\r\n", WSPEC_HTTP_BARE_LF},
    {"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", WSPEC_HTTP_BARE_CR},
    {"GET / HTTP/1.1\r\nA: b\r\r\n\r\n", WSPEC_HTTP_BARE_CR},
    {"GET\r/ HTTP/1.1\r\n\r\n", WSPEC_HTTP_BARE_CR | WSPEC_HTTP_START_LINE_SPACE},
    {"\r\n\nGET / HTTP/1.1\r\n\r\n", WSPEC_HTTP_LEADING_EMPTY_LINE | WSPEC_HTTP_BARE_LF},
    {"GET / HTTP/1.1\r\n A: b\r\n\r\n", WSPEC_HTTP_LEADING_SPACE},
    {"GET  / HTTP/1.1\r\n\r\n", WSPEC_HTTP_START_LINE_SPACE},
    {"GET /\tHTTP/1.1\r\n\r\n", WSPEC_HTTP_START_LINE_SPACE},
    {" GET / HTTP/1.1\r\n\r\n", WSPEC_HTTP_START_LINE_SPACE},
    {"GET / HTTP/1.1 \r\n\r\n", WSPEC_HTTP_START_LINE_SPACE},
    {"G(T / HTTP/1.1\r\n\r\n", WSPEC_HTTP_METHOD_OCTET},
    {"GET /a b HTTP/1.1\r\n\r\n", WSPEC_HTTP_TARGET_SPACE},
    {"GET /\xc3\xa4 HTTP/1.1\r\n\r\n", WSPEC_HTTP_TARGET_OCTET},
    {"GET /\x01 HTTP/1.1\r\n\r\n", WSPEC_HTTP_TARGET_OCTET},
    {"GET / HTTP/1\r\n\r\n", WSPEC_HTTP_VERSION_SYNTAX},
    {"GET / HTTP/1.10\r\n\r\n", WSPEC_HTTP_VERSION_SYNTAX},
    {"GET / HTTP/1,1\r\n\r\n", WSPEC_HTTP_VERSION_SYNTAX},
    {"GET / http/1.1\r\n\r\n", WSPEC_HTTP_VERSION_CASE},
    {"GET / HTTP/1.0\r\n\r\n", WSPEC_HTTP_VERSION_OTHER},
    {"GET / HTTP/2.1\r\n\r\n", WSPEC_HTTP_VERSION_OTHER},
    {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", WSPEC_HTTP_OBS_FOLD},
    {"GET / HTTP/1.1\r\nA : b\r\n\r\n", WSPEC_HTTP_SPACE_BEFORE_COLON},
    {"GET / HTTP/1.1\r\n: b\r\n\r\n", WSPEC_HTTP_EMPTY_NAME},
    {"GET / HTTP/1.1\r\nA\x80: b\r\n\r\n", WSPEC_HTTP_NAME_OCTET},
    {"GET / HTTP/1.1\r\nA B: c\r\n\r\n", WSPEC_HTTP_NAME_OCTET},
    {"GET / HTTP/1.1\r\nA: b\x01\r\n\r\n", WSPEC_HTTP_CONTROL_OCTET},
    {"GET / HTTP/1.1\r\nA: b\x7f\r\n\r\n", WSPEC_HTTP_CONTROL_OCTET},
    {"GET / HTTP/1.1\r\nA: b\tc\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\nA: \xff\r\n\r\n", WSPEC_HTTP_OBS_TEXT},
};

static const struct odd_row ODD_RESPONSES[] = {
    {"HTTP/1.1 200 OK\r\n\r\n", 0},
    {"HTTP/1.1 200 \r\n\r\n", 0},
    {"HTTP/1.1 200  \xe4\t\r\n\r\n", 0},
    {"HTTP/1.1 200\r\n\r\n", WSPEC_HTTP_NO_REASON_SPACE},
    {"HTTP/1.1 200\tOK\r\n\r\n", WSPEC_HTTP_START_LINE_SPACE},
    {"HTTP/1.1  200 OK\r\n\r\n", WSPEC_HTTP_START_LINE_SPACE},
    {" HTTP/1.1 200 OK\r\n\r\n", WSPEC_HTTP_START_LINE_SPACE},
    {"HTTP/1.1 20 OK\r\n\r\n", WSPEC_HTTP_STATUS_CODE_LEN},
    {"HTTP/1.1 0101 OK\r\n\r\n", WSPEC_HTTP_STATUS_CODE_LEN},
    {"HTTP/1.1 200 a\x02z\r\n\r\n", WSPEC_HTTP_CONTROL_OCTET},
    {"HtTP/1.0 200 OK\r\n\r\n", WSPEC_HTTP_VERSION_CASE | WSPEC_HTTP_VERSION_OTHER},
    {"HTTP/x 200 OK\r\n\r\n", WSPEC_HTTP_VERSION_SYNTAX},
    {"\r\nHTTP/1.1 200 OK\r\n\r\n", WSPEC_HTTP_LEADING_EMPTY_LINE},
};

static void test_oddities_are_reported(void **state) {
  (void)state;
  assert_oddities(WSPEC_HTTP_REQUEST, ODD_REQUESTS, sizeof ODD_REQUESTS / sizeof ODD_REQUESTS[0]);
  assert_oddities(WSPEC_HTTP_RESPONSE, ODD_RESPONSES,
                  sizeof ODD_RESPONSES / sizeof ODD_RESPONSES[0]);
}

static void test_odd_heads_keep_their_reading(void **state) {
  (void)state;
  struct wspec_http_head head;
  assert_int_equal(parse(&head, WSPEC_HTTP_REQUEST,
                         "\r\nGET  /a  b\tHTTP/1.1\r\n skipped: 1\r\nA :\r\n b\r\n\tc \r\nD: e\n"
                         "\r\n"),
                   WSPEC_OK);
  assert_span(head.method, "GET");
  assert_span(head.target, "/a  b");
  assert_int_equal(head.n_fields, 2);
  assert_field(&head, 0, "A", "b\r\n\tc", WSPEC_HTTP_OBS_FOLD | WSPEC_HTTP_SPACE_BEFORE_COLON);
  assert_span(head.fields[0].raw, "A :\r\n b\r\n\tc \r\n");
  assert_field(&head, 1, "D", "e", WSPEC_HTTP_BARE_LF);
  wspec_http_head_clear(&head);

  assert_int_equal(parse(&head, WSPEC_HTTP_RESPONSE, "HTTP/1.1 0101\r\n\r\n"), WSPEC_OK);
  assert_int_equal(head.status_code, 101);
  assert_int_equal(head.reason.len, 0);
  wspec_http_head_clear(&head);
}

static void test_nul_octets_are_kept(void **state) {
  (void)state;
  static const char TEXT[] = "GET / HTTP/1.1\r\nA: b\0c\r\nD\0: e\r\n\r\n";
  struct wspec_http_head head;
  size_t consumed;
  wspec_http_head_init(&head, WSPEC_HTTP_REQUEST, NULL);
  struct wspec_span all = wspec_span_of(TEXT, sizeof TEXT - 1);
  assert_int_equal(feed_chunk(&head, all, &consumed), WSPEC_OK);
  assert_int_equal(head.fields[0].value.len, 3);
  assert_int_equal(head.fields[0].oddities, WSPEC_HTTP_CONTROL_OCTET);
  assert_int_equal(head.fields[1].oddities, WSPEC_HTTP_NAME_OCTET);
  wspec_http_head_clear(&head);
  assert_same_for_all_portions(WSPEC_HTTP_REQUEST, all, NULL);
}

struct bad_row {
  enum wspec_http_kind kind;
  const char *text;
  unsigned offset;
};

/* Values are looked at in words: each octet is to be seen at each place of values of any length. */
static void test_each_octet_of_a_value_is_looked_at(void **state) {
  (void)state;
  char text[] = "GET / HTTP/1.1\r\na:wwwwwwwwwwwwwwwwwwwwwwwwww\r\n\r\n";
  char *value = strchr(text, 'w');
  for (size_t len = 1; len < 26; len++) {
    for (unsigned i = 0; i < 256 * len; i++) {
      uint8_t octet = (uint8_t)(i % 256);
      memset(value, 'w', 26);
      memset(value, ' ', 26 - len);
      value[26 - len + i / 256] = (char)octet;
      bool is_control = (octet < 0x20 && octet != '\t') || octet == 0x7f;
      unsigned expected = octet == '\n'   ? WSPEC_HTTP_BARE_LF
                          : octet == '\r' ? WSPEC_HTTP_BARE_CR
                          : is_control    ? WSPEC_HTTP_CONTROL_OCTET
                          : octet >= 0x80 ? WSPEC_HTTP_OBS_TEXT
                                          : 0;
      struct wspec_http_head head;
      wspec_http_head_init(&head, WSPEC_HTTP_REQUEST, NULL);
      feed_on(&head, wspec_span_of(text, sizeof text - 1));
      assert_int_equal(head.oddities, expected);
      wspec_http_head_clear(&head);
    }
  }
}

static void test_malformed_heads_fail_where_they_break(void **state) {
  (void)state;
  static const struct bad_row ROWS[] = {
      {WSPEC_HTTP_REQUEST, "GET /\r\n", 5},
      {WSPEC_HTTP_REQUEST, "GET\r\n", 3},
      {WSPEC_HTTP_REQUEST, "GET HTTP/1.1\r\n", 12},
      {WSPEC_HTTP_REQUEST, "GET / FTP/1.1\r\n", 6},
      {WSPEC_HTTP_REQUEST, " \r\n", 1},
      {WSPEC_HTTP_REQUEST, "\x16\x03\x01", 0},
      {WSPEC_HTTP_REQUEST, "\r\n\x88", 2},
      {WSPEC_HTTP_REQUEST, "GET / HTTP/1.1\r\nHost\r\n", 16},
      {WSPEC_HTTP_RESPONSE, "\x88\x02\x03\xe8", 0},
      {WSPEC_HTTP_RESPONSE, "HTTQ/1.1", 3},
      {WSPEC_HTTP_RESPONSE, "SSH-2.0", 0},
      {WSPEC_HTTP_RESPONSE, "\t\r\n", 1},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1\r\n", 8},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 \r\n", 9},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 2x0 OK\r\n", 10},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 2000000 OK\r\n", 15},
      {WSPEC_HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nA: b\r\nnonsense\r\n", 23},
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
    struct wspec_http_head head;
    size_t consumed;
    assert_int_equal(parse(&head, ROWS[i].kind, ROWS[i].text), WSPEC_ERR_HTTP);
    assert_int_equal(head.state, WSPEC_HTTP_STATE_FAILED);
    assert_int_equal(head.error_offset, ROWS[i].offset);
    assert_non_null(head.error_text);
    assert_int_equal(feed_chunk(&head, wspec_span_text("\r\n\r\n"), &consumed), WSPEC_ERR_HTTP);
    assert_int_equal(consumed, 0);
    wspec_http_head_clear(&head);
    assert_same_for_all_portions(ROWS[i].kind, wspec_span_text(ROWS[i].text), NULL);
  }
}

static void test_an_unfinished_head_needs_more(void **state) {
  (void)state;
  struct wspec_http_head head;
  assert_int_equal(parse(&head, WSPEC_HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nA: b\r\n\r"),
                   WSPEC_ERR_NEED_MORE);
  assert_int_equal(head.state, WSPEC_HTTP_STATE_FIELDS);
  assert_int_equal(head.status_code, 200);
  assert_field(&head, 0, "A", "b", 0);
  wspec_http_head_clear(&head);
  assert_int_equal(parse(&head, WSPEC_HTTP_RESPONSE, ""), WSPEC_ERR_NEED_MORE);
  wspec_http_head_clear(&head);
}

static void assert_limit(const char *text, enum wspec_err err, size_t offset) {
  struct wspec_http_head head;
  size_t consumed;
  wspec_http_head_init(&head, WSPEC_HTTP_REQUEST, &SMALL);
  assert_int_equal(feed_chunk(&head, wspec_span_text(text), &consumed), err);
  assert_int_equal(head.error_offset, offset);
  wspec_http_head_clear(&head);
  assert_int_equal(head.limits.line_len, SMALL.line_len);
  assert_same_for_all_portions(WSPEC_HTTP_REQUEST, wspec_span_text(text), &SMALL);
}

static void test_limits_hold_to_the_octet(void **state) {
  (void)state;
  /* a request line of 32 octets, and of 33 */
  assert_limit("GET /567890123456789 HTTP/1.1 \r\n\r\n", WSPEC_OK, 0);
  assert_limit("GET /5678901234567890 HTTP/1.1 \r\n\r\n", WSPEC_ERR_LIMIT, 32);
  assert_limit("GET /567890123456789012345678901234567890", WSPEC_ERR_LIMIT, 32);
  /* 3 field lines, and 4 */
  assert_limit("GET / HTTP/1.1\r\nA:\r\nA:\r\nA:\r\n\r\n", WSPEC_OK, 0);
  assert_limit("GET / HTTP/1.1\r\nA:\r\nA:\r\nA:\r\nA:\r\n\r\n", WSPEC_ERR_LIMIT, 28);
  /* a head of 80 octets, and of 81; a fold adds no field line */
  assert_limit("GET / HTTP/1.1\r\nA: 234567890123456789\r\n 1234567890\r\n 1234567890\r\n"
               " 1234567890\r\n\r\n",
               WSPEC_OK, 0);
  assert_limit("GET / HTTP/1.1\r\nA: 234567890123456789\r\n 1234567890\r\n 1234567890\r\n"
               " 12345678901\r\n\r\n",
               WSPEC_ERR_LIMIT, 80);
}

static void test_many_fields_stay_in_place_as_memory_moves(void **state) {
  (void)state;
  struct wspec_buf text;
  struct wspec_http_head head;
  wspec_buf_init(&text, 60000);
  assert_int_equal(wspec_buf_append_text(&text, "GET / HTTP/1.1\r\n"), WSPEC_OK);
  for (int i = 0; i < 128; i++) {
    assert_int_equal(wspec_buf_appendf(&text, "Name-%d: value %d\r\n", i, i), WSPEC_OK);
  }
  assert_int_equal(wspec_buf_append_text(&text, "\r\n"), WSPEC_OK);
  wspec_http_head_init(&head, WSPEC_HTTP_REQUEST, NULL);
  for (size_t i = 0; i < text.len; i++) {
    feed_on(&head, wspec_span_of(text.data + i, 1));
  }
  assert_int_equal(head.state, WSPEC_HTTP_STATE_COMPLETE);
  assert_int_equal(head.n_fields, 128);
  assert_field(&head, 0, "Name-0", "value 0", 0);
  assert_field(&head, 127, "Name-127", "value 127", 0);
  assert_span(head.method, "GET");
  wspec_http_head_clear(&head);
  wspec_buf_clear(&text);
}

static void test_find_and_count_ignore_case(void **state) {
  (void)state;
  struct wspec_http_head head;
  assert_int_equal(
      parse(&head, WSPEC_HTTP_REQUEST, "GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\na: 3\r\nAA: 4\r\n\r\n"),
      WSPEC_OK);
  const struct wspec_http_field *first = wspec_http_head_find(&head, "a", NULL);
  assert_ptr_equal(first, &head.fields[0]);
  const struct wspec_http_field *second = wspec_http_head_find(&head, "A", first);
  assert_ptr_equal(second, &head.fields[2]);
  assert_null(wspec_http_head_find(&head, "A", second));
  assert_null(wspec_http_head_find(&head, "C", NULL));
  assert_int_equal(wspec_http_head_count(&head, "A"), 2);
  assert_int_equal(wspec_http_head_count(&head, "C"), 0);
  wspec_http_head_clear(&head);
  /* Names that only the search tells apart: same length, same first and last octet. */
  assert_int_equal(parse(&head, WSPEC_HTTP_REQUEST, "GET / HTTP/1.1\r\nabba: 1\r\naBbA: 2\r\n\r\n"),
                   WSPEC_OK);
  assert_null(wspec_http_head_find(&head, "acca", NULL));
  assert_ptr_equal(wspec_http_head_find(&head, "ABBA", &head.fields[0]), &head.fields[1]);
  wspec_http_head_clear(&head);
}

static void test_lists_span_lines(void **state) {
  (void)state;
  static const char *const EXPECTED[] = {"a", "b;x=\"1,\\\",2\"", "c", "d"};
  struct wspec_http_head head;
  struct wspec_http_list list;
  struct wspec_span element;
  assert_int_equal(parse(&head, WSPEC_HTTP_REQUEST,
                         "GET / HTTP/1.1\r\nL: a , ,b;x=\"1,\\\",2\"\r\nM: z\r\nl:\r\n"
                         "L: c,\r\n d\r\n\r\n"),
                   WSPEC_OK);
  wspec_http_list_init(&list, &head, "L");
  for (size_t i = 0; i < 4; i++) {
    assert_true(wspec_http_list_next(&list, &element));
    assert_span(element, EXPECTED[i]);
  }
  assert_ptr_equal(list.field, &head.fields[3]);
  assert_false(wspec_http_list_next(&list, &element));
  assert_int_equal(list.n_empty, 2);
  wspec_http_head_clear(&head);
}

static void test_has_token_matches_whole_elements(void **state) {
  (void)state;
  struct wspec_http_head head;
  assert_int_equal(parse(&head, WSPEC_HTTP_REQUEST,
                         "GET / HTTP/1.1\r\nConnection: notupgrade, keep-alive\r\n"
                         "Connection: ,UpGrade\r\nUpgrade: websocket2, \"websocket\"\r\n\r\n"),
                   WSPEC_OK);
  assert_true(wspec_http_list_has_token(&head, "connection", "upgrade"));
  assert_true(wspec_http_list_has_token(&head, "Connection", "Keep-Alive"));
  assert_false(wspec_http_list_has_token(&head, "Connection", "up"));
  assert_false(wspec_http_list_has_token(&head, "Upgrade", "websocket"));
  assert_false(wspec_http_list_has_token(&head, "Missing", "x"));
  wspec_http_head_clear(&head);
}

static void test_tokens_are_tchars_only(void **state) {
  (void)state;
  static const char TCHARS[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  unsigned n = 0;
  for (unsigned octet = 0; octet < 256; octet++) {
    n += wspec_http_is_tchar((uint8_t)octet);
  }
  assert_int_equal(n, sizeof TCHARS - 1);
  assert_true(wspec_http_is_token(wspec_span_text(TCHARS)));
  assert_false(wspec_http_is_token(wspec_span_text("")));
  assert_false(wspec_http_is_token(wspec_span_text("a b")));
}

static void test_every_oddity_has_a_sentence(void **state) {
  (void)state;
  const char *sentence;
  for (unsigned bit = WSPEC_HTTP_BARE_LF; bit <= WSPEC_HTTP_OBS_TEXT; bit <<= 1) {
    const char *id =
        wspec_http_oddity_requirement(WSPEC_HTTP_REQUEST, (enum wspec_http_oddity)bit, &sentence);
    assert_string_not_equal(sentence, "no such oddity");
    assert_int_equal(!id, bit == WSPEC_HTTP_OBS_TEXT || bit == WSPEC_HTTP_VERSION_OTHER);
  }
  assert_string_equal(
      wspec_http_oddity_requirement(WSPEC_HTTP_RESPONSE, WSPEC_HTTP_LEADING_SPACE, NULL),
      "9112-2.1-01");
  assert_null(wspec_http_oddity_requirement(WSPEC_HTTP_REQUEST, (enum wspec_http_oddity)(1 << 30),
                                            &sentence));
}

static void test_every_allocation_failure_is_sticky(void **state) {
  (void)state;
  char text[1300];
  int len =
      snprintf(text, sizeof text,
               "GET /a/path/that/is/long/enough/with/%01000d/to/grow/the/buffer HTTP/1.1\r\n"
               "A: 1\r\nA: 2\r\nA: 3\r\nA: 4\r\nA: 5\r\nA: 6\r\nA: 7\r\nA: 8\r\nA: 9\r\nA: 10\r\n"
               "A: 11\r\nA: 12\r\nA: 13\r\nA: 14\r\nA: 15\r\nA: 16\r\nA: 17\r\nA: 18\r\n\r\n",
               1);
  struct wspec_span all = wspec_span_of(text, (size_t)len);
  unsigned n = 1;
  for (;; n++) {
    struct wspec_http_head head;
    size_t consumed;
    wspec_http_head_init(&head, WSPEC_HTTP_REQUEST, NULL);
    failalloc_arm(n);
    enum wspec_err err = wspec_http_head_feed(&head, all, &consumed);
    bool failed = failalloc_disarm();
    assert_int_equal(consumed, head.raw.len);
    if (!failed) {
      assert_int_equal(err, WSPEC_OK);
      wspec_http_head_clear(&head);
      break;
    }
    assert_int_equal(err, WSPEC_ERR_NOMEM);
    assert_int_equal(wspec_http_head_feed(&head, all, &consumed), WSPEC_ERR_NOMEM);
    wspec_http_head_clear(&head);
  }
  assert_true(n > 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_request_is_read),
      cmocka_unit_test(test_response_leaves_what_follows),
      cmocka_unit_test(test_oddities_are_reported),
      cmocka_unit_test(test_odd_heads_keep_their_reading),
      cmocka_unit_test(test_nul_octets_are_kept),
      cmocka_unit_test(test_each_octet_of_a_value_is_looked_at),
      cmocka_unit_test(test_malformed_heads_fail_where_they_break),
      cmocka_unit_test(test_an_unfinished_head_needs_more),
      cmocka_unit_test(test_limits_hold_to_the_octet),
      cmocka_unit_test(test_many_fields_stay_in_place_as_memory_moves),
      cmocka_unit_test(test_find_and_count_ignore_case),
      cmocka_unit_test(test_lists_span_lines),
      cmocka_unit_test(test_has_token_matches_whole_elements),
      cmocka_unit_test(test_tokens_are_tchars_only),
      cmocka_unit_test(test_every_oddity_has_a_sentence),
      cmocka_unit_test(test_every_allocation_failure_is_sticky),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
