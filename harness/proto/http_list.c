#include "proto/http_list.h"

/* The octets of a token (RFC 9110 section 5.6.2). */
static const bool TCHARS[256] = {
    ['!'] = true,         ['#' ... '\''] = true, ['*' ... '+'] = true,
    ['-' ... '.'] = true, ['0' ... '9'] = true,  ['A' ... 'Z'] = true,
    ['^' ... 'z'] = true, ['|'] = true,          ['~'] = true,
};

bool wspec_http_is_tchar(uint8_t octet) {
  return TCHARS[octet];
}

size_t wspec_http_token_len(struct wspec_span text) {
  const uint8_t *data = text.data;
  size_t len = 0;
  /* Names are long enough that four at once are worth it. */
  while (text.len - len >= 4 && (TCHARS[data[len]] & TCHARS[data[len + 1]] & TCHARS[data[len + 2]] &
                                 TCHARS[data[len + 3]])) {
    len += 4;
  }
  while (len < text.len && TCHARS[data[len]]) {
    len++;
  }
  return len;
}

bool wspec_http_is_token(struct wspec_span text) {
  return text.len > 0 && wspec_http_token_len(text) == text.len;
}

bool wspec_http_is_space(uint8_t octet) {
  return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

struct wspec_span wspec_http_trim(struct wspec_span text) {
  while (text.len > 0 && wspec_http_is_space(text.data[0])) {
    text.data++;
    text.len--;
  }
  while (text.len > 0 && wspec_http_is_space(text.data[text.len - 1])) {
    text.len--;
  }
  return text;
}

/* The comma that ends the first element, or the length of `text`. */
static size_t find_comma(struct wspec_span text) {
  bool quoted = false;
  for (size_t i = 0; i < text.len; i++) {
    uint8_t octet = text.data[i];
    if (octet == '"') {
      quoted = !quoted;
    } else if (octet == '\\' && quoted) {
      i++; /* a quoted-pair: its second octet ends nothing (RFC 9110 section 5.6.4) */
    } else if (octet == ',' && !quoted) {
      return i;
    }
  }
  return text.len;
}

struct wspec_span wspec_http_list_split(struct wspec_span *rest) {
  size_t comma = find_comma(*rest);
  struct wspec_span element = wspec_http_trim((struct wspec_span){rest->data, comma});
  if (comma == rest->len) {
    *rest = (struct wspec_span){NULL, 0};
  } else {
    *rest = (struct wspec_span){rest->data + comma + 1, rest->len - comma - 1};
  }
  return element;
}
