/* bench_utf8: validation of valid UTF-8, at once, beside simdutf's. */
#include "bench.h"
#include "peers.h"
#include "texts.h"

#include "proto/utf8.h"
#include "proto/utf8_internal.h"

#include <stdio.h>

struct input {
  const uint8_t *data;
  size_t len;
  const void *implementation;
};

static uint64_t run_feed(void *context, uint64_t rounds) {
  const struct input *input = context;
  struct wspec_span octets = wspec_span_of(input->data, input->len);
  uint64_t valid = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    struct wspec_utf8 utf8 = {0};
    valid += wspec_utf8_feed(&utf8, octets, NULL) == WSPEC_OK && wspec_utf8_end(&utf8) == WSPEC_OK;
    bench_touch_memory();
  }
  return valid;
}

static uint64_t run_is_valid(void *context, uint64_t rounds) {
  const struct input *input = context;
  struct wspec_span octets = wspec_span_of(input->data, input->len);
  uint64_t valid = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    valid += wspec_utf8_is_valid(octets);
    bench_touch_memory();
  }
  return valid;
}

static uint64_t run_portable(void *context, uint64_t rounds) {
  const struct input *input = context;
  struct wspec_span octets = wspec_span_of(input->data, input->len);
  uint64_t valid = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    valid += wspec__utf8_scan_portable(octets.data, octets.len) == octets.len;
    bench_touch_memory();
  }
  return valid;
}

#if defined(__x86_64__)
static uint64_t run_sse41(void *context, uint64_t rounds) {
  const struct input *input = context;
  struct wspec_span octets = wspec_span_of(input->data, input->len);
  uint64_t valid = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    valid += wspec__utf8_scan_sse41(octets.data, octets.len) == octets.len;
    bench_touch_memory();
  }
  return valid;
}
#endif

#ifdef WSPEC_BENCH_SIMDUTF
static uint64_t run_simdutf(void *context, uint64_t rounds) {
  const struct input *input = context;
  return peer_simdutf_validate(input->implementation, input->data, input->len, rounds);
}
#endif

#ifdef WSPEC_BENCH_UWEBSOCKETS
static uint64_t run_uwebsockets(void *context, uint64_t rounds) {
  const struct input *input = context;
  return peer_uwebsockets_validate(input->data, input->len, rounds);
}
#endif

/* Fills `row` with the candidates that there are, the peer that the ratios are to first. */
static size_t make_row(struct bench_candidate *row, struct input *input, struct input *peers) {
  size_t n = 0;
#ifdef WSPEC_BENCH_SIMDUTF
  static const char *const names[][2] = {{"haswell", "simdutf haswell"},
                                         {"westmere", "simdutf westmere"}};
  for (size_t i = 0; i < 2; i++) {
    peers[i] = *input;
    peers[i].implementation = peer_simdutf_find(names[i][0]);
    if (peers[i].implementation) {
      row[n++] = (struct bench_candidate){
          .name = names[i][1], .role = BENCH_PEER, .run = run_simdutf, .context = &peers[i]};
    }
  }
#else
  (void)peers;
#endif
#ifdef WSPEC_BENCH_UWEBSOCKETS
  row[n++] = (struct bench_candidate){
      .name = "uWebSockets", .role = BENCH_PEER, .run = run_uwebsockets, .context = input};
#endif
  row[n++] = (struct bench_candidate){
      .name = "wspec feed", .role = BENCH_OURS, .run = run_feed, .context = input};
  row[n++] = (struct bench_candidate){
      .name = "wspec is_valid", .role = BENCH_OURS, .run = run_is_valid, .context = input};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.1")) {
    row[n++] = (struct bench_candidate){
        .name = "wspec SSE4.1", .role = BENCH_OURS, .run = run_sse41, .context = input};
  }
#endif
  row[n++] = (struct bench_candidate){
      .name = "wspec portable", .role = BENCH_OURS, .run = run_portable, .context = input};
  return n;
}

/* The two functions that callers have; the scans by name are there to be seen beside them. */
static void sum_up(const char *label, const struct bench_candidate *row, size_t n) {
  char cell[80];
  snprintf(cell, sizeof cell, "UTF-8 %s", label);
  for (size_t i = 0; i < n; i++) {
    if (row[i].run == run_feed || row[i].run == run_is_valid) {
      bench_sum_up_lead(cell, &row[i], 1.0);
    }
  }
}

int main(void) {
  static const size_t lens[] = {16, 125, 1024, 65536};
  static uint8_t data[65536];
  struct bench_candidate row[BENCH_MAX_CANDIDATES];
  struct input input = {data, 0, NULL};
  struct input peers[2];
  int failed = 0;
  size_t n = make_row(row, &input, peers);
  bench_print_head("UTF-8 validation", row, n);
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
    for (size_t text = 0; text < BENCH_TEXTS; text++) {
      char label[64];
      snprintf(label, sizeof label, "%zu B %s", lens[i], bench_text_name(text));
      bench_text_fill(text, data, lens[i]);
      input.len = lens[i];
      n = make_row(row, &input, peers);
      failed |= bench_measure(row, n);
      bench_print_row(label, lens[i], row, n);
      sum_up(label, row, n);
    }
  }
  return failed;
}
