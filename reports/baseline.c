#include "reports/baseline.h"

#include "base/buf.h"
#include "case/select.h"
#include "reports/text.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading ---- */

struct reader {
  struct wspec_baseline *baseline;
  const char *path;
  struct wspec_buf message;
};

static enum wspec_err fail_at(struct reader *reader, size_t index, const char *expected) {
  enum wspec_err err =
      wspec_buf_appendf(&reader->message, "%s: entries[%zu]: %s", reader->path, index, expected);
  return err == WSPEC_ERR_NOMEM ? err : WSPEC_ERR_INPUT;
}

static bool is_known_member(const char *name) {
  static const char *const names[] = {"case",   "verdict", "requirements",
                                      "reason", "link",    "expires"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(name, names[i]) == 0) {
      return true;
    }
  }
  return false;
}

/* "2027-01-31"; whether there is such a day does not matter for the order of days. */
static bool is_date(const char *text) {
  static const char form[] = "dddd-dd-dd";
  for (size_t i = 0; form[i]; i++) {
    bool fits = form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
    if (!fits) {
      return false;
    }
  }
  return text[sizeof form - 1] == '\0';
}

static const char *text_of(const cJSON *object, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static enum wspec_err read_requirements(struct reader *reader, const cJSON *object, size_t index,
                                        struct wspec_baseline_entry *entry) {
  const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, "requirements");
  if (!array) {
    return WSPEC_OK;
  }
  if (!cJSON_IsArray(array)) {
    return fail_at(reader, index, "\"requirements\" is to be an array of ids");
  }
  entry->requirements = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof(char *));
  if (!entry->requirements) {
    return WSPEC_ERR_NOMEM;
  }
  for (const cJSON *item = array->child; item; item = item->next) {
    const char *id = cJSON_GetStringValue(item);
    if (!id) {
      return fail_at(reader, index, "\"requirements\" is to be an array of ids");
    }
    entry->requirements[entry->n_requirements++] = id;
  }
  return WSPEC_OK;
}

static enum wspec_err read_entry(struct reader *reader, const cJSON *object, size_t index,
                                 struct wspec_baseline_entry *entry) {
  for (const cJSON *item = cJSON_IsObject(object) ? object->child : NULL; item; item = item->next) {
    if (!is_known_member(item->string)) {
      return fail_at(reader, index,
                     "a member that is none of case, verdict, requirements, "
                     "reason, link, expires");
    }
  }
  entry->pattern = text_of(object, "case");
  entry->reason = text_of(object, "reason");
  entry->link = text_of(object, "link");
  entry->expires = text_of(object, "expires");
  if (!entry->pattern || !entry->pattern[0]) {
    return fail_at(reader, index, "expected \"case\": an id or a glob");
  }
  if (!wspec_verdict_parse(text_of(object, "verdict"), &entry->verdict) ||
      (entry->verdict != WSPEC_VERDICT_FAIL && entry->verdict != WSPEC_VERDICT_WARN)) {
    return fail_at(reader, index, "expected \"verdict\": \"fail\" or \"warn\"");
  }
  if (!entry->reason || !entry->reason[0]) {
    return fail_at(reader, index, "expected \"reason\": why this failure is accepted");
  }
  if (entry->expires && !is_date(entry->expires)) {
    return fail_at(reader, index, "\"expires\" is to be a day such as 2027-01-31");
  }
  return read_requirements(reader, object, index, entry);
}

static enum wspec_err read_document(struct reader *reader) {
  struct wspec_baseline *baseline = reader->baseline;
  const char *schema = text_of(baseline->document, "schema");
  const cJSON *entries = cJSON_GetObjectItemCaseSensitive(baseline->document, "entries");
  bool is_baseline = schema && strcmp(schema, "wspec-baseline/1") == 0 && cJSON_IsArray(entries) &&
                     cJSON_GetArraySize(entries) <= WSPEC_BASELINE_ENTRIES_MAX;
  if (!is_baseline) {
    enum wspec_err err = wspec_buf_appendf(
        &reader->message, "%s: expected {\"schema\": \"wspec-baseline/1\", \"entries\": [...]}",
        reader->path);
    return err == WSPEC_ERR_NOMEM ? err : WSPEC_ERR_INPUT;
  }
  baseline->entries = calloc((size_t)cJSON_GetArraySize(entries) + 1, sizeof *baseline->entries);
  enum wspec_err err = baseline->entries ? WSPEC_OK : WSPEC_ERR_NOMEM;
  for (const cJSON *item = entries->child; item && !err; item = item->next) {
    size_t index = baseline->n_entries++;
    err = read_entry(reader, item, index, &baseline->entries[index]);
  }
  return err;
}

