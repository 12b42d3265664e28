#include "compat/trace.h"

#include "proto/frame.h"
#include "proto/mask.h"
#include "proto/utf8.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX = 64 * 1024, SHOWN_WHOLE_MAX = 60, SENTINEL_LEN = 16, LOG_OCTETS = 64 };

/* One direction of the connection. */
struct stream {
  bool is_sent;
  bool is_lost; /* octets are missing: where a frame begins is not known any more */
  bool in_head;
  struct wspec_buf head;
  struct wspec_frame_decoder decoder;
  bool in_frame;
  struct wspec_frame frame;
  uint64_t payload_at;
  uint8_t prefix[WSPEC_FRAME_CONTROL_PAYLOAD_MAX]; /* of the frame's payload */
  bool in_message;
  uint8_t message_opcode;
  uint64_t message_len;
  uint8_t message_prefix[WSPEC_TRACE_TEXT_MAX];
};

struct tracer {
  struct wspec_trace *trace;
  struct stream sent, received;
  bool out_of_memory;
};

/* ---- Octets as text ---- */

static size_t put_hex(char *out, const uint8_t *octets, size_t len) {
  for (size_t i = 0; i < len; i++) {
    (void)snprintf(out + 2 * i, 3, "%02x", octets[i]);
  }
  out[2 * len] = '\0';
  return 2 * len;
}

void wspec_show(struct wspec_shown *out, const uint8_t *prefix, uint64_t len) {
  size_t shown = len < WSPEC_TRACE_TEXT_MAX ? (size_t)len : WSPEC_TRACE_TEXT_MAX;
  bool is_text = wspec_utf8_is_valid(wspec_span_of(prefix, shown)) &&
                 !memchr(prefix, 0, shown); /* a C string cannot hold it */
  size_t at = 0;
  if (is_text) {
    memcpy(out->text, prefix, shown);
    at = shown;
  } else {
    memcpy(out->text, "0x", 2);
    at = 2 + put_hex(out->text + 2, prefix, shown);
  }
  memcpy(out->text + at, " ...", 5);
  if (len <= SHOWN_WHOLE_MAX) {
    out->text[at] = '\0';
  }
}

/* ---- The wire log ---- */

static void append(struct tracer *tracer, cJSON *array, cJSON *item) {
  if (!item || !cJSON_AddItemToArray(array, item)) {
    cJSON_Delete(item);
    tracer->out_of_memory = true;
  }
}

/* [len, text] */
static cJSON *sized_text(uint64_t len, const char *text) {
  cJSON *pair = cJSON_CreateArray(), *first = cJSON_CreateNumber((double)len),
        *second = cJSON_CreateString(text);
  if (!pair || !first || !second) {
    cJSON_Delete(pair);
    cJSON_Delete(first);
    cJSON_Delete(second);
    return NULL;
  }
  cJSON_AddItemToArray(pair, first);
  cJSON_AddItemToArray(pair, second);
  return pair;
}

static cJSON *new_row(struct tracer *tracer, const char *kind) {
  cJSON *log = tracer->trace->wire_log;
  if (cJSON_GetArraySize(log) >= WSPEC_TRACE_ROWS_MAX) {
    return NULL;
  }
  cJSON *row = cJSON_CreateArray();
  append(tracer, log, row);
  if (!tracer->out_of_memory) {
    append(tracer, row, cJSON_CreateString(kind));
  }
  return tracer->out_of_memory ? NULL : row;
}

static void log_octets(struct tracer *tracer, bool is_sent, struct wspec_span octets,
                       uint64_t len) {
  cJSON *row = new_row(tracer, is_sent ? "TO" : "RO");
  if (!row) {
    return;
  }
  char text[2 * LOG_OCTETS + 8];
  size_t at = put_hex(text, octets.data, octets.len < LOG_OCTETS ? octets.len : LOG_OCTETS);
  if (len > SHOWN_WHOLE_MAX) {
    memcpy(text + at, " ...", 5);
  }
  append(tracer, row, sized_text(len, text));
  if (is_sent) {
    append(tracer, row, cJSON_CreateFalse());
  }
}

