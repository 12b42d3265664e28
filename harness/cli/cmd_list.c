#include "case/select.h"
#include "cli/cases_dir.h"
#include "cli/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 256, ID_COLUMN_MAX = 48, ONE_CASE_MAX = 64 << 20 };

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

/* What is to be listed. */
struct list {
  const struct wspec_case_set *set;
  const struct wspec_requirements *requirements;
  const struct wspec_case **cases;
  size_t n_cases;
  size_t column; /* of the ids */
  /* Which cases name a requirement: those of the i-th are numbers[starts[i]] to numbers[starts[i+1]-1]
   * of `cases`. */
  size_t *starts;
  uint32_t *numbers;
};

/* Calls `look` with each case, which lives until it returns; false: out of memory. */
static bool look_at_cases(struct list *list,
                          void (*look)(struct list *list, const struct wspec_script *script,
                                       size_t number)) {
  struct wspec_arena arena;
  wspec_arena_init(&arena, ONE_CASE_MAX);
  bool is_whole = wspec_arena_alloc(&arena, 1, 1) != NULL; /* its first block stays */
  for (size_t i = 0; i < list->n_cases && is_whole; i++) {
    struct wspec_arena_mark mark = wspec_arena_mark(&arena);
    const struct wspec_script *script = wspec_case_expand_head(list->set, list->cases[i], &arena);
    is_whole = script != NULL;
    if (is_whole) {
      look(list, script, i);
    }
    wspec_arena_rewind(&arena, mark);
  }
  wspec_arena_clear(&arena);
  return is_whole;
}

static size_t id_column(const struct list *list) {
  size_t column = 0;
  for (size_t i = 0; i < list->n_cases; i++) {
    size_t len = strlen(list->cases[i]->id);
    column = len > column && len <= ID_COLUMN_MAX ? len : column;
  }
  return column;
}

static void print_case(struct list *list, const struct wspec_script *script, size_t number) {
  (void)number;
  printf("%-*s  %s\n", (int)list->column, script->id, script->summary);
}

/* ---- Requirements ---- */

static size_t index_of(const struct list *list, const struct wspec_requirement *requirement) {
  return (size_t)(requirement - list->requirements->items);
}

static void count_requirements(struct list *list, const struct wspec_script *script,
                               size_t number) {
  (void)number;
  for (size_t i = 0; i < script->n_requirements; i++) {
    list->starts[index_of(list, script->requirements[i]) + 1]++;
  }
}

/* The start of each list moves to its end, which is the start of the next. */
static void note_requirements(struct list *list, const struct wspec_script *script, size_t number) {
  for (size_t i = 0; i < script->n_requirements; i++) {
    list->numbers[list->starts[index_of(list, script->requirements[i])]++] = (uint32_t)number;
  }
}

/* Fills `starts` and `numbers`; false: out of memory. */
static bool index_requirements(struct list *list) {
  size_t n = list->requirements->n_items;
  list->starts = calloc(n + 2, sizeof *list->starts);
  if (!list->starts || !look_at_cases(list, count_requirements)) {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    list->starts[i + 1] += list->starts[i];
  }
  list->numbers = calloc(list->starts[n] + 1, sizeof *list->numbers);
  if (!list->numbers || !look_at_cases(list, note_requirements)) {
    return false;
  }
  memmove(list->starts + 1, list->starts, n * sizeof *list->starts);
  list->starts[0] = 0;
  return true;
}

static void print_names(const struct list *list, size_t requirement) {
  for (size_t i = list->starts[requirement]; i < list->starts[requirement + 1]; i++) {
    /* A case that names one twice is listed once. */
    if (i == list->starts[requirement] || list->numbers[i] != list->numbers[i - 1]) {
      printf("    %s\n", list->cases[list->numbers[i]]->id);
    }
  }
}

static void print_requirements_of(struct list *list, const struct wspec_script *script,
                                  size_t number) {
  (void)list;
  (void)number;
  printf("%s:", script->id);
  for (size_t k = 0; k < script->n_requirements; k++) {
    printf(" %s", script->requirements[k]->id);
  }
  printf("\n");
}

