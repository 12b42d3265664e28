/* probe: a short look at a target before a run: can it be reached, does it echo, how fast is it. */
#ifndef WSPEC_RUN_PROBE_H
#define WSPEC_RUN_PROBE_H

#include "base/err.h"
#include "net/loop.h"
#include "play/play.h"
#include "run/client_command.h"
#include "run/drive.h"

#include <stdbool.h>
#include <stdint.h>

struct wspec_probe {
  enum wspec_oracle oracle;
  bool chatty;           /* it sends messages of its own accord, or those of other connections */
  uint16_t refusal_code; /* with which it closes on an ordinary message; 0: it does not */
  bool one_at_a_time;    /* a second connection was not served beside the first, twice */
  bool deflate;          /* it accepts permessage-deflate */
  uint64_t rtt_us;       /* from the request to the 101, the quickest of a few */
  char agent[128];       /* its Server field; empty if there is none */
  char sentence[256];    /* why it cannot be tested; empty where it can */
};

/* wspec_probe_run plays a few connections against the target and fills `probe`. `config` is that
 * of the run; its oracle, chatty, refusal_code, one_at_a_time and have do not matter. WSPEC_ERR_CONNECT: no
 * connection, or no opening handshake; `sentence` says why. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_probe_run(struct wspec_loop *loop,
                                              const struct wspec_drive_route *route,
                                              const struct wspec_play_config *config,
                                              struct wspec_probe *probe);

/* wspec_probe_client starts the command of a client once and fills `probe`: its oracle; `agent` is
 * what its request says. `config` is that of the run. WSPEC_ERR_CONNECT: it does not connect;
 * `sentence` says why. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_probe_client(struct wspec_loop *loop,
                                                 const struct wspec_client_command *command,
                                                 const struct wspec_play_config *config,
                                                 struct wspec_probe *probe);

#endif
