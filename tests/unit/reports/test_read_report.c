#include "reports/json_report.h"
#include "reports/merge.h"
#include "reports/read_report.h"

#include "failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RESULT(id, verdict)                                                                  \
  "{\"id\":\"" id "\",\"spec\":\"rfc6455\",\"section\":\"5.2\",\"summary\":\"S\","           \
  "\"requirements\":[\"6455-5.2-01\"],\"verdict\":\"" verdict "\",\"flaky\":false,"          \
  "\"duration_ms\":1.5,\"findings\":[{\"verdict\":\"fail\",\"requirement\":\"6455-5.2-01\"," \
  "\"level\":\"MUST\",\"message\":\"M\",\"expected\":null,\"seen\":null,\"connection\":0,"   \
  "\"offset\":7,\"at_us\":3}],\"skip_reason\":null}"
#define HEAD(shard)                                                \
  "{\"schema\":\"wspec-report/1\",\n\"target\":{\"url\":\"ws://h/" \
  "\",\"name\":null},\n\"shard\":" shard ",\n\"selected\":2,\n\"results\":["
#define TAIL "\n],\n\"summary\":{},\n\"requirements\":{},\n\"duration_ms\":12}\n"
#define WHOLE \
  HEAD("{\"index\":1,\"of\":1}") "\n" RESULT("b/10", "fail") ",\n" RESULT("b/9", "pass") TAIL

static enum wspec_err read_text(struct wspec_reports *reports, const char *text, size_t len,
                                char **message) {
  FILE *file = len > 0 ? fmemopen((void *)(uintptr_t)text, len, "r") : fopen("/dev/null", "r");
  assert_non_null(file);
  enum wspec_err err = wspec_reports_read(reports, file, "r.json", message);
  fclose(file);
  return err;
}

static void reads_a_whole_report(void **state) {
  (void)state;
  struct wspec_reports reports = {.items = NULL};
  char *message;
  assert_int_equal(read_text(&reports, WHOLE, strlen(WHOLE), &message), WSPEC_OK);
  assert_int_equal(reports.n, 1);
  const struct wspec_report *report = &reports.items[0];
  assert_true(report->is_complete);
  assert_int_equal(report->n_records, 2);
  assert_string_equal(report->records[0].id, "b/9"); /* sorted, numbers by value */
  assert_string_equal(report->records[1].findings[0].requirement, "6455-5.2-01");
  assert_int_equal(report->records[1].findings[0].offset, 7);
  assert_int_equal(report->summary.by_verdict[WSPEC_VERDICT_FAIL], 1);
  assert_true(report->duration_ms == 12);
  assert_ptr_equal(wspec_report_find(report, "b/10"), &report->records[1]);
  assert_null(wspec_report_find(report, "b/11"));
  wspec_reports_clear(&reports);
}

/* A report of another version may have members with any name; written again they are still JSON. */
static void writes_again_what_it_does_not_know(void **state) {
  (void)state;
  static const char text[] =
      "{\"schema\":\"wspec-report/1\",\"target\":{\"url\":\"ws://h/\"},\"a\\\"b\\\\c\":7,"
      "\"results\":[\n" RESULT("b/9", "pass") TAIL;
  struct wspec_reports reports = {.items = NULL}, again = {.items = NULL};
  char *message, *written = NULL;
  size_t len = 0;
  assert_int_equal(read_text(&reports, text, sizeof text - 1, &message), WSPEC_OK);
  FILE *file = open_memstream(&written, &len);
  assert_non_null(file);
  assert_int_equal(wspec_json_write(file, &reports.items[0]), WSPEC_OK);
  assert_int_equal(fclose(file), 0);
  assert_non_null(strstr(written, "\"a\\\"b\\\\c\":7"));
  assert_int_equal(read_text(&again, written, len, &message), WSPEC_OK);
  free(written);
  wspec_reports_clear(&reports);
  wspec_reports_clear(&again);
}

/* Cut behind every octet: either all whole results, or a message; never more, never a crash. */
static void reads_what_is_whole_of_a_cut_report(void **state) {
  (void)state;
  size_t first_end = (size_t)(strstr(WHOLE, "},\n{\"id\":\"b/9") - WHOLE) + 1;
  size_t second_end = (size_t)(strstr(WHOLE, "}\n],\n\"summary") - WHOLE) + 1;
  for (size_t len = 0; len < strlen(WHOLE) - 2; len++) {
    struct wspec_reports reports = {.items = NULL};
    char *message;
    enum wspec_err err = read_text(&reports, WHOLE, len, &message);
    if (len > strlen(HEAD("{\"index\":1,\"of\":1}"))) {
      assert_int_equal(err, WSPEC_OK);
      assert_int_equal(reports.items[0].n_records, (len >= first_end) + (len >= second_end));
      assert_false(reports.items[0].is_complete);
    } else if (err) {
      assert_non_null(message);
      assert_memory_equal(message, "r.json:", 7);
    }
    free(message);
    wspec_reports_clear(&reports);
  }
}

