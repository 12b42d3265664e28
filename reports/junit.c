#include "reports/junit.h"

#include "reports/text.h"

#include <string.h>

static bool same_section(const struct wspec_record *a, const struct wspec_record *b) {
  return strcmp(a->spec, b->spec) == 0 && strcmp(a->section, b->section) == 0;
}

/* The counts of JUnit, which knows four outcomes. */
struct counts {
  size_t tests, failures, errors, skipped;
  double ms;
};

static struct counts count(const struct wspec_record *records, size_t n_records) {
  struct counts counts = {.tests = n_records};
  for (size_t i = 0; i < n_records; i++) {
    const struct wspec_record *record = &records[i];
    bool is_failure = wspec_record_is_failure(record);
    counts.failures += is_failure && record->verdict == WSPEC_VERDICT_FAIL;
    counts.errors += is_failure && record->verdict == WSPEC_VERDICT_ERROR;
    counts.skipped += record->verdict == WSPEC_VERDICT_SKIP || record->known_reason;
    counts.ms += record->duration_ms;
  }
  return counts;
}

static void put_counts(FILE *file, const struct counts *counts) {
  fprintf(file, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
          counts->tests, counts->failures, counts->errors, counts->skipped, counts->ms / 1000);
}

static void put_attribute(FILE *file, const char *name, const char *text) {
  fprintf(file, " %s=\"", name);
  wspec_put_xml(file, text);
  fputc('"', file);
}

static void put_outcome(FILE *file, const struct wspec_record *record) {
  const char *headline = wspec_record_headline(record);
  if (record->known_reason || record->verdict == WSPEC_VERDICT_SKIP) {
    /* As content: the older of the two schemas of Jenkins knows no attribute here. */
    fputs(record->known_reason ? "<skipped>known: " : "<skipped>", file);
    wspec_put_xml(file, record->known_reason ? record->known_reason : headline);
    fputs("</skipped>\n", file);
  } else if (wspec_record_is_failure(record)) {
    const char *element = record->verdict == WSPEC_VERDICT_FAIL ? "failure" : "error";
    const char *type = record->n_findings > 0 ? record->findings[0].requirement : "";
    fprintf(file, "<%s", element);
    put_attribute(file, "type", type[0] ? type : wspec_verdict_name(record->verdict));
    put_attribute(file, "message", headline);
    fputs("/>\n", file);
  }
}

static void put_case(FILE *file, const struct wspec_report *report,
                     const struct wspec_record *record) {
  fputs("<testcase", file);
  fputs(" classname=\"", file);
  wspec_put_xml(file, record->spec);
  fputc('.', file);
  wspec_put_xml(file, record->section);
  fputc('"', file);
  put_attribute(file, "name", record->id);
  fprintf(file, " time=\"%.3f\">\n", record->duration_ms / 1000);
  put_outcome(file, record);
  if (record->n_findings > 0 || record->skip_reason) {
    fputs("<system-out>", file);
    wspec_put_xml(file, record->summary);
    fputc('\n', file);
    wspec_put_evidence(file, wspec_put_xml, "", report, record);
    fputs("</system-out>\n", file);
  }
  fputs("</testcase>\n", file);
}

static void put_suite(FILE *file, const struct wspec_report *report,
                      const struct wspec_record *records, size_t n_records, bool has_label) {
  struct counts counts = count(records, n_records);
  fputs("<testsuite name=\"", file);
  if (has_label) {
    wspec_put_xml(file, wspec_report_label(report));
    fputs(": ", file);
  }
  wspec_put_xml(file, records->spec);
  fputc(' ', file);
  wspec_put_xml(file, records->section);
  fputc('"', file);
  put_counts(file, &counts);
  /* xs:dateTime without a zone is what the common schemas take. */
  fprintf(file, " timestamp=\"%.19s\" hostname=\"", report->started);
  wspec_put_xml(file, report->url);
  fputs("\">\n", file);
  if (report->refusal_code != 0) {
    fputs("<properties><property name=\"remark\" value=\"", file);
    (void)wspec_put_remark(file, report);
    fputs("\"/></properties>\n", file);
  }
  for (size_t i = 0; i < n_records; i++) {
    put_case(file, report, &records[i]);
  }
  fputs("</testsuite>\n", file);
}

enum wspec_err wspec_junit_write(FILE *file, const struct wspec_report *reports, size_t n_reports) {
  struct counts all = {0};
  for (size_t i = 0; i < n_reports; i++) {
    struct counts more = count(reports[i].records, reports[i].n_records);
    all.tests += more.tests;
    all.failures += more.failures;
    all.errors += more.errors;
    all.ms += more.ms;
  }
  fprintf(file,
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"wspec\" tests=\"%zu\" "
          "failures=\"%zu\" errors=\"%zu\" time=\"%.3f\">\n",
          all.tests, all.failures, all.errors, all.ms / 1000);
  for (size_t i = 0; i < n_reports; i++) {
    const struct wspec_report *report = &reports[i];
    for (size_t first = 0; first < report->n_records;) {
      size_t end = first;
      while (end < report->n_records &&
             same_section(&report->records[first], &report->records[end])) {
        end++;
      }
      put_suite(file, report, &report->records[first], end - first, n_reports > 1);
      first = end;
    }
  }
  fputs("</testsuites>\n", file);
  return wspec_file_result(file);
}
