#include "endpoint/client_session.h"

#include "base/rng.h"
#include "endpoint/session_conn.h"
#include "proto/deflate.h"

#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX = 256 * 1024, INTERIM_MAX = 16 };

enum client_state {
  CLIENT_RESPONSE, /* the answer is being read */
  CLIENT_OPEN,
  CLIENT_ENDED /* the answer opens no connection, TCP has ended, or we are out of memory */
};

struct wspec_client_session {
  struct wspec_client_session_options options;
  const struct wspec_client_session_handlers *handlers;
  void *user;
  enum client_state state;
  struct wspec_handshake_request asked; /* what the answer is checked against */
  struct wspec_deflate_text offer;
  char key[WSPEC_HANDSHAKE_KEY_LEN + 1];
  struct wspec_buf request;
  struct wspec_http_head response;
  unsigned n_interim; /* responses that came before the one that counts */
  struct wspec_conn *conn;
  struct wspec_deflate *deflate; /* NULL: permessage-deflate was not agreed */
  bool failed;                   /* and the handler was told */
};

void wspec_client_session_options_init(struct wspec_client_session_options *options) {
  *options = (struct wspec_client_session_options){
      .deflate = true, .deflate_offer = {.has_client_max_window_bits = true}};
  wspec_conn_options_init(&options->conn, true);
}

static void make_key(struct wspec_client_session *session) {
  const struct wspec_conn_options *conn = &session->options.conn;
  uint8_t nonce[WSPEC_HANDSHAKE_NONCE_LEN];
  if (conn->fill_random) {
    conn->fill_random(conn->random_context, nonce, sizeof nonce);
  } else {
    struct wspec_rng rng = {conn->masking_seed ^ 1}; /* no octets in common with the masking keys */
    wspec_rng_fill(&rng, nonce, sizeof nonce);
  }
  wspec_handshake_make_key(nonce, session->key);
}

static enum wspec_err write_request(struct wspec_client_session *session) {
  const struct wspec_client_session_options *options = &session->options;
  make_key(session);
  session->asked = (struct wspec_handshake_request){
      .host = options->host,
      .target = options->target,
      .key = wspec_span_text(session->key),
      .origin = options->origin,
      .protocols = options->protocols,
      .n_protocols = options->n_protocols,
      .headers = options->headers,
      .n_headers = options->n_headers,
  };
  if (options->deflate) {
    wspec_deflate_write(&options->deflate_offer, &session->offer);
    session->asked.extensions = &session->offer.extension;
    session->asked.n_extensions = 1;
  }
  enum wspec_err err = wspec_handshake_write_request(&session->request, &session->asked);
  session->asked.origin = (struct wspec_span){NULL, 0}; /* the caller's, and no longer needed */
  session->asked.headers = NULL;
  session->asked.n_headers = 0;
  return err;
}

enum wspec_err wspec_client_session_new(const struct wspec_client_session_options *options,
                                        const struct wspec_client_session_handlers *handlers,
                                        void *user, struct wspec_client_session **out) {
  *out = NULL;
  struct wspec_client_session *session = calloc(1, sizeof *session);
  if (!session) {
    return WSPEC_ERR_NOMEM;
  }
  session->options = *options;
  session->handlers = handlers;
  session->user = user;
  wspec_http_head_init(&session->response, WSPEC_HTTP_RESPONSE, &session->options.http_limits);
  wspec_buf_init(&session->request, REQUEST_MAX);
  enum wspec_err err = write_request(session);
  if (err) {
    wspec_client_session_free(session);
    return err;
  }
  *out = session;
  return WSPEC_OK;
}

void wspec_client_session_free(struct wspec_client_session *session) {
  if (session) {
    wspec_buf_clear(&session->request);
    wspec_http_head_clear(&session->response);
    wspec_conn_free(session->conn);
    wspec_deflate_free(session->deflate);
    free(session);
  }
}

/* ---- The opening handshake ---- */

static void refuse(struct wspec_client_session *session,
                   const struct wspec_handshake_fault *fault) {
  session->state = CLIENT_ENDED;
  wspec_buf_reset(&session->request); /* a server may answer before it has read all of it */
  if (session->handlers->on_refused) {
    session->handlers->on_refused(session->user, session, fault, session->response.status_code);
  }
}

/* WHATWG WebSockets section 2.2: a client that offers subprotocols gets one, or fails. */
static bool check_protocol(const struct wspec_client_session *session,
                           const struct wspec_handshake_grant *grant,
                           struct wspec_handshake_fault *fault) {
  if (!session->options.protocol_required || session->options.n_protocols == 0 ||
      grant->protocol.data) {
    return true;
  }
  *fault = (struct wspec_handshake_fault){.requirement = "whatwg-2.2-08",
                                          .sentence = "none of the subprotocols was chosen",
                                          .offset = session->response.raw.len};
  return false;
}

/* Takes up what the answer says of permessage-deflate. An answer that names it without having been
 * asked was refused before. */
