/* listen_tls: --tls, --cert and --key of the commands that listen for the clients that they test. */
#ifndef WSPEC_CLI_LISTEN_TLS_H
#define WSPEC_CLI_LISTEN_TLS_H

#include "cli/run_options.h"
#include "net/certificate.h"
#include "net/tls.h"

struct wspec_listen_tls {
  struct wspec_certificate *certificate; /* made for this run; NULL: none */
  struct wspec_tls *tls;                 /* NULL: no TLS */
};

/* wspec_listen_tls_open makes the context that the options ask for. It returns WSPEC_EXIT_OK, or
 * another exit code after it said why. Clear `tls` in either case. */
int wspec_listen_tls_open(struct wspec_listen_tls *tls, const struct wspec_run_options *options);

void wspec_listen_tls_clear(struct wspec_listen_tls *tls);

#endif
