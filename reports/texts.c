#include "reports/texts.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 256 };

void wspec_texts_clear(struct wspec_texts *texts) {
  free(texts->slots);
  *texts = (struct wspec_texts){.slots = NULL};
}

/* FNV-1a. */
static size_t probe(const struct wspec_texts *texts, const char *text) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (const char *at = text; *at; at++) {
    hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
  }
  size_t slot = (size_t)(hash % texts->n_slots);
  while (texts->slots[slot] && strcmp(texts->slots[slot], text) != 0) {
    slot = (slot + 1) % texts->n_slots;
  }
  return slot;
}

/* Half of the slots stay free: one is never far. */
static bool grow(struct wspec_texts *texts) {
  struct wspec_texts larger = {.n_slots = texts->n_slots ? 2 * texts->n_slots : SLOTS_FIRST,
                               .n = texts->n};
  larger.slots = calloc(larger.n_slots, sizeof(const char *));
  if (!larger.slots) {
    return false;
  }
  for (size_t i = 0; i < texts->n_slots; i++) {
    if (texts->slots[i]) {
      larger.slots[probe(&larger, texts->slots[i])] = texts->slots[i];
    }
  }
  free(texts->slots);
  *texts = larger;
  return true;
}

const char *wspec_texts_keep(struct wspec_texts *texts, struct wspec_arena *arena,
                             const char *text) {
  if (2 * texts->n >= texts->n_slots && !grow(texts)) {
    return NULL;
  }
  size_t slot = probe(texts, text);
  if (!texts->slots[slot]) {
    texts->slots[slot] = wspec_arena_text(arena, wspec_span_text(text));
    texts->n += texts->slots[slot] != NULL;
  }
  return texts->slots[slot];
}
