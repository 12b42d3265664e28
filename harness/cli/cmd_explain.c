#include "case/suggest.h"
#include "cli/cases_dir.h"
#include "cli/command.h"
#include "cli/explain.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 256 << 20 };

static int print_help(void) {
  printf("usage: wspec explain [OPTION...] ID...\n\n"
         "Tells what a case sends, which sentences it tests, and what each answer gets.\n\n"
         "  --case-file FILE  the cases of this file, too\n"
         "  --case-dir DIR    where the cases are\n"
         "  --help            print this\n");
  return WSPEC_EXIT_OK;
}

/* ---- One case ---- */

static void print_list(const char *what, const char *const *words, size_t n_words) {
  if (n_words > 0) {
    printf("  %s:", what);
    for (size_t i = 0; i < n_words; i++) {
      printf(" %s", words[i]);
    }
    printf("\n");
  }
}

static void print_uri(const struct wspec_uri *uri) {
  const struct {
    const char *what, *text;
  } parts[] = {{"scheme", uri->scheme},
               {"host", uri->has_fullwidth_host ? "in fullwidth letters" : NULL},
               {"end of the path", uri->path},
               {"end of the query", uri->query}};
  printf("  the URL that the client is handed:\n");
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    if (parts[i].text) {
      printf("    %s: %s\n", parts[i].what, parts[i].text);
    }
  }
  if (!uri->is_ascii) {
    printf("    Beyond ASCII it is no URI: that the client does not connect gets info.\n");
  }
}

static void print_about(const struct wspec_script *script) {
  static const char *const targets[] = {"servers and clients", "servers", "clients"};
  static const char *const needs[] = {"an echo", "a subprotocol", "permessage-deflate", "TLS",
                                      "an origin policy"};
  printf("%s\n  %s\n", script->id, script->summary);
  if (script->comment) {
    printf("  %s\n", script->comment);
  }
  printf("  for: %s\n", targets[script->target]);
  for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
    if (script->needs & (1U << i)) {
      printf("  needs: %s\n", needs[i]);
    }
  }
  if (script->uri) {
    print_uri(script->uri);
  }
  print_list("tags", script->tags, script->n_tags);
  print_list("Autobahn", script->autobahn, script->n_autobahn);
  printf("  in: %s:%u:%u\n", script->file, script->place.line, script->place.column);
}

static void print_requirements(const struct wspec_script *script) {
  printf("\nRequirements\n");
  for (size_t i = 0; i < script->n_requirements; i++) {
    const struct wspec_requirement *requirement = script->requirements[i];
    printf("  %s %s, %s: %s\n    %s\n", requirement->id, requirement->keyword, requirement->actor,
           requirement->text, requirement->accept);
  }
}

static void print_step(const struct wspec_script *script, const struct wspec_step *step) {
  switch (step->kind) {
  case WSPEC_STEP_OPEN:
    printf("open%s\n", step->as.head.n_edits > 0 ? ", with another head than the ordinary:" : "");
    wspec_explain_head(&step->as.head, script->target);
    break;
  case WSPEC_STEP_REQUEST:
    printf("send the head of the handshake\n");
    wspec_explain_head(&step->as.head, script->target);
    break;
  case WSPEC_STEP_RESPOND:
    printf("answer the client's request\n");
    wspec_explain_head(&step->as.head, script->target);
    break;
  case WSPEC_STEP_SEND:
    printf("send\n");
    wspec_explain_sends(step->as.send.items, step->as.send.n_items, script->target);
    wspec_explain_segments(&step->as.send.segments);
    break;
  case WSPEC_STEP_EXPECT:
    printf("expect\n");
    wspec_explain_expectation(&step->as.expect, script);
    break;
  case WSPEC_STEP_CLOSE:
    printf("send a close frame: ");
    wspec_explain_payload(&step->as.close.payload);
    printf(", and expect\n");
    wspec_explain_expectation(&step->as.close.expect, script);
    break;
  case WSPEC_STEP_FIN:
    printf("close our half of TCP\n");
    break;
  case WSPEC_STEP_RESET:
    printf("reset TCP\n");
    break;
  case WSPEC_STEP_WAIT:
    printf("wait %u ms\n", step->as.wait_ms);
    break;
  case WSPEC_STEP_STOP_READING:
    printf("stop reading\n");
    break;
  case WSPEC_STEP_READ_AGAIN:
    printf("read again\n");
    break;
  }
}

