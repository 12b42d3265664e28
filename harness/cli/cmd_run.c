#include "cli/command.h"
#include "cli/reproduce.h"
#include "cli/run_cases.h"
#include "cli/run_options.h"
#include "cli/run_targets.h"
#include "cli/terminal.h"

#include "reports/baseline.h"
#include "reports/json_report.h"
#include "run/embedded.h"
#include "run/memory.h"
#include "run/probe.h"
#include "run/schedule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Settle time: so many round trips of the target, between a floor and half the time limit. */
enum { SETTLE_ROUND_TRIPS = 20, SETTLE_FLOOR_US = 100 * 1000, CLOSE_US = 1000 * 1000 };

/* A run from its arguments to its exit code. */
struct run {
  struct wspec_run_options options;
  struct wspec_requirements requirements;
  struct wspec_case_set set;
  const struct wspec_script **scripts;
  size_t n_scripts;
  struct wspec_play_field fields[WSPEC_RUN_LIST_MAX + 1];
  struct wspec_play_config config;
  struct wspec_loop *loop;
  struct wspec_server *embedded; /* the reference endpoint; NULL where a URL is tested */
  char embedded_url[64];
  const char *url; /* that is connected to */
  struct wspec_target target;
  struct wspec_probe probe;
  struct wspec_result *results;
  struct wspec_terminal terminal;
  struct wspec_baseline baseline;
  FILE *new_baseline;  /* --write-baseline; NULL: none */
  size_t n_complaints; /* about entries of the baseline */
  struct wspec_report report;
  struct wspec_json_report json;
  char *shown_url; /* owned; without user and password; NULL: the embedded endpoint */
  char *reproduce; /* owned: the command that plays one case again, without its name */
  const char *secrets[WSPEC_RUN_LIST_MAX + 1];
  size_t n_secrets;
  bool target_gone;
  uint64_t began_us;
};

static int out_of_memory(void) {
  fprintf(stderr, "wspec run: out of memory\n");
  return WSPEC_EXIT_UNREACHABLE;
}

static uint64_t clock_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int load_cases(struct run *run) {
  int code = wspec_run_cases_load(&run->options, &run->requirements, &run->set, &run->scripts,
                                  &run->n_scripts);
  if (code == WSPEC_EXIT_OK) {
    run->results = calloc(run->n_scripts, sizeof *run->results);
    code = run->results ? WSPEC_EXIT_OK : out_of_memory();
  }
  return code;
}

/* ---- Reports ---- */

static struct wspec_record_options record_options(const struct run *run,
                                                  const struct wspec_baseline_entry *known) {
  return (struct wspec_record_options){.has_transcript = run->options.all_transcripts,
                                       .known_reason = known ? known->reason : NULL,
                                       .known_link = known ? known->link : NULL,
                                       .secrets = run->secrets,
                                       .n_secrets = run->n_secrets};
}

/* Before anything is played: a report that cannot be written is bad input, not a lost run. */
static int open_report(struct run *run) {
  int code = wspec_outputs_open(&run->options.outputs);
  if (code != WSPEC_EXIT_OK) {
    wspec_outputs_close(&run->options.outputs);
    return code;
  }
  char started[32];
  time_t now = time(NULL);
  struct tm utc;
  strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  const struct wspec_run_facts facts = {
      .tool_version = WSPEC_VERSION,
      .url = run->shown_url ? run->shown_url : "embedded",
      .name = run->options.name,
      .role = "server",
      .reproduce = run->reproduce,
      .agent = run->probe.agent,
      .started = started,
      .config = &run->config,
      .jobs = run->options.jobs,
      .shard = run->options.shard,
      .n_shards = run->options.n_shards,
      .n_selected = run->n_scripts,
  };
  const struct wspec_record_options options = record_options(run, NULL);
  FILE *file = run->options.outputs.files[WSPEC_FORMAT_JSON];
  wspec_report_init(&run->report);
  enum wspec_err err = wspec_json_report_begin(&run->json, file, &run->report, &facts, &options);
  if (err == WSPEC_ERR_IO) {
    wspec_outputs_note(&run->options.outputs, WSPEC_FORMAT_JSON, err);
    return wspec_outputs_close(&run->options.outputs);
  }
  return err ? out_of_memory() : WSPEC_EXIT_OK;
}

