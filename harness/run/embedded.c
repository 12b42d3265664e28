#include "run/embedded.h"

#include "endpoint/echo.h"

static const struct wspec_span protocols[] = {
    {(const uint8_t *)"chat", 4},
    {(const uint8_t *)"superchat", 9},
};

static const struct wspec_handshake_header headers[] = {
    {{(const uint8_t *)"Server", 6}, {(const uint8_t *)"wspec", 5}},
};

struct wspec_session_options wspec_embedded_session_options(void) {
  struct wspec_session_options options = {
      .deflate = true,
      .protocols = protocols,
      .n_protocols = sizeof protocols / sizeof protocols[0],
      .headers = headers,
      .n_headers = sizeof headers / sizeof headers[0],
  };
  wspec_conn_options_init(&options.conn, false);
  options.conn.assemble = false;
  options.conn.message_max = WSPEC_EMBEDDED_MESSAGE_MAX;
  options.conn.frame_max = WSPEC_EMBEDDED_MESSAGE_MAX;
  return options;
}

struct wspec_client_session_options wspec_embedded_client_options(const char *resource,
                                                                  uint64_t seed) {
  struct wspec_client_session_options options;
  wspec_client_session_options_init(&options);
  options.host = wspec_span_text("localhost");
  options.target = wspec_span_text(resource);
  options.protocols = protocols;
  options.n_protocols = sizeof protocols / sizeof protocols[0];
  options.conn.masking_seed = seed;
  options.conn.assemble = false;
  options.conn.message_max = WSPEC_EMBEDDED_MESSAGE_MAX;
  options.conn.frame_max = WSPEC_EMBEDDED_MESSAGE_MAX;
  return options;
}

static void *echo_new(void *context) {
  (void)context;
  return wspec_echo_new();
}

static void echo_free(void *user) {
  wspec_echo_free(user);
}

enum wspec_err wspec_embedded_start(struct wspec_loop *loop, struct wspec_server **server,
                                    struct wspec_net_error *error) {
  struct wspec_server_options options;
  wspec_server_options_init(&options);
  options.session = wspec_embedded_session_options();
  options.handlers = wspec_echo_handlers();
  options.user_new = echo_new;
  options.user_free = echo_free;
  return wspec_server_new(loop, &options, server, error);
}
