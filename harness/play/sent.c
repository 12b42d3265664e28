#include "play/play_internal.h"

#include "proto/close.h"

#include <stdlib.h>
#include <string.h>

enum { SENT_MAX = 65536, PARTS_MAX = 65536, HASH_CHUNK = 16384 };

/* FNV-1a: one octet at a time, so that no portioning shows; not for adversaries. */
uint64_t hash_octets(uint64_t hash, struct wspec_span octets) {
  for (size_t i = 0; i < octets.len; i++) {
    hash = (hash ^ octets.data[i]) * UINT64_C(0x100000001b3);
  }
  return hash;
}

uint64_t hash_payload(uint64_t hash, const struct wspec_payload *payload) {
  uint8_t chunk[HASH_CHUNK];
  for (uint64_t offset = 0; offset < payload->len;) {
    size_t len = wspec_payload_read(payload, offset, chunk, sizeof chunk);
    hash = hash_octets(hash, wspec_span_of(chunk, len));
    offset += len;
  }
  return hash;
}

void sent_hash(struct sent *sent) {
  if (sent->hashed) {
    return;
  }
  sent->hash = HASH_START;
  sent->len = 0;
  for (size_t i = 0; i < sent->n_parts; i++) {
    for (uint64_t k = 0; k < sent->parts[i].times; k++) {
      sent->hash = hash_payload(sent->hash, sent->parts[i].payload);
      sent->len += sent->parts[i].payload->len;
    }
  }
  sent->hashed = sent->complete;
}

static struct sent *add_sent(struct wspec_play *play, struct link *link) {
  if (link->n_sent >= SENT_MAX) {
    return NULL;
  }
  /* Grows by doubling: the capacity is the next power of two. */
  size_t n = link->n_sent;
  if (n == 0 || (n >= 8 && (n & (n - 1)) == 0)) {
    struct sent *sent = realloc(link->sent, (n == 0 ? 8 : 2 * n) * sizeof *sent);
    if (!sent) {
      play_out_of_memory(play);
      return NULL;
    }
    link->sent = sent;
  }
  struct sent *added = &link->sent[link->n_sent++];
  *added = (struct sent){0};
  return added;
}

static void add_part(struct wspec_play *play, struct sent *sent,
                     const struct wspec_payload *payload, uint64_t times) {
  if (sent->n_parts >= PARTS_MAX) {
    return;
  }
  struct sent_part *parts = realloc(sent->parts, (sent->n_parts + 1) * sizeof *parts);
  if (!parts) {
    play_out_of_memory(play);
    return;
  }
  sent->parts = parts;
  sent->parts[sent->n_parts++] = (struct sent_part){payload, times};
  sent->hashed = false;
}

static void log_one(struct wspec_play *play, struct link *link, const char *label, bool is_ping,
                    uint8_t opcode, bool complete, const struct wspec_payload *payload) {
  struct sent *sent = add_sent(play, link);
  if (sent) {
    sent->label = label;
    sent->is_ping = is_ping;
    sent->opcode = opcode;
    sent->complete = complete;
    add_part(play, sent, payload, 1);
  }
}

static struct sent *open_message(struct link *link) {
  for (size_t i = link->n_sent; i > 0; i--) {
    struct sent *sent = &link->sent[i - 1];
    if (!sent->is_ping) {
      return sent->complete ? NULL : sent;
    }
  }
  return NULL;
}

static void log_close(struct link *link, const struct wspec_payload *payload) {
  uint8_t code[2];
  bool has_code = wspec_payload_read(payload, 0, code, sizeof code) == sizeof code;
  link->close_sent = true;
  link->close_code_sent = (uint16_t)(has_code ? code[0] << 8 | code[1] : WSPEC_CLOSE_NO_STATUS);
}

static void log_frame(struct wspec_play *play, struct link *link, const struct wspec_send *item,
                      const struct wspec_frame_plan *frame) {
  if (frame->opcode == WSPEC_OPCODE_PING) {
    log_one(play, link, item->label, true, frame->opcode, true, &frame->payload);
    return;
  }
  if (frame->opcode == WSPEC_OPCODE_CLOSE) {
    log_close(link, &frame->payload);
  }
  if (wspec_opcode_is_control(frame->opcode)) {
    return;
  }
  struct sent *open = frame->opcode == WSPEC_OPCODE_CONTINUATION ? open_message(link) : NULL;
  if (!open) {
    log_one(play, link, item->label, false, frame->opcode, frame->fin, &frame->payload);
    if (item->repeat > 1 && link->n_sent > 0 && link->sent[link->n_sent - 1].n_parts == 1) {
      /* Equal frames in a row are one entry: each is the same message. */
      link->sent[link->n_sent - 1].parts[0].times = frame->fin ? 1 : item->repeat;
    }
    return;
  }
  add_part(play, open, &frame->payload, item->repeat);
  open->complete = frame->fin;
  open->label = item->label ? item->label : open->label;
}

void sent_log(struct wspec_play *play, struct link *link, const struct wspec_send *items,
              size_t n_items) {
  for (size_t i = 0; i < n_items; i++) {
    const struct wspec_send *item = &items[i];
    if (item->kind == WSPEC_SEND_FRAME) {
      log_frame(play, link, item, &item->as.frame);
    } else if (item->kind == WSPEC_SEND_MESSAGE) {
      const struct wspec_message_plan *message = &item->as.message;
      log_one(play, link, item->label, false, message->opcode, true, &message->payload);
      for (size_t k = 0; k < message->n_interleaves; k++) {
        struct wspec_send control = {.kind = WSPEC_SEND_FRAME, .repeat = 1};
        log_frame(play, link, &control, &message->interleaves[k].frame);
      }
    }
  }
}

struct sent *sent_find(struct link *link, const struct wspec_payload_ref *ref, bool pings) {
  for (size_t i = link->n_sent; i > 0; i--) {
    struct sent *sent = &link->sent[i - 1];
    bool named = ref->kind == WSPEC_REF_SAME ||
                 (sent->label && ref->label && strcmp(sent->label, ref->label) == 0);
    if (sent->is_ping == pings && named) {
      return sent;
    }
  }
  return NULL;
}

void sent_clear(struct link *link) {
  for (size_t i = 0; i < link->n_sent; i++) {
    free(link->sent[i].parts);
  }
  free(link->sent);
  link->sent = NULL;
  link->n_sent = 0;
}
