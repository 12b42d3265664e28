#include "reports/json_report.h"

#include "reports/text.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const wspec_need_names[WSPEC_N_NEEDS] = {"echo", "subprotocol", "deflate", "tls",
                                                     "origin-policy"};
const char *const wspec_oracle_names[WSPEC_N_ORACLES] = {"echo", "pong", "none"};

/* ---- The head ---- */

static bool add_text(cJSON *object, const char *name, const char *text) {
  return text ? cJSON_AddStringToObject(object, name, text) != NULL
              : cJSON_AddNullToObject(object, name) != NULL;
}

static bool add_number(cJSON *object, const char *name, uint64_t number) {
  return cJSON_AddNumberToObject(object, name, (double)number) != NULL;
}

static bool is_secret(const struct wspec_record_options *options, const char *value) {
  for (size_t i = 0; i < options->n_secrets; i++) {
    if (strcmp(options->secrets[i], value) == 0) {
      return true;
    }
  }
  return false;
}

static bool add_fields(cJSON *object, const struct wspec_play_config *config,
                       const struct wspec_record_options *options) {
  cJSON *array = cJSON_AddArrayToObject(object, "fields");
  bool added = array != NULL;
  for (size_t i = 0; i < config->n_fields && added; i++) {
    const struct wspec_play_field *field = &config->fields[i];
    cJSON *item = cJSON_CreateObject();
    added = cJSON_AddItemToArray(array, item) && add_text(item, "name", field->name) &&
            add_text(item, "value", is_secret(options, field->value) ? NULL : field->value);
  }
  return added;
}

static bool add_have(cJSON *object, unsigned have) {
  const char *names[WSPEC_N_NEEDS];
  size_t n = 0;
  for (unsigned i = 0; i < WSPEC_N_NEEDS; i++) {
    if (have & (1U << i)) {
      names[n++] = wspec_need_names[i];
    }
  }
  return wspec_record_add_texts(object, "have", names, n);
}

static bool add_config(cJSON *head, const struct wspec_run_facts *facts,
                       const struct wspec_record_options *options) {
  const struct wspec_play_config *config = facts->config;
  cJSON *object = cJSON_AddObjectToObject(head, "config");
  return object && add_text(object, "host", config->host) &&
         add_text(object, "resource", config->target) &&
         add_text(object, "origin", config->origin) &&
         add_text(object, "subprotocol", config->subprotocol) &&
         add_fields(object, config, options) && add_have(object, config->have) &&
         cJSON_AddBoolToObject(object, "chatty", config->chatty) &&
         (config->refusal_code == 0 || add_number(object, "refusal_code", config->refusal_code)) &&
         (!config->one_at_a_time || cJSON_AddTrueToObject(object, "one_at_a_time")) &&
         add_number(object, "settle_us", config->settle_us) &&
         add_number(object, "timeout_us", config->timeout_us) &&
         add_number(object, "close_us", config->close_us) &&
         add_number(object, "jobs", facts->jobs);
}

static bool add_target(cJSON *head, const struct wspec_run_facts *facts) {
  cJSON *object = cJSON_AddObjectToObject(head, "target");
  return object && add_text(object, "url", facts->url) && add_text(object, "name", facts->name) &&
         add_text(object, "role", facts->role) && add_text(object, "agent", facts->agent) &&
         add_text(object, "oracle", wspec_oracle_names[facts->config->oracle]);
}

static bool fill_head(cJSON *head, const struct wspec_run_facts *facts,
                      const struct wspec_record_options *options) {
  if (!add_text(head, "schema", "wspec-report/1")) {
    return false;
  }
  cJSON *tool = cJSON_AddObjectToObject(head, "tool");
  if (!tool || !add_text(tool, "name", "wspec") ||
      !add_text(tool, "version", facts->tool_version) || !add_target(head, facts) ||
      !add_text(head, "started", facts->started)) {
    return false;
  }
  char seed[24]; /* 64 bits do not fit a JSON number everywhere */
  snprintf(seed, sizeof seed, "%" PRIu64, facts->config->seed);
  if (!add_text(head, "seed", seed) || !add_config(head, facts, options)) {
    return false;
  }
  cJSON *shard = cJSON_AddObjectToObject(head, "shard");
  return shard && add_number(shard, "index", facts->shard) &&
         add_number(shard, "of", facts->n_shards) &&
         add_text(head, "reproduce", facts->reproduce) &&
         (!facts->reproduce_end || add_text(head, "reproduce_end", facts->reproduce_end)) &&
         add_number(head, "selected", facts->n_selected);
}

