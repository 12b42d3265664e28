#include "case/arena.h"
#include "case/diag.h"
#include "failalloc.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_memory_is_zeroed_aligned_and_apart(void **state) {
  (void)state;
  struct wspec_arena arena;
  uint8_t *blocks[200];
  wspec_arena_init(&arena, 64 * 1024 * 1024);
  for (size_t i = 0; i < 200; i++) {
    size_t size = i * i * 7;
    blocks[i] = wspec_arena_alloc(&arena, size, 1);
    assert_non_null(blocks[i]);
    assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
    for (size_t k = 0; k < size; k++) {
      assert_int_equal(blocks[i][k], 0);
    }
    memset(blocks[i], (int)i, size);
  }
  for (size_t i = 0; i < 200; i++) {
    for (size_t k = 0; k < i * i * 7; k++) {
      assert_int_equal(blocks[i][k], (uint8_t)i);
    }
  }
  wspec_arena_clear(&arena);
  assert_int_equal(arena.total, 0);
}

static void test_the_ceiling_holds(void **state) {
  (void)state;
  struct wspec_arena arena;
  wspec_arena_init(&arena, 1000);
  assert_non_null(wspec_arena_alloc(&arena, 500, 1));
  assert_false(arena.full);
  assert_null(wspec_arena_alloc(&arena, 600, 1));
  assert_true(arena.full);
  assert_true(arena.total <= 1000);
  wspec_arena_clear(&arena);
  assert_false(arena.full);
  assert_int_equal(arena.ceiling, 1000);
  assert_non_null(wspec_arena_alloc(&arena, 900, 1));
  wspec_arena_clear(&arena);
}

/* Small things, then large ones that get blocks of their own, then small ones past the block. */
static void fill_arena(struct wspec_arena *arena, size_t n) {
  for (size_t i = 0; i < n; i++) {
    size_t size = i % 7 == 3 ? 70000 : 3000;
    uint8_t *octets = wspec_arena_alloc(arena, size, 1);
    assert_non_null(octets);
    for (size_t k = 0; k < size; k++) {
      assert_int_equal(octets[k], 0);
    }
    memset(octets, 0xAA, size);
  }
}

static void test_rewinding_gives_back_what_came_behind_the_mark(void **state) {
  (void)state;
  for (size_t before = 0; before < 60; before += 3) {
    struct wspec_arena arena;
    wspec_arena_init(&arena, 64 * 1024 * 1024);
    fill_arena(&arena, before);
    char *kept = wspec_arena_text(&arena, wspec_span_text("kept"));
    assert_non_null(kept);
    size_t total = arena.total;
    struct wspec_arena_mark mark = wspec_arena_mark(&arena);
    for (size_t n = 0; n < 60; n += 7) {
      fill_arena(&arena, n); /* it finds all octets zeroed again */
      wspec_arena_rewind(&arena, mark);
      assert_int_equal(arena.total, total);
      assert_string_equal(kept, "kept");
    }
    wspec_arena_clear(&arena);
  }
}

static void test_rewinding_to_the_beginning_frees_all(void **state) {
  (void)state;
  struct wspec_arena arena;
  wspec_arena_init(&arena, 1000000);
  struct wspec_arena_mark mark = wspec_arena_mark(&arena);
  fill_arena(&arena, 9);
  wspec_arena_rewind(&arena, mark);
  assert_int_equal(arena.total, 0);
  assert_non_null(wspec_arena_alloc(&arena, 900000, 1));
  wspec_arena_clear(&arena);
}

static void test_sizes_that_overflow_are_refused(void **state) {
  (void)state;
  struct wspec_arena arena;
  wspec_arena_init(&arena, SIZE_MAX);
  assert_null(wspec_arena_alloc(&arena, SIZE_MAX / 2, 3));
  assert_null(wspec_arena_alloc(&arena, SIZE_MAX, 1));
  assert_null(wspec_arena_text(&arena, wspec_span_of("x", SIZE_MAX)));
  wspec_arena_clear(&arena);
}

static void test_text_is_copied_with_its_nul(void **state) {
  (void)state;
  struct wspec_arena arena;
  wspec_arena_init(&arena, 100000);
  assert_string_equal(wspec_arena_text(&arena, wspec_span_of("abcdef", 3)), "abc");
  assert_string_equal(wspec_arena_text(&arena, wspec_span_of(NULL, 0)), "");
  /* Texts stand close, and what follows them is aligned all the same. */
  char *text = wspec_arena_text(&arena, wspec_span_text("xyz"));
  assert_ptr_equal(wspec_arena_text(&arena, wspec_span_text("")), text + 4);
  assert_int_equal((uintptr_t)wspec_arena_alloc(&arena, 1, 1) % alignof(max_align_t), 0);
  assert_string_equal(text, "xyz");
  wspec_arena_clear(&arena);
  failalloc_arm(1);
  assert_null(wspec_arena_text(&arena, wspec_span_text("abc")));
  assert_true(failalloc_disarm());
  assert_false(arena.full);
  wspec_arena_clear(&arena);
}

/* ---- Diag ---- */

static void test_twenty_of_each_file_are_told(void **state) {
  (void)state;
  struct wspec_diag diag;
  wspec_diag_init(&diag);
  for (int i = 0; i < 20; i++) {
    wspec_diag_add(&diag, "a %d", i);
  }
  wspec_diag_new_file(&diag);
  for (int i = 0; i < 22; i++) {
    wspec_diag_add(&diag, "b %d", i);
  }
  assert_int_equal(diag.n_messages, 42);
  char *text = wspec_diag_take(&diag);
  assert_non_null(text);
  assert_non_null(strstr(text, "a 19\nb 0\n"));
  assert_null(strstr(text, "b 20"));
  assert_string_equal(strrchr(text, '\n'), "\nand 2 more in this file");
  free(text);
  assert_int_equal(diag.n_messages, 0);
  assert_null(wspec_diag_take(&diag));
}

static void test_a_text_that_is_full_is_no_lack_of_memory(void **state) {
  (void)state;
  struct wspec_diag diag;
  char *large = malloc(WSPEC_DIAG_TEXT_MAX + 1);
  assert_non_null(large);
  memset(large, 'x', WSPEC_DIAG_TEXT_MAX);
  large[WSPEC_DIAG_TEXT_MAX] = '\0';
  wspec_diag_init(&diag);
  wspec_diag_add(&diag, "first");
  wspec_diag_add(&diag, "%s", large);
  assert_false(diag.out_of_memory);
  char *text = wspec_diag_take(&diag);
  assert_string_equal(text, "first");
  free(text);
  free(large);
}

static void test_a_message_lost_for_memory_is_remembered(void **state) {
  (void)state;
  struct wspec_diag diag;
  wspec_diag_init(&diag);
  failalloc_arm(1);
  wspec_diag_add(&diag, "lost");
  assert_true(failalloc_disarm());
  assert_true(diag.out_of_memory);
  wspec_diag_clear(&diag);
  assert_false(diag.out_of_memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory_is_zeroed_aligned_and_apart),
      cmocka_unit_test(test_the_ceiling_holds),
      cmocka_unit_test(test_rewinding_gives_back_what_came_behind_the_mark),
      cmocka_unit_test(test_rewinding_to_the_beginning_frees_all),
      cmocka_unit_test(test_sizes_that_overflow_are_refused),
      cmocka_unit_test(test_text_is_copied_with_its_nul),
      cmocka_unit_test(test_twenty_of_each_file_are_told),
      cmocka_unit_test(test_a_text_that_is_full_is_no_lack_of_memory),
      cmocka_unit_test(test_a_message_lost_for_memory_is_remembered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
