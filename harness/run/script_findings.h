/* script_findings: what a script found out about an API, as it posts it.
 *
 * A JSON object: {"findings": [{"requirement"?, "rank"?, "message", "expected"?, "seen"?}...],
 * "skip"?: "why"}. A finding is about one of the requirements of its case, the first unless it names
 * another; the level of that decides the verdict, and "rank" ("warn" or "info") can only soften it.
 * The octets come from whoever can connect: all of them are bounded and checked. */
#ifndef WSPEC_RUN_SCRIPT_FINDINGS_H
#define WSPEC_RUN_SCRIPT_FINDINGS_H

#include "base/err.h"
#include "base/span.h"
#include "play/result.h"

enum {
  WSPEC_SCRIPT_FINDINGS_MAX = 32, /* in one post */
  WSPEC_SCRIPT_TEXT_MAX = 1024    /* octets kept of each text */
};

/* wspec_script_findings_read adds the findings of `octets` to `result`, whose script must be set, and
 * concludes it; a "skip" makes it one, if nothing was found. Control characters become '?'.
 * WSPEC_ERR_INPUT: they are not as above, `*why` is a sentence in static storage, and nothing was
 * added; WSPEC_ERR_NOMEM: some may have been. */
WSPEC_MUST_USE enum wspec_err
wspec_script_findings_read(struct wspec_span octets, struct wspec_result *result, const char **why);

#endif
