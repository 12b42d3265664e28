/* json_report: a run as JSON, "wspec-report/1" (docs/design.md, section 8). Written as the results
 * come, so that a run that is cut off leaves what was done. */
#ifndef WSPEC_REPORTS_JSON_REPORT_H
#define WSPEC_REPORTS_JSON_REPORT_H

#include "base/err.h"
#include "play/play.h"
#include "play/result.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a report says of the run as a whole. All text is borrowed. */
struct wspec_run_facts {
  const char *tool_version;
  const char *url;     /* of the target */
  const char *role;    /* of the target: "server" or "client" */
  const char *agent;   /* what it calls itself; "" if it does not */
  const char *oracle;  /* "echo", "pong" or "none" */
  const char *started; /* ISO 8601, UTC */
  uint64_t seed;
};

/* How many results have each verdict. */
struct wspec_summary {
  size_t total, flaky;
  size_t by_verdict[WSPEC_N_VERDICTS];
};

/* wspec_summary_add counts one result. */
void wspec_summary_add(struct wspec_summary *summary, const struct wspec_result *result);

struct wspec_json_report {
  FILE *file;               /* private */
  bool all_transcripts;     /* private */
  size_t n_results;         /* private */
  struct wspec_summary sum; /* private */
};

/* wspec_json_report_begin writes the head to `file`, which stays the caller's. Transcripts are
 * written of what did not pass, or of everything (`all_transcripts`). WSPEC_ERR_IO, WSPEC_ERR_NOMEM:
 * the report is unusable. */
WSPEC_MUST_USE enum wspec_err wspec_json_report_begin(struct wspec_json_report *report, FILE *file,
                                                      const struct wspec_run_facts *facts,
                                                      bool all_transcripts);

/* wspec_json_report_add writes one result. Errors as begin. */
WSPEC_MUST_USE enum wspec_err wspec_json_report_add(struct wspec_json_report *report,
                                                    const struct wspec_result *result);

/* wspec_json_report_end writes the summary and flushes. Errors as begin. */
WSPEC_MUST_USE enum wspec_err wspec_json_report_end(struct wspec_json_report *report,
                                                    uint64_t duration_ms);

#endif
