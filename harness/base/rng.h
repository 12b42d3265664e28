/* rng: a seeded pseudo-random generator, the same on every machine (splitmix64). For payloads,
 * masking keys under test and schedules; never for secrets. */
#ifndef WSPEC_BASE_RNG_H
#define WSPEC_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct wspec_rng {
  uint64_t state; /* any value is a valid seed */
};

/* wspec_rng_mix returns a well-mixed 64-bit value for `x`: the same input gives the same output.
 * Octet i of a random payload is taken from wspec_rng_mix(seed + i / 8), so that any part of it
 * can be made without the part before. */
uint64_t wspec_rng_mix(uint64_t x);

/* wspec_rng_next returns the next 64 bits. */
uint64_t wspec_rng_next(struct wspec_rng *rng);

/* wspec_rng_below returns a value in 0..`bound`-1; 0 if `bound` is 0. */
uint64_t wspec_rng_below(struct wspec_rng *rng, uint64_t bound);

/* wspec_rng_fill writes `len` octets to `out`. */
void wspec_rng_fill(struct wspec_rng *rng, uint8_t *out, size_t len);

#endif
