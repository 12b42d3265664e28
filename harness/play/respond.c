#include "play/play_internal.h"

#include <inttypes.h>

/* ---- The client comes ---- */

/* Section 4.1: to establish a connection, a client opens one and sends its handshake. */
static bool await_connection(struct wspec_play *play, struct link *link) {
  if (link->state == LINK_IDLE) {
    link->state = LINK_CONNECTING;
    link->wants_connect = true;
  }
  if (link->state != LINK_CONNECTING) {
    return true;
  }
  const struct wspec_play_config *config = play->config;
  uint64_t limit_us = config->connect_us > 0 ? config->connect_us : 2 * config->timeout_us;
  if (play->now_us >= play->step_began_us + limit_us) {
    uri_find_no_connection(play, link, "the client did not connect within the time limit");
    link->state = LINK_ENDED;
    return true;
  }
  play_wait_until(play, play->step_began_us + limit_us);
  return false;
}

static bool await_request(struct wspec_play *play, struct link *link) {
  if (link->has_head || play->violated) {
    return true;
  }
  if (link->state == LINK_ENDED) {
    play_find(play, "6455-4.1-18", link_index(play, link), link->received_offset,
              "the client closed TCP before its request was complete");
    play->violated = true;
    return true;
  }
  uint64_t since_us =
      link->connected_us > play->step_began_us ? link->connected_us : play->step_began_us;
  if (play->now_us >= since_us + play->config->timeout_us) {
    play_find(play, "6455-4.1-18", link_index(play, link), link->received_offset,
              "the client sent no whole request within %" PRIu64 " ms",
              play->config->timeout_us / 1000);
    play->violated = true;
    return true;
  }
  play_wait_until(play, since_us + play->config->timeout_us);
  return false;
}

/* What only the request tells: whether the client has what the case needs. */
static void check_needs(struct wspec_play *play, struct link *link) {
  unsigned needs = play->script->needs;
  link->lacks_deflate = (needs & WSPEC_NEED_DEFLATE) && !compression_is_offered(link);
  if (link->lacks_deflate && !play->config->always_close) {
    play_skip(play, "the client does not offer permessage-deflate");
  } else if ((needs & WSPEC_NEED_SUBPROTOCOL) &&
             wspec_http_head_count(&link->head, "Sec-WebSocket-Protocol") == 0) {
    play_skip(play, "the client offers no subprotocol");
  }
}

/* ---- The answer ---- */

/* The status code of the last head that was sent, past interim ones; 0: what was sent is no
 * response. */
static unsigned read_own_status(struct wspec_play *play, const struct link *link,
                                struct wspec_http_head *own) {
  struct wspec_span octets = wspec_buf_span(&link->own_head);
  for (;;) {
    size_t consumed;
    head_read_own(own, WSPEC_HTTP_RESPONSE);
    enum wspec_err err = wspec_http_head_feed(own, octets, &consumed);
    play->out_of_memory = play->out_of_memory || err == WSPEC_ERR_NOMEM;
    octets = wspec_span_from(octets, consumed);
    bool is_interim = !err && own->status_code < 200 && own->status_code != 101;
    if (!is_interim || octets.len == 0) {
      return err ? 0 : own->status_code;
    }
    wspec_http_head_clear(own);
  }
}

/* A response that is no 101 leaves the connection to HTTP: another request may follow. Behind one
 * that cannot be read there is nothing but the client's frames to be seen, if it takes it. */
static void take_own_head(struct wspec_play *play, struct link *link) {
  struct wspec_http_head own;
  unsigned status_code = read_own_status(play, link, &own);
  if (status_code == 101) {
    compression_agree(play, link, &link->head, &own);
  }
  wspec_http_head_clear(&own);
  if (status_code == 101 || status_code == 0) {
    link->state = LINK_OPEN;
  } else {
    wspec_http_head_clear(&link->head);
    link->head_offset = link->received_offset;
    link->has_head = false;
  }
}

static void begin_response(struct wspec_play *play, struct link *link,
                           const struct wspec_head_plan *plan) {
  wspec_buf_reset(&link->job.head);
  link->job.head_at = 0;
  if (play_check(play, head_build(play, link, plan, &link->job.head))) {
    return;
  }
  link->own_head_sent = true;
  take_own_head(play, link);
  send_start(play, link, plan->early, plan->n_early, &plan->segments);
}

/* ---- Is it open? ---- */

/* RFC 7692 section 7: a client fails the connection on what it does not support. Who offers to keep to
 * a window supports some, not each: what the case asks for is too small for this one. */
static bool refuses_window(const struct wspec_play *play, const struct link *link) {
  return (play->script->needs & WSPEC_NEED_DEFLATE) && link->deflate.has_client_max_window_bits &&
         (link->close_received || link->state == LINK_ENDED);
}

/* A right 101 is taken: a ping behind it is answered. Without that proof, a client that drops every
 * connection would pass where a failure is expected. */
static bool poll_open(struct wspec_play *play, struct link *link) {
  bool lives = link->state == LINK_OPEN && !link->close_received;
  if (link->sentinel_seen) {
    return true;
  }
  if (lives && !send_is_idle(link) && !link->sentinel_sent) {
    play_wait_until(play, send_deadline(link));
    return false;
  }
  if (lives && expect_ping(play, link)) {
    uint64_t limit_us = link->last_sent_us + play->config->timeout_us;
    if (play->now_us < limit_us || !send_is_idle(link)) {
      play_wait_until(play, limit_us);
      return false;
    }
  }
  if (refuses_window(play, link)) {
    play_skip(play, "the client does not take the window that the case asks of it");
    return true;
  }
  play_find(play, "6455-4.1-53", link_index(play, link), link->received_offset,
            "the client did not take a right 101: %s",
            link->close_received        ? "it sent a close frame"
            : link->state == LINK_ENDED ? "it closed TCP"
                                        : "it answers no ping");
  play->violated = true;
  return true;
}

/* An offer that has no room for what the case wants is declined. */
static void check_agreement(const struct wspec_play *play, struct link *link,
                            const struct wspec_step *step) {
  bool needs_deflate = (play->script->needs & WSPEC_NEED_DEFLATE) != 0;
  bool is_ours = step->kind == WSPEC_STEP_OPEN || play->config->always_close;
  if (needs_deflate && is_ours && link->state == LINK_OPEN) {
    link->lacks_deflate = !link->deflate_agreed;
  }
}

bool respond_run(struct wspec_play *play, struct link *link, const struct wspec_step *step) {
  if (!play->step_sent) {
    if (!await_connection(play, link) || !await_request(play, link)) {
      return false;
    }
    play->step_sent = true;
    expect_begin(play, link);
    if (!play->violated) {
      check_needs(play, link);
    }
    if (play->violated || link->state == LINK_ENDED) {
      return true;
    }
    static const struct wspec_head_plan plain = {.method = NULL};
    begin_response(play, link, link->lacks_deflate ? &plain : &step->as.head);
    check_agreement(play, link, step);
  }
  if (link->lacks_deflate && send_is_idle(link)) {
    play_skip(play, "the client does not offer permessage-deflate as the case needs it");
    return true;
  }
  /* A script may close at once, before any ping is answered; it says itself that it was open. */
  bool is_plain = step->as.head.n_early == 0 && play->config->oracle != WSPEC_ORACLE_NONE &&
                  !play->script->call;
  if (step->kind == WSPEC_STEP_OPEN && is_plain) {
    return poll_open(play, link);
  }
  play_wait_until(play, send_deadline(link));
  return send_is_idle(link) || link->state == LINK_ENDED;
}
