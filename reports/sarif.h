/* sarif: reports as SARIF 2.1.0, for code scanning. */
#ifndef WSPEC_REPORTS_SARIF_H
#define WSPEC_REPORTS_SARIF_H

#include "base/err.h"
#include "reports/report.h"

#include <stddef.h>
#include <stdio.h>

/* wspec_sarif_write writes one run a target and one result a finding; the rules are the requirements. WSPEC_ERR_IO: the file
 * is not whole; WSPEC_ERR_NOMEM likewise. */
WSPEC_MUST_USE enum wspec_err wspec_sarif_write(FILE *file, const struct wspec_report *reports,
                                                size_t n_reports);

#endif
