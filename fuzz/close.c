/* close: octets as the body of a close frame, and a status code and reason to be sent in one.
 *
 * What was read of a body and is written again is the same; what is written is read as it was; a code
 * is in the class that RFC 6455 section 7.4 gives it, by a table of our own; a second reading is the
 * same. */
#include "proto/close.h"
#include "common/fuzz.h"
#include "utf8_grammar.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 125 };

/* The list of section 7.4 with IANA's additions of 2026, a line each. */
static enum wspec_close_class class_of(uint16_t code) {
  static const struct {
    uint16_t first, last;
    enum wspec_close_class class;
  } table[] = {
      {0, 999, WSPEC_CLOSE_CLASS_INVALID},      {1000, 1003, WSPEC_CLOSE_CLASS_DEFINED},
      {1004, 1004, WSPEC_CLOSE_CLASS_RESERVED}, {1005, 1006, WSPEC_CLOSE_CLASS_NEVER_SENT},
      {1007, 1014, WSPEC_CLOSE_CLASS_DEFINED},  {1015, 1015, WSPEC_CLOSE_CLASS_NEVER_SENT},
      {1016, 2999, WSPEC_CLOSE_CLASS_RESERVED}, {3000, 3999, WSPEC_CLOSE_CLASS_LIBRARY},
      {4000, 4999, WSPEC_CLOSE_CLASS_PRIVATE},  {5000, 65535, WSPEC_CLOSE_CLASS_INVALID},
  };
  size_t i = 0;
  while (code > table[i].last) {
    i++;
  }
  return table[i].class;
}

static void check_code(uint16_t code) {
  enum wspec_close_class class = class_of(code);
  bool may_receive = class == WSPEC_CLOSE_CLASS_DEFINED || class == WSPEC_CLOSE_CLASS_LIBRARY ||
                     class == WSPEC_CLOSE_CLASS_PRIVATE;
  FUZZ_CHECK(wspec_close_classify(code) == class);
  FUZZ_CHECK(wspec_close_may_receive(code) == may_receive);
  FUZZ_CHECK(wspec_close_may_send(code, true) == may_receive);
  FUZZ_CHECK(wspec_close_may_send(code, false) == (may_receive && code != 1010));
  FUZZ_CHECK(wspec_close_name(code)[0] != '\0');
}

static bool is_text(struct wspec_span octets) {
  bool is_whole;
  return utf8_first_wrong(octets.data, octets.len, &is_whole) == octets.len && is_whole;
}

static void check_parse(struct wspec_span body) {
  struct wspec_close close, again;
  enum wspec_err err = wspec_close_parse(body, &close);
  struct wspec_span reason =
      body.len >= 2 ? wspec_span_from(body, 2) : (struct wspec_span){NULL, 0};
  uint16_t code = WSPEC_CLOSE_NO_STATUS;
  if (body.len >= 2) {
    code = (uint16_t)(body.data[0] << 8 | body.data[1]);
  }
  FUZZ_CHECK(err == (body.len == 1      ? WSPEC_ERR_PROTOCOL
                     : !is_text(reason) ? WSPEC_ERR_UTF8
                                        : WSPEC_OK));
  FUZZ_CHECK(close.status_code == code && wspec_span_equal(close.reason, reason));
  FUZZ_CHECK(wspec_close_parse(body, &again) == err && again.status_code == code);
  check_code(code);
  uint8_t out[BODY_MAX];
  size_t len;
  if (err == WSPEC_OK && body.len <= BODY_MAX && (code != 1005 || body.len == 0)) {
    FUZZ_CHECK(!wspec_close_build(code, reason, out, &len));
    FUZZ_CHECK(wspec_span_equal(wspec_span_of(out, len), body));
  }
}

static void check_build(uint16_t code, struct wspec_span reason) {
  uint8_t out[BODY_MAX];
  size_t len = SIZE_MAX;
  bool is_wrong = reason.len > WSPEC_CLOSE_REASON_MAX || !is_text(reason) ||
                  (code == WSPEC_CLOSE_NO_STATUS && reason.len > 0);
  enum wspec_err err = wspec_close_build(code, reason, out, &len);
  FUZZ_CHECK(err == (is_wrong ? WSPEC_ERR_MISUSE : WSPEC_OK));
  if (err == WSPEC_OK) {
    struct wspec_close close;
    FUZZ_CHECK(len <= BODY_MAX && !wspec_close_parse(wspec_span_of(out, len), &close));
    FUZZ_CHECK(close.status_code == code && wspec_span_equal(close.reason, reason));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = fuzz_input_of(data, size);
  uint16_t code = (uint16_t)(fuzz_take_octet(&input) << 8);
  code |= fuzz_take_octet(&input);
  uint8_t *octets = fuzz_copy(input.data, input.len);
  fuzz_memory_start();
  check_code(code);
  check_parse(wspec_span_of(octets, input.len));
  check_build(code, wspec_span_of(octets, input.len));
  FUZZ_CHECK(fuzz_memory_requested() == 0);
  free(octets);
  return 0;
}
