/* fuzzingclient: tests the servers of a spec, one after another. */
#include "cli/command.h"
#include "cli/wstest.h"

#include "run/probe.h"
#include "run/schedule.h"
#include "run/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
  TIMEOUT_MS = 5000,
  HEAVY_TIMEOUT_MS = 20000,
  HEAVY_JOBS = 2, /* megabytes each: more at a time would only wait for each other */
  CLOSE_MS = 1000,
  SETTLE_ROUND_TRIPS = 20,
  SETTLE_FLOOR_US = 100 * 1000,
  STARTED_SIZE = 32
};

/* The test of one server. */
struct client {
  const struct wspec_wstest_arguments *arguments;
  const struct wspec_spec *spec;
  struct wspec_wstest_suite suite;
  struct wspec_store store;
  struct wspec_loop *loop;

  /* of the server under test */
  const struct wspec_spec_server *server;
  struct wspec_target target;
  struct wspec_play_config config;
  struct wspec_play_field authorization;
  struct wspec_probe probe;
  bool is_reachable;
  char agent[256];
  char peer[WSPEC_ADDRESS_TEXT_MAX + 8];

  /* of one pass over it: cases that may be played side by side */
  const struct wspec_script **scripts;
  size_t *indices;
  struct wspec_result *results;
  size_t n;
  bool out_of_memory;
};

