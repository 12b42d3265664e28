#include "cli/terminal.h"

#include "cli/frames.h"
#include "cli/suspects.h"

#include "reports/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR_MIN = 5, BAR_MAX = 20, COLUMNS_DEFAULT = 80, LABEL_WIDTH = 6, ROWS_MAX = 6 };

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

void wspec_terminal_clear(struct wspec_terminal *terminal) {
  wspec_frames_free(terminal->frames);
  *terminal = (struct wspec_terminal){.out = NULL};
}

/* ---- Progress ---- */

/* A part of the line, with what is left out first where the terminal is narrow: the highest. */
struct part {
  char text[32];
  const char *color;
  unsigned dispensable;
};
enum { PARTS_MAX = 5 };

static void set_count(struct part *part, const struct wspec_terminal *terminal,
                      enum wspec_verdict verdict, unsigned dispensable) {
  size_t n = terminal->summary.by_verdict[verdict];
  part->color = color_of(terminal, verdict);
  part->dispensable = dispensable;
  if (n > 0) {
    snprintf(part->text, sizeof part->text, " %zu %s", n, wspec_verdict_name(verdict));
  }
}

static size_t width_of(const struct part *parts) {
  size_t width = 0;
  for (size_t i = 0; i < PARTS_MAX; i++) {
    width += strlen(parts[i].text);
  }
  return width;
}

static void fit(struct part *parts, size_t columns) {
  for (unsigned rank = 4; rank > 0 && width_of(parts) > columns; rank--) {
    for (size_t i = 0; i < PARTS_MAX; i++) {
      if (parts[i].dispensable == rank) {
        parts[i].text[0] = '\0';
      }
    }
  }
}

static void print_bar(FILE *out, size_t width, size_t n_done, size_t n_all) {
  size_t filled = n_all > 0 ? n_done * width / n_all : 0;
  fputc('[', out);
  for (size_t i = 0; i < width; i++) {
    fputc(i < filled ? '#' : '.', out);
  }
  fprintf(out, "] ");
}

/* It must never wrap, or it could not be taken back; the last column is left free for that. */
static void print_progress(const struct wspec_terminal *terminal, size_t n_done, size_t n_all) {
  FILE *out = terminal->out;
  struct part parts[PARTS_MAX] = {{.text = ""}};
  snprintf(parts[0].text, sizeof parts[0].text, "%zu/%zu", n_done, n_all);
  set_count(&parts[1], terminal, WSPEC_VERDICT_PASS, 4);
  set_count(&parts[2], terminal, WSPEC_VERDICT_FAIL, 1);
  set_count(&parts[3], terminal, WSPEC_VERDICT_ERROR, 2);
  parts[4].dispensable = 3;
  uint64_t spent_us = clock_us() - terminal->began_us;
  uint64_t left_s = spent_us * (n_all - n_done) / n_done / 1000000;
  if (left_s > 0) {
    snprintf(parts[4].text, sizeof parts[4].text, ", %llu s left", (unsigned long long)left_s);
  }
  size_t columns = columns_of(out) - 1;
  fit(parts, columns);
  size_t left = columns - width_of(parts);
  fprintf(out, "\r\033[K");
  if (left >= BAR_MIN + 3) {
    print_bar(out, left < BAR_MAX + 3 ? left - 3 : BAR_MAX, n_done, n_all);
  }
  for (size_t i = 0; i < PARTS_MAX; i++) {
    const char *color = parts[i].color && parts[i].text[0] ? parts[i].color : "";
    fprintf(out, "%s%s%s", color, parts[i].text, color[0] ? plain(terminal) : "");
  }
  if (n_done == n_all) {
    fprintf(out, "\r\033[K");
  }
  fflush(out);
}

static void take_progress_back(const struct wspec_terminal *terminal) {
  if (terminal->has_progress) {
    fprintf(terminal->out, "\r\033[K");
  }
}

/* ---- Lines ---- */

/* Columns of the character that begins at `at`, rather too many than too few: what is not Latin,
 * Greek, Cyrillic or punctuation counts as wide. */
static size_t width_at(const char *at) {
  unsigned char octet = (unsigned char)*at;
  return (octet & 0xc0) == 0x80 ? 0 : octet < 0xe1 || octet == 0xe2 ? 1 : 2;
}

