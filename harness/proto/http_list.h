/* http_list: the tokens and comma-separated lists of HTTP field values (RFC 9110 section 5.6).
 *
 * Works on one value, a borrowed span; http_head.h walks a list over several lines. CR and LF count
 * as white space: they stand in a value only where a line was folded or a CR was lost, and RFC 9112
 * sections 2.2 and 5.2 have a recipient read both as a space. */
#ifndef WSPEC_PROTO_HTTP_LIST_H
#define WSPEC_PROTO_HTTP_LIST_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* wspec_http_is_tchar returns true for an octet that a token may have (RFC 9110 section 5.6.2). */
bool wspec_http_is_tchar(uint8_t octet);

/* wspec_http_token_len returns how many octets of a token `text` begins with; 0 if it begins with
 * another one. */
size_t wspec_http_token_len(struct wspec_span text);

/* wspec_http_is_token returns true if `text` is a token: one tchar or more. */
bool wspec_http_is_token(struct wspec_span text);

/* wspec_http_is_space returns true for SP and HTAB, and for CR and LF as said above. */
bool wspec_http_is_space(uint8_t octet);

/* wspec_http_trim returns `text` without the white space of wspec_http_is_space at its ends. */
struct wspec_span wspec_http_trim(struct wspec_span text);

/* wspec_http_list_split takes the first element off `*rest`, up to the next comma outside a quoted
 * string, and returns it trimmed; it may be empty (section 5.6.1). `*rest` is what follows the
 * comma; after the last element its `data` is NULL, and a call with that is not allowed. A quoted
 * string that is not closed reaches to the end. */
struct wspec_span wspec_http_list_split(struct wspec_span *rest);

#endif
