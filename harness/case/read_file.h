/* read_file: a whole file into memory, with a ceiling. */
#ifndef WSPEC_CASE_READ_FILE_H
#define WSPEC_CASE_READ_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* wspec_read_file appends the octets of the file at `path` to `out`, whose ceiling bounds it. On
 * error `*reason` says why in a few words, static storage or strerror's: WSPEC_ERR_IO (missing,
 * unreadable, a directory, a device), WSPEC_ERR_LIMIT (larger than the ceiling), WSPEC_ERR_NOMEM.
 */
WSPEC_MUST_USE enum wspec_err wspec_read_file(const char *path, struct wspec_buf *out,
                                              const char **reason);

#endif
