#include "cli/run_options.h"

#include "cli/command.h"
#include "cli/option.h"
#include "cli/terminal.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  DEFAULT_JOBS = 16,
  JOBS_MAX = 1024,
  DEFAULT_TIMEOUT_MS = 5000,
  TIMEOUT_MAX_S = 3600,
  USER_LEN_MAX = 4096,
  DEFAULT_CASE_TIMEOUT_MS = 60000,
  DEFAULT_PORT = 9001
};

enum option_id {
  OPTION_CASES = 256,
  OPTION_EXCLUDE,
  OPTION_TAG,
  OPTION_CASE_FILE,
  OPTION_CASE_DIR,
  OPTION_JOBS,
  OPTION_TIMEOUT,
  OPTION_ORACLE,
  OPTION_SUBPROTOCOL,
  OPTION_ORIGIN,
  OPTION_USER,
  OPTION_CACERT,
  OPTION_CERT,
  OPTION_KEY,
  OPTION_KEY_LOG,
  OPTION_CONNECT_TO,
  OPTION_SEED,
  OPTION_SHARD,
  OPTION_STRICT,
  OPTION_OUT,
  OPTION_EXHAUSTIVE,
  OPTION_NO_CONFIRM,
  OPTION_TRANSCRIPTS,
  OPTION_MEMORY,
  OPTION_CHUNK,
  OPTION_COLOR,
  OPTION_BASELINE,
  OPTION_WRITE_BASELINE,
  OPTION_NAME,
  OPTION_TARGETS,
  OPTION_TLS,
  OPTION_CASE_TIMEOUT,
  OPTION_URL_HOST,
  OPTION_BIND,
  OPTION_PORT,
  OPTION_ONCE,
  OPTION_HELP,
  OPTION_REPORT /* and on: one a format */
};

#define FILE_ARGUMENT NULL, WSPEC_COMPLETES_FILE

/* Rows that several commands have. */

#define SELECTION_ROWS                                                                             \
  {                                                                                                \
      "cases", OPTION_CASES, "GLOB", "only cases whose id matches (repeatable): '6455/5.*'", NULL, \
      0},                                                                                          \
      {"exclude", OPTION_EXCLUDE, "GLOB", "but not these (repeatable)", NULL, 0},                  \
      {"tag", OPTION_TAG, "T", "only cases with this tag (repeatable)", NULL, 0},                  \
      {"case-file", OPTION_CASE_FILE, "FILE",                                                      \
       "cases of your own, beside the suite's (repeatable)", FILE_ARGUMENT},                       \
      {"case-dir", OPTION_CASE_DIR, "DIR", "another suite", NULL, WSPEC_COMPLETES_DIRECTORY}, {    \
    "exhaustive", OPTION_EXHAUSTIVE, NULL, "also the cases that try every value", NULL, 0          \
  }

#define JOBS_ROW \
  { "jobs", OPTION_JOBS, "N", "cases at a time (16)", NULL, 0 }

#define WAITING_ROWS                                                                              \
  {"timeout", OPTION_TIMEOUT, "S", "the longest wait for any reaction, in seconds (5)", NULL, 0}, \
  {                                                                                               \
    "oracle", OPTION_ORACLE, "O", "how a taken message is seen: auto, echo, pong, none",          \
        "auto echo pong none", 0                                                                  \
  }

#define CERTIFICATE_ROWS                                                                        \
  {"tls", OPTION_TLS, NULL, "over TLS (wss), with a certificate made for this run", NULL, 0},   \
      {"cert", OPTION_CERT, "F", "over TLS with this certificate chain, PEM", FILE_ARGUMENT}, { \
    "key", OPTION_KEY, "F", "and its key (default: in the --cert file)", FILE_ARGUMENT          \
  }

#define SEED_ROWS                                                                                 \
  {"seed", OPTION_SEED, "N", "the same seed sends the same octets (1)", NULL, 0}, {               \
    "shard", OPTION_SHARD, "I/N", "the I-th of N parts of the cases; 'auto' asks the CI", "auto", \
        0                                                                                         \
  }

