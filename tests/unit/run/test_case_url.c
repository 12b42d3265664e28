/* Where a client connects for a case, and for what it then has to ask. */
#include "run/case_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_url(const struct wspec_uri *uri, bool is_secure, const char *host,
                       const char *url, const char *resource) {
  const struct wspec_script script = {.id = "6455/3/x", .uri = uri};
  struct wspec_buf out;
  wspec_buf_init(&out, 256);
  assert_int_equal(wspec_case_url(&script, is_secure, host, "me&b=c", &out), WSPEC_OK);
  assert_true(wspec_span_equal_text(wspec_buf_span(&out), url));
  wspec_buf_reset(&out);
  assert_int_equal(wspec_case_resource(&script, "me&b=c", &out), WSPEC_OK);
  assert_true(wspec_span_equal_text(wspec_buf_span(&out), resource));
  wspec_buf_clear(&out);
}

static void test_a_case_without_a_uri_has_the_plain_url(void **state) {
  (void)state;
  static const char resource[] = "/case/6455/3/x?agent=me&b=c";
  assert_url(NULL, false, "h:1", "ws://h:1/case/6455/3/x?agent=me&b=c", resource);
  assert_url(NULL, true, "h", "wss://h/case/6455/3/x?agent=me&b=c", resource);
}

static void test_the_scheme_is_spelled_as_the_case_says(void **state) {
  (void)state;
  const struct wspec_uri uri = {.scheme = "Ws"};
  static const char resource[] = "/case/6455/3/x?agent=me&b=c";
  assert_url(&uri, false, "h:1", "Ws://h:1/case/6455/3/x?agent=me&b=c", resource);
  assert_url(&uri, true, "h:1", "Wss://h:1/case/6455/3/x?agent=me&b=c", resource);
}

static void test_path_and_query_are_escaped_in_the_request_alone(void **state) {
  (void)state;
  const struct wspec_uri uri = {.path = "/\xc3\xa9",
                                .query = "\xe2\x82\xac",
                                .escaped_path = "/%C3%A9",
                                .escaped_query = "%E2%82%AC"};
  assert_url(&uri, false, "h:1", "ws://h:1/case/6455/3/x/\xc3\xa9?agent=me&b=c&\xe2\x82\xac",
             "/case/6455/3/x/%C3%A9?agent=me&b=c&%E2%82%AC");
}

/* U+FF10 is the digit 0, U+FF21 A, U+FF41 a, U+FF5A z. */
static void test_the_host_is_in_fullwidth_letters_but_for_its_port(void **state) {
  (void)state;
  const struct wspec_uri uri = {.has_fullwidth_host = true};
  static const char resource[] = "/case/6455/3/x?agent=me&b=c";
  assert_url(&uri, false, "aZ.0:80",
             "ws://\xef\xbd\x81\xef\xbc\xba.\xef\xbc\x90:80/case/6455/3/x?agent=me&b=c", resource);
  assert_url(&uri, false, "z-A", "ws://\xef\xbd\x9a-\xef\xbc\xa1/case/6455/3/x?agent=me&b=c",
             resource);
}

static void test_what_has_no_room_is_told(void **state) {
  (void)state;
  const struct wspec_uri uri = {.has_fullwidth_host = true};
  const struct wspec_script script = {.id = "6455/3/x", .uri = &uri};
  static const char host[] = "127.0.0.1:9001";
  size_t len = strlen("wss://") + 6 * 3 + strlen("...:9001/case/6455/3/x?agent=me");
  for (size_t room = 0; room <= len; room++) {
    struct wspec_buf out;
    wspec_buf_init(&out, room);
    assert_int_equal(wspec_case_url(&script, true, host, "me", &out),
                     room < len ? WSPEC_ERR_LIMIT : WSPEC_OK);
    wspec_buf_clear(&out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_case_without_a_uri_has_the_plain_url),
      cmocka_unit_test(test_the_scheme_is_spelled_as_the_case_says),
      cmocka_unit_test(test_path_and_query_are_escaped_in_the_request_alone),
      cmocka_unit_test(test_the_host_is_in_fullwidth_letters_but_for_its_port),
      cmocka_unit_test(test_what_has_no_room_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
