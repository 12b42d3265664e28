/* gen_seeds: seeds for the harnesses, made of what the project's own cases send and get.
 *
 * Usage: gen_seeds DIRECTORY, which gets a folder for each harness, with a file for each different
 * seed, named by the hash of its content. Every case is played in memory against the reference
 * endpoint; its octets are then what a hostile client sends, and the endpoint's are an answer. */
#include "common/fuzz.h"
#include "common/log.h"
#include "common/suite.h"
#include "proto/extensions.h"
#include "proto/frame.h"
#include "proto/http_head.h"
#include "proto/mask.h"
#include "reports/json_report.h"
#include "run/memory.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_LEN_MAX = 4096, SEED_MAX = 16384, TEXT_MAX = 2048, REPORT_ONE_IN = 13 };

/* The harness takes its options from as many octets at the tail; all 0 is the plain way. */
struct tail {
  const char *harness;
  size_t len;
};

static const struct tail tails[] = {
    {"conn_server", 6},       {"conn_client", 6},       {"frame_decode", 5},
    {"frame_round_trip", 18}, {"http_head_request", 5}, {"http_head_response", 5},
    {"http_body", 5},         {"handshake_server", 4},  {"handshake_client", 5},
    {"extensions", 0},        {"utf8_diff", 4},         {"player", 9},
    {"conn_deflate", 6},      {"negotiation", 2},       {"transcript", 0},
};

static const char *directory;

static void make_folder(const char *path) {
  if (mkdir(path, 0777) != 0 && errno != EEXIST) {
    perror(path);
    exit(1);
  }
}

static void write_file(const char *harness, const struct fuzz_log *seed) {
  unsigned char hash[SHA_DIGEST_LENGTH];
  char path[PATH_LEN_MAX];
  (void)SHA1(seed->data, seed->len, hash);
  int len = snprintf(path, sizeof path, "%s/%s", directory, harness);
  make_folder(path);
  path[len++] = '/';
  for (size_t i = 0; i < SHA_DIGEST_LENGTH; i++) {
    len += snprintf(path + len, sizeof path - (size_t)len, "%02x", hash[i]);
  }
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(seed->data, 1, seed->len, file) != seed->len || fclose(file) != 0) {
    perror(path);
    exit(1);
  }
}

/* Writes a seed of `octets` and the tail; `tail` NULL: zeros. */
static void write_seed(const char *harness, struct wspec_span octets, const uint8_t *tail) {
  static const uint8_t zeros[32];
  size_t i = 0;
  while (strcmp(tails[i].harness, harness) != 0) {
    i++;
  }
  if (octets.len == 0 || octets.len > SEED_MAX) {
    return;
  }
  struct fuzz_log seed = {0};
  fuzz_log_octets(&seed, octets.data, octets.len);
  fuzz_log_octets(&seed, tail ? tail : zeros, tails[i].len);
  write_file(harness, &seed);
  fuzz_log_clear(&seed);
}

/* What passed on the first connection, one way. */
static struct fuzz_log collect(const struct wspec_transcript *transcript,
                               enum wspec_entry_kind kind) {
  struct fuzz_log octets = {0};
  for (size_t i = 0; i < transcript->n_entries; i++) {
    const struct wspec_entry *entry = &transcript->entries[i];
    if (entry->kind == kind && entry->connection == 0) {
      struct wspec_span kept = wspec_transcript_octets(transcript, entry);
      fuzz_log_octets(&octets, kept.data, kept.len);
    }
  }
  return octets;
}

/* Octets up to the end of the head, if there is one; the seeds that heads make. */
static size_t write_head(enum wspec_http_kind kind, struct wspec_span octets) {
  bool is_request = kind == WSPEC_HTTP_REQUEST;
  struct wspec_http_head head;
  size_t used;
  wspec_http_head_init(&head, kind, NULL);
  enum wspec_err err = wspec_http_head_feed(&head, octets, &used);
  struct wspec_span raw = wspec_span_of(octets.data, used);
  write_seed(is_request ? "http_head_request" : "http_head_response", raw, NULL);
  write_seed(is_request ? "handshake_server" : "handshake_client", raw, NULL);
  if (!is_request && head.status_code != 101) {
    write_seed("http_body", octets, NULL);
  }
  const struct wspec_http_field *field = NULL;
  while ((field = wspec_http_head_find(&head, "Sec-WebSocket-Extensions", field))) {
    write_seed("extensions", field->value, NULL);
  }
  wspec_http_head_clear(&head);
  return err ? octets.len : used;
}

static void add_extensions(enum wspec_http_kind kind, struct wspec_span octets,
                           struct fuzz_log *text) {
  struct wspec_http_head head;
  size_t used;
  wspec_http_head_init(&head, kind, NULL);
  enum wspec_err err = wspec_http_head_feed(&head, octets, &used);
  const struct wspec_http_field *field =
      err ? NULL : wspec_http_head_find(&head, "Sec-WebSocket-Extensions", NULL);
  if (field) {
    fuzz_log_octets(text, field->value.data, field->value.len);
  }
  wspec_http_head_clear(&head);
}