static size_t width_of_text(const char *text) {
  size_t width = 0;
  for (; *text; text++) {
    width += width_at(text);
  }
  return width;
}

/* C0, DEL and C1: a target's words must not command the terminal. */
static bool is_control(const char *at) {
  unsigned char octet = (unsigned char)at[0];
  return octet < 0x20 || octet == 0x7f || (octet == 0xc2 && (unsigned char)at[1] < 0xa0);
}

/* At most `columns` of `text`, on one line. */
static void print_cut(FILE *out, const char *text, size_t columns) {
  bool fits = width_of_text(text) <= columns;
  size_t room = fits ? columns : columns - 3;
  for (size_t used = width_at(text); *text && used <= room; used += width_at(text)) {
    if (is_control(text)) {
      fputc(' ', out);
      text += (unsigned char)*text == 0xc2 ? 2 : 1;
    } else {
      fputc(*text++, out);
    }
  }
  fprintf(out, "%s\n", fits ? "" : "...");
}

/* The columns behind the first `used` of a line; SIZE_MAX: it may be as long as it is. */
static size_t room_behind(const struct wspec_terminal *terminal, size_t used) {
  return terminal->columns > 40 ? terminal->columns - used : SIZE_MAX;
}

static void print_line(const struct wspec_terminal *terminal, const char *label, const char *text) {
  fprintf(terminal->out, "%*s%s", LABEL_WIDTH, "", label);
  print_cut(terminal->out, text, room_behind(terminal, LABEL_WIDTH + strlen(label)));
}

/* ---- One result ---- */

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
    bool is_rfc = requirement[0] >= '0' && requirement[0] <= '9';
    snprintf(line, sizeof line, "%s%.*s section %.*s, %s (%s)%s", is_rfc ? "RFC " : "",
             (int)rfc_len, is_rfc ? requirement : "WHATWG", (int)strcspn(section, "-"), section,
             requirement, finding->level, more);
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

/* The last line that is not empty: most often why a program gave up. */
static void print_last_words(const struct wspec_terminal *terminal, const char *output) {
  size_t end = strlen(output);
  while (end > 0 && strchr(" \t\n", output[end - 1])) {
    end--;
  }
  size_t start = end;
  while (start > 0 && output[start - 1] != '\n') {
    start--;
  }
  char line[512];
  snprintf(line, sizeof line, "%.*s", (int)(end - start), output + start);
  if (line[0]) {
    print_line(terminal, "printed:  ", line);
  }
}

static void print_output(const struct wspec_terminal *terminal, const char *output) {
  for (size_t len; *output; output += len + (output[len] != '\0')) {
    len = strcspn(output, "\n");
    char line[512];
    snprintf(line, sizeof line, "%.*s", (int)len, output);
    print_line(terminal, "| ", line);
  }
}

/* How much of it is said, so that all lines with the command, which is never cut, are at most
 * ROWS_MAX rows of the terminal. */
struct layout {
  bool has_summary_line; /* else it stands on the first line */
  bool has_section_line; /* else its requirement does */
};

static struct layout lay_out(const struct wspec_terminal *terminal,
                             const struct wspec_finding *finding, bool has_output,
                             size_t command_len) {
  size_t command_rows = terminal->columns > 0 ? 1 + (command_len - 1) / terminal->columns : 1;
  size_t finding_rows = finding && finding->expected && finding->seen ? 2 : 1;
  size_t left = ROWS_MAX - 1 - finding_rows - has_output;
  left = left > command_rows ? left - command_rows : 0;
  return (struct layout){.has_section_line = left > 0, .has_summary_line = left > 1};
}

static void print_first_line(const struct wspec_terminal *terminal,
                             const struct wspec_result *result, const char *known,
                             const char *requirement, const char *summary) {
  char text[512];
  const char *verdict = wspec_verdict_name(result->verdict);
  bool has_requirement = requirement[0] != '\0';
  snprintf(text, sizeof text, "%s%s%s%s%s%s%s%s%s%s", result->script->id,
           result->flaky         ? " (flaky)"
           : result->unconfirmed ? " (unconfirmed)"
                                 : "",
           known ? " (known: " : "", known ? known : "", known ? ")" : "",
           has_requirement ? " (" : "", requirement, has_requirement ? ")" : "",
           summary[0] ? ": " : "", summary);
  fprintf(terminal->out, "%s%-5s%s ", color_of(terminal, result->verdict), verdict,
          plain(terminal));
  print_cut(terminal->out, text, room_behind(terminal, LABEL_WIDTH));
}

