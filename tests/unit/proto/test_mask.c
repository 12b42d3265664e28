#include "proto/mask.h"

#include "base/rng.h"
#include "proto/mask_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t masking_key[4] = {0x37, 0xfa, 0x21, 0x3d};

/* A heap copy of exactly `len` octets, so that a sanitizer sees any octet touched beside them. */
static uint8_t *copy_of(const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  if (len > 0) {
    memcpy(copy, data, len);
  }
  return copy;
}

/* The formula of RFC 6455 section 5.3. */
static void mask_by_formula(uint8_t *data, size_t len, uint64_t offset) {
  for (size_t i = 0; i < len; i++) {
    data[i] ^= masking_key[(offset + i) % 4];
  }
}

static void test_the_example_of_section_5_7_unmasks_to_hello(void **state) {
  (void)state;
  uint8_t payload[] = {0x7f, 0x9f, 0x4d, 0x51, 0x58};
  wspec_mask(payload, sizeof payload, masking_key, 0);
  assert_memory_equal(payload, "Hello", 5);
}

static void check_in_place(const uint8_t *data, size_t len, uint64_t offset) {
  uint8_t *expected = copy_of(data, len);
  mask_by_formula(expected, len, offset);
  uint8_t *masked = copy_of(data, len);
  wspec_mask(masked, len, masking_key, offset);
  assert_memory_equal(masked, expected, len);
  wspec_mask_ascii(masked, len, masking_key, offset);
  assert_memory_equal(masked, data, len);
  free(masked);
  free(expected);
}

static void check_copy(const uint8_t *data, size_t len, uint64_t offset) {
  uint8_t *expected = copy_of(data, len);
  mask_by_formula(expected, len, offset);
  uint8_t *in = copy_of(data, len);
  uint8_t *out = copy_of(data, len);
  memset(out, 0x55, len);
  wspec_mask_copy(out, in, len, masking_key, offset);
  assert_memory_equal(out, expected, len);
  memset(out, 0xaa, len);
  wspec_mask_copy_ascii(out, in, len, masking_key, offset);
  assert_memory_equal(out, expected, len);
  assert_memory_equal(in, data, len);
  wspec_mask_copy(in, in, len, masking_key, offset);
  assert_memory_equal(in, expected, len);
  free(out);
  free(in);
  free(expected);
}

/* What wspec_mask does not choose on this processor is held to the formula too, with at most one
 * octet, of index `high`, that is not ASCII. */
static void check_portable(size_t len, size_t high) {
  uint8_t filled[300];
  memset(filled, 'w', sizeof filled);
  uint8_t *text = copy_of(filled, len);
  if (high < len) {
    text[high] = 0xb7;
  }
  uint8_t *masked = copy_of(text, len);
  mask_by_formula(masked, len, 0);
  uint8_t *out = copy_of(text, len);
  memset(out, 0, len);
  uint32_t key;
  memcpy(&key, masking_key, sizeof key);
  assert_int_equal(wspec__mask_portable(out, masked, len, key), high >= len);
  assert_memory_equal(out, text, len);
  free(out);
  free(masked);
  free(text);
}

static void test_the_portable_implementation_is_the_formula(void **state) {
  (void)state;
  for (size_t len = 0; len <= 300; len++) {
    for (size_t high = 0; high <= len; high++) {
      check_portable(len, high);
    }
  }
}

static void test_every_length_at_every_offset_is_the_formula(void **state) {
  (void)state;
  enum { MAX_LEN = 700 };
  uint8_t data[MAX_LEN];
  struct wspec_rng rng = {1};
  wspec_rng_fill(&rng, data, sizeof data);
  const uint64_t offsets[] = {0, 1, 2, 3, 4, 65537, UINT64_C(0x100000002), UINT64_MAX - 2};
  for (size_t len = 0; len <= MAX_LEN; len++) {
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
      check_in_place(data, len, offsets[i]);
      check_copy(data, len, offsets[i]);
    }
  }
}

static void test_every_alignment_leaves_the_neighbours_alone(void **state) {
  (void)state;
  for (size_t start = 0; start < 64; start++) {
    for (size_t len = 0; len < 140; len++) {
      uint8_t data[256];
      memset(data, 0xee, sizeof data);
      wspec_mask(data + start, len, masking_key, start);
      mask_by_formula(data + start, len, start);
      for (size_t i = 0; i < sizeof data; i++) {
        assert_int_equal(data[i], 0xee);
      }
    }
  }
}

static void test_two_pieces_equal_the_whole(void **state) {
  (void)state;
  enum { LEN = 200 };
  uint8_t whole[LEN] = {0};
  wspec_mask(whole, LEN, masking_key, 0);
  for (size_t split = 0; split <= LEN; split++) {
    uint8_t data[LEN] = {0};
    wspec_mask(data, split, masking_key, 0);
    wspec_mask(data + split, LEN - split, masking_key, split);
    assert_memory_equal(data, whole, LEN);
  }
}

/* `data` unmasked is text with one octet, of index `high`, that is not ASCII; none if `high` is
 * `len`. Only the unmasked octet may count: the key has high bits of its own. */
static void check_ascii(size_t len, size_t high) {
  uint8_t text[400];
  memset(text, 0x7f, len);
  if (high < len) {
    text[high] = 0x80;
  }
  uint8_t *masked = copy_of(text, len);
  mask_by_formula(masked, len, 1);
  uint8_t *out = copy_of(text, len);
  assert_int_equal(wspec_mask_copy_ascii(out, masked, len, masking_key, 1), high >= len);
  assert_int_equal(wspec_mask_ascii(masked, len, masking_key, 1), high >= len);
  free(out);
  free(masked);
}

static void test_one_octet_that_is_not_ascii_is_seen_wherever_it_is(void **state) {
  (void)state;
  for (size_t len = 0; len <= 400; len += len < 150 ? 1 : 25) {
    for (size_t high = 0; high <= len; high++) {
      check_ascii(len, high);
    }
  }
}

static void test_nothing_is_masked_without_a_buffer(void **state) {
  (void)state;
  wspec_mask(NULL, 0, masking_key, 3);
  wspec_mask_copy(NULL, NULL, 0, masking_key, 3);
  assert_true(wspec_mask_ascii(NULL, 0, masking_key, 3));
  assert_true(wspec_mask_copy_ascii(NULL, NULL, 0, masking_key, 3));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_example_of_section_5_7_unmasks_to_hello),
      cmocka_unit_test(test_every_length_at_every_offset_is_the_formula),
      cmocka_unit_test(test_the_portable_implementation_is_the_formula),
      cmocka_unit_test(test_every_alignment_leaves_the_neighbours_alone),
      cmocka_unit_test(test_two_pieces_equal_the_whole),
      cmocka_unit_test(test_one_octet_that_is_not_ascii_is_seen_wherever_it_is),
      cmocka_unit_test(test_nothing_is_masked_without_a_buffer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
