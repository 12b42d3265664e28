/* find_files: the case files below a directory; private to case/. */
#ifndef WSPEC_CASE_FIND_FILES_H
#define WSPEC_CASE_FIND_FILES_H

#include "base/err.h"
#include "case/diag.h"

#include <stddef.h>

/* Paths, each and the array of them allocated. */
struct wspec_paths {
  char **items;
  size_t n_items;
  size_t capacity; /* private */
};

/* wspec_find_case_files fills `out` (zeroed before, to be cleared whatever the outcome) with `path`
 * itself if it is no directory, or with the case files below it as wspec_case_set_load says,
 * sorted. WSPEC_ERR_IO: `diag` was told; WSPEC_ERR_INPUT: too many, too deep, or none, told too;
 * WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_find_case_files(const char *path, struct wspec_paths *out,
                                                    struct wspec_diag *diag);

/* wspec_paths_clear frees all. */
void wspec_paths_clear(struct wspec_paths *paths);

/* wspec_compare_natural compares as strcmp does, but digits by their value: "5.2" < "5.10". */
int wspec_compare_natural(const char *a, const char *b);

#endif
