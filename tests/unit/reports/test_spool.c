/* What was appended is read back, wherever it came to stand; texts are kept once. */
#include "reports/spool.h"
#include "reports/texts.h"

#include "base/rng.h"
#include "failalloc.h"
#include "tempfile.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { N_PIECES = 500, PIECE_MAX = 900, HELD_MAX = 10000 };

/* Piece `i` is of its own length and octets; some are longer than what is held. */
static struct wspec_span piece(unsigned i) {
  static uint8_t octets[2 * HELD_MAX];
  size_t len = i % 97 == 13 ? sizeof octets : (size_t)(wspec_rng_mix(i) % PIECE_MAX);
  memset(octets, (int)(i % 251), len);
  return wspec_span_of(octets, len);
}

static void append_all(struct wspec_spool *spool, uint64_t at[N_PIECES]) {
  for (unsigned i = 0; i < N_PIECES; i++) {
    assert_int_equal(wspec_spool_append(spool, piece(i), &at[i]), WSPEC_OK);
  }
}

static void check_all(const struct wspec_spool *spool, const uint64_t at[N_PIECES]) {
  struct wspec_buf room;
  wspec_buf_init(&room, SIZE_MAX);
  for (unsigned k = 0; k < N_PIECES; k++) {
    unsigned i = (k * 71) % N_PIECES;
    struct wspec_span expected = piece(i);
    struct wspec_span octets;
    assert_int_equal(wspec_spool_read(spool, at[i], expected.len, &room, &octets), WSPEC_OK);
    assert_int_equal(octets.len, expected.len);
    if (expected.len > 0) {
      assert_memory_equal(octets.data, expected.data, expected.len);
    }
  }
  wspec_buf_clear(&room);
}

static void test_little_stays_in_memory(void **state) {
  (void)state;
  struct wspec_spool *spool = wspec_spool_new(1 << 24);
  uint64_t at[N_PIECES];
  append_all(spool, at);
  assert_int_equal(wspec_spool_in_file(spool), 0);
  check_all(spool, at);
  wspec_spool_free(spool);
}

static void test_much_goes_to_a_file_without_a_name(void **state) {
  (void)state;
  char *dir = tempfile_dir();
  assert_int_equal(setenv("TMPDIR", dir, 1), 0);
  struct wspec_spool *spool = wspec_spool_new(HELD_MAX);
  uint64_t at[N_PIECES];
  append_all(spool, at);
  assert_true(wspec_spool_in_file(spool) > 2 * HELD_MAX);
  assert_int_equal(rmdir(dir), 0); /* nothing is in it */
  check_all(spool, at);
  wspec_spool_free(spool);
  assert_int_equal(unsetenv("TMPDIR"), 0);
  free(dir);
}

static void test_without_a_file_all_stays_in_memory(void **state) {
  (void)state;
  assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
  struct wspec_spool *spool = wspec_spool_new(HELD_MAX);
  uint64_t at[N_PIECES];
  append_all(spool, at);
  assert_int_equal(wspec_spool_in_file(spool), 0);
  check_all(spool, at);
  wspec_spool_free(spool);
  assert_int_equal(unsetenv("TMPDIR"), 0);
}

/* A disk with room for so much, which is in the middle of a piece. */
static void test_behind_a_full_disk_the_rest_stays_in_memory(void **state) {
  (void)state;
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = {.rlim_cur = 5 * HELD_MAX + 333, .rlim_max = before.rlim_max};
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  struct wspec_spool *spool = wspec_spool_new(HELD_MAX);
  uint64_t at[N_PIECES];
  append_all(spool, at);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_true(signal(SIGXFSZ, handler) == SIG_IGN);
  assert_true(wspec_spool_in_file(spool) > 0);
  assert_true(wspec_spool_in_file(spool) < small.rlim_cur);
  check_all(spool, at);
  wspec_spool_free(spool);
}

static void test_no_memory_loses_nothing(void **state) {
  (void)state;
  unsigned n_failed = 0;
  bool failed = true;
  for (unsigned n = 1; failed; n++) {
    uint64_t at[N_PIECES];
    struct wspec_buf room;
    wspec_buf_init(&room, SIZE_MAX);
    failalloc_arm(n);
    struct wspec_spool *spool = wspec_spool_new(HELD_MAX);
    failed = failalloc_disarm();
    assert_true((spool == NULL) == failed);
    for (unsigned i = 0; spool && i < N_PIECES; i++) {
      failalloc_arm(1);
      enum wspec_err err = wspec_spool_append(spool, piece(i), &at[i]);
      bool lacked = failalloc_disarm();
      n_failed += lacked;
      assert_int_equal(err, lacked ? WSPEC_ERR_NOMEM : WSPEC_OK);
      if (lacked) {
        assert_int_equal(wspec_spool_append(spool, piece(i), &at[i]), WSPEC_OK);
      }
    }
    if (spool) {
      check_all(spool, at);
      struct wspec_span octets;
      failalloc_arm(1);
      assert_int_equal(wspec_spool_read(spool, at[0], 10, &room, &octets), WSPEC_ERR_NOMEM);
      assert_true(failalloc_disarm());
    }
    wspec_buf_clear(&room);
    wspec_spool_free(spool);
  }
  assert_true(n_failed > 2);
}

/* ---- Texts ---- */

static void test_a_text_is_kept_once(void **state) {
  (void)state;
  struct wspec_texts texts = {.slots = NULL};
  struct wspec_arena arena;
  const char *kept[2000];
  char text[32];
  wspec_arena_init(&arena, 1 << 20);
  for (unsigned turn = 0; turn < 2; turn++) {
    for (unsigned i = 0; i < 2000; i++) {
      (void)snprintf(text, sizeof text, "%u", i);
      const char *copy = wspec_texts_keep(&texts, &arena, text);
      assert_non_null(copy);
      assert_string_equal(copy, text);
      assert_true(turn == 0 || copy == kept[i]);
      kept[i] = copy;
    }
  }
  wspec_texts_clear(&texts);
  wspec_arena_clear(&arena);
}

static void test_no_memory_for_a_text(void **state) {
  (void)state;
  struct wspec_texts texts = {.slots = NULL};
  struct wspec_arena arena;
  wspec_arena_init(&arena, 1 << 20);
  for (unsigned n = 1; n < 3; n++) {
    failalloc_arm(n);
    assert_null(wspec_texts_keep(&texts, &arena, "a"));
    assert_true(failalloc_disarm());
    wspec_texts_clear(&texts);
  }
  assert_string_equal(wspec_texts_keep(&texts, &arena, "a"), "a");
  wspec_texts_clear(&texts);
  wspec_arena_clear(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_little_stays_in_memory),
      cmocka_unit_test(test_much_goes_to_a_file_without_a_name),
      cmocka_unit_test(test_without_a_file_all_stays_in_memory),
      cmocka_unit_test(test_behind_a_full_disk_the_rest_stays_in_memory),
      cmocka_unit_test(test_no_memory_loses_nothing),
      cmocka_unit_test(test_a_text_is_kept_once),
      cmocka_unit_test(test_no_memory_for_a_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
