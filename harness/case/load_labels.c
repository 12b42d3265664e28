#include "case/load_parts.h"

#include <string.h>

enum { LABELS_MAX = 256 };

struct labels {
  struct wspec_reader *reader;
  const cJSON *step; /* for messages */
  const char *names[LABELS_MAX];
  size_t n_names;
  bool sent; /* anything that "same" can mean */
};

static bool is_known(const struct labels *labels, const char *name) {
  for (size_t i = 0; i < labels->n_names; i++) {
    if (strcmp(labels->names[i], name) == 0) {
      return true;
    }
  }
  return false;
}

static void define(struct labels *labels, const struct wspec_send *sends, size_t n) {
  labels->sent = labels->sent || n > 0;
  for (size_t i = 0; i < n; i++) {
    const char *name = sends[i].label;
    if (!name) {
      continue;
    }
    if (is_known(labels, name)) {
      wspec_reader_complain(labels->reader, labels->step, "the label \"%s\" is given twice", name);
    } else if (labels->n_names == LABELS_MAX) {
      wspec_reader_complain(labels->reader, labels->step, "more than %d labels", LABELS_MAX);
    } else {
      labels->names[labels->n_names++] = name;
    }
  }
}

static bool has_payload_ref(const struct wspec_alternative *alternative) {
  return alternative->reaction == WSPEC_REACTION_ECHO ||
         alternative->reaction == WSPEC_REACTION_MESSAGE ||
         alternative->reaction == WSPEC_REACTION_PONG;
}

static void use(struct labels *labels, const struct wspec_expectation *expect) {
  for (size_t i = 0; i < expect->n_alternatives; i++) {
    const struct wspec_alternative *alternative = &expect->alternatives[i];
    const struct wspec_payload_ref *ref = &alternative->payload;
    if (!has_payload_ref(alternative)) {
      continue;
    }
    if (ref->kind == WSPEC_REF_SAME && !labels->sent) {
      wspec_reader_complain(labels->reader, labels->step,
                            "\"same\" as what? Nothing was sent before");
    } else if (ref->kind == WSPEC_REF_LABEL && ref->label && !is_known(labels, ref->label)) {
      wspec_reader_complain(labels->reader, labels->step,
                            "no send before this step has the label \"%s\" (\"as\")", ref->label);
    }
  }
}

void wspec_load_check_labels(struct wspec_reader *reader, const cJSON *steps) {
  struct labels labels = {.reader = reader, .step = steps};
  const struct wspec_script *script = reader->script;
  for (size_t i = 0; i < script->n_steps; i++, labels.step = labels.step->next) {
    const struct wspec_step *step = &script->steps[i];
    if (step->kind == WSPEC_STEP_OPEN || step->kind == WSPEC_STEP_REQUEST ||
        step->kind == WSPEC_STEP_RESPOND) {
      define(&labels, step->as.head.early, step->as.head.n_early);
    } else if (step->kind == WSPEC_STEP_SEND) {
      define(&labels, step->as.send.items, step->as.send.n_items);
    } else if (step->kind == WSPEC_STEP_EXPECT) {
      use(&labels, &step->as.expect);
    } else if (step->kind == WSPEC_STEP_CLOSE) {
      use(&labels, &step->as.close.expect);
    }
  }
}
