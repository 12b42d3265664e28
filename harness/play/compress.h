/* compress: what a compression plan makes of a message, octet by octet the same on each run. */
#ifndef WSPEC_PLAY_COMPRESS_H
#define WSPEC_PLAY_COMPRESS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "case/compress.h"
#include "proto/deflate.h"

/* compress_alone appends `payload` as `plan` has it, in a stream of its own with windows of
 * `window_bits`. WSPEC_ERR_INPUT: a dynamic block was asked for and zlib, for so few octets, made
 * another one, or the blocks do not fit the payload; WSPEC_ERR_LIMIT: the ceiling of `out`;
 * WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err compress_alone(const struct wspec_compress_plan *plan,
                                             struct wspec_span payload, unsigned window_bits,
                                             struct wspec_buf *out);

/* compress_on appends it as the next message of `deflater`. Only for a plan of which
 * compress_needs_own_stream is false. Errors as wspec_deflater_write. */
WSPEC_MUST_USE enum wspec_err compress_on(const struct wspec_compress_plan *plan,
                                          struct wspec_span payload,
                                          struct wspec_deflater *deflater, struct wspec_buf *out);

/* compress_needs_own_stream returns true if the plan asks for what an ordinary sender does not. */
bool compress_needs_own_stream(const struct wspec_compress_plan *plan);

#endif
