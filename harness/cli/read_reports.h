/* read_reports: the report files that a command was given. */
#ifndef WSPEC_CLI_READ_REPORTS_H
#define WSPEC_CLI_READ_REPORTS_H

#include "reports/read_report.h"

/* wspec_read_reports appends what `argument` names: a file, "-" for standard input, or "NAME=FILE",
 * where NAME becomes the name of the target (the text is changed then). A run that was cut off is
 * said on standard error. Returns an exit code after it said what is wrong. */
int wspec_read_reports(const char *command, struct wspec_reports *reports, char *argument);

/* wspec_merge_reports is wspec_reports_merge with its message said. */
int wspec_merge_reports(const char *command, struct wspec_reports *reports);

#endif
