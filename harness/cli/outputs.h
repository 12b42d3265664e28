/* outputs: the report files that a command was asked for: one option a format, and a directory for
 * all of them under their standard names. */
#ifndef WSPEC_CLI_OUTPUTS_H
#define WSPEC_CLI_OUTPUTS_H

#include "cli/option.h"

#include "reports/report.h"

#include <stdbool.h>
#include <stdio.h>

enum wspec_format {
  WSPEC_FORMAT_JSON, /* the one that a run writes as it goes */
  WSPEC_FORMAT_JUNIT,
  WSPEC_FORMAT_MARKDOWN,
  WSPEC_FORMAT_HTML,
  WSPEC_FORMAT_TAP,
  WSPEC_FORMAT_SARIF,
  WSPEC_FORMAT_BADGE,
  WSPEC_FORMAT_PCAP,
  WSPEC_N_FORMATS
};

/* The rows of a command's option table that ask for a format; `first` is the id of the first. */
#define WSPEC_REPORT_OPTIONS(first)                                                              \
  WSPEC_REPORT_OPTION(first, JSON, "json", "report as JSON; '-' is standard output"),            \
      WSPEC_REPORT_OPTION(first, JUNIT, "junit", "as JUnit XML"),                                \
      WSPEC_REPORT_OPTION(first, MARKDOWN, "markdown", "as Markdown, for $GITHUB_STEP_SUMMARY"), \
      WSPEC_REPORT_OPTION(first, HTML, "html", "as one HTML page"),                              \
      WSPEC_REPORT_OPTION(first, TAP, "tap", "as TAP 14"),                                       \
      WSPEC_REPORT_OPTION(first, SARIF, "sarif", "as SARIF 2.1.0, for code scanning"),           \
      WSPEC_REPORT_OPTION(first, BADGE, "badge", "as a badge, SVG"),                             \
      WSPEC_REPORT_OPTION(first, PCAP, "pcap", "transcripts as a capture, for Wireshark")
#define WSPEC_REPORT_OPTION(first, format, name, help) \
  { name, (int)(first) + WSPEC_FORMAT_##format, "F", help, NULL, WSPEC_COMPLETES_FILE }

struct wspec_outputs {
  const char *command;                /* for messages: "run" */
  const char *asked[WSPEC_N_FORMATS]; /* a path, or "-", for standard output; NULL: none */
  const char *out_dir;                /* NULL: none */
  char *paths[WSPEC_N_FORMATS];       /* private, owned */
  FILE *files[WSPEC_N_FORMATS];       /* read-only for users: open between _open and _close */
  int broke[WSPEC_N_FORMATS];         /* why one could not be written whole, an errno; 0: it was */
};

/* wspec_format_option returns the name of the option that asks for a format: "json". */
const char *wspec_format_option(enum wspec_format format);

/* wspec_outputs_open opens every file before anything is run, so that one that cannot be written
 * costs nothing: WSPEC_EXIT_USAGE after it said so. A file that another run is writing at this
 * moment is such a one. */
int wspec_outputs_open(struct wspec_outputs *outputs);

/* wspec_outputs_note notes how writing one went: `err` with the errno of this moment. Only the first
 * trouble with a file counts. */
void wspec_outputs_note(struct wspec_outputs *outputs, enum wspec_format format,
                        enum wspec_err err);

/* wspec_outputs_write writes every open file but JSON from `reports`, one for each target. */
void wspec_outputs_write(struct wspec_outputs *outputs, const struct wspec_report *reports,
                         size_t n_reports);

/* wspec_outputs_close closes them and returns WSPEC_EXIT_USAGE after it named each that was not
 * written whole. Fine where nothing is open. */
int wspec_outputs_close(struct wspec_outputs *outputs);

/* wspec_outputs_use_stdout returns true if a report goes to standard output: nothing else may. */
bool wspec_outputs_use_stdout(const struct wspec_outputs *outputs);

#endif
