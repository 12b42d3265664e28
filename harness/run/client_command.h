/* client_command: a client under test that is a command: started for each connection that a case
 * wants, against a port of the case's own. */
#ifndef WSPEC_RUN_CLIENT_COMMAND_H
#define WSPEC_RUN_CLIENT_COMMAND_H

#include "base/err.h"
#include "case/script.h"
#include "net/loop.h"
#include "play/play.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_tls;

enum {
  WSPEC_CLIENT_NOT_SUPPORTED = 127, /* exit status: the client lacks what the case needs */
  WSPEC_CLIENT_OUTPUT_MAX = 16 * 1024
};

/* The command. All is borrowed for as long as cases are played. */
struct wspec_client_command {
  /* The program and its arguments, then NULL. In each, {url}, {case}, {agent} and {subprotocol} are
   * replaced. The environment has the same as WSPEC_URL, WSPEC_CASE, WSPEC_AGENT and
   * WSPEC_SUBPROTOCOL. The last is what the client is asked to offer, which is in the query of the
   * URL, too, and empty where the case needs no subprotocol. */
  const char *const *arguments;
  const char *agent;      /* what reports call the client */
  struct wspec_tls *tls;  /* a server's context: the URL is wss; NULL: ws */
  const char *url_host;   /* of the URL; NULL: 127.0.0.1 */
  uint32_t time_limit_ms; /* for one case, from start to end */
};

/* wspec_client_command_play plays `script` against the command and calls `on_result` once, from the
 * loop, when the processes have ended too; the result is the callee's from then on, with what they
 * printed as its `output`. `config` is filled in as to where the client connects, and must outlive
 * the call of `on_result`. Exit status WSPEC_CLIENT_NOT_SUPPORTED makes it a `skip`; a client that
 * dies of a signal fails. WSPEC_ERR_INPUT or WSPEC_ERR_IO: it could not be started, as `on_result`
 * told; WSPEC_ERR_NOMEM: nothing was started, and `on_result` is not called. */
WSPEC_MUST_USE enum wspec_err
wspec_client_command_play(struct wspec_loop *loop, const struct wspec_client_command *command,
                          const struct wspec_script *script, struct wspec_play_config *config,
                          void (*on_result)(void *user, struct wspec_result *result), void *user);

#endif
