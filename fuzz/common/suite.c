#include "common/suite.h"

#include "common/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN = 4096 };

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

static char *find_last_slash(char *path, size_t len) {
  while (len > 0 && path[len - 1] != '/') {
    len--;
  }
  return len > 0 ? path + len - 1 : NULL;
}

const char *fuzz_cases_dir(void) {
  static const char name[] = "cases";
  static char beside[PATH_LEN];
  ssize_t len = readlink("/proc/self/exe", beside, sizeof beside - sizeof name);
  char *slash = len > 0 ? find_last_slash(beside, (size_t)len) : NULL;
  if (!slash) {
    return WSPEC_CASES_DIR;
  }
  memcpy(slash + 1, name, sizeof name);
  return access(beside, R_OK) == 0 ? beside : WSPEC_CASES_DIR;
}

static void load(void) {
  char *messages = NULL, path[PATH_LEN];
  (void)snprintf(path, sizeof path, "%s/requirements.json", fuzz_cases_dir());
  if (wspec_requirements_load(&requirements, path, &messages) ||
      wspec_case_set_load(&set, fuzz_cases_dir(), &requirements, NULL, &messages)) {
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
