/* echo_visitor: what `wspec echo` does with one connection beyond echoing: pushes, broadcasts, and
 * a line of the access log. */
#ifndef WSPEC_CLI_ECHO_VISITOR_H
#define WSPEC_CLI_ECHO_VISITOR_H

#include "endpoint/server.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What all visitors share; the context of the server's callbacks. */
struct wspec_visitors {
  struct wspec_server *server; /* for `broadcasts`; set once it is made */
  uint64_t pushes;
  bool broadcasts;
  FILE *access_log; /* NULL: none */
  int log_error;    /* errno of the first line that could not be written; 0: all were */
};

/* wspec_visitor_new and wspec_visitor_free are user_new and user_free of the server, its context
 * being a struct wspec_visitors. */
void *wspec_visitor_new(void *context);
void wspec_visitor_free(void *user);

/* wspec_visitor_log is the on_end of the server. It tells `log_error` on standard error, once. */
void wspec_visitor_log(void *context, void *user, const struct wspec_server_visit *visit);

/* wspec_visitor_handlers returns the handlers of the server's sessions. */
const struct wspec_session_handlers *wspec_visitor_handlers(void);

#endif
