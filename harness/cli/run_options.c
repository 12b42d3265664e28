#include "cli/run_options.h"

#include "cli/command.h"
#include "cli/run_options_internal.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_JOBS = 16 };

/* ---- One option ---- */

static bool add_text(const char **list, size_t *n, const char *text) {
  if (*n == WSPEC_RUN_LIST_MAX) {
    return false;
  }
  list[(*n)++] = text;
  return true;
}

static int parse_list_option(struct wspec_run_options *options, int id, const char *text) {
  struct wspec_selection *selection = &options->selection;
  bool added = false;
  switch (id) {
  case OPTION_CASES:
    added = add_text(options->cases, &selection->n_cases, text);
    break;
  case OPTION_EXCLUDE:
    added = add_text(options->excludes, &selection->n_excludes, text);
    break;
  case OPTION_TAG:
    added = add_text(options->tags, &selection->n_tags, text);
    break;
  default:
    added = add_text(options->case_files, &options->n_case_files, text);
    break;
  }
  return added ? WSPEC_EXIT_OK
               : wspec_usage_error(options->outputs.command, "'%s': at most %d of this option",
                                   text, (int)WSPEC_RUN_LIST_MAX);
}

static void set_text_option(struct wspec_run_options *options, int id, const char *text) {
  switch (id) {
  case OPTION_CASE_DIR:
    options->case_dir = text;
    break;
  case OPTION_SUBPROTOCOL:
    options->subprotocol = text;
    break;
  case OPTION_ORIGIN:
    options->origin = text;
    break;
  case OPTION_CACERT:
    options->target.tls.ca_file = text;
    break;
  case OPTION_CERT:
    options->target.tls.certificate_file = text;
    break;
  case OPTION_KEY:
    options->target.tls.key_file = text;
    break;
  case OPTION_URL_HOST:
    options->url_host = text;
    break;
  case OPTION_BIND:
    options->bind_host = text;
    break;
  case OPTION_KEY_LOG:
    options->target.tls.key_log_file = text;
    break;
  case OPTION_BASELINE:
    options->baseline_path = text;
    break;
  case OPTION_WRITE_BASELINE:
    options->write_baseline_path = text;
    break;
  case OPTION_TARGETS:
    options->targets_path = text;
    break;
  case OPTION_NAME:
    options->name = text;
    break;
  case OPTION_OUT:
    options->outputs.out_dir = text;
    break;
  default:
    options->outputs.asked[id - OPTION_REPORT] = text;
    break;
  }
}

static void set_flag(struct wspec_run_options *options, int id) {
  switch (id) {
  case 'k':
    options->target.tls.is_insecure = true;
    break;
  case 'v':
    options->verbose++;
    break;
  case 'q':
    options->quiet = true;
    break;
  case OPTION_STRICT:
    options->strict = true;
    break;
  case OPTION_TLS:
    options->is_tls = true;
    break;
  case OPTION_ONCE:
    options->once = true;
    break;
  case OPTION_API:
    options->api = true;
    break;
  case OPTION_EXHAUSTIVE:
    options->exhaustive = true;
    break;
  case OPTION_NO_CONFIRM:
    options->no_confirm = true;
    break;
  default:
    options->in_memory = true;
    break;
  }
}

static int parse_option(struct wspec_run_options *options, int id, const char *text) {
  switch (id) {
  case OPTION_CASES:
  case OPTION_EXCLUDE:
  case OPTION_TAG:
  case OPTION_CASE_FILE:
    return parse_list_option(options, id, text);
  case OPTION_JOBS:
  case OPTION_SEED:
  case OPTION_CHUNK:
  case OPTION_PORT:
  case OPTION_TIMEOUT:
  case OPTION_CASE_TIMEOUT:
  case OPTION_IDLE:
  case OPTION_ORACLE:
  case OPTION_CONNECT_TO:
  case OPTION_SHARD:
  case OPTION_USER:
  case OPTION_TRANSCRIPTS:
  case OPTION_COLOR:
  case 'H':
    return run_option_read(options, id, text);
  default:
    break;
  }
  if (text) {
    set_text_option(options, id, text);
  } else {
    set_flag(options, id);
  }
  return WSPEC_EXIT_OK;
}

