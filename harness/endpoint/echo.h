/* echo: what the reference endpoint does with a session, on either side: every message goes back as
 * it came.
 *
 * A message of up to 64 KiB comes back as one frame, a longer one in fragments of about that size
 * while it still arrives, so that none is ever held whole. */
#ifndef WSPEC_ENDPOINT_ECHO_H
#define WSPEC_ENDPOINT_ECHO_H

#include "endpoint/client_session.h"
#include "endpoint/session.h"

struct wspec_echo;

/* wspec_echo_new returns the state of one connection, the `user` of wspec_echo_handlers. NULL: out
 * of memory. The caller frees it after the session. */
struct wspec_echo *wspec_echo_new(void);

/* wspec_echo_free frees `echo`; NULL is allowed. */
void wspec_echo_free(struct wspec_echo *echo);

/* wspec_echo_handlers returns the handlers that make a session echo. Its options must not have
 * `conn.assemble`, or long messages are held whole after all; without `conn.auto_close` the reason of
 * a close frame comes back too. Static storage. */
const struct wspec_session_handlers *wspec_echo_handlers(void);

/* wspec_echo_client_handlers is wspec_echo_handlers for a client, which is what drivers of clients
 * under test do. */
const struct wspec_client_session_handlers *wspec_echo_client_handlers(void);

#endif
