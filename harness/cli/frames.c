#include "cli/frames.h"

#include "base/span.h"
#include "case/script.h"
#include "proto/frame.h"

#include <inttypes.h>
#include <stdbool.h>
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
  uint64_t taken; /* of the payload */
  uint8_t shown[SHOWN];
};

struct printer {
  FILE *out;
  struct stream streams[WSPEC_SCRIPT_CONNECTIONS_MAX][2];
};

static void print_start(FILE *out, const struct wspec_entry *entry) {
  fprintf(out, "      %10.3f ms  %u ", (double)entry->at_us / 1000, entry->connection);
}

static const char *arrow(const struct wspec_entry *entry) {
  return entry->kind == WSPEC_ENTRY_SENT ? "->" : "<-";
}

static void print_frame(FILE *out, const struct wspec_entry *entry, struct stream *stream) {
  const struct wspec_frame *frame = &stream->frame;
  print_start(out, entry);
  fprintf(out, "%s %s%s", arrow(entry), wspec_opcode_name(frame->opcode),
          frame->fin ? "" : " (more follow)");
  if (frame->rsv) {
    fprintf(out, " rsv=%u%u%u", (frame->rsv & WSPEC_RSV1) != 0, (frame->rsv & WSPEC_RSV2) != 0,
            (frame->rsv & WSPEC_RSV3) != 0);
  }
  fprintf(out, "%s len=%" PRIu64, frame->masked ? " masked" : "", frame->payload_len);
  size_t n = stream->taken < SHOWN ? (size_t)stream->taken : SHOWN;
  for (size_t i = 0; i < n; i++) {
    fprintf(out, "%s%02x", i ? " " : "  ", stream->shown[i]);
  }
  if (n > 0) {
    fprintf(out, "  ");
  }
  for (size_t i = 0; i < n; i++) {
    uint8_t octet = stream->shown[i];
    fputc(octet >= 0x20 && octet < 0x7f ? octet : '.', out);
  }
  fprintf(out, "%s\n", frame->payload_len > n ? " ..." : "");
  stream->in_frame = false;
}

/* The octets of the head, of which the first line is shown; returns how many belong to it. */
static size_t take_head(struct printer *printer, const struct wspec_entry *entry,
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
    print_start(printer->out, entry);
    fprintf(printer->out, "%s ", arrow(entry));
    for (size_t k = 0; k < stream->line_len && stream->line[k] != '\r'; k++) {
      char c = stream->line[k];
      fputc(c >= 0x20 && c < 0x7f ? c : '.', printer->out);
    }
    fputc('\n', printer->out);
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

static void take_frames(struct printer *printer, const struct wspec_entry *entry,
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
      print_frame(printer->out, entry, stream);
    }
    octets = wspec_span_from(octets, consumed);
  }
}

static void take_octets(struct printer *printer, const struct wspec_entry *entry,
                        struct wspec_span octets) {
  if (entry->connection >= WSPEC_SCRIPT_CONNECTIONS_MAX) {
    return;
  }
  struct stream *stream = &printer->streams[entry->connection][entry->kind == WSPEC_ENTRY_RECEIVED];
  if (!stream->is_open) {
    octets = wspec_span_from(octets, take_head(printer, entry, stream, octets));
  }
  take_frames(printer, entry, stream, octets);
}

void wspec_frames_print(FILE *out, const struct wspec_transcript *transcript) {
  struct printer printer = {.out = out};
  for (size_t i = 0; i < transcript->n_entries; i++) {
    const struct wspec_entry *entry = &transcript->entries[i];
    if (entry->kind == WSPEC_ENTRY_SENT || entry->kind == WSPEC_ENTRY_RECEIVED) {
      take_octets(&printer, entry, wspec_transcript_octets(transcript, entry));
    } else if (entry->kind != WSPEC_ENTRY_STEP) {
      print_start(out, entry);
      fprintf(out, "-- %s\n", wspec_entry_kind_name(entry->kind));
    }
    if (entry->octets_len < entry->len) {
      print_start(out, entry);
      fprintf(out, "   (long octets were not kept)\n");
    }
  }
}
