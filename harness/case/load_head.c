#include "case/load_parts.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum {
  FIELD_VALUE_MAX = 16 * 1024 * 1024,
  SUGAR_EDITS = 3,
  STATUS_CODE_MIN = 100, /* three digits; others can be written as a "start_line" */
  STATUS_CODE_MAX = 999
};

static struct wspec_span load_octets(struct wspec_reader *reader, const cJSON *item) {
  struct wspec_payload payload = {0};
  wspec_load_payload(reader, item, &payload);
  return wspec_reader_octets(reader, item, &payload, FIELD_VALUE_MAX);
}

/* ---- The sugar for the common fields ---- */

static void add_set(struct wspec_head_plan *out, const char *name, const char *value) {
  out->edits[out->n_edits++] = (struct wspec_field_edit){
      .kind = WSPEC_FIELD_SET, .name = wspec_span_text(name), .value = wspec_span_text(value)};
}

static const char *join_protocols(struct wspec_reader *reader, const cJSON *item) {
  const cJSON *element;
  if (wspec_reader_array(reader, item, 1, &element) < 0) {
    return NULL;
  }
  const char *joined = wspec_reader_text(reader, element);
  for (element = element->next; element && joined; element = element->next) {
    const char *name = wspec_reader_text(reader, element);
    size_t len = strlen(joined);
    size_t name_len = name ? strlen(name) : 0;
    char *longer = wspec_reader_alloc(reader, len + name_len + 3, 1);
    if (!name || !longer) {
      return NULL;
    }
    memcpy(longer, joined, len);
    memcpy(longer + len, ", ", 2);
    memcpy(longer + len + 2, name, name_len);
    joined = longer;
  }
  return joined;
}

static void load_sugar(struct wspec_reader *reader, const cJSON *object,
                       struct wspec_head_plan *out) {
  const cJSON *protocols = wspec_reader_member(object, "protocols");
  const cJSON *extensions = wspec_reader_member(object, "extensions");
  const cJSON *origin = wspec_reader_member(object, "origin");
  if (protocols) {
    add_set(out, "Sec-WebSocket-Protocol", join_protocols(reader, protocols));
  }
  if (extensions) {
    add_set(out, "Sec-WebSocket-Extensions", wspec_reader_text(reader, extensions));
  }
  if (origin) {
    add_set(out, "Origin", wspec_reader_text(reader, origin));
  }
}

/* ---- Field edits ---- */

static void load_edit(struct wspec_reader *reader, const cJSON *item,
                      struct wspec_field_edit *out) {
  static const char *const members[] = {"set", "remove", "add", "first", "value", "separator"};
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  int kind = object ? wspec_reader_one_of(reader, object, members, 4) : -1;
  if (kind < 0) {
    return;
  }
  const cJSON *value = wspec_reader_member(object, "value");
  const cJSON *separator = wspec_reader_member(object, "separator");
  out->kind = (enum wspec_field_edit_kind)kind;
  out->name = load_octets(reader, wspec_reader_member(object, members[kind]));
  if (out->kind == WSPEC_FIELD_REMOVE && (value || separator)) {
    wspec_reader_complain(reader, value ? value : separator, "\"remove\" takes a name only");
  }
  if (value) {
    out->value = load_octets(reader, value);
  }
  if (separator) {
    out->separator = load_octets(reader, separator);
    if (out->separator.len == 0) {
      wspec_reader_complain(reader, separator,
                            "expected at least one octet between name and "
                            "value; for none write the line into \"raw\"");
    }
  }
}

static void load_edits(struct wspec_reader *reader, const cJSON *object,
                       struct wspec_head_plan *out) {
  const cJSON *fields = wspec_reader_member(object, "fields");
  const cJSON *element = NULL;
  int n = fields ? wspec_reader_array(reader, fields, 0, &element) : 0;
  out->edits =
      wspec_reader_alloc(reader, (size_t)(n < 0 ? 0 : n) + SUGAR_EDITS, sizeof *out->edits);
  if (!out->edits) {
    return;
  }
  load_sugar(reader, object, out);
  for (; element; element = element->next) {
    load_edit(reader, element, &out->edits[out->n_edits++]);
  }
}

/* ---- The rest ---- */

