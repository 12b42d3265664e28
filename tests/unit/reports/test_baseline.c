/* Baselines and diffs: what is read is right or refused, and neither memory nor a disk that ends
 * does harm. */
#include "reports/baseline.h"
#include "reports/diff.h"
#include "reports/merge.h"

#include "failalloc.h"
#include "small_report.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdlib.h>

#define BASELINE(entry) "{\"schema\":\"wspec-baseline/1\",\"entries\":[" entry "]}"
#define ENTRY                                                                         \
  "{\"case\":\"a/*\",\"verdict\":\"fail\",\"requirements\":[\"r\"],\"reason\":\"R\"," \
  "\"link\":\"https://x/\",\"expires\":\"2027-01-31\"}"

static void *own_malloc(size_t size) {
  return malloc(size);
}

static enum wspec_err read_text(struct wspec_baseline *baseline, const char *text, size_t len,
                                char **message) {
  *baseline = (struct wspec_baseline){.entries = NULL};
  FILE *file = len > 0 ? fmemopen((void *)(uintptr_t)text, len, "r") : fopen("/dev/null", "r");
  assert_non_null(file);
  enum wspec_err err = wspec_baseline_read(baseline, file, "b.json", message);
  fclose(file);
  return err;
}

static void reads_an_entry(void **state) {
  (void)state;
  struct wspec_baseline baseline;
  char *message;
  const char *text = BASELINE(ENTRY);
  assert_int_equal(read_text(&baseline, text, strlen(text), &message), WSPEC_OK);
  assert_int_equal(baseline.n_entries, 1);
  assert_string_equal(baseline.entries[0].pattern, "a/*");
  assert_string_equal(baseline.entries[0].requirements[0], "r");
  assert_string_equal(baseline.entries[0].expires, "2027-01-31");
  wspec_baseline_clear(&baseline);
}

/* A baseline has no whole lines to save: cut anywhere, it is refused. */
static void refuses_a_cut_file_at_every_octet(void **state) {
  (void)state;
  const char *text = BASELINE(ENTRY);
  for (size_t len = 0; len < strlen(text); len++) {
    struct wspec_baseline baseline;
    char *message = NULL;
    assert_int_equal(read_text(&baseline, text, len, &message), WSPEC_ERR_INPUT);
    assert_memory_equal(message, "b.json", 6);
    free(message);
    wspec_baseline_clear(&baseline);
  }
}

static void refuses_what_is_not_sound(void **state) {
  (void)state;
  static const char *const texts[] = {
      "[]",
      "{\"schema\":\"wspec-baseline/2\",\"entries\":[]}",
      "{\"schema\":\"wspec-baseline/1\",\"entries\":{}}",
      BASELINE("7"),
      BASELINE("{\"case\":\"a\",\"verdict\":\"fail\"}"),
      BASELINE("{\"case\":\"a\",\"verdict\":\"pass\",\"reason\":\"R\"}"),
      BASELINE("{\"case\":7,\"verdict\":\"fail\",\"reason\":\"R\"}"),
      BASELINE("{\"case\":\"a\",\"verdict\":\"fail\",\"reason\":\"R\",\"reasn\":\"R\"}"),
      BASELINE("{\"case\":\"a\",\"verdict\":\"fail\",\"reason\":\"R\",\"requirements\":[7]}"),
      BASELINE("{\"case\":\"a\",\"verdict\":\"fail\",\"reason\":\"R\",\"expires\":\"soon\"}"),
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct wspec_baseline baseline;
    char *message = NULL;
    enum wspec_err err = read_text(&baseline, texts[i], strlen(texts[i]), &message);
    assert_int_equal(err, WSPEC_ERR_INPUT);
    assert_memory_equal(message, "b.json", 6);
    free(message);
    wspec_baseline_clear(&baseline);
  }
}

static void reading_survives_every_failing_allocation(void **state) {
  (void)state;
  cJSON_Hooks hooks = {.malloc_fn = own_malloc, .free_fn = free};
  cJSON_InitHooks(&hooks);
  const char *text = BASELINE(ENTRY "," ENTRY);
  bool failed = true;
  for (unsigned n = 1; failed; n++) {
    struct wspec_baseline baseline = {.entries = NULL};
    char *message = NULL;
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    failalloc_arm(n);
    enum wspec_err err = wspec_baseline_read(&baseline, file, "b.json", &message);
    failed = failalloc_disarm();
    assert_int_equal(err == WSPEC_OK, !failed);
    fclose(file);
    free(message);
    wspec_baseline_clear(&baseline);
  }
  cJSON_InitHooks(NULL);
}

