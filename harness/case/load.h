/* load: case files to scripts.
 *
 * A case file is JSON, one for each section of a spec; cases/README.md is the language and
 * cases/schema/case.schema.json its grammar. Loading checks the file whole, expands each case's
 * parameters, and resolves ids of requirements, so that a script needs no second look.
 *
 *   struct wspec_case_set set = {0};
 *   char *messages;
 *   enum wspec_err err = wspec_case_set_load(&set, "cases", &requirements, NULL, &messages);
 *   if (err) ...            // `messages`: "cases/x.json:3:5: at cases[0].id: expected …"
 *   wspec_case_set_clear(&set); */
#ifndef WSPEC_CASE_LOAD_H
#define WSPEC_CASE_LOAD_H

#include "base/err.h"
#include "case/requirement.h"
#include "case/script.h"

#include <stdbool.h>
#include <stddef.h>

enum {
  WSPEC_CASE_FILES_MAX = 10000,    /* in one directory tree */
  WSPEC_CASE_SCRIPTS_MAX = 4000000 /* in one set */
};

/* Scripts that were loaded, in the order of their files (by path, numbers by value: 5.2 before
 * 5.10), and within a file as they stand there. Zeroed is the empty set. */
struct wspec_case_set {
  struct wspec_script *scripts;
  size_t n_scripts;
  size_t n_files;
  size_t n_exhaustive; /* combinations of exhaustive cases that were left out */
  void *store;         /* private: what the scripts point to */
};

/* Zeroed: the ordinary cases. */
struct wspec_load_options {
  bool exhaustive; /* expand the cases that are marked so, too: a hundred thousand, 330 MB */
  /* Of those only the ones are kept that it returns true for; NULL: all. `script` lives for the
   * call and has no steps yet. */
  bool (*wants)(void *user, const struct wspec_script *script);
  void *user;
};

/* wspec_case_set_load adds the cases of the file at `path`, or of every .json file below the
 * directory at `path`, but for requirements.json, folders named "schema" and names that begin with
 * a dot. `requirements` must outlive `set`; `options` may be NULL for all off.
 * WSPEC_ERR_INPUT, WSPEC_ERR_IO: `*messages` (free it) holds a line for each mistake, of each file
 * at most WSPEC_DIAG_MESSAGES_MAX; an id that is in the set already is a mistake, too.
 * WSPEC_ERR_LIMIT: more than WSPEC_CASE_SCRIPTS_MAX scripts.
 * WSPEC_ERR_NOMEM. But for INPUT and IO `*messages` is NULL. After an error `set` holds the files
 * that were right and is to be cleared. */
WSPEC_MUST_USE enum wspec_err wspec_case_set_load(struct wspec_case_set *set, const char *path,
                                                  const struct wspec_requirements *requirements,
                                                  const struct wspec_load_options *options,
                                                  char **messages);

/* wspec_case_set_find returns the script with `id`, or NULL; valid until the next load or clear. */
const struct wspec_script *wspec_case_set_find(const struct wspec_case_set *set, const char *id);

/* wspec_case_set_clear frees all; zeroed or cleared is fine. */
void wspec_case_set_clear(struct wspec_case_set *set);

#endif
