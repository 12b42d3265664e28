/* tap: sorted reports as TAP version 14. */
#ifndef WSPEC_REPORTS_TAP_H
#define WSPEC_REPORTS_TAP_H

#include "base/err.h"
#include "reports/report.h"

#include <stddef.h>
#include <stdio.h>

/* wspec_tap_write writes one test point a case. A known failure is a TODO. WSPEC_ERR_IO: the file
 * is not whole; WSPEC_ERR_NOMEM likewise. */
WSPEC_MUST_USE enum wspec_err wspec_tap_write(FILE *file, const struct wspec_report *reports,
                                              size_t n_reports);

#endif
