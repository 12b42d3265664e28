/* The report of a run as it is written: line by line, to a disk that ends and with memory that
 * ends. */
#define _GNU_SOURCE
#include "reports/json_report.h"
#include "reports/read_report.h"

#include "failalloc.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N_RESULTS = 4 };

static const struct wspec_play_field fields[] = {{"X-Key", "s3cret"}, {"X-Open", "yes"}};
static const char *const secrets[] = {"s3cret"};
static struct wspec_requirement requirement = {.id = "6455-5.2-01",
                                               .rfc = "6455",
                                               .section = "5.2",
                                               .keyword = "MUST",
                                               .actor = "both",
                                               .text = "T",
                                               .accept = "A"};
static const struct wspec_requirement *const named[] = {&requirement};
static const struct wspec_requirements requirements = {.items = &requirement, .n_items = 1};
static const struct wspec_script script = {.id = "a/1",
                                           .spec = "rfc6455",
                                           .section = "5.2",
                                           .summary = "S",
                                           .requirements = (const struct wspec_requirement **)named,
                                           .n_requirements = 1};
static const struct wspec_play_config config = {.host = "h",
                                                .target = "/",
                                                .fields = fields,
                                                .n_fields = 2,
                                                .have = WSPEC_NEED_ECHO | WSPEC_NEED_TLS,
                                                .requirements = &requirements};
static const struct wspec_run_facts facts = {.tool_version = "0",
                                             .url = "ws://h/",
                                             .role = "server",
                                             .agent = "",
                                             .started = "2026-11-22T21:00:00Z",
                                             .config = &config,
                                             .reproduce = "wspec run ws://h/",
                                             .jobs = 1,
                                             .shard = 1,
                                             .n_shards = 1,
                                             .n_selected = N_RESULTS};
static const struct wspec_record_options options = {
    .has_transcript = true, .known_reason = "known", .secrets = secrets, .n_secrets = 1};

static void *own_malloc(size_t size) {
  return malloc(size);
}

static int use_own_malloc(void **state) {
  (void)state;
  cJSON_Hooks hooks = {.malloc_fn = own_malloc, .free_fn = free};
  cJSON_InitHooks(&hooks);
  return 0;
}

static int use_any_malloc(void **state) {
  (void)state;
  cJSON_InitHooks(NULL);
  return 0;
}

static void make_result(struct wspec_result *result) {
  static char message[] = "M";
  const struct wspec_finding finding = {.verdict = WSPEC_VERDICT_FAIL,
                                        .requirement = "6455-5.2-01",
                                        .level = "MUST",
                                        .message = message,
                                        .offset = 5000,
                                        .at_us = 3};
  uint8_t octets[10000];
  memset(octets, 'x', sizeof octets);
  memcpy(octets + 10, "s3cret", 6);
  *result = (struct wspec_result){.script = &script};
  wspec_transcript_init(&result->transcript);
  const struct wspec_entry sent = {.kind = WSPEC_ENTRY_SENT};
  const struct wspec_entry received = {.kind = WSPEC_ENTRY_RECEIVED, .at_us = 3};
  assert_int_equal(wspec_result_add(result, &finding), WSPEC_OK);
  assert_int_equal(wspec_transcript_add(&result->transcript, &sent, wspec_span_of(octets, 100)),
                   WSPEC_OK);
  assert_int_equal(
      wspec_transcript_add(&result->transcript, &received, wspec_span_of(octets, sizeof octets)),
      WSPEC_OK);
  wspec_result_conclude(result);
}

/* Writes a run of N_RESULTS; stops at the first error, as a run does. */
static enum wspec_err write_run(FILE *file, const struct wspec_result *result,
                                struct wspec_report *report) {
  struct wspec_json_report json;
  wspec_report_init(report);
  enum wspec_err err = wspec_json_report_begin(&json, file, report, &facts, &options);
  for (unsigned i = 0; i < N_RESULTS && !err; i++) {
    err = wspec_json_report_add(&json, result, &options);
  }
  return err ? err : wspec_json_report_end(&json, 12);
}

