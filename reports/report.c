#include "reports/report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 1 << 30, RECORDS_MAX = 1000000, SPOOL_HELD = 1 << 20 };

void wspec_report_init(struct wspec_report *report) {
  *report = (struct wspec_report){.url = "",
                                  .name = "",
                                  .agent = "",
                                  .oracle = "",
                                  .started = "",
                                  .version = "",
                                  .shard = 1,
                                  .n_shards = 1};
  wspec_arena_init(&report->arena, ARENA_MAX);
}

void wspec_report_clear(struct wspec_report *report) {
  wspec_arena_clear(&report->arena);
  wspec_texts_clear(&report->texts);
  wspec_spool_free(report->spool);
  free(report->file);
  cJSON_Delete(report->head);
  cJSON_Delete(report->requirements);
  free(report->records);
  *report = (struct wspec_report){.file = NULL};
}

bool wspec_verdict_parse(const char *name, enum wspec_verdict *verdict) {
  for (unsigned i = 0; name && i < WSPEC_N_VERDICTS; i++) {
    if (strcmp(name, wspec_verdict_name((enum wspec_verdict)i)) == 0) {
      *verdict = (enum wspec_verdict)i;
      return true;
    }
  }
  return false;
}

const char *wspec_report_label(const struct wspec_report *report) {
  return report->name[0] ? report->name : report->url;
}

/* ---- The head ---- */

static const cJSON *member(const cJSON *object, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(member(object, name));
  return text ? text : "";
}

/* A whole number that a JSON number can hold exactly; `fallback` for anything else. */
static uint64_t number_of(const cJSON *object, const char *name, uint64_t fallback) {
  const cJSON *item = member(object, name);
  bool fits = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= 0x1p53;
  return fits ? (uint64_t)item->valuedouble : fallback;
}

enum wspec_err wspec_report_set_head(struct wspec_report *report, cJSON *head) {
  cJSON_Delete(report->head);
  report->head = head;
  if (strcmp(text_of(head, "schema"), "wspec-report/1") != 0) {
    return WSPEC_ERR_INPUT;
  }
  const cJSON *target = member(head, "target");
  const cJSON *shard = member(head, "shard");
  report->url = text_of(target, "url");
  report->name = text_of(target, "name");
  report->agent = text_of(target, "agent");
  report->oracle = text_of(target, "oracle");
  report->started = text_of(head, "started");
  report->version = text_of(member(head, "tool"), "version");
  report->shard = (unsigned)number_of(shard, "index", 1);
  report->n_shards = (unsigned)number_of(shard, "of", 1);
  report->n_selected = (size_t)number_of(head, "selected", 0);
  report->refusal_code = (unsigned)number_of(member(head, "config"), "refusal_code", 0);
  return report->n_shards > 0 && report->shard > 0 && report->shard <= report->n_shards
             ? WSPEC_OK
             : WSPEC_ERR_INPUT;
}

/* ---- Results ---- */

/* Copies out of one result, with the first thing that went wrong. */
struct copier {
  struct wspec_report *report;
  enum wspec_err err;
  const char *wrong;
};

static void note_wrong(struct copier *copier, const char *name) {
  if (!copier->err) {
    copier->err = WSPEC_ERR_INPUT;
    copier->wrong = name;
  }
}

static void *or_no_memory(struct copier *copier, void *copy) {
  if (!copy && !copier->err) {
    copier->err = WSPEC_ERR_NOMEM;
  }
  return copy;
}

/* Of a text that many results have. */
static const char *share(struct copier *copier, const char *text) {
  const char *copy = wspec_texts_keep(&copier->report->texts, &copier->report->arena, text);
  if (!copy && !copier->err) {
    copier->err = WSPEC_ERR_NOMEM;
  }
  return copy;
}

static const char *share_optional(struct copier *copier, const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(member(object, name));
  return text ? share(copier, text) : NULL;
}

static const char *share_or_empty(struct copier *copier, const cJSON *object, const char *name) {
  const char *copy = share_optional(copier, object, name);
  return copy ? copy : "";
}

static const char *share_required(struct copier *copier, const cJSON *object, const char *name) {
  if (!cJSON_IsString(member(object, name))) {
    note_wrong(copier, name);
  }
  return share_or_empty(copier, object, name);
}

/* Of a text that is this result's alone. */
static const char *copy_required(struct copier *copier, const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(member(object, name));
  if (!text) {
    note_wrong(copier, name);
    return "";
  }
  const char *copy =
      or_no_memory(copier, wspec_arena_text(&copier->report->arena, wspec_span_text(text)));
  return copy ? copy : "";
}

static void *copy_room(struct copier *copier, const cJSON *array, const char *name, size_t size,
                       unsigned *n) {
  *n = 0;
  if (!cJSON_IsArray(array)) {
    note_wrong(copier, name);
    return NULL;
  }
  unsigned n_items = (unsigned)cJSON_GetArraySize(array);
  void *room = or_no_memory(copier, wspec_arena_alloc(&copier->report->arena, n_items, size));
  *n = room ? n_items : 0;
  return room;
}

