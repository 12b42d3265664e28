#include "conn_wire.h"
#include "failalloc.h"

static const struct wspec_span nothing = {NULL, 0};

static struct wspec_conn *new_conn(bool is_client, bool auto_close) {
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, is_client);
  options.auto_close = auto_close;
  struct wspec_conn *conn = wspec_conn_new(&options);
  assert_non_null(conn);
  return conn;
}

/* Feeds one frame of the peer; returns what the connection says. */
static enum wspec_err feed(struct wspec_conn *conn, bool is_client, uint8_t first,
                           const char *payload, struct wspec_conn_event *event) {
  uint8_t octets[200];
  struct wire_frame frame = {first, payload, 0};
  size_t len = wire_write_frame(&frame, !is_client, octets);
  size_t consumed;
  enum wspec_err err = wspec_conn_feed(conn, octets, len, &consumed, event);
  assert_int_equal(consumed, len);
  return err;
}

static void assert_output(struct wspec_conn *conn, const char *octets, size_t len) {
  struct wspec_span output = wspec_conn_output(conn);
  assert_int_equal(output.len, len);
  assert_memory_equal(output.data, octets, len);
  wspec_conn_output_sent(conn, len);
}

static void test_we_close_and_the_peer_answers(void **state) {
  (void)state;
  for (int is_client = 0; is_client < 2; is_client++) {
    struct wspec_conn *conn = new_conn(is_client != 0, true);
    struct wspec_conn_event event;
    assert_int_equal(wspec_conn_state(conn), WSPEC_CONN_OPEN);
    assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_READ);
    assert_int_equal(wspec_conn_close(conn, 1001, wspec_span_text("bye")), WSPEC_OK);
    assert_int_equal(wspec_conn_state(conn), WSPEC_CONN_CLOSING);
    assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_READ);
    size_t sent = wspec_conn_output(conn).len;
    wspec_conn_output_sent(conn, sent);
    /* Until the answer comes, the peer's messages still count; its pings get no pong. */
    assert_int_equal(feed(conn, is_client != 0, 0x81, "late", &event), WSPEC_OK);
    assert_int_equal(event.type, WSPEC_CONN_MESSAGE);
    assert_int_equal(feed(conn, is_client != 0, 0x89, "p", &event), WSPEC_OK);
    assert_int_equal(event.type, WSPEC_CONN_PING);
    assert_false(wspec_conn_outcome(conn).was_clean);
    assert_int_equal(feed(conn, is_client != 0, 0x88, "\x03\xE9", &event), WSPEC_OK);
    assert_int_equal(event.type, WSPEC_CONN_CLOSE);
    assert_int_equal(event.close.status_code, 1001);
    assert_int_equal(wspec_conn_output(conn).len, 0);
    /* Section 7.1.1: the server closes TCP first. */
    assert_int_equal(wspec_conn_next(conn),
                     is_client ? WSPEC_CONN_AWAIT_EOF : WSPEC_CONN_CLOSE_TCP);
    assert_int_equal(wspec_conn_state(conn), WSPEC_CONN_CLOSING);
    wspec_conn_eof(conn);
    assert_int_equal(wspec_conn_state(conn), WSPEC_CONN_CLOSED);
    assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_CLOSE_TCP);
    assert_true(wspec_conn_outcome(conn).was_clean);
    assert_int_equal(wspec_conn_outcome(conn).status_code, 1001);
    wspec_conn_free(conn);
  }
}

static void test_the_peer_closes_and_we_answer(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false, true);
  struct wspec_conn_event event;
  assert_int_equal(feed(conn, false, 0x88, "\x0B\xB8why", &event), WSPEC_OK);
  assert_int_equal(event.close.status_code, 3000);
  assert_true(wspec_span_equal_text(event.close.reason, "why"));
  assert_output(conn, "\x88\x02\x0B\xB8", 4);
  assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_CLOSE_TCP);
  /* Section 5.5.1: what follows is no longer looked at. */
  assert_int_equal(feed(conn, false, 0x81, "late", &event), WSPEC_ERR_END);
  assert_int_equal(feed(conn, false, 0xFF, "late", &event), WSPEC_ERR_END);
  assert_null(wspec_conn_violation(conn));
  wspec_conn_eof(conn);
  struct wspec_conn_outcome outcome = wspec_conn_outcome(conn);
  assert_int_equal(outcome.status_code, 3000);
  assert_true(wspec_span_equal_text(outcome.reason, "why"));
  assert_true(outcome.was_clean);
  wspec_conn_free(conn);
}

