#include "cli/terminal.h"

#include "cli/frames.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 20, COLUMNS_DEFAULT = 80, LABEL_WIDTH = 6 };

static const char *color_of(const struct wspec_terminal *terminal, enum wspec_verdict verdict) {
  static const char *const colors[WSPEC_N_VERDICTS] = {"\033[32m", "\033[36m", "\033[33m",
                                                       "\033[31m", "\033[2m",  "\033[35m"};
  return terminal->has_color ? colors[verdict] : "";
}

static const char *plain(const struct wspec_terminal *terminal) {
  return terminal->has_color ? "\033[0m" : "";
}

static uint64_t clock_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool wspec_color_parse(const char *text, enum wspec_color *color) {
  static const char *const names[] = {"auto", "always", "never"};
  for (unsigned i = 0; i < 3; i++) {
    if (strcmp(text, names[i]) == 0) {
      *color = (enum wspec_color)i;
      return true;
    }
  }
  return false;
}

static unsigned columns_of(FILE *out) {
  struct winsize size;
  bool is_known = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : COLUMNS_DEFAULT;
}

void wspec_terminal_init(struct wspec_terminal *terminal, FILE *out, enum wspec_color color) {
  bool is_terminal = isatty(fileno(out)) == 1;
  const char *no_color = getenv("NO_COLOR");
  const char *term = getenv("TERM");
  bool is_dumb = term && strcmp(term, "dumb") == 0;
  bool by_default = is_terminal && !is_dumb && !(no_color && no_color[0]);
  *terminal = (struct wspec_terminal){
      .out = out,
      .has_color = color == WSPEC_COLOR_AUTO ? by_default : color == WSPEC_COLOR_ALWAYS,
      .has_progress = is_terminal && !is_dumb,
      .columns = is_terminal ? columns_of(out) : 0,
      .began_us = clock_us(),
  };
}

/* ---- Progress ---- */

static void print_count(const struct wspec_terminal *terminal, enum wspec_verdict verdict) {
  if (terminal->summary.by_verdict[verdict] > 0) {
    fprintf(terminal->out, " %s%zu %s%s", color_of(terminal, verdict),
            terminal->summary.by_verdict[verdict], wspec_verdict_name(verdict), plain(terminal));
  }
}

/* At most 75 columns with 6-digit counts: it must never wrap, or it could not be taken back. */
static void print_progress(const struct wspec_terminal *terminal, size_t n_done, size_t n_all) {
  FILE *out = terminal->out;
  size_t filled = n_all > 0 ? n_done * BAR_WIDTH / n_all : 0;
  fprintf(out, "\r\033[K[");
  for (size_t i = 0; i < BAR_WIDTH; i++) {
    fputc(i < filled ? '#' : '.', out);
  }
  fprintf(out, "] %zu/%zu", n_done, n_all);
  print_count(terminal, WSPEC_VERDICT_PASS);
  print_count(terminal, WSPEC_VERDICT_FAIL);
  print_count(terminal, WSPEC_VERDICT_ERROR);
  uint64_t spent_us = clock_us() - terminal->began_us;
  uint64_t left_s = spent_us / 1000000 * (n_all - n_done) / n_done;
  if (left_s > 0) {
    fprintf(out, ", %llu s left", (unsigned long long)left_s);
  }
  if (n_done == n_all) {
    fprintf(out, "\r\033[K");
  }
  fflush(out);
}

/* ---- One result ---- */

/* A line of its own, cut where the terminal ends; `text` may hold line ends, which become spaces. */
static void print_line(const struct wspec_terminal *terminal, const char *label, const char *text) {
  FILE *out = terminal->out;
  size_t room = terminal->columns > 40 ? terminal->columns - LABEL_WIDTH : SIZE_MAX;
  size_t used = strlen(label);
  fprintf(out, "%*s%s", LABEL_WIDTH, "", label);
  for (; *text; text++) {
    bool starts = ((unsigned char)*text & 0xc0) != 0x80;
    used += starts;
    if (starts && used >= room && text[1]) {
      fprintf(out, "…");
      break;
    }
    fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
  }
  fputc('\n', out);
}

static const struct wspec_finding *worst_finding(const struct wspec_result *result) {
  const struct wspec_finding *worst = NULL;
  for (size_t i = 0; i < result->n_findings; i++) {
    if (!worst || result->findings[i].verdict > worst->verdict) {
      worst = &result->findings[i];
    }
  }
  return worst;
}

static void print_source(const struct wspec_terminal *terminal, const struct wspec_result *result,
                         const struct wspec_finding *finding) {
  char more[64] = "";
  if (result->n_findings > 1) {
    snprintf(more, sizeof more, "; %zu more in the report", result->n_findings - 1);
  }
  const char *requirement = finding->requirement;
  size_t rfc_len = strcspn(requirement, "-");
  char line[256];
  if (requirement[0] && requirement[rfc_len] == '-') {
    const char *section = requirement + rfc_len + 1;
    snprintf(line, sizeof line, "RFC %.*s section %.*s, %s (%s)%s", (int)rfc_len, requirement,
             (int)strcspn(section, "-"), section, requirement, finding->level, more);
  } else {
    snprintf(line, sizeof line, "no sentence of an RFC%s", more);
  }
  print_line(terminal, "section:  ", line);
}

