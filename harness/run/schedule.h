/* schedule: all selected cases against one target, several at a time, each on connections of its
 * own. A case that did not pass is played again alone before it is reported. */
#ifndef WSPEC_RUN_SCHEDULE_H
#define WSPEC_RUN_SCHEDULE_H

#include "base/err.h"
#include "case/script.h"
#include "net/loop.h"
#include "play/play.h"
#include "run/client_command.h"
#include "run/drive.h"

#include <stdbool.h>
#include <stddef.h>

struct wspec_schedule_options {
  const struct wspec_drive_route
      *route; /* NULL: the target is a client, and `client` its command */
  const struct wspec_client_command *client;
  const struct wspec_play_config *config; /* `seed` is that of the run */
  /* Cases at a time, at least 1. With 1 each that ends without a close frame is followed by a
   * handshake of its own, which tells whether the target died of it; with more, those that may have
   * killed it carry WSPEC_FINDING_TARGET_GONE where it stays away. */
  unsigned jobs;
  bool confirm;          /* play again alone what did not pass */
  bool drop_transcripts; /* they are freed behind on_result, as they are most of a result */
  /* How long a target that refuses connections gets to come back, before the run is given up. */
  uint64_t revival_us;
  /* Called once a case, in the order in which they end; the result is borrowed. May be NULL. */
  void (*on_result)(void *user, const struct wspec_result *result, size_t n_done, size_t n_all);
  /* Called when the target stopped taking connections: `is_back` false, then true if it came
   * back. May be NULL. */
  void (*on_target)(void *user, bool is_back);
  void *user;
  struct wspec_drive_watcher watcher; /* of every play; zeroed: nobody */
};

/* wspec_schedule_run plays `scripts` and fills `results`, `n_scripts` of them, in their order; the
 * caller clears each. It runs `loop` until all is done. `*target_gone` is set where the target went
 * away for good: the cases that were left are then `error`, as are all where it was set before.
 * WSPEC_ERR_NOMEM: results may be incomplete, clear them all the same. */
WSPEC_MUST_USE enum wspec_err wspec_schedule_run(struct wspec_loop *loop,
                                                 const struct wspec_schedule_options *options,
                                                 const struct wspec_script *const *scripts,
                                                 size_t n_scripts, struct wspec_result *results,
                                                 bool *target_gone);

#endif
