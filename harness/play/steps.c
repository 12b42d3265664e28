#include "play/play_internal.h"

#include "proto/close.h"

static const char declined[] = "the target declines this offer of permessage-deflate";

/* A server may decline any offer, RFC 7692 section 5. */
static bool was_declined(const struct wspec_play *play, const struct link *link) {
  return (play->script->needs & WSPEC_NEED_DEFLATE) && link->state == LINK_OPEN &&
         link->deflate_offered && !link->deflate_agreed;
}

/* An opening handshake that is not what the case is about: an ordinary request gets 101. */
static bool poll_open(struct wspec_play *play, struct link *link) {
  struct wspec_code_range switching = {101, 101};
  struct wspec_alternative accepted = {
      .reaction = WSPEC_REACTION_HTTP, .codes = &switching, .n_codes = 1};
  struct wspec_expectation expectation = {.alternatives = &accepted, .n_alternatives = 1};
  if (play->config->requirements) {
    expectation.requirement = wspec_requirements_find(play->config->requirements, "6455-4.4-02");
  }
  if (link->has_head && (link->head.status_code == 503 || link->head.status_code == 429)) {
    play_end_without_verdict(play, WSPEC_VERDICT_ERROR,
                             "the target is overloaded: it answered the opening handshake with %u",
                             link->head.status_code);
    return true;
  }
  if (!expect_poll(play, link, &expectation)) {
    return false;
  }
  if (was_declined(play, link)) {
    play_skip(play, declined);
  }
  return true;
}

static void begin_request(struct wspec_play *play, struct link *link,
                          const struct wspec_head_plan *plan) {
  if (link->has_head && link->state == LINK_HTTP) {
    wspec_http_head_clear(&link->head); /* a second request on the same connection */
    link->head_offset = link->received_offset;
    link->has_head = false;
  }
  wspec_buf_reset(&link->job.head);
  link->job.head_at = 0;
  if (play_check(play, head_build(play, link, plan, &link->job.head))) {
    return;
  }
  link->own_head_sent = true;
  send_start(play, link, plan->early, plan->n_early, &plan->segments);
}

/* Connects if need be, sends the head, and for OPEN waits for the answer. */
static bool run_request(struct wspec_play *play, struct link *link, const struct wspec_step *step) {
  if (link->state == LINK_IDLE) {
    link->state = LINK_CONNECTING;
    link->wants_connect = true;
  }
  if (link->state == LINK_CONNECTING) {
    play_wait_until(play, play->step_began_us + 2 * play->config->timeout_us);
    if (play->now_us >= play->step_began_us + 2 * play->config->timeout_us) {
      play_end_without_verdict(play, WSPEC_VERDICT_ERROR,
                               "no TCP connection within the time limit");
      return true;
    }
    return false;
  }
  if (!play->step_sent) {
    play->step_sent = true;
    expect_begin(play, link);
    if (link->state != LINK_ENDED) {
      begin_request(play, link, &step->as.head);
    }
  }
  if (step->kind == WSPEC_STEP_OPEN) {
    return poll_open(play, link);
  }
  return send_is_idle(link) || link->state == LINK_ENDED;
}

/* A target that reads nothing for the time limit ends the sending, not the case. */
static bool is_sending_stuck(struct wspec_play *play, const struct link *link) {
  bool waits = link->job.active && link->job.writer.waits;
  if (!link->blocked && !waits) {
    return false;
  }
  uint64_t since_us =
      link->last_sent_us > play->step_began_us ? link->last_sent_us : play->step_began_us;
  if (waits && link->last_received_us > since_us) {
    since_us = link->last_received_us;
  }
  uint64_t limit_us = since_us + play->config->timeout_us;
  if (play->now_us >= limit_us) {
    return true;
  }
  play_wait_until(play, limit_us);
  return false;
}

static bool is_compressed(const struct wspec_step *step) {
  for (size_t i = 0; i < step->as.send.n_items; i++) {
    const struct wspec_send *item = &step->as.send.items[i];
    if (item->kind == WSPEC_SEND_MESSAGE && item->as.message.compress) {
      return true;
    }
  }
  return false;
}

