#include "cli/suspects.h"

#include "play/result.h"

#include <string.h>

static bool is_suspect(const struct wspec_record *record) {
  for (unsigned i = 0; i < record->n_findings; i++) {
    if (strcmp(record->findings[i].message, WSPEC_FINDING_TARGET_GONE) == 0) {
      return true;
    }
  }
  return false;
}

static size_t count_suspects(const struct wspec_report *report) {
  size_t n = 0;
  for (size_t i = 0; i < report->n_records; i++) {
    n += is_suspect(&report->records[i]);
  }
  return n;
}

static void print_each(FILE *out, const struct wspec_report *report, const char *before) {
  for (size_t i = 0; i < report->n_records; i++) {
    if (is_suspect(&report->records[i])) {
      fprintf(out, "%s%s", before, report->records[i].id);
    }
  }
}

void wspec_suspects_print(FILE *out, const struct wspec_report *report, const char *reproduce,
                          const char *end) {
  size_t n = count_suspects(report);
  if (n == 0) {
    return;
  }
  fprintf(out, "The target is gone, and may have died of %s:",
          n == 1 ? "this case" : "one of these cases, which ended with it");
  print_each(out, report, "\n  ");
  if (reproduce) {
    fprintf(out, "\nTo see, start it again and play:\n  %s --jobs 1", reproduce);
    print_each(out, report, " --cases ");
    fprintf(out, "%s", end ? end : "");
  }
  fputc('\n', out);
}
