/* texts: each text once, however often it is said: a hundred thousand results name the same section,
 * requirements and messages. */
#ifndef WSPEC_REPORTS_TEXTS_H
#define WSPEC_REPORTS_TEXTS_H

#include "case/arena.h"

#include <stddef.h>

/* Zeroed is empty. */
struct wspec_texts {
  const char **slots; /* private: open addressing, of `n_slots`; NULL: free */
  size_t n_slots, n;  /* private */
};

/* wspec_texts_clear frees the table; the texts are their arena's. */
void wspec_texts_clear(struct wspec_texts *texts);

/* wspec_texts_keep returns the one copy of `text`, which is made in `arena` if it is the first; NULL:
 * out of memory, or past the ceiling of `arena`. */
const char *wspec_texts_keep(struct wspec_texts *texts, struct wspec_arena *arena,
                             const char *text);

#endif
