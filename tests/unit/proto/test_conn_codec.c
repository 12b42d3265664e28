/* The seam for permessage-deflate, with a codec that a reader can follow: deflating adds 1 to each
 * octet, inflating takes it away again. */
#include "conn_wire.h"
#include "failalloc.h"

enum { BROKEN = 0xB0, BOMB = 0xB1, BOMB_LEN = 5000 };

/* Counts the calls, and the ends of messages among them. */
struct toy {
  int n_inflated;
  int n_ends;
  int n_deflated;
  size_t longest;
  enum wspec_err deflate_err;
};

static enum wspec_err toy_inflate(void *context, struct wspec_span octets, bool ends,
                                  struct wspec_buf *out) {
  struct toy *toy = context;
  toy->n_inflated++;
  toy->n_ends += ends;
  toy->longest = octets.len > toy->longest ? octets.len : toy->longest;
  enum wspec_err err = WSPEC_OK;
  for (size_t i = 0; i < octets.len && !err; i++) {
    uint8_t octet = octets.data[i];
    if (octet == BROKEN) {
      return WSPEC_ERR_DEFLATE;
    }
    for (int n = octet == BOMB ? BOMB_LEN : 1; n > 0 && !err; n--) {
      err = wspec_buf_append_octet(out, octet == BOMB ? 'x' : (uint8_t)(octet - 1));
    }
  }
  return err;
}

static enum wspec_err toy_deflate(void *context, struct wspec_span octets, bool ends,
                                  struct wspec_buf *out) {
  struct toy *toy = context;
  toy->n_deflated++;
  toy->n_ends += ends;
  enum wspec_err err = toy->deflate_err;
  for (size_t i = 0; i < octets.len && !err; i++) {
    err = wspec_buf_append_octet(out, (uint8_t)(octets.data[i] + 1));
  }
  return err;
}

static struct wire_run first_run;
static struct wire_run run;
static uint8_t wire[WIRE_MAX];
static struct toy toy;

static struct wspec_conn_options options_with_toy(bool is_client) {
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, is_client);
  toy = (struct toy){.n_inflated = 0};
  options.codec = (struct wspec_conn_codec){&toy, toy_inflate, toy_deflate};
  return options;
}

static void check(struct wspec_conn_options options, const struct wire_frame *frames,
                  const char *log) {
  size_t len = wire_write(frames, !options.is_client, wire);
  wire_feed(&options, wire, len, (struct wire_plan){0}, &first_run);
  assert_string_equal(first_run.log, log);
  for (size_t split = 0; split <= len; split++) {
    struct wire_plan plan = {.split = split, .portion = split % 3};
    wire_feed(&options, wire, len, plan, &run);
    assert_string_equal(run.log, log);
    assert_int_equal(run.violation.octet_offset, first_run.violation.octet_offset);
  }
}

static void check_roles_and_modes(const struct wire_frame *frames, const char *log) {
  for (int i = 0; i < 4; i++) {
    struct wspec_conn_options options = options_with_toy((i & 1) != 0);
    options.assemble = (i & 2) != 0;
    check(options, frames, log);
  }
}

static void test_rsv1_marks_what_is_inflated(void **state) {
  (void)state;
  static const struct wire_frame frames[WIRE_FRAMES_MAX] = {
      {0xC1, "bc", 0}, {0x81, "bc", 0}, {0xC2, "\x00", 1}, {0xC1, "", 0}};
  check_roles_and_modes(frames, "text[ab] text[bc] bin[\\FF] text[] end[1006]");
}

static void test_fragments_are_inflated_as_one(void **state) {
  (void)state;
  static const struct wire_frame frames[WIRE_FRAMES_MAX] = {{0x41, "\xC4", 0}, {0x00, "", 0},
                                                            {0x89, "p", 0},    {0x00, "\xAA", 0},
                                                            {0x80, "b", 0},    {0x82, "z", 0}};
  check_roles_and_modes(frames, "ping[p] text[\\C3\\A9a] bin[z] end[1006]");
  struct wspec_conn_options options = options_with_toy(false);
  wire_feed(&options, wire, wire_write(frames, true, wire), (struct wire_plan){0}, &run);
  assert_int_equal(toy.n_ends, 1);
}

