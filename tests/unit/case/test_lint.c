#include "case/fingerprint.h"
#include "case/lint.h"
#include "case/suggest.h"
#include "failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct wspec_requirements g_requirements;

static int set_up(void **state) {
  (void)state;
  char *message;
  return wspec_requirements_load(&g_requirements, WSPEC_CASES_DIR "/requirements.json", &message);
}

static int tear_down(void **state) {
  (void)state;
  wspec_requirements_clear(&g_requirements);
  return 0;
}

static struct wspec_case_set load(const char *path) {
  struct wspec_case_set set = {0};
  struct wspec_load_options options = {.exhaustive = true};
  char *messages;
  assert_int_equal(wspec_case_set_load(&set, path, &g_requirements, &options, &messages), WSPEC_OK);
  return set;
}

static void test_the_real_cases_and_the_good_ones_keep_the_rules(void **state) {
  (void)state;
  static const char *const paths[] = {WSPEC_CASES_DIR, WSPEC_TEST_DATA "/good-cases"};
  for (size_t i = 0; i < 2; i++) {
    struct wspec_case_set set = load(paths[i]);
    char *messages;
    enum wspec_err err = wspec_case_set_lint(&set, "# none\n6455/5.2/frame-3-zero\n", &messages);
    if (messages) {
      print_error("%s\n", messages);
    }
    assert_int_equal(err, WSPEC_OK);
    assert_null(messages);
    wspec_case_set_clear(&set);
  }
}

/* A case is told once for each rule, not once for each combination. */
static void test_an_id_is_retired_whole(void **state) {
  (void)state;
  struct wspec_case_set set = load(WSPEC_TEST_DATA "/good-cases");
  char *messages;
  static const char retired[] = "# old\n6455/5.2/heads\tgone\n6455/5.2/frame-3-zero-0 gone\n"
                                "6455/5.2/frame-3-zero-125";
  assert_int_equal(wspec_case_set_lint(&set, retired, &messages), WSPEC_ERR_INPUT);
  assert_non_null(strstr(messages, "[retired-id] 6455/5.2/frame-3-zero-0: "));
  assert_null(strstr(messages, "frame-3-zero-125"));
  assert_non_null(strstr(messages, "[retired-id] 6455/5.2/heads: "));
  free(messages);
  wspec_case_set_clear(&set);
}

static void test_prints_differ_where_steps_do(void **state) {
  (void)state;
  struct wspec_case_set set = load(WSPEC_TEST_DATA "/good-cases");
  for (size_t i = 0; i < set.n_scripts; i++) {
    uint64_t print = wspec_fingerprint(&set.scripts[i]);
    assert_int_equal(print, wspec_fingerprint(&set.scripts[i]));
    for (size_t k = 0; k < i; k++) {
      assert_true(print != wspec_fingerprint(&set.scripts[k]));
    }
  }
  wspec_case_set_clear(&set);
}

static void test_no_memory(void **state) {
  (void)state;
  struct wspec_case_set set = load(WSPEC_TEST_DATA "/bad-cases/lint-summary-long.json");
  unsigned n = 1;
  for (bool failed = true; failed; n++) {
    char *messages;
    failalloc_arm(n);
    enum wspec_err err = wspec_case_set_lint(&set, NULL, &messages);
    failed = failalloc_disarm();
    assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_ERR_INPUT);
    assert_true((messages == NULL) == failed);
    free(messages);
  }
  assert_true(n > 4);
  wspec_case_set_clear(&set);
}

static void test_suggestions_are_near(void **state) {
  (void)state;
  static const char *const names[] = {"a", "steps", "summary", "requirements"};
  static const struct {
    const char *name;
    const char *expected;
  } rows[] = {{"step", "steps"},
              {"sumary", "summary"},
              {"requirments", "requirements"},
              {"steps", "steps"},
              {"stop", NULL},
              {"b", NULL},
              {"summit", NULL},
              {"", NULL},
              {"summray", "summary"}};
  char longer[200];
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *meant = wspec_suggest(rows[i].name, names, 4);
    if ((meant == NULL) != (rows[i].expected == NULL) ||
        (meant && strcmp(meant, rows[i].expected) != 0)) {
      fail_msg("'%s' gave '%s'", rows[i].name, meant ? meant : "nothing");
    }
  }
  assert_null(wspec_suggest(longer, names, 4));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_real_cases_and_the_good_ones_keep_the_rules),
      cmocka_unit_test(test_an_id_is_retired_whole),
      cmocka_unit_test(test_prints_differ_where_steps_do),
      cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_suggestions_are_near),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
