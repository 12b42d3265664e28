#include "reports/json_report.h"

#include "base/hex.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>

void wspec_summary_add(struct wspec_summary *summary, const struct wspec_result *result) {
  summary->total++;
  summary->by_verdict[result->verdict]++;
  summary->flaky += result->flaky;
}

/* ---- Values ---- */

/* cJSON's own functions return NULL where memory ran out, and take NULL: one check at the end is
 * enough if each step tells. */
static void add(bool *failed, const void *added) {
  *failed = *failed || !added;
}

static void add_text(bool *failed, cJSON *object, const char *name, const char *text) {
  add(failed,
      text ? cJSON_AddStringToObject(object, name, text) : cJSON_AddNullToObject(object, name));
}

static void add_number(bool *failed, cJSON *object, const char *name, uint64_t number) {
  add(failed, cJSON_AddNumberToObject(object, name, (double)number));
}

static void add_texts(bool *failed, cJSON *object, const char *name, const char *const *texts,
                      size_t n) {
  cJSON *array = cJSON_AddArrayToObject(object, name);
  add(failed, array);
  for (size_t i = 0; i < n; i++) {
    cJSON *text = cJSON_CreateString(texts[i]);
    add(failed, text);
    *failed = *failed || !cJSON_AddItemToArray(array, text);
  }
}

static cJSON *add_element(bool *failed, cJSON *array) {
  cJSON *object = cJSON_CreateObject();
  add(failed, object);
  *failed = *failed || !cJSON_AddItemToArray(array, object);
  return object;
}

/* ---- A result ---- */

static void add_requirements(bool *failed, cJSON *object, const struct wspec_script *script) {
  cJSON *array = cJSON_AddArrayToObject(object, "requirements");
  add(failed, array);
  for (size_t i = 0; i < script->n_requirements; i++) {
    cJSON *text = cJSON_CreateString(script->requirements[i]->id);
    add(failed, text);
    *failed = *failed || !cJSON_AddItemToArray(array, text);
  }
}

static void add_findings(bool *failed, cJSON *object, const struct wspec_result *result) {
  cJSON *array = cJSON_AddArrayToObject(object, "findings");
  add(failed, array);
  for (size_t i = 0; i < result->n_findings && !*failed; i++) {
    const struct wspec_finding *finding = &result->findings[i];
    cJSON *item = add_element(failed, array);
    add_text(failed, item, "verdict", wspec_verdict_name(finding->verdict));
    add_text(failed, item, "requirement", finding->requirement[0] ? finding->requirement : NULL);
    add_text(failed, item, "level", finding->level[0] ? finding->level : NULL);
    add_text(failed, item, "message", finding->message);
    add_text(failed, item, "expected", finding->expected);
    add_text(failed, item, "seen", finding->seen);
    add_number(failed, item, "connection", finding->connection);
    if (finding->offset == WSPEC_OFFSET_NONE) {
      add(failed, cJSON_AddNullToObject(item, "offset"));
    } else {
      add_number(failed, item, "offset", finding->offset);
    }
    add_number(failed, item, "at_us", finding->at_us);
  }
}

static void add_close(bool *failed, cJSON *object, const struct wspec_close_result *close) {
  static const char *const sides[] = {"nobody", "target", "peer"};
  cJSON *item = cJSON_AddObjectToObject(object, "close");
  add(failed, item);
  add_number(failed, item, "code", close->status_code);
  add_text(failed, item, "reason", close->reason);
  add_text(failed, item, "by", sides[close->by]);
  add(failed, cJSON_AddBoolToObject(item, "clean", close->clean));
}

static void add_octets(bool *failed, cJSON *item, struct wspec_span octets) {
  struct wspec_buf hex;
  wspec_buf_init(&hex, 2 * octets.len);
  *failed = *failed || wspec_hex_encode(octets, '\0', &hex);
  char *text = *failed ? NULL : wspec_buf_take_text(&hex);
  add(failed, text);
  if (text) {
    add_text(failed, item, "octets", text);
  }
  free(text);
  wspec_buf_clear(&hex);
}

static void add_transcript(bool *failed, cJSON *object, const char *name,
                           const struct wspec_transcript *transcript) {
  cJSON *array = cJSON_AddArrayToObject(object, name);
  add(failed, array);
  for (size_t i = 0; i < transcript->n_entries && !*failed; i++) {
    const struct wspec_entry *entry = &transcript->entries[i];
    cJSON *item = add_element(failed, array);
    add_text(failed, item, "kind", wspec_entry_kind_name(entry->kind));
    add_number(failed, item, "connection", entry->connection);
    add_number(failed, item, "at_us", entry->at_us);
    add_number(failed, item, "offset", entry->offset);
    if (entry->len > 0) {
      add_number(failed, item, "len", entry->len);
      add_octets(failed, item, wspec_transcript_octets(transcript, entry));
    }
  }
}

