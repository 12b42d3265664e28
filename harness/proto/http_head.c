#include "proto/http_head.h"

#include "base/ascii.h"
#include "proto/http_list.h"

#include <stdlib.h>

enum {
  DEFAULT_LINE_LEN = 8192, /* RFC 9112 section 3 asks for 8000 octets of request line at least */
  DEFAULT_HEAD_LEN = 65536,
  DEFAULT_HEADERS = 128,
  FIRST_FIELDS = 14, /* as a browser sends; with 16 a small allocation would be a large one */
  FIRST_ROOM = 1024,
  STATUS_DIGITS_MAX = 6
};

static const char HTTP_NAME[] = "HTTP/";
enum { HTTP_NAME_LEN = sizeof HTTP_NAME - 1 };

struct wspec_http_limits wspec_http_limits_default(void) {
  return (struct wspec_http_limits){DEFAULT_LINE_LEN, DEFAULT_HEAD_LEN, DEFAULT_HEADERS};
}

void wspec_http_head_init(struct wspec_http_head *head, enum wspec_http_kind kind,
                          const struct wspec_http_limits *limits) {
  struct wspec_http_limits used = wspec_http_limits_default();
  if (limits && limits->line_len > 0) {
    used.line_len = limits->line_len;
  }
  if (limits && limits->head_len > 0) {
    used.head_len = limits->head_len;
  }
  if (limits && limits->headers > 0) {
    used.headers = limits->headers;
  }
  *head = (struct wspec_http_head){
      .kind = kind, .limits = used, .version_major = -1, .version_minor = -1};
  wspec_buf_init(&head->raw, used.head_len);
}

void wspec_http_head_clear(struct wspec_http_head *head) {
  struct wspec_http_limits limits = head->limits;
  wspec_buf_clear(&head->raw);
  free(head->fields);
  wspec_http_head_init(head, head->kind, &limits);
}

static enum wspec_err fail(struct wspec_http_head *head, enum wspec_err err, size_t offset,
                           const char *text) {
  head->state = WSPEC_HTTP_STATE_FAILED;
  head->err = err;
  head->error_offset = offset;
  head->error_text = text;
  return err;
}

static size_t offset_of(const struct wspec_http_head *head, const uint8_t *octet) {
  return (size_t)(octet - head->raw.data);
}

/* What RFC 9112 section 3 lets a recipient take for a space between the words of a start line. */
static bool is_word_space(uint8_t octet) {
  return octet == ' ' || octet == '\t' || octet == '\v' || octet == '\f' || octet == '\r';
}

static bool is_control(uint8_t octet) {
  return (octet < 0x20 && octet != '\t') || octet == 0x7f;
}

/* Whether one of the eight octets of `word` is not printable ASCII. */
static bool has_unprintable(uint64_t word) {
  const uint64_t ones = UINT64_C(0x0101010101010101);
  uint64_t del = word ^ (0x7f * ones);
  return ((word | (word - 0x20 * ones) | (del - ones)) & (0x80 * ones)) != 0;
}

/* Whether all octets are printable ASCII, as those of most values are. Words that overlap cover
 * every length from 8 on. */
static bool is_printable(struct wspec_span text) {
  uint64_t word;
  for (size_t i = 0; i + 8 < text.len; i += 8) {
    memcpy(&word, text.data + i, sizeof word);
    if (has_unprintable(word)) {
      return false;
    }
  }
  if (text.len >= 8) {
    memcpy(&word, text.data + text.len - 8, sizeof word);
    return !has_unprintable(word);
  }
  for (size_t i = 0; i < text.len; i++) {
    if (is_control(text.data[i]) || text.data[i] == '\t' || text.data[i] >= 0x80) {
      return false;
    }
  }
  return true;
}

/* The oddities that any octet of a value or reason can show. */
static unsigned value_oddities(struct wspec_span text) {
  unsigned oddities = 0;
  if (is_printable(text)) {
    return oddities;
  }
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] == '\r') {
      oddities |= WSPEC_HTTP_BARE_CR;
    } else if (is_control(text.data[i])) {
      oddities |= WSPEC_HTTP_CONTROL_OCTET;
    } else if (text.data[i] >= 0x80) {
      oddities |= WSPEC_HTTP_OBS_TEXT;
    }
  }
  return oddities;
}

/* Where the word that begins at `start` ends. */
static size_t word_end(struct wspec_span line, size_t start) {
  while (start < line.len && !is_word_space(line.data[start])) {
    start++;
  }
  return start;
}

