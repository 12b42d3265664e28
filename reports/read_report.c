#include "reports/read_report.h"

#include "base/buf.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* A walk over the one object of the file. cJSON parses each value; the braces around them are ours,
 * so that a file may end anywhere and results need not be held as trees all at once. */
struct walk {
  struct wspec_report *report;
  const char *path;
  const char *start, *at, *end; /* a NUL is at `end` */
  cJSON *head;                  /* owned; members before the results; NULL once they were met */
  bool is_cut;                  /* the file ended where more was due */
  struct wspec_buf message;
};

static enum wspec_err fail(struct walk *walk, const char *expected) {
  size_t line = 1;
  const char *line_start = walk->start;
  for (const char *c = walk->start; c < walk->at; c++) {
    if (*c == '\n') {
      line++;
      line_start = c + 1;
    }
  }
  wspec_buf_reset(&walk->message);
  enum wspec_err err = wspec_buf_appendf(&walk->message, "%s:%zu:%zu: %s", walk->path, line,
                                         (size_t)(walk->at - line_start) + 1, expected);
  return err == WSPEC_ERR_NOMEM ? err : WSPEC_ERR_INPUT;
}

static char next_char(struct walk *walk) {
  walk->at += strspn(walk->at, " \t\r\n");
  return *walk->at;
}

/* Takes `wanted` if it comes next; at the end of the file the walk is cut. */
static bool take(struct walk *walk, char wanted) {
  char next = next_char(walk);
  walk->is_cut = walk->is_cut || walk->at >= walk->end;
  walk->at += next == wanted;
  return next == wanted;
}

/* cJSON tells where it stopped, not why. Where no line follows, it is the end that it met: a string
 * holds no line end, and what is between values is one octet. */
static bool looks_cut(const struct walk *walk, const char *stopped) {
  return !memchr(stopped, '\n', (size_t)(walk->end - stopped));
}

/* The next value, or NULL: cut off (`is_cut`), or no JSON. */
static cJSON *take_value(struct walk *walk) {
  const char *stopped = NULL;
  cJSON *value =
      cJSON_ParseWithLengthOpts(walk->at, (size_t)(walk->end - walk->at) + 1, &stopped, false);
  if (value) {
    walk->at = stopped;
  } else {
    walk->is_cut = looks_cut(walk, stopped ? stopped : walk->at);
  }
  return value;
}

/* ---- Results ---- */

static enum wspec_err take_result(struct walk *walk) {
  const char *first = walk->at;
  cJSON *value = take_value(walk);
  if (!value) {
    return walk->is_cut ? WSPEC_OK : fail(walk, "expected a result, a JSON object");
  }
  const char *wrong = NULL;
  struct wspec_span json = wspec_span_of(first, (size_t)(walk->at - first));
  enum wspec_err err = wspec_report_add_json(walk->report, value, json, &wrong);
  cJSON_Delete(value);
  if (err == WSPEC_ERR_INPUT) {
    char sentence[120];
    snprintf(sentence, sizeof sentence, "expected a result with a sound member \"%s\"", wrong);
    walk->at = first;
    return fail(walk, sentence);
  }
  return err;
}

static enum wspec_err take_results(struct walk *walk) {
  enum wspec_err err = wspec_report_set_head(walk->report, walk->head);
  walk->head = NULL;
  if (err) {
    return fail(walk, "expected \"schema\": \"wspec-report/1\" and a sound \"shard\" before this");
  }
  if (!take(walk, '[')) {
    return walk->is_cut ? WSPEC_OK : fail(walk, "expected the array of results");
  }
  if (next_char(walk) == ']') {
    walk->at++;
    return WSPEC_OK;
  }
  do {
    (void)next_char(walk);
    walk->is_cut = walk->at >= walk->end;
    err = walk->is_cut ? WSPEC_OK : take_result(walk);
  } while (!err && !walk->is_cut && take(walk, ','));
  if (err || walk->is_cut || take(walk, ']')) {
    return err;
  }
  return fail(walk, "expected ',' or ']' after a result");
}

