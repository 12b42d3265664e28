/* drive: one play over the network. */
#ifndef WSPEC_RUN_DRIVE_H
#define WSPEC_RUN_DRIVE_H

#include "base/err.h"
#include "net/address.h"
#include "net/loop.h"
#include "play/play.h"

#include <stdint.h>

struct wspec_drive;
struct wspec_tls;

/* Where the connections of a play go. Borrowed for the life of the drive. */
struct wspec_drive_route {
  const char *host; /* for SNI and the certificate */
  uint16_t port;
  const struct wspec_addresses *addresses; /* looked up before */
  struct wspec_tls *tls;                   /* NULL: plain TCP */
  uint32_t connect_timeout_ms;
};

/* Who looks on: called from the loop whenever something may have passed, before `on_done` too. The
 * play is borrowed for the call. */
struct wspec_drive_watcher {
  void (*on_activity)(void *user, const struct wspec_play *play);
  void *user;
};

/* wspec_drive_new starts `play`, which it takes over and frees, on `loop`. `on_done` is called
 * once, from the loop, when the play is done; the drive frees itself after it and goes on closing
 * its connections in the background. The play is borrowed for that call: take its result there. `watcher` is copied; NULL: nobody looks on.
 * WSPEC_ERR_NOMEM: nothing was started, and the play was freed. */
WSPEC_MUST_USE enum wspec_err
wspec_drive_new(struct wspec_loop *loop, const struct wspec_drive_route *route,
                struct wspec_play *play, const struct wspec_drive_watcher *watcher,
                void (*on_done)(void *user, struct wspec_play *play), void *user);

#endif
