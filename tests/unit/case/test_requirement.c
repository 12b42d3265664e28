#include "case/requirement.h"
#include "failalloc.h"
#include "tempfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#define ONE(id, level)                                                              \
  "{\"id\": \"" id "\", \"rfc\": \"6455\", \"section\": \"2\", \"level\": \"" level \
  "\", \"actor\": \"both\", \"text\": \"t\", \"accept\": \"a\", \"observable\": \"wire\"}"

static void test_the_real_file_loads_and_is_sorted(void **state) {
  (void)state;
  struct wspec_requirements requirements;
  char *message;
  assert_int_equal(
      wspec_requirements_load(&requirements, WSPEC_CASES_DIR "/requirements.json", &message),
      WSPEC_OK);
  assert_null(message);
  assert_true(requirements.n_items > 600);
  for (size_t i = 1; i < requirements.n_items; i++) {
    assert_true(strcmp(requirements.items[i - 1].id, requirements.items[i].id) < 0);
  }
  const struct wspec_requirement *ping = wspec_requirements_find(&requirements, "6455-5.5.2-02");
  assert_non_null(ping);
  assert_string_equal(ping->rfc, "6455");
  assert_string_equal(ping->section, "5.5.2");
  assert_int_equal(ping->level, WSPEC_LEVEL_MUST);
  assert_string_equal(ping->keyword, "MUST");
  assert_null(ping->unjudged);
  assert_int_equal(wspec_requirements_find(&requirements, "6455-5.5.3-04")->level,
                   WSPEC_LEVEL_SHOULD);
  assert_int_equal(wspec_requirements_find(&requirements, "6455-5.5.2-01")->level, WSPEC_LEVEL_MAY);
  assert_non_null(wspec_requirements_find(&requirements, "6455-2-01")->unjudged);
  assert_null(wspec_requirements_find(&requirements, "6455-5.5.2-99"));
  wspec_requirements_clear(&requirements);
  assert_null(wspec_requirements_find(&requirements, "6455-5.5.2-02"));
}

static void check_message(const char *text, const char *expected) {
  struct wspec_requirements requirements;
  char *message;
  char *dir = tempfile_dir();
  char *path = tempfile_write(dir, "r.json", text, strlen(text));
  assert_int_equal(wspec_requirements_load(&requirements, path, &message), WSPEC_ERR_INPUT);
  assert_non_null(message);
  assert_memory_equal(message, path, strlen(path));
  assert_string_equal(message + strlen(path), expected);
  assert_null(requirements.items);
  free(message);
  free(path);
  tempfile_remove(dir);
}

static void test_each_mistake_is_said(void **state) {
  (void)state;
  check_message("{}", ":1:1: expected an array of requirements");
  check_message("", ":1:1: the file is empty; expected a JSON value");
  check_message("[" ONE("a", "MUST") ",\n " ONE("a", "MAY") "]",
                ":1:1: the id \"a\" is there twice");
  check_message("[\n" ONE("a", "OUGHT") "]",
                ":2:44: at [0].level: expected one of MUST, MUST NOT, SHOULD, SHOULD NOT, MAY, "
                "got \"OUGHT\"");
  check_message("[{\"id\": 5, \"rfc\": \"6455\", \"section\": \"2\", \"level\": \"MAY\", "
                "\"actor\": \"both\", \"text\": \"t\", \"accept\": \"a\", "
                "\"observable\": \"wire\"}]",
                ":1:3: at [0].id: expected a member \"id\" with a text");
}

static void test_a_missing_file_is_an_io_error(void **state) {
  (void)state;
  struct wspec_requirements requirements;
  char *message;
  assert_int_equal(wspec_requirements_load(&requirements, "/nonexistent/r.json", &message),
                   WSPEC_ERR_IO);
  assert_string_equal(message, "/nonexistent/r.json: No such file or directory");
  free(message);
  assert_int_equal(wspec_requirements_load(&requirements, "/tmp", &message), WSPEC_ERR_IO);
  assert_string_equal(message, "/tmp: this is a directory, expected a file");
  free(message);
}

/* cJSON's own allocations go through the counted malloc, too. */
static void test_no_memory_is_said_at_each_allocation(void **state) {
  (void)state;
  const char *text = "[" ONE("b", "MUST") "," ONE("a", "MAY") "]";
  char *dir = tempfile_dir();
  char *path = tempfile_write(dir, "r.json", text, strlen(text));
  cJSON_Hooks hooks = {malloc, free};
  cJSON_InitHooks(&hooks);
  unsigned n = 1;
  for (;; n++) {
    struct wspec_requirements requirements;
    char *message;
    failalloc_arm(n);
    enum wspec_err err = wspec_requirements_load(&requirements, path, &message);
    bool failed = failalloc_disarm();
    assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_OK);
    assert_null(message);
    if (!failed) {
      assert_string_equal(requirements.items[0].id, "a");
      wspec_requirements_clear(&requirements);
      break;
    }
    assert_null(requirements.items);
  }
  assert_true(n > 20);
  cJSON_InitHooks(NULL);
  free(path);
  tempfile_remove(dir);
}

static void test_a_role_violates_the_strongest_that_binds_it(void **state) {
  (void)state;
  static const struct wspec_requirement
      server_must = {.id = "server-must", .level = WSPEC_LEVEL_MUST, .actor = "server"},
      client_must = {.id = "client-must", .level = WSPEC_LEVEL_MUST, .actor = "client"},
      client_may = {.id = "client-may", .level = WSPEC_LEVEL_MAY, .actor = "client"},
      both_should = {.id = "both-should", .level = WSPEC_LEVEL_SHOULD, .actor = "both"},
      both_must = {.id = "both-must", .level = WSPEC_LEVEL_MUST, .actor = "both"};
  const struct wspec_requirement *list[] = {&client_may, &server_must, &both_should, &both_must,
                                            &client_must};
  assert_ptr_equal(wspec_requirement_for(list, 5, "server"), &server_must);
  assert_ptr_equal(wspec_requirement_for(list, 5, "client"), &both_must);
  assert_ptr_equal(wspec_requirement_for(list, 3, "client"), &both_should);
  assert_ptr_equal(wspec_requirement_for(list, 2, "client"), &client_may);
  assert_ptr_equal(wspec_requirement_for(list + 1, 1, "client"), &server_must);
  assert_null(wspec_requirement_for(list, 0, "client"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_real_file_loads_and_is_sorted),
      cmocka_unit_test(test_each_mistake_is_said),
      cmocka_unit_test(test_a_missing_file_is_an_io_error),
      cmocka_unit_test(test_no_memory_is_said_at_each_allocation),
      cmocka_unit_test(test_a_role_violates_the_strongest_that_binds_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