static void load_start(struct wspec_reader *reader, const cJSON *object,
                       struct wspec_head_plan *out) {
  const struct {
    const char *name;
    const char **out;
  } texts[] = {{"method", &out->method},
               {"target", &out->request_target},
               {"version", &out->version},
               {"start_line", &out->start_line},
               {"line_ending", &out->line_ending},
               {"key", &out->key},
               {"reason", &out->reason}};
  for (size_t i = 0; i < COUNT(texts); i++) {
    const cJSON *item = wspec_reader_member(object, texts[i].name);
    if (item) {
      *texts[i].out = wspec_reader_text(reader, item);
    }
  }
  const cJSON *status = wspec_reader_member(object, "status");
  if (status) {
    out->status_code =
        (unsigned)wspec_reader_uint(reader, status, STATUS_CODE_MIN, STATUS_CODE_MAX);
  }
  const cJSON *start_line = wspec_reader_member(object, "start_line");
  if (start_line && (out->method || out->request_target || out->version || status || out->reason)) {
    wspec_reader_complain(reader, start_line,
                          "\"start_line\" is the whole line: \"method\", \"target\", \"version\", "
                          "\"status\" and \"reason\" cannot stand beside it");
  }
}

/* A request has a method and a target, a response a status code and a reason. */
static void check_kind(struct wspec_reader *reader, const cJSON *object,
                       enum wspec_step_kind step) {
  static const char *const of_request[] = {"method", "target", "key"};
  static const char *const of_response[] = {"status", "reason"};
  bool is_response = step == WSPEC_STEP_RESPOND ||
                     (step == WSPEC_STEP_OPEN && reader->script->target == WSPEC_TARGET_CLIENT);
  bool is_request = step == WSPEC_STEP_REQUEST ||
                    (step == WSPEC_STEP_OPEN && reader->script->target != WSPEC_TARGET_CLIENT);
  for (size_t i = 0; i < COUNT(of_request) && is_response; i++) {
    const cJSON *member = wspec_reader_member(object, of_request[i]);
    if (member) {
      wspec_reader_complain(reader, member, "a response has no \"%s\"", of_request[i]);
    }
  }
  for (size_t i = 0; i < COUNT(of_response) && is_request; i++) {
    const cJSON *member = wspec_reader_member(object, of_response[i]);
    if (member) {
      wspec_reader_complain(reader, member, "a request has no \"%s\"", of_response[i]);
    }
  }
}

/* What makes up a head by parts has no meaning beside the whole head as octets. */
static void check_raw_alone(struct wspec_reader *reader, const cJSON *object) {
  static const char *const parts[] = {"method", "target",      "version",   "start_line",
                                      "fields", "line_ending", "protocols", "extensions",
                                      "origin", "status",      "reason"};
  for (size_t i = 0; i < COUNT(parts); i++) {
    const cJSON *part = wspec_reader_member(object, parts[i]);
    if (part) {
      wspec_reader_complain(reader, part,
                            "\"raw\" is the whole head: \"%s\" cannot stand beside it", parts[i]);
    }
  }
}

void wspec_load_head(struct wspec_reader *reader, const cJSON *item, enum wspec_step_kind step,
                     struct wspec_head_plan *out) {
  static const char *const members[] = {"method",    "target",     "status",      "reason",
                                        "version",   "start_line", "line_ending", "key",
                                        "protocols", "extensions", "origin",      "fields",
                                        "raw",       "body",       "early",       "segments"};
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  if (!object) {
    return;
  }
  const cJSON *raw = wspec_reader_member(object, "raw");
  const cJSON *body = wspec_reader_member(object, "body");
  const cJSON *early = wspec_reader_member(object, "early");
  const cJSON *segments = wspec_reader_member(object, "segments");
  check_kind(reader, object, step);
  load_start(reader, object, out);
  load_edits(reader, object, out);
  out->has_raw = raw != NULL;
  if (raw) {
    check_raw_alone(reader, object);
    wspec_load_payload(reader, raw, &out->raw);
  }
  if (body) {
    wspec_load_payload(reader, body, &out->body);
  }
  if (early) {
    out->early = wspec_load_sends(reader, early, &out->n_early);
  }
  if (segments) {
    wspec_load_segments(reader, segments, &out->segments);
  }
}