#define STRICT_ROW \
  { "strict", OPTION_STRICT, NULL, "a warn fails the run", NULL, 0 }

#define CONFIRM_ROW \
  { "no-confirm", OPTION_NO_CONFIRM, NULL, "do not play again what did not pass", NULL, 0 }

#define BASELINE_ROWS                                                                       \
  {"baseline", OPTION_BASELINE, "F", "the known failures: only others fail the run",        \
   FILE_ARGUMENT},                                                                          \
  {                                                                                         \
    "write-baseline", OPTION_WRITE_BASELINE, "F", "write what fails now as known failures", \
        FILE_ARGUMENT                                                                       \
  }

#define OUTPUT_ROWS                                                            \
  WSPEC_REPORT_OPTIONS(OPTION_REPORT), {                                       \
    "out", OPTION_OUT, "DIR", "all reports, under their standard names", NULL, \
        WSPEC_COMPLETES_DIRECTORY                                              \
  }

#define TRANSCRIPTS_ROW                                                                        \
  {                                                                                            \
    "transcripts", OPTION_TRANSCRIPTS, "W", "in reports, of: failed (what did not pass), all", \
        "failed all", 0                                                                        \
  }

#define MEMORY_ROWS                                                                               \
  {"memory", OPTION_MEMORY, NULL, "the reference endpoint without a network, virtual time", NULL, \
   0},                                                                                            \
  {                                                                                               \
    "chunk", OPTION_CHUNK, "N", "with --memory: deliver N octets at a time", NULL, 0              \
  }

#define TERMINAL_ROWS                                                                        \
  {"color", OPTION_COLOR, "W", "auto, always, never", "auto always never", 0},               \
      {"verbose", 'v', NULL, "also frames: as they pass if cases come one by one", NULL, 0}, \
      {"quiet", 'q', NULL, "say less", NULL, 0}, {                                           \
    "help", OPTION_HELP, NULL, "print this", NULL, 0                                         \
  }

const struct wspec_option wspec_run_option_table[] = {
    SELECTION_ROWS,
    JOBS_ROW,
    WAITING_ROWS,
    {"header", 'H', "'Name: value'", "a header field of every request (repeatable)", NULL, 0},
    {"subprotocol", OPTION_SUBPROTOCOL, "P", "a subprotocol that the server speaks", NULL, 0},
    {"origin", OPTION_ORIGIN, "O", "an origin that the server accepts", NULL, 0},
    {"user", OPTION_USER, "U:P", "user and password, Basic authentication", NULL, 0},
    {"connect-to", OPTION_CONNECT_TO, "H:P", "connect there, whatever the URL says", NULL, 0},
    {"insecure", 'k', NULL, "accept any certificate", NULL, 0},
    {"cacert", OPTION_CACERT, "F", "trust the certificates in F alone", FILE_ARGUMENT},
    {"cert", OPTION_CERT, "F", "certificate of the client, PEM", FILE_ARGUMENT},
    {"key", OPTION_KEY, "F", "and its key", FILE_ARGUMENT},
    {"key-log", OPTION_KEY_LOG, "F", "append TLS secrets, for Wireshark ($SSLKEYLOGFILE)",
     FILE_ARGUMENT},
    SEED_ROWS,
    STRICT_ROW,
    CONFIRM_ROW,
    BASELINE_ROWS,
    OUTPUT_ROWS,
    {"targets", OPTION_TARGETS, "F", "test every target of this file, one after another",
     FILE_ARGUMENT},
    {"name", OPTION_NAME, "T", "what reports call the target, instead of its URL", NULL, 0},
    TRANSCRIPTS_ROW,
    MEMORY_ROWS,
    TERMINAL_ROWS,
    {NULL, 0, NULL, NULL, NULL, 0},
};

