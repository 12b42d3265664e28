#include "base/rng.h"
#include "case/payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t ABC[] = {'a', 'b', 'c'};
static const uint8_t X[] = {'x'};

/* 23 octets of each kind behind one another, with parts of no octets between. */
static struct wspec_payload_part PARTS[] = {
    {.kind = WSPEC_PAYLOAD_LITERAL, .len = 23, .data = ABC, .data_len = 3},
    {.kind = WSPEC_PAYLOAD_LITERAL, .len = 0},
    {.kind = WSPEC_PAYLOAD_RANDOM, .len = 23, .seed = 7},
    {.kind = WSPEC_PAYLOAD_LITERAL, .len = 23, .data = X, .data_len = 1},
};
static const struct wspec_payload PAYLOAD = {.parts = PARTS, .n_parts = 4, .len = 69};

static uint8_t octet_at(uint64_t i) {
  if (i < 23) {
    return ABC[i % 3];
  }
  if (i < 46) {
    return (uint8_t)(wspec_rng_mix(7 + (i - 23) / 8) >> (8 * ((i - 23) % 8)));
  }
  return 'x';
}

/* Every range that there is, and those that reach past the end. */
static void test_read_gives_the_octets_of_any_range(void **state) {
  (void)state;
  for (uint64_t offset = 0; offset < 72; offset++) {
    for (size_t len = 0; len <= 72; len++) {
      uint8_t *out = malloc(len + 1);
      assert_non_null(out);
      memset(out, 0xEE, len + 1);
      size_t expected = offset >= 69 ? 0 : len < 69 - offset ? len : (size_t)(69 - offset);
      assert_int_equal(wspec_payload_read(&PAYLOAD, offset, out, len), expected);
      for (size_t i = 0; i < expected; i++) {
        assert_int_equal(out[i], octet_at(offset + i));
      }
      assert_int_equal(out[expected], 0xEE);
      free(out);
    }
  }
}

static void test_the_empty_payload_has_no_octets(void **state) {
  (void)state;
  struct wspec_payload empty = {0};
  uint8_t out[1];
  assert_int_equal(wspec_payload_read(&empty, 0, out, 1), 0);
  assert_true(wspec_payload_matches(&empty, 0, wspec_span_of(NULL, 0), NULL));
  assert_false(wspec_payload_matches(&empty, 0, wspec_span_text("a"), NULL));
}

static void test_matches_names_the_first_octet_that_differs(void **state) {
  (void)state;
  uint8_t octets[69];
  size_t mismatch;
  assert_int_equal(wspec_payload_read(&PAYLOAD, 0, octets, sizeof octets), sizeof octets);
  for (size_t start = 0; start < sizeof octets; start++) {
    struct wspec_span rest = wspec_span_of(octets + start, sizeof octets - start);
    assert_true(wspec_payload_matches(&PAYLOAD, start, rest, NULL));
    for (size_t i = start; i < sizeof octets; i++) {
      octets[i] ^= 0x10;
      assert_false(wspec_payload_matches(&PAYLOAD, start, rest, &mismatch));
      assert_int_equal(mismatch, i - start);
      octets[i] ^= 0x10;
    }
  }
}

static void test_matches_says_where_the_payload_ends(void **state) {
  (void)state;
  uint8_t octets[70] = {0};
  size_t mismatch;
  assert_int_equal(wspec_payload_read(&PAYLOAD, 0, octets, sizeof octets), 69);
  assert_false(wspec_payload_matches(&PAYLOAD, 0, wspec_span_of(octets, 70), &mismatch));
  assert_int_equal(mismatch, 69);
}

static void test_long_payloads_are_compared_in_chunks(void **state) {
  (void)state;
  struct wspec_payload_part part = {.kind = WSPEC_PAYLOAD_RANDOM, .len = 20000, .seed = 1};
  struct wspec_payload payload = {.parts = &part, .n_parts = 1, .len = 20000};
  uint8_t *octets = malloc(20000);
  size_t mismatch;
  assert_non_null(octets);
  assert_int_equal(wspec_payload_read(&payload, 0, octets, 20000), 20000);
  assert_true(wspec_payload_matches(&payload, 0, wspec_span_of(octets, 20000), NULL));
  octets[13001] ^= 1;
  assert_false(wspec_payload_matches(&payload, 0, wspec_span_of(octets, 20000), &mismatch));
  assert_int_equal(mismatch, 13001);
  free(octets);
}

static void test_a_shuffle_is_of_pieces_and_the_same_from_every_offset(void **state) {
  (void)state;
  static const uint8_t text[] = "aaabbbcccddd";
  uint8_t whole[100], part[100];
  struct wspec_payload_part shuffle = {.kind = WSPEC_PAYLOAD_SHUFFLE,
                                       .len = sizeof whole,
                                       .data = text,
                                       .data_len = 12,
                                       .piece_len = 3,
                                       .seed = 7};
  struct wspec_payload payload = {&shuffle, 1, sizeof whole};
  unsigned seen = 0;
  assert_int_equal(wspec_payload_read(&payload, 0, whole, sizeof whole), sizeof whole);
  for (size_t i = 0; i < sizeof whole; i++) {
    assert_true(whole[i] >= 'a' && whole[i] <= 'd');
    assert_int_equal(whole[i], whole[i - i % 3]);
    seen |= 1u << (whole[i] - 'a');
  }
  assert_int_equal(seen, 0xF); /* or it would be no shuffling */
  for (size_t from = 0; from < sizeof whole; from++) {
    size_t len = wspec_payload_read(&payload, from, part, sizeof part);
    assert_int_equal(len, sizeof whole - from);
    assert_memory_equal(part, whole + from, len);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_shuffle_is_of_pieces_and_the_same_from_every_offset),
      cmocka_unit_test(test_read_gives_the_octets_of_any_range),
      cmocka_unit_test(test_the_empty_payload_has_no_octets),
      cmocka_unit_test(test_matches_names_the_first_octet_that_differs),
      cmocka_unit_test(test_matches_says_where_the_payload_ends),
      cmocka_unit_test(test_long_payloads_are_compared_in_chunks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
