#include "net/internal.h"

#include <stdlib.h>
#include <string.h>

struct wspec_connect_attempt {
  uv_connect_t uv;
  struct wspec_resolution *resolution;
  struct wspec_addresses addresses;
  size_t next; /* index of the address to try */
  uint16_t port;
  char host[]; /* NUL-terminated */
};

static void try_next(struct wspec_stream *stream);

void wspec_connect_cancel(struct wspec_stream *stream) {
  if (stream->attempt) {
    wspec_resolution_cancel(stream->attempt->resolution);
    stream->attempt->resolution = NULL;
  }
}

static void give_up(struct wspec_stream *stream, int code) {
  struct wspec_connect_attempt *attempt = stream->attempt;
  char tried[WSPEC_ADDRESS_TEXT_MAX];
  struct wspec_net_error error;
  size_t count = attempt->addresses.count;
  const struct wspec_address *last = &attempt->addresses.items[count - 1];
  if (count == 1) {
    (void)wspec_net_error_set(&error, WSPEC_ERR_CONNECT, "cannot connect to %s: %s",
                              wspec_address_text(last, tried), uv_strerror(code));
  } else {
    (void)wspec_net_error_set(&error, WSPEC_ERR_CONNECT,
                              "cannot connect to %s port %u: %s (%zu addresses tried, last %s)",
                              attempt->host, (unsigned)attempt->port, uv_strerror(code), count,
                              wspec_address_text(last, tried));
  }
  wspec_stream_fail(stream, &error);
}

static void on_uv_attempt_closed(uv_handle_t *handle) {
  struct wspec_stream *stream = handle->data;
  if (stream->state != STREAM_CONNECTING) {
    wspec_stream_handle_closed(handle);
    return;
  }
  stream->open_handles--;
  try_next(stream);
}

/* A uv_tcp_t that failed to connect cannot connect again: it is closed and made anew. */
static void attempt_failed(struct wspec_stream *stream, int code) {
  if (stream->attempt->next < stream->attempt->addresses.count) {
    stream->has_tcp = false;
    uv_close((uv_handle_t *)&stream->tcp, on_uv_attempt_closed);
    return;
  }
  give_up(stream, code);
}

static void on_uv_connected(uv_connect_t *request, int status) {
  struct wspec_stream *stream = request->data;
  if (stream->state != STREAM_CONNECTING) {
    return;
  }
  /* These two mean that the connection was made, and reset before we got to look: the peer's
   * octets may be there to read. The socket's error is used up by now, hence write_code. */
  if (status == UV_ECONNRESET || status == UV_EPIPE) {
    stream->write_code = status;
  } else if (status != 0) {
    attempt_failed(stream, status);
    return;
  }
  free(stream->attempt);
  stream->attempt = NULL;
  wspec_stream_start(stream);
}

static void try_next(struct wspec_stream *stream) {
  struct wspec_connect_attempt *attempt = stream->attempt;
  const struct wspec_address *address = &attempt->addresses.items[attempt->next++];
  int code = wspec_stream_init_tcp(stream);
  if (code != 0) {
    give_up(stream, code);
    return;
  }
  attempt->uv.data = stream;
  code = uv_tcp_connect(&attempt->uv, &stream->tcp, &address->as.any, on_uv_connected);
  if (code != 0) {
    attempt_failed(stream, code);
  }
}

static void on_resolved(void *user, const struct wspec_addresses *addresses,
                        const struct wspec_net_error *error) {
  struct wspec_stream *stream = user;
  stream->attempt->resolution = NULL;
  if (error) {
    wspec_stream_fail(stream, error);
    return;
  }
  stream->attempt->addresses = *addresses;
  try_next(stream);
}

void wspec_connect_run_deferred(struct wspec_stream *stream) {
  try_next(stream);
}

/* Numeric addresses need no thread of the resolver, which a run with thousands of connections a
 * second would feel. */
static enum wspec_err begin(struct wspec_stream *stream,
                            const struct wspec_connect_options *options) {
  struct wspec_connect_attempt *attempt = stream->attempt;
  if (options->addresses && options->addresses->count > 0) {
    attempt->addresses = *options->addresses;
  } else if (wspec_address_parse(options->host, options->port, &attempt->addresses.items[0]) ==
             WSPEC_OK) {
    attempt->addresses.count = 1;
  } else {
    return wspec_resolve(stream->loop, options->host, options->port, on_resolved, stream,
                         &attempt->resolution);
  }
  /* Even a connection that fails at once must tell so from inside wspec_loop_run. */
  wspec_loop_defer(stream);
  return WSPEC_OK;
}

enum wspec_err wspec_stream_connect(struct wspec_loop *loop,
                                    const struct wspec_connect_options *options,
                                    const struct wspec_stream_handlers *handlers, void *user,
                                    struct wspec_stream **out) {
  *out = NULL;
  if (!options->host) {
    return WSPEC_ERR_INPUT;
  }
  struct wspec_stream *stream = wspec_stream_new(loop, options->pending_max);
  if (!stream) {
    return WSPEC_ERR_NOMEM;
  }
  stream->state = STREAM_CONNECTING;
  size_t size = strlen(options->host) + 1;
  enum wspec_err err = WSPEC_ERR_NOMEM;
  stream->attempt = calloc(1, sizeof *stream->attempt + size);
  if (stream->attempt) {
    stream->attempt->port = options->port;
    memcpy(stream->attempt->host, options->host, size);
    err = wspec_stream_tls_attach(stream, options->tls, options->host);
  }
  if (!err) {
    err = begin(stream, options);
  }
  if (err) {
    wspec_stream_destroy(stream); /* has no handlers yet: it vanishes silently */
    return err;
  }
  wspec_stream_set_handlers(stream, handlers, user);
  wspec_stream_start_timeout(stream, options->timeout_ms);
  *out = stream;
  return WSPEC_OK;
}
