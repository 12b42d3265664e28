#include "play/play_internal.h"

#include "base/ascii.h"
#include "proto/close.h"
#include "proto/mask.h"

#include <stdlib.h>
#include <string.h>

/* ---- Events ---- */

static bool make_room(struct wspec_play *play, struct link *link) {
  if (link->n_events < link->events_capacity) {
    return true;
  }
  size_t kept = 0;
  for (size_t i = 0; i < link->n_events; i++) {
    if (!link->events[i].consumed || link->events[i].is_failure) {
      link->events[kept++] = link->events[i];
    }
  }
  link->n_events = kept;
  /* Half of it must be free, or the next events would move all of them again. */
  if (kept <= link->events_capacity / 2 && kept < link->events_capacity) {
    return true;
  }
  if (link->events_capacity >= EVENTS_MAX) {
    return kept < link->events_capacity;
  }
  size_t capacity = link->events_capacity ? link->events_capacity * 2 : 8;
  struct event *events = realloc(link->events, capacity * sizeof *events);
  if (!events) {
    play_out_of_memory(play);
    return false;
  }
  link->events = events;
  link->events_capacity = capacity;
  return true;
}

void receive_event(struct wspec_play *play, struct link *link, const struct event *event) {
  if (!make_room(play, link)) {
    return; /* a flood of what nobody expects: the rest of it decides nothing */
  }
  link->n_events_seen++;
  struct event *added = &link->events[link->n_events++];
  *added = *event;
  added->at_us = play->now_us;
}

static void keep_prefix(struct event *event, struct wspec_span octets) {
  size_t room = PREFIX_MAX - event->prefix_len;
  size_t len = octets.len < room ? octets.len : room;
  if (len > 0) {
    memcpy(event->prefix + event->prefix_len, octets.data, len);
    event->prefix_len = (uint8_t)(event->prefix_len + len);
  }
}

/* ---- Frames: the standing rules on what the target sends ---- */

/* RSV1 marks the first frame of a compressed message, and nothing else (RFC 7692 section 6.1). */
static void judge_rsv1(struct wspec_play *play, struct link *link) {
  const struct incoming *incoming = &link->incoming;
  if (wspec_opcode_is_control(incoming->frame.opcode)) {
    play_find(play, "7692-6.1-04", link_index(play, link), incoming->frame_offset,
              "the target sent a %s frame with RSV1", wspec_opcode_name(incoming->frame.opcode));
  } else if (incoming->frame.opcode == WSPEC_OPCODE_CONTINUATION) {
    play_find(play, "7692-6.1-05", link_index(play, link), incoming->frame_offset,
              "the target sent a continuation frame with RSV1");
  }
}

static void judge_header(struct wspec_play *play, struct link *link) {
  const struct incoming *incoming = &link->incoming;
  struct wspec_frame frame = incoming->frame;
  if (link->deflate_agreed && (frame.rsv & WSPEC_RSV1)) {
    judge_rsv1(play, link);
    frame.rsv &= (uint8_t)~WSPEC_RSV1;
  }
  unsigned faults = wspec_frame_check(&frame, play->config->is_server, 0);
  for (unsigned bit = 1; bit <= faults; bit <<= 1) {
    if (faults & bit) {
      const char *sentence;
      const char *requirement =
          wspec_frame_fault_requirement((enum wspec_frame_fault)bit, &sentence);
      play_find(play, requirement, link_index(play, link), incoming->frame_offset,
                "the target sent a %s frame: %s", wspec_opcode_name(incoming->frame.opcode),
                sentence);
    }
  }
}

/* Section 5.3: a fresh key for each frame. That two in a row are equal by chance happens once in
 * 4,000,000,000 frames, and the case is then played again. */
static void judge_masking_key(struct wspec_play *play, struct link *link) {
  const struct wspec_frame *frame = &link->incoming.frame;
  if (!play->config->is_server || !frame->masked) {
    return;
  }
  if (link->has_masking_key &&
      memcmp(link->masking_key, frame->masking_key, sizeof link->masking_key) == 0) {
    play_find(play, "6455-5.3-02", link_index(play, link), link->incoming.frame_offset,
              "two frames of the client in a row have the masking key %02x%02x%02x%02x",
              frame->masking_key[0], frame->masking_key[1], frame->masking_key[2],
              frame->masking_key[3]);
  }
  keys_add(play, frame->masking_key);
  link->has_masking_key = true;
  memcpy(link->masking_key, frame->masking_key, sizeof link->masking_key);
}

