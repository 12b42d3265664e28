/* json_report: a run as JSON, "wspec-report/1", written as the results come.
 *
 * Each result is one line, and each line is flushed: a run that is cut off at any octet leaves a
 * file of which wspec_report_read, and with it every command that reads reports, takes all whole
 * lines. schema/report.schema.json is the grammar of a whole one, README.md says what the members
 * mean. The same results are gathered in a struct wspec_report for the other formats. */
#ifndef WSPEC_REPORTS_JSON_REPORT_H
#define WSPEC_REPORTS_JSON_REPORT_H

#include "base/err.h"
#include "case/requirement.h"
#include "play/play.h"
#include "play/result.h"
#include "reports/record.h"
#include "reports/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a report says of the run as a whole. All text is borrowed until the report has ended. */
struct wspec_run_facts {
  const char *tool_version;
  const char *url;                        /* of the target, without user and password */
  const char *name;                       /* of the target among others; NULL: it has none */
  const char *role;                       /* of the target: "server" or "client" */
  const char *agent;                      /* what it calls itself; "" if it does not */
  const char *started;                    /* ISO 8601, UTC */
  const struct wspec_play_config *config; /* what every case was played with */
  const char *reproduce;     /* the command that plays a case again when " --cases ID" is added */
  const char *reproduce_end; /* what comes behind that: " -- COMMAND"; NULL: nothing */
  unsigned jobs;
  unsigned shard, n_shards;
  size_t n_selected; /* cases that this run is to play */
};

struct cJSON;

struct wspec_json_report {
  FILE *file;                                    /* private; NULL: only gathered */
  struct wspec_report *report;                   /* private */
  const struct wspec_requirements *requirements; /* private */
};

/* wspec_json_report_begin writes the head to `file`, which stays the caller's and may be NULL, and
 * makes `report`, an initialised one, hold it; the caller clears that in any case. WSPEC_ERR_IO,
 * WSPEC_ERR_NOMEM: both are unusable. */
WSPEC_MUST_USE enum wspec_err wspec_json_report_begin(struct wspec_json_report *json, FILE *file,
                                                      struct wspec_report *report,
                                                      const struct wspec_run_facts *facts,
                                                      const struct wspec_record_options *options);

/* wspec_json_report_resume is _begin for a run that was reported before: `head` is copied. */
WSPEC_MUST_USE enum wspec_err wspec_json_report_resume(struct wspec_json_report *json, FILE *file,
                                                       struct wspec_report *report,
                                                       const struct cJSON *head,
                                                       const struct wspec_requirements *all);

/* wspec_json_report_add writes one result and adds it to the report. WSPEC_ERR_IO: it was gathered,
 * but the file is unusable; WSPEC_ERR_NOMEM: it is missing in both. */
WSPEC_MUST_USE enum wspec_err wspec_json_report_add(struct wspec_json_report *json,
                                                    const struct wspec_result *result,
                                                    const struct wspec_record_options *options);

/* wspec_json_report_add_text is _add for a result that is JSON already: `text` is copied. Also
 * WSPEC_ERR_INPUT: it is no result. */
WSPEC_MUST_USE enum wspec_err wspec_json_report_add_text(struct wspec_json_report *json,
                                                         struct wspec_span text);

/* wspec_json_report_end writes the summary and the requirements that were named, flushes, and sorts
 * the report. Errors as begin. */
WSPEC_MUST_USE enum wspec_err wspec_json_report_end(struct wspec_json_report *json,
                                                    double duration_ms);

/* wspec_json_write writes a whole report to `file`: a merged one, say. Errors as begin. */
WSPEC_MUST_USE enum wspec_err wspec_json_write(FILE *file, const struct wspec_report *report);

/* wspec_need_names lists the words for enum wspec_need in the order of its bits; N_NEEDS of them. */
enum { WSPEC_N_NEEDS = 5 };
extern const char *const wspec_need_names[WSPEC_N_NEEDS];

/* wspec_oracle_names lists the words for enum wspec_oracle in its order. */
enum { WSPEC_N_ORACLES = 3 };
extern const char *const wspec_oracle_names[WSPEC_N_ORACLES];

#endif
