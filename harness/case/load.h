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
#include "case/arena.h"
#include "case/requirement.h"
#include "case/script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  WSPEC_CASE_FILES_MAX = 10000,    /* in one directory tree */
  WSPEC_CASE_SCRIPTS_MAX = 4000000 /* in one set */
};

struct wspec_family;

/* One case of a set, the least that is held of it. */
struct wspec_case {
  const char *id;
  struct wspec_family *family; /* private: whom wspec_case_expand asks; NULL: it is a script */
  uint32_t index;              /* private: of the combination, or of the script */
  enum wspec_case_target target;
};

/* Cases that were loaded, in the order of their files (by path, numbers by value: 5.2 before
 * 5.10), and within a file as they stand there. Zeroed is the empty set. */
struct wspec_case_set {
  struct wspec_case *cases;
  size_t n_cases;
  struct wspec_script
      *scripts; /* of all cases, in their order, but for those that are expanded later */
  size_t n_scripts;
  size_t n_files;
  size_t n_exhaustive; /* combinations of exhaustive cases that were left out */
  void *store;         /* private: what the scripts point to */
};

/* Zeroed: the ordinary cases. */
struct wspec_load_options {
  bool exhaustive; /* the cases that are marked so, too: a hundred thousand */
  /* Those are only read for mistakes, and are no scripts until wspec_case_expand is asked for one:
   * 80 octets each instead of 3,000. */
  bool expand_later;
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

/* wspec_case_set_find returns the script with `id`, or NULL, also for one that is expanded later;
 * valid until the next load or clear. */
const struct wspec_script *wspec_case_set_find(const struct wspec_case_set *set, const char *id);

/* wspec_case_set_find_case returns the case with `id`, or NULL; valid likewise. */
const struct wspec_case *wspec_case_set_find_case(const struct wspec_case_set *set, const char *id);

/* wspec_case_expand returns the script of `item`, one of `set`: what it points to is in `arena` and
 * in the set and lives as long as both; one that is in the set costs nothing. NULL: out of memory, or
 * past the ceiling of `arena`. */
const struct wspec_script *wspec_case_expand(const struct wspec_case_set *set,
                                             const struct wspec_case *item,
                                             struct wspec_arena *arena);

/* wspec_case_expand_head is wspec_case_expand for who needs no steps: there may be none. */
const struct wspec_script *wspec_case_expand_head(const struct wspec_case_set *set,
                                                  const struct wspec_case *item,
                                                  struct wspec_arena *arena);

/* wspec_case_set_clear frees all; zeroed or cleared is fine. */
void wspec_case_set_clear(struct wspec_case_set *set);

#endif
