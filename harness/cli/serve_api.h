/* serve_api: cases that a script runs (`wspec serve --api`). The script says that it begins one, and
 * posts what it found; the case is over when that and what was seen on the wire are both there, or
 * when the time for it is up. */
#ifndef WSPEC_CLI_SERVE_API_H
#define WSPEC_CLI_SERVE_API_H

#include "net/loop.h"
#include "run/serve.h"

#include <stdbool.h>
#include <stdint.h>

enum { WSPEC_API_PLAYS_MAX = 256 }; /* at a time */

struct wspec_api_play;

/* Zeroed but for what stands above `first`: no case is under way. */
struct wspec_api {
  struct wspec_loop *loop;
  struct wspec_serve *serve;
  uint32_t timeout_ms; /* from the beginning to the findings */
  /* on_over gets the result of a case, which is its own from then on. */
  void (*on_over)(void *user, const struct wspec_serve_choice *choice, struct wspec_result *result);
  void *user;
  struct wspec_api_play *first; /* private */
};

/* wspec_api_begin begins the case of `choice` and fills its HTTP answer: 200, or 409 if the agent
 * plays it already. */
void wspec_api_begin(struct wspec_api *api, struct wspec_serve_choice *choice);

/* wspec_api_take_findings takes the content of a request as the findings on the case of `choice` and
 * fills its HTTP answer: 200, 400 if they cannot be read, 409 if the agent does not play it. */
void wspec_api_take_findings(struct wspec_api *api, struct wspec_serve_choice *choice);

/* wspec_api_take_result takes what came of the wire, in place of on_result; `result` is its own. */
void wspec_api_take_result(struct wspec_api *api, const struct wspec_serve_choice *choice,
                           struct wspec_result *result);

/* wspec_api_is_playing returns true if that agent plays that case; `script` NULL: any. */
bool wspec_api_is_playing(const struct wspec_api *api, const struct wspec_script *script,
                          const char *agent);

/* wspec_api_end ends all cases that are under way, each as an error, when the wire has come to its
 * end. */
void wspec_api_end(struct wspec_api *api);

/* wspec_api_clear forgets the cases that are under way. */
void wspec_api_clear(struct wspec_api *api);

#endif
