/* utf8_diff: the octets as text, beside a second validator that is the grammar of RFC 3629.
 *
 * Both agree on whether all of it is valid, whether it may end there, and on the first wrong octet,
 * for every portioning; the error is sticky. */
#include "common/fuzz.h"
#include "proto/utf8.h"
#include "utf8_grammar.h"

#include <stdlib.h>

static void run(struct fuzz_input input, struct fuzz_plan plan, size_t first_wrong, bool is_whole) {
  struct fuzz_feed feed = {.input = input, .plan = plan};
  struct wspec_utf8 utf8 = {0};
  size_t at = 0;
  for (; fuzz_feed_next(&feed); at += feed.portion_len) {
    size_t wrong = SIZE_MAX;
    enum wspec_err err =
        wspec_utf8_feed(&utf8, wspec_span_of(feed.portion, feed.portion_len), &wrong);
    FUZZ_CHECK(err == WSPEC_OK || err == WSPEC_ERR_UTF8);
    bool is_due = first_wrong < at + feed.portion_len;
    FUZZ_CHECK((err == WSPEC_ERR_UTF8) == is_due);
    FUZZ_CHECK(err == WSPEC_OK || wrong == (first_wrong > at ? first_wrong - at : 0));
    FUZZ_CHECK(err == WSPEC_OK || utf8.failed);
  }
  FUZZ_CHECK((wspec_utf8_end(&utf8) == WSPEC_OK) == is_whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = fuzz_input_of(data, size);
  struct fuzz_plan plan = fuzz_take_plan(&input);
  bool is_whole;
  size_t first_wrong = utf8_first_wrong(input.data, input.len, &is_whole);
  if (first_wrong == input.len) {
    first_wrong = SIZE_MAX; /* none, though the last code point may be cut */
  }
  uint8_t *copy = fuzz_copy(input.data, input.len);
  FUZZ_CHECK(wspec_utf8_is_valid(wspec_span_of(copy, input.len)) == is_whole);
  free(copy);
  run(input, fuzz_plan_at_once, first_wrong, is_whole);
  run(input, fuzz_plan_octets, first_wrong, is_whole);
  run(input, plan, first_wrong, is_whole);
  return 0;
}
