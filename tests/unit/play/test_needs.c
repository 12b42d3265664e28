/* Which scripts are skipped against a target that serves one connection at a time. */
#include "play_fixture.h"

static struct wspec_play_config config = FIXTURE_CONFIG;

/* Whether a script of these steps is done before anything was sent, as a skip. */
static bool is_skipped(struct wspec_step *steps, size_t n_steps) {
  struct wspec_script script = {
      .id = "test/case", .n_connections = 2, .steps = steps, .n_steps = n_steps};
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  struct wspec_action action;
  bool acts = wspec_play_next(play, 0, &action);
  bool skips = !acts && wspec_play_is_done(play);
  if (skips) {
    struct wspec_result result;
    wspec_play_take_result(play, &result);
    assert_int_equal(result.verdict, WSPEC_VERDICT_SKIP);
    assert_string_equal(result.skip_reason, "the target serves one connection at a time");
    wspec_result_clear(&result);
  }
  wspec_play_free(play);
  return skips;
}

/* Opens the first connection, does `last` with it, waits, and opens the second. */
static bool is_skipped_behind(enum wspec_step_kind last) {
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_OPEN},
                               {.kind = last},
                               {.kind = WSPEC_STEP_WAIT, .as.wait_ms = 1},
                               {.kind = WSPEC_STEP_OPEN, .connection = 1}};
  return is_skipped(steps, sizeof steps / sizeof steps[0]);
}

static void test_a_connection_beside_another_needs_two(void **state) {
  (void)state;
  config.one_at_a_time = true;
  assert_true(is_skipped_behind(WSPEC_STEP_WAIT));
  assert_true(is_skipped_behind(WSPEC_STEP_CLOSE));
  assert_true(is_skipped_behind(WSPEC_STEP_FIN)); /* which a target need not heed */
}

static void test_a_connection_behind_a_reset_needs_one(void **state) {
  (void)state;
  config.one_at_a_time = true;
  assert_false(is_skipped_behind(WSPEC_STEP_RESET));
}

static void test_two_are_begun_where_two_are_served(void **state) {
  (void)state;
  config.one_at_a_time = false;
  assert_false(is_skipped_behind(WSPEC_STEP_WAIT));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_connection_beside_another_needs_two),
      cmocka_unit_test(test_a_connection_behind_a_reset_needs_one),
      cmocka_unit_test(test_two_are_begun_where_two_are_served),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
