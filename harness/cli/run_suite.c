#include "cli/run_suite.h"

#include "cli/command.h"
#include "cli/reproduce.h"
#include "cli/run_cases.h"

#include "run/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SETTLE_FLOOR_US = 100 * 1000, CLOSE_US = 1000 * 1000 };

/* More than there are ordinary cases, which are to be one wave. */
enum { WAVE_CASES = 4096 };

/* The scripts of a wave of cases as there are, a hundred times over. */
enum { WAVE_ARENA_MAX = 1 << 30 };

static const char *command_of(const struct wspec_run_suite *suite) {
  return suite->options.outputs.command;
}

int wspec_run_suite_out_of_memory(const struct wspec_run_suite *suite) {
  fprintf(stderr, "wspec %s: out of memory\n", command_of(suite));
  return WSPEC_EXIT_UNREACHABLE;
}

static uint64_t clock_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- Cases ---- */

int wspec_run_suite_load(struct wspec_run_suite *suite) {
  suite->began_us = clock_us();
  wspec_arena_init(&suite->wave_arena, WAVE_ARENA_MAX);
  return wspec_run_cases_load(&suite->options, &suite->requirements, &suite->set, &suite->cases,
                              &suite->n_cases);
}

static void clear_wave(struct wspec_run_suite *suite) {
  for (size_t i = 0; suite->results && i < suite->n_scripts; i++) {
    wspec_result_clear(&suite->results[i]);
  }
  free(suite->results);
  free(suite->scripts);
  wspec_arena_clear(&suite->wave_arena);
  suite->results = NULL;
  suite->scripts = NULL;
  suite->n_before += suite->n_scripts;
  suite->n_scripts = 0;
}

int wspec_run_suite_next_wave(struct wspec_run_suite *suite, size_t n) {
  clear_wave(suite);
  size_t left = suite->n_cases - suite->n_before;
  n = left < n ? left : n;
  suite->results = calloc(n + 1, sizeof *suite->results);
  suite->scripts = calloc(n + 1, sizeof(struct wspec_script *));
  bool is_whole = suite->results && suite->scripts;
  for (size_t i = 0; i < n && is_whole; i++) {
    suite->scripts[i] =
        wspec_case_expand(&suite->set, suite->cases[suite->n_before + i], &suite->wave_arena);
    is_whole = suite->scripts[i] != NULL;
  }
  suite->n_scripts = is_whole ? n : 0;
  return is_whole ? WSPEC_EXIT_OK : wspec_run_suite_out_of_memory(suite);
}

/* ---- Configuration ---- */

void wspec_run_suite_configure(struct wspec_run_suite *suite) {
  const struct wspec_run_options *options = &suite->options;
  uint64_t timeout_us = (uint64_t)options->timeout_ms * 1000;
  suite->config = (struct wspec_play_config){
      .seed = options->seed,
      .origin = options->origin,
      .subprotocol = options->subprotocol,
      .fields = suite->fields,
      .n_fields = options->n_fields,
      .timeout_us = timeout_us,
      .settle_us = SETTLE_FLOOR_US < timeout_us / 2 ? SETTLE_FLOOR_US : timeout_us / 2,
      .close_us = CLOSE_US < timeout_us ? CLOSE_US : timeout_us,
      .requirements = &suite->requirements,
      .have = WSPEC_NEED_ECHO,
  };
  memcpy(suite->fields, options->fields, sizeof options->fields);
}

/* Reports are kept and passed on: what lets somebody in is hidden there. */
void wspec_run_suite_hide(struct wspec_run_suite *suite) {
  for (size_t i = 0; i < suite->config.n_fields; i++) {
    if (wspec_is_secret_field(suite->fields[i].name)) {
      suite->secrets[suite->n_secrets++] = suite->fields[i].value;
    }
  }
}

/* ---- Reports ---- */

int wspec_run_suite_reproduce(struct wspec_run_suite *suite, const char *shown_url) {
  suite->reproduce = wspec_reproduce_command(&suite->options, shown_url);
  suite->reproduce_end = wspec_reproduce_end(&suite->options);
  return suite->reproduce && suite->reproduce_end ? WSPEC_EXIT_OK
                                                  : wspec_run_suite_out_of_memory(suite);
}

static struct wspec_record_options record_options(const struct wspec_run_suite *suite,
                                                  const struct wspec_baseline_entry *known) {
  return (struct wspec_record_options){.has_transcript = suite->options.all_transcripts,
                                       .known_reason = known ? known->reason : NULL,
                                       .known_link = known ? known->link : NULL,
                                       .secrets = suite->secrets,
                                       .n_secrets = suite->n_secrets};
}

