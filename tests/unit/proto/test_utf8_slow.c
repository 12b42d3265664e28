#include "utf8_check.h"

/* All 2^24 sequences of three octets, alone and across the border of two vectors. */
static void test_every_sequence_of_three(void **state) {
  wspec__utf8_scan *scan = scan_of(state);
  uint8_t text[40];
  memset(text, 'a', sizeof text);
  for (unsigned n = 0; n < 0x1000000; n++) {
    uint8_t sequence[] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, 'a'};
    bool whole;
    size_t wrong = utf8_first_wrong(sequence, sizeof sequence, &whole);
    memcpy(text + 14, sequence, 3);
    struct wspec_utf8 utf8 = {0};
    size_t error_offset = 18;
    enum wspec_err err =
        wspec__utf8_feed_by(scan, &utf8, wspec_span_of(text, sizeof text), &error_offset);
    bool alone = scan(sequence, 3) == 3;
    if (error_offset != 14 + wrong || (err == WSPEC_OK) != whole || alone != whole) {
      fail_msg("%06x: first wrong octet %zu, reported %zu", n, wrong, error_offset - 14);
    }
  }
}

/* All sequences of four with a lead of four octets, at least one octet of which is at a border. */
static void test_every_sequence_of_four(void **state) {
  wspec__utf8_scan *scan = scan_of(state);
  static const uint8_t leads[] = {0xef, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff};
  static const uint8_t others[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0xbf, 0xc0, 0xf4};
  for (size_t lead = 0; lead < COUNT(leads); lead++) {
    for (unsigned n = 0; n < 0x10000; n++) {
      for (size_t other = 0; other < COUNT(others); other++) {
        uint8_t sequence[] = {leads[lead], (uint8_t)(n >> 8), (uint8_t)n, others[other]};
        check_alone(scan, sequence, 4);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FOR_EACH_IMPLEMENTATION(test_every_sequence_of_three),
      FOR_EACH_IMPLEMENTATION(test_every_sequence_of_four),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
