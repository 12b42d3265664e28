#include "run/drive.h"

#include "base/buf.h"
#include "net/stream.h"
#include "net/timer.h"

#include <stdlib.h>

/* A connection with more than this waiting for the kernel takes no more writes. */
enum { BLOCKED_ABOVE = 256 * 1024 };

/* A play writes no more at a time. */
enum { HELD_MAX = 64 * 1024 };

/* A timer that fires so much after its time found this process asleep. */
enum { LATE_US = 3000 };

struct drive_link {
  struct wspec_drive *drive;
  struct wspec_stream *stream;
  unsigned connection;
  bool is_wanted; /* of a target that connects */
};

struct wspec_drive {
  struct wspec_loop *loop;
  const struct wspec_drive_route *route; /* NULL: the target connects */
  const struct wspec_drive_handlers *handlers;
  struct wspec_play *play;
  struct wspec_drive_watcher watcher;
  struct wspec_timer *timer;
  void (*on_done)(void *user, struct wspec_play *play);
  void *user;
  bool is_pumping;            /* a callback came from within our own calls */
  bool has_read_up;           /* since the timer fired late */
  struct drive_link *held_of; /* whose write waits in `held` for the action behind it, or NULL */
  struct wspec_buf held;
  struct drive_link links[WSPEC_SCRIPT_CONNECTIONS_MAX];
};

static void pump(struct wspec_drive *drive);

static uint64_t now_us(const struct wspec_drive *drive) {
  return wspec_loop_now_us(drive->loop);
}

/* ---- What the network says ---- */

static void tell_server_name(struct drive_link *link) {
  if (wspec_stream_is_tls(link->stream)) {
    const char *name = wspec_stream_server_name(link->stream);
    wspec_play_set_server_name(link->drive->play, link->connection, name ? name : "");
  }
}

static void on_open(void *user, struct wspec_stream *stream) {
  (void)stream;
  struct drive_link *link = user;
  tell_server_name(link);
  wspec_play_connected(link->drive->play, link->connection, now_us(link->drive));
  pump(link->drive);
}

static void on_data(void *user, struct wspec_stream *stream, uint8_t *data, size_t len) {
  (void)stream;
  struct drive_link *link = user;
  wspec_play_received(link->drive->play, link->connection, wspec_span_of(data, len),
                      now_us(link->drive));
  pump(link->drive);
}

static void on_eof(void *user, struct wspec_stream *stream) {
  (void)stream;
  struct drive_link *link = user;
  wspec_play_eof(link->drive->play, link->connection, now_us(link->drive));
  pump(link->drive);
}

static void on_error(void *user, struct wspec_stream *stream, const struct wspec_net_error *error) {
  (void)stream;
  struct drive_link *link = user;
  link->stream = NULL; /* it closes by itself */
  wspec_play_refused(link->drive->play, link->connection, error->sentence, now_us(link->drive));
  wspec_play_reset(link->drive->play, link->connection, now_us(link->drive));
  pump(link->drive);
}

static void on_drained(void *user, struct wspec_stream *stream) {
  (void)stream;
  struct drive_link *link = user;
  wspec_play_set_blocked(link->drive->play, link->connection, false, now_us(link->drive));
  pump(link->drive);
}

static const struct wspec_stream_handlers link_handlers = {
    .on_open = on_open,
    .on_data = on_data,
    .on_eof = on_eof,
    .on_error = on_error,
    .on_drained = on_drained,
};

/* A stream that the play has given up: it only ends. */
static const struct wspec_stream_handlers no_handlers = {.on_open = NULL};

/* ---- What the play wants ---- */

static void connect_link(struct wspec_drive *drive, struct drive_link *link) {
  const struct wspec_drive_route *route = drive->route;
  if (!route) {
    link->is_wanted = true;
    drive->handlers->on_wanted(drive->user, drive);
    return;
  }
  const struct wspec_connect_options options = {
      .host = route->host,
      .port = route->port,
      .addresses = route->addresses,
      .tls = route->tls,
      .timeout_ms = route->connect_timeout_ms,
  };
  if (wspec_stream_connect(drive->loop, &options, &link_handlers, link, &link->stream)) {
    wspec_play_refused(drive->play, link->connection, "no memory for a connection", now_us(drive));
  }
}

/* WSPEC_ERR_IO is followed by on_error, which tells the play. */
static void tell_of_write(struct wspec_drive *drive, struct drive_link *link, enum wspec_err err) {
  if (err == WSPEC_ERR_NOMEM) {
    wspec_play_reset(drive->play, link->connection, now_us(drive));
  } else if (wspec_stream_pending(link->stream) > BLOCKED_ABOVE) {
    wspec_play_set_blocked(drive->play, link->connection, true, now_us(drive));
  }
}

