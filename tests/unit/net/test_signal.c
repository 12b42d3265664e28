#include "net_fixture.h"

#include "net/signal.h"
#include "net/timer.h"

#include <signal.h>
#include <unistd.h>

struct probe {
  struct wspec_timer *keeps_running;
  unsigned count;
};

static void on_signal(void *user) {
  struct probe *probe = user;
  probe->count++;
  if (probe->count == 1) {
    (void)raise(SIGUSR1);
  } else {
    wspec_timer_stop(probe->keeps_running);
  }
}

static void on_never(void *user) {
  (void)user;
  abort();
}

static void test_each_signal_is_told_and_does_not_hold_the_loop(void **state) {
  (void)state;
  struct wspec_loop *loop;
  struct wspec_signal *watch;
  struct probe probe = {0};
  assert_int_equal(wspec_loop_new(&loop), WSPEC_OK);
  assert_int_equal(wspec_timer_new(loop, on_never, NULL, &probe.keeps_running), WSPEC_OK);
  assert_int_equal(wspec_signal_new(loop, SIGUSR1, on_signal, &probe, &watch), WSPEC_OK);
  wspec_loop_run(loop); /* returns: nothing but the watch is there */
  wspec_timer_start(probe.keeps_running, 30 * 1000 * 1000);
  (void)raise(SIGUSR1);
  wspec_loop_run(loop);
  assert_int_equal(probe.count, 2);
  wspec_signal_free(watch);
  wspec_signal_free(NULL);
  wspec_timer_free(probe.keeps_running);
  wspec_loop_free(loop);
}

static void test_impossible_signal_is_refused(void **state) {
  (void)state;
  struct wspec_loop *loop;
  struct wspec_signal *watch;
  assert_int_equal(wspec_loop_new(&loop), WSPEC_OK);
  assert_int_equal(wspec_signal_new(loop, SIGKILL, on_signal, NULL, &watch), WSPEC_ERR_IO);
  assert_null(watch);
  wspec_loop_free(loop);
}

int main(void) {
  alarm(60);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_signal_is_told_and_does_not_hold_the_loop),
      cmocka_unit_test(test_impossible_signal_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
