#include "play/play_internal.h"

#include "proto/close.h"

#include <string.h>

enum {
  SETTLE_ANSWERS = 10, /* times the target's answer to the handshake: the least settle time */
  NOTHING_SETTLES = 5  /* settle times without an octet, where their absence says something */
};

const struct wspec_requirement *expect_requirement(const struct wspec_play *play) {
  return wspec_requirement_for(play->script->requirements, play->script->n_requirements,
                               play->config->is_server ? "client" : "server");
}

void expect_begin(struct wspec_play *play, struct link *link) {
  (void)play;
  link->sentinel_sent = false;
  link->sentinel_seen = false;
  link->is_asked_again = false;
  link->matched = 0;
}

/* ---- Decisions ---- */

static enum wspec_verdict verdict_of_rank(enum wspec_rank rank) {
  switch (rank) {
  case WSPEC_RANK_PASS:
    return WSPEC_VERDICT_PASS;
  case WSPEC_RANK_INFO:
    return WSPEC_VERDICT_INFO;
  case WSPEC_RANK_WARN:
    return WSPEC_VERDICT_WARN;
  case WSPEC_RANK_FAIL:
    return WSPEC_VERDICT_FAIL;
  }
  return WSPEC_VERDICT_FAIL;
}

static void decide_alternative(struct wspec_play *play, struct link *link,
                               const struct wspec_expectation *expectation,
                               const struct wspec_alternative *alternative,
                               const struct seen *seen) {
  for (size_t i = 0; i < alternative->n_fields; i++) {
    answer_judge_field(play, link, &alternative->fields[i]);
  }
  play->is_over = play->is_over || alternative->ends;
  if (alternative->rank == WSPEC_RANK_PASS) {
    return;
  }
  struct description expected, what;
  describe_expectation(play, expectation, &expected);
  describe_seen(play, seen, &what);
  const struct wspec_requirement *requirement = alternative->requirement;
  if (!requirement && alternative->rank != WSPEC_RANK_INFO) {
    requirement = expect_requirement(play);
  }
  play_find_full(play, verdict_of_rank(alternative->rank), requirement, link_index(play, link),
                 seen->event ? seen->event->offset : WSPEC_OFFSET_NONE,
                 alternative->note ? alternative->note : "another reaction than the expected one",
                 expected.text, what.text);
  play->violated = play->violated || alternative->rank == WSPEC_RANK_FAIL;
}

static void decide_violation(struct wspec_play *play, struct link *link,
                             const struct wspec_expectation *expectation, const struct seen *seen) {
  struct description expected, what, message;
  describe_expectation(play, expectation, &expected);
  describe_seen(play, seen, &what);
  const struct wspec_requirement *requirement =
      expectation->requirement ? expectation->requirement : expect_requirement(play);
  enum wspec_verdict verdict = WSPEC_VERDICT_FAIL;
  if (requirement && requirement->level != WSPEC_LEVEL_MUST) {
    verdict = requirement->level == WSPEC_LEVEL_SHOULD ? WSPEC_VERDICT_WARN : WSPEC_VERDICT_INFO;
  }
  describe_violation(play, &expected, &what, &message);
  play_find_full(play, verdict, requirement, link_index(play, link),
                 seen->event ? seen->event->offset : WSPEC_OFFSET_NONE, message.text, expected.text,
                 what.text);
  play->violated = true;
}

/* ---- Does an event fit an alternative? ---- */

static bool code_fits(const struct wspec_alternative *alternative, unsigned code) {
  for (size_t i = 0; i < alternative->n_codes; i++) {
    if (code >= alternative->codes[i].first && code <= alternative->codes[i].last) {
      return true;
    }
  }
  return alternative->n_codes == 0 && !alternative->no_code_allowed;
}

static bool reason_fits(const struct wspec_alternative *alternative, const struct event *event) {
  const struct wspec_payload *reason = alternative->reason;
  uint8_t octets[WSPEC_CLOSE_REASON_MAX];
  size_t len = event->payload_len >= 2 ? (size_t)event->payload_len - 2 : 0;
  if (!reason) {
    return true;
  }
  return reason->len == len && wspec_payload_read(reason, 0, octets, sizeof octets) == len &&
         memcmp(octets, event->prefix + 2, len) == 0;
}

