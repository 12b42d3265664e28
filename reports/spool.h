/* spool: octets that are appended once and read again by where they stand: the results of a long run,
 * of which only the first megabytes are in memory, and the rest in a file that has no name. Where no
 * such file can be made or written, all stays in memory. */
#ifndef WSPEC_REPORTS_SPOOL_H
#define WSPEC_REPORTS_SPOOL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_spool;

/* wspec_spool_new returns an empty spool that holds `held_max` octets in memory as long as it can
 * write a file; NULL: out of memory. */
struct wspec_spool *wspec_spool_new(size_t held_max);

/* wspec_spool_free frees it and gives its file back; fine for NULL. */
void wspec_spool_free(struct wspec_spool *spool);

/* wspec_spool_append copies `octets` to the end; `*at` is where they stand. WSPEC_ERR_NOMEM,
 * WSPEC_ERR_LIMIT: more than 1 GiB without a file. On error nothing was added. */
WSPEC_MUST_USE enum wspec_err wspec_spool_append(struct wspec_spool *spool,
                                                 struct wspec_span octets, uint64_t *at);

/* wspec_spool_read points `*octets` at the `len` octets of one append that stand `at`: in the spool,
 * until the next append, or in `room`, which grows. WSPEC_ERR_NOMEM; WSPEC_ERR_IO: the file could
 * not be read. */
WSPEC_MUST_USE enum wspec_err wspec_spool_read(const struct wspec_spool *spool, uint64_t at,
                                               size_t len, struct wspec_buf *room,
                                               struct wspec_span *octets);

/* wspec_spool_in_file returns how many of its octets are in its file, not in memory. */
uint64_t wspec_spool_in_file(const struct wspec_spool *spool);

#endif
