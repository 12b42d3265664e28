#include "cli/cases_dir.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/terminal.h"

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

/* Settle time: so many round trips of the target, between a floor and half the time limit. */
enum { SETTLE_ROUND_TRIPS = 20, SETTLE_FLOOR_US = 100 * 1000, CLOSE_US = 1000 * 1000 };

static const char *const ORACLE_NAMES[] = {"echo", "pong", "none"};

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
  char *json_path; /* owned; NULL: none */
  FILE *json_file;
  struct wspec_json_report json;
  bool report_broke, target_gone;
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

/* ---- Cases ---- */

/* The I-th of N parts: by a hash of the id, so that a case stays in its part when others come. */
static bool is_in_shard(const struct wspec_run_options *options, const char *id) {
  uint32_t hash = 2166136261u;
  for (; *id; id++) {
    hash = (hash ^ (uint8_t)*id) * 16777619u;
  }
  return hash % options->n_shards == options->shard - 1;
}

static void keep_playable(struct run *run) {
  size_t kept = 0;
  for (size_t i = 0; i < run->n_scripts; i++) {
    if (run->scripts[i]->target != WSPEC_TARGET_CLIENT &&
        is_in_shard(&run->options, run->scripts[i]->id)) {
      run->scripts[kept++] = run->scripts[i];
    }
  }
  run->n_scripts = kept;
}

static int load_cases(struct run *run) {
  const struct wspec_run_options *options = &run->options;
  int code = wspec_load_suite("run", options->case_dir, options->exhaustive, &run->requirements,
                              &run->set);
  for (size_t i = 0; i < options->n_case_files && code == WSPEC_EXIT_OK; i++) {
    code = wspec_load_cases_at("run", options->case_files[i], &run->requirements,
                               options->exhaustive, &run->set);
  }
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  const char *unmatched = NULL;
  if (wspec_select(&options->selection, run->set.scripts, run->set.n_scripts, &run->scripts,
                   &run->n_scripts, &unmatched)) {
    return out_of_memory();
  }
  if (unmatched) {
    fprintf(stderr, "wspec run: '%s' matches no case; 'wspec list' shows them\n", unmatched);
  }
  keep_playable(run);
  if (run->n_scripts == 0) {
    fprintf(stderr, "wspec run: no case was selected\n");
    return WSPEC_EXIT_NO_CASES;
  }
  run->results = calloc(run->n_scripts, sizeof *run->results);
  return run->results ? WSPEC_EXIT_OK : out_of_memory();
}

/* ---- Reports ---- */

static char *join(const char *directory, const char *name) {
  size_t size = strlen(directory) + strlen(name) + 2;
  char *path = malloc(size);
  if (path) {
    snprintf(path, size, "%s/%s", directory, name);
  }
  return path;
}

static int choose_paths(struct run *run) {
  const struct wspec_run_options *options = &run->options;
  if (options->out_dir) {
    if (mkdir(options->out_dir, 0777) != 0 && errno != EEXIST) {
      return wspec_usage_error("run", "--out %s: %s", options->out_dir, strerror(errno));
    }
    run->json_path = join(options->out_dir, "report.json");
  }
  if (options->json_path) {
    free(run->json_path);
    run->json_path = join(".", options->json_path);
    if (run->json_path) {
      strcpy(run->json_path, options->json_path); /* it is shorter than what was there */
    }
  }
  bool wanted = options->out_dir || options->json_path;
  return wanted && !run->json_path ? out_of_memory() : WSPEC_EXIT_OK;
}

static const char *url_of(const struct run *run) {
  return run->options.url ? run->options.url : "embedded";
}

/* Before anything is played: a report that cannot be written is bad input, not a lost run. */
static int open_report(struct run *run) {
  if (!run->json_path) {
    return WSPEC_EXIT_OK;
  }
  bool is_stdout = strcmp(run->json_path, "-") == 0;
  run->json_file = is_stdout ? stdout : fopen(run->json_path, "w");
  if (!run->json_file) {
    return wspec_usage_error("run", "%s: %s", run->json_path, strerror(errno));
  }
  char started[32];
  time_t now = time(NULL);
  struct tm utc;
  strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  const struct wspec_run_facts facts = {
      .tool_version = WSPEC_VERSION,
      .url = url_of(run),
      .role = "server",
      .agent = run->probe.agent,
      .oracle = ORACLE_NAMES[run->config.oracle],
      .started = started,
      .seed = run->options.seed,
  };
  errno = 0;
  if (wspec_json_report_begin(&run->json, run->json_file, &facts, run->options.all_transcripts)) {
    return wspec_usage_error("run", "%s: %s", run->json_path,
                             errno ? strerror(errno) : "cannot be written");
  }
  return WSPEC_EXIT_OK;
}

