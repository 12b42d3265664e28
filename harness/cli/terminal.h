/* terminal: a run as a person follows it. */
#ifndef WSPEC_CLI_TERMINAL_H
#define WSPEC_CLI_TERMINAL_H

#include "play/play.h"
#include "play/result.h"
#include "reports/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum wspec_color { WSPEC_COLOR_AUTO, WSPEC_COLOR_ALWAYS, WSPEC_COLOR_NEVER };

/* wspec_color_parse reads "auto", "always" or "never"; false: it is none of them. */
bool wspec_color_parse(const char *text, enum wspec_color *color);

struct wspec_terminal {
  FILE *out;
  bool quiet;
  unsigned verbose;
  bool has_color;                    /* --color, NO_COLOR, and whether `out` is a terminal */
  bool has_progress;                 /* `out` is a terminal */
  bool is_live;                      /* cases come one at a time: frames are shown as they pass */
  unsigned columns;                  /* of the terminal; 0: lines are not cut */
  const char *reproduce;             /* the command without its --cases; NULL: not said */
  const char *reproduce_end;         /* what stands behind that; NULL: nothing */
  struct wspec_frames *frames;       /* private: of the play that is under way, or NULL */
  const struct wspec_script *played; /* private: of the last such play, or NULL */
  uint64_t began_us;                 /* private */
  char error_said[128];              /* private: the reason of the last error that was shown */
  size_t n_unsaid;                   /* private: errors of the same reason behind it */
  struct wspec_summary summary;      /* private: what has come so far */
};

/* wspec_terminal_init looks at `out` and the environment. */
void wspec_terminal_init(struct wspec_terminal *terminal, FILE *out, enum wspec_color color);

/* wspec_terminal_clear frees what it holds; fine on a zeroed one. */
void wspec_terminal_clear(struct wspec_terminal *terminal);

/* wspec_terminal_activity shows what has passed in `play` since the last call, where frames are
 * shown as they pass; else it does nothing. */
void wspec_terminal_activity(struct wspec_terminal *terminal, const struct wspec_play *play);

/* wspec_terminal_result says what is to be said of one result, as it comes; of errors for one reason
 * in a row, the first is shown and the others counted, unless `verbose`. `known` is the reason that
 * the baseline gives for its failure, or NULL. */
void wspec_terminal_result(struct wspec_terminal *terminal, const struct wspec_result *result,
                           const char *known, size_t n_done, size_t n_all);

/* wspec_terminal_summary prints how many errors were not shown, the table by section and the counts
 * of a sorted report, and where the target is gone, of which cases it may have died. */
void wspec_terminal_summary(const struct wspec_terminal *terminal,
                            const struct wspec_report *report, double seconds);

#endif
