#include "case/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024 };

struct wspec_arena_block {
  struct wspec_arena_block *next;
  size_t capacity;
  size_t number; /* of all blocks, in the order in which they were made, from 1 */
  alignas(max_align_t) uint8_t data[];
};

void wspec_arena_init(struct wspec_arena *arena, size_t ceiling) {
  *arena = (struct wspec_arena){.ceiling = ceiling};
}

void wspec_arena_clear(struct wspec_arena *arena) {
  struct wspec_arena_block *block = arena->blocks;
  while (block) {
    struct wspec_arena_block *next = block->next;
    free(block);
    block = next;
  }
  wspec_arena_init(arena, arena->ceiling);
}

/* The new block goes behind the newest if it is filled at once, so that the room left in the newest
 * is not lost. */
static void *add_block(struct wspec_arena *arena, size_t size) {
  size_t capacity = size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE;
  if (capacity > arena->ceiling - arena->total) {
    capacity = size;
  }
  if (capacity > arena->ceiling - arena->total ||
      capacity > SIZE_MAX - sizeof(struct wspec_arena_block)) {
    arena->full = true;
    return NULL;
  }
  struct wspec_arena_block *block = calloc(1, sizeof *block + capacity);
  if (!block) {
    return NULL;
  }
  block->capacity = capacity;
  block->number = ++arena->n_blocks;
  arena->total += capacity;
  if (arena->blocks && capacity == size) {
    block->next = arena->blocks->next;
    arena->blocks->next = block;
  } else {
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used = size;
  }
  return block->data;
}

/* Returns `len` octets, at least one, at a multiple of `align`. */
static void *take(struct wspec_arena *arena, size_t len, size_t align) {
  size_t at = (arena->used + align - 1) / align * align;
  if (arena->blocks && at <= arena->blocks->capacity && arena->blocks->capacity - at >= len) {
    arena->used = at + len;
    return arena->blocks->data + at;
  }
  return add_block(arena, len);
}

void *wspec_arena_alloc(struct wspec_arena *arena, size_t count, size_t size) {
  if (size != 0 && count > (SIZE_MAX - sizeof(struct wspec_arena_block)) / size) {
    return NULL;
  }
  size_t len = count * size;
  return take(arena, len > 0 ? len : 1, alignof(max_align_t));
}

struct wspec_arena_mark wspec_arena_mark(const struct wspec_arena *arena) {
  return (struct wspec_arena_mark){arena->n_blocks, arena->used};
}

void wspec_arena_rewind(struct wspec_arena *arena, struct wspec_arena_mark mark) {
  bool has_newer = false; /* than the one that was the newest then */
  for (struct wspec_arena_block **at = &arena->blocks; *at;) {
    struct wspec_arena_block *block = *at;
    if (block->number <= mark.n_blocks) {
      at = &block->next;
      continue;
    }
    has_newer = has_newer || block == arena->blocks;
    arena->total -= block->capacity;
    *at = block->next;
    free(block);
  }
  if (arena->blocks) {
    size_t end = has_newer ? arena->blocks->capacity : arena->used;
    memset(arena->blocks->data + mark.used, 0, end - mark.used);
  }
  arena->n_blocks = mark.n_blocks;
  arena->used = mark.used;
}

char *wspec_arena_text(struct wspec_arena *arena, struct wspec_span span) {
  if (span.len == SIZE_MAX) {
    return NULL;
  }
  char *out = take(arena, span.len + 1, 1);
  if (out && span.len > 0) {
    memcpy(out, span.data, span.len);
  }
  return out;
}
