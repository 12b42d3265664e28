#include "common/sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { KIND_LEN = 1, CODE_LEN = 2, PRINTED_MAX = 48 };

/* An event is its kind, its length, and its octets. */
static void add(struct fuzz_sink *sink, char kind, const uint8_t *octets, size_t len) {
  fuzz_log_octets(&sink->events, &kind, KIND_LEN);
  fuzz_log_number(&sink->events, len);
  fuzz_log_octets(&sink->events, octets, len);
}

void fuzz_sink_data(struct fuzz_sink *sink, bool is_text, const uint8_t *octets, size_t len,
                    bool ends) {
  sink->is_text = is_text;
  if (!ends || sink->open.len > 0) {
    fuzz_log_octets(&sink->open, octets, len);
    octets = sink->open.data;
    len = sink->open.len;
  }
  if (ends) {
    add(sink, is_text ? 't' : 'b', octets, len);
    sink->open.len = 0;
  }
}

void fuzz_sink_ping(struct fuzz_sink *sink, const uint8_t *octets, size_t len) {
  if (!sink->hides_pings) {
    add(sink, 'i', octets, len);
  }
}

void fuzz_sink_pong(struct fuzz_sink *sink, const uint8_t *octets, size_t len) {
  if (!sink->hides_pings) {
    add(sink, 'o', octets, len);
  }
}

void fuzz_sink_close(struct fuzz_sink *sink, uint16_t status_code, const uint8_t *reason,
                     size_t len) {
  const char kind = 'c';
  if (!sink->hides_closes) {
    fuzz_log_octets(&sink->events, &kind, KIND_LEN);
    fuzz_log_number(&sink->events, CODE_LEN + len);
    fuzz_log_octets(&sink->events, &status_code, CODE_LEN);
    fuzz_log_octets(&sink->events, reason, len);
  }
}

static const char *kind_name(char kind) {
  switch (kind) {
  case 't':
    return "text";
  case 'b':
    return "binary";
  case 'i':
    return "ping";
  case 'o':
    return "pong";
  default:
    return "close";
  }
}

static void print_octets(const uint8_t *octets, uint64_t len) {
  for (uint64_t i = 0; i < len && i < PRINTED_MAX; i++) {
    bool is_plain = octets[i] >= ' ' && octets[i] < 0x7F && octets[i] != '\\';
    fprintf(stderr, is_plain ? "%c" : "\\%02x", octets[i]);
  }
  fprintf(stderr, len > PRINTED_MAX ? "... (%" PRIu64 " octets)\n" : "\n", len);
}

void fuzz_sink_print(const struct fuzz_sink *sink) {
  for (size_t at = 0; at < sink->events.len;) {
    const uint8_t *event = sink->events.data + at;
    uint64_t len;
    memcpy(&len, event + KIND_LEN, sizeof len);
    const uint8_t *octets = event + KIND_LEN + sizeof len;
    fprintf(stderr, "    %s ", kind_name((char)event[0]));
    at += KIND_LEN + sizeof len + (size_t)len;
    if (event[0] == 'c') {
      uint16_t status_code;
      memcpy(&status_code, octets, CODE_LEN);
      fprintf(stderr, "%u ", status_code);
      octets += CODE_LEN;
      len -= CODE_LEN;
    }
    print_octets(octets, len);
  }
}

void fuzz_sink_reset(struct fuzz_sink *sink) {
  sink->events.len = 0;
  sink->open.len = 0;
}

void fuzz_sink_clear(struct fuzz_sink *sink) {
  fuzz_log_clear(&sink->events);
  fuzz_log_clear(&sink->open);
}