static int close_report(struct run *run) {
  struct wspec_outputs *outputs = &run->options.outputs;
  errno = 0;
  wspec_outputs_note(
      outputs, WSPEC_FORMAT_JSON,
      wspec_json_report_end(&run->json, (double)(clock_us() - run->began_us) / 1000));
  wspec_outputs_write(outputs, &run->report, 1);
  return wspec_outputs_close(outputs);
}

static void on_result(void *user, const struct wspec_result *result, size_t n_done, size_t n_all) {
  struct run *run = user;
  const struct wspec_baseline_entry *known = wspec_baseline_match(&run->baseline, result);
  const struct wspec_record_options options = record_options(run, known);
  wspec_terminal_result(&run->terminal, result, options.known_reason, n_done, n_all);
  errno = 0;
  enum wspec_err err = wspec_json_report_add(&run->json, result, &options);
  if (err) {
    wspec_outputs_note(&run->options.outputs, WSPEC_FORMAT_JSON, err);
    run->json.file = NULL; /* no line may follow one that was cut */
  }
}

static void on_activity(void *user, const struct wspec_play *play) {
  struct run *run = user;
  wspec_terminal_activity(&run->terminal, play);
}

static void on_target(void *user, bool is_back) {
  struct run *run = user;
  if (!run->options.quiet) {
    fprintf(stderr, is_back ? "wspec run: the target is back\n"
                            : "wspec run: the target takes no connections; waiting for it\n");
  }
}

/* ---- The target ---- */

static unsigned needs_met(const struct run *run) {
  const struct wspec_run_options *options = &run->options;
  unsigned have = run->config.oracle == WSPEC_ORACLE_ECHO ? WSPEC_NEED_ECHO : 0u;
  have |= options->subprotocol ? WSPEC_NEED_SUBPROTOCOL : 0u;
  have |= options->origin ? WSPEC_NEED_ORIGIN_POLICY : 0u;
  have |= run->probe.deflate ? WSPEC_NEED_DEFLATE : 0u;
  have |= run->target.tls ? WSPEC_NEED_TLS : 0u;
  return have;
}

/* Reports are kept and passed on: what lets somebody in is hidden there. */
static void note_secrets(struct run *run) {
  for (size_t i = 0; i < run->config.n_fields; i++) {
    if (wspec_is_secret_field(run->fields[i].name)) {
      run->secrets[run->n_secrets++] = run->fields[i].value;
    }
  }
}

static void configure(struct run *run) {
  const struct wspec_run_options *options = &run->options;
  struct wspec_play_config *config = &run->config;
  uint64_t timeout_us = (uint64_t)options->timeout_ms * 1000;
  *config = (struct wspec_play_config){
      .seed = options->seed,
      .host = run->target.host_header ? run->target.host_header : "localhost",
      .target = run->target.resource_name ? run->target.resource_name : "/",
      .origin = options->origin,
      .subprotocol = options->subprotocol,
      .fields = run->fields,
      .n_fields = options->n_fields,
      .timeout_us = timeout_us,
      .settle_us = SETTLE_FLOOR_US < timeout_us / 2 ? SETTLE_FLOOR_US : timeout_us / 2,
      .close_us = CLOSE_US < timeout_us ? CLOSE_US : timeout_us,
      .requirements = &run->requirements,
      .have = WSPEC_NEED_ECHO,
  };
  memcpy(run->fields, options->fields, sizeof options->fields);
  if (run->target.authorization) {
    run->fields[config->n_fields++] =
        (struct wspec_play_field){"Authorization", run->target.authorization};
  }
  note_secrets(run);
}

