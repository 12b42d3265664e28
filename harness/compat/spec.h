/* spec: the file that tells Autobahn's wstest what to run, fuzzingclient.json or
 * fuzzingserver.json. */
#ifndef WSPEC_COMPAT_SPEC_H
#define WSPEC_COMPAT_SPEC_H

#include "base/err.h"
#include "case/diag.h"
#include "case/json_file.h"
#include "compat/numbers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wspec_spec_role { WSPEC_SPEC_CLIENT, WSPEC_SPEC_SERVER }; /* what wspec is */

enum { WSPEC_SPEC_SERVERS_MAX = 1000 };

/* A server to be tested. Text lives as long as the spec; NULL where the file says nothing. */
struct wspec_spec_server {
  const char *agent; /* how the reports call it; NULL: as it calls itself */
  const char *url;
  const char *hostname; /* for TLS: looked for in the certificate, which is then checked */
  const char *origin;
  char *protocols;                            /* owned: subprotocols to offer, by ", " */
  uint32_t open_timeout_ms, close_timeout_ms; /* 0: the file does not say */
};

/* A spec. Zeroed is none. */
struct wspec_spec {
  struct wspec_json_file file; /* private */
  const char *outdir;
  const char *url;        /* SERVER: where to listen */
  const char *key, *cert; /* SERVER: PEM files, or NULL */
  uint16_t webport;
  bool has_webport;
  char *protocols; /* SERVER: owned: subprotocols to accept, by ", "; NULL: none */
  struct wspec_spec_server *servers;
  size_t n_servers;
  bool selected[WSPEC_N_NUMBERS];
  size_t n_selected;
  const cJSON *agent_excludes; /* private */
};

/* wspec_spec_default returns the text of the file that wstest makes where there is none; static
 * storage. */
const char *wspec_spec_default(enum wspec_spec_role role);

/* wspec_spec_load reads the file at `path`. What is wrong, and what is only ignored, is told to
 * `diag`. WSPEC_ERR_INPUT, WSPEC_ERR_IO, WSPEC_ERR_NOMEM. Clear `spec` in any case. */
WSPEC_MUST_USE enum wspec_err wspec_spec_load(struct wspec_spec *spec, const char *path,
                                              enum wspec_spec_role role, struct wspec_diag *diag);

/* wspec_spec_excludes returns true if the spec wants no case of this number for this agent. */
bool wspec_spec_excludes(const struct wspec_spec *spec, const char *agent, const char *number);

/* wspec_spec_clear frees all; zeroed is fine. */
void wspec_spec_clear(struct wspec_spec *spec);

#endif