static void write_link(struct wspec_drive *drive, struct drive_link *link,
                       struct wspec_span octets) {
  tell_of_write(drive, link, wspec_stream_write(link->stream, octets));
}

static void write_held(struct wspec_drive *drive) {
  struct drive_link *link = drive->held_of;
  drive->held_of = NULL;
  if (link) {
    write_link(drive, link, wspec_buf_span(&drive->held));
  }
}

/* A FIN may follow, and is to come in one segment with the last octets: a target that takes an end
 * for more than it is meets them at once. */
static void hold(struct wspec_drive *drive, struct drive_link *link, struct wspec_span octets) {
  wspec_buf_reset(&drive->held);
  if (wspec_buf_append_span(&drive->held, octets)) {
    write_link(drive, link, octets);
  } else {
    drive->held_of = link;
  }
}

static void end_link(struct wspec_drive *drive, struct drive_link *link) {
  if (drive->held_of != link) {
    wspec_stream_finish(link->stream);
    return;
  }
  drive->held_of = NULL;
  struct wspec_span octets = wspec_buf_span(&drive->held);
  tell_of_write(drive, link, wspec_stream_write_and_finish(link->stream, octets));
}

static void let_go(struct drive_link *link) {
  wspec_stream_set_handlers(link->stream, &no_handlers, NULL);
  wspec_stream_resume(link->stream);
  wspec_stream_close(link->stream);
  link->stream = NULL;
}

static void act(struct wspec_drive *drive, const struct wspec_action *action) {
  struct drive_link *link = &drive->links[action->connection];
  if (action->kind != WSPEC_ACTION_FIN || link != drive->held_of) {
    write_held(drive);
  }
  if (action->kind == WSPEC_ACTION_CONNECT) {
    connect_link(drive, link);
    return;
  }
  if (!link->stream) {
    return;
  }
  switch (action->kind) {
  case WSPEC_ACTION_CONNECT:
    break;
  case WSPEC_ACTION_WRITE:
    hold(drive, link, action->octets);
    break;
  case WSPEC_ACTION_FIN:
    end_link(drive, link);
    break;
  case WSPEC_ACTION_RESET:
    wspec_stream_set_handlers(link->stream, &no_handlers, NULL);
    wspec_stream_reset(link->stream);
    link->stream = NULL;
    break;
  case WSPEC_ACTION_CLOSE:
    let_go(link);
    break;
  case WSPEC_ACTION_STOP_READING:
    wspec_stream_pause(link->stream);
    break;
  case WSPEC_ACTION_READ_AGAIN:
    wspec_stream_resume(link->stream);
    break;
  }
}

static void finish(struct wspec_drive *drive) {
  for (unsigned i = 0; i < WSPEC_SCRIPT_CONNECTIONS_MAX; i++) {
    if (drive->links[i].stream) {
      let_go(&drive->links[i]);
    }
  }
  wspec_timer_free(drive->timer);
  drive->on_done(drive->user, drive->play);
  wspec_play_free(drive->play);
  wspec_buf_clear(&drive->held);
  free(drive);
}

static void set_timer(struct wspec_drive *drive) {
  drive->has_read_up = false;
  uint64_t deadline_us = wspec_play_deadline(drive->play);
  if (deadline_us == UINT64_MAX) {
    wspec_timer_stop(drive->timer);
    return;
  }
  uint64_t now = now_us(drive);
  wspec_timer_start(drive->timer, deadline_us > now ? deadline_us - now : 0);
}

/* Does all that the play wants now. The write that is left may end in more that it wants. */
static void act_all(struct wspec_drive *drive) {
  struct wspec_action action;
  do {
    write_held(drive);
    while (wspec_play_next(drive->play, now_us(drive), &action)) {
      act(drive, &action);
    }
  } while (drive->held_of);
}

static void pump(struct wspec_drive *drive) {
  if (drive->is_pumping) {
    return;
  }
  drive->is_pumping = true;
  act_all(drive);
  drive->is_pumping = false;
  if (drive->watcher.on_activity) {
    drive->watcher.on_activity(drive->watcher.user, drive->play);
  }
  if (wspec_play_is_done(drive->play)) {
    finish(drive);
    return;
  }
  set_timer(drive);
}

/* On a busy machine this process may sleep past a deadline, and wake up to the timer before the
 * sockets: what came in time is to be read before its absence is judged. */
