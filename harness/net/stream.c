#include "net/stream.h"

#include "net/internal.h"
#include "net/tls_filter.h"

#include <stdlib.h>
#include <string.h>

enum { LINGER_MS = 1000 };

struct wspec_stream *wspec_stream_new(struct wspec_loop *loop, size_t pending_max) {
  struct wspec_stream *stream = calloc(1, sizeof *stream);
  if (!stream) {
    return NULL;
  }
  stream->loop = loop;
  stream->pending_max = pending_max ? pending_max : WSPEC_STREAM_PENDING_DEFAULT;
  stream->tcp.data = stream;
  stream->timer.data = stream;
  stream->shutdown.data = stream;
  (void)uv_timer_init(&loop->uv, &stream->timer);
  stream->open_handles = 1;
  return stream;
}

/* The end: closing the handles. */

void wspec_stream_handle_closed(uv_handle_t *handle) {
  struct wspec_stream *stream = handle->data;
  if (--stream->open_handles > 0) {
    return;
  }
  if (stream->handlers && stream->handlers->on_closed) {
    stream->handlers->on_closed(stream->user, stream);
  }
  wspec_tls_filter_free(stream->tls);
  free(stream->attempt);
  free(stream);
}

int wspec_stream_init_tcp(struct wspec_stream *stream) {
  int code = uv_tcp_init(&stream->loop->uv, &stream->tcp);
  stream->tcp.data = stream;
  if (code == 0) {
    stream->has_tcp = true;
    stream->open_handles++;
  }
  return code;
}

void wspec_stream_destroy(struct wspec_stream *stream) {
  if (stream->state == STREAM_DEAD) {
    return;
  }
  wspec_connect_cancel(stream);
  stream->state = STREAM_DEAD;
  wspec_loop_undefer(stream);
  if (stream->has_tcp) {
    uv_close((uv_handle_t *)&stream->tcp, wspec_stream_handle_closed);
  }
  uv_close((uv_handle_t *)&stream->timer, wspec_stream_handle_closed);
}

void wspec_stream_reset(struct wspec_stream *stream) {
  if (stream->state == STREAM_DEAD) {
    return;
  }
  /* uv_tcp_close_reset refuses a stream whose FIN is queued; RST is wanted then too. */
  uv_os_fd_t fd;
  if (stream->has_tcp && uv_fileno((uv_handle_t *)&stream->tcp, &fd) == 0) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  }
  wspec_stream_destroy(stream);
}

static void on_uv_linger_timer(uv_timer_t *handle) {
  struct wspec_stream *stream = handle->data;
  if (stream->pending > 0) {
    wspec_stream_reset(stream);
  } else {
    wspec_stream_destroy(stream);
  }
}

void wspec_stream_check_lingering(struct wspec_stream *stream) {
  if (stream->state == STREAM_LINGERING && stream->finish_done && stream->peer_finished) {
    wspec_stream_destroy(stream);
  }
}

static void begin_reading(struct wspec_stream *stream);

static void start_lingering(struct wspec_stream *stream) {
  wspec_stream_send_fin(stream);
  stream->state = STREAM_LINGERING;
  wspec_loop_undefer(stream);
  uv_update_time(&stream->loop->uv);
  (void)uv_timer_start(&stream->timer, on_uv_linger_timer, LINGER_MS, 0);
  begin_reading(stream);
  /* Both ends may be done already; on_closed comes later all the same, by way of uv_close. */
  wspec_stream_check_lingering(stream);
}

void wspec_stream_close(struct wspec_stream *stream) {
  if (stream->state == STREAM_CONNECTING) {
    wspec_stream_destroy(stream);
  } else if (stream->state == STREAM_TLS || stream->state == STREAM_OPEN) {
    start_lingering(stream);
  }
}

/* Errors. */

void wspec_stream_fail(struct wspec_stream *stream, const struct wspec_net_error *error) {
  if (stream->state == STREAM_LINGERING || stream->state == STREAM_DEAD ||
      stream->state == STREAM_FAILED) {
    return;
  }
  stream->state = STREAM_FAILED;
  if (stream->handlers && stream->handlers->on_error) {
    stream->handlers->on_error(stream->user, stream, error);
  }
  if (stream->state != STREAM_FAILED) {
    return; /* on_error has reset it */
  }
  if (error->err == WSPEC_ERR_TLS && !stream->peer_finished && stream->write_code == 0) {
    start_lingering(stream); /* the alert that tells the peer why is on its way */
  } else {
    wspec_stream_destroy(stream);
  }
}

