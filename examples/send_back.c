/* send_back: `send_back URL [SUBPROTOCOL]` sends each message back until the connection is over: the
 * client that `wspec run-client` wants to see. An empty SUBPROTOCOL is none. */
#include "endpoint/websocket.h"

#include <stdio.h>

static void on_message(void *user, struct wspec_websocket *socket,
                       const struct wspec_websocket_event *event) {
  (void)user;
  enum wspec_err err = event->is_text ? wspec_websocket_send_text(socket, event->data)
                                      : wspec_websocket_send_octets(socket, event->data);
  if (err) {
    (void)fputs("send_back: out of memory\n", stderr);
  }
}

static void on_error(void *user, struct wspec_websocket *socket,
                     const struct wspec_websocket_event *event) {
  (void)user;
  (void)socket;
  (void)fprintf(stderr, "send_back: %s\n", event->sentence);
}

int main(int argc, char **argv) {
  struct wspec_loop *loop;
  struct wspec_websocket *socket;
  struct wspec_net_error error;
  struct wspec_websocket_options options;
  wspec_websocket_options_init(&options);
  if (argc < 2 || argc > 3 || wspec_loop_new(&loop)) {
    return 2;
  }
  const char *protocols[] = {argc == 3 ? argv[2] : ""};
  options.protocols = protocols;
  options.n_protocols = protocols[0][0] ? 1 : 0;
  if (wspec_websocket_new(loop, argv[1], &options, &socket, &error)) {
    (void)fprintf(stderr, "send_back: %s\n", error.sentence);
  } else {
    wspec_websocket_set_binary_type(socket, WSPEC_WEBSOCKET_BUFFER);
    if (!wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_MESSAGE, on_message, NULL) &&
        !wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_ERROR, on_error, NULL)) {
      wspec_loop_run(loop);
    }
  }
  wspec_websocket_free(socket);
  wspec_loop_free(loop);
  return 0;
}
