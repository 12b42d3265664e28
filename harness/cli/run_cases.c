#include "cli/run_cases.h"

#include "cli/cases_dir.h"
#include "cli/command.h"

#include "case/select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The I-th of N parts: by a hash of the id, so that a case stays in its part when others come. */
static bool is_in_shard(const struct wspec_run_options *options, const char *id) {
  uint32_t hash = 2166136261u;
  for (; *id; id++) {
    hash = (hash ^ (uint8_t)*id) * 16777619u;
  }
  return hash % options->n_shards == options->shard - 1;
}

static bool is_playable(const struct wspec_run_options *options, enum wspec_case_target target,
                        const char *id) {
  bool is_for_role = target == WSPEC_TARGET_ANY || target == options->role;
  bool is_of_api = strncmp(id, "api/", 4) == 0;
  return is_for_role && is_of_api == options->api && is_in_shard(options, id);
}

/* ---- Loading ---- */

/* What is asked about each exhaustive case while it is loaded. */
struct wish {
  const struct wspec_run_options *options;
  struct wspec_selection selection;
};

static bool is_wished_for(void *user, const struct wspec_script *script) {
  const struct wish *wish = user;
  return wspec_selection_takes(&wish->selection, script) &&
         is_playable(wish->options, script->target, script->id);
}

static int load(const struct wspec_run_options *options, struct wish *wish,
                struct wspec_requirements *requirements, struct wspec_case_set *set) {
  const struct wspec_load_options load_options = {.exhaustive = options->exhaustive,
                                                  .expand_later = true,
                                                  .wants = is_wished_for,
                                                  .user = wish};
  int code = wspec_load_suite(options->outputs.command, options->case_dir, &load_options,
                              requirements, set);
  for (size_t i = 0; i < options->n_case_files && code == WSPEC_EXIT_OK; i++) {
    code = wspec_load_cases_at(options->outputs.command, options->case_files[i], requirements,
                               &load_options, set);
  }
  return code;
}

static void keep_playable(const struct wspec_run_options *options, const struct wspec_case **cases,
                          size_t *n_cases) {
  size_t kept = 0;
  for (size_t i = 0; i < *n_cases; i++) {
    if (is_playable(options, cases[i]->target, cases[i]->id)) {
      cases[kept++] = cases[i];
    }
  }
  *n_cases = kept;
}

static int select_cases(const struct wspec_run_options *options, const struct wish *wish,
                        const struct wspec_case_set *set, const struct wspec_case ***cases,
                        size_t *n_cases) {
  const char *unmatched = NULL;
  if (wspec_select(&wish->selection, set, cases, n_cases, &unmatched)) {
    fprintf(stderr, "wspec %s: out of memory\n", options->outputs.command);
    return WSPEC_EXIT_UNREACHABLE;
  }
  if (unmatched) {
    fprintf(stderr, "wspec %s: '%s' matches no case; 'wspec list' shows them\n",
            options->outputs.command, unmatched);
  }
  keep_playable(options, *cases, n_cases);
  if (*n_cases == 0) {
    fprintf(stderr, "wspec %s: no case was selected\n", options->outputs.command);
    return WSPEC_EXIT_NO_CASES;
  }
  return WSPEC_EXIT_OK;
}

int wspec_run_cases_load(const struct wspec_run_options *options,
                         struct wspec_requirements *requirements, struct wspec_case_set *set,
                         const struct wspec_case ***cases, size_t *n_cases) {
  struct wish wish = {.options = options, .selection = options->selection};
  size_t n_words = wish.selection.n_cases + wish.selection.n_excludes + wish.selection.n_tags +
                   wish.selection.n_requirements;
  wish.selection.seen = calloc(n_words + 1, sizeof *wish.selection.seen);
  if (!wish.selection.seen) {
    fprintf(stderr, "wspec %s: out of memory\n", options->outputs.command);
    return WSPEC_EXIT_UNREACHABLE;
  }
  int code = load(options, &wish, requirements, set);
  if (code == WSPEC_EXIT_OK) {
    code = select_cases(options, &wish, set, cases, n_cases);
  }
  free(wish.selection.seen);
  return code;
}

/* ---- Which cases a baseline names ---- */

struct names {
  const struct wspec_baseline *baseline;
  bool *named;
  size_t n_left; /* that are not named yet */
};

static void look_at(struct names *names, const char *id) {
  for (size_t i = 0; i < names->baseline->n_entries && names->n_left > 0; i++) {
    if (!names->named[i] && wspec_glob_matches(names->baseline->entries[i].pattern, id)) {
      names->named[i] = true;
      names->n_left--;
    }
  }
}

static bool wants_none(void *user, const struct wspec_script *script) {
  look_at(user, script->id);
  return false;
}

void wspec_run_cases_named(const struct wspec_run_options *options,
                           const struct wspec_requirements *requirements,
                           const struct wspec_case_set *set, const struct wspec_baseline *baseline,
                           bool *named) {
  struct names names = {baseline, named, baseline->n_entries};
  for (size_t i = 0; i < baseline->n_entries; i++) {
    named[i] = false;
  }
  for (size_t i = 0; i < set->n_cases && names.n_left > 0; i++) {
    look_at(&names, set->cases[i].id);
  }
  char *dir = names.n_left > 0 ? wspec_cases_dir(options->case_dir) : NULL;
  if (dir) {
    const struct wspec_load_options load_options = {
        .exhaustive = true, .wants = wants_none, .user = &names};
    struct wspec_case_set others = {0};
    (void)wspec_load_cases_at(options->outputs.command, dir, requirements, &load_options, &others);
    wspec_case_set_clear(&others);
  }
  free(dir);
}
