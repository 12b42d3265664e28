/* canary: a plain opening handshake that asks whether a target still lives. That TCP connects is
 * not enough: the kernel takes connections for a process that is just dying. */
#ifndef WSPEC_RUN_CANARY_H
#define WSPEC_RUN_CANARY_H

#include "base/err.h"
#include "net/loop.h"
#include "play/play.h"
#include "run/drive.h"

#include <stdbool.h>
#include <stdint.h>

struct wspec_canary;

/* wspec_canary_new makes a canary for `route` and `config` (both borrowed); `on_answer` gets `user`
 * and whether the target answered over HTTP at all, and at which attempt, from the loop. WSPEC_ERR_NOMEM: `*out` is
 * NULL. */
WSPEC_MUST_USE enum wspec_err
wspec_canary_new(struct wspec_loop *loop, const struct wspec_drive_route *route,
                 const struct wspec_play_config *config,
                 void (*on_answer)(void *user, bool lives, unsigned attempts), void *user,
                 struct wspec_canary **out);

/* wspec_canary_free frees it; NULL is fine. Not while it is out. */
void wspec_canary_free(struct wspec_canary *canary);

/* wspec_canary_send sends it out. It tries until it gets an answer or `patience_us` have passed;
 * 0: one attempt. One call of `on_answer` follows. Not while it is out. */
void wspec_canary_send(struct wspec_canary *canary, uint64_t patience_us);

#endif
