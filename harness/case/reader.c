#include "case/reader.h"

#include "case/suggest.h"

#include <stdio.h>
#include <string.h>

enum {
  NAMES_TEXT_MAX = 600,
  VALUE_TEXT_MAX = 80,
  PARAM_NAME_MAX = 64,
  TEXT_MAX = 16 * 1024 * 1024,
  REQUIREMENT_IDS_MAX = 4096
};

/* The largest whole number that a double holds with all below it. */
static const double WHOLE_MAX = 9007199254740992.0;

void *wspec_reader_alloc(struct wspec_reader *reader, size_t count, size_t size) {
  void *out = wspec_arena_alloc(reader->arena, count, size);
  reader->out_of_memory = reader->out_of_memory || !out;
  return out;
}

void wspec_reader_complain(struct wspec_reader *reader, const cJSON *item, const char *format,
                           ...) {
  va_list arguments;
  reader->failed = true;
  va_start(arguments, format);
  wspec_json_file_vcomplain(reader->file, reader->diag, item, format, arguments);
  va_end(arguments);
}

static void describe(const cJSON *item, char out[VALUE_TEXT_MAX]) {
  if (cJSON_IsString(item)) {
    int len = (int)strlen(item->valuestring);
    (void)snprintf(out, VALUE_TEXT_MAX, "\"%.*s\"%s", len > 40 ? 40 : len, item->valuestring,
                   len > 40 ? "…" : "");
  } else if (cJSON_IsNumber(item)) {
    (void)snprintf(out, VALUE_TEXT_MAX, "%.17g", item->valuedouble);
  } else {
    (void)snprintf(out, VALUE_TEXT_MAX, "%s",
                   cJSON_IsObject(item)  ? "an object"
                   : cJSON_IsArray(item) ? "an array"
                   : cJSON_IsTrue(item)  ? "true"
                   : cJSON_IsFalse(item) ? "false"
                                         : "null");
  }
}

/* ---- Parameters ---- */

static bool is_param_octet(char octet) {
  return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '_' ||
         octet == '.';
}

/* Returns the length of "{name}" or "{name.field}" at `text`, 0 if none stands there. */
static size_t param_len(const char *text) {
  size_t len = 1;
  while (is_param_octet(text[len]) && len <= PARAM_NAME_MAX) {
    len++;
  }
  return len > 1 && text[len] == '}' ? len + 1 : 0;
}

/* Returns what `{name}` or `{name.field}` of `len` octets at `text` stands for, or NULL. */
static const cJSON *lookup(const struct wspec_reader *reader, const char *text, size_t len) {
  char name[PARAM_NAME_MAX + 2];
  (void)snprintf(name, sizeof name, "%.*s", (int)(len - 2), text + 1);
  char *dot = strchr(name, '.');
  if (dot) {
    *dot = '\0';
  }
  for (size_t i = 0; i < reader->n_bindings; i++) {
    const struct wspec_binding *binding = &reader->bindings[i];
    if (strcmp(binding->name, name) != 0) {
      continue;
    }
    if (!cJSON_IsObject(binding->value)) {
      return dot ? NULL : binding->value;
    }
    return wspec_reader_member(binding->value, dot ? dot + 1 : "name");
  }
  return NULL;
}

const cJSON *wspec_reader_resolve(struct wspec_reader *reader, const cJSON *item) {
  if (!cJSON_IsString(item) || item->valuestring[0] != '{') {
    return item;
  }
  size_t len = param_len(item->valuestring);
  if (len == 0 || item->valuestring[len] != '\0') {
    return item;
  }
  const cJSON *value = lookup(reader, item->valuestring, len);
  return value ? value : item;
}

static bool is_unknown_param(struct wspec_reader *reader, const cJSON *item) {
  if (!cJSON_IsString(item) || item->valuestring[0] != '{') {
    return false;
  }
  size_t len = param_len(item->valuestring);
  return len > 0 && item->valuestring[len] == '\0' && wspec_reader_resolve(reader, item) == item;
}

void wspec_reader_expected(struct wspec_reader *reader, const cJSON *item, const char *what) {
  char value[VALUE_TEXT_MAX];
  describe(wspec_reader_resolve(reader, item), value);
  wspec_reader_complain(reader, item, "expected %s, got %s%s", what, value,
                        is_unknown_param(reader, item) ? ", which is no parameter of this case"
                                                       : "");
}

static enum wspec_err append_scalar(struct wspec_buf *out, const cJSON *value) {
  if (cJSON_IsString(value)) {
    return wspec_buf_append_text(out, value->valuestring);
  }
  if (cJSON_IsNumber(value)) {
    return wspec_buf_appendf(out, "%.17g", value->valuedouble);
  }
  if (cJSON_IsBool(value)) {
    return wspec_buf_append_text(out, cJSON_IsTrue(value) ? "true" : "false");
  }
  return WSPEC_ERR_SYNTAX;
}

