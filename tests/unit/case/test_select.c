#include "case/select.h"
#include "failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct wspec_requirement MASKING = {.id = "6455-5.3-01"};
static const struct wspec_requirement LENGTH = {.id = "6455-5.2-10"};
static const struct wspec_requirement *OF_MASKING[] = {&MASKING};
static const struct wspec_requirement *OF_BOTH[] = {&MASKING, &LENGTH};
static const char *CONTROL[] = {"control"};
static const char *LARGE[] = {"slow", "large"};

static struct wspec_script SCRIPTS[] = {
    {.id = "6455/5.2/length-0", .requirements = OF_BOTH, .n_requirements = 2},
    {.id = "6455/5.2/length-1", .requirements = OF_MASKING, .n_requirements = 1},
    {.id = "6455/5.5.2/ping", .tags = CONTROL, .n_tags = 1},
    {.id = "7692/5/offer", .tags = LARGE, .n_tags = 2},
};

/* The one in the middle is expanded later. */
static struct wspec_case CASES[] = {
    {.id = "6455/5.2/length-0", .index = 0},
    {.id = "6455/5.2/length-1", .index = 1},
    {.id = "6455/5.2/every-1", .family = (struct wspec_family *)SCRIPTS, .index = 7},
    {.id = "6455/5.5.2/ping", .index = 2},
    {.id = "7692/5/offer", .index = 3},
};

static const struct wspec_case_set SET = {
    .cases = CASES, .n_cases = 5, .scripts = SCRIPTS, .n_scripts = 4};

static void test_globs(void **state) {
  (void)state;
  static const struct {
    const char *glob;
    const char *text;
    bool matches;
  } rows[] = {
      {"6455/5.2/length-0", "6455/5.2/length-0", true},
      {"6455/5.2", "6455/5.2/length-0", true},
      {"6455", "6455/5.2/length-0", true},
      {"645", "6455/5.2/length-0", false},
      {"6455/5", "6455/5.2/length-0", false},
      {"6455/5.*", "6455/5.2/length-0", true},
      {"6455/5.*", "6455/5.5.2/ping", true},
      {"6455/?.2", "6455/5.2/length-0", true},
      {"*ping", "6455/5.5.2/ping", true},
      {"*/ping*", "6455/5.5.2/ping-between-fragments", true},
      {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
      {"*a*b*c", "xaxbxcabc", true},
      {"a?c", "ac", false},
      {"a*", "a", true},
      {"*", "", true},
      {"", "", true},
      {"", "a", false},
      {"ab", "a", false},
      {"[a]", "a", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (wspec_glob_matches(rows[i].glob, rows[i].text) != rows[i].matches) {
      fail_msg("'%s' against '%s'", rows[i].glob, rows[i].text);
    }
  }
}

/* `expected` has a digit for each case that is to be selected. */
static void check(const struct wspec_selection *selection, const char *expected,
                  const char *expected_unmatched) {
  const struct wspec_case **found;
  const char *unmatched;
  size_t n;
  assert_int_equal(wspec_select(selection, &SET, &found, &n, &unmatched), WSPEC_OK);
  assert_int_equal(n, strlen(expected));
  assert_true((found == NULL) == (n == 0));
  for (size_t i = 0; i < n; i++) {
    assert_ptr_equal(found[i], &CASES[expected[i] - '0']);
  }
  if (expected_unmatched) {
    assert_string_equal(unmatched, expected_unmatched);
  } else {
    assert_null(unmatched);
  }
  free(found);
}

static void test_selections(void **state) {
  (void)state;
  static const char *const sections[] = {"6455/5.2", "7692"};
  static const char *const ending[] = {"*-1"};
  static const char *const tags[] = {"large", "control"};
  static const char *const requirement[] = {"6455-5.2-*"};
  static const char *const typo[] = {"6455", "6455/5.4"};
  static const char *const no_tag[] = {"larg"};
  check(&(struct wspec_selection){0}, "01234", NULL);
  check(&(struct wspec_selection){.cases = sections, .n_cases = 2}, "0124", NULL);
  check(&(struct wspec_selection){.excludes = ending, .n_excludes = 1}, "0234", NULL);
  check(
      &(struct wspec_selection){
          .cases = sections, .n_cases = 2, .excludes = ending, .n_excludes = 1},
      "024", NULL);
  check(&(struct wspec_selection){.tags = tags, .n_tags = 2}, "234", NULL);
  check(&(struct wspec_selection){.requirements = requirement, .n_requirements = 1}, "02", NULL);
  check(&(struct wspec_selection){.cases = sections, .n_cases = 1, .tags = tags, .n_tags = 2}, "2",
        NULL);
  check(&(struct wspec_selection){.cases = typo, .n_cases = 2}, "0123", "6455/5.4");
  check(&(struct wspec_selection){.excludes = typo, .n_excludes = 2}, "24", "6455/5.4");
  check(&(struct wspec_selection){.tags = no_tag, .n_tags = 1}, "2", "larg");
}

/* Of scripts that are not in the set, a word is known to fit all the same. */
static void test_words_of_scripts_that_are_not_there_are_noted(void **state) {
  (void)state;
  static const struct wspec_script absent = {.id = "6455/5.4/all", .tags = CONTROL, .n_tags = 1};
  static const char *const excludes[] = {"6455/5.4"};
  static const char *const cases[] = {"6455/5.2", "7692"};
  static const char *const tags[] = {"large", "control"};
  bool seen[5] = {false};
  struct wspec_selection selection = {
      .excludes = excludes, .n_excludes = 1, .cases = cases, .n_cases = 2, .seen = seen};
  check(&selection, "0124", "6455/5.4");
  assert_false(wspec_selection_takes(&selection, &absent));
  assert_true(wspec_selection_takes(&selection, &SCRIPTS[0]));
  assert_true(seen[0] && seen[1] && !seen[2] && !seen[3]);
  check(&selection, "0124", NULL);
  selection.tags = tags;
  selection.n_tags = 2;
  assert_false(wspec_selection_takes(&selection, &absent));
  assert_true(!seen[3] && seen[4]);
  selection.seen = NULL;
  assert_true(wspec_selection_takes(&selection, &SCRIPTS[3]));
}

static void test_no_memory(void **state) {
  (void)state;
  const struct wspec_case **found;
  const char *unmatched;
  size_t n;
  failalloc_arm(1);
  assert_int_equal(wspec_select(&(struct wspec_selection){0}, &SET, &found, &n, &unmatched),
                   WSPEC_ERR_NOMEM);
  assert_true(failalloc_disarm());
  assert_null(found);
  assert_int_equal(n, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_globs),
      cmocka_unit_test(test_selections),
      cmocka_unit_test(test_words_of_scripts_that_are_not_there_are_noted),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
