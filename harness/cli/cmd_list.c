#include "case/select.h"
#include "cli/cases_dir.h"
#include "cli/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 256, ID_COLUMN_MAX = 48 };

/* Words given to one option, which may be given again. */
struct words {
  const char *items[WORDS_MAX];
  size_t n_items;
};

struct arguments {
  struct words cases, excludes, tags, requirement_globs;
  const char *case_dir;
  struct words case_files;
  enum wspec_case_target role; /* of the targets; ANY: all cases */
  bool exhaustive;
  bool requirements;
};

static int print_help(void) {
  printf("usage: wspec list [OPTION...]\n\n"
         "Lists cases, one a line: id and summary.\n\n"
         "  --cases GLOB         only those whose id matches, such as '6455/5.*' (repeatable)\n"
         "  --exclude GLOB       not those whose id matches (repeatable)\n"
         "  --tag TAG            only those with this tag (repeatable)\n"
         "  --requirement GLOB   only those that name such a requirement (repeatable)\n"
         "  --target ROLE        only those for a server, or a client\n"
         "  --exhaustive         the exhaustive ones, too\n"
         "  --requirements       which requirement has which cases, and the other way round\n"
         "  --case-file FILE     the cases of this file, too (repeatable)\n"
         "  --case-dir DIR       where the cases are\n"
         "  --help               print this\n");
  return WSPEC_EXIT_OK;
}

/* ---- Arguments ---- */

static bool add_word(struct words *words, const char *word) {
  if (words->n_items == WORDS_MAX) {
    return false;
  }
  words->items[words->n_items++] = word;
  return true;
}

static bool take_option(struct arguments *arguments, int option) {
  switch (option) {
  case 'c':
    return add_word(&arguments->cases, optarg);
  case 'x':
    return add_word(&arguments->excludes, optarg);
  case 't':
    return add_word(&arguments->tags, optarg);
  case 'q':
    return add_word(&arguments->requirement_globs, optarg);
  case 'T':
    arguments->role = strcmp(optarg, "client") == 0 ? WSPEC_TARGET_CLIENT : WSPEC_TARGET_SERVER;
    return strcmp(optarg, "client") == 0 || strcmp(optarg, "server") == 0;
  case 'f':
    return add_word(&arguments->case_files, optarg);
  case 'd':
    arguments->case_dir = optarg;
    return true;
  case 'e':
    arguments->exhaustive = true;
    return true;
  case 'r':
    arguments->requirements = true;
    return true;
  default:
    return false;
  }
}

/* Returns -1 to go on, or an exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *out) {
  static const struct option options[] = {{"cases", required_argument, NULL, 'c'},
                                          {"exclude", required_argument, NULL, 'x'},
                                          {"tag", required_argument, NULL, 't'},
                                          {"requirement", required_argument, NULL, 'q'},
                                          {"target", required_argument, NULL, 'T'},
                                          {"case-file", required_argument, NULL, 'f'},
                                          {"case-dir", required_argument, NULL, 'd'},
                                          {"exhaustive", no_argument, NULL, 'e'},
                                          {"requirements", no_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  int option;
  opterr = 0;
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (option == 'h') {
      return print_help();
    }
    if (!take_option(out, option)) {
      return wspec_usage_error("list", "unknown, incomplete or too often given option '%s'",
                               argv[optind - 1]);
    }
  }
  if (optind < argc) {
    return wspec_usage_error("list", "unexpected '%s'; ids are selected with --cases",
                             argv[optind]);
  }
  return -1;
}

/* ---- Lists ---- */

static void print_cases(const struct wspec_script *const *scripts, size_t n_scripts) {
  size_t column = 0;
  for (size_t i = 0; i < n_scripts; i++) {
    size_t len = strlen(scripts[i]->id);
    column = len > column && len <= ID_COLUMN_MAX ? len : column;
  }
  for (size_t i = 0; i < n_scripts; i++) {
    printf("%-*s  %s\n", (int)column, scripts[i]->id, scripts[i]->summary);
  }
}

static bool names(const struct wspec_script *script, const struct wspec_requirement *requirement) {
  for (size_t i = 0; i < script->n_requirements; i++) {
    if (script->requirements[i] == requirement) {
      return true;
    }
  }
  return false;
}

static size_t print_cases_of(const struct wspec_requirement *requirement,
                             const struct wspec_script *const *scripts, size_t n_scripts) {
  size_t n = 0;
  for (size_t i = 0; i < n_scripts; i++) {
    if (names(scripts[i], requirement)) {
      printf("    %s\n", scripts[i]->id);
      n++;
    }
  }
  return n;
}

