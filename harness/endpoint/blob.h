/* blob: octets that may be too many to hold: in memory, or in a file that is read piece by piece.
 *
 * A blob does not change once it is made, and may be kept by several holders at once. */
#ifndef WSPEC_ENDPOINT_BLOB_H
#define WSPEC_ENDPOINT_BLOB_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_blob;

/* wspec_blob_from_octets returns a blob with a copy of `octets`. NULL: out of memory. */
struct wspec_blob *wspec_blob_from_octets(struct wspec_span octets);

/* wspec_blob_open opens a file as a blob; its length is that of the file at this moment, and the
 * file is not to be changed while it is in use. WSPEC_ERR_INPUT: it cannot be opened, or is no
 * ordinary file (errno says which: EINVAL); WSPEC_ERR_NOMEM. On error `*out` is NULL. */
WSPEC_MUST_USE enum wspec_err wspec_blob_open(const char *path, struct wspec_blob **out);

/* wspec_blob_keep returns `blob`, with one more holder. */
struct wspec_blob *wspec_blob_keep(struct wspec_blob *blob);

/* wspec_blob_free takes one holder away, and frees the blob with the last. NULL is allowed. */
void wspec_blob_free(struct wspec_blob *blob);

/* wspec_blob_len returns the octets in it. */
uint64_t wspec_blob_len(const struct wspec_blob *blob);

/* wspec_blob_is_file returns true if they are in a file. */
bool wspec_blob_is_file(const struct wspec_blob *blob);

/* wspec_blob_read copies `len` octets from `offset` on to `out`. WSPEC_ERR_MISUSE: the blob has
 * fewer; WSPEC_ERR_IO: the file cannot be read, or was cut off since. */
WSPEC_MUST_USE enum wspec_err wspec_blob_read(const struct wspec_blob *blob, uint64_t offset,
                                              uint8_t *out, size_t len);

/* wspec_blob_span returns the octets of a blob in memory, borrowed from a holder; data NULL for one
 * in a file. */
struct wspec_span wspec_blob_span(const struct wspec_blob *blob);

/* ---- Making one piece by piece ---- */

/* A blob in the making. */
struct wspec_blob_writer {
  struct wspec_blob *blob; /* private; NULL before the first octet */
  size_t memory_max;       /* octets that are held before a file takes them all */
  const char *directory;   /* where the file is made; it has no name for long. Borrowed */
};

/* wspec_blob_writer_init makes `writer` empty. `directory` NULL: /tmp. */
void wspec_blob_writer_init(struct wspec_blob_writer *writer, size_t memory_max,
                            const char *directory);

/* wspec_blob_writer_append adds octets. WSPEC_ERR_IO: the file cannot be made or written;
 * WSPEC_ERR_NOMEM. What was there before is lost then. */
WSPEC_MUST_USE enum wspec_err wspec_blob_writer_append(struct wspec_blob_writer *writer,
                                                       struct wspec_span octets);

/* wspec_blob_writer_take returns the blob, which the caller frees, and makes `writer` empty. NULL:
 * out of memory. */
struct wspec_blob *wspec_blob_writer_take(struct wspec_blob_writer *writer);

/* wspec_blob_writer_clear throws away what is there. */
void wspec_blob_writer_clear(struct wspec_blob_writer *writer);

#endif