static void test_the_answer_without_auto_close_is_the_caller_s(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false, false);
  struct wspec_conn_event event;
  assert_int_equal(feed(conn, false, 0x88, "", &event), WSPEC_OK);
  assert_int_equal(event.close.status_code, WSPEC_CLOSE_NO_STATUS);
  assert_int_equal(wspec_conn_state(conn), WSPEC_CONN_CLOSING);
  assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_READ);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  assert_false(wspec_conn_outcome(conn).was_clean);
  /* Section 5.5.1: the message under way may be finished before the answer. */
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_TEXT, wspec_span_text("m")), WSPEC_OK);
  assert_int_equal(wspec_conn_close(conn, WSPEC_CLOSE_NO_STATUS, nothing), WSPEC_OK);
  assert_output(conn, "\x81\x01m\x88\x00", 5);
  assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_CLOSE_TCP);
  assert_true(wspec_conn_outcome(conn).was_clean);
  assert_int_equal(wspec_conn_outcome(conn).status_code, WSPEC_CLOSE_NO_STATUS);
  wspec_conn_free(conn);
}

static void test_a_code_of_the_other_role_is_answered_by_1000(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false, true);
  struct wspec_conn_event event;
  assert_int_equal(feed(conn, false, 0x88, "\x03\xF2", &event), WSPEC_OK);
  assert_int_equal(event.close.status_code, WSPEC_CLOSE_MANDATORY_EXTENSION);
  assert_output(conn, "\x88\x02\x03\xE8", 4);
  wspec_conn_free(conn);
}

static void test_nothing_is_sent_behind_a_close_frame(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false, true);
  assert_int_equal(wspec_conn_close(conn, 1000, nothing), WSPEC_OK);
  size_t len = wspec_conn_output(conn).len;
  enum wspec_opcode text = WSPEC_OPCODE_TEXT;
  assert_int_equal(wspec_conn_send(conn, text, nothing), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_send_fragment(conn, text, nothing, true), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_send_header(conn, text, 0, true, NULL), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_ping(conn, nothing), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_pong(conn, nothing), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_close(conn, 1000, nothing), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_output(conn).len, len);
  wspec_conn_free(conn);
}

static void test_nothing_is_sent_after_the_end_of_tcp(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(true, true);
  struct wspec_conn_event event;
  wspec_conn_eof(conn);
  assert_int_equal(wspec_conn_ping(conn, nothing), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_close(conn, 1000, nothing), WSPEC_ERR_MISUSE);
  assert_int_equal(feed(conn, true, 0x81, "x", &event), WSPEC_ERR_END);
  assert_int_equal(wspec_conn_outcome(conn).status_code, WSPEC_CLOSE_ABNORMAL);
  assert_false(wspec_conn_outcome(conn).was_clean);
  assert_int_equal(wspec_conn_outcome(conn).reason.len, 0);
  wspec_conn_free(conn);
}

static void test_only_codes_of_the_role_are_sent(void **state) {
  (void)state;
  for (unsigned code = 0; code <= 65535; code++) {
    for (int is_client = 0; is_client < 2; is_client++) {
      bool may = (code >= 1000 && code <= 1014 && code != 1004 && code != 1006) ||
                 (code >= 3000 && code <= 4999); /* 1005: an empty body */
      may = may && (code != 1010 || is_client);
      struct wspec_conn *conn = new_conn(is_client != 0, true);
      assert_int_equal(wspec_conn_close(conn, (uint16_t)code, nothing),
                       may ? WSPEC_OK : WSPEC_ERR_MISUSE);
      assert_int_equal(wspec_conn_state(conn), may ? WSPEC_CONN_CLOSING : WSPEC_CONN_OPEN);
      wspec_conn_free(conn);
    }
  }
}

static void test_a_reason_that_cannot_be_sent(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false, true);
  uint8_t reason[124];
  memset(reason, 'x', sizeof reason);
  assert_int_equal(wspec_conn_close(conn, 1000, wspec_span_of(reason, 124)), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_close(conn, 1000, wspec_span_text("\xC3")), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_close(conn, WSPEC_CLOSE_NO_STATUS, wspec_span_text("x")),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_state(conn), WSPEC_CONN_OPEN);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  wspec_conn_free(conn);
}

