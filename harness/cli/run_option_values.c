#include "cli/run_options_internal.h"

#include "cli/command.h"
#include "cli/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS_MAX = 1024, TIMEOUT_MAX_S = 3600, USER_LEN_MAX = 4096 };

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

int run_option_read(struct wspec_run_options *options, int id, const char *text) {
  switch (id) {
  case OPTION_TIMEOUT:
    return parse_seconds(options, "--timeout", text, &options->timeout_ms);
  case OPTION_CASE_TIMEOUT:
    return parse_seconds(options, "--case-timeout", text, &options->case_timeout_ms);
  case OPTION_IDLE:
    return parse_seconds(options, "--idle", text, &options->idle_ms);
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
    return parse_numbered(options, id, text);
  }
}
