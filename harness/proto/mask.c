#include "proto/mask.h"

#include "proto/mask_internal.h"

#include <string.h>

/* A vector of the compiler's: SSE2 on x86-64 and NEON on arm64, which are always there, and two or
 * four words elsewhere. */
typedef uint64_t vector16 __attribute__((vector_size(16)));

#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline uint64_t doubled(uint32_t word) {
  return (uint64_t)word << 32 | word;
}

static inline uint32_t load4(const uint8_t *in) {
  uint32_t word;
  memcpy(&word, in, sizeof word);
  return word;
}

static inline vector16 load16(const uint8_t *in) {
  vector16 vector;
  memcpy(&vector, in, sizeof vector);
  return vector;
}

static inline void store16(uint8_t *out, vector16 vector) {
  memcpy(out, &vector, sizeof vector);
}

/* Fewer than 8 octets; of two words that overlap, both are loaded before either is stored. Returns
 * the OR of what was written. */
static inline uint32_t mask_short(uint8_t *out, const uint8_t *in, size_t len, uint32_t key) {
  if (len >= 4) {
    uint32_t head = load4(in) ^ key;
    uint32_t tail = load4(in + len - 4) ^ wspec__mask_key_word(key, len);
    memcpy(out, &head, sizeof head);
    memcpy(out + len - 4, &tail, sizeof tail);
    return head | tail;
  }
  uint8_t key_octets[4];
  memcpy(key_octets, &key, sizeof key_octets);
  uint32_t any = 0;
  for (size_t i = 0; i < len; i++) {
    out[i] = in[i] ^ key_octets[i];
    any |= out[i];
  }
  return any;
}

/* More than 16 octets. The last 16 are loaded before the loop stores what it may share with them,
 * and stored after it. Returns the OR of what was written. */
static inline uint64_t mask_long(uint8_t *out, const uint8_t *in, size_t len, uint32_t key) {
  uint64_t tail_word = doubled(wspec__mask_key_word(key, len));
  vector16 tail = load16(in + len - 16) ^ (vector16) { tail_word, tail_word };
  vector16 keys = {doubled(key), doubled(key)};
  vector16 any = tail;
  size_t i = 0;
  for (; len - i >= 80; i += 64) {
    vector16 a = load16(in + i) ^ keys;
    vector16 b = load16(in + i + 16) ^ keys;
    vector16 c = load16(in + i + 32) ^ keys;
    vector16 d = load16(in + i + 48) ^ keys;
    store16(out + i, a);
    store16(out + i + 16, b);
    store16(out + i + 32, c);
    store16(out + i + 48, d);
    any |= a | b | c | d;
  }
  for (; len - i > 16; i += 16) {
    vector16 a = load16(in + i) ^ keys;
    store16(out + i, a);
    any |= a;
  }
  store16(out + len - 16, tail);
  return any[0] | any[1];
}

static inline bool mask_portable(uint8_t *out, const uint8_t *in, size_t len, uint32_t key) {
  if (len > 16) {
    return (mask_long(out, in, len, key) & HIGH_BITS) == 0;
  }
  if (len >= 8) {
    return wspec__mask_up_to16(out, in, len, key);
  }
  return (mask_short(out, in, len, key) & HIGH_BITS) == 0;
}

bool wspec__mask_portable(uint8_t *out, const uint8_t *in, size_t len, uint32_t key) {
  return mask_portable(out, in, len, key);
}

bool wspec__mask_any(uint8_t *out, const uint8_t *in, size_t len, uint32_t key) {
#if defined(__x86_64__)
  /* To ask each time costs a load and a branch that is always predicted, and spares a global. */
  if (len >= WSPEC__MASK_AVX2_LEN && __builtin_cpu_supports("avx2")) {
    return wspec__mask_avx2(out, in, len, key);
  }
#endif
  return mask_portable(out, in, len, key);
}