static void test_a_violation_fails_the_connection_for_good(void **state) {
  (void)state;
  for (int is_client = 0; is_client < 2; is_client++) {
    struct wspec_conn *conn = new_conn(is_client != 0, true);
    struct wspec_conn_event event;
    assert_int_equal(feed(conn, is_client != 0, 0x83, "x", &event), WSPEC_ERR_PROTOCOL);
    const struct wspec_violation *violation = wspec_conn_violation(conn);
    assert_int_equal(violation->err, WSPEC_ERR_PROTOCOL);
    assert_int_equal(violation->status_code, 1002);
    assert_string_equal(violation->sentence, "the opcode is a reserved one");
    assert_int_equal(wspec_conn_state(conn), WSPEC_CONN_CLOSING);
    /* Section 7.1.7: a failing client does not wait for the server either. */
    assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_CLOSE_TCP);
    assert_true(wspec_conn_output(conn).len > 4);
    /* Not even the peer's close frame counts any more. */
    assert_int_equal(feed(conn, is_client != 0, 0x88, "\x03\xE8", &event), WSPEC_ERR_PROTOCOL);
    wspec_conn_eof(conn);
    assert_int_equal(feed(conn, is_client != 0, 0x88, "", &event), WSPEC_ERR_PROTOCOL);
    assert_int_equal(wspec_conn_outcome(conn).status_code, WSPEC_CLOSE_ABNORMAL);
    assert_false(wspec_conn_outcome(conn).was_clean);
    assert_int_equal(wspec_conn_ping(conn, nothing), WSPEC_ERR_MISUSE);
    wspec_conn_free(conn);
  }
}

static void test_a_violation_after_our_close_sends_no_second_one(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false, true);
  struct wspec_conn_event event;
  assert_int_equal(wspec_conn_close(conn, 1000, nothing), WSPEC_OK);
  assert_output(conn, "\x88\x02\x03\xE8", 4);
  assert_int_equal(feed(conn, false, 0x88, "\x03", &event), WSPEC_ERR_PROTOCOL);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_CLOSE_TCP);
  assert_false(wspec_conn_outcome(conn).was_clean);
  wspec_conn_free(conn);
}

static void test_both_close_at_the_same_time(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false, true);
  struct wspec_conn_event event;
  assert_int_equal(wspec_conn_close(conn, 1001, nothing), WSPEC_OK);
  assert_int_equal(feed(conn, false, 0x88, "\x0F\xA0mine", &event), WSPEC_OK);
  assert_output(conn, "\x88\x02\x03\xE9", 4);
  assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_CLOSE_TCP);
  /* Section 7.1.5: the code is the one received. */
  assert_int_equal(wspec_conn_outcome(conn).status_code, 4000);
  assert_true(wspec_conn_outcome(conn).was_clean);
  wspec_conn_free(conn);
}

static void test_an_answer_without_memory_is_not_clean(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false, true);
  struct wspec_conn_event event;
  failalloc_arm(1);
  enum wspec_err err = feed(conn, false, 0x88, "\x03\xE8", &event);
  assert_true(failalloc_disarm());
  assert_int_equal(err, WSPEC_ERR_NOMEM);
  assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_CLOSE_TCP);
  wspec_conn_free(conn);
}

static void test_a_violation_without_memory_sends_nothing(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false, true);
  struct wspec_conn_event event;
  failalloc_arm(1);
  enum wspec_err err = feed(conn, false, 0x83, "x", &event);
  assert_true(failalloc_disarm());
  assert_int_equal(err, WSPEC_ERR_PROTOCOL);
  assert_int_equal(wspec_conn_ping(conn, nothing), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_close(conn, 1002, nothing), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_CLOSE_TCP);
  wspec_conn_free(conn);
}

static void test_free_takes_null(void **state) {
  (void)state;
  failalloc_arm(1);
  wspec_conn_free(NULL);
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, true);
  struct wspec_conn *conn = wspec_conn_new(&options);
  assert_true(failalloc_disarm());
  assert_null(conn);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_we_close_and_the_peer_answers),
      cmocka_unit_test(test_the_peer_closes_and_we_answer),
      cmocka_unit_test(test_the_answer_without_auto_close_is_the_caller_s),
      cmocka_unit_test(test_a_code_of_the_other_role_is_answered_by_1000),
      cmocka_unit_test(test_nothing_is_sent_behind_a_close_frame),
      cmocka_unit_test(test_nothing_is_sent_after_the_end_of_tcp),
      cmocka_unit_test(test_only_codes_of_the_role_are_sent),
      cmocka_unit_test(test_a_reason_that_cannot_be_sent),
      cmocka_unit_test(test_a_violation_fails_the_connection_for_good),
      cmocka_unit_test(test_a_violation_after_our_close_sends_no_second_one),
      cmocka_unit_test(test_both_close_at_the_same_time),
      cmocka_unit_test(test_an_answer_without_memory_is_not_clean),
      cmocka_unit_test(test_a_violation_without_memory_sends_nothing),
      cmocka_unit_test(test_free_takes_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
