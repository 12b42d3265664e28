/* html: sorted reports as one HTML page that needs nothing else: page/ holds its style and script,
 * the results stand in it as JSON, compressed. */
#ifndef WSPEC_REPORTS_HTML_H
#define WSPEC_REPORTS_HTML_H

#include "base/err.h"
#include "reports/report.h"

#include <stddef.h>
#include <stdio.h>

/* wspec_html_write writes the page: of one report its cases, of several a matrix. WSPEC_ERR_IO: the
 * file is not whole; WSPEC_ERR_NOMEM likewise. */
WSPEC_MUST_USE enum wspec_err wspec_html_write(FILE *file, const struct wspec_report *reports,
                                               size_t n_reports);

#endif
