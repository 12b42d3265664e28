/* baseline: the failures that are known, "wspec-baseline/1": a run fails only on others, and on an
 * entry that is not true any more. schema/baseline.schema.json is the grammar. */
#ifndef WSPEC_REPORTS_BASELINE_H
#define WSPEC_REPORTS_BASELINE_H

#include "base/err.h"
#include "play/result.h"
#include "reports/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { WSPEC_BASELINE_FILE_MAX = 16 * 1024 * 1024, WSPEC_BASELINE_ENTRIES_MAX = 100000 };

/* One entry. Its text lives as long as the baseline. */
struct wspec_baseline_entry {
  const char *pattern;        /* an id, or a glob over ids */
  enum wspec_verdict verdict; /* WARN or FAIL */
  const char **requirements;  /* that the findings name: exactly these; NULL: any */
  size_t n_requirements;
  const char *reason;
  const char *link;    /* NULL: none */
  const char *expires; /* "2027-01-31", its last day; NULL: never */
  size_t n_seen;       /* cases of `pattern` that were played */
  size_t n_known;      /* of these, those that ended as the entry says */
};

struct cJSON;

/* A baseline. Zeroed knows no failure. */
struct wspec_baseline {
  struct wspec_baseline_entry *entries; /* read-only for users */
  size_t n_entries;
  struct cJSON *document; /* private */
};

/* wspec_baseline_read reads `file`; `path` is for the message. On error `*message` (free it; NULL
 * where memory ran out) says what was expected and where. Clear `baseline` in any case.
 * WSPEC_ERR_INPUT, WSPEC_ERR_IO, WSPEC_ERR_LIMIT, WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_baseline_read(struct wspec_baseline *baseline, FILE *file,
                                                  const char *path, char **message);

void wspec_baseline_clear(struct wspec_baseline *baseline);

/* wspec_baseline_match returns the first entry by which `result` is a known failure, or NULL, and
 * counts in every entry that names the case. A case that ended otherwise than its entry says is not
 * known. */
const struct wspec_baseline_entry *wspec_baseline_match(struct wspec_baseline *baseline,
                                                        const struct wspec_result *result);

/* wspec_baseline_find returns the same entry, and counts nothing: for a result that may not be the
 * last word on its case. */
const struct wspec_baseline_entry *wspec_baseline_find(const struct wspec_baseline *baseline,
                                                       const struct wspec_result *result);

/* wspec_baseline_complaint returns what is wrong with an entry after a run, NULL if nothing is:
 * no case ended as it says, or it is past its day. `today` is "YYYY-MM-DD". An entry whose cases
 * were not played is left alone. Static storage. */
const char *wspec_baseline_complaint(const struct wspec_baseline_entry *entry, const char *today);

/* wspec_baseline_write writes an entry for each record that failed, and for each that got a warn if
 * `with_warns`. Those that were known keep what their entry of `old` says. */
WSPEC_MUST_USE enum wspec_err wspec_baseline_write(FILE *file, const struct wspec_report *report,
                                                   const struct wspec_baseline *old,
                                                   bool with_warns);

#endif
