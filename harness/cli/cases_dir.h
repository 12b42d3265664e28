/* cases_dir: where the cases are, and loading them for a command. */
#ifndef WSPEC_CLI_CASES_DIR_H
#define WSPEC_CLI_CASES_DIR_H

#include "case/load.h"
#include "case/requirement.h"

#include <stdbool.h>
#include <stddef.h>

/* wspec_cases_dir returns the directory of the cases, which the caller frees: `given` (of
 * --case-dir) if not NULL, else the environment's WSPEC_CASES, else ../share/wspec/cases beside the
 * program's own folder if it is there, else the source tree's that it was built from. NULL: out of
 * memory. */
char *wspec_cases_dir(const char *given);

/* wspec_load_requirements loads requirements.json of `dir`. On an error it says why on standard
 * error as `command`, and returns an exit code; else WSPEC_EXIT_OK. */
int wspec_load_requirements(const char *command, const char *dir,
                            struct wspec_requirements *requirements);

/* wspec_load_cases_at adds the cases of the file or directory at `path`, as wspec_case_set_load
 * does; the rest as wspec_load_requirements. */
int wspec_load_cases_at(const char *command, const char *path,
                        const struct wspec_requirements *requirements,
                        const struct wspec_load_options *options, struct wspec_case_set *set);

/* wspec_load_suite is both of them for the directory that wspec_cases_dir finds. Clear both
 * whatever the outcome; they are zeroed first. */
int wspec_load_suite(const char *command, const char *given_dir,
                     const struct wspec_load_options *options,
                     struct wspec_requirements *requirements, struct wspec_case_set *set);

#endif
