/* console: what `wspec connect` says to its user and hears from him: lines of a terminal with
 * editing and history, or octets of a pipe. */
#ifndef WSPEC_CLI_CONSOLE_H
#define WSPEC_CLI_CONSOLE_H

#include "base/span.h"
#include "net/loop.h"

#include <stdbool.h>

struct wspec_console;

/* What a console hears. */
struct wspec_console_handlers {
  void (*on_line)(void *user, struct wspec_span line);     /* without its line end */
  void (*on_octets)(void *user, struct wspec_span octets); /* instead of lines, `is_raw` */
  void (*on_end)(void *user);                              /* once, as the last */
  void (*on_error)(void *user, const char *sentence);      /* instead of on_end */
};

/* wspec_console_new watches standard input: it is interactive if that and standard output are
 * terminals. `is_raw`: octets, not lines; never interactive. There is at most one console at a
 * time. NULL: no memory, or standard input cannot be watched. */
struct wspec_console *wspec_console_new(struct wspec_loop *loop, bool is_raw,
                                        const struct wspec_console_handlers *handlers, void *user);

/* wspec_console_free restores the terminal; NULL is allowed. */
void wspec_console_free(struct wspec_console *console);

/* wspec_console_is_interactive returns true if a person sits there. */
bool wspec_console_is_interactive(const struct wspec_console *console);

/* wspec_console_pause stops listening, wspec_console_resume goes on. */
void wspec_console_pause(struct wspec_console *console);
void wspec_console_resume(struct wspec_console *console);

/* wspec_console_print writes a line to standard output, where interactive with `mark` ("<", "*") in
 * front, above the line being edited, and without what could drive the terminal. The caller looks
 * at ferror(stdout). */
void wspec_console_print(struct wspec_console *console, const char *mark, struct wspec_span text);

#endif
