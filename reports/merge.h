/* merge: reports put together: the shards of one run into one report, several targets side by
 * side. */
#ifndef WSPEC_REPORTS_MERGE_H
#define WSPEC_REPORTS_MERGE_H

#include "base/err.h"
#include "reports/read_report.h"

#include <stddef.h>
#include <stdio.h>

/* wspec_reports_merge joins the shards of each target, so that one report a target is left, in the
 * order in which the targets came. WSPEC_ERR_INPUT with `*message` (free it) naming the target:
 * a shard is missing or there twice, shards of different numbers of parts, a case in two of them,
 * or two whole reports of one target. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_reports_merge(struct wspec_reports *reports, char **message);

/* wspec_report_rename gives the target of a report another name. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_report_rename(struct wspec_report *report, const char *name);

/* wspec_matrix_write writes one report as it is, several as "wspec-matrix/1". Errors as
 * wspec_json_write. */
WSPEC_MUST_USE enum wspec_err wspec_matrix_write(FILE *file, const struct wspec_report *reports,
                                                 size_t n_reports);

#endif
