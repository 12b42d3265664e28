/* frame_decode: a stream as frame headers with their payloads skipped.
 *
 * Every portioning gives the same headers; no more is consumed than there is; a header encoded again
 * gives the octets that were read; its faults are those that a plain reading of RFC 6455 finds; and
 * no memory is asked for. */
#include "common/fuzz.h"
#include "proto/frame.h"

#include <string.h>

enum { HEADERS_MAX = 64 };

struct seen {
  struct wspec_frame frames[HEADERS_MAX];
  size_t n_frames;
};

static void check_encoding(const struct wspec_frame *frame, const uint8_t *octets, size_t len) {
  uint8_t again[WSPEC_FRAME_HEADER_MAX];
  FUZZ_CHECK(wspec_frame_encode(frame, again) == len);
  FUZZ_CHECK(memcmp(again, octets, len) == 0);
}

/* Sections 5.1, 5.2 and 5.5, a sentence a line. */
static void check_faults(const struct wspec_frame *frame, bool from_client, uint8_t allowed_rsv) {
  uint8_t opcode = frame->opcode;
  bool is_control = opcode >= 8;
  bool may_have_rsv =
      opcode == WSPEC_OPCODE_TEXT || opcode == WSPEC_OPCODE_BINARY || (opcode >= 3 && opcode <= 7);
  uint64_t least = frame->length_form == WSPEC_LENGTH_64   ? 65536
                   : frame->length_form == WSPEC_LENGTH_16 ? 126
                                                           : 0;
  unsigned expected = 0;
  expected |= frame->rsv & ~(may_have_rsv ? allowed_rsv : 0) ? WSPEC_FRAME_RSV : 0;
  expected |= opcode % 8 > 2 ? WSPEC_FRAME_OPCODE : 0;
  expected |= from_client && !frame->masked ? WSPEC_FRAME_NOT_MASKED : 0;
  expected |= !from_client && frame->masked ? WSPEC_FRAME_MASKED : 0;
  expected |= frame->payload_len < least ? WSPEC_FRAME_LENGTH_NOT_MINIMAL : 0;
  expected |= frame->payload_len > INT64_MAX ? WSPEC_FRAME_LENGTH_MSB : 0;
  expected |= is_control && !frame->fin ? WSPEC_FRAME_CONTROL_FRAGMENTED : 0;
  expected |= is_control && frame->payload_len > 125 ? WSPEC_FRAME_CONTROL_TOO_LONG : 0;
  FUZZ_CHECK(wspec_frame_check(frame, from_client, allowed_rsv) == expected);
}

static void run(const struct fuzz_input *input, struct fuzz_plan plan, struct seen *seen) {
  struct wspec_frame_decoder decoder = {0};
  struct fuzz_feed feed = {.input = *input, .plan = plan};
  uint64_t skip = 0;
  size_t header_len = 0, before = 0;
  seen->n_frames = 0;
  for (; fuzz_feed_next(&feed); before += feed.portion_len) {
    for (size_t at = 0; at < feed.portion_len && seen->n_frames < HEADERS_MAX;) {
      if (skip > 0) {
        size_t left = feed.portion_len - at;
        size_t n = skip < left ? (size_t)skip : left;
        skip -= n;
        at += n;
        continue;
      }
      struct wspec_frame *frame = &seen->frames[seen->n_frames];
      size_t left = feed.portion_len - at, used = SIZE_MAX;
      enum wspec_err err =
          wspec_frame_decode(&decoder, wspec_span_of(feed.portion + at, left), &used, frame);
      FUZZ_CHECK(used <= left);
      FUZZ_CHECK(err == WSPEC_OK || (err == WSPEC_ERR_NEED_MORE && used == left));
      at += used;
      header_len += used;
      if (err == WSPEC_OK) {
        check_encoding(frame, input->data + before + at - header_len, header_len);
        seen->n_frames++;
        skip = frame->payload_len;
        header_len = 0;
      }
    }
  }
}

static bool is_same(const struct wspec_frame *a, const struct wspec_frame *b) {
  return a->fin == b->fin && a->rsv == b->rsv && a->opcode == b->opcode && a->masked == b->masked &&
         memcmp(a->masking_key, b->masking_key, 4) == 0 && a->payload_len == b->payload_len &&
         a->length_form == b->length_form;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = fuzz_input_of(data, size);
  uint8_t options = fuzz_take_octet(&input);
  struct fuzz_plan own = fuzz_take_plan(&input), plans[FUZZ_PLANS_MAX];
  static struct seen seen[FUZZ_PLANS_MAX]; /* for their memory alone */
  size_t n_plans = fuzz_choose_plans(input, own, plans);
  fuzz_memory_start();
  for (size_t i = 0; i < n_plans; i++) {
    run(&input, plans[i], &seen[i]);
    FUZZ_CHECK(seen[i].n_frames == seen[0].n_frames);
    for (size_t k = 0; k < seen[i].n_frames; k++) {
      FUZZ_CHECK(is_same(&seen[i].frames[k], &seen[0].frames[k]));
    }
  }
  FUZZ_CHECK(fuzz_memory_requested() == 0);
  for (size_t k = 0; k < seen[0].n_frames; k++) {
    check_faults(&seen[0].frames[k], (options & 1) != 0, options & 0x70);
  }
  return 0;
}
