#include "play/play_internal.h"

#include "proto/close.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX = 32 * 1024 * 1024, MESSAGE_MAX = 2048 };

/* ---- Findings ---- */

void play_out_of_memory(struct wspec_play *play) {
  play->out_of_memory = true;
}

bool play_check(struct wspec_play *play, enum wspec_err err) {
  if (err) {
    play_out_of_memory(play);
  }
  return err != WSPEC_OK;
}

static enum wspec_verdict verdict_of_level(enum wspec_level level) {
  switch (level) {
  case WSPEC_LEVEL_MUST:
    return WSPEC_VERDICT_FAIL;
  case WSPEC_LEVEL_SHOULD:
    return WSPEC_VERDICT_WARN;
  case WSPEC_LEVEL_MAY:
    return WSPEC_VERDICT_INFO;
  }
  return WSPEC_VERDICT_FAIL;
}

/* One finding a sentence and connection: a target that masks every frame is said so once. */
static bool was_found(const struct wspec_play *play, const char *requirement, unsigned connection) {
  for (size_t i = 0; i < play->result.n_findings; i++) {
    const struct wspec_finding *finding = &play->result.findings[i];
    if (finding->connection == connection && strcmp(finding->requirement, requirement) == 0) {
      return true;
    }
  }
  return false;
}

void play_find(struct wspec_play *play, const char *requirement, unsigned connection,
               uint64_t offset, const char *format, ...) {
  if (was_found(play, requirement, connection)) {
    return;
  }
  struct wspec_buf message;
  wspec_buf_init(&message, MESSAGE_MAX);
  va_list arguments;
  va_start(arguments, format);
  enum wspec_err err = wspec_buf_vappendf(&message, format, arguments);
  va_end(arguments);
  char *text = err ? NULL : wspec_buf_take_text(&message);
  wspec_buf_clear(&message);
  if (err == WSPEC_ERR_NOMEM || (!err && !text)) {
    play_out_of_memory(play);
    return;
  }
  const struct wspec_requirement *known =
      play->config->requirements ? wspec_requirements_find(play->config->requirements, requirement)
                                 : NULL;
  struct wspec_finding finding = {
      .verdict = known ? verdict_of_level(known->level) : WSPEC_VERDICT_FAIL,
      .requirement = known ? known->id : requirement,
      .level = known ? known->keyword : "",
      .message = text ? text : (char *)(uintptr_t) "the details are too long to be shown",
      .connection = connection,
      .offset = offset,
      .at_us = play->now_us - play->began_us,
  };
  play_check(play, wspec_result_add(&play->result, &finding));
  free(text);
}

void play_find_full(struct wspec_play *play, enum wspec_verdict verdict,
                    const struct wspec_requirement *requirement, unsigned connection,
                    uint64_t offset, const char *message, const char *expected, const char *seen) {
  struct wspec_finding finding = {
      .verdict = verdict,
      .requirement = requirement ? requirement->id : "",
      .level = requirement ? requirement->keyword : "",
      .message = (char *)(uintptr_t)message,
      .expected = (char *)(uintptr_t)expected,
      .seen = (char *)(uintptr_t)seen,
      .connection = connection,
      .offset = offset,
      .at_us = play->now_us - play->began_us,
  };
  play_check(play, wspec_result_add(&play->result, &finding));
}

void play_transcribe(struct wspec_play *play, enum wspec_entry_kind kind, unsigned connection,
                     uint64_t offset, struct wspec_span octets) {
  struct wspec_entry entry = {
      .kind = kind,
      .connection = connection,
      .at_us = play->now_us - play->began_us,
      .offset = offset,
  };
  play_check(play, wspec_transcript_add(&play->result.transcript, &entry, octets));
}

/* Ends the case without a verdict on the target. */
static void end_without_verdict(struct wspec_play *play, enum wspec_verdict verdict,
                                const char *format, ...) __attribute__((format(printf, 3, 4)));

static void end_without_verdict(struct wspec_play *play, enum wspec_verdict verdict,
                                const char *format, ...) {
  struct wspec_buf reason;
  wspec_buf_init(&reason, MESSAGE_MAX);
  va_list arguments;
  va_start(arguments, format);
  enum wspec_err err = wspec_buf_vappendf(&reason, format, arguments);
  va_end(arguments);
  play->result.verdict = verdict;
  if (!err && !play->result.skip_reason) {
    play->result.skip_reason = wspec_buf_take_text(&reason);
  }
  wspec_buf_clear(&reason);
  play->violated = true;
}

