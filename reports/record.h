/* record: what came of one case, as the JSON of "wspec-report/1" (reports/README.md says what each
 * member means). */
#ifndef WSPEC_REPORTS_RECORD_H
#define WSPEC_REPORTS_RECORD_H

#include "play/play.h"
#include "play/result.h"

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

/* What is to be said of a result beyond itself. All text is borrowed. */
struct wspec_record_options {
  bool has_transcript;      /* also of a case that passed or was skipped */
  const char *known_reason; /* from the baseline, or NULL */
  const char *known_link;   /* likewise */
  /* Values of header fields that are nobody's business: in what we sent their octets become '*'. */
  const char *const *secrets;
  size_t n_secrets;
};

/* wspec_record_to_json returns `result` as a JSON object that the caller frees with cJSON_Delete;
 * NULL: out of memory. Long chunks of a transcript are elided: what was kept are their first
 * octets, their last ones, and those around every finding. */
struct cJSON *wspec_record_to_json(const struct wspec_result *result,
                                   const struct wspec_record_options *options);

/* wspec_record_add_texts adds an array of text to `object`; `texts` may be NULL if `n` is 0. False:
 * out of memory. */
bool wspec_record_add_texts(struct cJSON *object, const char *name, const char *const *texts,
                            size_t n);

/* wspec_record_replace puts `item`, which it takes over also on error, in the place of the member
 * `name` of `object`, or at its end if it has none. False: out of memory, the object is spoilt. */
bool wspec_record_replace(struct cJSON *object, const char *name, struct cJSON *item);

#endif
