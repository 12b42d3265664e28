#include "run/request_target.h"

#include <stdbool.h>
#include <string.h>

static int hex_value(uint8_t octet) {
  static const char digits[] = "0123456789abcdef";
  uint8_t lower = octet >= 'A' && octet <= 'F' ? (uint8_t)(octet + 'a' - 'A') : octet;
  const char *at = octet ? strchr(digits, lower) : NULL;
  return at ? (int)(at - digits) : -1;
}

static enum wspec_err append_decoded(struct wspec_span text, bool plus_is_space,
                                     struct wspec_buf *out) {
  enum wspec_err err = WSPEC_OK;
  for (size_t i = 0; i < text.len && !err; i++) {
    uint8_t octet = text.data[i];
    bool is_encoded = octet == '%' && text.len - i > 2 && hex_value(text.data[i + 1]) >= 0 &&
                      hex_value(text.data[i + 2]) >= 0;
    if (is_encoded) {
      octet = (uint8_t)(hex_value(text.data[i + 1]) * 16 + hex_value(text.data[i + 2]));
      i += 2;
    } else if (octet == '+' && plus_is_space) {
      octet = ' ';
    }
    err = wspec_buf_append_octet(out, octet);
  }
  return err;
}

/* The octets before `end`, or all where there is none; `*text` is left with what follows it. */
static struct wspec_span take_until(struct wspec_span *text, char end) {
  const uint8_t *at = text->len > 0 ? memchr(text->data, end, text->len) : NULL;
  size_t len = at ? (size_t)(at - text->data) : text->len;
  struct wspec_span taken = wspec_span_of(text->data, len);
  *text = wspec_span_from(*text, at ? len + 1 : len);
  return taken;
}

/* A client may ask for the http URI of its ws URI (RFC 6455 section 4.1), and a server takes it (RFC
 * 9112 section 3.2.2): what counts begins behind the authority. */
static struct wspec_span without_authority(struct wspec_span target) {
  size_t at = 0;
  while (at < target.len && target.data[at] != ':' && target.data[at] != '/') {
    at++;
  }
  struct wspec_span rest = wspec_span_from(target, at);
  if (at == 0 || rest.len < 3 || memcmp(rest.data, "://", 3) != 0) {
    return target;
  }
  size_t end = at + 3;
  while (end < target.len && target.data[end] != '/' && target.data[end] != '?') {
    end++;
  }
  return wspec_span_from(target, end);
}

enum wspec_err wspec_request_path(struct wspec_span target, struct wspec_buf *out) {
  target = without_authority(target);
  struct wspec_span path = take_until(&target, '?');
  return path.len > 0 ? append_decoded(path, false, out) : wspec_buf_append_octet(out, '/');
}

enum wspec_err wspec_request_query(struct wspec_span target, const char *name,
                                   struct wspec_buf *out) {
  (void)take_until(&target, '?');
  while (target.len > 0) {
    struct wspec_span value = take_until(&target, '&');
    if (wspec_span_equal_text(take_until(&value, '='), name)) {
      return append_decoded(value, true, out);
    }
  }
  return WSPEC_ERR_NEED_MORE;
}
