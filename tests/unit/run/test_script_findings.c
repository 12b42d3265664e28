#include "run/script_findings.h"

#include "failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct wspec_requirement MUST = {
    .id = "whatwg-1-01", .level = WSPEC_LEVEL_MUST, .keyword = "MUST"};
static const struct wspec_requirement SHOULD = {
    .id = "whatwg-1-02", .level = WSPEC_LEVEL_SHOULD, .keyword = "SHOULD"};
static const struct wspec_requirement *const REQUIREMENTS[] = {&MUST, &SHOULD};

static struct wspec_script g_script = {.id = "api/x/x", .n_requirements = 2};

static int set_up(void **state) {
  (void)state;
  g_script.requirements = (const struct wspec_requirement **)(uintptr_t)REQUIREMENTS;
  return 0;
}

/* From an exact copy, so that a look past the end is seen. */
static enum wspec_err read_octets(const void *octets, size_t len, struct wspec_result *result,
                                  const char **why) {
  void *exact = malloc(len ? len : 1);
  assert_non_null(exact);
  memcpy(exact, octets, len);
  *result = (struct wspec_result){.script = &g_script};
  enum wspec_err err = wspec_script_findings_read(wspec_span_of(exact, len), result, why);
  free(exact);
  return err;
}

static struct wspec_result read_text(const char *text) {
  struct wspec_result result;
  const char *why;
  assert_int_equal(read_octets(text, strlen(text), &result, &why), WSPEC_OK);
  assert_null(why);
  return result;
}

static void test_nothing_found_is_a_pass(void **state) {
  (void)state;
  struct wspec_result result = read_text("{\"findings\": []}");
  assert_int_equal(result.verdict, WSPEC_VERDICT_PASS);
  assert_int_equal(result.n_findings, 0);
  wspec_result_clear(&result);
}

static void test_a_finding_has_the_level_of_its_requirement(void **state) {
  (void)state;
  static const struct {
    const char *members;
    const char *requirement;
    enum wspec_verdict verdict;
  } rows[] = {
      {"", "whatwg-1-01", WSPEC_VERDICT_FAIL},
      {", \"requirement\": \"whatwg-1-02\"", "whatwg-1-02", WSPEC_VERDICT_WARN},
      {", \"rank\": \"warn\"", "whatwg-1-01", WSPEC_VERDICT_WARN},
      {", \"rank\": \"info\"", "whatwg-1-01", WSPEC_VERDICT_INFO},
      {", \"rank\": \"info\", \"requirement\": \"whatwg-1-02\"", "whatwg-1-02", WSPEC_VERDICT_INFO},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[256];
    snprintf(text, sizeof text, "{\"findings\": [{\"message\": \"m\", \"expected\": \"1\"%s}]}",
             rows[i].members);
    struct wspec_result result = read_text(text);
    assert_int_equal(result.verdict, rows[i].verdict);
    assert_int_equal(result.n_findings, 1);
    assert_string_equal(result.findings[0].requirement, rows[i].requirement);
    assert_string_equal(result.findings[0].message, "m");
    assert_string_equal(result.findings[0].expected, "1");
    assert_null(result.findings[0].seen);
    wspec_result_clear(&result);
  }
}

static void test_a_skip_counts_where_nothing_was_found(void **state) {
  (void)state;
  struct wspec_result result = read_text("{\"findings\": [], \"skip\": \"no Blob\"}");
  assert_int_equal(result.verdict, WSPEC_VERDICT_SKIP);
  assert_string_equal(result.skip_reason, "no Blob");
  wspec_result_clear(&result);
  result = read_text("{\"findings\": [{\"message\": \"m\"}], \"skip\": \"no Blob\"}");
  assert_int_equal(result.verdict, WSPEC_VERDICT_FAIL);
  wspec_result_clear(&result);
}

static void test_texts_can_be_shown(void **state) {
  (void)state;
  struct wspec_result result =
      read_text("{\"findings\": [{\"message\": "
                "\"a\\u001b[1m\\u007f\\u009b2m\\u00e9\\n\xe2\x82\xac\"}]}");
  assert_string_equal(result.findings[0].message, "a?[1m???2m\u00e9?\u20ac");
  wspec_result_clear(&result);
}

static void test_a_long_text_is_cut_between_characters(void **state) {
  (void)state;
  char text[4096] = "{\"findings\": [{\"message\": \"x";
  size_t len = strlen(text);
  for (int i = 0; i < 1000; i++, len += 2) {
    memcpy(text + len, "\xc3\xa9", 2);
  }
  strcpy(text + len, "\"}]}");
  struct wspec_result result = read_text(text);
  assert_int_equal(strlen(result.findings[0].message), WSPEC_SCRIPT_TEXT_MAX - 1);
  wspec_result_clear(&result);
}

