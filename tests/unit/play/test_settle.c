/* How long a play waits for what may never come: times by hand. */
#include "play_fixture.h"

enum { SETTLE_US = 100 * 1000, TIMEOUT_US = 2000 * 1000 };

static const struct wspec_play_config config = {
    .seed = 7,
    .host = "localhost",
    .target = "/",
    .settle_us = SETTLE_US,
    .timeout_us = TIMEOUT_US,
    .close_us = 1000,
};

/* How long a play that opened within `answer_us` waits, before it does anything, for `reaction`. */
static uint64_t wait_for(enum wspec_reaction reaction, enum wspec_rank rank, uint64_t answer_us) {
  struct wspec_alternative alternatives[] = {{.reaction = WSPEC_REACTION_FAILED},
                                             {.reaction = reaction, .rank = rank, .note = "so"}};
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_OPEN}, {.kind = WSPEC_STEP_EXPECT}};
  steps[1].as.expect.alternatives = alternatives;
  steps[1].as.expect.n_alternatives = 2;
  struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = steps, .n_steps = 2};
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  struct wspec_action action;
  uint64_t now_us = 0;
  while (wspec_play_next(play, now_us, &action)) {
    if (action.kind == WSPEC_ACTION_CONNECT) {
      wspec_play_connected(play, 0, now_us);
    } else if (action.kind == WSPEC_ACTION_WRITE) {
      now_us = answer_us;
      answer_request(play, action.octets, now_us);
    }
  }
  assert_false(wspec_play_is_done(play));
  uint64_t wait_us = wspec_play_deadline(play) - now_us;
  wspec_play_free(play);
  return wait_us;
}

static void test_a_sentinel_waits_for_the_settle_time(void **state) {
  (void)state;
  assert_int_equal(wait_for(WSPEC_REACTION_IGNORED, WSPEC_RANK_PASS, 1000), SETTLE_US);
}

static void test_nothing_is_waited_for_longer_where_it_says_something(void **state) {
  (void)state;
  assert_int_equal(wait_for(WSPEC_REACTION_NOTHING, WSPEC_RANK_PASS, 1000), SETTLE_US);
  assert_int_equal(wait_for(WSPEC_REACTION_NOTHING, WSPEC_RANK_INFO, 1000), 5 * SETTLE_US);
  assert_int_equal(wait_for(WSPEC_REACTION_NOTHING, WSPEC_RANK_WARN, 1000), 5 * SETTLE_US);
}

/* Other cases, or other programs, keep it busy: its handshake took longer than the probe's. */
static void test_a_target_that_is_busy_gets_more_time(void **state) {
  (void)state;
  assert_int_equal(wait_for(WSPEC_REACTION_IGNORED, WSPEC_RANK_PASS, 30000), 3 * SETTLE_US);
  assert_int_equal(wait_for(WSPEC_REACTION_NOTHING, WSPEC_RANK_INFO, 30000), 15 * SETTLE_US);
}

static void test_but_half_the_time_limit_at_most(void **state) {
  (void)state;
  assert_int_equal(wait_for(WSPEC_REACTION_IGNORED, WSPEC_RANK_PASS, 500000), TIMEOUT_US / 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_sentinel_waits_for_the_settle_time),
      cmocka_unit_test(test_nothing_is_waited_for_longer_where_it_says_something),
      cmocka_unit_test(test_a_target_that_is_busy_gets_more_time),
      cmocka_unit_test(test_but_half_the_time_limit_at_most),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