static void each_result_is_in_the_file_when_it_was_added(void **state) {
  (void)state;
  struct wspec_result result;
  make_result(&result);
  char *text = NULL;
  size_t len;
  FILE *file = open_memstream(&text, &len);
  struct wspec_report report;
  struct wspec_json_report json;
  wspec_report_init(&report);
  assert_int_equal(wspec_json_report_begin(&json, file, &report, &facts, &options), WSPEC_OK);
  for (size_t n = 0; n <= N_RESULTS; n++) {
    struct wspec_reports back = {.items = NULL};
    char *message = NULL;
    FILE *killed = fmemopen(text, len, "r"); /* no flush of ours: what a kill leaves */
    assert_int_equal(wspec_reports_read(&back, killed, "r", &message), WSPEC_OK);
    assert_int_equal(back.items[0].n_records, n);
    assert_false(back.items[0].is_complete);
    fclose(killed);
    wspec_reports_clear(&back);
    if (n < N_RESULTS) {
      assert_int_equal(wspec_json_report_add(&json, &result, &options), WSPEC_OK);
    }
  }
  assert_int_equal(wspec_json_report_end(&json, 12), WSPEC_OK);
  assert_true(report.is_complete);
  fclose(file);
  free(text);
  wspec_report_clear(&report);
  wspec_result_clear(&result);
}

/* Most of it is in a file of its own by then. */
static void a_long_report_is_written_again_as_it_was(void **state) {
  (void)state;
  enum { N_MANY = 2000 };
  struct wspec_result result;
  make_result(&result);
  char *text[2] = {NULL, NULL};
  size_t len[2];
  FILE *file = open_memstream(&text[0], &len[0]);
  struct wspec_report report;
  struct wspec_json_report json;
  wspec_report_init(&report);
  assert_int_equal(wspec_json_report_begin(&json, file, &report, &facts, &options), WSPEC_OK);
  for (size_t n = 0; n < N_MANY; n++) {
    result.duration_us = n * 1000;
    assert_int_equal(wspec_json_report_add(&json, &result, &options), WSPEC_OK);
  }
  report.n_selected = N_MANY;
  assert_int_equal(wspec_json_report_end(&json, 12), WSPEC_OK);
  fclose(file);
  assert_true(wspec_spool_in_file(report.spool) > len[0] / 2);
  assert_true(report.records[0].requirements == report.records[N_MANY - 1].requirements);
  assert_true(report.records[0].section == report.records[N_MANY - 1].section);
  file = open_memstream(&text[1], &len[1]);
  assert_int_equal(wspec_json_write(file, &report), WSPEC_OK);
  fclose(file);
  assert_int_equal(len[1], len[0]);
  assert_memory_equal(text[1], text[0], len[0]);
  free(text[0]);
  free(text[1]);
  wspec_report_clear(&report);
  wspec_result_clear(&result);
}

static void evidence_is_kept_and_a_secret_is_not(void **state) {
  (void)state;
  struct wspec_result result;
  make_result(&result);
  char *text = NULL;
  size_t len;
  FILE *file = open_memstream(&text, &len);
  struct wspec_report report;
  assert_int_equal(write_run(file, &result, &report), WSPEC_OK);
  fclose(file);
  assert_null(strstr(text, "s3cret"));
  assert_null(strstr(text, "733363726574782a")); /* nor as hex, in what was sent */
  assert_non_null(strstr(text, "78782a2a2a2a2a2a7878"));
  cJSON *value = cJSON_Parse(text);
  const cJSON *first = cJSON_GetObjectItem(value, "results")->child;
  const cJSON *received = cJSON_GetArrayItem(cJSON_GetObjectItem(first, "transcript"), 1);
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(first, "elided")));
  assert_true(cJSON_GetObjectItem(received, "len")->valuedouble == 10000);
  const cJSON *around = cJSON_GetArrayItem(cJSON_GetObjectItem(received, "more"), 0);
  double offset = cJSON_GetObjectItem(around, "offset")->valuedouble;
  size_t n = strlen(cJSON_GetObjectItem(around, "octets")->valuestring) / 2;
  assert_true(offset <= 5000 && offset + (double)n > 5000);
  cJSON_Delete(value);
  free(text);
  wspec_report_clear(&report);
  wspec_result_clear(&result);
}

static void survives_every_failing_allocation(void **state) {
  (void)state;
  struct wspec_result result;
  make_result(&result);
  bool failed = true;
  unsigned n = 1;
  for (; failed; n++) {
    struct wspec_report report;
    FILE *file = fopen("/dev/null", "w");
    failalloc_arm(n);
    enum wspec_err err = write_run(file, &result, &report);
    failed = failalloc_disarm();
    fclose(file);
    assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_OK);
    wspec_report_clear(&report);
  }
  assert_true(n > 200);
  wspec_result_clear(&result);
}