static bool close_fits(const struct wspec_alternative *alternative, const struct event *event) {
  bool has_code = event->payload_len >= 2;
  if (!reason_fits(alternative, event)) {
    return false;
  }
  return has_code ? code_fits(alternative, event->status_code)
                  : alternative->no_code_allowed || alternative->n_codes == 0;
}

static bool equals_sent(struct sent *sent, const struct event *event) {
  sent_hash(sent);
  return sent->len == event->payload_len && sent->hash == event->hash &&
         (sent->opcode == event->opcode || wspec_opcode_is_control(event->opcode) ||
          sent->opcode == WSPEC_OPCODE_CONTINUATION || wspec_opcode_is_reserved(sent->opcode));
}

static bool payload_fits(struct link *link, const struct wspec_payload_ref *ref,
                         const struct event *event, bool pings) {
  if (ref->opcode != 0 && ref->opcode != event->opcode) {
    return false;
  }
  if (ref->kind == WSPEC_REF_PAYLOAD) {
    return ref->payload.len == event->payload_len &&
           hash_payload(HASH_START, &ref->payload) == event->hash;
  }
  struct sent *sent = sent_find(link, ref, pings);
  return sent && equals_sent(sent, event);
}

static bool deflate_fits(const struct link *link, const struct wspec_alternative *alternative) {
  if (alternative->deflate == WSPEC_DEFLATE_ANY) {
    return true;
  }
  bool fits = link->deflate_agreed == (alternative->deflate == WSPEC_DEFLATE_AGREED);
  return fits &&
         (!alternative->deflate_param || compression_has_param(link, alternative->deflate_param));
}

/* Some of what a client may do depends on whether it offered what we answered. */
static bool applies(const struct link *link, const struct wspec_alternative *alternative) {
  return alternative->offered == WSPEC_OFFERED_OR_NOT ||
         link->answer_was_offered == (alternative->offered == WSPEC_OFFERED);
}

static bool event_fits(struct link *link, const struct wspec_alternative *alternative,
                       const struct event *event) {
  bool is_end = event->kind == EVENT_EOF || event->kind == EVENT_RESET;
  if (!applies(link, alternative)) {
    return false;
  }
  switch (alternative->reaction) {
  case WSPEC_REACTION_HTTP:
    return event->kind == EVENT_HTTP && event->status_code != 0 &&
           code_fits(alternative, event->status_code) && deflate_fits(link, alternative);
  case WSPEC_REACTION_DROPPED:
    /* Of a client: it took no 101, as it sent no frame. */
    return is_end &&
           (link->head.kind == WSPEC_HTTP_REQUEST ? link->n_frames == 0 : !link->has_head);
  case WSPEC_REACTION_ECHO:
  case WSPEC_REACTION_MESSAGE:
    return event->kind == EVENT_MESSAGE && payload_fits(link, &alternative->payload, event, false);
  case WSPEC_REACTION_PONG:
    return event->kind == EVENT_PONG && payload_fits(link, &alternative->payload, event, true);
  case WSPEC_REACTION_FAILED:
    return is_end || (event->kind == EVENT_CLOSE && close_fits(alternative, event));
  case WSPEC_REACTION_CLOSED:
    return event->kind == EVENT_CLOSE && close_fits(alternative, event);
  case WSPEC_REACTION_ENDED:
    return is_end;
  case WSPEC_REACTION_ANY:
    return event->kind != EVENT_PING && event->kind != EVENT_PONG;
  case WSPEC_REACTION_IGNORED:
  case WSPEC_REACTION_NOTHING:
  case WSPEC_REACTION_SILENT:
  case WSPEC_REACTION_MASKING_KEYS:
  case WSPEC_REACTION_KEY:
  case WSPEC_REACTION_REQUESTED:
  case WSPEC_REACTION_SERVER_NAME:
    return false;
  }
  return false;
}

static bool foresees(const struct link *link, const struct wspec_expectation *expectation,
                     enum wspec_reaction reaction) {
  for (size_t i = 0; i < expectation->n_alternatives; i++) {
    if (expectation->alternatives[i].reaction == reaction &&
        applies(link, &expectation->alternatives[i])) {
      return true;
    }
  }
  return false;
}

