#include "endpoint/session.h"

#include "endpoint/session_conn.h"
#include "proto/deflate.h"

#include <stdlib.h>

enum { HANDSHAKE_OUTPUT_MAX = 64 * 1024 };

enum session_state {
  SESSION_REQUEST, /* the request is being read */
  SESSION_OPEN,
  SESSION_REFUSED, /* an HTTP error was answered; what comes is ignored */
  SESSION_ENDED    /* TCP has ended, or we are out of memory */
};

struct wspec_session {
  struct wspec_session_options options;
  const struct wspec_session_handlers *handlers;
  void *user;
  enum session_state state;
  struct wspec_http_head request;
  struct wspec_buf answer; /* the HTTP answer, sent before anything of `conn` */
  struct wspec_conn *conn;
  struct wspec_deflate *deflate; /* NULL: permessage-deflate was not agreed */
  bool failed;                   /* and the handler was told */
};

struct wspec_session *wspec_session_new(const struct wspec_session_options *options,
                                        const struct wspec_session_handlers *handlers, void *user) {
  struct wspec_session *session = calloc(1, sizeof *session);
  if (!session) {
    return NULL;
  }
  session->options = *options;
  session->handlers = handlers;
  session->user = user;
  wspec_http_head_init(&session->request, WSPEC_HTTP_REQUEST, &session->options.http_limits);
  wspec_buf_init(&session->answer, HANDSHAKE_OUTPUT_MAX);
  return session;
}

void wspec_session_free(struct wspec_session *session) {
  if (session) {
    wspec_http_head_clear(&session->request);
    wspec_buf_clear(&session->answer);
    wspec_conn_free(session->conn);
    wspec_deflate_free(session->deflate);
    free(session);
  }
}

/* ---- The opening handshake ---- */

static void refuse(struct wspec_session *session, const struct wspec_handshake_fault *fault) {
  session->state = SESSION_REFUSED;
  wspec_buf_reset(&session->answer);
  if (wspec_handshake_write_refusal(&session->answer, fault, (struct wspec_span){NULL, 0})) {
    wspec_buf_reset(&session->answer); /* no memory for words: TCP is closed without them */
    session->state = SESSION_ENDED;
  } else if (session->handlers->on_refused) {
    session->handlers->on_refused(session->user, session, fault);
  }
}

/* Agrees to permessage-deflate if it is wanted and offered, and puts it into `answer`, which then
 * borrows `text`. */
static enum wspec_err agree_deflate(struct wspec_session *session,
                                    const struct wspec_handshake_offer *offer,
                                    struct wspec_deflate_text *text,
                                    struct wspec_handshake_answer *answer) {
  const struct wspec_session_options *options = &session->options;
  struct wspec_deflate_params agreed;
  if (!options->deflate ||
      !wspec_deflate_accept(&offer->extensions, &options->deflate_wanted, &agreed)) {
    return WSPEC_OK;
  }
  session->deflate = wspec_deflate_new(&agreed, options->conn.is_client);
  if (!session->deflate) {
    return WSPEC_ERR_NOMEM;
  }
  session->options.conn.codec = wspec_deflate_codec(session->deflate);
  wspec_deflate_write(&agreed, text);
  answer->extensions = &text->extension;
  answer->n_extensions = 1;
  return WSPEC_OK;
}

static void accept(struct wspec_session *session, const struct wspec_handshake_offer *offer) {
  const struct wspec_session_options *options = &session->options;
  struct wspec_span protocol;
  wspec_handshake_select_protocol(&session->request, options->protocols, options->n_protocols,
                                  &protocol);
  struct wspec_handshake_answer answer = {
      .key = offer->key,
      .protocol = protocol,
      .headers = options->headers,
      .n_headers = options->n_headers,
  };
  struct wspec_deflate_text text;
  enum wspec_err err = agree_deflate(session, offer, &text, &answer);
  session->conn = err ? NULL : wspec_conn_new(&options->conn);
  if (!session->conn || wspec_handshake_write_answer(&session->answer, &answer)) {
    wspec_buf_reset(&session->answer);
    session->state = SESSION_ENDED;
    return;
  }
  session->state = SESSION_OPEN;
  if (session->handlers->on_open) {
    session->handlers->on_open(session->user, session, offer, protocol);
  }
}

/* Returns how many octets belonged to the request. */
static size_t feed_request(struct wspec_session *session, struct wspec_span octets) {
  size_t consumed;
  enum wspec_err err = wspec_http_head_feed(&session->request, octets, &consumed);
  if (err == WSPEC_ERR_NEED_MORE) {
    return consumed;
  }
  if (err == WSPEC_ERR_NOMEM) {
    session->state = SESSION_ENDED;
    return octets.len;
  }
  struct wspec_handshake_offer offer;
  if (wspec_handshake_check_request(&session->request, &offer) == WSPEC_OK) {
    accept(session, &offer);
  } else {
    refuse(session, &offer.faults[0]);
  }
  wspec_http_head_clear(&session->request); /* an idle connection keeps nothing of its request */
  return consumed;
}

/* ---- The open connection ---- */

static void feed_conn(struct wspec_session *session, uint8_t *octets, size_t len) {
  struct wspec_conn_event event;
  enum wspec__fed fed;
  while ((fed = wspec__session_feed(session->conn, &session->failed, &octets, &len, &event)) ==
         WSPEC__FED_EVENT) {
    if (session->handlers->on_event) {
      session->handlers->on_event(session->user, session, &event);
    }
  }
  if (fed == WSPEC__FED_FAILED && session->handlers->on_failed) {
    session->handlers->on_failed(session->user, session, wspec_conn_violation(session->conn));
  }
}

void wspec_session_feed(struct wspec_session *session, uint8_t *octets, size_t len) {
  if (session->state == SESSION_REQUEST) {
    size_t consumed = feed_request(session, wspec_span_of(octets, len));
    octets += consumed;
    len -= consumed;
  }
  if (session->state == SESSION_OPEN) {
    feed_conn(session, octets, len);
  }
}

void wspec_session_eof(struct wspec_session *session) {
  if (session->conn) {
    wspec_conn_eof(session->conn);
  }
  if (session->state != SESSION_OPEN) {
    session->state = SESSION_ENDED;
  }
}

/* ---- Output ---- */

struct wspec_span wspec_session_output(const struct wspec_session *session) {
  return wspec__session_output(&session->answer, session->conn);
}

void wspec_session_output_sent(struct wspec_session *session, size_t len) {
  wspec__session_output_sent(&session->answer, session->conn, len);
}

bool wspec_session_wants_close(const struct wspec_session *session) {
  if (session->state == SESSION_REFUSED || session->state == SESSION_ENDED) {
    return true;
  }
  return session->conn && wspec_conn_next(session->conn) == WSPEC_CONN_CLOSE_TCP;
}

struct wspec_conn *wspec_session_conn(struct wspec_session *session) {
  return session->conn;
}