const struct wspec_option wspec_run_client_option_table[] = {
    SELECTION_ROWS,
    JOBS_ROW,
    WAITING_ROWS,
    {"case-timeout", OPTION_CASE_TIMEOUT, "S", "for one case, then its client is killed (60)", NULL,
     0},
    {"header", 'H', "'Name: value'", "a header field of every response (repeatable)", NULL, 0},
    CERTIFICATE_ROWS,
    {"url-host", OPTION_URL_HOST, "H", "host in {url}, instead of 127.0.0.1", NULL, 0},
    SEED_ROWS,
    STRICT_ROW,
    CONFIRM_ROW,
    BASELINE_ROWS,
    OUTPUT_ROWS,
    {"name", OPTION_NAME, "T", "what reports call the client, and {agent} is (client)", NULL, 0},
    TRANSCRIPTS_ROW,
    MEMORY_ROWS,
    TERMINAL_ROWS,
    {NULL, 0, NULL, NULL, NULL, 0},
};

const struct wspec_option wspec_serve_option_table[] = {
    SELECTION_ROWS,
    WAITING_ROWS,
    {"bind", OPTION_BIND, "HOST", "address to listen on (127.0.0.1)", NULL, 0},
    {"port", OPTION_PORT, "PORT", "port, 0 for any free one (9001)", NULL, 0},
    {"once", OPTION_ONCE, NULL, "end when an agent has played all cases", NULL, 0},
    {"header", 'H', "'Name: value'", "a header field of every response (repeatable)", NULL, 0},
    CERTIFICATE_ROWS,
    SEED_ROWS,
    STRICT_ROW,
    OUTPUT_ROWS,
    TRANSCRIPTS_ROW,
    TERMINAL_ROWS,
    {NULL, 0, NULL, NULL, NULL, 0},
};

/* What one command is, to the parser. */
struct kind {
  const char *command;
  const struct wspec_option *table;
  const char *help;
};

static const struct kind kinds[] = {
    [WSPEC_RUN_SERVER] = {"run", wspec_run_option_table,
                          "usage: wspec run [OPTION...] [URL]\n\n"
                          "Tests the WebSocket server at URL (ws, wss, http, https); without URL,\n"
                          "the reference endpoint in this program.\n\n"},
    [WSPEC_RUN_CLIENT] = {"run-client", wspec_run_client_option_table,
                          "usage: wspec run-client [OPTION...] [-- COMMAND [ARGUMENT...]]\n\n"
                          "Tests a WebSocket client that sends back every message that it gets. "
                          "COMMAND is\nstarted for each case, with {url}, {case} and {agent} "
                          "replaced in its arguments; the\nenvironment has WSPEC_URL, WSPEC_CASE "
                          "and WSPEC_AGENT. Exit status 127 says that it\ndoes not support what "
                          "the case needs. Without COMMAND, the reference client in this\n"
                          "program, in memory.\n\n"},
    [WSPEC_RUN_SERVE] = {"serve", wspec_serve_option_table,
                         "usage: wspec serve [OPTION...]\n\n"
                         "Tests WebSocket clients that connect to /case/ID?agent=NAME and send "
                         "back every\nmessage that they get, until SIGTERM or SIGINT. /cases lists "
                         "the cases, /results/NAME\nis the report on an agent, and / a page that "
                         "plays all cases in the browser that\nopens it. Prints the URL it listens "
                         "on.\n\n"},
};

/* ---- Values ---- */

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out) {
  char *end;
  errno = 0;
  if (text[0] < '0' || text[0] > '9') {
    return false;
  }
  unsigned long long value = strtoull(text, &end, 10);
  *out = value;
  return errno == 0 && *end == '\0' && value >= min && value <= max;
}

static bool add_text(const char **list, size_t *n, const char *text) {
  if (*n == WSPEC_RUN_LIST_MAX) {
    return false;
  }
  list[(*n)++] = text;
  return true;
}

static char *copy_text(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = malloc(size);
  return copy ? memcpy(copy, text, size) : NULL;
}

static int parse_header(struct wspec_run_options *options, const char *text) {
  const char *colon = strchr(text, ':');
  bool is_clean = !strpbrk(text, "\r\n");
  if (!colon || colon == text || !is_clean) {
    return wspec_usage_error(options->outputs.command,
                             "-H '%s': expected 'Name: value' on one line", text);
  }
  if (options->n_fields == WSPEC_RUN_LIST_MAX) {
    return wspec_usage_error(options->outputs.command, "-H: at most %d of them",
                             (int)WSPEC_RUN_LIST_MAX);
  }
  char *copy = copy_text(text);
  if (!copy) {
    return wspec_usage_error(options->outputs.command, "out of memory");
  }
  options->field_texts[options->n_fields] = copy;
  char *value = copy + (colon - text);
  *value++ = '\0';
  value += strspn(value, " \t");
  options->fields[options->n_fields++] = (struct wspec_play_field){copy, value};
  return WSPEC_EXIT_OK;
}

