/* What the target of a request says, in either of its forms. */
#include "run/request_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_path(const char *target, const char *path) {
  struct wspec_buf out;
  wspec_buf_init(&out, 256);
  assert_int_equal(wspec_request_path(wspec_span_text(target), &out), WSPEC_OK);
  assert_true(wspec_span_equal_text(wspec_buf_span(&out), path));
  wspec_buf_clear(&out);
}

static void test_path_is_decoded_up_to_the_query(void **state) {
  (void)state;
  assert_path("/case/6455%2F5.5.2/x?agent=a+b", "/case/6455/5.5.2/x");
  assert_path("/100%/a+b", "/100%/a+b");
  assert_path("/a?b=http://c/d", "/a");
  assert_path("/a://b/c", "/a://b/c");
}

static void test_path_of_an_absolute_uri_is_behind_its_authority(void **state) {
  (void)state;
  assert_path("http://127.0.0.1:9001/case/a?agent=b", "/case/a");
  assert_path("https://[::1]:9001/case/a", "/case/a");
  assert_path("http://127.0.0.1?agent=b", "/");
  assert_path("http://127.0.0.1", "/");
}

static void test_query_is_found_in_either_form(void **state) {
  (void)state;
  static const char *const targets[] = {"/case/a?x=1&agent=a+b%21",
                                        "http://127.0.0.1:9001/case/a?agent=a+b!"};
  for (size_t i = 0; i < 2; i++) {
    struct wspec_buf out;
    wspec_buf_init(&out, 256);
    assert_int_equal(wspec_request_query(wspec_span_text(targets[i]), "agent", &out), WSPEC_OK);
    assert_true(wspec_span_equal_text(wspec_buf_span(&out), "a b!"));
    assert_int_equal(wspec_request_query(wspec_span_text(targets[i]), "b", &out),
                     WSPEC_ERR_NEED_MORE);
    wspec_buf_clear(&out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_path_is_decoded_up_to_the_query),
      cmocka_unit_test(test_path_of_an_absolute_uri_is_behind_its_authority),
      cmocka_unit_test(test_query_is_found_in_either_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