/* Before anything is played: a report that cannot be written is bad input, not a lost run. */
static int open_report(struct wspec_run_suite *suite) {
  struct wspec_outputs *outputs = &suite->options.outputs;
  int code = wspec_outputs_open(outputs);
  if (code != WSPEC_EXIT_OK) {
    wspec_outputs_close(outputs);
    return code;
  }
  char started[32];
  time_t now = time(NULL);
  struct tm utc;
  strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  const struct wspec_run_facts facts = {
      .tool_version = WSPEC_VERSION,
      .url = suite->url,
      .name = suite->options.name,
      .role = suite->role,
      .reproduce = suite->reproduce,
      .reproduce_end = suite->reproduce_end[0] ? suite->reproduce_end : NULL,
      .agent = suite->agent ? suite->agent : "",
      .started = started,
      .config = &suite->config,
      .jobs = suite->options.jobs,
      .shard = suite->options.shard,
      .n_shards = suite->options.n_shards,
      .n_selected = suite->n_cases,
  };
  const struct wspec_record_options options = record_options(suite, NULL);
  FILE *file = outputs->files[WSPEC_FORMAT_JSON];
  wspec_report_init(&suite->report);
  enum wspec_err err =
      wspec_json_report_begin(&suite->json, file, &suite->report, &facts, &options);
  if (err == WSPEC_ERR_IO) {
    wspec_outputs_note(outputs, WSPEC_FORMAT_JSON, err);
    return wspec_outputs_close(outputs);
  }
  return err ? wspec_run_suite_out_of_memory(suite) : WSPEC_EXIT_OK;
}

int wspec_run_suite_open_baseline(struct wspec_run_suite *suite) {
  suite->baseline = (struct wspec_run_baseline){.command = command_of(suite),
                                                .path = suite->options.baseline_path,
                                                .write_path = suite->options.write_baseline_path};
  return wspec_run_baseline_open(&suite->baseline);
}

int wspec_run_suite_open(struct wspec_run_suite *suite) {
  int code = wspec_run_suite_open_baseline(suite);
  if (code == WSPEC_EXIT_OK) {
    code = open_report(suite);
  }
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  FILE *out = wspec_outputs_use_stdout(&suite->options.outputs) ? stderr : stdout;
  wspec_terminal_init(&suite->terminal, out, suite->options.color);
  suite->terminal.quiet = suite->options.quiet;
  suite->terminal.verbose = suite->options.verbose;
  suite->terminal.reproduce = suite->reproduce;
  suite->terminal.reproduce_end = suite->reproduce_end;
  suite->terminal.is_live =
      !suite->options.in_memory && (suite->options.jobs == 1 || suite->n_cases == 1);
  suite->start_us = clock_us();
  return WSPEC_EXIT_OK;
}

void wspec_run_suite_activity(void *user, const struct wspec_play *play) {
  struct wspec_run_suite *suite = user;
  wspec_terminal_activity(&suite->terminal, play);
}

void wspec_run_suite_result(void *user, const struct wspec_result *result, size_t n_done,
                            size_t n_all) {
  struct wspec_run_suite *suite = user;
  const struct wspec_baseline_entry *known = wspec_baseline_match(&suite->baseline.known, result);
  const struct wspec_record_options options = record_options(suite, known);
  (void)n_all; /* of the wave */
  /* Written before it is said: what a user has seen is in the report of a run that is killed. */
  errno = 0;
  enum wspec_err err = wspec_json_report_add(&suite->json, result, &options);
  if (err) {
    wspec_outputs_note(&suite->options.outputs, WSPEC_FORMAT_JSON, err);
    suite->json.file = NULL; /* no line may follow one that was cut */
  }
  wspec_terminal_result(&suite->terminal, result, options.known_reason, suite->n_before + n_done,
                        suite->n_cases);
}

int wspec_run_suite_play(struct wspec_run_suite *suite, struct wspec_loop *loop,
                         const struct wspec_schedule_options *options) {
  int code;
  while ((code = wspec_run_suite_next_wave(suite, WAVE_CASES)) == WSPEC_EXIT_OK &&
         suite->n_scripts > 0) {
    if (wspec_schedule_run(loop, options, suite->scripts, suite->n_scripts, suite->results,
                           &suite->target_gone)) {
      return wspec_run_suite_out_of_memory(suite);
    }
  }
  return code;
}

