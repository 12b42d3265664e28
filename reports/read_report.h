/* read_report: "wspec-report/1" and "wspec-matrix/1" from a file, whole or cut off anywhere. */
#ifndef WSPEC_REPORTS_READ_REPORT_H
#define WSPEC_REPORTS_READ_REPORT_H

#include "base/err.h"
#include "reports/report.h"

#include <stddef.h>
#include <stdio.h>

enum { WSPEC_REPORT_FILE_MAX = 512 * 1024 * 1024, WSPEC_REPORTS_MAX = 1024 };

/* Reports of any number of runs. Zeroed is empty. */
struct wspec_reports {
  struct wspec_report *items; /* `n` of them, read-only for users but for wspec_reports_merge */
  size_t n;
  size_t n_spent;  /* private: behind those, whose records others hold now */
  size_t capacity; /* private */
};

/* wspec_reports_read reads `file` to its end and appends its report, sorted, or each report of a
 * matrix. A file that ends early gives the results that are whole, with `is_complete` false and the
 * summary counted from them. `path` is for the message. On error `*message` (free it; NULL where
 * memory ran out) is "path:line:column: " and what was expected, and `reports` may hold a part, to
 * be cleared. WSPEC_ERR_INPUT: it is no report; WSPEC_ERR_IO: it cannot be read; WSPEC_ERR_LIMIT:
 * longer than WSPEC_REPORT_FILE_MAX; WSPEC_ERR_NOMEM, also for more than WSPEC_REPORTS_MAX. */
WSPEC_MUST_USE enum wspec_err wspec_reports_read(struct wspec_reports *reports, FILE *file,
                                                 const char *path, char **message);

/* wspec_reports_clear frees all and zeroes. */
void wspec_reports_clear(struct wspec_reports *reports);

#endif
