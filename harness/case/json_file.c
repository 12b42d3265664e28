#include "case/json_file.h"

#include "case/read_file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Room for "cases[3].steps[1].send.frame"; a longer path is cut in the message. */
enum { PATH_MAX_LEN = 512 };

/* ---- Places ---- */

static int compare_items(const void *a, const void *b) {
  uintptr_t left = (uintptr_t)((const struct wspec_json_place *)a)->item;
  uintptr_t right = (uintptr_t)((const struct wspec_json_place *)b)->item;
  return left < right ? -1 : left > right;
}

/* The scan noted values in the order in which they start; so does this walk meet them. */
static void bind_items(struct wspec_json_places *places, const cJSON *item, size_t *next) {
  if (*next < places->n_items) {
    places->items[(*next)++].item = item;
  }
  for (const cJSON *child = item->child; child; child = child->next) {
    bind_items(places, child, next);
  }
}

static void pass_octet(struct wspec_place *place, char octet) {
  if (octet == '\n') {
    place->line++;
    place->column = 1;
  } else if (((uint8_t)octet & 0xC0) != 0x80) {
    place->column++;
  }
}

static void number_places(struct wspec_json_places *places, const char *text) {
  struct wspec_place place = {1, 1};
  size_t at = 0;
  for (size_t i = 0; i < places->n_items; i++) {
    for (; at < places->items[i].key; at++) {
      pass_octet(&place, text[at]);
    }
    places->items[i].place = place;
  }
}

static const struct wspec_json_place *find_place(const struct wspec_json_file *file,
                                                 const cJSON *item) {
  struct wspec_json_place key = {.item = item};
  if (file->places.n_items == 0 || !item) {
    return NULL;
  }
  return bsearch(&key, file->places.items, file->places.n_items, sizeof key, compare_items);
}

static struct wspec_place place_of(const struct wspec_json_file *file, size_t offset) {
  struct wspec_place place = {1, 1};
  for (size_t i = 0; i < offset && i < file->len; i++) {
    pass_octet(&place, file->text[i]);
  }
  return place;
}

struct wspec_place wspec_json_file_place(const struct wspec_json_file *file, const cJSON *item) {
  const struct wspec_json_place *found = find_place(file, item);
  return found ? found->place : (struct wspec_place){0};
}

/* ---- Messages ---- */

/* A path that is too long for `out` is cut; what is cut is its inner end. */
static void append_step(char out[PATH_MAX_LEN], const char *member, size_t index) {
  size_t len = strlen(out);
  if (member) {
    (void)snprintf(out + len, PATH_MAX_LEN - len, "%s%s", len > 0 ? "." : "", member);
  } else {
    (void)snprintf(out + len, PATH_MAX_LEN - len, "[%zu]", index);
  }
}

static bool find_path(const cJSON *within, const cJSON *item, char out[PATH_MAX_LEN]) {
  if (within == item) {
    return true;
  }
  size_t len = strlen(out);
  size_t index = 0;
  for (const cJSON *child = within->child; child; child = child->next, index++) {
    append_step(out, cJSON_IsObject(within) ? child->string : NULL, index);
    if (find_path(child, item, out)) {
      return true;
    }
    out[len] = '\0';
  }
  return false;
}

void wspec_json_file_vcomplain(const struct wspec_json_file *file, struct wspec_diag *diag,
                               const cJSON *item, const char *format, va_list arguments) {
  char path[PATH_MAX_LEN] = "";
  const struct wspec_json_place *found = find_place(file, item);
  struct wspec_buf prefix;
  wspec_buf_init(&prefix, WSPEC_DIAG_TEXT_MAX);
  enum wspec_err err = wspec_buf_appendf(&prefix, "%s:", file->path);
  if (!err && found) {
    (void)find_path(file->root, item, path);
    err = wspec_buf_appendf(&prefix, "%u:%u:%s%s%s", found->place.line, found->place.column,
                            path[0] ? " at " : "", path, path[0] ? ":" : "");
  }
  if (!err) {
    err = wspec_buf_append_text(&prefix, " ");
  }
  char *text = err ? NULL : wspec_buf_take_text(&prefix);
  wspec_diag_vadd(diag, text ? text : "", format, arguments);
  diag->out_of_memory = diag->out_of_memory || !text;
  wspec_buf_clear(&prefix);
  free(text);
}