/* RFC 7617 section 2: the first colon ends the name, and neither part has control characters. */
static int parse_user(struct wspec_run_options *options, const char *text) {
  bool is_clean = strchr(text, ':') != NULL && strlen(text) <= USER_LEN_MAX;
  for (const char *c = text; *c; c++) {
    is_clean = is_clean && (unsigned char)*c >= 0x20 && *c != 0x7f;
  }
  if (!is_clean) {
    return wspec_usage_error(options->outputs.command,
                             "--user: expected NAME:PASSWORD, without control characters");
  }
  options->target.user = text;
  return WSPEC_EXIT_OK;
}

static int parse_oracle(struct wspec_run_options *options, const char *text) {
  static const char *const names[] = {"auto", "echo", "pong", "none"};
  for (unsigned i = 0; i < 4; i++) {
    if (strcmp(text, names[i]) == 0) {
      options->oracle = (enum wspec_oracle_choice)i;
      return WSPEC_EXIT_OK;
    }
  }
  return wspec_usage_error(options->outputs.command,
                           "--oracle %s: expected auto, echo, pong or none", text);
}

static int parse_connect_to(struct wspec_run_options *options, const char *text) {
  const char *colon = strrchr(text, ':');
  uint64_t port;
  if (!colon || colon == text || !parse_number(colon + 1, 1, 65535, &port)) {
    return wspec_usage_error(options->outputs.command, "--connect-to %s: expected HOST:PORT", text);
  }
  free(options->connect_host);
  options->connect_host = copy_text(text);
  if (!options->connect_host) {
    return wspec_usage_error(options->outputs.command, "out of memory");
  }
  options->connect_host[colon - text] = '\0';
  options->target.connect_host = options->connect_host;
  options->target.connect_port = (uint16_t)port;
  return WSPEC_EXIT_OK;
}

/* What CI systems say of themselves. Those of GitLab, CircleCI and Kubernetes' parallel jobs; a
 * matrix on GitHub sets the first pair by hand. Kubernetes and CircleCI count from 0. */
