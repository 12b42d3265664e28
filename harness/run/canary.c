#include "run/canary.h"

#include "net/stream.h"
#include "net/timer.h"

#include <stdlib.h>

enum { INTERVAL_US = 50 * 1000 };

struct wspec_canary {
  struct wspec_loop *loop;
  const struct wspec_drive_route *route;
  struct wspec_timer *timer;
  void (*on_answer)(void *user, bool lives);
  void *user;
  uint64_t until_us;
};

static void on_open(void *user, struct wspec_stream *stream) {
  static const struct wspec_stream_handlers none = {.on_open = NULL};
  struct wspec_canary *canary = user;
  wspec_stream_set_handlers(stream, &none, NULL);
  wspec_stream_close(stream);
  canary->on_answer(canary->user, true);
}

static void on_error(void *user, struct wspec_stream *stream, const struct wspec_net_error *error) {
  (void)stream;
  (void)error;
  struct wspec_canary *canary = user;
  if (wspec_loop_now_us(canary->loop) >= canary->until_us) {
    canary->on_answer(canary->user, false);
    return;
  }
  wspec_timer_start(canary->timer, INTERVAL_US);
}

static const struct wspec_stream_handlers handlers = {.on_open = on_open, .on_error = on_error};

/* Plain TCP also where the target speaks TLS: that it takes the connection is enough. */
static void fly(void *user) {
  struct wspec_canary *canary = user;
  const struct wspec_connect_options options = {
      .host = canary->route->host,
      .port = canary->route->port,
      .addresses = canary->route->addresses,
      .timeout_ms = canary->route->connect_timeout_ms,
  };
  struct wspec_stream *stream;
  if (wspec_stream_connect(canary->loop, &options, &handlers, canary, &stream)) {
    canary->on_answer(canary->user, false);
  }
}

enum wspec_err wspec_canary_new(struct wspec_loop *loop, const struct wspec_drive_route *route,
                                void (*on_answer)(void *user, bool lives), void *user,
                                struct wspec_canary **out) {
  *out = NULL;
  struct wspec_canary *canary = calloc(1, sizeof *canary);
  if (!canary || wspec_timer_new(loop, fly, canary, &canary->timer)) {
    free(canary);
    return WSPEC_ERR_NOMEM;
  }
  canary->loop = loop;
  canary->route = route;
  canary->on_answer = on_answer;
  canary->user = user;
  *out = canary;
  return WSPEC_OK;
}

void wspec_canary_free(struct wspec_canary *canary) {
  if (canary) {
    wspec_timer_free(canary->timer);
    free(canary);
  }
}

void wspec_canary_send(struct wspec_canary *canary, uint64_t patience_us) {
  canary->until_us = wspec_loop_now_us(canary->loop) + patience_us;
  wspec_timer_start(canary->timer, 0);
}
