#include "case/store.h"

#include "case/load_parts.h"

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
  while (store->by_id[slot] != 0 && strcmp(set->cases[store->by_id[slot] - 1].id, id) != 0) {
    slot = (slot + 1) % store->n_slots;
  }
  return slot;
}

/* The table has twice as many slots as there is room for cases: a free one is never far. */
static enum wspec_err grow_cases(struct wspec_case_set *set, struct wspec_case_store *store) {
  if (set->n_cases >= WSPEC_CASE_SCRIPTS_MAX) {
    return WSPEC_ERR_LIMIT;
  }
  size_t capacity = store->case_capacity ? store->case_capacity * 2 : 256;
  struct wspec_case *cases = realloc(set->cases, capacity * sizeof *cases);
  if (!cases) {
    return WSPEC_ERR_NOMEM;
  }
  set->cases = cases;
  uint32_t *by_id = calloc(capacity * 2, sizeof *by_id);
  if (!by_id) {
    return WSPEC_ERR_NOMEM;
  }
  free(store->by_id);
  store->by_id = by_id;
  store->n_slots = capacity * 2;
  store->case_capacity = capacity;
  for (size_t i = 0; i < set->n_cases; i++) {
    store->by_id[probe(set, store, set->cases[i].id)] = (uint32_t)i + 1;
  }
  return WSPEC_OK;
}

static enum wspec_err grow_scripts(struct wspec_case_set *set, struct wspec_case_store *store) {
  size_t capacity = store->script_capacity ? store->script_capacity * 2 : 256;
  struct wspec_script *scripts = realloc(set->scripts, capacity * sizeof *scripts);
  if (!scripts) {
    return WSPEC_ERR_NOMEM;
  }
  set->scripts = scripts;
  store->script_capacity = capacity;
  return WSPEC_OK;
}

static enum wspec_err add_case(struct wspec_case_set *set, const struct wspec_case *added) {
  struct wspec_case_store *store = set->store;
  enum wspec_err err = set->n_cases == store->case_capacity ? grow_cases(set, store) : WSPEC_OK;
  if (err) {
    return err;
  }
  size_t slot = probe(set, store, added->id);
  if (store->by_id[slot] != 0) {
    return WSPEC_ERR_INPUT;
  }
  set->cases[set->n_cases++] = *added;
  store->by_id[slot] = (uint32_t)set->n_cases;
  return WSPEC_OK;
}

enum wspec_err wspec_case_set_add(struct wspec_case_set *set, const struct wspec_script *script) {
  struct wspec_case_store *store = set->store;
  if (set->n_scripts == store->script_capacity) {
    enum wspec_err err = grow_scripts(set, store);
    if (err) {
      return err;
    }
  }
  const struct wspec_case added = {
      .id = script->id, .target = script->target, .index = (uint32_t)set->n_scripts};
  enum wspec_err err = add_case(set, &added);
  if (!err) {
    set->scripts[set->n_scripts++] = *script;
  }
  return err;
}

enum wspec_err wspec_case_set_add_later(struct wspec_case_set *set,
                                        const struct wspec_script *script,
                                        struct wspec_family *family, uint64_t index) {
  struct wspec_case_store *store = set->store;
  const struct wspec_case added = {
      .id = wspec_arena_text(&store->arena, wspec_span_text(script->id)),
      .family = family,
      .target = script->target,
      .index = (uint32_t)index,
  };
  return added.id ? add_case(set, &added) : WSPEC_ERR_NOMEM;
}

const struct wspec_case *wspec_case_set_find_case(const struct wspec_case_set *set,
                                                  const char *id) {
  const struct wspec_case_store *store = set->store;
  if (!store || store->n_slots == 0) {
    return NULL;
  }
  size_t index = store->by_id[probe(set, store, id)];
  return index > 0 ? &set->cases[index - 1] : NULL;
}

const struct wspec_script *wspec_case_set_find(const struct wspec_case_set *set, const char *id) {
  const struct wspec_case *found = wspec_case_set_find_case(set, id);
  return found && !found->family ? &set->scripts[found->index] : NULL;
}

/* ---- Cases that are expanded later ---- */

/* A second reading of what was right when it was loaded: nothing but memory can fail. */
static const struct wspec_script *expand(const struct wspec_case_set *set,
                                         const struct wspec_case *item, struct wspec_arena *arena,
                                         bool with_steps) {
  struct wspec_case_store *store = set->store;
  struct wspec_family *family = item->family;
  if (!family) {
    return &set->scripts[item->index];
  }
  struct wspec_diag diag;
  wspec_diag_init(&diag);
  struct wspec_reader reader = {
      .arena = arena,
      .file = family->file,
      .diag = &diag,
      .requirements = family->requirements,
      .octet_files = &store->octet_files,
      .octet_arena = &store->arena,
  };
  reader.script = wspec_reader_alloc(&reader, 1, sizeof *reader.script);
  if (reader.script) {
    wspec_expansion_bind(&reader, &family->expansion, item->index);
    wspec_load_script_head(&reader, family->head, family->object);
  }
  if (with_steps && !reader.out_of_memory) {
    wspec_load_steps(&reader, wspec_reader_member(family->object, "steps"));
  }
  wspec_diag_clear(&diag);
  return reader.out_of_memory || reader.failed ? NULL : reader.script;
}

const struct wspec_script *wspec_case_expand(const struct wspec_case_set *set,
                                             const struct wspec_case *item,
                                             struct wspec_arena *arena) {
  return expand(set, item, arena, true);
}

const struct wspec_script *wspec_case_expand_head(const struct wspec_case_set *set,
                                                  const struct wspec_case *item,
                                                  struct wspec_arena *arena) {
  return expand(set, item, arena, false);
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
    wspec_arena_clear(&store->scratch);
    free(store->by_id);
    free(store);
  }
  free(set->scripts);
  free(set->cases);
  *set = (struct wspec_case_set){0};
}
