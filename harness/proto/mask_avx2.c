#include "proto/mask_internal.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2"), always_inline)) static inline

AVX2 __m256i load32(const uint8_t *in) {
  return _mm256_loadu_si256((const __m256i *)(const void *)in);
}

AVX2 void store32(uint8_t *out, __m256i vector) {
  _mm256_storeu_si256((__m256i *)(void *)out, vector);
}

/* At most 128 octets. Two or four vectors that overlap cover every length; all are loaded before any
 * is stored, as `out` may be `in`. */
AVX2 bool mask_up_to128(uint8_t *out, const uint8_t *in, size_t len, __m256i keys,
                        __m256i tail_keys) {
  __m256i first = _mm256_xor_si256(load32(in), keys);
  __m256i last = _mm256_xor_si256(load32(in + len - 32), tail_keys);
  __m256i any = _mm256_or_si256(first, last);
  if (len > 64) {
    __m256i second = _mm256_xor_si256(load32(in + 32), keys);
    __m256i third = _mm256_xor_si256(load32(in + len - 64), tail_keys);
    any = _mm256_or_si256(any, _mm256_or_si256(second, third));
    store32(out + 32, second);
    store32(out + len - 64, third);
  }
  store32(out, first);
  store32(out + len - 32, last);
  return _mm256_movemask_epi8(any) == 0;
}

__attribute__((target("avx2"))) bool wspec__mask_avx2(uint8_t *out, const uint8_t *in, size_t len,
                                                      uint32_t key) {
  __m256i tail_keys = _mm256_set1_epi32((int)wspec__mask_key_word(key, len));
  __m256i keys = _mm256_set1_epi32((int)key);
  if (len <= 128) {
    return mask_up_to128(out, in, len, keys, tail_keys);
  }
  /* The last 32 are loaded before the loop stores what it may share with them. */
  __m256i tail = _mm256_xor_si256(load32(in + len - 32), tail_keys);
  __m256i any = tail;
  size_t i = 0;
  for (; len - i > 128; i += 128) {
    __m256i a = _mm256_xor_si256(load32(in + i), keys);
    __m256i b = _mm256_xor_si256(load32(in + i + 32), keys);
    __m256i c = _mm256_xor_si256(load32(in + i + 64), keys);
    __m256i d = _mm256_xor_si256(load32(in + i + 96), keys);
    store32(out + i, a);
    store32(out + i + 32, b);
    store32(out + i + 64, c);
    store32(out + i + 96, d);
    any = _mm256_or_si256(any, _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d)));
  }
  for (; len - i > 32; i += 32) {
    __m256i a = _mm256_xor_si256(load32(in + i), keys);
    store32(out + i, a);
    any = _mm256_or_si256(any, a);
  }
  store32(out + len - 32, tail);
  return _mm256_movemask_epi8(any) == 0;
}

#endif
