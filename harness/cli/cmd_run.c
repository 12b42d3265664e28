#include "cli/command.h"
#include "cli/reproduce.h"
#include "cli/run_suite.h"
#include "cli/run_targets.h"

#include "run/embedded.h"
#include "run/probe.h"

#include <stdio.h>
#include <stdlib.h>

/* Settle time: so many round trips of the target, between a floor and half the time limit. */
enum { SETTLE_ROUND_TRIPS = 20 };

/* A run from its arguments to its exit code. */
struct run {
  struct wspec_run_suite suite;
  struct wspec_loop *loop;
  struct wspec_server *embedded; /* the reference endpoint; NULL where a URL is tested */
  char embedded_url[64];
  const char *url; /* that is connected to */
  struct wspec_target target;
  struct wspec_probe probe;
  char *shown_url; /* owned; without user and password; NULL: the embedded endpoint */
};

static int out_of_memory(const struct run *run) {
  return wspec_run_suite_out_of_memory(&run->suite);
}

static void on_target(void *user, bool is_back) {
  const struct wspec_run_suite *suite = user;
  if (!suite->options.quiet) {
    fprintf(stderr, is_back ? "wspec run: the target is back\n"
                            : "wspec run: the target takes no connections; waiting for it\n");
  }
}

/* ---- The target ---- */

static unsigned needs_met(const struct run *run) {
  const struct wspec_run_options *options = &run->suite.options;
  unsigned have = run->suite.config.oracle == WSPEC_ORACLE_ECHO ? WSPEC_NEED_ECHO : 0u;
  have |= options->subprotocol ? WSPEC_NEED_SUBPROTOCOL : 0u;
  have |= options->origin ? WSPEC_NEED_ORIGIN_POLICY : 0u;
  have |= run->probe.deflate ? WSPEC_NEED_DEFLATE : 0u;
  have |= run->target.tls ? WSPEC_NEED_TLS : 0u;
  return have;
}

static void configure(struct run *run) {
  struct wspec_run_suite *suite = &run->suite;
  struct wspec_play_config *config = &suite->config;
  wspec_run_suite_configure(suite);
  config->host = run->target.host_header ? run->target.host_header : "localhost";
  config->target = run->target.resource_name ? run->target.resource_name : "/";
  if (run->target.authorization) {
    suite->fields[config->n_fields++] =
        (struct wspec_play_field){"Authorization", run->target.authorization};
  }
  wspec_run_suite_hide(suite);
}