/* Section 4.1: once its request is sent, a client waits for the answer, and for all of it. */
static void judge_too_early(struct wspec_play *play, struct link *link) {
  if (play->config->is_server && link->job.active && link->job.head_at < link->job.head.len) {
    play_find(play, "6455-4.1-38", link_index(play, link), link->incoming.frame_offset,
              "the client sent a frame before our response was complete");
  }
}

/* After its close frame an endpoint sends no more data (section 5.5.1). Of control frames the RFC
 * says nothing there: they are reported, never held against it. */
static void judge_after_close(struct wspec_play *play, struct link *link) {
  const struct incoming *incoming = &link->incoming;
  if (!link->close_received) {
    return;
  }
  const char *name = wspec_opcode_name(incoming->frame.opcode);
  if (!wspec_opcode_is_control(incoming->frame.opcode)) {
    play_find(play, "6455-5.5.1-08", link_index(play, link), incoming->frame_offset,
              "the target sent a %s frame after its close frame", name);
  } else if (!link->after_close_reported) {
    link->after_close_reported = true;
    play_find_full(play, WSPEC_VERDICT_INFO, NULL, link_index(play, link), incoming->frame_offset,
                   "the target sent a control frame after its close frame", NULL, name);
  }
}

/* The order of fragments, section 5.4. */
static void judge_order(struct wspec_play *play, struct link *link) {
  const struct incoming *incoming = &link->incoming;
  uint8_t opcode = incoming->frame.opcode;
  if (wspec_opcode_is_control(opcode)) {
    return;
  }
  if (opcode == WSPEC_OPCODE_CONTINUATION && !incoming->in_message) {
    play_find(play, "6455-5.4-02", link_index(play, link), incoming->frame_offset,
              "the target sent a continuation frame with no message to continue");
  } else if (opcode != WSPEC_OPCODE_CONTINUATION && incoming->in_message) {
    play_find(play, "6455-5.4-07", link_index(play, link), incoming->frame_offset,
              "the target began a %s message before the one under way was finished",
              wspec_opcode_name(opcode));
  }
}

static void begin_frame(struct wspec_play *play, struct link *link) {
  struct incoming *incoming = &link->incoming;
  const struct wspec_frame *frame = &incoming->frame;
  judge_header(play, link);
  judge_after_close(play, link);
  judge_order(play, link);
  judge_masking_key(play, link);
  judge_too_early(play, link);
  link->n_frames++;
  incoming->in_payload = true;
  incoming->payload_at = 0;
  if (wspec_opcode_is_control(frame->opcode)) {
    incoming->control = (struct event){
        .opcode = frame->opcode, .offset = incoming->frame_offset, .hash = HASH_START};
    return;
  }
  if (frame->opcode != WSPEC_OPCODE_CONTINUATION || !incoming->in_message) {
    incoming->in_message = true;
    incoming->bad_utf8 = false;
    incoming->utf8 = (struct wspec_utf8){0};
    incoming->opcode = frame->opcode;
    incoming->is_compressed = link->deflate_agreed && (frame->rsv & WSPEC_RSV1) != 0;
    incoming->event = (struct event){.kind = EVENT_MESSAGE,
                                     .opcode = frame->opcode,
                                     .offset = incoming->frame_offset,
                                     .hash = HASH_START};
  }
}

static void judge_utf8(struct wspec_play *play, struct link *link, struct wspec_span octets) {
  struct incoming *incoming = &link->incoming;
  size_t at = 0;
  if (incoming->opcode == WSPEC_OPCODE_TEXT && !incoming->bad_utf8 &&
      wspec_utf8_feed(&incoming->utf8, octets, &at) == WSPEC_ERR_UTF8) {
    incoming->bad_utf8 = true;
    play_find(play, "6455-5.6-01", link_index(play, link), link->received_offset + at,
              "the target sent a text message that is not UTF-8");
  }
}

void receive_data(struct wspec_play *play, struct link *link, struct wspec_span octets) {
  struct event *event = &link->incoming.event;
  judge_utf8(play, link, octets);
  keep_prefix(event, octets);
  event->hash = hash_octets(event->hash, octets);
  event->payload_len += octets.len;
}

