#include "utf8_check.h"

#include "base/rng.h"

/* The octets on both sides of each border in the grammar. */
static const uint8_t telling[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                  0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                  0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff};

static void test_every_sequence_of_one_and_two(void **state) {
  wspec__utf8_scan *scan = scan_of(state);
  for (unsigned n = 0; n < 0x10000; n++) {
    uint8_t sequence[2] = {(uint8_t)(n >> 8), (uint8_t)n};
    check_alone(scan, sequence, 2);
    if (n < 0x100) {
      check_alone(scan, sequence + 1, 1);
    }
  }
}

static void test_every_telling_sequence_of_three_and_four(void **state) {
  wspec__utf8_scan *scan = scan_of(state);
  size_t count = COUNT(telling);
  for (size_t n = 0; n < count * count * count * count; n++) {
    uint8_t sequence[4] = {telling[n % count], telling[n / count % count],
                           telling[n / count / count % count], telling[n / count / count / count]};
    check_alone(scan, sequence, 4);
    if (n < count * count * count) {
      check_alone(scan, sequence, 3);
    }
  }
}

/* A sequence across and beside each border of a vector, among text of each length of code point,
 * with so much text behind it that the end, too, is now in a vector's middle and now at its end. */
static void check_around_borders(wspec__utf8_scan *scan, const uint8_t *sequence, size_t len,
                                 size_t turn) {
  static const size_t borders[] = {4, 16, 32, 64, 128, 160};
  static const size_t afters[] = {0, 3, 13, 16, 31, 64, 140, 200};
  for (size_t b = 0; b < COUNT(borders); b++) {
    for (size_t before = borders[b] - 4; before <= borders[b] + 1; before++) {
      for (size_t filler = 0; filler < COUNT(fillers); filler++, turn++) {
        const char *const around[] = {fillers[filler], fillers[turn % COUNT(fillers)]};
        check_within(scan, sequence, len, around, before, afters[turn / 4 % COUNT(afters)]);
      }
    }
  }
}

static void test_sequences_around_the_borders_of_vectors(void **state) {
  wspec__utf8_scan *scan = scan_of(state);
  static const uint8_t last[] = {0x41, 0x80, 0xbf, 0xc2};
  for (size_t n = 0; n < COUNT(telling) * COUNT(telling); n++) {
    uint8_t sequence[4] = {telling[n / COUNT(telling)], telling[n % COUNT(telling)]};
    check_around_borders(scan, sequence, 2, n);
    if (sequence[0] < 0xc0 || sequence[1] < 0x80 || sequence[1] >= 0xc0) {
      continue;
    }
    for (size_t m = 0; m < COUNT(last) * COUNT(last); m++) {
      sequence[2] = last[m / COUNT(last)];
      sequence[3] = last[m % COUNT(last)];
      check_around_borders(scan, sequence, m % COUNT(last) == 0 ? 3 : 4, n + m);
    }
  }
}

/* Text of all lengths of code points, ASCII runs among them. */
static void mixed_text(uint8_t *out, size_t len, uint64_t seed) {
  struct wspec_rng rng = {seed};
  size_t i = 0;
  while (i < len) {
    const char *filler = fillers[wspec_rng_below(&rng, COUNT(fillers))];
    size_t run = 1 + wspec_rng_below(&rng, wspec_rng_below(&rng, 8) == 0 ? 400 : 12);
    for (size_t k = 0; k < run && len - i >= strlen(filler); k++) {
      memcpy(out + i, filler, strlen(filler));
      i += strlen(filler);
    }
    if (len - i < 4) {
      memset(out + i, 'z', len - i);
      i = len;
    }
  }
}

static void test_one_changed_octet_in_long_text(void **state) {
  wspec__utf8_scan *scan = scan_of(state);
  uint8_t text[5000];
  struct wspec_rng rng = {7};
  for (uint64_t round = 0; round < 1500; round++) {
    size_t len = 1 + wspec_rng_below(&rng, round % 3 ? 600 : sizeof text);
    mixed_text(text, len, round);
    check_octets(scan, text, len, len, true);
    text[wspec_rng_below(&rng, len)] = telling[wspec_rng_below(&rng, COUNT(telling))];
    check_alone(scan, text, len);
  }
}

