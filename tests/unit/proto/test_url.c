#include "failalloc.h"
#include "proto/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Parses from a heap block of the exact size, so that ASan sees a read past its end. */
static enum wspec_err parse(struct wspec_url *url, const char *text, unsigned flags,
                            struct wspec_url_error *error) {
  size_t len = strlen(text);
  uint8_t *copy = malloc(len + (len == 0));
  assert_non_null(copy);
  memcpy(copy, text, len);
  enum wspec_err err = wspec_url_parse(url, wspec_span_of(copy, len), flags, error);
  free(copy);
  return err;
}

static void assert_span(struct wspec_span span, const char *text) {
  assert_int_equal(span.len, strlen(text));
  if (span.len > 0) {
    assert_memory_equal(span.data, text, span.len);
  }
}

static void test_parts(void **state) {
  (void)state;
  struct wspec_url url;
  struct wspec_url_error error;
  for (unsigned flags = 0; flags <= WSPEC_URL_STRICT; flags++) {
    assert_int_equal(parse(&url, "WSS://Example.ORG:8443/chat/a?x=1&y", flags, &error), WSPEC_OK);
    assert_true(url.is_secure);
    assert_span(url.href, "wss://example.org:8443/chat/a?x=1&y");
    assert_span(url.host, "example.org");
    assert_span(url.path, "/chat/a");
    assert_span(url.query, "x=1&y");
    assert_span(url.host_header, "example.org:8443");
    assert_span(url.resource_name, "/chat/a?x=1&y");
    assert_int_equal(url.port, 8443);
    assert_int_equal(url.host_kind, WSPEC_URL_HOST_DOMAIN);
    assert_null(url.userinfo.data);
    wspec_url_clear(&url);
    assert_null(url.text);
  }
}

struct good_row {
  const char *text;
  const char *href;
  const char *host_header;
  const char *resource_name;
  unsigned port;
};

static void assert_good(const struct good_row *rows, size_t n, unsigned flags) {
  for (size_t i = 0; i < n; i++) {
    struct wspec_url url;
    struct wspec_url_error error;
    enum wspec_err err = parse(&url, rows[i].text, flags, &error);
    if (err) {
      print_error("%s: %s\n", rows[i].text, error.text);
    }
    assert_int_equal(err, WSPEC_OK);
    assert_span(url.href, rows[i].href);
    assert_span(url.host_header, rows[i].host_header);
    assert_span(url.resource_name, rows[i].resource_name);
    assert_int_equal(url.port, rows[i].port);
    wspec_url_clear(&url);
  }
}

static void test_what_both_ways_accept(void **state) {
  (void)state;
  static const struct good_row ROWS[] = {
      {"ws://h", "ws://h/", "h", "/", 80},
      {"wss://h", "wss://h/", "h", "/", 443},
      {"ws://h:80/", "ws://h/", "h", "/", 80},
      {"ws://h:0080/", "ws://h/", "h", "/", 80},
      {"wss://h:80/", "wss://h:80/", "h:80", "/", 80},
      {"ws://h:/", "ws://h/", "h", "/", 80},
      {"ws://h:0/", "ws://h:0/", "h:0", "/", 0},
      {"ws://h:65535/", "ws://h:65535/", "h:65535", "/", 65535},
      {"ws://h?", "ws://h/?", "h", "/", 80},
      {"ws://h?a?b", "ws://h/?a?b", "h", "/?a?b", 80},
      {"ws://h/%23%2f", "ws://h/%23%2f", "h", "/%23%2f", 80},
      {"ws://127.0.0.1:9001/", "ws://127.0.0.1:9001/", "127.0.0.1:9001", "/", 9001},
      {"ws://[2001:DB8:0:0:1:0:0:1]:9/", "ws://[2001:db8::1:0:0:1]:9/", "[2001:db8::1:0:0:1]:9",
       "/", 9},
      {"ws://[::]/", "ws://[::]/", "[::]", "/", 80},
      {"ws://[::1]/", "ws://[::1]/", "[::1]", "/", 80},
      {"ws://[1::]/", "ws://[1::]/", "[1::]", "/", 80},
      {"ws://[1:0:2:3:4:5:6:7]/", "ws://[1:0:2:3:4:5:6:7]/", "[1:0:2:3:4:5:6:7]", "/", 80},
      {"ws://[1:2:3:4:5:6:1.2.3.4]/", "ws://[1:2:3:4:5:6:102:304]/", "[1:2:3:4:5:6:102:304]", "/",
       80},
      {"ws://[1:2:3:4:5:6:7::]/", "ws://[1:2:3:4:5:6:7:0]/", "[1:2:3:4:5:6:7:0]", "/", 80},
      {"ws://[0:0:1:0:0:0:0:1]/", "ws://[0:0:1::1]/", "[0:0:1::1]", "/", 80},
      {"ws://[::ffff:1.2.3.4]/", "ws://[::ffff:102:304]/", "[::ffff:102:304]", "/", 80},
  };
  assert_good(ROWS, sizeof ROWS / sizeof ROWS[0], 0);
  assert_good(ROWS, sizeof ROWS / sizeof ROWS[0], WSPEC_URL_STRICT);
}

