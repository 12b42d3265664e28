/* utf8_sse41: 16 octets at a time, for utf8_sse41.c and for what is short in utf8_avx2.c. */
#ifndef WSPEC_PROTO_UTF8_SSE41_H
#define WSPEC_PROTO_UTF8_SSE41_H

#include "proto/utf8_internal.h"
#include "proto/utf8_lookup4.h"

#include <smmintrin.h>
#include <string.h>

#define WSPEC__SSE41 __attribute__((target("sse4.1"), always_inline)) static inline

WSPEC__SSE41 __m128i load16(const uint8_t *at) {
  return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* The 1 to 15 octets at `at`, and zeros behind them. Two words that overlap cover every length from
 * 4 on, so that nothing beside them is read. */
WSPEC__SSE41 __m128i load_below16(const uint8_t *at, size_t len) {
  uint64_t low = 0;
  uint64_t high = 0;
  if (len >= 8) {
    memcpy(&low, at, 8);
    memcpy(&high, at + len - 8, 8);
    /* In two shifts, as 64 is too much for one. */
    high = high >> 1 >> (8 * (15 - len) + 7);
  } else if (len >= 4) {
    uint32_t first;
    uint32_t last;
    memcpy(&first, at, 4);
    memcpy(&last, at + len - 4, 4);
    low = first | (uint64_t)last << (8 * (len - 4));
  } else {
    low =
        at[0] | (uint64_t)at[len / 2] << (8 * (len / 2)) | (uint64_t)at[len - 1] << (8 * (len - 1));
  }
  return _mm_set_epi64x((long long)high, (long long)low);
}

/* The last 16 octets of `len` from 16 to 32, so that those beyond the first 16 come first, and
 * zeros behind them. */
WSPEC__SSE41 __m128i load_beyond16(const uint8_t *at, size_t len) {
  static const int8_t from[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                  -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  __m128i order = _mm_loadu_si128((const __m128i *)(const void *)(from + (32 - len)));
  return _mm_shuffle_epi8(load16(at + len - 16), order);
}

WSPEC__SSE41 bool are_ascii16(__m128i octets) {
  return _mm_movemask_epi8(octets) == 0;
}

/* Not zero where an octet is wrong beside the three before it. `before1` are the octets one place
 * before `octets`, and so on. */
WSPEC__SSE41 __m128i errors16(__m128i octets, __m128i before1, __m128i before2, __m128i before3) {
  const __m128i half = _mm_set1_epi8(0x0f);
  __m128i first_high = _mm_and_si128(_mm_srli_epi16(before1, 4), half);
  __m128i first_low = _mm_and_si128(before1, half);
  __m128i second_high = _mm_and_si128(_mm_srli_epi16(octets, 4), half);
  __m128i reasons =
      _mm_and_si128(_mm_and_si128(_mm_shuffle_epi8(load16(utf8_first_high), first_high),
                                  _mm_shuffle_epi8(load16(utf8_first_low), first_low)),
                    _mm_shuffle_epi8(load16(utf8_second_high), second_high));
  /* The high bit stays set where the octet two before is E0 or above, or three before F0. */
  __m128i continued = _mm_or_si128(_mm_subs_epu8(before2, _mm_set1_epi8(0xe0 - 0x80)),
                                   _mm_subs_epu8(before3, _mm_set1_epi8(0xf0 - 0x80)));
  return _mm_xor_si128(_mm_and_si128(continued, _mm_set1_epi8((char)0x80)), reasons);
}

/* errors16 of the octets right behind those in `before`. */
WSPEC__SSE41 __m128i errors16_after(__m128i octets, __m128i before) {
  return errors16(octets, _mm_alignr_epi8(octets, before, 15), _mm_alignr_epi8(octets, before, 14),
                  _mm_alignr_epi8(octets, before, 13));
}

/* errors16 of 16 octets in memory with at least three before them. */
WSPEC__SSE41 __m128i errors16_at(const uint8_t *at) {
  return errors16(load16(at), load16(at - 1), load16(at - 2), load16(at - 3));
}

WSPEC__SSE41 bool are_zero16(__m128i errors) {
  return _mm_testz_si128(errors, errors) != 0;
}

/* The scan of fewer than 16 octets: zeros behind the last make a code point that is not whole
 * wrong. */
WSPEC__SSE41 size_t scan_below16(const uint8_t *data, size_t len) {
  if (len == 0) {
    return 0;
  }
  __m128i octets = load_below16(data, len);
  bool valid = are_ascii16(octets) || are_zero16(errors16_after(octets, _mm_setzero_si128()));
  return valid ? len : 0;
}

#endif
