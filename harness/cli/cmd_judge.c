#include "cli/cases_dir.h"
#include "cli/command.h"
#include "cli/option.h"
#include "cli/outputs.h"
#include "cli/read_reports.h"
#include "cli/terminal.h"

#include "reports/json_report.h"
#include "reports/judge.h"
#include "reports/merge.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum option_id {
  OPTION_HELP = 256,
  OPTION_CASE_FILE,
  OPTION_CASE_DIR,
  OPTION_EXHAUSTIVE,
  OPTION_STRICT,
  OPTION_OUT,
  OPTION_COLOR,
  OPTION_REPORT /* and on: one a format */
};

enum { CASE_FILES_MAX = 64, ARENA_MAX = 64 << 20 };

const struct wspec_option wspec_judge_option_table[] = {
    {"case-file", OPTION_CASE_FILE, "FILE", "cases of your own that the run had (repeatable)", NULL,
     WSPEC_COMPLETES_FILE},
    {"case-dir", OPTION_CASE_DIR, "DIR", "another suite", NULL, WSPEC_COMPLETES_DIRECTORY},
    {"exhaustive", OPTION_EXHAUSTIVE, NULL, "also the cases that try every value", NULL, 0},
    {"strict", OPTION_STRICT, NULL, "a warn fails", NULL, 0},
    WSPEC_REPORT_OPTIONS(OPTION_REPORT),
    {"out", OPTION_OUT, "DIR", "all reports, under their standard names", NULL,
     WSPEC_COMPLETES_DIRECTORY},
    {"color", OPTION_COLOR, "W", "auto, always, never", "auto always never", 0},
    {"verbose", 'v', NULL, "also frames; twice: of what passed, too", NULL, 0},
    {"quiet", 'q', NULL, "say less", NULL, 0},
    {"help", OPTION_HELP, NULL, "print this", NULL, 0},
    {NULL, 0, NULL, NULL, NULL, 0},
};

/* From the arguments to the exit code. */
struct judging {
  struct wspec_outputs outputs;
  const char *case_files[CASE_FILES_MAX];
  size_t n_case_files;
  const char *case_dir;
  bool exhaustive, strict, quiet;
  unsigned verbose;
  enum wspec_color color;

  struct wspec_requirements requirements;
  struct wspec_case_set set;
  struct wspec_arena arena; /* of the case that is judged, where it is not in the set */
  struct wspec_reports stored;
  struct wspec_report *judged; /* one for each of `stored` */
  FILE *out;
  size_t counts[WSPEC_N_JUDGE_OUTCOMES];
};

static int print_help(void) {
  printf("usage: wspec judge [OPTION...] [NAME=]REPORT...\n\n"
         "Judges the transcripts of JSON reports again, without the target, and tells\n"
         "where the verdict is another one. Exit code 1 where one is, or a case fails.\n\n");
  wspec_options_help(stdout, wspec_judge_option_table);
  return -1;
}

static int out_of_memory(void) {
  fprintf(stderr, "wspec judge: out of memory\n");
  return WSPEC_EXIT_USAGE;
}

/* ---- Options ---- */

static int take_option(struct judging *judging, int id, const char *text) {
  switch (id) {
  case OPTION_CASE_FILE:
    if (judging->n_case_files == CASE_FILES_MAX) {
      return wspec_usage_error("judge", "--case-file: at most %d", (int)CASE_FILES_MAX);
    }
    judging->case_files[judging->n_case_files++] = text;
    break;
  case OPTION_CASE_DIR:
    judging->case_dir = text;
    break;
  case OPTION_EXHAUSTIVE:
    judging->exhaustive = true;
    break;
  case OPTION_STRICT:
    judging->strict = true;
    break;
  case OPTION_OUT:
    judging->outputs.out_dir = text;
    break;
  case OPTION_COLOR:
    if (!wspec_color_parse(text, &judging->color)) {
      return wspec_usage_error("judge", "--color %s: expected auto, always or never", text);
    }
    break;
  case 'v':
    judging->verbose++;
    break;
  case 'q':
    judging->quiet = true;
    break;
  default:
    judging->outputs.asked[id - OPTION_REPORT] = text;
    break;
  }
  return WSPEC_EXIT_OK;
}