static void test_an_octet_that_is_wrong_at_every_place_of_a_text(void **state) {
  wspec__utf8_scan *scan = scan_of(state);
  static const size_t lens[] = {15, 16, 17, 18, 19,  31,  32,  33,
                                34, 35, 48, 49, 125, 129, 700, 1300};
  for (size_t filler = 0; filler < COUNT(fillers); filler++) {
    for (size_t k = 0; k < COUNT(lens); k++) {
      uint8_t text[1300];
      fill_with(fillers[filler], text, lens[k]);
      for (size_t i = 0; i < lens[k]; i++) {
        uint8_t kept = text[i];
        text[i] = 0xff;
        check_octets(scan, text, lens[k], i, false);
        text[i] = kept;
      }
      check_octets(scan, text, lens[k], lens[k], true);
    }
  }
}

/* Feeds `len` octets cut at `cuts`, and returns the index of the first wrong one, or `len`. */
static size_t feed_cut(wspec__utf8_scan *scan, const uint8_t *octets, size_t len,
                       const size_t cuts[2], bool *whole) {
  struct wspec_utf8 utf8 = {0};
  const size_t ends[] = {cuts[0], cuts[1], len};
  size_t start = 0;
  size_t wrong = len;
  for (size_t i = 0; i < COUNT(ends) && wrong == len; i++) {
    uint8_t *piece = copy_of(octets + start, ends[i] - start);
    size_t error_offset;
    struct wspec_span span = wspec_span_of(piece, ends[i] - start);
    if (wspec__utf8_feed_by(scan, &utf8, span, &error_offset)) {
      wrong = start + error_offset;
    }
    free(piece);
    start = ends[i];
  }
  *whole = wspec_utf8_end(&utf8) == WSPEC_OK;
  return wrong;
}

static void check_every_cut(wspec__utf8_scan *scan, const uint8_t *octets, size_t len) {
  bool whole;
  size_t wrong = utf8_first_wrong(octets, len, &whole);
  for (size_t first = 0; first <= len; first++) {
    for (size_t second = first; second <= len; second++) {
      bool ends_whole;
      const size_t cuts[] = {first, second};
      assert_int_equal(feed_cut(scan, octets, len, cuts, &ends_whole), wrong);
      assert_int_equal(ends_whole, whole);
    }
  }
}

static void test_pieces_give_what_the_whole_gives(void **state) {
  wspec__utf8_scan *scan = scan_of(state);
  static const char *const ends[] = {"",
                                     "\xc2",
                                     "\xe6\xbc",
                                     "\xf0\x9f\x99",
                                     "\xe0\x80\x80",
                                     "\xed\xa0\x80",
                                     "\xf4\x90\x80\x80",
                                     "\xf0\x8f\x80\x80",
                                     "\xc0\x80",
                                     "\xf5\x80",
                                     "\x80",
                                     "\xe6\xbcz",
                                     "\xf0\x9f\x99\xc3\xa9"};
  for (size_t e = 0; e < COUNT(ends); e++) {
    for (size_t before = 0; before <= 64; before += before < 4 ? 1 : 20) {
      uint8_t text[100];
      mixed_text(text, before, before);
      memcpy(text + before, ends[e], strlen(ends[e]));
      check_every_cut(scan, text, before + strlen(ends[e]));
    }
  }
}

static void test_octet_by_octet_gives_what_the_whole_gives(void **state) {
  (void)state;
  struct wspec_rng rng = {3};
  uint8_t text[500];
  for (uint64_t round = 0; round < 300; round++) {
    size_t len = 1 + wspec_rng_below(&rng, sizeof text);
    mixed_text(text, len, round);
    text[wspec_rng_below(&rng, len)] = telling[wspec_rng_below(&rng, COUNT(telling))];
    bool whole;
    size_t wrong = utf8_first_wrong(text, len, &whole);
    struct wspec_utf8 utf8 = {0};
    size_t i = 0;
    while (i < len && wspec_utf8_feed(&utf8, wspec_span_of(text + i, 1), NULL) == WSPEC_OK) {
      i++;
    }
    assert_int_equal(i, wrong);
    assert_int_equal(wspec_utf8_end(&utf8) == WSPEC_OK, whole);
    assert_int_equal(wspec_utf8_is_valid(wspec_span_of(text, len)), whole);
  }
}

/* The public functions, which are done with short ASCII before a scan. */
static void check_short(const char *before, const uint8_t *octets, size_t len) {
  bool before_whole;
  bool whole;
  uint8_t text[50];
  size_t before_len = strlen(before);
  memcpy(text, before, before_len);
  memcpy(text + before_len, octets, len);
  utf8_first_wrong(text, before_len, &before_whole);
  size_t wrong = utf8_first_wrong(text, before_len + len, &whole) - before_len;
  uint8_t *piece = copy_of(octets, len);
  struct wspec_utf8 utf8 = {0};
  size_t error_offset = len;
  assert_int_equal(wspec_utf8_feed(&utf8, wspec_span_of(before, before_len), NULL), WSPEC_OK);
  assert_int_equal(wspec_utf8_end(&utf8) == WSPEC_OK, before_whole);
  enum wspec_err err = wspec_utf8_feed(&utf8, wspec_span_of(piece, len), &error_offset);
  assert_int_equal(err, wrong < len ? WSPEC_ERR_UTF8 : WSPEC_OK);
  assert_int_equal(error_offset, wrong);
  assert_int_equal(wspec_utf8_end(&utf8) == WSPEC_OK, whole);
  if (before_len == 0) {
    assert_int_equal(wspec_utf8_is_valid(wspec_span_of(piece, len)), whole);
  }
  free(piece);
}

