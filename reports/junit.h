/* junit: sorted reports as JUnit XML, in the form of the Jenkins XSD: what CI servers show. */
#ifndef WSPEC_REPORTS_JUNIT_H
#define WSPEC_REPORTS_JUNIT_H

#include "base/err.h"
#include "reports/report.h"

#include <stddef.h>
#include <stdio.h>

/* wspec_junit_write writes one test suite a section and target. A known failure is skipped. WSPEC_ERR_IO: the file
 * is not whole; WSPEC_ERR_NOMEM likewise. */
WSPEC_MUST_USE enum wspec_err wspec_junit_write(FILE *file, const struct wspec_report *reports,
                                                size_t n_reports);

#endif
