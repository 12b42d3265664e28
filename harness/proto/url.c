#include "proto/url.h"

#include "base/ascii.h"
#include "proto/http_list.h"

#include <stdlib.h>

enum { SCHEME_ROOM = 16, PORT_MAX = 65535, QUOTED_MAX = 20 };

static const char HEX_DIGITS[] = "0123456789ABCDEF";

/* A text on its way to a URL. `in` is it without what the WHATWG standard drops beforehand. */
struct parser {
  struct wspec_url *url;
  struct wspec_span original;
  struct wspec_span in;
  bool strict;
  struct wspec_url_error *error;
};

/* White space and control octets around, and tabs and line ends anywhere, are dropped. */
static bool is_dropped(struct wspec_span text, size_t i, size_t start, size_t end) {
  return i < start || i >= end || text.data[i] == '\t' || text.data[i] == '\n' ||
         text.data[i] == '\r';
}

static void find_ends(struct wspec_span text, size_t *start, size_t *end) {
  *start = 0;
  *end = text.len;
  while (*start < *end && text.data[*start] <= ' ') {
    (*start)++;
  }
  while (*end > *start && text.data[*end - 1] <= ' ') {
    (*end)--;
  }
}

/* Where octet `at` of `in` stands in the text that the user gave. */
static size_t original_offset(const struct parser *parser, size_t at) {
  size_t start;
  size_t end;
  if (parser->strict) {
    return at;
  }
  find_ends(parser->original, &start, &end);
  for (size_t i = start; i < end; i++) {
    if (!is_dropped(parser->original, i, start, end) && at-- == 0) {
      return i;
    }
  }
  return end;
}

static size_t put_error(struct wspec_url_error *error, size_t len, struct wspec_span text) {
  size_t room = sizeof error->text - 1 - len;
  text.len = text.len < room ? text.len : room;
  memcpy(error->text + len, text.data, text.len);
  error->text[len + text.len] = '\0';
  return len + text.len;
}

/* The sentence is `before`, up to 20 octets of `quoted`, and `after`. */
static enum wspec_err fail_quoting(struct parser *parser, size_t at, const char *before,
                                   struct wspec_span quoted, const char *after) {
  quoted.len = quoted.len < QUOTED_MAX ? quoted.len : QUOTED_MAX;
  size_t len = put_error(parser->error, 0, wspec_span_text(before));
  len = put_error(parser->error, len, quoted);
  (void)put_error(parser->error, len, wspec_span_text(after));
  parser->error->offset = original_offset(parser, at);
  return WSPEC_ERR_URL;
}

static enum wspec_err fail(struct parser *parser, size_t at, const char *sentence) {
  return fail_quoting(parser, at, sentence, wspec_span_text(""), "");
}

static bool is_hex(uint8_t octet) {
  uint8_t lower = wspec_ascii_lower(octet);
  return wspec_ascii_is_digit(octet) || (lower >= 'a' && lower <= 'f');
}

static bool is_pct_encoded(struct wspec_span text, size_t at) {
  return text.len - at > 2 && is_hex(text.data[at + 1]) && is_hex(text.data[at + 2]);
}

static void put(struct wspec_url *url, struct wspec_span text) {
  if (text.len > 0) {
    memcpy(url->text + url->len, text.data, text.len);
    url->len += text.len;
  }
}

static void put_octet(struct wspec_url *url, char octet) {
  url->text[url->len++] = octet;
}

/* Writes `text` with the octets of `set`, controls, spaces and all beyond ASCII percent-encoded. */
static void put_encoded(struct wspec_url *url, struct wspec_span text, const char *set) {
  for (size_t i = 0; i < text.len; i++) {
    uint8_t octet = text.data[i];
    if (octet > 0x20 && octet < 0x7f && !strchr(set, octet)) {
      put_octet(url, (char)octet);
      continue;
    }
    put_octet(url, '%');
    put_octet(url, HEX_DIGITS[octet >> 4]);
    put_octet(url, HEX_DIGITS[octet & 15]);
  }
}