/* Looks at each pair: some hundreds by some thousands, a blink. */
static void print_requirements(const struct wspec_requirements *requirements,
                               const struct wspec_script *const *scripts, size_t n_scripts) {
  size_t n_judged = 0;
  size_t n_unjudged = 0;
  for (size_t i = 0; i < requirements->n_items; i++) {
    const struct wspec_requirement *requirement = &requirements->items[i];
    printf("%s %s (%s): %s\n", requirement->id, requirement->keyword, requirement->actor,
           requirement->text);
    if (print_cases_of(requirement, scripts, n_scripts) > 0) {
      n_judged++;
    } else if (requirement->unjudged) {
      printf("    unjudged: %s\n", requirement->unjudged);
      n_unjudged++;
    } else {
      printf("    NO CASE\n");
    }
  }
  printf("\n");
  for (size_t i = 0; i < n_scripts; i++) {
    printf("%s:", scripts[i]->id);
    for (size_t k = 0; k < scripts[i]->n_requirements; k++) {
      printf(" %s", scripts[i]->requirements[k]->id);
    }
    printf("\n");
  }
  printf("\n%zu requirements: %zu with a case, %zu that none can judge, %zu without a case\n",
         requirements->n_items, n_judged, n_unjudged,
         requirements->n_items - n_judged - n_unjudged);
}

/* ---- The command ---- */

static void keep_role(enum wspec_case_target role, const struct wspec_script **scripts,
                      size_t *n_scripts) {
  size_t kept = 0;
  for (size_t i = 0; i < *n_scripts; i++) {
    enum wspec_case_target target = scripts[i]->target;
    if (role == WSPEC_TARGET_ANY || target == WSPEC_TARGET_ANY || target == role) {
      scripts[kept++] = scripts[i];
    }
  }
  *n_scripts = kept;
}

static int select_and_print(const struct arguments *arguments,
                            const struct wspec_requirements *requirements,
                            const struct wspec_case_set *set) {
  const struct wspec_selection selection = {
      .cases = arguments->cases.items,
      .n_cases = arguments->cases.n_items,
      .excludes = arguments->excludes.items,
      .n_excludes = arguments->excludes.n_items,
      .tags = arguments->tags.items,
      .n_tags = arguments->tags.n_items,
      .requirements = arguments->requirement_globs.items,
      .n_requirements = arguments->requirement_globs.n_items,
  };
  const struct wspec_script **scripts;
  const char *unmatched;
  size_t n_scripts;
  enum wspec_err err =
      wspec_select(&selection, set->scripts, set->n_scripts, &scripts, &n_scripts, &unmatched);
  if (err) {
    (void)fprintf(stderr, "wspec list: %s\n", wspec_err_sentence(err));
    return WSPEC_EXIT_USAGE;
  }
  if (unmatched) {
    (void)fprintf(stderr, "wspec list: no case matches '%s'\n", unmatched);
  }
  keep_role(arguments->role, scripts, &n_scripts);
  if (n_scripts == 0) {
    (void)fprintf(stderr, "wspec list: no case was selected\n");
    return WSPEC_EXIT_NO_CASES;
  }
  if (arguments->requirements) {
    print_requirements(requirements, scripts, n_scripts);
  } else {
    print_cases(scripts, n_scripts);
  }
  free(scripts);
  return WSPEC_EXIT_OK;
}

static int list(const struct arguments *arguments) {
  struct wspec_requirements requirements;
  struct wspec_case_set set;
  const struct wspec_load_options options = {.exhaustive = arguments->exhaustive};
  int exit_code = wspec_load_suite("list", arguments->case_dir, &options, &requirements, &set);
  for (size_t i = 0; i < arguments->case_files.n_items && exit_code == WSPEC_EXIT_OK; i++) {
    exit_code =
        wspec_load_cases_at("list", arguments->case_files.items[i], &requirements, &options, &set);
  }
  if (exit_code == WSPEC_EXIT_OK) {
    exit_code = select_and_print(arguments, &requirements, &set);
  }
  wspec_case_set_clear(&set);
  wspec_requirements_clear(&requirements);
  return exit_code;
}

int wspec_cmd_list(int argc, char **argv) {
  struct arguments *arguments = calloc(1, sizeof *arguments);
  if (!arguments) {
    (void)fprintf(stderr, "wspec list: out of memory\n");
    return WSPEC_EXIT_USAGE;
  }
  int exit_code = parse_arguments(argc, argv, arguments);
  if (exit_code < 0) {
    exit_code = list(arguments);
  }
  free(arguments);
  return exit_code;
}