/* Where the white space that begins at `start` ends; more or other than one SP is odd. */
static size_t gap_end(struct wspec_http_head *head, struct wspec_span line, size_t start) {
  size_t end = start;
  while (end < line.len && is_word_space(line.data[end])) {
    end++;
  }
  if (end != start + 1 || line.data[start] != ' ') {
    head->oddities |= WSPEC_HTTP_START_LINE_SPACE;
  }
  return end;
}

static struct wspec_span trim_words(struct wspec_http_head *head, struct wspec_span line) {
  struct wspec_span trimmed = line;
  while (trimmed.len > 0 && is_word_space(trimmed.data[0])) {
    trimmed.data++;
    trimmed.len--;
  }
  while (trimmed.len > 0 && is_word_space(trimmed.data[trimmed.len - 1])) {
    trimmed.len--;
  }
  if (trimmed.len != line.len) {
    head->oddities |= WSPEC_HTTP_START_LINE_SPACE;
  }
  return trimmed;
}

/* RFC 9112 section 2.3: "HTTP/" in capitals, one digit, a dot, one digit. */
static enum wspec_err read_version(struct wspec_http_head *head, struct wspec_span version) {
  struct wspec_span name = {version.data, HTTP_NAME_LEN};
  if (version.len < HTTP_NAME_LEN || !wspec_ascii_equal_nocase(name, wspec_span_text(HTTP_NAME))) {
    return fail(head, WSPEC_ERR_HTTP, offset_of(head, version.data),
                head->kind == WSPEC_HTTP_REQUEST
                    ? "the request line does not end in an HTTP version such as HTTP/1.1"
                    : "the status line does not begin with an HTTP version such as HTTP/1.1");
  }
  head->version = version;
  head->at.version = offset_of(head, version.data);
  if (!wspec_span_equal_text(name, HTTP_NAME)) {
    head->oddities |= WSPEC_HTTP_VERSION_CASE;
  }
  const uint8_t *digits = version.data + HTTP_NAME_LEN;
  if (version.len != HTTP_NAME_LEN + 3 || !wspec_ascii_is_digit(digits[0]) || digits[1] != '.' ||
      !wspec_ascii_is_digit(digits[2])) {
    head->oddities |= WSPEC_HTTP_VERSION_SYNTAX;
    return WSPEC_OK;
  }
  head->version_major = digits[0] - '0';
  head->version_minor = digits[2] - '0';
  if (head->version_major != 1 || head->version_minor != 1) {
    head->oddities |= WSPEC_HTTP_VERSION_OTHER;
  }
  return WSPEC_OK;
}

static void read_target(struct wspec_http_head *head, struct wspec_span target) {
  head->target = target;
  head->at.target = offset_of(head, target.data);
  if (is_printable(target) && !memchr(target.data, ' ', target.len)) {
    return;
  }
  for (size_t i = 0; i < target.len; i++) {
    if (is_word_space(target.data[i])) {
      head->oddities |= WSPEC_HTTP_TARGET_SPACE;
    } else if (is_control(target.data[i]) || target.data[i] >= 0x80) {
      head->oddities |= WSPEC_HTTP_TARGET_OCTET;
    }
  }
}

/* The first word is the method, the last one the version, and what stands between is the target,
 * with white space inside if need be: no other reading keeps the version (RFC 9112 section 3). */
static enum wspec_err read_request_line(struct wspec_http_head *head, struct wspec_span line) {
  line = trim_words(head, line);
  size_t method_end = word_end(line, 0);
  size_t version_start = line.len;
  while (version_start > method_end && !is_word_space(line.data[version_start - 1])) {
    version_start--;
  }
  head->method = (struct wspec_span){line.data, method_end};
  head->at.method = offset_of(head, line.data);
  if (!wspec_http_is_token(head->method)) {
    head->oddities |= WSPEC_HTTP_METHOD_OCTET;
  }
  size_t target_start = method_end == line.len ? line.len : gap_end(head, line, method_end);
  if (target_start >= version_start) {
    return fail(head, WSPEC_ERR_HTTP, offset_of(head, line.data) + line.len,
                "the request line has fewer than its three words: method, target, HTTP version");
  }
  size_t target_end = version_start;
  while (is_word_space(line.data[target_end - 1])) {
    target_end--;
  }
  (void)gap_end(head, line, target_end);
  read_target(head, (struct wspec_span){line.data + target_start, target_end - target_start});
  return read_version(head, wspec_span_from(line, version_start));
}