static void writing_survives_every_failing_allocation(void **state) {
  (void)state;
  struct wspec_reports reports = {.items = NULL};
  small_add(&reports);
  cJSON_Hooks hooks = {.malloc_fn = own_malloc, .free_fn = free};
  cJSON_InitHooks(&hooks);
  const struct wspec_baseline none = {.entries = NULL};
  bool failed = true;
  for (unsigned n = 1; failed; n++) {
    FILE *file = fopen("/dev/null", "w");
    failalloc_arm(n);
    enum wspec_err err = wspec_baseline_write(file, &reports.items[0], &none, true);
    failed = failalloc_disarm();
    fclose(file);
    assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_OK);
  }
  cJSON_InitHooks(NULL);
  wspec_reports_clear(&reports);
}

static void what_is_written_is_read(void **state) {
  (void)state;
  struct wspec_reports reports = {.items = NULL};
  small_add(&reports);
  const struct wspec_baseline none = {.entries = NULL};
  char *text = NULL;
  size_t len;
  FILE *file = open_memstream(&text, &len);
  assert_int_equal(wspec_baseline_write(file, &reports.items[0], &none, true), WSPEC_OK);
  fclose(file);
  struct wspec_baseline baseline;
  char *message = NULL;
  assert_int_equal(read_text(&baseline, text, len, &message), WSPEC_OK);
  assert_int_equal(baseline.n_entries, 3); /* two fail, one warns */
  free(text);
  wspec_baseline_clear(&baseline);
  wspec_reports_clear(&reports);
}

/* ---- Diffs ---- */

static void diffs_survive_every_failing_allocation_and_a_full_disk(void **state) {
  (void)state;
  static enum wspec_err (*const writers[])(FILE *, const struct wspec_diff *, size_t) = {
      wspec_diff_write_text, wspec_diff_write_markdown, wspec_diff_write_json};
  struct wspec_reports reports = {.items = NULL};
  small_add(&reports);
  struct wspec_report nothing;
  wspec_report_init(&nothing);
  bool failed = true;
  for (unsigned n = 1; failed; n++) {
    struct wspec_diff diff = {.items = NULL};
    failalloc_arm(n);
    enum wspec_err err = wspec_diff_make(&diff, &nothing, &reports.items[0]);
    failed = failalloc_disarm();
    assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_OK);
    for (size_t i = 0; i < 3 && !err; i++) {
      assert_int_equal(diff.n_items, 6);
      FILE *full = fopen("/dev/full", "w");
      setvbuf(full, NULL, _IONBF, 0);
      assert_int_equal(writers[i](full, &diff, 1), WSPEC_ERR_IO);
      fclose(full);
    }
    wspec_diff_clear(&diff);
  }
  wspec_report_clear(&nothing);
  wspec_reports_clear(&reports);
}

static void merging_survives_every_failing_allocation(void **state) {
  (void)state;
  cJSON_Hooks hooks = {.malloc_fn = own_malloc, .free_fn = free};
  bool failed = true;
  for (unsigned n = 1; failed; n++) {
    struct wspec_reports reports = {.items = NULL};
    small_add(&reports);
    small_add(&reports);
    cJSON_InitHooks(&hooks);
    char *message = NULL;
    failalloc_arm(n);
    enum wspec_err err = wspec_report_rename(&reports.items[0], "first");
    err = err ? err : wspec_reports_merge(&reports, &message);
    failed = failalloc_disarm();
    cJSON_InitHooks(NULL);
    assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_OK);
    free(message);
    wspec_reports_clear(&reports);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_an_entry),
      cmocka_unit_test(refuses_a_cut_file_at_every_octet),
      cmocka_unit_test(refuses_what_is_not_sound),
      cmocka_unit_test(reading_survives_every_failing_allocation),
      cmocka_unit_test(writing_survives_every_failing_allocation),
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(diffs_survive_every_failing_allocation_and_a_full_disk),
      cmocka_unit_test(merging_survives_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
