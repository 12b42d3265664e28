/* What a compression plan writes: the samples of RFC 7692 section 7.2.3 octet by octet, and every
 * kind of block, length and distance read back by zlib. */
#include "play/compress.h"

#include "failalloc.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CEILING = 1 << 22, PAYLOAD_MAX = 70000 };

static struct wspec_buf compressed(const struct wspec_compress_plan *plan,
                                   struct wspec_span payload) {
  struct wspec_buf out;
  wspec_buf_init(&out, CEILING);
  assert_int_equal(compress_alone(plan, payload, 15, &out), WSPEC_OK);
  return out;
}

static void assert_writes(const struct wspec_compress_block *blocks, size_t n_blocks,
                          const char *payload, const char *want, size_t want_len) {
  struct wspec_compress_plan plan = {.level = 6, .blocks = blocks, .n_blocks = n_blocks};
  struct wspec_buf out = compressed(&plan, wspec_span_text(payload));
  assert_int_equal(out.len, want_len);
  assert_memory_equal(out.data, want, want_len);
  wspec_buf_clear(&out);
}

#define WRITES(blocks, payload, want) \
  assert_writes(blocks, sizeof(blocks) / sizeof(blocks)[0], payload, want, sizeof(want) - 1)

static void test_the_samples_of_the_rfc(void **state) {
  (void)state;
  static const struct wspec_compress_block fixed[] = {{.kind = WSPEC_BLOCK_FIXED, .len = 5}};
  static const struct wspec_compress_block stored[] = {{.kind = WSPEC_BLOCK_STORED, .len = 5}};
  static const struct wspec_compress_block final[] = {
      {.kind = WSPEC_BLOCK_FIXED, .has_rest = true, .final = true}};
  static const struct wspec_compress_block again[] = {
      {.kind = WSPEC_BLOCK_FIXED, .has_rest = true, .distance = 5}};
  static const struct wspec_compress_block two[] = {{.kind = WSPEC_BLOCK_FIXED, .len = 2},
                                                    {.kind = WSPEC_BLOCK_STORED},
                                                    {.kind = WSPEC_BLOCK_FIXED, .has_rest = true}};
  static const struct wspec_compress_block empty[] = {{.kind = WSPEC_BLOCK_STORED}};
  static const struct wspec_compress_block empty_fixed[] = {{.kind = WSPEC_BLOCK_FIXED}};
  static const struct wspec_compress_block empty_final[] = {
      {.kind = WSPEC_BLOCK_FIXED, .final = true}};
  static const struct wspec_compress_block reserved[] = {{.kind = WSPEC_BLOCK_RESERVED}};
  WRITES(fixed, "Hello", "\xf2\x48\xcd\xc9\xc9\x07\x00");
  WRITES(stored, "Hello", "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00");
  WRITES(final, "Hello", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00");
  WRITES(two, "Hello", "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00");
  WRITES(again, "Hello", "\x02\x13\x00\x00");
  WRITES(empty, "", "\x00");
  WRITES(empty_fixed, "", "\x02\x00");
  WRITES(empty_final, "", "\x03\x00\x00");
  WRITES(reserved, "", "\x06");
}

static void make_payload(uint8_t *octets, size_t len) {
  struct wspec_rng rng = {5};
  for (size_t i = 0; i < len; i++) {
    octets[i] = (uint8_t)("etaoin shrdlu{}\n"[wspec_rng_below(&rng, 16)]);
  }
}

static void assert_inflates_to(struct wspec_span wire, struct wspec_span payload) {
  static const struct wspec_deflate_params agreed = {0};
  struct wspec_deflate *deflate = wspec_deflate_new(&agreed, false);
  struct wspec_conn_codec codec = wspec_deflate_codec(deflate);
  struct wspec_buf out;
  wspec_buf_init(&out, CEILING);
  assert_int_equal(codec.inflate(codec.context, wire, true, &out), WSPEC_OK);
  assert_int_equal(out.len, payload.len);
  assert_true(out.len == 0 || memcmp(out.data, payload.data, out.len) == 0);
  wspec_buf_clear(&out);
  wspec_deflate_free(deflate);
}

static void test_every_kind_of_block_is_read_back(void **state) {
  (void)state;
  static uint8_t payload[PAYLOAD_MAX];
  make_payload(payload, sizeof payload);
  const struct wspec_compress_block blocks[] = {
      {.kind = WSPEC_BLOCK_DYNAMIC, .len = 16000},
      {.kind = WSPEC_BLOCK_FIXED, .len = 999, .final = true},
      {.kind = WSPEC_BLOCK_STORED, .len = 1},
      {.kind = WSPEC_BLOCK_DYNAMIC, .len = 4000, .final = true},
      {.kind = WSPEC_BLOCK_FIXED},
      {.kind = WSPEC_BLOCK_STORED, .has_rest = true, .final = true},
  };
  const struct wspec_compress_plan plans[] = {
      {.level = 6, .blocks = blocks, .n_blocks = sizeof blocks / sizeof blocks[0]},
      {.level = 0},
      {.level = 1},
      {.level = 9},
      {.level = 6, .flush_every = 1000},
      {.level = 6, .flush_every = 7, .flush = WSPEC_FLUSH_FULL},
  };
  for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
    struct wspec_span whole = wspec_span_of(payload, sizeof payload);
    struct wspec_buf out = compressed(&plans[i], whole);
    assert_inflates_to(wspec_buf_span(&out), whole);
    wspec_buf_clear(&out);
  }
  const struct wspec_compress_plan nothing = {.level = 6};
  struct wspec_buf out = compressed(&nothing, (struct wspec_span){NULL, 0});
  assert_int_equal(out.len, 1);
  wspec_buf_clear(&out);
}

