/* arena: memory that is given back all at once. Whatever a case set or a list of requirements
 * points to is in one, so that none of it has an owner of its own. */
#ifndef WSPEC_CASE_ARENA_H
#define WSPEC_CASE_ARENA_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

struct wspec_arena_block;

/* Where an arena stood. */
struct wspec_arena_mark {
  size_t n_blocks, used; /* private */
};

/* Zeroed is an empty arena with ceiling 0. */
struct wspec_arena {
  struct wspec_arena_block *blocks; /* private; the newest first */
  size_t n_blocks;                  /* private: made since it was empty */
  size_t used;                      /* private: of the newest block */
  size_t total;                     /* read-only for users: octets held, all blocks */
  size_t ceiling;                   /* `total` never exceeds it */
  bool full;                        /* read-only for users: an allocation failed by the ceiling */
};

/* wspec_arena_init makes `arena` empty; it will hold at most `ceiling` octets. */
void wspec_arena_init(struct wspec_arena *arena, size_t ceiling);

/* wspec_arena_clear frees everything and makes `arena` empty; its ceiling stays. */
void wspec_arena_clear(struct wspec_arena *arena);

/* wspec_arena_alloc returns `count` * `size` zeroed octets, aligned for anything, valid until the
 * arena is cleared; never NULL for a size of 0. NULL: out of memory, or past the ceiling. */
void *wspec_arena_alloc(struct wspec_arena *arena, size_t count, size_t size);

/* wspec_arena_mark returns where the arena stands, for wspec_arena_rewind. */
struct wspec_arena_mark wspec_arena_mark(const struct wspec_arena *arena);

/* wspec_arena_rewind frees what was allocated since `mark` was taken; marks that were taken
 * meanwhile are void. */
void wspec_arena_rewind(struct wspec_arena *arena, struct wspec_arena_mark mark);

/* wspec_arena_text returns a NUL-terminated copy of `span`, valid until the arena is cleared.
 * NULL as wspec_arena_alloc. */
char *wspec_arena_text(struct wspec_arena *arena, struct wspec_span span);

#endif
