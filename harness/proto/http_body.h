/* http_body: where the body of an HTTP/1.1 message ends (RFC 9112 section 6.3).
 *
 * First the facts that the head gives, for a judge; then a walk over the octets that follow it,
 * which finds the end and hands out the content in pieces, without the chunked framing. It
 * allocates nothing and keeps no content.
 *
 *   struct wspec_http_body body;
 *   wspec_http_body_init(&body, &head, false);
 *   do {
 *     err = wspec_http_body_feed(&body, octets, &consumed, &content);
 *     ...use content, go on behind `consumed`...
 *   } while (err == WSPEC_ERR_NEED_MORE && octets are left); */
#ifndef WSPEC_PROTO_HTTP_BODY_H
#define WSPEC_PROTO_HTTP_BODY_H

#include "base/err.h"
#include "base/span.h"
#include "proto/http_head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the end of a body is found, in the order of RFC 9112 section 6.3. */
enum wspec_http_body_kind {
  WSPEC_HTTP_BODY_NONE,        /* there is none: 1xx, 204, 304, or a request that announces none */
  WSPEC_HTTP_BODY_CHUNKED,     /* the last transfer coding is chunked */
  WSPEC_HTTP_BODY_LENGTH,      /* Content-Length octets */
  WSPEC_HTTP_BODY_UNTIL_CLOSE, /* a response that ends where the connection ends */
  WSPEC_HTTP_BODY_INVALID      /* the end can not be known: `content_length_state` CONFLICTING or
                                  INVALID, or a request whose transfer coding is not chunked */
};

enum wspec_http_length_state {
  WSPEC_HTTP_LENGTH_ABSENT,
  WSPEC_HTTP_LENGTH_VALID,      /* one value; it may be there several times (section 6.3 item 5) */
  WSPEC_HTTP_LENGTH_INVALID,    /* not a decimal number below 2^64, or empty */
  WSPEC_HTTP_LENGTH_CONFLICTING /* several different numbers */
};

struct wspec_http_body {
  enum wspec_http_body_kind kind;
  enum wspec_http_length_state content_length_state;
  uint64_t content_length;    /* where VALID */
  bool has_transfer_encoding; /* together with a Content-Length: 9112-6.2-01 */
  bool is_chunked;            /* the last transfer coding is "chunked" */

  enum wspec_err err;     /* why feeding failed */
  uint64_t error_offset;  /* octet that shows it, from the end of the head */
  const char *error_text; /* one sentence without full stop, static storage */
  uint64_t offset;        /* octets consumed since the end of the head */

  uint64_t left;     /* private: content octets to come of the chunk or body */
  size_t line_len;   /* private: octets of a chunk line or of the trailer section so far */
  unsigned n_digits; /* private */
  int state;         /* private */
};

/* wspec_http_body_init reads the facts off a complete `head` and stands before the first octet of
 * the body. `answers_head`: the response is to a HEAD request, and so has no body whatever it
 * says. Borrows nothing. */
void wspec_http_body_init(struct wspec_http_body *body, const struct wspec_http_head *head,
                          bool answers_head);

/* wspec_http_body_feed takes octets up to the end of a piece of content or of the body; `*consumed`
 * is how many, and `*content` the piece, borrowed from `octets`, or empty.
 * WSPEC_OK: the body has ended, at once for kind NONE; further calls take nothing.
 * WSPEC_ERR_NEED_MORE: it goes on; call again with the octets behind `*consumed`, or with more. Of
 *   kind UNTIL_CLOSE it always goes on.
 * WSPEC_ERR_HTTP: the chunked framing is broken, or the kind is INVALID; WSPEC_ERR_LIMIT: a chunk
 *   line or the trailer section is over 8192 octets. Both are sticky. */
WSPEC_MUST_USE enum wspec_err wspec_http_body_feed(struct wspec_http_body *body,
                                                   struct wspec_span octets, size_t *consumed,
                                                   struct wspec_span *content);

#endif
