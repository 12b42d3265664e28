/* signal: a callback for a signal of the system, SIGTERM and the like, run from the loop. */
#ifndef WSPEC_NET_SIGNAL_H
#define WSPEC_NET_SIGNAL_H

#include "base/err.h"
#include "net/loop.h"

struct wspec_signal;

/* wspec_signal_new calls `callback` each time the process gets signal `number`, until
 * wspec_signal_free. It does not keep wspec_loop_run from ending. WSPEC_ERR_NOMEM, WSPEC_ERR_IO:
 * `*out` is NULL. */
WSPEC_MUST_USE enum wspec_err wspec_signal_new(struct wspec_loop *loop, int number,
                                               void (*callback)(void *user), void *user,
                                               struct wspec_signal **out);

/* wspec_signal_free gives the signal back its former action; NULL is allowed. */
void wspec_signal_free(struct wspec_signal *watch);

#endif
