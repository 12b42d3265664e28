#include "cli/frames.h"

#include "base/span.h"
#include "case/script.h"
#include "proto/frame.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 16 }; /* octets of a payload */

/* One direction of one connection. A frame is printed when its header is whole and as much of its
 * payload as is shown has come, or when something else happens. */
struct stream {
  bool is_open;      /* the HTTP head is over */
  unsigned head_end; /* how much of the empty line has come */
  char line[72];
  size_t line_len;
  struct wspec_frame_decoder decoder;
  struct wspec_frame frame;
  bool in_frame;
  bool is_lost;   /* octets that were not kept held the start of a frame */
  uint64_t taken; /* of the payload */
  uint8_t shown[SHOWN];
};

struct wspec_frames {
  FILE *out;
  unsigned columns;
  size_t n_entries;    /* printed, the last of them perhaps in part */
  size_t octets_taken; /* of the last one, which may still grow */
  uint64_t len_taken;  /* likewise, with those that were not kept */
  struct stream streams[WSPEC_SCRIPT_CONNECTIONS_MAX][2];
};

/* Returns how many columns that took. */
static int print_start(FILE *out, const struct wspec_entry *entry) {
  return fprintf(out, "  %10.3f ms  %u ", (double)entry->at_us / 1000, entry->connection);
}

static const char *arrow(const struct wspec_entry *entry) {
  return entry->kind == WSPEC_ENTRY_SENT ? "->" : "<-";
}

/* How many octets of the payload fit behind `used` columns: three for each as hex, one as text. */
static size_t octets_shown(const struct wspec_frames *frames, size_t used, uint64_t n_payload) {
  enum { AROUND = 8 }; /* two spaces twice, and " ..." */
  size_t n = n_payload < SHOWN ? (size_t)n_payload : SHOWN;
  if (frames->columns == 0) {
    return n;
  }
  size_t room = frames->columns > used + AROUND ? (frames->columns - used - AROUND) / 4 : 0;
  return n < room ? n : room;
}

static void print_payload(FILE *out, const struct stream *stream, size_t n) {
  for (size_t i = 0; i < n; i++) {
    fprintf(out, "%s%02x", i ? " " : "  ", stream->shown[i]);
  }
  fprintf(out, n > 0 ? "  " : "");
  for (size_t i = 0; i < n; i++) {
    uint8_t octet = stream->shown[i];
    fputc(octet >= 0x20 && octet < 0x7f ? octet : '.', out);
  }
  fprintf(out, "%s\n", stream->frame.payload_len > n ? " ..." : "");
}

static void print_frame(const struct wspec_frames *frames, const struct wspec_entry *entry,
                        struct stream *stream) {
  const struct wspec_frame *frame = &stream->frame;
  char rsv[16] = "";
  if (frame->rsv) {
    snprintf(rsv, sizeof rsv, " rsv=%u%u%u", (frame->rsv & WSPEC_RSV1) != 0,
             (frame->rsv & WSPEC_RSV2) != 0, (frame->rsv & WSPEC_RSV3) != 0);
  }
  int used = print_start(frames->out, entry);
  used += fprintf(frames->out, "%s %s%s%s%s len=%" PRIu64, arrow(entry),
                  wspec_opcode_name(frame->opcode), frame->fin ? "" : " (more follow)", rsv,
                  frame->masked ? " masked" : "", frame->payload_len);
  size_t n = octets_shown(frames, used > 0 ? (size_t)used : 0, frame->payload_len);
  print_payload(frames->out, stream, n);
  stream->in_frame = false;
}

/* The octets of the head, of which the first line is shown; returns how many belong to it. */
static size_t take_head(struct wspec_frames *frames, const struct wspec_entry *entry,
                        struct stream *stream, struct wspec_span octets) {
  static const char end[] = "\r\n\r\n";
  size_t i = 0;
  while (i < octets.len && !stream->is_open) {
    char c = (char)octets.data[i++];
    bool is_first = !memchr(stream->line, '\r', stream->line_len);
    if (is_first && stream->line_len < sizeof stream->line) {
      stream->line[stream->line_len++] = c;
    }
    stream->head_end = c == end[stream->head_end] ? stream->head_end + 1 : c == '\r';
    stream->is_open = stream->head_end == 4;
  }
  if (stream->is_open) {
    (void)print_start(frames->out, entry);
    fprintf(frames->out, "%s ", arrow(entry));
    for (size_t k = 0; k < stream->line_len && stream->line[k] != '\r'; k++) {
      char c = stream->line[k];
      fputc(c >= 0x20 && c < 0x7f ? c : '.', frames->out);
    }
    fputc('\n', frames->out);
  }
  return i;
}

