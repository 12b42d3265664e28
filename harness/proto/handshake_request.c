/* The server's rules for a client's opening handshake (RFC 6455 section 4.2.1). */
#include "base/ascii.h"
#include "proto/handshake.h"
#include "proto/http_body.h"
#include "proto/http_list.h"

struct check {
  const struct wspec_http_head *head;
  struct wspec_handshake_offer *offer;
};

static void add_fault(struct check *check, unsigned status_code, const char *requirement,
                      uint64_t offset, const char *sentence) {
  struct wspec_handshake_offer *offer = check->offer;
  if (offer->n_faults < WSPEC_HANDSHAKE_FAULTS_MAX) {
    offer->faults[offer->n_faults++] =
        (struct wspec_handshake_fault){requirement, sentence, offset, status_code};
  }
}

/* Something that ought to be in the head is not: the end is where it lacks. */
static void add_missing(struct check *check, unsigned status_code, const char *requirement,
                        const char *sentence) {
  add_fault(check, status_code, requirement, check->head->raw.len, sentence);
}

/* A head that could not be read. RFC 9112 section 3: 414 where the request line is too long;
 * RFC 6585 section 5: 431 where the fields are. */
static void check_failed_head(struct check *check) {
  const struct wspec_http_head *head = check->head;
  bool in_start_line = head->start_line.len == 0;
  if (head->err != WSPEC_ERR_LIMIT) {
    add_fault(check, 400, "9112-2.2-08", head->error_offset, head->error_text);
  } else if (in_start_line) {
    add_fault(check, 414, "9112-3-03", head->error_offset, head->error_text);
  } else {
    add_fault(check, 431, "9110-5.4-01", head->error_offset, head->error_text);
  }
}

/* Where an oddity is to be seen: in the first field that has it, else in the start line. */
static uint64_t oddity_offset(const struct wspec_http_head *head, unsigned oddity) {
  for (size_t i = 0; i < head->n_fields; i++) {
    if (head->fields[i].oddities & oddity) {
      return head->fields[i].offset;
    }
  }
  return 0;
}

/* An empty line before the request is to be ignored (RFC 9112 section 2.2) and octets above 0x7F
 * are opaque (RFC 9110 section 5.5). The version has a check of its own. All else is refused: where
 * the RFC lets a server repair it, the other choice is 400. */
static void check_oddities(struct check *check) {
  const unsigned accepted =
      WSPEC_HTTP_LEADING_EMPTY_LINE | WSPEC_HTTP_OBS_TEXT | WSPEC_HTTP_VERSION_OTHER;
  unsigned refused = check->head->oddities & ~accepted;
  for (unsigned bit = 1; bit <= refused && bit <= WSPEC_HTTP_OBS_TEXT; bit <<= 1) {
    if (refused & bit) {
      const char *sentence;
      const char *requirement =
          wspec_http_oddity_requirement(WSPEC_HTTP_REQUEST, (enum wspec_http_oddity)bit, &sentence);
      add_fault(check, 400, requirement, oddity_offset(check->head, bit), sentence);
    }
  }
}

static void check_version(struct check *check) {
  const struct wspec_http_head *head = check->head;
  if (head->version_major == 1 && head->version_minor == 0) {
    add_fault(check, 400, "6455-4.2.1-03", wspec_http_head_offset(head, head->version),
              "the HTTP version is 1.0, a WebSocket handshake needs 1.1");
  } else if (head->version_major != 1 && head->version_major != -1) {
    add_fault(check, 505, "6455-4.2.1-03", wspec_http_head_offset(head, head->version),
              "the HTTP version is not 1.1");
  }
}

static void check_method(struct check *check) {
  if (!wspec_span_equal_text(check->head->method, "GET")) {
    add_fault(check, 405, "6455-4.2.1-02", wspec_http_head_offset(check->head, check->head->method),
              "the method is not GET");
  }
}

static bool is_host_octet(uint8_t octet) {
  /* unreserved and sub-delims of RFC 3986 section 3.2.2 */
  return wspec_ascii_is_alpha(octet) || wspec_ascii_is_digit(octet) ||
         (octet != 0 && strchr("-._~!$&'()*+,;=", octet));
}

