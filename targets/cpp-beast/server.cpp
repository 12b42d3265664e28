// Echoes each message; selects the subprotocol `chat` when it is offered.
#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using tcp = asio::ip::tcp;

struct Connection : beast::buffered_read_stream<tcp::socket, beast::flat_buffer> {
  using buffered_read_stream::buffered_read_stream;
};

// The library finds this one by the type of its stream, and knows how to end the socket itself.
template <class Handler>
void async_teardown(beast::role_type role, Connection &connection, Handler &&handler) {
  websocket::async_teardown(role, connection.next_layer(), std::forward<Handler>(handler));
}

class Session : public std::enable_shared_from_this<Session> {
public:
  explicit Session(tcp::socket socket) : stream_(std::move(socket)) {
  }

  void run() {
    auto &source = stream_.next_layer(); // frames that came with the request stay in its buffer
    http::async_read(source.next_layer(), source.buffer(), request_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error)
                         self->accept();
                     });
  }

private:
  void accept() {
    websocket::permessage_deflate deflate;
    deflate.server_enable = true;
    stream_.set_option(deflate);
    stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    stream_.read_message_max(16 << 20);
    if (offers_chat()) {
      stream_.set_option(websocket::stream_base::decorator([](websocket::response_type &response) {
        response.set(http::field::sec_websocket_protocol, "chat");
      }));
    }
    stream_.async_accept(request_, [self = shared_from_this()](beast::error_code error) {
      if (!error)
        self->read();
    });
  }

  // The library's token_list would fold the case, and find names in what is no list of tokens.
  bool offers_chat() const {
    std::string_view rest = request_[http::field::sec_websocket_protocol];
    for (bool is_more = true; is_more;) {
      const auto comma = rest.find(',');
      auto name = rest.substr(0, comma);
      name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
      if (name.substr(0, name.find_last_not_of(" \t") + 1) == "chat")
        return true;
      is_more = comma != rest.npos;
      rest.remove_prefix(is_more ? comma + 1 : 0);
    }
    return false;
  }

  void read() {
    buffer_.clear();
    stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error)
        self->write();
    });
  }

  void write() {
    stream_.text(stream_.got_text());
    stream_.async_write(buffer_.data(),
                        [self = shared_from_this()](beast::error_code error, std::size_t) {
                          if (!error)
                            self->read();
                        });
  }

  websocket::stream<Connection> stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
};

static void listen(tcp::acceptor &acceptor) {
  acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket socket) {
    if (!error)
      std::make_shared<Session>(std::move(socket))->run();
    listen(acceptor);
  });
}

int main(int, char **argv) {
  asio::io_context context{1};
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  // The acceptor sets SO_REUSEADDR by default.
  tcp::acceptor acceptor{context, {asio::ip::make_address("127.0.0.1"), port}};
  listen(acceptor);
  context.run();
}