static void print_finding(const struct wspec_terminal *terminal,
                          const struct wspec_finding *finding) {
  if (finding->expected && finding->seen) {
    print_line(terminal, "expected: ", finding->expected);
    print_line(terminal, "seen:     ", finding->seen);
  } else {
    print_line(terminal, "found:    ", finding->message);
  }
}

static void print_result(const struct wspec_terminal *terminal, const struct wspec_result *result,
                         const char *known) {
  FILE *out = terminal->out;
  const struct wspec_finding *finding = worst_finding(result);
  fprintf(out, "%s%-5s%s %s%s%s%s\n", color_of(terminal, result->verdict),
          wspec_verdict_name(result->verdict), plain(terminal), result->script->id,
          result->flaky ? " (flaky)" : "", known ? " (known: " : "", known ? known : "");
  if (result->verdict == WSPEC_VERDICT_PASS && !finding) {
    return;
  }
  print_line(terminal, "", result->script->summary);
  if (finding) {
    print_finding(terminal, finding);
    print_source(terminal, result, finding);
  } else if (result->skip_reason) {
    print_line(terminal, "", result->skip_reason);
  }
  if (terminal->reproduce && result->verdict != WSPEC_VERDICT_SKIP) {
    fprintf(out, "%*sreproduce: %s --cases %s -v\n", LABEL_WIDTH, "", terminal->reproduce,
            result->script->id);
  }
}

void wspec_terminal_result(struct wspec_terminal *terminal, const struct wspec_result *result,
                           const char *known, size_t n_done, size_t n_all) {
  terminal->summary.total++;
  terminal->summary.by_verdict[result->verdict]++;
  bool is_bad = result->verdict == WSPEC_VERDICT_FAIL || result->verdict == WSPEC_VERDICT_ERROR;
  bool is_shown = (is_bad && !terminal->quiet && !known) || terminal->verbose > 1 ||
                  (terminal->verbose > 0 && result->verdict != WSPEC_VERDICT_PASS &&
                   result->verdict != WSPEC_VERDICT_SKIP);
  if (is_shown) {
    fprintf(terminal->out, "%s", terminal->has_progress ? "\r\033[K" : "");
    print_result(terminal, result, known);
    if (terminal->verbose > 0) {
      wspec_frames_print(terminal->out, &result->transcript);
    }
  }
  if (terminal->has_progress && !terminal->quiet) {
    print_progress(terminal, n_done, n_all);
  }
}

/* ---- The table ---- */

static void print_row(const struct wspec_terminal *terminal, const struct wspec_record *record,
                      const struct wspec_summary *sum) {
  fprintf(terminal->out, "  %-10s %-8s", record->spec, record->section);
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    if (sum->by_verdict[i] == 0) {
      fprintf(terminal->out, "      -");
    } else {
      fprintf(terminal->out, "%s%7zu%s", color_of(terminal, (enum wspec_verdict)i),
              sum->by_verdict[i], plain(terminal));
    }
  }
  fputc('\n', terminal->out);
}

static bool same_section(const struct wspec_record *a, const struct wspec_record *b) {
  return strcmp(a->spec, b->spec) == 0 && strcmp(a->section, b->section) == 0;
}

static void print_table(const struct wspec_terminal *terminal, const struct wspec_report *report) {
  fprintf(terminal->out, "  %-10s %-8s", "spec", "section");
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    fprintf(terminal->out, "%7s", wspec_verdict_name((enum wspec_verdict)i));
  }
  fputc('\n', terminal->out);
  for (size_t i = 0; i < report->n_records;) {
    struct wspec_summary sum = {0};
    const struct wspec_record *first = &report->records[i];
    for (; i < report->n_records && same_section(first, &report->records[i]); i++) {
      sum.by_verdict[report->records[i].verdict]++;
    }
    print_row(terminal, first, &sum);
  }
}

void wspec_terminal_summary(const struct wspec_terminal *terminal,
                            const struct wspec_report *report, double seconds) {
  const struct wspec_summary *sum = &report->summary;
  if (!terminal->quiet) {
    print_table(terminal, report);
  }
  fprintf(terminal->out, "%zu cases in %.2f s:", sum->total, seconds);
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    fprintf(terminal->out, "%s %zu %s", i ? "," : "", sum->by_verdict[i],
            wspec_verdict_name((enum wspec_verdict)i));
  }
  if (sum->flaky > 0) {
    fprintf(terminal->out, " (%zu flaky)", sum->flaky);
  }
  if (sum->known > 0) {
    fprintf(terminal->out, " (%zu known)", sum->known);
  }
  fputc('\n', terminal->out);
  fflush(terminal->out);
}