static bool is_hex_digit(uint8_t octet) {
  return wspec_ascii_is_digit(octet) || (octet != 0 && strchr("abcdefABCDEF", octet));
}

/* Octets of the reg-name that `text` begins with, RFC 3986 section 3.2.2. */
static size_t reg_name_len(struct wspec_span text) {
  size_t len = 0;
  while (len < text.len) {
    bool is_encoded = text.data[len] == '%' && text.len - len > 2 &&
                      is_hex_digit(text.data[len + 1]) && is_hex_digit(text.data[len + 2]);
    if (!is_encoded && !is_host_octet(text.data[len])) {
      break;
    }
    len += is_encoded ? 3 : 1;
  }
  return len;
}

static bool is_ip_literal_octet(uint8_t octet) {
  return is_host_octet(octet) || octet == ':';
}

/* uri-host [ ":" port ] of RFC 9110 section 7.2, with a host in it. */
static bool is_authority(struct wspec_span text) {
  size_t end = 0;
  if (text.len > 0 && text.data[0] == '[') {
    end = 1;
    while (end < text.len && is_ip_literal_octet(text.data[end])) {
      end++;
    }
    if (end == 1 || end == text.len || text.data[end] != ']') {
      return false;
    }
    end++;
  } else {
    end = reg_name_len(text);
  }
  if (end == 0 || (end < text.len && text.data[end] != ':')) {
    return false;
  }
  for (size_t i = end + 1; i < text.len; i++) {
    if (!wspec_ascii_is_digit(text.data[i])) {
      return false;
    }
  }
  return true;
}

/* RFC 9112 section 3.2: exactly one Host line, with a valid value. */
static void check_host(struct check *check) {
  const struct wspec_http_field *host = wspec_http_head_find(check->head, "Host", NULL);
  if (!host) {
    add_missing(check, 400, "9112-3.2-03", "there is no Host header");
    return;
  }
  const struct wspec_http_field *second = wspec_http_head_find(check->head, "Host", host);
  if (second) {
    add_fault(check, 400, "9112-3.2-04", second->offset, "there is more than one Host header");
  }
  if (!is_authority(host->value)) {
    add_fault(check, 400, "9112-3.2-05", host->offset,
              "the value of Host is not a host with an optional port");
  }
  check->offer->host = host->value;
}

/* Returns the length of "http://" or "https://" at the start of `target`, 0 if it has neither. */
static size_t scheme_len(struct wspec_span target) {
  static const char *const SCHEMES[] = {"http://", "https://"};
  for (size_t i = 0; i < 2; i++) {
    struct wspec_span scheme = wspec_span_text(SCHEMES[i]);
    if (target.len >= scheme.len &&
        wspec_ascii_equal_nocase((struct wspec_span){target.data, scheme.len}, scheme)) {
      return scheme.len;
    }
  }
  return 0;
}

/* RFC 6455 section 4.2.1 item 1: a resource name, or an absolute URI with one in it, whose
 * authority then counts instead of Host (RFC 9112 section 3.2.2). */
static void check_target(struct check *check) {
  struct wspec_handshake_offer *offer = check->offer;
  struct wspec_span target = check->head->target;
  uint64_t offset = wspec_http_head_offset(check->head, target);
  size_t start = scheme_len(target);
  if (memchr(target.data, '#', target.len)) {
    add_fault(check, 400, "6455-3-06", offset, "the request target has a fragment");
  }
  if (start == 0 && target.data[0] != '/') {
    add_fault(check, 400, "6455-4.2.1-04", offset,
              "the request target is neither a path nor an http or https URI");
    return;
  }
  if (start == 0) {
    offer->resource_name = target;
    return;
  }
  size_t end = start;
  while (end < target.len && target.data[end] != '/' && target.data[end] != '?') {
    end++;
  }
  offer->host = (struct wspec_span){target.data + start, end - start};
  offer->resource_name = (struct wspec_span){target.data + end, target.len - end};
  if (!is_authority(offer->host)) {
    add_fault(check, 400, "6455-4.2.1-04", offset, "the request target has no valid host");
  }
}

