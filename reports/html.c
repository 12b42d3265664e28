#include "reports/html.h"

#include "reports/text.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Of reports/page/, by cmake/embed.cmake. */
extern const unsigned char wspec_page_html[], wspec_page_css[], wspec_page_js[];
extern const size_t wspec_page_html_len, wspec_page_css_len, wspec_page_js_len;

/* The cases of all reports, each once, in the order of their ids. */
struct union_of_cases {
  const struct wspec_record **records; /* the first record of each case */
  size_t n;
};

/* ---- The data ---- */

static void put_member(FILE *file, const char *before, const char *text) {
  fputs(before, file);
  wspec_put_json(file, text);
}

/* JSON as it is, but for '<', which could end the script element; it stands in strings alone. */
static void put_raw_json(FILE *file, struct wspec_span json) {
  size_t start = 0;
  for (size_t i = 0; i < json.len; i++) {
    if (json.data[i] == '<') {
      fwrite(json.data + start, 1, i - start, file);
      fputs("\\u003c", file);
      start = i + 1;
    }
  }
  fwrite(json.data + start, 1, json.len - start, file);
}

static const char *head_text(const struct wspec_report *report, const char *object,
                             const char *name) {
  const cJSON *from =
      object ? cJSON_GetObjectItemCaseSensitive(report->head, object) : report->head;
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(from, name));
  return text ? text : "";
}

static void put_target(FILE *file, const struct wspec_report *report) {
  put_member(file, "{\"url\":", report->url);
  put_member(file, ",\"name\":", report->name);
  put_member(file, ",\"agent\":", report->agent);
  put_member(file, ",\"role\":", head_text(report, "target", "role"));
  put_member(file, ",\"oracle\":", report->oracle);
  put_member(file, ",\"started\":", report->started);
  put_member(file, ",\"version\":", report->version);
  put_member(file, ",\"seed\":", head_text(report, NULL, "seed"));
  put_member(file, ",\"reproduce\":", head_text(report, NULL, "reproduce"));
  put_member(file, ",\"reproduce_end\":", head_text(report, NULL, "reproduce_end"));
  if (report->refusal_code != 0) {
    fputs(",\"remark\":\"", file);
    (void)wspec_put_remark(file, report);
    fputc('"', file);
  }
  fprintf(file, ",\"selected\":%zu,\"duration_ms\":%.0f}", report->n_selected, report->duration_ms);
}

static bool is_told(const struct wspec_report *reports, size_t at, const char *id) {
  for (size_t i = 0; i < at; i++) {
    if (cJSON_GetObjectItemCaseSensitive(reports[i].requirements, id)) {
      return true;
    }
  }
  return false;
}

static enum wspec_err put_requirements(FILE *file, const struct wspec_report *reports,
                                       size_t n_reports) {
  const char *before = "";
  fputs("\"requirements\":{", file);
  for (size_t i = 0; i < n_reports; i++) {
    const cJSON *item = reports[i].requirements ? reports[i].requirements->child : NULL;
    for (; item; item = item->next) {
      if (is_told(reports, i, item->string)) {
        continue;
      }
      char *json = cJSON_PrintUnformatted(item);
      if (!json) {
        return WSPEC_ERR_NOMEM;
      }
      put_member(file, before, item->string);
      fputc(':', file);
      put_raw_json(file, wspec_span_text(json));
      free(json);
      before = ",\n";
    }
  }
  fputs("},\n", file);
  return WSPEC_OK;
}

static void put_case(FILE *file, const struct wspec_record *record) {
  put_member(file, "{\"id\":", record->id);
  put_member(file, ",\"spec\":", record->spec);
  put_member(file, ",\"section\":", record->section);
  put_member(file, ",\"summary\":", record->summary);
  fputs(",\"requirements\":[", file);
  for (size_t i = 0; i < record->n_requirements; i++) {
    put_member(file, i > 0 ? "," : "", record->requirements[i]);
  }
  fputs("]}", file);
}

/* Most results are plain passes: their milliseconds say it all. */
static bool is_plain_pass(const struct wspec_record *record) {
  return record->verdict == WSPEC_VERDICT_PASS && !record->flaky && record->n_findings == 0 &&
         !record->known_reason && !record->has_transcript;
}

static void put_results(FILE *file, const struct wspec_report *report,
                        const struct union_of_cases *cases) {
  fputc('[', file);
  for (size_t i = 0; i < cases->n; i++) {
    const struct wspec_record *record = wspec_report_find(report, cases->records[i]->id);
    fputs(i > 0 ? "," : "", file);
    if (!record) {
      fputs("null", file);
    } else if (is_plain_pass(record)) {
      fprintf(file, "%.1f", record->duration_ms);
    } else {
      fputc('\n', file);
      put_raw_json(file, record->json);
    }
  }
  fputc(']', file);
}

/* ---- The cases of all reports ---- */

static int compare_records(const void *a, const void *b) {
  const struct wspec_record *const *left = a;
  const struct wspec_record *const *right = b;
  return wspec_id_compare((*left)->id, (*right)->id);
}

