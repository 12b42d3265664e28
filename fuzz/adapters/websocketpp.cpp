/* websocketpp 0.8.2 (Debian libwebsocketpp-dev): a server over its iostream transport. */
#include "target.h"

#include <websocketpp/config/core.hpp>
#include <websocketpp/server.hpp>

#include <cstdlib>
#include <sstream>

using endpoint = websocketpp::server<websocketpp::config::core>;

static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

static const std::uint8_t *octets_of(const std::string &text) {
  return reinterpret_cast<const std::uint8_t *>(text.data());
}

struct receiver {
  endpoint server;
  std::ostringstream output;
  endpoint::connection_ptr connection;
  fuzz_sink *sink;

  receiver(const fuzz_target_options *options, fuzz_sink *to) : sink(to) {
    server.clear_access_channels(websocketpp::log::alevel::all);
    server.clear_error_channels(websocketpp::log::elevel::all);
    server.register_ostream(&output);
    server.set_max_message_size(options->message_max);
    set_handlers();
    connection = server.get_connection();
    connection->start();
    connection->read_all(request, sizeof request - 1);
    if (connection->get_state() != websocketpp::session::state::open) {
      std::abort();
    }
  }

  void set_handlers() {
    server.set_message_handler([this](auto, endpoint::message_ptr message) {
      const std::string &payload = message->get_payload();
      bool is_text = message->get_opcode() == websocketpp::frame::opcode::text;
      fuzz_sink_data(sink, is_text, octets_of(payload), payload.size(), true);
    });
    server.set_ping_handler([this](auto, std::string payload) {
      fuzz_sink_ping(sink, octets_of(payload), payload.size());
      return true;
    });
    server.set_pong_handler([this](auto, std::string payload) {
      fuzz_sink_pong(sink, octets_of(payload), payload.size());
    });
  }

  bool feed(const char *octets, std::size_t len) {
    if (connection->get_state() != websocketpp::session::state::closed) {
      connection->read_all(octets, len);
    }
    output.str("");
    return connection->get_state() == websocketpp::session::state::open;
  }
};

static void *create(const fuzz_target_options *options, fuzz_sink *sink) {
  return new receiver(options, sink);
}

static bool feed(void *context, std::uint8_t *octets, std::size_t len) {
  return static_cast<receiver *>(context)->feed(reinterpret_cast<const char *>(octets), len);
}

static void destroy(void *context) {
  auto *self = static_cast<receiver *>(context);
  self->connection->eof();
  delete self;
}

/* Found by this harness; docs/fuzzing-your-parser.md has the inputs. */
static const char *const tolerates[] = {
    "6455-5.6-01", /* a fragmented text that ends within a code point passes */
    nullptr};

static fuzz_target make() {
  fuzz_target target = {};
  target.name = "websocketpp";
  target.create = create;
  target.feed = feed;
  target.destroy = destroy;
  target.only_server = true;
  target.tolerates = tolerates;
  target.hides_closes = true; /* a close frame that it refuses looks like one with 1002 */
  return target;
}

extern "C" const fuzz_target fuzz_target_under_test = make();