static int parse(struct judging *judging, int argc, char **argv) {
  struct wspec_getopt words;
  wspec_options_to_getopt(wspec_judge_option_table, &words);
  int id;
  opterr = 0;
  optind = 1;
  while ((id = getopt_long(argc, argv, words.shorts, words.longs, NULL)) != -1) {
    if (id == OPTION_HELP) {
      return print_help();
    }
    if (id == '?' || id == ':') {
      return wspec_option_error("judge", id, argv);
    }
    int code = take_option(judging, id, optarg);
    if (code != WSPEC_EXIT_OK) {
      return code;
    }
  }
  return optind < argc
             ? WSPEC_EXIT_OK
             : wspec_usage_error("judge", "expected a report, as 'wspec run --json' writes it");
}

/* ---- One result ---- */

static const char *first_requirement(const struct wspec_result *result) {
  for (size_t i = 0; i < result->n_findings; i++) {
    if (result->findings[i].verdict == result->verdict && result->findings[i].requirement[0]) {
      return result->findings[i].requirement;
    }
  }
  return NULL;
}

static const char *first_stored_requirement(const struct wspec_record *record) {
  for (size_t i = 0; i < record->n_findings; i++) {
    if (record->findings[i].verdict == record->verdict && record->findings[i].requirement[0]) {
      return record->findings[i].requirement;
    }
  }
  return NULL;
}

static void say_difference(const struct judging *judging, const struct wspec_record *record,
                           const struct wspec_judged *judged) {
  const char *before = first_stored_requirement(record);
  const char *now = first_requirement(&judged->result);
  fprintf(judging->out, "differs  %s: %s%s%s in the report, %s%s%s judged again\n", record->id,
          wspec_verdict_name(record->verdict), before ? " by " : "", before ? before : "",
          wspec_verdict_name(judged->result.verdict), now ? " by " : "", now ? now : "");
}

static void say_outcome(const struct judging *judging, const struct wspec_record *record,
                        const struct wspec_judged *judged) {
  switch (judged->outcome) {
  case WSPEC_JUDGE_DIFFERS:
    say_difference(judging, record, judged);
    break;
  case WSPEC_JUDGE_NO_CASE:
    fprintf(stderr, "wspec judge: %s: there is no such case; --case-file or --exhaustive?\n",
            record->id);
    break;
  case WSPEC_JUDGE_UNSOUND:
    fprintf(stderr, "wspec judge: %s: it cannot be judged: not sound: %s\n", record->id,
            judged->wrong);
    break;
  case WSPEC_JUDGE_SAME:
  case WSPEC_JUDGE_NOT_KEPT:
  case WSPEC_JUDGE_ELIDED:
  case WSPEC_JUDGE_NO_EVIDENCE:
  case WSPEC_JUDGE_OF_SCRIPT:
    break;
  }
}

static int judge_record(struct judging *judging, const struct wspec_judge *judge,
                        const struct wspec_record *record, struct wspec_terminal *terminal,
                        struct wspec_json_report *json, size_t n_all) {
  struct wspec_judged judged = {.json = NULL};
  struct wspec_arena_mark mark = wspec_arena_mark(&judging->arena);
  const struct wspec_case *item = wspec_case_set_find_case(&judging->set, record->id);
  const struct wspec_script *script =
      item ? wspec_case_expand(&judging->set, item, &judging->arena) : NULL;
  enum wspec_err err =
      item && !script ? WSPEC_ERR_NOMEM : wspec_judge_record(judge, record, script, &judged);
  struct wspec_buf room;
  struct wspec_span text;
  wspec_buf_init(&room, SIZE_MAX);
  err = err ? err : wspec_record_json(record, &room, &text);
  if (!err) {
    judging->counts[judged.outcome]++;
    say_outcome(judging, record, &judged);
    if (judged.json) {
      const char *known = judged.outcome == WSPEC_JUDGE_SAME ? record->known_reason : NULL;
      wspec_terminal_result(terminal, &judged.result, known, json->report->n_records + 1, n_all);
      text = wspec_span_text(judged.json);
    }
    err = wspec_json_report_add_text(json, text);
  }
  wspec_buf_clear(&room);
  wspec_judged_clear(&judged);
  wspec_arena_rewind(&judging->arena, mark);
  return err ? out_of_memory() : WSPEC_EXIT_OK;
}

