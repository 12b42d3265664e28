/* bench_mask: masking, beside the memcpy of as many octets. What is masked is looked at first: all
 * functions of ours have to come to what RFC 6455 section 5.3 says, octet by octet. */
#include "bench.h"

#include "proto/mask.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The payloads lie one behind the other in RING_LEN octets, as in a receive buffer, and each round
 * takes the next: a round that took the last one's output would wait for its stores. */
#define RING_LEN   (64 * 1024)
#define BUFFER_LEN (1024 * 1024)

struct input {
  uint8_t *data;
  uint8_t *out;
  size_t len;
};

static size_t next_payload(const struct input *input, size_t at) {
  return at + 2 * input->len <= RING_LEN ? at + input->len : 0;
}

static const uint8_t masking_key[4] = {0x37, 0xfa, 0x21, 0x3d};

static uint8_t payload_octet(size_t i) {
  return (uint8_t)(i * 31 >> 2);
}

/* Whether `out` is the payload masked, and `is_ascii` what a function said of it. */
static bool is_masked(const struct input *input, bool is_ascii) {
  uint8_t any = 0;
  for (size_t i = 0; i < input->len; i++) {
    uint8_t expected = payload_octet(i) ^ masking_key[i % 4];
    if (input->out[i] != expected) {
      return false;
    }
    any |= expected;
  }
  return is_ascii == (any < 0x80);
}

static bool masks_rightly(const struct input *input) {
  for (size_t i = 0; i < input->len; i++) {
    input->data[i] = payload_octet(i);
  }
  bool is_ascii = wspec_mask_copy_ascii(input->out, input->data, input->len, masking_key, 0);
  bool is_right = is_masked(input, is_ascii);
  memset(input->out, 0, input->len);
  wspec_mask_copy(input->out, input->data, input->len, masking_key, 0);
  is_right = is_masked(input, is_ascii) && is_right;
  memcpy(input->out, input->data, input->len);
  is_right = wspec_mask_ascii(input->out, input->len, masking_key, 0) == is_ascii && is_right;
  is_right = is_masked(input, is_ascii) && is_right;
  memcpy(input->out, input->data, input->len);
  wspec_mask(input->out, input->len, masking_key, 0);
  return is_masked(input, is_ascii) && is_right;
}

static uint64_t run_memcpy(void *context, uint64_t rounds) {
  const struct input *input = context;
  for (uint64_t i = 0, at = 0; i < rounds; i++, at = next_payload(input, at)) {
    memcpy(input->out + at, input->data + at, input->len);
    bench_touch_memory();
  }
  return rounds;
}

static uint64_t run_octets(void *context, uint64_t rounds) {
  const struct input *input = context;
  for (uint64_t i = 0, at = 0; i < rounds; i++, at = next_payload(input, at)) {
    for (size_t k = 0; k < input->len; k++) {
      input->data[at + k] ^= masking_key[k % 4];
      bench_touch_memory();
    }
  }
  return rounds;
}

static uint64_t run_mask(void *context, uint64_t rounds) {
  const struct input *input = context;
  for (uint64_t i = 0, at = 0; i < rounds; i++, at = next_payload(input, at)) {
    wspec_mask(input->data + at, input->len, masking_key, 0);
  }
  return rounds;
}

static uint64_t run_mask_ascii(void *context, uint64_t rounds) {
  const struct input *input = context;
  for (uint64_t i = 0, at = 0; i < rounds; i++, at = next_payload(input, at)) {
    (void)wspec_mask_ascii(input->data + at, input->len, masking_key, 0);
  }
  return rounds;
}

static uint64_t run_mask_copy(void *context, uint64_t rounds) {
  const struct input *input = context;
  for (uint64_t i = 0, at = 0; i < rounds; i++, at = next_payload(input, at)) {
    wspec_mask_copy(input->out + at, input->data + at, input->len, masking_key, 0);
  }
  return rounds;
}

static uint64_t run_mask_copy_ascii(void *context, uint64_t rounds) {
  const struct input *input = context;
  for (uint64_t i = 0, at = 0; i < rounds; i++, at = next_payload(input, at)) {
    (void)wspec_mask_copy_ascii(input->out + at, input->data + at, input->len, masking_key, 0);
  }
  return rounds;
}

int main(void) {
  static const size_t lens[] = {8, 16, 60, 125, 1024, 16384, BUFFER_LEN};
  struct input input = {calloc(1, BUFFER_LEN), calloc(1, BUFFER_LEN), 0};
  if (!input.data || !input.out) {
    fprintf(stderr, "bench_mask: out of memory\n");
    return 1;
  }
  struct bench_candidate row[] = {
      {.name = "memcpy", .role = BENCH_LIMIT, .run = run_memcpy, .context = &input},
      {.name = "octet by octet", .role = BENCH_LIMIT, .run = run_octets, .context = &input},
      {.name = "mask", .role = BENCH_OURS, .run = run_mask, .context = &input},
      {.name = "mask_ascii", .role = BENCH_OURS, .run = run_mask_ascii, .context = &input},
      {.name = "mask_copy", .role = BENCH_OURS, .run = run_mask_copy, .context = &input},
      {.name = "mask_copy_ascii",
       .role = BENCH_OURS,
       .run = run_mask_copy_ascii,
       .context = &input},
  };
  size_t n = sizeof row / sizeof *row;
  int failed = 0;
  bench_print_head("Masking", row, n);
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
    char label[32];
    snprintf(label, sizeof label, "%zu B", lens[i]);
    input.len = lens[i];
    if (!masks_rightly(&input)) {
      fprintf(stderr, "bench_mask: %s: what is masked is wrong\n", label);
      failed = 1;
    }
    failed |= bench_measure(row, n);
    bench_print_row(label, lens[i], row, n);
  }
  free(input.data);
  free(input.out);
  return failed;
}
