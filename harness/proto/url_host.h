/* url_host: the host of a URL, text to its normal form: domains, IPv4 and IPv6 addresses. Part of
 * url.h, which is what others use. */
#ifndef WSPEC_PROTO_URL_HOST_H
#define WSPEC_PROTO_URL_HOST_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

enum wspec_url_host_kind {
  WSPEC_URL_HOST_DOMAIN,
  WSPEC_URL_HOST_IPV4,
  WSPEC_URL_HOST_IPV6 /* written in brackets */
};

/* Octets that a normal form may have more than the text it was made from. */
enum { WSPEC_URL_HOST_ROOM = 48 };

/* wspec_url_host_parse writes the normal form of `text`, brackets included, to `out`, which has
 * room for text.len + WSPEC_URL_HOST_ROOM octets, and its length to `*out_len`; no NUL. Returns
 * NULL, or a sentence, in static storage, about why it is no host. `strict`: the grammar of RFC
 * 3986 section 3.2.2; otherwise the host parser of the WHATWG URL standard, which also knows
 * percent-encoded hosts and numbers such as 0x7f.1, but without IDNA: a host has to be ASCII. */
const char *wspec_url_host_parse(struct wspec_span text, bool strict, char *out, size_t *out_len,
                                 enum wspec_url_host_kind *kind);

#endif