static void log_frame(struct tracer *tracer, const struct stream *stream) {
  const struct wspec_frame *frame = &stream->frame;
  cJSON *row = new_row(tracer, stream->is_sent ? "TF" : "RF");
  if (!row) {
    return;
  }
  struct wspec_shown shown;
  wspec_show(&shown, stream->prefix, frame->payload_len);
  append(tracer, row, sized_text(frame->payload_len, shown.text));
  append(tracer, row, cJSON_CreateNumber(frame->opcode));
  append(tracer, row, cJSON_CreateBool(frame->fin));
  append(tracer, row, cJSON_CreateNumber(frame->rsv >> 4));
  if (!stream->is_sent) {
    append(tracer, row, cJSON_CreateBool(frame->masked));
  }
  char key[9];
  put_hex(key, frame->masking_key, 4);
  append(tracer, row, frame->masked ? cJSON_CreateString(key) : cJSON_CreateNull());
  if (stream->is_sent) {
    append(tracer, row, cJSON_CreateNull());
    append(tracer, row, cJSON_CreateNull());
    append(tracer, row, cJSON_CreateFalse());
  }
}

/* Adds one to the member of that number. */
static void count(struct tracer *tracer, cJSON *counts, uint64_t number) {
  char key[24];
  (void)snprintf(key, sizeof key, "%" PRIu64, number);
  cJSON *item = cJSON_GetObjectItemCaseSensitive(counts, key);
  if (item) {
    cJSON_SetNumberValue(item, item->valuedouble + 1);
  } else if (cJSON_GetArraySize(counts) < WSPEC_TRACE_ROWS_MAX &&
             !cJSON_AddNumberToObject(counts, key, 1)) {
    tracer->out_of_memory = true;
  }
}

/* ---- Frames ---- */

static void add_event(struct tracer *tracer, enum wspec_traced_kind kind, bool is_binary,
                      const uint8_t *prefix, uint64_t len) {
  struct wspec_trace *trace = tracer->trace;
  if (trace->n_events == WSPEC_TRACE_EVENTS_MAX) {
    trace->is_whole = false;
    return;
  }
  struct wspec_traced *event = &trace->events[trace->n_events++];
  event->kind = kind;
  event->is_binary = is_binary;
  wspec_show(&event->payload, prefix, len);
}

/* The nonce of a ping by which the play sounds the target out: no case sends its like. */
static bool is_sentinel(const uint8_t *payload, uint64_t len) {
  if (len != SENTINEL_LEN) {
    return false;
  }
  for (size_t i = 0; i < SENTINEL_LEN; i++) {
    if (payload[i] < 0x20 || payload[i] > 0x7e) {
      return true;
    }
  }
  return false;
}

static void on_close(struct wspec_traced_close *close, const uint8_t *body, uint64_t len) {
  if (close->came) {
    return;
  }
  close->came = true;
  close->status_code = len >= 2 ? body[0] << 8 | body[1] : -1;
  size_t reason_len = len > 2 ? (size_t)len - 2 : 0;
  if (reason_len < sizeof close->reason && len <= WSPEC_FRAME_CONTROL_PAYLOAD_MAX &&
      wspec_utf8_is_valid(wspec_span_of(body + 2, reason_len))) {
    memcpy(close->reason, body + 2, reason_len);
    close->reason[reason_len] = '\0';
  }
}

/* Of its close frame, FIN and RST the first counts, unless we closed before. */
static void on_target_closed(struct wspec_trace *trace) {
  if (!trace->sent.came && !trace->target_closed_first) {
    trace->target_closed_first = true;
    trace->closed_at_step = trace->step;
  }
}

static void on_received_data(struct tracer *tracer, struct stream *stream) {
  const struct wspec_frame *frame = &stream->frame;
  if (!stream->in_message) {
    stream->in_message = true;
    stream->message_opcode = frame->opcode;
    stream->message_len = 0;
  }
  if (stream->message_len < sizeof stream->message_prefix) {
    size_t room = sizeof stream->message_prefix - (size_t)stream->message_len;
    size_t len = frame->payload_len < room ? (size_t)frame->payload_len : room;
    memcpy(stream->message_prefix + stream->message_len, stream->prefix, len);
  }
  stream->message_len += frame->payload_len;
  if (frame->fin) {
    stream->in_message = false;
    add_event(tracer, WSPEC_TRACED_MESSAGE, stream->message_opcode == WSPEC_OPCODE_BINARY,
              stream->message_prefix, stream->message_len);
  }
}

