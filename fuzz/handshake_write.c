/* handshake_write: lines of octets as the parts of a request and of an answer that our own code writes.
 *
 * Nothing is written from parts that would break out of their line, and what is written is a head
 * with exactly the fields that were asked for; from parts that are right our server takes the
 * request, and our client the answer to it, and both understand what was meant; a subprotocol that
 * was not offered is not taken. */
#include "base/buf.h"
#include "common/head.h"
#include "proto/handshake.h"
#include "proto/http_list.h"

#include <stdlib.h>
#include <string.h>

enum { N_LINES = 9, OUT_MAX = 1 << 16 };

/* What the lines mean. */
enum line { HOST, TARGET, ORIGIN, PROTOCOL, OTHER_PROTOCOL, NAME, VALUE, DATE, ANSWERED };

struct parts {
  struct wspec_span lines[N_LINES]; /* data NULL: it is left out */
  char key[WSPEC_HANDSHAKE_KEY_LEN + 1];
};

static void split(const uint8_t *octets, size_t len, struct parts *parts) {
  for (size_t i = 0; i < N_LINES && len > 0; i++) {
    const uint8_t *end = memchr(octets, '\n', len);
    size_t line_len = end ? (size_t)(end - octets) : len;
    parts->lines[i] = line_len > 0 ? wspec_span_of(octets, line_len) : (struct wspec_span){NULL, 0};
    octets += end ? line_len + 1 : len;
    len -= end ? line_len + 1 : len;
  }
}

static bool is_safe(struct wspec_span text) {
  for (size_t i = 0; i < text.len; i++) {
    if ((text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] == 0x7F) {
      return false;
    }
  }
  return true;
}

/* Letters, digits and what of punctuation means nothing in any place. */
static bool is_harmless(struct wspec_span text) {
  for (size_t i = 0; i < text.len; i++) {
    uint8_t octet = text.data[i];
    if (!(octet >= 'a' && octet <= 'z') && !(octet >= '0' && octet <= '9')) {
      return false;
    }
  }
  return text.len > 0;
}

static bool is_harmless_or_absent(struct wspec_span text) {
  return !text.data || is_harmless(text);
}

static void read_back(struct wspec_http_head *head, enum wspec_http_kind kind,
                      const struct wspec_buf *out) {
  fuzz_head_read(head, kind, NULL, fuzz_input_of(out->data, out->len), fuzz_plan_at_once);
  FUZZ_CHECK(head->raw.len == out->len || head->state == WSPEC_HTTP_STATE_FAILED);
}

/* The field `name` stands there once, with this value; or not at all, without one. */
static void check_field(const struct wspec_http_head *head, const char *name,
                        struct wspec_span value) {
  const struct wspec_http_field *field = wspec_http_head_find(head, name, NULL);
  FUZZ_CHECK((field != NULL) == (value.data != NULL));
  FUZZ_CHECK(!field || wspec_span_equal(wspec_http_trim(field->value), wspec_http_trim(value)));
  FUZZ_CHECK(!field || !wspec_http_head_find(head, name, field));
}

static bool is_request_right(const struct parts *parts) {
  const struct wspec_span *lines = parts->lines, *target = &lines[TARGET];
  bool is_path = target->len > 0 && target->data[0] == '/' &&
                 (target->len == 1 || is_harmless(wspec_span_from(*target, 1)));
  bool has_header = lines[NAME].data != NULL;
  return is_path && is_harmless(lines[HOST]) && is_harmless_or_absent(lines[ORIGIN]) &&
         is_harmless(lines[PROTOCOL]) && is_harmless(lines[OTHER_PROTOCOL]) &&
         !wspec_span_equal(lines[PROTOCOL], lines[OTHER_PROTOCOL]) &&
         (!has_header || (lines[NAME].data[0] == 'x' && is_harmless(lines[NAME]))) &&
         is_harmless_or_absent(lines[VALUE]);
}

static void check_request(const struct parts *parts,
                          const struct wspec_handshake_request *request) {
  static struct wspec_handshake_offer offer; /* too large for the stack */
  const struct wspec_span *lines = parts->lines;
  struct wspec_buf out;
  wspec_buf_init(&out, OUT_MAX);
  bool is_breaking = lines[TARGET].len == 0 || memchr(lines[TARGET].data, ' ', lines[TARGET].len) ||
                     (request->n_headers > 0 && !wspec_http_is_token(lines[NAME]));
  for (size_t i = HOST; i <= VALUE; i++) {
    bool is_used = i < NAME || request->n_headers > 0;
    is_breaking = is_breaking || (is_used && !is_safe(lines[i]));
  }
  enum wspec_err err = wspec_handshake_write_request(&out, request);
  FUZZ_CHECK(err == (is_breaking ? WSPEC_ERR_MISUSE : WSPEC_OK));
  FUZZ_CHECK(err == WSPEC_OK || out.len == 0);
  if (err == WSPEC_OK) {
    struct wspec_http_head head;
    read_back(&head, WSPEC_HTTP_REQUEST, &out);
    err = wspec_handshake_check_request(&head, &offer);
    if (is_request_right(parts)) {
      FUZZ_CHECK(err == WSPEC_OK && wspec_span_equal(offer.resource_name, lines[TARGET]));
      FUZZ_CHECK(wspec_span_equal(offer.host, lines[HOST]));
      FUZZ_CHECK(wspec_span_equal(offer.key, request->key));
      FUZZ_CHECK(wspec_span_equal(offer.origin, lines[ORIGIN]));
      FUZZ_CHECK(offer.extensions.n_items == request->n_extensions);
      check_field(&head, "Origin", lines[ORIGIN]);
    }
    wspec_http_head_clear(&head);
  }
  wspec_buf_clear(&out);
}

