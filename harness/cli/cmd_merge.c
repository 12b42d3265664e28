#include "cli/command.h"
#include "cli/option.h"
#include "cli/outputs.h"
#include "cli/read_reports.h"

#include "reports/merge.h"

#include <errno.h>
#include <stdbool.h>

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
         "Puts JSON reports together: the shards of one run into one report, several\n"
         "targets side by side; and writes them in any format. NAME is what to call the\n"
         "target.\n\n");
  wspec_options_help(stdout, wspec_merge_option_table);
  return WSPEC_EXIT_OK;
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
    code = wspec_read_reports("merge", &reports, files[i]);
  }
  if (code == WSPEC_EXIT_OK) {
    code = wspec_merge_reports("merge", &reports);
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
