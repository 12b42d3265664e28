/* extensions: octets as the value of Sec-WebSocket-Extensions.
 *
 * What was read and is written again is read as the same; names and unquoted values are tokens; an
 * error is one that the header names, at an octet of the value; nothing is allocated; a second
 * reading is the same. */
#include "proto/extensions.h"
#include "base/buf.h"
#include "common/fuzz.h"
#include "common/log.h"
#include "proto/http_list.h"

#include <stdlib.h>

static void log_items(const struct wspec_extensions *extensions, struct fuzz_log *log) {
  for (size_t i = 0; i < extensions->n_items; i++) {
    const struct wspec_extension *item = &extensions->items[i];
    FUZZ_CHECK(wspec_http_is_token(item->name));
    fuzz_log_span(log, item->name);
    for (size_t k = 0; k < item->n_params; k++) {
      const struct wspec_extension_param *param = &item->params[k];
      FUZZ_CHECK(wspec_http_is_token(param->name));
      FUZZ_CHECK(!param->has_value || wspec_http_is_token(param->value));
      fuzz_log_span(log, param->name);
      fuzz_log_number(log, (uint64_t)param->has_value << 1 | param->was_quoted);
      fuzz_log_octets(log, param->value.data, param->value.len);
    }
  }
}

static void check_round_trip(const struct wspec_extensions *extensions) {
  static struct wspec_extensions again; /* too large for the stack */
  struct wspec_buf out;
  struct fuzz_log logs[2] = {0};
  wspec_buf_init(&out, 1 << 20);
  FUZZ_CHECK(!wspec_extensions_write(&out, extensions->items, extensions->n_items));
  FUZZ_CHECK(!wspec_extensions_parse(&again, wspec_buf_span(&out)));
  FUZZ_CHECK(again.n_items == extensions->n_items && again.n_empty_elements == 0);
  log_items(extensions, &logs[0]);
  log_items(&again, &logs[1]);
  FUZZ_CHECK(fuzz_log_equal(&logs[0], &logs[1]));
  fuzz_log_clear(&logs[0]);
  fuzz_log_clear(&logs[1]);
  wspec_buf_clear(&out);
}

/* Nothing stays of what a reading finds in place. */
static void check_second_reading(const struct wspec_extensions *first, struct wspec_span value) {
  static struct wspec_extensions second; /* too large for the stack */
  struct fuzz_log logs[2] = {0};
  second.n_items = second.n_params = second.n_empty_elements = 7;
  second.n_unescaped = sizeof second.unescaped - 1;
  second.err = WSPEC_ERR_LIMIT;
  FUZZ_CHECK(wspec_extensions_parse(&second, value) == first->err);
  FUZZ_CHECK(second.err == first->err && second.n_items == first->n_items);
  FUZZ_CHECK(second.n_empty_elements == first->n_empty_elements);
  FUZZ_CHECK(second.error_offset == first->error_offset);
  FUZZ_CHECK(second.error_text == first->error_text);
  if (first->err == WSPEC_OK) {
    log_items(first, &logs[0]);
    log_items(&second, &logs[1]);
  }
  FUZZ_CHECK(fuzz_log_equal(&logs[0], &logs[1]));
  fuzz_log_clear(&logs[0]);
  fuzz_log_clear(&logs[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct wspec_extensions extensions;
  uint8_t *value = fuzz_copy(data, size);
  fuzz_memory_start();
  enum wspec_err err = wspec_extensions_parse(&extensions, wspec_span_of(value, size));
  FUZZ_CHECK(fuzz_memory_requested() == 0);
  FUZZ_CHECK(err == extensions.err);
  FUZZ_CHECK(err == WSPEC_OK || err == WSPEC_ERR_SYNTAX || err == WSPEC_ERR_LIMIT);
  FUZZ_CHECK((err == WSPEC_OK) == (extensions.error_text == NULL));
  FUZZ_CHECK(err == WSPEC_OK || extensions.error_offset <= size);
  check_second_reading(&extensions, wspec_span_of(value, size));
  if (err == WSPEC_OK) {
    FUZZ_CHECK(extensions.n_items > 0);
    check_round_trip(&extensions);
  }
  free(value);
  return 0;
}
