#include "peers.h"

#include "simdutf.h"

#include "bench.h"

const void *peer_simdutf_find(const char *name) {
  const simdutf::implementation *implementation = simdutf::get_available_implementations()[name];
  return implementation && implementation->supported_by_runtime_system() ? implementation : nullptr;
}

uint64_t peer_simdutf_validate(const void *implementation, const uint8_t *data, size_t len,
                               uint64_t rounds) {
  const auto *simdutf = static_cast<const simdutf::implementation *>(implementation);
  uint64_t valid = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    valid += simdutf->validate_utf8(reinterpret_cast<const char *>(data), len);
    bench_touch_memory();
  }
  return valid;
}