static void receive_control(struct link *link, struct wspec_span octets) {
  struct event *event = &link->incoming.control;
  keep_prefix(event, octets);
  event->hash = hash_octets(event->hash, octets);
  event->payload_len += octets.len;
}

static void take_payload(struct wspec_play *play, struct link *link, struct wspec_span octets) {
  struct incoming *incoming = &link->incoming;
  uint8_t unmasked[4096];
  struct wspec_span rest = octets;
  bool is_control = wspec_opcode_is_control(incoming->frame.opcode);
  while (rest.len > 0) {
    struct wspec_span piece = rest;
    if (incoming->frame.masked) {
      piece.len = rest.len < sizeof unmasked ? rest.len : sizeof unmasked;
      wspec_mask_copy(unmasked, rest.data, piece.len, incoming->frame.masking_key,
                      incoming->payload_at);
      piece.data = unmasked;
    }
    if (is_control) {
      receive_control(link, piece);
    } else if (incoming->is_compressed) {
      compression_receive(play, link, piece);
    } else {
      receive_data(play, link, piece);
    }
    incoming->payload_at += piece.len;
    link->received_offset += piece.len;
    rest = wspec_span_from(rest, piece.len);
  }
}

/* The requirement that a server's (or client's) close code violates, or NULL. */
static const char *close_code_requirement(const struct wspec_play *play, const struct link *link,
                                          uint16_t code) {
  if (wspec_close_may_send(code, play->config->is_server)) {
    return NULL;
  }
  switch (wspec_close_classify(code)) {
  case WSPEC_CLOSE_CLASS_NEVER_SENT:
    return code == WSPEC_CLOSE_NO_STATUS  ? "6455-7.4.1-06"
           : code == WSPEC_CLOSE_ABNORMAL ? "6455-7.4.1-07"
                                          : "6455-7.4.1-08";
  case WSPEC_CLOSE_CLASS_RESERVED:
  case WSPEC_CLOSE_CLASS_INVALID:
    /* Sent back as we sent it: what it should have refused is the case's business. */
    if (link->close_sent && link->close_code_sent == code) {
      return NULL;
    }
    return code == 1004  ? "6455-7.4.1-05"
           : code < 1000 ? "6455-7.4.2-01"
           : code < 3000 ? "6455-7.4.2-02"
                         : "6455-7.4.2-05";
  case WSPEC_CLOSE_CLASS_DEFINED:
  case WSPEC_CLOSE_CLASS_LIBRARY:
  case WSPEC_CLOSE_CLASS_PRIVATE:
    break;
  }
  /* 1010 is for clients to close with; to echo it, as is usual, is no such use. */
  bool is_echo = link->close_sent && link->close_code_sent == code;
  return code == WSPEC_CLOSE_MANDATORY_EXTENSION && !is_echo ? "6455-7.4.1-13" : NULL;
}

static void end_close(struct wspec_play *play, struct link *link) {
  struct incoming *incoming = &link->incoming;
  struct wspec_close close;
  unsigned index = link_index(play, link);
  enum wspec_err err = wspec_close_parse(
      wspec_span_of(incoming->control.prefix, incoming->control.prefix_len), &close);
  if (err == WSPEC_ERR_PROTOCOL) {
    play_find(play, "6455-5.5.1-02", index, incoming->frame_offset,
              "the target's close frame has a body of 1 octet: no room for a status code");
  } else if (err == WSPEC_ERR_UTF8) {
    play_find(play, "6455-5.5.1-05", index, incoming->frame_offset,
              "the reason in the target's close frame is not UTF-8");
  }
  bool has_code = incoming->control.prefix_len >= 2;
  const char *requirement = has_code ? close_code_requirement(play, link, close.status_code) : NULL;
  if (requirement) {
    play_find(play, requirement, index, incoming->frame_offset,
              "the target's close frame carries status code %u (%s)", (unsigned)close.status_code,
              wspec_close_name(close.status_code));
  }
  incoming->control.kind = EVENT_CLOSE;
  incoming->control.status_code = close.status_code;
  receive_event(play, link, &incoming->control);
  if (link->close_received) {
    return;
  }
  link->close_received = true;
  link->close_received_us = play->now_us;
  link->close_code = close.status_code;
  /* A frame that is too long was judged by its header: what is beyond 123 octets is no reason. */
  if (err != WSPEC_ERR_UTF8 && close.reason.len <= WSPEC_CLOSE_REASON_MAX) {
    play_check(play, wspec_buf_append_span(&link->close_reason, close.reason));
  }
}

