#include "case/suggest.h"

#include <string.h>

enum { NAME_MAX_LEN = 64 };

static size_t least(size_t a, size_t b, size_t c) {
  size_t smaller = a < b ? a : b;
  return smaller < c ? smaller : c;
}

/* Levenshtein's distance, one row at a time. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len) {
  size_t row[NAME_MAX_LEN + 1];
  for (size_t j = 0; j <= b_len; j++) {
    row[j] = j;
  }
  for (size_t i = 1; i <= a_len; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b_len; j++) {
      size_t above = row[j];
      row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[b_len];
}

const char *wspec_suggest(const char *name, const char *const *names, size_t n_names) {
  size_t len = strlen(name);
  size_t best = len < 6 ? 2 : 3;
  const char *found = NULL;
  for (size_t i = 0; i < n_names && len <= NAME_MAX_LEN; i++) {
    size_t other = strlen(names[i]);
    if (other <= NAME_MAX_LEN && other > 1) {
      size_t steps = distance(name, len, names[i], other);
      if (steps < best) {
        best = steps;
        found = names[i];
      }
    }
  }
  return found;
}
