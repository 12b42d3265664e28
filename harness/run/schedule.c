#include "run/schedule.h"

#include "base/rng.h"
#include "run/canary.h"

#include <stdlib.h>
#include <string.h>

enum schedule_phase {
  SCHEDULE_ALL,     /* every case, `jobs` at a time */
  SCHEDULE_CONFIRM, /* those that did not pass, one at a time */
  SCHEDULE_DONE
};

/* What is kept of a case beside its result. */
struct entry {
  struct wspec_play_config config; /* each has its own seed */
  size_t ended;                    /* the how many-th case to end; 0: not yet */
  bool is_suspect;                 /* the target may have died of it */
  bool is_reported;
};

/* What the canary is out for. */
enum errand {
  ERRAND_NONE,
  ERRAND_REVIVAL, /* is the target back? nothing is started until then */
  ERRAND_AUTOPSY  /* did it survive the suspect that was just played alone? */
};

struct schedule {
  struct wspec_loop *loop;
  const struct wspec_schedule_options *options;
  const struct wspec_script *const *scripts;
  struct wspec_result *results;
  struct entry *entries;
  size_t *by_end;   /* the cases in the order in which they ended */
  size_t n_cleared; /* of them: ended too long ago to come under suspicion */
  size_t n_scripts, n_ended, n_reported, running;
  size_t next;
  enum schedule_phase phase;
  enum wspec_err err;
  bool is_alone; /* a case that tolerates no other is under way */
  bool target_gone;

  struct wspec_canary *canary;
  enum errand errand;
  size_t suspect; /* of the autopsy */
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

static bool is_to_be_confirmed(const struct schedule *schedule, size_t index) {
  return schedule->entries[index].is_suspect ||
         (schedule->options->confirm && did_not_pass(&schedule->results[index]));
}

static void report(struct schedule *schedule, size_t index) {
  if (schedule->entries[index].is_reported) {
    return;
  }
  schedule->entries[index].is_reported = true;
  schedule->n_reported++;
  if (schedule->options->on_result) {
    schedule->options->on_result(schedule->options->user, &schedule->results[index],
                                 schedule->n_reported, schedule->n_scripts);
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
  if (result->verdict != WSPEC_VERDICT_ERROR && schedule->entries[index].ended > 0) {
    report(schedule, index); /* it was played, only not confirmed */
    return;
  }
  wspec_result_clear(result);
  result->script = schedule->scripts[index];
  result->verdict = WSPEC_VERDICT_ERROR;
  result->skip_reason = malloc(sizeof reason);
  if (result->skip_reason) {
    memcpy(result->skip_reason, reason, sizeof reason);
  }
  report(schedule, index);
}

/* ---- Is the target alive? ---- */

/* Those who can have killed it: who was at play, and who ended shortly before. */
static void mark_suspects(struct schedule *schedule) {
  for (size_t i = 0; i < schedule->next; i++) {
    struct entry *entry = &schedule->entries[i];
    bool ended_lately = entry->ended + schedule->options->jobs >= schedule->n_ended;
    bool was_connected = entry->ended == 0 || schedule->results[i].verdict != WSPEC_VERDICT_ERROR;
    entry->is_suspect = entry->is_suspect || (ended_lately && was_connected);
  }
}

static void send_canary(struct schedule *schedule, enum errand errand, uint64_t patience_us) {
  schedule->errand = errand;
  wspec_canary_send(schedule->canary, patience_us);
}

/* A case was refused a connection: nothing new is started until the target is back. */
static void await_revival(struct schedule *schedule) {
  if (schedule->errand != ERRAND_NONE || schedule->target_gone) {
    return;
  }
  if (schedule->phase == SCHEDULE_ALL) {
    mark_suspects(schedule);
  }
  if (schedule->options->on_target) {
    schedule->options->on_target(schedule->options->user, false);
  }
  send_canary(schedule, ERRAND_REVIVAL, schedule->options->revival_us);
}

static void blame(struct schedule *schedule, size_t index) {
  char message[] = "the target took no connection right after this case: it has died of it";
  struct wspec_result *result = &schedule->results[index];
  const struct wspec_finding finding = {
      .verdict = WSPEC_VERDICT_FAIL,
      .requirement = "",
      .level = "",
      .message = message,
      .offset = WSPEC_OFFSET_NONE,
      .at_us = result->duration_us,
  };
  if (wspec_result_add(result, &finding)) {
    schedule->err = WSPEC_ERR_NOMEM;
  }
  wspec_result_conclude(result);
}

static void on_canary(void *user, bool lives) {
  struct schedule *schedule = user;
  enum errand errand = schedule->errand;
  schedule->errand = ERRAND_NONE;
  if (errand == ERRAND_AUTOPSY) {
    if (!lives) {
      blame(schedule, schedule->suspect);
    }
    report(schedule, schedule->suspect);
    if (!lives) {
      await_revival(schedule);
    }
  } else {
    schedule->target_gone = !lives;
    if (lives && schedule->options->on_target) {
      schedule->options->on_target(schedule->options->user, true);
    }
  }
  fill(schedule);
}

/* ---- One case ---- */

/* A case is reported when so many others have ended after it that, should the target be found
 * dead now, this one is above suspicion. */
static void end_of_first_play(struct schedule *schedule, size_t index,
                              const struct wspec_result *result) {
  schedule->results[index] = *result;
  schedule->by_end[schedule->n_ended] = index;
  schedule->entries[index].ended = ++schedule->n_ended;
  while (schedule->n_cleared + 1 + schedule->options->jobs < schedule->n_ended) {
    size_t cleared = schedule->by_end[schedule->n_cleared++];
    if (!is_to_be_confirmed(schedule, cleared)) {
      report(schedule, cleared);
    }
  }
}

static void end_of_confirmation(struct schedule *schedule, size_t index,
                                struct wspec_result *result) {
  confirm(&schedule->results[index], result);
  if (schedule->entries[index].is_suspect && schedule->errand == ERRAND_NONE) {
    schedule->suspect = index;
    send_canary(schedule, ERRAND_AUTOPSY, 0);
    return;
  }
  report(schedule, index);
}

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
    end_of_confirmation(schedule, index, &result);
  } else {
    end_of_first_play(schedule, index, &result);
  }
  if (refused) {
    await_revival(schedule);
  }
  fill(schedule);
}

