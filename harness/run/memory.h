/* memory: one play against the embedded reference endpoint, the client of it where
 * config->is_server, without a network and in virtual time: a wait costs nothing, and every run is
 * the same. */
#ifndef WSPEC_RUN_MEMORY_H
#define WSPEC_RUN_MEMORY_H

#include "base/err.h"
#include "case/script.h"
#include "play/play.h"

#include <stddef.h>

/* What stands between the two. */
struct wspec_memory_options {
  const struct wspec_play_config *config;
  size_t chunk_len;    /* octets that are delivered at a time, each way; 0: all that there are */
  uint64_t latency_us; /* virtual time that each delivery takes */
};

/* wspec_memory_run plays `script` and fills `result`, which the caller clears. WSPEC_ERR_NOMEM;
 * WSPEC_ERR_INTERNAL: neither side had anything to do or to wait for, or they did not come to an
 * end; `result` is then zeroed. */
WSPEC_MUST_USE enum wspec_err wspec_memory_run(const struct wspec_script *script,
                                               const struct wspec_memory_options *options,
                                               struct wspec_result *result);

#endif
