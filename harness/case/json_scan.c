#include "case/json_scan.h"

#include "base/ascii.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct scanner {
  struct wspec_span text;
  size_t at;
  unsigned depth;
  struct wspec_json_places *places;
  struct wspec_json_fault *fault;
};

static enum wspec_err scan_value(struct scanner *scanner, size_t key);

/* -1 at the end, so that no octet of the text is taken for it. */
static int peek(const struct scanner *scanner) {
  return scanner->at < scanner->text.len ? scanner->text.data[scanner->at] : -1;
}

static enum wspec_err fail_at(struct scanner *scanner, size_t offset, const char *message) {
  *scanner->fault = (struct wspec_json_fault){offset, message};
  return WSPEC_ERR_SYNTAX;
}

static enum wspec_err fail(struct scanner *scanner, const char *message) {
  return fail_at(scanner, scanner->at,
                 scanner->at >= scanner->text.len ? "the text ends too early" : message);
}

static void skip_space(struct scanner *scanner) {
  int octet = peek(scanner);
  while (octet == ' ' || octet == '\t' || octet == '\n' || octet == '\r') {
    scanner->at++;
    octet = peek(scanner);
  }
}

static bool take(struct scanner *scanner, char octet) {
  if (peek(scanner) != octet) {
    return false;
  }
  scanner->at++;
  return true;
}

static enum wspec_err note_place(struct scanner *scanner, size_t key) {
  struct wspec_json_places *places = scanner->places;
  if (places->n_items == places->capacity) {
    size_t capacity = places->capacity ? places->capacity * 2 : 256;
    struct wspec_json_place *items = realloc(places->items, capacity * sizeof *items);
    if (!items) {
      return WSPEC_ERR_NOMEM;
    }
    places->items = items;
    places->capacity = capacity;
  }
  places->items[places->n_items++] = (struct wspec_json_place){.key = key, .value = scanner->at};
  return WSPEC_OK;
}

/* ---- Strings ---- */

/* Returns the length of the UTF-8 sequence at `at`, 0 if there is none (RFC 3629 section 4: no
 * overlong forms, no surrogates, nothing above U+10FFFF). */
static size_t utf8_len(struct wspec_span text, size_t at) {
  uint8_t first = text.data[at];
  if (first < 0x80) {
    return 1;
  }
  size_t len = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.len - at < len) {
    return 0;
  }
  uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (text.data[at + 1] < low || text.data[at + 1] > high) {
    return 0;
  }
  for (size_t i = 2; i < len; i++) {
    if ((text.data[at + i] & 0xC0) != 0x80) {
      return 0;
    }
  }
  return len;
}