static bool check_deflate(struct wspec_client_session *session,
                          const struct wspec_handshake_grant *grant,
                          struct wspec_handshake_fault *fault, enum wspec_err *err) {
  *err = WSPEC_OK;
  if (!session->options.deflate) {
    return true;
  }
  struct wspec_extensions offers = {.n_items = 1};
  offers.items[0] = session->offer.extension;
  struct wspec_deflate_params agreed;
  struct wspec_deflate_faults faults = {.n = 0};
  bool has_deflate = false;
  if (!wspec_deflate_check_response(&offers, &grant->extensions, &has_deflate, &agreed, &faults)) {
    *fault = (struct wspec_handshake_fault){.requirement = faults.items[0].requirement,
                                            .sentence = faults.items[0].sentence,
                                            .offset = session->response.raw.len};
    return false;
  }
  if (has_deflate) {
    session->deflate = wspec_deflate_new(&agreed, true);
    *err = session->deflate ? WSPEC_OK : WSPEC_ERR_NOMEM;
  }
  return true;
}

static void open_connection(struct wspec_client_session *session,
                            const struct wspec_handshake_grant *grant) {
  struct wspec_handshake_fault fault;
  enum wspec_err err = WSPEC_OK;
  if (!check_protocol(session, grant, &fault) || !check_deflate(session, grant, &fault, &err)) {
    refuse(session, &fault);
    return;
  }
  if (session->deflate) {
    session->options.conn.codec = wspec_deflate_codec(session->deflate);
  }
  session->conn = err ? NULL : wspec_conn_new(&session->options.conn);
  if (!session->conn) {
    session->state = CLIENT_ENDED;
    return;
  }
  session->state = CLIENT_OPEN;
  if (session->handlers->on_open) {
    session->handlers->on_open(session->user, session, grant);
  }
}

/* The faults of a head that was given up come from the parser, those of a whole one from the rules
 * of section 4.1. */
static void judge_response(struct wspec_client_session *session) {
  if (session->handlers->on_head) {
    session->handlers->on_head(session->user, session, &session->response);
  }
  struct wspec_handshake_grant grant;
  if (wspec_handshake_check_response(&session->response, &session->asked, &grant) == WSPEC_OK) {
    open_connection(session, &grant);
  } else {
    static const struct wspec_handshake_fault UNTOLD = {"", "the response cannot be judged", 0, 0};
    refuse(session, grant.n_faults > 0 ? &grant.faults[0] : &UNTOLD);
  }
}

/* RFC 9110 section 15.2: a client reads past any number of 1xx responses; here, of a few. */
static bool is_interim(struct wspec_client_session *session) {
  const struct wspec_http_head *head = &session->response;
  return head->state == WSPEC_HTTP_STATE_COMPLETE && head->status_code >= 100 &&
         head->status_code < 200 && head->status_code != 101 && session->n_interim++ < INTERIM_MAX;
}

/* Returns how many octets belonged to the answer. */
static size_t feed_response(struct wspec_client_session *session, struct wspec_span octets) {
  size_t total = 0;
  bool goes_on = true;
  while (goes_on) {
    size_t consumed;
    enum wspec_err err =
        wspec_http_head_feed(&session->response, wspec_span_from(octets, total), &consumed);
    total += consumed;
    if (err == WSPEC_ERR_NEED_MORE) {
      return total;
    }
    if (err == WSPEC_ERR_NOMEM) {
      session->state = CLIENT_ENDED;
      return octets.len;
    }
    goes_on = is_interim(session);
    if (!goes_on) {
      judge_response(session);
    }
    wspec_http_head_clear(&session->response);
  }
  return total;
}

/* ---- The open connection ---- */

static void feed_conn(struct wspec_client_session *session, uint8_t *octets, size_t len) {
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

void wspec_client_session_feed(struct wspec_client_session *session, uint8_t *octets, size_t len) {
  if (session->state == CLIENT_RESPONSE) {
    size_t consumed = feed_response(session, wspec_span_of(octets, len));
    octets += consumed;
    len -= consumed;
  }
  if (session->state == CLIENT_OPEN) {
    feed_conn(session, octets, len);
  }
}

void wspec_client_session_eof(struct wspec_client_session *session) {
  if (session->state == CLIENT_RESPONSE) {
    static const struct wspec_handshake_fault CUT_SHORT = {
        "6455-4.1-42", "the connection ended before the response did", 0, 0};
    refuse(session, &CUT_SHORT);
  }
  if (session->conn) {
    wspec_conn_eof(session->conn);
  }
}

/* ---- Output ---- */

struct wspec_span wspec_client_session_output(const struct wspec_client_session *session) {
  return wspec__session_output(&session->request, session->conn);
}

void wspec_client_session_output_sent(struct wspec_client_session *session, size_t len) {
  wspec__session_output_sent(&session->request, session->conn, len);
}

bool wspec_client_session_wants_close(const struct wspec_client_session *session) {
  return session->state == CLIENT_ENDED ||
         (session->conn && wspec_conn_next(session->conn) == WSPEC_CONN_CLOSE_TCP);
}

struct wspec_conn *wspec_client_session_conn(struct wspec_client_session *session) {
  return session->conn;
}
