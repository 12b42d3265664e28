/* target: a server under test as its URL and the options around it name it, ready to be connected
 * to. */
#ifndef WSPEC_RUN_TARGET_H
#define WSPEC_RUN_TARGET_H

#include "base/err.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/tls.h"
#include "proto/url.h"
#include "run/drive.h"

#include <stdint.h>

/* How to get there; zero what is not needed. Borrowed for the call. */
struct wspec_target_options {
  const char *connect_host; /* connect here instead of the URL's host; NULL: no */
  uint16_t connect_port;    /* 0: the URL's */
  const char *user;         /* "name:password" for Basic, instead of the URL's; NULL: that */
  uint32_t timeout_ms;
  struct wspec_tls_options tls;
};

/* A target. Its text members are NUL-terminated and owned by it. */
struct wspec_target {
  struct wspec_url url;
  char *href, *host, *host_header, *resource_name;
  char *authorization; /* value of Authorization for `user` or the URL's userinfo, or NULL */
  struct wspec_addresses addresses;
  struct wspec_tls *tls; /* NULL for ws */
  struct wspec_drive_route route;
};

/* wspec_target_open parses `url`, looks its host up and makes the TLS context. WSPEC_ERR_URL,
 * WSPEC_ERR_INPUT (a file of `tls`): bad input; WSPEC_ERR_CONNECT: the host is not found; in each
 * case `error->sentence` says why, and `target` is cleared. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_target_open(struct wspec_target *target,
                                                struct wspec_loop *loop, const char *url,
                                                const struct wspec_target_options *options,
                                                struct wspec_net_error *error);

/* wspec_target_clear frees what it holds; fine on a zeroed one. */
void wspec_target_clear(struct wspec_target *target);

#endif