static void print_result(const struct wspec_terminal *terminal, const struct wspec_result *result,
                         const char *known) {
  const struct wspec_finding *finding = worst_finding(result);
  if (result->verdict == WSPEC_VERDICT_PASS && !finding) {
    print_first_line(terminal, result, known, "", "");
    return;
  }
  bool has_command = terminal->reproduce && result->verdict != WSPEC_VERDICT_SKIP;
  const char *command_end = terminal->reproduce_end ? terminal->reproduce_end : "";
  size_t command_len = LABEL_WIDTH + sizeof "reproduce:  --cases  -v" + strlen(result->script->id) +
                       (has_command ? strlen(terminal->reproduce) + strlen(command_end) : 0);
  bool has_output = result->output && terminal->verbose == 0;
  struct layout layout = lay_out(terminal, finding, has_output, command_len);
  print_first_line(terminal, result, known,
                   finding && !layout.has_section_line ? finding->requirement : "",
                   layout.has_summary_line ? "" : result->script->summary);
  if (layout.has_summary_line) {
    print_line(terminal, "", result->script->summary);
  }
  if (finding) {
    print_finding(terminal, finding);
  } else if (result->skip_reason) {
    print_line(terminal, "", result->skip_reason);
  }
  if (finding && layout.has_section_line) {
    print_source(terminal, result, finding);
  }
  if (has_output) {
    print_last_words(terminal, result->output);
  }
  if (has_command) {
    fprintf(terminal->out, "%*sreproduce: %s --cases %s -v%s\n", LABEL_WIDTH, "",
            terminal->reproduce, result->script->id, command_end);
  }
}

/* ---- Frames ---- */

static bool are_frames_live(const struct wspec_terminal *terminal) {
  return terminal->is_live && terminal->verbose > 0;
}

void wspec_terminal_activity(struct wspec_terminal *terminal, const struct wspec_play *play) {
  if (!are_frames_live(terminal)) {
    return;
  }
  take_progress_back(terminal);
  if (!terminal->frames) {
    terminal->frames = wspec_frames_new(terminal->out, terminal->columns);
    const struct wspec_script *script = wspec_play_script(play);
    fprintf(terminal->out, "%s %s\n", script == terminal->played ? "again" : "play ", script->id);
    terminal->played = script;
  }
  if (terminal->frames) {
    wspec_frames_print(terminal->frames, wspec_play_transcript(play));
  }
  if (wspec_play_is_done(play)) {
    wspec_frames_free(terminal->frames);
    terminal->frames = NULL;
  }
}

/* Of a case that had others beside it: its frames must not stand between theirs. */
static void print_frames_at_once(const struct wspec_terminal *terminal,
                                 const struct wspec_transcript *transcript) {
  struct wspec_frames *frames = wspec_frames_new(terminal->out, terminal->columns);
  if (frames) {
    wspec_frames_print(frames, transcript);
  }
  wspec_frames_free(frames);
}

/* ---- */

static bool is_to_be_shown(const struct wspec_terminal *terminal, const struct wspec_result *result,
                           const char *known) {
  bool is_bad = result->verdict == WSPEC_VERDICT_FAIL || result->verdict == WSPEC_VERDICT_ERROR;
  bool is_quiet = result->verdict == WSPEC_VERDICT_PASS || result->verdict == WSPEC_VERDICT_SKIP;
  return (is_bad && !terminal->quiet && !known) || terminal->verbose > 1 ||
         (terminal->verbose > 0 && (terminal->is_live || !is_quiet));
}

/* What keeps all that is left from being played, as a target that is gone, is said once: true, and
 * counted, if it was. */
static bool count_if_said(struct wspec_terminal *terminal, const struct wspec_result *result) {
  if (result->verdict != WSPEC_VERDICT_ERROR || !result->skip_reason || terminal->verbose > 0) {
    return false;
  }
  char reason[sizeof terminal->error_said];
  snprintf(reason, sizeof reason, "%s", result->skip_reason);
  if (strcmp(reason, terminal->error_said) == 0) {
    terminal->n_unsaid++;
    return true;
  }
  memcpy(terminal->error_said, reason, sizeof reason);
  return false;
}