/* Appends what stands at `text` and returns its length in `*len`. */
static enum wspec_err append_piece(struct wspec_reader *reader, const cJSON *item, const char *text,
                                   struct wspec_buf *out, size_t *len) {
  *len = strcspn(text, "{$");
  if (*len > 0) {
    return wspec_buf_append(out, text, *len);
  }
  if (text[0] == '$') {
    /* A placeholder of play time, ${key}, is passed on as it stands. */
    *len = text[1] == '{' ? 2 + strcspn(text + 2, "}") : 1;
    return wspec_buf_append(out, text, *len);
  }
  if (text[1] == '{') {
    *len = 2;
    return wspec_buf_append_octet(out, '{');
  }
  *len = param_len(text);
  const cJSON *value = *len > 0 ? lookup(reader, text, *len) : NULL;
  if (value) {
    enum wspec_err err = append_scalar(out, value);
    if (err != WSPEC_ERR_SYNTAX) {
      return err;
    }
    wspec_reader_complain(reader, item,
                          "%.*s is neither text nor a number, and can only stand alone", (int)*len,
                          text);
    return WSPEC_OK;
  }
  size_t shown = *len > 0 ? *len : 1;
  wspec_reader_complain(reader, item,
                        "\"%.*s\" is no parameter of this case; a brace itself is written {{",
                        (int)shown, text);
  *len = shown;
  return WSPEC_OK;
}

static const char *interpolate(struct wspec_reader *reader, const cJSON *item) {
  struct wspec_buf out;
  wspec_buf_init(&out, TEXT_MAX);
  enum wspec_err err = WSPEC_OK;
  size_t len;
  for (const char *text = item->valuestring; *text && !err; text += len) {
    err = append_piece(reader, item, text, &out, &len);
  }
  const char *result = err ? NULL : wspec_arena_text(reader->arena, wspec_buf_span(&out));
  if (err == WSPEC_ERR_LIMIT) {
    wspec_reader_complain(reader, item, "longer than 16 MiB with its parameters filled in");
  } else {
    reader->out_of_memory = reader->out_of_memory || !result;
  }
  wspec_buf_clear(&out);
  return result;
}

const char *wspec_reader_text(struct wspec_reader *reader, const cJSON *item) {
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (value != item && cJSON_IsString(value)) {
    return value->valuestring;
  }
  if (!cJSON_IsString(item) || (value != item && !cJSON_IsNumber(value) && !cJSON_IsBool(value))) {
    wspec_reader_expected(reader, item, "a string");
    return NULL;
  }
  return strchr(item->valuestring, '{') ? interpolate(reader, item) : item->valuestring;
}

/* ---- Scalars ---- */

uint64_t wspec_reader_uint(struct wspec_reader *reader, const cJSON *item, uint64_t min,
                           uint64_t max) {
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= WHOLE_MAX) {
    uint64_t number = (uint64_t)value->valuedouble;
    if ((double)number == value->valuedouble && number >= min && number <= max) {
      return number;
    }
  }
  char what[VALUE_TEXT_MAX];
  (void)snprintf(what, sizeof what, "a whole number from %llu to %llu", (unsigned long long)min,
                 (unsigned long long)max);
  wspec_reader_expected(reader, item, what);
  return min;
}

bool wspec_reader_bool(struct wspec_reader *reader, const cJSON *item) {
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (!cJSON_IsBool(value)) {
    wspec_reader_expected(reader, item, "true or false");
  }
  return cJSON_IsTrue(value);
}

static void join_names(const char *const *names, size_t n_names, char out[NAMES_TEXT_MAX]) {
  size_t len = 0;
  out[0] = '\0';
  for (size_t i = 0; i < n_names && len < NAMES_TEXT_MAX; i++) {
    len += (size_t)snprintf(out + len, NAMES_TEXT_MAX - len, "%s%s", i > 0 ? ", " : "", names[i]);
  }
}

static int index_of(const char *name, const char *const *names, size_t n_names) {
  for (size_t i = 0; i < n_names; i++) {
    if (strcmp(name, names[i]) == 0) {
      return (int)i;
    }
  }
  return -1;
}

int wspec_reader_choice(struct wspec_reader *reader, const cJSON *item, const char *const *names,
                        size_t n_names) {
  const cJSON *value = wspec_reader_resolve(reader, item);
  int index = cJSON_IsString(value) ? index_of(value->valuestring, names, n_names) : -1;
  if (index < 0) {
    char list[NAMES_TEXT_MAX];
    char got[VALUE_TEXT_MAX];
    join_names(names, n_names, list);
    describe(value, got);
    const char *meant =
        cJSON_IsString(value) ? wspec_suggest(value->valuestring, names, n_names) : NULL;
    wspec_reader_complain(reader, item, "expected %s%s, got %s%s%s%s", n_names > 1 ? "one of " : "",
                          list, got, meant ? "; did you mean \"" : "", meant ? meant : "",
                          meant ? "\"?" : "");
  }
  return index;
}