void play_skip(struct wspec_play *play, const char *reason) {
  end_without_verdict(play, WSPEC_VERDICT_SKIP, "%s", reason);
}

/* ---- Lifecycle ---- */

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

static void init_link(struct link *link) {
  wspec_http_head_init(&link->answer, WSPEC_HTTP_RESPONSE, NULL);
  wspec_buf_init(&link->job.head, REQUEST_MAX);
  wspec_buf_init(&link->request, REQUEST_MAX);
  wspec_buf_init(&link->automatic, AUTOMATIC_MAX);
  wspec_buf_init(&link->write, WRITE_MAX > AUTOMATIC_MAX ? WRITE_MAX : AUTOMATIC_MAX);
  wspec_buf_init(&link->close_reason, WSPEC_CLOSE_REASON_MAX);
}

struct wspec_play *wspec_play_new(const struct wspec_script *script,
                                  const struct wspec_play_config *config, uint64_t now_us) {
  struct wspec_play *play = calloc(1, sizeof *play);
  if (!play) {
    return NULL;
  }
  play->script = script;
  play->config = config;
  play->began_us = now_us;
  play->now_us = now_us;
  play->deadline_us = now_us;
  play->rng.state = wspec_rng_mix(config->seed);
  play->result.script = script;
  wspec_transcript_init(&play->result.transcript);
  for (size_t i = 0; i < WSPEC_SCRIPT_CONNECTIONS_MAX; i++) {
    init_link(&play->links[i]);
  }
  unsigned missing = script->needs & ~config->have;
  if (missing) {
    end_without_verdict(play, WSPEC_VERDICT_SKIP, "%s", name_missing_need(missing));
  } else if (config->oracle == WSPEC_ORACLE_NONE && needs_oracle(script)) {
    end_without_verdict(play, WSPEC_VERDICT_SKIP,
                        "the target neither echoes nor answers pings reliably");
  }
  return play;
}

static void clear_link(struct link *link) {
  send_clear(link);
  sent_clear(link);
  compression_clear(link);
  wspec_http_head_clear(&link->answer);
  wspec_buf_clear(&link->request);
  wspec_buf_clear(&link->close_reason);
  free(link->events);
}

void wspec_play_free(struct wspec_play *play) {
  if (!play) {
    return;
  }
  for (size_t i = 0; i < WSPEC_SCRIPT_CONNECTIONS_MAX; i++) {
    clear_link(&play->links[i]);
  }
  wspec_result_clear(&play->result);
  free(play);
}

/* ---- Steps ---- */

/* An opening handshake that is not what the case is about: an ordinary request gets 101. */
static bool poll_open(struct wspec_play *play, struct link *link) {
  struct wspec_code_range switching = {101, 101};
  struct wspec_alternative accepted = {
      .reaction = WSPEC_REACTION_HTTP, .codes = &switching, .n_codes = 1};
  struct wspec_expectation expectation = {.alternatives = &accepted, .n_alternatives = 1};
  if (play->config->requirements) {
    expectation.requirement = wspec_requirements_find(play->config->requirements, "6455-4.4-02");
  }
  if (link->answered && (link->answer.status_code == 503 || link->answer.status_code == 429)) {
    end_without_verdict(play, WSPEC_VERDICT_ERROR,
                        "the target is overloaded: it answered the opening handshake with %u",
                        link->answer.status_code);
    return true;
  }
  if (!expect_poll(play, link, &expectation)) {
    return false;
  }
  if ((play->script->needs & WSPEC_NEED_DEFLATE) && link->state == LINK_OPEN &&
      link->deflate_offered && !link->deflate_agreed) {
    end_without_verdict(play, WSPEC_VERDICT_SKIP,
                        "the target declines this offer of permessage-deflate");
  }
  return true;
}

