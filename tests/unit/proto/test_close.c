#include "proto/close.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The classes as ranges, written down apart from the code: section 7.4 and the IANA registry. */
static const struct {
  uint16_t first;
  uint16_t last;
  enum wspec_close_class class;
} classes[] = {
    {0, 999, WSPEC_CLOSE_CLASS_INVALID},      {1000, 1003, WSPEC_CLOSE_CLASS_DEFINED},
    {1004, 1004, WSPEC_CLOSE_CLASS_RESERVED}, {1005, 1006, WSPEC_CLOSE_CLASS_NEVER_SENT},
    {1007, 1014, WSPEC_CLOSE_CLASS_DEFINED},  {1015, 1015, WSPEC_CLOSE_CLASS_NEVER_SENT},
    {1016, 2999, WSPEC_CLOSE_CLASS_RESERVED}, {3000, 3999, WSPEC_CLOSE_CLASS_LIBRARY},
    {4000, 4999, WSPEC_CLOSE_CLASS_PRIVATE},  {5000, 65535, WSPEC_CLOSE_CLASS_INVALID},
};

static void test_every_code_has_its_class(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
    enum wspec_close_class class = classes[i].class;
    bool usable = class == WSPEC_CLOSE_CLASS_DEFINED || class == WSPEC_CLOSE_CLASS_LIBRARY ||
                  class == WSPEC_CLOSE_CLASS_PRIVATE;
    for (unsigned code = classes[i].first; code <= classes[i].last; code++) {
      assert_int_equal(wspec_close_classify((uint16_t)code), class);
      assert_int_equal(wspec_close_may_receive((uint16_t)code), usable);
      assert_int_equal(wspec_close_may_send((uint16_t)code, true), usable);
      assert_int_equal(wspec_close_may_send((uint16_t)code, false), usable && code != 1010);
    }
  }
}

static void test_every_code_has_a_name(void **state) {
  (void)state;
  for (unsigned code = 0; code <= 65535; code++) {
    assert_true(wspec_close_name((uint16_t)code)[0] != '\0');
  }
  assert_string_equal(wspec_close_name(1000), "normal closure");
  assert_string_equal(wspec_close_name(1002), "protocol error");
  assert_string_equal(wspec_close_name(1004), "reserved");
  assert_string_equal(wspec_close_name(1011), "internal error");
  assert_string_equal(wspec_close_name(1014), "bad gateway");
  assert_string_equal(wspec_close_name(1015), "TLS handshake failure");
  assert_string_equal(wspec_close_name(1016), "reserved");
  assert_string_equal(wspec_close_name(3000), "library use");
  assert_string_equal(wspec_close_name(4999), "private use");
  assert_string_equal(wspec_close_name(999), "not a status code");
}

/* Parses a heap copy of exactly `len` octets; the caller frees `*copy`, which `close` borrows. */
static enum wspec_err parse(const char *octets, size_t len, uint8_t **copy,
                            struct wspec_close *close) {
  *copy = malloc(len ? len : 1);
  assert_non_null(*copy);
  memcpy(*copy, octets, len);
  return wspec_close_parse(wspec_span_of(*copy, len), close);
}

static void test_parse_an_empty_body(void **state) {
  (void)state;
  struct wspec_close close;
  assert_int_equal(wspec_close_parse((struct wspec_span){NULL, 0}, &close), WSPEC_OK);
  assert_int_equal(close.status_code, WSPEC_CLOSE_NO_STATUS);
  assert_int_equal(close.reason.len, 0);
}

static void test_parse_refuses_half_a_code(void **state) {
  (void)state;
  struct wspec_close close;
  uint8_t *copy;
  assert_int_equal(parse("\x03", 1, &copy, &close), WSPEC_ERR_PROTOCOL);
  assert_int_equal(close.status_code, WSPEC_CLOSE_NO_STATUS);
  assert_int_equal(close.reason.len, 0);
  free(copy);
}

static void test_parse_gives_code_and_reason(void **state) {
  (void)state;
  struct wspec_close close;
  uint8_t *copy;
  assert_int_equal(parse("\x03\xE8", 2, &copy, &close), WSPEC_OK);
  assert_int_equal(close.status_code, 1000);
  assert_int_equal(close.reason.len, 0);
  free(copy);
  assert_int_equal(parse("\xFF\xFF"
                         "caf\xC3\xA9",
                         7, &copy, &close),
                   WSPEC_OK);
  assert_int_equal(close.status_code, 65535);
  assert_true(wspec_span_equal_text(close.reason, "caf\xC3\xA9"));
  free(copy);
}

static void test_parse_shows_a_reason_that_is_not_utf8(void **state) {
  (void)state;
  struct wspec_close close;
  uint8_t *copy;
  assert_int_equal(parse("\x03\xE8"
                         "ab\xED\xA0\x80",
                         7, &copy, &close),
                   WSPEC_ERR_UTF8);
  assert_int_equal(close.status_code, 1000);
  assert_int_equal(close.reason.len, 5);
  free(copy);
  assert_int_equal(parse("\x03\xE8"
                         "ab\xC3",
                         5, &copy, &close),
                   WSPEC_ERR_UTF8);
  free(copy);
}

static void test_build_is_read_back(void **state) {
  (void)state;
  char text[WSPEC_CLOSE_REASON_MAX];
  memset(text, 'x', sizeof text);
  for (size_t len = 0; len <= sizeof text; len++) {
    uint8_t out[125];
    size_t out_len;
    struct wspec_close close;
    assert_int_equal(wspec_close_build(1006, wspec_span_of(text, len), out, &out_len), WSPEC_OK);
    assert_int_equal(out_len, len + 2);
    assert_int_equal(wspec_close_parse(wspec_span_of(out, out_len), &close), WSPEC_OK);
    assert_int_equal(close.status_code, 1006);
    assert_true(wspec_span_equal(close.reason, wspec_span_of(text, len)));
  }
}

static void test_build_without_code_is_empty(void **state) {
  (void)state;
  uint8_t out[125];
  size_t out_len = 9;
  assert_int_equal(
      wspec_close_build(WSPEC_CLOSE_NO_STATUS, (struct wspec_span){NULL, 0}, out, &out_len),
      WSPEC_OK);
  assert_int_equal(out_len, 0);
}

static void test_build_refuses_what_cannot_be_written(void **state) {
  (void)state;
  uint8_t out[125];
  size_t out_len = 9;
  char text[WSPEC_CLOSE_REASON_MAX + 1];
  memset(text, 'x', sizeof text);
  assert_int_equal(wspec_close_build(WSPEC_CLOSE_NO_STATUS, wspec_span_text("why"), out, &out_len),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_close_build(1000, wspec_span_of(text, sizeof text), out, &out_len),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_close_build(1000, wspec_span_text("\xFF"), out, &out_len),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(out_len, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_code_has_its_class),
      cmocka_unit_test(test_every_code_has_a_name),
      cmocka_unit_test(test_parse_an_empty_body),
      cmocka_unit_test(test_parse_refuses_half_a_code),
      cmocka_unit_test(test_parse_gives_code_and_reason),
      cmocka_unit_test(test_parse_shows_a_reason_that_is_not_utf8),
      cmocka_unit_test(test_build_is_read_back),
      cmocka_unit_test(test_build_without_code_is_empty),
      cmocka_unit_test(test_build_refuses_what_cannot_be_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