static void on_frame(struct tracer *tracer, struct stream *stream) {
  struct wspec_trace *trace = tracer->trace;
  const struct wspec_frame *frame = &stream->frame;
  log_frame(tracer, stream);
  count(tracer, stream->is_sent ? trace->frames_sent : trace->frames_received, frame->opcode);
  if (frame->opcode == WSPEC_OPCODE_CLOSE && stream->is_sent && frame->rsv != 0) {
    return; /* nothing that closes: the case looks at what the target makes of the bits */
  }
  if (frame->opcode == WSPEC_OPCODE_CLOSE) {
    if (!stream->is_sent) {
      on_target_closed(trace);
    }
    on_close(stream->is_sent ? &trace->sent : &trace->received, stream->prefix, frame->payload_len);
  } else if (stream->is_sent) {
    return;
  } else if (frame->opcode == WSPEC_OPCODE_PING) {
    add_event(tracer, WSPEC_TRACED_PING, false, stream->prefix, frame->payload_len);
  } else if (frame->opcode == WSPEC_OPCODE_PONG) {
    if (!is_sentinel(stream->prefix, frame->payload_len)) {
      add_event(tracer, WSPEC_TRACED_PONG, false, stream->prefix, frame->payload_len);
    }
  } else if (!wspec_opcode_is_control(frame->opcode)) {
    on_received_data(tracer, stream);
  }
}

static size_t feed_payload(struct tracer *tracer, struct stream *stream, struct wspec_span octets) {
  uint64_t left = stream->frame.payload_len - stream->payload_at;
  size_t len = octets.len < left ? octets.len : (size_t)left;
  if (stream->payload_at < sizeof stream->prefix && len > 0) {
    size_t at = (size_t)stream->payload_at, room = sizeof stream->prefix - at;
    size_t kept = len < room ? len : room;
    wspec_mask_copy(stream->prefix + at, octets.data, kept, stream->frame.masking_key,
                    stream->payload_at);
  }
  stream->payload_at += len;
  if (stream->payload_at == stream->frame.payload_len) {
    stream->in_frame = false;
    on_frame(tracer, stream);
  }
  return len;
}

static void feed_frames(struct tracer *tracer, struct stream *stream, struct wspec_span octets) {
  while (!stream->is_lost) {
    size_t consumed = 0;
    if (stream->in_frame) {
      consumed = feed_payload(tracer, stream, octets);
    } else if (octets.len == 0) {
      return;
    } else if (wspec_frame_decode(&stream->decoder, octets, &consumed, &stream->frame) ==
               WSPEC_OK) {
      stream->in_frame = true;
      stream->payload_at = 0;
      memset(stream->prefix, 0, sizeof stream->prefix);
    }
    octets = wspec_span_from(octets, consumed);
    if (octets.len == 0 && (!stream->in_frame || stream->frame.payload_len > 0)) {
      return;
    }
  }
}

/* ---- Heads ---- */

/* Returns how many octets of `octets` belong to the head. */
static size_t feed_head(struct tracer *tracer, struct stream *stream, struct wspec_span octets) {
  for (size_t i = 0; i < octets.len; i++) {
    enum wspec_err err = wspec_buf_append_octet(&stream->head, octets.data[i]);
    if (err) {
      stream->is_lost = true;
      tracer->out_of_memory = err == WSPEC_ERR_NOMEM;
      return octets.len;
    }
    const uint8_t *end = stream->head.data + stream->head.len;
    if (stream->head.len >= 4 && memcmp(end - 4, "\r\n\r\n", 4) == 0) {
      stream->in_head = false;
      char **text = stream->is_sent ? &tracer->trace->request : &tracer->trace->response;
      *text = wspec_buf_take_text(&stream->head);
      tracer->out_of_memory = tracer->out_of_memory || !*text;
      return i + 1;
    }
  }
  return octets.len;
}

/* Octets that were not kept do no harm within a payload. */
static void skip_elided(struct tracer *tracer, struct stream *stream, uint64_t len) {
  if (!stream->in_frame || stream->in_head ||
      stream->frame.payload_len - stream->payload_at < len) {
    stream->is_lost = true;
    return;
  }
  stream->payload_at += len;
  if (stream->payload_at == stream->frame.payload_len) {
    stream->in_frame = false;
    on_frame(tracer, stream);
  }
}