static void put_now(char out[STARTED_SIZE]) {
  struct timespec now;
  struct tm utc;
  clock_gettime(CLOCK_REALTIME, &now);
  size_t len = strftime(out, STARTED_SIZE, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
  (void)snprintf(out + len, STARTED_SIZE - len, ".%03ldZ", now.tv_nsec / 1000000);
}

/* ---- Outcomes ---- */

static void keep_outcome(struct client *client, const struct wspec_result *result, size_t index) {
  char started[STARTED_SIZE], number[WSPEC_NUMBER_SIZE];
  put_now(started);
  wspec_number_text(index, number);
  const struct wspec_outcome_facts facts = {.index = index,
                                            .case_value = (unsigned)index + 1,
                                            .agent = client->agent,
                                            .started = started};
  struct cJSON *outcome = wspec_outcome_new(result, &facts);
  if (!outcome || wspec_store_add(&client->store, client->agent, number, outcome, true)) {
    client->out_of_memory = true;
  }
}

static void on_result(void *user, const struct wspec_result *result, size_t n_done, size_t n_all) {
  struct client *client = user;
  (void)n_done;
  (void)n_all;
  size_t at = (size_t)(result - client->results);
  char number[WSPEC_NUMBER_SIZE];
  wspec_number_text(client->indices[at], number);
  printf("Running test case ID %s for agent %s from peer %s\n", number, client->agent,
         client->peer);
  keep_outcome(client, result, client->indices[at]);
}

/* Those that were not played are failed, and not missing: a report must not look better because the
 * server went away. */
static void keep_unplayed(struct client *client) {
  for (size_t i = 0; i < client->n; i++) {
    char number[WSPEC_NUMBER_SIZE];
    wspec_number_text(client->indices[i], number);
    if (!wspec_store_find(&client->store, client->agent, number)) {
      const struct wspec_result result = {.script = client->scripts[i],
                                          .verdict = WSPEC_VERDICT_ERROR};
      keep_outcome(client, &result, client->indices[i]);
    }
  }
}

/* ---- Passes ---- */

static bool is_heavy(size_t index) {
  char number[WSPEC_NUMBER_SIZE];
  wspec_number_text(index, number);
  return strncmp(number, "9.", 2) == 0 || strncmp(number, "12.", 3) == 0 ||
         strncmp(number, "13.", 3) == 0;
}

static void select_cases(struct client *client, bool heavy) {
  size_t said = WSPEC_N_NUMBERS;
  client->n = 0;
  for (size_t i = 0; i < client->suite.n_cases; i++) {
    const struct wspec_wstest_case *one = &client->suite.cases[i];
    char number[WSPEC_NUMBER_SIZE];
    wspec_number_text(one->index, number);
    if (!client->spec->selected[one->index] || is_heavy(one->index) != heavy) {
      continue;
    }
    if (wspec_spec_excludes(client->spec, client->agent, number)) {
      if (one->index != said) {
        printf("Skipping test case %s for agent %s by test configuration!\n", number,
               client->agent);
      }
      said = one->index;
      continue;
    }
    client->indices[client->n] = one->index;
    client->scripts[client->n++] = one->script;
  }
}

static void play(struct client *client, bool heavy) {
  select_cases(client, heavy);
  unsigned jobs = client->arguments->jobs;
  jobs = heavy && jobs > HEAVY_JOBS ? HEAVY_JOBS : jobs;
  if (heavy) {
    client->config.timeout_us = (uint64_t)HEAVY_TIMEOUT_MS * 1000;
  }
  const struct wspec_schedule_options options = {
      .route = &client->target.route,
      .config = &client->config,
      .jobs = client->probe.one_at_a_time ? 1 : jobs,
      .confirm = true,
      .drop_transcripts = true,
      .revival_us = client->config.timeout_us,
      .on_result = on_result,
      .user = client,
  };
  bool is_gone = false;
  if (client->is_reachable && client->n > 0 &&
      wspec_schedule_run(client->loop, &options, client->scripts, client->n, client->results,
                         &is_gone)) {
    client->out_of_memory = true;
  }
  if (is_gone) {
    printf("Connection to %s failed (the server went away)\n", client->server->url);
    client->is_reachable = false;
  }
  keep_unplayed(client);
  for (size_t i = 0; i < client->n; i++) {
    wspec_result_clear(&client->results[i]);
  }
}

/* ---- The server ---- */

static void configure(struct client *client) {
  const struct wspec_spec_server *server = client->server;
  uint64_t close_ms = server->close_timeout_ms > 0 ? server->close_timeout_ms : CLOSE_MS;
  client->config = (struct wspec_play_config){
      .oracle = WSPEC_ORACLE_ECHO,
      .seed = 1,
      .host = client->target.host_header ? client->target.host_header : "localhost",
      .target = client->target.resource_name ? client->target.resource_name : "/",
      .origin = server->origin,
      .subprotocol = server->protocols,
      .timeout_us = (uint64_t)TIMEOUT_MS * 1000,
      .settle_us = SETTLE_FLOOR_US,
      .close_us = close_ms * 1000,
      .always_close = true,
      .requirements = &client->suite.requirements,
      /* Whether it has permessage-deflate is found on each connection anew. */
      .have = WSPEC_NEED_ECHO | WSPEC_NEED_DEFLATE,
  };
  if (client->target.authorization) {
    client->authorization =
        (struct wspec_play_field){"Authorization", client->target.authorization};
    client->config.fields = &client->authorization;
    client->config.n_fields = 1;
  }
}

static void name_agent(struct client *client) {
  const char *name = client->server->agent         ? client->server->agent
                     : client->probe.agent[0] != 0 ? client->probe.agent
                                                   : "UnknownServer";
  (void)snprintf(client->agent, sizeof client->agent, "%s", name);
}

/* Opens the target and looks at it; false: it cannot be tested, which was said. */
static bool reach(struct client *client) {
  const struct wspec_spec_server *server = client->server;
  struct wspec_net_error error = {.err = WSPEC_OK};
  const struct wspec_target_options options = {
      .timeout_ms = server->open_timeout_ms > 0 ? server->open_timeout_ms : TIMEOUT_MS,
      /* As Autobahn: a certificate is looked at only where the spec names whose it is. */
      .tls = {.is_insecure = !server->hostname},
  };
  if (wspec_target_open(&client->target, client->loop, server->url, &options, &error)) {
    printf("Connection to %s failed (%s)\n", server->url,
           error.sentence[0] ? error.sentence : "out of memory");
    return false;
  }
  if (server->hostname) {
    client->target.route.host = server->hostname;
  }
  char address[WSPEC_ADDRESS_TEXT_MAX];
  (void)snprintf(client->peer, sizeof client->peer, "tcp:%s",
                 wspec_address_text(&client->target.addresses.items[0], address));
  configure(client);
  if (wspec_probe_run(client->loop, &client->target.route, &client->config, &client->probe)) {
    printf("Connection to %s failed (%s)\n", server->url,
           client->probe.sentence[0] ? client->probe.sentence : "out of memory");
    return false;
  }
  uint64_t settle_us = client->probe.rtt_us * SETTLE_ROUND_TRIPS;
  uint64_t most_us = client->config.timeout_us / 2;
  if (settle_us > client->config.settle_us) {
    client->config.settle_us = settle_us < most_us ? settle_us : most_us;
  }
  return true;
}

static void test_server(struct client *client, const struct wspec_spec_server *server) {
  client->server = server;
  client->probe = (struct wspec_probe){.rtt_us = 0};
  client->is_reachable = reach(client);
  name_agent(client);
  play(client, false);
  play(client, true);
  wspec_target_clear(&client->target);
}

/* ---- The run ---- */

static void print_start(const struct wspec_spec *spec, const struct wspec_spec_server *servers,
                        size_t n) {
  printf("Autobahn Fuzzing WebSocket Client (wspec %s)\n", WSPEC_VERSION);
  printf("Ok, will run %zu test cases against %zu servers\n", spec->n_selected, n);
  wspec_wstest_print_cases(spec);
  printf("Servers = [");
  for (size_t i = 0; i < n; i++) {
    printf("%s'%s'", i > 0 ? ", " : "", servers[i].url);
  }
  printf("]\n");
}

static bool prepare(struct client *client) {
  if (!wspec_wstest_suite_load(&client->suite, client->arguments->case_dir, WSPEC_SPEC_CLIENT)) {
    return false;
  }
  client->scripts = calloc(client->suite.n_cases + 1, sizeof *client->scripts);
  client->indices = calloc(client->suite.n_cases + 1, sizeof *client->indices);
  client->results = calloc(client->suite.n_cases + 1, sizeof *client->results);
  bool is_ready = client->scripts && client->indices && client->results &&
                  wspec_store_init(&client->store) == WSPEC_OK &&
                  wspec_loop_new(&client->loop) == WSPEC_OK;
  client->store.texts = client->suite.texts;
  client->store.tool = "wspec " WSPEC_VERSION;
  if (!is_ready) {
    fprintf(stderr, "wstest: out of memory\n");
  }
  return is_ready;
}

static void clear(struct client *client) {
  free(client->scripts);
  free(client->indices);
  free(client->results);
  wspec_store_clear(&client->store);
  if (client->loop) {
    wspec_loop_free(client->loop);
  }
  wspec_wstest_suite_clear(&client->suite);
}

int wspec_wstest_fuzzing_client(const struct wspec_wstest_arguments *arguments,
                                const struct wspec_spec *spec) {
  const struct wspec_spec_server given = {.url = arguments->wsuri};
  const struct wspec_spec_server *servers = spec->n_servers > 0 ? spec->servers : &given;
  size_t n_servers = spec->n_servers > 0 ? spec->n_servers : 1;
  if (!servers[0].url) {
    fprintf(stderr, "wstest: no server: name some in \"servers\" of the spec, or one by --wsuri\n");
    return WSPEC_WSTEST_USAGE;
  }
  struct client *client = calloc(1, sizeof *client);
  if (!client) {
    fprintf(stderr, "wstest: out of memory\n");
    return WSPEC_WSTEST_USAGE;
  }
  client->arguments = arguments;
  client->spec = spec;
  bool is_done = prepare(client);
  if (is_done) {
    print_start(spec, servers, n_servers);
    for (size_t i = 0; i < n_servers; i++) {
      test_server(client, &servers[i]);
    }
    is_done = wspec_wstest_write(&client->store, spec->outdir) && !client->out_of_memory;
  }
  clear(client);
  free(client);
  return is_done ? WSPEC_WSTEST_DONE : WSPEC_WSTEST_USAGE;
}