/* The list is that of the result before, as often as not; none of its texts is new then. */
static void share_last_list(struct copier *copier, struct wspec_arena_mark mark,
                            struct wspec_record *record) {
  const struct wspec_report *report = copier->report;
  const struct wspec_record *last =
      report->n_records > 0 ? &report->records[report->n_records - 1] : NULL;
  if (last && !copier->err && last->n_requirements == record->n_requirements &&
      memcmp(last->requirements, record->requirements,
             record->n_requirements * sizeof *record->requirements) == 0) {
    record->requirements = last->requirements;
    wspec_arena_rewind(&copier->report->arena, mark);
  }
}

static void copy_requirements(struct copier *copier, const cJSON *value,
                              struct wspec_record *record) {
  const cJSON *array = member(value, "requirements");
  struct wspec_arena_mark mark = wspec_arena_mark(&copier->report->arena);
  const char **ids = copy_room(copier, array, "requirements", sizeof *ids, &record->n_requirements);
  const cJSON *item = ids ? array->child : NULL;
  for (size_t i = 0; item; item = item->next) {
    ids[i++] = share(copier, cJSON_IsString(item) ? item->valuestring : "");
  }
  record->requirements = ids;
  share_last_list(copier, mark, record);
}

static void copy_finding(struct copier *copier, const cJSON *item,
                         struct wspec_record_finding *finding) {
  if (!wspec_verdict_parse(text_of(item, "verdict"), &finding->verdict)) {
    note_wrong(copier, "findings[].verdict");
  }
  finding->requirement = share_or_empty(copier, item, "requirement");
  finding->level = share_or_empty(copier, item, "level");
  finding->message = share_required(copier, item, "message");
  finding->expected = share_optional(copier, item, "expected");
  finding->seen = share_optional(copier, item, "seen");
  finding->connection = (unsigned)number_of(item, "connection", 0);
  finding->offset = number_of(item, "offset", WSPEC_OFFSET_NONE);
  finding->at_us = number_of(item, "at_us", 0);
}

static void copy_findings(struct copier *copier, const cJSON *value, struct wspec_record *record) {
  const cJSON *array = member(value, "findings");
  record->findings =
      copy_room(copier, array, "findings", sizeof *record->findings, &record->n_findings);
  const cJSON *item = record->findings ? array->child : NULL;
  for (size_t i = 0; item && !copier->err; item = item->next) {
    copy_finding(copier, item, &record->findings[i++]);
  }
}

/* Most results are passes that nobody asks about, and a hundred thousand summaries are much. */
static void copy_summary(struct copier *copier, const cJSON *value, struct wspec_record *record) {
  bool says_nothing =
      record->verdict == WSPEC_VERDICT_PASS && record->n_findings == 0 && !record->skip_reason;
  if (!says_nothing) {
    record->summary = copy_required(copier, value, "summary");
  } else if (!cJSON_IsString(member(value, "summary"))) {
    note_wrong(copier, "summary");
  }
}

static void copy_record(struct copier *copier, const cJSON *value, struct wspec_record *record) {
  record->id = copy_required(copier, value, "id");
  record->spec = share_required(copier, value, "spec");
  record->section = share_required(copier, value, "section");
  record->skip_reason = share_optional(copier, value, "skip_reason");
  record->flaky = cJSON_IsTrue(member(value, "flaky"));
  record->unconfirmed = cJSON_IsTrue(member(value, "unconfirmed"));
  record->has_transcript = cJSON_IsArray(member(value, "transcript"));
  const cJSON *duration = member(value, "duration_ms");
  record->duration_ms = cJSON_IsNumber(duration) ? duration->valuedouble : 0;
  const cJSON *known = member(value, "known");
  if (cJSON_IsObject(known)) {
    record->known_reason = share_required(copier, known, "reason");
    record->known_link = share_optional(copier, known, "link");
  }
  copy_requirements(copier, value, record);
  copy_findings(copier, value, record);
  if (!wspec_verdict_parse(text_of(value, "verdict"), &record->verdict)) {
    note_wrong(copier, "verdict");
  }
  copy_summary(copier, value, record);
}

static enum wspec_err grow(struct wspec_report *report) {
  if (report->n_records < report->capacity) {
    return WSPEC_OK;
  }
  if (report->n_records >= RECORDS_MAX) {
    return WSPEC_ERR_LIMIT;
  }
  size_t capacity = report->capacity ? 2 * report->capacity : 256;
  struct wspec_record *records = realloc(report->records, capacity * sizeof *records);
  if (!records) {
    return WSPEC_ERR_NOMEM;
  }
  report->records = records;
  report->capacity = capacity;
  return WSPEC_OK;
}

static bool was_refused(const struct wspec_record *record) {
  return record->verdict == WSPEC_VERDICT_SKIP && record->skip_reason &&
         strncmp(record->skip_reason, WSPEC_SKIP_REFUSED, sizeof WSPEC_SKIP_REFUSED - 1) == 0;
}

