#include "play/play_internal.h"

static const char *name_missing_need(unsigned missing) {
  static const struct {
    unsigned need;
    const char *name;
  } names[] = {
      {WSPEC_NEED_ECHO, "the target does not echo"},
      {WSPEC_NEED_SUBPROTOCOL, "no subprotocol of the target is known; give --subprotocol"},
      {WSPEC_NEED_DEFLATE, "the target declines permessage-deflate"},
      {WSPEC_NEED_TLS, "the URL is not wss"},
      {WSPEC_NEED_ORIGIN_POLICY, "no origin that the target accepts is known; give --origin"},
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (missing & names[i].need) {
      return names[i].name;
    }
  }
  return "the target lacks what the case needs";
}

/* Without any oracle, only cases that never wait for a message or a pong can be judged. */
static bool needs_oracle(const struct wspec_script *script) {
  for (size_t i = 0; i < script->n_steps; i++) {
    const struct wspec_step *step = &script->steps[i];
    if (step->kind != WSPEC_STEP_EXPECT) {
      continue;
    }
    for (size_t k = 0; k < step->as.expect.n_alternatives; k++) {
      enum wspec_reaction reaction = step->as.expect.alternatives[k].reaction;
      if (reaction == WSPEC_REACTION_ECHO || reaction == WSPEC_REACTION_IGNORED) {
        return true;
      }
    }
  }
  return false;
}

static bool begins_connection(enum wspec_step_kind kind) {
  return kind == WSPEC_STEP_OPEN || kind == WSPEC_STEP_REQUEST || kind == WSPEC_STEP_RESPOND;
}

/* Whether a connection is begun while the target may still be busy with another. Only a RST surely
 * ends one: after a FIN, a close frame, or an answer that is no 101, the target may keep TCP open,
 * and so do we until the case is over. */
static bool needs_two_at_once(const struct wspec_script *script) {
  bool is_begun[WSPEC_SCRIPT_CONNECTIONS_MAX] = {false};
  unsigned n_begun = 0;
  for (size_t i = 0; i < script->n_steps; i++) {
    bool *is_this_begun = &is_begun[script->steps[i].connection];
    if (begins_connection(script->steps[i].kind) && !*is_this_begun) {
      *is_this_begun = true;
      n_begun++;
    } else if (script->steps[i].kind == WSPEC_STEP_RESET && *is_this_begun) {
      *is_this_begun = false;
      n_begun--;
    }
    if (n_begun > 1) {
      return true;
    }
  }
  return false;
}

const char *needs_missing(const struct wspec_script *script,
                          const struct wspec_play_config *config) {
  unsigned missing = script->needs & ~config->have;
  if (config->is_server) {
    missing &= ~(unsigned)(WSPEC_NEED_DEFLATE | WSPEC_NEED_SUBPROTOCOL); /* its request tells */
  }
  if (missing) {
    return name_missing_need(missing);
  }
  if (config->oracle == WSPEC_ORACLE_NONE && needs_oracle(script)) {
    return "the target neither echoes nor answers pings reliably";
  }
  if (config->one_at_a_time && needs_two_at_once(script)) {
    return "the target serves one connection at a time";
  }
  return NULL;
}