bool wspec_stream_code_is_reset(int code) {
  return code == UV_ECONNRESET || code == UV_EPIPE || code == UV_ECONNABORTED;
}

static void fail_with_code(struct wspec_stream *stream, int code) {
  struct wspec_net_error error;
  if (wspec_stream_code_is_reset(code)) {
    (void)wspec_net_error_set(&error, WSPEC_ERR_IO, "the peer reset the connection (RST)");
    error.reset = true;
  } else {
    (void)wspec_net_error_set(&error, WSPEC_ERR_IO, "the connection broke: %s", uv_strerror(code));
  }
  wspec_stream_fail(stream, &error);
}

static void on_uv_timeout(uv_timer_t *handle) {
  struct wspec_stream *stream = handle->data;
  struct wspec_net_error error;
  (void)wspec_net_error_set(&error, WSPEC_ERR_TIMEOUT, "no %s within %lu ms",
                            stream->state == STREAM_TLS ? "TLS handshake" : "connection",
                            (unsigned long)stream->timeout_ms);
  wspec_stream_fail(stream, &error);
}

void wspec_stream_start_timeout(struct wspec_stream *stream, uint32_t timeout_ms) {
  stream->timeout_ms = timeout_ms;
  if (timeout_ms > 0) {
    uv_update_time(&stream->loop->uv);
    (void)uv_timer_start(&stream->timer, on_uv_timeout, timeout_ms, 0);
  }
}

/* Reading. */

/* Delivers how reading ended, unless the user has paused or data is still to come first. */
static void deliver_end(struct wspec_stream *stream) {
  if (stream->end == END_NONE || stream->is_paused || stream->state != STREAM_OPEN) {
    return;
  }
  if (stream->end == END_ERROR) {
    fail_with_code(stream, stream->end_code);
    return;
  }
  if (!stream->eof_delivered) {
    stream->eof_delivered = true;
    if (stream->handlers->on_eof) {
      stream->handlers->on_eof(stream->user, stream);
    }
  }
}

void wspec_stream_deliver_data(struct wspec_stream *stream, uint8_t *data, size_t len) {
  if (stream->state == STREAM_OPEN && stream->handlers->on_data) {
    stream->handlers->on_data(stream->user, stream, data, len);
  }
}

/* What ended reading: libuv reports a RST as UV_EOF if octets came before it in the same poll
 * (POLLHUP after a short read), and a write that saw the RST first has used up the socket's error.
 * Returns 0 for a true FIN. */
static int hidden_error(struct wspec_stream *stream) {
  if (stream->write_code != 0) {
    return stream->write_code;
  }
  uv_os_fd_t fd;
  int socket_error = 0;
  socklen_t len = sizeof socket_error;
  if (uv_fileno((uv_handle_t *)&stream->tcp, &fd) != 0 ||
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &socket_error, &len) != 0) {
    return 0;
  }
  return uv_translate_sys_error(socket_error);
}

/* The TLS handshake cannot go on. */
static void fail_handshake(struct wspec_stream *stream, int code) {
  struct wspec_net_error error;
  (void)wspec_net_error_set(&error, WSPEC_ERR_TLS, "the peer %s during the TLS handshake",
                            code == 0 ? "closed the connection" : "reset the connection (RST)");
  if (code != 0 && !wspec_stream_code_is_reset(code)) {
    (void)wspec_net_error_set(&error, WSPEC_ERR_TLS,
                              "the connection broke during the TLS handshake: %s",
                              uv_strerror(code));
  }
  error.reset = wspec_stream_code_is_reset(code);
  wspec_stream_fail(stream, &error);
}

static void end_reading(struct wspec_stream *stream, int code) {
  if (code == UV_EOF) {
    code = hidden_error(stream);
  }
  stream->peer_finished = true;
  stream->finish_done = stream->finish_done || code != 0; /* a FIN can be sent no more */
  if (stream->state == STREAM_TLS) {
    fail_handshake(stream, code);
    return;
  }
  if (stream->end == END_NONE) {
    stream->end = code == 0 ? END_EOF : END_ERROR;
    stream->end_code = code;
  }
  deliver_end(stream);
}

static void on_uv_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
  (void)suggested;
  struct wspec_stream *stream = handle->data;
  *out = uv_buf_init((char *)stream->loop->read_buffer, WSPEC_STREAM_READ_MAX);
}

