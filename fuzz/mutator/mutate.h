/* mutate: changes to a model, each of them one thing that a peer may do, rightly or wrongly. */
#ifndef WSPEC_FUZZ_MUTATE_H
#define WSPEC_FUZZ_MUTATE_H

#include "base/rng.h"
#include "mutator/model.h"

/* How octets are mutated: those at `octets`, of which there are `len` and room for `room`; returns
 * their new number. libFuzzer's own LLVMFuzzerMutate is one. */
typedef size_t (*mutate_octets)(uint8_t *octets, size_t len, size_t room);

/* mutate_once makes one change by `rng`. */
void mutate_once(struct model *model, struct wspec_rng *rng, mutate_octets octets);

/* mutate_splice makes `model` the first parts of itself and the last ones of `other`. */
void mutate_splice(struct model *model, const struct model *other, struct wspec_rng *rng);

#endif
