/* hex: octets to and from hexadecimal text. */
#ifndef WSPEC_BASE_HEX_H
#define WSPEC_BASE_HEX_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* wspec_hex_decode appends the octets that `text` spells to `out`. Digits of either case; white
 * space between octets is skipped. WSPEC_ERR_SYNTAX: an odd digit or another character, at
 * `*error_offset` (may be NULL), with nothing appended; else errors of wspec_buf_append. */
WSPEC_MUST_USE enum wspec_err wspec_hex_decode(struct wspec_span text, struct wspec_buf *out,
                                               size_t *error_offset);

/* wspec_hex_encode appends `octets` to `out` as lower-case digits, with `separator` (may be NUL
 * for none) between octets. Errors of wspec_buf_append; part may have been appended then. */
WSPEC_MUST_USE enum wspec_err wspec_hex_encode(struct wspec_span octets, char separator,
                                               struct wspec_buf *out);

#endif