static void on_uv_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buffer) {
  struct wspec_stream *stream = handle->data;
  if (count < 0) {
    end_reading(stream, (int)count);
  } else if (count > 0 && stream->tls) {
    if (stream->state == STREAM_TLS || stream->state == STREAM_OPEN) {
      wspec_stream_tls_receive(stream, (const uint8_t *)buffer->base, (size_t)count);
      deliver_end(stream);
    }
  } else if (count > 0) {
    wspec_stream_deliver_data(stream, (uint8_t *)buffer->base, (size_t)count);
  }
  wspec_stream_check_lingering(stream);
}

static void begin_reading(struct wspec_stream *stream) {
  if (stream->peer_finished) {
    return;
  }
  int code = uv_read_start((uv_stream_t *)&stream->tcp, on_uv_alloc, on_uv_read);
  if (code != 0 && code != UV_EALREADY) {
    stream->peer_finished = true;
    stream->end = END_ERROR;
    stream->end_code = code;
    wspec_loop_defer(stream);
  }
}

void wspec_stream_pause(struct wspec_stream *stream) {
  stream->is_paused = true;
  if (stream->state == STREAM_OPEN) {
    (void)uv_read_stop((uv_stream_t *)&stream->tcp);
  }
}

void wspec_stream_resume(struct wspec_stream *stream) {
  if (!stream->is_paused) {
    return;
  }
  stream->is_paused = false;
  if (stream->state == STREAM_OPEN) {
    begin_reading(stream);
    if (stream->end != END_NONE || stream->tls) {
      wspec_loop_defer(stream);
    }
  }
}

static void run_deferred_open(struct wspec_stream *stream) {
  /* A failed write waits for reading to end by itself; if it has, nothing else would tell. */
  if (stream->write_code != 0 && stream->peer_finished && stream->end == END_EOF) {
    stream->end = END_ERROR;
    stream->end_code = stream->write_code;
  }
  if (stream->tls) {
    wspec_stream_tls_pump(stream);
  }
  deliver_end(stream);
}

void wspec_stream_run_deferred(struct wspec_stream *stream) {
  if (stream->state == STREAM_CONNECTING) {
    wspec_connect_run_deferred(stream);
  } else if (stream->state == STREAM_TLS && stream->end == END_ERROR) {
    fail_handshake(stream, stream->end_code);
  } else if (stream->state == STREAM_OPEN) {
    run_deferred_open(stream);
  }
}

/* The beginning. */

void wspec_stream_become_open(struct wspec_stream *stream) {
  stream->state = STREAM_OPEN;
  (void)uv_timer_stop(&stream->timer);
  if (stream->is_paused) {
    (void)uv_read_stop((uv_stream_t *)&stream->tcp); /* the handshake was read all the same */
  } else {
    begin_reading(stream);
  }
  if (stream->handlers && stream->handlers->on_open) {
    stream->handlers->on_open(stream->user, stream);
  }
}

void wspec_stream_start(struct wspec_stream *stream) {
  (void)uv_tcp_nodelay(&stream->tcp, 1);
  if (stream->tls) {
    stream->state = STREAM_TLS;
    begin_reading(stream);
    wspec_stream_tls_pump(stream);
  } else {
    wspec_stream_become_open(stream);
  }
}

void wspec_stream_set_handlers(struct wspec_stream *stream,
                               const struct wspec_stream_handlers *handlers, void *user) {
  stream->handlers = handlers;
  stream->user = user;
}

/* Questions. */

bool wspec_stream_is_paused(const struct wspec_stream *stream) {
  return stream->is_paused;
}

size_t wspec_stream_pending(const struct wspec_stream *stream) {
  return stream->pending;
}

void *wspec_stream_user(const struct wspec_stream *stream) {
  return stream->user;
}

struct wspec_loop *wspec_stream_loop(const struct wspec_stream *stream) {
  return stream->loop;
}

static enum wspec_err address_of(const struct wspec_stream *stream,
                                 int (*get)(const uv_tcp_t *, struct sockaddr *, int *),
                                 struct wspec_address *out) {
  struct sockaddr_storage storage;
  int len = sizeof storage;
  memset(out, 0, sizeof *out);
  if (!stream->has_tcp || get(&stream->tcp, (struct sockaddr *)&storage, &len) != 0) {
    return WSPEC_ERR_MISUSE;
  }
  return wspec_address_from_socket((const struct sockaddr *)&storage, out);
}

enum wspec_err wspec_stream_peer(const struct wspec_stream *stream, struct wspec_address *out) {
  return address_of(stream, uv_tcp_getpeername, out);
}

enum wspec_err wspec_stream_local(const struct wspec_stream *stream, struct wspec_address *out) {
  return address_of(stream, uv_tcp_getsockname, out);
}
