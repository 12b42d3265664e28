#include "net/input.h"

#include "net/internal.h"

#include <fcntl.h>
#include <stdlib.h>

struct wspec_input {
  union {
    uv_handle_t handle;
    uv_poll_t poll;
    uv_idle_t idle; /* for an ordinary file, which cannot be polled */
  } uv;
  void (*on_readable)(void *user);
  void *user;
  bool is_file;
};

static void on_uv_closed(uv_handle_t *handle) {
  free(handle->data);
}

static void on_uv_poll(uv_poll_t *handle, int status, int events) {
  struct wspec_input *input = handle->data;
  (void)status; /* the read of the user meets the error */
  (void)events;
  input->on_readable(input->user);
}

static void on_uv_idle(uv_idle_t *handle) {
  struct wspec_input *input = handle->data;
  input->on_readable(input->user);
}

/* libuv makes the descriptor non-blocking. A terminal shares that with standard output, where it
 * would cut off what is printed, so it is taken back. */
static int init_handle(struct wspec_input *input, struct wspec_loop *loop, int fd) {
  int flags = fcntl(fd, F_GETFL);
  int code = uv_poll_init(&loop->uv, &input->uv.poll, fd);
  if (flags >= 0) {
    (void)fcntl(fd, F_SETFL, flags);
  }
  if (code == UV_EPERM) {
    input->is_file = true;
    code = uv_idle_init(&loop->uv, &input->uv.idle);
  }
  return code;
}

enum wspec_err wspec_input_new(struct wspec_loop *loop, int fd, void (*on_readable)(void *user),
                               void *user, struct wspec_input **out) {
  *out = NULL;
  struct wspec_input *input = calloc(1, sizeof *input);
  if (!input) {
    return WSPEC_ERR_NOMEM;
  }
  input->on_readable = on_readable;
  input->user = user;
  if (init_handle(input, loop, fd) != 0) {
    free(input);
    return WSPEC_ERR_IO;
  }
  input->uv.handle.data = input;
  wspec_input_resume(input);
  *out = input;
  return WSPEC_OK;
}

void wspec_input_free(struct wspec_input *input) {
  if (input) {
    uv_close(&input->uv.handle, on_uv_closed);
  }
}

void wspec_input_pause(struct wspec_input *input) {
  if (input->is_file) {
    (void)uv_idle_stop(&input->uv.idle);
  } else {
    (void)uv_poll_stop(&input->uv.poll);
  }
}

void wspec_input_resume(struct wspec_input *input) {
  if (input->is_file) {
    (void)uv_idle_start(&input->uv.idle, on_uv_idle);
  } else {
    (void)uv_poll_start(&input->uv.poll, UV_READABLE | UV_DISCONNECT, on_uv_poll);
  }
}
