#include "net/loop.h"

#include "net/internal.h"

#include <signal.h>
#include <stdlib.h>

static void on_uv_idle(uv_idle_t *handle) {
  struct wspec_loop *loop = handle->data;
  /* What is deferred from here on waits for the next turn, so that sockets get theirs. */
  for (size_t turns = loop->deferred_count; turns > 0 && loop->deferred_first; turns--) {
    struct wspec_stream *stream = loop->deferred_first;
    wspec_loop_undefer(stream);
    wspec_stream_run_deferred(stream);
  }
}

void wspec_loop_defer(struct wspec_stream *stream) {
  struct wspec_loop *loop = stream->loop;
  if (stream->is_deferred) {
    return;
  }
  stream->is_deferred = true;
  stream->deferred_next = NULL;
  stream->deferred_previous = loop->deferred_last;
  if (loop->deferred_last) {
    loop->deferred_last->deferred_next = stream;
  } else {
    loop->deferred_first = stream;
    (void)uv_idle_start(&loop->idle, on_uv_idle);
  }
  loop->deferred_last = stream;
  loop->deferred_count++;
}

void wspec_loop_undefer(struct wspec_stream *stream) {
  struct wspec_loop *loop = stream->loop;
  if (!stream->is_deferred) {
    return;
  }
  stream->is_deferred = false;
  loop->deferred_count--;
  if (stream->deferred_previous) {
    stream->deferred_previous->deferred_next = stream->deferred_next;
  } else {
    loop->deferred_first = stream->deferred_next;
  }
  if (stream->deferred_next) {
    stream->deferred_next->deferred_previous = stream->deferred_previous;
  } else {
    loop->deferred_last = stream->deferred_previous;
  }
  if (!loop->deferred_first) {
    (void)uv_idle_stop(&loop->idle);
  }
}

enum wspec_err wspec_loop_new(struct wspec_loop **out) {
  *out = NULL;
  struct wspec_loop *loop = calloc(1, sizeof *loop);
  uint8_t *read_buffer = malloc(WSPEC_STREAM_READ_MAX);
  if (!loop || !read_buffer) {
    free(loop);
    free(read_buffer);
    return WSPEC_ERR_NOMEM;
  }
  if (uv_loop_init(&loop->uv) != 0) {
    free(loop);
    free(read_buffer);
    return WSPEC_ERR_IO;
  }
  (void)signal(SIGPIPE, SIG_IGN);
  loop->read_buffer = read_buffer;
  loop->idle.data = loop;
  (void)uv_idle_init(&loop->uv, &loop->idle);
  *out = loop;
  return WSPEC_OK;
}

void wspec_loop_free(struct wspec_loop *loop) {
  if (!loop) {
    return;
  }
  uv_close((uv_handle_t *)&loop->idle, NULL);
  /* A wspec_loop_stop that no run has taken yet would end this run too soon. */
  while (uv_loop_close(&loop->uv) == UV_EBUSY) {
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
  }
  free(loop->read_buffer);
  free(loop);
}

void wspec_loop_run(struct wspec_loop *loop) {
  (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void wspec_loop_stop(struct wspec_loop *loop) {
  uv_stop(&loop->uv);
}

uint64_t wspec_loop_now_us(const struct wspec_loop *loop) {
  (void)loop;
  return uv_hrtime() / 1000;
}
