/* input: a descriptor that is read by its user, standard input as a rule: a callback each time that
 * reading would not block. */
#ifndef WSPEC_NET_INPUT_H
#define WSPEC_NET_INPUT_H

#include "base/err.h"
#include "net/loop.h"

struct wspec_input;

/* wspec_input_new calls `on_readable` whenever octets, or the end, can be read from `fd`: a
 * terminal, a pipe, a socket, or an ordinary file, whose octets are always there. The callback
 * reads once. `fd` stays the caller's, and blocking or not as it was. WSPEC_ERR_IO: it cannot be
 * watched; WSPEC_ERR_NOMEM. On error `*out` is NULL. The caller frees it. */
WSPEC_MUST_USE enum wspec_err wspec_input_new(struct wspec_loop *loop, int fd,
                                              void (*on_readable)(void *user), void *user,
                                              struct wspec_input **out);

/* wspec_input_free ends the watch; NULL is allowed, and so is its own callback. */
void wspec_input_free(struct wspec_input *input);

/* wspec_input_pause stops the callbacks, wspec_input_resume lets them come again. */
void wspec_input_pause(struct wspec_input *input);
void wspec_input_resume(struct wspec_input *input);

#endif
