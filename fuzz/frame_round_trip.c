/* frame_round_trip: header fields from the input, encoded and decoded again, and a payload masked
 * and unmasked.
 *
 * Decoding gives back what was encoded, as far as the length form can hold it; masking in portions
 * is the exclusive or of RFC 6455 section 5.3, octet by octet, and masking twice changes nothing;
 * the _ascii functions know ASCII. */
#include "common/fuzz.h"
#include "proto/frame.h"
#include "proto/mask.h"

#include <stdlib.h>
#include <string.h>

static struct wspec_frame take_frame(struct fuzz_input *input) {
  static const enum wspec_length_form forms[] = {WSPEC_LENGTH_AUTO, WSPEC_LENGTH_7, WSPEC_LENGTH_16,
                                                 WSPEC_LENGTH_64};
  uint8_t first = fuzz_take_octet(input);
  uint8_t second = fuzz_take_octet(input);
  struct wspec_frame frame = {.fin = (first & 0x80) != 0,
                              .rsv = first & 0x70,
                              .opcode = first & 0x0F,
                              .masked = (second & 0x80) != 0,
                              .length_form = forms[second & 3]};
  for (size_t i = 0; i < 4; i++) {
    frame.masking_key[i] = fuzz_take_octet(input);
  }
  size_t n_length_octets = second >> 2 & 0x0F;
  for (size_t i = 0; i < n_length_octets && i < 8; i++) {
    frame.payload_len = frame.payload_len << 8 | fuzz_take_octet(input);
  }
  return frame;
}

static void check_header(const struct wspec_frame *frame) {
  uint8_t out[WSPEC_FRAME_HEADER_MAX];
  size_t len = wspec_frame_encode(frame, out);
  FUZZ_CHECK(len >= 2 && len <= sizeof out);
  bool is_marker = frame->length_form == WSPEC_LENGTH_7 && (frame->payload_len & 127) > 125;
  if (is_marker) {
    return; /* it announces length octets that do not follow */
  }
  uint8_t *copy = fuzz_copy(out, len);
  struct wspec_frame_decoder decoder = {0};
  struct wspec_frame again;
  size_t used;
  FUZZ_CHECK(wspec_frame_decode(&decoder, wspec_span_of(copy, len), &used, &again) == WSPEC_OK);
  free(copy);
  uint64_t kept = frame->length_form == WSPEC_LENGTH_7    ? frame->payload_len & 127
                  : frame->length_form == WSPEC_LENGTH_16 ? frame->payload_len & 0xFFFF
                                                          : frame->payload_len;
  static const uint8_t no_key[4];
  FUZZ_CHECK(used == len && again.payload_len == kept);
  FUZZ_CHECK(again.fin == frame->fin && again.rsv == frame->rsv && again.opcode == frame->opcode);
  FUZZ_CHECK(again.masked == frame->masked);
  FUZZ_CHECK(memcmp(again.masking_key, frame->masked ? frame->masking_key : no_key, 4) == 0);
  bool is_shortest = (wspec_frame_check(&again, false, 0) & WSPEC_FRAME_LENGTH_NOT_MINIMAL) == 0;
  FUZZ_CHECK(frame->length_form == WSPEC_LENGTH_AUTO ? is_shortest
                                                     : again.length_form == frame->length_form);
}

static bool mask_plainly(uint8_t *out, struct fuzz_input input, const uint8_t key[4]) {
  bool is_ascii = true;
  for (size_t i = 0; i < input.len; i++) {
    out[i] = input.data[i] ^ key[i % 4];
    is_ascii = is_ascii && out[i] < 0x80;
  }
  return is_ascii;
}

static void check_masking(struct fuzz_input input, struct fuzz_plan plan, const uint8_t key[4]) {
  uint8_t *expected = fuzz_copy(input.data, input.len);
  bool expected_ascii = mask_plainly(expected, input, key);
  struct fuzz_feed feed = {.input = input, .plan = plan};
  bool is_ascii = true;
  size_t offset = 0;
  while (fuzz_feed_next(&feed)) {
    size_t len = feed.portion_len;
    uint8_t *out = fuzz_copy(feed.portion, len);
    wspec_mask_copy(out, feed.portion, len, key, offset);
    FUZZ_CHECK(memcmp(out, expected + offset, len) == 0);
    wspec_mask(out, len, key, offset);
    FUZZ_CHECK(memcmp(out, input.data + offset, len) == 0);
    bool is_ascii_copied = wspec_mask_copy_ascii(out, feed.portion, len, key, offset);
    FUZZ_CHECK(memcmp(out, expected + offset, len) == 0);
    FUZZ_CHECK(wspec_mask_ascii(feed.portion, len, key, offset) == is_ascii_copied);
    FUZZ_CHECK(memcmp(feed.portion, expected + offset, len) == 0);
    is_ascii = is_ascii && is_ascii_copied;
    offset += len;
    free(out);
  }
  FUZZ_CHECK(is_ascii == expected_ascii);
  free(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = fuzz_input_of(data, size);
  struct wspec_frame frame = take_frame(&input);
  struct fuzz_plan plan = fuzz_take_plan(&input);
  check_header(&frame);
  check_masking(input, fuzz_plan_at_once, frame.masking_key);
  check_masking(input, plan, frame.masking_key);
  return 0;
}
