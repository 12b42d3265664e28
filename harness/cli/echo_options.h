/* echo_options: the arguments of `wspec echo`, parsed and checked. */
#ifndef WSPEC_CLI_ECHO_OPTIONS_H
#define WSPEC_CLI_ECHO_OPTIONS_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WSPEC_ECHO_SUBPROTOCOLS_MAX = 32 };

struct wspec_echo_arguments {
  const char *host;
  const char *cert;
  const char *key;
  const char *cacert;     /* demands certificates of clients */
  const char *access_log; /* a path, "-" for standard output; NULL: none */
  struct wspec_span subprotocols[WSPEC_ECHO_SUBPROTOCOLS_MAX];
  size_t n_subprotocols;
  uint64_t port;
  uint64_t max_message;
  uint64_t max_frame; /* 0: as max_message */
  uint64_t max_header;
  uint64_t max_connections; /* 0: no limit */
  uint64_t handshake_timeout_s;
  uint64_t idle_timeout_s; /* 0: never */
  uint64_t closing_timeout_s;
  uint64_t drain_timeout_s;
  uint64_t pushes;
  bool broadcasts;
  bool is_tls;
  bool no_deflate;
};

/* wspec_echo_arguments_parse reads argv as main does; what is stored borrows from it. It returns
 * WSPEC_EXIT_OK, or another exit code after it said why; -1 where --help was printed. */
int wspec_echo_arguments_parse(struct wspec_echo_arguments *arguments, int argc, char **argv);

#endif
