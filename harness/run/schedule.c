#include "run/schedule.h"

#include "proto/close.h"
#include "run/canary.h"
#include "run/confirm.h"
#include "run/idle.h"

#include <stdlib.h>
#include <string.h>

enum schedule_phase {
  SCHEDULE_ALL,     /* every case, `jobs` at a time */
  SCHEDULE_CONFIRM, /* those that did not pass, one at a time */
  SCHEDULE_AUTOPSY, /* if the target died on the way: those that may have killed it, likewise */
  SCHEDULE_DONE
};

/* A case that is refused a connection while it plays alone is played again so often. */
enum { REFUSALS_MAX = 3 };

/* A case that waits at least so long of its own accord leaves the target to others meanwhile. */
enum { IDLE_US = 90 * 1000 };

/* What is kept of a case beside its result. */
struct entry {
  struct wspec_play_config config; /* each has its own seed */
  unsigned refusals;
  uint64_t began_at, bare_at; /* ticks: when it began; when TCP ended without a close frame, or 0 */
  bool was_played, is_reported;
  bool has_killed; /* nobody else was there, and the target answered no handshake behind it */
  bool is_idle;    /* it waits most of its time, and is started ahead of its turn */
};

/* What the canary is out for. */
enum errand {
  ERRAND_NONE,
  ERRAND_REVIVAL, /* is the target back? nothing is started until then */
  ERRAND_AUTOPSY  /* did it survive the case that was just played alone? */
};