/* A GET with a body is lawful HTTP, but a server that goes on with frames has to know for certain
 * where they begin: what announces a body is refused. */
static void check_body(struct check *check) {
  struct wspec_http_body body;
  wspec_http_body_init(&body, check->head, false);
  if (body.has_transfer_encoding && body.content_length_state != WSPEC_HTTP_LENGTH_ABSENT) {
    add_missing(check, 400, "9112-6.2-01",
                "there are both a Content-Length and a Transfer-Encoding");
  } else if (body.has_transfer_encoding && !body.is_chunked) {
    add_missing(check, 400, "9112-6.1-01", "the last transfer coding is not chunked");
  } else if (body.kind == WSPEC_HTTP_BODY_INVALID) {
    add_missing(check, 400, "9112-6.3-01", "the Content-Length is not one decimal number");
  } else if (body.has_transfer_encoding || body.content_length > 0) {
    add_missing(check, 400, "9112-6-01",
                "the request has a body, which a handshake has no use for");
  }
}

static void check_upgrade(struct check *check) {
  const struct wspec_http_field *field = wspec_http_head_find(check->head, "Upgrade", NULL);
  if (!field) {
    add_missing(check, 426, "6455-4.2.1-07", "there is no Upgrade header");
  } else if (!wspec_http_list_has_token(check->head, "Upgrade", "websocket")) {
    add_fault(check, 426, "6455-4.2.1-08", field->offset,
              "the Upgrade header does not contain websocket");
  }
}

static void check_connection(struct check *check) {
  const struct wspec_http_field *field = wspec_http_head_find(check->head, "Connection", NULL);
  if (!wspec_http_list_has_token(check->head, "Connection", "upgrade")) {
    add_fault(check, 400, "6455-4.2.1-11", field ? field->offset : check->head->raw.len,
              "the Connection header does not contain the token Upgrade");
  }
}

static void check_key(struct check *check) {
  const struct wspec_http_head *head = check->head;
  const struct wspec_http_field *key = wspec_http_head_find(head, "Sec-WebSocket-Key", NULL);
  if (!key) {
    add_missing(check, 400, "6455-4.2.1-13", "there is no Sec-WebSocket-Key header");
    return;
  }
  const struct wspec_http_field *second = wspec_http_head_find(head, "Sec-WebSocket-Key", key);
  if (second) {
    add_fault(check, 400, "6455-11.3.1-02", second->offset,
              "there is more than one Sec-WebSocket-Key header");
  }
  enum wspec_handshake_key standing = wspec_handshake_check_key(key->value);
  if (standing != WSPEC_HANDSHAKE_KEY_VALID && standing != WSPEC_HANDSHAKE_KEY_PAD_BITS) {
    add_fault(check, 400, "6455-4.2.1-14", key->offset,
              "the Sec-WebSocket-Key is not the base64 of 16 octets");
  }
  check->offer->key = key->value;
}

/* RFC 6455 section 4.3: a decimal number 0-255 without leading zeros. */
static bool is_version_number(struct wspec_span text) {
  unsigned number = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (i == 3 || !wspec_ascii_is_digit(text.data[i])) {
      return false;
    }
    number = number * 10 + (unsigned)(text.data[i] - '0');
  }
  return text.len > 0 && number <= 255 && (text.len == 1 || text.data[0] != '0');
}

static void check_websocket_version(struct check *check) {
  static const char NAME[] = "Sec-WebSocket-Version";
  const struct wspec_http_field *version = wspec_http_head_find(check->head, NAME, NULL);
  if (!version) {
    add_missing(check, 426, "6455-4.2.1-16", "there is no Sec-WebSocket-Version header");
    return;
  }
  const struct wspec_http_field *second = wspec_http_head_find(check->head, NAME, version);
  if (second) {
    add_fault(check, 400, "6455-11.3.5-03", second->offset,
              "there is more than one Sec-WebSocket-Version header");
  }
  if (!is_version_number(version->value)) {
    add_fault(check, 400, "6455-4.3-05", version->offset,
              "the Sec-WebSocket-Version is not a number from 0 to 255");
  } else if (!wspec_span_equal_text(version->value, "13")) {
    add_fault(check, 426, "6455-4.2.1-17", version->offset, "the Sec-WebSocket-Version is not 13");
  }
}

