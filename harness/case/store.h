/* store: what the scripts of a case set point to; private to case/. */
#ifndef WSPEC_CASE_STORE_H
#define WSPEC_CASE_STORE_H

#include "case/arena.h"
#include "case/json_file.h"
#include "case/load.h"
#include "case/reader.h"

/* A file stays, as scripts share the strings of its tree. */
struct wspec_case_file {
  struct wspec_case_file *next;
  struct wspec_json_file json;
};

struct wspec_case_store {
  struct wspec_arena arena;
  struct wspec_case_file *files;
  struct wspec_octet_file *octet_files;
  size_t capacity; /* of the set's scripts */
  size_t *by_id;   /* open addressing, of `n_slots`; index + 1 of a script, 0 if free */
  size_t n_slots;
};

/* wspec_case_set_add appends a copy of `script`. WSPEC_ERR_INPUT: its id is in the set already;
 * WSPEC_ERR_LIMIT; WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_case_set_add(struct wspec_case_set *set,
                                                 const struct wspec_script *script);

/* load_case.c: adds all cases of the tree of `reader->file`. WSPEC_ERR_INPUT after mistakes. */
WSPEC_MUST_USE enum wspec_err wspec_load_cases(struct wspec_case_set *set,
                                               struct wspec_reader *reader,
                                               const struct wspec_load_options *options);

#endif
