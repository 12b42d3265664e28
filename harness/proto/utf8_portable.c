#include "proto/utf8_internal.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline bool in_range(uint8_t octet, uint8_t low, uint8_t high) {
  return octet >= low && octet <= high;
}

/* The length of the valid code point at `at`, 0 if there is none: the productions UTF8-2 to UTF8-4
 * of RFC 3629 section 4. */
static size_t sequence_len(const uint8_t *at, size_t len) {
  uint8_t lead = at[0];
  if (lead < 0x80) {
    return 1;
  }
  size_t needed = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (!in_range(lead, 0xc2, 0xf4) || len < needed) {
    return 0;
  }
  uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (!in_range(at[1], low, high)) {
    return 0;
  }
  for (size_t i = 2; i < needed; i++) {
    if (!in_range(at[i], 0x80, 0xbf)) {
      return 0;
    }
  }
  return needed;
}

static inline bool are_ascii(const uint8_t *at) {
  uint64_t words[2];
  memcpy(words, at, sizeof words);
  return ((words[0] | words[1]) & HIGH_BITS) == 0;
}

size_t wspec__utf8_scan_portable(const uint8_t *data, size_t len) {
  size_t i = 0;
  while (i < len) {
    if (len - i >= 16 && are_ascii(data + i)) {
      i += 16;
      continue;
    }
    size_t taken = sequence_len(data + i, len - i);
    if (taken == 0) {
      return i;
    }
    i += taken;
  }
  return len;
}
