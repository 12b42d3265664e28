/* echo_client: the WebSocket API in a page. `echo_client URL TEXT` sends a message, prints what
 * comes back, closes, and exits with 0 if that was in good order. */
#include "endpoint/websocket.h"

#include <stdio.h>
#include <stdlib.h>

static void on_open(void *text, struct wspec_websocket *socket,
                    const struct wspec_websocket_event *event) {
  (void)event;
  if (wspec_websocket_send_text(socket, wspec_span_text(text))) {
    exit(2); /* it is not UTF-8, or out of memory */
  }
}

static void on_message(void *user, struct wspec_websocket *socket,
                       const struct wspec_websocket_event *event) {
  (void)user;
  printf("%.*s\n", (int)event->data.len, (const char *)event->data.data);
  if (wspec_websocket_close(socket, 1000, wspec_span_text("that was all"))) {
    (void)fputs("echo_client: out of memory\n", stderr);
  }
}

static void on_error(void *user, struct wspec_websocket *socket,
                     const struct wspec_websocket_event *event) {
  (void)user;
  (void)socket;
  (void)fprintf(stderr, "echo_client: %s\n", event->sentence);
}

static void on_close(void *was_clean, struct wspec_websocket *socket,
                     const struct wspec_websocket_event *event) {
  (void)socket;
  *(bool *)was_clean = event->was_clean && event->status_code == 1000;
}

int main(int argc, char **argv) {
  struct wspec_loop *loop;
  struct wspec_websocket *socket;
  struct wspec_net_error error;
  struct wspec_websocket_options options;
  bool was_clean = false;
  wspec_websocket_options_init(&options);
  if (argc != 3 || wspec_loop_new(&loop)) {
    return 2;
  }
  if (wspec_websocket_new(loop, argv[1], &options, &socket, &error)) {
    (void)fprintf(stderr, "echo_client: %s\n", error.sentence);
  } else if (!wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_OPEN, on_open, argv[2]) &&
             !wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_MESSAGE, on_message, NULL) &&
             !wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_ERROR, on_error, NULL) &&
             !wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_CLOSE, on_close, &was_clean)) {
    wspec_loop_run(loop);
  }
  wspec_websocket_free(socket);
  wspec_loop_free(loop);
  return was_clean ? 0 : 1;
}
