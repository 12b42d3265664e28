#include "base/rng.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

uint64_t wspec_rng_mix(uint64_t x) {
  x += GOLDEN_GAMMA;
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

uint64_t wspec_rng_next(struct wspec_rng *rng) {
  uint64_t value = wspec_rng_mix(rng->state);
  rng->state += GOLDEN_GAMMA;
  return value;
}

uint64_t wspec_rng_below(struct wspec_rng *rng, uint64_t bound) {
  return bound == 0 ? 0 : wspec_rng_next(rng) % bound;
}

void wspec_rng_fill(struct wspec_rng *rng, uint8_t *out, size_t len) {
  for (size_t i = 0; i < len;) {
    uint64_t value = wspec_rng_next(rng);
    for (unsigned k = 0; k < 8 && i < len; k++, i++) {
      out[i] = (uint8_t)(value >> (8 * k));
    }
  }
}
