/* url: WebSocket URLs, text to parts and to its normal form (RFC 6455 section 3, WHATWG URL and
 * WebSockets standards). There is no IDNA: a host that is not ASCII is an error that says so.
 *
 *   struct wspec_url url;
 *   struct wspec_url_error error;
 *   if (wspec_url_parse(&url, wspec_span_text(argument), 0, &error)) ...   // error.text
 *   ... url.resource_name, url.host_header ...
 *   wspec_url_clear(&url); */
#ifndef WSPEC_PROTO_URL_H
#define WSPEC_PROTO_URL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "proto/url_host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WSPEC_URL_LEN_MAX = 16384 };

/* How to parse. Without STRICT, as the WHATWG WebSocket constructor does without a base URL: white
 * space around is dropped, http and https stand for ws and wss, '\' for '/', dot segments go away,
 * and what may not stand in a path or query is percent-encoded. With it, by RFC 6455 section 3 and
 * RFC 3986 alone: ws and wss, no userinfo, and every octet as the grammar has it. */
enum wspec_url_flag { WSPEC_URL_STRICT = 1 << 0 };

/* A URL that was parsed. All spans borrow from `text`, which the struct owns. */
struct wspec_url {
  struct wspec_span href;          /* the whole in its normal form, "wss://example.org/chat?x" */
  struct wspec_span userinfo;      /* percent-encoded "user:password"; data NULL if there is none */
  struct wspec_span host;          /* lower-case, an IPv6 address without its brackets */
  struct wspec_span path;          /* "/" at least */
  struct wspec_span query;         /* without '?'; data NULL if there is none */
  struct wspec_span host_header;   /* value of Host: with the port where it is not the default */
  struct wspec_span resource_name; /* path, and '?' and query where that is not empty, section 3 */
  enum wspec_url_host_kind host_kind;
  uint16_t port;  /* the default one, 80 or 443, where the URL has none */
  bool is_secure; /* wss */
  char *text;     /* private */
  size_t len;     /* private */
};

/* Why a text is no usable URL. */
struct wspec_url_error {
  size_t offset;  /* octet of the text given that shows it */
  char text[128]; /* one sentence for the user, without full stop */
};

/* wspec_url_parse reads `text` by `flags` (enum wspec_url_flag bits) into `*url`, which the caller
 * clears. WSPEC_ERR_URL: `*error` says why; so does it for WSPEC_ERR_LIMIT, a text over
 * WSPEC_URL_LEN_MAX octets, and WSPEC_ERR_NOMEM. `*url` is empty then and need not be cleared. A
 * fragment, even an empty one, is an error (6455-3-06, WHATWG 3.1). */
WSPEC_MUST_USE enum wspec_err wspec_url_parse(struct wspec_url *url, struct wspec_span text,
                                              unsigned flags, struct wspec_url_error *error);

/* wspec_url_clear frees what `url` holds and zeroes it. A zeroed struct may be cleared. */
void wspec_url_clear(struct wspec_url *url);

/* wspec_url_decode_userinfo appends "user:password" without percent-encoding, as HTTP Basic
 * authentication wants it; with ':' even if there is no password, and nothing if there is no
 * userinfo. Errors of wspec_buf_append. */
WSPEC_MUST_USE enum wspec_err wspec_url_decode_userinfo(const struct wspec_url *url,
                                                        struct wspec_buf *out);

#endif