static int play_in_memory(struct wspec_run_suite *suite, const struct wspec_script *script,
                          struct wspec_memory_options *options, size_t index) {
  struct wspec_play_config config = suite->config;
  struct wspec_result result;
  config.seed = wspec_play_seed(config.seed, script->id);
  options->config = &config;
  enum wspec_err err = wspec_memory_run(script, options, &result);
  result.script = script;
  if (err == WSPEC_ERR_NOMEM) {
    return wspec_run_suite_out_of_memory(suite);
  }
  if (err) {
    result.verdict = WSPEC_VERDICT_ERROR;
  }
  wspec_run_suite_result(suite, &result, index + 1, suite->n_cases);
  wspec_result_clear(&result);
  return WSPEC_EXIT_OK;
}

/* One after the other, and none is held. */
int wspec_run_suite_play_in_memory(struct wspec_run_suite *suite) {
  /* A large message in single octets is many deliveries: they must not add up to a time limit. */
  uint32_t chunk_len = suite->options.chunk_len;
  struct wspec_memory_options options = {.chunk_len = chunk_len,
                                         .latency_us = chunk_len > 0 ? 1 : 100};
  int code = WSPEC_EXIT_OK;
  for (size_t i = 0; i < suite->n_cases && code == WSPEC_EXIT_OK; i++) {
    struct wspec_arena_mark mark = wspec_arena_mark(&suite->wave_arena);
    const struct wspec_script *script =
        wspec_case_expand(&suite->set, suite->cases[i], &suite->wave_arena);
    code =
        script ? play_in_memory(suite, script, &options, i) : wspec_run_suite_out_of_memory(suite);
    wspec_arena_rewind(&suite->wave_arena, mark);
  }
  return code;
}

/* ---- The end ---- */

static int close_report(struct wspec_run_suite *suite) {
  struct wspec_outputs *outputs = &suite->options.outputs;
  errno = 0;
  wspec_outputs_note(
      outputs, WSPEC_FORMAT_JSON,
      wspec_json_report_end(&suite->json, (double)(clock_us() - suite->began_us) / 1000));
  wspec_outputs_write(outputs, &suite->report, 1);
  return wspec_outputs_close(outputs);
}

/* A run that writes a baseline is there to find what fails. */
bool wspec_run_suite_is_bad(const struct wspec_run_suite *suite,
                            const struct wspec_report *report) {
  if (suite->options.write_baseline_path) {
    return false;
  }
  for (size_t i = 0; i < report->n_records; i++) {
    const struct wspec_record *record = &report->records[i];
    bool is_bad = record->verdict == WSPEC_VERDICT_FAIL ||
                  (record->verdict == WSPEC_VERDICT_WARN && suite->options.strict);
    if (is_bad && !record->known_reason) {
      return true;
    }
  }
  return suite->baseline.n_complaints > 0;
}

static int exit_code(const struct wspec_run_suite *suite) {
  if (suite->target_gone) {
    return WSPEC_EXIT_UNREACHABLE;
  }
  return wspec_run_suite_is_bad(suite, &suite->report) ? WSPEC_EXIT_FAIL : WSPEC_EXIT_OK;
}

int wspec_run_suite_close(struct wspec_run_suite *suite, int code) {
  double seconds = (double)(clock_us() - suite->start_us) / 1e6;
  int report_code = close_report(suite);
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  wspec_terminal_summary(&suite->terminal, &suite->report, seconds);
  int baseline_code = wspec_run_baseline_check(&suite->baseline, &suite->options,
                                               &suite->requirements, &suite->set);
  if (baseline_code == WSPEC_EXIT_OK) {
    baseline_code =
        wspec_run_baseline_write(&suite->baseline, &suite->report, suite->options.strict);
  }
  report_code = report_code != WSPEC_EXIT_OK ? report_code : baseline_code;
  return report_code != WSPEC_EXIT_OK ? report_code : exit_code(suite);
}

void wspec_run_suite_clear(struct wspec_run_suite *suite) {
  clear_wave(suite);
  free(suite->cases);
  free(suite->reproduce);
  free(suite->reproduce_end);
  wspec_report_clear(&suite->report);
  wspec_terminal_clear(&suite->terminal);
  wspec_run_baseline_clear(&suite->baseline);
  wspec_case_set_clear(&suite->set);
  wspec_requirements_clear(&suite->requirements);
  wspec_run_options_clear(&suite->options);
}