static void explain(const struct wspec_script *script) {
  print_about(script);
  print_requirements(script);
  if (script->call) {
    printf("\nScript\n    %s(%s)\n", script->call->function, script->call->arguments);
  }
  printf("\nSteps\n");
  for (size_t i = 0; i < script->n_steps; i++) {
    const struct wspec_step *step = &script->steps[i];
    printf("  %zu. ", i + 1);
    if (script->n_connections > 1) {
      printf("[%s] ", script->connection_names[step->connection]);
    }
    print_step(script, step);
  }
}

/* ---- The command ---- */

static int say_unknown(const struct wspec_case_set *set, const char *id) {
  const char **ids = calloc(set->n_cases + 1, sizeof *ids);
  const char *meant = NULL;
  for (size_t i = 0; i < set->n_cases && ids; i++) {
    ids[i] = set->cases[i].id;
  }
  if (ids) {
    meant = wspec_suggest(id, ids, set->n_cases);
  }
  int exit_code = wspec_usage_error("explain", "there is no case '%s'%s%s%s", id,
                                    meant ? "; did you mean '" : "", meant ? meant : "",
                                    meant ? "'?" : "; 'wspec list' lists them");
  free(ids);
  return exit_code;
}

static int explain_all(const struct wspec_case_set *set, int n_ids, char **ids) {
  for (int i = 0; i < n_ids; i++) {
    if (!wspec_case_set_find_case(set, ids[i])) {
      return say_unknown(set, ids[i]);
    }
  }
  struct wspec_arena arena;
  wspec_arena_init(&arena, ARENA_MAX);
  bool is_whole = true;
  for (int i = 0; i < n_ids && is_whole; i++) {
    const struct wspec_script *script =
        wspec_case_expand(set, wspec_case_set_find_case(set, ids[i]), &arena);
    is_whole = script != NULL;
    if (is_whole) {
      printf("%s", i > 0 ? "\n" : "");
      explain(script);
    }
  }
  wspec_arena_clear(&arena);
  return is_whole ? WSPEC_EXIT_OK : wspec_usage_error("explain", "out of memory");
}

static int load_and_explain(const char *case_dir, const char *case_file, int n_ids, char **ids) {
  struct wspec_requirements requirements;
  struct wspec_case_set set;
  const struct wspec_load_options options = {.exhaustive = true, .expand_later = true};
  int exit_code = wspec_load_suite("explain", case_dir, &options, &requirements, &set);
  if (exit_code == WSPEC_EXIT_OK && case_file) {
    exit_code = wspec_load_cases_at("explain", case_file, &requirements, &options, &set);
  }
  if (exit_code == WSPEC_EXIT_OK) {
    exit_code = explain_all(&set, n_ids, ids);
  }
  wspec_case_set_clear(&set);
  wspec_requirements_clear(&requirements);
  return exit_code;
}

int wspec_cmd_explain(int argc, char **argv) {
  static const struct option options[] = {{"case-file", required_argument, NULL, 'f'},
                                          {"case-dir", required_argument, NULL, 'd'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  const char *case_dir = NULL;
  const char *case_file = NULL;
  int option;
  opterr = 0;
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (option == 'h') {
      return print_help();
    }
    if (option != 'f' && option != 'd') {
      return wspec_usage_error("explain", "unknown or incomplete option '%s'", argv[optind - 1]);
    }
    *(option == 'f' ? &case_file : &case_dir) = optarg;
  }
  if (optind == argc) {
    return wspec_usage_error("explain", "expected the id of a case");
  }
  return load_and_explain(case_dir, case_file, argc - optind, argv + optind);
}
