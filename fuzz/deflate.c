/* deflate: octets as messages of permessage-deflate, and as what is to be compressed.
 *
 * Inflating an octet at a time, at once, or as the input says gives the same octets or fails alike; an
 * error sticks; what one deflater writes, in any portions and for any window, one inflater reads back;
 * memory is bounded by the window to inflate, whatever that comes to, and by window and input to
 * deflate. */
#include "proto/deflate.h"
#include "common/fuzz.h"
#include "common/log.h"

#include <stdlib.h>
#include <string.h>

/* What zlib holds besides windows: to inflate its tables, to deflate (at memory level 8) its queue. */
enum { OUTPUT_MAX = 1 << 18, INFLATE_FIXED = 16 << 10, DEFLATE_FIXED = 176 << 10, ROOM_MAX = 300 };

/* Reads until there is no more to be had; false once OUTPUT_MAX is passed. */
static bool drain(struct wspec_inflater *inflater, struct wspec_span *octets, size_t room,
                  struct fuzz_log *out, enum wspec_err *err) {
  do {
    uint8_t *block = fuzz_copy((const uint8_t[ROOM_MAX]){0}, room);
    size_t written = SIZE_MAX;
    *err = octets ? wspec_inflater_read(inflater, octets, block, room, &written)
                  : wspec_inflater_end(inflater, block, room, &written);
    FUZZ_CHECK(written <= room);
    FUZZ_CHECK(*err == WSPEC_OK || *err == WSPEC_ERR_NEED_MORE || *err == WSPEC_ERR_DEFLATE);
    FUZZ_CHECK(*err != WSPEC_ERR_NEED_MORE || !octets || octets->len == 0);
    fuzz_log_octets(out, block, written);
    free(block);
  } while (*err == WSPEC_OK && out->len <= OUTPUT_MAX);
  return out->len <= OUTPUT_MAX;
}

/* Inflates one message; returns whether it is one. */
static bool inflate_message(struct wspec_deflate_stream stream, struct fuzz_input input,
                            struct fuzz_plan plan, size_t room, struct fuzz_log *out) {
  struct wspec_inflater *inflater = wspec_inflater_new(stream, OUTPUT_MAX);
  FUZZ_CHECK(inflater);
  struct fuzz_feed feed = {.input = input, .plan = plan};
  enum wspec_err err = WSPEC_ERR_NEED_MORE;
  bool goes_on = true;
  out->len = 0;
  while (goes_on && err == WSPEC_ERR_NEED_MORE && fuzz_feed_next(&feed)) {
    struct wspec_span octets = wspec_span_of(feed.portion, feed.portion_len);
    goes_on = drain(inflater, &octets, room, out, &err);
  }
  fuzz_feed_end(&feed);
  if (goes_on && err == WSPEC_ERR_NEED_MORE) {
    goes_on = drain(inflater, NULL, room, out, &err);
  }
  if (err == WSPEC_ERR_DEFLATE) {
    struct wspec_span more = wspec_span_text("x");
    uint8_t octet;
    size_t written;
    FUZZ_CHECK(wspec_inflater_fault(inflater) != WSPEC_INFLATE_FINE);
    FUZZ_CHECK(wspec_inflater_read(inflater, &more, &octet, 1, &written) == WSPEC_ERR_DEFLATE);
  }
  wspec_inflater_free(inflater);
  return goes_on && err == WSPEC_ERR_NEED_MORE;
}

static void check_round_trip(struct wspec_deflate_stream stream, struct fuzz_input input,
                             struct fuzz_plan plan, size_t room) {
  struct wspec_deflater *deflater = wspec_deflater_new(stream, plan.lens[0] % 10);
  struct fuzz_feed feed = {.input = input, .plan = plan};
  struct wspec_buf compressed;
  struct fuzz_log again = {0};
  size_t at = 0;
  FUZZ_CHECK(deflater);
  wspec_buf_init(&compressed, 1 << 20);
  for (; fuzz_feed_next(&feed); at += feed.portion_len) {
    struct wspec_span octets = wspec_span_of(feed.portion, feed.portion_len);
    bool ends = at + feed.portion_len == input.len;
    FUZZ_CHECK(!wspec_deflater_write(deflater, octets, ends, &compressed));
  }
  wspec_deflater_free(deflater);
  FUZZ_CHECK(inflate_message(stream, fuzz_input_of(compressed.data, compressed.len),
                             fuzz_plan_at_once, room, &again));
  FUZZ_CHECK(again.len == input.len && memcmp(again.data, input.data, again.len) == 0);
  fuzz_log_clear(&again);
  wspec_buf_clear(&compressed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = fuzz_input_of(data, size);
  uint8_t choice = fuzz_take_octet(&input);
  struct wspec_deflate_stream stream = {.window_bits = 8 + (choice & 7),
                                        .context_takeover = (choice & 8) != 0};
  size_t room = choice >> 4 ? (size_t)(choice >> 4) * 20 : 1;
  struct fuzz_plan plans[] = {fuzz_plan_at_once, fuzz_plan_octets, fuzz_take_plan(&input)};
  struct fuzz_log logs[3] = {0};
  bool is_message[3];
  size_t window = (size_t)1 << stream.window_bits;
  for (size_t i = 0; i < 3; i++) {
    fuzz_memory_start();
    is_message[i] = inflate_message(stream, input, plans[i], room, &logs[i]);
    FUZZ_CHECK(fuzz_memory_requested() <= INFLATE_FIXED + 2 * window);
    FUZZ_CHECK(is_message[i] == is_message[0]);
    FUZZ_CHECK(!is_message[i] || fuzz_log_equal(&logs[i], &logs[0]));
  }
  if (input.len > 0) {
    fuzz_memory_start();
    check_round_trip(stream, input, plans[2], room);
    FUZZ_CHECK(fuzz_memory_requested() <= DEFLATE_FIXED + 8 * (window + 4 * input.len));
  }
  for (size_t i = 0; i < 3; i++) {
    fuzz_log_clear(&logs[i]);
  }
  return 0;
}
