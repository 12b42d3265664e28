/* memory_target: the reference endpoint in memory, of either role, as run/memory tests it. */
#ifndef WSPEC_RUN_MEMORY_TARGET_H
#define WSPEC_RUN_MEMORY_TARGET_H

#include "base/err.h"
#include "base/span.h"
#include "endpoint/client_session.h"
#include "endpoint/echo.h"
#include "endpoint/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One connection of it. Zeroed: none. */
struct wspec_memory_target {
  struct wspec_session *server; /* or else */
  struct wspec_client_session *client;
  struct wspec_echo *echo;
};

/* wspec_memory_target_open makes an echo client that asks for `resource`, and whose keys come from
 * `seed`; without a resource, NULL, an echo server. WSPEC_ERR_NOMEM: `target` is zeroed. */
WSPEC_MUST_USE enum wspec_err wspec_memory_target_open(struct wspec_memory_target *target,
                                                       const char *resource, uint64_t seed);

/* wspec_memory_target_clear frees it and zeroes; fine on a zeroed one. */
void wspec_memory_target_clear(struct wspec_memory_target *target);

/* wspec_memory_target_is_open returns true between the two. */
bool wspec_memory_target_is_open(const struct wspec_memory_target *target);

/* The rest is as the functions of the same names of endpoint/session.h. */

void wspec_memory_target_feed(struct wspec_memory_target *target, uint8_t *octets, size_t len);
void wspec_memory_target_eof(struct wspec_memory_target *target);
struct wspec_span wspec_memory_target_output(const struct wspec_memory_target *target);
void wspec_memory_target_output_sent(struct wspec_memory_target *target, size_t len);
bool wspec_memory_target_wants_close(const struct wspec_memory_target *target);

#endif