/* RFC 9112 section 4: exactly three digits; others are still a number. */
static enum wspec_err read_status_code(struct wspec_http_head *head, struct wspec_span code) {
  for (size_t i = 0; i < code.len; i++) {
    if (!wspec_ascii_is_digit(code.data[i]) || i == STATUS_DIGITS_MAX) {
      return fail(head, WSPEC_ERR_HTTP, offset_of(head, code.data) + i,
                  "the status code is not a number of three digits");
    }
    head->status_code = head->status_code * 10 + (unsigned)(code.data[i] - '0');
  }
  if (code.len != 3) {
    head->oddities |= WSPEC_HTTP_STATUS_CODE_LEN;
  }
  return WSPEC_OK;
}

static enum wspec_err read_status_line(struct wspec_http_head *head, struct wspec_span line) {
  size_t version_start = 0;
  while (version_start < line.len && is_word_space(line.data[version_start])) {
    version_start++;
    head->oddities |= WSPEC_HTTP_START_LINE_SPACE;
  }
  size_t version_end = word_end(line, version_start);
  enum wspec_err err = read_version(
      head, (struct wspec_span){line.data + version_start, version_end - version_start});
  if (err) {
    return err;
  }
  size_t code_start = version_end == line.len ? line.len : gap_end(head, line, version_end);
  size_t code_end = word_end(line, code_start);
  if (code_start == code_end) {
    return fail(head, WSPEC_ERR_HTTP, offset_of(head, line.data) + code_start,
                "the status line has no status code");
  }
  err = read_status_code(head, (struct wspec_span){line.data + code_start, code_end - code_start});
  if (err) {
    return err;
  }
  /* The SP belongs to the line even where the reason is absent (RFC 9112 section 4). */
  if (code_end == line.len) {
    head->oddities |= WSPEC_HTTP_NO_REASON_SPACE;
    return WSPEC_OK;
  }
  if (line.data[code_end] != ' ') {
    head->oddities |= WSPEC_HTTP_START_LINE_SPACE;
  }
  head->reason = wspec_span_from(line, code_end + 1);
  head->at.reason = offset_of(head, line.data) + code_end + 1;
  head->oddities |= value_oddities(head->reason) & ~(unsigned)WSPEC_HTTP_OBS_TEXT;
  return WSPEC_OK;
}

static enum wspec_err read_start_line(struct wspec_http_head *head, struct wspec_span line) {
  if (line.len == 0) {
    head->oddities |= WSPEC_HTTP_LEADING_EMPTY_LINE;
    return WSPEC_OK;
  }
  head->start_line = line;
  head->at.start_line = offset_of(head, line.data);
  if (memchr(line.data, '\r', line.len)) {
    head->oddities |= WSPEC_HTTP_BARE_CR;
  }
  head->state = WSPEC_HTTP_STATE_FIELDS;
  if (head->kind == WSPEC_HTTP_REQUEST) {
    return read_request_line(head, line);
  }
  return read_status_line(head, line);
}

/* Makes room for a field line that begins at `offset`; NULL if the head has failed for the lack of
 * it. The line counts once it is filled in and n_fields says so. */
static struct wspec_http_field *reserve_field(struct wspec_http_head *head, size_t offset) {
  if (head->n_fields == head->limits.headers) {
    (void)fail(head, WSPEC_ERR_LIMIT, offset,
               "the head has more field lines than the limit allows");
    return NULL;
  }
  if (head->n_fields == head->fields_capacity) {
    size_t capacity = head->fields_capacity ? head->fields_capacity * 2 : FIRST_FIELDS;
    if (capacity > head->limits.headers) {
      capacity = head->limits.headers;
    }
    struct wspec_http_field *fields = realloc(head->fields, capacity * sizeof *fields);
    if (!fields) {
      (void)fail(head, WSPEC_ERR_NOMEM, offset, "out of memory");
      return NULL;
    }
    head->fields = fields;
    head->fields_capacity = capacity;
  }
  return &head->fields[head->n_fields];
}

