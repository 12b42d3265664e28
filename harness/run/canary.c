#include "run/canary.h"

#include "net/timer.h"

#include <stdlib.h>

enum { INTERVAL_US = 50 * 1000 };

struct wspec_canary {
  struct wspec_loop *loop;
  const struct wspec_drive_route *route;
  const struct wspec_play_config *config;
  struct wspec_timer *timer;
  void (*on_answer)(void *user, bool lives, unsigned attempts);
  void *user;
  uint64_t until_us;
  unsigned attempts;
  struct wspec_step step;
  struct wspec_script script;
};

static void on_done(void *user, struct wspec_play *play) {
  struct wspec_canary *canary = user;
  bool lives = wspec_play_head(play, 0) != NULL;
  if (!lives && wspec_loop_now_us(canary->loop) < canary->until_us) {
    wspec_timer_start(canary->timer, INTERVAL_US);
    return;
  }
  canary->on_answer(canary->user, lives, canary->attempts);
}

static void fly(void *user) {
  struct wspec_canary *canary = user;
  canary->attempts++;
  struct wspec_play *play =
      wspec_play_new(&canary->script, canary->config, wspec_loop_now_us(canary->loop));
  if (!play || wspec_drive_new(canary->loop, canary->route, play, NULL, on_done, canary)) {
    canary->on_answer(canary->user, false, canary->attempts);
  }
}

enum wspec_err wspec_canary_new(struct wspec_loop *loop, const struct wspec_drive_route *route,
                                const struct wspec_play_config *config,
                                void (*on_answer)(void *user, bool lives, unsigned attempts),
                                void *user, struct wspec_canary **out) {
  *out = NULL;
  struct wspec_canary *canary = calloc(1, sizeof *canary);
  if (!canary || wspec_timer_new(loop, fly, canary, &canary->timer)) {
    free(canary);
    return WSPEC_ERR_NOMEM;
  }
  canary->loop = loop;
  canary->route = route;
  canary->config = config;
  canary->on_answer = on_answer;
  canary->user = user;
  canary->step.kind = WSPEC_STEP_OPEN;
  canary->script = (struct wspec_script){
      .id = "canary", .n_connections = 1, .steps = &canary->step, .n_steps = 1};
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
  canary->attempts = 0;
  canary->until_us = wspec_loop_now_us(canary->loop) + patience_us;
  wspec_timer_start(canary->timer, 0);
}
