/* suite: the project's own cases, for harnesses that play them. */
#ifndef WSPEC_FUZZ_SUITE_H
#define WSPEC_FUZZ_SUITE_H

#include "case/load.h"

#include <stdint.h>

/* fuzz_cases_dir returns where the cases are: beside the program, in `cases`, as oss-fuzz/build.sh puts
 * them, or in the tree that it was built from. */
const char *fuzz_cases_dir(void);

/* fuzz_suite returns the cases of fuzz_cases_dir, loaded at the first call and kept for the life of the
 * process. Ends the process if they cannot be loaded. */
const struct wspec_case_set *fuzz_suite(void);

/* fuzz_suite_requirements returns what they were loaded with. */
const struct wspec_requirements *fuzz_suite_requirements(void);

/* fuzz_suite_tag returns the number by which an input names a case. */
uint32_t fuzz_suite_tag(const struct wspec_script *script);

/* fuzz_suite_pick returns the script with `tag`, or the one with the next tag: so an input means the
 * same case as long as there is that case, whatever others are added. */
const struct wspec_script *fuzz_suite_pick(uint32_t tag);

#endif
