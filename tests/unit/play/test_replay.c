/* A play that is judged again from its transcript, where it had woken up late: times by hand. */
#include "play_fixture.h"

#include "play/replay.h"

static const struct wspec_play_config config = FIXTURE_CONFIG;

/* A case that awaits the failure of the connection. */
static struct wspec_alternative failed = {.reaction = WSPEC_REACTION_FAILED};
static struct wspec_step steps[] = {
    {.kind = WSPEC_STEP_OPEN},
    {.kind = WSPEC_STEP_EXPECT, .as.expect = {.alternatives = &failed, .n_alternatives = 1}}};
static struct wspec_script script = {
    .id = "test/case", .n_connections = 1, .steps = steps, .n_steps = 2};

static struct wspec_play *open_connection(uint64_t now_us) {
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  struct wspec_action action;
  while (wspec_play_next(play, now_us, &action)) {
    if (action.kind == WSPEC_ACTION_CONNECT) {
      wspec_play_connected(play, 0, now_us);
    } else if (action.kind == WSPEC_ACTION_WRITE) {
      answer_request(play, action.octets, now_us);
    }
  }
  return play;
}

/* Lets its next deadline pass. */
static void wake(struct wspec_play *play) {
  struct wspec_action action;
  uint64_t deadline_us = wspec_play_deadline(play);
  wspec_play_time(play, deadline_us);
  while (wspec_play_next(play, deadline_us, &action)) {
  }
}

static struct wspec_result run_to_end(struct wspec_play *play) {
  for (unsigned round = 0; round < 100 && !wspec_play_is_done(play); round++) {
    wake(play);
  }
  assert_true(wspec_play_is_done(play));
  struct wspec_result result;
  wspec_play_take_result(play, &result);
  wspec_play_free(play);
  return result;
}

/* The verdict, which is the same from the transcript. */
static enum wspec_verdict judge_twice(struct wspec_result *result) {
  struct wspec_result again;
  assert_int_equal(wspec_replay(&script, &config, &result->transcript, &again), WSPEC_OK);
  assert_int_equal(again.verdict, result->verdict);
  assert_int_equal(again.n_findings, result->n_findings);
  assert_int_equal(again.close.status_code, result->close.status_code);
  enum wspec_verdict verdict = result->verdict;
  wspec_result_clear(&again);
  wspec_result_clear(result);
  return verdict;
}

static void receive_failure(struct wspec_play *play, uint64_t now_us) {
  static const uint8_t close_1002[] = {0x88, 0x02, 0x03, 0xea};
  wspec_play_received(play, 0, wspec_span_of(close_1002, sizeof close_1002), now_us);
  wspec_play_eof(play, 0, now_us);
}

/* Its time was up before, but what has come by the time it wakes up is read first. */
static void test_what_was_read_late_is_read_late_again(void **state) {
  (void)state;
  struct wspec_play *play = open_connection(100);
  receive_failure(play, wspec_play_deadline(play) + 10 * config.timeout_us);
  struct wspec_result result = run_to_end(play);
  assert_int_equal(judge_twice(&result), WSPEC_VERDICT_PASS);
}

static void test_what_was_read_at_a_deadline_is_read_before_it_again(void **state) {
  (void)state;
  struct wspec_play *play = open_connection(100);
  wake(play); /* it asks whether the target is there; the next time it gives up */
  receive_failure(play, wspec_play_deadline(play));
  struct wspec_result result = run_to_end(play);
  assert_int_equal(judge_twice(&result), WSPEC_VERDICT_PASS);
}

static void test_what_did_not_come_does_not_come_again(void **state) {
  (void)state;
  struct wspec_result result = run_to_end(open_connection(100));
  assert_int_equal(judge_twice(&result), WSPEC_VERDICT_FAIL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_was_read_late_is_read_late_again),
      cmocka_unit_test(test_what_was_read_at_a_deadline_is_read_before_it_again),
      cmocka_unit_test(test_what_did_not_come_does_not_come_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
