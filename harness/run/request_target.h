/* request_target: what the target of a request says: "/case/6455%2F5.5.2/x?agent=a+b". */
#ifndef WSPEC_RUN_REQUEST_TARGET_H
#define WSPEC_RUN_REQUEST_TARGET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* wspec_request_path appends the path of `target` to `out`, percent-decoded; a '%' without two hex
 * digits is itself. That of an absolute URI begins behind the authority, and is "/" where there is
 * none (RFC 9112 section 3.2.2). WSPEC_ERR_NOMEM, WSPEC_ERR_LIMIT (of `out`). */
WSPEC_MUST_USE enum wspec_err wspec_request_path(struct wspec_span target, struct wspec_buf *out);

/* wspec_request_query appends the value of the first query part of that name, decoded, with '+' for a
 * space. WSPEC_ERR_NEED_MORE: there is none. Errors as above. */
WSPEC_MUST_USE enum wspec_err wspec_request_query(struct wspec_span target, const char *name,
                                                  struct wspec_buf *out);

#endif
