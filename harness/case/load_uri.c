#include "case/load_parts.h"

#include "base/ascii.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { PART_LEN_MAX = 1000 };

static bool is_ascii(const char *text) {
  while (text && *text && (uint8_t)*text < 0x80) {
    text++;
  }
  return !text || !*text;
}

static bool is_hex(char letter) {
  return letter && strchr("0123456789ABCDEFabcdef", letter);
}

/* RFC 3986 sections 3.3 and 3.4, but for what would begin or end the part; what is beyond ASCII is
 * left to the client. */
static bool is_part(const char *text, const char *extra) {
  for (; *text; text++) {
    uint8_t octet = (uint8_t)*text;
    bool is_right = octet >= 0x80 || wspec_ascii_is_alpha(octet) || wspec_ascii_is_digit(octet) ||
                    strchr("-._~!$'()*+,;=:@/", octet) || strchr(extra, octet) ||
                    (octet == '%' && is_hex(text[1]) && is_hex(text[2]));
    if (!is_right) {
      return false;
    }
  }
  return true;
}

/* As a request has it (RFC 6455 sections 11.1.1 and 11.1.2): what is beyond ASCII as UTF-8,
 * escaped. */
static const char *escape(struct wspec_reader *reader, const char *text) {
  char *escaped = text ? wspec_reader_alloc(reader, 3 * strlen(text) + 1, 1) : NULL;
  size_t len = 0;
  for (; escaped && *text; text++) {
    if ((uint8_t)*text < 0x80) {
      escaped[len++] = *text;
    } else {
      len += (size_t)snprintf(escaped + len, 4, "%%%02X", (uint8_t)*text);
    }
  }
  return escaped;
}

static const char *load_scheme(struct wspec_reader *reader, const cJSON *item) {
  const char *scheme = item ? wspec_reader_text(reader, item) : NULL;
  if (scheme && !wspec_ascii_equal_nocase(wspec_span_text(scheme), wspec_span_text("ws"))) {
    wspec_reader_expected(reader, item, "the letters of ws, capital or small, as \"WS\"");
    return NULL;
  }
  return scheme;
}

static const char *load_part(struct wspec_reader *reader, const cJSON *item, bool is_query) {
  const char *text = item ? wspec_reader_text(reader, item) : NULL;
  bool is_right = !text || (strlen(text) <= PART_LEN_MAX && is_part(text, is_query ? "?" : "&") &&
                            (is_query ? text[0] != '\0' : text[0] == '/'));
  if (!is_right) {
    wspec_reader_expected(reader, item,
                          is_query ? "what a query may have, but for \"&\""
                                   : "\"/\", and what a path may have");
    return NULL;
  }
  return text;
}

static void load_members(struct wspec_reader *reader, const cJSON *object, struct wspec_uri *uri) {
  static const char *const hosts[] = {"fullwidth"};
  const cJSON *host = wspec_reader_member(object, "host");
  uri->scheme = load_scheme(reader, wspec_reader_member(object, "scheme"));
  uri->has_fullwidth_host = host && wspec_reader_choice(reader, host, hosts, COUNT(hosts)) == 0;
  uri->path = load_part(reader, wspec_reader_member(object, "path"), false);
  uri->query = load_part(reader, wspec_reader_member(object, "query"), true);
  uri->escaped_path = escape(reader, uri->path);
  uri->escaped_query = escape(reader, uri->query);
  uri->is_ascii = !uri->has_fullwidth_host && is_ascii(uri->path) && is_ascii(uri->query);
}

const struct wspec_uri *wspec_load_uri(struct wspec_reader *reader, const cJSON *item) {
  static const char *const members[] = {"scheme", "host", "path", "query"};
  struct wspec_script *script = reader->script;
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  struct wspec_uri *uri = object ? wspec_reader_alloc(reader, 1, sizeof *uri) : NULL;
  if (!uri) {
    return NULL;
  }
  if (script->target == WSPEC_TARGET_SERVER || strcmp(script->spec, "api") == 0) {
    wspec_reader_complain(reader, item,
                          "\"uri\" is for cases of clients, and not for those of an API");
    return NULL;
  }
  script->target = WSPEC_TARGET_CLIENT;
  load_members(reader, object, uri);
  if (!object->child) {
    wspec_reader_complain(reader, item,
                          "expected a member \"scheme\", \"host\", \"path\" or \"query\"");
  }
  return uri;
}
