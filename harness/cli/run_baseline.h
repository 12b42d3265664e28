/* run_baseline: the known failures of a run: --baseline and --write-baseline. */
#ifndef WSPEC_CLI_RUN_BASELINE_H
#define WSPEC_CLI_RUN_BASELINE_H

#include "cli/run_options.h"

#include "case/load.h"
#include "reports/baseline.h"

#include <stddef.h>
#include <stdio.h>

/* Zeroed but for the first three: none. */
struct wspec_run_baseline {
  const char *command;    /* for messages */
  const char *path;       /* NULL: no failure is known */
  const char *write_path; /* NULL: none is written */
  struct wspec_baseline known;
  FILE *written;       /* private */
  size_t n_complaints; /* about entries of `known`, once it was checked */
};

/* wspec_run_baseline_open reads the one, and opens the other for writing before anything is played.
 * It returns WSPEC_EXIT_OK, or another exit code after it said why. */
int wspec_run_baseline_open(struct wspec_run_baseline *baseline);

/* wspec_run_baseline_check says which entries are not true any more; exit codes as _open. */
int wspec_run_baseline_check(struct wspec_run_baseline *baseline,
                             const struct wspec_run_options *options,
                             const struct wspec_requirements *requirements,
                             const struct wspec_case_set *set);

/* wspec_run_baseline_write writes the new one, if that was asked for; exit codes as _open. */
int wspec_run_baseline_write(struct wspec_run_baseline *baseline, const struct wspec_report *report,
                             bool with_warns);

void wspec_run_baseline_clear(struct wspec_run_baseline *baseline);

#endif