static void test_what_the_living_standard_accepts(void **state) {
  (void)state;
  static const struct good_row ROWS[] = {
      {"http://h/a", "ws://h/a", "h", "/a", 80},
      {"HTTPS://h:443/a", "wss://h/a", "h", "/a", 443},
      {" \n ws://h/a\tb\x1f ", "ws://h/ab", "h", "/ab", 80},
      {"ws:h", "ws://h/", "h", "/", 80},
      {"ws:\\\\h\\a", "ws://h/a", "h", "/a", 80},
      {"ws:////h//a", "ws://h//a", "h", "//a", 80},
      {"ws://h/a/./b/../c", "ws://h/a/c", "h", "/a/c", 80},
      {"ws://h/a/..", "ws://h/", "h", "/", 80},
      {"ws://h/a/%2E%2e/b/.", "ws://h/b/", "h", "/b/", 80},
      {"ws://h/../../a...", "ws://h/a...", "h", "/a...", 80},
      {"ws://h/a b\xc3\xa4\"<>^`{}|'%zz", "ws://h/a%20b%C3%A4%22%3C%3E%5E%60%7B%7D|'%zz", "h",
       "/a%20b%C3%A4%22%3C%3E%5E%60%7B%7D|'%zz", 80},
      {"ws://h/?a b\xc3\xa4\"<>^`{}|'", "ws://h/?a%20b%C3%A4%22%3C%3E^`{}|%27", "h",
       "/?a%20b%C3%A4%22%3C%3E^`{}|%27", 80},
      {"ws://u:p@h/", "ws://u:p@h/", "h", "/", 80},
      {"ws://u:@h/", "ws://u@h/", "h", "/", 80},
      {"ws://:@h/", "ws://h/", "h", "/", 80},
      {"ws://@h/", "ws://h/", "h", "/", 80},
      {"ws://%48.example", "ws://h.example/", "h.example", "/", 80},
      {"ws://0x7f.1", "ws://127.0.0.1/", "127.0.0.1", "/", 80},
      {"ws://2130706433./", "ws://127.0.0.1/", "127.0.0.1", "/", 80},
      {"ws://010.0.0.0x/", "ws://8.0.0.0/", "8.0.0.0", "/", 80},
      {"ws://255.255.65535/", "ws://255.255.255.255/", "255.255.255.255", "/", 80},
      {"ws://1.2.3.4a/", "ws://1.2.3.4a/", "1.2.3.4a", "/", 80},
  };
  assert_good(ROWS, sizeof ROWS / sizeof ROWS[0], 0);
}

static void test_strict_leaves_names_and_dots_alone(void **state) {
  (void)state;
  static const struct good_row ROWS[] = {
      {"ws://0x7f.1/a/../b/.", "ws://0x7f.1/a/../b/.", "0x7f.1", "/a/../b/.", 80},
      {"ws://A%2d!/'", "ws://a%2d!/'", "a%2d!", "/'", 80},
  };
  assert_good(ROWS, sizeof ROWS / sizeof ROWS[0], WSPEC_URL_STRICT);
}

