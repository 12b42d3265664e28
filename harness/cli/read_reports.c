#include "cli/read_reports.h"

#include "cli/command.h"

#include "reports/merge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(const char *command) {
  fprintf(stderr, "wspec %s: out of memory\n", command);
  return WSPEC_EXIT_USAGE;
}

static int say(const char *command, enum wspec_err err, char *message) {
  int code = WSPEC_EXIT_OK;
  if (err) {
    code = message ? wspec_usage_error(command, "%s", message) : out_of_memory(command);
  }
  free(message);
  return code;
}

static int name_reports(const char *command, struct wspec_reports *reports, size_t first,
                        const char *name) {
  for (size_t i = first; i < reports->n; i++) {
    if (wspec_report_rename(&reports->items[i], name)) {
      return out_of_memory(command);
    }
  }
  return WSPEC_EXIT_OK;
}

static void warn_of_cut(const char *command, const struct wspec_reports *reports, size_t first,
                        const char *path) {
  for (size_t i = first; i < reports->n; i++) {
    const struct wspec_report *report = &reports->items[i];
    if (!report->is_complete) {
      fprintf(stderr, "wspec %s: %s: the run was cut off: %zu of %zu results\n", command, path,
              report->n_records, report->n_selected);
    }
  }
}

int wspec_read_reports(const char *command, struct wspec_reports *reports, char *argument) {
  char *equals = strchr(argument, '=');
  bool has_name =
      equals && equals > argument && !memchr(argument, '/', (size_t)(equals - argument));
  const char *path = has_name ? equals + 1 : argument;
  bool is_stdin = strcmp(path, "-") == 0;
  FILE *file = is_stdin ? stdin : fopen(path, "r");
  if (!file) {
    return wspec_usage_error(command, "%s: %s", path, strerror(errno));
  }
  size_t first = reports->n;
  char *message;
  enum wspec_err err = wspec_reports_read(reports, file, path, &message);
  if (!is_stdin) {
    (void)fclose(file);
  }
  int code = say(command, err, message);
  if (code == WSPEC_EXIT_OK) {
    warn_of_cut(command, reports, first, path);
  }
  if (code == WSPEC_EXIT_OK && has_name) {
    *equals = '\0';
    code = name_reports(command, reports, first, argument);
  }
  return code;
}

int wspec_merge_reports(const char *command, struct wspec_reports *reports) {
  char *message;
  enum wspec_err err = wspec_reports_merge(reports, &message);
  return say(command, err, message);
}
