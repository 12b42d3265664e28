/* outcome: the result of a case in Autobahn's words, as the object of its file
 * <agent>_case_<number>.json. */
#ifndef WSPEC_COMPAT_OUTCOME_H
#define WSPEC_COMPAT_OUTCOME_H

#include "play/result.h"

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

/* What is to be said beside the result. Text is copied. */
struct wspec_outcome_facts {
  size_t index;        /* of the case, 0 to 516 */
  unsigned case_value; /* member "case" */
  const char *agent;
  const char *started; /* ISO 8601, UTC */
  bool is_server;      /* wspec is: the target is a client */
};

/* wspec_outcome_new returns the object, which the caller frees with cJSON_Delete. NULL: out of
 * memory. docs/autobahn.md says how the words come about. */
struct cJSON *wspec_outcome_new(const struct wspec_result *result,
                                const struct wspec_outcome_facts *facts);

/* wspec_outcome_is_worse returns true if `outcome` is worse for the target than `other`. */
bool wspec_outcome_is_worse(const struct cJSON *outcome, const struct cJSON *other);

#endif
