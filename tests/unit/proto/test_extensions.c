#include "failalloc.h"
#include "proto/extensions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wspec_extensions g_list; /* too large for comfort on a test's stack */

/* Parses from a heap block of the exact size; the block is the caller's to free after use. */
static uint8_t *parse(const char *text, enum wspec_err expected) {
  size_t len = strlen(text);
  uint8_t *copy = malloc(len + (len == 0));
  assert_non_null(copy);
  memcpy(copy, text, len);
  assert_int_equal(wspec_extensions_parse(&g_list, wspec_span_of(copy, len)), expected);
  assert_int_equal(g_list.err, expected);
  assert_int_equal(g_list.error_text == NULL, expected == WSPEC_OK);
  return copy;
}

static void assert_param(size_t item, size_t i, const char *name, const char *value, bool quoted) {
  assert_true(item < g_list.n_items && i < g_list.items[item].n_params);
  const struct wspec_extension_param *param = &g_list.items[item].params[i];
  assert_true(wspec_span_equal_text(param->name, name));
  assert_int_equal(param->has_value, value != NULL);
  assert_true(wspec_span_equal_text(param->value, value ? value : ""));
  assert_int_equal(param->was_quoted, quoted);
}

static void test_list_with_parameters_is_read(void **state) {
  (void)state;
  uint8_t *text =
      parse("permessage-deflate; client_max_window_bits; server_max_window_bits = \"10\" ,\tfoo;"
            "a=\"b\\c\\\\d\"",
            WSPEC_ERR_SYNTAX); /* the last value holds a backslash, so it is no token */
  free(text);
  text = parse("permessage-deflate; client_max_window_bits; server_max_window_bits = \"10\" ,\tfoo;"
               "a=\"b\\c\\d\";e=f",
               WSPEC_OK);
  assert_int_equal(g_list.n_items, 2);
  assert_true(wspec_span_equal_text(g_list.items[0].name, "permessage-deflate"));
  assert_int_equal(g_list.items[0].n_params, 2);
  assert_param(0, 0, "client_max_window_bits", NULL, false);
  assert_param(0, 1, "server_max_window_bits", "10", true);
  assert_true(wspec_span_equal_text(g_list.items[1].name, "foo"));
  assert_int_equal(g_list.items[1].n_params, 2);
  assert_param(1, 0, "a", "bcd", true);
  assert_param(1, 1, "e", "f", false);
  assert_int_equal(g_list.n_empty_elements, 0);
  free(text);
}

static void test_empty_elements_are_counted(void **state) {
  (void)state;
  free(parse(", a ,, b,", WSPEC_OK));
  assert_int_equal(g_list.n_items, 2);
  assert_int_equal(g_list.n_empty_elements, 3);
}

struct bad_row {
  const char *text;
  unsigned offset;
};

static void test_malformed_lists_fail_where_they_break(void **state) {
  (void)state;
  static const struct bad_row ROWS[] = {
      {"", 0},        {" , ,", 0},      {"a;", 2},           {"a; ;b", 3},
      {"a;=b", 2},    {"a=b", 1},       {"a b", 2},          {";a", 0},
      {"a;b=", 4},    {"a;b=,", 4},     {"a;b=\"\"", 5},     {"a;b=\"x y\"", 5},
      {"a;b=\"x", 4}, {"a;b=\"x\\", 4}, {"a;b=\"x\\\"", 4},  {"a;b=\"x\"y", 7},
      {"a;b=c=d", 5}, {"a;b c", 4},     {"\"a\"", 0},        {"a/b", 1},
      {"a, \x80", 3}, {"a;b=c\x01", 5}, {"a;b=\"\\\"\"", 5},
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
    free(parse(ROWS[i].text, WSPEC_ERR_SYNTAX));
    if (g_list.error_offset != ROWS[i].offset) {
      print_error("for %s\n", ROWS[i].text);
    }
    assert_int_equal(g_list.error_offset, ROWS[i].offset);
  }
}

/* Every prefix of a valid list is read without a look past its end. */
static void test_every_prefix_is_safe(void **state) {
  (void)state;
  static const char TEXT[] = "a;b=\"c\\d\", e ; f = g,h";
  for (size_t len = 1; len < sizeof TEXT; len++) {
    uint8_t *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, TEXT, len);
    enum wspec_err err = wspec_extensions_parse(&g_list, wspec_span_of(copy, len));
    assert_true(err == WSPEC_OK || err == WSPEC_ERR_SYNTAX);
    assert_true(g_list.error_offset <= len);
    free(copy);
  }
  assert_int_equal(g_list.n_items, 3);
}

static void fill(struct wspec_buf *buf, const char *piece, int n) {
  for (int i = 0; i < n; i++) {
    assert_int_equal(wspec_buf_append_text(buf, piece), WSPEC_OK);
  }
}

static void test_limits(void **state) {
  (void)state;
  struct wspec_buf buf;
  wspec_buf_init(&buf, 10000);
  fill(&buf, "a,", WSPEC_EXTENSIONS_MAX);
  assert_int_equal(wspec_extensions_parse(&g_list, wspec_buf_span(&buf)), WSPEC_OK);
  fill(&buf, "a", 1);
  assert_int_equal(wspec_extensions_parse(&g_list, wspec_buf_span(&buf)), WSPEC_ERR_LIMIT);
  assert_int_equal(g_list.error_offset, 2 * WSPEC_EXTENSIONS_MAX);

  wspec_buf_reset(&buf);
  fill(&buf, "a", 1);
  fill(&buf, ";b", WSPEC_EXTENSIONS_PARAMS_MAX);
  assert_int_equal(wspec_extensions_parse(&g_list, wspec_buf_span(&buf)), WSPEC_OK);
  fill(&buf, ";b", 1);
  assert_int_equal(wspec_extensions_parse(&g_list, wspec_buf_span(&buf)), WSPEC_ERR_LIMIT);

  wspec_buf_reset(&buf);
  fill(&buf, "a;b=\"\\", 1);
  fill(&buf, "c", WSPEC_EXTENSIONS_UNESCAPED_MAX - 1);
  fill(&buf, "\"", 1);
  assert_int_equal(wspec_extensions_parse(&g_list, wspec_buf_span(&buf)), WSPEC_OK);
  assert_int_equal(g_list.items[0].params[0].value.len, WSPEC_EXTENSIONS_UNESCAPED_MAX - 1);
  fill(&buf, ";b=\"\\cc\"", 1);
  assert_int_equal(wspec_extensions_parse(&g_list, wspec_buf_span(&buf)), WSPEC_ERR_LIMIT);
  wspec_buf_clear(&buf);
}