/* ---- Members ---- */

static enum wspec_err keep_member(struct walk *walk, const char *name, cJSON *value) {
  struct wspec_report *report = walk->report;
  if (strcmp(name, "requirements") == 0 && !report->requirements) {
    report->requirements = value;
  } else if (strcmp(name, "duration_ms") == 0) {
    report->duration_ms = cJSON_IsNumber(value) ? value->valuedouble : 0;
    cJSON_Delete(value);
  } else if (walk->head) {
    if (!cJSON_AddItemToObject(walk->head, name, value)) {
      cJSON_Delete(value);
      return WSPEC_ERR_NOMEM;
    }
  } else {
    cJSON_Delete(value); /* "summary": it is counted again */
  }
  return WSPEC_OK;
}

static enum wspec_err take_member(struct walk *walk) {
  (void)next_char(walk);
  cJSON *name = *walk->at == '"' ? take_value(walk) : NULL;
  if (!name) {
    walk->is_cut = walk->is_cut || walk->at >= walk->end;
    return walk->is_cut ? WSPEC_OK : fail(walk, "expected the name of a member");
  }
  enum wspec_err err = WSPEC_OK;
  cJSON *value = NULL;
  if (!take(walk, ':')) {
    err = walk->is_cut ? WSPEC_OK : fail(walk, "expected ':'");
  } else if (strcmp(name->valuestring, "results") == 0 && walk->head) {
    err = take_results(walk);
  } else {
    (void)next_char(walk);
    value = take_value(walk);
    if (value) {
      err = keep_member(walk, name->valuestring, value);
    } else if (!walk->is_cut) {
      err = fail(walk, "expected a JSON value");
    }
  }
  cJSON_Delete(name);
  return err;
}

static enum wspec_err take_members(struct walk *walk) {
  enum wspec_err err;
  do {
    err = take_member(walk);
  } while (!err && !walk->is_cut && take(walk, ','));
  if (err || walk->is_cut || take(walk, '}') || walk->is_cut) {
    return err;
  }
  return fail(walk, "expected ',' or '}'");
}

/* A file without results is no use to anybody, cut or not: its head alone says nothing. */
static enum wspec_err check_whole(struct walk *walk) {
  struct wspec_report *report = walk->report;
  if (!report->head) {
    return fail(walk, "expected \"results\" of a \"wspec-report/1\" before this");
  }
  report->is_complete = !walk->is_cut && report->n_records >= report->n_selected;
  wspec_report_sort(report);
  return WSPEC_OK;
}

static enum wspec_err take_report(struct walk *walk, struct wspec_report *report) {
  walk->report = report;
  walk->head = cJSON_CreateObject();
  enum wspec_err err = walk->head ? WSPEC_OK : WSPEC_ERR_NOMEM;
  if (!err && !take(walk, '{')) {
    err = fail(walk, "expected a report, a JSON object");
  }
  err = err ? err : take_members(walk);
  err = err ? err : check_whole(walk);
  cJSON_Delete(walk->head);
  walk->head = NULL;
  return err;
}

/* ---- Several reports ---- */

/* A place for one more, initialised; NULL: out of memory, or too many. */
static struct wspec_report *grow(struct wspec_reports *reports) {
  if (reports->n == reports->capacity) {
    size_t capacity = reports->capacity ? 2 * reports->capacity : 4;
    struct wspec_report *items =
        capacity > WSPEC_REPORTS_MAX ? NULL : realloc(reports->items, capacity * sizeof *items);
    if (!items) {
      return NULL;
    }
    reports->items = items;
    reports->capacity = capacity;
  }
  struct wspec_report *report = &reports->items[reports->n++];
  wspec_report_init(report);
  return report;
}

static const char MATRIX_START[] = "{\"schema\":\"wspec-matrix/1\",";

