// The echo server of Boost.Beast that bench/echo measures. Argument: the port. No compression, and
// TCP_NODELAY on every connection.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <cstdlib>
#include <memory>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using tcp = asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
public:
  explicit Session(tcp::socket socket) : stream_(std::move(socket)) {
    stream_.next_layer().set_option(tcp::no_delay(true));
    stream_.read_message_max(64 << 20);
  }

  void run() {
    stream_.async_accept([self = shared_from_this()](beast::error_code error) {
      if (!error)
        self->read();
    });
  }

private:
  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error)
        self->write();
    });
  }

  void write() {
    stream_.text(stream_.got_text());
    stream_.async_write(buffer_.data(),
                        [self = shared_from_this()](beast::error_code error, std::size_t) {
                          self->buffer_.clear();
                          if (!error)
                            self->read();
                        });
  }

  websocket::stream<tcp::socket> stream_;
  beast::flat_buffer buffer_;
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
  tcp::acceptor acceptor{context, {asio::ip::make_address("127.0.0.1"), port}};
  listen(acceptor);
  context.run();
}
