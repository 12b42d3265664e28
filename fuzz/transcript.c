/* transcript: octets as a stored report, read and judged again as `wspec judge` does it.
 *
 * What is refused is refused with a message that begins with the file's name; records are in the
 * order of their ids and are found by them; each outcome of judging is one of the enum and goes with
 * what it promises; what was judged is judged the same when it is judged again; and the report is
 * the same when it is written and read again. */
#include "common/fuzz.h"
#include "common/suite.h"
#include "reports/json_report.h"
#include "reports/judge.h"
#include "reports/read_report.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS_JUDGED_MAX = 8 };

static const char name[] = "report.json";

static enum wspec_err read_report(const char *text, size_t len, struct wspec_reports *reports) {
  if (len == 0) { /* which fmemopen may refuse */
    return WSPEC_ERR_INPUT;
  }
  char *copy = (char *)fuzz_copy((const uint8_t *)text, len);
  char *message = NULL;
  FILE *file = fmemopen(copy, len, "r");
  FUZZ_CHECK(file);
  *reports = (struct wspec_reports){.n = 0};
  enum wspec_err err = wspec_reports_read(reports, file, name, &message);
  (void)fclose(file);
  free(copy);
  FUZZ_CHECK(err == WSPEC_OK || err == WSPEC_ERR_INPUT || err == WSPEC_ERR_LIMIT);
  FUZZ_CHECK((err == WSPEC_OK) == (message == NULL));
  FUZZ_CHECK(!message || strncmp(message, name, strlen(name)) == 0);
  free(message);
  return err;
}

static void check_judged(const struct wspec_record *record, const struct wspec_judged *judged) {
  bool is_replayed = judged->outcome == WSPEC_JUDGE_SAME || judged->outcome == WSPEC_JUDGE_DIFFERS;
  FUZZ_CHECK((unsigned)judged->outcome < WSPEC_N_JUDGE_OUTCOMES);
  FUZZ_CHECK((judged->json != NULL) == is_replayed);
  FUZZ_CHECK((judged->outcome == WSPEC_JUDGE_UNSOUND) == (judged->wrong != NULL));
  FUZZ_CHECK(judged->outcome != WSPEC_JUDGE_SAME || judged->result.verdict == record->verdict);
  FUZZ_CHECK(judged->outcome != WSPEC_JUDGE_NOT_KEPT || !record->has_transcript);
}

static void judge_again(const struct wspec_judge *judge, const struct wspec_judged *judged,
                        const struct wspec_script *script) {
  struct wspec_report report;
  wspec_report_init(&report);
  cJSON *value = cJSON_Parse(judged->json);
  const char *wrong;
  FUZZ_CHECK(value);
  FUZZ_CHECK(!wspec_report_add_json(&report, value, wspec_span_text(judged->json), &wrong));
  struct wspec_judged again;
  FUZZ_CHECK(!wspec_judge_record(judge, &report.records[0], script, &again));
  check_judged(&report.records[0], &again);
  if (judged->result.verdict == WSPEC_VERDICT_ERROR) {
    FUZZ_CHECK(again.outcome == WSPEC_JUDGE_NO_EVIDENCE);
  } else {
    FUZZ_CHECK(again.outcome == WSPEC_JUDGE_SAME);
    FUZZ_CHECK(again.result.n_findings == judged->result.n_findings);
    FUZZ_CHECK(strcmp(again.json, judged->json) == 0);
  }
  wspec_judged_clear(&again);
  wspec_report_clear(&report);
  cJSON_Delete(value);
}

static void judge_records(const struct wspec_report *report) {
  const struct wspec_case_set *suite = fuzz_suite();
  struct wspec_judge judge;
  const char *wrong = NULL;
  enum wspec_err err = wspec_judge_init(&judge, report, fuzz_suite_requirements(), &wrong);
  FUZZ_CHECK(err == (wrong ? WSPEC_ERR_INPUT : WSPEC_OK));
  for (size_t i = 0; !err && i < report->n_records && i < RECORDS_JUDGED_MAX; i++) {
    const struct wspec_script *script = wspec_case_set_find(suite, report->records[i].id);
    struct wspec_judged judged;
    FUZZ_CHECK(!wspec_judge_record(&judge, &report->records[i], script, &judged));
    FUZZ_CHECK((judged.outcome == WSPEC_JUDGE_NO_CASE) == (script == NULL));
    check_judged(&report->records[i], &judged);
    if (judged.json) {
      judge_again(&judge, &judged, script);
    }
    wspec_judged_clear(&judged);
  }
  if (!err) {
    wspec_judge_clear(&judge);
  }
}

static void check_order(const struct wspec_report *report) {
  for (size_t i = 0; i < report->n_records; i++) {
    FUZZ_CHECK(i == 0 || wspec_id_compare(report->records[i - 1].id, report->records[i].id) <= 0);
    const struct wspec_record *found = wspec_report_find(report, report->records[i].id);
    FUZZ_CHECK(found && strcmp(found->id, report->records[i].id) == 0);
  }
  FUZZ_CHECK(report->summary.total == report->n_records || report->is_complete);
}

static void check_written(const struct wspec_report *report) {
  struct wspec_reports again;
  char *text = NULL;
  size_t len = 0;
  FILE *file = open_memstream(&text, &len);
  FUZZ_CHECK(file && !wspec_json_write(file, report) && fclose(file) == 0);
  FUZZ_CHECK(!read_report(text, len, &again) && again.n == 1);
  FUZZ_CHECK(again.items[0].n_records == report->n_records);
  for (size_t i = 0; i < report->n_records; i++) {
    FUZZ_CHECK(strcmp(again.items[0].records[i].id, report->records[i].id) == 0);
    FUZZ_CHECK(again.items[0].records[i].verdict == report->records[i].verdict);
    FUZZ_CHECK(again.items[0].records[i].n_findings == report->records[i].n_findings);
  }
  wspec_reports_clear(&again);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wspec_reports reports = {.n = 0};
  if (!read_report((const char *)data, size, &reports)) {
    for (size_t i = 0; i < reports.n; i++) {
      check_order(&reports.items[i]);
      check_written(&reports.items[i]);
      judge_records(&reports.items[i]);
    }
  }
  wspec_reports_clear(&reports);
  return 0;
}
