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

__attribute__((target("avx2"))) bool wspec__mask_avx2(uint8_t *out, const uint8_t *in, size_t len,
                                                      uint32_t key) {
  /* The last 32 are loaded before the loop stores what it may share with them. */
  __m256i tail_keys = _mm256_set1_epi32((int)wspec__mask_key_word(key, len));
  __m256i tail = _mm256_xor_si256(load32(in + len - 32), tail_keys);
  __m256i keys = _mm256_set1_epi32((int)key);
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