/* A name that is not a token with the colon right behind it. */
static struct wspec_span read_odd_name(struct wspec_span name, unsigned *oddities) {
  struct wspec_span trimmed = name;
  while (trimmed.len > 0 && wspec_http_is_space(trimmed.data[trimmed.len - 1])) {
    trimmed.len--;
  }
  if (trimmed.len != name.len) {
    *oddities |= WSPEC_HTTP_SPACE_BEFORE_COLON;
  }
  if (memchr(name.data, '\r', name.len)) {
    *oddities |= WSPEC_HTTP_BARE_CR;
  }
  if (trimmed.len == 0) {
    *oddities |= WSPEC_HTTP_EMPTY_NAME;
  } else if (!wspec_http_is_token(trimmed)) {
    *oddities |= WSPEC_HTTP_NAME_OCTET;
  }
  return trimmed;
}

static enum wspec_err read_field(struct wspec_http_head *head, struct wspec_span line,
                                 struct wspec_span raw, unsigned oddities) {
  size_t name_len = wspec_http_token_len(line);
  bool is_token = name_len > 0 && name_len < line.len && line.data[name_len] == ':';
  if (!is_token) {
    const uint8_t *colon = memchr(line.data, ':', line.len);
    if (!colon) {
      return fail(head, WSPEC_ERR_HTTP, offset_of(head, line.data),
                  "a field line has no colon after its name");
    }
    name_len = (size_t)(colon - line.data);
  }
  struct wspec_span value = {line.data + name_len + 1, line.len - name_len - 1};
  struct wspec_http_field *field = reserve_field(head, offset_of(head, raw.data));
  if (!field) {
    return head->err;
  }
  field->raw = raw;
  field->offset = offset_of(head, raw.data);
  field->oddities = oddities | value_oddities(value);
  field->name = (struct wspec_span){line.data, name_len};
  if (!is_token) {
    field->name = read_odd_name(field->name, &field->oddities);
  }
  field->value = wspec_http_trim(value);
  field->value_at = offset_of(head, field->value.data);
  uint64_t name_bit = wspec__http_name_bit(field->name);
  head->names_again |= head->names & name_bit;
  head->names |= name_bit;
  head->oddities |= field->oddities;
  head->n_fields++;
  return WSPEC_OK;
}

/* A line that begins with white space: it goes on with the value before it (RFC 9112 section 5.2),
 * or stands before the first field line and is skipped (section 2.2). */
static enum wspec_err read_continuation(struct wspec_http_head *head, struct wspec_span line,
                                        struct wspec_span raw, unsigned oddities) {
  oddities |= value_oddities(line);
  if (head->n_fields == 0) {
    head->oddities |= oddities | WSPEC_HTTP_LEADING_SPACE;
    return WSPEC_OK;
  }
  struct wspec_http_field *field = &head->fields[head->n_fields - 1];
  size_t field_at = (size_t)field->offset;
  field->raw.len = offset_of(head, raw.data) + raw.len - field_at;
  const uint8_t *value = head->raw.data + field->value_at;
  field->value = wspec_http_trim(wspec_span_of(value, (size_t)(line.data + line.len - value)));
  field->value_at = offset_of(head, field->value.data);
  field->oddities |= oddities | WSPEC_HTTP_OBS_FOLD;
  head->oddities |= field->oddities;
  return WSPEC_OK;
}

static enum wspec_err read_line(struct wspec_http_head *head) {
  struct wspec_span raw = wspec_span_from(wspec_buf_span(&head->raw), head->line_at);
  struct wspec_span line = {raw.data, raw.len - 1};
  unsigned oddities = 0;
  head->line_at = head->raw.len;
  if (line.len > 0 && line.data[line.len - 1] == '\r') {
    line.len--;
  } else {
    oddities = WSPEC_HTTP_BARE_LF;
  }
  if (head->state == WSPEC_HTTP_STATE_START_LINE) {
    head->oddities |= oddities;
    return read_start_line(head, line);
  }
  if (line.len == 0) {
    head->oddities |= oddities;
    head->state = WSPEC_HTTP_STATE_COMPLETE;
    return WSPEC_OK;
  }
  if (wspec_http_is_space(line.data[0])) {
    return read_continuation(head, line, raw, oddities);
  }
  return read_field(head, line, raw, oddities);
}

/* Refuses what can not be a head at its first wrong octet: a peer that speaks TLS or sends a frame
 * may never send the LF that would end a line. */
