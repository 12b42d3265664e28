#include "compat/python_json.h"
#include "compat/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

static void expect_layout(const char *json, const char *expected) {
  cJSON *value = cJSON_Parse(json);
  char *text = NULL;
  size_t len = 0;
  FILE *file = open_memstream(&text, &len);
  assert_non_null(value);
  assert_int_equal(wspec_python_json_write(file, value), WSPEC_OK);
  assert_int_equal(fclose(file), 0);
  assert_string_equal(text, expected);
  free(text);
  cJSON_Delete(value);
}

/* Scripts with sed and tr read index.json by its lines. */
static void the_layout_is_that_of_autobahn(void **state) {
  (void)state;
  expect_layout("{\"b\":{\"2.10\":{\"y\":null,\"x\":[1,2]},\"10.1.1\":{},\"2.2\":[]},\"a\":true}",
                "{\n"
                "   \"a\": true,\n"
                "   \"b\": {\n"
                "      \"10.1.1\": {},\n"
                "      \"2.10\": {\n"
                "         \"x\": [\n"
                "            1,\n"
                "            2\n"
                "         ],\n"
                "         \"y\": null\n"
                "      },\n"
                "      \"2.2\": []\n"
                "   }\n"
                "}");
}

static void counts_are_sorted_by_value(void **state) {
  (void)state;
  expect_layout("{\"154\":1,\"6\":2,\"31\":3}", "{\n   \"6\": 2,\n   \"31\": 3,\n   \"154\": 1\n}");
}

static void all_but_ascii_is_escaped(void **state) {
  (void)state;
  expect_layout("\"\\u00b5 \\ud83c\\udf8e \\\"\\\\ \\n\\u001f\"",
                "\"\\u00b5 \\ud83c\\udf8e \\\"\\\\ \\n\\u001f\"");
}

static void expect_file_name(const char *agent, const char *expected) {
  char *name = wspec_store_file_name(agent, "12.1.3", "json");
  assert_non_null(name);
  assert_string_equal(name, expected);
  free(name);
}

static void file_names_are_those_of_autobahn(void **state) {
  (void)state;
  expect_file_name("ws", "ws_case_12_1_3.json");
  expect_file_name("AutobahnPython/0.6.0", "autobahnpython_0_6_0_case_12_1_3.json");
  expect_file_name(" Some  (Server). ", "some___server_case_12_1_3.json");
  expect_file_name("...", "_case_12_1_3.json");
}

static cJSON *outcome(const char *behavior) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "behavior", behavior);
  cJSON_AddStringToObject(object, "behaviorClose", "OK");
  return object;
}

static const char *behavior_of(const struct wspec_store *store) {
  const cJSON *found = wspec_store_find(store, "a", "1.1.1");
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(found, "behavior"));
}

static void of_two_cases_with_one_number_the_worse_stays(void **state) {
  (void)state;
  struct wspec_store store;
  assert_int_equal(wspec_store_init(&store), WSPEC_OK);
  assert_int_equal(wspec_store_add(&store, "a", "1.1.1", outcome("NON-STRICT"), true), WSPEC_OK);
  assert_int_equal(wspec_store_add(&store, "a", "1.1.1", outcome("OK"), true), WSPEC_OK);
  assert_string_equal(behavior_of(&store), "NON-STRICT");
  assert_int_equal(wspec_store_add(&store, "a", "1.1.1", outcome("FAILED"), true), WSPEC_OK);
  assert_string_equal(behavior_of(&store), "FAILED");
  assert_int_equal(wspec_store_add(&store, "a", "1.1.1", outcome("OK"), false), WSPEC_OK);
  assert_string_equal(behavior_of(&store), "OK");
  assert_null(wspec_store_find(&store, "b", "1.1.1"));
  wspec_store_clear(&store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_layout_is_that_of_autobahn),
      cmocka_unit_test(counts_are_sorted_by_value),
      cmocka_unit_test(all_but_ascii_is_escaped),
      cmocka_unit_test(file_names_are_those_of_autobahn),
      cmocka_unit_test(of_two_cases_with_one_number_the_worse_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
