/* ascii: letter case and classes by ASCII alone, whatever the locale. RFC 6455 section 2.1 wants
 * ASCII-case-insensitive comparison, so that U+212A never equals 'k'. */
#ifndef WSPEC_BASE_ASCII_H
#define WSPEC_BASE_ASCII_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* wspec_ascii_lower returns `octet` with A-Z folded to a-z. */
static inline uint8_t wspec_ascii_lower(uint8_t octet) {
  return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
}

/* wspec_ascii_is_digit returns true for 0-9. */
static inline bool wspec_ascii_is_digit(uint8_t octet) {
  return octet >= '0' && octet <= '9';
}

/* wspec_ascii_is_alpha returns true for A-Z and a-z. */
static inline bool wspec_ascii_is_alpha(uint8_t octet) {
  return wspec_ascii_lower(octet) >= 'a' && wspec_ascii_lower(octet) <= 'z';
}

/* wspec_ascii_equal_nocase returns true if `a` and `b` are equal but for the case of ASCII
 * letters. */
static inline bool wspec_ascii_equal_nocase(struct wspec_span a, struct wspec_span b) {
  if (a.len != b.len) {
    return false;
  }
  for (size_t i = 0; i < a.len; i++) {
    if (wspec_ascii_lower(a.data[i]) != wspec_ascii_lower(b.data[i])) {
      return false;
    }
  }
  return true;
}

/* wspec_ascii_trim returns `span` without the spaces and tabs (OWS of RFC 9110 section 5.6.3) at
 * its ends. */
static inline struct wspec_span wspec_ascii_trim(struct wspec_span span) {
  while (span.len > 0 && (span.data[0] == ' ' || span.data[0] == '\t')) {
    span.data++;
    span.len--;
  }
  while (span.len > 0 && (span.data[span.len - 1] == ' ' || span.data[span.len - 1] == '\t')) {
    span.len--;
  }
  return span;
}

#endif