static void begin_request(struct wspec_play *play, struct link *link,
                          const struct wspec_head_plan *plan) {
  if (link->answered && link->state == LINK_HTTP) {
    wspec_http_head_clear(&link->answer); /* a second request on the same connection */
    link->answer_offset = link->received_offset;
    link->answered = false;
  }
  wspec_buf_reset(&link->job.head);
  link->job.head_at = 0;
  if (play_check(play, head_build(play, link, plan, &link->job.head))) {
    return;
  }
  link->requested = true;
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
      end_without_verdict(play, WSPEC_VERDICT_ERROR, "no TCP connection within the time limit");
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
  uint64_t since_us =
      link->last_sent_us > play->step_began_us ? link->last_sent_us : play->step_began_us;
  uint64_t limit_us = since_us + play->config->timeout_us;
  if (link->blocked && play->now_us >= limit_us) {
    return true;
  }
  if (link->blocked) {
    play_wait_until(play, limit_us);
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
    return run_request(play, link, step);
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

static void run_steps(struct wspec_play *play) {
  while (play->step < play->script->n_steps && !play->violated && !play->out_of_memory) {
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

static void conclude(struct wspec_play *play) {
  finish_report(play);
  if (play->out_of_memory) {
    end_without_verdict(play, WSPEC_VERDICT_ERROR, "wspec ran out of memory or of a limit");
  }
  play->result.duration_us = play->now_us - play->began_us;
  wspec_result_conclude(&play->result);
  play->phase = PHASE_DONE;
}

static void advance(struct wspec_play *play) {
  play->deadline_us = UINT64_MAX;
  if (play->phase == PHASE_STEPS) {
    run_steps(play);
  }
  for (unsigned i = 0; i < WSPEC_SCRIPT_CONNECTIONS_MAX; i++) {
    play_wait_until(play, send_deadline(&play->links[i]));
  }
  if (play->phase != PHASE_FINISH) {
    return;
  }
  bool all_done = true;
  for (unsigned i = 0; i < play->script->n_connections; i++) {
    all_done = finish_poll(play, &play->links[i]) && all_done;
  }
  if (all_done) {
    conclude(play);
  }
}

/* ---- Inputs ---- */

/* Sets the time; NULL where the connection is not there (any more). */
static struct link *enter(struct wspec_play *play, unsigned connection, uint64_t now_us) {
  if (now_us > play->now_us) {
    play->now_us = now_us;
  }
  if (connection >= WSPEC_SCRIPT_CONNECTIONS_MAX || play->phase == PHASE_DONE ||
      play->links[connection].given_up) {
    return NULL;
  }
  return &play->links[connection];
}

void wspec_play_connected(struct wspec_play *play, unsigned connection, uint64_t now_us) {
  struct link *link = enter(play, connection, now_us);
  if (link && link->state == LINK_CONNECTING) {
    play_transcribe(play, WSPEC_ENTRY_CONNECTED, connection, 0, (struct wspec_span){NULL, 0});
    link->state = LINK_HTTP;
    advance(play);
  }
}

void wspec_play_refused(struct wspec_play *play, unsigned connection, const char *sentence,
                        uint64_t now_us) {
  struct link *link = enter(play, connection, now_us);
  if (link && link->state == LINK_CONNECTING) {
    play_transcribe(play, WSPEC_ENTRY_REFUSED, connection, 0, wspec_span_text(sentence));
    link->state = LINK_ENDED;
    play->refused = true;
    end_without_verdict(play, WSPEC_VERDICT_ERROR, "no connection: %s", sentence);
    advance(play);
  }
}

void wspec_play_received(struct wspec_play *play, unsigned connection, struct wspec_span octets,
                         uint64_t now_us) {
  struct link *link = enter(play, connection, now_us);
  if (link && octets.len > 0 && (link->state == LINK_HTTP || link->state == LINK_OPEN)) {
    play_transcribe(play, WSPEC_ENTRY_RECEIVED, connection, link->received_offset, octets);
    receive_octets(play, link, octets);
    advance(play);
  }
}

static void end_link(struct wspec_play *play, unsigned connection, enum event_kind kind,
                     enum wspec_entry_kind entry, uint64_t now_us) {
  struct link *link = enter(play, connection, now_us);
  if (link && (link->state == LINK_HTTP || link->state == LINK_OPEN)) {
    play_transcribe(play, entry, connection, link->received_offset, (struct wspec_span){NULL, 0});
    receive_end(play, link, kind);
    advance(play);
  }
}

void wspec_play_eof(struct wspec_play *play, unsigned connection, uint64_t now_us) {
  end_link(play, connection, EVENT_EOF, WSPEC_ENTRY_FIN_RECEIVED, now_us);
}

void wspec_play_reset(struct wspec_play *play, unsigned connection, uint64_t now_us) {
  end_link(play, connection, EVENT_RESET, WSPEC_ENTRY_RESET_RECEIVED, now_us);
}

void wspec_play_time(struct wspec_play *play, uint64_t now_us) {
  enter(play, 0, now_us);
  if (play->phase != PHASE_DONE) {
    advance(play);
  }
}

void wspec_play_set_blocked(struct wspec_play *play, unsigned connection, bool blocked,
                            uint64_t now_us) {
  struct link *link = enter(play, connection, now_us);
  if (link && link->blocked != blocked) {
    link->blocked = blocked;
    link->last_sent_us = play->now_us;
    advance(play);
  }
}

/* ---- Outputs ---- */

static bool take_flag(bool *flag) {
  bool was_set = *flag;
  *flag = false;
  return was_set;
}

static bool next_write(struct wspec_play *play, struct link *link, struct wspec_action *action) {
  if (!send_next(play, link, &action->octets)) {
    return false;
  }
  play_transcribe(play, WSPEC_ENTRY_SENT, action->connection, link->sent_offset, action->octets);
  link->sent_offset += action->octets.len;
  link->last_sent_us = play->now_us;
  action->kind = WSPEC_ACTION_WRITE;
  return true;
}

static bool next_end(struct wspec_play *play, struct link *link, struct wspec_action *action) {
  struct wspec_span nothing = {NULL, 0};
  if (link->wants_fin && send_is_idle(link)) {
    link->wants_fin = false;
    link->fin_sent = true;
    action->kind = WSPEC_ACTION_FIN;
    play_transcribe(play, WSPEC_ENTRY_FIN_SENT, action->connection, link->sent_offset, nothing);
    return true;
  }
  if (take_flag(&link->wants_reset)) {
    action->kind = WSPEC_ACTION_RESET;
    link->state = LINK_ENDED;
    link->given_up = true;
    send_abandon(link);
    play_transcribe(play, WSPEC_ENTRY_RESET_SENT, action->connection, link->sent_offset, nothing);
    return true;
  }
  if (take_flag(&link->wants_close)) {
    action->kind = WSPEC_ACTION_CLOSE;
    return true;
  }
  return false;
}

static bool next_action(struct wspec_play *play, struct link *link, struct wspec_action *action) {
  if (take_flag(&link->wants_connect)) {
    action->kind = WSPEC_ACTION_CONNECT;
    play_transcribe(play, WSPEC_ENTRY_CONNECT, action->connection, 0, (struct wspec_span){NULL, 0});
    return true;
  }
  if (take_flag(&link->wants_stop_reading)) {
    action->kind = WSPEC_ACTION_STOP_READING;
    return true;
  }
  if (take_flag(&link->wants_read_again)) {
    action->kind = WSPEC_ACTION_READ_AGAIN;
    return true;
  }
  return next_write(play, link, action) || next_end(play, link, action);
}

bool wspec_play_next(struct wspec_play *play, uint64_t now_us, struct wspec_action *action) {
  enter(play, 0, now_us);
  /* A step ends when its last octet was handed out: that can make new actions, so look again. */
  for (unsigned round = 0; round < 2; round++) {
    for (unsigned i = 0; i < play->script->n_connections; i++) {
      *action = (struct wspec_action){.connection = i};
      if (next_action(play, &play->links[i], action)) {
        return true;
      }
    }
    if (play->phase == PHASE_DONE) {
      return false;
    }
    advance(play);
  }
  return false;
}

uint64_t wspec_play_deadline(const struct wspec_play *play) {
  return play->phase == PHASE_DONE ? UINT64_MAX : play->deadline_us;
}

bool wspec_play_is_done(const struct wspec_play *play) {
  if (play->phase != PHASE_DONE) {
    return false;
  }
  for (unsigned i = 0; i < play->script->n_connections; i++) {
    if (play->links[i].wants_close || play->links[i].wants_reset) {
      return false;
    }
  }
  return true;
}

bool wspec_play_was_refused(const struct wspec_play *play) {
  return play->refused;
}

const struct wspec_http_head *wspec_play_answer(const struct wspec_play *play,
                                                unsigned connection) {
  const struct link *link = &play->links[connection];
  return link->answered ? &link->answer : NULL;
}

void wspec_play_take_result(struct wspec_play *play, struct wspec_result *result) {
  *result = play->result;
  play->result = (struct wspec_result){0};
}
