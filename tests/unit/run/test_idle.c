/* How long cases wait by design. */
#include "run/idle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SETTLE_US = 100 * 1000 };

static uint64_t idle_of(struct wspec_step step) {
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_OPEN}, step, {.kind = WSPEC_STEP_CLOSE}};
  const struct wspec_script script = {.steps = steps, .n_steps = 3};
  return wspec_idle_us(&script, SETTLE_US);
}

static void test_an_ordinary_case_is_never_idle(void **state) {
  (void)state;
  struct wspec_alternative echo = {.reaction = WSPEC_REACTION_ECHO};
  struct wspec_step step = {.kind = WSPEC_STEP_EXPECT};
  step.as.expect = (struct wspec_expectation){.alternatives = &echo, .n_alternatives = 1};
  assert_int_equal(idle_of(step), 0);
  assert_int_equal(idle_of((struct wspec_step){.kind = WSPEC_STEP_SEND}), 0);
}

static void test_waits_and_delays_count(void **state) {
  (void)state;
  uint64_t sizes[] = {1, 2, 3};
  assert_int_equal(idle_of((struct wspec_step){.kind = WSPEC_STEP_WAIT, .as.wait_ms = 400}),
                   400000);
  struct wspec_step step = {.kind = WSPEC_STEP_SEND};
  step.as.send.segments = (struct wspec_segments){.sizes = sizes, .n_sizes = 3, .delay_ms = 5};
  assert_int_equal(idle_of(step), 15000);
  step = (struct wspec_step){.kind = WSPEC_STEP_REQUEST};
  step.as.head.segments = (struct wspec_segments){.every = 1, .delay_ms = 1};
  assert_true(idle_of(step) >= 100000);
  step.as.head.segments.delay_ms = 0;
  assert_int_equal(idle_of(step), 0);
}

static void test_nothing_takes_the_settle_time(void **state) {
  (void)state;
  struct wspec_alternative alternatives[] = {{.reaction = WSPEC_REACTION_FAILED},
                                             {.reaction = WSPEC_REACTION_NOTHING}};
  struct wspec_step step = {.kind = WSPEC_STEP_EXPECT};
  step.as.expect = (struct wspec_expectation){.alternatives = alternatives, .n_alternatives = 2};
  assert_int_equal(idle_of(step), SETTLE_US);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_ordinary_case_is_never_idle),
      cmocka_unit_test(test_waits_and_delays_count),
      cmocka_unit_test(test_nothing_takes_the_settle_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