static size_t take_payload(struct stream *stream, struct wspec_span octets) {
  uint64_t left = stream->frame.payload_len - stream->taken;
  size_t n = left < octets.len ? (size_t)left : octets.len;
  for (size_t i = 0; i < n && stream->taken + i < SHOWN; i++) {
    size_t at = (size_t)stream->taken + i;
    uint8_t key = stream->frame.masked ? stream->frame.masking_key[at % 4] : 0;
    stream->shown[at] = octets.data[i] ^ key;
  }
  stream->taken += n;
  return n;
}

static void take_frames(struct wspec_frames *frames, const struct wspec_entry *entry,
                        struct stream *stream, struct wspec_span octets) {
  while (octets.len > 0 || (stream->in_frame && stream->taken == stream->frame.payload_len)) {
    size_t consumed = 0;
    if (stream->in_frame) {
      consumed = take_payload(stream, octets);
    } else if (wspec_frame_decode(&stream->decoder, octets, &consumed, &stream->frame) ==
               WSPEC_OK) {
      stream->in_frame = true;
      stream->taken = 0;
    }
    if (stream->in_frame && stream->taken == stream->frame.payload_len) {
      print_frame(frames, entry, stream);
    }
    octets = wspec_span_from(octets, consumed);
  }
}

/* What was not kept: inside one payload the next frame is found all the same. */
static void skip_octets(struct wspec_frames *frames, const struct wspec_entry *entry,
                        struct stream *stream) {
  uint64_t missing = entry->len - entry->octets_len;
  uint64_t left = stream->in_frame ? stream->frame.payload_len - stream->taken : 0;
  stream->is_lost = missing > left;
  stream->taken += missing;
  if (!stream->is_lost && stream->in_frame) {
    take_frames(frames, entry, stream, (struct wspec_span){NULL, 0});
  }
}

static void take_octets(struct wspec_frames *frames, const struct wspec_entry *entry,
                        struct wspec_span octets) {
  if (entry->connection >= WSPEC_SCRIPT_CONNECTIONS_MAX) {
    return;
  }
  struct stream *stream = &frames->streams[entry->connection][entry->kind == WSPEC_ENTRY_RECEIVED];
  if (stream->is_lost) {
    return;
  }
  if (!stream->is_open) {
    octets = wspec_span_from(octets, take_head(frames, entry, stream, octets));
  }
  take_frames(frames, entry, stream, octets);
  if (entry->octets_len < entry->len) {
    (void)print_start(frames->out, entry);
    fprintf(frames->out, "   (%" PRIu64 " octets were not kept)\n", entry->len - entry->octets_len);
    skip_octets(frames, entry, stream);
  }
}

static void take_entry(struct wspec_frames *frames, const struct wspec_transcript *transcript,
                       const struct wspec_entry *entry) {
  if (entry->kind == WSPEC_ENTRY_SENT || entry->kind == WSPEC_ENTRY_RECEIVED) {
    struct wspec_span octets = wspec_transcript_octets(transcript, entry);
    take_octets(frames, entry, wspec_span_from(octets, frames->octets_taken));
    frames->octets_taken = octets.len;
    frames->len_taken = entry->len;
  } else if (entry->kind != WSPEC_ENTRY_STEP) {
    (void)print_start(frames->out, entry);
    fprintf(frames->out, "-- %s\n", wspec_entry_kind_name(entry->kind));
  }
}

static void take_rest_of_last(struct wspec_frames *frames,
                              const struct wspec_transcript *transcript) {
  const struct wspec_entry *last = &transcript->entries[frames->n_entries - 1];
  if (last->len > frames->len_taken) {
    take_entry(frames, transcript, last);
  }
}

struct wspec_frames *wspec_frames_new(FILE *out, unsigned columns) {
  struct wspec_frames *frames = calloc(1, sizeof *frames);
  if (frames) {
    frames->out = out;
    frames->columns = columns;
  }
  return frames;
}

void wspec_frames_print(struct wspec_frames *frames, const struct wspec_transcript *transcript) {
  if (frames->n_entries > 0) {
    take_rest_of_last(frames, transcript);
  }
  while (frames->n_entries < transcript->n_entries) {
    frames->octets_taken = 0;
    frames->len_taken = 0;
    take_entry(frames, transcript, &transcript->entries[frames->n_entries++]);
  }
  fflush(frames->out);
}

void wspec_frames_free(struct wspec_frames *frames) {
  free(frames);
}
