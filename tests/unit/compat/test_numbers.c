#include "compat/numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t count(const bool selected[WSPEC_N_NUMBERS]) {
  size_t n = 0;
  for (size_t i = 0; i < WSPEC_N_NUMBERS; i++) {
    n += selected[i];
  }
  return n;
}

static size_t count_of(const char *pattern) {
  bool selected[WSPEC_N_NUMBERS] = {false};
  (void)wspec_pattern_select(pattern, true, selected);
  return count(selected);
}

/* The counts are those of Autobahn|Testsuite 25.10.1. */
static void there_are_517_cases(void **state) {
  (void)state;
  assert_int_equal(count_of("*"), 517);
  assert_int_equal(count_of("1.*"), 16);
  assert_int_equal(count_of("6.*"), 145);
  assert_int_equal(count_of("7.*"), 37);
  assert_int_equal(count_of("9.*"), 54);
  assert_int_equal(count_of("12.*"), 90);
  assert_int_equal(count_of("13.*"), 126);
}

static void numbers_and_indices_are_inverse(void **state) {
  (void)state;
  for (size_t i = 0; i < WSPEC_N_NUMBERS; i++) {
    char number[WSPEC_NUMBER_SIZE];
    size_t index = WSPEC_N_NUMBERS;
    wspec_number_text(i, number);
    assert_true(wspec_number_find(number, &index));
    assert_int_equal(index, i);
  }
}

static void the_order_is_numeric(void **state) {
  (void)state;
  char number[WSPEC_NUMBER_SIZE];
  wspec_number_text(0, number);
  assert_string_equal(number, "1.1.1");
  wspec_number_text(16, number);
  assert_string_equal(number, "2.1");
  wspec_number_text(25, number);
  assert_string_equal(number, "2.10");
  wspec_number_text(516, number);
  assert_string_equal(number, "13.7.18");
}

static void numbers_that_do_not_exist_are_not_found(void **state) {
  (void)state;
  static const char *const numbers[] = {"", "0.1", "1.1", "1.1.9", "7.2.1", "12.6.1", "13.7.19"};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    size_t index;
    assert_false(wspec_number_find(numbers[i], &index));
  }
}

/* A pattern with '*' is not bound to the end of a number, one without is a number. */
static void a_pattern_matches_as_autobahns(void **state) {
  (void)state;
  assert_int_equal(count_of("1*"), 16 + 1 + 90 + 126);
  assert_int_equal(count_of("1.*.1"), 2); /* 1.1.1 and 1.2.1 */
  assert_int_equal(count_of("12.1.1"), 1);
  assert_int_equal(count_of("12.1.1*"), 10);
  assert_int_equal(count_of("1"), 0);
  assert_int_equal(count_of(""), 0);
  assert_false(wspec_pattern_matches("1.*", "11", false));
  assert_true(wspec_pattern_matches("*", "", true));
  assert_true(wspec_pattern_matches("a*c", "abcbc", true));
  assert_false(wspec_pattern_matches("a*c", "abcb", true));
  assert_true(wspec_pattern_matches("a*c", "abcb", false));
  assert_false(wspec_pattern_matches("ab", "abc", true));
}

static void exclusion_takes_away(void **state) {
  (void)state;
  bool selected[WSPEC_N_NUMBERS] = {false};
  assert_true(wspec_pattern_select("*", true, selected));
  assert_true(wspec_pattern_select("9.*", false, selected));
  assert_false(wspec_pattern_select("", false, selected));
  assert_int_equal(count(selected), 517 - 54);
}

static void names_change_with_the_groups(void **state) {
  (void)state;
  size_t index;
  assert_true(wspec_number_find("6.4.1", &index));
  assert_string_equal(wspec_number_category(index), "UTF-8 Handling");
  assert_string_equal(wspec_number_subcategory(index), "Fail-fast on invalid UTF-8");
  assert_true(wspec_number_find("2.1", &index));
  assert_string_equal(wspec_number_subcategory(index), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(there_are_517_cases),
      cmocka_unit_test(numbers_and_indices_are_inverse),
      cmocka_unit_test(the_order_is_numeric),
      cmocka_unit_test(numbers_that_do_not_exist_are_not_found),
      cmocka_unit_test(a_pattern_matches_as_autobahns),
      cmocka_unit_test(exclusion_takes_away),
      cmocka_unit_test(names_change_with_the_groups),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
