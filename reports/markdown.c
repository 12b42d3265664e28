#include "reports/markdown.h"

#include "reports/text.h"

#include <string.h>

/* A job summary on GitHub may have 1 MiB; the failures that are told in full stay far below. */
enum { FAILURES_MAX = 100 };

static void put_header(FILE *file, const char *what) {
  fprintf(file, "| %s |", what);
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    fprintf(file, " %s |", wspec_verdict_name((enum wspec_verdict)i));
  }
  fputs(" known |\n| --- |", file);
  for (unsigned i = 0; i <= WSPEC_N_VERDICTS; i++) {
    fputs(" ---: |", file);
  }
  fputc('\n', file);
}

static void put_row(FILE *file, const char *a, const char *b, const struct wspec_summary *sum) {
  fputs("| ", file);
  wspec_put_markdown(file, a);
  fputc(' ', file);
  wspec_put_markdown(file, b);
  fputs(" |", file);
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    bool is_bad = i == WSPEC_VERDICT_FAIL && sum->by_verdict[i] > 0;
    fprintf(file, is_bad ? " **%zu** |" : " %zu |", sum->by_verdict[i]);
  }
  fprintf(file, " %zu |\n", sum->known);
}

static void put_sections(FILE *file, const struct wspec_report *report) {
  put_header(file, "section");
  for (size_t i = 0; i < report->n_records;) {
    const struct wspec_record *first = &report->records[i];
    struct wspec_summary sum = {0};
    for (; i < report->n_records && strcmp(first->spec, report->records[i].spec) == 0 &&
           strcmp(first->section, report->records[i].section) == 0;
         i++) {
      sum.by_verdict[report->records[i].verdict]++;
      sum.known += report->records[i].known_reason != NULL;
    }
    put_row(file, first->spec, first->section, &sum);
  }
}

static void put_failure(FILE *file, const struct wspec_report *report,
                        const struct wspec_record *record) {
  fputs("\n<details><summary><b>", file);
  fputs(wspec_verdict_name(record->verdict), file);
  fputs("</b> <code>", file);
  wspec_put_xml(file, record->id);
  fputs("</code> ", file);
  wspec_put_xml(file, record->summary);
  fputs("</summary>\n\n<pre>\n", file);
  wspec_put_evidence(file, wspec_put_xml, "", report, record);
  fputs("</pre>\n</details>\n", file);
}

/* `room`: how many may still be told in full, over all targets. */
static void put_failures(FILE *file, const struct wspec_report *report, bool has_label,
                         size_t *room) {
  size_t n_all = 0;
  size_t n_left = 0;
  for (size_t i = 0; i < report->n_records; i++) {
    if (!wspec_record_is_failure(&report->records[i])) {
      continue;
    }
    if (n_all++ == 0) {
      fputs("\n### ", file);
      wspec_put_markdown(file, has_label ? wspec_report_label(report) : "Failures");
      fputc('\n', file);
    }
    if (*room > 0) {
      put_failure(file, report, &report->records[i]);
      (*room)--;
    } else {
      n_left++;
    }
  }
  if (n_left > 0) {
    fprintf(file, "\n%zu%s failures are in the whole report.\n", n_left,
            n_left < n_all ? " more" : "");
  }
}

static void put_remark(FILE *file, const struct wspec_report *report, bool has_label) {
  if (report->refusal_code != 0) {
    fputc('\n', file);
    if (has_label) {
      wspec_put_markdown(file, wspec_report_label(report));
      fputs(": ", file);
    }
    (void)wspec_put_remark(file, report);
    fputc('\n', file);
  }
}

enum wspec_err wspec_markdown_write(FILE *file, const struct wspec_report *reports,
                                    size_t n_reports) {
  bool has_label = n_reports > 1;
  size_t room = FAILURES_MAX;
  fputs("## wspec", file);
  if (!has_label && n_reports > 0) {
    fputs(": ", file);
    wspec_put_markdown(file, wspec_report_label(reports));
  }
  fputs("\n\n", file);
  if (has_label) {
    put_header(file, "target");
    for (size_t i = 0; i < n_reports; i++) {
      put_row(file, wspec_report_label(&reports[i]), reports[i].agent, &reports[i].summary);
    }
  } else if (n_reports > 0) {
    put_sections(file, reports);
  }
  for (size_t i = 0; i < n_reports; i++) {
    if (!reports[i].is_complete) {
      fputs("\n**The run was cut off**: ", file);
      wspec_put_markdown(file, wspec_report_label(&reports[i]));
      fprintf(file, " has %zu of %zu results.\n", reports[i].n_records, reports[i].n_selected);
    }
    put_remark(file, &reports[i], has_label);
    put_failures(file, &reports[i], has_label, &room);
  }
  return wspec_file_result(file);
}