static bool run_send(struct wspec_play *play, struct link *link, const struct wspec_step *step) {
  if (is_sending_stuck(play, link)) {
    send_abandon(link);
  }
  if (!play->step_sent) {
    if (link->job.active) {
      return false; /* what a step before left behind goes first */
    }
    if (was_declined(play, link) && is_compressed(step)) {
      play_skip(play, declined);
      return true;
    }
    play->step_sent = true;
    if (link->state == LINK_OPEN || link->state == LINK_HTTP) {
      send_start(play, link, step->as.send.items, step->as.send.n_items, &step->as.send.segments);
    }
  }
  play_wait_until(play, send_deadline(link));
  /* A target may stop reading while nobody reads what it has to say: the rest goes out beside the
   * steps that follow. */
  return !link->job.active || (link->reading_stopped && link->blocked);
}

static bool run_close(struct wspec_play *play, struct link *link, const struct wspec_step *step) {
  if (!play->step_sent) {
    play->step_sent = true;
    expect_begin(play, link);
    uint8_t body[WSPEC_FRAME_CONTROL_PAYLOAD_MAX];
    size_t len = wspec_payload_read(&step->as.close.payload, 0, body, sizeof body);
    link->close_code_sent = (uint16_t)(len >= 2 ? body[0] << 8 | body[1] : WSPEC_CLOSE_NO_STATUS);
    if (link->state == LINK_OPEN) {
      send_control(play, link, WSPEC_OPCODE_CLOSE, wspec_span_of(body, len));
      link->close_sent = true;
    }
  }
  return expect_poll(play, link, &step->as.close.expect);
}

static bool run_expect(struct wspec_play *play, struct link *link, const struct wspec_step *step) {
  if (!play->step_sent) {
    play->step_sent = true;
    expect_begin(play, link);
  }
  return expect_poll(play, link, &step->as.expect);
}

static bool run_wait(struct wspec_play *play, const struct wspec_step *step) {
  uint64_t until_us = play->step_began_us + (uint64_t)step->as.wait_ms * 1000;
  if (play->now_us >= until_us) {
    return true;
  }
  play_wait_until(play, until_us);
  return false;
}

/* Runs the step as far as it goes; true: it is over. */
static bool run_step(struct wspec_play *play, struct link *link, const struct wspec_step *step) {
  switch (step->kind) {
  case WSPEC_STEP_OPEN:
  case WSPEC_STEP_REQUEST:
  case WSPEC_STEP_RESPOND:
    return play->config->is_server ? respond_run(play, link, step) : run_request(play, link, step);
  case WSPEC_STEP_SEND:
    return run_send(play, link, step);
  case WSPEC_STEP_EXPECT:
    return run_expect(play, link, step);
  case WSPEC_STEP_CLOSE:
    return run_close(play, link, step);
  case WSPEC_STEP_FIN:
    link->wants_fin = link->state == LINK_OPEN || link->state == LINK_HTTP;
    return true;
  case WSPEC_STEP_RESET:
    link->wants_reset = link->state != LINK_IDLE;
    return true;
  case WSPEC_STEP_WAIT:
    return run_wait(play, step);
  case WSPEC_STEP_STOP_READING:
    link->wants_stop_reading = true;
    link->reading_stopped = true;
    return true;
  case WSPEC_STEP_READ_AGAIN:
    link->wants_read_again = true;
    link->reading_stopped = false;
    return true;
  }
  return true;
}

void steps_run(struct wspec_play *play) {
  while (play->step < play->script->n_steps && !play->violated && !play->is_over &&
         !play->out_of_memory) {
    const struct wspec_step *step = &play->script->steps[play->step];
    if (!play->step_began) {
      play->step_began = true;
      play->step_sent = false;
      play->step_began_us = play->now_us;
      play_transcribe(play, WSPEC_ENTRY_STEP, step->connection, play->step,
                      (struct wspec_span){NULL, 0});
    }
    if (!run_step(play, &play->links[step->connection], step)) {
      return;
    }
    play->step++;
    play->step_began = false;
  }
  play->phase = PHASE_FINISH;
}