static void test_rsv1_elsewhere_is_a_violation(void **state) {
  (void)state;
  static const struct wire_frame on_ping[WIRE_FRAMES_MAX] = {{0xC9, "", 0}};
  check_roles_and_modes(on_ping, "fail[1002 6455-5.2-02] end[1006]");
  static const struct wire_frame on_continuation[WIRE_FRAMES_MAX] = {{0x41, "b", 0},
                                                                     {0xC0, "b", 0}};
  check_roles_and_modes(on_continuation, "fail[1002 6455-5.2-02] end[1006]");
  static const struct wire_frame with_rsv2[WIRE_FRAMES_MAX] = {{0xE1, "b", 0}};
  check_roles_and_modes(with_rsv2, "fail[1002 6455-5.2-02] end[1006]");
}

static void test_text_is_checked_behind_inflating(void **state) {
  (void)state;
  static const struct wire_frame wrong[WIRE_FRAMES_MAX] = {{0xC1, "b\x00", 2}};
  check_roles_and_modes(wrong, "fail[1007 6455-5.6-01] end[1006]");
  static const struct wire_frame cut[WIRE_FRAMES_MAX] = {{0xC1, "b\xC4", 0}};
  check_roles_and_modes(cut, "fail[1007 6455-5.6-01] end[1006]");
}

static void test_octets_that_do_not_inflate(void **state) {
  (void)state;
  static const struct wire_frame broken[WIRE_FRAMES_MAX] = {{0x82, "z", 0}, {0xC2, "b\xB0z", 0}};
  check_roles_and_modes(broken, "bin[z] fail[1007 7692-7.2.1-01] end[1006]");
}

static void test_the_inflated_length_is_limited(void **state) {
  (void)state;
  static const struct wire_frame bombs[WIRE_FRAMES_MAX] = {{0x42, "\xB1", 0}, {0x80, "\xB1", 0}};
  for (int assemble = 0; assemble < 2; assemble++) {
    struct wspec_conn_options options = options_with_toy(false);
    options.assemble = assemble != 0;
    options.message_max = 2 * BOMB_LEN - 1;
    check(options, bombs, "fail[1009 6455-10.4-01] end[1006]");
    options.message_max = 2 * BOMB_LEN;
    wire_feed(&options, wire, wire_write(bombs, true, wire), (struct wire_plan){0}, &run);
    assert_int_equal(run.err, WSPEC_OK);
    assert_int_equal(run.open_len, 2 * BOMB_LEN);
  }
}

/* What comes first in the message decides, however TCP portions it. */
static void test_of_two_faults_the_first_counts(void **state) {
  (void)state;
  static const char not_text[] = "fail[1007 6455-5.6-01] end[1006]";
  static const char too_long[] = "fail[1009 6455-10.4-01] end[1006]";
  static const struct wire_frame text_first[WIRE_FRAMES_MAX] = {{0xC1, "b\x00\xB1\xB1", 4}};
  static const struct wire_frame limit_first[WIRE_FRAMES_MAX] = {{0xC1, "\xB1\x00\xB0", 3}};
  static const struct wire_frame broken_last[WIRE_FRAMES_MAX] = {{0xC1, "b\x00\xB0", 3}};
  for (int assemble = 0; assemble < 2; assemble++) {
    struct wspec_conn_options options = options_with_toy(false);
    options.assemble = assemble != 0;
    options.message_max = BOMB_LEN;
    check(options, text_first, not_text);
    check(options, limit_first, too_long);
    check(options, broken_last, not_text);
  }
}

static void test_a_streamed_message_is_inflated_in_steps(void **state) {
  (void)state;
  static char payload[10001];
  memset(payload, 'b', 10000);
  struct wire_frame frames[WIRE_FRAMES_MAX] = {{0xC2, payload, 0}};
  struct wspec_conn_options options = options_with_toy(false);
  options.assemble = false;
  size_t len = wire_write(frames, true, wire);
  wire_feed(&options, wire, len, (struct wire_plan){0}, &run);
  assert_int_equal(run.open_len, 10000);
  assert_int_equal(run.open[9999], 'a');
  assert_int_equal(toy.longest, 1024);
  assert_int_equal(toy.n_inflated, 10);
}