/* wspec_matrix_write begins so, and by this alone a matrix is told from a report. */
static bool take_matrix_start(struct walk *walk) {
  size_t len = sizeof MATRIX_START - 1;
  if (strncmp(walk->at, MATRIX_START, len) != 0) {
    return false;
  }
  walk->at += len;
  return true;
}

static enum wspec_err take_matrix(struct walk *walk, struct wspec_reports *reports) {
  static const char member[] = "\"reports\":[";
  (void)next_char(walk);
  if (strncmp(walk->at, member, sizeof member - 1) != 0) {
    return fail(walk, "expected \"reports\":[ as 'wspec merge' writes it");
  }
  walk->at += sizeof member - 1;
  enum wspec_err err;
  do {
    struct wspec_report *report = grow(reports);
    err = report ? take_report(walk, report) : WSPEC_ERR_NOMEM;
  } while (!err && !walk->is_cut && take(walk, ','));
  return err;
}

static enum wspec_err take_file(struct walk *walk, struct wspec_reports *reports) {
  (void)next_char(walk);
  if (take_matrix_start(walk)) {
    return take_matrix(walk, reports);
  }
  struct wspec_report *report = grow(reports);
  enum wspec_err err = report ? take_report(walk, report) : WSPEC_ERR_NOMEM;
  if (!err && !walk->is_cut && next_char(walk) != '\0') {
    err = fail(walk, "expected nothing after the report");
  }
  return err;
}

static enum wspec_err parse(struct wspec_reports *reports, char *text, size_t len, const char *path,
                            char **message) {
  size_t first = reports->n;
  struct walk walk = {.path = path, .start = text, .at = text, .end = text + len};
  wspec_buf_init(&walk.message, 4096);
  enum wspec_err err = take_file(&walk, reports);
  *message = err == WSPEC_ERR_INPUT ? wspec_buf_take_text(&walk.message) : NULL;
  wspec_buf_clear(&walk.message);
  if (first < reports->n) {
    reports->items[first].file = text; /* the others of this file point into it, too */
  } else {
    free(text);
  }
  return err;
}

/* ---- The file ---- */

static char *say(const char *path, const char *sentence) {
  size_t size = strlen(path) + strlen(sentence) + 3;
  char *message = malloc(size);
  if (message) {
    snprintf(message, size, "%s: %s", path, sentence);
  }
  return message;
}

static enum wspec_err read_all(FILE *file, struct wspec_buf *text) {
  char chunk[65536];
  enum wspec_err err = WSPEC_OK;
  size_t n;
  while (!err && (n = fread(chunk, 1, sizeof chunk, file)) > 0) {
    err = wspec_buf_append(text, chunk, n);
  }
  return err ? err : ferror(file) ? WSPEC_ERR_IO : WSPEC_OK;
}

enum wspec_err wspec_reports_read(struct wspec_reports *reports, FILE *file, const char *path,
                                  char **message) {
  *message = NULL;
  struct wspec_buf text;
  wspec_buf_init(&text, WSPEC_REPORT_FILE_MAX);
  enum wspec_err err = read_all(file, &text);
  size_t len = text.len;
  char *octets = err ? NULL : wspec_buf_take_text(&text);
  wspec_buf_clear(&text);
  if (err == WSPEC_ERR_IO || err == WSPEC_ERR_LIMIT) {
    *message = say(path, err == WSPEC_ERR_IO ? "it cannot be read" : "more than 512 MiB");
  }
  if (err || !octets) {
    return err ? err : WSPEC_ERR_NOMEM;
  }
  return parse(reports, octets, len, path, message);
}

void wspec_reports_clear(struct wspec_reports *reports) {
  for (size_t i = 0; i < reports->n + reports->n_spent; i++) {
    wspec_report_clear(&reports->items[i]);
  }
  free(reports->items);
  *reports = (struct wspec_reports){.items = NULL};
}
