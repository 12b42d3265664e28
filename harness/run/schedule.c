#include "run/schedule.h"

#include "base/rng.h"
#include "net/stream.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>

enum { CANARY_INTERVAL_US = 50 * 1000 };

enum schedule_phase {
  SCHEDULE_ALL,     /* every case, `jobs` at a time */
  SCHEDULE_CONFIRM, /* those that did not pass, one at a time */
  SCHEDULE_DONE
};

struct schedule {
  struct wspec_loop *loop;
  const struct wspec_schedule_options *options;
  const struct wspec_script *const *scripts;
  struct wspec_result *results;
  struct wspec_play_config *configs; /* one a case: each has its own seed */
  size_t n_scripts, n_done, running;
  size_t next;
  enum schedule_phase phase;
  enum wspec_err err;
  bool is_alone; /* a case that tolerates no other is under way */

  /* The canary: a connection that asks whether the target lives. */
  bool canary_out, target_gone, was_refused;
  uint64_t canary_until_us;
  struct wspec_timer *canary_timer;
};

struct player {
  struct schedule *schedule;
  size_t index;
};

static void fill(struct schedule *schedule);

/* ---- Results ---- */

static bool did_not_pass(const struct wspec_result *result) {
  return result->verdict == WSPEC_VERDICT_FAIL || result->verdict == WSPEC_VERDICT_WARN ||
         result->verdict == WSPEC_VERDICT_ERROR;
}

static void report(struct schedule *schedule, size_t index) {
  schedule->n_done++;
  if (schedule->options->on_result) {
    schedule->options->on_result(schedule->options->user, &schedule->results[index],
                                 schedule->n_done, schedule->n_scripts);
  }
}

/* Two plays of a case agree if the verdict and the violated requirements are the same. */
static bool agree(const struct wspec_result *a, const struct wspec_result *b) {
  if (a->verdict != b->verdict || a->n_findings != b->n_findings) {
    return false;
  }
  for (size_t i = 0; i < a->n_findings; i++) {
    if (strcmp(a->findings[i].requirement, b->findings[i].requirement) != 0) {
      return false;
    }
  }
  return true;
}

/* The play alone is what counts: nothing else can have disturbed it. A first play that was not
 * even connected says nothing about the target's steadiness. */
static void confirm(struct wspec_result *first, struct wspec_result *alone) {
  bool is_flaky = !agree(first, alone) && first->verdict != WSPEC_VERDICT_ERROR;
  if (is_flaky) {
    alone->flaky = true;
    alone->flaky_transcript = first->transcript;
    first->transcript = (struct wspec_transcript){0};
  }
  wspec_result_clear(first);
  *first = *alone;
}

static void give_up_case(struct schedule *schedule, size_t index) {
  static const char reason[] = "the target takes no connections any more";
  struct wspec_result *result = &schedule->results[index];
  wspec_result_clear(result);
  result->script = schedule->scripts[index];
  result->verdict = WSPEC_VERDICT_ERROR;
  result->skip_reason = malloc(sizeof reason);
  if (result->skip_reason) {
    memcpy(result->skip_reason, reason, sizeof reason);
  }
  report(schedule, index);
}

/* ---- The canary ---- */

static void release_canary(void *user, bool is_back) {
  struct schedule *schedule = user;
  schedule->canary_out = false;
  schedule->target_gone = !is_back;
  if (schedule->options->on_target && is_back) {
    schedule->options->on_target(schedule->options->user, true);
  }
  fill(schedule);
}

static void canary_open(void *user, struct wspec_stream *stream) {
  static const struct wspec_stream_handlers none = {.on_open = NULL};
  wspec_stream_set_handlers(stream, &none, NULL);
  wspec_stream_close(stream);
  release_canary(user, true);
}

static void canary_error(void *user, struct wspec_stream *stream,
                         const struct wspec_net_error *error) {
  (void)stream;
  (void)error;
  struct schedule *schedule = user;
  if (wspec_loop_now_us(schedule->loop) >= schedule->canary_until_us) {
    release_canary(schedule, false);
    return;
  }
  wspec_timer_start(schedule->canary_timer, CANARY_INTERVAL_US);
}

static const struct wspec_stream_handlers canary_handlers = {.on_open = canary_open,
                                                             .on_error = canary_error};

static void fly_canary(void *user) {
  struct schedule *schedule = user;
  const struct wspec_drive_route *route = schedule->options->route;
  const struct wspec_connect_options options = {
      .host = route->host,
      .port = route->port,
      .addresses = route->addresses,
      .timeout_ms = route->connect_timeout_ms,
  };
  struct wspec_stream *stream;
  if (wspec_stream_connect(schedule->loop, &options, &canary_handlers, schedule, &stream)) {
    release_canary(schedule, false);
  }
}