static int check_server(struct wspec_run_options *options, int argc, char **argv) {
  if (optind + 1 < argc) {
    return wspec_usage_error("run", "one URL at a time; '%s' is one too many", argv[optind + 1]);
  }
  options->url = optind < argc ? argv[optind] : NULL;
  const char *key_log = getenv("SSLKEYLOGFILE");
  if (!options->target.tls.key_log_file && key_log && key_log[0]) {
    options->target.tls.key_log_file = key_log;
  }
  if (options->targets_path && (options->url || options->in_memory)) {
    return wspec_usage_error("run", "--targets names the targets: no URL goes with it");
  }
  if (options->in_memory && options->url) {
    return wspec_usage_error("run", "--memory tests the reference endpoint: no URL goes with it");
  }
  return WSPEC_EXIT_OK;
}

/* Both commands that listen. */
static int check_client(struct wspec_run_options *options, enum wspec_run_kind kind, int argc,
                        char **argv) {
  const char *command = options->outputs.command;
  bool has_certificate = options->target.tls.certificate_file != NULL;
  if (kind == WSPEC_RUN_SERVE && optind < argc) {
    return wspec_usage_error(command, "unexpected argument '%s'", argv[optind]);
  }
  if (options->target.tls.key_file && !has_certificate) {
    return wspec_usage_error(command, "--key needs --cert");
  }
  options->is_tls = options->is_tls || has_certificate;
  options->arguments = optind < argc ? (const char *const *)argv + optind : NULL;
  if (options->in_memory && options->arguments) {
    return wspec_usage_error(command,
                             "--memory tests the reference client: no command goes with it");
  }
  options->in_memory = kind == WSPEC_RUN_CLIENT && !options->arguments;
  return WSPEC_EXIT_OK;
}

static void set_defaults(struct wspec_run_options *options, const char *command) {
  *options = (struct wspec_run_options){.jobs = DEFAULT_JOBS,
                                        .timeout_ms = WSPEC_RUN_TIMEOUT_MS,
                                        .case_timeout_ms = WSPEC_RUN_CASE_TIMEOUT_MS,
                                        .port = WSPEC_RUN_PORT,
                                        .seed = 1,
                                        .shard = 1,
                                        .n_shards = 1};
  options->selection.cases = options->cases;
  options->selection.excludes = options->excludes;
  options->selection.tags = options->tags;
  options->outputs.command = command;
}

int wspec_run_options_parse(struct wspec_run_options *options, enum wspec_run_kind kind, int argc,
                            char **argv) {
  const struct run_kind *what = run_kind_of(kind);
  struct wspec_getopt words;
  char shorts[sizeof words.shorts + 1] = "+"; /* what follows the first word is the client's */
  set_defaults(options, what->command);
  options->role = kind == WSPEC_RUN_SERVER ? WSPEC_TARGET_SERVER : WSPEC_TARGET_CLIENT;
  opterr = 0;
  optind = 1;
  wspec_options_to_getopt(what->table, &words);
  memcpy(shorts + 1, words.shorts, sizeof words.shorts);
  const char *used = kind == WSPEC_RUN_CLIENT ? shorts : words.shorts;
  int id;
  while ((id = getopt_long(argc, argv, used, words.longs, NULL)) != -1) {
    if (id == OPTION_HELP) {
      printf("%s", what->help);
      wspec_options_help(stdout, what->table);
      return -1;
    }
    if (id == '?') {
      return wspec_usage_error(what->command, "unknown option '%s'", argv[optind - 1]);
    }
    if (id == ':') {
      return wspec_usage_error(what->command, "option '%s' needs a value", argv[optind - 1]);
    }
    int code = parse_option(options, id, optarg);
    if (code != WSPEC_EXIT_OK) {
      return code;
    }
  }
  options->target.timeout_ms = options->timeout_ms;
  return kind == WSPEC_RUN_SERVER ? check_server(options, argc, argv)
                                  : check_client(options, kind, argc, argv);
}

void wspec_run_options_clear(struct wspec_run_options *options) {
  for (size_t i = 0; i < WSPEC_RUN_LIST_MAX; i++) {
    free(options->field_texts[i]);
  }
  free(options->connect_host);
  *options = (struct wspec_run_options){.url = NULL};
}