static void test_short_pieces_with_one_octet_that_is_not_ascii(void **state) {
  (void)state;
  static const char *const befores[] = {"", "a", "\xc3", "\xe6\xbc", "\xc3\xa9"};
  for (size_t b = 0; b < COUNT(befores); b++) {
    for (size_t len = 0; len <= 40; len++) {
      uint8_t octets[40];
      memset(octets, 'a', sizeof octets);
      check_short(befores[b], octets, len);
      for (size_t i = 0; i < len; i++) {
        octets[i] = 0x80;
        check_short(befores[b], octets, len);
        octets[i] = 0xc3;
        check_short(befores[b], octets, len);
        octets[i] = 'a';
      }
    }
  }
}

static void test_an_error_stays_until_the_state_is_zeroed(void **state) {
  (void)state;
  struct wspec_utf8 utf8 = {0};
  size_t error_offset = 77;
  assert_int_equal(wspec_utf8_feed(&utf8, wspec_span_text("ab\xff"), &error_offset),
                   WSPEC_ERR_UTF8);
  assert_int_equal(error_offset, 2);
  for (size_t len = 0; len <= 40; len++) {
    uint8_t octets[40] = {0};
    error_offset = 77;
    assert_int_equal(wspec_utf8_feed(&utf8, wspec_span_of(octets, len), &error_offset),
                     WSPEC_ERR_UTF8);
    assert_int_equal(error_offset, 0);
  }
  assert_int_equal(wspec_utf8_feed(&utf8, wspec_span_of(NULL, 0), NULL), WSPEC_ERR_UTF8);
  assert_int_equal(wspec_utf8_end(&utf8), WSPEC_ERR_UTF8);
  utf8 = (struct wspec_utf8){0};
  error_offset = 77;
  assert_int_equal(wspec_utf8_feed(&utf8, wspec_span_text("ab"), &error_offset), WSPEC_OK);
  assert_int_equal(error_offset, 77);
  assert_int_equal(wspec_utf8_end(&utf8), WSPEC_OK);
}

static void test_an_empty_piece_changes_nothing(void **state) {
  (void)state;
  struct wspec_utf8 utf8 = {0};
  assert_int_equal(wspec_utf8_feed(&utf8, wspec_span_of(NULL, 0), NULL), WSPEC_OK);
  assert_int_equal(wspec_utf8_end(&utf8), WSPEC_OK);
  assert_int_equal(wspec_utf8_feed(&utf8, wspec_span_text("\xe6\xbc"), NULL), WSPEC_OK);
  assert_int_equal(wspec_utf8_feed(&utf8, wspec_span_of(NULL, 0), NULL), WSPEC_OK);
  assert_int_equal(wspec_utf8_end(&utf8), WSPEC_ERR_UTF8);
  assert_int_equal(wspec_utf8_feed(&utf8, wspec_span_text("\xa2"), NULL), WSPEC_OK);
  assert_int_equal(wspec_utf8_end(&utf8), WSPEC_OK);
  assert_true(wspec_utf8_is_valid(wspec_span_of(NULL, 0)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FOR_EACH_IMPLEMENTATION(test_every_sequence_of_one_and_two),
      FOR_EACH_IMPLEMENTATION(test_every_telling_sequence_of_three_and_four),
      FOR_EACH_IMPLEMENTATION(test_sequences_around_the_borders_of_vectors),
      FOR_EACH_IMPLEMENTATION(test_one_changed_octet_in_long_text),
      FOR_EACH_IMPLEMENTATION(test_an_octet_that_is_wrong_at_every_place_of_a_text),
      FOR_EACH_IMPLEMENTATION(test_pieces_give_what_the_whole_gives),
      cmocka_unit_test(test_octet_by_octet_gives_what_the_whole_gives),
      cmocka_unit_test(test_short_pieces_with_one_octet_that_is_not_ascii),
      cmocka_unit_test(test_an_error_stays_until_the_state_is_zeroed),
      cmocka_unit_test(test_an_empty_piece_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
