#include "net/internal.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct write_request {
  uv_write_t uv;
  struct wspec_stream *stream;
  void (*release)(void *release_user); /* NULL: the octets are in `copy` */
  void *release_user;
  size_t len;
  size_t cost;
  uint8_t copy[];
};

static void request_free(struct write_request *request) {
  if (request->release) {
    request->release(request->release_user);
  }
  free(request);
}

/* The peer may have sent octets before the RST that made the write fail, and they are still to be
 * read: the error is left to the end of reading, which such a socket is sure to reach. */
static void write_failed(struct wspec_stream *stream, int code) {
  if (stream->write_code != 0) {
    return;
  }
  stream->write_code = code;
  if (!wspec_stream_code_is_reset(code)) {
    stream->end = END_ERROR;
    stream->end_code = code;
  }
  wspec_loop_defer(stream);
}

static void on_uv_written(uv_write_t *uv, int status) {
  struct write_request *request = uv->data;
  struct wspec_stream *stream = request->stream;
  stream->pending -= request->len;
  stream->pending_cost -= request->cost;
  request_free(request);
  if (status < 0 && stream->state != STREAM_DEAD) {
    write_failed(stream, status);
  }
  /* After a failure libuv 1.44 leaves the other requests queued until the close. */
  bool is_drained = stream->pending == 0 || status < 0;
  if (is_drained && stream->state == STREAM_OPEN && stream->handlers->on_drained) {
    stream->handlers->on_drained(stream->user, stream);
  }
}

/* Queues `octets`; copies them if `release` is NULL, else takes over the duty to release them,
 * unless it fails. */
static enum wspec_err enqueue(struct wspec_stream *stream, struct wspec_span octets,
                              void (*release)(void *release_user), void *release_user) {
  size_t copied = release ? 0 : octets.len;
  struct write_request *request = malloc(sizeof *request + copied);
  if (!request) {
    write_failed(stream, UV_ENOMEM); /* what is missing now would leave a hole in the stream */
    return WSPEC_ERR_NOMEM;
  }
  *request = (struct write_request){.stream = stream,
                                    .release = release,
                                    .release_user = release_user,
                                    .len = octets.len,
                                    .cost = sizeof *request + octets.len};
  request->uv.data = request;
  if (copied > 0) {
    memcpy(request->copy, octets.data, copied);
    octets.data = request->copy;
  }
  uv_buf_t buffer = {.base = (char *)(uintptr_t)octets.data, .len = octets.len};
  int code = uv_write(&request->uv, (uv_stream_t *)&stream->tcp, &buffer, 1, on_uv_written);
  if (code != 0) {
    free(request);
    write_failed(stream, code);
    return WSPEC_ERR_IO;
  }
  stream->pending += request->len;
  stream->pending_cost += request->cost;
  return WSPEC_OK;
}

/* Hands to the kernel what it takes now. Returns how much, or SIZE_MAX if the connection broke. */
static size_t write_at_once(struct wspec_stream *stream, struct wspec_span octets) {
  uv_buf_t buffer = {.base = (char *)(uintptr_t)octets.data, .len = octets.len};
  int taken = uv_try_write((uv_stream_t *)&stream->tcp, &buffer, 1);
  if (taken == UV_EAGAIN) {
    return 0;
  }
  if (taken < 0) {
    write_failed(stream, taken);
    return SIZE_MAX;
  }
  return (size_t)taken;
}

static enum wspec_err check_writable(const struct wspec_stream *stream, size_t len) {
  if (stream->state != STREAM_OPEN || stream->finish_asked) {
    return WSPEC_ERR_MISUSE;
  }
  if (stream->write_code != 0 || stream->end == END_ERROR) {
    return WSPEC_ERR_IO;
  }
  size_t room = stream->pending_max - stream->pending_cost;
  if (stream->pending_cost > stream->pending_max || len > room) {
    return WSPEC_ERR_LIMIT;
  }
  return WSPEC_OK;
}

static enum wspec_err send_plain(struct wspec_stream *stream, struct wspec_span octets,
                                 void (*release)(void *release_user), void *release_user,
                                 bool *is_taken) {
  size_t taken = stream->pending > 0 ? 0 : write_at_once(stream, octets);
  if (taken == SIZE_MAX) {
    return WSPEC_ERR_IO;
  }
  struct wspec_span rest = wspec_span_from(octets, taken);
  if (rest.len == 0) {
    return WSPEC_OK;
  }
  enum wspec_err err = enqueue(stream, rest, release, release_user);
  *is_taken = !err;
  return err;
}

enum wspec_err wspec_stream_send(struct wspec_stream *stream, struct wspec_span octets) {
  bool is_taken = false;
  return send_plain(stream, octets, NULL, NULL, &is_taken);
}

enum wspec_err wspec_stream_write(struct wspec_stream *stream, struct wspec_span octets) {
  enum wspec_err err = check_writable(stream, octets.len);
  if (err || octets.len == 0) {
    return err;
  }
  return stream->tls ? wspec_stream_tls_write(stream, octets) : wspec_stream_send(stream, octets);
}

enum wspec_err wspec_stream_write_borrowed(struct wspec_stream *stream, struct wspec_span octets,
                                           void (*release)(void *release_user),
                                           void *release_user) {
  bool is_taken = false;
  enum wspec_err err = check_writable(stream, octets.len);
  if (!err && octets.len > 0 && stream->tls) {
    err = wspec_stream_tls_write(stream, octets); /* the ciphertext is a copy anyway */
  } else if (!err && octets.len > 0) {
    err = send_plain(stream, octets, release, release_user, &is_taken);
  }
  if (!is_taken) {
    release(release_user);
  }
  return err;
}

static void on_uv_shutdown(uv_shutdown_t *request, int status) {
  (void)status; /* a broken connection has no FIN to send; reading tells */
  struct wspec_stream *stream = request->data;
  stream->finish_done = true;
  wspec_stream_check_lingering(stream);
}

void wspec_stream_send_fin(struct wspec_stream *stream) {
  if (stream->finish_asked) {
    return;
  }
  stream->finish_asked = true;
  if (stream->tls) {
    wspec_stream_tls_finish(stream);
  }
  if (uv_shutdown(&stream->shutdown, (uv_stream_t *)&stream->tcp, on_uv_shutdown) != 0) {
    stream->finish_done = true;
  }
}

void wspec_stream_finish(struct wspec_stream *stream) {
  if (stream->state == STREAM_OPEN) {
    wspec_stream_send_fin(stream);
  }
}

/* From here on only whole segments go out; the FIN pushes the rest. */
static void hold_back(struct wspec_stream *stream) {
#ifdef TCP_CORK
  uv_os_fd_t fd;
  if (uv_fileno((uv_handle_t *)&stream->tcp, &fd) == 0) {
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &(int){1}, sizeof(int));
  }
#else
  (void)stream;
#endif
}

enum wspec_err wspec_stream_write_and_finish(struct wspec_stream *stream,
                                             struct wspec_span octets) {
  enum wspec_err err = check_writable(stream, octets.len);
  if (err) {
    return err;
  }
  hold_back(stream);
  err = wspec_stream_write(stream, octets);
  if (!err) {
    wspec_stream_finish(stream);
  }
  return err;
}