/* What the probe found, as far as the user did not say otherwise. */
static void apply_probe(struct run *run) {
  struct wspec_play_config *config = &run->config;
  const struct wspec_probe *probe = &run->probe;
  config->oracle = run->options.oracle == WSPEC_CHOOSE_AUTO
                       ? probe->oracle
                       : (enum wspec_oracle)(run->options.oracle - WSPEC_CHOOSE_ECHO);
  config->chatty = probe->chatty;
  config->refusal_code = probe->refusal_code;
  uint64_t settle_us = probe->rtt_us * SETTLE_ROUND_TRIPS;
  if (settle_us > config->settle_us) {
    config->settle_us = settle_us < config->timeout_us / 2 ? settle_us : config->timeout_us / 2;
  }
  if (probe->one_at_a_time) {
    run->options.jobs = 1;
  }
  config->have = needs_met(run);
}

/* Without a URL the reference endpoint is the target, over loopback. */
static int start_embedded(struct run *run) {
  struct wspec_net_error error = {.err = WSPEC_OK};
  if (wspec_embedded_start(run->loop, &run->embedded, &error)) {
    fprintf(stderr, "wspec run: the reference endpoint: %s\n", error.sentence);
    return WSPEC_EXIT_UNREACHABLE;
  }
  snprintf(run->embedded_url, sizeof run->embedded_url, "ws://127.0.0.1:%u/",
           (unsigned)wspec_address_port(wspec_server_address(run->embedded)));
  run->url = run->embedded_url;
  if (!run->options.subprotocol) {
    run->options.subprotocol = "chat";
  }
  return WSPEC_EXIT_OK;
}

static int open_target(struct run *run) {
  struct wspec_net_error error = {.err = WSPEC_OK};
  enum wspec_err err =
      wspec_target_open(&run->target, run->loop, run->url, &run->options.target, &error);
  if (err == WSPEC_ERR_NOMEM) {
    return out_of_memory();
  }
  if (err == WSPEC_ERR_CONNECT || err == WSPEC_ERR_IO || err == WSPEC_ERR_TIMEOUT) {
    fprintf(stderr, "wspec run: %s: %s\n", run->url, error.sentence);
    return WSPEC_EXIT_UNREACHABLE;
  }
  if (err) {
    return wspec_usage_error("run", "%s", error.sentence);
  }
  configure(run);
  if (wspec_probe_run(run->loop, &run->target.route, &run->config, &run->probe)) {
    fprintf(stderr, "wspec run: %s: %s\n", run->url,
            run->probe.sentence[0] ? run->probe.sentence : "out of memory");
    return WSPEC_EXIT_UNREACHABLE;
  }
  apply_probe(run);
  return WSPEC_EXIT_OK;
}

/* ---- Playing ---- */

static int play_over_network(struct run *run) {
  const struct wspec_schedule_options options = {
      .route = &run->target.route,
      .config = &run->config,
      .jobs = run->options.jobs,
      .confirm = !run->options.no_confirm,
      .drop_transcripts = true,
      .revival_us = run->config.timeout_us,
      .on_result = on_result,
      .on_target = on_target,
      .user = run,
      .watcher = {.on_activity = on_activity, .user = run},
  };
  return wspec_schedule_run(run->loop, &options, run->scripts, run->n_scripts, run->results,
                            &run->target_gone)
             ? out_of_memory()
             : WSPEC_EXIT_OK;
}