struct bad_row {
  const char *text;
  size_t offset;
  const char *sentence;
};

static void assert_bad(const struct bad_row *rows, size_t n, unsigned flags) {
  for (size_t i = 0; i < n; i++) {
    struct wspec_url url;
    struct wspec_url_error error;
    assert_int_equal(parse(&url, rows[i].text, flags, &error), WSPEC_ERR_URL);
    assert_string_equal(error.text, rows[i].sentence);
    assert_int_equal(error.offset, rows[i].offset);
    assert_null(url.text);
  }
}

static void test_what_both_ways_refuse(void **state) {
  (void)state;
  static const char NO_SCHEME[] = "the URL does not begin with ws:// or wss://";
  static const char FRAGMENT[] = "a WebSocket URL has no fragment; write %23 for a '#'";
  static const char NOT_IPV6[] = "the host in brackets is not an IPv6 address";
  static const char NOT_ASCII[] = "the host is not ASCII; write its punycode form (xn--...)";
  static const char BAD_HOST[] = "the host has a character that no host can have";
  static const struct bad_row ROWS[] = {
      {"", 0, NO_SCHEME},
      {"example.org", 0, NO_SCHEME},
      {"/chat", 0, NO_SCHEME},
      {"a\x01:", 0, NO_SCHEME},
      {"localhost:9001", 0, "the URL begins with \"localhost:\" instead of ws:// or wss://"},
      {"ftp://h/", 0, "the URL begins with \"ftp:\" instead of ws:// or wss://"},
      {"ws://", 5, "the URL has no host"},
      {"ws://:80/", 5, "the URL has no host"},
      {"ws://h/#", 7, FRAGMENT},
      {"ws://h?a#b", 8, FRAGMENT},
      {"ws://h#", 6, FRAGMENT},
      {"ws://h:70000/", 7, "port 70000 is above 65535"},
      {"ws://h:65536", 7, "port 65536 is above 65535"},
      {"ws://h:99999999999999999999999", 7, "port 99999999999999999999 is above 65535"},
      {"ws://h:8x/", 8, "the port is not a number"},
      {"ws://h:-1/", 7, "the port is not a number"},
      {"ws://a:1:2/", 8, "the port is not a number"},
      {"ws://h\xc3\xa4/", 5, NOT_ASCII},
      {"ws://a b/", 5, BAD_HOST},
      {"ws://a|b/", 5, BAD_HOST},
      {"ws://a%zz/", 5, BAD_HOST},
      {"ws://[::1/", 5, "the host begins with '[' but does not end with ']'"},
      {"ws://[", 5, "the host begins with '[' but does not end with ']'"},
      {"ws://[::1]x/", 5, "the host begins with '[' but does not end with ']'"},
      {"ws://[]/", 5, NOT_IPV6},
      {"ws://[::1%25eth0]/", 5, NOT_IPV6},
      {"ws://[1:2:3:4:5:6:7]/", 5, NOT_IPV6},
      {"ws://[12345::]/", 5, NOT_IPV6},
      {"ws://[1::2::3]/", 5, NOT_IPV6},
      {"ws://[:::]/", 5, NOT_IPV6},
      {"ws://[:1:2:3:4:5:6:7]/", 5, NOT_IPV6},
      {"ws://[1:2:3:4:5:6:7:]/", 5, NOT_IPV6},
      {"ws://[1:2:3:4::5:6:7:8]/", 5, NOT_IPV6},
      {"ws://[1:2:3:4:5:6:7:8::]/", 5, NOT_IPV6},
      {"ws://[1:2:3:4:5:6:7:1.2.3.4]/", 5, NOT_IPV6},
      {"ws://[1.2.3.4::]/", 5, NOT_IPV6},
      {"ws://[::1.2.3]/", 5, NOT_IPV6},
      {"ws://[::1.2.3.256]/", 5, NOT_IPV6},
      {"ws://[::1.2.3.04]/", 5, NOT_IPV6},
      {"ws://[::1.2.3.4.5]/", 5, NOT_IPV6},
      {"ws://[::g]/", 5, NOT_IPV6},
      {"ws://[1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21:22]/", 5, NOT_IPV6},
  };
  assert_bad(ROWS, sizeof ROWS / sizeof ROWS[0], 0);
  assert_bad(ROWS, sizeof ROWS / sizeof ROWS[0], WSPEC_URL_STRICT);
}