static int parse_shard_of_ci(struct wspec_run_options *options) {
  static const struct {
    const char *index, *total;
    unsigned first;
  } pairs[] = {{"WSPEC_SHARD_INDEX", "WSPEC_SHARD_TOTAL", 1},
               {"CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
               {"CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},
               {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    const char *index = getenv(pairs[i].index);
    const char *total = getenv(pairs[i].total);
    uint64_t shard, n_shards;
    if (!index || !total) {
      continue;
    }
    if (!parse_number(total, 1, 100000, &n_shards) ||
        !parse_number(index, pairs[i].first, n_shards - 1 + pairs[i].first, &shard)) {
      return wspec_usage_error(options->outputs.command,
                               "--shard auto: %s=%s of %s=%s is no part of a whole", pairs[i].index,
                               index, pairs[i].total, total);
    }
    options->shard = (unsigned)(shard - pairs[i].first + 1);
    options->n_shards = (unsigned)n_shards;
    return WSPEC_EXIT_OK;
  }
  return wspec_usage_error(options->outputs.command,
                           "--shard auto: neither CI_NODE_INDEX and CI_NODE_TOTAL are set, "
                           "nor JOB_COMPLETION_INDEX and JOB_COMPLETIONS, nor "
                           "WSPEC_SHARD_INDEX and WSPEC_SHARD_TOTAL");
}

static int parse_shard(struct wspec_run_options *options, const char *text) {
  if (strcmp(text, "auto") == 0) {
    return parse_shard_of_ci(options);
  }
  const char *slash = strchr(text, '/');
  char first[16] = "";
  uint64_t shard = 0, n_shards = 0;
  if (slash && (size_t)(slash - text) < sizeof first) {
    memcpy(first, text, (size_t)(slash - text));
  }
  if (!slash || !parse_number(slash + 1, 1, 100000, &n_shards) ||
      !parse_number(first, 1, n_shards, &shard)) {
    return wspec_usage_error(options->outputs.command, "--shard %s: expected I/N with 1 <= I <= N",
                             text);
  }
  options->shard = (unsigned)shard;
  options->n_shards = (unsigned)n_shards;
  return WSPEC_EXIT_OK;
}

static int parse_seconds(struct wspec_run_options *options, const char *option, const char *text,
                         uint32_t *out_ms) {
  char *end;
  double seconds = strtod(text, &end);
  if (end == text || *end != '\0' || !(seconds >= 0.01 && seconds <= TIMEOUT_MAX_S)) {
    return wspec_usage_error(options->outputs.command, "%s %s: expected seconds, 0.01 to %d",
                             option, text, (int)TIMEOUT_MAX_S);
  }
  *out_ms = (uint32_t)(seconds * 1000);
  return WSPEC_EXIT_OK;
}

static int parse_numbered(struct wspec_run_options *options, int id, const char *text) {
  uint64_t value;
  switch (id) {
  case OPTION_JOBS:
    if (!parse_number(text, 1, JOBS_MAX, &value)) {
      return wspec_usage_error(options->outputs.command, "--jobs %s: expected 1 to %d", text,
                               (int)JOBS_MAX);
    }
    options->jobs = (unsigned)value;
    return WSPEC_EXIT_OK;
  case OPTION_PORT:
    if (!parse_number(text, 0, 65535, &value)) {
      return wspec_usage_error(options->outputs.command, "--port %s: expected 0 to 65535", text);
    }
    options->port = (uint16_t)value;
    return WSPEC_EXIT_OK;
  case OPTION_SEED:
    if (!parse_number(text, 0, UINT64_MAX, &options->seed)) {
      return wspec_usage_error(options->outputs.command, "--seed %s: expected a whole number",
                               text);
    }
    return WSPEC_EXIT_OK;
  default:
    if (!parse_number(text, 1, 65536, &value)) {
      return wspec_usage_error(options->outputs.command, "--chunk %s: expected 1 to 65536", text);
    }
    options->chunk_len = (uint32_t)value;
    return WSPEC_EXIT_OK;
  }
}

static int parse_color(struct wspec_run_options *options, const char *text) {
  if (!wspec_color_parse(text, &options->color)) {
    return wspec_usage_error(options->outputs.command, "--color %s: expected auto, always or never",
                             text);
  }
  return WSPEC_EXIT_OK;
}

static int parse_transcripts(struct wspec_run_options *options, const char *text) {
  options->all_transcripts = strcmp(text, "all") == 0;
  if (!options->all_transcripts && strcmp(text, "failed") != 0) {
    return wspec_usage_error(options->outputs.command, "--transcripts %s: expected failed or all",
                             text);
  }
  return WSPEC_EXIT_OK;
}

/* ---- One option ---- */

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
    return parse_numbered(options, id, text);
  case OPTION_TIMEOUT:
    return parse_seconds(options, "--timeout", text, &options->timeout_ms);
  case OPTION_CASE_TIMEOUT:
    return parse_seconds(options, "--case-timeout", text, &options->case_timeout_ms);
  case OPTION_ORACLE:
    return parse_oracle(options, text);
  case OPTION_CONNECT_TO:
    return parse_connect_to(options, text);
  case OPTION_SHARD:
    return parse_shard(options, text);
  case OPTION_USER:
    return parse_user(options, text);
  case OPTION_TRANSCRIPTS:
    return parse_transcripts(options, text);
  case OPTION_COLOR:
    return parse_color(options, text);
  case 'H':
    return parse_header(options, text);
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
                                        .timeout_ms = DEFAULT_TIMEOUT_MS,
                                        .case_timeout_ms = DEFAULT_CASE_TIMEOUT_MS,
                                        .port = DEFAULT_PORT,
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
  const struct kind *what = &kinds[kind];
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
