#include "cli/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { LARGE_PIECE = 8 << 20 };

/* In the order of `wspec help`; a row without a name ends it. */
static const struct wspec_command COMMANDS[] = {
    {"run", "test a server", wspec_cmd_run},
    {"serve", "test clients that connect, browsers too", wspec_cmd_serve},
    {"run-client", "test a client, started anew for each case", wspec_cmd_run_client},
    {"echo", "run the reference endpoint as an echo server, ws and wss", wspec_cmd_echo},
    {"connect", "talk to a server, on a terminal or in a pipe", wspec_cmd_connect},
    {"list", "list cases, and which requirements they test", wspec_cmd_list},
    {"explain", "tell what a case sends and what is allowed", wspec_cmd_explain},
    {"judge", "judge the transcripts of a report again, without the target", wspec_cmd_judge},
    {"merge", "put reports together, or write them in other formats", wspec_cmd_merge},
    {"diff", "tell what changed between two reports", wspec_cmd_diff},
    {"wstest", "do what wstest of Autobahn|Testsuite does", wspec_cmd_wstest},
    {"lint", "check case files", wspec_cmd_lint},
    {"completion", "print completions for a shell, or the man page", wspec_cmd_completion},
    {NULL, NULL, NULL},
};

const struct wspec_command *wspec_commands(void) {
  return COMMANDS;
}

static int print_help(void) {
  printf("wspec %s: WebSocket conformance and fuzzing suite\n\n"
         "usage: wspec COMMAND [ARGUMENT...]\n\n",
         WSPEC_VERSION);
  for (const struct wspec_command *command = COMMANDS; command->name; command++) {
    printf("  %-12s %s\n", command->name, command->summary);
  }
  printf("  %-12s %s\n", "help", "print this, or the help of one command");
  printf(
      "\n'wspec COMMAND --help' tells more. Exit codes: 0 good, 1 failed, 2 bad usage or input,\n"
      "3 target unreachable, 4 no case selected.\n");
  return WSPEC_EXIT_OK;
}

static const struct wspec_command *find_command(const char *name) {
  for (const struct wspec_command *command = COMMANDS; command->name; command++) {
    if (strcmp(command->name, name) == 0) {
      return command;
    }
  }
  return NULL;
}

static int run_command(const char *name, int argc, char **argv) {
  const struct wspec_command *command = find_command(name);
  if (!command) {
    return wspec_usage_error(NULL, "there is no command '%s'", name);
  }
  return command->run(argc, argv);
}

static int run_help(int argc, char **argv) {
  if (argc < 2) {
    return print_help();
  }
  char *asked[] = {argv[1], "--help", NULL};
  return run_command(argv[1], 2, asked);
}

static bool is_any(const char *word, const char *a, const char *b, const char *c) {
  return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

/* By this name it is a drop-in for Autobahn|Testsuite. */
static bool is_called_wstest(const char *program) {
  const char *slash = program ? strrchr(program, '/') : NULL;
  const char *name = slash ? slash + 1 : program;
  return name && strcmp(name, "wstest") == 0;
}

/* What is as large as a message of the limit cases goes back to the system when it is freed. On its
 * own the GNU library raises its thresholds with the first such piece, and keeps what comes after. */
static void give_back_large_pieces(void) {
#ifdef __GLIBC__
  (void)mallopt(M_MMAP_THRESHOLD, LARGE_PIECE);
  (void)mallopt(M_TRIM_THRESHOLD, 2 * LARGE_PIECE);
#endif
}

int main(int argc, char **argv) {
  give_back_large_pieces();
  if (is_called_wstest(argv[0])) {
    return wspec_cmd_wstest(argc, argv);
  }
  if (argc < 2) {
    return wspec_usage_error(NULL, "a command is missing");
  }
  if (is_any(argv[1], "--version", "-V", "version")) {
    printf("wspec %s\n", WSPEC_VERSION);
    return WSPEC_EXIT_OK;
  }
  if (is_any(argv[1], "help", "--help", "-h")) {
    return run_help(argc - 1, argv + 1);
  }
  return run_command(argv[1], argc - 1, argv + 1);
}
