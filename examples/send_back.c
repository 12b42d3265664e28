/* send_back: `send_back URL` sends each message back until the connection is over: the client that
 * `wspec run-client` wants to see. */
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
  if (argc != 2 || wspec_loop_new(&loop)) {
    return 2;
  }
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