/* ---- Parts of the file ---- */

static enum wspec_err write_member(FILE *file, const char *before, const char *name,
                                   const cJSON *value) {
  char *text = cJSON_PrintUnformatted(value);
  if (!text) {
    return WSPEC_ERR_NOMEM;
  }
  fputs(before, file);
  wspec_put_json(file, name); /* a member that a stored report brought along has any name */
  bool written = fprintf(file, ":%s", text) >= 0 && !ferror(file);
  free(text);
  return written ? WSPEC_OK : WSPEC_ERR_IO;
}

static enum wspec_err write_head(FILE *file, const cJSON *head) {
  enum wspec_err err = WSPEC_OK;
  const char *before = "{";
  for (const cJSON *item = head->child; item && !err; item = item->next) {
    err = write_member(file, before, item->string, item);
    before = ",\n";
  }
  if (!err && fputs(",\n\"results\":[", file) < 0) {
    err = WSPEC_ERR_IO;
  }
  return err ? err : fflush(file) == 0 ? WSPEC_OK : WSPEC_ERR_IO;
}

static enum wspec_err write_result(FILE *file, bool is_first, struct wspec_span json) {
  bool written =
      fputs(is_first ? "\n" : ",\n", file) >= 0 && fwrite(json.data, 1, json.len, file) == json.len;
  return written ? WSPEC_OK : WSPEC_ERR_IO;
}

static cJSON *summary_to_json(const struct wspec_summary *summary) {
  cJSON *object = cJSON_CreateObject();
  bool added = object && add_number(object, "total", summary->total);
  for (unsigned i = 0; i < WSPEC_N_VERDICTS && added; i++) {
    added = add_number(object, wspec_verdict_name((enum wspec_verdict)i), summary->by_verdict[i]);
  }
  added = added && add_number(object, "flaky", summary->flaky) &&
          add_number(object, "known", summary->known);
  if (!added) {
    cJSON_Delete(object);
    return NULL;
  }
  return object;
}

static enum wspec_err write_tail(FILE *file, const struct wspec_report *report) {
  cJSON *summary = summary_to_json(&report->summary);
  if (!summary) {
    return WSPEC_ERR_NOMEM;
  }
  enum wspec_err err = write_member(file, "\n],\n", "summary", summary);
  cJSON_Delete(summary);
  if (!err && report->requirements) {
    err = write_member(file, ",\n", "requirements", report->requirements);
  }
  if (!err && fprintf(file, ",\n\"duration_ms\":%.0f}\n", report->duration_ms) < 0) {
    err = WSPEC_ERR_IO;
  }
  return err ? err : fflush(file) == 0 && !ferror(file) ? WSPEC_OK : WSPEC_ERR_IO;
}

/* ---- Requirements ---- */

static bool add_requirement(cJSON *object, const struct wspec_requirement *requirement) {
  cJSON *item = cJSON_AddObjectToObject(object, requirement->id);
  return item && add_text(item, "rfc", requirement->rfc) &&
         add_text(item, "section", requirement->section) &&
         add_text(item, "keyword", requirement->keyword) &&
         add_text(item, "actor", requirement->actor) && add_text(item, "text", requirement->text) &&
         add_text(item, "accept", requirement->accept);
}

static bool note_requirement(struct wspec_json_report *json, bool *named, const char *id) {
  const struct wspec_requirement *requirement = wspec_requirements_find(json->requirements, id);
  if (requirement) {
    named[requirement - json->requirements->items] = true;
  }
  return requirement != NULL;
}

