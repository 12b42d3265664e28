#include "proto/utf8_internal.h"

#if defined(__x86_64__)

#include "proto/utf8_sse41.h"

/* 16 to 32 octets, which no loop is needed for. */
WSPEC__SSE41 size_t scan_up_to32(const uint8_t *data, size_t len) {
  __m128i first = load16(data);
  if (are_ascii16(_mm_or_si128(first, load16(data + len - 16)))) {
    return len;
  }
  __m128i second = load_beyond16(data, len);
  __m128i errors =
      _mm_or_si128(errors16_after(first, _mm_setzero_si128()), errors16_after(second, first));
  return are_zero16(errors) ? wspec__utf8_cut(data, len) : 0;
}

/* How many octets from `start` on are ASCII, in whole blocks of 64. */
WSPEC__SSE41 size_t ascii_blocks(const uint8_t *data, size_t start, size_t len) {
  size_t i = start;
  while (len - i >= 64) {
    __m128i any = _mm_or_si128(_mm_or_si128(load16(data + i), load16(data + i + 16)),
                               _mm_or_si128(load16(data + i + 32), load16(data + i + 48)));
    if (!are_ascii16(any)) {
      break;
    }
    i += 64;
  }
  return i - start;
}

__attribute__((target("sse4.1"))) size_t wspec__utf8_scan_sse41(const uint8_t *data, size_t len) {
  if (len < 16) {
    return scan_below16(data, len);
  }
  if (len <= 32) {
    return scan_up_to32(data, len);
  }
  size_t i = ascii_blocks(data, 0, len);
  size_t stretch = i;
  __m128i errors = _mm_setzero_si128();
  if (i == 0) {
    errors = errors16_after(load16(data), _mm_setzero_si128());
    i = 16;
  }
  while (len - i > 16) {
    /* ASCII may be passed over only where no code point is open. */
    i += data[i - 1] < 0x80 ? ascii_blocks(data, i, len) : 0;
    for (size_t end = i + 64; i < end && len - i > 16; i += 16) {
      errors = _mm_or_si128(errors, errors16_at(data + i));
    }
    if (!are_zero16(errors)) {
      return wspec__utf8_border(data, stretch);
    }
    stretch = i;
  }
  errors = _mm_or_si128(errors, errors16_at(data + len - 16));
  return are_zero16(errors) && wspec__utf8_cut(data, len) == len
             ? len
             : wspec__utf8_border(data, stretch);
}

#endif