static void on_timer(void *user) {
  struct wspec_drive *drive = user;
  uint64_t now = now_us(drive);
  uint64_t deadline_us = wspec_play_deadline(drive->play);
  if (!drive->has_read_up && now > deadline_us && now - deadline_us > LATE_US) {
    drive->has_read_up = true;
    wspec_timer_start(drive->timer, 0); /* in the next turn of the loop, behind its sockets */
    return;
  }
  wspec_play_time(drive->play, now);
  pump(drive);
}

static struct wspec_drive *new_drive(struct wspec_loop *loop, struct wspec_play *play,
                                     const struct wspec_drive_watcher *watcher,
                                     void (*on_done)(void *user, struct wspec_play *play),
                                     void *user) {
  struct wspec_drive *drive = calloc(1, sizeof *drive);
  if (!drive || wspec_timer_new(loop, on_timer, drive, &drive->timer)) {
    free(drive);
    wspec_play_free(play);
    return NULL;
  }
  wspec_buf_init(&drive->held, HELD_MAX);
  drive->loop = loop;
  drive->play = play;
  drive->watcher = watcher ? *watcher : (struct wspec_drive_watcher){.user = NULL};
  drive->on_done = on_done;
  drive->user = user;
  for (unsigned i = 0; i < WSPEC_SCRIPT_CONNECTIONS_MAX; i++) {
    drive->links[i] = (struct drive_link){.drive = drive, .connection = i};
  }
  /* The first pump comes from the loop, so that on_done never comes from within this call. */
  wspec_timer_start(drive->timer, 0);
  return drive;
}

enum wspec_err wspec_drive_new(struct wspec_loop *loop, const struct wspec_drive_route *route,
                               struct wspec_play *play, const struct wspec_drive_watcher *watcher,
                               void (*on_done)(void *user, struct wspec_play *play), void *user) {
  struct wspec_drive *drive = new_drive(loop, play, watcher, on_done, user);
  if (!drive) {
    return WSPEC_ERR_NOMEM;
  }
  drive->route = route;
  return WSPEC_OK;
}

/* ---- A target that connects ---- */

enum wspec_err wspec_drive_new_awaiting(struct wspec_loop *loop, struct wspec_play *play,
                                        const struct wspec_drive_handlers *handlers, void *user,
                                        struct wspec_drive **out) {
  struct wspec_drive *drive = new_drive(loop, play, NULL, handlers->on_done, user);
  *out = drive;
  if (!drive) {
    return WSPEC_ERR_NOMEM;
  }
  drive->handlers = handlers;
  return WSPEC_OK;
}

static struct drive_link *find_wanted(struct wspec_drive *drive) {
  for (unsigned i = 0; i < WSPEC_SCRIPT_CONNECTIONS_MAX; i++) {
    if (drive->links[i].is_wanted) {
      return &drive->links[i];
    }
  }
  return NULL;
}

bool wspec_drive_wants(const struct wspec_drive *drive) {
  for (unsigned i = 0; i < WSPEC_SCRIPT_CONNECTIONS_MAX; i++) {
    if (drive->links[i].is_wanted) {
      return true;
    }
  }
  return false;
}

bool wspec_drive_give(struct wspec_drive *drive, struct wspec_stream *stream,
                      struct wspec_span octets) {
  struct drive_link *link = find_wanted(drive);
  if (!link) {
    return false;
  }
  link->is_wanted = false;
  link->stream = stream;
  wspec_stream_set_handlers(stream, &link_handlers, link);
  wspec_stream_resume(stream);
  if (octets.data) {
    tell_server_name(link);
    wspec_play_connected(drive->play, link->connection, now_us(drive));
    wspec_play_received(drive->play, link->connection, octets, now_us(drive));
    pump(drive);
  }
  return true;
}

void wspec_drive_refuse(struct wspec_drive *drive, const char *sentence) {
  struct drive_link *link;
  bool was_wanted = false;
  while ((link = find_wanted(drive))) {
    link->is_wanted = false;
    was_wanted = true;
    wspec_play_refused(drive->play, link->connection, sentence, now_us(drive));
  }
  if (was_wanted) {
    pump(drive);
  }
}

void wspec_drive_abort(struct wspec_drive *drive) {
  for (unsigned i = 0; i < WSPEC_SCRIPT_CONNECTIONS_MAX; i++) {
    struct drive_link *link = &drive->links[i];
    link->is_wanted = false;
    if (link->stream) {
      wspec_stream_set_handlers(link->stream, &no_handlers, NULL);
      wspec_stream_reset(link->stream);
      link->stream = NULL;
      wspec_play_reset(drive->play, link->connection, now_us(drive));
    }
  }
  pump(drive);
}
