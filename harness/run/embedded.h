/* embedded: the reference endpoint in this process, as a target over loopback and in memory. */
#ifndef WSPEC_RUN_EMBEDDED_H
#define WSPEC_RUN_EMBEDDED_H

#include "base/err.h"
#include "endpoint/client_session.h"
#include "endpoint/server.h"
#include "endpoint/session.h"
#include "net/error.h"
#include "net/loop.h"

enum { WSPEC_EMBEDDED_MESSAGE_MAX = 64 * 1024 * 1024 };

/* wspec_embedded_session_options returns how the reference endpoint's sessions are when they are
 * tested: it speaks the subprotocols "chat" and "superchat". What it points to is static. */
struct wspec_session_options wspec_embedded_session_options(void);

/* wspec_embedded_client_options returns how the reference client's sessions are when they are tested:
 * for `resource` of ws://localhost, which is borrowed, offering permessage-deflate and the subprotocols
 * "chat" and "superchat". `seed` makes its keys. What else it points to is static. */
struct wspec_client_session_options wspec_embedded_client_options(const char *resource,
                                                                  uint64_t seed);

/* wspec_embedded_start serves it on `loop`, on a port of 127.0.0.1 that the system picks. The
 * caller frees `*server`. Errors as wspec_server_new. */
WSPEC_MUST_USE enum wspec_err wspec_embedded_start(struct wspec_loop *loop,
                                                   struct wspec_server **server,
                                                   struct wspec_net_error *error);

#endif