/* What was offered and what was answered, a line each. */
static void write_negotiation(struct wspec_span request, struct wspec_span response) {
  struct fuzz_log text = {0};
  add_extensions(WSPEC_HTTP_REQUEST, request, &text);
  fuzz_log_octets(&text, "\n", 1);
  add_extensions(WSPEC_HTTP_RESPONSE, response, &text);
  write_seed("negotiation", wspec_span_of(text.data, text.len), NULL);
  fuzz_log_clear(&text);
}

/* The payload of text frames, as far as it is there. */
static void write_texts(struct wspec_span frames) {
  struct wspec_frame_decoder decoder = {0};
  struct wspec_frame frame;
  size_t used;
  while (wspec_frame_decode(&decoder, frames, &used, &frame) == WSPEC_OK) {
    frames = wspec_span_from(frames, used);
    size_t len = frame.payload_len < frames.len ? (size_t)frame.payload_len : frames.len;
    if (frame.opcode == WSPEC_OPCODE_TEXT && len <= TEXT_MAX) {
      uint8_t *text = fuzz_copy(frames.data, len);
      wspec_mask(text, len, frame.masking_key, 0);
      write_seed("utf8_diff", wspec_span_of(text, len), NULL);
      write_seed("frame_round_trip", wspec_span_of(text, len), NULL);
      free(text);
    }
    frames = wspec_span_from(frames, len);
  }
}

static void write_player(const struct wspec_script *script, struct wspec_span received) {
  uint32_t tag = fuzz_suite_tag(script);
  const uint8_t tail[] = {
      0, 0, 0, 0, 0, (uint8_t)tag, (uint8_t)(tag >> 8), (uint8_t)(tag >> 16), (uint8_t)(tag >> 24)};
  write_seed("player", received, tail);
}

/* A report of one case in so many, with its transcript. */
static void write_report(const struct wspec_result *result,
                         const struct wspec_play_config *config) {
  const struct wspec_run_facts facts = {.tool_version = "0",
                                        .url = "ws://localhost/",
                                        .role = "server",
                                        .agent = "",
                                        .started = "2026-01-01T00:00:00Z",
                                        .config = config,
                                        .reproduce = "wspec run ws://localhost/",
                                        .jobs = 1,
                                        .shard = 1,
                                        .n_shards = 1,
                                        .n_selected = 1};
  const struct wspec_record_options options = {.has_transcript = true};
  struct wspec_json_report json;
  struct wspec_report report;
  char *text = NULL;
  size_t len = 0;
  FILE *file = open_memstream(&text, &len);
  wspec_report_init(&report);
  if (!file || wspec_json_report_begin(&json, file, &report, &facts, &options) ||
      wspec_json_report_add(&json, result, &options) || wspec_json_report_end(&json, 1) ||
      fclose(file) != 0) {
    fprintf(stderr, "gen_seeds: out of memory\n");
    exit(1);
  }
  write_seed("transcript", wspec_span_of(text, len), NULL);
  wspec_report_clear(&report);
  free(text);
}

static void write_case(const struct wspec_script *script, const struct wspec_result *result) {
  struct fuzz_log sent = collect(&result->transcript, WSPEC_ENTRY_SENT);
  struct fuzz_log received = collect(&result->transcript, WSPEC_ENTRY_RECEIVED);
  struct wspec_span request = wspec_span_of(sent.data, sent.len);
  struct wspec_span response = wspec_span_of(received.data, received.len);
  write_seed("conn_server", request, NULL);
  write_player(script, response);
  struct wspec_span frames = wspec_span_from(request, write_head(WSPEC_HTTP_REQUEST, request));
  struct wspec_span answers = wspec_span_from(response, write_head(WSPEC_HTTP_RESPONSE, response));
  write_negotiation(request, response);
  write_seed("conn_deflate", frames, NULL);
  write_seed("conn_server", frames, NULL);
  write_seed("conn_client", answers, NULL);
  write_seed("frame_decode", frames, NULL);
  write_seed("frame_decode", answers, NULL);
  write_texts(frames);
  fuzz_log_clear(&sent);
  fuzz_log_clear(&received);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: gen_seeds DIRECTORY\n");
    return 2;
  }
  directory = argv[1];
  make_folder(directory);
  const struct wspec_case_set *suite = fuzz_suite();
  const struct wspec_play_config config = {.seed = 1,
                                           .host = "localhost",
                                           .target = "/",
                                           .have = WSPEC_NEED_ECHO,
                                           .settle_us = 100000,
                                           .timeout_us = 5000000,
                                           .close_us = 1000000,
                                           .requirements = fuzz_suite_requirements()};
  const struct wspec_memory_options options = {.config = &config, .latency_us = 50};
  for (size_t i = 0; i < suite->n_scripts; i++) {
    struct wspec_result result;
    if (suite->scripts[i].target == WSPEC_TARGET_CLIENT) {
      continue;
    }
    if (wspec_memory_run(&suite->scripts[i], &options, &result)) {
      fprintf(stderr, "gen_seeds: %s could not be played\n", suite->scripts[i].id);
      return 1;
    }
    write_case(&suite->scripts[i], &result);
    if (i % REPORT_ONE_IN == 0) {
      write_report(&result, &config);
    }
    wspec_result_clear(&result);
  }
  printf("%zu cases\n", suite->n_scripts);
  return 0;
}