static void test_what_one_way_refuses(void **state) {
  (void)state;
  static const char NOT_IPV4[] = "the host ends in a number but is not an IPv4 address";
  static const struct bad_row LIVING[] = {
      {"ws://256.1.1.1/", 5, NOT_IPV4},
      {"ws://1.2.3.256/", 5, NOT_IPV4},
      {"ws://1.2.3.4.5/", 5, NOT_IPV4},
      {"ws://1.2.65536/", 5, NOT_IPV4},
      {"ws://4294967296/", 5, NOT_IPV4},
      {"ws://08/", 5, NOT_IPV4},
      {"ws://a.1/", 5, NOT_IPV4},
      {"ws://1..2/", 5, NOT_IPV4},
      {"ws://%00/", 5, "the host has a character that no host can have"},
      {"ws://%c3%a4/", 5, "the host is not ASCII; write its punycode form (xn--...)"},
      /* the offset is that of the text given, whatever was dropped before */
      {" w\ns://h:8x/", 10, "the port is not a number"},
  };
  static const struct bad_row STRICT[] = {
      {"http://h/", 0, "the URL begins with \"http:\" instead of ws:// or wss://"},
      {"ws:h", 3, "\"//\" was expected after the scheme"},
      {"ws:/h", 4, "\"//\" was expected after the scheme"},
      {"ws:///h", 5, "the URL has no host"},
      {"ws://u@h/", 5, "a WebSocket URL has no user name or password"},
      {"ws://h/a b", 8, "octet 0x20 has to be percent-encoded in a URL"},
      {"ws://h/\xc3\xa4", 7, "octet 0xC3 has to be percent-encoded in a URL"},
      {"ws://h/?a\"", 9, "octet 0x22 has to be percent-encoded in a URL"},
      {"ws://h/%4", 7, "two hexadecimal digits have to follow '%'"},
      {"ws://h/?%g0", 8, "two hexadecimal digits have to follow '%'"},
      {"ws://h\\a", 5, "the host has a character that no host can have"},
  };
  assert_bad(LIVING, sizeof LIVING / sizeof LIVING[0], 0);
  assert_bad(STRICT, sizeof STRICT / sizeof STRICT[0], WSPEC_URL_STRICT);
}

static void test_host_kinds(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum wspec_url_host_kind kind;
    const char *host;
  } ROWS[] = {
      {"ws://a.example", WSPEC_URL_HOST_DOMAIN, "a.example"},
      {"ws://127.0.0.1", WSPEC_URL_HOST_IPV4, "127.0.0.1"},
      {"ws://[::1]:80", WSPEC_URL_HOST_IPV6, "::1"},
  };
  for (size_t i = 0; i < 3; i++) {
    for (unsigned flags = 0; flags <= WSPEC_URL_STRICT; flags++) {
      struct wspec_url url;
      struct wspec_url_error error;
      assert_int_equal(parse(&url, ROWS[i].text, flags, &error), WSPEC_OK);
      assert_int_equal(url.host_kind, ROWS[i].kind);
      assert_span(url.host, ROWS[i].host);
      wspec_url_clear(&url);
    }
  }
}

