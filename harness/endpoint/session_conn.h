/* session_conn: what the sessions of both sides do once there is a connection; internal to
 * endpoint/. The octets of the handshake go out first, then those of the connection. */
#ifndef WSPEC_ENDPOINT_SESSION_CONN_H
#define WSPEC_ENDPOINT_SESSION_CONN_H

#include "base/buf.h"
#include "base/span.h"
#include "proto/conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wspec__fed {
  WSPEC__FED_EVENT,  /* `event` is filled; call again */
  WSPEC__FED_FAILED, /* the peer violated the protocol, which was not said before */
  WSPEC__FED_ALL     /* all octets were taken */
};

/* wspec__session_feed feeds `conn` up to the next event, and moves `*octets` and `*len` behind what
 * it took. `*failed` is false at first and keeps what was said. */
enum wspec__fed wspec__session_feed(struct wspec_conn *conn, bool *failed, uint8_t **octets,
                                    size_t *len, struct wspec_conn_event *event);

/* wspec__session_output returns what is to be sent next, of `handshake`, then of `conn`, which may
 * be NULL. Borrowed until either changes. */
struct wspec_span wspec__session_output(const struct wspec_buf *handshake,
                                        const struct wspec_conn *conn);

/* wspec__session_output_sent drops the first `len` octets of it. */
void wspec__session_output_sent(struct wspec_buf *handshake, struct wspec_conn *conn, size_t len);

#endif
