#include "peers.h"

#include "WebSocketProtocol.h"

#include "bench.h"

#include <string>

uint64_t peer_uwebsockets_validate(const uint8_t *data, size_t len, uint64_t rounds) {
  uint64_t valid = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    valid += uWS::protocol::isValidUtf8(const_cast<unsigned char *>(data), len);
    bench_touch_memory();
  }
  return valid;
}

/* What uWebSockets' parser calls; both count what came, and never give up. */
struct counts_frames {
  uint64_t sum = 0;

  static bool refusePayloadLength(uint64_t, uWS::WebSocketState<true> *, void *) { return false; }
  static bool setCompressed(uWS::WebSocketState<true> *, void *) { return false; }
  static void forceClose(uWS::WebSocketState<true> *, void *, std::string_view = {}) {}
  static bool handleFragment(char *data, size_t len, unsigned remaining, int, bool fin,
                             uWS::WebSocketState<true> *, void *user) {
    auto *self = static_cast<counts_frames *>(user);
    self->sum += len;
    if (fin && remaining == 0) {
      self->sum += static_cast<uint8_t>(data[len - 1]);
    }
    return false;
  }
};

/* Puts messages together as uWebSockets' own server does, and checks text where that does. */
struct counts_messages {
  uint64_t sum = 0;
  std::string message;

  static bool refusePayloadLength(uint64_t, uWS::WebSocketState<true> *, void *) { return false; }
  static bool setCompressed(uWS::WebSocketState<true> *, void *) { return false; }
  static void forceClose(uWS::WebSocketState<true> *, void *, std::string_view = {}) {}
  static bool handleFragment(char *data, size_t len, unsigned remaining, int opcode, bool fin,
                             uWS::WebSocketState<true> *, void *user) {
    auto *self = static_cast<counts_messages *>(user);
    bool is_whole = remaining == 0 && fin && self->message.empty();
    if (!is_whole) {
      if (self->message.empty()) {
        self->message.reserve(len + remaining);
      }
      self->message.append(data, len);
      if (remaining != 0 || !fin) {
        return false;
      }
      data = self->message.data();
      len = self->message.size();
    }
    auto *octets = reinterpret_cast<unsigned char *>(data);
    if (opcode == uWS::TEXT && !uWS::protocol::isValidUtf8(octets, len)) {
      return true;
    }
    self->sum += bench_frames_count(octets, len);
    if (!is_whole) {
      self->message.clear();
    }
    return false;
  }
};

template <class Impl> static uint64_t consume_all(void *context, uint64_t rounds) {
  static uint8_t buffer[BENCH_PADDING + BENCH_READ_LEN + BENCH_PADDING];
  auto *frames = static_cast<bench_frames *>(context);
  uWS::WebSocketState<true> state;
  Impl impl;
  for (uint64_t i = 0; i < rounds; i++) {
    size_t len;
    while ((len = bench_frames_read(frames, buffer + BENCH_PADDING, BENCH_READ_LEN)) > 0) {
      uWS::WebSocketProtocol<true, Impl>::consume(reinterpret_cast<char *>(buffer + BENCH_PADDING),
                                                  static_cast<unsigned>(len), &state, &impl);
    }
  }
  return impl.sum;
}

uint64_t peer_uwebsockets_consume(void *context, uint64_t rounds) {
  return consume_all<counts_frames>(context, rounds);
}

uint64_t peer_uwebsockets_messages(void *context, uint64_t rounds) {
  return consume_all<counts_messages>(context, rounds);
}
