/* select: which cases are to be played. */
#ifndef WSPEC_CASE_SELECT_H
#define WSPEC_CASE_SELECT_H

#include "base/err.h"
#include "case/load.h"
#include "case/script.h"

#include <stdbool.h>
#include <stddef.h>

/* What is asked for. Zeroed selects everything. Texts are borrowed. */
struct wspec_selection {
  const char *const *cases; /* globs over ids; a case must match one, if there are any */
  size_t n_cases;
  const char *const *excludes; /* globs over ids; a case must match none */
  size_t n_excludes;
  const char *const *tags; /* a case must have one of them, if there are any */
  size_t n_tags;
  const char *const *requirements; /* globs over requirement ids; a case must name one */
  size_t n_requirements;
  /* Globs and tags that a script was seen to fit by wspec_selection_takes; private. One for each,
   * in the order of excludes, cases, tags, requirements. NULL: it is not noted. */
  bool *seen;
};

/* wspec_glob_matches returns true if `glob` matches the whole of `text`, or a part of it from its
 * start that a '/' follows: "6455/5.*" matches "6455/5.2/length-0". '*' is any octets, '/' too; '?'
 * is any one; all else stands for itself. */
bool wspec_glob_matches(const char *glob, const char *text);

/* wspec_selection_takes returns true if `selection` asks for `script`, whose steps do not count. Of
 * scripts that are not in the set given to wspec_select, it notes which globs and tags they fit. */
bool wspec_selection_takes(const struct wspec_selection *selection,
                           const struct wspec_script *script);

/* wspec_select fills `out` with the cases of `set` that `selection` asks for, in their order; those
 * that are expanded later were asked for when they were loaded, and are taken. The caller frees
 * `*out` with free(). It is NULL and `*n_out` 0 if there are none. A glob or tag that fits no script
 * at all is most likely a slip: `*unmatched` is then the first such one of the selection, else NULL;
 * it is no error. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_select(const struct wspec_selection *selection,
                                           const struct wspec_case_set *set,
                                           const struct wspec_case ***out, size_t *n_out,
                                           const char **unmatched);

#endif
