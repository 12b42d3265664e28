#include "net/listener.h"

#include "net/internal.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_BACKLOG = 1024 };

struct wspec_listener {
  uv_tcp_t tcp;
  struct wspec_loop *loop;
  void (*on_accept)(void *user, struct wspec_stream *stream);
  void *user;
  struct wspec_address address;
  struct wspec_tls *tls;
  size_t pending_max;
  uint32_t timeout_ms;
};

static void on_uv_closed(uv_handle_t *handle) {
  free(handle->data);
}

void wspec_listener_free(struct wspec_listener *listener) {
  if (listener) {
    uv_close((uv_handle_t *)&listener->tcp, on_uv_closed);
  }
}

/* An accept that fails (no memory, no descriptors) costs that client its connection, not the
 * listener its life: the stream is destroyed and the rest goes on. */
static void on_uv_connection(uv_stream_t *server, int status) {
  struct wspec_listener *listener = server->data;
  if (status != 0) {
    return;
  }
  struct wspec_stream *stream = wspec_stream_new(listener->loop, listener->pending_max);
  if (!stream) {
    /* libuv accepts no more until this connection is taken. A handle that has a descriptor already
     * cannot take it, and libuv then closes the connection. */
    (void)uv_accept(server, server);
    return;
  }
  if (wspec_stream_init_tcp(stream) != 0 || uv_accept(server, (uv_stream_t *)&stream->tcp) != 0 ||
      wspec_stream_tls_attach(stream, listener->tls, NULL)) {
    wspec_stream_destroy(stream);
    return;
  }
  stream->state = STREAM_TLS; /* not open yet */
  listener->on_accept(listener->user, stream);
  if (stream->state != STREAM_TLS) {
    return; /* on_accept has closed or reset it */
  }
  if (!stream->handlers) {
    wspec_stream_reset(stream);
    return;
  }
  wspec_stream_start_timeout(stream, listener->timeout_ms);
  wspec_stream_start(stream);
}

static int bind_and_listen(struct wspec_listener *listener, const struct wspec_address *address,
                           int backlog) {
  int code = uv_tcp_bind(&listener->tcp, &address->as.any, 0);
  if (code == 0) {
    code = uv_listen((uv_stream_t *)&listener->tcp, backlog, on_uv_connection);
  }
  struct sockaddr_storage storage;
  int len = sizeof storage;
  if (code == 0) {
    code = uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&storage, &len);
  }
  if (code == 0 &&
      wspec_address_from_socket((const struct sockaddr *)&storage, &listener->address)) {
    code = UV_EAFNOSUPPORT;
  }
  return code;
}

static struct wspec_listener *listener_alloc(struct wspec_loop *loop,
                                             const struct wspec_listen_options *options) {
  struct wspec_listener *listener = calloc(1, sizeof *listener);
  if (listener) {
    listener->loop = loop;
    listener->tls = options->tls;
    listener->pending_max = options->pending_max;
    listener->timeout_ms = options->timeout_ms;
    listener->tcp.data = listener;
    (void)uv_tcp_init(&loop->uv, &listener->tcp);
  }
  return listener;
}

enum wspec_err wspec_listener_new(struct wspec_loop *loop,
                                  const struct wspec_listen_options *options,
                                  void (*on_accept)(void *user, struct wspec_stream *stream),
                                  void *user, struct wspec_listener **out,
                                  struct wspec_net_error *error) {
  *out = NULL;
  struct wspec_addresses addresses;
  const char *host = options->host ? options->host : "127.0.0.1";
  enum wspec_err err = wspec_resolve_now(loop, host, options->port, &addresses, error);
  if (err) {
    return err;
  }
  struct wspec_listener *listener = listener_alloc(loop, options);
  if (!listener) {
    return wspec_net_error_set(error, WSPEC_ERR_NOMEM, "out of memory");
  }
  listener->on_accept = on_accept;
  listener->user = user;
  int backlog = options->backlog > 0 ? options->backlog : DEFAULT_BACKLOG;
  int code = bind_and_listen(listener, &addresses.items[0], backlog);
  if (code != 0) {
    char text[WSPEC_ADDRESS_TEXT_MAX];
    wspec_listener_free(listener);
    return wspec_net_error_set(error, WSPEC_ERR_IO, "cannot listen on %s: %s",
                               wspec_address_text(&addresses.items[0], text), uv_strerror(code));
  }
  *out = listener;
  return WSPEC_OK;
}

const struct wspec_address *wspec_listener_address(const struct wspec_listener *listener) {
  return &listener->address;
}