/* What is foreseen as a fault only is not awaited. */
static bool awaits(const struct link *link, const struct wspec_expectation *expectation,
                   enum wspec_reaction reaction) {
  for (size_t i = 0; i < expectation->n_alternatives; i++) {
    if (expectation->alternatives[i].reaction == reaction &&
        applies(link, &expectation->alternatives[i]) &&
        expectation->alternatives[i].rank != WSPEC_RANK_FAIL) {
      return true;
    }
  }
  return false;
}

/* An event that fits no alternative: may it be passed over, or does it decide? */
static bool is_beside_the_point(struct wspec_play *play, struct link *link,
                                const struct wspec_expectation *expectation,
                                const struct event *event) {
  switch (event->kind) {
  case EVENT_PING:
  case EVENT_PONG: /* a pong that answers nothing is allowed, RFC 6455 section 5.5.3 */
    return true;
  case EVENT_MESSAGE: {
    /* A close frame is awaited: the target may first finish what it was sending (5.5.1). Pongs
     * and messages keep no order among themselves. */
    bool may_come_first = awaits(link, expectation, WSPEC_REACTION_CLOSED) ||
                          awaits(link, expectation, WSPEC_REACTION_ENDED) ||
                          awaits(link, expectation, WSPEC_REACTION_PONG);
    if (may_come_first || play->config->chatty) {
      return true;
    }
    /* The echo of a message before the last one: sent before what is judged now. */
    for (size_t i = link->n_sent; i > 0; i--) {
      struct sent *sent = &link->sent[i - 1];
      const struct wspec_payload_ref same = {.kind = WSPEC_REF_SAME};
      if (!sent->is_ping && sent != sent_find(link, &same, false) && equals_sent(sent, event)) {
        return true;
      }
    }
    return false;
  }
  case EVENT_CLOSE: /* what is awaited is TCP's end */
    return foresees(link, expectation, WSPEC_REACTION_ENDED);
  case EVENT_HTTP: /* the answer of the opening handshake, judged before */
    return link->state != LINK_HTTP && !foresees(link, expectation, WSPEC_REACTION_HTTP) &&
           !foresees(link, expectation, WSPEC_REACTION_DROPPED);
  case EVENT_EOF:
  case EVENT_RESET:
    break;
  }
  return false;
}

/* A FIN or RST stays: later expectations see it again. */
static void consume(struct event *event) {
  event->consumed = event->kind != EVENT_EOF && event->kind != EVENT_RESET;
}

/* A connection that failed before what would make it fail was sent to the end stays failed. */
static bool is_to_be_judged(const struct link *link, const struct wspec_expectation *expectation,
                            const struct event *event) {
  return !event->consumed ||
         (event->is_failure && foresees(link, expectation, WSPEC_REACTION_FAILED));
}

/* ---- A close frame that nobody asked for ---- */

enum {
  LARGE_MESSAGE = 4096,   /* octets; nobody has a limit below */
  SERVICE_RESTART = 1012, /* registered with IANA since the RFC */
  TRY_AGAIN_LATER = 1013
};

/* A server of an application that takes none of our messages, whatever is in them. */
static bool is_refused(const struct wspec_play *play, const struct link *link,
                       const struct event *event) {
  if (event->kind != EVENT_CLOSE || play->config->refusal_code == 0 ||
      event->status_code != play->config->refusal_code) {
    return false;
  }
  for (size_t i = 0; i < link->n_sent; i++) {
    if (!link->sent[i].is_ping) {
      return true;
    }
  }
  return false;
}

/* What the target may refuse though it is right, RFC 6455 section 7.4.1: binary messages by 1003, if
 * it takes only text, and messages above its limit by 1009. NULL: neither is why it closed. */
static const char *refusal_of_data(struct link *link, const struct event *event) {
  for (size_t i = 0; i < link->n_sent && event->kind == EVENT_CLOSE; i++) {
    struct sent *sent = &link->sent[i];
    if (event->status_code == WSPEC_CLOSE_UNSUPPORTED_DATA && sent->opcode == WSPEC_OPCODE_BINARY) {
      return "the target takes no binary messages";
    }
    if (event->status_code == WSPEC_CLOSE_TOO_BIG) {
      sent_hash(sent);
      if (!sent->is_ping && sent->len > LARGE_MESSAGE) {
        return "the target takes no messages of this size";
      }
    }
  }
  return NULL;
}

