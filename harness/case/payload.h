/* payload: octets that a case describes, readable from any offset without being held.
 *
 * A payload is a list of parts. Each part can produce the octets of any range of itself, so that a
 * message of 16 MiB costs a few words, is sent in chunks, and its echo is compared in chunks. */
#ifndef WSPEC_CASE_PAYLOAD_H
#define WSPEC_CASE_PAYLOAD_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest payload that a case may describe. */
#define WSPEC_PAYLOAD_LEN_MAX (UINT64_C(1) << 30)

enum wspec_payload_kind {
  WSPEC_PAYLOAD_LITERAL, /* `data`, repeated until `len` octets are reached */
  WSPEC_PAYLOAD_SHUFFLE, /* pieces of `data`: piece i is that of number
                            wspec_rng_mix(seed + i) modulo their number */
  WSPEC_PAYLOAD_RANDOM   /* octet i is octet i % 8 of wspec_rng_mix(seed + i / 8), low one first */
};

struct wspec_payload_part {
  enum wspec_payload_kind kind;
  uint64_t len;
  const uint8_t *data; /* LITERAL, SHUFFLE: `data_len` octets, owned by whoever owns the payload */
  size_t data_len;     /* > 0 where len > 0; SHUFFLE: a multiple of `piece_len` */
  size_t piece_len;    /* SHUFFLE: octets of a piece, at least 1 */
  uint64_t seed;       /* RANDOM, SHUFFLE */
};

/* Octets as a case describes them. Zeroed is the empty payload. */
struct wspec_payload {
  struct wspec_payload_part *parts;
  size_t n_parts;
  uint64_t len; /* sum of the parts */
};

/* wspec_payload_read writes octets `offset`.. to `out` and returns how many: `len`, or fewer where
 * the payload ends. */
size_t wspec_payload_read(const struct wspec_payload *payload, uint64_t offset, uint8_t *out,
                          size_t len);

/* wspec_payload_matches returns true if `octets` are what stands at `offset` in `payload`; false
 * also where the payload ends before they do. `*mismatch` (may be NULL) is then the index in
 * `octets` of the first that differs. */
bool wspec_payload_matches(const struct wspec_payload *payload, uint64_t offset,
                           struct wspec_span octets, size_t *mismatch);

#endif
