#include "case/load_parts.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Verbs, by enum wspec_step_kind, and the members that may stand beside them. */
static const char *const VERBS[] = {"open",   "request",      "respond",   "send",
                                    "expect", "close",        "fin",       "reset",
                                    "wait",   "stop_reading", "read_again"};

static unsigned connection_index(struct wspec_reader *reader, const cJSON *item) {
  struct wspec_script *script = reader->script;
  const char *name = item ? wspec_reader_text(reader, item) : "a";
  if (!name) {
    return 0;
  }
  for (size_t i = 0; i < script->n_connections; i++) {
    if (strcmp(script->connection_names[i], name) == 0) {
      return (unsigned)i;
    }
  }
  if (script->n_connections == WSPEC_SCRIPT_CONNECTIONS_MAX) {
    wspec_reader_complain(reader, item, "more than %d connections", WSPEC_SCRIPT_CONNECTIONS_MAX);
    return 0;
  }
  script->connection_names[script->n_connections] = name;
  return (unsigned)script->n_connections++;
}

static void load_expect(struct wspec_reader *reader, const cJSON *step,
                        struct wspec_expectation *out) {
  const cJSON *requirement = wspec_reader_member(step, "requirement");
  const cJSON *patience = wspec_reader_member(step, "patience");
  wspec_load_expectation(reader, wspec_reader_member(step, "expect"), out);
  if (requirement) {
    out->requirement = wspec_reader_requirement(reader, requirement);
  }
  if (patience) {
    out->patience = (unsigned)wspec_reader_uint(reader, patience, 1, WSPEC_PATIENCE_MAX);
  }
}

static void load_close(struct wspec_reader *reader, const cJSON *item, struct wspec_step *out) {
  static const char *const members[] = {"code", "reason", "expect"};
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  if (!object) {
    return;
  }
  const cJSON *code = wspec_reader_member(object, "code");
  const cJSON *expect = wspec_reader_member(object, "expect");
  uint8_t octets[2] = {0};
  wspec_load_close_body(reader, code, wspec_reader_member(object, "reason"),
                        &out->as.close.payload);
  if (expect) {
    wspec_load_expectation(reader, expect, &out->as.close.expect);
    return;
  }
  (void)wspec_payload_read(&out->as.close.payload, 0, octets, sizeof octets);
  wspec_load_close_expectation(reader, code != NULL, (uint16_t)(octets[0] << 8 | octets[1]),
                               &out->as.close.expect);
}

static void load_wait(struct wspec_reader *reader, const cJSON *item, struct wspec_step *out) {
  static const char *const members[] = {"ms"};
  const cJSON *object = wspec_reader_object(reader, item, members, 1);
  if (object && wspec_reader_one_of(reader, object, members, 1) == 0) {
    out->as.wait_ms = (unsigned)wspec_reader_uint(reader, wspec_reader_member(object, "ms"), 1,
                                                  WSPEC_WAIT_MAX_MS);
  }
}

static void load_send(struct wspec_reader *reader, const cJSON *step, struct wspec_step *out) {
  const cJSON *segments = wspec_reader_member(step, "segments");
  out->as.send.items =
      wspec_load_sends(reader, wspec_reader_member(step, "send"), &out->as.send.n_items);
  if (segments) {
    wspec_load_segments(reader, segments, &out->as.send.segments);
  }
}

static void load_verb(struct wspec_reader *reader, const cJSON *step, struct wspec_step *out) {
  const cJSON *value = wspec_reader_member(step, VERBS[out->kind]);
  switch (out->kind) {
  case WSPEC_STEP_OPEN:
  case WSPEC_STEP_REQUEST:
  case WSPEC_STEP_RESPOND:
    wspec_load_head(reader, value, out->kind, &out->as.head);
    break;
  case WSPEC_STEP_SEND:
    load_send(reader, step, out);
    break;
  case WSPEC_STEP_EXPECT:
    load_expect(reader, step, &out->as.expect);
    break;
  case WSPEC_STEP_CLOSE:
    load_close(reader, value, out);
    break;
  case WSPEC_STEP_WAIT:
    load_wait(reader, value, out);
    break;
  case WSPEC_STEP_FIN:
  case WSPEC_STEP_RESET:
  case WSPEC_STEP_STOP_READING:
  case WSPEC_STEP_READ_AGAIN:
    (void)wspec_reader_object(reader, value, NULL, 0);
    break;
  }
}

