/* client_session: the client's side of one connection, from its request to its last octet, without
 * input or output: the opening handshake by proto/handshake, then proto/conn.
 *
 * It runs over a network (endpoint/websocket) and in memory alike.
 *
 *   wspec_client_session_new(...)                        // the request is in the output
 *   write wspec_client_session_output(session); wspec_client_session_output_sent(session, much);
 *   wspec_client_session_feed(session, octets, len);     // as octets come; eof when TCP ends
 *   if (wspec_client_session_wants_close(session) && no output is left) close TCP
 *
 * The callbacks come from within wspec_client_session_feed and may send by
 * wspec_client_session_conn. */
#ifndef WSPEC_ENDPOINT_CLIENT_SESSION_H
#define WSPEC_ENDPOINT_CLIENT_SESSION_H

#include "base/err.h"
#include "base/span.h"
#include "proto/conn.h"
#include "proto/deflate_params.h"
#include "proto/handshake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_client_session;

/* What a client session tells; any member may be NULL. */
struct wspec_client_session_handlers {
  /* The head of the answer has come whole, or was given up: what there is lies in head->raw. It
   * comes before on_open or on_refused. Borrowed for the call. */
  void (*on_head)(void *user, struct wspec_client_session *session,
                  const struct wspec_http_head *head);
  /* The connection is open. `grant` is borrowed for the call. */
  void (*on_open)(void *user, struct wspec_client_session *session,
                  const struct wspec_handshake_grant *grant);
  /* The answer opens no connection; `fault` says why and is borrowed for the call. `status_code` is
   * that of the answer, 0 if it had none. */
  void (*on_refused)(void *user, struct wspec_client_session *session,
                     const struct wspec_handshake_fault *fault, unsigned status_code);
  /* A message or a piece of one, a ping, a pong, a close frame; borrowed for the call. */
  void (*on_event)(void *user, struct wspec_client_session *session,
                   const struct wspec_conn_event *event);
  /* The peer violated the protocol; the close frame is in the output. Borrowed for the call. */
  void (*on_failed)(void *user, struct wspec_client_session *session,
                    const struct wspec_violation *violation);
};

/* What a client session is to be. All pointers are borrowed for the life of the session, but for
 * `origin` and `headers`, which only wspec_client_session_new looks at. */
struct wspec_client_session_options {
  struct wspec_span host;             /* value of Host: the port where it is not the default one */
  struct wspec_span target;           /* resource name, RFC 6455 section 3 */
  struct wspec_span origin;           /* data NULL: none is sent */
  const struct wspec_span *protocols; /* subprotocols, by preference */
  size_t n_protocols;
  bool protocol_required; /* where some are offered, the server has to choose one, as the WHATWG
                             standard wants it; RFC 6455 alone lets it choose none */
  const struct wspec_handshake_header *headers; /* more lines of the request */
  size_t n_headers;
  struct wspec_http_limits http_limits; /* zeroed: the defaults */
  bool deflate;                         /* permessage-deflate is offered (RFC 7692) */
  struct wspec_deflate_params deflate_offer;
  struct wspec_conn_options conn; /* as a client's; its randomness also makes the key, the codec is
                                     the session's own business */
};

/* wspec_client_session_options_init fills `options` for a client that offers permessage-deflate
 * with any window of its own, and has no host yet. */
void wspec_client_session_options_init(struct wspec_client_session_options *options);

/* wspec_client_session_new stores a session with the request in its output; `options` is copied.
 * WSPEC_ERR_MISUSE: a header or subprotocol that cannot be written, see
 * wspec_handshake_write_request; WSPEC_ERR_NOMEM. On error `*out` is NULL. */
WSPEC_MUST_USE enum wspec_err
wspec_client_session_new(const struct wspec_client_session_options *options,
                         const struct wspec_client_session_handlers *handlers, void *user,
                         struct wspec_client_session **out);

/* wspec_client_session_free frees it. NULL is fine. Not from within a callback. */
void wspec_client_session_free(struct wspec_client_session *session);

/* wspec_client_session_feed takes all `len` octets, which may be changed where they lie. Out of
 * memory and every fault of the peer end in wspec_client_session_wants_close. */
void wspec_client_session_feed(struct wspec_client_session *session, uint8_t *octets, size_t len);

/* wspec_client_session_eof says that TCP has ended. */
void wspec_client_session_eof(struct wspec_client_session *session);

/* wspec_client_session_output returns what waits to be sent, borrowed until the next call. */
struct wspec_span wspec_client_session_output(const struct wspec_client_session *session);

/* wspec_client_session_output_sent drops the first `len` octets of it. */
void wspec_client_session_output_sent(struct wspec_client_session *session, size_t len);

/* wspec_client_session_wants_close returns true if TCP is to be closed once the output is sent. A
 * client that has closed in good order waits for the server to do it (RFC 6455 section 7.1.1). */
bool wspec_client_session_wants_close(const struct wspec_client_session *session);

/* wspec_client_session_conn returns the open connection, NULL before the opening handshake is
 * done. */
struct wspec_conn *wspec_client_session_conn(struct wspec_client_session *session);

#endif
