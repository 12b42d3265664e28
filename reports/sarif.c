#include "reports/sarif.h"

#include "reports/text.h"

#include <cjson/cJSON.h>
#include <string.h>

static void put_member(FILE *file, const char *before, const char *text) {
  fputs(before, file);
  wspec_put_json(file, text);
}

static const char *text_of(const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
  return text ? text : "";
}

/* ---- Rules ---- */

static void put_rule(FILE *file, const cJSON *requirement) {
  put_member(file, "{\"id\":", requirement->string);
  put_member(file, ",\"shortDescription\":{\"text\":", text_of(requirement, "text"));
  put_member(file, "},\"fullDescription\":{\"text\":", text_of(requirement, "text"));
  fputs("},\"helpUri\":\"", file);
  if (!wspec_put_requirement_url(file, requirement->string)) {
    fputs("https://www.rfc-editor.org/", file);
  }
  fputs("\"}", file);
}

/* A finding that no sentence carries has a rule of its own: SARIF wants every result to have one. */
static void put_rules(FILE *file, const struct wspec_report *report) {
  fputs("\"rules\":[{\"id\":\"note\",\"shortDescription\":{\"text\":\"What no sentence of an RFC "
        "carries.\"}}",
        file);
  const cJSON *item = report->requirements ? report->requirements->child : NULL;
  for (; item; item = item->next) {
    fputs(",\n", file);
    put_rule(file, item);
  }
  fputs("]", file);
}

/* ---- Results ---- */

static const char *level_of(enum wspec_verdict verdict) {
  return verdict == WSPEC_VERDICT_FAIL   ? "error"
         : verdict == WSPEC_VERDICT_WARN ? "warning"
                                         : "note";
}

static void put_suppression(FILE *file, const struct wspec_record *record) {
  if (record->known_reason) {
    put_member(
        file, ",\"suppressions\":[{\"kind\":\"external\",\"justification\":", record->known_reason);
    fputs("}]", file);
  }
}

/* GitHub wants a physical location: the case's id stands for the file that it does not have. */
static void put_result(FILE *file, const struct wspec_record *record,
                       const struct wspec_record_finding *finding) {
  put_member(file, "{\"ruleId\":", finding->requirement[0] ? finding->requirement : "note");
  fprintf(file, ",\"level\":\"%s\"", level_of(finding->verdict));
  put_member(file, ",\"message\":{\"text\":", finding->message);
  put_member(file,
             "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":", record->id);
  fputs("},\"region\":{\"startLine\":1}}", file);
  put_member(file,
             ",\"logicalLocations\":[{\"kind\":\"member\",\"fullyQualifiedName\":", record->id);
  put_member(file, "}]}],\"partialFingerprints\":{\"wspecCase/v1\":", record->id);
  fputs("}", file);
  put_suppression(file, record);
  fputs("}", file);
}

static void put_results(FILE *file, const struct wspec_report *report) {
  const char *before = "\n";
  fputs("\"results\":[", file);
  for (size_t i = 0; i < report->n_records; i++) {
    for (size_t k = 0; k < report->records[i].n_findings; k++) {
      fputs(before, file);
      put_result(file, &report->records[i], &report->records[i].findings[k]);
      before = ",\n";
    }
  }
  fputs("]", file);
}

static void put_run(FILE *file, const struct wspec_report *report) {
  put_member(file, "{\"tool\":{\"driver\":{\"name\":\"wspec\",\"version\":", report->version);
  fputs(",\n", file);
  put_rules(file, report);
  put_member(file, "}},\n\"automationDetails\":{\"id\":", wspec_report_label(report));
  put_member(file, "},\"invocations\":[{\"startTimeUtc\":", report->started);
  fprintf(file, ",\"executionSuccessful\":%s", report->is_complete ? "true" : "false");
  if (report->refusal_code != 0) {
    fputs(",\"toolExecutionNotifications\":[{\"level\":\"note\",\"message\":{\"text\":\"", file);
    (void)wspec_put_remark(file, report);
    fputs("\"}}]", file);
  }
  fputs("}],\n", file);
  put_results(file, report);
  fputs("}", file);
}

enum wspec_err wspec_sarif_write(FILE *file, const struct wspec_report *reports, size_t n_reports) {
  fputs("{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\","
        "\"runs\":[",
        file);
  for (size_t i = 0; i < n_reports; i++) {
    fputs(i > 0 ? ",\n" : "", file);
    put_run(file, &reports[i]);
  }
  fputs("]}\n", file);
  return wspec_file_result(file);
}