static void load_step(struct wspec_reader *reader, const cJSON *item, struct wspec_step *out) {
  const cJSON *step = wspec_reader_resolve(reader, item);
  const char *members[4] = {NULL, "on", NULL, NULL};
  size_t n_members = 2;
  if (!cJSON_IsObject(step)) {
    wspec_reader_expected(reader, item, "a step: an object");
    return;
  }
  int kind = wspec_reader_one_of(reader, step, VERBS, COUNT(VERBS));
  if (kind < 0) {
    return;
  }
  out->kind = (enum wspec_step_kind)kind;
  out->place = wspec_json_file_place(reader->file, item);
  members[0] = VERBS[kind];
  if (out->kind == WSPEC_STEP_SEND) {
    members[n_members++] = "segments";
  } else if (out->kind == WSPEC_STEP_EXPECT) {
    members[n_members++] = "requirement";
    members[n_members++] = "patience";
  }
  (void)wspec_reader_object(reader, step, members, n_members);
  out->connection = connection_index(reader, wspec_reader_member(step, "on"));
  load_verb(reader, step, out);
}

/* A connection is nothing until it was opened or asked for. */
static void check_opened(struct wspec_reader *reader, const cJSON *first) {
  const struct wspec_script *script = reader->script;
  bool opened[WSPEC_SCRIPT_CONNECTIONS_MAX] = {false};
  for (size_t i = 0; i < script->n_steps; i++, first = first->next) {
    const struct wspec_step *step = &script->steps[i];
    if (step->kind == WSPEC_STEP_OPEN || step->kind == WSPEC_STEP_REQUEST ||
        step->kind == WSPEC_STEP_RESPOND) {
      opened[step->connection] = true;
    } else if (!opened[step->connection] && step->kind != WSPEC_STEP_WAIT) {
      wspec_reader_complain(reader, first,
                            "connection \"%s\" was not opened; expected \"open\", \"request\" or "
                            "\"respond\" before",
                            script->connection_names[step->connection]);
      return;
    }
  }
}

/* A case that asks is for servers, one that answers is for clients, and none is for both. */
static void check_role(struct wspec_reader *reader, const cJSON *first) {
  struct wspec_script *script = reader->script;
  for (size_t i = 0; i < script->n_steps; i++, first = first->next) {
    enum wspec_step_kind kind = script->steps[i].kind;
    if (kind != WSPEC_STEP_REQUEST && kind != WSPEC_STEP_RESPOND) {
      continue;
    }
    enum wspec_case_target target =
        kind == WSPEC_STEP_REQUEST ? WSPEC_TARGET_SERVER : WSPEC_TARGET_CLIENT;
    if (script->target == WSPEC_TARGET_ANY) {
      script->target = target;
    } else if (script->target != target) {
      wspec_reader_complain(reader, first,
                            kind == WSPEC_STEP_REQUEST
                                ? "a client is not asked; expected \"respond\""
                                : "a server is not answered; expected \"request\"");
      return;
    }
  }
}

void wspec_load_steps(struct wspec_reader *reader, const cJSON *item) {
  struct wspec_script *script = reader->script;
  const cJSON *first;
  int n = wspec_reader_array(reader, item, strcmp(script->spec, "api") == 0 ? 0 : 1, &first);
  if (n < 1) {
    return;
  }
  if (n > WSPEC_SCRIPT_STEPS_MAX) {
    wspec_reader_complain(reader, item, "more than %d steps", WSPEC_SCRIPT_STEPS_MAX);
    return;
  }
  script->steps = wspec_reader_alloc(reader, (size_t)n, sizeof *script->steps);
  if (!script->steps) {
    return;
  }
  for (const cJSON *step = first; step; step = step->next) {
    load_step(reader, step, &script->steps[script->n_steps++]);
  }
  if (!reader->failed && !reader->out_of_memory) {
    check_opened(reader, first);
    check_role(reader, first);
    wspec_load_check_labels(reader, first);
  }
}
