#include "case/load.h"

#include "case/find_files.h"
#include "case/store.h"

#include <stdlib.h>

/* Room for some hundred thousand cases; what a file of a stranger can make us hold. */
enum { STORE_MAX_MIB = 512 };
#define STORE_MAX ((size_t)STORE_MAX_MIB << 20)

/* What one call of wspec_case_set_load works with. */
struct load {
  struct wspec_case_set *set;
  const struct wspec_requirements *requirements;
  const struct wspec_load_options *options;
  struct wspec_diag diag;
};

static enum wspec_err open_store(struct wspec_case_set *set) {
  if (set->store) {
    return WSPEC_OK;
  }
  struct wspec_case_store *store = calloc(1, sizeof *store);
  if (!store) {
    return WSPEC_ERR_NOMEM;
  }
  wspec_arena_init(&store->arena, STORE_MAX);
  wspec_arena_init(&store->scratch, STORE_MAX);
  set->store = store;
  return WSPEC_OK;
}

static enum wspec_err read_cases(struct load *load, const struct wspec_json_file *json) {
  struct wspec_case_store *store = load->set->store;
  struct wspec_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    return WSPEC_ERR_NOMEM;
  }
  reader->arena = &store->arena;
  reader->file = json;
  reader->diag = &load->diag;
  reader->requirements = load->requirements;
  reader->octet_files = &store->octet_files;
  reader->octet_arena = &store->arena;
  enum wspec_err err = wspec_load_cases(load->set, reader, load->options);
  free(reader);
  return err;
}

static enum wspec_err load_file(struct load *load, const char *path) {
  struct wspec_case_store *store = load->set->store;
  struct wspec_case_file *file = calloc(1, sizeof *file);
  if (!file) {
    return WSPEC_ERR_NOMEM;
  }
  file->next = store->files;
  store->files = file;
  enum wspec_err err = wspec_json_file_load(&file->json, path, &load->diag);
  if (!err) {
    err = read_cases(load, &file->json);
  }
  if (store->arena.full || store->scratch.full) {
    wspec_json_file_complain(&file->json, &load->diag, NULL,
                             "with the cases of this file, all take more than %d MiB; large octets "
                             "are written as fill, random or repeat",
                             STORE_MAX_MIB);
    err = WSPEC_ERR_INPUT;
  }
  if (load->diag.out_of_memory) {
    return WSPEC_ERR_NOMEM;
  }
  load->set->n_files += err == WSPEC_OK;
  wspec_diag_new_file(&load->diag);
  return err;
}

/* A mistake in one file does not hide those of the next. */
static enum wspec_err load_files(struct load *load, const struct wspec_paths *paths) {
  enum wspec_err result = WSPEC_OK;
  for (size_t i = 0; i < paths->n_items; i++) {
    enum wspec_err err = load_file(load, paths->items[i]);
    if (err && err != WSPEC_ERR_INPUT && err != WSPEC_ERR_IO) {
      return err;
    }
    result = result ? result : err;
  }
  return result;
}

enum wspec_err wspec_case_set_load(struct wspec_case_set *set, const char *path,
                                   const struct wspec_requirements *requirements,
                                   const struct wspec_load_options *options, char **messages) {
  struct load load = {.set = set, .requirements = requirements, .options = options};
  struct wspec_paths paths = {0};
  *messages = NULL;
  wspec_diag_init(&load.diag);
  enum wspec_err err = open_store(set);
  if (!err) {
    err = wspec_find_case_files(path, &paths, &load.diag);
  }
  if (!err) {
    err = load_files(&load, &paths);
  }
  if (err == WSPEC_ERR_INPUT || err == WSPEC_ERR_IO) {
    *messages = wspec_diag_take(&load.diag);
    err = *messages ? err : WSPEC_ERR_NOMEM;
  }
  wspec_diag_clear(&load.diag);
  wspec_paths_clear(&paths);
  return err;
}
