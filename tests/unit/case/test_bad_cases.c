/* Every mistake in a case file has a file in tests/data/bad-cases, and its message is a line of
 * messages.txt there. Files are read in the order of their names; lint-*.json load, and break a
 * house rule. */
#include "case/lint.h"
#include "case/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILE_TEXT_MAX = 256 * 1024 };

static struct wspec_requirements g_requirements;
static char *g_retired;
static char *g_expected; /* what of messages.txt is not yet met */

static char *read_text(const char *path) {
  FILE *stream = fopen(path, "rb");
  char *text = calloc(FILE_TEXT_MAX, 1);
  assert_non_null(stream);
  assert_non_null(text);
  assert_true(fread(text, 1, FILE_TEXT_MAX - 1, stream) > 0);
  assert_int_equal(fclose(stream), 0);
  return text;
}

static int is_bad_case(const struct dirent *entry) {
  return strstr(entry->d_name, ".json") != NULL;
}

/* Byte order, whatever the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static char *messages_of(const char *name) {
  struct wspec_case_set set = {0};
  char *messages = NULL;
  enum wspec_err err = wspec_case_set_load(&set, name, &g_requirements, NULL, &messages);
  if (strncmp(name, "lint-", 5) == 0) {
    assert_int_equal(err, WSPEC_OK);
    err = wspec_case_set_lint(&set, g_retired, &messages);
  }
  assert_int_equal(err, WSPEC_ERR_INPUT);
  assert_non_null(messages);
  wspec_case_set_clear(&set);
  return messages;
}

static void expect_lines(char *messages) {
  for (char *line = strtok(messages, "\n"); line; line = strtok(NULL, "\n")) {
    char *end = strchr(g_expected, '\n');
    assert_non_null(end);
    *end = '\0';
    assert_string_equal(line, g_expected);
    g_expected = end + 1;
  }
}

static void test_each_mistake_has_its_message(void **state) {
  (void)state;
  struct dirent **entries;
  char *message;
  assert_int_equal(chdir(WSPEC_TEST_DATA "/bad-cases"), 0);
  assert_int_equal(
      wspec_requirements_load(&g_requirements, WSPEC_CASES_DIR "/requirements.json", &message),
      WSPEC_OK);
  char *expected = read_text("messages.txt");
  g_expected = expected;
  g_retired = read_text("retired.txt");
  int n = scandir(".", &entries, is_bad_case, compare_names);
  assert_true(n > 150);
  for (int i = 0; i < n; i++) {
    char *messages = messages_of(entries[i]->d_name);
    expect_lines(messages);
    free(messages);
    free(entries[i]);
  }
  assert_string_equal(g_expected, "");
  free(entries);
  free(expected);
  free(g_retired);
  wspec_requirements_clear(&g_requirements);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_mistake_has_its_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
