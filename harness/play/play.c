#include "play/play_internal.h"

#include "proto/close.h"

#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX = 32 * 1024 * 1024 };

/* ---- Lifecycle ---- */

static void init_link(struct link *link, bool is_server) {
  /* An answer may repeat our request, of which cases make long ones (Location). */
  static const struct wspec_http_limits limits = {
      .line_len = 256 * 1024, .head_len = 1024 * 1024, .headers = 4096};
  wspec_http_head_init(&link->head, is_server ? WSPEC_HTTP_REQUEST : WSPEC_HTTP_RESPONSE, &limits);
  wspec_buf_init(&link->job.head, REQUEST_MAX);
  wspec_buf_init(&link->own_head, REQUEST_MAX);
  wspec_buf_init(&link->automatic, AUTOMATIC_MAX);
  wspec_buf_init(&link->write, WRITE_MAX > AUTOMATIC_MAX ? WRITE_MAX : AUTOMATIC_MAX);
  wspec_buf_init(&link->close_reason, WSPEC_CLOSE_REASON_MAX);
}

uint64_t wspec_play_seed(uint64_t run_seed, const char *id) {
  for (; *id; id++) {
    run_seed = wspec_rng_mix(run_seed ^ (uint8_t)*id);
  }
  return run_seed;
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
  wspec_buf_init(&play->masking_keys, (size_t)MASKING_KEYS_MAX * 4);
  play->rng.state = wspec_rng_mix(config->seed);
  play->result.script = script;
  wspec_transcript_init(&play->result.transcript);
  for (size_t i = 0; i < WSPEC_SCRIPT_CONNECTIONS_MAX; i++) {
    init_link(&play->links[i], config->is_server);
  }
  const char *missing = needs_missing(script, config);
  if (missing) {
    play_end_without_verdict(play, WSPEC_VERDICT_SKIP, "%s", missing);
  }
  return play;
}

static void clear_link(struct link *link) {
  send_clear(link);
  sent_clear(link);
  compression_clear(link);
  wspec_http_head_clear(&link->head);
  wspec_buf_clear(&link->own_head);
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
  wspec_buf_clear(&play->masking_keys);
  wspec_result_clear(&play->result);
  free(play);
}

/* ---- The course of a case ---- */

static void conclude(struct wspec_play *play) {
  finish_report(play);
  if (play->out_of_memory) {
    play_end_without_verdict(play, WSPEC_VERDICT_ERROR, "wspec ran out of memory or of a limit");
  }
  play->result.duration_us = play->now_us - play->began_us;
  wspec_result_conclude(&play->result);
  play->phase = PHASE_DONE;
}

static void advance(struct wspec_play *play) {
  play->is_settled = false;
  play->deadline_us = UINT64_MAX;
  if (play->phase == PHASE_STEPS) {
    steps_run(play);
  }
  for (unsigned i = 0; i < play->script->n_connections; i++) {
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

static bool is_idle(const struct wspec_play *play) {
  return play->is_settled && play->now_us < play->deadline_us;
}

/* All that octets of the target can change and that a step, or the end, may be waiting for. Most
 * octets are the middle of something, and change none of it. */
struct news {
  bool out_of_memory, violated, sentinel_seen;
  uint64_t n_events_seen;
  size_t automatic_len; /* pongs that are to be sent */
};

static struct news news_of(const struct wspec_play *play, const struct link *link) {
  return (struct news){
      .out_of_memory = play->out_of_memory,
      .violated = play->violated,
      .sentinel_seen = link->sentinel_seen,
      .n_events_seen = link->n_events_seen,
      .automatic_len = link->automatic.len,
  };
}

static bool is_same_news(const struct news *a, const struct news *b) {
  return a->out_of_memory == b->out_of_memory && a->violated == b->violated &&
         a->sentinel_seen == b->sentinel_seen && a->n_events_seen == b->n_events_seen &&
         a->automatic_len == b->automatic_len;
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
    link->connected_us = play->now_us;
    advance(play);
  }
}

void wspec_play_set_server_name(struct wspec_play *play, unsigned connection, const char *name) {
  struct link *link = &play->links[connection];
  link->has_server_name = true;
  size_t len = strlen(name);
  len = len < sizeof link->server_name ? len : sizeof link->server_name - 1;
  memcpy(link->server_name, name, len);
  link->server_name[len] = '\0';
}

void wspec_play_refused(struct wspec_play *play, unsigned connection, const char *sentence,
                        uint64_t now_us) {
  struct link *link = enter(play, connection, now_us);
  if (link && link->state == LINK_CONNECTING) {
    play_transcribe(play, WSPEC_ENTRY_REFUSED, connection, 0, wspec_span_text(sentence));
    link->state = LINK_ENDED;
    play->refused = true;
    if (play->config->is_server) {
      uri_find_no_connection(play, link, sentence);
    } else {
      play_end_without_verdict(play, WSPEC_VERDICT_ERROR, "no connection: %s", sentence);
    }
    advance(play);
  }
}

void wspec_play_received(struct wspec_play *play, unsigned connection, struct wspec_span octets,
                         uint64_t now_us) {
  struct link *link = enter(play, connection, now_us);
  if (link && octets.len > 0 && (link->state == LINK_HTTP || link->state == LINK_OPEN)) {
    play_transcribe(play, WSPEC_ENTRY_RECEIVED, connection, link->received_offset, octets);
    bool is_http = link->state == LINK_HTTP; /* a request is awaited without an event of its own */
    struct news before = news_of(play, link);
    receive_octets(play, link, octets);
    struct news after = news_of(play, link);
    if (is_http || !is_idle(play) || !is_same_news(&before, &after)) {
      advance(play);
    }
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
  if (is_idle(play)) {
    return false;
  }
  size_t step = 0;
  enum play_phase phase = PHASE_DONE;
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
    step = play->step;
    phase = play->phase;
    advance(play);
  }
  play->is_settled = play->step == step && play->phase == phase;
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

const struct wspec_http_head *wspec_play_head(const struct wspec_play *play, unsigned connection) {
  const struct link *link = &play->links[connection];
  return link->has_head ? &link->head : NULL;
}

const struct wspec_script *wspec_play_script(const struct wspec_play *play) {
  return play->script;
}

const struct wspec_transcript *wspec_play_transcript(const struct wspec_play *play) {
  return &play->result.transcript;
}

void wspec_play_take_result(struct wspec_play *play, struct wspec_result *result) {
  *result = play->result;
  play->result = (struct wspec_result){0};
}
