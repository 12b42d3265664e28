#include "proto/utf8_internal.h"

#if defined(__x86_64__)

#include "proto/utf8_sse41.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2"), always_inline)) static inline

AVX2 __m256i load32(const uint8_t *at) {
  return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

AVX2 __m256i table32(const uint8_t *table) {
  return _mm256_broadcastsi128_si256(load16(table));
}

AVX2 bool are_ascii32(__m256i octets) {
  return _mm256_movemask_epi8(octets) == 0;
}

AVX2 bool are_zero32(__m256i errors) {
  return _mm256_testz_si256(errors, errors) != 0;
}

/* As errors16 in utf8_sse41.h. */
AVX2 __m256i errors32(__m256i octets, __m256i before1, __m256i before2, __m256i before3) {
  const __m256i half = _mm256_set1_epi8(0x0f);
  __m256i first_high = _mm256_and_si256(_mm256_srli_epi16(before1, 4), half);
  __m256i first_low = _mm256_and_si256(before1, half);
  __m256i second_high = _mm256_and_si256(_mm256_srli_epi16(octets, 4), half);
  __m256i reasons =
      _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(table32(utf8_first_high), first_high),
                                        _mm256_shuffle_epi8(table32(utf8_first_low), first_low)),
                       _mm256_shuffle_epi8(table32(utf8_second_high), second_high));
  __m256i continued = _mm256_or_si256(_mm256_subs_epu8(before2, _mm256_set1_epi8(0xe0 - 0x80)),
                                      _mm256_subs_epu8(before3, _mm256_set1_epi8(0xf0 - 0x80)));
  return _mm256_xor_si256(_mm256_and_si256(continued, _mm256_set1_epi8((char)0x80)), reasons);
}

/* errors32 of 32 octets in memory with at least three before them. To load those again one, two and
 * three places before is less work than to shift them over from the vector before. */
AVX2 __m256i errors32_at(const uint8_t *at) {
  return errors32(load32(at), load32(at - 1), load32(at - 2), load32(at - 3));
}

/* errors32 of the first 32 octets of a text. */
AVX2 __m256i errors32_first(__m256i octets) {
  /* The upper half's octets before it are the lower half, the lower half's are zeros. */
  __m256i before = _mm256_permute2x128_si256(octets, octets, 0x08);
  return errors32(octets, _mm256_alignr_epi8(octets, before, 15),
                  _mm256_alignr_epi8(octets, before, 14), _mm256_alignr_epi8(octets, before, 13));
}

/* 16 to 32 octets: one vector, with zeros behind the last octet. */
AVX2 size_t scan_up_to32(const uint8_t *data, size_t len) {
  __m128i first = load16(data);
  if (are_ascii16(_mm_or_si128(first, load16(data + len - 16)))) {
    return len;
  }
  __m256i octets = _mm256_set_m128i(load_beyond16(data, len), first);
  return are_zero32(errors32_first(octets)) ? wspec__utf8_cut(data, len) : 0;
}

/* The errors of the last octets of more than 32, of which all but `left`, 1 to 32, were looked at.
 * Some are looked at twice, which does no harm. */
AVX2 __m256i errors_of_rest(const uint8_t *data, size_t len, size_t left) {
  return left > 16 ? errors32_at(data + len - 32)
                   : _mm256_zextsi128_si256(errors16_at(data + len - 16));
}

/* 33 to 128 octets: once over all for ASCII, then once over all for errors. */
AVX2 size_t scan_up_to128(const uint8_t *data, size_t len) {
  __m256i any = _mm256_or_si256(load32(data), load32(data + len - 32));
  for (size_t i = 32; i + 32 < len; i += 32) {
    any = _mm256_or_si256(any, load32(data + i));
  }
  if (are_ascii32(any)) {
    return len;
  }
  __m256i errors = errors32_first(load32(data));
  size_t i = 32;
  for (; len - i > 32; i += 32) {
    errors = _mm256_or_si256(errors, errors32_at(data + i));
  }
  errors = _mm256_or_si256(errors, errors_of_rest(data, len, len - i));
  return are_zero32(errors) ? wspec__utf8_cut(data, len) : 0;
}

/* How many octets are ASCII, in whole blocks of 128. */
AVX2 size_t ascii_blocks(const uint8_t *data, size_t len) {
  size_t i = 0;
  while (len - i >= 128 && are_ascii32(_mm256_or_si256(
                               _mm256_or_si256(load32(data + i), load32(data + i + 32)),
                               _mm256_or_si256(load32(data + i + 64), load32(data + i + 96))))) {
    i += 128;
  }
  return i;
}

/* The errors of `len` octets, a multiple of 64, with at least three before them. */
AVX2 __m256i errors_of_stretch(const uint8_t *data, size_t len) {
  __m256i errors = _mm256_setzero_si256();
  for (size_t i = 0; i < len; i += 64) {
    const uint8_t *at = data + i;
    /* ASCII may be passed over only where no code point is open. */
    if (are_ascii32(_mm256_or_si256(load32(at), load32(at + 32))) && at[-1] < 0x80) {
      continue;
    }
    errors = _mm256_or_si256(errors, _mm256_or_si256(errors32_at(at), errors32_at(at + 32)));
  }
  return errors;
}

/* More than 128 octets. */
AVX2 size_t scan_long(const uint8_t *data, size_t len) {
  size_t i = ascii_blocks(data, len);
  size_t stretch = i;
  __m256i errors = _mm256_setzero_si256();
  if (i == 0) {
    errors = errors32_first(load32(data));
    i = 32;
  }
  while (len - i >= 64) {
    size_t left = (len - i) / 64 * 64;
    size_t stretch_len = left < WSPEC__UTF8_STRETCH ? left : WSPEC__UTF8_STRETCH;
    errors = _mm256_or_si256(errors, errors_of_stretch(data + i, stretch_len));
    if (!are_zero32(errors)) {
      return wspec__utf8_border(data, stretch);
    }
    i += stretch_len;
    stretch = i;
  }
  if (len - i > 32) {
    errors = errors32_at(data + i);
    i += 32;
  }
  if (i < len) {
    errors = _mm256_or_si256(errors, errors_of_rest(data, len, len - i));
  }
  return are_zero32(errors) ? wspec__utf8_cut(data, len) : wspec__utf8_border(data, stretch);
}

__attribute__((target("avx2"))) size_t wspec__utf8_scan_avx2(const uint8_t *data, size_t len) {
  if (len < 16) {
    return scan_below16(data, len);
  }
  if (len <= 32) {
    return scan_up_to32(data, len);
  }
  return len <= 128 ? scan_up_to128(data, len) : scan_long(data, len);
}

#endif