/* A disk with room for so many octets. */
static ssize_t write_to_disk(void *user, const char *octets, size_t len) {
  (void)octets;
  size_t *room = user;
  bool fits = len <= *room;
  size_t written = fits ? len : *room;
  *room -= written;
  return fits || written > 0 ? (ssize_t)written : -1;
}

static void a_full_disk_is_an_error_at_every_octet(void **state) {
  (void)state;
  struct wspec_result result;
  make_result(&result);
  size_t len = 0;
  for (size_t n = 0; len == 0; n++) {
    size_t room = n;
    struct wspec_report report;
    FILE *file = fopencookie(&room, "w", (cookie_io_functions_t){.write = write_to_disk});
    enum wspec_err err = write_run(file, &result, &report);
    assert_true(err == WSPEC_OK || err == WSPEC_ERR_IO);
    len = err ? 0 : n;
    fclose(file);
    wspec_report_clear(&report);
  }
  assert_true(len > 1000);
  wspec_result_clear(&result);
}

/* A million octets in pieces of 64: what is kept is the start, the end and where it went wrong. */
static void a_long_transcript_is_short_in_the_report(void **state) {
  (void)state;
  enum { N_PIECES = 4000, PIECE = 64, WRONG_AT = 100000 };
  static char message[] = "M";
  const struct wspec_finding finding = {.verdict = WSPEC_VERDICT_FAIL,
                                        .requirement = "",
                                        .level = "",
                                        .message = message,
                                        .offset = WRONG_AT};
  struct wspec_result result = {.script = &script};
  wspec_transcript_init(&result.transcript);
  assert_int_equal(wspec_result_add(&result, &finding), WSPEC_OK);
  uint8_t octets[PIECE] = {7};
  for (uint64_t i = 0; i < N_PIECES; i++) {
    const struct wspec_entry entry = {.kind = i % 2 ? WSPEC_ENTRY_RECEIVED : WSPEC_ENTRY_SENT,
                                      .at_us = i,
                                      .offset = i / 2 * PIECE};
    assert_int_equal(wspec_transcript_add(&result.transcript, &entry, wspec_span_of(octets, PIECE)),
                     WSPEC_OK);
  }
  cJSON *record = wspec_record_to_json(&result, &options);
  const cJSON *transcript = cJSON_GetObjectItem(record, "transcript");
  assert_in_range(cJSON_GetArraySize(transcript), 200, 300);
  assert_true(cJSON_IsTrue(cJSON_GetObjectItem(record, "elided")));
  double sums[2] = {0, 0};
  double last_us = 0;
  bool has_wrong = false;
  const cJSON *entry;
  cJSON_ArrayForEach(entry, transcript) {
    bool is_received = strcmp(cJSON_GetObjectItem(entry, "kind")->valuestring, "received") == 0;
    double offset = cJSON_GetObjectItem(entry, "offset")->valuedouble;
    bool is_kept = cJSON_GetObjectItem(entry, "octets")->valuestring[0] != '\0';
    assert_true(offset == sums[is_received]); /* nothing is missing between two entries */
    sums[is_received] += cJSON_GetObjectItem(entry, "len")->valuedouble;
    has_wrong =
        has_wrong || (is_received && is_kept && offset <= WRONG_AT && sums[is_received] > WRONG_AT);
    assert_true(cJSON_GetObjectItem(entry, "at_us")->valuedouble >= last_us);
    last_us = cJSON_GetObjectItem(entry, "at_us")->valuedouble;
  }
  assert_true(has_wrong);
  assert_true(sums[0] == N_PIECES / 2 * PIECE && sums[1] == N_PIECES / 2 * PIECE);
  cJSON_Delete(record);
  wspec_result_clear(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_result_is_in_the_file_when_it_was_added),
      cmocka_unit_test(a_long_report_is_written_again_as_it_was),
      cmocka_unit_test(evidence_is_kept_and_a_secret_is_not),
      cmocka_unit_test(a_long_transcript_is_short_in_the_report),
      cmocka_unit_test_setup_teardown(survives_every_failing_allocation, use_own_malloc,
                                      use_any_malloc),
      cmocka_unit_test(a_full_disk_is_an_error_at_every_octet),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
