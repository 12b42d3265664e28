/* bench_frame: a server reads masked frames, each of them a whole message, beside other libraries.
 *
 * The stream is copied by memcpy into the receive buffer in reads of 64 KiB, as recv would, and
 * that copy is in every figure; the first candidate is the copy alone. Ours are three:
 *
 *   conn    struct wspec_conn, strict, giving whole messages: what an endpoint uses
 *   pieces  the same, giving payload where it lies as it comes (`assemble` off): what a player of
 *           large messages uses
 *   frame   the layer below, wspec_frame_decode and wspec_frame_check and wspec_mask_ascii, with
 *           wspec_utf8_feed for text: what a judge of single frames uses */
#include "bench.h"
#include "frames.h"
#include "peers.h"
#include "texts.h"

#include "proto/conn.h"
#include "proto/mask.h"
#include "proto/utf8.h"

#include <stdio.h>

static uint8_t receive_buffer[BENCH_READ_LEN];

static uint64_t run_memcpy(void *context, uint64_t rounds) {
  struct bench_frames *frames = context;
  for (uint64_t i = 0; i < rounds; i++) {
    while (bench_frames_read(frames, receive_buffer, BENCH_READ_LEN) > 0) {
      bench_touch_memory();
    }
  }
  return rounds * frames->sum;
}

/* What a server cannot do without: the copy, and one pass over the octets to unmask them. */
static uint64_t run_memcpy_and_mask(void *context, uint64_t rounds) {
  static const uint8_t masking_key[4] = {0x37, 0xfa, 0x21, 0x3d};
  struct bench_frames *frames = context;
  for (uint64_t i = 0; i < rounds; i++) {
    size_t len;
    while ((len = bench_frames_read(frames, receive_buffer, BENCH_READ_LEN)) > 0) {
      wspec_mask(receive_buffer, len, masking_key, 0);
      bench_touch_memory();
    }
  }
  return rounds * frames->sum;
}

/* What the events of a connection come to; both ways of delivery count the same. */
static inline uint64_t count_event(const struct wspec_conn_event *event) {
  uint64_t sum = event->payload.len;
  if (event->ends) {
    sum += event->payload.data[event->payload.len - 1];
  }
  return sum;
}

static uint64_t run_conn(struct bench_frames *frames, uint64_t rounds, bool assemble) {
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, false);
  options.assemble = assemble;
  struct wspec_conn *conn = wspec_conn_new(&options);
  uint64_t sum = 0;
  for (uint64_t i = 0; conn && i < rounds; i++) {
    size_t len;
    while ((len = bench_frames_read(frames, receive_buffer, BENCH_READ_LEN)) > 0) {
      for (size_t at = 0, consumed; at < len; at += consumed) {
        struct wspec_conn_event event;
        if (wspec_conn_feed(conn, receive_buffer + at, len - at, &consumed, &event) == WSPEC_OK) {
          sum += count_event(&event);
        }
      }
    }
  }
  wspec_conn_free(conn);
  return sum;
}

static uint64_t run_messages(void *context, uint64_t rounds) {
  return run_conn(context, rounds, true);
}

static uint64_t run_pieces(void *context, uint64_t rounds) {
  return run_conn(context, rounds, false);
}

/* A reader of single frames. */
struct reader {
  struct wspec_frame_decoder decoder;
  struct wspec_frame frame;
  uint64_t left; /* octets of payload that are still to come */
  struct wspec_utf8 utf8;
  uint64_t sum;
};

/* Takes what is there of the payload; false: the text is wrong. */
static inline bool read_payload(struct reader *reader, uint8_t *octets, size_t taken) {
  uint64_t offset = reader->frame.payload_len - reader->left;
  bool is_ascii = wspec_mask_ascii(octets, taken, reader->frame.masking_key, offset);
  if (reader->frame.opcode == WSPEC_OPCODE_TEXT && !(is_ascii && reader->utf8.missing == 0) &&
      wspec_utf8_feed(&reader->utf8, wspec_span_of(octets, taken), NULL)) {
    return false;
  }
  reader->left -= taken;
  reader->sum += taken + (reader->left == 0 ? octets[taken - 1] : 0);
  return true;
}

/* Takes a header, where one is due, and payload; returns how many octets, or 0 for a fault. */
static inline size_t read_frame(struct reader *reader, uint8_t *octets, size_t len) {
  size_t consumed = 0;
  if (reader->left == 0) {
    enum wspec_err err =
        wspec_frame_decode(&reader->decoder, wspec_span_of(octets, len), &consumed, &reader->frame);
    if (err) {
      return consumed;
    }
    if (wspec_frame_check(&reader->frame, true, 0) != 0) {
      return 0;
    }
    reader->left = reader->frame.payload_len;
    reader->utf8 = (struct wspec_utf8){0};
  }
  size_t taken = reader->left < len - consumed ? (size_t)reader->left : len - consumed;
  if (taken > 0 && !read_payload(reader, octets + consumed, taken)) {
    return 0;
  }
  return consumed + taken;
}

