#include "endpoint/server.h"

#include "endpoint/channel.h"
#include "net/listener.h"

#include <stdlib.h>

/* Enough to keep the kernel's buffer full, and a small multiple of what one read brings. */
enum { DEFAULT_HIGH_WATER = 256 * 1024 };

void wspec_server_options_init(struct wspec_server_options *options) {
  *options = (struct wspec_server_options){.handshake_timeout_ms = 10 * 1000,
                                           .closing_timeout_ms = 5 * 1000};
  wspec_conn_options_init(&options->session.conn, false);
  options->session.conn.assemble = false;
}

static void on_accept(void *user, struct wspec_stream *stream) {
  struct wspec_server *server = user;
  size_t max = server->options.connections_max;
  if (max > 0 && server->connections >= max) {
    wspec_stream_reset(stream);
    return;
  }
  wspec_channel_accept(server, stream);
}

static void reset_all(struct wspec_server *server) {
  for (struct wspec_channel *channel = server->channels; channel; channel = channel->next) {
    wspec_stream_reset(channel->stream); /* on_closed, which unlinks it, comes later */
  }
}

static void on_drain_timer(void *user) {
  reset_all(user);
}

static enum wspec_err listen_on(struct wspec_server *server, struct wspec_net_error *error) {
  const struct wspec_server_options *options = &server->options;
  /* What one read leads to comes on top of the high water, before reading stops. */
  size_t pending_max = options->high_water + options->session.conn.output_max;
  struct wspec_listen_options listen_options = {.pending_max = pending_max,
                                                .host = options->host,
                                                .port = options->port,
                                                .tls = options->tls,
                                                .timeout_ms = options->handshake_timeout_ms};
  enum wspec_err err = wspec_listener_new(server->loop, &listen_options, on_accept, server,
                                          &server->listener, error);
  if (!err) {
    server->address = *wspec_listener_address(server->listener);
    server->options.host = NULL;
  }
  return err;
}

enum wspec_err wspec_server_new(struct wspec_loop *loop, const struct wspec_server_options *options,
                                struct wspec_server **out, struct wspec_net_error *error) {
  *out = NULL;
  struct wspec_server *server = calloc(1, sizeof *server);
  if (!server || wspec_timer_new(loop, on_drain_timer, server, &server->drain_timer)) {
    free(server);
    return wspec_net_error_set(error, WSPEC_ERR_NOMEM, "out of memory");
  }
  server->loop = loop;
  server->options = *options;
  if (options->high_water == 0) {
    server->options.high_water = DEFAULT_HIGH_WATER;
  }
  enum wspec_err err = listen_on(server, error);
  if (err) {
    wspec_server_free(server);
    return err;
  }
  *out = server;
  return WSPEC_OK;
}

void wspec_server_free(struct wspec_server *server) {
  if (!server) {
    return;
  }
  wspec_listener_free(server->listener);
  wspec_timer_free(server->drain_timer);
  reset_all(server);
  struct wspec_channel *next;
  for (struct wspec_channel *channel = server->channels; channel; channel = next) {
    next = channel->next;
    channel->server = NULL;
  }
  free(server);
}

const struct wspec_address *wspec_server_address(const struct wspec_server *server) {
  return &server->address;
}

size_t wspec_server_connections(const struct wspec_server *server) {
  return server->connections;
}

void wspec_server_broadcast(struct wspec_server *server, enum wspec_opcode opcode,
                            struct wspec_span payload) {
  for (struct wspec_channel *channel = server->channels; channel; channel = channel->next) {
    wspec_channel_send(channel, opcode, payload);
  }
}

void wspec_server_drain(struct wspec_server *server, uint32_t timeout_ms) {
  if (server->is_draining) {
    reset_all(server);
    return;
  }
  server->is_draining = true;
  wspec_listener_free(server->listener);
  server->listener = NULL;
  if (server->connections == 0) {
    return;
  }
  wspec_timer_start(server->drain_timer, (uint64_t)timeout_ms * 1000);
  for (struct wspec_channel *channel = server->channels; channel; channel = channel->next) {
    wspec_channel_drain(channel);
  }
}
