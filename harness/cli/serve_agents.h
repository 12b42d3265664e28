/* serve_agents: the clients that came to `wspec serve`, by the names they gave, and their results. */
#ifndef WSPEC_CLI_SERVE_AGENTS_H
#define WSPEC_CLI_SERVE_AGENTS_H

#include "cli/run_suite.h"

#include <stdbool.h>
#include <stddef.h>

enum { WSPEC_AGENTS_MAX = 256 };

struct wspec_agent {
  char *name;
  struct wspec_result *results; /* by the index of the suite's scripts */
  bool *was_played;
  bool *has_connected; /* for the last result, which the client has not told the end of yet */
  size_t n_played;
  bool confirms; /* it plays again what did not pass */
};

/* Zeroed: none came. */
struct wspec_agents {
  const struct wspec_run_suite *suite;
  struct wspec_agent items[WSPEC_AGENTS_MAX];
  size_t n;
};

void wspec_agents_clear(struct wspec_agents *agents);

/* wspec_agents_find returns the agent of that name, or NULL. */
struct wspec_agent *wspec_agents_find(struct wspec_agents *agents, const char *name);

/* wspec_agents_index returns the index of a script of the suite's. */
size_t wspec_agents_index(const struct wspec_agents *agents, const struct wspec_script *script);

/* wspec_agents_add takes a result over, in place of an earlier one of that case; if the client
 * `confirms` and the earlier one did not pass, this is the play that confirms it. It returns its
 * agent; NULL: out of memory, or too many agents, and the result was cleared. */
struct wspec_agent *wspec_agents_add(struct wspec_agents *agents, const char *name,
                                     struct wspec_result *result, bool confirms);

/* wspec_agent_is_done returns true if an agent has played all cases, and again what is to be
 * confirmed. */
bool wspec_agent_is_done(const struct wspec_agents *agents, const struct wspec_agent *agent);

/* wspec_agent_report makes the report on an agent; the caller clears
 * `report` in any case. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_agent_report(const struct wspec_agents *agents,
                                                 const struct wspec_agent *agent,
                                                 struct wspec_report *report);

#endif
