#include "case/json_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char TEXT[] = "{ \"a\": [1,\n"
                           "  {\"ä\": \"\\u00e9\\ud83d\\ude00\", \"b\":\ttrue}],\n"
                           "\"c\" : { \"d\": -1.5e+3 }, \"e\":null }\n";

static struct wspec_json_file parse(const char *text, enum wspec_err expected,
                                    struct wspec_diag *diag) {
  struct wspec_json_file file;
  wspec_diag_init(diag);
  /* An exact copy, so that a look past the end is seen. */
  size_t len = strlen(text);
  char *exact = malloc(len ? len : 1);
  assert_non_null(exact);
  memcpy(exact, text, len);
  assert_int_equal(wspec_json_file_parse(&file, "f", wspec_span_of(exact, len), diag), expected);
  free(exact);
  return file;
}

static void test_each_value_can_be_pointed_at(void **state) {
  (void)state;
  struct wspec_diag diag;
  struct wspec_json_file file = parse(TEXT, WSPEC_OK, &diag);
  const cJSON *a = cJSON_GetObjectItem(file.root, "a");
  const cJSON *object = cJSON_GetArrayItem(a, 1);
  const cJSON *c = cJSON_GetObjectItem(file.root, "c");
  const cJSON elsewhere = {0};
  const struct {
    const cJSON *item;
    struct wspec_place place;
    const char *message;
  } rows[] = {{file.root, {1, 1}, "f:1:1: no"},
              {a, {1, 3}, "f:1:3: at a: no"},
              {cJSON_GetArrayItem(a, 0), {1, 9}, "f:1:9: at a[0]: no"},
              {object, {2, 3}, "f:2:3: at a[1]: no"},
              {cJSON_GetObjectItem(object, "ä"), {2, 4}, "f:2:4: at a[1].ä: no"},
              {cJSON_GetObjectItem(object, "b"), {2, 31}, "f:2:31: at a[1].b: no"},
              {c, {3, 1}, "f:3:1: at c: no"},
              {cJSON_GetObjectItem(c, "d"), {3, 9}, "f:3:9: at c.d: no"},
              {cJSON_GetObjectItem(file.root, "e"), {3, 25}, "f:3:25: at e: no"},
              {&elsewhere, {0, 0}, "f: no"},
              {NULL, {0, 0}, "f: no"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct wspec_place place = wspec_json_file_place(&file, rows[i].item);
    assert_int_equal(place.line, rows[i].place.line);
    assert_int_equal(place.column, rows[i].place.column);
    wspec_json_file_complain(&file, &diag, rows[i].item, "%s", "no");
    char *message = wspec_diag_take(&diag);
    assert_string_equal(message, rows[i].message);
    free(message);
  }
  wspec_json_file_clear(&file);
  wspec_json_file_clear(&file);
  wspec_diag_clear(&diag);
}

/* Whatever is cut off the end, what is left is no JSON, and is told to be none. */
static void test_a_text_cut_anywhere_is_a_mistake(void **state) {
  (void)state;
  size_t len = strlen(TEXT) - 1;
  for (size_t i = 0; i < len; i++) {
    struct wspec_diag diag;
    char *cut = strndup(TEXT, i);
    assert_non_null(cut);
    struct wspec_json_file file = parse(cut, WSPEC_ERR_INPUT, &diag);
    assert_int_equal(diag.n_messages, 1);
    assert_null(file.root);
    wspec_json_file_clear(&file);
    wspec_diag_clear(&diag);
    free(cut);
  }
}

/* A walk over the text and one over the tree have to meet the same values. */
static void test_the_scan_finds_as_many_values_as_the_tree_has(void **state) {
  (void)state;
  struct wspec_json_places places = {0};
  struct wspec_json_fault fault;
  assert_int_equal(wspec_json_scan(wspec_span_text(TEXT), &places, &fault), WSPEC_OK);
  static const char firsts[] = {'{', '[', '1', '{', '"', 't', '{', '-', 'n'};
  assert_int_equal(places.n_items, sizeof firsts);
  for (size_t i = 0; i < places.n_items; i++) {
    assert_int_equal(TEXT[places.items[i].value], firsts[i]);
    assert_true(places.items[i].key <= places.items[i].value);
  }
  wspec_json_places_clear(&places);
  assert_null(places.items);
}

static void test_a_path_that_is_too_long_is_cut(void **state) {
  (void)state;
  struct wspec_diag diag;
  char text[1100] = "{\"";
  memset(text + 2, 'x', 1000);
  (void)strcpy(text + 1002, "\": 5}");
  struct wspec_json_file file = parse(text, WSPEC_OK, &diag);
  wspec_json_file_complain(&file, &diag, file.root->child, "no");
  char *message = wspec_diag_take(&diag);
  assert_non_null(message);
  assert_true(strlen(message) < 600);
  assert_memory_equal(message, "f:1:2: at xxx", 13);
  assert_string_equal(message + strlen(message) - 5, "x: no");
  free(message);
  wspec_json_file_clear(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_value_can_be_pointed_at),
      cmocka_unit_test(test_a_text_cut_anywhere_is_a_mistake),
      cmocka_unit_test(test_the_scan_finds_as_many_values_as_the_tree_has),
      cmocka_unit_test(test_a_path_that_is_too_long_is_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
