/* utf8_check: what the tests of proto/utf8.h share. A test runs once for each implementation, which
 * cmocka hands over as its state. */
#ifndef UTF8_CHECK_H
#define UTF8_CHECK_H

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

struct implementation {
  const char *name;
  wspec__utf8_scan *scan; /* NULL: not compiled for this processor */
};

static struct implementation implementations[] = {
    {"portable", wspec__utf8_scan_portable},
#if defined(__x86_64__)
    {"sse4.1", wspec__utf8_scan_sse41},
    {"avx2", wspec__utf8_scan_avx2},
    {"neon", NULL},
#elif defined(__aarch64__)
    {"sse4.1", NULL},
    {"avx2", NULL},
    {"neon", wspec__utf8_scan_neon},
#else
    {"sse4.1", NULL},
    {"avx2", NULL},
    {"neon", NULL},
#endif
};

/* FOR_EACH_IMPLEMENTATION is the entries of `test` in a table of tests. */
#define FOR_EACH_IMPLEMENTATION(test)                             \
  {#test " (portable)", test, NULL, NULL, &implementations[0]},   \
      {#test " (sse4.1)", test, NULL, NULL, &implementations[1]}, \
      {#test " (avx2)", test, NULL, NULL, &implementations[2]}, { \
#test " (neon)", test, NULL, NULL, &implementations[3]        \
  }

/* scan_of returns the scan under test, or skips the test if this processor cannot run it. */
static inline wspec__utf8_scan *scan_of(void **state) {
  const struct implementation *implementation = *state;
  if (!implementation->scan) {
    skip();
  }
#if defined(__x86_64__)
  if ((strcmp(implementation->name, "avx2") == 0 && !__builtin_cpu_supports("avx2")) ||
      (strcmp(implementation->name, "sse4.1") == 0 && !__builtin_cpu_supports("sse4.1"))) {
    skip();
  }
#endif
  return implementation->scan;
}

/* copy_of returns a heap copy of exactly `len` octets, so that a sanitizer sees an over-read. */
static inline uint8_t *copy_of(const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  if (len > 0) {
    memcpy(copy, data, len);
  }
  return copy;
}

/* check_octets holds scan and feed to what the grammar says: `wrong` is the first wrong octet or
 * `len`, `whole` whether the octets are a text. */
static inline void check_octets(wspec__utf8_scan *scan, const uint8_t *octets, size_t len,
                                size_t wrong, bool whole) {
  uint8_t *data = copy_of(octets, len);
  struct wspec_utf8 utf8 = {0};
  size_t error_offset = len;
  enum wspec_err err = wspec__utf8_feed_by(scan, &utf8, wspec_span_of(data, len), &error_offset);
  bool ok = error_offset == wrong && err == (wrong < len ? WSPEC_ERR_UTF8 : WSPEC_OK) &&
            wspec_utf8_end(&utf8) == (whole ? WSPEC_OK : WSPEC_ERR_UTF8);
  size_t scanned = scan(data, len);
  ok = ok && scanned <= wrong && (scanned == len) == whole &&
       (whole || wrong - scanned <= WSPEC__UTF8_STRETCH + 64);
  if (!ok) {
    print_error("first wrong octet %zu, reported %zu, scanned %zu, of:", wrong, error_offset,
                scanned);
    for (size_t i = 0; i < len; i++) {
      print_error(" %02x", data[i]);
    }
    print_error("\n");
    fail();
  }
  free(data);
}

/* check_alone is check_octets by the grammar itself. */
static inline void check_alone(wspec__utf8_scan *scan, const uint8_t *octets, size_t len) {
  bool whole;
  size_t wrong = utf8_first_wrong(octets, len, &whole);
  check_octets(scan, octets, len, wrong, whole);
}

/* FILLERS are valid texts to stand around a sequence, of one to four octets a code point. */
static const char *const fillers[] = {"a", "\xc3\xa9", "\xe6\xbc\xa2", "\xf0\x9f\x99\x82"};

/* fill_with writes whole code points of `filler`, and ASCII before them, to fill `len` octets. */
static inline void fill_with(const char *filler, uint8_t *out, size_t len) {
  size_t step = strlen(filler);
  size_t ascii = len % step;
  memset(out, 'x', ascii);
  for (size_t i = ascii; i < len; i += step) {
    memcpy(out + i, filler, step);
  }
}

/* check_within is check_alone with `before` octets of one filler before the sequence and whole code
 * points of another, up to `after` octets, behind it. */
static inline void check_within(wspec__utf8_scan *scan, const uint8_t *sequence, size_t len,
                                const char *const around[2], size_t before, size_t after) {
  uint8_t text[400];
  assert_true(before + len + after <= sizeof text);
  fill_with(around[0], text, before);
  memcpy(text + before, sequence, len);
  size_t step = strlen(around[1]);
  size_t text_len = before + len;
  for (size_t i = 0; i + step <= after; i += step, text_len += step) {
    memcpy(text + text_len, around[1], step);
  }
  /* The fillers are valid: only the sequence and the octet behind it can be wrong. */
  bool whole;
  size_t judged = text_len > before + len ? len + 1 : len;
  size_t wrong = utf8_first_wrong(text + before, judged, &whole);
  if (wrong == judged) {
    wrong = utf8_first_wrong(text + before, len, &whole);
    check_octets(scan, text, text_len, text_len, whole);
  } else {
    check_octets(scan, text, text_len, before + wrong, false);
  }
}

#endif
