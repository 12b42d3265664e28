/* connect_options: the arguments of `wspec connect`, parsed and checked. */
#ifndef WSPEC_CLI_CONNECT_OPTIONS_H
#define WSPEC_CLI_CONNECT_OPTIONS_H

#include "net/tls.h"
#include "proto/handshake.h"

#include <stdbool.h>
#include <stdint.h>

enum { WSPEC_CONNECT_LIST_MAX = 64 };

struct wspec_connect_arguments {
  const char *url;
  struct wspec_handshake_header headers[WSPEC_CONNECT_LIST_MAX];
  size_t n_headers;
  const char *protocols[WSPEC_CONNECT_LIST_MAX];
  size_t n_protocols;
  const char *origin;
  const char *user_agent;
  struct wspec_tls_options tls;
  const char *file; /* to send; NULL: none */
  uint64_t timeout_s;
  uint64_t max_message;
  uint64_t wait_s;
  uint16_t close_code; /* 0: none is given */
  const char *close_reason;
  bool is_binary;
  bool pings;
  bool no_deflate;
  bool no_input;
  bool is_verbose;
};

/* wspec_connect_arguments_parse reads argv as main does; what is stored borrows from it. It returns
 * WSPEC_EXIT_OK, or another exit code after it said why; -1 where --help was printed. */
int wspec_connect_arguments_parse(struct wspec_connect_arguments *arguments, int argc, char **argv);

#endif
