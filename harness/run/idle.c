#include "run/idle.h"

/* The octets of a send are not counted for it: so many writes are taken for them, which makes a
 * case with the shortest of pauses between single octets one that waits. */
enum { PIECES = 100 };

static uint64_t idle_in_segments(const struct wspec_segments *segments) {
  uint64_t pieces = segments->n_sizes + (segments->every > 0 ? PIECES : 0);
  return pieces * segments->delay_ms * 1000;
}

static uint64_t idle_in_expectation(const struct wspec_expectation *expectation,
                                    uint64_t settle_us) {
  for (size_t i = 0; i < expectation->n_alternatives; i++) {
    if (expectation->alternatives[i].reaction == WSPEC_REACTION_NOTHING) {
      return settle_us;
    }
  }
  return 0;
}

uint64_t wspec_idle_us(const struct wspec_script *script, uint64_t settle_us) {
  uint64_t idle_us = 0;
  for (size_t i = 0; i < script->n_steps; i++) {
    const struct wspec_step *step = &script->steps[i];
    switch (step->kind) {
    case WSPEC_STEP_WAIT:
      idle_us += (uint64_t)step->as.wait_ms * 1000;
      break;
    case WSPEC_STEP_OPEN:
    case WSPEC_STEP_REQUEST:
    case WSPEC_STEP_RESPOND:
      idle_us += idle_in_segments(&step->as.head.segments);
      break;
    case WSPEC_STEP_SEND:
      idle_us += idle_in_segments(&step->as.send.segments);
      break;
    case WSPEC_STEP_EXPECT:
      idle_us += idle_in_expectation(&step->as.expect, settle_us);
      break;
    case WSPEC_STEP_CLOSE:
    case WSPEC_STEP_FIN:
    case WSPEC_STEP_RESET:
    case WSPEC_STEP_STOP_READING:
    case WSPEC_STEP_READ_AGAIN:
      break;
    }
  }
  return idle_us;
}
