#include "case/load_parts.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { NAME_MAX_LEN = 100 };

/* Such a name is one in JavaScript, and nothing else can stand in it. */
static bool is_name(const char *text) {
  size_t len = strlen(text);
  return len > 0 && len <= NAME_MAX_LEN && !(text[0] >= '0' && text[0] <= '9') &&
         strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

static cJSON *expand(struct wspec_reader *reader, const cJSON *item);

static bool expand_members(struct wspec_reader *reader, const cJSON *value, cJSON *out) {
  for (const cJSON *child = value->child; child; child = child->next) {
    cJSON *copy = expand(reader, child);
    bool is_added = cJSON_IsObject(value) ? cJSON_AddItemToObject(out, child->string, copy)
                                          : cJSON_AddItemToArray(out, copy);
    if (!is_added) {
      cJSON_Delete(copy);
      return false;
    }
  }
  return true;
}

/* A copy with all parameters filled in; its depth is that of the file, which json_file bounds. */
static cJSON *expand(struct wspec_reader *reader, const cJSON *item) {
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (cJSON_IsString(value)) {
    const char *text = wspec_reader_text(reader, item);
    return cJSON_CreateString(text ? text : "");
  }
  if (!cJSON_IsObject(value) && !cJSON_IsArray(value)) {
    return cJSON_Duplicate(value, true);
  }
  cJSON *out = cJSON_IsObject(value) ? cJSON_CreateObject() : cJSON_CreateArray();
  if (out && !expand_members(reader, value, out)) {
    cJSON_Delete(out);
    return NULL;
  }
  return out;
}

static const char *load_arguments(struct wspec_reader *reader, const cJSON *item) {
  if (!item) {
    return "{}";
  }
  if (!cJSON_IsObject(wspec_reader_resolve(reader, item))) {
    wspec_reader_expected(reader, item, "an object of arguments");
    return NULL;
  }
  cJSON *expanded = expand(reader, item);
  char *text = expanded ? cJSON_PrintUnformatted(expanded) : NULL;
  cJSON_Delete(expanded);
  char *copy = text ? wspec_reader_alloc(reader, strlen(text) + 1, 1) : NULL;
  if (copy) {
    memcpy(copy, text, strlen(text) + 1);
  }
  reader->out_of_memory = reader->out_of_memory || !text;
  cJSON_free(text);
  return copy;
}

const struct wspec_call *wspec_load_call(struct wspec_reader *reader, const cJSON *item) {
  static const char *const members[] = {"function", "with"};
  const cJSON *function = wspec_reader_member(wspec_reader_resolve(reader, item), "function");
  if (!function) {
    wspec_reader_complain(reader, item,
                          "expected a member \"call\": {\"function\": NAME, \"with\"?: {...}}");
    return NULL;
  }
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  const char *name = object ? wspec_reader_text(reader, function) : NULL;
  if (name && !is_name(name)) {
    wspec_reader_expected(reader, function, "the name of a function: letters and digits");
    return NULL;
  }
  struct wspec_call *call = wspec_reader_alloc(reader, 1, sizeof *call);
  if (call && object) {
    call->function = name;
    call->arguments = load_arguments(reader, wspec_reader_member(object, "with"));
  }
  return call;
}