void wspec_json_file_complain(const struct wspec_json_file *file, struct wspec_diag *diag,
                              const cJSON *item, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wspec_json_file_vcomplain(file, diag, item, format, arguments);
  va_end(arguments);
}

/* ---- Loading ---- */

/* cJSON keeps both of two members with one name and finds the first: the other would be lost
 * without a word. */
static enum wspec_err refuse_twins(const struct wspec_json_file *file, struct wspec_diag *diag,
                                   const cJSON *item) {
  enum wspec_err err = WSPEC_OK;
  for (const cJSON *child = item->child; child; child = child->next) {
    if (cJSON_IsObject(item)) {
      for (const cJSON *other = item->child; other != child; other = other->next) {
        if (strcmp(other->string, child->string) == 0) {
          wspec_json_file_complain(file, diag, child, "the member \"%s\" is there twice",
                                   child->string);
          err = WSPEC_ERR_INPUT;
          break;
        }
      }
    }
    if (child->child && refuse_twins(file, diag, child) != WSPEC_OK) {
      err = WSPEC_ERR_INPUT;
    }
  }
  return err;
}

static enum wspec_err build_tree(struct wspec_json_file *file, struct wspec_diag *diag) {
  struct wspec_json_fault fault;
  enum wspec_err err = wspec_json_scan(wspec_span_of(file->text, file->len), &file->places, &fault);
  if (err == WSPEC_ERR_SYNTAX) {
    struct wspec_place place = place_of(file, fault.offset);
    wspec_diag_add(diag, "%s:%u:%u: %s", file->path, place.line, place.column, fault.message);
    return WSPEC_ERR_INPUT;
  }
  if (err) {
    return err;
  }
  /* The scan has found the text to be JSON: only memory can be missing now. */
  file->root = cJSON_ParseWithLength(file->text, file->len);
  if (!file->root) {
    return WSPEC_ERR_NOMEM;
  }
  size_t next = 0;
  bind_items(&file->places, file->root, &next);
  number_places(&file->places, file->text);
  qsort(file->places.items, file->places.n_items, sizeof file->places.items[0], compare_items);
  err = refuse_twins(file, diag, file->root);
  return diag->out_of_memory ? WSPEC_ERR_NOMEM : err;
}

static char *copy_text(struct wspec_span text) {
  char *out = malloc(text.len + 1);
  if (out) {
    if (text.len > 0) {
      memcpy(out, text.data, text.len);
    }
    out[text.len] = '\0';
  }
  return out;
}

enum wspec_err wspec_json_file_parse(struct wspec_json_file *file, const char *path,
                                     struct wspec_span text, struct wspec_diag *diag) {
  *file = (struct wspec_json_file){
      .path = copy_text(wspec_span_text(path)), .text = copy_text(text), .len = text.len};
  if (!file->path || !file->text) {
    return WSPEC_ERR_NOMEM;
  }
  return build_tree(file, diag);
}

enum wspec_err wspec_json_file_load(struct wspec_json_file *file, const char *path,
                                    struct wspec_diag *diag) {
  *file = (struct wspec_json_file){0};
  struct wspec_buf octets;
  const char *reason = "";
  wspec_buf_init(&octets, WSPEC_JSON_FILE_MAX);
  enum wspec_err err = wspec_read_file(path, &octets, &reason);
  if (err == WSPEC_ERR_LIMIT) {
    wspec_diag_add(diag, "%s: the file is larger than 16 MiB", path);
    err = WSPEC_ERR_INPUT;
  } else if (err == WSPEC_ERR_IO) {
    wspec_diag_add(diag, "%s: %s", path, reason);
  } else if (!err) {
    err = wspec_json_file_parse(file, path, wspec_buf_span(&octets), diag);
  }
  wspec_buf_clear(&octets);
  return err;
}

void wspec_json_file_clear(struct wspec_json_file *file) {
  cJSON_Delete(file->root);
  wspec_json_places_clear(&file->places);
  free(file->path);
  free(file->text);
  *file = (struct wspec_json_file){0};
}