static int play_in_memory(struct run *run) {
  /* A large message in single octets is many deliveries: they must not add up to a time limit. */
  struct wspec_play_config config = run->config;
  const struct wspec_memory_options options = {
      .config = &config,
      .chunk_len = run->options.chunk_len,
      .latency_us = run->options.chunk_len > 0 ? 1 : 100,
  };
  for (size_t i = 0; i < run->n_scripts; i++) {
    config.seed = wspec_play_seed(run->config.seed, run->scripts[i]->id);
    enum wspec_err err = wspec_memory_run(run->scripts[i], &options, &run->results[i]);
    run->results[i].script = run->scripts[i];
    if (err == WSPEC_ERR_NOMEM) {
      return out_of_memory();
    }
    if (err) {
      run->results[i].verdict = WSPEC_VERDICT_ERROR;
    }
    on_result(run, &run->results[i], i + 1, run->n_scripts);
    wspec_result_clear(&run->results[i]);
  }
  return WSPEC_EXIT_OK;
}

/* ---- Baseline ---- */

static int open_baselines(struct run *run) {
  const char *path = run->options.baseline_path;
  FILE *file = path ? fopen(path, "r") : NULL;
  if (path && !file) {
    return wspec_usage_error("run", "--baseline %s: %s", path, strerror(errno));
  }
  char *message = NULL;
  enum wspec_err err = file ? wspec_baseline_read(&run->baseline, file, path, &message) : WSPEC_OK;
  if (file) {
    (void)fclose(file);
  }
  int code = WSPEC_EXIT_OK;
  if (err) {
    code = message ? wspec_usage_error("run", "%s", message) : out_of_memory();
  }
  free(message);
  path = run->options.write_baseline_path;
  /* Not truncated before there is something to write: it may be the only one there is. */
  run->new_baseline = path && code == WSPEC_EXIT_OK ? fopen(path, "a") : NULL;
  if (path && code == WSPEC_EXIT_OK && !run->new_baseline) {
    code = wspec_usage_error("run", "--write-baseline %s: %s", path, strerror(errno));
  }
  return code;
}

static int check_baseline(struct run *run) {
  char today[16];
  time_t now = time(NULL);
  struct tm utc;
  strftime(today, sizeof today, "%Y-%m-%d", gmtime_r(&now, &utc));
  bool *named = calloc(run->baseline.n_entries + 1, sizeof *named);
  if (!named) {
    return out_of_memory();
  }
  wspec_run_cases_named(&run->options, &run->requirements, &run->set, &run->baseline, named);
  for (size_t i = 0; i < run->baseline.n_entries; i++) {
    const struct wspec_baseline_entry *entry = &run->baseline.entries[i];
    const char *complaint =
        named[i] ? wspec_baseline_complaint(entry, today) : "stale: there is no such case";
    if (complaint) {
      run->n_complaints++;
      fprintf(stderr, "wspec run: %s: entries[%zu], %s: %s\n", run->options.baseline_path, i,
              entry->pattern, complaint);
    }
  }
  free(named);
  return WSPEC_EXIT_OK;
}

static int write_baseline(struct run *run) {
  if (!run->new_baseline) {
    return WSPEC_EXIT_OK;
  }
  errno = 0;
  bool is_empty = ftruncate(fileno(run->new_baseline), 0) == 0 || errno == EINVAL;
  enum wspec_err err =
      wspec_baseline_write(run->new_baseline, &run->report, &run->baseline, run->options.strict);
  bool closed = fclose(run->new_baseline) == 0;
  run->new_baseline = NULL;
  return !err && closed && is_empty
             ? WSPEC_EXIT_OK
             : wspec_usage_error("run", "--write-baseline %s: %s", run->options.write_baseline_path,
                                 strerror(errno));
}

static int exit_code(const struct run *run) {
  if (run->target_gone) {
    return WSPEC_EXIT_UNREACHABLE;
  }
  for (size_t i = 0; i < run->report.n_records; i++) {
    const struct wspec_record *record = &run->report.records[i];
    bool is_bad = record->verdict == WSPEC_VERDICT_FAIL ||
                  (record->verdict == WSPEC_VERDICT_WARN && run->options.strict);
    if (is_bad && !record->known_reason && !run->options.write_baseline_path) {
      return WSPEC_EXIT_FAIL;
    }
  }
  return run->n_complaints > 0 && !run->options.write_baseline_path ? WSPEC_EXIT_FAIL
                                                                    : WSPEC_EXIT_OK;
}