static void end_control(struct wspec_play *play, struct link *link) {
  struct event *control = &link->incoming.control;
  struct wspec_span payload = wspec_span_of(control->prefix, control->prefix_len);
  switch (control->opcode) {
  case WSPEC_OPCODE_CLOSE:
    end_close(play, link);
    break;
  case WSPEC_OPCODE_PING:
    control->kind = EVENT_PING;
    receive_event(play, link, control);
    if (!link->close_sent && !link->close_received) {
      send_control(play, link, WSPEC_OPCODE_PONG, payload);
    }
    break;
  case WSPEC_OPCODE_PONG:
    control->kind = EVENT_PONG;
    if (link->sentinel_sent &&
        wspec_span_equal(payload, wspec_span_of(link->nonce, sizeof link->nonce))) {
      link->sentinel_seen = true;
      link->sentinel_seen_us = play->now_us;
      break;
    }
    receive_event(play, link, control);
    break;
  default:
    break;
  }
}

static void end_frame(struct wspec_play *play, struct link *link) {
  struct incoming *incoming = &link->incoming;
  incoming->in_payload = false;
  if (wspec_opcode_is_control(incoming->frame.opcode)) {
    end_control(play, link);
    return;
  }
  if (!incoming->frame.fin) {
    return;
  }
  incoming->in_message = false;
  link->n_messages++;
  if (incoming->is_compressed) {
    compression_end_message(play, link);
  }
  if (incoming->opcode == WSPEC_OPCODE_TEXT && !incoming->bad_utf8 &&
      wspec_utf8_end(&incoming->utf8) == WSPEC_ERR_UTF8) {
    play_find(play, "6455-5.6-01", link_index(play, link), link->received_offset,
              "the target sent a text message that ends within a code point");
  }
  receive_event(play, link, &incoming->event);
}

static struct wspec_span receive_frames(struct wspec_play *play, struct link *link,
                                        struct wspec_span octets) {
  struct incoming *incoming = &link->incoming;
  if (!incoming->in_payload) {
    size_t consumed;
    if (link->decoder.len == 0) {
      incoming->frame_offset = link->received_offset;
    }
    enum wspec_err err = wspec_frame_decode(&link->decoder, octets, &consumed, &incoming->frame);
    link->received_offset += consumed;
    octets = wspec_span_from(octets, consumed);
    if (err) {
      return octets;
    }
    begin_frame(play, link);
  }
  uint64_t left = incoming->frame.payload_len - incoming->payload_at;
  size_t len = left < octets.len ? (size_t)left : octets.len;
  take_payload(play, link, wspec_span_of(octets.data, len));
  if (incoming->payload_at == incoming->frame.payload_len) {
    end_frame(play, link);
  }
  return wspec_span_from(octets, len);
}

/* ---- The HTTP head: an answer, or a client's request ---- */

static void end_head(struct wspec_play *play, struct link *link) {
  unsigned status_code = link->head.status_code;
  size_t n_findings = play->result.n_findings;
  answer_judge_syntax(play, link);
  if (play->config->is_server) {
    link->has_head = true;
    request_judge(play, link);
    answer_excuse(play, link, n_findings);
    return;
  }
  bool opens = status_code == 101 && !answer_is_of_draft(play, link);
  if (opens) {
    answer_judge_101(play, link);
  }
  answer_excuse(play, link, n_findings);
  if (status_code >= 100 && status_code < 200 && status_code != 101) {
    wspec_http_head_clear(&link->head); /* an interim answer: the final one follows */
    link->head_offset = link->received_offset;
    return;
  }
  struct event event = {
      .kind = EVENT_HTTP, .status_code = (uint16_t)status_code, .offset = link->head_offset};
  link->has_head = true;
  if (opens) {
    link->state = LINK_OPEN;
    link->answer_us = play->now_us - link->last_sent_us;
  }
  receive_event(play, link, &event);
}

