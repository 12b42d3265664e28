#include "base/buf.h"
#include "failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_append_grows_up_to_the_ceiling(void **state) {
  (void)state;
  struct wspec_buf buf;
  wspec_buf_init(&buf, 1000);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(wspec_buf_append_octet(&buf, (uint8_t)i), WSPEC_OK);
  }
  assert_int_equal(wspec_buf_append_octet(&buf, 0), WSPEC_ERR_LIMIT);
  assert_int_equal(buf.len, 1000);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(buf.data[i], (uint8_t)i);
  }
  wspec_buf_clear(&buf);
  assert_null(buf.data);
  assert_int_equal(buf.ceiling, 1000);
}

/* A large message behind a small one does not cost twice its size. */
static void test_one_large_append_gets_what_it_needs(void **state) {
  (void)state;
  struct wspec_buf buf;
  wspec_buf_init(&buf, SIZE_MAX);
  uint8_t *out;
  assert_int_equal(wspec_buf_append_text(&buf, "abc"), WSPEC_OK);
  assert_int_equal(wspec_buf_reserve(&buf, 1 << 20, &out), WSPEC_OK);
  assert_int_equal(buf.capacity, 3 + (1 << 20));
  assert_int_equal(wspec_buf_append_octet(&buf, 'd'), WSPEC_OK);
  assert_int_equal(buf.capacity, 2 * (3 + (1 << 20))); /* many small ones follow */
  wspec_buf_clear(&buf);
}

static void test_appendf_fits_exactly(void **state) {
  (void)state;
  struct wspec_buf buf;
  wspec_buf_init(&buf, 5);
  assert_int_equal(wspec_buf_appendf(&buf, "%d-%s", 12, "ab"), WSPEC_OK);
  assert_memory_equal(buf.data, "12-ab", 5);
  assert_int_equal(wspec_buf_appendf(&buf, "%c", 'x'), WSPEC_ERR_LIMIT);
  assert_int_equal(buf.len, 5);
  wspec_buf_clear(&buf);
}

static void test_consume_keeps_the_rest(void **state) {
  (void)state;
  struct wspec_buf buf;
  wspec_buf_init(&buf, 100);
  assert_int_equal(wspec_buf_append_text(&buf, "hello world"), WSPEC_OK);
  wspec_buf_consume(&buf, 6);
  assert_true(wspec_span_equal_text(wspec_buf_span(&buf), "world"));
  wspec_buf_consume(&buf, 99);
  assert_int_equal(buf.len, 0);
  wspec_buf_clear(&buf);
}

static void test_take_text_hands_over(void **state) {
  (void)state;
  struct wspec_buf buf;
  wspec_buf_init(&buf, 100);
  assert_int_equal(wspec_buf_append_text(&buf, "abc"), WSPEC_OK);
  char *text = wspec_buf_take_text(&buf);
  assert_string_equal(text, "abc");
  assert_int_equal(buf.len, 0);
  free(text);
}

static enum wspec_err build(struct wspec_buf *buf) {
  for (int i = 0; i < 40; i++) {
    enum wspec_err err = wspec_buf_appendf(buf, "line %d\n", i);
    if (err) {
      return err;
    }
  }
  return WSPEC_OK;
}

static void test_every_allocation_failure_is_reported(void **state) {
  (void)state;
  unsigned n = 1;
  for (;; n++) {
    struct wspec_buf buf;
    wspec_buf_init(&buf, 10000);
    failalloc_arm(n);
    enum wspec_err err = build(&buf);
    bool failed = failalloc_disarm();
    wspec_buf_clear(&buf);
    if (!failed) {
      assert_int_equal(err, WSPEC_OK);
      break;
    }
    assert_int_equal(err, WSPEC_ERR_NOMEM);
  }
  assert_true(n > 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_append_grows_up_to_the_ceiling),
      cmocka_unit_test(test_one_large_append_gets_what_it_needs),
      cmocka_unit_test(test_appendf_fits_exactly),
      cmocka_unit_test(test_consume_keeps_the_rest),
      cmocka_unit_test(test_take_text_hands_over),
      cmocka_unit_test(test_every_allocation_failure_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
