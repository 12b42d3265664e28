/* timer: a callback after a delay, once. */
#ifndef WSPEC_NET_TIMER_H
#define WSPEC_NET_TIMER_H

#include "base/err.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct wspec_timer;

/* wspec_timer_new makes a timer that is not running; `callback` gets `user` when it fires.
 * WSPEC_ERR_NOMEM: `*out` is NULL. The caller frees it. */
WSPEC_MUST_USE enum wspec_err wspec_timer_new(struct wspec_loop *loop, void (*callback)(void *user),
                                              void *user, struct wspec_timer **out);

/* wspec_timer_free stops `timer` and frees it; NULL is allowed, and so is its own callback. */
void wspec_timer_free(struct wspec_timer *timer);

/* wspec_timer_start makes `timer` fire once, `delay_us` microseconds from now: never sooner by
 * wspec_loop_now_us, and as a rule less than 2 ms later. A timer that runs is set anew. */
void wspec_timer_start(struct wspec_timer *timer, uint64_t delay_us);

/* wspec_timer_stop makes `timer` not fire; it may be started again. */
void wspec_timer_stop(struct wspec_timer *timer);

/* wspec_timer_is_running returns true between start and the callback. */
bool wspec_timer_is_running(const struct wspec_timer *timer);

#endif