static void start(struct schedule *schedule, size_t index) {
  struct player *player = malloc(sizeof *player);
  struct wspec_play_config *config = &schedule->entries[index].config;
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

static bool may_start(const struct schedule *schedule, size_t index) {
  if (schedule->running == 0) {
    return true;
  }
  return !schedule->is_alone && !schedule->scripts[index]->alone &&
         schedule->phase == SCHEDULE_ALL && schedule->running < schedule->options->jobs;
}

static void next_phase(struct schedule *schedule) {
  schedule->next = 0;
  if (schedule->phase == SCHEDULE_ALL && !schedule->err) {
    schedule->phase = SCHEDULE_CONFIRM;
    return;
  }
  schedule->phase = SCHEDULE_DONE;
  wspec_loop_stop(schedule->loop);
}

/* Takes the next case of the phase; false: nothing can be started now. */
static bool take_next(struct schedule *schedule) {
  size_t index = schedule->next;
  bool is_settled = schedule->entries[index].is_reported || !is_to_be_confirmed(schedule, index);
  if (schedule->phase == SCHEDULE_CONFIRM && is_settled) {
    schedule->next++;
    report(schedule, index);
    return true;
  }
  if (schedule->target_gone) {
    schedule->next++;
    if (schedule->phase == SCHEDULE_CONFIRM) {
      give_up_case(schedule, index);
    } else {
      schedule->results[index].script = schedule->scripts[index];
      schedule->results[index].verdict = WSPEC_VERDICT_ERROR;
    }
    return true;
  }
  if (!may_start(schedule, index)) {
    return false;
  }
  schedule->next++;
  start(schedule, index);
  return true;
}

static void fill(struct schedule *schedule) {
  while (schedule->phase != SCHEDULE_DONE && schedule->errand == ERRAND_NONE) {
    if (schedule->next < schedule->n_scripts && !schedule->err) {
      if (!take_next(schedule)) {
        return;
      }
    } else if (schedule->running > 0) {
      return;
    } else {
      next_phase(schedule);
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
      .entries = calloc(n_scripts, sizeof *schedule.entries),
      .by_end = calloc(n_scripts, sizeof *schedule.by_end),
  };
  memset(results, 0, n_scripts * sizeof *results);
  if (!schedule.entries || !schedule.by_end ||
      wspec_canary_new(loop, options->route, on_canary, &schedule, &schedule.canary)) {
    free(schedule.entries);
    free(schedule.by_end);
    return WSPEC_ERR_NOMEM;
  }
  fill(&schedule);
  if (schedule.phase != SCHEDULE_DONE) {
    wspec_loop_run(loop);
  }
  wspec_canary_free(schedule.canary);
  free(schedule.entries);
  free(schedule.by_end);
  *target_gone = schedule.target_gone;
  return schedule.err;
}
