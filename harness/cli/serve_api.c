#include "cli/serve_api.h"

#include "cli/serve_pages.h"

#include "net/timer.h"
#include "run/script_findings.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char GONE[] = "the script has ended without this connection";
static const char CUT_OFF[] = "wspec was ended before the script posted its findings";
static const char NO_FINDINGS[] =
    "the script posted no findings in time: it hangs, or its runtime is gone";

struct wspec_api_play {
  struct wspec_api *api;
  struct wspec_api_play *next;
  struct wspec_serve_choice choice; /* of the request that began it, without its body */
  struct wspec_timer *timer;
  struct wspec_result wire, found;
  bool has_wire, has_findings;
};

static struct wspec_api_play *find(const struct wspec_api *api, const struct wspec_script *script,
                                   const char *agent) {
  struct wspec_api_play *play = api->first;
  while (play &&
         ((script && play->choice.script != script) || strcmp(play->choice.agent, agent) != 0)) {
    play = play->next;
  }
  return play;
}

bool wspec_api_is_playing(const struct wspec_api *api, const struct wspec_script *script,
                          const char *agent) {
  return find(api, script, agent) != NULL;
}

/* ---- The end of a case ---- */

static void free_play(struct wspec_api_play *play) {
  struct wspec_api_play **at = &play->api->first;
  while (*at != play) {
    at = &(*at)->next;
  }
  *at = play->next;
  wspec_timer_free(play->timer);
  wspec_result_clear(&play->wire);
  wspec_result_clear(&play->found);
  free(play);
}

/* Where the wire shows that the case says nothing of this client, neither does the script. That the
 * script has no way to show it makes the whole case a skip; otherwise what it found stands
 * before what the wire showed, which may only follow from it. */
static enum wspec_err join(struct wspec_result *wire, struct wspec_result *found) {
  enum wspec_err err = WSPEC_OK;
  if (wire->verdict == WSPEC_VERDICT_SKIP || wire->verdict == WSPEC_VERDICT_ERROR) {
    return WSPEC_OK;
  }
  if (found->verdict == WSPEC_VERDICT_SKIP || found->verdict == WSPEC_VERDICT_ERROR) {
    wspec_result_skip(wire, found->skip_reason);
    wire->verdict = found->verdict;
    return WSPEC_OK;
  }
  for (size_t i = 0; i < wire->n_findings && !err; i++) {
    err = wspec_result_add(found, &wire->findings[i]);
  }
  struct wspec_finding *findings = wire->findings;
  size_t n_findings = wire->n_findings;
  wire->findings = found->findings;
  wire->n_findings = found->n_findings;
  found->findings = findings;
  found->n_findings = n_findings;
  wspec_result_conclude(wire);
  return err;
}

static void end_if_over(struct wspec_api_play *play) {
  if (!play->has_wire || !play->has_findings) {
    return;
  }
  struct wspec_api *api = play->api;
  const struct wspec_serve_choice choice = play->choice;
  struct wspec_result result = play->wire;
  play->wire = (struct wspec_result){.script = NULL};
  if (join(&result, &play->found)) {
    result.verdict = WSPEC_VERDICT_ERROR;
  }
  free_play(play);
  api->on_over(api->user, &choice, &result);
}

/* As a client that hangs is no client, so is its script. */
static void find_silence(struct wspec_api_play *play) {
  const struct wspec_requirement *requirement = play->choice.script->requirements[0];
  const struct wspec_finding finding = {.verdict = WSPEC_VERDICT_FAIL,
                                        .requirement = requirement->id,
                                        .level = requirement->keyword,
                                        .message = (char *)(uintptr_t)NO_FINDINGS,
                                        .offset = WSPEC_OFFSET_NONE};
  if (wspec_result_add(&play->found, &finding)) {
    wspec_result_skip(&play->found, NO_FINDINGS);
    play->found.verdict = WSPEC_VERDICT_ERROR;
  }
  play->has_findings = true;
}

