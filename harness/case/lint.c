#include "case/lint.h"

#include "case/fingerprint.h"
#include "case/lint_rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const RULE_NAMES[WSPEC_LINT_N_RULES] = {
    [WSPEC_LINT_SUMMARY_STYLE] = "summary-style",
    [WSPEC_LINT_REQUIREMENT_OF_SPEC] = "requirement-of-spec",
    [WSPEC_LINT_REQUIREMENT_TWICE] = "requirement-twice",
    [WSPEC_LINT_REQUIREMENT_NOT_LISTED] = "requirement-not-listed",
    [WSPEC_LINT_NO_EXPECTATION] = "no-expectation",
    [WSPEC_LINT_UNKNOWN_PLACEHOLDER] = "unknown-placeholder",
    [WSPEC_LINT_UNUSED_LABEL] = "unused-label",
    [WSPEC_LINT_WRONG_IS_RIGHT] = "wrong-is-right",
    [WSPEC_LINT_ANSWER_AFTER_OPEN] = "answer-after-open",
    [WSPEC_LINT_ANSWER_OF_CLIENT] = "answer-of-client",
    [WSPEC_LINT_OFFERED_BY_CLIENT] = "offered-by-client",
    [WSPEC_LINT_FAILURE_FORGOTTEN] = "failure-forgotten",
    [WSPEC_LINT_EQUAL_STEPS] = "equal-steps",
    [WSPEC_LINT_RETIRED_ID] = "retired-id",
    [WSPEC_LINT_NO_FUNCTION] = "no-function",
    [WSPEC_LINT_UNUSED_FUNCTION] = "unused-function"};

void wspec_linter_tell(struct wspec_linter *linter, enum wspec_lint_rule rule,
                       const struct wspec_step *step, const char *format, ...) {
  const struct wspec_script *script = linter->script;
  const struct wspec_place *place = step ? &step->place : &script->place;
  struct wspec_buf prefix;
  va_list arguments;
  if (linter->told & (1U << rule)) {
    return;
  }
  linter->told |= 1U << rule;
  wspec_buf_init(&prefix, WSPEC_DIAG_TEXT_MAX);
  enum wspec_err err = wspec_buf_appendf(&prefix, "%s:%u:%u: [%s] %s: ", script->file, place->line,
                                         place->column, RULE_NAMES[rule], script->id);
  char *text = err ? NULL : wspec_buf_take_text(&prefix);
  va_start(arguments, format);
  wspec_diag_vadd(linter->diag, text ? text : "", format, arguments);
  va_end(arguments);
  linter->diag->out_of_memory = linter->diag->out_of_memory || !text;
  wspec_buf_clear(&prefix);
  free(text);
}

/* ---- Twins ---- */

struct print {
  uint64_t hash;
  size_t index;
};

static int compare_prints(const void *a, const void *b) {
  const struct print *left = a;
  const struct print *right = b;
  if (left->hash != right->hash) {
    return left->hash < right->hash ? -1 : 1;
  }
  return left->index < right->index ? -1 : left->index > right->index;
}

/* Returns for each script the first that does the same, itself if there is none before; NULL: out
 * of memory. */
static size_t *find_twins(const struct wspec_case_set *set) {
  struct print *prints = calloc(set->n_scripts + 1, sizeof *prints);
  size_t *twins = calloc(set->n_scripts + 1, sizeof *twins);
  if (prints && twins) {
    for (size_t i = 0; i < set->n_scripts; i++) {
      prints[i] = (struct print){wspec_fingerprint(&set->scripts[i]), i};
    }
    qsort(prints, set->n_scripts, sizeof *prints, compare_prints);
    for (size_t i = 0; i < set->n_scripts; i++) {
      bool again = i > 0 && prints[i].hash == prints[i - 1].hash;
      twins[prints[i].index] = again ? twins[prints[i - 1].index] : prints[i].index;
    }
  } else {
    free(twins);
    twins = NULL;
  }
  free(prints);
  return twins;
}

/* ---- All cases ---- */

/* Combinations of one case stand behind one another and share its place. */
static bool is_same_case(const struct wspec_script *a, const struct wspec_script *b) {
  return a->file == b->file && a->place.line == b->place.line && a->place.column == b->place.column;
}

static void lint_all(const struct wspec_case_set *set, const size_t *twins,
                     struct wspec_linter *linter) {
  for (size_t i = 0; i < set->n_scripts; i++) {
    const struct wspec_script *script = &set->scripts[i];
    if (i > 0 && !is_same_case(script, linter->script)) {
      linter->told = 0;
    }
    if (i > 0 && script->file != linter->script->file) {
      wspec_diag_new_file(linter->diag);
    }
    linter->script = script;
    linter->twin = twins[i] < i ? &set->scripts[twins[i]] : NULL;
    wspec_lint_case(linter);
    wspec_lint_steps(linter);
    wspec_lint_call(linter);
  }
}

enum wspec_err wspec_case_set_lint(const struct wspec_case_set *set, const char *retired,
                                   char **messages) {
  struct wspec_diag diag;
  struct wspec_linter linter = {.set = set, .diag = &diag, .retired = retired};
  *messages = NULL;
  size_t *twins = find_twins(set);
  if (!twins) {
    return WSPEC_ERR_NOMEM;
  }
  wspec_diag_init(&diag);
  lint_all(set, twins, &linter);
  free(linter.module);
  free(twins);
  bool found = diag.n_messages > 0;
  if (!diag.out_of_memory) {
    *messages = wspec_diag_take(&diag);
  }
  wspec_diag_clear(&diag);
  if (!found) {
    return WSPEC_OK;
  }
  return *messages ? WSPEC_ERR_INPUT : WSPEC_ERR_NOMEM;
}
