/* address: IPv4 and IPv6 addresses with a port, and names to addresses. */
#ifndef WSPEC_NET_ADDRESS_H
#define WSPEC_NET_ADDRESS_H

#include "base/err.h"
#include "net/error.h"
#include "net/loop.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
  WSPEC_ADDRESS_TEXT_MAX = 72, /* "[" + IPv6 with a scope + "]:" + port + NUL */
  WSPEC_ADDRESSES_MAX = 16
};

/* wspec_address: which member of `as` counts is in as.any.sa_family: AF_INET or AF_INET6. */
struct wspec_address {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } as;
};

/* wspec_addresses: what a name stands for, in the order in which to try them. */
struct wspec_addresses {
  struct wspec_address items[WSPEC_ADDRESSES_MAX];
  size_t count;
};

/* wspec_address_parse reads a numeric IPv4 or IPv6 address (with or without brackets) into `out`.
 * WSPEC_ERR_SYNTAX: `text` is something else, perhaps a name. */
WSPEC_MUST_USE enum wspec_err wspec_address_parse(const char *text, uint16_t port,
                                                  struct wspec_address *out);

/* wspec_address_from_socket copies a socket address of the system. WSPEC_ERR_INPUT: neither IPv4
 * nor IPv6. */
WSPEC_MUST_USE enum wspec_err wspec_address_from_socket(const struct sockaddr *socket,
                                                        struct wspec_address *out);

/* wspec_address_port returns the port. */
uint16_t wspec_address_port(const struct wspec_address *address);

/* wspec_address_is_loopback returns true for 127.0.0.0/8 and ::1. */
bool wspec_address_is_loopback(const struct wspec_address *address);

/* wspec_address_text writes "127.0.0.1:80" or "[::1]:80" to `out` and returns `out`. */
const char *wspec_address_text(const struct wspec_address *address,
                               char out[WSPEC_ADDRESS_TEXT_MAX]);

/* wspec_resolution: a look-up under way. */
struct wspec_resolution;

/* wspec_resolve looks `host` up (a name or a numeric address) and calls `done` once, with at least
 * one address and `error` NULL, or with `addresses` NULL and the error; both are borrowed for that
 * call. `*out` is valid until then. WSPEC_ERR_NOMEM: `done` is not called. */
WSPEC_MUST_USE enum wspec_err
wspec_resolve(struct wspec_loop *loop, const char *host, uint16_t port,
              void (*done)(void *user, const struct wspec_addresses *addresses,
                           const struct wspec_net_error *error),
              void *user, struct wspec_resolution **out);

/* wspec_resolution_cancel makes `done` never be called; NULL is allowed. */
void wspec_resolution_cancel(struct wspec_resolution *resolution);

/* wspec_resolve_now is wspec_resolve that blocks until it is done: for listening addresses and
 * before a run, not while a loop runs. `error` may be NULL. */
WSPEC_MUST_USE enum wspec_err wspec_resolve_now(struct wspec_loop *loop, const char *host,
                                                uint16_t port, struct wspec_addresses *out,
                                                struct wspec_net_error *error);

#endif