static void check_answer(const struct parts *parts, const struct wspec_handshake_request *request,
                         const struct wspec_handshake_header *header) {
  static struct wspec_handshake_grant grant; /* too large for the stack */
  const struct wspec_span *lines = parts->lines;
  struct wspec_handshake_answer answer = {.key = request->key,
                                          .protocol = lines[ANSWERED],
                                          .extensions = request->extensions,
                                          .n_extensions = request->n_extensions,
                                          .date = lines[DATE],
                                          .headers = header,
                                          .n_headers = request->n_headers};
  struct wspec_buf out;
  wspec_buf_init(&out, OUT_MAX);
  bool is_breaking =
      !is_safe(answer.protocol) || !is_safe(answer.date) ||
      (answer.n_headers > 0 && (!wspec_http_is_token(lines[NAME]) || !is_safe(lines[VALUE])));
  enum wspec_err err = wspec_handshake_write_answer(&out, &answer);
  FUZZ_CHECK(err == (is_breaking ? WSPEC_ERR_MISUSE : WSPEC_OK));
  if (err == WSPEC_OK && is_request_right(parts) && is_harmless_or_absent(lines[DATE]) &&
      is_harmless_or_absent(lines[ANSWERED])) {
    struct wspec_http_head head;
    read_back(&head, WSPEC_HTTP_RESPONSE, &out);
    bool was_offered = !answer.protocol.data ||
                       wspec_span_equal(answer.protocol, lines[PROTOCOL]) ||
                       wspec_span_equal(answer.protocol, lines[OTHER_PROTOCOL]);
    err = wspec_handshake_check_response(&head, request, &grant);
    FUZZ_CHECK(err == (was_offered ? WSPEC_OK : WSPEC_ERR_HANDSHAKE));
    FUZZ_CHECK(!was_offered || wspec_span_equal(grant.protocol, answer.protocol));
    FUZZ_CHECK(grant.extensions.n_items == answer.n_extensions);
    check_field(&head, "Date", lines[DATE]);
    wspec_http_head_clear(&head);
  }
  wspec_buf_clear(&out);
}

static void check_refusal(unsigned status_code, struct wspec_span date) {
  const struct wspec_handshake_fault fault = {
      .requirement = "", .sentence = "a sentence", .status_code = status_code};
  struct wspec_buf out;
  wspec_buf_init(&out, OUT_MAX);
  enum wspec_err err = wspec_handshake_write_refusal(&out, &fault, date);
  FUZZ_CHECK(err == (is_safe(date) ? WSPEC_OK : WSPEC_ERR_MISUSE));
  if (err == WSPEC_OK) {
    struct wspec_http_head head;
    fuzz_head_read(&head, WSPEC_HTTP_RESPONSE, NULL, fuzz_input_of(out.data, out.len),
                   fuzz_plan_at_once);
    FUZZ_CHECK(head.state == WSPEC_HTTP_STATE_COMPLETE && head.status_code == status_code);
    FUZZ_CHECK((wspec_http_head_find(&head, "Allow", NULL) != NULL) == (status_code == 405));
    wspec_http_head_clear(&head);
  }
  wspec_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const unsigned codes[] = {400, 401, 403, 404, 405, 414, 426, 431, 503, 505, 418};
  struct fuzz_input input = fuzz_input_of(data, size);
  uint8_t choice = fuzz_take_octet(&input), nonce[WSPEC_HANDSHAKE_NONCE_LEN];
  for (size_t i = 0; i < sizeof nonce; i++) {
    nonce[i] = fuzz_take_octet(&input);
  }
  uint8_t *octets = fuzz_copy(input.data, input.len);
  struct parts parts = {.key = ""};
  split(octets, input.len, &parts);
  wspec_handshake_make_key(nonce, parts.key);
  struct wspec_span key = wspec_span_of((const uint8_t *)parts.key, strlen(parts.key));
  FUZZ_CHECK(wspec_handshake_check_key(key) == WSPEC_HANDSHAKE_KEY_VALID);
  const struct wspec_extension_param param = {.name = wspec_span_text("client_max_window_bits"),
                                              .value = wspec_span_text("10"),
                                              .has_value = true,
                                              .was_quoted = (choice & 0x40) != 0};
  const struct wspec_extension extension = {
      .name = wspec_span_text("permessage-deflate"), .params = &param, .n_params = 1};
  const struct wspec_handshake_header header = {parts.lines[NAME], parts.lines[VALUE]};
  const struct wspec_handshake_request request = {.host = parts.lines[HOST],
                                                  .target = parts.lines[TARGET],
                                                  .key = key,
                                                  .origin = parts.lines[ORIGIN],
                                                  .protocols = &parts.lines[PROTOCOL],
                                                  .n_protocols = 2,
                                                  .extensions = &extension,
                                                  .n_extensions = choice >> 7,
                                                  .headers = &header,
                                                  .n_headers = parts.lines[NAME].data ? 1 : 0};
  check_request(&parts, &request);
  check_answer(&parts, &request, &header);
  check_refusal(codes[choice % (sizeof codes / sizeof codes[0])], parts.lines[DATE]);
  free(octets);
  return 0;
}