/* A case was refused a connection: nothing new is started until the target is back. */
static void send_canary(struct schedule *schedule) {
  if (schedule->canary_out || schedule->target_gone) {
    return;
  }
  schedule->canary_out = true;
  schedule->canary_until_us = wspec_loop_now_us(schedule->loop) + schedule->options->revival_us;
  if (schedule->options->on_target) {
    schedule->options->on_target(schedule->options->user, false);
  }
  wspec_timer_start(schedule->canary_timer, 0);
}

/* ---- One case ---- */

static void on_done(void *user, struct wspec_play *play) {
  struct player *player = user;
  struct schedule *schedule = player->schedule;
  size_t index = player->index;
  free(player);
  struct wspec_result result;
  bool refused = wspec_play_was_refused(play);
  wspec_play_take_result(play, &result);
  schedule->running--;
  schedule->is_alone = false;
  if (schedule->phase == SCHEDULE_CONFIRM) {
    confirm(&schedule->results[index], &result);
    report(schedule, index);
  } else {
    schedule->results[index] = result;
    if (!schedule->options->confirm || !did_not_pass(&schedule->results[index])) {
      report(schedule, index);
    }
  }
  if (refused) {
    send_canary(schedule);
  }
  fill(schedule);
}

static void start(struct schedule *schedule, size_t index) {
  struct player *player = malloc(sizeof *player);
  struct wspec_play_config *config = &schedule->configs[index];
  *config = *schedule->options->config;
  /* The same case has the same octets whatever else is run, and in what order. */
  for (const char *c = schedule->scripts[index]->id; *c; c++) {
    config->seed = wspec_rng_mix(config->seed ^ (uint8_t)*c);
  }
  struct wspec_play *play =
      player ? wspec_play_new(schedule->scripts[index], config, wspec_loop_now_us(schedule->loop))
             : NULL;
  if (!play) {
    free(player);
    schedule->err = WSPEC_ERR_NOMEM;
    return;
  }
  *player = (struct player){schedule, index};
  schedule->running++;
  schedule->is_alone = schedule->scripts[index]->alone || schedule->phase == SCHEDULE_CONFIRM;
  if (wspec_drive_new(schedule->loop, schedule->options->route, play, on_done, player)) {
    schedule->running--;
    free(player);
    schedule->err = WSPEC_ERR_NOMEM;
  }
}

/* ---- All cases ---- */

static bool is_due(const struct schedule *schedule, size_t index) {
  return schedule->phase == SCHEDULE_ALL || did_not_pass(&schedule->results[index]);
}

static bool may_start(const struct schedule *schedule, size_t index) {
  if (schedule->running == 0) {
    return true;
  }
  return !schedule->is_alone && !schedule->scripts[index]->alone &&
         schedule->phase == SCHEDULE_ALL && schedule->running < schedule->options->jobs;
}

static void next_phase(struct schedule *schedule) {
  schedule->next = 0;
  if (schedule->phase == SCHEDULE_ALL && schedule->options->confirm && !schedule->err) {
    schedule->phase = SCHEDULE_CONFIRM;
    return;
  }
  schedule->phase = SCHEDULE_DONE;
  wspec_loop_stop(schedule->loop);
}

static void fill(struct schedule *schedule) {
  while (schedule->phase != SCHEDULE_DONE && !schedule->canary_out) {
    if (schedule->next == schedule->n_scripts || schedule->err) {
      if (schedule->running > 0) {
        return;
      }
      next_phase(schedule);
      continue;
    }
    size_t index = schedule->next;
    if (!is_due(schedule, index)) {
      schedule->next++;
    } else if (schedule->target_gone) {
      schedule->next++;
      give_up_case(schedule, index);
    } else if (may_start(schedule, index)) {
      schedule->next++;
      start(schedule, index);
    } else {
      return;
    }
  }
}

enum wspec_err wspec_schedule_run(struct wspec_loop *loop,
                                  const struct wspec_schedule_options *options,
                                  const struct wspec_script *const *scripts, size_t n_scripts,
                                  struct wspec_result *results, bool *target_gone) {
  struct schedule schedule = {
      .loop = loop,
      .options = options,
      .scripts = scripts,
      .n_scripts = n_scripts,
      .results = results,
      .configs = calloc(n_scripts, sizeof *schedule.configs),
  };
  memset(results, 0, n_scripts * sizeof *results);
  if (!schedule.configs || wspec_timer_new(loop, fly_canary, &schedule, &schedule.canary_timer)) {
    free(schedule.configs);
    return WSPEC_ERR_NOMEM;
  }
  fill(&schedule);
  if (schedule.phase != SCHEDULE_DONE) {
    wspec_loop_run(loop);
  }
  wspec_timer_free(schedule.canary_timer);
  free(schedule.configs);
  *target_gone = schedule.target_gone;
  return schedule.err;
}
