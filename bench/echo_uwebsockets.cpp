// The echo server of uWebSockets that bench/echo measures. Argument: the port. Compression is off,
// sends are TCP_NODELAY (uSockets sets it).
#include "App.h"

#include <cstdlib>

struct PerSocketData {};

int main(int, char **argv) {
  uWS::App()
      .ws<PerSocketData>("/*",
                         {.compression = uWS::DISABLED,
                          .maxPayloadLength = 64 * 1024 * 1024,
                          .maxBackpressure = 64 * 1024 * 1024,
                          .message = [](auto *socket, std::string_view message,
                                        uWS::OpCode opcode) { socket->send(message, opcode); }})
      .listen("127.0.0.1", std::atoi(argv[1]),
              [](auto *token) {
                if (!token)
                  std::exit(1);
              })
      .run();
}
