#include "cli/command.h"
#include "cli/option.h"
#include "cli/read_reports.h"

#include "reports/diff.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum option_id { OPTION_HELP = 256, OPTION_FORMAT };

const struct wspec_option wspec_diff_option_table[] = {
    {"format", OPTION_FORMAT, "W", "text, markdown, json", "text markdown json", 0},
    {"help", OPTION_HELP, NULL, "print this", NULL, 0},
    {NULL, 0, NULL, NULL, NULL, 0},
};

typedef enum wspec_err write_diff(FILE *file, const struct wspec_diff *diffs, size_t n);

static int print_help(void) {
  printf("usage: wspec diff [OPTION...] OLD NEW\n\n"
         "Tells which cases are broken, fixed, changed, new and gone between two JSON\n"
         "reports. Exit code 1 where one broke, or a new one fails.\n\n");
  wspec_options_help(stdout, wspec_diff_option_table);
  return WSPEC_EXIT_OK;
}

static write_diff *find_format(const char *name) {
  static const char *const names[] = {"text", "markdown", "json"};
  static write_diff *const writers[] = {wspec_diff_write_text, wspec_diff_write_markdown,
                                        wspec_diff_write_json};
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(name, names[i]) == 0) {
      return writers[i];
    }
  }
  return NULL;
}

/* One target each is one pair, whatever they are called: its port may have changed. */
static const struct wspec_report *find_partner(const struct wspec_reports *old,
                                               const struct wspec_reports *new, size_t at) {
  if (old->n == 1 && new->n == 1) {
    return &old->items[0];
  }
  for (size_t i = 0; i < old->n; i++) {
    if (strcmp(wspec_report_label(&old->items[i]), wspec_report_label(&new->items[at])) == 0) {
      return &old->items[i];
    }
  }
  return NULL;
}

static int compare(const struct wspec_reports *old, const struct wspec_reports *new,
                   write_diff *write) {
  struct wspec_diff *diffs = calloc(new->n + 1, sizeof *diffs);
  struct wspec_report nothing;
  wspec_report_init(&nothing);
  size_t n_worse = 0;
  bool failed = !diffs;
  for (size_t i = 0; i < new->n && !failed; i++) {
    const struct wspec_report *partner = find_partner(old, new, i);
    failed = wspec_diff_make(&diffs[i], partner ? partner : &nothing, &new->items[i]) != WSPEC_OK;
    n_worse += diffs[i].n_worse;
  }
  bool written = !failed && write(stdout, diffs, new->n) == WSPEC_OK && fflush(stdout) == 0;
  for (size_t i = 0; diffs && i < new->n; i++) {
    wspec_diff_clear(&diffs[i]);
  }
  free(diffs);
  if (!written) {
    return wspec_usage_error("diff", failed ? "out of memory" : "standard output: write error");
  }
  return n_worse > 0 ? WSPEC_EXIT_FAIL : WSPEC_EXIT_OK;
}

static int diff(char *old_path, char *new_path, write_diff *write) {
  struct wspec_reports old = {.items = NULL};
  struct wspec_reports new = {.items = NULL};
  int code = wspec_read_reports("diff", &old, old_path);
  code = code == WSPEC_EXIT_OK ? wspec_merge_reports("diff", &old) : code;
  code = code == WSPEC_EXIT_OK ? wspec_read_reports("diff", &new, new_path) : code;
  code = code == WSPEC_EXIT_OK ? wspec_merge_reports("diff", &new) : code;
  code = code == WSPEC_EXIT_OK ? compare(&old, &new, write) : code;
  wspec_reports_clear(&old);
  wspec_reports_clear(&new);
  return code;
}

int wspec_cmd_diff(int argc, char **argv) {
  struct wspec_getopt words;
  wspec_options_to_getopt(wspec_diff_option_table, &words);
  write_diff *write = wspec_diff_write_text;
  int id;
  opterr = 0;
  optind = 1;
  while ((id = getopt_long(argc, argv, words.shorts, words.longs, NULL)) != -1) {
    if (id == OPTION_HELP) {
      return print_help();
    }
    if (id != OPTION_FORMAT) {
      return wspec_usage_error("diff", "unknown or incomplete option '%s'", argv[optind - 1]);
    }
    write = find_format(optarg);
    if (!write) {
      return wspec_usage_error("diff", "--format %s: expected text, markdown or json", optarg);
    }
  }
  if (argc - optind != 2) {
    return wspec_usage_error("diff", "expected two reports, as 'wspec run --json' writes them");
  }
  return diff(argv[optind], argv[optind + 1], write);
}
