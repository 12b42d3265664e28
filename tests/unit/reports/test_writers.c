/* Every writer of a format: where memory or the disk ends, at every allocation and every octet. */
#define _GNU_SOURCE
#include "reports/badge.h"
#include "reports/html.h"
#include "reports/junit.h"
#include "reports/markdown.h"
#include "reports/merge.h"
#include "reports/pcapng.h"
#include "reports/sarif.h"
#include "reports/tap.h"

#include "failalloc.h"
#include "small_report.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdlib.h>

/* Octets of the page's own code are no news: behind so many, every 997th is tried. */
enum { EACH_OF = 6000, STRIDE = 997, N_REPORTS = 2 };

static const struct {
  enum wspec_err (*write)(FILE *file, const struct wspec_report *reports, size_t n_reports);
  bool allocates;
} writers[] = {
    {wspec_matrix_write, true}, {wspec_junit_write, false}, {wspec_markdown_write, false},
    {wspec_html_write, true},   {wspec_tap_write, false},   {wspec_sarif_write, false},
    {wspec_badge_write, false}, {wspec_pcapng_write, true},
};
enum { N_WRITERS = sizeof writers / sizeof writers[0] };

/* cJSON is a shared library: the linker's wrapper sees only what is asked for from here. */
static void *own_malloc(size_t size) {
  return malloc(size);
}

static int set_up(void **state) {
  static struct wspec_reports reports;
  reports = (struct wspec_reports){.items = NULL};
  small_add(&reports);
  small_add(&reports);
  assert_int_equal(wspec_report_rename(&reports.items[1], "other"), WSPEC_OK);
  *state = &reports;
  cJSON_Hooks hooks = {.malloc_fn = own_malloc, .free_fn = free};
  cJSON_InitHooks(&hooks);
  return 0;
}

static int tear_down(void **state) {
  cJSON_InitHooks(NULL);
  wspec_reports_clear(*state);
  return 0;
}

static char *write_whole(unsigned writer, const struct wspec_reports *reports, size_t n,
                         size_t *len) {
  char *text = NULL;
  FILE *file = open_memstream(&text, len);
  assert_non_null(file);
  assert_int_equal(writers[writer].write(file, reports->items, n), WSPEC_OK);
  assert_int_equal(fclose(file), 0);
  assert_true(*len > 0);
  return text;
}

static void write_the_same_twice(void **state) {
  for (unsigned i = 0; i < N_WRITERS; i++) {
    for (size_t n = 1; n <= N_REPORTS; n++) {
      size_t first_len, second_len;
      char *first = write_whole(i, *state, n, &first_len);
      char *second = write_whole(i, *state, n, &second_len);
      assert_int_equal(first_len, second_len);
      assert_memory_equal(first, second, first_len);
      free(first);
      free(second);
    }
  }
}

/* A report without a result is what is left of a run that was cut off at once. */
static void write_a_report_without_results(void **state) {
  (void)state;
  struct wspec_reports reports = {.items = NULL};
  char *message = NULL;
  assert_int_equal(small_read(&reports, SMALL_HEAD, &message), WSPEC_OK);
  assert_int_equal(reports.items[0].n_records, 0);
  for (unsigned i = 0; i < N_WRITERS; i++) {
    size_t len;
    free(write_whole(i, &reports, 1, &len));
  }
  wspec_reports_clear(&reports);
}

static void no_markup_comes_out_of_a_text(void **state) {
  size_t len;
  for (unsigned i = 0; i < N_WRITERS; i++) {
    bool is_json = writers[i].write == wspec_matrix_write || writers[i].write == wspec_pcapng_write;
    bool is_plain =
        is_json || writers[i].write == wspec_tap_write || writers[i].write == wspec_sarif_write;
    char *text = write_whole(i, *state, 1, &len);
    const char *data = strstr(text, " id=\"data\""); /* the page has scripts of its own */
    const char *end = data ? strstr(data, "</script>") : NULL;
    const char *hostile = strstr(data ? data : text, "</script>]]>");
    assert_true(is_plain || hostile == NULL);
    assert_true(!data || (end && strncmp(end, "</script>\n<script>", 18) == 0));
    free(text);
  }
}

static void fail_at_every_allocation(void **state) {
  const struct wspec_reports *reports = *state;
  for (unsigned i = 0; i < N_WRITERS; i++) {
    bool failed = true;
    unsigned n_failed = 0;
    for (unsigned n = 1; failed; n++) {
      char *text = NULL;
      size_t len;
      FILE *file = open_memstream(&text, &len);
      assert_non_null(file);
      failalloc_arm(n);
      enum wspec_err err = writers[i].write(file, reports->items, N_REPORTS);
      failed = failalloc_disarm();
      fclose(file);
      free(text);
      n_failed += failed;
      assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_OK);
    }
    assert_int_equal(n_failed > 0, writers[i].allocates);
  }
}

/* A disk with room for so many octets. */
static ssize_t write_to_disk(void *user, const char *octets, size_t len) {
  (void)octets;
  size_t *room = user;
  if (len > *room) {
    size_t written = *room;
    *room = 0;
    return written > 0 ? (ssize_t)written : -1;
  }
  *room -= len;
  return (ssize_t)len;
}

static void a_full_disk_is_an_error_at_every_octet(void **state) {
  const struct wspec_reports *reports = *state;
  for (unsigned i = 0; i < N_WRITERS; i++) {
    size_t len;
    free(write_whole(i, reports, N_REPORTS, &len));
    for (size_t n = 0; n <= len; n += n < EACH_OF ? 1 : STRIDE) {
      size_t room = n;
      FILE *file = fopencookie(&room, "w", (cookie_io_functions_t){.write = write_to_disk});
      assert_non_null(file);
      enum wspec_err err = writers[i].write(file, reports->items, N_REPORTS);
      bool flushed = fflush(file) == 0;
      fclose(file);
      assert_true(err == WSPEC_OK || err == WSPEC_ERR_IO);
      assert_int_equal(err == WSPEC_OK && flushed, n >= len);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(write_the_same_twice, set_up, tear_down),
      cmocka_unit_test(write_a_report_without_results),
      cmocka_unit_test_setup_teardown(no_markup_comes_out_of_a_text, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fail_at_every_allocation, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_full_disk_is_an_error_at_every_octet, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