/* RFC 3986 sections 2 and 3.3: the octets of a path; a query may have '?' too. */
static enum wspec_err check_octets(struct parser *parser, size_t start, size_t end) {
  for (size_t i = start; i < end; i++) {
    uint8_t octet = parser->in.data[i];
    if (octet == '%' && !is_pct_encoded(parser->in, i)) {
      return fail(parser, i, "two hexadecimal digits have to follow '%'");
    }
    if (octet <= 0x20 || octet >= 0x7f || strchr("\"<>\\^`{|}[]#", octet)) {
      char hex[2] = {HEX_DIGITS[octet >> 4], HEX_DIGITS[octet & 15]};
      return fail_quoting(parser, i, "octet 0x", wspec_span_of(hex, sizeof hex),
                          " has to be percent-encoded in a URL");
    }
  }
  return WSPEC_OK;
}

/* The first octet at or behind `start` that is one of `set`, or the end. */
static size_t find_any(struct wspec_span text, size_t start, const char *set) {
  while (start < text.len && !(text.data[start] != 0 && strchr(set, text.data[start]))) {
    start++;
  }
  return start;
}

static enum wspec_err read_scheme(struct parser *parser, size_t *at) {
  static const struct {
    const char *name;
    bool is_secure;
    bool is_http;
  } SCHEMES[] = {
      {"ws", false, false}, {"wss", true, false}, {"http", false, true}, {"https", true, true}};
  size_t colon = find_any(parser->in, 0, ":/?#");
  if (colon == parser->in.len || parser->in.data[colon] != ':') {
    return fail(parser, 0, "the URL does not begin with ws:// or wss://");
  }
  struct wspec_span scheme = {parser->in.data, colon};
  for (size_t i = 0; i < sizeof SCHEMES / sizeof SCHEMES[0]; i++) {
    if (wspec_ascii_equal_nocase(scheme, wspec_span_text(SCHEMES[i].name)) &&
        !(parser->strict && SCHEMES[i].is_http)) {
      parser->url->is_secure = SCHEMES[i].is_secure;
      put(parser->url, wspec_span_text(SCHEMES[i].is_secure ? "wss://" : "ws://"));
      *at = colon + 1;
      return WSPEC_OK;
    }
  }
  if (colon > QUOTED_MAX || !wspec_http_is_token(scheme)) {
    return fail(parser, 0, "the URL does not begin with ws:// or wss://");
  }
  return fail_quoting(parser, 0, "the URL begins with \"", scheme,
                      ":\" instead of ws:// or wss://");
}

/* The WHATWG standard takes any number of slashes of either kind before the host of these
 * schemes. */
static enum wspec_err read_slashes(struct parser *parser, size_t *at) {
  size_t start = *at;
  while (*at < parser->in.len &&
         (parser->in.data[*at] == '/' || (!parser->strict && parser->in.data[*at] == '\\'))) {
    (*at)++;
  }
  if (parser->strict && *at < start + 2) {
    return fail(parser, *at, "\"//\" was expected after the scheme");
  }
  if (parser->strict) {
    *at = start + 2;
  }
  return WSPEC_OK;
}

static enum wspec_err read_userinfo(struct parser *parser, size_t start, size_t end) {
  struct wspec_url *url = parser->url;
  if (parser->strict) {
    return fail(parser, start, "a WebSocket URL has no user name or password");
  }
  struct wspec_span userinfo = {parser->in.data + start, end - start};
  size_t colon = find_any(userinfo, 0, ":");
  if (userinfo.len == 0 || (colon == 0 && userinfo.len == 1)) {
    return WSPEC_OK;
  }
  /* the userinfo percent-encode set of the WHATWG standard */
  static const char SET[] = "\"#<>?^`{}/:;=@[\\]|";
  size_t written = url->len;
  put_encoded(url, (struct wspec_span){userinfo.data, colon}, SET);
  if (colon + 1 < userinfo.len) {
    put_octet(url, ':');
    put_encoded(url, wspec_span_from(userinfo, colon + 1), SET);
  }
  url->userinfo = wspec_span_of(url->text + written, url->len - written);
  put_octet(url, '@');
  return WSPEC_OK;
}

static enum wspec_err read_port(struct parser *parser, size_t start, size_t end) {
  struct wspec_url *url = parser->url;
  unsigned port = 0;
  url->port = url->is_secure ? 443 : 80;
  for (size_t i = start; i < end; i++) {
    if (!wspec_ascii_is_digit(parser->in.data[i])) {
      return fail(parser, i, "the port is not a number");
    }
    port = port * 10 + (unsigned)(parser->in.data[i] - '0');
    if (port > PORT_MAX) {
      struct wspec_span digits = {parser->in.data + start, end - start};
      return fail_quoting(parser, start, "port ", digits, " is above 65535");
    }
  }
  if (start < end && port != url->port) {
    while (start + 1 < end && parser->in.data[start] == '0') {
      start++;
    }
    url->port = (uint16_t)port;
    put_octet(url, ':');
    put(url, (struct wspec_span){parser->in.data + start, end - start});
  }
  return WSPEC_OK;
}

