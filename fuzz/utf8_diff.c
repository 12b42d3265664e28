/* utf8_diff: the octets as text, beside a second validator that is the grammar of RFC 3629.
 *
 * Both agree on whether all of it is valid, whether it may end there, and on the first wrong octet,
 * for every portioning and with every implementation that this processor has; the error is
 * sticky. */
#include "common/fuzz.h"
#include "proto/utf8_internal.h"
#include "utf8_grammar.h"

#include <stdlib.h>

/* NULL: what wspec_utf8_feed chooses for this processor. */
static enum wspec_err feed(wspec__utf8_scan *scan, struct wspec_utf8 *utf8,
                           struct wspec_span octets, size_t *wrong) {
  return scan ? wspec__utf8_feed_by(scan, utf8, octets, wrong)
              : wspec_utf8_feed(utf8, octets, wrong);
}

static void run(wspec__utf8_scan *scan, struct fuzz_input input, struct fuzz_plan plan,
                size_t first_wrong, bool is_whole) {
  struct fuzz_feed portions = {.input = input, .plan = plan};
  struct wspec_utf8 utf8 = {0};
  size_t at = 0;
  for (; fuzz_feed_next(&portions); at += portions.portion_len) {
    size_t wrong = SIZE_MAX;
    struct wspec_span octets = wspec_span_of(portions.portion, portions.portion_len);
    enum wspec_err err = feed(scan, &utf8, octets, &wrong);
    FUZZ_CHECK(err == WSPEC_OK || err == WSPEC_ERR_UTF8);
    bool is_due = first_wrong < at + octets.len;
    FUZZ_CHECK((err == WSPEC_ERR_UTF8) == is_due);
    FUZZ_CHECK(err == WSPEC_OK || wrong == (first_wrong > at ? first_wrong - at : 0));
    FUZZ_CHECK(err == WSPEC_OK || utf8.failed);
  }
  FUZZ_CHECK((wspec_utf8_end(&utf8) == WSPEC_OK) == is_whole);
}

/* The implementations by name; `plan` is the input's own. */
static void run_scans(struct fuzz_input input, struct fuzz_plan plan, size_t first_wrong,
                      bool is_whole) {
  run(wspec__utf8_scan_portable, input, plan, first_wrong, is_whole);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.1")) {
    run(wspec__utf8_scan_sse41, input, plan, first_wrong, is_whole);
  }
  if (__builtin_cpu_supports("avx2")) {
    run(wspec__utf8_scan_avx2, input, plan, first_wrong, is_whole);
  }
#elif defined(__aarch64__)
  run(wspec__utf8_scan_neon, input, plan, first_wrong, is_whole);
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = fuzz_input_of(data, size);
  struct fuzz_plan own = fuzz_take_plan(&input), plans[FUZZ_PLANS_MAX];
  bool is_whole;
  size_t first_wrong = utf8_first_wrong(input.data, input.len, &is_whole);
  if (first_wrong == input.len) {
    first_wrong = SIZE_MAX; /* none, though the last code point may be cut */
  }
  uint8_t *copy = fuzz_copy(input.data, input.len);
  FUZZ_CHECK(wspec_utf8_is_valid(wspec_span_of(copy, input.len)) == is_whole);
  free(copy);
  size_t n_plans = fuzz_choose_plans(input, own, plans);
  for (size_t i = 0; i < n_plans; i++) {
    run(NULL, input, plans[i], first_wrong, is_whole);
  }
  run_scans(input, own, first_wrong, is_whole);
  return 0;
}
