#include "cli/command.h"
#include "cli/listen_tls.h"
#include "cli/run_suite.h"

#include "run/client_command.h"
#include "run/probe.h"

#include <stdio.h>
#include <stdlib.h>

/* A run from its arguments to its exit code. */
struct run {
  struct wspec_run_suite suite;
  struct wspec_loop *loop;
  struct wspec_listen_tls tls;
  struct wspec_client_command command;
  struct wspec_probe probe;
};

static void configure(struct run *run) {
  struct wspec_run_suite *suite = &run->suite;
  wspec_run_suite_configure(suite);
  suite->config.is_server = true;
  /* A command may take its time to start: Java, or many of them at once. */
  suite->config.connect_us = (uint64_t)suite->options.case_timeout_ms * 1000;
  suite->config.have |= run->tls.tls ? WSPEC_NEED_TLS : 0u;
  wspec_run_suite_hide(suite);
  suite->role = "client";
  suite->url = "embedded";
}

static int play_in_memory(struct run *run) {
  configure(run);
  run->suite.config.host = "localhost";
  run->suite.config.target = "/";
  int code = wspec_run_suite_open(&run->suite);
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  return wspec_run_suite_close(&run->suite, wspec_run_suite_play_in_memory(&run->suite));
}

static void describe_command(struct run *run) {
  const struct wspec_run_options *options = &run->suite.options;
  run->command = (struct wspec_client_command){
      .arguments = options->arguments,
      .agent = options->name ? options->name : "client",
      .tls = run->tls.tls,
      .url_host = options->url_host,
      .time_limit_ms = options->case_timeout_ms,
  };
}

/* A look at what it does with an ordinary connection, before anything is judged. */
static int probe(struct run *run) {
  struct wspec_run_suite *suite = &run->suite;
  enum wspec_oracle_choice choice = suite->options.oracle;
  if (wspec_probe_client(run->loop, &run->command, &suite->config, &run->probe)) {
    fprintf(stderr, "wspec run-client: %s: %s\n", run->command.arguments[0],
            run->probe.sentence[0] ? run->probe.sentence : "out of memory");
    return WSPEC_EXIT_UNREACHABLE;
  }
  suite->config.oracle = choice == WSPEC_CHOOSE_AUTO
                             ? run->probe.oracle
                             : (enum wspec_oracle)(choice - WSPEC_CHOOSE_ECHO);
  if (suite->config.oracle != WSPEC_ORACLE_ECHO) {
    suite->config.have &= ~(unsigned)WSPEC_NEED_ECHO;
  }
  return WSPEC_EXIT_OK;
}

static int play_all(struct run *run) {
  struct wspec_run_suite *suite = &run->suite;
  const struct wspec_schedule_options options = {
      .client = &run->command,
      .config = &suite->config,
      .jobs = suite->options.jobs,
      .confirm = !suite->options.no_confirm,
      .drop_transcripts = true,
      .on_result = wspec_run_suite_result,
      .user = suite,
  };
  return wspec_run_suite_play(suite, run->loop, &options);
}

static int play_command(struct run *run) {
  struct wspec_run_suite *suite = &run->suite;
  if (wspec_loop_new(&run->loop)) {
    return wspec_run_suite_out_of_memory(suite);
  }
  int code = wspec_listen_tls_open(&run->tls, &suite->options);
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  configure(run);
  describe_command(run);
  suite->url = run->command.agent;
  code = probe(run);
  if (code == WSPEC_EXIT_OK) {
    code = wspec_run_suite_open(suite);
  }
  return code == WSPEC_EXIT_OK ? wspec_run_suite_close(suite, play_all(run)) : code;
}

static void clear(struct run *run) {
  if (run->loop) {
    wspec_loop_free(run->loop);
  }
  wspec_listen_tls_clear(&run->tls);
  wspec_run_suite_clear(&run->suite);
}

int wspec_cmd_run_client(int argc, char **argv) {
  struct run *run = calloc(1, sizeof *run);
  if (!run) {
    (void)fprintf(stderr, "wspec run-client: out of memory\n");
    return WSPEC_EXIT_UNREACHABLE;
  }
  struct wspec_run_options *options = &run->suite.options;
  int code = wspec_run_options_parse(options, WSPEC_RUN_CLIENT, argc, argv);
  if (code == WSPEC_EXIT_OK) {
    code = wspec_run_suite_load(&run->suite);
  }
  if (code == WSPEC_EXIT_OK) {
    code = wspec_run_suite_reproduce(&run->suite, NULL);
  }
  if (code == WSPEC_EXIT_OK) {
    code = options->in_memory ? play_in_memory(run) : play_command(run);
  }
  clear(run);
  free(run);
  return code < 0 ? WSPEC_EXIT_OK : code;
}
