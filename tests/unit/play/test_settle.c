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

/* A case that waits for `reaction`; its play. */
struct waiting {
  struct wspec_alternative alternatives[2];
  struct wspec_step steps[2];
  struct wspec_script script;
  struct wspec_play *play;
};

/* Lets the play open within `answer_us`: what it does next is to wait. */
static void begin(struct waiting *waiting, enum wspec_reaction reaction, enum wspec_rank rank,
                  uint64_t answer_us) {
  *waiting = (struct waiting){.alternatives = {{.reaction = WSPEC_REACTION_FAILED},
                                               {.reaction = reaction, .rank = rank, .note = "so"}},
                              .steps = {{.kind = WSPEC_STEP_OPEN}, {.kind = WSPEC_STEP_EXPECT}},
                              .script = {.id = "test/case", .n_connections = 1, .n_steps = 2}};
  waiting->script.steps = waiting->steps;
  waiting->steps[1].as.expect.alternatives = waiting->alternatives;
  waiting->steps[1].as.expect.n_alternatives = 2;
  waiting->play = wspec_play_new(&waiting->script, &config, 0);
  assert_non_null(waiting->play);
  struct wspec_action action;
  uint64_t now_us = 0;
  while (wspec_play_next(waiting->play, now_us, &action)) {
    if (action.kind == WSPEC_ACTION_CONNECT) {
      wspec_play_connected(waiting->play, 0, now_us);
    } else if (action.kind == WSPEC_ACTION_WRITE) {
      now_us = answer_us;
      answer_request(waiting->play, action.octets, now_us);
    }
  }
  assert_false(wspec_play_is_done(waiting->play));
}

/* How long a play that opened within `answer_us` waits, before it does anything, for `reaction`. */
static uint64_t wait_for(enum wspec_reaction reaction, enum wspec_rank rank, uint64_t answer_us) {
  struct waiting waiting;
  begin(&waiting, reaction, rank, answer_us);
  uint64_t wait_us = wspec_play_deadline(waiting.play) - answer_us;
  wspec_play_free(waiting.play);
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

/* An unsolicited pong is lawful at any time, and so are many (section 5.5.3). */
static void test_a_target_that_is_never_quiet_gets_its_sentinel(void **state) {
  (void)state;
  enum { BEGAN_US = 1000, PONGS_EVERY_US = SETTLE_US / 2 };
  struct waiting waiting;
  struct wspec_action action = {.kind = WSPEC_ACTION_CONNECT};
  begin(&waiting, WSPEC_REACTION_IGNORED, WSPEC_RANK_PASS, BEGAN_US);
  uint64_t now_us = BEGAN_US;
  bool has_acted = false;
  while (!has_acted && now_us < BEGAN_US + TIMEOUT_US) {
    uint8_t pong[] = {0x8a, 0x00};
    now_us += PONGS_EVERY_US;
    wspec_play_received(waiting.play, 0, wspec_span_of(pong, sizeof pong), now_us);
    has_acted = wspec_play_next(waiting.play, now_us, &action);
  }
  assert_true(has_acted);
  assert_int_equal(action.kind, WSPEC_ACTION_WRITE);
  assert_int_equal(action.octets.data[0], 0x89);
  assert_in_range(now_us, BEGAN_US + TIMEOUT_US / 2, BEGAN_US + TIMEOUT_US / 2 + PONGS_EVERY_US);
  wspec_play_free(waiting.play);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_sentinel_waits_for_the_settle_time),
      cmocka_unit_test(test_nothing_is_waited_for_longer_where_it_says_something),
      cmocka_unit_test(test_a_target_that_is_busy_gets_more_time),
      cmocka_unit_test(test_but_half_the_time_limit_at_most),
      cmocka_unit_test(test_a_target_that_is_never_quiet_gets_its_sentinel),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
