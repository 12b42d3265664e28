/* echo_server: an echo server in a page. `echo_server PORT` listens on 127.0.0.1, prints where, and
 * ends by SIGTERM after it has closed its connections with 1001. */
#include "endpoint/echo.h"
#include "endpoint/server.h"
#include "net/signal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void *new_echo(void *context) {
  (void)context;
  return wspec_echo_new();
}

static void free_echo(void *echo) {
  wspec_echo_free(echo);
}

static void on_terminate(void *server) {
  wspec_server_drain(server, 1000);
}

int main(int argc, char **argv) {
  struct wspec_loop *loop;
  struct wspec_server *server = NULL;
  struct wspec_signal *terminate = NULL;
  struct wspec_net_error error = {.sentence = "out of memory"};
  struct wspec_server_options options;
  wspec_server_options_init(&options);
  options.port = (uint16_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : 0);
  options.handlers = wspec_echo_handlers();
  options.user_new = new_echo;
  options.user_free = free_echo;
  options.session.deflate = true;

  if (wspec_loop_new(&loop)) {
    return 1;
  }
  int status = 1;
  if (wspec_server_new(loop, &options, &server, &error) ||
      wspec_signal_new(loop, SIGTERM, on_terminate, server, &terminate)) {
    (void)fprintf(stderr, "echo_server: %s\n", error.sentence);
  } else {
    char address[WSPEC_ADDRESS_TEXT_MAX];
    printf("listening on ws://%s/\n", wspec_address_text(wspec_server_address(server), address));
    (void)fflush(stdout);
    wspec_loop_run(loop);
    status = 0;
  }
  wspec_signal_free(terminate);
  wspec_server_free(server);
  wspec_loop_free(loop);
  return status;
}
