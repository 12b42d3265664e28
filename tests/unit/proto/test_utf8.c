#include "proto/utf8.h"

#include "proto/utf8_internal.h"
#include "utf8_grammar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* One test runs once for each implementation, which cmocka hands over as the initial state. */
struct implementation {
  const char *name;
  wspec__utf8_scan *scan;
};

static void print_octets(const uint8_t *data, size_t len) {
  for (size_t i = 0; i < len; i++) {
    print_error("%02x ", data[i]);
  }
  print_error("\n");
}

/* Holds the scan to its contract and the feed to the grammar, for octets given at once. */
static void check_at_once(wspec__utf8_scan *scan, const uint8_t *data, size_t len) {
  bool whole;
  size_t wrong = utf8_first_wrong(data, len, &whole);
  struct wspec_utf8 utf8 = {0};
  size_t error_offset = len;
  enum wspec_err err = wspec__utf8_feed_by(scan, &utf8, wspec_span_of(data, len), &error_offset);
  bool ok = error_offset == wrong && err == (wrong < len ? WSPEC_ERR_UTF8 : WSPEC_OK) &&
            wspec_utf8_end(&utf8) == (whole ? WSPEC_OK : WSPEC_ERR_UTF8);
  size_t scanned = scan(data, len);
  ok = ok && scanned <= wrong && (scanned == len) == whole &&
       (whole || wrong - scanned < WSPEC__UTF8_STRETCH + 4);
  if (!ok) {
    print_error("wrong at %zu, reported %zu, scanned %zu: ", wrong, error_offset, scanned);
    print_octets(data, len);
    fail();
  }
}

/* Every lead, and the octets beside each border of the grammar. */
static const uint8_t telling[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                  0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                  0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff};

static void test_every_sequence_of_two(void **state) {
  const struct implementation *implementation = *state;
  for (unsigned n = 0; n < 0x10000; n++) {
    uint8_t data[2] = {(uint8_t)(n >> 8), (uint8_t)n};
    check_at_once(implementation->scan, data, 1);
    check_at_once(implementation->scan, data, 2);
  }
}

static void test_every_telling_sequence_of_four(void **state) {
  const struct implementation *implementation = *state;
  size_t count = COUNT(telling);
  for (size_t n = 0; n < count * count * count * count; n++) {
    uint8_t data[4] = {telling[n % count], telling[n / count % count],
                       telling[n / count / count % count], telling[n / count / count / count]};
    check_at_once(implementation->scan, data, 4);
  }
}

static const struct implementation portable = {"portable", wspec__utf8_scan_portable};

#define FOR_EACH(test) \
  { #test " (portable)", test, NULL, NULL, (void *)(uintptr_t)&portable }

int main(void) {
  const struct CMUnitTest tests[] = {
      FOR_EACH(test_every_sequence_of_two),
      FOR_EACH(test_every_telling_sequence_of_four),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