static void test_messages_are_sent_compressed(void **state) {
  (void)state;
  struct wspec_conn_options options = options_with_toy(false);
  options.deflate_min = 2;
  struct wspec_conn *conn = wspec_conn_new(&options);
  enum wspec_opcode text = WSPEC_OPCODE_TEXT;
  uint8_t key[4];
  assert_int_equal(wspec_conn_send(conn, text, wspec_span_text("ab")), WSPEC_OK);
  assert_int_equal(wspec_conn_send(conn, text, wspec_span_text("a")), WSPEC_OK);
  assert_int_equal(wspec_conn_send_fragment(conn, text, wspec_span_text("c"), false), WSPEC_OK);
  assert_int_equal(wspec_conn_send_header(conn, text, 1, true, key), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_ping(conn, wspec_span_text("p")), WSPEC_OK);
  assert_int_equal(wspec_conn_send_fragment(conn, text, wspec_span_text("d"), true), WSPEC_OK);
  static const char want[] = "\xC1\x02"
                             "bc"
                             "\x81\x01"
                             "a"
                             "\x41\x01"
                             "d"
                             "\x89\x01"
                             "p"
                             "\x80\x01"
                             "e";
  struct wspec_span output = wspec_conn_output(conn);
  assert_int_equal(output.len, sizeof want - 1);
  assert_memory_equal(output.data, want, output.len);
  assert_int_equal(toy.n_deflated, 3);
  assert_int_equal(toy.n_ends, 2);
  wspec_conn_free(conn);
}

static void test_the_compressor_is_not_asked_without_room(void **state) {
  (void)state;
  struct wspec_conn_options options = options_with_toy(false);
  options.output_max = 100;
  struct wspec_conn *conn = wspec_conn_new(&options);
  enum wspec_opcode binary = WSPEC_OPCODE_BINARY;
  uint8_t payload[60] = {0};
  assert_int_equal(wspec_conn_send(conn, binary, wspec_span_of(payload, 60)), WSPEC_ERR_LIMIT);
  assert_int_equal(wspec_conn_send(conn, binary, wspec_span_of(payload, SIZE_MAX / 2 + 1)),
                   WSPEC_ERR_LIMIT);
  assert_int_equal(toy.n_deflated, 0);
  assert_int_equal(wspec_conn_state(conn), WSPEC_CONN_OPEN);
  assert_int_equal(wspec_conn_send(conn, binary, wspec_span_of(payload, 10)), WSPEC_OK);
  wspec_conn_free(conn);
}

static void test_a_compressor_that_fails_ends_the_connection(void **state) {
  (void)state;
  struct wspec_conn_options options = options_with_toy(false);
  struct wspec_conn *conn = wspec_conn_new(&options);
  toy.deflate_err = WSPEC_ERR_NOMEM;
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_TEXT, wspec_span_text("ab")),
                   WSPEC_ERR_NOMEM);
  assert_int_equal(wspec_conn_violation(conn)->status_code, WSPEC_CLOSE_INTERNAL_ERROR);
  assert_int_equal(wspec_conn_next(conn), WSPEC_CONN_CLOSE_TCP);
  assert_memory_equal(wspec_conn_output(conn).data + 2, "\x03\xF3", 2);
  wspec_conn_free(conn);
}

static void test_every_allocation_failure_ends_the_connection(void **state) {
  (void)state;
  static const struct wire_frame frames[WIRE_FRAMES_MAX] = {
      {0x42, "\xB1", 0}, {0x89, "p", 0}, {0x80, "\xB1", 0}};
  size_t len = wire_write(frames, true, wire);
  unsigned n = 1;
  for (;; n++) {
    struct wspec_conn_options options = options_with_toy(false);
    failalloc_arm(n);
    wire_feed(&options, wire, len, (struct wire_plan){.portion = 3, .in_place = true}, &run);
    if (!failalloc_disarm()) {
      break;
    }
    assert_int_equal(run.err, WSPEC_ERR_NOMEM);
  }
  assert_int_equal(run.err, WSPEC_OK);
  assert_true(n > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rsv1_marks_what_is_inflated),
      cmocka_unit_test(test_fragments_are_inflated_as_one),
      cmocka_unit_test(test_rsv1_elsewhere_is_a_violation),
      cmocka_unit_test(test_text_is_checked_behind_inflating),
      cmocka_unit_test(test_octets_that_do_not_inflate),
      cmocka_unit_test(test_the_inflated_length_is_limited),
      cmocka_unit_test(test_of_two_faults_the_first_counts),
      cmocka_unit_test(test_a_streamed_message_is_inflated_in_steps),
      cmocka_unit_test(test_messages_are_sent_compressed),
      cmocka_unit_test(test_the_compressor_is_not_asked_without_room),
      cmocka_unit_test(test_a_compressor_that_fails_ends_the_connection),
      cmocka_unit_test(test_every_allocation_failure_ends_the_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
