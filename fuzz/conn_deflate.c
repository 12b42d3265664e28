/* conn_deflate: a whole connection of either role with permessage-deflate, as a hostile peer sends it.
 *
 * Every portioning gives the same events, output, violation and end, if the window is the largest: a
 * smaller one is not held to octet by octet (proto/deflate.h). Nothing comes after an error, which
 * sticks; what it sends is taken by a plain second receiver (common/plain_conn.h); memory is bounded by
 * the limit of a message and the input, whatever that inflates to. Role, limits, pieces or whole
 * messages and the parameters that were agreed come from the tail. */
#include "common/conn.h"
#include "proto/deflate.h"

/* FIXED_MAX: a connection, an inflater and its window; nothing is ever deflated. */
enum { MESSAGE_MAX = 16384, FIXED_MAX = 65536 };

static void run(struct wspec_conn_options options, const struct wspec_deflate_params *agreed,
                struct fuzz_input input, struct fuzz_plan plan, struct fuzz_conn_run *run) {
  fuzz_memory_start();
  struct wspec_deflate *deflate = wspec_deflate_new(agreed, options.is_client);
  FUZZ_CHECK(deflate);
  options.codec = wspec_deflate_codec(deflate);
  fuzz_conn_feed(&options, input, plan, run);
  wspec_deflate_free(deflate);
  FUZZ_CHECK(fuzz_memory_requested() <= FIXED_MAX + 4 * (options.message_max + input.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct fuzz_conn_run runs[FUZZ_PLANS_MAX]; /* for their memory alone */
  struct fuzz_input input = fuzz_input_of(data, size);
  uint8_t choice = fuzz_take_octet(&input), limits = fuzz_take_octet(&input);
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, (choice & 0x10) != 0);
  options.assemble = (choice & 1) == 0;
  options.check_utf8 = (choice & 2) == 0;
  options.message_max = limits & 1 ? 64 : MESSAGE_MAX;
  options.frame_max = limits & 2 ? 32 : options.frame_max;
  options.fragments_max = limits & 4 ? 3 : options.fragments_max;
  uint8_t bits = choice & 0x80 ? 0 : (uint8_t)(8 + (limits >> 4 & 7)); /* the sender's window */
  bool no_takeover = (choice & 0x20) != 0;
  const struct wspec_deflate_params agreed = {.server_no_context_takeover = no_takeover,
                                              .client_no_context_takeover = no_takeover,
                                              .server_max_window_bits = bits,
                                              .client_max_window_bits = bits,
                                              .has_client_max_window_bits = bits != 0};
  struct fuzz_plan own = fuzz_take_plan(&input), plans[FUZZ_PLANS_MAX];
  size_t n_plans = fuzz_choose_plans(input, own, plans);
  bool is_exact = bits == 0 || bits == WSPEC_DEFLATE_BITS_MAX;
  for (size_t i = 0; i < n_plans; i++) {
    run(options, &agreed, input, plans[i], &runs[i]);
    fuzz_conn_check_output(options.is_client, &runs[i]);
    if (is_exact) {
      fuzz_conn_check_same(&runs[i], &runs[0]);
    }
  }
  return 0;
}
