#include "proto/http_body.h"

#include "base/ascii.h"
#include "proto/http_list.h"

enum { FRAMING_LINE_MAX = 8192, CHUNK_SIZE_DIGITS_MAX = 15 };

enum {
  STATE_CONTENT, /* of a body without chunks */
  STATE_CHUNK_SIZE,
  STATE_CHUNK_EXTENSION,
  STATE_CHUNK_SIZE_LF,
  STATE_CHUNK_DATA,
  STATE_CHUNK_DATA_CR,
  STATE_CHUNK_DATA_LF,
  STATE_TRAILER_START, /* at the beginning of a trailer line */
  STATE_TRAILER,
  STATE_LAST_LF,
  STATE_END
};

/* Returns false if `text` is not 1*DIGIT of a number below 2^64 (RFC 9110 section 8.6). */
static bool read_length(struct wspec_span text, uint64_t *length) {
  *length = 0;
  for (size_t i = 0; i < text.len; i++) {
    unsigned digit = (unsigned)text.data[i] - '0';
    if (!wspec_ascii_is_digit(text.data[i]) || *length > (UINT64_MAX - digit) / 10) {
      return false;
    }
    *length = *length * 10 + digit;
  }
  return text.len > 0;
}

static void read_content_length(struct wspec_http_body *body, const struct wspec_http_head *head) {
  struct wspec_http_list list;
  struct wspec_span element;
  uint64_t length;
  wspec_http_list_init(&list, head, "Content-Length");
  while (wspec_http_list_next(&list, &element)) {
    if (!read_length(element, &length)) {
      body->content_length_state = WSPEC_HTTP_LENGTH_INVALID;
      return;
    }
    if (body->content_length_state == WSPEC_HTTP_LENGTH_VALID && length != body->content_length) {
      body->content_length_state = WSPEC_HTTP_LENGTH_CONFLICTING;
      return;
    }
    body->content_length = length;
    body->content_length_state = WSPEC_HTTP_LENGTH_VALID;
  }
  if (list.n_empty > 0) {
    body->content_length_state = WSPEC_HTTP_LENGTH_INVALID;
  }
}

static void read_transfer_encoding(struct wspec_http_body *body,
                                   const struct wspec_http_head *head) {
  struct wspec_http_list list;
  struct wspec_span coding;
  body->has_transfer_encoding = wspec_http_head_count(head, "Transfer-Encoding") > 0;
  wspec_http_list_init(&list, head, "Transfer-Encoding");
  while (wspec_http_list_next(&list, &coding)) {
    body->is_chunked = wspec_ascii_equal_nocase(coding, wspec_span_text("chunked"));
  }
}

/* The items of RFC 9112 section 6.3 in their order. */
static enum wspec_http_body_kind find_kind(const struct wspec_http_body *body,
                                           const struct wspec_http_head *head, bool answers_head) {
  bool is_response = head->kind == WSPEC_HTTP_RESPONSE;
  unsigned code = head->status_code;
  if (is_response && (answers_head || code / 100 == 1 || code == 204 || code == 304)) {
    return WSPEC_HTTP_BODY_NONE;
  }
  enum wspec_http_body_kind open_end =
      is_response ? WSPEC_HTTP_BODY_UNTIL_CLOSE : WSPEC_HTTP_BODY_INVALID;
  if (body->has_transfer_encoding) {
    /* HTTP/1.0 has no transfer codings: its framing is faulty then (section 6.1). */
    bool is_http_1_0 = head->version_major == 1 && head->version_minor == 0;
    return body->is_chunked && !is_http_1_0 ? WSPEC_HTTP_BODY_CHUNKED : open_end;
  }
  if (body->content_length_state == WSPEC_HTTP_LENGTH_VALID) {
    return WSPEC_HTTP_BODY_LENGTH;
  }
  if (body->content_length_state != WSPEC_HTTP_LENGTH_ABSENT) {
    return WSPEC_HTTP_BODY_INVALID;
  }
  return is_response ? WSPEC_HTTP_BODY_UNTIL_CLOSE : WSPEC_HTTP_BODY_NONE;
}

void wspec_http_body_init(struct wspec_http_body *body, const struct wspec_http_head *head,
                          bool answers_head) {
  *body = (struct wspec_http_body){0};
  read_content_length(body, head);
  read_transfer_encoding(body, head);
  body->kind = find_kind(body, head, answers_head);
  if (body->kind == WSPEC_HTTP_BODY_CHUNKED) {
    body->state = STATE_CHUNK_SIZE;
  } else if (body->kind == WSPEC_HTTP_BODY_LENGTH) {
    body->left = body->content_length;
  } else if (body->kind == WSPEC_HTTP_BODY_UNTIL_CLOSE) {
    body->left = UINT64_MAX;
  }
}

static enum wspec_err fail(struct wspec_http_body *body, enum wspec_err err, const char *text) {
  body->err = err;
  body->error_offset = body->offset;
  body->error_text = text;
  return err;
}

