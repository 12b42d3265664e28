#include "case/lint_rules.h"

#include "base/ascii.h"

#include <string.h>

enum { SUMMARY_MAX = 100 };

/* ---- Summary ---- */

static size_t count_characters(const char *text) {
  size_t n = 0;
  for (; *text; text++) {
    n += ((uint8_t)*text & 0xC0) != 0x80;
  }
  return n;
}

static bool has_words(const char *text, const char *words) {
  size_t len = strlen(words);
  for (size_t i = 0; text[i]; i++) {
    bool starts = i == 0 || !wspec_ascii_is_alpha((uint8_t)text[i - 1]);
    if (starts && strlen(text + i) >= len &&
        wspec_ascii_equal_nocase(wspec_span_of(text + i, len), wspec_span_text(words)) &&
        !wspec_ascii_is_alpha((uint8_t)text[i + len])) {
      return true;
    }
  }
  return false;
}

static void lint_summary(struct wspec_linter *linter) {
  static const char *const banned[] = {"should",     "must",        "test that", "tests that",
                                       "check that", "checks that", "verify"};
  const char *summary = linter->script->summary;
  size_t len = strlen(summary);
  for (size_t i = 0; i < sizeof banned / sizeof banned[0]; i++) {
    if (has_words(summary, banned[i])) {
      wspec_linter_tell(linter, WSPEC_LINT_SUMMARY_STYLE, NULL,
                        "the summary says \"%s\"; say what the target does, in the present tense",
                        banned[i]);
    }
  }
  if (len == 0) {
    wspec_linter_tell(linter, WSPEC_LINT_SUMMARY_STYLE, NULL, "the summary is empty");
  } else if (summary[len - 1] == '.') {
    wspec_linter_tell(linter, WSPEC_LINT_SUMMARY_STYLE, NULL, "the summary ends with a full stop");
  } else if (count_characters(summary) > SUMMARY_MAX) {
    wspec_linter_tell(linter, WSPEC_LINT_SUMMARY_STYLE, NULL,
                      "the summary has %zu characters, more than %d", count_characters(summary),
                      SUMMARY_MAX);
  }
}

/* ---- Requirements ---- */

static void lint_requirements(struct wspec_linter *linter) {
  const struct wspec_script *script = linter->script;
  bool of_spec = strncmp(script->spec, "rfc", 3) != 0;
  for (size_t i = 0; i < script->n_requirements; i++) {
    of_spec = of_spec || strcmp(script->requirements[i]->rfc, script->spec + 3) == 0;
    for (size_t k = 0; k < i; k++) {
      if (script->requirements[i] == script->requirements[k]) {
        wspec_linter_tell(linter, WSPEC_LINT_REQUIREMENT_TWICE, NULL, "%s is listed twice",
                          script->requirements[i]->id);
      }
    }
  }
  if (!of_spec) {
    wspec_linter_tell(linter, WSPEC_LINT_REQUIREMENT_OF_SPEC, NULL,
                      "none of its requirements is of %s, the spec of its file", script->spec);
  }
}

/* ---- Its place among the others ---- */

static bool is_retired(const char *retired, const char *id) {
  size_t len = strlen(id);
  for (const char *line = retired; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, id, len) == 0 && strchr(" \t\r\n", line[len])) {
      return true;
    }
  }
  return false;
}

static bool has_expectation(const struct wspec_script *script) {
  for (size_t i = 0; i < script->n_steps; i++) {
    if (script->steps[i].kind == WSPEC_STEP_EXPECT || script->steps[i].kind == WSPEC_STEP_CLOSE) {
      return true;
    }
  }
  return false;
}

void wspec_lint_case(struct wspec_linter *linter) {
  const struct wspec_script *script = linter->script;
  lint_summary(linter);
  lint_requirements(linter);
  if (!script->call && !has_expectation(script)) {
    wspec_linter_tell(linter, WSPEC_LINT_NO_EXPECTATION, NULL,
                      "it expects nothing and cannot fail; add \"expect\" or \"close\"");
  }
  if (linter->twin) {
    wspec_linter_tell(linter, WSPEC_LINT_EQUAL_STEPS, NULL, "it does the same as %s",
                      linter->twin->id);
  }
  if (is_retired(linter->retired, script->id)) {
    wspec_linter_tell(linter, WSPEC_LINT_RETIRED_ID, NULL,
                      "this id is in retired.txt and is not given again");
  }
}
