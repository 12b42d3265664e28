/* The mutator's model: octets to model to octets gives the same octets, for streams of every shape
 * that the mutations themselves make and for random octets; and no mutation leaves its room. */
#include "mutator/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 20000, ROOM = 600 };

static struct wspec_rng octets_rng;

/* Stands for LLVMFuzzerMutate: one octet more, or another one. */
static size_t mutate_plainly(uint8_t *octets, size_t len, size_t room) {
  size_t at = (size_t)wspec_rng_below(&octets_rng, len + 1);
  len = at == len && len < room ? len + 1 : len;
  if (at < len) {
    octets[at] = (uint8_t)wspec_rng_next(&octets_rng);
  }
  return len;
}

static void check_identity(const uint8_t *octets, size_t len) {
  static struct model model;
  static uint8_t again[ROOM];
  assert_true(len <= ROOM);
  uint8_t *copy = malloc(len + 1);
  assert_non_null(copy);
  memcpy(copy, octets, len);
  model_read(&model, copy, len);
  assert_int_equal(model_write(&model, again, ROOM), len);
  assert_memory_equal(again, copy, len);
  free(copy);
}

static void test_random_octets_are_written_as_they_were_read(void **state) {
  (void)state;
  struct wspec_rng rng = {1};
  for (int i = 0; i < ROUNDS; i++) {
    uint8_t octets[64];
    wspec_rng_fill(&rng, octets, sizeof octets);
    check_identity(octets, (size_t)wspec_rng_below(&rng, sizeof octets + 1));
  }
}

static void test_mutants_are_written_as_they_were_read(void **state) {
  (void)state;
  static struct model model;
  static const char head[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n\x81\x82\1\2\3\4ab______";
  uint8_t octets[ROOM];
  size_t len = sizeof head - 1, n_kinds[3] = {0};
  struct wspec_rng rng = {2};
  memcpy(octets, head, len);
  for (int i = 0; i < ROUNDS; i++) {
    model_read(&model, octets, len);
    mutate_once(&model, &rng, mutate_plainly);
    for (size_t k = 0; k < model.n_parts; k++) {
      n_kinds[model.parts[k].kind]++;
    }
    len = model_write(&model, octets, sizeof octets);
    assert_true(len <= sizeof octets);
    check_identity(octets, len);
  }
  assert_true(n_kinds[MODEL_FRAME] > ROUNDS && n_kinds[MODEL_RAW] > 0);
}

static void test_a_splice_has_the_ends_of_both(void **state) {
  (void)state;
  static struct model a, b;
  struct wspec_rng rng = {3};
  const uint8_t first[] = "\x81\x01x______", second[] = "\x82\x01y******";
  model_read(&a, first, sizeof first - 1);
  model_read(&b, second, sizeof second - 1);
  mutate_splice(&a, &b, &rng);
  uint8_t out[ROOM];
  assert_int_equal(model_write(&a, out, sizeof out), 12);
  assert_memory_equal(out, "\x81\x01x\x82\x01y______", 12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_octets_are_written_as_they_were_read),
      cmocka_unit_test(test_mutants_are_written_as_they_were_read),
      cmocka_unit_test(test_a_splice_has_the_ends_of_both),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