static enum wspec_err parse(struct reader *reader, const struct wspec_buf *text) {
  const char *start = (const char *)text->data;
  const char *stopped = start;
  reader->baseline->document =
      cJSON_ParseWithLengthOpts(start ? start : "", text->len, &stopped, true);
  if (reader->baseline->document) {
    return read_document(reader);
  }
  size_t line = 1;
  for (const char *c = start; c && c < stopped; c++) {
    line += *c == '\n';
  }
  enum wspec_err err =
      wspec_buf_appendf(&reader->message, "%s:%zu: this is no JSON", reader->path, line);
  return err == WSPEC_ERR_NOMEM ? err : WSPEC_ERR_INPUT;
}

static enum wspec_err read_all(FILE *file, struct wspec_buf *text) {
  char chunk[8192];
  enum wspec_err err = WSPEC_OK;
  size_t n;
  while (!err && (n = fread(chunk, 1, sizeof chunk, file)) > 0) {
    err = wspec_buf_append(text, chunk, n);
  }
  err = err ? err : ferror(file) ? WSPEC_ERR_IO : WSPEC_OK;
  return err ? err : wspec_buf_append_octet(text, '\0');
}

enum wspec_err wspec_baseline_read(struct wspec_baseline *baseline, FILE *file, const char *path,
                                   char **message) {
  *baseline = (struct wspec_baseline){.entries = NULL};
  struct reader reader = {.baseline = baseline, .path = path};
  wspec_buf_init(&reader.message, 4096);
  struct wspec_buf text;
  wspec_buf_init(&text, WSPEC_BASELINE_FILE_MAX);
  enum wspec_err err = read_all(file, &text);
  if (err == WSPEC_ERR_IO || err == WSPEC_ERR_LIMIT) {
    (void)!wspec_buf_appendf(&reader.message, "%s: it cannot be read, or is longer than 16 MiB",
                             path);
  }
  err = err ? err : parse(&reader, &text);
  *message = err && err != WSPEC_ERR_NOMEM ? wspec_buf_take_text(&reader.message) : NULL;
  wspec_buf_clear(&text);
  wspec_buf_clear(&reader.message);
  return err;
}

void wspec_baseline_clear(struct wspec_baseline *baseline) {
  for (size_t i = 0; i < baseline->n_entries; i++) {
    free((void *)baseline->entries[i].requirements);
  }
  free(baseline->entries);
  cJSON_Delete(baseline->document);
  *baseline = (struct wspec_baseline){.entries = NULL};
}

/* ---- Matching ---- */