/* A server closes whenever it likes (section 7.3), which proves nothing about what it was sent. With
 * 1000 or no code it could as well be the answer to that: worth a look. A client should not. */
static bool is_going_away(const struct wspec_play *play, const struct event *event,
                          enum wspec_verdict *verdict) {
  unsigned code = event->payload_len >= 2 ? event->status_code : WSPEC_CLOSE_NO_STATUS;
  bool says_so =
      code == WSPEC_CLOSE_GOING_AWAY || code == SERVICE_RESTART || code == TRY_AGAIN_LATER;
  *verdict = says_so && !play->config->is_server ? WSPEC_VERDICT_INFO : WSPEC_VERDICT_WARN;
  return says_so || event->payload_len == 0 || code == WSPEC_CLOSE_NORMAL;
}

/* Takes a close frame of the target's own accord, which is allowed where a right message or a ping
 * was sent; where a failure or an answer to our close frame is awaited, it decides like any other. */
static bool decide_by_own_close(struct wspec_play *play, struct link *link,
                                const struct wspec_expectation *expectation,
                                const struct seen *seen) {
  enum wspec_verdict verdict;
  if (seen->event->kind != EVENT_CLOSE || link->close_sent || play->script->call ||
      awaits(link, expectation, WSPEC_REACTION_FAILED) ||
      awaits(link, expectation, WSPEC_REACTION_CLOSED) ||
      !is_going_away(play, seen->event, &verdict)) {
    return false;
  }
  struct description expected, what;
  describe_expectation(play, expectation, &expected);
  describe_seen(play, seen, &what);
  play_find_full(play, verdict, verdict == WSPEC_VERDICT_INFO ? NULL : expect_requirement(play),
                 link_index(play, link), seen->event->offset,
                 play->config->is_server
                     ? "the client closes of its own accord, as it should not: not judged"
                     : "the server closes of its own accord, as it may: not judged",
                 expected.text, what.text);
  play->violated = true;
  return true;
}

/* What a case says of a status code that it names as a fault, or NULL. */
static const struct wspec_alternative *fault_of_code(struct link *link,
                                                     const struct wspec_expectation *expectation,
                                                     const struct event *event) {
  for (size_t i = 0; i < expectation->n_alternatives; i++) {
    const struct wspec_alternative *alternative = &expectation->alternatives[i];
    if (alternative->reaction == WSPEC_REACTION_CLOSED && alternative->n_codes > 0 &&
        alternative->rank == WSPEC_RANK_FAIL && event_fits(link, alternative, event)) {
      return alternative;
    }
  }
  return NULL;
}

/* An application may refuse our message. That it does so with a code which says what is not true of
 * the message can be argued about, and is told by the cases that name the code. */
static void decide_refusal(struct wspec_play *play, struct link *link,
                           const struct wspec_expectation *expectation, const struct seen *seen) {
  const struct wspec_alternative *fault = fault_of_code(link, expectation, seen->event);
  if (!fault) {
    play_end_without_verdict(play, WSPEC_VERDICT_SKIP, WSPEC_SKIP_REFUSED "%u",
                             seen->event->status_code);
    return;
  }
  struct wspec_alternative warned = *fault;
  warned.rank = WSPEC_RANK_WARN;
  decide_alternative(play, link, expectation, &warned, seen);
  play->violated = true;
}

static bool decide_by_event(struct wspec_play *play, struct link *link,
                            const struct wspec_expectation *expectation, struct event *event) {
  struct seen seen = {.event = event};
  if (is_refused(play, link, event)) {
    decide_refusal(play, link, expectation, &seen);
    return true;
  }
  for (size_t i = 0; i < expectation->n_alternatives; i++) {
    const struct wspec_alternative *alternative = &expectation->alternatives[i];
    if (event_fits(link, alternative, event)) {
      consume(event);
      event->is_failure = alternative->reaction == WSPEC_REACTION_FAILED;
      link->matched++;
      if (link->matched < alternative->times) {
        return false;
      }
      decide_alternative(play, link, expectation, alternative, &seen);
      return true;
    }
  }
  if (is_beside_the_point(play, link, expectation, event)) {
    /* What came ahead of its turn is kept for a later expectation. */
    bool is_ahead =
        (event->kind == EVENT_PONG && !foresees(link, expectation, WSPEC_REACTION_PONG)) ||
        (event->kind == EVENT_MESSAGE && awaits(link, expectation, WSPEC_REACTION_PONG));
    if (!is_ahead) {
      consume(event);
    }
    return false;
  }
  consume(event);
  const char *refusal = refusal_of_data(link, event);
  if (refusal) {
    play_skip(play, refusal);
    return true;
  }
  if (!decide_by_own_close(play, link, expectation, &seen)) {
    decide_violation(play, link, expectation, &seen);
  }
  return true;
}