/* Every length of a match at every distance around a change of code. */
static void test_lengths_and_distances(void **state) {
  (void)state;
  static uint8_t payload[PAYLOAD_MAX];
  for (unsigned distance = 1; distance <= 32768; distance += distance < 70 ? 1 : distance / 7) {
    for (size_t len = 3; len < 530; len += distance < 4 || distance > 30000 ? 1 : 37) {
      make_payload(payload, distance);
      for (size_t i = 0; i < len; i++) {
        payload[distance + i] = payload[i];
      }
      const struct wspec_compress_block blocks[] = {
          {.kind = WSPEC_BLOCK_STORED, .len = distance},
          {.kind = WSPEC_BLOCK_FIXED, .has_rest = true, .distance = distance}};
      const struct wspec_compress_plan plan = {.blocks = blocks, .n_blocks = 2};
      struct wspec_buf out = compressed(&plan, wspec_span_of(payload, distance + len));
      assert_inflates_to(wspec_buf_span(&out), wspec_span_of(payload, distance + len));
      wspec_buf_clear(&out);
    }
  }
}

/* RFC 7692 section 7.1.2: what is agreed binds blocks of every kind. The matches that are to be had
 * lie 700 octets back, more than the smallest windows have. */
static void test_a_dynamic_block_keeps_to_the_window(void **state) {
  (void)state;
  static uint8_t payload[6000];
  static uint8_t inflated[sizeof payload + 1];
  make_payload(payload, 700);
  for (size_t i = 700; i < sizeof payload; i++) {
    payload[i] = payload[i - 700];
  }
  const struct wspec_compress_block blocks[] = {{.kind = WSPEC_BLOCK_DYNAMIC, .has_rest = true}};
  const struct wspec_compress_plan plan = {.blocks = blocks, .n_blocks = 1};
  for (unsigned bits = 9; bits <= 15; bits++) {
    struct wspec_buf out;
    wspec_buf_init(&out, CEILING);
    assert_int_equal(compress_alone(&plan, wspec_span_of(payload, sizeof payload), bits, &out),
                     WSPEC_OK);
    struct wspec_inflater *inflater =
        wspec_inflater_new((struct wspec_deflate_stream){.window_bits = bits}, sizeof payload);
    struct wspec_span wire = wspec_buf_span(&out);
    size_t written = 0;
    assert_int_equal(wspec_inflater_read(inflater, &wire, inflated, sizeof inflated, &written),
                     WSPEC_ERR_NEED_MORE);
    assert_int_equal(written, sizeof payload);
    assert_memory_equal(inflated, payload, sizeof payload);
    wspec_inflater_free(inflater);
    wspec_buf_clear(&out);
  }
}

