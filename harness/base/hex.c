#include "base/hex.h"

#include <stdbool.h>

static int digit_value(uint8_t c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum wspec_err wspec_hex_decode(struct wspec_span text, struct wspec_buf *out,
                                size_t *error_offset) {
  size_t before = out->len;
  size_t i = 0;
  enum wspec_err err = WSPEC_OK;
  while (i < text.len && !err) {
    if (is_space(text.data[i])) {
      i++;
      continue;
    }
    int high = digit_value(text.data[i]);
    int low = i + 1 < text.len ? digit_value(text.data[i + 1]) : -1;
    if (high < 0 || low < 0) {
      i += high < 0 ? 0 : 1;
      err = WSPEC_ERR_SYNTAX;
      break;
    }
    err = wspec_buf_append_octet(out, (uint8_t)(high << 4 | low));
    i += 2;
  }
  if (err) {
    out->len = before;
    if (error_offset) {
      *error_offset = i;
    }
  }
  return err;
}

enum wspec_err wspec_hex_encode(struct wspec_span octets, char separator, struct wspec_buf *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < octets.len; i++) {
    char pair[3] = {separator, digits[octets.data[i] >> 4], digits[octets.data[i] & 15]};
    bool with_separator = separator != '\0' && i > 0;
    enum wspec_err err = wspec_buf_append(out, with_separator ? pair : pair + 1,
                                          with_separator ? sizeof pair : sizeof pair - 1);
    if (err) {
      return err;
    }
  }
  return WSPEC_OK;
}