/* The findings are there, or will not come: no more connections will, either. To say so may be the
 * end of what is on the wire, and of the whole case. It is never said from within a request, which
 * is still to be answered when the last case ends the server. */
static void on_timer(void *user) {
  struct wspec_api_play *play = user;
  struct wspec_api *api = play->api;
  const struct wspec_serve_choice choice = play->choice;
  if (!play->has_findings) {
    find_silence(play);
  }
  wspec_serve_refuse(api->serve, choice.script, choice.agent, GONE);
  play = find(api, choice.script, choice.agent);
  if (play) {
    end_if_over(play);
  }
}

void wspec_api_end(struct wspec_api *api) {
  struct wspec_api_play *next;
  for (struct wspec_api_play *play = api->first; play; play = next) {
    next = play->next;
    if (!play->has_findings) {
      wspec_result_skip(&play->found, CUT_OFF);
      play->found.verdict = WSPEC_VERDICT_ERROR;
      play->has_findings = true;
    }
    on_timer(play);
  }
}

void wspec_api_clear(struct wspec_api *api) {
  while (api->first) {
    free_play(api->first);
  }
}

/* ---- What comes of it ---- */

static size_t count(const struct wspec_api *api) {
  size_t n = 0;
  for (const struct wspec_api_play *play = api->first; play; play = play->next) {
    n++;
  }
  return n;
}

static struct wspec_api_play *new_play(struct wspec_api *api,
                                       const struct wspec_serve_choice *choice) {
  struct wspec_api_play *play = calloc(1, sizeof *play);
  if (!play || wspec_timer_new(api->loop, on_timer, play, &play->timer)) {
    free(play);
    return NULL;
  }
  play->api = api;
  play->choice = *choice;
  play->choice.body = (struct wspec_buf){.data = NULL};
  play->choice.content = (struct wspec_span){NULL, 0};
  play->next = api->first;
  api->first = play;
  wspec_timer_start(play->timer, (uint64_t)api->timeout_ms * 1000);
  return play;
}

void wspec_api_begin(struct wspec_api *api, struct wspec_serve_choice *choice) {
  if (find(api, choice->script, choice->agent)) {
    wspec_serve_say(choice, 409, "the agent plays this case already\n");
    return;
  }
  if (count(api) == WSPEC_API_PLAYS_MAX) {
    wspec_serve_say(choice, 409, "too many cases are played at a time\n");
    return;
  }
  struct wspec_api_play *play = new_play(api, choice);
  if (!play || !wspec_serve_begin(api->serve, choice)) {
    if (play) {
      free_play(play);
    }
    wspec_serve_say(choice, 500, "out of memory\n");
    return;
  }
  wspec_serve_say(choice, 200, "go on\n");
}

void wspec_api_take_result(struct wspec_api *api, const struct wspec_serve_choice *choice,
                           struct wspec_result *result) {
  struct wspec_api_play *play = find(api, choice->script, choice->agent);
  if (!play || play->has_wire) {
    wspec_result_clear(result);
    return;
  }
  play->wire = *result;
  play->has_wire = true;
  end_if_over(play);
}

void wspec_api_take_findings(struct wspec_api *api, struct wspec_serve_choice *choice) {
  const char *why;
  struct wspec_api_play *play = find(api, choice->script, choice->agent);
  if (!play || play->has_findings) {
    wspec_serve_say(choice, 409, "the agent does not play this case: POST /playing/ID first\n");
    return;
  }
  play->found.script = choice->script;
  enum wspec_err err = wspec_script_findings_read(choice->content, &play->found, &why);
  if (err) {
    wspec_result_clear(&play->found);
    wspec_serve_say(choice, err == WSPEC_ERR_INPUT ? 400 : 500, "%s\n",
                    why ? why : "out of memory");
    return;
  }
  play->has_findings = true;
  wspec_serve_say(choice, 200, "taken\n");
  wspec_timer_start(play->timer, 0);
}
