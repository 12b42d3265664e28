#include "net/timer.h"

#include "net/internal.h"

#include <stdlib.h>

struct wspec_timer {
  uv_timer_t uv;
  struct wspec_loop *loop;
  void (*callback)(void *user);
  void *user;
  uint64_t due_us;
};

enum wspec_err wspec_timer_new(struct wspec_loop *loop, void (*callback)(void *user), void *user,
                               struct wspec_timer **out) {
  *out = NULL;
  struct wspec_timer *timer = calloc(1, sizeof *timer);
  if (!timer) {
    return WSPEC_ERR_NOMEM;
  }
  timer->loop = loop;
  timer->callback = callback;
  timer->user = user;
  (void)uv_timer_init(&loop->uv, &timer->uv);
  timer->uv.data = timer;
  *out = timer;
  return WSPEC_OK;
}

static void on_uv_closed(uv_handle_t *handle) {
  free(handle->data);
}

void wspec_timer_free(struct wspec_timer *timer) {
  if (timer) {
    uv_close((uv_handle_t *)&timer->uv, on_uv_closed);
  }
}

static void arm(struct wspec_timer *timer, uint64_t now_us);

/* libuv counts whole milliseconds, both ends rounded down: it may fire up to 1 ms too soon. */
static void on_uv_timer(uv_timer_t *handle) {
  struct wspec_timer *timer = handle->data;
  uint64_t now_us = wspec_loop_now_us(timer->loop);
  if (now_us < timer->due_us) {
    arm(timer, now_us);
    return;
  }
  timer->loop->is_firing = true;
  timer->callback(timer->user); /* may free the timer: its memory stays until the turn ends */
  timer->loop->is_firing = false;
}

static void arm(struct wspec_timer *timer, uint64_t now_us) {
  uv_update_time(&timer->loop->uv);
  uint64_t delay_ms = (timer->due_us - now_us + 999) / 1000;
  /* Timers of 0 ms that timers start fire in the same turn of the loop (libuv before 1.45): no
   * socket would ever get its turn. */
  uint64_t least_ms = timer->loop->is_firing ? 1 : 0;
  (void)uv_timer_start(&timer->uv, on_uv_timer, delay_ms > least_ms ? delay_ms : least_ms, 0);
}

void wspec_timer_start(struct wspec_timer *timer, uint64_t delay_us) {
  uint64_t now_us = wspec_loop_now_us(timer->loop);
  timer->due_us = delay_us > UINT64_MAX / 2 ? UINT64_MAX / 2 : now_us + delay_us;
  arm(timer, now_us);
}

void wspec_timer_stop(struct wspec_timer *timer) {
  (void)uv_timer_stop(&timer->uv);
}

bool wspec_timer_is_running(const struct wspec_timer *timer) {
  return uv_is_active((const uv_handle_t *)&timer->uv);
}
