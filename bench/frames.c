#include "frames.h"

#include "texts.h"

#include "base/rng.h"
#include "proto/frame.h"
#include "proto/mask.h"

#include <stdlib.h>

static void fill_payload(uint8_t *payload, size_t len, size_t text, struct wspec_rng *rng) {
  if (text < BENCH_TEXTS) {
    bench_text_fill(text, payload, len);
    return;
  }
  for (size_t i = 0; i < len; i++) {
    payload[i] = (uint8_t)wspec_rng_next(rng);
  }
}

int bench_frames_init(struct bench_frames *frames, size_t payload_len, size_t text) {
  struct wspec_rng rng = {.state = 1};
  *frames = (struct bench_frames){.is_text = text < BENCH_TEXTS};
  frames->octets = malloc(BENCH_STREAM_LEN + BENCH_FRAME_LEN_MAX);
  if (!frames->octets) {
    return 1;
  }
  while (frames->len < BENCH_STREAM_LEN) {
    struct wspec_frame frame = {.fin = true,
                                .opcode = frames->is_text ? WSPEC_OPCODE_TEXT : WSPEC_OPCODE_BINARY,
                                .masked = true,
                                .payload_len = payload_len};
    uint64_t key = wspec_rng_next(&rng);
    memcpy(frame.masking_key, &key, sizeof frame.masking_key);
    frames->len += wspec_frame_encode(&frame, frames->octets + frames->len);
    uint8_t *payload = frames->octets + frames->len;
    fill_payload(payload, payload_len, text, &rng);
    frames->sum += bench_frames_count(payload, payload_len);
    wspec_mask(payload, payload_len, frame.masking_key, 0);
    frames->len += payload_len;
    frames->n_messages++;
  }
  return 0;
}

void bench_frames_clear(struct bench_frames *frames) {
  free(frames->octets);
  *frames = (struct bench_frames){0};
}
