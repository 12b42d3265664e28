/* utf8_internal: the implementations behind proto/utf8.h, by name, for utf8.c and its tests.
 *
 * A scan takes a text at once and returns its length if it is valid and whole. Else it returns a
 * border of code points before which all is valid, and which is at most WSPEC__UTF8_STRETCH + 64
 * octets before the first wrong octet or, if only the end is missing, before the end: from there
 * the octet-wise machine (wspec__utf8_step) finds out which. */
#ifndef WSPEC_PROTO_UTF8_INTERNAL_H
#define WSPEC_PROTO_UTF8_INTERNAL_H

#include "proto/utf8.h"

/* WSPEC__UTF8_STRETCH is how many octets a vector implementation may look at before it looks at
 * what it has found. */
#define WSPEC__UTF8_STRETCH 1024

/* wspec__utf8_scan is a scan, as said above. `data` may be NULL if `len` is 0. */
typedef size_t wspec__utf8_scan(const uint8_t *data, size_t len);

/* wspec__utf8_scan_portable is the scan for every processor. */
wspec__utf8_scan wspec__utf8_scan_portable;

#if defined(__x86_64__)
/* wspec__utf8_scan_sse41 is the scan for x86-64 with SSE4.1. */
wspec__utf8_scan wspec__utf8_scan_sse41;

/* wspec__utf8_scan_avx2 is the scan for x86-64 with AVX2. */
wspec__utf8_scan wspec__utf8_scan_avx2;
#endif

#if defined(__aarch64__)
/* wspec__utf8_scan_neon is the scan for arm64, each of which has NEON. */
wspec__utf8_scan wspec__utf8_scan_neon;
#endif

/* wspec__utf8_feed_by is wspec_utf8_feed by the scan given. */
WSPEC_MUST_USE enum wspec_err wspec__utf8_feed_by(wspec__utf8_scan *scan, struct wspec_utf8 *utf8,
                                                  struct wspec_span octets, size_t *error_offset);

/* wspec__utf8_step takes one octet. Returns false if the octet is wrong; `utf8` is then as it was,
 * without its failed mark. */
bool wspec__utf8_step(struct wspec_utf8 *utf8, uint8_t octet);

/* wspec__utf8_cut returns how many of the `len` octets are left when a last code point, of which
 * only the first one to three octets are there, is cut off. Of octets that are not valid UTF-8 it
 * may leave any number. */
static inline size_t wspec__utf8_cut(const uint8_t *data, size_t len) {
  if (len == 0 || data[len - 1] < 0x80) {
    return len;
  }
  if (data[len - 1] >= 0xc0) {
    return len - 1;
  }
  if (len >= 2 && data[len - 2] >= 0xe0) {
    return len - 2;
  }
  return len >= 3 && data[len - 3] >= 0xf0 ? len - 3 : len;
}

/* wspec__utf8_border returns the largest border of code points that is at most `index`, given that
 * all octets before `index` can be the start of valid UTF-8. */
size_t wspec__utf8_border(const uint8_t *data, size_t index);

#endif