struct schedule {
  struct wspec_loop *loop;
  const struct wspec_schedule_options *options;
  const struct wspec_script *const *scripts;
  struct wspec_result *results;
  struct entry *entries;
  size_t n_scripts, n_reported, running;
  uint64_t tick;     /* counts what happens */
  uint64_t alive_at; /* when the last handshake that was answered began, or the canary came back */
  size_t next;
  size_t next_idle, idle_left, idle_running; /* of SCHEDULE_ALL */
  enum schedule_phase phase;
  enum wspec_err err;
  bool is_alone; /* a case that tolerates no other is under way */
  bool target_gone;
  bool target_died; /* at least once, it may have come back */
  bool is_awaited;  /* on_target was told that it is away */

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

/* The connection ended without a close frame: as after a failure that was found, or a death. */
static bool ended_bare(const struct wspec_result *result) {
  return result->close.by == WSPEC_CLOSED_BY_TARGET &&
         result->close.status_code == WSPEC_CLOSE_ABNORMAL;
}

static bool is_to_be_confirmed(const struct schedule *schedule, size_t index) {
  return schedule->options->confirm &&
         (wspec_confirm_is_due(&schedule->results[index]) || schedule->entries[index].has_killed);
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
  if (schedule->options->drop_transcripts) {
    wspec_transcript_clear(&schedule->results[index].transcript);
    wspec_transcript_clear(&schedule->results[index].flaky_transcript);
  }
}

static void add_finding(struct schedule *schedule, size_t index, enum wspec_verdict verdict,
                        char *message) {
  struct wspec_result *result = &schedule->results[index];
  const struct wspec_finding finding = {
      .verdict = verdict,
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

static void blame(struct schedule *schedule, size_t index) {
  char message[] = WSPEC_FINDING_TARGET_DIED;
  add_finding(schedule, index, WSPEC_VERDICT_FAIL, message);
}

/* What ended without a close frame looks the same, whether the target found the failure or died of
 * it. It is gone, so nobody can tell any more: those behind which no handshake was answered are
 * named, and are no pass. */
static void give_up_played_case(struct schedule *schedule, size_t index) {
  char message[] = WSPEC_FINDING_TARGET_GONE;
  struct wspec_result *result = &schedule->results[index];
  const struct entry *entry = &schedule->entries[index];
  if (entry->has_killed) {
    blame(schedule, index);
  } else if (entry->bare_at > schedule->alive_at && !entry->is_reported) {
    add_finding(schedule, index, WSPEC_VERDICT_WARN, message);
  }
  result->unconfirmed = wspec_confirm_is_due(result);
  report(schedule, index);
}

static void give_up_case(struct schedule *schedule, size_t index) {
  static const char reason[] = "the target takes no connections any more";
  struct wspec_result *result = &schedule->results[index];
  if (schedule->entries[index].was_played && result->verdict != WSPEC_VERDICT_ERROR) {
    give_up_played_case(schedule, index);
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

static void send_canary(struct schedule *schedule, enum errand errand, uint64_t patience_us) {
  if (!schedule->canary) {
    return; /* a command is started anew for each case: it cannot be away */
  }
  schedule->errand = errand;
  wspec_canary_send(schedule->canary, patience_us);
}

/* A case was refused a connection: nothing new is started until the target is back. */
static void await_revival(struct schedule *schedule) {
  if (schedule->errand != ERRAND_NONE || schedule->target_gone) {
    return;
  }
  schedule->target_died = true;
  schedule->is_awaited = true;
  if (schedule->options->on_target) {
    schedule->options->on_target(schedule->options->user, false);
  }
  send_canary(schedule, ERRAND_REVIVAL, schedule->options->revival_us);
}

/* The target lives behind the second play. */
static void acquit(struct schedule *schedule, size_t index) {
  char message[] = WSPEC_FINDING_TARGET_DIED_ONCE;
  if (schedule->entries[index].has_killed) {
    add_finding(schedule, index, WSPEC_VERDICT_WARN, message);
  }
}

/* What was played with nobody beside it had its own canary. */
static void end_autopsy(struct schedule *schedule, bool lives) {
  size_t index = schedule->suspect;
  struct entry *entry = &schedule->entries[index];
  bool is_confirmed = schedule->phase != SCHEDULE_ALL || !schedule->options->confirm;
  if (!lives && is_confirmed) {
    blame(schedule, index);
  } else if (lives) {
    acquit(schedule, index);
  }
  entry->has_killed = !lives;
  if (is_confirmed || !is_to_be_confirmed(schedule, index)) {
    report(schedule, index);
  }
  if (!lives) {
    await_revival(schedule);
  }
}

static void end_revival(struct schedule *schedule, bool lives) {
  schedule->target_gone = !lives;
  if (lives && schedule->is_awaited && schedule->options->on_target) {
    schedule->options->on_target(schedule->options->user, true);
  }
  schedule->is_awaited = false;
}

static void on_canary(void *user, bool lives, unsigned attempts) {
  struct schedule *schedule = user;
  enum errand errand = schedule->errand;
  schedule->target_died = schedule->target_died || attempts > 1 || !lives;
  schedule->alive_at = lives ? ++schedule->tick : schedule->alive_at;
  schedule->errand = ERRAND_NONE;
  if (errand == ERRAND_AUTOPSY) {
    end_autopsy(schedule, lives);
  } else {
    end_revival(schedule, lives);
  }
  fill(schedule);
}

/* ---- One case ---- */

static void send_to_autopsy(struct schedule *schedule, size_t index) {
  schedule->suspect = index;
  send_canary(schedule, ERRAND_AUTOPSY, 0);
}

/* What passed is reported at once, unless the target may turn out to have died of it. Where cases
 * are played one at a time, that is found out at once. */
static void end_of_first_play(struct schedule *schedule, size_t index,
                              const struct wspec_result *result) {
  schedule->results[index] = *result;
  schedule->results[index].unconfirmed =
      !schedule->options->confirm && wspec_confirm_is_due(result);
  schedule->entries[index].was_played = true;
  if (ended_bare(result)) {
    schedule->entries[index].bare_at = ++schedule->tick;
  }
  if (ended_bare(result) && schedule->options->jobs == 1 && schedule->canary) {
    send_to_autopsy(schedule, index);
  } else if (!is_to_be_confirmed(schedule, index) && !ended_bare(result)) {
    report(schedule, index);
  }
}

static void end_of_play_alone(struct schedule *schedule, size_t index, struct wspec_result *result,
                              bool refused) {
  struct entry *entry = &schedule->entries[index];
  if (refused && ++entry->refusals < REFUSALS_MAX) {
    wspec_result_clear(result);
    schedule->next = index; /* once the target is back */
    return;
  }
  bool was_bare = ended_bare(&schedule->results[index]);
  if (wspec_confirm(&schedule->results[index], result) && was_bare) {
    schedule->target_died = schedule->canary != NULL;
  }
  if (schedule->target_died && schedule->errand == ERRAND_NONE &&
      ended_bare(&schedule->results[index])) {
    send_to_autopsy(schedule, index);
    return;
  }
  acquit(schedule, index);
  report(schedule, index);
}

static void end_play(struct player *player, struct wspec_result *result, bool refused) {
  struct schedule *schedule = player->schedule;
  size_t index = player->index;
  free(player);
  schedule->running--;
  schedule->is_alone = false;
  if (schedule->phase == SCHEDULE_ALL) {
    schedule->idle_running -= schedule->entries[index].is_idle;
    end_of_first_play(schedule, index, result);
  } else {
    end_of_play_alone(schedule, index, result, refused);
  }
  if (refused) {
    await_revival(schedule);
  }
  fill(schedule);
}

/* A handshake that was answered shows that the target lived when it began. */
static void note_answer(const struct player *player, const struct wspec_play *play) {
  struct schedule *schedule = player->schedule;
  uint64_t began_at = schedule->entries[player->index].began_at;
  if (wspec_play_head(play, 0) && began_at > schedule->alive_at) {
    schedule->alive_at = began_at;
  }
}

static void on_done(void *user, struct wspec_play *play) {
  struct wspec_result result;
  note_answer(user, play);
  bool refused = wspec_play_was_refused(play);
  wspec_play_take_result(play, &result);
  end_play(user, &result, refused);
}

/* A command that does not connect is no target that went away. */
static void on_client_result(void *user, struct wspec_result *result) {
  end_play(user, result, false);
}

static enum wspec_err play_over_route(struct player *player,
                                      const struct wspec_play_config *config) {
  struct schedule *schedule = player->schedule;
  struct wspec_play *play =
      wspec_play_new(schedule->scripts[player->index], config, wspec_loop_now_us(schedule->loop));
  return play ? wspec_drive_new(schedule->loop, schedule->options->route, play,
                                &schedule->options->watcher, on_done, player)
              : WSPEC_ERR_NOMEM;
}

static enum wspec_err play_client(struct player *player, struct wspec_play_config *config) {
  struct schedule *schedule = player->schedule;
  return wspec_client_command_play(schedule->loop, schedule->options->client,
                                   schedule->scripts[player->index], config, on_client_result,
                                   player);
}

static void start(struct schedule *schedule, size_t index) {
  struct player *player = malloc(sizeof *player);
  struct wspec_play_config *config = &schedule->entries[index].config;
  *config = *schedule->options->config;
  config->seed = wspec_play_seed(config->seed, schedule->scripts[index]->id);
  if (!player) {
    schedule->err = WSPEC_ERR_NOMEM;
    return;
  }
  *player = (struct player){schedule, index};
  schedule->entries[index].began_at = ++schedule->tick;
  schedule->running++;
  schedule->is_alone = schedule->scripts[index]->alone || schedule->phase != SCHEDULE_ALL;
  schedule->err =
      schedule->options->route ? play_over_route(player, config) : play_client(player, config);
  if (schedule->err) {
    schedule->running--;
    free(player);
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
  schedule->phase++;
  if (schedule->err) {
    schedule->phase = SCHEDULE_DONE;
  }
  if (schedule->phase == SCHEDULE_DONE) {
    wspec_loop_stop(schedule->loop);
  } else if (!schedule->target_gone) {
    /* The last of the phase may have left it dead: the next one must not bear the blame. */
    send_canary(schedule, ERRAND_REVIVAL, schedule->options->revival_us);
  }
}

static bool is_due(const struct schedule *schedule, size_t index) {
  switch (schedule->phase) {
  case SCHEDULE_ALL:
    return true;
  case SCHEDULE_CONFIRM:
    return is_to_be_confirmed(schedule, index);
  case SCHEDULE_AUTOPSY:
    return schedule->target_died && schedule->options->confirm;
  case SCHEDULE_DONE:
    break;
  }
  return false;
}

/* Cases that wait most of their time would fill every place at the end of a run, while the target
 * has nothing to do: they go first, in three quarters of the places, beside the others. */
static bool is_turn_of_idle(const struct schedule *schedule) {
  return schedule->phase == SCHEDULE_ALL && schedule->idle_left > 0 &&
         (schedule->idle_running < schedule->options->jobs * 3 / 4 ||
          schedule->next == schedule->n_scripts);
}

static bool start_idle(struct schedule *schedule) {
  while (!schedule->entries[schedule->next_idle].is_idle) {
    schedule->next_idle++;
  }
  size_t index = schedule->next_idle;
  if (!schedule->target_gone && !may_start(schedule, index)) {
    return false;
  }
  schedule->idle_left--;
  schedule->next_idle++;
  if (schedule->target_gone) {
    give_up_case(schedule, index);
  } else {
    schedule->idle_running++;
    start(schedule, index);
  }
  return true;
}

static bool has_next(const struct schedule *schedule) {
  return schedule->next < schedule->n_scripts || is_turn_of_idle(schedule);
}

/* Takes the next case of the phase; false: nothing can be started now. */
static bool take_next(struct schedule *schedule) {
  if (is_turn_of_idle(schedule)) {
    return start_idle(schedule);
  }
  size_t index = schedule->next;
  if (schedule->phase == SCHEDULE_ALL && schedule->entries[index].is_idle) {
    schedule->next++; /* ahead of its turn, or still to come */
    return true;
  }
  if (schedule->entries[index].is_reported || !is_due(schedule, index)) {
    schedule->next++;
    if (schedule->phase == SCHEDULE_AUTOPSY) {
      report(schedule, index);
    }
    return true;
  }
  if (schedule->target_gone) {
    schedule->next++;
    give_up_case(schedule, index);
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
    if (has_next(schedule) && !schedule->err) {
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

static void note_idle(struct schedule *schedule) {
  for (size_t i = 0; i < schedule->n_scripts && schedule->options->jobs > 1; i++) {
    const struct wspec_script *script = schedule->scripts[i];
    uint64_t idle_us = wspec_idle_us(script, schedule->options->config->settle_us);
    schedule->entries[i].is_idle = idle_us >= IDLE_US && !script->alone;
    schedule->idle_left += schedule->entries[i].is_idle;
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
      .target_gone = *target_gone,
  };
  memset(results, 0, n_scripts * sizeof *results);
  if (!schedule.entries ||
      (options->route && wspec_canary_new(loop, options->route, options->config, on_canary,
                                          &schedule, &schedule.canary))) {
    free(schedule.entries);
    return WSPEC_ERR_NOMEM;
  }
  note_idle(&schedule);
  fill(&schedule);
  if (schedule.phase != SCHEDULE_DONE) {
    wspec_loop_run(loop);
  }
  wspec_canary_free(schedule.canary);
  free(schedule.entries);
  *target_gone = schedule.target_gone;
  return schedule.err;
}
