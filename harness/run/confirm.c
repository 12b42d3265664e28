#include "run/confirm.h"

#include <string.h>

bool wspec_confirm_is_due(const struct wspec_result *result) {
  return result->verdict == WSPEC_VERDICT_FAIL || result->verdict == WSPEC_VERDICT_WARN ||
         result->verdict == WSPEC_VERDICT_ERROR;
}

static bool agree(const struct wspec_result *a, const struct wspec_result *b) {
  if (a->verdict != b->verdict || a->n_findings != b->n_findings) {
    return false;
  }
  for (size_t i = 0; i < a->n_findings; i++) {
    if (strcmp(a->findings[i].requirement, b->findings[i].requirement) != 0) {
      return false;
    }
  }
  return true;
}

/* The play alone is what counts: nothing else can have disturbed it. A first play that was not
 * even connected says nothing about the target's steadiness. */
bool wspec_confirm(struct wspec_result *first, struct wspec_result *alone) {
  bool is_flaky = !agree(first, alone) && first->verdict != WSPEC_VERDICT_ERROR &&
                  alone->verdict != WSPEC_VERDICT_ERROR;
  if (is_flaky) {
    alone->flaky = true;
    alone->flaky_transcript = first->transcript;
    first->transcript = (struct wspec_transcript){0};
  }
  wspec_result_clear(first);
  *first = *alone;
  return is_flaky;
}