/* What comes behind a head: the body of an answer; of a client nothing, before it is answered. */
static void receive_behind_head(struct wspec_play *play, struct link *link,
                                struct wspec_span octets) {
  if (play->config->is_server) {
    play_find(play, "6455-4.1-38", link_index(play, link), link->received_offset,
              "the client sent %zu octets behind its request before it was answered", octets.len);
  }
}

/* The client may ask again behind an answer that is no 101, but a request begins with a letter. */
static bool is_frame_without_101(const struct link *link, struct wspec_span octets) {
  return link->head.kind == WSPEC_HTTP_REQUEST && link->own_head_sent && link->head.raw.len == 0 &&
         !wspec_ascii_is_alpha(octets.data[0]);
}

/* A target may know HTTP/0.9, too, which has no version and whose answers have no head. RFC 9112 says
 * what answers a request of HTTP/1; of what is none it does not. */
static bool is_answer_to_no_request(const struct wspec_play *play, const struct link *link,
                                    enum wspec_err err) {
  return err == WSPEC_ERR_HTTP && !play->config->is_server && !head_is_http_1(link);
}

static void judge_broken_head(struct wspec_play *play, struct link *link, enum wspec_err err) {
  if (err == WSPEC_ERR_LIMIT) {
    play_end_without_verdict(play, WSPEC_VERDICT_ERROR, "%s is too long for wspec: %s",
                             answer_head_name(link), link->head.error_text);
  } else if (!play->config->is_server) {
    play_find(play, "9112-2.1-01", link_index(play, link),
              link->head_offset + link->head.error_offset,
              "the target did not answer with HTTP/1.1: %s", link->head.error_text);
  } else {
    request_judge(play, link);
    play->violated = true;
  }
}

static struct wspec_span receive_head(struct wspec_play *play, struct link *link,
                                      struct wspec_span octets) {
  if (link->has_head) {
    receive_behind_head(play, link, octets);
    link->received_offset += octets.len;
    return (struct wspec_span){NULL, 0};
  }
  if (link->lacks_head) {
    link->received_offset += octets.len;
    return (struct wspec_span){NULL, 0};
  }
  if (is_frame_without_101(link, octets)) {
    play_find(play, "6455-4.1-40", link_index(play, link), link->received_offset,
              "the client sent octets that are no HTTP behind an answer that is no 101");
    play->violated = true;
    return (struct wspec_span){NULL, 0};
  }
  size_t consumed = 0;
  enum wspec_err err = wspec_http_head_feed(&link->head, octets, &consumed);
  link->received_offset += consumed;
  if (err == WSPEC_OK) {
    end_head(play, link);
    return wspec_span_from(octets, consumed);
  }
  if (err == WSPEC_ERR_NEED_MORE) {
    return (struct wspec_span){NULL, 0};
  }
  if (err == WSPEC_ERR_NOMEM) {
    play_out_of_memory(play);
    return (struct wspec_span){NULL, 0};
  }
  if (is_answer_to_no_request(play, link, err)) {
    link->lacks_head = true;
    link->received_offset += octets.len - consumed;
    play_find_full(play, WSPEC_VERDICT_INFO, NULL, link_index(play, link), link->head_offset,
                   "what is no request of HTTP/1 is not answered with HTTP/1", NULL, NULL);
    return (struct wspec_span){NULL, 0};
  }
  judge_broken_head(play, link, err);
  struct event event = {.kind = EVENT_HTTP, .status_code = 0, .offset = link->head_offset};
  link->has_head = true;
  receive_event(play, link, &event);
  return wspec_span_from(octets, consumed);
}

void receive_octets(struct wspec_play *play, struct link *link, struct wspec_span octets) {
  link->last_received_us = play->now_us;
  while (octets.len > 0 && !play->out_of_memory) {
    if (link->state == LINK_HTTP) {
      octets = receive_head(play, link, octets);
    } else if (link->state == LINK_OPEN) {
      octets = receive_frames(play, link, octets);
    } else {
      return;
    }
  }
}

void receive_end(struct wspec_play *play, struct link *link, enum event_kind kind) {
  struct event event = {.kind = kind, .offset = link->received_offset};
  link->eof = link->eof || kind == EVENT_EOF;
  link->reset = link->reset || kind == EVENT_RESET;
  link->was_open = link->was_open || link->state == LINK_OPEN;
  link->state = LINK_ENDED;
  link->last_received_us = play->now_us;
  send_abandon(link);
  receive_event(play, link, &event);
}
