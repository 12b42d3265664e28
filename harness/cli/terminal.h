/* terminal: a run as a person follows it. */
#ifndef WSPEC_CLI_TERMINAL_H
#define WSPEC_CLI_TERMINAL_H

#include "play/result.h"
#include "reports/json_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct wspec_terminal {
  FILE *out;
  bool quiet;
  unsigned verbose;
  bool has_color, has_progress; /* of `out`, and NO_COLOR */
  const char *url;              /* for the line that reproduces a failure; NULL: none */
};

/* wspec_terminal_init looks at `out` and the environment. */
void wspec_terminal_init(struct wspec_terminal *terminal, FILE *out, const char *url);

/* wspec_terminal_result says what is to be said of one result, as it comes. */
void wspec_terminal_result(const struct wspec_terminal *terminal, const struct wspec_result *result,
                           size_t n_done, size_t n_all);

/* wspec_terminal_summary prints the table by section and the counts. */
void wspec_terminal_summary(const struct wspec_terminal *terminal,
                            const struct wspec_result *results, size_t n_results, double seconds);

#endif
