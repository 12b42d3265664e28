/* websocket_watch: prints what happens to one socket of the WebSocket API in C, a line an event.
 *
 * usage: websocket_watch URL [CAFILE [CERTIFICATE KEY]]. Sends "Hello" once it is open, and waits
 * for the end, which is the server's to bring. Prints
 *
 *   open
 *   message text|binary LENGTH
 *   error NAME SENTENCE
 *   close CODE clean|unclean REASON
 *
 * with the readyState in front of each, and exits with 0 if `close` came once and last. */
#include "endpoint/websocket.h"

#include <stdio.h>

struct watch {
  unsigned closes;
  bool came_later; /* an event behind `close` */
};

static void on_event(void *user, struct wspec_websocket *socket,
                     const struct wspec_websocket_event *event) {
  struct watch *watch = user;
  watch->came_later = watch->came_later || watch->closes > 0;
  printf("%d ", (int)wspec_websocket_ready_state(socket));
  switch (event->type) {
  case WSPEC_WEBSOCKET_ON_OPEN:
    printf("open\n");
    if (wspec_websocket_send_text(socket, wspec_span_text("Hello"))) {
      printf("out of memory\n");
    }
    break;
  case WSPEC_WEBSOCKET_ON_MESSAGE:
    printf("message %s %zu\n", event->is_text ? "text" : "binary", event->data.len);
    break;
  case WSPEC_WEBSOCKET_ON_ERROR:
    printf("error %s %s\n", wspec_err_name(event->err), event->sentence);
    break;
  case WSPEC_WEBSOCKET_ON_CLOSE:
    watch->closes++;
    printf("close %u %s %.*s\n", (unsigned)event->status_code,
           event->was_clean ? "clean" : "unclean", (int)event->reason.len,
           event->reason.len > 0 ? (const char *)event->reason.data : "");
    break;
  default:
    printf("control %zu\n", event->data.len);
    break;
  }
  (void)fflush(stdout);
}

static enum wspec_err watch_socket(struct watch *watch, struct wspec_loop *loop, const char *url,
                                   struct wspec_tls *tls, struct wspec_net_error *error) {
  struct wspec_websocket *socket;
  struct wspec_websocket_options options;
  wspec_websocket_options_init(&options);
  options.tls = tls;
  options.message_max = 1000 * 1000;
  enum wspec_err err = wspec_websocket_new(loop, url, &options, &socket, error);
  for (int type = 0; type < WSPEC_WEBSOCKET_N_EVENTS && !err; type++) {
    err =
        wspec_websocket_set_handler(socket, (enum wspec_websocket_event_type)type, on_event, watch);
  }
  if (!err) {
    wspec_websocket_set_binary_type(socket, WSPEC_WEBSOCKET_BUFFER);
    wspec_loop_run(loop);
  }
  wspec_websocket_free(socket);
  return err;
}

int main(int argc, char **argv) {
  struct watch watch = {0};
  struct wspec_loop *loop = NULL;
  struct wspec_tls *tls = NULL;
  struct wspec_net_error error = {.sentence = "out of memory"};
  struct wspec_tls_options tls_options = {.ca_file = argc > 2 ? argv[2] : NULL,
                                          .certificate_file = argc > 4 ? argv[3] : NULL,
                                          .key_file = argc > 4 ? argv[4] : NULL};
  if (argc < 2 || wspec_loop_new(&loop) || wspec_tls_new_client(&tls_options, &tls, &error) ||
      watch_socket(&watch, loop, argv[1], tls, &error)) {
    printf("%s\n", error.sentence);
  }
  wspec_loop_free(loop);
  wspec_tls_free(tls);
  return watch.closes == 1 && !watch.came_later ? 0 : 1;
}
