#include "compat/expected.h"

#include "proto/close.h"
#include "proto/frame.h"

#include <string.h>

enum { LABELS_MAX = 16, TIMES_MAX = 16 };

/* A message or ping that the case sends: its first octets. */
struct sent {
  const char *label;
  uint8_t opcode;
  uint64_t len;
  uint8_t prefix[WSPEC_TRACE_TEXT_MAX];
};

/* The sends of a script so far. */
struct sends {
  struct sent message, ping;
  struct sent labelled[LABELS_MAX];
  size_t n_labelled;
};

static void extend(struct sent *sent, const struct wspec_payload *payload) {
  if (sent->len < sizeof sent->prefix) {
    size_t at = (size_t)sent->len;
    (void)wspec_payload_read(payload, 0, sent->prefix + at, sizeof sent->prefix - at);
  }
  sent->len += payload->len;
}

static void begin(struct sent *sent, const char *label, uint8_t opcode) {
  *sent = (struct sent){.label = label, .opcode = opcode};
}

static void note_label(struct sends *sends, const struct sent *sent) {
  if (sent->label && sends->n_labelled < LABELS_MAX) {
    sends->labelled[sends->n_labelled++] = *sent;
  }
}

static void note_frame(struct sends *sends, const struct wspec_send *send) {
  const struct wspec_frame_plan *frame = &send->as.frame;
  if (frame->opcode == WSPEC_OPCODE_PING) {
    begin(&sends->ping, send->label, frame->opcode);
    extend(&sends->ping, &frame->payload);
    note_label(sends, &sends->ping);
  } else if (frame->opcode == WSPEC_OPCODE_CONTINUATION) {
    extend(&sends->message, &frame->payload);
  } else if (!wspec_opcode_is_control(frame->opcode)) {
    begin(&sends->message, send->label, frame->opcode);
    extend(&sends->message, &frame->payload);
  }
  bool is_last = frame->fin && !wspec_opcode_is_control(frame->opcode);
  if (is_last) {
    sends->message.label = send->label ? send->label : sends->message.label;
    note_label(sends, &sends->message);
  }
}

static void note_send(struct sends *sends, const struct wspec_send *send) {
  if (send->kind == WSPEC_SEND_FRAME) {
    note_frame(sends, send);
  } else if (send->kind == WSPEC_SEND_MESSAGE) {
    const struct wspec_message_plan *plan = &send->as.message;
    begin(&sends->message, send->label, plan->opcode);
    extend(&sends->message, &plan->payload);
    note_label(sends, &sends->message);
    for (size_t i = 0; i < plan->n_interleaves; i++) {
      const struct wspec_frame_plan *frame = &plan->interleaves[i].frame;
      if (frame->opcode == WSPEC_OPCODE_PING) {
        begin(&sends->ping, NULL, frame->opcode);
        extend(&sends->ping, &frame->payload);
      }
    }
  }
}

/* What an alternative refers to; false: nothing that was sent. */
static bool resolve(const struct sends *sends, const struct wspec_alternative *alternative,
                    struct sent *out) {
  const struct wspec_payload_ref *ref = &alternative->payload;
  bool is_pong = alternative->reaction == WSPEC_REACTION_PONG;
  if (ref->kind == WSPEC_REF_PAYLOAD) {
    begin(out, NULL, ref->opcode);
    extend(out, &ref->payload);
    return true;
  }
  *out = is_pong ? sends->ping : sends->message;
  for (size_t i = 0; ref->kind == WSPEC_REF_LABEL && i < sends->n_labelled; i++) {
    if (strcmp(sends->labelled[i].label, ref->label) == 0) {
      *out = sends->labelled[i];
    }
  }
  return out->opcode != 0;
}

static void add_event(struct wspec_expected *expected, const struct sends *sends,
                      const struct wspec_alternative *alternative) {
  struct sent sent;
  if (!resolve(sends, alternative, &sent)) {
    return;
  }
  uint64_t times = alternative->times > 1 ? alternative->times : 1;
  for (uint64_t i = 0; i < times && i < TIMES_MAX; i++) {
    if (expected->n_events == WSPEC_TRACE_EVENTS_MAX) {
      return;
    }
    struct wspec_traced *event = &expected->events[expected->n_events++];
    event->kind =
        alternative->reaction == WSPEC_REACTION_PONG ? WSPEC_TRACED_PONG : WSPEC_TRACED_MESSAGE;
    event->is_binary = sent.opcode == WSPEC_OPCODE_BINARY;
    wspec_show(&event->payload, sent.prefix, sent.len);
  }
}

static bool is_event(const struct wspec_alternative *alternative) {
  return alternative->rank == WSPEC_RANK_PASS && (alternative->reaction == WSPEC_REACTION_ECHO ||
                                                  alternative->reaction == WSPEC_REACTION_MESSAGE ||
                                                  alternative->reaction == WSPEC_REACTION_PONG);
}

static void note_failing(struct wspec_expected_close *close, size_t step,
                         const struct wspec_alternative *alternative) {
  if (!close->by_target) {
    close->by_target = true;
    close->failing_step = step;
  }
  close->n_codes = 0;
  for (size_t i = 0; i < alternative->n_codes && i < WSPEC_EXPECTED_CODES_MAX; i++) {
    close->codes[close->n_codes++] = alternative->codes[i].first;
  }
}

static void read_expectation(struct wspec_expected *expected, const struct sends *sends,
                             const struct wspec_expectation *expectation, size_t step) {
  bool has_event = false;
  for (size_t i = 0; i < expectation->n_alternatives; i++) {
    const struct wspec_alternative *alternative = &expectation->alternatives[i];
    if (is_event(alternative) && !has_event) {
      add_event(expected, sends, alternative);
      has_event = true;
    }
    if (alternative->reaction == WSPEC_REACTION_FAILED && alternative->rank == WSPEC_RANK_PASS) {
      note_failing(&expected->close, step, alternative);
    }
  }
}

/* In its group 7 it is always Autobahn that closes first, if with a close frame that is wrong. */
static void settle_close(struct wspec_expected_close *close, const char *number) {
  bool is_closing = strncmp(number, "7.", 2) == 0;
  if (!close->by_target) {
    close->codes[0] = WSPEC_CLOSE_NORMAL;
    close->n_codes = 1;
    close->require_clean = true;
  } else if (is_closing) {
    close->by_target = false;
  } else {
    close->is_fatal = strncmp(number, "6.", 2) == 0;
  }
}

void wspec_expected_read(struct wspec_expected *expected, const struct wspec_script *script,
                         const char *number) {
  *expected = (struct wspec_expected){.n_events = 0};
  struct sends sends = {.n_labelled = 0};
  for (size_t i = 0; i < script->n_steps; i++) {
    const struct wspec_step *step = &script->steps[i];
    if (step->connection != 0) {
      continue;
    }
    if (step->kind == WSPEC_STEP_SEND) {
      for (size_t j = 0; j < step->as.send.n_items; j++) {
        note_send(&sends, &step->as.send.items[j]);
      }
    } else if (step->kind == WSPEC_STEP_EXPECT) {
      read_expectation(expected, &sends, &step->as.expect, i);
    }
  }
  settle_close(&expected->close, number);
}