/* What the results name, in the order of the requirements. */
static enum wspec_err gather_requirements(struct wspec_json_report *json) {
  const struct wspec_requirements *all = json->requirements;
  bool *named = calloc(all->n_items + 1, sizeof *named);
  json->report->requirements = cJSON_CreateObject();
  bool added = named && json->report->requirements;
  for (size_t i = 0; i < json->report->n_records && added; i++) {
    const struct wspec_record *record = &json->report->records[i];
    for (size_t k = 0; k < record->n_requirements; k++) {
      (void)note_requirement(json, named, record->requirements[k]);
    }
    for (size_t k = 0; k < record->n_findings; k++) {
      (void)note_requirement(json, named, record->findings[k].requirement);
    }
  }
  for (size_t i = 0; i < all->n_items && added; i++) {
    added = !named[i] || add_requirement(json->report->requirements, &all->items[i]);
  }
  free(named);
  return added ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

/* ---- The run ---- */

/* Takes `head` over; NULL: there was no memory for it. */
static enum wspec_err begin(struct wspec_json_report *json, cJSON *head) {
  if (!head) {
    return WSPEC_ERR_NOMEM;
  }
  enum wspec_err err = wspec_report_set_head(json->report, head);
  return err || !json->file ? err : write_head(json->file, json->report->head);
}

enum wspec_err wspec_json_report_begin(struct wspec_json_report *json, FILE *file,
                                       struct wspec_report *report,
                                       const struct wspec_run_facts *facts,
                                       const struct wspec_record_options *options) {
  *json = (struct wspec_json_report){
      .file = file, .report = report, .requirements = facts->config->requirements};
  cJSON *head = cJSON_CreateObject();
  if (head && !fill_head(head, facts, options)) {
    cJSON_Delete(head);
    head = NULL;
  }
  return begin(json, head);
}

enum wspec_err wspec_json_report_resume(struct wspec_json_report *json, FILE *file,
                                        struct wspec_report *report, const cJSON *head,
                                        const struct wspec_requirements *all) {
  *json = (struct wspec_json_report){.file = file, .report = report, .requirements = all};
  return begin(json, cJSON_Duplicate(head, true));
}

/* `value` is what `text` says; it is only read. */
static enum wspec_err add_value(struct wspec_json_report *json, const cJSON *value,
                                struct wspec_span text) {
  const char *wrong;
  enum wspec_err err = wspec_report_add_copy(json->report, value, text, &wrong);
  if (err || !json->file) {
    return err;
  }
  err = write_result(json->file, json->report->n_records == 1, text);
  return err ? err : fflush(json->file) == 0 ? WSPEC_OK : WSPEC_ERR_IO;
}

enum wspec_err wspec_json_report_add(struct wspec_json_report *json,
                                     const struct wspec_result *result,
                                     const struct wspec_record_options *options) {
  cJSON *value = wspec_record_to_json(result, options);
  char *printed = value ? cJSON_PrintUnformatted(value) : NULL;
  enum wspec_err err = printed ? add_value(json, value, wspec_span_text(printed)) : WSPEC_ERR_NOMEM;
  free(printed);
  cJSON_Delete(value);
  return err;
}

enum wspec_err wspec_json_report_add_text(struct wspec_json_report *json, struct wspec_span text) {
  cJSON *value = cJSON_ParseWithLength((const char *)text.data, text.len);
  enum wspec_err err = value ? add_value(json, value, text) : WSPEC_ERR_INPUT;
  cJSON_Delete(value);
  return err;
}

enum wspec_err wspec_json_report_end(struct wspec_json_report *json, double duration_ms) {
  json->report->duration_ms = duration_ms;
  json->report->is_complete = json->report->n_records == json->report->n_selected;
  enum wspec_err err = json->requirements ? gather_requirements(json) : WSPEC_OK;
  if (!err && json->file) {
    err = write_tail(json->file, json->report);
  }
  wspec_report_sort(json->report);
  return err;
}

enum wspec_err wspec_json_write(FILE *file, const struct wspec_report *report) {
  enum wspec_err err = write_head(file, report->head);
  struct wspec_buf room;
  wspec_buf_init(&room, SIZE_MAX);
  for (size_t i = 0; i < report->n_records && !err; i++) {
    struct wspec_span json;
    err = wspec_record_json(&report->records[i], &room, &json);
    err = err ? err : write_result(file, i == 0, json);
  }
  wspec_buf_clear(&room);
  return err ? err : write_tail(file, report);
}