static void test_anything_else_is_refused(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "[",
      "[]",
      "null",
      "{}",
      "{\"findings\": {}}",
      "{\"findings\": [], \"more\": 1}",
      "{\"findings\": [1]}",
      "{\"findings\": [{}]}",
      "{\"findings\": [{\"message\": 1}]}",
      "{\"findings\": [{\"message\": \"m\", \"seen\": null}]}",
      "{\"findings\": [{\"message\": \"m\", \"rank\": \"fail\"}]}",
      "{\"findings\": [{\"message\": \"m\", \"requirement\": \"whatwg-1-03\"}]}",
      "{\"findings\": [{\"message\": \"m\", \"message\": \"n\"}]}",
      "{\"findings\": [{\"message\": \"m\", \"verdict\": \"pass\"}]}",
      "{\"findings\": [{\"message\": \"\\u0000\"}]}",
      "{\"findings\": [{\"message\": \"\\ud800\"}]}",
      "{\"findings\": [{\"message\": \"\xff\"}]}",
      "{\"findings\": [], \"skip\": true}",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct wspec_result result;
    const char *why;
    if (read_octets(texts[i], strlen(texts[i]), &result, &why) != WSPEC_ERR_INPUT || !why) {
      fail_msg("%s is taken", texts[i]);
    }
    assert_int_equal(result.n_findings, 0);
    wspec_result_clear(&result);
  }
}

static void test_their_number_is_bounded(void **state) {
  (void)state;
  for (int n = WSPEC_SCRIPT_FINDINGS_MAX; n <= WSPEC_SCRIPT_FINDINGS_MAX + 1; n++) {
    char text[4096] = "{\"findings\": [";
    for (int i = 0; i < n; i++) {
      strcat(text, i ? ",{\"message\": \"m\"}" : "{\"message\": \"m\"}");
    }
    strcat(text, "]}");
    struct wspec_result result;
    const char *why;
    enum wspec_err err = read_octets(text, strlen(text), &result, &why);
    assert_int_equal(err, n > WSPEC_SCRIPT_FINDINGS_MAX ? WSPEC_ERR_INPUT : WSPEC_OK);
    wspec_result_clear(&result);
  }
}

/* Every beginning of a right text is read without a look past its end. */
static void test_every_beginning(void **state) {
  (void)state;
  static const char text[] = "{\"findings\": [{\"message\": \"\\u00e9\", \"rank\": \"warn\"}]}";
  for (size_t len = 0; len < sizeof text - 1; len++) {
    struct wspec_result result;
    const char *why;
    assert_int_equal(read_octets(text, len, &result, &why), WSPEC_ERR_INPUT);
    wspec_result_clear(&result);
  }
}

static void test_no_memory(void **state) {
  (void)state;
  static const char *const texts[] = {
      "{\"findings\": [{\"message\": \"m\", \"expected\": \"a\", \"seen\": \"b\"}, "
      "{\"message\": \"n\"}]}",
      "{\"findings\": [], \"skip\": \"why\"}"};
  for (size_t i = 0; i < 2; i++) {
    unsigned n = 1;
    for (bool failed = true; failed; n++) {
      struct wspec_result result = {.script = &g_script};
      const char *why;
      failalloc_arm(n);
      enum wspec_err err = wspec_script_findings_read(wspec_span_text(texts[i]), &result, &why);
      failed = failalloc_disarm();
      /* The words of a skip are its only part that may be missing. */
      bool is_without_words = !err && result.verdict == WSPEC_VERDICT_SKIP && !result.skip_reason;
      assert_true(failed ? err == WSPEC_ERR_NOMEM || is_without_words : err == WSPEC_OK);
      wspec_result_clear(&result);
    }
    assert_true(n > 6);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_found_is_a_pass),
      cmocka_unit_test(test_a_finding_has_the_level_of_its_requirement),
      cmocka_unit_test(test_a_skip_counts_where_nothing_was_found),
      cmocka_unit_test(test_texts_can_be_shown),
      cmocka_unit_test(test_a_long_text_is_cut_between_characters),
      cmocka_unit_test(test_anything_else_is_refused),
      cmocka_unit_test(test_their_number_is_bounded),
      cmocka_unit_test(test_every_beginning),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
