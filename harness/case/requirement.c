#include "case/requirement.h"

#include "case/arena.h"
#include "case/json_file.h"

#include <stdlib.h>
#include <string.h>

enum { STORE_MAX = 64 * 1024 * 1024 };

struct reader {
  struct wspec_json_file file;
  struct wspec_diag diag;
  struct wspec_arena *arena;
  bool out_of_memory;
};

/* Returns the text of a member, or NULL; a missing or wrong one is an error. */
static const char *read_text(struct reader *reader, const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!cJSON_IsString(item)) {
    wspec_json_file_complain(&reader->file, &reader->diag, item ? item : object,
                             "expected a member \"%s\" with a text", name);
    return NULL;
  }
  char *text = wspec_arena_text(reader->arena, wspec_span_text(item->valuestring));
  reader->out_of_memory = reader->out_of_memory || !text;
  return text;
}

static enum wspec_level read_level(struct reader *reader, const cJSON *object,
                                   const char *keyword) {
  static const struct {
    const char *keyword;
    enum wspec_level level;
  } levels[] = {{"MUST", WSPEC_LEVEL_MUST},
                {"MUST NOT", WSPEC_LEVEL_MUST},
                {"SHOULD", WSPEC_LEVEL_SHOULD},
                {"SHOULD NOT", WSPEC_LEVEL_SHOULD},
                {"MAY", WSPEC_LEVEL_MAY}};
  for (size_t i = 0; keyword && i < sizeof levels / sizeof levels[0]; i++) {
    if (strcmp(keyword, levels[i].keyword) == 0) {
      return levels[i].level;
    }
  }
  if (keyword) {
    wspec_json_file_complain(
        &reader->file, &reader->diag, cJSON_GetObjectItemCaseSensitive(object, "level"),
        "expected one of MUST, MUST NOT, SHOULD, SHOULD NOT, MAY, got \"%s\"", keyword);
  }
  return WSPEC_LEVEL_MUST;
}

static void read_requirement(struct reader *reader, const cJSON *item,
                             struct wspec_requirement *out) {
  out->id = read_text(reader, item, "id");
  out->rfc = read_text(reader, item, "rfc");
  out->section = read_text(reader, item, "section");
  out->keyword = read_text(reader, item, "level");
  out->level = read_level(reader, item, out->keyword);
  out->actor = read_text(reader, item, "actor");
  out->text = read_text(reader, item, "text");
  out->accept = read_text(reader, item, "accept");
  out->observable = read_text(reader, item, "observable");
  if (cJSON_GetObjectItemCaseSensitive(item, "unjudged")) {
    out->unjudged = read_text(reader, item, "unjudged");
  }
}

static int compare_ids(const void *a, const void *b) {
  return strcmp(((const struct wspec_requirement *)a)->id,
                ((const struct wspec_requirement *)b)->id);
}

static void read_all(struct reader *reader, struct wspec_requirements *requirements) {
  const cJSON *root = reader->file.root;
  if (!cJSON_IsArray(root)) {
    wspec_json_file_complain(&reader->file, &reader->diag, root,
                             "expected an array of requirements");
    return;
  }
  requirements->items = wspec_arena_alloc(reader->arena, (size_t)cJSON_GetArraySize(root),
                                          sizeof *requirements->items);
  if (!requirements->items) {
    reader->out_of_memory = true;
    return;
  }
  for (const cJSON *item = root->child; item; item = item->next) {
    read_requirement(reader, item, &requirements->items[requirements->n_items++]);
  }
  if (reader->diag.n_messages > 0 || reader->out_of_memory) {
    return;
  }
  qsort(requirements->items, requirements->n_items, sizeof *requirements->items, compare_ids);
  for (size_t i = 1; i < requirements->n_items; i++) {
    if (compare_ids(&requirements->items[i - 1], &requirements->items[i]) == 0) {
      wspec_json_file_complain(&reader->file, &reader->diag, root, "the id \"%s\" is there twice",
                               requirements->items[i].id);
    }
  }
}

static enum wspec_err load(struct reader *reader, struct wspec_requirements *requirements,
                           const char *path) {
  reader->arena = calloc(1, sizeof *reader->arena);
  if (!reader->arena) {
    return WSPEC_ERR_NOMEM;
  }
  requirements->store = reader->arena;
  wspec_arena_init(reader->arena, STORE_MAX);
  enum wspec_err err = wspec_json_file_load(&reader->file, path, &reader->diag);
  if (err) {
    return err;
  }
  read_all(reader, requirements);
  if (reader->out_of_memory) {
    return WSPEC_ERR_NOMEM;
  }
  return reader->diag.n_messages > 0 ? WSPEC_ERR_INPUT : WSPEC_OK;
}

enum wspec_err wspec_requirements_load(struct wspec_requirements *requirements, const char *path,
                                       char **message) {
  struct reader reader = {0};
  wspec_diag_init(&reader.diag);
  *requirements = (struct wspec_requirements){0};
  *message = NULL;
  enum wspec_err err = load(&reader, requirements, path);
  if (err && err != WSPEC_ERR_NOMEM) {
    *message = wspec_diag_take(&reader.diag);
    err = *message ? err : WSPEC_ERR_NOMEM;
  }
  if (err) {
    wspec_requirements_clear(requirements);
  }
  wspec_diag_clear(&reader.diag);
  wspec_json_file_clear(&reader.file);
  return err;
}

void wspec_requirements_clear(struct wspec_requirements *requirements) {
  if (requirements->store) {
    wspec_arena_clear(requirements->store);
    free(requirements->store);
  }
  *requirements = (struct wspec_requirements){0};
}

const struct wspec_requirement *
wspec_requirements_find(const struct wspec_requirements *requirements, const char *id) {
  struct wspec_requirement key = {.id = id};
  if (requirements->n_items == 0) {
    return NULL;
  }
  return bsearch(&key, requirements->items, requirements->n_items, sizeof key, compare_ids);
}

static bool binds(const struct wspec_requirement *requirement, const char *actor) {
  return strcmp(requirement->actor, "both") == 0 || strcmp(requirement->actor, actor) == 0;
}

const struct wspec_requirement *
wspec_requirement_for(const struct wspec_requirement *const *requirements, size_t n,
                      const char *actor) {
  const struct wspec_requirement *binding = NULL, *any = NULL;
  for (size_t i = 0; i < n; i++) {
    const struct wspec_requirement *requirement = requirements[i];
    if (!any || requirement->level < any->level) {
      any = requirement;
    }
    if (binds(requirement, actor) && (!binding || requirement->level < binding->level)) {
      binding = requirement;
    }
  }
  return binding ? binding : any;
}
