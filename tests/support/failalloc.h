/* failalloc: makes the n-th allocation fail, so that a test can walk every n.
 *
 *   for (unsigned n = 1; ; n++) {
 *     failalloc_arm(n);
 *     err = thing_under_test();
 *     if (!failalloc_disarm()) break;      // n was never reached: all allocations have failed once
 *     assert_int_equal(err, WSPEC_ERR_NOMEM);
 *   }
 *
 * The linker's --wrap puts it in front of malloc, calloc and realloc of everything linked in. */
#ifndef FAILALLOC_H
#define FAILALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* failalloc_arm makes the `n`-th allocation from now on fail, once. `n` counts from 1. */
void failalloc_arm(unsigned n);

/* failalloc_disarm ends it and returns true if an allocation was made to fail since. */
bool failalloc_disarm(void);

/* failalloc_count returns the allocations made since the last arm. */
unsigned failalloc_count(void);

#endif
