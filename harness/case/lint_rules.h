/* lint_rules: the house rules one by one; private to case/. */
#ifndef WSPEC_CASE_LINT_RULES_H
#define WSPEC_CASE_LINT_RULES_H

#include "case/diag.h"
#include "case/load.h"
#include "case/script.h"

#include <stddef.h>

/* Names are those between brackets in a message, in this order in lint.c. */
enum wspec_lint_rule {
  WSPEC_LINT_SUMMARY_STYLE,
  WSPEC_LINT_REQUIREMENT_OF_SPEC,
  WSPEC_LINT_REQUIREMENT_TWICE,
  WSPEC_LINT_REQUIREMENT_NOT_LISTED,
  WSPEC_LINT_NO_EXPECTATION,
  WSPEC_LINT_UNKNOWN_PLACEHOLDER,
  WSPEC_LINT_UNUSED_LABEL,
  WSPEC_LINT_WRONG_IS_RIGHT,
  WSPEC_LINT_ANSWER_AFTER_OPEN,
  WSPEC_LINT_ANSWER_OF_CLIENT,
  WSPEC_LINT_OFFERED_BY_CLIENT,
  WSPEC_LINT_FAILURE_FORGOTTEN,
  WSPEC_LINT_EQUAL_STEPS,
  WSPEC_LINT_RETIRED_ID,
  WSPEC_LINT_NO_FUNCTION,
  WSPEC_LINT_UNUSED_FUNCTION,
  WSPEC_LINT_N_RULES
};

/* One case while it is looked at. */
struct wspec_linter {
  const struct wspec_case_set *set;
  const struct wspec_script *script;
  const char *retired;             /* or NULL */
  const struct wspec_script *twin; /* an earlier case that does the same, or NULL */
  struct wspec_diag *diag;
  const char *module_of; /* the case file whose module was read last, or NULL */
  char *module;          /* its text; NULL: there is none */
  unsigned told;         /* bits of the rules told of this case in one of its combinations */
};

/* wspec_linter_tell adds a finding at `step` (NULL: the case), unless this rule was told of the
 * case already. */
void wspec_linter_tell(struct wspec_linter *linter, enum wspec_lint_rule rule,
                       const struct wspec_step *step, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* lint_case.c: the rules about a case as a whole. */
void wspec_lint_case(struct wspec_linter *linter);

/* lint_call.c: the rules about what a script calls. The caller frees `linter->module` in the end. */
void wspec_lint_call(struct wspec_linter *linter);

/* lint_steps.c: the rules about its steps. */
void wspec_lint_steps(struct wspec_linter *linter);

#endif