static cJSON *result_to_json(const struct wspec_json_report *report,
                             const struct wspec_result *result) {
  bool failed = false;
  cJSON *object = cJSON_CreateObject();
  const struct wspec_script *script = result->script;
  add_text(&failed, object, "id", script->id);
  add_text(&failed, object, "spec", script->spec);
  add_text(&failed, object, "section", script->section);
  add_text(&failed, object, "summary", script->summary);
  add_requirements(&failed, object, script);
  add_texts(&failed, object, "tags", script->tags, script->n_tags);
  add_texts(&failed, object, "autobahn", script->autobahn, script->n_autobahn);
  add_text(&failed, object, "verdict", wspec_verdict_name(result->verdict));
  add(&failed, cJSON_AddBoolToObject(object, "flaky", result->flaky));
  add(&failed, cJSON_AddNumberToObject(object, "duration_ms", (double)result->duration_us / 1000));
  add_findings(&failed, object, result);
  add_close(&failed, object, &result->close);
  add_text(&failed, object, "skip_reason", result->skip_reason);
  bool wanted = report->all_transcripts ||
                (result->verdict != WSPEC_VERDICT_PASS && result->verdict != WSPEC_VERDICT_SKIP);
  if (wanted) {
    add_transcript(&failed, object, "transcript", &result->transcript);
    add(&failed, cJSON_AddBoolToObject(object, "elided", result->transcript.elided));
  }
  if (result->flaky) {
    add_transcript(&failed, object, "flaky_transcript", &result->flaky_transcript);
  }
  if (failed) {
    cJSON_Delete(object);
    return NULL;
  }
  return object;
}

/* ---- The file ---- */

static enum wspec_err write_value(FILE *file, const char *before, cJSON *value, const char *after) {
  char *text = value ? cJSON_PrintUnformatted(value) : NULL;
  cJSON_Delete(value);
  if (!text) {
    return WSPEC_ERR_NOMEM;
  }
  bool written = fprintf(file, "%s%s%s", before, text, after) >= 0;
  free(text);
  return written && !ferror(file) ? WSPEC_OK : WSPEC_ERR_IO;
}

enum wspec_err wspec_json_report_begin(struct wspec_json_report *report, FILE *file,
                                       const struct wspec_run_facts *facts, bool all_transcripts) {
  *report = (struct wspec_json_report){.file = file, .all_transcripts = all_transcripts};
  bool failed = false;
  cJSON *tool = cJSON_CreateObject();
  add_text(&failed, tool, "name", "wspec");
  add_text(&failed, tool, "version", facts->tool_version);
  cJSON *target = cJSON_CreateObject();
  add_text(&failed, target, "url", facts->url);
  add_text(&failed, target, "role", facts->role);
  add_text(&failed, target, "agent", facts->agent);
  add_text(&failed, target, "oracle", facts->oracle);
  cJSON *started = cJSON_CreateString(facts->started);
  if (failed || !tool || !target || !started) {
    cJSON_Delete(tool);
    cJSON_Delete(target);
    cJSON_Delete(started);
    return WSPEC_ERR_NOMEM;
  }
  enum wspec_err err = write_value(file, "{\"schema\":\"wspec-report/1\",\n\"tool\":", tool, "");
  enum wspec_err target_err = write_value(file, ",\n\"target\":", target, "");
  enum wspec_err started_err = write_value(file, ",\n\"started\":", started, "");
  err = err ? err : target_err ? target_err : started_err;
  /* 64 bits do not fit a JSON number everywhere. */
  if (!err && fprintf(file, ",\n\"seed\":\"%" PRIu64 "\",\n\"results\":[", facts->seed) < 0) {
    err = WSPEC_ERR_IO;
  }
  return err ? err : fflush(file) == 0 ? WSPEC_OK : WSPEC_ERR_IO;
}

enum wspec_err wspec_json_report_add(struct wspec_json_report *report,
                                     const struct wspec_result *result) {
  wspec_summary_add(&report->sum, result);
  return write_value(report->file, report->n_results++ > 0 ? ",\n" : "\n",
                     result_to_json(report, result), "");
}

enum wspec_err wspec_json_report_end(struct wspec_json_report *report, uint64_t duration_ms) {
  bool failed = false;
  cJSON *summary = cJSON_CreateObject();
  add_number(&failed, summary, "total", report->sum.total);
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    add_number(&failed, summary, wspec_verdict_name((enum wspec_verdict)i),
               report->sum.by_verdict[i]);
  }
  add_number(&failed, summary, "flaky", report->sum.flaky);
  if (failed) {
    cJSON_Delete(summary);
    return WSPEC_ERR_NOMEM;
  }
  enum wspec_err err = write_value(report->file, "\n],\n\"summary\":", summary, "");
  if (!err && fprintf(report->file, ",\n\"duration_ms\":%" PRIu64 "}\n", duration_ms) < 0) {
    err = WSPEC_ERR_IO;
  }
  return err ? err : fflush(report->file) == 0 ? WSPEC_OK : WSPEC_ERR_IO;
}
