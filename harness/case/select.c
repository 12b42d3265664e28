#include "case/select.h"

#include <stdlib.h>
#include <string.h>

/* Going back only to the last star is enough, and bounds the work: what the stars before it took
 * never has to change. */
static bool matches_up_to(const char *glob, const char *text, size_t len) {
  const char *star = NULL;
  size_t star_at = 0;
  size_t at = 0;
  while (at < len) {
    if (*glob == '*') {
      star = glob++;
      star_at = at;
    } else if (*glob != '\0' && (*glob == '?' || *glob == text[at])) {
      glob++;
      at++;
    } else if (star) {
      glob = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  return glob[strspn(glob, "*")] == '\0';
}

bool wspec_glob_matches(const char *glob, const char *text) {
  for (const char *slash = strchr(text, '/'); slash; slash = strchr(slash + 1, '/')) {
    if (matches_up_to(glob, text, (size_t)(slash - text))) {
      return true;
    }
  }
  return matches_up_to(glob, text, strlen(text));
}

static bool names_requirement(const struct wspec_script *script, const char *glob) {
  for (size_t i = 0; i < script->n_requirements; i++) {
    if (wspec_glob_matches(glob, script->requirements[i]->id)) {
      return true;
    }
  }
  return false;
}

static bool has_tag(const struct wspec_script *script, const char *tag) {
  for (size_t i = 0; i < script->n_tags; i++) {
    if (strcmp(script->tags[i], tag) == 0) {
      return true;
    }
  }
  return false;
}

static bool has_id(const struct wspec_script *script, const char *glob) {
  return wspec_glob_matches(glob, script->id);
}

/* One way to ask, and the words asked with. */
struct filter {
  bool (*fits)(const struct wspec_script *script, const char *word);
  const char *const *words;
  size_t n_words;
};

enum { N_FILTERS = 4 };

static void list_filters(const struct wspec_selection *selection,
                         struct filter filters[N_FILTERS]) {
  const struct filter list[N_FILTERS] = {
      {has_id, selection->excludes, selection->n_excludes},
      {has_id, selection->cases, selection->n_cases},
      {has_tag, selection->tags, selection->n_tags},
      {names_requirement, selection->requirements, selection->n_requirements}};
  memcpy(filters, list, sizeof list);
}

static bool fits_any(const struct filter *filter, const struct wspec_script *script) {
  for (size_t i = 0; i < filter->n_words; i++) {
    if (filter->fits(script, filter->words[i])) {
      return true;
    }
  }
  return false;
}

static bool passes(const struct filter filters[N_FILTERS], const struct wspec_script *script) {
  bool passes = !fits_any(&filters[0], script);
  for (size_t i = 1; i < N_FILTERS && passes; i++) {
    passes = filters[i].n_words == 0 || fits_any(&filters[i], script);
  }
  return passes;
}

static void note_words(const struct filter filters[N_FILTERS], bool *seen,
                       const struct wspec_script *script) {
  for (size_t i = 0; i < N_FILTERS; i++) {
    for (size_t k = 0; k < filters[i].n_words; k++, seen++) {
      *seen = *seen || filters[i].fits(script, filters[i].words[k]);
    }
  }
}

bool wspec_selection_takes(const struct wspec_selection *selection,
                           const struct wspec_script *script) {
  struct filter filters[N_FILTERS];
  list_filters(selection, filters);
  if (selection->seen) {
    note_words(filters, selection->seen, script);
  }
  return passes(filters, script);
}

/* `seen` is NULL, or that of the filter's first word. */
static const char *find_unmatched(const struct filter *filter, const bool *seen,
                                  const struct wspec_case_set *set) {
  for (size_t i = 0; i < filter->n_words; i++) {
    size_t k = seen && seen[i] ? set->n_scripts + 1 : 0;
    while (k < set->n_scripts && !filter->fits(&set->scripts[k], filter->words[i])) {
      k++;
    }
    if (k == set->n_scripts) {
      return filter->words[i];
    }
  }
  return NULL;
}

enum wspec_err wspec_select(const struct wspec_selection *selection,
                            const struct wspec_case_set *set, const struct wspec_case ***out,
                            size_t *n_out, const char **unmatched) {
  struct filter filters[N_FILTERS];
  const bool *seen = selection->seen;
  list_filters(selection, filters);
  *out = NULL;
  *n_out = 0;
  *unmatched = NULL;
  for (size_t i = 0; i < N_FILTERS && !*unmatched; i++) {
    *unmatched = find_unmatched(&filters[i], seen, set);
    seen = seen ? seen + filters[i].n_words : NULL;
  }
  const struct wspec_case **found = calloc(set->n_cases + 1, sizeof(struct wspec_case *));
  if (!found) {
    return WSPEC_ERR_NOMEM;
  }
  for (size_t i = 0; i < set->n_cases; i++) {
    const struct wspec_case *item = &set->cases[i];
    if (item->family || passes(filters, &set->scripts[item->index])) {
      found[(*n_out)++] = item;
    }
  }
  if (*n_out > 0) {
    *out = found;
  } else {
    free(found);
  }
  return WSPEC_OK;
}
