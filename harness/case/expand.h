/* expand: the parameters of a case ("each") and their combinations; private to case/. */
#ifndef WSPEC_CASE_EXPAND_H
#define WSPEC_CASE_EXPAND_H

#include "case/reader.h"

#include <stddef.h>
#include <stdint.h>

enum { WSPEC_COMBINATIONS_MAX = 70000 };

/* One parameter and its values. */
struct wspec_param {
  const char *name;
  uint64_t n_values;
  const cJSON **values; /* NULL: from `from` in steps of `step` */
  uint64_t from;
  uint64_t step;
  cJSON number; /* the value of a range that is bound */
};

/* All parameters of a case, in their order. A case without has one combination. */
struct wspec_expansion {
  struct wspec_param params[WSPEC_CASE_PARAMS_MAX];
  size_t n_params;
  uint64_t n_combinations;
};

/* wspec_expansion_load reads "each"; `item` is NULL for a case without. After a mistake there are
 * no combinations. */
void wspec_expansion_load(struct wspec_reader *reader, const cJSON *item,
                          struct wspec_expansion *out);

/* wspec_expansion_bind binds the parameters of `reader` to combination `index`; the last parameter
 * changes fastest. The bindings point into `expansion`. */
void wspec_expansion_bind(struct wspec_reader *reader, struct wspec_expansion *expansion,
                          uint64_t index);

#endif
