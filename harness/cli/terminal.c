#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BAR_WIDTH = 30 };

static const char *color_of(const struct wspec_terminal *terminal, enum wspec_verdict verdict) {
  static const char *const colors[WSPEC_N_VERDICTS] = {"\033[32m", "\033[36m", "\033[33m",
                                                       "\033[31m", "\033[2m",  "\033[35m"};
  return terminal->has_color ? colors[verdict] : "";
}

static const char *plain(const struct wspec_terminal *terminal) {
  return terminal->has_color ? "\033[0m" : "";
}

void wspec_terminal_init(struct wspec_terminal *terminal, FILE *out, const char *url) {
  bool is_terminal = isatty(fileno(out)) == 1;
  const char *no_color = getenv("NO_COLOR");
  *terminal = (struct wspec_terminal){
      .out = out,
      .has_color = is_terminal && !(no_color && no_color[0]),
      .has_progress = is_terminal,
      .url = url,
  };
}

static void print_progress(const struct wspec_terminal *terminal, size_t n_done, size_t n_all) {
  size_t filled = n_all > 0 ? n_done * BAR_WIDTH / n_all : 0;
  fprintf(terminal->out, "\r\033[K[");
  for (size_t i = 0; i < BAR_WIDTH; i++) {
    fputc(i < filled ? '#' : '.', terminal->out);
  }
  fprintf(terminal->out, "] %zu/%zu", n_done, n_all);
  if (n_done == n_all) {
    fprintf(terminal->out, "\r\033[K");
  }
  fflush(terminal->out);
}

static void print_finding(const struct wspec_terminal *terminal,
                          const struct wspec_finding *finding) {
  FILE *out = terminal->out;
  fprintf(out, "      %s", finding->requirement[0] ? finding->requirement : "note");
  if (finding->level[0]) {
    fprintf(out, " (%s)", finding->level);
  }
  fprintf(out, ": %s\n", finding->message);
  if (finding->seen && !strstr(finding->message, "seen: ")) {
    fprintf(out, "      seen: %s\n", finding->seen);
  }
}

static void print_result(const struct wspec_terminal *terminal, const struct wspec_result *result) {
  FILE *out = terminal->out;
  fprintf(out, "%s%-5s%s %s%s\n", color_of(terminal, result->verdict),
          wspec_verdict_name(result->verdict), plain(terminal), result->script->id,
          result->flaky ? " (flaky)" : "");
  if (result->verdict != WSPEC_VERDICT_PASS) {
    fprintf(out, "      %s\n", result->script->summary);
  }
  if (result->skip_reason) {
    fprintf(out, "      %s\n", result->skip_reason);
  }
  for (size_t i = 0; i < result->n_findings && i < 4; i++) {
    print_finding(terminal, &result->findings[i]);
  }
  if (result->verdict == WSPEC_VERDICT_FAIL && terminal->url) {
    fprintf(out, "      reproduce: wspec run %s --cases %s -v\n", terminal->url,
            result->script->id);
  }
}

void wspec_terminal_result(const struct wspec_terminal *terminal, const struct wspec_result *result,
                           size_t n_done, size_t n_all) {
  bool is_bad = result->verdict == WSPEC_VERDICT_FAIL || result->verdict == WSPEC_VERDICT_ERROR;
  bool is_shown = (is_bad && !terminal->quiet) || terminal->verbose > 1 ||
                  (terminal->verbose > 0 && result->verdict != WSPEC_VERDICT_PASS &&
                   result->verdict != WSPEC_VERDICT_SKIP);
  if (is_shown) {
    fprintf(terminal->out, "%s", terminal->has_progress ? "\r\033[K" : "");
    print_result(terminal, result);
  }
  if (terminal->has_progress && !terminal->quiet) {
    print_progress(terminal, n_done, n_all);
  }
}

/* ---- The table ---- */

static void print_row(const struct wspec_terminal *terminal, const char *spec, const char *section,
                      const struct wspec_summary *sum) {
  fprintf(terminal->out, "  %-10s %-8s", spec, section);
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

static bool same_section(const struct wspec_result *a, const struct wspec_result *b) {
  return strcmp(a->script->spec, b->script->spec) == 0 &&
         strcmp(a->script->section, b->script->section) == 0;
}

static void print_table(const struct wspec_terminal *terminal, const struct wspec_result *results,
                        size_t n_results) {
  fprintf(terminal->out, "  %-10s %-8s", "spec", "section");
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    fprintf(terminal->out, "%7s", wspec_verdict_name((enum wspec_verdict)i));
  }
  fputc('\n', terminal->out);
  for (size_t i = 0; i < n_results;) {
    struct wspec_summary sum = {0};
    size_t first = i;
    for (; i < n_results && same_section(&results[first], &results[i]); i++) {
      wspec_summary_add(&sum, &results[i]);
    }
    print_row(terminal, results[first].script->spec, results[first].script->section, &sum);
  }
}

void wspec_terminal_summary(const struct wspec_terminal *terminal,
                            const struct wspec_result *results, size_t n_results, double seconds) {
  struct wspec_summary sum = {0};
  for (size_t i = 0; i < n_results; i++) {
    wspec_summary_add(&sum, &results[i]);
  }
  if (!terminal->quiet) {
    print_table(terminal, results, n_results);
  }
  fprintf(terminal->out, "%zu cases in %.2f s:", sum.total, seconds);
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    fprintf(terminal->out, "%s %zu %s", i ? "," : "", sum.by_verdict[i],
            wspec_verdict_name((enum wspec_verdict)i));
  }
  fprintf(terminal->out, sum.flaky ? " (%zu flaky)\n" : "\n", sum.flaky);
  fflush(terminal->out);
}