static uint64_t run_frame(void *context, uint64_t rounds) {
  struct bench_frames *frames = context;
  struct reader reader = {0};
  for (uint64_t i = 0; i < rounds; i++) {
    size_t len;
    while ((len = bench_frames_read(frames, receive_buffer, BENCH_READ_LEN)) > 0) {
      size_t taken;
      for (size_t at = 0; at < len; at += taken) {
        taken = read_frame(&reader, receive_buffer + at, len - at);
        if (taken == 0) {
          return 0;
        }
      }
    }
  }
  return reader.sum;
}

static size_t make_row(struct bench_candidate *row, struct bench_frames *frames) {
  size_t n = 0;
#define ADD(label, kind, function)     \
  row[n++] = (struct bench_candidate){ \
      .name = (label), .role = (kind), .run = (function), .context = frames}
  ADD("memcpy", BENCH_LIMIT, run_memcpy);
  ADD("memcpy and xor", BENCH_LIMIT, run_memcpy_and_mask);
#ifdef WSPEC_BENCH_UWEBSOCKETS
  if (!frames->is_text) { /* it leaves UTF-8 to who reassembles */
    ADD("uWebSockets consume", BENCH_PEER, peer_uwebsockets_consume);
  }
  ADD("uWebSockets messages", BENCH_PEER, peer_uwebsockets_messages);
#endif
#ifdef WSPEC_BENCH_BEAST
  ADD("Beast read", BENCH_PEER, peer_beast_messages);
#endif
#ifdef WSPEC_BENCH_WSLAY
  if (!frames->is_text) { /* nor does it look at text */
    ADD("wslay frame", BENCH_PEER, peer_wslay_frames);
  }
  ADD("wslay event", BENCH_PEER, peer_wslay_messages);
#endif
  ADD("wspec conn", BENCH_OURS, run_messages);
  ADD("wspec pieces", BENCH_OURS, run_pieces);
  ADD("wspec frame", BENCH_OURS, run_frame);
#undef ADD
  return n;
}

/* The goals: how far ahead of the best library, and how near to the copy. */
static double goal_of(size_t payload_len, bool is_text) {
  if (payload_len <= 125) {
    return is_text ? 1.3 : 1.8;
  }
  return is_text ? 1.3 : 1.0;
}

static void sum_up(const char *cell, size_t payload_len, const struct bench_frames *frames,
                   const struct bench_candidate *row, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (row[i].role == BENCH_OURS) {
      bench_sum_up_lead(cell, &row[i], goal_of(payload_len, frames->is_text));
    }
    if (row[i].run == run_pieces && payload_len == 1024 * 1024 && !frames->is_text) {
      bench_sum_up_speed(cell, &row[i], row[0].name, 0.56);
    }
  }
}

static int measure(size_t payload_len, size_t text, const char *len_name) {
  struct bench_frames frames;
  struct bench_candidate row[BENCH_MAX_CANDIDATES];
  char cell[64];
  if (bench_frames_init(&frames, payload_len, text)) {
    fprintf(stderr, "bench_frame: out of memory\n");
    return 1;
  }
  size_t n = make_row(row, &frames);
  snprintf(cell, sizeof cell, "frame %s %s", len_name,
           frames.is_text ? bench_text_name(text) : "binary");
  if (payload_len == 8) {
    bench_print_head(frames.is_text ? "Frames of text" : "Binary frames", row, n);
  }
  int failed = bench_measure(row, n);
  bench_print_row(cell, frames.len, row, n);
  sum_up(cell, payload_len, &frames, row, n);
  bench_frames_clear(&frames);
  return failed;
}

int main(void) {
  static const struct {
    size_t len;
    const char *name;
  } payloads[] = {
      {8, "8 B"}, {125, "125 B"}, {1024, "1 KiB"}, {16384, "16 KiB"}, {1048576, "1 MiB"}};
  static const size_t texts[] = {BENCH_TEXTS, BENCH_TEXT_ASCII, BENCH_TEXT_RUSSIAN};
  int failed = 0;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    for (size_t k = 0; k < sizeof payloads / sizeof *payloads; k++) {
      failed |= measure(payloads[k].len, texts[i], payloads[k].name);
    }
  }
  return failed;
}
