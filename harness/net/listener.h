/* listener: a TCP port that accepts streams. */
#ifndef WSPEC_NET_LISTENER_H
#define WSPEC_NET_LISTENER_H

#include "base/err.h"
#include "net/address.h"
#include "net/error.h"
#include "net/loop.h"
#include "net/stream.h"

#include <stddef.h>
#include <stdint.h>

struct wspec_listener;

/* wspec_listen_options: zero what is not needed. `host` is borrowed for the call; `tls` must
 * outlive the streams. */
struct wspec_listen_options {
  const char *host;      /* NULL: 127.0.0.1. A name stands for the first of its addresses */
  uint16_t port;         /* 0: the system picks one, see wspec_listener_address */
  int backlog;           /* 0: 1024 */
  struct wspec_tls *tls; /* a server's context; NULL: plain TCP */
  uint32_t timeout_ms;   /* for the TLS handshake, until on_open; 0: none */
  size_t pending_max;    /* as in wspec_connect_options, for each stream */
};

/* wspec_listener_new listens, and calls `on_accept` for each connection, with a stream that is not
 * open yet: the callback gives it handlers by wspec_stream_set_handlers, and its on_open follows.
 * A stream that is left without handlers is reset. WSPEC_ERR_NOMEM, WSPEC_ERR_INPUT,
 * WSPEC_ERR_CONNECT or WSPEC_ERR_IO with a sentence in `error` (may be NULL): `*out` is NULL. */
WSPEC_MUST_USE enum wspec_err
wspec_listener_new(struct wspec_loop *loop, const struct wspec_listen_options *options,
                   void (*on_accept)(void *user, struct wspec_stream *stream), void *user,
                   struct wspec_listener **out, struct wspec_net_error *error);

/* wspec_listener_free stops listening and frees `listener`; NULL is allowed. Streams that it
 * accepted live on. */
void wspec_listener_free(struct wspec_listener *listener);

/* wspec_listener_address returns the address that `listener` is bound to, with the real port;
 * borrowed for the life of `listener`. */
const struct wspec_address *wspec_listener_address(const struct wspec_listener *listener);

#endif
