#include "case/lint_rules.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Header octets that a frame has beside its length and its masking key. */
enum { HEADER_START = 2, MASKING_KEY_LEN = 4 };

/* ---- Placeholders ---- */

static void lint_placeholders(struct wspec_linter *linter, const struct wspec_step *step,
                              struct wspec_span text) {
  static const char *const known[] = {"${host}",
                                      "${key}",
                                      "${target}",
                                      "${origin}",
                                      "${subprotocol}",
                                      "${accept}",
                                      "${accept_in_other_letters}"};
  for (size_t i = 0; i + 1 < text.len; i++) {
    bool found = text.data[i] != '$' || text.data[i + 1] != '{';
    for (size_t k = 0; k < COUNT(known) && !found; k++) {
      size_t len = strlen(known[k]);
      found = text.len - i >= len && memcmp(text.data + i, known[k], len) == 0;
    }
    if (!found) {
      const uint8_t *end = memchr(text.data + i, '}', text.len - i);
      size_t len = end ? (size_t)(end - text.data) - i + 1 : 2;
      wspec_linter_tell(linter, WSPEC_LINT_UNKNOWN_PLACEHOLDER, step,
                        "%.*s is none of ${host}, ${key}, ${target}, ${origin}, ${subprotocol}, "
                        "${accept}, ${accept_in_other_letters}",
                        len > 40 ? 40 : (int)len, (const char *)text.data + i);
    }
  }
}

static void lint_head(struct wspec_linter *linter, const struct wspec_step *step,
                      const struct wspec_head_plan *head) {
  const char *const texts[] = {head->request_target, head->start_line, head->key};
  for (size_t i = 0; i < COUNT(texts); i++) {
    lint_placeholders(linter, step, wspec_span_text(texts[i]));
  }
  for (size_t i = 0; i < head->n_edits; i++) {
    lint_placeholders(linter, step, head->edits[i].name);
    lint_placeholders(linter, step, head->edits[i].value);
  }
  for (size_t i = 0; i < head->raw.n_parts; i++) {
    const struct wspec_payload_part *part = &head->raw.parts[i];
    lint_placeholders(linter, step, wspec_span_of(part->data, part->data_len));
  }
}

/* ---- Wrong fields that are not wrong ---- */

static unsigned shortest_form(uint64_t len) {
  return len <= 125 ? 7 : len <= 65535 ? 16 : 64;
}

static uint64_t frame_len(const struct wspec_script *script, const struct wspec_frame_plan *frame) {
  uint64_t declared = frame->has_declared_len ? frame->declared_len : frame->payload.len;
  unsigned form = frame->length_form ? frame->length_form : shortest_form(declared);
  /* For both roles: the shorter of the two, which a server sends. */
  bool masked = frame->mask == WSPEC_MASK_BY_ROLE ? script->target == WSPEC_TARGET_SERVER
                                                  : frame->mask == WSPEC_MASK_ON;
  return HEADER_START + (form == 7 ? 0 : form / 8) + (masked ? MASKING_KEY_LEN : 0) +
         frame->payload.len;
}

static const char *find_right(const struct wspec_script *script,
                              const struct wspec_frame_plan *frame) {
  uint64_t declared = frame->has_declared_len ? frame->declared_len : frame->payload.len;
  if (frame->has_declared_len && frame->declared_len == frame->payload.len) {
    return "\"declared_length\" is the payload's own length";
  }
  if (frame->length_form && frame->length_form == shortest_form(declared) &&
      !frame->has_declared_len) {
    return "\"length_form\" is the shortest one";
  }
  if (frame->mask != WSPEC_MASK_BY_ROLE && script->target == WSPEC_TARGET_ANY) {
    return "\"mask\" is wrong against a server or a client, never both; give the case a \"target\"";
  }
  if ((frame->mask == WSPEC_MASK_ON && script->target == WSPEC_TARGET_SERVER) ||
      (frame->mask == WSPEC_MASK_OFF && script->target == WSPEC_TARGET_CLIENT)) {
    return "\"mask\" is what our side has to do";
  }
  uint64_t len = frame->cut_in_payload ? frame->payload.len : frame_len(script, frame);
  if (frame->has_cut && frame->cut_at >= len) {
    return "\"cut_at\" is not before the end of the frame";
  }
  return NULL;
}

