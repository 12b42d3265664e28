#include "endpoint/echo.h"

#include "base/buf.h"

#include <stdlib.h>

enum { FRAGMENT_MAX = 64 * 1024 };

struct wspec_echo {
  struct wspec_buf held; /* what came of a message and was not sent back yet */
};

struct wspec_echo *wspec_echo_new(void) {
  struct wspec_echo *echo = malloc(sizeof *echo);
  if (echo) {
    wspec_buf_init(&echo->held, FRAGMENT_MAX);
  }
  return echo;
}

void wspec_echo_free(struct wspec_echo *echo) {
  if (echo) {
    wspec_buf_clear(&echo->held);
    free(echo);
  }
}

static enum wspec_err send_held(struct wspec_echo *echo, struct wspec_conn *conn, uint8_t opcode,
                                bool fin) {
  enum wspec_err err = wspec_conn_send_fragment(conn, opcode, wspec_buf_span(&echo->held), fin);
  if (fin) {
    wspec_buf_clear(&echo->held); /* an idle connection holds nothing */
  } else {
    wspec_buf_reset(&echo->held);
  }
  return err;
}

/* A piece of a message that did not come at once. */
static enum wspec_err echo_piece(struct wspec_echo *echo, struct wspec_conn *conn,
                                 const struct wspec_conn_event *event) {
  struct wspec_span rest = event->payload;
  enum wspec_err err = WSPEC_OK;
  while (!err && rest.len > FRAGMENT_MAX - echo->held.len) {
    size_t taken = FRAGMENT_MAX - echo->held.len;
    err = wspec_buf_append(&echo->held, rest.data, taken);
    if (!err) {
      err = send_held(echo, conn, event->opcode, false);
    }
    rest = wspec_span_from(rest, taken);
  }
  if (!err) {
    err = wspec_buf_append_span(&echo->held, rest);
  }
  return !err && event->ends ? send_held(echo, conn, event->opcode, true) : err;
}

/* The peer's own words go back, so that its API can show that they went both ways. */
static void echo_close(struct wspec_conn *conn, const struct wspec_close *close, bool by_client) {
  bool may_send = close->status_code == WSPEC_CLOSE_NO_STATUS ||
                  wspec_close_may_send(close->status_code, by_client);
  enum wspec_err err =
      wspec_conn_close(conn, may_send ? close->status_code : WSPEC_CLOSE_NORMAL, close->reason);
  (void)err; /* MISUSE: answered by `auto_close`; without memory the closing time-out remains */
}

static void take_event(struct wspec_echo *echo, struct wspec_conn *conn, bool by_client,
                       const struct wspec_conn_event *event) {
  if (event->type == WSPEC_CONN_CLOSE) {
    echo_close(conn, &event->close, by_client);
    return;
  }
  if (event->type != WSPEC_CONN_MESSAGE || wspec_conn_state(conn) != WSPEC_CONN_OPEN) {
    return;
  }
  enum wspec_err err = event->begins && event->ends
                           ? wspec_conn_send(conn, event->opcode, event->payload)
                           : echo_piece(echo, conn, event);
  if (err && wspec_conn_state(conn) == WSPEC_CONN_OPEN) {
    /* RFC 6455 section 7.4.1: 1011 for a condition that keeps a server from doing its work. If
     * even this cannot be queued, the connection stays open and the message is lost: no memory. */
    err = wspec_conn_close(conn, WSPEC_CLOSE_INTERNAL_ERROR, wspec_span_text("cannot echo"));
  }
  (void)err;
}

static void on_event(void *user, struct wspec_session *session,
                     const struct wspec_conn_event *event) {
  take_event(user, wspec_session_conn(session), false, event);
}

static void on_client_event(void *user, struct wspec_client_session *session,
                            const struct wspec_conn_event *event) {
  take_event(user, wspec_client_session_conn(session), true, event);
}

const struct wspec_client_session_handlers *wspec_echo_client_handlers(void) {
  static const struct wspec_client_session_handlers HANDLERS = {.on_event = on_client_event};
  return &HANDLERS;
}

const struct wspec_session_handlers *wspec_echo_handlers(void) {
  static const struct wspec_session_handlers HANDLERS = {.on_event = on_event};
  return &HANDLERS;
}
