#include "play/result.h"

#include <stdlib.h>
#include <string.h>

enum { FINDINGS_MAX = 64 };

const char *wspec_verdict_name(enum wspec_verdict verdict) {
  static const char *const names[WSPEC_N_VERDICTS] = {"pass", "info", "warn",
                                                      "fail", "skip", "error"};
  return (unsigned)verdict < WSPEC_N_VERDICTS ? names[verdict] : "unknown";
}

static void drop_findings(struct wspec_result *result) {
  for (size_t i = 0; i < result->n_findings; i++) {
    free(result->findings[i].message);
    free(result->findings[i].expected);
    free(result->findings[i].seen);
  }
  free(result->findings);
  result->findings = NULL;
  result->n_findings = 0;
}

void wspec_result_clear(struct wspec_result *result) {
  drop_findings(result);
  free(result->output);
  free(result->close.reason);
  free(result->skip_reason);
  wspec_transcript_clear(&result->transcript);
  wspec_transcript_clear(&result->flaky_transcript);
  *result = (struct wspec_result){0};
}

/* A copy of `text`, NULL for NULL; `*failed` is set where there is no memory. */
static char *copy_text(const char *text, bool *failed) {
  if (!text) {
    return NULL;
  }
  size_t size = strlen(text) + 1;
  char *copy = malloc(size);
  if (!copy) {
    *failed = true;
    return NULL;
  }
  return memcpy(copy, text, size);
}

enum wspec_err wspec_result_add(struct wspec_result *result, const struct wspec_finding *finding) {
  if (result->n_findings >= FINDINGS_MAX) {
    return WSPEC_OK;
  }
  struct wspec_finding *findings =
      realloc(result->findings, (result->n_findings + 1) * sizeof *findings);
  if (!findings) {
    return WSPEC_ERR_NOMEM;
  }
  result->findings = findings;
  struct wspec_finding *added = &findings[result->n_findings];
  *added = *finding;
  bool failed = false;
  added->message = copy_text(finding->message, &failed);
  added->expected = copy_text(finding->expected, &failed);
  added->seen = copy_text(finding->seen, &failed);
  if (failed) {
    free(added->message);
    free(added->expected);
    free(added->seen);
    return WSPEC_ERR_NOMEM;
  }
  result->n_findings++;
  return WSPEC_OK;
}

void wspec_result_skip(struct wspec_result *result, const char *reason) {
  bool failed = false;
  drop_findings(result);
  free(result->skip_reason);
  result->skip_reason = copy_text(reason, &failed);
  result->verdict = WSPEC_VERDICT_SKIP;
}

void wspec_result_conclude(struct wspec_result *result) {
  if (result->verdict == WSPEC_VERDICT_SKIP || result->verdict == WSPEC_VERDICT_ERROR) {
    return;
  }
  result->verdict = WSPEC_VERDICT_PASS;
  for (size_t i = 0; i < result->n_findings; i++) {
    if (result->findings[i].verdict > result->verdict) {
      result->verdict = result->findings[i].verdict;
    }
  }
}