static void says_what_is_wrong_and_where(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *message;
  } rows[] = {
      {"[]", "r.json:1:1: expected a report, a JSON object"},
      {"{\"schema\":\"other/1\",\"results\":[]}",
       "r.json:1:31: expected \"schema\": \"wspec-report/1\" and a sound \"shard\" before this"},
      {HEAD("{\"index\":3,\"of\":2}") "]}",
       "r.json:5:11: expected \"schema\": \"wspec-report/1\" and a sound \"shard\" before this"},
      {HEAD("null") "\n{\"id\":7}\n]}", "r.json:6:1: expected a result with a sound member \"id\""},
      {HEAD("null") "\n" RESULT("a", "sour") "\n]}",
       "r.json:6:1: expected a result with a sound member \"verdict\""},
      {HEAD("null") "\n" RESULT("a", "pass") "\n" RESULT("b", "pass") "]}",
       "r.json:7:1: expected ',' or ']' after a result"},
      {WHOLE "x\n", "r.json:12:1: expected nothing after the report"},
      {"{\"results\" 1\n}", "r.json:1:12: expected ':'"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct wspec_reports reports = {.items = NULL};
    char *message;
    enum wspec_err err = read_text(&reports, rows[i].text, strlen(rows[i].text), &message);
    assert_int_equal(err, WSPEC_ERR_INPUT);
    assert_string_equal(message, rows[i].message);
    free(message);
    wspec_reports_clear(&reports);
  }
}

#define SHARD(index, of, id) \
  HEAD("{\"index\":" #index ",\"of\":" #of "}") "\n" RESULT(id, "pass") TAIL

static enum wspec_err merge_texts(struct wspec_reports *reports, const char *const *texts,
                                  char **message) {
  *reports = (struct wspec_reports){.items = NULL};
  for (; *texts; texts++) {
    assert_int_equal(read_text(reports, *texts, strlen(*texts), message), WSPEC_OK);
  }
  return wspec_reports_merge(reports, message);
}

static void joins_shards_of_one_target(void **state) {
  (void)state;
  struct wspec_reports reports;
  char *message;
  const char *const texts[] = {SHARD(2, 3, "b"), SHARD(3, 3, "c"), SHARD(1, 3, "a"), NULL};
  assert_int_equal(merge_texts(&reports, texts, &message), WSPEC_OK);
  assert_int_equal(reports.n, 1);
  assert_int_equal(reports.items[0].n_records, 3);
  assert_int_equal(reports.items[0].n_shards, 1);
  assert_int_equal(reports.items[0].n_selected, 6);
  assert_int_equal(reports.items[0].summary.total, 3);
  assert_string_equal(reports.items[0].records[0].id, "a");
  wspec_reports_clear(&reports);
}

static void refuses_shards_that_do_not_make_a_whole(void **state) {
  (void)state;
  static const struct {
    const char *texts[3];
    const char *message;
  } rows[] = {
      {{SHARD(1, 3, "a"), SHARD(3, 3, "c"), NULL}, "ws://h/: shard 2/3 is missing"},
      {{SHARD(1, 2, "a"), SHARD(1, 2, "b"), NULL}, "ws://h/: shard 1/2 is there twice"},
      {{SHARD(1, 2, "a"), SHARD(2, 3, "b"), NULL},
       "ws://h/: shards of 2 parts and of 3 do not go together"},
      {{SHARD(1, 2, "a"), SHARD(2, 2, "a"), NULL}, "ws://h/: two of its reports have case a"},
      {{SHARD(1, 1, "a"), SHARD(1, 1, "b"), NULL},
       "ws://h/: two reports of one target; NAME=FILE tells them apart"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct wspec_reports reports;
    char *message;
    assert_int_equal(merge_texts(&reports, rows[i].texts, &message), WSPEC_ERR_INPUT);
    assert_string_equal(message, rows[i].message);
    free(message);
    wspec_reports_clear(&reports);
  }
}

static void survives_every_failing_allocation(void **state) {
  (void)state;
  bool failed = true;
  for (unsigned n = 1; failed; n++) {
    struct wspec_reports reports = {.items = NULL};
    char *message = NULL;
    FILE *file = fmemopen((void *)(uintptr_t)WHOLE, strlen(WHOLE), "r");
    failalloc_arm(n);
    enum wspec_err err = wspec_reports_read(&reports, file, "r.json", &message);
    failed = failalloc_disarm();
    fclose(file);
    if (!failed) {
      assert_int_equal(err, WSPEC_OK);
    }
    free(message);
    wspec_reports_clear(&reports);
  }
}

static void orders_ids_with_numbers_by_value(void **state) {
  (void)state;
  static const char *const ids[] = {"",
                                    "6455/5.2/a",
                                    "6455/5.2/b",
                                    "6455/5.2.1/a",
                                    "6455/5.10/a",
                                    "6455/5.10/a-2",
                                    "6455/5.10/a-10",
                                    "6455/5.10/a-010x",
                                    "7692/1"};
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
      int order = wspec_id_compare(ids[i], ids[k]);
      assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
    }
  }
  assert_int_not_equal(wspec_id_compare("a-01", "a-1"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_a_whole_report),
      cmocka_unit_test(writes_again_what_it_does_not_know),
      cmocka_unit_test(reads_what_is_whole_of_a_cut_report),
      cmocka_unit_test(says_what_is_wrong_and_where),
      cmocka_unit_test(joins_shards_of_one_target),
      cmocka_unit_test(refuses_shards_that_do_not_make_a_whole),
      cmocka_unit_test(survives_every_failing_allocation),
      cmocka_unit_test(orders_ids_with_numbers_by_value),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