static enum wspec_err read_host_and_port(struct parser *parser, size_t start, size_t end) {
  struct wspec_url *url = parser->url;
  struct wspec_span authority = {parser->in.data, end};
  size_t bracket = start;
  if (start < end && parser->in.data[start] == '[') {
    bracket = find_any(authority, start, "]");
  }
  size_t host_end = find_any(authority, bracket, ":");
  size_t written = url->len;
  size_t host_len;
  const char *sentence =
      wspec_url_host_parse((struct wspec_span){parser->in.data + start, host_end - start},
                           parser->strict, url->text + written, &host_len, &url->host_kind);
  if (sentence) {
    return fail(parser, start, sentence);
  }
  url->len += host_len;
  size_t n_brackets = url->host_kind == WSPEC_URL_HOST_IPV6 ? 1 : 0;
  url->host = wspec_span_of(url->text + written + n_brackets, host_len - 2 * n_brackets);
  enum wspec_err err = read_port(parser, host_end < end ? host_end + 1 : end, end);
  url->host_header = wspec_span_of(url->text + written, url->len - written);
  return err;
}

static enum wspec_err read_authority(struct parser *parser, size_t *at) {
  size_t start = *at;
  size_t end = find_any(parser->in, start, parser->strict ? "/?#" : "/\\?#");
  *at = end;
  for (size_t i = end; i > start; i--) {
    if (parser->in.data[i - 1] == '@') {
      enum wspec_err err = read_userinfo(parser, start, i - 1);
      return err ? err : read_host_and_port(parser, i, end);
    }
  }
  return read_host_and_port(parser, start, end);
}

/* Returns 1 for a segment ".", 2 for "..", with dots percent-encoded or not; else 0. */
static unsigned count_dots(struct wspec_span segment) {
  unsigned dots = 0;
  for (size_t i = 0; i < segment.len; i++, dots++) {
    struct wspec_span rest = wspec_span_from(segment, i);
    if (rest.len > 2 &&
        wspec_ascii_equal_nocase((struct wspec_span){rest.data, 3}, wspec_span_text("%2e"))) {
      i += 2;
    } else if (segment.data[i] != '.') {
      return 0;
    }
  }
  return dots <= 2 ? dots : 0;
}

static void drop_last_segment(struct wspec_url *url, size_t path_at) {
  while (url->len > path_at && url->text[url->len - 1] != '/') {
    url->len--;
  }
  if (url->len > path_at) {
    url->len--;
  }
}

/* The WHATWG path state: slashes of both kinds, dot segments resolved, the rest encoded. */
static void put_path(struct parser *parser, size_t start, size_t end) {
  static const char SET[] = "\"#<>?^`{}";
  struct wspec_url *url = parser->url;
  struct wspec_span path = {parser->in.data, end};
  size_t path_at = url->len;
  size_t at = start < end ? start + 1 : end;
  for (;;) {
    size_t segment_end = find_any(path, at, "/\\");
    struct wspec_span segment = {path.data + at, segment_end - at};
    unsigned dots = count_dots(segment);
    if (dots == 2) {
      drop_last_segment(url, path_at);
    }
    if (dots == 0 || segment_end == end) {
      put_octet(url, '/');
    }
    if (dots == 0) {
      put_encoded(url, segment, SET);
    }
    if (segment_end == end) {
      break;
    }
    at = segment_end + 1;
  }
  url->path = wspec_span_of(url->text + path_at, url->len - path_at);
}

static enum wspec_err read_path(struct parser *parser, size_t start, size_t end) {
  struct wspec_url *url = parser->url;
  if (!parser->strict) {
    put_path(parser, start, end);
    return WSPEC_OK;
  }
  size_t path_at = url->len;
  put(url, start < end ? (struct wspec_span){parser->in.data + start, end - start}
                       : wspec_span_text("/"));
  url->path = wspec_span_of(url->text + path_at, url->len - path_at);
  return check_octets(parser, start, end);
}