static void check_origin(struct check *check) {
  const struct wspec_http_field *origin = wspec_http_head_find(check->head, "Origin", NULL);
  if (!origin) {
    return;
  }
  check->offer->origin = origin->value;
  const struct wspec_http_field *second = wspec_http_head_find(check->head, "Origin", origin);
  if (second) {
    add_fault(check, 400, "9110-5.3-01", second->offset, "there is more than one Origin header");
  }
}

static bool is_among(struct wspec_span name, const struct wspec_span *names, size_t n_names) {
  for (size_t i = 0; i < n_names; i++) {
    if (wspec_span_equal(name, names[i])) {
      return true;
    }
  }
  return false;
}

/* RFC 6455 section 4.1 item 10: 1#token, all of them different. */
static void check_protocols(struct check *check) {
  static const char NAME[] = "Sec-WebSocket-Protocol";
  struct wspec_http_list list;
  struct wspec_span seen[WSPEC_HANDSHAKE_PROTOCOLS_MAX];
  struct wspec_span protocol;
  size_t n_seen = 0;
  wspec_http_list_init(&list, check->head, NAME);
  while (wspec_http_list_next(&list, &protocol)) {
    if (n_seen == WSPEC_HANDSHAKE_PROTOCOLS_MAX) {
      add_fault(check, 431, "9110-5.4-01", list.field->offset,
                "more than 64 subprotocols are offered");
      return;
    }
    if (!wspec_http_is_token(protocol)) {
      add_fault(check, 400, "6455-4.2.1-20", list.field->offset,
                "a subprotocol in Sec-WebSocket-Protocol is not a token");
      return;
    }
    if (is_among(protocol, seen, n_seen)) {
      add_fault(check, 400, "6455-4.1-35", list.field->offset, "a subprotocol is offered twice");
      return;
    }
    seen[n_seen++] = protocol;
  }
  if (n_seen == 0 && list.n_empty > 0) {
    add_fault(check, 400, "6455-4.2.1-20", list.field->offset, "Sec-WebSocket-Protocol is empty");
  }
}

static void check_extensions(struct check *check) {
  struct wspec_extensions *extensions = &check->offer->extensions;
  enum wspec_err err = wspec_extensions_read(extensions, check->head);
  if (err == WSPEC_ERR_LIMIT) {
    add_fault(check, 431, "9110-5.4-01", extensions->error_offset, extensions->error_text);
  } else if (err) {
    add_fault(check, 400, "6455-4.2.1-21", extensions->error_offset, extensions->error_text);
  }
}

/* Field by field: the room for extensions and faults is large, and what is not counted is not
 * read. */
static void reset_offer(struct wspec_handshake_offer *offer) {
  const struct wspec_span none = {NULL, 0};
  offer->resource_name = none;
  offer->host = none;
  offer->key = none;
  offer->origin = none;
  wspec_extensions_reset(&offer->extensions);
  offer->n_faults = 0;
}

enum wspec_err wspec_handshake_check_request(const struct wspec_http_head *head,
                                             struct wspec_handshake_offer *offer) {
  static void (*const RULES[])(struct check *) = {
      check_oddities,   check_version,    check_method,
      check_host,       check_target,     check_body,
      check_upgrade,    check_connection, check_websocket_version,
      check_key,        check_origin,     check_protocols,
      check_extensions,
  };
  struct check check = {head, offer};
  reset_offer(offer);
  if (head->kind != WSPEC_HTTP_REQUEST) {
    return WSPEC_ERR_MISUSE;
  }
  if (head->state == WSPEC_HTTP_STATE_FAILED) {
    check_failed_head(&check);
    return WSPEC_ERR_HANDSHAKE;
  }
  if (head->state != WSPEC_HTTP_STATE_COMPLETE) {
    return WSPEC_ERR_MISUSE;
  }
  for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
    RULES[i](&check);
  }
  return offer->n_faults > 0 ? WSPEC_ERR_HANDSHAKE : WSPEC_OK;
}
