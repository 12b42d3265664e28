/* wstest: what `wspec wstest` is made of: its arguments and its modes. docs/autobahn.md is the
 * contract that it keeps. */
#ifndef WSPEC_CLI_WSTEST_H
#define WSPEC_CLI_WSTEST_H

#include "compat/outcome.h"
#include "compat/spec.h"
#include "compat/store.h"

#include "case/load.h"

#include <stdbool.h>
#include <stdint.h>

/* Its exit codes are Autobahn's: verdicts do not count. */
enum wspec_wstest_exit { WSPEC_WSTEST_DONE = 0, WSPEC_WSTEST_USAGE = 1 };

struct wspec_wstest_arguments {
  const char *mode, *spec, *wsuri, *key, *cert;
  const char *case_dir;
  uint16_t webport;
  bool has_webport; /* it was given */
  unsigned jobs;
  bool is_debug;
};

/* wspec_wstest_arguments_parse reads argv as main does. It returns -1 to go on, or an exit code
 * after it printed what was asked for, or what is wrong. */
int wspec_wstest_arguments_parse(struct wspec_wstest_arguments *arguments, int argc, char **argv);

/* The cases that stand for a number; they follow each other. */
struct wspec_wstest_case {
  size_t index; /* of the number, 0 to 516 */
  const struct wspec_script *script;
};

/* A suite as Autobahn sees it. */
struct wspec_wstest_suite {
  struct wspec_requirements requirements;
  struct wspec_case_set set;
  struct wspec_wstest_case *cases; /* by index */
  size_t n_cases;
  struct wspec_store_text texts[WSPEC_N_NUMBERS];
};

/* wspec_wstest_suite_load loads the cases that a target of this kind can be played; false: it has
 * said why not. Clear `suite` in any case. */
bool wspec_wstest_suite_load(struct wspec_wstest_suite *suite, const char *case_dir,
                             enum wspec_spec_role role);

void wspec_wstest_suite_clear(struct wspec_wstest_suite *suite);

/* wspec_wstest_print_cases prints the line "Cases = [...]" of the selected ones. */
void wspec_wstest_print_cases(const struct wspec_spec *spec);

/* wspec_wstest_write writes the reports of `store`; false: it has said what could not be
 * written. */
bool wspec_wstest_write(struct wspec_store *store, const char *outdir);

/* The modes; each returns an exit code. */

int wspec_wstest_fuzzing_client(const struct wspec_wstest_arguments *arguments,
                                const struct wspec_spec *spec);
int wspec_wstest_fuzzing_server(const struct wspec_wstest_arguments *arguments,
                                const struct wspec_spec *spec);

#endif