static enum wspec_err unite(struct union_of_cases *cases, const struct wspec_report *reports,
                            size_t n_reports) {
  size_t n_all = 0;
  for (size_t i = 0; i < n_reports; i++) {
    n_all += reports[i].n_records;
  }
  cases->records = calloc(n_all + 1, sizeof(struct wspec_record *));
  if (!cases->records) {
    return WSPEC_ERR_NOMEM;
  }
  for (size_t i = 0; i < n_reports; i++) {
    for (size_t k = 0; k < reports[i].n_records; k++) {
      cases->records[cases->n++] = &reports[i].records[k];
    }
  }
  qsort(cases->records, cases->n, sizeof(struct wspec_record *), compare_records);
  size_t kept = 0;
  for (size_t i = 0; i < cases->n; i++) {
    if (kept == 0 || strcmp(cases->records[kept - 1]->id, cases->records[i]->id) != 0) {
      cases->records[kept++] = cases->records[i];
    }
  }
  cases->n = kept;
  return WSPEC_OK;
}

static enum wspec_err put_data(FILE *file, const struct wspec_report *reports, size_t n_reports) {
  struct union_of_cases cases = {.records = NULL};
  enum wspec_err err = unite(&cases, reports, n_reports);
  fputs("{\"targets\":[", file);
  for (size_t i = 0; i < n_reports; i++) {
    fputs(i > 0 ? ",\n" : "", file);
    put_target(file, &reports[i]);
  }
  fputs("],\n\"cases\":[", file);
  for (size_t i = 0; i < cases.n; i++) {
    fputs(i > 0 ? ",\n" : "", file);
    put_case(file, cases.records[i]);
  }
  fputs("],\n\"results\":[", file);
  for (size_t i = 0; i < n_reports; i++) {
    fputs(i > 0 ? ",\n" : "", file);
    put_results(file, &reports[i], &cases);
  }
  fputs("],\n", file);
  err = err ? err : put_requirements(file, reports, n_reports);
  fputs("\"format\":\"wspec-page/1\"}", file);
  free(cases.records);
  return err;
}

/* ---- Packing ---- */

static void put_base64(FILE *file, const unsigned char *octets, size_t len) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < len; i += 3) {
    size_t n = len - i < 3 ? len - i : 3;
    unsigned group = (unsigned)octets[i] << 16 | (n > 1 ? (unsigned)octets[i + 1] << 8 : 0) |
                     (n > 2 ? octets[i + 2] : 0);
    char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
                    n > 1 ? digits[group >> 6 & 63] : '=', n > 2 ? digits[group & 63] : '='};
    fwrite(four, 1, sizeof four, file);
  }
}

/* Transcripts are hex, and alike: they shrink to a tenth. The page knows "zlib" as "deflate". */
static enum wspec_err put_deflated(FILE *file, const char *text, size_t len) {
  uLongf packed_len = compressBound(len);
  unsigned char *packed = malloc(packed_len);
  if (!packed || compress(packed, &packed_len, (const Bytef *)text, len) != Z_OK) {
    free(packed);
    return WSPEC_ERR_NOMEM;
  }
  put_base64(file, packed, packed_len);
  free(packed);
  return WSPEC_OK;
}

static enum wspec_err put_packed_data(FILE *file, const struct wspec_report *reports,
                                      size_t n_reports) {
  char *text = NULL;
  size_t len = 0;
  FILE *plain = open_memstream(&text, &len);
  if (!plain) {
    return WSPEC_ERR_NOMEM;
  }
  enum wspec_err err = put_data(plain, reports, n_reports);
  if (fclose(plain) != 0 && !err) {
    err = WSPEC_ERR_NOMEM;
  }
  err = err ? err : put_deflated(file, text, len);
  free(text);
  return err;
}

/* ---- The page ---- */

static enum wspec_err put_part(FILE *file, const char *name, const struct wspec_report *reports,
                               size_t n_reports) {
  if (strncmp(name, "style@@", 7) == 0) {
    fwrite(wspec_page_css, 1, wspec_page_css_len, file);
  } else if (strncmp(name, "script@@", 8) == 0) {
    fwrite(wspec_page_js, 1, wspec_page_js_len, file);
  } else if (strncmp(name, "data@@", 6) == 0) {
    return put_packed_data(file, reports, n_reports);
  } else if (n_reports == 1) {
    wspec_put_xml(file, wspec_report_label(reports));
  } else {
    fprintf(file, "%zu targets", n_reports);
  }
  return WSPEC_OK;
}

enum wspec_err wspec_html_write(FILE *file, const struct wspec_report *reports, size_t n_reports) {
  const char *at = (const char *)wspec_page_html;
  const char *mark;
  enum wspec_err err = WSPEC_OK;
  while (!err && (mark = strstr(at, "@@")) != NULL) { /* "@@name@@" */
    fwrite(at, 1, (size_t)(mark - at), file);
    err = put_part(file, mark + 2, reports, n_reports);
    at = strstr(mark + 2, "@@") + 2;
  }
  fputs(at, file);
  return err ? err : wspec_file_result(file);
}
