/* run_cases: the cases of a run: loaded, selected, and the shard's. */
#ifndef WSPEC_CLI_RUN_CASES_H
#define WSPEC_CLI_RUN_CASES_H

#include "cli/run_options.h"

#include "case/load.h"
#include "reports/baseline.h"

#include <stdbool.h>
#include <stddef.h>

/* wspec_run_cases_load loads the suite and the files of `options` into `requirements` and `set` and
 * fills `*cases` with what is to be played of them, in order; the caller frees it. Exhaustive cases
 * are expanded later, and those that are not to be played are not held at all. On an error it says why on standard error
 * and returns an exit code, else WSPEC_EXIT_OK; clear all in both cases. */
int wspec_run_cases_load(const struct wspec_run_options *options,
                         struct wspec_requirements *requirements, struct wspec_case_set *set,
                         const struct wspec_case ***cases, size_t *n_cases);

/* wspec_run_cases_named sets `named[i]` to whether entry i of `baseline` names a case of the suite
 * that `set` was loaded from, exhaustive ones too. `named` has room for each. */
void wspec_run_cases_named(const struct wspec_run_options *options,
                           const struct wspec_requirements *requirements,
                           const struct wspec_case_set *set, const struct wspec_baseline *baseline,
                           bool *named);

#endif
