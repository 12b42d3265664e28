#include "failalloc.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct probe {
  struct wspec_loop *loop;
  struct wspec_timer *timer;
  uint64_t fired_us;
  unsigned count;
  unsigned restarts;
};

static void on_fire(void *user) {
  struct probe *probe = user;
  probe->count++;
  probe->fired_us = wspec_loop_now_us(probe->loop);
  assert_false(wspec_timer_is_running(probe->timer));
  if (probe->restarts > 0) {
    probe->restarts--;
    wspec_timer_start(probe->timer, 100);
  }
}

static void probe_init(struct probe *probe) {
  *probe = (struct probe){0};
  assert_int_equal(wspec_loop_new(&probe->loop), WSPEC_OK);
  assert_int_equal(wspec_timer_new(probe->loop, on_fire, probe, &probe->timer), WSPEC_OK);
}

static void probe_clear(struct probe *probe) {
  wspec_timer_free(probe->timer);
  wspec_loop_free(probe->loop);
}

static void test_fires_once_and_never_too_soon(void **state) {
  (void)state;
  static const uint64_t DELAYS_US[] = {0, 1, 999, 1000, 1001, 5500};
  for (size_t i = 0; i < sizeof DELAYS_US / sizeof DELAYS_US[0]; i++) {
    struct probe probe;
    probe_init(&probe);
    uint64_t start_us = wspec_loop_now_us(probe.loop);
    wspec_timer_start(probe.timer, DELAYS_US[i]);
    assert_true(wspec_timer_is_running(probe.timer));
    wspec_loop_run(probe.loop);
    assert_int_equal(probe.count, 1);
    assert_true(probe.fired_us >= start_us + DELAYS_US[i]);
    probe_clear(&probe);
  }
}

static void test_stopped_timer_does_not_fire(void **state) {
  (void)state;
  struct probe probe;
  probe_init(&probe);
  wspec_timer_start(probe.timer, 1000);
  wspec_timer_stop(probe.timer);
  assert_false(wspec_timer_is_running(probe.timer));
  wspec_loop_run(probe.loop);
  assert_int_equal(probe.count, 0);
  probe_clear(&probe);
}

static void test_can_be_started_from_its_callback(void **state) {
  (void)state;
  struct probe probe;
  probe_init(&probe);
  probe.restarts = 3;
  wspec_timer_start(probe.timer, UINT64_MAX); /* is set anew below */
  wspec_timer_start(probe.timer, 0);
  wspec_loop_run(probe.loop);
  assert_int_equal(probe.count, 4);
  probe_clear(&probe);
}

static void on_resolved(void *user, const struct wspec_addresses *addresses,
                        const struct wspec_net_error *error) {
  struct probe *probe = user;
  assert_non_null(addresses);
  assert_null(error);
  wspec_timer_stop(probe->timer);
}

static void on_fire_again(void *user) {
  struct probe *probe = user;
  probe->count++;
  wspec_timer_start(probe->timer, 0);
}

static void test_timer_of_0_leaves_others_their_turn(void **state) {
  (void)state;
  struct probe probe = {0};
  struct wspec_resolution *resolution;
  assert_int_equal(wspec_loop_new(&probe.loop), WSPEC_OK);
  assert_int_equal(wspec_timer_new(probe.loop, on_fire_again, &probe, &probe.timer), WSPEC_OK);
  wspec_timer_start(probe.timer, 0);
  assert_int_equal(wspec_resolve(probe.loop, "127.0.0.1", 1, on_resolved, &probe, &resolution),
                   WSPEC_OK);
  wspec_loop_run(probe.loop);
  assert_false(wspec_timer_is_running(probe.timer));
  probe_clear(&probe);
}

static void test_no_memory_is_reported(void **state) {
  (void)state;
  struct wspec_loop *loop;
  for (unsigned n = 1; n <= 2; n++) {
    failalloc_arm(n);
    assert_int_equal(wspec_loop_new(&loop), WSPEC_ERR_NOMEM);
    assert_true(failalloc_disarm());
    assert_null(loop);
  }
  assert_int_equal(wspec_loop_new(&loop), WSPEC_OK);
  struct wspec_timer *timer;
  failalloc_arm(1);
  assert_int_equal(wspec_timer_new(loop, on_fire, NULL, &timer), WSPEC_ERR_NOMEM);
  failalloc_disarm();
  assert_null(timer);
  wspec_timer_free(NULL);
  wspec_loop_free(loop);
  wspec_loop_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fires_once_and_never_too_soon),
      cmocka_unit_test(test_stopped_timer_does_not_fire),
      cmocka_unit_test(test_can_be_started_from_its_callback),
      cmocka_unit_test(test_timer_of_0_leaves_others_their_turn),
      cmocka_unit_test(test_no_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
