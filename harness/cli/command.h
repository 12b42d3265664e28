/* command: what a command of the wspec program is, and the words they share.
 *
 * To add a command: write cmd_<name>.c with one function, declare it here, and add its row to the
 * table in main.c. */
#ifndef WSPEC_CLI_COMMAND_H
#define WSPEC_CLI_COMMAND_H

#include "cli/option.h"

#include <stdbool.h>
#include <stdint.h>

/* wspec_exit: the exit codes of every command; scripts depend on them. */
enum wspec_exit {
  WSPEC_EXIT_OK = 0,          /* done; nothing failed */
  WSPEC_EXIT_FAIL = 1,        /* a test failed, or what was asked for was found wrong */
  WSPEC_EXIT_USAGE = 2,       /* bad arguments or bad input; nothing was run */
  WSPEC_EXIT_UNREACHABLE = 3, /* the target could not be reached, or went away for good */
  WSPEC_EXIT_NO_CASES = 4     /* no case was selected */
};

/* wspec_command: one row of the table. `run` gets the arguments as main does, with argv[0] being
 * the command's own name, and returns an exit code. */
struct wspec_command {
  const char *name;
  const char *summary; /* for `wspec help`: lower case, no full stop, at most 60 columns */
  int (*run)(int argc, char **argv);
};

/* wspec_usage_error prints "wspec COMMAND: <message>" and where to find help to standard error,
 * and returns WSPEC_EXIT_USAGE. `command` may be NULL for wspec itself. */
int wspec_usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* wspec_option_error reports what getopt_long has just returned '?' or ':' for (`result`; its
 * option string begins with ':') and returns WSPEC_EXIT_USAGE. */
int wspec_option_error(const char *command, int result, char **argv);

/* wspec_read_number reads a decimal number in `min`..`max` into `*out`. False: it has reported the
 * usage error of `option`. */
bool wspec_read_number(const char *command, const char *option, const char *text, uint64_t min,
                       uint64_t max, uint64_t *out);

/* The commands, in the order of the table in main.c; each is in cmd_<name>.c. */
int wspec_cmd_run(int argc, char **argv);
int wspec_cmd_serve(int argc, char **argv);
int wspec_cmd_run_client(int argc, char **argv);
int wspec_cmd_echo(int argc, char **argv);
int wspec_cmd_connect(int argc, char **argv);
int wspec_cmd_list(int argc, char **argv);
int wspec_cmd_explain(int argc, char **argv);
int wspec_cmd_lint(int argc, char **argv);
int wspec_cmd_merge(int argc, char **argv);
int wspec_cmd_completion(int argc, char **argv);
int wspec_cmd_diff(int argc, char **argv);
int wspec_cmd_judge(int argc, char **argv);
int wspec_cmd_wstest(int argc, char **argv);

/* wspec_commands returns all commands, ended by a row without a name; static storage. */
const struct wspec_command *wspec_commands(void);

/* The tables of options of the commands that have one. */

extern const struct wspec_option wspec_run_option_table[];
extern const struct wspec_option wspec_run_client_option_table[];
extern const struct wspec_option wspec_serve_option_table[];
extern const struct wspec_option wspec_echo_option_table[];
extern const struct wspec_option wspec_connect_option_table[];
extern const struct wspec_option wspec_merge_option_table[];
extern const struct wspec_option wspec_diff_option_table[];
extern const struct wspec_option wspec_judge_option_table[];
extern const struct wspec_option wspec_wstest_option_table[];

#endif