static enum wspec_err check_prefix(struct wspec_http_head *head, uint8_t octet) {
  if (head->n_prefix == 0 && wspec_http_is_space(octet)) {
    return WSPEC_OK;
  }
  if (head->kind == WSPEC_HTTP_REQUEST) {
    head->n_prefix = HTTP_NAME_LEN;
    return wspec_http_is_tchar(octet)
               ? WSPEC_OK
               : fail(head, WSPEC_ERR_HTTP, head->raw.len - 1,
                      "the octets do not begin with the method of an HTTP request");
  }
  if (wspec_ascii_lower(octet) != wspec_ascii_lower((uint8_t)HTTP_NAME[head->n_prefix])) {
    return fail(head, WSPEC_ERR_HTTP, head->raw.len - 1,
                "the octets do not begin with \"HTTP/\" as an HTTP response does");
  }
  head->n_prefix++;
  return WSPEC_OK;
}

/* How many of `octets` to take at once: up to a line end, a limit, or the first octet to check. */
static size_t portion(const struct wspec_http_head *head, struct wspec_span octets) {
  if (head->n_prefix < HTTP_NAME_LEN) {
    octets.len = 1;
  }
  size_t line_room = head->limits.line_len - (head->raw.len - head->line_at);
  size_t head_room = head->limits.head_len - head->raw.len;
  size_t room = line_room < head_room ? line_room : head_room;
  if (octets.len > room) {
    octets.len = room;
  }
  const uint8_t *lf = octets.len > 0 ? memchr(octets.data, '\n', octets.len) : NULL;
  return lf ? (size_t)(lf - octets.data) + 1 : octets.len;
}

static enum wspec_err take(struct wspec_http_head *head, struct wspec_span octets) {
  if (octets.len == 0) {
    return fail(head, WSPEC_ERR_LIMIT, head->raw.len,
                head->raw.len == head->limits.head_len
                    ? "the head is longer than the limit allows"
                    : "a line of the head is longer than the limit allows");
  }
  if (wspec_buf_append_span(&head->raw, octets)) {
    return fail(head, WSPEC_ERR_NOMEM, head->raw.len, "out of memory");
  }
  uint8_t last = octets.data[octets.len - 1];
  if (head->n_prefix < HTTP_NAME_LEN && check_prefix(head, last)) {
    return head->err;
  }
  return last == '\n' ? read_line(head) : WSPEC_OK;
}

static void locate(const struct wspec_http_head *head, struct wspec_span *span, size_t at) {
  span->data = head->raw.data ? head->raw.data + at : NULL;
}

/* `raw` may have moved: points the spans at where it is now. */
static void locate_all(struct wspec_http_head *head) {
  locate(head, &head->start_line, head->at.start_line);
  locate(head, &head->method, head->at.method);
  locate(head, &head->target, head->at.target);
  locate(head, &head->version, head->at.version);
  locate(head, &head->reason, head->at.reason);
  for (size_t i = 0; i < head->n_fields; i++) {
    struct wspec_http_field *field = &head->fields[i];
    locate(head, &field->name, (size_t)field->offset);
    locate(head, &field->raw, (size_t)field->offset);
    locate(head, &field->value, field->value_at);
  }
}

/* Makes room at once for a head of which the first `len` octets have come: it would else be moved
 * every few lines. */
static void make_room(struct wspec_http_head *head, size_t len) {
  uint8_t *out;
  size_t room = len < FIRST_ROOM ? len : FIRST_ROOM;
  room = room < head->limits.head_len ? room : head->limits.head_len;
  if (wspec_buf_reserve(&head->raw, room, &out)) {
    (void)fail(head, WSPEC_ERR_NOMEM, 0, "out of memory");
  } else {
    wspec_buf_truncate(&head->raw, 0);
  }
}

enum wspec_err wspec_http_head_feed(struct wspec_http_head *head, struct wspec_span octets,
                                    size_t *consumed) {
  *consumed = 0;
  if (head->err || head->state == WSPEC_HTTP_STATE_COMPLETE) {
    return head->err;
  }
  size_t len_before = head->raw.len;
  if (len_before == 0) {
    make_room(head, octets.len);
  }
  while (!head->err && head->state != WSPEC_HTTP_STATE_COMPLETE && octets.len > 0) {
    size_t n = portion(head, octets);
    if (!take(head, (struct wspec_span){octets.data, n})) {
      octets = wspec_span_from(octets, n);
    }
  }
  *consumed = head->raw.len - len_before;
  locate_all(head);
  if (head->err || head->state == WSPEC_HTTP_STATE_COMPLETE) {
    return head->err;
  }
  return WSPEC_ERR_NEED_MORE;
}
