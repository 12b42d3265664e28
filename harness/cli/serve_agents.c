#include "cli/serve_agents.h"

#include "run/confirm.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void clear_agent(const struct wspec_agents *agents, struct wspec_agent *agent) {
  for (size_t i = 0; agent->results && i < agents->suite->n_scripts; i++) {
    wspec_result_clear(&agent->results[i]);
  }
  free(agent->results);
  free(agent->was_played);
  free(agent->has_connected);
  free(agent->name);
}

void wspec_agents_clear(struct wspec_agents *agents) {
  for (size_t i = 0; i < agents->n; i++) {
    clear_agent(agents, &agents->items[i]);
  }
  agents->n = 0;
}

struct wspec_agent *wspec_agents_find(struct wspec_agents *agents, const char *name) {
  for (size_t i = 0; i < agents->n; i++) {
    if (strcmp(agents->items[i].name, name) == 0) {
      return &agents->items[i];
    }
  }
  return NULL;
}

static struct wspec_agent *new_agent(struct wspec_agents *agents, const char *name) {
  if (agents->n == WSPEC_AGENTS_MAX) {
    return NULL;
  }
  struct wspec_agent *agent = &agents->items[agents->n];
  size_t n_scripts = agents->suite->n_scripts;
  *agent = (struct wspec_agent){
      .name = strdup(name),
      .results = calloc(n_scripts, sizeof *agent->results),
      .was_played = calloc(n_scripts, sizeof *agent->was_played),
      .has_connected = calloc(n_scripts, sizeof *agent->has_connected),
  };
  if (!agent->name || !agent->results || !agent->was_played || !agent->has_connected) {
    clear_agent(agents, agent);
    return NULL;
  }
  agents->n++;
  return agent;
}

size_t wspec_agents_index(const struct wspec_agents *agents, const struct wspec_script *script) {
  size_t i = 0;
  while (agents->suite->scripts[i] != script) {
    i++;
  }
  return i;
}

static void take_result(struct wspec_result *into, struct wspec_result *result, bool confirms) {
  if (confirms && into->unconfirmed) {
    (void)wspec_confirm(into, result);
  } else {
    wspec_result_clear(into);
    *into = *result;
    into->unconfirmed = wspec_confirm_is_due(into);
  }
}

struct wspec_agent *wspec_agents_add(struct wspec_agents *agents, const char *name,
                                     struct wspec_result *result, bool confirms) {
  struct wspec_agent *agent = wspec_agents_find(agents, name);
  agent = agent ? agent : new_agent(agents, name);
  if (!agent) {
    wspec_result_clear(result);
    return NULL;
  }
  size_t index = wspec_agents_index(agents, result->script);
  agent->n_played += agent->was_played[index] ? 0 : 1;
  agent->was_played[index] = true;
  agent->confirms = agent->confirms || confirms;
  take_result(&agent->results[index], result, confirms);
  if (result->verdict == WSPEC_VERDICT_PASS && !agents->suite->options.all_transcripts) {
    wspec_transcript_clear(&agent->results[index].transcript); /* most of it, and never shown */
  }
  return agent;
}

bool wspec_agent_is_done(const struct wspec_agents *agents, const struct wspec_agent *agent) {
  bool is_done = agent->n_played == agents->suite->n_scripts;
  for (size_t i = 0; i < agents->suite->n_scripts && agent->confirms && is_done; i++) {
    is_done = !agent->results[i].unconfirmed;
  }
  return is_done;
}

enum wspec_err wspec_agent_report(const struct wspec_agents *agents,
                                  const struct wspec_agent *agent, struct wspec_report *report) {
  const struct wspec_run_suite *suite = agents->suite;
  char started[32];
  time_t now = time(NULL);
  struct tm utc;
  struct wspec_json_report json;
  strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  const struct wspec_run_facts facts = {
      .tool_version = WSPEC_VERSION,
      .url = agent->name,
      .name = agent->name,
      .role = "client",
      .reproduce = suite->reproduce,
      .agent = agent->name,
      .started = started,
      .config = &suite->config,
      .jobs = 1,
      .shard = suite->options.shard,
      .n_shards = suite->options.n_shards,
      .n_selected = agent->n_played,
  };
  struct wspec_record_options options = {.has_transcript = suite->options.all_transcripts,
                                         .secrets = suite->secrets,
                                         .n_secrets = suite->n_secrets};
  double duration_ms = 0;
  wspec_report_init(report);
  enum wspec_err err = wspec_json_report_begin(&json, NULL, report, &facts, &options);
  for (size_t i = 0; i < suite->n_scripts && !err; i++) {
    if (agent->was_played[i]) {
      const struct wspec_baseline_entry *known =
          wspec_baseline_find(&suite->baseline.known, &agent->results[i]);
      options.known_reason = known ? known->reason : NULL;
      options.known_link = known ? known->link : NULL;
      duration_ms += (double)agent->results[i].duration_us / 1000;
      err = wspec_json_report_add(&json, &agent->results[i], &options);
    }
  }
  return err ? err : wspec_json_report_end(&json, duration_ms);
}
