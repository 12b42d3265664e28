#include "play/play_internal.h"

#include "proto/close.h"

#include <stdlib.h>
#include <string.h>

static void give_up(struct link *link) {
  link->given_up = true;
  link->wants_close = link->state != LINK_IDLE;
  send_abandon(link);
}

/* Sends a close frame with a code, or an empty one for 1005. */
static void send_close(struct wspec_play *play, struct link *link, uint16_t status_code) {
  uint8_t body[125];
  size_t len = 0;
  if (play_check(play, wspec_close_build(status_code, (struct wspec_span){NULL, 0}, body, &len))) {
    return;
  }
  link->close_sent = true;
  link->close_code_sent = status_code;
  send_control(play, link, WSPEC_OPCODE_CLOSE, wspec_span_of(body, len));
}

/* Our answer to the target's close frame: its own code where we may send it, as is usual. */
static void answer_close(struct wspec_play *play, struct link *link) {
  bool may_send = link->close_code == WSPEC_CLOSE_NO_STATUS ||
                  wspec_close_may_send(link->close_code, !play->config->is_server);
  send_close(play, link, may_send ? link->close_code : (uint16_t)WSPEC_CLOSE_NORMAL);
}

static void begin_finish(struct wspec_play *play, struct link *link) {
  link->finish_began = true;
  link->finish_deadline_us = play->now_us + play->config->timeout_us;
  if (link->close_received && !link->close_sent) {
    answer_close(play, link);
  } else if (!link->close_sent) {
    send_close(play, link, WSPEC_CLOSE_NORMAL);
    link->close_answer_expected = true;
  }
}

/* A server closes at once. Of a client the RFC does not say when, and some give the server's FIN 10
 * seconds to come through messages that nobody reads any more. */
static void find_tcp_left_open(struct wspec_play *play, unsigned index) {
  static const char id[] = "6455-5.5.1-14";
  if (!play->config->is_server) {
    play_find(play, id, index, WSPEC_OFFSET_NONE,
              "the target did not close TCP after the closing handshake, not even after ours");
    return;
  }
  const struct wspec_requirements *all = play->config->requirements;
  play_find_full(
      play, WSPEC_VERDICT_WARN, all ? wspec_requirements_find(all, id) : NULL, index,
      WSPEC_OFFSET_NONE,
      "the client did not close TCP after the closing handshake and our own close within "
      "the time limit",
      NULL, NULL);
}

/* Both close frames are there: the server closes TCP, and at once (sections 5.5.1, 7.1.1). */
static bool await_tcp_close(struct wspec_play *play, struct link *link) {
  unsigned index = link_index(play, link);
  if (!link->tcp_close_awaited) {
    link->tcp_close_awaited = true;
    link->finish_deadline_us = play->now_us + play->config->close_us;
    if (play->config->is_server) {
      link->wants_fin = true;
      link->forced_fin = true;
      link->finish_deadline_us = play->now_us + play->config->timeout_us;
    }
  }
  if (play->now_us < link->finish_deadline_us) {
    play_wait_until(play, link->finish_deadline_us);
    return false;
  }
  if (link->forced_fin) {
    find_tcp_left_open(play, index);
    give_up(link);
    return true;
  }
  play_find(play, "6455-7.1.1-03", index, WSPEC_OFFSET_NONE,
            "the server left it to the client to close TCP first");
  link->forced_fin = true;
  link->wants_fin = true;
  link->finish_deadline_us = play->now_us + play->config->timeout_us;
  play_wait_until(play, link->finish_deadline_us);
  return false;
}

static bool await_close_frame(struct wspec_play *play, struct link *link) {
  if (play->now_us < link->finish_deadline_us) {
    play_wait_until(play, link->finish_deadline_us);
    return false;
  }
  if (link->close_answer_expected) {
    play_find(play, "6455-5.5.1-09", link_index(play, link), WSPEC_OFFSET_NONE,
              "the target did not answer our close frame");
  }
  give_up(link);
  return true;
}

bool finish_poll(struct wspec_play *play, struct link *link) {
  if (link->given_up || link->wants_reset) {
    return true; /* a close frame before a RST that the case wants would change what it says */
  }
  bool is_over = play->violated && !play->config->always_close;
  bool cannot_close = is_over || play->out_of_memory || !send_at_boundary(link);
  if (link->state != LINK_OPEN) {
    if (link->state == LINK_ENDED && link->close_answer_expected && !link->close_received &&
        !cannot_close) {
      play_find(play, "6455-5.5.1-09", link_index(play, link), link->received_offset,
                "the target closed TCP without answering our close frame");
    }
    give_up(link);
    return true;
  }
  if (cannot_close || link->fin_sent || link->wants_fin) {
    if (!link->forced_fin || cannot_close) {
      give_up(link);
      return true;
    }
  }
  if (!link->finish_began) {
    begin_finish(play, link);
  }
  if (link->close_received && !link->close_sent) {
    answer_close(play, link);
  }
  return link->close_received ? await_tcp_close(play, link) : await_close_frame(play, link);
}

void finish_report(struct wspec_play *play) {
  const struct link *link = &play->links[0];
  struct wspec_close_result *close = &play->result.close;
  close->status_code = link->close_received ? link->close_code : (uint16_t)WSPEC_CLOSE_ABNORMAL;
  if (link->eof || link->reset) {
    close->by = WSPEC_CLOSED_BY_TARGET;
  } else if (link->state != LINK_IDLE) {
    close->by = WSPEC_CLOSED_BY_PEER;
  }
  if (link->forced_fin) {
    close->by = WSPEC_CLOSED_BY_PEER;
  }
  close->clean = link->close_received && link->close_sent && link->eof && !link->reset;
  if (link->close_reason.len > 0) {
    struct wspec_buf reason;
    wspec_buf_init(&reason, WSPEC_CLOSE_REASON_MAX);
    if (!play_check(play, wspec_buf_append_span(&reason, wspec_buf_span(&link->close_reason)))) {
      close->reason = wspec_buf_take_text(&reason);
    }
    wspec_buf_clear(&reason);
  }
}