static enum wspec_err read_query(struct parser *parser, size_t start) {
  struct wspec_url *url = parser->url;
  struct wspec_span query = {parser->in.data + start, parser->in.len - start};
  put_octet(url, '?');
  size_t query_at = url->len;
  if (parser->strict) {
    put(url, query);
  } else {
    put_encoded(url, query, "\"#<>'"); /* the special-query set of the WHATWG standard */
  }
  url->query = wspec_span_of(url->text + query_at, url->len - query_at);
  return parser->strict ? check_octets(parser, start, parser->in.len) : WSPEC_OK;
}

static enum wspec_err read_resource(struct parser *parser, size_t at) {
  struct wspec_url *url = parser->url;
  size_t fragment = find_any(parser->in, at, "#");
  if (fragment < parser->in.len) {
    return fail(parser, fragment, "a WebSocket URL has no fragment; write %23 for a '#'");
  }
  size_t resource_at = url->len;
  size_t path_end = find_any(parser->in, at, "?");
  enum wspec_err err = read_path(parser, at, path_end);
  if (!err && path_end < parser->in.len) {
    err = read_query(parser, path_end + 1);
  }
  /* RFC 6455 section 3: the '?' comes only with a query that is not empty */
  size_t len = url->query.len > 0 ? url->len - resource_at : url->path.len;
  url->resource_name = wspec_span_of(url->text + resource_at, len);
  return err;
}

static enum wspec_err read_url(struct parser *parser) {
  size_t at = 0;
  enum wspec_err err = read_scheme(parser, &at);
  err = err ? err : read_slashes(parser, &at);
  err = err ? err : read_authority(parser, &at);
  err = err ? err : read_resource(parser, at);
  parser->url->href = wspec_span_of(parser->url->text, parser->url->len);
  return err;
}

/* Fills `copy` with the text that is to be parsed. */
static struct wspec_span prepare(const struct parser *parser, uint8_t *copy) {
  size_t start = 0;
  size_t end = parser->original.len;
  size_t len = 0;
  if (!parser->strict) {
    find_ends(parser->original, &start, &end);
  }
  for (size_t i = start; i < end; i++) {
    if (parser->strict || !is_dropped(parser->original, i, start, end)) {
      copy[len++] = parser->original.data[i];
    }
  }
  return wspec_span_of(copy, len);
}

enum wspec_err wspec_url_parse(struct wspec_url *url, struct wspec_span text, unsigned flags,
                               struct wspec_url_error *error) {
  struct parser parser = {url, text, {NULL, 0}, (flags & WSPEC_URL_STRICT) != 0, error};
  *url = (struct wspec_url){.text = NULL};
  *error = (struct wspec_url_error){.offset = 0};
  if (text.len > WSPEC_URL_LEN_MAX) {
    (void)fail(&parser, 0, "the URL is longer than 16384 octets");
    error->offset = WSPEC_URL_LEN_MAX;
    return WSPEC_ERR_LIMIT;
  }
  enum wspec_err err = WSPEC_ERR_NOMEM;
  uint8_t *copy = malloc(text.len + 1);
  /* percent-encoding makes three octets of one at worst */
  url->text = malloc(3 * text.len + WSPEC_URL_HOST_ROOM + 2 * SCHEME_ROOM);
  if (copy && url->text) {
    parser.in = prepare(&parser, copy);
    err = read_url(&parser);
  } else {
    (void)fail(&parser, 0, "out of memory");
  }
  free(copy);
  if (err) {
    wspec_url_clear(url);
  }
  return err;
}

void wspec_url_clear(struct wspec_url *url) {
  free(url->text);
  *url = (struct wspec_url){.text = NULL};
}

static uint8_t decode_octet(struct wspec_span text, size_t at) {
  char digits[3] = {(char)text.data[at + 1], (char)text.data[at + 2], '\0'};
  return (uint8_t)strtoul(digits, NULL, 16);
}

enum wspec_err wspec_url_decode_userinfo(const struct wspec_url *url, struct wspec_buf *out) {
  struct wspec_span userinfo = url->userinfo;
  enum wspec_err err = WSPEC_OK;
  for (size_t i = 0; !err && i < userinfo.len; i++) {
    uint8_t octet = userinfo.data[i];
    if (octet == '%' && is_pct_encoded(userinfo, i)) {
      octet = decode_octet(userinfo, i);
      i += 2;
    }
    err = wspec_buf_append_octet(out, octet);
  }
  bool has_password = userinfo.len > 0 && memchr(userinfo.data, ':', userinfo.len);
  return err || userinfo.len == 0 || has_password ? err : wspec_buf_append_octet(out, ':');
}