static int play(struct run *run) {
  int code = open_baselines(run);
  if (code == WSPEC_EXIT_OK) {
    code = open_report(run);
  }
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  FILE *out = wspec_outputs_use_stdout(&run->options.outputs) ? stderr : stdout;
  wspec_terminal_init(&run->terminal, out, run->options.color);
  run->terminal.quiet = run->options.quiet;
  run->terminal.verbose = run->options.verbose;
  run->terminal.reproduce = run->reproduce;
  run->terminal.is_live =
      !run->options.in_memory && (run->options.jobs == 1 || run->n_scripts == 1);
  uint64_t start_us = clock_us();
  code = run->options.in_memory ? play_in_memory(run) : play_over_network(run);
  double seconds = (double)(clock_us() - start_us) / 1e6;
  int report_code = close_report(run);
  if (code == WSPEC_EXIT_OK) {
    wspec_terminal_summary(&run->terminal, &run->report, seconds);
    int baseline_code = check_baseline(run);
    baseline_code = baseline_code != WSPEC_EXIT_OK ? baseline_code : write_baseline(run);
    report_code = report_code != WSPEC_EXIT_OK ? report_code : baseline_code;
    code = report_code != WSPEC_EXIT_OK ? report_code : exit_code(run);
  }
  return code;
}

/* The URL and the command as they may be shown to anybody. */
static int name_target(struct run *run) {
  run->shown_url = run->options.url ? wspec_url_to_show(run->options.url) : NULL;
  run->reproduce = wspec_reproduce_command(&run->options, run->shown_url);
  return run->reproduce && (run->shown_url || !run->options.url) ? WSPEC_EXIT_OK : out_of_memory();
}

static int run_all(struct run *run) {
  int code = load_cases(run);
  if (code == WSPEC_EXIT_OK) {
    code = name_target(run);
  }
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  if (run->options.in_memory) {
    run->options.subprotocol = run->options.subprotocol ? run->options.subprotocol : "chat";
    configure(run);
    run->probe.deflate = wspec_embedded_session_options().deflate;
    run->config.have = needs_met(run);
    return play(run);
  }
  if (wspec_loop_new(&run->loop)) {
    return out_of_memory();
  }
  run->url = run->options.url;
  code = run->url ? WSPEC_EXIT_OK : start_embedded(run);
  if (code == WSPEC_EXIT_OK) {
    code = open_target(run);
  }
  return code == WSPEC_EXIT_OK ? play(run) : code;
}

static void clear(struct run *run) {
  for (size_t i = 0; run->results && i < run->n_scripts; i++) {
    wspec_result_clear(&run->results[i]);
  }
  free(run->results);
  free(run->scripts);
  wspec_report_clear(&run->report);
  wspec_terminal_clear(&run->terminal);
  wspec_baseline_clear(&run->baseline);
  if (run->new_baseline) {
    (void)fclose(run->new_baseline);
  }
  free(run->shown_url);
  free(run->reproduce);
  wspec_server_free(run->embedded);
  if (run->loop) {
    wspec_loop_free(run->loop);
  }
  wspec_target_clear(&run->target);
  wspec_case_set_clear(&run->set);
  wspec_requirements_clear(&run->requirements);
  wspec_run_options_clear(&run->options);
}

int wspec_cmd_run(int argc, char **argv) {
  struct run *run = calloc(1, sizeof *run);
  if (!run) {
    return out_of_memory();
  }
  run->began_us = clock_us();
  int code = wspec_run_options_parse(&run->options, argc, argv);
  if (code == WSPEC_EXIT_OK) {
    code = run->options.targets_path ? wspec_run_targets(&run->options, argc, argv) : run_all(run);
  }
  clear(run);
  free(run);
  return code < 0 ? WSPEC_EXIT_OK : code;
}
