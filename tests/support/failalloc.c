#include "failalloc.h"

#include <stdlib.h>

static unsigned g_fail_at;
static unsigned g_count;
static bool g_failed;

void failalloc_arm(unsigned n) {
  g_fail_at = n;
  g_count = 0;
  g_failed = false;
}

bool failalloc_disarm(void) {
  g_fail_at = 0;
  return g_failed;
}

unsigned failalloc_count(void) {
  return g_count;
}

static bool must_fail(void) {
  g_count++;
  if (g_fail_at == 0 || g_count != g_fail_at) {
    return false;
  }
  g_failed = true;
  return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__wrap_malloc(size_t size) {
  return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
  return must_fail() ? NULL : __real_realloc(block, size);
}
