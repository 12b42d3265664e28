/* mutator: libFuzzer's entry points to the mutations of a connection. Now and then, and where an
 * input is too long for the model, they leave the octets to libFuzzer's own mutations. */
#include "mutator/mutate.h"

#include <string.h>

enum { FALL_BACK_ONE_IN = 4, CHANGES_MAX = 4 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_out_size, unsigned seed);

/* Too large for the stack; nothing in them outlives a call. */
static struct model model;
static struct model other;

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  struct wspec_rng rng = {seed};
  if (size > MODEL_OCTETS_MAX / 2 || wspec_rng_below(&rng, FALL_BACK_ONE_IN) == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  model_read(&model, data, size);
  for (uint64_t n = 1 + wspec_rng_below(&rng, CHANGES_MAX); n > 0; n--) {
    mutate_once(&model, &rng, LLVMFuzzerMutate);
  }
  return model_write(&model, data, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_out_size, unsigned seed) {
  struct wspec_rng rng = {seed};
  model_read(&model, data1, size1);
  model_read(&other, data2, size2);
  mutate_splice(&model, &other, &rng);
  return model_write(&model, out, max_out_size);
}
