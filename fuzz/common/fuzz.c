#include "common/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Asked by the address sanitizer where it is linked; its environment variable has the last word. A
 * large quarantine and long stacks of allocations cost a fuzzer a third of its speed: what is freed
 * here is used again, if at all, in the same input. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "malloc_context_size=2:quarantine_size_mb=8:thread_local_quarantine_size_kb=128";
}

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *at, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *at, size_t len);

static size_t requested;

void *__wrap_malloc(size_t len) {
  requested += len;
  return __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len) {
  requested += count * len;
  return __real_calloc(count, len);
}

void *__wrap_realloc(void *at, size_t len) {
  requested += len;
  return __real_realloc(at, len);
}

void fuzz_memory_start(void) {
  requested = 0;
}

size_t fuzz_memory_requested(void) {
  return requested;
}

void fuzz_fail(const char *file, int line, const char *function, const char *condition) {
  fprintf(stderr, "%s:%d: %s: this does not hold: %s\n", file, line, function, condition);
  abort();
}

const struct fuzz_plan fuzz_plan_at_once = {{0, 0, 0, 0}};
const struct fuzz_plan fuzz_plan_octets = {{1, 1, 1, 1}};

struct fuzz_plan fuzz_take_plan(struct fuzz_input *input) {
  struct fuzz_plan plan;
  for (size_t i = 0; i < FUZZ_PLAN_LEN; i++) {
    plan.lens[i] = fuzz_take_octet(input);
  }
  return plan;
}

size_t fuzz_portion(const struct fuzz_plan *plan, size_t i, size_t left) {
  size_t len = plan->lens[i % FUZZ_PLAN_LEN];
  if (len > 200) {
    len = (len - 200) * 64;
  }
  return len == 0 || len > left ? left : len;
}

/* Eight octets at a time: FNV-1a on words. Which inputs it picks means nothing. */
static uint64_t hash(struct fuzz_input input) {
  uint64_t sum = UINT64_C(0xcbf29ce484222325) ^ input.len;
  for (size_t at = 0; at < input.len;) {
    uint64_t word = 0;
    size_t len = input.len - at < sizeof word ? input.len - at : sizeof word;
    memcpy(&word, input.data + at, len);
    sum = (sum ^ word) * UINT64_C(0x100000001b3);
    sum ^= sum >> 32;
    at += len;
  }
  return sum;
}

bool fuzz_is_replay(void) {
  static int known = -1;
  if (known < 0) {
    known = getenv("WSPEC_FUZZ_REPLAY") != NULL;
  }
  return known;
}

size_t fuzz_choose_plans(struct fuzz_input input, struct fuzz_plan own,
                         struct fuzz_plan plans[FUZZ_PLANS_MAX]) {
  bool is_at_once = fuzz_portion(&own, 0, input.len) == input.len;
  bool is_octets = memcmp(&own, &fuzz_plan_octets, sizeof own) == 0;
  unsigned choice = fuzz_is_replay() ? 0 : (unsigned)(hash(input) & 3);
  size_t n = 0;
  plans[n++] = own;
  if (!is_at_once && choice < 2) {
    plans[n++] = fuzz_plan_at_once;
  }
  if (!is_octets && choice == 0) {
    plans[n++] = fuzz_plan_octets;
  }
  return n;
}

static uint8_t *new_block(size_t len) {
  uint8_t *block = __real_malloc(len);
  FUZZ_CHECK(block || len == 0);
  return block;
}

uint8_t *fuzz_copy(const uint8_t *data, size_t len) {
  uint8_t *copy = new_block(len);
  if (len > 0) {
    memcpy(copy, data, len);
  }
  return copy;
}

bool fuzz_feed_next(struct fuzz_feed *feed) {
  size_t len = fuzz_portion(&feed->plan, feed->i++, feed->input.len - feed->at);
  if (len == 0 || len != feed->block_len) {
    fuzz_feed_end(feed);
  }
  if (len == 0) {
    return false;
  }
  if (!feed->portion) {
    feed->portion = new_block(len);
    feed->block_len = len;
  }
  if (len == 1) { /* under a sanitizer a call costs more than all the rest */
    feed->portion[0] = feed->input.data[feed->at];
  } else {
    memcpy(feed->portion, feed->input.data + feed->at, len);
  }
  feed->portion_len = len;
  feed->at += len;
  return true;
}

void fuzz_feed_end(struct fuzz_feed *feed) {
  free(feed->portion);
  feed->portion = NULL;
  feed->block_len = 0;
}
