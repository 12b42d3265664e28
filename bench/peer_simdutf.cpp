#include "peers.h"

#include "simdutf.h"

const void *peer_simdutf_find(const char *name) {
  const simdutf::implementation *implementation = simdutf::get_available_implementations()[name];
  return implementation && implementation->supported_by_runtime_system() ? implementation : nullptr;
}

bool peer_simdutf_is_valid(const void *implementation, const uint8_t *data, size_t len) {
  return static_cast<const simdutf::implementation *>(implementation)
      ->validate_utf8(reinterpret_cast<const char *>(data), len);
}
