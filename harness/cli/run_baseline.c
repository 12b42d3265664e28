#include "cli/run_baseline.h"

#include "cli/command.h"
#include "cli/run_cases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int read_known(struct wspec_run_baseline *baseline) {
  const char *path = baseline->path;
  FILE *file = path ? fopen(path, "r") : NULL;
  if (path && !file) {
    return wspec_usage_error(baseline->command, "--baseline %s: %s", path, strerror(errno));
  }
  char *message = NULL;
  enum wspec_err err =
      file ? wspec_baseline_read(&baseline->known, file, path, &message) : WSPEC_OK;
  if (file) {
    (void)fclose(file);
  }
  int code = WSPEC_EXIT_OK;
  if (err) {
    code = wspec_usage_error(baseline->command, "%s", message ? message : "out of memory");
  }
  free(message);
  return code;
}

int wspec_run_baseline_open(struct wspec_run_baseline *baseline) {
  int code = read_known(baseline);
  const char *path = baseline->write_path;
  /* Not truncated before there is something to write: it may be the only one there is. */
  baseline->written = path && code == WSPEC_EXIT_OK ? fopen(path, "a") : NULL;
  if (path && code == WSPEC_EXIT_OK && !baseline->written) {
    code = wspec_usage_error(baseline->command, "--write-baseline %s: %s", path, strerror(errno));
  }
  return code;
}

static void complain(struct wspec_run_baseline *baseline, const bool *named) {
  char today[16];
  time_t now = time(NULL);
  struct tm utc;
  strftime(today, sizeof today, "%Y-%m-%d", gmtime_r(&now, &utc));
  for (size_t i = 0; i < baseline->known.n_entries; i++) {
    const struct wspec_baseline_entry *entry = &baseline->known.entries[i];
    const char *complaint =
        named[i] ? wspec_baseline_complaint(entry, today) : "stale: there is no such case";
    if (complaint) {
      baseline->n_complaints++;
      fprintf(stderr, "wspec %s: %s: entries[%zu], %s: %s\n", baseline->command, baseline->path, i,
              entry->pattern, complaint);
    }
  }
}

int wspec_run_baseline_check(struct wspec_run_baseline *baseline,
                             const struct wspec_run_options *options,
                             const struct wspec_requirements *requirements,
                             const struct wspec_case_set *set) {
  bool *named = calloc(baseline->known.n_entries + 1, sizeof *named);
  if (!named) {
    fprintf(stderr, "wspec %s: out of memory\n", baseline->command);
    return WSPEC_EXIT_UNREACHABLE;
  }
  wspec_run_cases_named(options, requirements, set, &baseline->known, named);
  complain(baseline, named);
  free(named);
  return WSPEC_EXIT_OK;
}

int wspec_run_baseline_write(struct wspec_run_baseline *baseline, const struct wspec_report *report,
                             bool with_warns) {
  if (!baseline->written) {
    return WSPEC_EXIT_OK;
  }
  errno = 0;
  bool is_empty = ftruncate(fileno(baseline->written), 0) == 0 || errno == EINVAL;
  enum wspec_err err =
      wspec_baseline_write(baseline->written, report, &baseline->known, with_warns);
  bool closed = fclose(baseline->written) == 0;
  baseline->written = NULL;
  return !err && closed && is_empty
             ? WSPEC_EXIT_OK
             : wspec_usage_error(baseline->command, "--write-baseline %s: %s", baseline->write_path,
                                 strerror(errno));
}

void wspec_run_baseline_clear(struct wspec_run_baseline *baseline) {
  wspec_baseline_clear(&baseline->known);
  if (baseline->written) {
    (void)fclose(baseline->written);
    baseline->written = NULL;
  }
}
