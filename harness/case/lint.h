/* lint: the house rules for cases, beyond what loading refuses.
 *
 * Each finding is one line "file:line:column: [rule-name] 6455/5.2/length-0: what is wrong". The rules are
 * listed in cases/README.md. */
#ifndef WSPEC_CASE_LINT_H
#define WSPEC_CASE_LINT_H

#include "base/err.h"
#include "case/load.h"

#include <stddef.h>

/* wspec_case_set_lint checks all scripts of `set` by every rule. `retired` is the content of
 * cases/retired.txt, or NULL. WSPEC_ERR_INPUT: `*messages` (free it) has a line for each finding;
 * WSPEC_ERR_NOMEM. Otherwise `*messages` is NULL. Of the combinations of one case only the first
 * that breaks a rule is told. */
WSPEC_MUST_USE enum wspec_err wspec_case_set_lint(const struct wspec_case_set *set,
                                                  const char *retired, char **messages);

#endif
