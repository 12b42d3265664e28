/* What a play makes of close frames that the target sends of its own accord: octets by hand. */
#include "play_fixture.h"

static struct wspec_play_config config = FIXTURE_CONFIG;

static uint8_t large[5000];

/* Plays open, a binary message of `len` octets, and the wait for its echo, against a target that
 * answers the message with `octets` and TCP's end. */
static enum wspec_verdict verdict_of(size_t len, const void *octets, size_t n_octets) {
  struct wspec_payload_part part = {
      .kind = WSPEC_PAYLOAD_LITERAL, .len = len, .data = large, .data_len = len};
  struct wspec_send message = {.kind = WSPEC_SEND_MESSAGE, .repeat = 1};
  message.as.message = (struct wspec_message_plan){
      .opcode = 2, .payload = {.parts = &part, .n_parts = 1, .len = len}};
  struct wspec_code_range not_utf8 = {1007, 1007};
  struct wspec_alternative alternatives[] = {{.reaction = WSPEC_REACTION_ECHO},
                                             {.reaction = WSPEC_REACTION_CLOSED,
                                              .codes = &not_utf8,
                                              .n_codes = 1,
                                              .rank = WSPEC_RANK_FAIL,
                                              .note = "it is UTF-8"}};
  struct wspec_step steps[] = {
      {.kind = WSPEC_STEP_OPEN}, {.kind = WSPEC_STEP_SEND}, {.kind = WSPEC_STEP_EXPECT}};
  steps[1].as.send.items = &message;
  steps[1].as.send.n_items = 1;
  steps[2].as.expect.alternatives = alternatives;
  steps[2].as.expect.n_alternatives = 2;
  struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = steps, .n_steps = 3};
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  unsigned n_writes = 0;
  struct wspec_action action;
  for (unsigned round = 0; round < 100 && !wspec_play_is_done(play); round++) {
    if (!wspec_play_next(play, 1, &action)) {
      assert_true(n_writes >= 2);
      wspec_play_received(play, 0, wspec_span_of(octets, n_octets), 1);
      wspec_play_eof(play, 0, 1);
    } else if (action.kind == WSPEC_ACTION_CONNECT) {
      wspec_play_connected(play, 0, 1);
    } else if (action.kind == WSPEC_ACTION_WRITE && n_writes++ == 0) {
      answer_request(play, action.octets, 1);
    }
  }
  return end_play(play);
}

static void test_a_server_may_go_away(void **state) {
  (void)state;
  assert_int_equal(verdict_of(5, "\x88\x02\x03\xe9", 4), WSPEC_VERDICT_INFO); /* 1001 */
  assert_int_equal(verdict_of(5, "\x88\x02\x03\xf4", 4), WSPEC_VERDICT_INFO); /* 1012 */
  assert_int_equal(verdict_of(5, "\x88\x02\x03\xe8", 4), WSPEC_VERDICT_WARN); /* 1000 */
  assert_int_equal(verdict_of(5, "\x88\x00", 2), WSPEC_VERDICT_WARN);
}

static void test_errors_and_bare_ends_are_no_going_away(void **state) {
  (void)state;
  assert_int_equal(verdict_of(5, "\x88\x02\x03\xea", 4), WSPEC_VERDICT_FAIL); /* 1002 */
  assert_int_equal(verdict_of(5, "\x88\x02\x03\xf3", 4), WSPEC_VERDICT_FAIL); /* 1011 */
  assert_int_equal(verdict_of(5, "", 0), WSPEC_VERDICT_FAIL);
}

static void test_data_may_be_refused(void **state) {
  (void)state;
  assert_int_equal(verdict_of(5, "\x88\x02\x03\xeb", 4), WSPEC_VERDICT_SKIP);    /* 1003: binary */
  assert_int_equal(verdict_of(5000, "\x88\x02\x03\xf1", 4), WSPEC_VERDICT_SKIP); /* 1009 */
  assert_int_equal(verdict_of(4096, "\x88\x02\x03\xf1", 4), WSPEC_VERDICT_FAIL);
}

/* A server of a protocol of its own refuses whatever we say with the code that was found before. */
static void test_every_message_may_be_refused(void **state) {
  (void)state;
  config.refusal_code = 4400;
  assert_int_equal(verdict_of(5, "\x88\x02\x11\x30", 4), WSPEC_VERDICT_SKIP); /* 4400 */
  assert_int_equal(verdict_of(5, "\x88\x02\x03\xea", 4), WSPEC_VERDICT_FAIL); /* 1002 */
  config.refusal_code = 0;
  assert_int_equal(verdict_of(5, "\x88\x02\x11\x30", 4), WSPEC_VERDICT_FAIL);
}

/* So it does with a code that the case names as a fault: it may refuse, but not say what is not so. */
static void test_a_refusal_may_say_what_is_not_true(void **state) {
  (void)state;
  config.refusal_code = 1007;
  assert_int_equal(verdict_of(5, "\x88\x02\x03\xef", 4), WSPEC_VERDICT_WARN);
  assert_int_equal(verdict_of(5, "\x88\x02\x03\xf0", 4), WSPEC_VERDICT_FAIL); /* 1008 */
  config.refusal_code = 0;
  assert_int_equal(verdict_of(5, "\x88\x02\x03\xef", 4), WSPEC_VERDICT_FAIL);
}

/* The reason is longer than one can be: the target's fault, not an error of ours. */
static void test_an_overlong_close_frame_is_a_fail(void **state) {
  (void)state;
  uint8_t frame[4 + 126] = {0x88, 126, 0, 126, 0x03, 0xe8};
  memset(frame + 6, 'r', sizeof frame - 6);
  assert_int_equal(verdict_of(5, frame, sizeof frame), WSPEC_VERDICT_FAIL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_server_may_go_away),
      cmocka_unit_test(test_errors_and_bare_ends_are_no_going_away),
      cmocka_unit_test(test_data_may_be_refused),
      cmocka_unit_test(test_every_message_may_be_refused),
      cmocka_unit_test(test_a_refusal_may_say_what_is_not_true),
      cmocka_unit_test(test_an_overlong_close_frame_is_a_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
