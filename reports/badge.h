/* badge: reports as a small SVG picture for a README. */
#ifndef WSPEC_REPORTS_BADGE_H
#define WSPEC_REPORTS_BADGE_H

#include "base/err.h"
#include "reports/report.h"

#include <stddef.h>
#include <stdio.h>

/* wspec_badge_write writes how many cases passed of those that were played, over all reports. WSPEC_ERR_IO: the file
 * is not whole; WSPEC_ERR_NOMEM likewise. */
WSPEC_MUST_USE enum wspec_err wspec_badge_write(FILE *file, const struct wspec_report *reports,
                                                size_t n_reports);

#endif
