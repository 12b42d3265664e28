/* Boost.Beast 1.81 (Debian libboost1.81-dev): a server's stream over Beast's own stream in memory. */
#include "target.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include <cstdlib>
#include <string>

namespace beast = boost::beast;
namespace websocket = beast::websocket;

static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

struct receiver {
  boost::asio::io_context context;
  websocket::stream<beast::test::stream> stream{context};
  beast::test::stream peer{context};
  beast::flat_buffer message;
  fuzz_sink *sink;
  bool failed = false;

  receiver(const fuzz_target_options *options, fuzz_sink *to) : sink(to) {
    stream.next_layer().connect(peer);
    stream.read_message_max(options->message_max);
    stream.control_callback([this](websocket::frame_type kind, beast::string_view payload) {
      report(kind, reinterpret_cast<const std::uint8_t *>(payload.data()), payload.size());
    });
    boost::asio::write(peer, boost::asio::buffer(request, sizeof request - 1));
    stream.async_accept([this](beast::error_code error) {
      if (error) {
        std::abort();
      }
      read();
    });
    context.poll();
  }

  void report(websocket::frame_type kind, const std::uint8_t *payload, std::size_t len) {
    if (kind == websocket::frame_type::ping) {
      fuzz_sink_ping(sink, payload, len);
    } else if (kind == websocket::frame_type::pong) {
      fuzz_sink_pong(sink, payload, len);
    } else {
      websocket::close_reason reason = stream.reason();
      auto code = reason.code == websocket::close_code::none ? 1005 : int(reason.code);
      fuzz_sink_close(sink, std::uint16_t(code), payload, len);
    }
  }

  void read() {
    stream.async_read(message, [this](beast::error_code error, std::size_t) {
      if (error) {
        failed = error != websocket::error::closed;
        return;
      }
      auto data = message.cdata();
      fuzz_sink_data(sink, stream.got_text(), static_cast<const std::uint8_t *>(data.data()),
                     data.size(), true);
      message.clear();
      read();
    });
  }
};

static void *create(const fuzz_target_options *options, fuzz_sink *sink) {
  return new receiver(options, sink);
}

static bool feed(void *context, std::uint8_t *octets, std::size_t len) {
  auto *self = static_cast<receiver *>(context);
  boost::asio::write(self->peer, boost::asio::buffer(octets, len));
  self->context.restart();
  self->context.poll();
  self->peer.clear();
  return !self->failed;
}

static void destroy(void *context) {
  auto *self = static_cast<receiver *>(context);
  self->stream.next_layer().close();
  self->context.restart();
  self->context.poll();
  delete self;
}

/* Found by this harness; docs/fuzzing-your-parser.md has the inputs. */
static const char *const tolerates[] = {
    "6455-7.4.2-05", /* status codes from 5000 on pass */
    "6455-5.6-01",   /* a text that ends within a code point passes if its last frame is empty */
    nullptr};

static fuzz_target make() {
  fuzz_target target = {};
  target.name = "Boost.Beast";
  target.create = create;
  target.feed = feed;
  target.destroy = destroy;
  target.only_server = true;
  target.tolerates = tolerates;
  return target;
}

extern "C" const fuzz_target fuzz_target_under_test = make();
