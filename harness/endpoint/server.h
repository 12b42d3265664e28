/* server: sessions over the network: listens, and runs a wspec_session on each connection. */
#ifndef WSPEC_ENDPOINT_SERVER_H
#define WSPEC_ENDPOINT_SERVER_H

#include "base/err.h"
#include "endpoint/session.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_server;

/* What there is to say of a connection at its end. Borrowed for the call. */
struct wspec_server_visit {
  struct wspec_address peer;
  bool has_peer; /* false: it was gone before it could be asked */
  uint64_t duration_us;
  uint64_t octets_in; /* as TCP, or TLS inside it, carried them */
  uint64_t octets_out;
  bool was_open; /* the opening handshake was done; `outcome` is set */
  struct wspec_conn_outcome outcome;
};

/* wspec_server_options: wspec_server_options_init gives every member a usable value. What it
 * points at is borrowed for the life of the server. */
struct wspec_server_options {
  const char *host;      /* borrowed for wspec_server_new only. NULL: 127.0.0.1 */
  uint16_t port;         /* 0: the system picks one */
  struct wspec_tls *tls; /* a server's context; NULL: plain TCP */

  struct wspec_session_options session;
  const struct wspec_session_handlers *handlers;
  /* user_new makes the `user` of the handlers for one connection, user_free frees it after the
   * session. user_new returns NULL when out of memory: the connection is reset. Both may be NULL:
   * `user` is then NULL. */
  void *(*user_new)(void *context);
  void (*user_free)(void *user);
  /* on_end is called once for each connection, before user_free. May be NULL. */
  void (*on_end)(void *context, void *user, const struct wspec_server_visit *visit);
  void *context;

  /* Octets waiting to be sent beyond which a connection is not read from until they are gone; 0:
   * 256 KiB. A peer that reads nothing before it has sent its whole message, as blocking clients
   * do, needs an echo server to hold the length of a message. */
  size_t high_water;
  size_t connections_max;        /* further ones are reset at once; 0: no limit */
  uint32_t handshake_timeout_ms; /* from TCP to the 101, TLS apart; 0: none */
  uint32_t idle_timeout_ms;      /* without an octet from the peer, then 1001; 0: none */
  uint32_t closing_timeout_ms;   /* from our close frame to the peer's; 0: none */
};

/* wspec_server_options_init fills `options`: pieces of messages, not whole ones, 10 s for the
 * handshake, 5 s for closing, no idle time-out, no limit of connections. */
void wspec_server_options_init(struct wspec_server_options *options);

/* wspec_server_new listens. Errors as wspec_listener_new, with the sentence in `error` (may be
 * NULL); `*out` is then NULL. */
WSPEC_MUST_USE enum wspec_err wspec_server_new(struct wspec_loop *loop,
                                               const struct wspec_server_options *options,
                                               struct wspec_server **out,
                                               struct wspec_net_error *error);

/* wspec_server_free stops listening, resets the connections that are left, and frees `server`;
 * NULL is allowed. Not from within a callback of a session. */
void wspec_server_free(struct wspec_server *server);

/* wspec_server_address returns where `server` listens, with the real port; borrowed. */
const struct wspec_address *wspec_server_address(const struct wspec_server *server);

/* wspec_server_connections returns how many connections there are, whatever their state. */
size_t wspec_server_connections(const struct wspec_server *server);

/* wspec_server_broadcast sends a message to every open connection. One that has no room for it is
 * closed with 1008, and whoever has no memory for it does not get it. May be called by a handler
 * of a session. */
void wspec_server_broadcast(struct wspec_server *server, enum wspec_opcode opcode,
                            struct wspec_span payload);

/* wspec_server_drain stops listening and closes every connection with 1001 (RFC 6455 section
 * 7.4.1); those that are left after `timeout_ms` are reset. The loop ends once all are gone, if
 * nothing else keeps it. A second call resets them at once. */
void wspec_server_drain(struct wspec_server *server, uint32_t timeout_ms);

#endif
