/* conn_server: a whole connection as a server gets it, an opening handshake (if the input begins like
 * one) and frames.
 *
 * Every portioning gives the same events, output, violation and end; they are those of a plain second
 * receiver (common/plain_conn.h); nothing comes after an error, which sticks; what it sends is taken
 * by that second receiver; memory is bounded by the input, whatever lengths it declares. Limits,
 * pieces or whole messages, and an extension on RSV1 come from the tail. */
#include "common/conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_conn_check(false, fuzz_input_of(data, size));
  return 0;
}
