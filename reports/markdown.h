/* markdown: reports as GitHub's Markdown, for a job summary. */
#ifndef WSPEC_REPORTS_MARKDOWN_H
#define WSPEC_REPORTS_MARKDOWN_H

#include "base/err.h"
#include "reports/report.h"

#include <stddef.h>
#include <stdio.h>

/* wspec_markdown_write writes the counts by target or section and the failures, at most about 500 KiB. WSPEC_ERR_IO: the file
 * is not whole; WSPEC_ERR_NOMEM likewise. */
WSPEC_MUST_USE enum wspec_err wspec_markdown_write(FILE *file, const struct wspec_report *reports,
                                                   size_t n_reports);

#endif