static void feed(struct tracer *tracer, struct stream *stream, const struct wspec_entry *entry,
                 struct wspec_span octets) {
  struct wspec_trace *trace = tracer->trace;
  count(tracer, stream->is_sent ? trace->octets_sent : trace->octets_received, entry->len);
  if (!stream->is_sent) {
    log_octets(tracer, false, octets, entry->len);
  }
  struct wspec_span rest = octets;
  if (stream->in_head) {
    rest = wspec_span_from(rest, feed_head(tracer, stream, rest));
  }
  if (!stream->in_head && !stream->is_lost) {
    feed_frames(tracer, stream, rest);
  }
  uint64_t elided = entry->len - octets.len;
  if (elided > 0) {
    skip_elided(tracer, stream, elided);
  }
  if (stream->is_sent) {
    log_octets(tracer, true, octets, entry->len);
  }
}

/* ---- The whole ---- */

static void on_entry(struct tracer *tracer, const struct wspec_transcript *transcript,
                     const struct wspec_entry *entry) {
  struct wspec_trace *trace = tracer->trace;
  struct wspec_span octets = wspec_transcript_octets(transcript, entry);
  switch (entry->kind) {
  case WSPEC_ENTRY_SENT:
    feed(tracer, &tracer->sent, entry, octets);
    break;
  case WSPEC_ENTRY_RECEIVED:
    feed(tracer, &tracer->received, entry, octets);
    break;
  case WSPEC_ENTRY_FIN_RECEIVED:
  case WSPEC_ENTRY_RESET_RECEIVED:
    trace->target_ended_tcp = true;
    on_target_closed(trace);
    break;
  case WSPEC_ENTRY_STEP:
    trace->step = (size_t)entry->offset;
    break;
  default:
    break;
  }
}

static bool make_containers(struct wspec_trace *trace) {
  trace->wire_log = cJSON_CreateArray();
  trace->octets_received = cJSON_CreateObject();
  trace->octets_sent = cJSON_CreateObject();
  trace->frames_received = cJSON_CreateObject();
  trace->frames_sent = cJSON_CreateObject();
  return trace->wire_log && trace->octets_received && trace->octets_sent &&
         trace->frames_received && trace->frames_sent;
}

enum wspec_err wspec_trace_read(struct wspec_trace *trace,
                                const struct wspec_transcript *transcript, bool is_server) {
  *trace = (struct wspec_trace){.is_whole = true};
  trace->sent.status_code = trace->received.status_code = -1;
  struct tracer tracer = {.trace = trace};
  if (!make_containers(trace)) {
    return WSPEC_ERR_NOMEM;
  }
  tracer.sent.is_sent = tracer.sent.in_head = tracer.received.in_head = true;
  wspec_buf_init(&tracer.sent.head, HEAD_MAX);
  wspec_buf_init(&tracer.received.head, HEAD_MAX);
  for (size_t i = 0; i < transcript->n_entries && !tracer.out_of_memory; i++) {
    if (transcript->entries[i].connection == 0) {
      on_entry(&tracer, transcript, &transcript->entries[i]);
    }
  }
  if (is_server) { /* the request was the target's */
    char *request = trace->response;
    trace->response = trace->request;
    trace->request = request;
  }
  trace->was_open = trace->response && strncmp(trace->response, "HTTP/1.1 101", 12) == 0;
  trace->is_whole = trace->is_whole && !tracer.sent.is_lost && !tracer.received.is_lost &&
                    transcript->n_entries < WSPEC_TRANSCRIPT_ENTRIES_MAX;
  wspec_buf_clear(&tracer.sent.head);
  wspec_buf_clear(&tracer.received.head);
  return tracer.out_of_memory ? WSPEC_ERR_NOMEM : WSPEC_OK;
}

void wspec_trace_clear(struct wspec_trace *trace) {
  free(trace->request);
  free(trace->response);
  cJSON_Delete(trace->wire_log);
  cJSON_Delete(trace->octets_received);
  cJSON_Delete(trace->octets_sent);
  cJSON_Delete(trace->frames_received);
  cJSON_Delete(trace->frames_sent);
  *trace = (struct wspec_trace){.request = NULL};
}
