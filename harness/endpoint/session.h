/* session: the server's side of one connection, from its first octet to its last, without input or
 * output: the opening handshake by proto/handshake, then proto/conn.
 *
 * It runs over a network (endpoint/server) and in memory (run/memory) alike.
 *
 *   wspec_session_feed(session, octets, len);            // as octets come; eof when TCP ends
 *   write wspec_session_output(session); wspec_session_output_sent(session, how much);
 *   if (wspec_session_wants_close(session) && no output is left) close TCP
 *
 * The callbacks come from within wspec_session_feed and may send by wspec_session_conn. */
#ifndef WSPEC_ENDPOINT_SESSION_H
#define WSPEC_ENDPOINT_SESSION_H

#include "base/err.h"
#include "base/span.h"
#include "proto/conn.h"
#include "proto/deflate_params.h"
#include "proto/handshake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_session;

/* What a session tells; any member may be NULL. */
struct wspec_session_handlers {
  /* The 101 is in the output. `offer` is borrowed for the call. `protocol` may be empty. */
  void (*on_open)(void *user, struct wspec_session *session,
                  const struct wspec_handshake_offer *offer, struct wspec_span protocol);
  /* A refusal is in the output; `fault` says why. */
  void (*on_refused)(void *user, struct wspec_session *session,
                     const struct wspec_handshake_fault *fault);
  /* A message or a piece of one, a ping, a pong, a close frame; borrowed for the call. */
  void (*on_event)(void *user, struct wspec_session *session, const struct wspec_conn_event *event);
  /* The peer violated the protocol; the close frame is in the output. Borrowed for the call. */
  void (*on_failed)(void *user, struct wspec_session *session,
                    const struct wspec_violation *violation);
};

/* What a session is to be. All pointers are borrowed for the life of the session. */
struct wspec_session_options {
  struct wspec_http_limits http_limits; /* zeroed: the defaults */
  const struct wspec_span *protocols;   /* subprotocols that the server speaks */
  size_t n_protocols;
  const struct wspec_handshake_header *headers; /* more lines of the 101 */
  size_t n_headers;
  bool deflate; /* permessage-deflate is agreed to where a client offers it (RFC 7692) */
  struct wspec_deflate_params deflate_wanted; /* and these parameters, see wspec_deflate_accept */
  struct wspec_conn_options conn; /* as a server's; the codec is the session's own business */
};

/* wspec_session_new returns a session that awaits a request; `options` is copied. NULL: out of
 * memory. */
struct wspec_session *wspec_session_new(const struct wspec_session_options *options,
                                        const struct wspec_session_handlers *handlers, void *user);

/* wspec_session_free frees it. NULL is fine. Not from within a callback. */
void wspec_session_free(struct wspec_session *session);

/* wspec_session_feed takes all `len` octets, which may be changed where they lie. Out of memory
 * and every fault of the peer end in wspec_session_wants_close. */
void wspec_session_feed(struct wspec_session *session, uint8_t *octets, size_t len);

/* wspec_session_eof says that TCP has ended. */
void wspec_session_eof(struct wspec_session *session);

/* wspec_session_output returns what waits to be sent, borrowed until the next call. */
struct wspec_span wspec_session_output(const struct wspec_session *session);

/* wspec_session_output_sent drops the first `len` octets of it. */
void wspec_session_output_sent(struct wspec_session *session, size_t len);

/* wspec_session_wants_close returns true if TCP is to be closed once the output is sent. */
bool wspec_session_wants_close(const struct wspec_session *session);

/* wspec_session_conn returns the open connection, NULL before the opening handshake is done. */
struct wspec_conn *wspec_session_conn(struct wspec_session *session);

#endif
