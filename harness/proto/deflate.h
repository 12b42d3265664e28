/* deflate: the payloads of permessage-deflate (RFC 7692 section 7.2): an inflater and a deflater
 * for one direction of a connection each, over zlib, and both together as the codec of
 * proto/conn.h.
 *
 * Memory is taken when the first message comes: about 44 KiB for inflating, 256 KiB for deflating
 * with a window of 15 bits, and never more. */
#ifndef WSPEC_PROTO_DEFLATE_H
#define WSPEC_PROTO_DEFLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "proto/conn.h"
#include "proto/deflate_params.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How one direction works. */
struct wspec_deflate_stream {
  unsigned window_bits;  /* 8 to 15: distances of at most 2^window_bits */
  bool context_takeover; /* a message may refer to those before it */
};

/* wspec_deflate_stream_of returns how messages of the server (`of_server`) or the client are
 * compressed once `agreed` is agreed. */
struct wspec_deflate_stream wspec_deflate_stream_of(const struct wspec_deflate_params *agreed,
                                                    bool of_server);

/* ---- Inflating ---- */

struct wspec_inflater;

/* Why a message could not be inflated. */
enum wspec_inflate_fault {
  WSPEC_INFLATE_FINE,
  WSPEC_INFLATE_CORRUPT,      /* it is no DEFLATE */
  WSPEC_INFLATE_TOO_FAR,      /* a distance reaches beyond the window, or before its beginning */
  WSPEC_INFLATE_INCOMPLETE,   /* it does not end behind an empty stored block without its tail */
  WSPEC_INFLATE_TAIL_IS_THERE /* nor was the tail removed; its octets were inflated all the same */
};

/* wspec_inflater_new returns an inflater; NULL: out of memory. `exact`: distances are held to the
 * window octet by octet, which is slow, for `exact` octets of output; without, and behind them, a
 * distance beyond a window that is smaller than 15 bits may be taken. */
struct wspec_inflater *wspec_inflater_new(struct wspec_deflate_stream stream, size_t exact);

/* wspec_inflater_free frees it; NULL is fine. */
void wspec_inflater_free(struct wspec_inflater *inflater);

/* wspec_inflater_read takes octets off the front of `*octets`, the payload of one message, and
 * writes at most `room` octets of what they inflate to.
 *
 *   WSPEC_OK             `room` was filled, and there may be more: call again
 *   WSPEC_ERR_NEED_MORE  all octets were taken
 *   WSPEC_ERR_DEFLATE    wspec_inflater_fault says why; sticky
 *   WSPEC_ERR_NOMEM      nothing was done */
WSPEC_MUST_USE enum wspec_err wspec_inflater_read(struct wspec_inflater *inflater,
                                                  struct wspec_span *octets, uint8_t *out,
                                                  size_t room, size_t *written);

/* wspec_inflater_end ends the message once all its octets were read: it puts back the four octets
 * of section 7.2.2 and writes what comes of them, as wspec_inflater_read does; call it until it
 * does not return WSPEC_OK. WSPEC_ERR_NEED_MORE: the message is over. */
WSPEC_MUST_USE enum wspec_err wspec_inflater_end(struct wspec_inflater *inflater, uint8_t *out,
                                                 size_t room, size_t *written);

/* wspec_inflater_fault returns why WSPEC_ERR_DEFLATE was returned. TAIL_IS_THERE is no error of
 * wspec_inflater_end: it is set by a message whose sender forgot to remove the tail, until the next
 * one begins. */
enum wspec_inflate_fault wspec_inflater_fault(const struct wspec_inflater *inflater);

/* ---- Deflating ---- */

struct wspec_deflater;

/* wspec_deflater_new returns a deflater; `level` is zlib's, 0 to 9. NULL: out of memory. With a
 * window of 8 bits, which zlib cannot make, it sends stored blocks only. */
struct wspec_deflater *wspec_deflater_new(struct wspec_deflate_stream stream, int level);

/* wspec_deflater_free frees it; NULL is fine. */
void wspec_deflater_free(struct wspec_deflater *deflater);

/* wspec_deflater_write appends the next octets of a message, compressed and flushed; `ends`: they
 * are its last, and the four octets of the flush are left out (section 7.2.1). WSPEC_ERR_NOMEM;
 * WSPEC_ERR_LIMIT: the ceiling of `out`. After an error the stream cannot go on. */
WSPEC_MUST_USE enum wspec_err wspec_deflater_write(struct wspec_deflater *deflater,
                                                   struct wspec_span octets, bool ends,
                                                   struct wspec_buf *out);

/* ---- Both, for a connection ---- */

struct wspec_deflate;

/* wspec_deflate_new returns the two streams of an endpoint that has agreed to `agreed`. NULL: out
 * of memory. */
struct wspec_deflate *wspec_deflate_new(const struct wspec_deflate_params *agreed, bool is_client);

/* wspec_deflate_free frees it, after the connection that it serves; NULL is fine. */
void wspec_deflate_free(struct wspec_deflate *deflate);

/* wspec_deflate_codec returns the codec for struct wspec_conn_options; it borrows `deflate`. */
struct wspec_conn_codec wspec_deflate_codec(struct wspec_deflate *deflate);

#endif
