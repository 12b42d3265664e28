/* http_head_response: octets as the head of a response.
 *
 * Every portioning gives the same fields at the same places, the same oddities and the same error;
 * errors stick; a head without oddities that is written again is read as the same; list elements
 * stand in their fields; memory is bounded by the input. Limits come from the tail. */
#include "common/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_head_check(WSPEC_HTTP_RESPONSE, fuzz_input_of(data, size));
  return 0;
}