static void read_head(struct wspec_http_head *head, const char *text) {
  size_t consumed;
  wspec_http_head_init(head, WSPEC_HTTP_REQUEST, NULL);
  assert_int_equal(wspec_http_head_feed(head, wspec_span_text(text), &consumed), WSPEC_OK);
}

static void test_lines_of_a_head_are_one_list(void **state) {
  (void)state;
  struct wspec_http_head head;
  read_head(&head, "GET / HTTP/1.1\r\nSec-WebSocket-Extensions: a;b,\r\n"
                   "sec-websocket-extensions:\r\nSec-WebSocket-Extensions: c\r\n\r\n");
  assert_int_equal(wspec_extensions_read(&g_list, &head), WSPEC_OK);
  assert_int_equal(g_list.n_items, 2);
  assert_int_equal(g_list.n_empty_elements, 2);
  wspec_http_head_clear(&head);

  read_head(&head, "GET / HTTP/1.1\r\nA: b\r\n\r\n");
  assert_int_equal(wspec_extensions_read(&g_list, &head), WSPEC_OK);
  assert_int_equal(g_list.n_items, 0);
  wspec_http_head_clear(&head);

  read_head(&head, "GET / HTTP/1.1\r\nSec-WebSocket-Extensions: a\r\n"
                   "Sec-WebSocket-Extensions:  b=\r\n\r\n");
  assert_int_equal(wspec_extensions_read(&g_list, &head), WSPEC_ERR_SYNTAX);
  assert_int_equal(g_list.error_offset, 16 + 29 + 28);
  wspec_http_head_clear(&head);

  read_head(&head, "GET / HTTP/1.1\r\nSec-WebSocket-Extensions:\r\n\r\n");
  assert_int_equal(wspec_extensions_read(&g_list, &head), WSPEC_ERR_SYNTAX);
  assert_string_equal(g_list.error_text, "the list of extensions is empty");
  wspec_http_head_clear(&head);
}

static void test_find_param(void **state) {
  (void)state;
  uint8_t *text = parse("a;x=1;y;X=2", WSPEC_OK);
  const struct wspec_extension *item = &g_list.items[0];
  const struct wspec_extension_param *first = wspec_extension_find_param(item, "x", NULL);
  assert_ptr_equal(first, &item->params[0]);
  const struct wspec_extension_param *second = wspec_extension_find_param(item, "x", first);
  assert_ptr_equal(second, &item->params[2]);
  assert_null(wspec_extension_find_param(item, "x", second));
  assert_null(wspec_extension_find_param(item, "z", NULL));
  free(text);
}

static void test_what_is_written_reads_the_same(void **state) {
  (void)state;
  static const char TEXT[] = "a; b=c; d; e=\"f\", g, h; i=\"j\"";
  struct wspec_buf buf;
  wspec_buf_init(&buf, 1000);
  uint8_t *text = parse("a;b=c;d;e=\"\\f\",g,h;i=\"j\"", WSPEC_OK);
  assert_int_equal(wspec_extensions_write(&buf, g_list.items, g_list.n_items), WSPEC_OK);
  assert_true(wspec_span_equal_text(wspec_buf_span(&buf), TEXT));
  free(text);

  struct wspec_extension_param odd = {wspec_span_text("p"), wspec_span_text("\"\\ "), true, true};
  struct wspec_extension item = {wspec_span_text("x"), &odd, 1};
  wspec_buf_reset(&buf);
  assert_int_equal(wspec_extensions_write(&buf, &item, 1), WSPEC_OK);
  assert_true(wspec_span_equal_text(wspec_buf_span(&buf), "x; p=\"\\\"\\\\ \""));
  wspec_buf_clear(&buf);
}

static void test_every_allocation_failure_of_write_is_reported(void **state) {
  (void)state;
  uint8_t *text = parse("permessage-deflate; client_max_window_bits=\"15\"; server_max_window_bits="
                        "12; server_no_context_takeover, another-extension; with=\"a-value\"",
                        WSPEC_OK);
  unsigned n = 1;
  for (;; n++) {
    struct wspec_buf buf;
    wspec_buf_init(&buf, 1000);
    failalloc_arm(n);
    enum wspec_err err = wspec_extensions_write(&buf, g_list.items, g_list.n_items);
    bool failed = failalloc_disarm();
    wspec_buf_clear(&buf);
    assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_OK);
    if (!failed) {
      break;
    }
  }
  assert_true(n > 2);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_list_with_parameters_is_read),
      cmocka_unit_test(test_empty_elements_are_counted),
      cmocka_unit_test(test_malformed_lists_fail_where_they_break),
      cmocka_unit_test(test_every_prefix_is_safe),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_lines_of_a_head_are_one_list),
      cmocka_unit_test(test_find_param),
      cmocka_unit_test(test_what_is_written_reads_the_same),
      cmocka_unit_test(test_every_allocation_failure_of_write_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
