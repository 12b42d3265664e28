#include "play/play_internal.h"

#include "case/compress.h"
#include "proto/mask.h"

#include <string.h>

/* ---- Where the stream of frames stands ---- */

/* Follows what we send as the target will read it: a header that lies about its length leads the
 * position astray in the same way as the target. */
static void follow(struct frame_position *position, struct wspec_span octets) {
  while (octets.len > 0) {
    if (position->payload_left > 0) {
      size_t skipped =
          position->payload_left < octets.len ? (size_t)position->payload_left : octets.len;
      position->payload_left -= skipped;
      octets = wspec_span_from(octets, skipped);
      continue;
    }
    struct wspec_frame frame;
    size_t consumed;
    if (wspec_frame_decode(&position->decoder, octets, &consumed, &frame) == WSPEC_OK) {
      position->payload_left = frame.payload_len;
    }
    octets = wspec_span_from(octets, consumed);
  }
}

bool send_at_boundary(const struct link *link) {
  return link->out.payload_left == 0 && link->out.decoder.len == 0;
}

/* ---- One frame after the other ---- */

static void start_frame(struct wspec_play *play, struct link *link, struct writer *writer,
                        const struct wspec_frame_plan *plan, uint64_t start, uint64_t len) {
  struct wspec_frame frame = {
      .fin = plan->fin,
      .rsv = plan->rsv,
      .opcode = plan->opcode,
      .masked = plan->mask == WSPEC_MASK_ON ||
                (plan->mask == WSPEC_MASK_BY_ROLE && !play->config->is_server),
      .payload_len = plan->has_declared_len ? plan->declared_len : len,
      .length_form = (enum wspec_length_form)plan->length_form,
  };
  if (frame.masked && plan->has_masking_key) {
    memcpy(frame.masking_key, plan->masking_key, sizeof frame.masking_key);
  } else if (frame.masked) {
    uint64_t key = wspec_rng_mix(play->config->seed + (link->n_masked << 8) +
                                 link_index(play, link) + UINT64_C(0x6d61736b00000000));
    memcpy(frame.masking_key, &key, sizeof frame.masking_key);
    link->n_masked++;
  }
  writer->header_len = wspec_frame_encode(&frame, writer->header);
  writer->masked = frame.masked;
  memcpy(writer->masking_key, frame.masking_key, sizeof writer->masking_key);
  writer->payload = &plan->payload;
  writer->payload_start = start;
  writer->payload_len = len;
  writer->at = 0;
  writer->end = writer->header_len + len;
  uint64_t cut_at = plan->cut_at + (plan->cut_in_payload ? writer->header_len : 0);
  if (plan->has_cut && cut_at < writer->end) {
    writer->end = cut_at;
  }
  writer->in_frame = true;
}

static void start_raw(struct writer *writer, const struct wspec_payload *payload) {
  writer->header_len = 0;
  writer->masked = false;
  writer->payload = payload;
  writer->payload_start = 0;
  writer->payload_len = payload->len;
  writer->at = 0;
  writer->end = payload->len;
  writer->in_frame = true;
}

/* Octets that the fragment `index` of a message has, and whether it is the last. */
static uint64_t fragment_len(const struct wspec_message_plan *message, uint64_t index,
                             uint64_t left, bool *is_last) {
  uint64_t len = left;
  switch (message->fragmentation) {
  case WSPEC_FRAGMENTS_NONE:
    break;
  case WSPEC_FRAGMENTS_SIZES: {
    uint64_t wanted = index < message->n_sizes ? message->sizes[index] : left;
    len = wanted < left ? wanted : left;
    bool more_sizes = index + 1 < message->n_sizes;
    *is_last = !more_sizes && len == left;
    return len;
  }
  case WSPEC_FRAGMENTS_EVERY:
    len = message->every > 0 && message->every < left ? message->every : left;
    break;
  case WSPEC_FRAGMENTS_COUNT: {
    uint64_t frames_left = message->count > index ? message->count - index : 1;
    len = left / frames_left + (left % frames_left != 0);
    *is_last = frames_left == 1;
    return *is_last ? left : len;
  }
  }
  *is_last = len == left;
  return len;
}

/* Starts the next control frame that is due behind the last fragment; false: none. */
static bool start_interleave(struct wspec_play *play, struct link *link, struct writer *writer,
                             const struct wspec_message_plan *message, bool message_is_over) {
  for (; writer->interleave < message->n_interleaves; writer->interleave++) {
    const struct wspec_interleave *control = &message->interleaves[writer->interleave];
    bool behind_each = control->after == UINT64_MAX && !message_is_over;
    if (behind_each || control->after == writer->fragment - 1) {
      writer->interleave++;
      start_frame(play, link, writer, &control->frame, 0, control->frame.payload.len);
      return true;
    }
  }
  writer->interleave = 0;
  writer->after_fragment = false;
  return false;
}

