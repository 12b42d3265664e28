/* loop: the event loop that everything in net/ runs on. One thread; nothing here is thread-safe.
 *
 * Callbacks run inside wspec_loop_run only, never inside the call that asked for them (the one
 * exception, the release of a buffer, says so). A callback may call anything but wspec_loop_run
 * and wspec_loop_free. */
#ifndef WSPEC_NET_LOOP_H
#define WSPEC_NET_LOOP_H

#include "base/err.h"

#include <stdint.h>

struct wspec_loop;

/* wspec_loop_new makes a loop, which the caller frees. It also sets SIGPIPE to be ignored, for the
 * whole process: a write to a closed connection is an error of that stream. WSPEC_ERR_NOMEM or
 * WSPEC_ERR_IO (out of descriptors); `*out` is then NULL. */
WSPEC_MUST_USE enum wspec_err wspec_loop_new(struct wspec_loop **out);

/* wspec_loop_free frees `loop`. Streams must have been closed or reset, listeners, timers and
 * signals freed; the on_closed of a stream still comes, from within this call, which ends when all
 * have come (a stream that lingers in a graceful close delays it, see wspec_stream_close). */
void wspec_loop_free(struct wspec_loop *loop);

/* wspec_loop_run runs callbacks until nothing is left that could cause one, or until
 * wspec_loop_stop. */
void wspec_loop_run(struct wspec_loop *loop);

/* wspec_loop_stop makes wspec_loop_run return after the callback in progress, or at once if it is
 * not running yet. What is open stays open, and another run goes on with it. */
void wspec_loop_stop(struct wspec_loop *loop);

/* wspec_loop_now_us returns the monotonic clock in microseconds, read anew at each call. */
uint64_t wspec_loop_now_us(const struct wspec_loop *loop);

#endif
