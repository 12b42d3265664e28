/* run_options_internal: what the three files of run_options share. Not for others.
 *
 *   run_options.c        the arguments of a command, one after the other
 *   run_option_table.c   which options a command has, and its help
 *   run_option_values.c  values that are more than a text, read and checked */
#ifndef WSPEC_CLI_RUN_OPTIONS_INTERNAL_H
#define WSPEC_CLI_RUN_OPTIONS_INTERNAL_H

#include "cli/run_options.h"

/* The rest are letters: 'H', 'k', 'v', 'q'. */
enum option_id {
  OPTION_CASES = 256,
  OPTION_EXCLUDE,
  OPTION_TAG,
  OPTION_CASE_FILE,
  OPTION_CASE_DIR,
  OPTION_JOBS,
  OPTION_TIMEOUT,
  OPTION_ORACLE,
  OPTION_SUBPROTOCOL,
  OPTION_ORIGIN,
  OPTION_USER,
  OPTION_CACERT,
  OPTION_CERT,
  OPTION_KEY,
  OPTION_KEY_LOG,
  OPTION_CONNECT_TO,
  OPTION_SEED,
  OPTION_SHARD,
  OPTION_STRICT,
  OPTION_OUT,
  OPTION_EXHAUSTIVE,
  OPTION_NO_CONFIRM,
  OPTION_TRANSCRIPTS,
  OPTION_MEMORY,
  OPTION_CHUNK,
  OPTION_COLOR,
  OPTION_BASELINE,
  OPTION_WRITE_BASELINE,
  OPTION_NAME,
  OPTION_TARGETS,
  OPTION_TLS,
  OPTION_CASE_TIMEOUT,
  OPTION_URL_HOST,
  OPTION_BIND,
  OPTION_PORT,
  OPTION_ONCE,
  OPTION_API,
  OPTION_IDLE,
  OPTION_HELP,
  OPTION_REPORT /* and on: one a format */
};

/* What one command is, to the parser. */
struct run_kind {
  const char *command;
  const struct wspec_option *table;
  const char *help;
};

/* run_kind_of returns the row of a command; static storage. */
const struct run_kind *run_kind_of(enum wspec_run_kind kind);

/* run_option_read reads the value of an option that is more than a text: a number, a time, one word
 * of several, a header field. It returns WSPEC_EXIT_OK, or WSPEC_EXIT_USAGE after it said why. */
int run_option_read(struct wspec_run_options *options, int id, const char *text);

#endif
