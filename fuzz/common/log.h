/* log: what a run came to, as octets that can be compared with those of another run. */
#ifndef WSPEC_FUZZ_LOG_H
#define WSPEC_FUZZ_LOG_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets appended so far. Zeroed is empty; fuzz_log_clear frees. */
struct fuzz_log {
  uint8_t *data;
  size_t len;
  size_t capacity;
};

/* fuzz_log_octets appends `len` octets. Its memory is not counted by fuzz_memory_requested. */
void fuzz_log_octets(struct fuzz_log *log, const void *octets, size_t len);

/* fuzz_log_reserve makes room for `len` octets more and returns where they go. */
uint8_t *fuzz_log_reserve(struct fuzz_log *log, size_t len);

/* fuzz_log_number appends a number. */
void fuzz_log_number(struct fuzz_log *log, uint64_t number);

/* fuzz_log_span appends a span with its length, and whether it is there at all. */
void fuzz_log_span(struct fuzz_log *log, struct wspec_span span);

/* fuzz_log_equal returns true if both have the same octets. */
bool fuzz_log_equal(const struct fuzz_log *a, const struct fuzz_log *b);

/* fuzz_log_clear frees the log and makes it empty. */
void fuzz_log_clear(struct fuzz_log *log);

#endif
