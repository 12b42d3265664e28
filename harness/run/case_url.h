/* case_url: where a client under test connects for a case. */
#ifndef WSPEC_RUN_CASE_URL_H
#define WSPEC_RUN_CASE_URL_H

#include "base/buf.h"
#include "base/err.h"
#include "case/script.h"

#include <stdbool.h>

/* wspec_case_url appends the URL that the client is handed for `script`, UTF-8:
 * "ws://HOST/case/ID?agent=AGENT", or as the case wants it. `host` is that of Host, with its port;
 * `agent` is taken as it is, so that it may be escaped, a placeholder, or more of the query.
 * WSPEC_ERR_NOMEM, WSPEC_ERR_LIMIT (of `out`). */
WSPEC_MUST_USE enum wspec_err wspec_case_url(const struct wspec_script *script, bool is_secure,
                                             const char *host, const char *agent,
                                             struct wspec_buf *out);

/* wspec_case_resource appends the resource name of that URL, as the request has to have it (RFC 6455
 * sections 3, 11.1.1 and 11.1.2). Errors as above. */
WSPEC_MUST_USE enum wspec_err wspec_case_resource(const struct wspec_script *script,
                                                  const char *agent, struct wspec_buf *out);

#endif
