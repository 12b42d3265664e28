/* drive: one play over the network. */
#ifndef WSPEC_RUN_DRIVE_H
#define WSPEC_RUN_DRIVE_H

#include "base/err.h"
#include "base/span.h"
#include "net/address.h"
#include "net/loop.h"
#include "play/play.h"

#include <stdbool.h>
#include <stdint.h>

struct wspec_drive;
struct wspec_stream;
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

/* What a drive tells whose target is a client, from the loop. */
struct wspec_drive_handlers {
  /* The case wants one more connection: it may be given from within this call, or later. */
  void (*on_wanted)(void *user, struct wspec_drive *drive);
  /* As on_done of wspec_drive_new; the drive is gone when it returns. */
  void (*on_done)(void *user, struct wspec_play *play);
};

/* wspec_drive_new_awaiting is wspec_drive_new for a play whose target is a client: connections are
 * not made, but given. `handlers` must outlive the drive. `*out` is valid until on_done. */
WSPEC_MUST_USE enum wspec_err wspec_drive_new_awaiting(struct wspec_loop *loop,
                                                       struct wspec_play *play,
                                                       const struct wspec_drive_handlers *handlers,
                                                       void *user, struct wspec_drive **out);

/* wspec_drive_wants returns true if the case waits for a connection. */
bool wspec_drive_wants(const struct wspec_drive *drive);

/* wspec_drive_give hands over a connection that the target has made: one that a listener has just
 * accepted (`octets` with data NULL), or one that is open, with the octets that were read of it. A
 * paused stream goes on. False: none is wanted, and the stream stays the caller's. The drive may be
 * done, and gone, when this returns. */
bool wspec_drive_give(struct wspec_drive *drive, struct wspec_stream *stream,
                      struct wspec_span octets);

/* wspec_drive_refuse says that the target will not connect; `sentence` says why. Nothing happens
 * where no connection is wanted. The drive may be gone when this returns. */
void wspec_drive_refuse(struct wspec_drive *drive, const char *sentence);

/* wspec_drive_abort cuts off all connections; the case ends by that, at once or at its next
 * deadline. The drive may be gone when this returns. */
void wspec_drive_abort(struct wspec_drive *drive);

#endif
