#include "case/store.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static size_t slot_of(const char *id, size_t n_slots) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *id; id++) {
    hash = (hash ^ (uint8_t)*id) * UINT64_C(0x100000001b3);
  }
  return (size_t)(hash % n_slots);
}

/* Returns the slot that holds `id`, or the free one where it belongs. */
static size_t probe(const struct wspec_case_set *set, const struct wspec_case_store *store,
                    const char *id) {
  size_t slot = slot_of(id, store->n_slots);
  while (store->by_id[slot] != 0 && strcmp(set->scripts[store->by_id[slot] - 1].id, id) != 0) {
    slot = (slot + 1) % store->n_slots;
  }
  return slot;
}

/* The table has twice as many slots as there is room for scripts: a free one is never far. */
static enum wspec_err grow(struct wspec_case_set *set, struct wspec_case_store *store) {
  if (set->n_scripts >= WSPEC_CASE_SCRIPTS_MAX) {
    return WSPEC_ERR_LIMIT;
  }
  size_t capacity = store->capacity ? store->capacity * 2 : 256;
  struct wspec_script *scripts = realloc(set->scripts, capacity * sizeof *scripts);
  if (!scripts) {
    return WSPEC_ERR_NOMEM;
  }
  set->scripts = scripts;
  size_t *by_id = calloc(capacity * 2, sizeof *by_id);
  if (!by_id) {
    return WSPEC_ERR_NOMEM;
  }
  free(store->by_id);
  store->by_id = by_id;
  store->n_slots = capacity * 2;
  store->capacity = capacity;
  for (size_t i = 0; i < set->n_scripts; i++) {
    store->by_id[probe(set, store, set->scripts[i].id)] = i + 1;
  }
  return WSPEC_OK;
}

enum wspec_err wspec_case_set_add(struct wspec_case_set *set, const struct wspec_script *script) {
  struct wspec_case_store *store = set->store;
  if (set->n_scripts == store->capacity) {
    enum wspec_err err = grow(set, store);
    if (err) {
      return err;
    }
  }
  size_t slot = probe(set, store, script->id);
  if (store->by_id[slot] != 0) {
    return WSPEC_ERR_INPUT;
  }
  set->scripts[set->n_scripts++] = *script;
  store->by_id[slot] = set->n_scripts;
  return WSPEC_OK;
}

const struct wspec_script *wspec_case_set_find(const struct wspec_case_set *set, const char *id) {
  const struct wspec_case_store *store = set->store;
  if (!store || store->n_slots == 0) {
    return NULL;
  }
  size_t index = store->by_id[probe(set, store, id)];
  return index > 0 ? &set->scripts[index - 1] : NULL;
}

void wspec_case_set_clear(struct wspec_case_set *set) {
  struct wspec_case_store *store = set->store;
  if (store) {
    while (store->files) {
      struct wspec_case_file *next = store->files->next;
      wspec_json_file_clear(&store->files->json);
      free(store->files);
      store->files = next;
    }
    wspec_arena_clear(&store->arena);
    free(store->by_id);
    free(store);
  }
  free(set->scripts);
  *set = (struct wspec_case_set){0};
}