static int hex_value(uint8_t octet) {
  uint8_t lower = wspec_ascii_lower(octet);
  if (wspec_ascii_is_digit(octet)) {
    return octet - '0';
  }
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* RFC 9112 section 7.1: hexadecimal digits, then extensions or the line end. */
static enum wspec_err step_chunk_size(struct wspec_http_body *body, uint8_t octet) {
  int digit = hex_value(octet);
  if (digit >= 0 && body->n_digits < CHUNK_SIZE_DIGITS_MAX) {
    body->left = body->left * 16 + (unsigned)digit;
    body->n_digits++;
    return WSPEC_OK;
  }
  if (digit >= 0) {
    return fail(body, WSPEC_ERR_LIMIT, "a chunk size has more than 15 digits");
  }
  if (body->n_digits == 0) {
    return fail(body, WSPEC_ERR_HTTP, "a chunk does not begin with its size in hexadecimal");
  }
  if (octet == '\r') {
    body->state = STATE_CHUNK_SIZE_LF;
  } else if (octet == ';' || octet == ' ' || octet == '\t') {
    body->state = STATE_CHUNK_EXTENSION;
  } else {
    return fail(body, WSPEC_ERR_HTTP, "a chunk size is followed by neither ';' nor CRLF");
  }
  return WSPEC_OK;
}

static enum wspec_err expect(struct wspec_http_body *body, uint8_t octet, uint8_t expected,
                             int next) {
  if (octet != expected) {
    return fail(body, WSPEC_ERR_HTTP, "the chunked framing lacks a CRLF");
  }
  body->state = next;
  return WSPEC_OK;
}

static enum wspec_err end_chunk_size(struct wspec_http_body *body, uint8_t octet) {
  body->line_len = 0;
  body->n_digits = 0;
  return expect(body, octet, '\n', body->left > 0 ? STATE_CHUNK_DATA : STATE_TRAILER_START);
}

static enum wspec_err step_framing(struct wspec_http_body *body, uint8_t octet) {
  if (++body->line_len > FRAMING_LINE_MAX) {
    return fail(body, WSPEC_ERR_LIMIT, "a chunk line or the trailer section is over 8192 octets");
  }
  switch (body->state) {
  case STATE_CHUNK_SIZE:
    return step_chunk_size(body, octet);
  case STATE_CHUNK_EXTENSION:
    if (octet == '\n') {
      return fail(body, WSPEC_ERR_HTTP, "the chunked framing lacks a CRLF");
    }
    body->state = octet == '\r' ? STATE_CHUNK_SIZE_LF : STATE_CHUNK_EXTENSION;
    return WSPEC_OK;
  case STATE_CHUNK_SIZE_LF:
    return end_chunk_size(body, octet);
  case STATE_CHUNK_DATA_CR:
    return expect(body, octet, '\r', STATE_CHUNK_DATA_LF);
  case STATE_CHUNK_DATA_LF:
    body->line_len = 0;
    return expect(body, octet, '\n', STATE_CHUNK_SIZE);
  case STATE_TRAILER_START:
    body->state = octet == '\r' ? STATE_LAST_LF : STATE_TRAILER;
    return WSPEC_OK;
  case STATE_TRAILER:
    body->state = octet == '\n' ? STATE_TRAILER_START : STATE_TRAILER;
    return WSPEC_OK;
  default:
    return expect(body, octet, '\n', STATE_END);
  }
}

static struct wspec_span take_content(struct wspec_http_body *body, struct wspec_span octets) {
  if (octets.len > body->left) {
    octets.len = (size_t)body->left;
  }
  body->offset += octets.len;
  if (body->kind != WSPEC_HTTP_BODY_UNTIL_CLOSE) {
    body->left -= octets.len;
  }
  if (body->left == 0 && body->state == STATE_CHUNK_DATA) {
    body->state = STATE_CHUNK_DATA_CR;
  }
  return octets;
}

static enum wspec_err feed_chunked(struct wspec_http_body *body, struct wspec_span octets,
                                   struct wspec_span *content) {
  while (octets.len > 0 && body->state != STATE_END) {
    if (body->state == STATE_CHUNK_DATA) {
      *content = take_content(body, octets);
      return WSPEC_ERR_NEED_MORE;
    }
    enum wspec_err err = step_framing(body, octets.data[0]);
    if (err) {
      return err;
    }
    body->offset++;
    octets = wspec_span_from(octets, 1);
  }
  return body->state == STATE_END ? WSPEC_OK : WSPEC_ERR_NEED_MORE;
}

enum wspec_err wspec_http_body_feed(struct wspec_http_body *body, struct wspec_span octets,
                                    size_t *consumed, struct wspec_span *content) {
  *consumed = 0;
  *content = (struct wspec_span){NULL, 0};
  if (body->err) {
    return body->err;
  }
  uint64_t before = body->offset;
  enum wspec_err err = WSPEC_OK;
  if (body->kind == WSPEC_HTTP_BODY_INVALID) {
    return fail(body, WSPEC_ERR_HTTP, "the head does not tell where the body ends");
  }
  if (body->kind == WSPEC_HTTP_BODY_CHUNKED) {
    err = feed_chunked(body, octets, content);
  } else {
    *content = take_content(body, octets);
    err = body->left > 0 ? WSPEC_ERR_NEED_MORE : WSPEC_OK;
  }
  *consumed = (size_t)(body->offset - before);
  return err;
}