static void lint_frame(struct wspec_linter *linter, const struct wspec_step *step,
                       const struct wspec_frame_plan *frame) {
  const char *what = find_right(linter->script, frame);
  if (what) {
    wspec_linter_tell(linter, WSPEC_LINT_WRONG_IS_RIGHT, step, "%s", what);
  }
}

/* ---- Labels ---- */

static bool refers_to(const struct wspec_expectation *expect, const char *label) {
  for (size_t i = 0; i < expect->n_alternatives; i++) {
    const struct wspec_payload_ref *ref = &expect->alternatives[i].payload;
    if (ref->kind == WSPEC_REF_LABEL && ref->label && strcmp(ref->label, label) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_label_used(const struct wspec_script *script, const char *label) {
  for (size_t i = 0; i < script->n_steps; i++) {
    const struct wspec_step *step = &script->steps[i];
    if ((step->kind == WSPEC_STEP_EXPECT && refers_to(&step->as.expect, label)) ||
        (step->kind == WSPEC_STEP_CLOSE && refers_to(&step->as.close.expect, label))) {
      return true;
    }
  }
  return false;
}

static void lint_sends(struct wspec_linter *linter, const struct wspec_step *step,
                       const struct wspec_send *sends, size_t n_sends) {
  for (size_t i = 0; i < n_sends; i++) {
    const struct wspec_send *send = &sends[i];
    if (send->label && !is_label_used(linter->script, send->label)) {
      wspec_linter_tell(linter, WSPEC_LINT_UNUSED_LABEL, step,
                        "no expectation refers to the label \"%s\"", send->label);
    }
    if (send->kind == WSPEC_SEND_FRAME) {
      lint_frame(linter, step, &send->as.frame);
    }
    for (size_t k = 0; send->kind == WSPEC_SEND_MESSAGE && k < send->as.message.n_interleaves;
         k++) {
      lint_frame(linter, step, &send->as.message.interleaves[k].frame);
    }
  }
}

/* ---- Expectations ---- */

static void lint_requirement(struct wspec_linter *linter, const struct wspec_step *step,
                             const struct wspec_requirement *requirement) {
  const struct wspec_script *script = linter->script;
  size_t i = 0;
  while (i < script->n_requirements && script->requirements[i] != requirement) {
    i++;
  }
  if (requirement && i == script->n_requirements) {
    wspec_linter_tell(linter, WSPEC_LINT_REQUIREMENT_NOT_LISTED, step,
                      "%s can be violated here, but the case does not list it", requirement->id);
  }
}

static bool is_http(enum wspec_reaction reaction) {
  return reaction == WSPEC_REACTION_HTTP || reaction == WSPEC_REACTION_DROPPED;
}

static void lint_expectation(struct wspec_linter *linter, const struct wspec_step *step,
                             const struct wspec_expectation *expect, bool open) {
  for (size_t i = 0; i < expect->n_alternatives; i++) {
    const struct wspec_alternative *alternative = &expect->alternatives[i];
    if (!alternative->is_implied) {
      lint_requirement(linter, step, alternative->requirement);
    }
    for (size_t k = 0; k < alternative->n_fields; k++) {
      lint_requirement(linter, step, alternative->fields[k].requirement);
    }
    if (open && is_http(alternative->reaction)) {
      wspec_linter_tell(linter, WSPEC_LINT_ANSWER_AFTER_OPEN, step,
                        "\"open\" has taken the HTTP answer already; use \"request\"");
    } else if (alternative->reaction == WSPEC_REACTION_HTTP &&
               linter->script->target == WSPEC_TARGET_CLIENT) {
      wspec_linter_tell(linter, WSPEC_LINT_ANSWER_OF_CLIENT, step,
                        "a client gives no HTTP answer; expect what it does, \"failed\" or "
                        "\"dropped\" or that it goes on");
    }
    if (alternative->offered != WSPEC_OFFERED_OR_NOT &&
        linter->script->target != WSPEC_TARGET_CLIENT) {
      wspec_linter_tell(linter, WSPEC_LINT_OFFERED_BY_CLIENT, step,
                        "only a client offers; \"offered\" is for cases that bind clients alone");
    }
  }
}

/* What was sent is right, and a failure nothing but put up with: "failed" is of rank info only. */
static bool puts_up_with_failure(const struct wspec_expectation *expect) {
  bool puts_up = false;
  for (size_t i = 0; i < expect->n_alternatives; i++) {
    const struct wspec_alternative *alternative = &expect->alternatives[i];
    if (alternative->reaction == WSPEC_REACTION_FAILED && !alternative->is_implied) {
      if (alternative->rank == WSPEC_RANK_PASS) {
        return false;
      }
      puts_up = puts_up || (alternative->rank == WSPEC_RANK_INFO && !alternative->ends);
    }
  }
  return puts_up;
}

static bool foresees_an_end(const struct wspec_expectation *expect) {
  for (size_t i = 0; i < expect->n_alternatives; i++) {
    enum wspec_reaction reaction = expect->alternatives[i].reaction;
    if (expect->alternatives[i].rank != WSPEC_RANK_FAIL &&
        (reaction == WSPEC_REACTION_FAILED || reaction == WSPEC_REACTION_ENDED ||
         reaction == WSPEC_REACTION_ANY)) {
      return true;
    }
  }
  return false;
}

/* Whoever was allowed to fail the connection has failed it, and can meet nothing else behind that. */
static void lint_memory(struct wspec_linter *linter, const struct wspec_step *step,
                        const struct wspec_expectation *expect, bool *may_have_failed) {
  if (*may_have_failed && !foresees_an_end(expect)) {
    wspec_linter_tell(linter, WSPEC_LINT_FAILURE_FORGOTTEN, step,
                      "a failure was put up with before this step, which does not foresee it; "
                      "list \"failed\" here, or \"ends\" there");
  }
  *may_have_failed = *may_have_failed || puts_up_with_failure(expect);
}

void wspec_lint_steps(struct wspec_linter *linter) {
  const struct wspec_script *script = linter->script;
  bool open[WSPEC_SCRIPT_CONNECTIONS_MAX] = {false};
  bool may_have_failed[WSPEC_SCRIPT_CONNECTIONS_MAX] = {false};
  for (size_t i = 0; i < script->n_steps; i++) {
    const struct wspec_step *step = &script->steps[i];
    switch (step->kind) {
    case WSPEC_STEP_OPEN:
    case WSPEC_STEP_REQUEST:
    case WSPEC_STEP_RESPOND:
      open[step->connection] = step->kind == WSPEC_STEP_OPEN;
      may_have_failed[step->connection] = false;
      lint_head(linter, step, &step->as.head);
      lint_sends(linter, step, step->as.head.early, step->as.head.n_early);
      break;
    case WSPEC_STEP_SEND:
      lint_sends(linter, step, step->as.send.items, step->as.send.n_items);
      break;
    case WSPEC_STEP_EXPECT:
      lint_requirement(linter, step, step->as.expect.requirement);
      lint_expectation(linter, step, &step->as.expect, open[step->connection]);
      lint_memory(linter, step, &step->as.expect, &may_have_failed[step->connection]);
      break;
    case WSPEC_STEP_CLOSE:
      lint_expectation(linter, step, &step->as.close.expect, open[step->connection]);
      lint_memory(linter, step, &step->as.close.expect, &may_have_failed[step->connection]);
      break;
    default:
      break;
    }
  }
}