/* ---- Objects and arrays ---- */

const cJSON *wspec_reader_member(const cJSON *object, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

const cJSON *wspec_reader_object(struct wspec_reader *reader, const cJSON *item,
                                 const char *const *names, size_t n_names) {
  const cJSON *object = wspec_reader_resolve(reader, item);
  if (!cJSON_IsObject(object)) {
    wspec_reader_expected(reader, item, "an object");
    return NULL;
  }
  for (const cJSON *member = object->child; member; member = member->next) {
    if (index_of(member->string, names, n_names) >= 0) {
      continue;
    }
    char list[NAMES_TEXT_MAX];
    join_names(names, n_names, list);
    const char *meant = wspec_suggest(member->string, names, n_names);
    if (meant) {
      wspec_reader_complain(reader, member, "no member \"%s\" here; did you mean \"%s\"?",
                            member->string, meant);
    } else if (n_names == 0) {
      wspec_reader_complain(reader, member, "no member \"%s\" here; expected none", member->string);
    } else {
      wspec_reader_complain(reader, member, "no member \"%s\" here; expected %s", member->string,
                            list);
    }
  }
  return object;
}

int wspec_reader_one_of(struct wspec_reader *reader, const cJSON *object, const char *const *names,
                        size_t n_names) {
  int found = -1;
  for (const cJSON *member = object->child; member; member = member->next) {
    int index = index_of(member->string, names, n_names);
    if (index >= 0 && found >= 0) {
      wspec_reader_complain(reader, member, "\"%s\" and \"%s\" cannot stand together", names[found],
                            names[index]);
      return -1;
    }
    found = index >= 0 ? index : found;
  }
  if (found < 0) {
    char list[NAMES_TEXT_MAX];
    join_names(names, n_names, list);
    wspec_reader_complain(reader, object,
                          n_names > 1 ? "expected one member of %s" : "expected a member \"%s\"",
                          list);
  }
  return found;
}

int wspec_reader_array(struct wspec_reader *reader, const cJSON *item, int min,
                       const cJSON **first) {
  const cJSON *array = wspec_reader_resolve(reader, item);
  *first = NULL;
  if (!cJSON_IsArray(array)) {
    wspec_reader_expected(reader, item, "an array");
    return -1;
  }
  int n = cJSON_GetArraySize(array);
  if (n < min) {
    wspec_reader_complain(reader, item, "expected at least %d element%s, got %d", min,
                          min == 1 ? "" : "s", n);
    return -1;
  }
  *first = array->child;
  return n;
}

/* ---- Requirements and octets ---- */

static const char *suggest_requirement(const struct wspec_reader *reader, const char *id) {
  const char *names[REQUIREMENT_IDS_MAX];
  size_t n = 0;
  for (; n < reader->requirements->n_items && n < REQUIREMENT_IDS_MAX; n++) {
    names[n] = reader->requirements->items[n].id;
  }
  return wspec_suggest(id, names, n);
}

const struct wspec_requirement *wspec_reader_requirement(struct wspec_reader *reader,
                                                         const cJSON *item) {
  const char *id = wspec_reader_text(reader, item);
  if (!id) {
    return NULL;
  }
  const struct wspec_requirement *found = wspec_requirements_find(reader->requirements, id);
  if (!found) {
    const char *meant = suggest_requirement(reader, id);
    wspec_reader_complain(reader, item, "no requirement \"%s\" in requirements.json%s%s%s", id,
                          meant ? "; did you mean \"" : "", meant ? meant : "", meant ? "\"?" : "");
  }
  return found;
}

struct wspec_span wspec_reader_octets(struct wspec_reader *reader, const cJSON *item,
                                      const struct wspec_payload *payload, size_t max) {
  struct wspec_span none = {NULL, 0};
  if (payload->len == 0) {
    return none;
  }
  if (payload->len > max) {
    wspec_reader_complain(reader, item, "expected at most %zu octets here, got %llu", max,
                          (unsigned long long)payload->len);
    return none;
  }
  const struct wspec_payload_part *part = &payload->parts[0];
  if (payload->n_parts == 1 && part->kind == WSPEC_PAYLOAD_LITERAL && part->data_len == part->len) {
    return wspec_span_of(part->data, part->data_len);
  }
  uint8_t *octets = wspec_reader_alloc(reader, (size_t)payload->len, 1);
  if (!octets) {
    return none;
  }
  return wspec_span_of(octets, wspec_payload_read(payload, 0, octets, (size_t)payload->len));
}