static void test_what_is_wrong_is_written(void **state) {
  (void)state;
  struct wspec_compress_plan plan = {.level = 6, .with_tail = true};
  struct wspec_span hello = wspec_span_text("Hello");
  struct wspec_buf out = compressed(&plan, hello);
  assert_int_equal(out.len, 11);
  assert_memory_equal(out.data + 7, "\x00\x00\xff\xff", 4);
  wspec_buf_clear(&out);
  plan = (struct wspec_compress_plan){.level = 6, .has_flipped_bit = true, .flipped_bit = 9};
  out = compressed(&plan, hello);
  assert_memory_equal(out.data, "\xf2\x4a\xcd\xc9\xc9\x07\x00", 7);
  wspec_buf_clear(&out);
  plan = (struct wspec_compress_plan){.level = 6, .has_cut = true, .cut_at = 3};
  out = compressed(&plan, hello);
  assert_int_equal(out.len, 3);
  wspec_buf_clear(&out);
  plan = (struct wspec_compress_plan){.level = 6, .has_flipped_bit = true, .flipped_bit = 56};
  wspec_buf_init(&out, CEILING);
  assert_int_equal(compress_alone(&plan, hello, 15, &out), WSPEC_ERR_INPUT);
  wspec_buf_clear(&out);
  const struct wspec_compress_block small = {.kind = WSPEC_BLOCK_DYNAMIC, .len = 5};
  plan = (struct wspec_compress_plan){.blocks = &small, .n_blocks = 1};
  assert_int_equal(compress_alone(&plan, hello, 15, &out), WSPEC_ERR_INPUT);
  wspec_buf_clear(&out);
}

static void test_the_output_has_a_ceiling(void **state) {
  (void)state;
  const struct wspec_compress_block stored = {.kind = WSPEC_BLOCK_STORED, .has_rest = true};
  const struct wspec_compress_plan plan = {.blocks = &stored, .n_blocks = 1};
  struct wspec_buf out;
  for (size_t ceiling = 0; ceiling < 15; ceiling++) {
    wspec_buf_init(&out, ceiling);
    assert_int_equal(compress_alone(&plan, wspec_span_text("Hello"), 15, &out), WSPEC_ERR_LIMIT);
    wspec_buf_clear(&out);
  }
}

static void test_allocation_failures(void **state) {
  (void)state;
  const struct wspec_compress_block blocks[] = {{.kind = WSPEC_BLOCK_DYNAMIC, .len = 8000},
                                                {.kind = WSPEC_BLOCK_FIXED, .has_rest = true}};
  const struct wspec_compress_plan plan = {.blocks = blocks, .n_blocks = 2};
  static uint8_t payload[9000];
  make_payload(payload, sizeof payload);
  unsigned n = 1;
  for (;; n++) {
    struct wspec_buf out;
    wspec_buf_init(&out, CEILING);
    failalloc_arm(n);
    enum wspec_err err = compress_alone(&plan, wspec_span_of(payload, sizeof payload), 15, &out);
    bool reached = failalloc_disarm();
    wspec_buf_clear(&out);
    assert_int_equal(err, reached ? WSPEC_ERR_NOMEM : WSPEC_OK);
    if (!reached) {
      break;
    }
  }
  assert_true(n > 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_samples_of_the_rfc),
      cmocka_unit_test(test_every_kind_of_block_is_read_back),
      cmocka_unit_test(test_lengths_and_distances),
      cmocka_unit_test(test_a_dynamic_block_keeps_to_the_window),
      cmocka_unit_test(test_what_is_wrong_is_written),
      cmocka_unit_test(test_the_output_has_a_ceiling),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
