/* run_targets: `wspec run --targets FILE`: many targets in one command, one after another. */
#ifndef WSPEC_CLI_RUN_TARGETS_H
#define WSPEC_CLI_RUN_TARGETS_H

#include "cli/run_options.h"

/* wspec_run_targets starts each target of `options->targets_path`, tests it by a `wspec run` of its
 * own with the options of `argv` that are not about reports, stops it, and writes the reports of all
 * together. A target that dies or never listens is said, and the others go on. Returns the worst
 * exit code. reports/README.md says what the file holds. */
int wspec_run_targets(struct wspec_run_options *options, int argc, char **argv);

#endif