void wspec_terminal_result(struct wspec_terminal *terminal, const struct wspec_result *result,
                           const char *known, size_t n_done, size_t n_all) {
  terminal->summary.total++;
  terminal->summary.by_verdict[result->verdict]++;
  if (is_to_be_shown(terminal, result, known) && !count_if_said(terminal, result)) {
    take_progress_back(terminal);
    print_result(terminal, result, known);
    if (terminal->verbose > 0 && !are_frames_live(terminal)) {
      print_frames_at_once(terminal, &result->transcript);
    }
    if (terminal->verbose > 0 && result->output) {
      print_output(terminal, result->output);
    }
  }
  if (terminal->has_progress && !terminal->quiet) {
    print_progress(terminal, n_done, n_all);
  }
}

/* ---- The table ---- */

/* How wide its columns are, and which are worth one on a narrow terminal. */
struct table {
  int spec_width, section_width;
  bool has_column[WSPEC_N_VERDICTS];
};

enum { COUNT_WIDTH = 7 };

static struct table make_table(const struct wspec_terminal *terminal,
                               const struct wspec_report *report) {
  struct table table = {.spec_width = 10, .section_width = 8};
  for (size_t i = 0; i < report->n_records; i++) {
    int spec = (int)strlen(report->records[i].spec);
    int section = (int)strlen(report->records[i].section);
    table.spec_width = spec > table.spec_width ? spec : table.spec_width;
    table.section_width = section > table.section_width ? section : table.section_width;
  }
  int width = 3 + table.spec_width + table.section_width + WSPEC_N_VERDICTS * COUNT_WIDTH;
  bool is_narrow = terminal->columns > 0 && width > (int)terminal->columns;
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    table.has_column[i] = !is_narrow || report->summary.by_verdict[i] > 0;
  }
  return table;
}

static void print_row(const struct wspec_terminal *terminal, const struct table *table,
                      const struct wspec_record *record, const struct wspec_summary *sum) {
  fprintf(terminal->out, "  %-*s %-*s", table->spec_width, record->spec, table->section_width,
          record->section);
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    if (table->has_column[i] && sum->by_verdict[i] == 0) {
      fprintf(terminal->out, "%*s", COUNT_WIDTH, "-");
    } else if (table->has_column[i]) {
      fprintf(terminal->out, "%s%*zu%s", color_of(terminal, (enum wspec_verdict)i), COUNT_WIDTH,
              sum->by_verdict[i], plain(terminal));
    }
  }
  fputc('\n', terminal->out);
}

static bool same_section(const struct wspec_record *a, const struct wspec_record *b) {
  return strcmp(a->spec, b->spec) == 0 && strcmp(a->section, b->section) == 0;
}

static void print_table(const struct wspec_terminal *terminal, const struct wspec_report *report) {
  struct table table = make_table(terminal, report);
  fprintf(terminal->out, "  %-*s %-*s", table.spec_width, "spec", table.section_width, "section");
  for (unsigned i = 0; i < WSPEC_N_VERDICTS; i++) {
    if (table.has_column[i]) {
      fprintf(terminal->out, "%*s", COUNT_WIDTH, wspec_verdict_name((enum wspec_verdict)i));
    }
  }
  fputc('\n', terminal->out);
  for (size_t i = 0; i < report->n_records;) {
    struct wspec_summary sum = {0};
    const struct wspec_record *first = &report->records[i];
    for (; i < report->n_records && same_section(first, &report->records[i]); i++) {
      sum.by_verdict[report->records[i].verdict]++;
    }
    print_row(terminal, &table, first, &sum);
  }
}

void wspec_terminal_summary(const struct wspec_terminal *terminal,
                            const struct wspec_report *report, double seconds) {
  const struct wspec_summary *sum = &report->summary;
  if (terminal->n_unsaid > 0) {
    fprintf(terminal->out, "error for a reason that stands above: %zu more\n", terminal->n_unsaid);
  }
  if (!terminal->quiet) {
    print_table(terminal, report);
  }
  fprintf(terminal->out, "%zu %s in %.2f s:", sum->total, sum->total == 1 ? "case" : "cases",
          seconds);
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
  if (wspec_put_remark(terminal->out, report)) {
    fputc('\n', terminal->out);
  }
  wspec_suspects_print(terminal->out, report, terminal->reproduce, terminal->reproduce_end);
  fflush(terminal->out);
}