/* What is foreseen where nothing comes; NULL: it is a violation. */
static const struct wspec_alternative *
alternative_for_absence(const struct wspec_play *play, const struct link *link,
                        const struct wspec_expectation *expectation, enum wspec_reaction reaction) {
  for (size_t i = 0; i < expectation->n_alternatives; i++) {
    const struct wspec_alternative *alternative = &expectation->alternatives[i];
    bool is_taken = alternative->reaction == WSPEC_REACTION_ECHO &&
                    reaction == WSPEC_REACTION_IGNORED && play->config->oracle == WSPEC_ORACLE_PONG;
    bool fits = is_taken || alternative->reaction == reaction ||
                alternative->reaction == WSPEC_REACTION_ANY;
    if (fits && applies(link, alternative)) {
      return alternative;
    }
  }
  return NULL;
}

static void decide_by_absence(struct wspec_play *play, struct link *link,
                              const struct wspec_expectation *expectation,
                              enum wspec_reaction reaction) {
  struct seen seen = {.reaction = reaction, .waited_us = play->now_us - play->step_began_us};
  const struct wspec_alternative *alternative =
      alternative_for_absence(play, link, expectation, reaction);
  if (alternative) {
    decide_alternative(play, link, expectation, alternative, &seen);
  } else {
    decide_violation(play, link, expectation, &seen);
  }
}

/* ---- The sentinel ---- */

static bool can_send_sentinel(const struct wspec_play *play, const struct link *link) {
  return link->state == LINK_OPEN && play->config->oracle != WSPEC_ORACLE_NONE &&
         !link->close_sent && !link->close_received && !link->fin_sent && !link->job.active &&
         send_at_boundary(link);
}

static void send_sentinel(struct wspec_play *play, struct link *link) {
  wspec_rng_fill(&play->rng, link->nonce, sizeof link->nonce);
  link->sentinel_sent = true;
  send_control(play, link, WSPEC_OPCODE_PING, wspec_span_of(link->nonce, sizeof link->nonce));
}

bool expect_ping(struct wspec_play *play, struct link *link) {
  if (!link->sentinel_sent && can_send_sentinel(play, link)) {
    send_sentinel(play, link);
  }
  return link->sentinel_sent;
}

/* The settle time is a multiple of the round trip that the probe saw. A target that is busier now
 * shows it in the time that its answer to our handshake took. */
static uint64_t settle_time(const struct wspec_play *play, const struct link *link) {
  uint64_t own_us = link->answer_us * SETTLE_ANSWERS;
  uint64_t limit_us = play->config->timeout_us / 2;
  own_us = own_us < limit_us ? own_us : limit_us;
  return own_us > play->config->settle_us ? own_us : play->config->settle_us;
}

/* That nothing came is no news where it is right. Where it says something about the target, it has
 * to be sure that nothing comes: such a wait is no multiple of a good day's round trip. */
static uint64_t time_for_nothing(const struct wspec_play *play, const struct link *link,
                                 const struct wspec_expectation *expectation) {
  unsigned times = 1;
  for (size_t i = 0; i < expectation->n_alternatives; i++) {
    if (expectation->alternatives[i].reaction == WSPEC_REACTION_NOTHING &&
        expectation->alternatives[i].rank != WSPEC_RANK_PASS) {
      times = NOTHING_SETTLES;
    }
  }
  return settle_time(play, link) * times;
}

/* With the pong oracle, and where nothing but the taking of a message is awaited, there is no
 * failure to be raced: the sentinel goes out at once. */
