#include "reports/tap.h"

#include "reports/text.h"

#include <string.h>

/* In a description '#' begins a directive and '\' escapes. */
static void put_description(FILE *file, const char *text) {
  for (; *text; text++) {
    if (*text == '#' || *text == '\\') {
      fputc('\\', file);
    }
    fputc(*text == '\n' || *text == '\r' ? ' ' : *text, file);
  }
}

static void put_key(FILE *file, const char *key, const char *text) {
  if (text && text[0]) {
    fprintf(file, "%s", key);
    wspec_put_json(file, text); /* a JSON string is a YAML scalar */
    fputc('\n', file);
  }
}

static void put_finding(FILE *file, const struct wspec_record_finding *finding) {
  put_key(file, "    - message: ", finding->message);
  put_key(file, "      verdict: ", wspec_verdict_name(finding->verdict));
  put_key(file, "      requirement: ", finding->requirement);
  put_key(file, "      expected: ", finding->expected);
  put_key(file, "      seen: ", finding->seen);
}

static void put_diagnostics(FILE *file, const struct wspec_record *record) {
  fputs("  ---\n", file);
  put_key(file, "  verdict: ", wspec_verdict_name(record->verdict));
  put_key(file, "  summary: ", record->summary);
  put_key(file, "  reason: ", record->skip_reason);
  fprintf(file, "  duration_ms: %.3f\n", record->duration_ms);
  if (record->n_findings > 0) {
    fputs("  findings:\n", file);
  }
  for (size_t i = 0; i < record->n_findings; i++) {
    put_finding(file, &record->findings[i]);
  }
  fputs("  ...\n", file);
}

static void put_point(FILE *file, const char *label, const struct wspec_record *record,
                      size_t number) {
  bool is_ok = record->verdict != WSPEC_VERDICT_FAIL && record->verdict != WSPEC_VERDICT_ERROR;
  fprintf(file, "%s %zu - ", is_ok ? "ok" : "not ok", number);
  if (label) {
    put_description(file, label);
    fputc(' ', file);
  }
  put_description(file, record->id);
  if (record->known_reason) {
    fputs(" # TODO ", file);
    put_description(file, record->known_reason);
  } else if (record->verdict == WSPEC_VERDICT_SKIP) {
    fputs(" # SKIP ", file);
    put_description(file, wspec_record_headline(record));
  }
  fputc('\n', file);
  if (!is_ok || record->n_findings > 0) {
    put_diagnostics(file, record);
  }
}

enum wspec_err wspec_tap_write(FILE *file, const struct wspec_report *reports, size_t n_reports) {
  size_t n_points = 0;
  for (size_t i = 0; i < n_reports; i++) {
    n_points += reports[i].n_records;
  }
  fprintf(file, "TAP version 14\n1..%zu\n", n_points);
  size_t number = 0;
  for (size_t i = 0; i < n_reports; i++) {
    const char *label = n_reports > 1 ? wspec_report_label(&reports[i]) : NULL;
    if (reports[i].refusal_code != 0) {
      fputs("# ", file);
      if (label) {
        put_description(file, label);
        fputs(": ", file);
      }
      (void)wspec_put_remark(file, &reports[i]);
      fputc('\n', file);
    }
    for (size_t k = 0; k < reports[i].n_records; k++) {
      put_point(file, label, &reports[i].records[k], ++number);
    }
  }
  return wspec_file_result(file);
}
