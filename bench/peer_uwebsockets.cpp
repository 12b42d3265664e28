#include "peers.h"

#include "WebSocketProtocol.h"

#include "bench.h"

uint64_t peer_uwebsockets_validate(const uint8_t *data, size_t len, uint64_t rounds) {
  uint64_t valid = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    valid += uWS::protocol::isValidUtf8(const_cast<unsigned char *>(data), len);
    bench_touch_memory();
  }
  return valid;
}
