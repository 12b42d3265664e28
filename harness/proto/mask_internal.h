/* mask_internal: the implementations behind proto/mask.h, by name, for mask.c and its tests. */
#ifndef WSPEC_PROTO_MASK_INTERNAL_H
#define WSPEC_PROTO_MASK_INTERNAL_H

#include "proto/mask.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* wspec__mask_portable is wspec_mask_copy_ascii on every processor, by the key word for in[0]. */
bool wspec__mask_portable(uint8_t *out, const uint8_t *in, size_t len, uint32_t key);

#if defined(__x86_64__)
/* WSPEC__MASK_AVX2_LEN is the shortest payload that wspec__mask_avx2 may be given, at least 32; for
 * a shorter one it is not worth the call. */
#define WSPEC__MASK_AVX2_LEN 48

/* wspec__mask_avx2 is wspec_mask_copy_ascii on x86-64 with AVX2, for WSPEC__MASK_AVX2_LEN octets
 * or more, by the key word for in[0]. */
bool wspec__mask_avx2(uint8_t *out, const uint8_t *in, size_t len, uint32_t key);
#endif

#endif
