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

/* ---- Packing ---- */

/* Transcripts are hex, and alike: they shrink to a tenth. What is put to `plain` goes on packed, a
 * piece at a time, so that the whole is never held. */
struct packer {
  FILE *plain; /* into `text` */
  char *text;
  size_t len;
  z_stream stream;
  bool is_open; /* `stream` is */
  FILE *file;
  unsigned char rest[3]; /* of it, too few for four digits */
  size_t n_rest;
};

enum { PIECE_LEN = 64 * 1024 };

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

/* `room` has space for what is left of the piece before, in front of the `len` octets at room + 2. */
static void put_packed(struct packer *packer, unsigned char *room, size_t len) {
  unsigned char *first = room + 2 - packer->n_rest;
  memcpy(first, packer->rest, packer->n_rest);
  len += packer->n_rest;
  size_t whole = len / 3 * 3;
  put_base64(packer->file, first, whole);
  packer->n_rest = len - whole;
  memcpy(packer->rest, first + whole, packer->n_rest);
}

/* Packs what was put so far. The page knows "zlib" as "deflate". */
static enum wspec_err pack_text(struct packer *packer, int flush) {
  unsigned char room[2 + PIECE_LEN / 4];
  if (fflush(packer->plain) != 0 || ferror(packer->plain)) {
    return WSPEC_ERR_NOMEM;
  }
  packer->stream.next_in = (Bytef *)packer->text;
  packer->stream.avail_in = (uInt)packer->len;
  do {
    packer->stream.next_out = room + 2;
    packer->stream.avail_out = sizeof room - 2;
    (void)deflate(&packer->stream, flush); /* it fails for a stream that was not set up alone */
    put_packed(packer, room, sizeof room - 2 - packer->stream.avail_out);
  } while (packer->stream.avail_out == 0);
  return fseeko(packer->plain, 0, SEEK_SET) == 0 ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

/* Called now and then: packs where enough has come together. */
static enum wspec_err pack(struct packer *packer) {
  return ftello(packer->plain) < PIECE_LEN ? WSPEC_OK : pack_text(packer, Z_NO_FLUSH);
}

static enum wspec_err packer_open(struct packer *packer, FILE *file) {
  *packer = (struct packer){.file = file};
  packer->plain = open_memstream(&packer->text, &packer->len);
  packer->is_open = packer->plain && deflateInit(&packer->stream, Z_DEFAULT_COMPRESSION) == Z_OK;
  return packer->is_open ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

static void packer_close(struct packer *packer) {
  if (packer->is_open) {
    (void)deflateEnd(&packer->stream);
  }
  if (packer->plain) {
    (void)fclose(packer->plain);
  }
  free(packer->text);
}

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

static enum wspec_err put_case(FILE *file, const struct wspec_record *record) {
  cJSON *parsed;
  const char *summary;
  enum wspec_err err = wspec_record_summary(record, &parsed, &summary);
  if (err) {
    return err;
  }
  put_member(file, "{\"id\":", record->id);
  put_member(file, ",\"spec\":", record->spec);
  put_member(file, ",\"section\":", record->section);
  put_member(file, ",\"summary\":", summary);
  cJSON_Delete(parsed);
  fputs(",\"requirements\":[", file);
  for (size_t i = 0; i < record->n_requirements; i++) {
    put_member(file, i > 0 ? "," : "", record->requirements[i]);
  }
  fputs("]}", file);
  return WSPEC_OK;
}

/* Most results are plain passes: their milliseconds say it all. */
static bool is_plain_pass(const struct wspec_record *record) {
  return record->verdict == WSPEC_VERDICT_PASS && !record->flaky && record->n_findings == 0 &&
         !record->known_reason && !record->has_transcript;
}

static enum wspec_err put_result(FILE *file, const struct wspec_record *record,
                                 struct wspec_buf *room) {
  if (!record) {
    fputs("null", file);
    return WSPEC_OK;
  }
  if (is_plain_pass(record)) {
    fprintf(file, "%.1f", record->duration_ms);
    return WSPEC_OK;
  }
  struct wspec_span json;
  enum wspec_err err = wspec_record_json(record, room, &json);
  if (!err) {
    fputc('\n', file);
    put_raw_json(file, json);
  }
  return err;
}

static enum wspec_err put_results(struct packer *packer, const struct wspec_report *report,
                                  const struct union_of_cases *cases) {
  struct wspec_buf room;
  wspec_buf_init(&room, SIZE_MAX);
  enum wspec_err err = WSPEC_OK;
  fputc('[', packer->plain);
  for (size_t i = 0; i < cases->n && !err; i++) {
    fputs(i > 0 ? "," : "", packer->plain);
    err = put_result(packer->plain, wspec_report_find(report, cases->records[i]->id), &room);
    err = err ? err : pack(packer);
  }
  fputc(']', packer->plain);
  wspec_buf_clear(&room);
  return err;
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

static enum wspec_err put_data(struct packer *packer, const struct wspec_report *reports,
                               size_t n_reports) {
  FILE *file = packer->plain;
  struct union_of_cases cases = {.records = NULL};
  enum wspec_err err = unite(&cases, reports, n_reports);
  fputs("{\"targets\":[", file);
  for (size_t i = 0; i < n_reports; i++) {
    fputs(i > 0 ? ",\n" : "", file);
    put_target(file, &reports[i]);
  }
  fputs("],\n\"cases\":[", file);
  for (size_t i = 0; i < cases.n && !err; i++) {
    fputs(i > 0 ? ",\n" : "", file);
    err = put_case(file, cases.records[i]);
    err = err ? err : pack(packer);
  }
  fputs("],\n\"results\":[", file);
  for (size_t i = 0; i < n_reports && !err; i++) {
    fputs(i > 0 ? ",\n" : "", file);
    err = put_results(packer, &reports[i], &cases);
  }
  fputs("],\n", file);
  err = err ? err : put_requirements(file, reports, n_reports);
  fputs("\"format\":\"wspec-page/1\"}", file);
  free(cases.records);
  return err;
}

static enum wspec_err put_packed_data(FILE *file, const struct wspec_report *reports,
                                      size_t n_reports) {
  struct packer packer;
  enum wspec_err err = packer_open(&packer, file);
  if (!err) {
    err = put_data(&packer, reports, n_reports);
    err = err ? err : pack_text(&packer, Z_FINISH);
    put_base64(file, packer.rest, packer.n_rest);
  }
  packer_close(&packer);
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