static void count(struct wspec_report *report, const struct wspec_record *record) {
  report->summary.total++;
  report->summary.by_verdict[record->verdict]++;
  report->summary.flaky += record->flaky;
  report->summary.known += record->known_reason != NULL;
  report->n_refused += was_refused(record);
}

/* `record` says where its JSON is, and nothing else. */
static enum wspec_err add(struct wspec_report *report, const cJSON *value,
                          struct wspec_record *record, const char **wrong) {
  enum wspec_err err = grow(report);
  if (err) {
    return err;
  }
  struct copier copier = {.report = report};
  copy_record(&copier, value, record);
  *wrong = copier.wrong;
  if (!copier.err) {
    report->records[report->n_records++] = *record;
    count(report, record);
  }
  return copier.err;
}

enum wspec_err wspec_report_add_json(struct wspec_report *report, const cJSON *value,
                                     struct wspec_span json, const char **wrong) {
  struct wspec_record record = {.json.octets = json.data, .json_len = json.len};
  return add(report, value, &record, wrong);
}

enum wspec_err wspec_report_add_copy(struct wspec_report *report, const cJSON *value,
                                     struct wspec_span json, const char **wrong) {
  *wrong = NULL;
  report->spool = report->spool ? report->spool : wspec_spool_new(SPOOL_HELD);
  if (!report->spool) {
    return WSPEC_ERR_NOMEM;
  }
  struct wspec_record record = {.spool = report->spool, .json_len = json.len};
  enum wspec_err err = wspec_spool_append(report->spool, json, &record.json.at);
  return err ? err : add(report, value, &record, wrong);
}

enum wspec_err wspec_record_json(const struct wspec_record *record, struct wspec_buf *room,
                                 struct wspec_span *json) {
  if (record->spool) {
    return wspec_spool_read(record->spool, record->json.at, record->json_len, room, json);
  }
  *json = wspec_span_of(record->json.octets, record->json_len);
  return WSPEC_OK;
}

enum wspec_err wspec_record_parse(const struct wspec_record *record, cJSON **value) {
  struct wspec_buf room;
  struct wspec_span json;
  *value = NULL;
  wspec_buf_init(&room, SIZE_MAX);
  enum wspec_err err = wspec_record_json(record, &room, &json);
  if (!err) {
    *value = cJSON_ParseWithLength((const char *)json.data, json.len);
    err = *value ? WSPEC_OK : WSPEC_ERR_NOMEM; /* it was JSON when it was added */
  }
  wspec_buf_clear(&room);
  return err;
}

enum wspec_err wspec_record_summary(const struct wspec_record *record, cJSON **parsed,
                                    const char **summary) {
  *parsed = NULL;
  *summary = record->summary;
  if (record->summary) {
    return WSPEC_OK;
  }
  enum wspec_err err = wspec_record_parse(record, parsed);
  *summary = err ? NULL : text_of(*parsed, "summary");
  return err;
}

/* ---- Order ---- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static size_t digits_at(const char *text) {
  return strspn(text, "0123456789");
}

static int compare_numbers(const char **a, const char **b) {
  *a += strspn(*a, "0");
  *b += strspn(*b, "0");
  size_t n_a = digits_at(*a);
  size_t n_b = digits_at(*b);
  int order = n_a != n_b ? (n_a < n_b ? -1 : 1) : strncmp(*a, *b, n_a);
  *a += n_a;
  *b += n_b;
  return order;
}

/* What ends comes first, then what ends a part: 5.5 before 5.5.1. */
static int rank(char c) {
  return c == '\0' ? 0 : c == '/' ? 1 : (unsigned char)c + 1;
}

int wspec_id_compare(const char *a, const char *b) {
  const char *whole_a = a;
  const char *whole_b = b;
  while (*a && *b) {
    if (is_digit(*a) && is_digit(*b)) {
      int order = compare_numbers(&a, &b);
      if (order != 0) {
        return order;
      }
    } else if (*a != *b) {
      break;
    } else {
      a++;
      b++;
    }
  }
  int order = rank(*a) - rank(*b);
  return order != 0 ? order : strcmp(whole_a, whole_b); /* "01" and "1" are two ids */
}

static int compare_records(const void *a, const void *b) {
  return wspec_id_compare(((const struct wspec_record *)a)->id,
                          ((const struct wspec_record *)b)->id);
}

void wspec_report_sort(struct wspec_report *report) {
  if (report->n_records > 0) {
    qsort(report->records, report->n_records, sizeof *report->records, compare_records);
  }
}

static int compare_id_to_record(const void *id, const void *record) {
  return wspec_id_compare(id, ((const struct wspec_record *)record)->id);
}

const struct wspec_record *wspec_report_find(const struct wspec_report *report, const char *id) {
  return report->n_records > 0 ? bsearch(id, report->records, report->n_records,
                                         sizeof *report->records, compare_id_to_record)
                               : NULL;
}
