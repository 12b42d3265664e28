#include "common/suite.h"

#include "common/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static struct wspec_requirements requirements;
static struct wspec_case_set set;
static const struct wspec_script **by_tag;

uint32_t fuzz_suite_tag(const struct wspec_script *script) {
  uint32_t tag = UINT32_C(2166136261); /* FNV-1a */
  for (const char *at = script->id; *at != '\0'; at++) {
    tag = (tag ^ (uint8_t)*at) * UINT32_C(16777619);
  }
  return tag;
}

static int compare_tags(const void *a, const void *b) {
  uint32_t x = fuzz_suite_tag(*(const struct wspec_script *const *)a);
  uint32_t y = fuzz_suite_tag(*(const struct wspec_script *const *)b);
  return (x > y) - (x < y);
}

static void load(void) {
  char *messages = NULL;
  if (wspec_requirements_load(&requirements, WSPEC_CASES_DIR "/requirements.json", &messages) ||
      wspec_case_set_load(&set, WSPEC_CASES_DIR, &requirements, NULL, &messages)) {
    fprintf(stderr, "%s\n", messages ? messages : "out of memory");
    abort();
  }
  FUZZ_CHECK(set.n_scripts > 0);
  by_tag = malloc(set.n_scripts * sizeof *by_tag);
  FUZZ_CHECK(by_tag);
  for (size_t i = 0; i < set.n_scripts; i++) {
    by_tag[i] = &set.scripts[i];
  }
  qsort(by_tag, set.n_scripts, sizeof *by_tag, compare_tags);
}

const struct wspec_case_set *fuzz_suite(void) {
  if (!by_tag) {
    load();
  }
  return &set;
}

const struct wspec_requirements *fuzz_suite_requirements(void) {
  return &requirements;
}

const struct wspec_script *fuzz_suite_pick(uint32_t tag) {
  size_t low = 0, high = fuzz_suite()->n_scripts;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (fuzz_suite_tag(by_tag[middle]) < tag) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return by_tag[low < set.n_scripts ? low : 0];
}
