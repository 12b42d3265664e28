#include "net/signal.h"

#include "net/internal.h"

#include <stdlib.h>

struct wspec_signal {
  uv_signal_t uv;
  void (*callback)(void *user);
  void *user;
};

static void on_uv_closed(uv_handle_t *handle) {
  free(handle->data);
}

static void on_uv_signal(uv_signal_t *handle, int number) {
  struct wspec_signal *watch = handle->data;
  (void)number;
  watch->callback(watch->user);
}

enum wspec_err wspec_signal_new(struct wspec_loop *loop, int number, void (*callback)(void *user),
                                void *user, struct wspec_signal **out) {
  *out = NULL;
  struct wspec_signal *watch = calloc(1, sizeof *watch);
  if (!watch) {
    return WSPEC_ERR_NOMEM;
  }
  watch->callback = callback;
  watch->user = user;
  watch->uv.data = watch;
  if (uv_signal_init(&loop->uv, &watch->uv) != 0) {
    free(watch);
    return WSPEC_ERR_IO;
  }
  uv_unref((uv_handle_t *)&watch->uv);
  if (uv_signal_start(&watch->uv, on_uv_signal, number) != 0) {
    wspec_signal_free(watch);
    return WSPEC_ERR_IO;
  }
  *out = watch;
  return WSPEC_OK;
}

void wspec_signal_free(struct wspec_signal *watch) {
  if (watch) {
    uv_close((uv_handle_t *)&watch->uv, on_uv_closed);
  }
}
