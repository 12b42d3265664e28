#include "peers.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/* A TCP connection of which Beast reads first the request, then the frames: the copy goes straight
 * to where Beast wants the octets. What it writes is dropped. */
class memory_stream {
public:
  using executor_type = asio::io_context::executor_type;

  memory_stream(asio::io_context &context, bench_frames *frames)
      : executor_(context.get_executor()), frames_(frames) {}

  executor_type get_executor() noexcept { return executor_; }

  template <class Buffers>
  std::size_t read_some(const Buffers &buffers, beast::error_code &error) {
    error = {};
    if (request_left_ > 0) {
      asio::const_buffer left(request + sizeof request - 1 - request_left_, request_left_);
      std::size_t len = asio::buffer_copy(buffers, left);
      request_left_ -= len;
      return len;
    }
    asio::mutable_buffer first = *asio::buffer_sequence_begin(buffers);
    std::size_t len =
        bench_frames_read(frames_, static_cast<std::uint8_t *>(first.data()), first.size());
    if (len == 0) { /* the stream's end, from where it begins again */
      len = bench_frames_read(frames_, static_cast<std::uint8_t *>(first.data()), first.size());
    }
    return len;
  }

  template <class Buffers> std::size_t read_some(const Buffers &buffers) {
    beast::error_code error;
    return read_some(buffers, error);
  }

  template <class Buffers>
  std::size_t write_some(const Buffers &buffers, beast::error_code &error) {
    error = {};
    return asio::buffer_size(buffers);
  }

  template <class Buffers> std::size_t write_some(const Buffers &buffers) {
    return asio::buffer_size(buffers);
  }

private:
  executor_type executor_;
  bench_frames *frames_;
  std::size_t request_left_ = sizeof request - 1;
};

static void teardown(beast::role_type, memory_stream &, beast::error_code &error) {
  error = {};
}

uint64_t peer_beast_messages(void *context, uint64_t rounds) {
  auto *frames = static_cast<bench_frames *>(context);
  asio::io_context io;
  websocket::stream<memory_stream> stream(io, frames);
  beast::flat_buffer message;
  beast::error_code error;
  std::uint64_t sum = 0;
  stream.read_message_max(0);
  stream.accept(error);
  for (std::uint64_t left = rounds * frames->n_messages; left > 0 && !error; left--) {
    stream.read(message, error);
    auto payload = message.cdata();
    sum += bench_frames_count(static_cast<const std::uint8_t *>(payload.data()), payload.size());
    message.clear();
  }
  frames->at = 0;
  return error ? 0 : sum;
}

uint64_t peer_beast_fields(void *context, uint64_t rounds) {
  auto *head = static_cast<bench_head *>(context);
  std::uint64_t n_fields = 0;
  for (std::uint64_t i = 0; i < rounds; i++) {
    http::request_parser<http::empty_body> parser;
    beast::error_code error;
    parser.put(asio::buffer(head->octets, head->len), error);
    if (parser.is_header_done()) {
      const auto &fields = parser.get().base();
      n_fields += static_cast<std::uint64_t>(std::distance(fields.begin(), fields.end()));
    }
  }
  return n_fields;
}
