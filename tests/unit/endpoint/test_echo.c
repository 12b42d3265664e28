#include "endpoint/echo.h"
#include "failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An echoing session and the octets that it sent. */
struct fixture {
  struct wspec_echo *echo;
  struct wspec_session *session;
  struct wspec_buf sent;
};

static bool fixture_init(struct fixture *fixture) {
  struct wspec_session_options options = {0};
  wspec_conn_options_init(&options.conn, false);
  options.conn.assemble = false;
  wspec_buf_init(&fixture->sent, 8 << 20);
  fixture->echo = wspec_echo_new();
  fixture->session =
      fixture->echo ? wspec_session_new(&options, wspec_echo_handlers(), fixture->echo) : NULL;
  return fixture->session != NULL;
}

static void fixture_clear(struct fixture *fixture) {
  wspec_session_free(fixture->session);
  wspec_echo_free(fixture->echo);
  wspec_buf_clear(&fixture->sent);
}

static enum wspec_err collect(struct fixture *fixture) {
  struct wspec_span output = wspec_session_output(fixture->session);
  while (output.len > 0) {
    enum wspec_err err = wspec_buf_append_span(&fixture->sent, output);
    if (err) {
      return err;
    }
    wspec_session_output_sent(fixture->session, output.len);
    output = wspec_session_output(fixture->session);
  }
  return WSPEC_OK;
}

/* Feeds an exact copy, so that a read or write past its end is seen. */
static enum wspec_err feed(struct fixture *fixture, struct wspec_span octets) {
  uint8_t *copy = octets.len > 0 ? malloc(octets.len) : NULL;
  if (!copy) {
    return octets.len > 0 ? WSPEC_ERR_NOMEM : WSPEC_OK;
  }
  memcpy(copy, octets.data, octets.len);
  wspec_session_feed(fixture->session, copy, octets.len);
  enum wspec_err err = collect(fixture);
  free(copy);
  return err;
}

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: sN9cRrP/n9NdMgdcy2VJFQ==\r\n\r\n";

/* Opens the connection and forgets the 101. */
static void open_connection(struct fixture *fixture) {
  assert_true(fixture_init(fixture));
  assert_int_equal(feed(fixture, wspec_span_text(REQUEST)), WSPEC_OK);
  assert_memory_equal(fixture->sent.data, "HTTP/1.1 101 ", 13);
  wspec_buf_reset(&fixture->sent);
}

/* Masked with key 0: "Hello" in one frame, "" in one, "héllo" in three with a ping between that
 * split é, 3 octets of binary in two, a close with 1000. */
static const uint8_t INPUT[] =
    "\x81\x85\0\0\0\0Hello"
    "\x81\x80\0\0\0\0"
    "\x01\x82\0\0\0\0h\xc3\x89\x81\0\0\0\0?\0\x80\0\0\0\0\x80\x84\0\0\0\0\xa9llo"
    "\x02\x81\0\0\0\0\x01\x80\x82\0\0\0\0\x02\x03"
    "\x88\x82\0\0\0\0\x03\xe8";
static const uint8_t OUTPUT[] = "\x81\x05Hello"
                                "\x81\x00"
                                "\x8a\x01?\x81\x06h\xc3\xa9llo"
                                "\x82\x03\x01\x02\x03"
                                "\x88\x02\x03\xe8";

static void check_output(const struct fixture *fixture) {
  assert_int_equal(fixture->sent.len, sizeof OUTPUT - 1);
  assert_memory_equal(fixture->sent.data, OUTPUT, sizeof OUTPUT - 1);
  assert_true(wspec_session_wants_close(fixture->session));
}

static void test_echo_is_the_same_at_every_split(void **state) {
  (void)state;
  struct wspec_span input = wspec_span_of(INPUT, sizeof INPUT - 1);
  for (size_t split = 0; split <= input.len; split++) {
    struct fixture fixture;
    open_connection(&fixture);
    assert_int_equal(feed(&fixture, wspec_span_of(input.data, split)), WSPEC_OK);
    assert_int_equal(feed(&fixture, wspec_span_from(input, split)), WSPEC_OK);
    check_output(&fixture);
    fixture_clear(&fixture);
  }
}

static void test_echo_is_the_same_octet_by_octet(void **state) {
  (void)state;
  struct fixture fixture;
  open_connection(&fixture);
  for (size_t i = 0; i + 1 < sizeof INPUT; i++) {
    assert_int_equal(feed(&fixture, wspec_span_of(INPUT + i, 1)), WSPEC_OK);
  }
  check_output(&fixture);
  fixture_clear(&fixture);
}