/* Starts the next frame of a message; false: it is finished. */
static bool continue_message(struct wspec_play *play, struct link *link, struct writer *writer,
                             const struct wspec_message_plan *message, bool *is_over) {
  if (writer->after_fragment && start_interleave(play, link, writer, message, *is_over)) {
    return true;
  }
  if (*is_over) {
    return false;
  }
  bool is_last;
  uint64_t start = writer->message_offset;
  if (writer->fragment == 0) {
    writer->message = message->compress ? compression_of(play, link, message) : &message->payload;
  }
  uint64_t len = fragment_len(message, writer->fragment, writer->message->len - start, &is_last);
  bool has_rsv1 = message->compress && !message->compress->without_rsv1 && writer->fragment == 0;
  struct wspec_frame_plan plan = {
      .opcode = writer->fragment == 0 ? message->opcode : (uint8_t)WSPEC_OPCODE_CONTINUATION,
      .fin = is_last,
      .rsv = has_rsv1 ? WSPEC_RSV1 : 0,
      .has_masking_key = message->has_masking_key,
  };
  memcpy(plan.masking_key, message->masking_key, sizeof plan.masking_key);
  start_frame(play, link, writer, &plan, start, len);
  writer->payload = writer->message;
  writer->started += writer->fragment == 0;
  writer->fragment++;
  writer->message_offset += len;
  writer->after_fragment = message->n_interleaves > 0;
  writer->message_over = is_last;
  return true;
}

static void next_item(struct writer *writer) {
  writer->fragment = 0;
  writer->message_offset = 0;
  writer->message_over = false;
  writer->repeated++;
  if (writer->repeated >= writer->items[writer->item].repeat) {
    writer->repeated = 0;
    writer->item++;
  }
}

/* An author who bounds what is in flight spares a target that takes in faster than it gives out. */
static bool has_to_wait(const struct wspec_play *play, const struct link *link,
                        const struct writer *writer, const struct wspec_send *item) {
  uint64_t returned = link->n_messages - link->n_messages_was;
  return item->in_flight > 0 && play->config->oracle == WSPEC_ORACLE_ECHO &&
         writer->fragment == 0 && writer->started >= returned + item->in_flight;
}

/* Makes something current to be written; false: all items are written, or `waits`. */
static bool start_something(struct wspec_play *play, struct link *link, struct writer *writer) {
  writer->waits = false;
  while (!writer->in_frame && writer->item < writer->n_items) {
    const struct wspec_send *item = &writer->items[writer->item];
    if (has_to_wait(play, link, writer, item)) {
      writer->waits = true;
      return false;
    }
    switch (item->kind) {
    case WSPEC_SEND_FRAME:
      start_frame(play, link, writer, &item->as.frame, 0, item->as.frame.payload.len);
      next_item(writer);
      break;
    case WSPEC_SEND_RAW:
      start_raw(writer, &item->as.raw);
      next_item(writer);
      break;
    case WSPEC_SEND_MESSAGE:
      if (!continue_message(play, link, writer, &item->as.message, &writer->message_over)) {
        next_item(writer);
      }
      break;
    }
  }
  return writer->in_frame;
}

/* Writes up to `len` octets of the current frame. */
static size_t write_frame(struct writer *writer, uint8_t *out, size_t len) {
  size_t written = 0;
  if (writer->at < writer->header_len) {
    uint64_t header_end = writer->end < writer->header_len ? writer->end : writer->header_len;
    while (writer->at < header_end && written < len) {
      out[written++] = writer->header[writer->at++];
    }
  }
  if (writer->at >= writer->header_len && writer->at < writer->end && written < len) {
    uint64_t payload_at = writer->at - writer->header_len;
    uint64_t left = writer->end - writer->at;
    size_t wanted = len - written < left ? len - written : (size_t)left;
    size_t got = wspec_payload_read(writer->payload, writer->payload_start + payload_at,
                                    out + written, wanted);
    if (writer->masked) {
      wspec_mask(out + written, got, writer->masking_key, payload_at);
    }
    writer->at += got;
    written += got;
    if (got < wanted) {
      writer->at = writer->end;
    }
  }
  writer->in_frame = writer->at < writer->end;
  return written;
}

/* ---- Jobs ---- */

void send_start(struct wspec_play *play, struct link *link, const struct wspec_send *items,
                size_t n_items, const struct wspec_segments *segments) {
  struct job *job = &link->job;
  job->writer = (struct writer){.items = items, .n_items = n_items};
  bool cut = segments && (segments->n_sizes > 0 || segments->every > 0 || segments->delay_ms > 0);
  job->segments = cut ? segments : NULL;
  job->segment = 0;
  link->n_messages_was = link->n_messages;
  job->not_before_us = play->now_us;
  job->active = true;
  sent_log(play, link, items, n_items);
}

