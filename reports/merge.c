#include "reports/merge.h"

#include "base/buf.h"
#include "reports/json_report.h"
#include "reports/record.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static enum wspec_err fail(char **message, const struct wspec_report *report, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));

static enum wspec_err fail(char **message, const struct wspec_report *report, const char *format,
                           ...) {
  struct wspec_buf text;
  wspec_buf_init(&text, 4096);
  va_list arguments;
  va_start(arguments, format);
  enum wspec_err err = wspec_buf_appendf(&text, "%s: ", wspec_report_label(report));
  err = err ? err : wspec_buf_vappendf(&text, format, arguments);
  va_end(arguments);
  *message = err ? NULL : wspec_buf_take_text(&text);
  wspec_buf_clear(&text);
  return *message ? WSPEC_ERR_INPUT : WSPEC_ERR_NOMEM;
}

/* ---- The members of a head ---- */

static enum wspec_err set_number(struct wspec_report *report, const char *name, double number) {
  cJSON *item = cJSON_CreateNumber(number);
  return item && wspec_record_replace(report->head, name, item) ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

static enum wspec_err set_whole(struct wspec_report *report) {
  cJSON *shard = cJSON_CreateObject();
  bool made = shard && cJSON_AddNumberToObject(shard, "index", 1) &&
              cJSON_AddNumberToObject(shard, "of", 1);
  if (!made) {
    cJSON_Delete(shard);
    return WSPEC_ERR_NOMEM;
  }
  if (!wspec_record_replace(report->head, "shard", shard)) {
    return WSPEC_ERR_NOMEM;
  }
  report->shard = 1;
  report->n_shards = 1;
  return WSPEC_OK;
}

enum wspec_err wspec_report_rename(struct wspec_report *report, const char *name) {
  cJSON *target = cJSON_GetObjectItemCaseSensitive(report->head, "target");
  cJSON *item = cJSON_CreateString(name);
  cJSON_DeleteItemFromObjectCaseSensitive(target, "name");
  if (!item || !cJSON_AddItemToObject(target, "name", item)) {
    cJSON_Delete(item);
    return WSPEC_ERR_NOMEM;
  }
  report->name = item->valuestring;
  return WSPEC_OK;
}

/* ---- Shards ---- */

static bool is_one_target(const struct wspec_report *a, const struct wspec_report *b) {
  return strcmp(wspec_report_label(a), wspec_report_label(b)) == 0;
}

/* Both reports' requirements, by their ids; those of `from` are left without. */
static void move_requirements(struct wspec_report *into, struct wspec_report *from) {
  if (!into->requirements) {
    into->requirements = from->requirements;
    from->requirements = NULL;
    return;
  }
  cJSON *item = from->requirements ? from->requirements->child : NULL;
  while (item) {
    cJSON *next = item->next;
    if (!cJSON_HasObjectItem(into->requirements, item->string)) {
      cJSON_AddItemToArray(into->requirements,
                           cJSON_DetachItemViaPointer(from->requirements, item));
    }
    item = next;
  }
}

static void add_summary(struct wspec_summary *sum, const struct wspec_summary *more) {
  sum->total += more->total;
  sum->flaky += more->flaky;
  sum->known += more->known;
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    sum->by_verdict[i] += more->by_verdict[i];
  }
}

static enum wspec_err move_records(struct wspec_report *into, struct wspec_report *from) {
  size_t n = into->n_records + from->n_records;
  struct wspec_record *records = realloc(into->records, (n + 1) * sizeof *records);
  if (!records) {
    return WSPEC_ERR_NOMEM;
  }
  if (from->n_records > 0) {
    memcpy(records + into->n_records, from->records, from->n_records * sizeof *records);
  }
  into->records = records;
  into->n_records = n;
  into->capacity = n + 1;
  into->is_complete = into->is_complete && from->is_complete;
  into->n_selected += from->n_selected;
  into->duration_ms += from->duration_ms;
  add_summary(&into->summary, &from->summary);
  move_requirements(into, from);
  return set_number(into, "selected", (double)into->n_selected);
}

static enum wspec_err check_unique(const struct wspec_report *report, char **message) {
  for (size_t i = 1; i < report->n_records; i++) {
    const char *id = report->records[i].id;
    if (strcmp(report->records[i - 1].id, id) == 0) {
      return fail(message, report, "two of its reports have case %s", id);
    }
  }
  return WSPEC_OK;
}

/* Takes the shards of `first` that come behind it, which then stand at the end of the list. */
static enum wspec_err join(struct wspec_reports *reports, size_t at, char **message) {
  struct wspec_report *first = &reports->items[at];
  unsigned n_shards = first->n_shards;
  bool *has = calloc((size_t)n_shards + 1, sizeof *has);
  enum wspec_err err = has ? WSPEC_OK : WSPEC_ERR_NOMEM;
  if (!err) {
    has[first->shard] = true;
  }
  for (size_t i = at + 1; i < reports->n && !err;) {
    struct wspec_report other = reports->items[i];
    if (!is_one_target(first, &other)) {
      i++;
      continue;
    }
    if (other.n_shards != n_shards) {
      err = fail(message, first, "shards of %u parts and of %u do not go together", n_shards,
                 other.n_shards);
    } else if (has[other.shard]) {
      err = n_shards == 1
                ? fail(message, first,
                       "two reports of one target; NAME=FILE tells them "
                       "apart")
                : fail(message, first, "shard %u/%u is there twice", other.shard, n_shards);
    } else {
      has[other.shard] = true;
      err = move_records(first, &other);
      memmove(&reports->items[i], &reports->items[i + 1],
              (reports->n + reports->n_spent - i - 1) * sizeof other);
      reports->items[reports->n + reports->n_spent - 1] = other;
      reports->n--;
      reports->n_spent++;
    }
  }
  for (unsigned i = 1; i <= n_shards && !err; i++) {
    err = has[i] ? WSPEC_OK : fail(message, first, "shard %u/%u is missing", i, n_shards);
  }
  free(has);
  return err;
}

enum wspec_err wspec_reports_merge(struct wspec_reports *reports, char **message) {
  enum wspec_err err = WSPEC_OK;
  *message = NULL;
  for (size_t i = 0; i < reports->n && !err; i++) {
    err = join(reports, i, message);
    struct wspec_report *report = &reports->items[i];
    if (!err && report->n_shards > 1) {
      wspec_report_sort(report);
      err = set_whole(report);
    }
    err = err ? err : check_unique(report, message);
  }
  return err;
}

/* ---- The file ---- */

enum wspec_err wspec_matrix_write(FILE *file, const struct wspec_report *reports,
                                  size_t n_reports) {
  if (n_reports == 1) {
    return wspec_json_write(file, reports);
  }
  enum wspec_err err = WSPEC_OK;
  if (fputs("{\"schema\":\"wspec-matrix/1\",\n\"reports\":[\n", file) < 0) {
    err = WSPEC_ERR_IO;
  }
  for (size_t i = 0; i < n_reports && !err; i++) {
    if (i > 0 && fputc(',', file) == EOF) {
      err = WSPEC_ERR_IO;
    }
    err = err ? err : wspec_json_write(file, &reports[i]);
  }
  return err ? err : fputs("]}\n", file) < 0 ? WSPEC_ERR_IO : WSPEC_OK;
}
