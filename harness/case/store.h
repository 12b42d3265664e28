/* store: what the scripts of a case set point to; private to case/. */
#ifndef WSPEC_CASE_STORE_H
#define WSPEC_CASE_STORE_H

#include "case/arena.h"
#include "case/expand.h"
#include "case/json_file.h"
#include "case/load.h"
#include "case/reader.h"

/* A file stays, as scripts share the strings of its tree. */
struct wspec_case_file {
  struct wspec_case_file *next;
  struct wspec_json_file json;
};

/* What all cases of a file have in common. */
struct wspec_file_head {
  const char *spec;
  const char *number; /* of the spec, as ids begin: "6455"; or its name */
  const char *section;
};

/* A case as it stands in its file, for all combinations of its parameters. */
struct wspec_family {
  const struct wspec_json_file *file;
  const struct wspec_requirements *requirements;
  const struct wspec_file_head *head;
  const cJSON *object;
  struct wspec_expansion expansion;
};

struct wspec_case_store {
  struct wspec_arena arena;
  struct wspec_arena scratch; /* of one combination that is looked at, and not held */
  struct wspec_case_file *files;
  struct wspec_octet_file *octet_files;
  size_t script_capacity, case_capacity; /* of the set's arrays */
  uint32_t *by_id; /* open addressing, of `n_slots`; index + 1 of a case, 0 if free */
  size_t n_slots;
};

/* wspec_case_set_add appends a copy of `script` and its case. WSPEC_ERR_INPUT: its id is in the set
 * already; WSPEC_ERR_LIMIT; WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_case_set_add(struct wspec_case_set *set,
                                                 const struct wspec_script *script);

/* wspec_case_set_add_later appends the case of `script`, whose id is copied, as combination `index`
 * of `family`; errors as wspec_case_set_add. */
WSPEC_MUST_USE enum wspec_err wspec_case_set_add_later(struct wspec_case_set *set,
                                                       const struct wspec_script *script,
                                                       struct wspec_family *family, uint64_t index);

/* load_case.c: adds all cases of the tree of `reader->file`. WSPEC_ERR_INPUT after mistakes. */
WSPEC_MUST_USE enum wspec_err wspec_load_cases(struct wspec_case_set *set,
                                               struct wspec_reader *reader,
                                               const struct wspec_load_options *options);

/* load_case.c: reads what `reader`'s bindings make of the case into `reader->script`, which is
 * zeroed, but for its steps. */
void wspec_load_script_head(struct wspec_reader *reader, const struct wspec_file_head *head,
                            const cJSON *object);

#endif
