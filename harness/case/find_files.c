#include "case/find_files.h"

#include "base/ascii.h"
#include "case/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 8 };

struct finder {
  struct wspec_paths *out;
  struct wspec_diag *diag;
  unsigned depth;
};

static size_t digits_len(const char *text) {
  return strspn(text, "0123456789");
}

int wspec_compare_natural(const char *a, const char *b) {
  while (*a && *b) {
    size_t a_len = digits_len(a);
    size_t b_len = digits_len(b);
    if (a_len > 0 && b_len > 0) {
      /* Without leading zeros in our names, the longer number is the larger. */
      int order = a_len == b_len ? memcmp(a, b, a_len) : a_len < b_len ? -1 : 1;
      if (order != 0) {
        return order;
      }
      a += a_len;
      b += b_len;
      continue;
    }
    if (*a != *b) {
      break;
    }
    a++;
    b++;
  }
  return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

static int compare_paths(const void *a, const void *b) {
  return wspec_compare_natural(*(const char *const *)a, *(const char *const *)b);
}

static char *join(const char *folder, const char *name) {
  size_t folder_len = strlen(folder);
  size_t name_len = strlen(name);
  char *out = malloc(folder_len + name_len + 2);
  if (out) {
    memcpy(out, folder, folder_len);
    size_t slash = folder_len > 0 && folder[folder_len - 1] != '/';
    out[folder_len] = '/';
    memcpy(out + folder_len + slash, name, name_len + 1);
  }
  return out;
}

/* Takes `path` over. */
static enum wspec_err add_path(struct finder *finder, char *path) {
  struct wspec_paths *out = finder->out;
  if (out->n_items == out->capacity) {
    size_t capacity = out->capacity ? out->capacity * 2 : 64;
    char **items = realloc(out->items, capacity * sizeof *items);
    if (!items) {
      free(path);
      return WSPEC_ERR_NOMEM;
    }
    out->items = items;
    out->capacity = capacity;
  }
  out->items[out->n_items++] = path;
  if (out->n_items > WSPEC_CASE_FILES_MAX) {
    wspec_diag_add(finder->diag, "%s: more than %d case files", path, WSPEC_CASE_FILES_MAX);
    return WSPEC_ERR_INPUT;
  }
  return WSPEC_OK;
}

static bool is_case_file(const char *name) {
  size_t len = strlen(name);
  return len > 5 && strcmp(name + len - 5, ".json") == 0 && strcmp(name, "requirements.json") != 0;
}

static enum wspec_err find_in(struct finder *finder, const char *folder);

static enum wspec_err visit(struct finder *finder, const char *folder, const char *name) {
  struct stat status;
  if (name[0] == '.') {
    return WSPEC_OK;
  }
  char *path = join(folder, name);
  if (!path) {
    return WSPEC_ERR_NOMEM;
  }
  /* A link that leads nowhere is told when its file is read. */
  bool is_folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
  if (!is_folder && is_case_file(name)) {
    return add_path(finder, path);
  }
  enum wspec_err err = WSPEC_OK;
  if (is_folder && strcmp(name, "schema") != 0) {
    err = find_in(finder, path);
  }
  free(path);
  return err;
}

static enum wspec_err find_in(struct finder *finder, const char *folder) {
  if (finder->depth == DEPTH_MAX) {
    wspec_diag_add(finder->diag, "%s: folders nested deeper than %d", folder, DEPTH_MAX);
    return WSPEC_ERR_INPUT;
  }
  DIR *stream = opendir(folder);
  if (!stream) {
    wspec_diag_add(finder->diag, "%s: %s", folder, strerror(errno));
    return WSPEC_ERR_IO;
  }
  finder->depth++;
  enum wspec_err err = WSPEC_OK;
  const struct dirent *entry;
  while (!err && (entry = readdir(stream)) != NULL) {
    err = visit(finder, folder, entry->d_name);
  }
  finder->depth--;
  (void)closedir(stream);
  return err;
}

static enum wspec_err find_below(struct finder *finder, const char *path) {
  enum wspec_err err = find_in(finder, path);
  if (err) {
    return err;
  }
  if (finder->out->n_items == 0) {
    wspec_diag_add(finder->diag, "%s: there is no case file (.json) in this directory", path);
    return WSPEC_ERR_INPUT;
  }
  qsort(finder->out->items, finder->out->n_items, sizeof *finder->out->items, compare_paths);
  return WSPEC_OK;
}

enum wspec_err wspec_find_case_files(const char *path, struct wspec_paths *out,
                                     struct wspec_diag *diag) {
  struct finder finder = {.out = out, .diag = diag};
  struct stat status;
  if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
    return find_below(&finder, path);
  }
  char *copy = join("", path);
  if (!copy) {
    return WSPEC_ERR_NOMEM;
  }
  return add_path(&finder, copy);
}

void wspec_paths_clear(struct wspec_paths *paths) {
  for (size_t i = 0; i < paths->n_items; i++) {
    free(paths->items[i]);
  }
  free(paths->items);
  *paths = (struct wspec_paths){0};
}