/* What the probe found, as far as the user did not say otherwise. */
static void apply_probe(struct run *run) {
  struct wspec_play_config *config = &run->suite.config;
  const struct wspec_probe *probe = &run->probe;
  config->oracle = run->suite.options.oracle == WSPEC_CHOOSE_AUTO
                       ? probe->oracle
                       : (enum wspec_oracle)(run->suite.options.oracle - WSPEC_CHOOSE_ECHO);
  config->chatty = probe->chatty;
  /* Who says that the target echoes does not let it refuse. */
  config->refusal_code = run->suite.options.oracle == WSPEC_CHOOSE_ECHO ? 0 : probe->refusal_code;
  uint64_t settle_us = probe->rtt_us * SETTLE_ROUND_TRIPS;
  if (settle_us > config->settle_us) {
    config->settle_us = settle_us < config->timeout_us / 2 ? settle_us : config->timeout_us / 2;
  }
  config->one_at_a_time = probe->one_at_a_time;
  if (probe->one_at_a_time) {
    run->suite.options.jobs = 1;
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
  if (!run->suite.options.subprotocol) {
    run->suite.options.subprotocol = "chat";
  }
  return WSPEC_EXIT_OK;
}

static int open_target(struct run *run) {
  struct wspec_net_error error = {.err = WSPEC_OK};
  enum wspec_err err =
      wspec_target_open(&run->target, run->loop, run->url, &run->suite.options.target, &error);
  if (err == WSPEC_ERR_NOMEM) {
    return out_of_memory(run);
  }
  if (err == WSPEC_ERR_CONNECT || err == WSPEC_ERR_IO || err == WSPEC_ERR_TIMEOUT) {
    fprintf(stderr, "wspec run: %s: %s\n", run->url, error.sentence);
    return WSPEC_EXIT_UNREACHABLE;
  }
  if (err) {
    return wspec_usage_error("run", "%s", error.sentence);
  }
  configure(run);
  if (wspec_probe_run(run->loop, &run->target.route, &run->suite.config, &run->probe)) {
    fprintf(stderr, "wspec run: %s: %s\n", run->url,
            run->probe.sentence[0] ? run->probe.sentence : "out of memory");
    return WSPEC_EXIT_UNREACHABLE;
  }
  apply_probe(run);
  return WSPEC_EXIT_OK;
}

/* ---- Playing ---- */

static int play_over_network(struct run *run) {
  struct wspec_run_suite *suite = &run->suite;
  const struct wspec_schedule_options options = {
      .route = &run->target.route,
      .config = &suite->config,
      .jobs = suite->options.jobs,
      .confirm = !suite->options.no_confirm,
      .drop_transcripts = true,
      .revival_us = suite->config.timeout_us,
      .on_result = wspec_run_suite_result,
      .on_target = on_target,
      .user = suite,
      .watcher = {.on_activity = wspec_run_suite_activity, .user = suite},
  };
  return wspec_run_suite_play(suite, run->loop, &options);
}

static int play(struct run *run) {
  struct wspec_run_suite *suite = &run->suite;
  suite->role = "server";
  suite->url = run->shown_url ? run->shown_url : "embedded";
  suite->agent = run->probe.agent;
  int code = wspec_run_suite_open(suite);
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  return wspec_run_suite_close(suite, suite->options.in_memory
                                          ? wspec_run_suite_play_in_memory(suite)
                                          : play_over_network(run));
}

/* The URL and the command as they may be shown to anybody. */
static int name_target(struct run *run) {
  const char *url = run->suite.options.url;
  run->shown_url = url ? wspec_url_to_show(url) : NULL;
  return run->shown_url || !url ? wspec_run_suite_reproduce(&run->suite, run->shown_url)
                                : out_of_memory(run);
}

static int run_in_memory(struct run *run) {
  const char **subprotocol = &run->suite.options.subprotocol;
  *subprotocol = *subprotocol ? *subprotocol : "chat";
  configure(run);
  run->probe.deflate = wspec_embedded_session_options().deflate;
  run->suite.config.have = needs_met(run);
  return play(run);
}

static int run_all(struct run *run) {
  int code = wspec_run_suite_load(&run->suite);
  if (code == WSPEC_EXIT_OK) {
    code = name_target(run);
  }
  if (code != WSPEC_EXIT_OK || run->suite.options.in_memory) {
    return code != WSPEC_EXIT_OK ? code : run_in_memory(run);
  }
  if (wspec_loop_new(&run->loop)) {
    return out_of_memory(run);
  }
  run->url = run->suite.options.url;
  code = run->url ? WSPEC_EXIT_OK : start_embedded(run);
  if (code == WSPEC_EXIT_OK) {
    code = open_target(run);
  }
  return code == WSPEC_EXIT_OK ? play(run) : code;
}

static void clear(struct run *run) {
  free(run->shown_url);
  wspec_server_free(run->embedded);
  if (run->loop) {
    wspec_loop_free(run->loop);
  }
  wspec_target_clear(&run->target);
  wspec_run_suite_clear(&run->suite);
}

int wspec_cmd_run(int argc, char **argv) {
  struct run *run = calloc(1, sizeof *run);
  if (!run) {
    (void)fprintf(stderr, "wspec run: out of memory\n");
    return WSPEC_EXIT_UNREACHABLE;
  }
  struct wspec_run_options *options = &run->suite.options;
  int code = wspec_run_options_parse(options, WSPEC_RUN_SERVER, argc, argv);
  if (code == WSPEC_EXIT_OK) {
    code = options->targets_path ? wspec_run_targets(options, argc, argv) : run_all(run);
  }
  clear(run);
  free(run);
  return code < 0 ? WSPEC_EXIT_OK : code;
}
