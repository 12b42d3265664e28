#include "base/buf.h"
#include "case/lint.h"
#include "case/read_file.h"
#include "cli/cases_dir.h"
#include "cli/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETIRED_MAX = 1024 * 1024 };

static int print_help(void) {
  printf("usage: wspec lint [--case-dir DIR] [FILE...]\n\n"
         "Checks case files, or all in a directory, by the language and the house rules. Without\n"
         "FILE, all of the suite. Exits with 2 if something is wrong.\n\n"
         "  --case-dir DIR  where requirements.json and retired.txt are\n"
         "  --help          print this\n");
  return WSPEC_EXIT_OK;
}

/* Returns the text of retired.txt in `dir`, which the caller frees; NULL if there is none. */
static char *read_retired(const char *dir) {
  static const char name[] = "/retired.txt";
  struct wspec_buf buf;
  const char *reason;
  wspec_buf_init(&buf, RETIRED_MAX);
  char *path = malloc(strlen(dir) + sizeof name);
  char *text = NULL;
  if (path) {
    memcpy(path, dir, strlen(dir));
    memcpy(path + strlen(dir), name, sizeof name);
    if (wspec_read_file(path, &buf, &reason) == WSPEC_OK) {
      text = wspec_buf_take_text(&buf);
    }
  }
  free(path);
  wspec_buf_clear(&buf);
  return text;
}

static int check_rules(const struct wspec_case_set *set, const char *dir) {
  char *retired = read_retired(dir);
  char *messages;
  enum wspec_err err = wspec_case_set_lint(set, retired, &messages);
  free(retired);
  if (err) {
    (void)fprintf(stderr, "%s\n", messages ? messages : wspec_err_sentence(err));
    free(messages);
    return WSPEC_EXIT_USAGE;
  }
  printf("%zu file%s, %zu case%s: nothing to say\n", set->n_files, set->n_files == 1 ? "" : "s",
         set->n_scripts, set->n_scripts == 1 ? "" : "s");
  return WSPEC_EXIT_OK;
}

/* A mistake in one file does not hide those of the next. */
static int load_all(const char *dir, int n_paths, char **paths,
                    const struct wspec_requirements *requirements, struct wspec_case_set *set) {
  const struct wspec_load_options options = {.exhaustive = true};
  if (n_paths == 0) {
    return wspec_load_cases_at("lint", dir, requirements, &options, set);
  }
  int exit_code = WSPEC_EXIT_OK;
  for (int i = 0; i < n_paths; i++) {
    int one = wspec_load_cases_at("lint", paths[i], requirements, &options, set);
    exit_code = exit_code ? exit_code : one;
  }
  return exit_code;
}

static int lint(const char *dir, int n_paths, char **paths) {
  struct wspec_requirements requirements = {0};
  struct wspec_case_set set = {0};
  int exit_code = wspec_load_requirements("lint", dir, &requirements);
  if (exit_code == WSPEC_EXIT_OK) {
    exit_code = load_all(dir, n_paths, paths, &requirements, &set);
  }
  if (exit_code == WSPEC_EXIT_OK) {
    exit_code = check_rules(&set, dir);
  }
  wspec_case_set_clear(&set);
  wspec_requirements_clear(&requirements);
  return exit_code;
}

int wspec_cmd_lint(int argc, char **argv) {
  static const struct option options[] = {{"case-dir", required_argument, NULL, 'd'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  const char *given = NULL;
  int option;
  opterr = 0;
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (option == 'h') {
      return print_help();
    }
    if (option != 'd') {
      return wspec_usage_error("lint", "unknown or incomplete option '%s'", argv[optind - 1]);
    }
    given = optarg;
  }
  char *dir = wspec_cases_dir(given);
  if (!dir) {
    (void)fprintf(stderr, "wspec lint: out of memory\n");
    return WSPEC_EXIT_USAGE;
  }
  int exit_code = lint(dir, argc - optind, argv + optind);
  free(dir);
  return exit_code;
}
