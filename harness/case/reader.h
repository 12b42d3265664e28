/* reader: one case file while it is read; private to case/.
 *
 * Every function takes an item as it stands in the file and resolves its parameters itself. A
 * mistake is told to the diag and reading goes on with some harmless value, so that one look finds
 * all mistakes; `failed` and `out_of_memory` say afterwards what became of it. */
#ifndef WSPEC_CASE_READER_H
#define WSPEC_CASE_READER_H

#include "case/arena.h"
#include "case/diag.h"
#include "case/json_file.h"
#include "case/requirement.h"
#include "case/script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WSPEC_CASE_PARAMS_MAX = 8 };

/* A parameter of a case, bound to one of its values. */
struct wspec_binding {
  const char *name;
  const cJSON *value; /* a scalar, or an object with a "name" */
};

struct wspec_octet_file;

struct wspec_reader {
  struct wspec_arena *arena;
  const struct wspec_json_file *file;
  struct wspec_diag *diag;
  const struct wspec_requirements *requirements;
  struct wspec_octet_file **octet_files; /* those read so far, for all case files */
  struct wspec_arena *octet_arena;       /* where they are: they outlive what else is read */

  /* of the case that is read */
  struct wspec_binding bindings[WSPEC_CASE_PARAMS_MAX];
  size_t n_bindings;
  struct wspec_script *script;
  uint64_t seed;     /* of the full id */
  uint64_t n_random; /* random payloads without a seed so far */

  bool failed;
  bool out_of_memory;
};

/* wspec_reader_alloc returns zeroed memory of the arena for `count` things of `size`; NULL sets
 * `out_of_memory`. */
void *wspec_reader_alloc(struct wspec_reader *reader, size_t count, size_t size);

/* wspec_reader_complain tells a mistake at `item`, printf-like. */
void wspec_reader_complain(struct wspec_reader *reader, const cJSON *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* wspec_reader_expected tells that `item` is not what was expected, and what it is. */
void wspec_reader_expected(struct wspec_reader *reader, const cJSON *item, const char *what);

/* wspec_reader_resolve returns `item`, or what the parameter stands for if `item` is a string that
 * is one parameter and nothing else. */
const cJSON *wspec_reader_resolve(struct wspec_reader *reader, const cJSON *item);

/* wspec_reader_member returns a member of an object that is resolved, or NULL. */
const cJSON *wspec_reader_member(const cJSON *object, const char *name);

/* wspec_reader_text returns a string with its parameters filled in; a number or a truth value that
 * comes from a parameter is printed. NULL after a mistake. */
const char *wspec_reader_text(struct wspec_reader *reader, const cJSON *item);

/* wspec_reader_uint returns a whole number in `min`..`max` (at most 2^53); `min` after a
 * mistake. */
uint64_t wspec_reader_uint(struct wspec_reader *reader, const cJSON *item, uint64_t min,
                           uint64_t max);

/* wspec_reader_bool returns a truth value; false after a mistake. */
bool wspec_reader_bool(struct wspec_reader *reader, const cJSON *item);

/* wspec_reader_choice returns the index of a string in `names`, or -1 after a mistake. */
int wspec_reader_choice(struct wspec_reader *reader, const cJSON *item, const char *const *names,
                        size_t n_names);

/* wspec_reader_object returns `item` resolved if it is an object whose members are all among
 * `names`; unknown ones are told, but do not spoil the rest. NULL: it is no object. */
const cJSON *wspec_reader_object(struct wspec_reader *reader, const cJSON *item,
                                 const char *const *names, size_t n_names);

/* wspec_reader_one_of returns the index of the one name that `object` has a member of; -1 after
 * telling that there is none, or more than one. */
int wspec_reader_one_of(struct wspec_reader *reader, const cJSON *object, const char *const *names,
                        size_t n_names);

/* wspec_reader_array returns how many elements `item` has and in `*first` the first; an empty array
 * is a mistake if `min` is 1. -1: it is no array. */
int wspec_reader_array(struct wspec_reader *reader, const cJSON *item, int min,
                       const cJSON **first);

/* wspec_reader_requirement returns the requirement that a string names; NULL after a mistake. */
const struct wspec_requirement *wspec_reader_requirement(struct wspec_reader *reader,
                                                         const cJSON *item);

/* wspec_reader_octets returns all octets of `payload` in one piece, owned by the arena. Empty
 * after a mistake, which is told at `item`: longer than `max`. */
struct wspec_span wspec_reader_octets(struct wspec_reader *reader, const cJSON *item,
                                      const struct wspec_payload *payload, size_t max);

#endif
