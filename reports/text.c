#include "reports/text.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <string.h>

/* U+FFFE and U+FFFF, and all below U+0020 but tab and line ends, are no characters of XML 1.0. */
static bool is_xml(const char *at) {
  unsigned char octet = (unsigned char)*at;
  if (octet < 0x20) {
    return octet == '\t' || octet == '\n' || octet == '\r';
  }
  return strncmp(at, "\xef\xbf\xbe", 3) != 0 && strncmp(at, "\xef\xbf\xbf", 3) != 0;
}

void wspec_put_xml(FILE *file, const char *text) {
  for (; *text; text++) {
    if (!is_xml(text)) {
      fputs("\xef\xbf\xbd", file);
      text += (unsigned char)*text == 0xef ? 2 : 0;
    } else if (strchr("<>&\"'\t\n\r", *text)) {
      fprintf(file, "&#%d;", *text);
    } else {
      fputc(*text, file);
    }
  }
}

void wspec_put_json(FILE *file, const char *text) {
  fputc('"', file);
  for (; *text; text++) {
    unsigned char octet = (unsigned char)*text;
    if (octet == '"' || octet == '\\') {
      fprintf(file, "\\%c", octet);
    } else if (octet < 0x20 || octet == 0x7f || octet == '<') {
      fprintf(file, "\\u%04x", octet);
    } else {
      fputc(octet, file);
    }
  }
  fputc('"', file);
}

void wspec_put_markdown(FILE *file, const char *text) {
  for (; *text; text++) {
    if (*text == '\n' || *text == '\r') {
      fputc(' ', file);
    } else if (strchr("\\`*_[]<>#|~&@", *text)) {
      fprintf(file, "&#%d;", *text);
    } else {
      fputc(*text, file);
    }
  }
}

bool wspec_put_requirement_url(FILE *file, const char *id) {
  size_t rfc_len = strspn(id, "0123456789");
  if (rfc_len == 0 || id[rfc_len] != '-') {
    return false;
  }
  const char *section = id + rfc_len + 1;
  fprintf(file, "https://www.rfc-editor.org/rfc/rfc%.*s#section-%.*s", (int)rfc_len, id,
          (int)strcspn(section, "-"), section);
  return true;
}

static void put_line(FILE *file, void (*put)(FILE *, const char *), const char *indent,
                     const char *label, const char *text) {
  if (text && text[0]) {
    fprintf(file, "%s%s", indent, label);
    put(file, text);
    fputc('\n', file);
  }
}

static void put_finding(FILE *file, void (*put)(FILE *, const char *), const char *indent,
                        const struct wspec_record_finding *finding) {
  if (finding->expected && finding->seen) { /* the message is made of the two */
    put_line(file, put, indent, "expected: ", finding->expected);
    put_line(file, put, indent, "seen: ", finding->seen);
  } else {
    put_line(file, put, indent, "", finding->message);
  }
  if (finding->requirement[0]) {
    fprintf(file, "%s  %s %s: ", indent, finding->level, finding->requirement);
    (void)wspec_put_requirement_url(file, finding->requirement);
    fputc('\n', file);
  }
  if (finding->offset != WSPEC_OFFSET_NONE) {
    fprintf(file, "%s  octet %llu of connection %u, after %.3f ms\n", indent,
            (unsigned long long)finding->offset, finding->connection,
            (double)finding->at_us / 1000);
  }
}

static const char *head_text(const struct wspec_report *report, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(report->head, name));
}

void wspec_put_evidence(FILE *file, void (*put)(FILE *, const char *), const char *indent,
                        const struct wspec_report *report, const struct wspec_record *record) {
  for (size_t i = 0; i < record->n_findings; i++) {
    put_finding(file, put, indent, &record->findings[i]);
  }
  put_line(file, put, indent, "", record->skip_reason);
  const char *reproduce = head_text(report, "reproduce");
  const char *end = head_text(report, "reproduce_end");
  if (reproduce) {
    fprintf(file, "%sreproduce: ", indent);
    put(file, reproduce);
    fputs(" --cases ", file);
    put(file, record->id);
    fputs(" -v", file);
    put(file, end ? end : "");
    fputc('\n', file);
  }
}

bool wspec_put_remark(FILE *file, const struct wspec_report *report) {
  if (report->refusal_code == 0) {
    return false;
  }
  fprintf(
      file,
      "The target closes with %u on an ordinary message: %zu %s skipped for it, and say nothing "
      "of it.",
      report->refusal_code, report->n_refused, report->n_refused == 1 ? "case was" : "cases were");
  return true;
}

bool wspec_record_is_failure(const struct wspec_record *record) {
  return !record->known_reason &&
         (record->verdict == WSPEC_VERDICT_FAIL || record->verdict == WSPEC_VERDICT_ERROR);
}

const char *wspec_record_headline(const struct wspec_record *record) {
  const struct wspec_record_finding *worst = NULL;
  for (size_t i = 0; i < record->n_findings; i++) {
    if (!worst || record->findings[i].verdict > worst->verdict) {
      worst = &record->findings[i];
    }
  }
  return worst ? worst->message : record->skip_reason ? record->skip_reason : "";
}

const char *wspec_requirement_text(const struct wspec_report *report, const char *id) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(report->requirements, id);
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "text"));
  return text ? text : "";
}

enum wspec_err wspec_file_result(FILE *file) {
  return ferror(file) ? WSPEC_ERR_IO : WSPEC_OK;
}