static int close_report(struct run *run) {
  if (!run->json_file) {
    return WSPEC_EXIT_OK;
  }
  errno = 0;
  if (!run->report_broke) {
    run->report_broke =
        wspec_json_report_end(&run->json, (clock_us() - run->began_us) / 1000) != WSPEC_OK;
  }
  bool is_stdout = run->json_file == stdout;
  bool closed = is_stdout ? fflush(stdout) == 0 : fclose(run->json_file) == 0;
  run->json_file = NULL;
  if (run->report_broke || !closed) {
    return wspec_usage_error("run", "the report was not written whole: %s: %s", run->json_path,
                             errno ? strerror(errno) : "write error");
  }
  return WSPEC_EXIT_OK;
}

static void on_result(void *user, const struct wspec_result *result, size_t n_done, size_t n_all) {
  struct run *run = user;
  wspec_terminal_result(&run->terminal, result, n_done, n_all);
  if (run->json_file && !run->report_broke) {
    run->report_broke = wspec_json_report_add(&run->json, result) != WSPEC_OK;
  }
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
}

/* What the probe found, as far as the user did not say otherwise. */
static void apply_probe(struct run *run) {
  struct wspec_play_config *config = &run->config;
  const struct wspec_probe *probe = &run->probe;
  config->oracle = run->options.oracle == WSPEC_CHOOSE_AUTO
                       ? probe->oracle
                       : (enum wspec_oracle)(run->options.oracle - WSPEC_CHOOSE_ECHO);
  config->chatty = probe->chatty;
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
      .revival_us = run->config.timeout_us,
      .on_result = on_result,
      .on_target = on_target,
      .user = run,
  };
  return wspec_schedule_run(run->loop, &options, run->scripts, run->n_scripts, run->results,
                            &run->target_gone)
             ? out_of_memory()
             : WSPEC_EXIT_OK;
}

static int play_in_memory(struct run *run) {
  /* A large message in single octets is many deliveries: they must not add up to a time limit. */
  const struct wspec_memory_options options = {
      .config = &run->config,
      .chunk_len = run->options.chunk_len,
      .latency_us = run->options.chunk_len > 0 ? 1 : 100,
  };
  for (size_t i = 0; i < run->n_scripts; i++) {
    enum wspec_err err = wspec_memory_run(run->scripts[i], &options, &run->results[i]);
    run->results[i].script = run->scripts[i];
    if (err == WSPEC_ERR_NOMEM) {
      return out_of_memory();
    }
    if (err) {
      run->results[i].verdict = WSPEC_VERDICT_ERROR;
    }
    on_result(run, &run->results[i], i + 1, run->n_scripts);
  }
  return WSPEC_EXIT_OK;
}

static int exit_code(const struct run *run) {
  if (run->target_gone) {
    return WSPEC_EXIT_UNREACHABLE;
  }
  for (size_t i = 0; i < run->n_scripts; i++) {
    enum wspec_verdict verdict = run->results[i].verdict;
    if (verdict == WSPEC_VERDICT_FAIL || (verdict == WSPEC_VERDICT_WARN && run->options.strict)) {
      return WSPEC_EXIT_FAIL;
    }
  }
  return WSPEC_EXIT_OK;
}

static int play(struct run *run) {
  int code = open_report(run);
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  bool json_on_stdout = run->json_file == stdout;
  wspec_terminal_init(&run->terminal, json_on_stdout ? stderr : stdout, run->options.url);
  run->terminal.quiet = run->options.quiet;
  run->terminal.verbose = run->options.verbose;
  uint64_t start_us = clock_us();
  code = run->options.in_memory ? play_in_memory(run) : play_over_network(run);
  if (code == WSPEC_EXIT_OK) {
    wspec_terminal_summary(&run->terminal, run->results, run->n_scripts,
                           (double)(clock_us() - start_us) / 1e6);
  }
  int report_code = close_report(run);
  if (code == WSPEC_EXIT_OK) {
    code = report_code != WSPEC_EXIT_OK ? report_code : exit_code(run);
  }
  return code;
}

static int run_all(struct run *run) {
  int code = load_cases(run);
  if (code == WSPEC_EXIT_OK) {
    code = choose_paths(run);
  }
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  if (run->options.in_memory) {
    run->options.subprotocol = run->options.subprotocol ? run->options.subprotocol : "chat";
    configure(run);
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
  free(run->json_path);
  if (run->json_file && run->json_file != stdout) {
    (void)fclose(run->json_file);
  }
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
    code = run_all(run);
  }
  clear(run);
  free(run);
  return code < 0 ? WSPEC_EXIT_OK : code;
}
