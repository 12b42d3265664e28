/* frames: what the candidates of bench_frame read, a stream of masked frames as a client sends it,
 * each a whole message. */
#ifndef WSPEC_BENCH_FRAMES_H
#define WSPEC_BENCH_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  BENCH_READ_LEN = 64 * 1024,             /* of one read from the stream */
  BENCH_STREAM_LEN = 4 * 1024 * 1024,     /* at least; the last frame is whole */
  BENCH_FRAME_LEN_MAX = 1024 * 1024 + 14, /* the longest frame */
  BENCH_PADDING = 64                      /* before and behind a buffer, for who wants some */
};

/* struct bench_frames is a stream, and how far it was read. */
struct bench_frames {
  uint8_t *octets;
  size_t len;
  size_t n_messages;
  bool is_text;
  uint64_t sum; /* of what bench_frames_count counts, over the whole stream */
  size_t at;    /* the next octet to read */
};

/* bench_frames_init makes a stream of frames with `payload_len` octets of payload, of text number
 * `text` (texts.h) as text messages, or of any octets as binary ones if `text` is BENCH_TEXTS.
 * Returns 0, or 1 without memory. */
int bench_frames_init(struct bench_frames *frames, size_t payload_len, size_t text);

/* bench_frames_clear frees it. */
void bench_frames_clear(struct bench_frames *frames);

/* bench_frames_read copies up to `room` octets, at most BENCH_READ_LEN, to `out`, as recv would.
 * Returns how many; 0 at the end, and the stream is at its beginning again. */
static inline size_t bench_frames_read(struct bench_frames *frames, uint8_t *out, size_t room) {
  size_t left = frames->len - frames->at;
  size_t len = room < BENCH_READ_LEN ? room : BENCH_READ_LEN;
  len = len < left ? len : left;
  if (len == 0) {
    frames->at = 0;
    return 0;
  }
  memcpy(out, frames->octets + frames->at, len);
  frames->at += len;
  return len;
}

/* bench_frames_count is what a message comes to in the sum of a candidate: its length, and its last
 * octet, so that who does not unmask is found out. */
static inline uint64_t bench_frames_count(const uint8_t *payload, size_t len) {
  return len + payload[len - 1];
}

#ifdef __cplusplus
}
#endif

#endif
