/* url: octets as a WebSocket URL, by RFC 6455 or by WHATWG.
 *
 * The normal form is read as itself; every part lies in it and is what it is made of; an error names
 * an octet of the text and says something; memory is bounded by the input. */
#include "proto/url.h"
#include "common/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check_parts(const struct wspec_url *url) {
  FUZZ_CHECK(url->path.len > 0 && url->path.data[0] == '/');
  FUZZ_CHECK(url->host.len > 0);
  const char *scheme = url->is_secure ? "wss://" : "ws://";
  FUZZ_CHECK(url->href.len > strlen(scheme));
  FUZZ_CHECK(memcmp(url->href.data, scheme, strlen(scheme)) == 0);
  size_t query_len = url->query.len > 0 ? url->query.len + 1 : 0;
  FUZZ_CHECK(url->resource_name.len == url->path.len + query_len);
  FUZZ_CHECK(memcmp(url->resource_name.data, url->path.data, url->path.len) == 0);
  for (size_t i = 0; i < url->href.len; i++) {
    FUZZ_CHECK(url->href.data[i] > 0x20 && url->href.data[i] < 0x7F && url->href.data[i] != '#');
  }
}

static void check_again(const struct wspec_url *url, unsigned flags) {
  struct wspec_url again;
  struct wspec_url_error error;
  FUZZ_CHECK(!wspec_url_parse(&again, url->href, flags, &error));
  FUZZ_CHECK(wspec_span_equal(again.href, url->href));
  FUZZ_CHECK(wspec_span_equal(again.host, url->host) && again.host_kind == url->host_kind);
  FUZZ_CHECK(wspec_span_equal(again.host_header, url->host_header));
  FUZZ_CHECK(wspec_span_equal(again.resource_name, url->resource_name));
  FUZZ_CHECK(wspec_span_equal(again.userinfo, url->userinfo));
  FUZZ_CHECK(again.port == url->port && again.is_secure == url->is_secure);
  wspec_url_clear(&again);
}

static void check_userinfo(const struct wspec_url *url) {
  struct wspec_buf out;
  wspec_buf_init(&out, 1 << 20);
  FUZZ_CHECK(!wspec_url_decode_userinfo(url, &out));
  FUZZ_CHECK((out.len > 0) == (url->userinfo.data != NULL));
  FUZZ_CHECK(out.len <= url->userinfo.len + 1);
  wspec_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = fuzz_input_of(data, size);
  unsigned flags = fuzz_take_octet(&input) & WSPEC_URL_STRICT;
  uint8_t *text = fuzz_copy(input.data, input.len);
  struct wspec_url url;
  struct wspec_url_error error;
  fuzz_memory_start();
  enum wspec_err err = wspec_url_parse(&url, wspec_span_of(text, input.len), flags, &error);
  FUZZ_CHECK(fuzz_memory_requested() <= 4096 + 16 * input.len);
  free(text);
  FUZZ_CHECK(err == WSPEC_OK || err == WSPEC_ERR_URL || err == WSPEC_ERR_LIMIT);
  if (err) {
    FUZZ_CHECK(error.offset <= input.len && error.text[0] != '\0');
    FUZZ_CHECK(memchr(error.text, '\0', sizeof error.text));
    return 0;
  }
  check_parts(&url);
  check_again(&url, flags);
  check_userinfo(&url);
  wspec_url_clear(&url);
  return 0;
}
