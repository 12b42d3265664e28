#include "cli/listen_tls.h"

#include "cli/command.h"

#include <stdlib.h>

static enum wspec_err make(struct wspec_listen_tls *tls, const struct wspec_run_options *options,
                           struct wspec_net_error *error) {
  struct wspec_tls_options tls_options = {.certificate_file = options->target.tls.certificate_file,
                                          .key_file = options->target.tls.key_file,
                                          .key_log_file = getenv("SSLKEYLOGFILE")};
  if (!tls_options.certificate_file) {
    const struct wspec_certificate_options made = {0};
    enum wspec_err err = wspec_certificate_new(&made, &tls->certificate, error);
    if (err) {
      return err;
    }
    tls_options.certificate = tls->certificate;
  }
  return wspec_tls_new_server(&tls_options, &tls->tls, error);
}

int wspec_listen_tls_open(struct wspec_listen_tls *tls, const struct wspec_run_options *options) {
  struct wspec_net_error error = {.sentence = "out of memory"};
  *tls = (struct wspec_listen_tls){.tls = NULL};
  if (!options->is_tls || !make(tls, options, &error)) {
    return WSPEC_EXIT_OK;
  }
  return wspec_usage_error(options->outputs.command, "%s", error.sentence);
}

void wspec_listen_tls_clear(struct wspec_listen_tls *tls) {
  wspec_tls_free(tls->tls);
  wspec_certificate_free(tls->certificate);
  *tls = (struct wspec_listen_tls){.tls = NULL};
}