static bool print_requirements(struct list *list) {
  size_t n_judged = 0;
  size_t n_unjudged = 0;
  if (!index_requirements(list)) {
    return false;
  }
  for (size_t i = 0; i < list->requirements->n_items; i++) {
    const struct wspec_requirement *requirement = &list->requirements->items[i];
    printf("%s %s (%s): %s\n", requirement->id, requirement->keyword, requirement->actor,
           requirement->text);
    print_names(list, i);
    if (list->starts[i + 1] > list->starts[i]) {
      n_judged++;
    } else if (requirement->unjudged) {
      printf("    unjudged: %s\n", requirement->unjudged);
      n_unjudged++;
    } else {
      printf("    NO CASE\n");
    }
  }
  printf("\n");
  bool is_whole = look_at_cases(list, print_requirements_of);
  printf("\n%zu requirements: %zu with a case, %zu that none can judge, %zu without a case\n",
         list->requirements->n_items, n_judged, n_unjudged,
         list->requirements->n_items - n_judged - n_unjudged);
  return is_whole;
}

/* ---- The command ---- */

static struct wspec_selection selection_of(const struct arguments *arguments) {
  return (struct wspec_selection){
      .cases = arguments->cases.items,
      .n_cases = arguments->cases.n_items,
      .excludes = arguments->excludes.items,
      .n_excludes = arguments->excludes.n_items,
      .tags = arguments->tags.items,
      .n_tags = arguments->tags.n_items,
      .requirements = arguments->requirement_globs.items,
      .n_requirements = arguments->requirement_globs.n_items,
  };
}

static bool is_for(enum wspec_case_target role, enum wspec_case_target target) {
  return role == WSPEC_TARGET_ANY || target == WSPEC_TARGET_ANY || target == role;
}

static void keep_role(enum wspec_case_target role, struct list *list) {
  size_t kept = 0;
  for (size_t i = 0; i < list->n_cases; i++) {
    if (is_for(role, list->cases[i]->target)) {
      list->cases[kept++] = list->cases[i];
    }
  }
  list->n_cases = kept;
}

static int out_of_memory(void) {
  (void)fprintf(stderr, "wspec list: %s\n", wspec_err_sentence(WSPEC_ERR_NOMEM));
  return WSPEC_EXIT_USAGE;
}

static int select_and_print(const struct arguments *arguments,
                            const struct wspec_selection *selection, struct list *list) {
  const char *unmatched;
  if (wspec_select(selection, list->set, &list->cases, &list->n_cases, &unmatched)) {
    return out_of_memory();
  }
  if (unmatched) {
    (void)fprintf(stderr, "wspec list: no case matches '%s'\n", unmatched);
  }
  keep_role(arguments->role, list);
  if (list->n_cases == 0) {
    (void)fprintf(stderr, "wspec list: no case was selected\n");
    return WSPEC_EXIT_NO_CASES;
  }
  list->column = id_column(list);
  bool is_whole =
      arguments->requirements ? print_requirements(list) : look_at_cases(list, print_case);
  return is_whole ? WSPEC_EXIT_OK : out_of_memory();
}

static bool is_selected(void *user, const struct wspec_script *script) {
  return wspec_selection_takes(user, script);
}

static int list_selected(const struct arguments *arguments, struct wspec_selection *selection) {
  struct wspec_requirements requirements;
  struct wspec_case_set set;
  struct list list = {.set = &set, .requirements = &requirements};
  const struct wspec_load_options options = {.exhaustive = arguments->exhaustive,
                                             .expand_later = true,
                                             .wants = is_selected,
                                             .user = selection};
  int exit_code = wspec_load_suite("list", arguments->case_dir, &options, &requirements, &set);
  for (size_t i = 0; i < arguments->case_files.n_items && exit_code == WSPEC_EXIT_OK; i++) {
    exit_code =
        wspec_load_cases_at("list", arguments->case_files.items[i], &requirements, &options, &set);
  }
  if (exit_code == WSPEC_EXIT_OK) {
    exit_code = select_and_print(arguments, selection, &list);
  }
  free(list.starts);
  free(list.numbers);
  free(list.cases);
  wspec_case_set_clear(&set);
  wspec_requirements_clear(&requirements);
  return exit_code;
}

static int list(const struct arguments *arguments) {
  struct wspec_selection selection = selection_of(arguments);
  size_t n_words =
      selection.n_cases + selection.n_excludes + selection.n_tags + selection.n_requirements;
  selection.seen = calloc(n_words + 1, sizeof *selection.seen);
  int exit_code = selection.seen ? list_selected(arguments, &selection) : out_of_memory();
  free(selection.seen);
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