enum { LONG_LEN = 200000, CHUNK = 7001 };

/* Reads the frame at `*at` of the output; returns its payload. */
static struct wspec_span next_frame(const struct fixture *fixture, size_t *at, uint8_t *first) {
  const uint8_t *octets = fixture->sent.data + *at;
  assert_true(*at + 2 <= fixture->sent.len);
  size_t len = octets[1], header = 2;
  if (len == 126) {
    len = (size_t)octets[2] << 8 | octets[3];
    header = 4;
  } else if (len == 127) {
    len = (size_t)octets[7] << 16 | (size_t)octets[8] << 8 | octets[9];
    header = 10;
  }
  *first = octets[0];
  *at += header + len;
  assert_true(*at <= fixture->sent.len);
  return wspec_span_of(octets + header, len);
}

static void test_long_message_goes_out_while_it_comes_in(void **state) {
  (void)state;
  struct fixture fixture;
  open_connection(&fixture);
  static uint8_t message[LONG_LEN];
  for (size_t i = 0; i < sizeof message; i++) {
    message[i] = (uint8_t)(i % 251);
  }
  static const uint8_t HEADER[] = {
      0x82, 0xff, 0, 0, 0, 0, 0, LONG_LEN >> 16, LONG_LEN >> 8 & 0xff, LONG_LEN & 0xff, 0, 0, 0, 0};
  assert_int_equal(feed(&fixture, wspec_span_of(HEADER, sizeof HEADER)), WSPEC_OK);
  struct wspec_span rest = wspec_span_of(message, sizeof message);
  size_t fed = 0;
  while (rest.len > 0) {
    size_t len = rest.len < CHUNK ? rest.len : CHUNK;
    assert_int_equal(feed(&fixture, wspec_span_of(rest.data, len)), WSPEC_OK);
    rest = wspec_span_from(rest, len);
    fed += len;
    assert_true(fed - fixture.sent.len <= 64 * 1024 || fixture.sent.len > fed);
  }
  size_t at = 0, checked = 0;
  uint8_t first = 0;
  while (at < fixture.sent.len) {
    bool is_first = at == 0;
    struct wspec_span payload = next_frame(&fixture, &at, &first);
    assert_int_equal(first & 0x7f, is_first ? 2 : 0);
    assert_memory_equal(payload.data, message + checked, payload.len);
    checked += payload.len;
    assert_true((first & 0x80) != 0 || payload.len == 64 * 1024);
  }
  assert_int_equal(first & 0x80, 0x80);
  assert_int_equal(checked, LONG_LEN);
  fixture_clear(&fixture);
}

/* Only the session's own allocations are to fail, so the octets are on the stack here, and there
 * is room for what is sent. */
static void feed_in_pieces(struct fixture *fixture, struct wspec_span octets) {
  enum { PIECE = 50 };
  uint8_t piece[PIECE];
  while (octets.len > 0) {
    size_t len = octets.len < PIECE ? octets.len : PIECE;
    memcpy(piece, octets.data, len);
    wspec_session_feed(fixture->session, piece, len);
    assert_int_equal(collect(fixture), WSPEC_OK);
    octets = wspec_span_from(octets, len);
  }
}

static bool echo_with_failure(unsigned n) {
  struct fixture fixture = {0};
  assert_true(fixture_init(&fixture));
  uint8_t *room;
  assert_int_equal(wspec_buf_reserve(&fixture.sent, 4096, &room), WSPEC_OK);
  wspec_buf_reset(&fixture.sent);
  failalloc_arm(n);
  feed_in_pieces(&fixture, wspec_span_text(REQUEST));
  feed_in_pieces(&fixture, wspec_span_of(INPUT, sizeof INPUT - 1));
  bool failed = failalloc_disarm();
  assert_true(wspec_session_wants_close(fixture.session));
  if (!failed) {
    size_t tail = sizeof OUTPUT - 1;
    assert_memory_equal(fixture.sent.data + fixture.sent.len - tail, OUTPUT, tail);
  }
  fixture_clear(&fixture);
  return failed;
}

/* However little memory there is, the connection comes to its end. */
static void test_every_allocation_failure_ends_well(void **state) {
  (void)state;
  unsigned n = 1;
  while (echo_with_failure(n)) {
    n++;
  }
  assert_true(n > 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_echo_is_the_same_at_every_split),
      cmocka_unit_test(test_echo_is_the_same_octet_by_octet),
      cmocka_unit_test(test_long_message_goes_out_while_it_comes_in),
      cmocka_unit_test(test_every_allocation_failure_ends_well),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
