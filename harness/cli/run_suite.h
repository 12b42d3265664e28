/* run_suite: what every command that tests a target does around the playing: the cases are chosen,
 * the reports are written, the known failures are told from the others, and the exit code is made.
 *
 *   code = wspec_run_suite_load(&suite);
 *   fill in suite.config and what the report says of the target
 *   code = wspec_run_suite_open(&suite);
 *   code = wspec_run_suite_play(&suite, loop, &options);
 *   code = wspec_run_suite_close(&suite, code);
 *   wspec_run_suite_clear(&suite); */
#ifndef WSPEC_CLI_RUN_SUITE_H
#define WSPEC_CLI_RUN_SUITE_H

#include "case/load.h"
#include "cli/run_baseline.h"
#include "cli/run_options.h"
#include "cli/terminal.h"
#include "play/play.h"
#include "reports/json_report.h"
#include "run/schedule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_run_suite {
  struct wspec_run_options options; /* parsed by the command, cleared by _clear */
  struct wspec_requirements requirements;
  struct wspec_case_set set;
  const struct wspec_case **cases; /* those that are to be played */
  size_t n_cases;
  const struct wspec_script **scripts; /* of those of the wave that is played now */
  size_t n_scripts;
  struct wspec_result *results;  /* theirs, n_scripts, zeroed at first; cleared with the wave */
  size_t n_before;               /* private: cases of the waves before */
  struct wspec_arena wave_arena; /* private: of scripts that are not in the set */

  struct wspec_play_config config;                        /* of every case */
  struct wspec_play_field fields[WSPEC_RUN_LIST_MAX + 1]; /* of it */

  /* What reports say. Borrowed, but for the last two. */
  const char *role, *url, *agent;
  char *reproduce, *reproduce_end; /* the command that plays one case again, around its name */
  const char *secrets[WSPEC_RUN_LIST_MAX + 1];
  size_t n_secrets;

  struct wspec_run_baseline baseline;
  struct wspec_terminal terminal;
  struct wspec_report report;
  struct wspec_json_report json;
  bool target_gone;
  uint64_t began_us, start_us; /* private */
};

/* wspec_run_suite_out_of_memory says so and returns the exit code. */
int wspec_run_suite_out_of_memory(const struct wspec_run_suite *suite);

/* wspec_run_suite_load loads and selects the cases, as `options` say. It returns WSPEC_EXIT_OK, or
 * another exit code after it said why. */
int wspec_run_suite_load(struct wspec_run_suite *suite);

/* wspec_run_suite_next_wave makes `scripts` and `results` those of the next `n` cases at most, and
 * clears those before; `n_scripts` is 0 where none is left. Exit codes as _load. */
int wspec_run_suite_next_wave(struct wspec_run_suite *suite, size_t n);

/* wspec_run_suite_configure fills `config` and `fields` with what the options alone say. */
void wspec_run_suite_configure(struct wspec_run_suite *suite);

/* wspec_run_suite_hide notes which values of `fields` must not be in a report. */
void wspec_run_suite_hide(struct wspec_run_suite *suite);

/* wspec_run_suite_reproduce fills `reproduce` and `reproduce_end`; `shown_url` is the URL that is
 * tested, as it may be shown, or NULL. Exit codes as _load. */
int wspec_run_suite_reproduce(struct wspec_run_suite *suite, const char *shown_url);

/* wspec_run_suite_open_baseline opens the baselines alone, for who has reports of its own; exit codes
 * as _load. */
int wspec_run_suite_open_baseline(struct wspec_run_suite *suite);

/* wspec_run_suite_open opens the baselines and the reports; exit codes as _load. */
int wspec_run_suite_open(struct wspec_run_suite *suite);

/* wspec_run_suite_is_bad returns true if a report has a failure that is not known: exit code 1. */
bool wspec_run_suite_is_bad(const struct wspec_run_suite *suite, const struct wspec_report *report);

/* wspec_run_suite_result reports one result of the wave, which is borrowed; `user` is the suite. */
void wspec_run_suite_result(void *user, const struct wspec_result *result, size_t n_done,
                            size_t n_all);

/* wspec_run_suite_activity shows what passes in a play; `user` is the suite. */
void wspec_run_suite_activity(void *user, const struct wspec_play *play);

/* wspec_run_suite_play plays all as `options` say, in waves: of a hundred thousand cases those of one
 * wave are held. An ordinary run is one wave. Exit codes as _load. */
int wspec_run_suite_play(struct wspec_run_suite *suite, struct wspec_loop *loop,
                         const struct wspec_schedule_options *options);

/* wspec_run_suite_play_in_memory plays all against the reference endpoint in memory: the server, or
 * the client where config.is_server. Exit codes as _load. */
int wspec_run_suite_play_in_memory(struct wspec_run_suite *suite);

/* wspec_run_suite_close writes what is still to be written and returns the exit code of the run;
 * `code` is what playing came to, and stays if it is not WSPEC_EXIT_OK. */
int wspec_run_suite_close(struct wspec_run_suite *suite, int code);

void wspec_run_suite_clear(struct wspec_run_suite *suite);

#endif
