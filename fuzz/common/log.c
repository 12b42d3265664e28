#include "common/log.h"

#include "common/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* The code under test is not charged for the logs. */
void *__real_realloc(void *at, size_t len);

uint8_t *fuzz_log_reserve(struct fuzz_log *log, size_t len) {
  if (log->capacity - log->len < len || !log->data) {
    log->capacity = 2 * (log->len + len) + 256;
    log->data = __real_realloc(log->data, log->capacity);
    FUZZ_CHECK(log->data);
  }
  log->len += len;
  return log->data + log->len - len;
}

void fuzz_log_octets(struct fuzz_log *log, const void *octets, size_t len) {
  if (len > 0) {
    memcpy(fuzz_log_reserve(log, len), octets, len);
  }
}

void fuzz_log_number(struct fuzz_log *log, uint64_t number) {
  fuzz_log_octets(log, &number, sizeof number);
}

void fuzz_log_span(struct fuzz_log *log, struct wspec_span span) {
  fuzz_log_number(log, span.data ? span.len : UINT64_MAX);
  fuzz_log_octets(log, span.data, span.len);
}

bool fuzz_log_equal(const struct fuzz_log *a, const struct fuzz_log *b) {
  return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

void fuzz_log_clear(struct fuzz_log *log) {
  free(log->data);
  *log = (struct fuzz_log){0};
}