static void test_userinfo_is_kept_and_decoded(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *encoded;
    const char *decoded;
  } ROWS[] = {
      {"ws://us%65r:p%40ss@h/", "us%65r:p%40ss", "user:p@ss"},
      {"ws://a@b:c:d@h/", "a%40b:c%3Ad", "a@b:c:d"},
      {"ws://user@h/", "user", "user:"},
      {"ws://:p@h/", ":p", ":p"},
      {"ws://\xc3\xa4:%zz@h/", "%C3%A4:%zz", "\xc3\xa4:%zz"},
      {"ws://h/", "", ""},
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
    struct wspec_url url;
    struct wspec_url_error error;
    struct wspec_buf out;
    wspec_buf_init(&out, 100);
    assert_int_equal(parse(&url, ROWS[i].text, 0, &error), WSPEC_OK);
    assert_span(url.userinfo, ROWS[i].encoded);
    assert_int_equal(wspec_url_decode_userinfo(&url, &out), WSPEC_OK);
    assert_span(wspec_buf_span(&out), ROWS[i].decoded);
    wspec_buf_clear(&out);
    wspec_url_clear(&url);
  }
}

/* The normal form is its own normal form, and every prefix of a URL is safe to parse. */
static void test_prefixes_and_normal_forms(void **state) {
  (void)state;
  static const char TEXT[] = " wss://us:p\xff@[2001:db8::1]:8443/a/../%2e./b c\\d?\x80'x=%";
  for (size_t len = 0; len < sizeof TEXT; len++) {
    struct wspec_url url;
    struct wspec_url again;
    struct wspec_url_error error;
    uint8_t *copy = malloc(len + (len == 0));
    assert_non_null(copy);
    memcpy(copy, TEXT, len);
    enum wspec_err err = wspec_url_parse(&url, wspec_span_of(copy, len), 0, &error);
    free(copy);
    if (err) {
      assert_int_equal(err, WSPEC_ERR_URL);
      assert_true(error.offset <= len);
      continue;
    }
    assert_int_equal(wspec_url_parse(&again, url.href, 0, &error), WSPEC_OK);
    assert_true(wspec_span_equal(again.href, url.href));
    wspec_url_clear(&again);
    wspec_url_clear(&url);
  }
}

static void test_the_longest_url_grows_to_three_times(void **state) {
  (void)state;
  struct wspec_url url;
  struct wspec_url_error error;
  static uint8_t text[WSPEC_URL_LEN_MAX + 1];
  memset(text, 0xff, sizeof text);
  memcpy(text, "ws://h/?", 8);
  assert_int_equal(wspec_url_parse(&url, wspec_span_of(text, sizeof text - 1), 0, &error),
                   WSPEC_OK);
  assert_int_equal(url.query.len, 3 * (WSPEC_URL_LEN_MAX - 8));
  wspec_url_clear(&url);
  assert_int_equal(wspec_url_parse(&url, wspec_span_of(text, sizeof text), 0, &error),
                   WSPEC_ERR_LIMIT);
  assert_string_equal(error.text, "the URL is longer than 16384 octets");
  assert_int_equal(error.offset, WSPEC_URL_LEN_MAX);
}

static void test_every_allocation_failure_is_reported(void **state) {
  (void)state;
  unsigned n = 1;
  for (;; n++) {
    struct wspec_url url;
    struct wspec_url_error error;
    failalloc_arm(n);
    enum wspec_err err = wspec_url_parse(&url, wspec_span_text("ws://h/a?b"), 0, &error);
    bool failed = failalloc_disarm();
    wspec_url_clear(&url);
    assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_OK);
    if (!failed) {
      break;
    }
    assert_string_equal(error.text, "out of memory");
  }
  assert_int_equal(n, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_what_both_ways_accept),
      cmocka_unit_test(test_what_the_living_standard_accepts),
      cmocka_unit_test(test_strict_leaves_names_and_dots_alone),
      cmocka_unit_test(test_what_both_ways_refuse),
      cmocka_unit_test(test_what_one_way_refuses),
      cmocka_unit_test(test_host_kinds),
      cmocka_unit_test(test_userinfo_is_kept_and_decoded),
      cmocka_unit_test(test_prefixes_and_normal_forms),
      cmocka_unit_test(test_the_longest_url_grows_to_three_times),
      cmocka_unit_test(test_every_allocation_failure_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