static enum wspec_err scan_hex4(struct scanner *scanner, unsigned *out) {
  *out = 0;
  for (unsigned i = 0; i < 4; i++) {
    int octet = peek(scanner);
    uint8_t lower = octet < 0 ? 0 : wspec_ascii_lower((uint8_t)octet);
    unsigned digit = lower >= 'a' ? lower - 'a' + 10U : lower - (unsigned)'0';
    if (!((lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f'))) {
      return fail(scanner, "expected four hexadecimal digits behind \\u");
    }
    *out = *out * 16 + digit;
    scanner->at++;
  }
  return WSPEC_OK;
}

static enum wspec_err scan_unicode_escape(struct scanner *scanner, size_t start) {
  unsigned unit;
  unsigned low = 0;
  enum wspec_err err = scan_hex4(scanner, &unit);
  if (err) {
    return err;
  }
  if (unit == 0) {
    return fail_at(scanner, start, "\\u0000 cannot stand in a string; write {\"hex\": \"00\"}");
  }
  if (unit < 0xD800 || unit > 0xDFFF) {
    return WSPEC_OK;
  }
  if (unit <= 0xDBFF && take(scanner, '\\') && take(scanner, 'u')) {
    err = scan_hex4(scanner, &low);
    if (err) {
      return err;
    }
  }
  if (low < 0xDC00 || low > 0xDFFF) {
    return fail_at(scanner, start,
                   "half of a surrogate pair; octets that are not UTF-8 are "
                   "written as {\"hex\": …}");
  }
  return WSPEC_OK;
}

static enum wspec_err scan_escape(struct scanner *scanner) {
  size_t start = scanner->at;
  scanner->at++;
  int octet = peek(scanner);
  if (octet == 'u') {
    scanner->at++;
    return scan_unicode_escape(scanner, start);
  }
  if (octet <= 0 || !strchr("\"\\/bfnrt", octet)) {
    return fail(scanner, "expected one of \" \\ / b f n r t u behind a backslash");
  }
  scanner->at++;
  return WSPEC_OK;
}

static enum wspec_err scan_string(struct scanner *scanner) {
  size_t start = scanner->at;
  scanner->at++;
  for (;;) {
    int octet = peek(scanner);
    if (octet < 0) {
      return fail_at(scanner, start, "this string does not end");
    }
    if (octet == '"') {
      scanner->at++;
      return WSPEC_OK;
    }
    if (octet < 0x20) {
      return fail(scanner, "a control character in a string; write it as \\n, \\t or \\u00..");
    }
    if (octet == '\\') {
      enum wspec_err err = scan_escape(scanner);
      if (err) {
        return err;
      }
      continue;
    }
    size_t len = utf8_len(scanner->text, scanner->at);
    if (len == 0) {
      return fail(scanner, "not UTF-8; other octets are written as {\"hex\": …}");
    }
    scanner->at += len;
  }
}

/* ---- Numbers, words, arrays, objects ---- */

static size_t skip_digits(struct scanner *scanner) {
  size_t start = scanner->at;
  while (peek(scanner) >= '0' && peek(scanner) <= '9') {
    scanner->at++;
  }
  return scanner->at - start;
}

static enum wspec_err scan_number(struct scanner *scanner) {
  size_t start = scanner->at;
  (void)take(scanner, '-');
  bool zero = peek(scanner) == '0';
  size_t digits = skip_digits(scanner);
  if (digits == 0 || (zero && digits > 1)) {
    return fail_at(scanner, start, "expected a number as JSON writes it, without leading zeros");
  }
  if (take(scanner, '.') && skip_digits(scanner) == 0) {
    return fail(scanner, "expected a digit behind the decimal point");
  }
  if (take(scanner, 'e') || take(scanner, 'E')) {
    (void)(take(scanner, '+') || take(scanner, '-'));
    if (skip_digits(scanner) == 0) {
      return fail(scanner, "expected a digit in the exponent");
    }
  }
  return WSPEC_OK;
}

static enum wspec_err scan_word(struct scanner *scanner) {
  static const char *const words[] = {"true", "false", "null"};
  struct wspec_span rest = wspec_span_from(scanner->text, scanner->at);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    size_t len = strlen(words[i]);
    if (rest.len >= len && memcmp(rest.data, words[i], len) == 0) {
      scanner->at += len;
      return WSPEC_OK;
    }
  }
  return fail(scanner, "expected a value: {, [, a string in double quotes, a number, true, false "
                       "or null");
}

static enum wspec_err scan_array(struct scanner *scanner) {
  scanner->at++;
  skip_space(scanner);
  if (take(scanner, ']')) {
    return WSPEC_OK;
  }
  for (;;) {
    skip_space(scanner);
    enum wspec_err err = scan_value(scanner, scanner->at);
    if (err) {
      return err;
    }
    skip_space(scanner);
    if (take(scanner, ']')) {
      return WSPEC_OK;
    }
    if (!take(scanner, ',')) {
      return fail(scanner, "expected ',' or ']'");
    }
  }
}

static enum wspec_err scan_member(struct scanner *scanner) {
  skip_space(scanner);
  size_t key = scanner->at;
  if (peek(scanner) != '"') {
    return fail(scanner, "expected a member name in double quotes");
  }
  enum wspec_err err = scan_string(scanner);
  if (err) {
    return err;
  }
  skip_space(scanner);
  if (!take(scanner, ':')) {
    return fail(scanner, "expected ':' behind the member name");
  }
  skip_space(scanner);
  return scan_value(scanner, key);
}

static enum wspec_err scan_object(struct scanner *scanner) {
  size_t start = scanner->at;
  scanner->at++;
  skip_space(scanner);
  if (take(scanner, '}')) {
    return WSPEC_OK;
  }
  for (size_t n = 0; n < WSPEC_JSON_MEMBERS_MAX; n++) {
    enum wspec_err err = scan_member(scanner);
    if (err) {
      return err;
    }
    skip_space(scanner);
    if (take(scanner, '}')) {
      return WSPEC_OK;
    }
    if (!take(scanner, ',')) {
      return fail(scanner, "expected ',' or '}'");
    }
  }
  return fail_at(scanner, start, "an object with more than 1024 members");
}

static enum wspec_err scan_value(struct scanner *scanner, size_t key) {
  if (scanner->depth == WSPEC_JSON_DEPTH_MAX) {
    return fail(scanner, "nested deeper than 32 arrays and objects");
  }
  enum wspec_err err = note_place(scanner, key);
  if (err) {
    return err;
  }
  int octet = peek(scanner);
  scanner->depth++;
  if (octet == '{') {
    err = scan_object(scanner);
  } else if (octet == '[') {
    err = scan_array(scanner);
  } else if (octet == '"') {
    err = scan_string(scanner);
  } else if (octet == '-' || (octet >= '0' && octet <= '9')) {
    err = scan_number(scanner);
  } else {
    err = scan_word(scanner);
  }
  scanner->depth--;
  return err;
}

enum wspec_err wspec_json_scan(struct wspec_span text, struct wspec_json_places *places,
                               struct wspec_json_fault *fault) {
  struct scanner scanner = {.text = text, .places = places, .fault = fault};
  const uint8_t *nul = text.len > 0 ? memchr(text.data, 0, text.len) : NULL;
  if (nul) {
    return fail_at(&scanner, (size_t)(nul - text.data), "a NUL octet: this is not a text file");
  }
  skip_space(&scanner);
  if (scanner.at == text.len) {
    return fail_at(&scanner, 0, "the file is empty; expected a JSON value");
  }
  enum wspec_err err = scan_value(&scanner, scanner.at);
  if (err) {
    return err;
  }
  skip_space(&scanner);
  return scanner.at == text.len ? WSPEC_OK : fail(&scanner, "expected nothing behind the value");
}

void wspec_json_places_clear(struct wspec_json_places *places) {
  free(places->items);
  *places = (struct wspec_json_places){0};
}
