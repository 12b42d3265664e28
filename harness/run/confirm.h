/* confirm: what did not pass is played a second time, alone, before it counts: several connections at
 * once can disturb each other. */
#ifndef WSPEC_RUN_CONFIRM_H
#define WSPEC_RUN_CONFIRM_H

#include "play/result.h"

#include <stdbool.h>

/* wspec_confirm_is_due returns true if a result is one that is to be played again. */
bool wspec_confirm_is_due(const struct wspec_result *result);

/* wspec_confirm puts the result of a play alone in the place of the first one, which it clears. It is
 * `flaky`, with the first transcript, if the two do not agree: in the verdict, or in the
 * requirements that are violated. Returns true if it is. */
bool wspec_confirm(struct wspec_result *first, struct wspec_result *alone);

#endif