static bool names(const struct wspec_baseline_entry *entry, const char *requirement) {
  for (size_t i = 0; i < entry->n_requirements; i++) {
    if (strcmp(entry->requirements[i], requirement) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_counted(enum wspec_verdict verdict) {
  return verdict == WSPEC_VERDICT_WARN || verdict == WSPEC_VERDICT_FAIL;
}

static bool is_found(const struct wspec_result *result, const char *requirement) {
  for (size_t i = 0; i < result->n_findings; i++) {
    if (is_counted(result->findings[i].verdict) &&
        strcmp(result->findings[i].requirement, requirement) == 0) {
      return true;
    }
  }
  return false;
}

/* The same verdict, and the same set of sentences: another one is another failure. */
static bool is_outcome(const struct wspec_baseline_entry *entry,
                       const struct wspec_result *result) {
  if (entry->verdict != result->verdict) {
    return false;
  }
  if (!entry->requirements) {
    return true;
  }
  for (size_t i = 0; i < result->n_findings; i++) {
    if (is_counted(result->findings[i].verdict) && !names(entry, result->findings[i].requirement)) {
      return false;
    }
  }
  for (size_t i = 0; i < entry->n_requirements; i++) {
    if (!is_found(result, entry->requirements[i])) {
      return false;
    }
  }
  return true;
}

static bool was_played(const struct wspec_result *result) {
  return result->verdict != WSPEC_VERDICT_SKIP && result->verdict != WSPEC_VERDICT_ERROR;
}

const struct wspec_baseline_entry *wspec_baseline_find(const struct wspec_baseline *baseline,
                                                       const struct wspec_result *result) {
  for (size_t i = 0; i < baseline->n_entries && was_played(result); i++) {
    const struct wspec_baseline_entry *entry = &baseline->entries[i];
    if (wspec_glob_matches(entry->pattern, result->script->id) && is_outcome(entry, result)) {
      return entry;
    }
  }
  return NULL;
}

const struct wspec_baseline_entry *wspec_baseline_match(struct wspec_baseline *baseline,
                                                        const struct wspec_result *result) {
  for (size_t i = 0; i < baseline->n_entries && was_played(result); i++) {
    struct wspec_baseline_entry *entry = &baseline->entries[i];
    if (wspec_glob_matches(entry->pattern, result->script->id)) {
      entry->n_seen++;
      entry->n_known += is_outcome(entry, result);
    }
  }
  return wspec_baseline_find(baseline, result);
}

const char *wspec_baseline_complaint(const struct wspec_baseline_entry *entry, const char *today) {
  if (entry->n_seen > 0 && entry->n_known == 0) {
    return "stale: no case ends so any more";
  }
  if (entry->expires && strcmp(entry->expires, today) < 0) {
    return "expired";
  }
  return NULL;
}

/* ---- Writing ---- */

static const struct wspec_baseline_entry *entry_of(const struct wspec_baseline *old,
                                                   const struct wspec_record *record) {
  for (size_t i = 0; i < old->n_entries && record->known_reason; i++) {
    const struct wspec_baseline_entry *entry = &old->entries[i];
    if (entry->verdict == record->verdict && wspec_glob_matches(entry->pattern, record->id) &&
        strcmp(entry->reason, record->known_reason) == 0) {
      return entry;
    }
  }
  return NULL;
}

static void put_member(FILE *file, const char *name, const char *text) {
  if (text) {
    fprintf(file, ",\n     \"%s\": ", name);
    wspec_put_json(file, text);
  }
}

/* Each sentence once, in the order in which it was found. */
static void put_requirements(FILE *file, const struct wspec_record *record) {
  const char *before = "";
  fputs(",\n     \"requirements\": [", file);
  for (size_t i = 0; i < record->n_findings; i++) {
    const char *id = record->findings[i].requirement;
    bool is_new = is_counted(record->findings[i].verdict);
    for (size_t k = 0; k < i && is_new; k++) {
      is_new = !is_counted(record->findings[k].verdict) ||
               strcmp(record->findings[k].requirement, id) != 0;
    }
    if (is_new) {
      fputs(before, file);
      wspec_put_json(file, id);
      before = ", ";
    }
  }
  fputc(']', file);
}

static void put_entry(FILE *file, const struct wspec_record *record,
                      const struct wspec_baseline_entry *entry) {
  fputs("    {\"case\": ", file);
  wspec_put_json(file, record->id);
  put_member(file, "verdict", wspec_verdict_name(record->verdict));
  put_requirements(file, record);
  put_member(file, "reason",
             entry ? entry->reason : "It failed when this baseline was written. Say why here.");
  put_member(file, "link", entry ? entry->link : NULL);
  put_member(file, "expires", entry ? entry->expires : NULL);
  fputc('}', file);
}

enum wspec_err wspec_baseline_write(FILE *file, const struct wspec_report *report,
                                    const struct wspec_baseline *old, bool with_warns) {
  const char *before = "\n";
  fputs("{\"schema\": \"wspec-baseline/1\",\n  \"entries\": [", file);
  for (size_t i = 0; i < report->n_records; i++) {
    const struct wspec_record *record = &report->records[i];
    bool is_wanted = record->verdict == WSPEC_VERDICT_FAIL || record->known_reason ||
                     (with_warns && record->verdict == WSPEC_VERDICT_WARN);
    if (is_wanted) {
      fputs(before, file);
      put_entry(file, record, entry_of(old, record));
      before = ",\n";
    }
  }
  fputs("]}\n", file);
  return fflush(file) == 0 ? wspec_file_result(file) : WSPEC_ERR_IO;
}
