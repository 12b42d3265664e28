/* mask: the masking of client-to-server payloads, RFC 6455 section 5.3.
 *
 * Masking and unmasking are the same operation: octet i of a frame's payload is combined by
 * exclusive or with octet i modulo 4 of the masking key. All four functions take a payload in
 * pieces of any size: `offset` is the position of the piece's first octet in the frame's payload.
 * They touch exactly `len` octets, never one beside them, and need no alignment.
 *
 *   wspec_mask(piece, piece_len, masking_key, offset);
 *   offset += piece_len;
 *
 * The two _ascii functions look at the octets that they write on the way. Text that is ASCII, and
 * that follows a whole code point, is valid UTF-8 and need not go through proto/utf8.h. */
#ifndef WSPEC_PROTO_MASK_H
#define WSPEC_PROTO_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* wspec_mask masks or unmasks the `len` octets at `data` where they lie. `data` may be NULL if
 * `len` is 0. */
void wspec_mask(uint8_t *data, size_t len, const uint8_t masking_key[4], uint64_t offset);

/* wspec_mask_ascii is wspec_mask, and returns true if every octet that it wrote is ASCII; so it
 * does if there is none. */
bool wspec_mask_ascii(uint8_t *data, size_t len, const uint8_t masking_key[4], uint64_t offset);

/* wspec_mask_copy writes the `len` octets at `in`, masked or unmasked, to `out`, in one pass. `out`
 * and `in` are either the same or do not overlap; both may be NULL if `len` is 0. */
void wspec_mask_copy(uint8_t *out, const uint8_t *in, size_t len, const uint8_t masking_key[4],
                     uint64_t offset);

/* wspec_mask_copy_ascii is wspec_mask_copy, and returns true if every octet that it wrote is ASCII;
 * so it does if there is none. */
bool wspec_mask_copy_ascii(uint8_t *out, const uint8_t *in, size_t len,
                           const uint8_t masking_key[4], uint64_t offset);

#endif
