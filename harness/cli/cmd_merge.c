#include "cli/command.h"
#include "cli/option.h"
#include "cli/outputs.h"

#include "reports/merge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum option_id { OPTION_HELP = 256, OPTION_OUT, OPTION_REPORT /* and on: one a format */ };

const struct wspec_option wspec_merge_option_table[] = {
    WSPEC_REPORT_OPTIONS(OPTION_REPORT),
    {"out", OPTION_OUT, "DIR", "all reports, under their standard names", NULL,
     WSPEC_COMPLETES_DIRECTORY},
    {"help", OPTION_HELP, NULL, "print this", NULL, 0},
    {NULL, 0, NULL, NULL, NULL, 0},
};

static int print_help(void) {
  printf("usage: wspec merge [OPTION...] [NAME=]REPORT...\n\n"
         "Puts JSON reports together: the shards of one run into one report, several targets\n"
         "side by side; and writes them in any format. NAME is what to call the target.\n\n");
  wspec_options_help(stdout, wspec_merge_option_table);
  return WSPEC_EXIT_OK;
}

static int out_of_memory(void) {
  fprintf(stderr, "wspec merge: out of memory\n");
  return WSPEC_EXIT_USAGE;
}

static int say(enum wspec_err err, char *message) {
  int code = WSPEC_EXIT_OK;
  if (err) {
    code = message ? wspec_usage_error("merge", "%s", message) : out_of_memory();
  }
  free(message);
  return code;
}

/* ---- Reading ---- */

static int name_reports(struct wspec_reports *reports, size_t first, const char *name) {
  for (size_t i = first; i < reports->n; i++) {
    if (wspec_report_rename(&reports->items[i], name)) {
      return out_of_memory();
    }
  }
  return WSPEC_EXIT_OK;
}

static void warn_of_cut(const struct wspec_reports *reports, size_t first, const char *path) {
  for (size_t i = first; i < reports->n; i++) {
    const struct wspec_report *report = &reports->items[i];
    if (!report->is_complete) {
      fprintf(stderr, "wspec merge: %s: the run was cut off: %zu of %zu results\n", path,
              report->n_records, report->n_selected);
    }
  }
}

static int read_one(struct wspec_reports *reports, char *argument) {
  char *equals = strchr(argument, '=');
  bool has_name =
      equals && equals > argument && !memchr(argument, '/', (size_t)(equals - argument));
  const char *path = has_name ? equals + 1 : argument;
  bool is_stdin = strcmp(path, "-") == 0;
  FILE *file = is_stdin ? stdin : fopen(path, "r");
  if (!file) {
    return wspec_usage_error("merge", "%s: %s", path, strerror(errno));
  }
  size_t first = reports->n;
  char *message;
  enum wspec_err err = wspec_reports_read(reports, file, path, &message);
  if (!is_stdin) {
    (void)fclose(file);
  }
  int code = say(err, message);
  if (code == WSPEC_EXIT_OK) {
    warn_of_cut(reports, first, path);
  }
  if (code == WSPEC_EXIT_OK && has_name) {
    *equals = '\0';
    code = name_reports(reports, first, argument);
  }
  return code;
}

/* ---- Writing ---- */

static int write_all(const struct wspec_reports *reports, struct wspec_outputs *outputs) {
  int code = wspec_outputs_open(outputs);
  if (code == WSPEC_EXIT_OK) {
    FILE *json = outputs->files[WSPEC_FORMAT_JSON];
    errno = 0;
    wspec_outputs_note(outputs, WSPEC_FORMAT_JSON,
                       json ? wspec_matrix_write(json, reports->items, reports->n) : WSPEC_OK);
    wspec_outputs_write(outputs, reports->items, reports->n);
  }
  int closed = wspec_outputs_close(outputs);
  return code != WSPEC_EXIT_OK ? code : closed;
}

static int merge(int n_files, char **files, struct wspec_outputs *outputs) {
  struct wspec_reports reports = {.items = NULL};
  int code = WSPEC_EXIT_OK;
  for (int i = 0; i < n_files && code == WSPEC_EXIT_OK; i++) {
    code = read_one(&reports, files[i]);
  }
  if (code == WSPEC_EXIT_OK) {
    char *message;
    enum wspec_err err = wspec_reports_merge(&reports, &message);
    code = say(err, message);
  }
  if (code == WSPEC_EXIT_OK) {
    code = write_all(&reports, outputs);
  }
  wspec_reports_clear(&reports);
  return code;
}

int wspec_cmd_merge(int argc, char **argv) {
  struct wspec_outputs outputs = {.command = "merge"};
  struct wspec_getopt words;
  wspec_options_to_getopt(wspec_merge_option_table, &words);
  int id;
  bool is_asked = false;
  opterr = 0;
  optind = 1;
  while ((id = getopt_long(argc, argv, words.shorts, words.longs, NULL)) != -1) {
    if (id == OPTION_HELP) {
      return print_help();
    }
    if (id == '?' || id == ':') {
      return wspec_usage_error("merge", "unknown or incomplete option '%s'", argv[optind - 1]);
    }
    if (id == OPTION_OUT) {
      outputs.out_dir = optarg;
    } else {
      outputs.asked[id - OPTION_REPORT] = optarg;
    }
    is_asked = true;
  }
  if (optind == argc) {
    return wspec_usage_error("merge", "expected a report, as 'wspec run --json' writes it");
  }
  if (!is_asked) {
    outputs.asked[WSPEC_FORMAT_JSON] = "-";
  }
  return merge(argc - optind, argv + optind, &outputs);
}
