/* run_options: the arguments of the commands that test a target, parsed and checked. */
#ifndef WSPEC_CLI_RUN_OPTIONS_H
#define WSPEC_CLI_RUN_OPTIONS_H

#include "case/select.h"
#include "cli/option.h"
#include "cli/outputs.h"
#include "cli/terminal.h"
#include "play/play.h"
#include "run/target.h"

#include <stdbool.h>
#include <stdint.h>

enum wspec_oracle_choice {
  WSPEC_CHOOSE_AUTO,
  WSPEC_CHOOSE_ECHO,
  WSPEC_CHOOSE_PONG,
  WSPEC_CHOOSE_NONE
};

enum wspec_run_kind {
  WSPEC_RUN_SERVER, /* wspec run */
  WSPEC_RUN_CLIENT, /* wspec run-client */
  WSPEC_RUN_SERVE   /* wspec serve */
};

enum { WSPEC_RUN_LIST_MAX = 1024 }; /* of each option that may be given several times */

/* What the options are unless they are given. */
enum {
  WSPEC_RUN_TIMEOUT_MS = 5000,
  WSPEC_RUN_CASE_TIMEOUT_MS = 60000, /* of run-client */
  WSPEC_RUN_PORT = 9001              /* of serve */
};

struct wspec_run_options {
  enum wspec_case_target role; /* of the target */
  const char *name;            /* of the target in a matrix; NULL: its URL, or "client" */
  const char *url;             /* NULL: the embedded reference endpoint */
  const char *case_dir;
  const char *cases[WSPEC_RUN_LIST_MAX], *excludes[WSPEC_RUN_LIST_MAX], *tags[WSPEC_RUN_LIST_MAX];
  const char *case_files[WSPEC_RUN_LIST_MAX];
  size_t n_case_files;
  struct wspec_selection selection;                   /* points into the lists above */
  struct wspec_play_field fields[WSPEC_RUN_LIST_MAX]; /* -H */
  char *field_texts[WSPEC_RUN_LIST_MAX];              /* owned: what the fields point into */
  size_t n_fields;
  const char *subprotocol, *origin;
  struct wspec_target_options target;
  char *connect_host; /* owned */
  unsigned jobs;
  uint32_t timeout_ms;
  enum wspec_oracle_choice oracle;
  uint64_t seed;
  unsigned shard, n_shards;
  struct wspec_outputs outputs;
  const char *targets_path; /* many targets instead of a URL; NULL: no */
  const char *baseline_path, *write_baseline_path;
  enum wspec_color color;
  bool in_memory;
  uint32_t chunk_len; /* with in_memory */

  /* of a client */
  const char *const *arguments; /* its command, then NULL; NULL: the reference client */
  uint32_t case_timeout_ms;
  const char *url_host, *bind_host; /* NULL: 127.0.0.1 */
  uint16_t port;
  bool is_tls, once, api;
  uint32_t idle_ms; /* 0: for ever */

  bool exhaustive, strict, no_confirm, all_transcripts, quiet;
  unsigned verbose;
};

/* wspec_run_options_parse reads the argv of that command as main does. It returns WSPEC_EXIT_OK, or another exit code
 * after it said why on standard error; -1 where --help was asked for and printed. Clear `options`
 * in each case. */
int wspec_run_options_parse(struct wspec_run_options *options, enum wspec_run_kind kind, int argc,
                            char **argv);

void wspec_run_options_clear(struct wspec_run_options *options);

#endif