/* ---- One report ---- */

static int judge_records(struct judging *judging, const struct wspec_judge *judge,
                         const struct wspec_report *stored, struct wspec_report *into) {
  const cJSON *reproduce = cJSON_GetObjectItemCaseSensitive(stored->head, "reproduce");
  const cJSON *reproduce_end = cJSON_GetObjectItemCaseSensitive(stored->head, "reproduce_end");
  struct wspec_terminal terminal;
  wspec_terminal_init(&terminal, judging->out, judging->color);
  terminal.quiet = judging->quiet;
  terminal.verbose = judging->verbose;
  terminal.has_progress = false; /* it takes no time */
  terminal.reproduce = cJSON_GetStringValue(reproduce);
  terminal.reproduce_end = cJSON_GetStringValue(reproduce_end);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  struct wspec_json_report json;
  if (wspec_json_report_resume(&json, NULL, into, stored->head, &judging->requirements)) {
    return out_of_memory();
  }
  int code = WSPEC_EXIT_OK;
  for (size_t i = 0; i < stored->n_records && code == WSPEC_EXIT_OK; i++) {
    code = judge_record(judging, judge, &stored->records[i], &terminal, &json, stored->n_records);
  }
  if (code == WSPEC_EXIT_OK && wspec_json_report_end(&json, stored->duration_ms)) {
    code = out_of_memory();
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  if (code == WSPEC_EXIT_OK) {
    wspec_terminal_summary(&terminal, into,
                           (double)(end.tv_sec - start.tv_sec) +
                               (double)(end.tv_nsec - start.tv_nsec) / 1e9);
  }
  return code;
}

static int judge_report(struct judging *judging, const struct wspec_report *stored,
                        struct wspec_report *into) {
  struct wspec_judge judge;
  const char *wrong;
  enum wspec_err err = wspec_judge_init(&judge, stored, &judging->requirements, &wrong);
  if (err) {
    return err == WSPEC_ERR_INPUT
               ? wspec_usage_error("judge", "%s: the report does not say how it was played: %s",
                                   wspec_report_label(stored), wrong)
               : out_of_memory();
  }
  if (judging->stored.n > 1 && !judging->quiet) {
    fprintf(judging->out, "%s\n", wspec_report_label(stored));
  }
  int code = judge_records(judging, &judge, stored, into);
  wspec_judge_clear(&judge);
  return code;
}

/* ---- All reports ---- */

static int load(struct judging *judging) {
  const struct wspec_load_options options = {.exhaustive = judging->exhaustive,
                                             .expand_later = true};
  int code =
      wspec_load_suite("judge", judging->case_dir, &options, &judging->requirements, &judging->set);
  for (size_t i = 0; i < judging->n_case_files && code == WSPEC_EXIT_OK; i++) {
    code = wspec_load_cases_at("judge", judging->case_files[i], &judging->requirements, &options,
                               &judging->set);
  }
  return code;
}

static int read_all(struct judging *judging, int n_files, char **files) {
  int code = WSPEC_EXIT_OK;
  for (int i = 0; i < n_files && code == WSPEC_EXIT_OK; i++) {
    code = wspec_read_reports("judge", &judging->stored, files[i]);
  }
  code = code == WSPEC_EXIT_OK ? wspec_merge_reports("judge", &judging->stored) : code;
  if (code == WSPEC_EXIT_OK) {
    judging->judged = calloc(judging->stored.n + 1, sizeof *judging->judged);
    code = judging->judged ? code : out_of_memory();
  }
  for (size_t i = 0; judging->judged && i < judging->stored.n; i++) {
    wspec_report_init(&judging->judged[i]);
  }
  return code;
}

static int write_reports(struct judging *judging) {
  struct wspec_outputs *outputs = &judging->outputs;
  FILE *json = outputs->files[WSPEC_FORMAT_JSON];
  errno = 0;
  wspec_outputs_note(outputs, WSPEC_FORMAT_JSON,
                     json ? wspec_matrix_write(json, judging->judged, judging->stored.n)
                          : WSPEC_OK);
  wspec_outputs_write(outputs, judging->judged, judging->stored.n);
  return wspec_outputs_close(outputs);
}

static void say_counts(const struct judging *judging) {
  const size_t *counts = judging->counts;
  size_t n_judged = counts[WSPEC_JUDGE_SAME] + counts[WSPEC_JUDGE_DIFFERS];
  fprintf(judging->out, "%zu judged again, %zu differ", n_judged, counts[WSPEC_JUDGE_DIFFERS]);
  static const char *const reasons[WSPEC_N_JUDGE_OUTCOMES] = {
      [WSPEC_JUDGE_NOT_KEPT] = "without a transcript (--transcripts all keeps them)",
      [WSPEC_JUDGE_ELIDED] = "with octets left out",
      [WSPEC_JUDGE_NO_EVIDENCE] = "not the target's doing",
      [WSPEC_JUDGE_NO_CASE] = "of no known case",
      [WSPEC_JUDGE_OF_SCRIPT] =
          "of an API, whose script's findings are in no transcript: play them anew",
      [WSPEC_JUDGE_UNSOUND] = "with a transcript that is not sound",
  };
  for (unsigned i = 0; i < WSPEC_N_JUDGE_OUTCOMES; i++) {
    if (reasons[i] && counts[i] > 0) {
      fprintf(judging->out, "; %zu %s", counts[i], reasons[i]);
    }
  }
  fputc('\n', judging->out);
  fflush(judging->out);
}

static int exit_code(const struct judging *judging) {
  const size_t *counts = judging->counts;
  if (counts[WSPEC_JUDGE_SAME] + counts[WSPEC_JUDGE_DIFFERS] + counts[WSPEC_JUDGE_UNSOUND] == 0) {
    return WSPEC_EXIT_NO_CASES;
  }
  bool is_bad = counts[WSPEC_JUDGE_DIFFERS] + counts[WSPEC_JUDGE_UNSOUND] > 0;
  for (size_t i = 0; i < judging->stored.n; i++) {
    const struct wspec_report *report = &judging->judged[i];
    for (size_t k = 0; k < report->n_records; k++) {
      const struct wspec_record *record = &report->records[k];
      bool fails = record->verdict == WSPEC_VERDICT_FAIL ||
                   (record->verdict == WSPEC_VERDICT_WARN && judging->strict);
      is_bad = is_bad || (fails && !record->known_reason);
    }
  }
  return is_bad ? WSPEC_EXIT_FAIL : WSPEC_EXIT_OK;
}

static int judge_all(struct judging *judging, int n_files, char **files) {
  int code = read_all(judging, n_files, files);
  code = code == WSPEC_EXIT_OK ? load(judging) : code;
  code = code == WSPEC_EXIT_OK ? wspec_outputs_open(&judging->outputs) : code;
  judging->out = wspec_outputs_use_stdout(&judging->outputs) ? stderr : stdout;
  for (size_t i = 0; i < judging->stored.n && code == WSPEC_EXIT_OK; i++) {
    code = judge_report(judging, &judging->stored.items[i], &judging->judged[i]);
  }
  if (code != WSPEC_EXIT_OK) {
    (void)wspec_outputs_close(&judging->outputs);
    return code;
  }
  say_counts(judging);
  code = write_reports(judging);
  return code == WSPEC_EXIT_OK ? exit_code(judging) : code;
}

static void clear(struct judging *judging) {
  for (size_t i = 0; judging->judged && i < judging->stored.n; i++) {
    wspec_report_clear(&judging->judged[i]);
  }
  free(judging->judged);
  wspec_reports_clear(&judging->stored);
  wspec_arena_clear(&judging->arena);
  wspec_case_set_clear(&judging->set);
  wspec_requirements_clear(&judging->requirements);
}

int wspec_cmd_judge(int argc, char **argv) {
  struct judging *judging = calloc(1, sizeof *judging);
  if (!judging) {
    return out_of_memory();
  }
  judging->outputs.command = "judge";
  wspec_arena_init(&judging->arena, ARENA_MAX);
  int code = parse(judging, argc, argv);
  if (code == WSPEC_EXIT_OK) {
    code = judge_all(judging, argc - optind, argv + optind);
  }
  clear(judging);
  free(judging);
  return code < 0 ? WSPEC_EXIT_OK : code;
}