static bool is_sentinel_due(struct wspec_play *play, const struct link *link,
                            const struct wspec_expectation *expectation, uint64_t quiet_since_us) {
  bool only_echo = true;
  for (size_t i = 0; i < expectation->n_alternatives; i++) {
    only_echo = only_echo && expectation->alternatives[i].reaction == WSPEC_REACTION_ECHO;
  }
  if (only_echo && play->config->oracle == WSPEC_ORACLE_PONG) {
    return true;
  }
  if (only_echo || foresees(link, expectation, WSPEC_REACTION_NOTHING)) {
    return false;
  }
  uint64_t due_us = quiet_since_us + settle_time(play, link);
  /* A target may send pongs and pings all the time (section 5.5.3): it is never quiet. */
  uint64_t limit_us = play->step_began_us + play->config->timeout_us / 2;
  due_us = due_us < limit_us ? due_us : limit_us;
  if (play->now_us >= due_us) {
    return true;
  }
  play_wait_until(play, due_us);
  return false;
}

static void poll_sentinel(struct wspec_play *play, struct link *link,
                          const struct wspec_expectation *expectation, uint64_t quiet_since_us) {
  /* A script acts when it likes: that it has not yet done so when a ping is answered says nothing. */
  bool asks = !play->script->call && !expectation->without_sentinel;
  if (asks && !link->sentinel_sent && can_send_sentinel(play, link) &&
      is_sentinel_due(play, link, expectation, quiet_since_us)) {
    send_sentinel(play, link);
  }
}

/* A busy target may answer a ping while a message that came before it still waits to be looked at.
 * Before that it ignored the message is held against it, it is asked once more: a settle time later,
 * since two pings that wait beside each other are answered in one turn. */
static bool asks_again(struct wspec_play *play, struct link *link,
                       const struct wspec_expectation *expectation) {
  const struct wspec_alternative *alternative =
      alternative_for_absence(play, link, expectation, WSPEC_REACTION_IGNORED);
  bool is_right = alternative && alternative->rank == WSPEC_RANK_PASS;
  if (is_right || link->is_asked_again || !can_send_sentinel(play, link)) {
    return false;
  }
  uint64_t due_us = link->sentinel_seen_us + settle_time(play, link);
  if (play->now_us < due_us) {
    play_wait_until(play, due_us);
    return true;
  }
  link->is_asked_again = true;
  link->sentinel_seen = false;
  send_sentinel(play, link);
  return true;
}

bool expect_poll(struct wspec_play *play, struct link *link,
                 const struct wspec_expectation *expectation) {
  if (keys_decide(play, link, expectation)) {
    return true;
  }
  for (size_t i = 0; i < link->n_events; i++) {
    struct event *event = &link->events[i];
    if (is_to_be_judged(link, expectation, event) &&
        decide_by_event(play, link, expectation, event)) {
      return true;
    }
  }
  uint64_t quiet_since_us =
      play->step_began_us > link->last_received_us ? play->step_began_us : link->last_received_us;
  if (foresees(link, expectation, WSPEC_REACTION_NOTHING)) {
    uint64_t due_us = play->step_began_us + time_for_nothing(play, link, expectation);
    if (play->now_us >= due_us) {
      decide_by_absence(play, link, expectation, WSPEC_REACTION_NOTHING);
      return true;
    }
    play_wait_until(play, due_us);
    return false;
  }
  poll_sentinel(play, link, expectation, quiet_since_us);
  /* A target that answers pings ahead of its messages is not yet one that swallowed a message:
   * where an echo is among what may come, only the time limit tells. */
  bool may_still_echo =
      play->config->oracle == WSPEC_ORACLE_ECHO && foresees(link, expectation, WSPEC_REACTION_ECHO);
  if (link->sentinel_seen && !may_still_echo && !asks_again(play, link, expectation)) {
    decide_by_absence(play, link, expectation, WSPEC_REACTION_IGNORED);
    return true;
  }
  unsigned patience = expectation->patience > 0 ? expectation->patience : 1;
  uint64_t limit_us = quiet_since_us + patience * play->config->timeout_us;
  /* A target that goes on sending what nobody asked for does not hold the case up for ever. */
  uint64_t hard_limit_us = play->step_began_us + 10 * patience * play->config->timeout_us;
  limit_us = limit_us < hard_limit_us ? limit_us : hard_limit_us;
  if (play->now_us >= limit_us) {
    bool is_answered = link->sentinel_seen || link->is_asked_again;
    decide_by_absence(play, link, expectation,
                      is_answered ? WSPEC_REACTION_IGNORED : WSPEC_REACTION_SILENT);
    return true;
  }
  play_wait_until(play, limit_us);
  return false;
}