bool send_is_idle(const struct link *link) {
  return !link->job.active && link->automatic.len == 0;
}

void send_control(struct wspec_play *play, struct link *link, uint8_t opcode,
                  struct wspec_span payload) {
  struct wspec_frame frame = {
      .fin = true,
      .opcode = opcode,
      .masked = !play->config->is_server,
      .payload_len = payload.len,
  };
  uint64_t key = wspec_rng_next(&play->rng);
  memcpy(frame.masking_key, &key, sizeof frame.masking_key);
  uint8_t octets[WSPEC_FRAME_HEADER_MAX + WSPEC_FRAME_CONTROL_PAYLOAD_MAX];
  size_t len = wspec_frame_encode(&frame, octets);
  size_t payload_len = payload.len < WSPEC_FRAME_CONTROL_PAYLOAD_MAX
                           ? payload.len
                           : (size_t)WSPEC_FRAME_CONTROL_PAYLOAD_MAX;
  if (payload_len > 0) {
    memcpy(octets + len, payload.data, payload_len);
  }
  if (frame.masked) {
    wspec_mask(octets + len, payload_len, frame.masking_key, 0);
  }
  enum wspec_err err = wspec_buf_append(&link->automatic, octets, len + payload_len);
  if (err == WSPEC_ERR_LIMIT) {
    return; /* a target that floods us with pings gets no more pongs than it reads */
  }
  play_check(play, err);
}

/* Octets that the next write of a job may have. */
static size_t segment_len(const struct job *job) {
  const struct wspec_segments *segments = job->segments;
  if (!segments) {
    return WRITE_MAX;
  }
  uint64_t len = segments->every > 0 ? segments->every : WRITE_MAX;
  if (job->segment < segments->n_sizes) {
    len = segments->sizes[job->segment];
  }
  len = len > 0 ? len : 1;
  return len < WRITE_MAX ? (size_t)len : WRITE_MAX;
}

/* Fills `out` from the job; it ends the job when nothing is left. */
static size_t write_job(struct wspec_play *play, struct link *link, uint8_t *out, size_t len) {
  struct job *job = &link->job;
  size_t written = 0;
  size_t head_left = job->head.len - job->head_at;
  if (head_left > 0) {
    written = head_left < len ? head_left : len;
    memcpy(out, job->head.data + job->head_at, written);
    job->head_at += written;
  }
  size_t head_written = written;
  while (written < len && start_something(play, link, &job->writer)) {
    written += write_frame(&job->writer, out + written, len - written);
  }
  if (job->head_at == job->head.len && !job->writer.in_frame &&
      !start_something(play, link, &job->writer) && !job->writer.waits) {
    job->active = false;
    wspec_buf_clear(&job->head);
    job->head_at = 0;
  }
  follow(&link->out, wspec_span_of(out + head_written, written - head_written));
  return written;
}

static bool take_automatic(struct wspec_play *play, struct link *link) {
  if (link->automatic.len == 0 || !send_at_boundary(link)) {
    return false;
  }
  wspec_buf_reset(&link->write);
  if (play_check(play, wspec_buf_append_span(&link->write, wspec_buf_span(&link->automatic)))) {
    return false;
  }
  wspec_buf_reset(&link->automatic);
  return true;
}

static bool take_job(struct wspec_play *play, struct link *link) {
  struct job *job = &link->job;
  if (!job->active || play->now_us < job->not_before_us) {
    return false;
  }
  wspec_buf_reset(&link->write);
  uint8_t *out;
  size_t len = segment_len(job);
  if (play_check(play, wspec_buf_reserve(&link->write, len, &out))) {
    return false;
  }
  size_t written = write_job(play, link, out, len);
  link->write.len = written;
  job->segment++;
  if (job->segments) {
    job->not_before_us = play->now_us + (uint64_t)job->segments->delay_ms * 1000;
  }
  return written > 0;
}

bool send_next(struct wspec_play *play, struct link *link, struct wspec_span *octets) {
  if (link->blocked || link->fin_sent || link->state == LINK_IDLE ||
      link->state == LINK_CONNECTING || link->reset || link->given_up) {
    return false;
  }
  if (!take_automatic(play, link) && !take_job(play, link)) {
    return false;
  }
  *octets = wspec_buf_span(&link->write);
  return true;
}

uint64_t send_deadline(const struct link *link) {
  bool may_send = link->job.active && !link->blocked && !link->job.writer.waits;
  return may_send ? link->job.not_before_us : UINT64_MAX;
}

void send_abandon(struct link *link) {
  link->job.active = false;
  wspec_buf_clear(&link->job.head);
  link->job.head_at = 0;
  wspec_buf_reset(&link->automatic);
}

void send_clear(struct link *link) {
  send_abandon(link);
  wspec_buf_clear(&link->automatic);
  wspec_buf_clear(&link->write);
}
