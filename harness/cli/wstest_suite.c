#include "cli/cases_dir.h"
#include "cli/command.h"
#include "cli/wstest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_wanted(void *user, const struct wspec_script *script) {
  const enum wspec_spec_role *role = user;
  enum wspec_case_target other =
      *role == WSPEC_SPEC_CLIENT ? WSPEC_TARGET_CLIENT : WSPEC_TARGET_SERVER;
  return script->n_autobahn > 0 && script->target != other;
}

static int compare_cases(const void *a, const void *b) {
  const struct wspec_wstest_case *first = a, *second = b;
  if (first->index != second->index) {
    return first->index < second->index ? -1 : 1;
  }
  return (first->script > second->script) - (first->script < second->script);
}

static void add_cases(struct wspec_wstest_suite *suite, const struct wspec_script *script) {
  for (size_t i = 0; i < script->n_autobahn; i++) {
    size_t index;
    if (wspec_number_find(script->autobahn[i], &index)) {
      suite->cases[suite->n_cases++] = (struct wspec_wstest_case){index, script};
      suite->texts[index].description = script->summary;
    }
  }
}

bool wspec_wstest_suite_load(struct wspec_wstest_suite *suite, const char *case_dir,
                             enum wspec_spec_role role) {
  *suite = (struct wspec_wstest_suite){.cases = NULL};
  /* Autobahn's groups 12 and 13 are among the cases that an ordinary run leaves out. */
  const struct wspec_load_options options = {.exhaustive = true, .wants = is_wanted, .user = &role};
  if (wspec_load_suite("wstest", case_dir, &options, &suite->requirements, &suite->set) !=
      WSPEC_EXIT_OK) {
    return false;
  }
  size_t n = 0;
  for (size_t i = 0; i < suite->set.n_scripts; i++) {
    n += suite->set.scripts[i].n_autobahn;
  }
  suite->cases = calloc(n + 1, sizeof *suite->cases);
  if (!suite->cases) {
    fprintf(stderr, "wstest: out of memory\n");
    return false;
  }
  for (size_t i = 0; i < suite->set.n_scripts; i++) {
    add_cases(suite, &suite->set.scripts[i]);
  }
  qsort(suite->cases, suite->n_cases, sizeof *suite->cases, compare_cases);
  return true;
}

void wspec_wstest_suite_clear(struct wspec_wstest_suite *suite) {
  free(suite->cases);
  wspec_case_set_clear(&suite->set);
  wspec_requirements_clear(&suite->requirements);
}

void wspec_wstest_print_cases(const struct wspec_spec *spec) {
  const char *comma = "";
  printf("Cases = [");
  for (size_t i = 0; i < WSPEC_N_NUMBERS; i++) {
    char number[WSPEC_NUMBER_SIZE];
    if (spec->selected[i]) {
      wspec_number_text(i, number);
      printf("%s'%s'", comma, number);
      comma = ", ";
    }
  }
  printf("]\n");
}

bool wspec_wstest_write(struct wspec_store *store, const char *outdir) {
  char *path = NULL;
  enum wspec_err err = wspec_store_write(store, outdir, &path);
  if (err == WSPEC_ERR_IO) {
    fprintf(stderr, "wstest: %s: %s\n", path, strerror(errno));
  } else if (err) {
    fprintf(stderr, "wstest: out of memory: the reports are not whole\n");
  }
  free(path);
  return err == WSPEC_OK;
}
