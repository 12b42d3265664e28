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
#include <string.h>

/* Private, as are all names with two underscores: the masking key `key`, in memory order, rotated
 * so that it starts at payload position `offset`: its first octet in memory is octet `offset` % 4
 * of the key. */
static inline uint32_t wspec__mask_key_word(uint32_t key, uint64_t offset) {
  unsigned bits = 8 * (unsigned)(offset & 3);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return key >> bits | key << (-bits & 31);
#else
  return key << bits | key >> (-bits & 31);
#endif
}

/* 8 to 16 octets by the key word for in[0], on the spot, as many messages are as short as that and
 * a call would take longer. Two words that overlap cover every length; both are loaded before
 * either is stored, as `out` may be `in`. */
static inline bool wspec__mask_up_to16(uint8_t *out, const uint8_t *in, size_t len, uint32_t key) {
  uint32_t tail_key = wspec__mask_key_word(key, len);
  uint64_t head;
  uint64_t tail;
  memcpy(&head, in, 8);
  memcpy(&tail, in + len - 8, 8);
  head ^= (uint64_t)key << 32 | key;
  tail ^= (uint64_t)tail_key << 32 | tail_key;
  memcpy(out, &head, 8);
  memcpy(out + len - 8, &tail, 8);
  return ((head | tail) & UINT64_C(0x8080808080808080)) == 0;
}
bool wspec__mask_any(uint8_t *out, const uint8_t *in, size_t len, uint32_t key);

static inline bool wspec__mask(uint8_t *out, const uint8_t *in, size_t len,
                               const uint8_t masking_key[4], uint64_t offset) {
  uint32_t key;
  memcpy(&key, masking_key, sizeof key);
  key = wspec__mask_key_word(key, offset);
  return len >= 8 && len <= 16 ? wspec__mask_up_to16(out, in, len, key)
                               : wspec__mask_any(out, in, len, key);
}

/* wspec_mask masks or unmasks the `len` octets at `data` where they lie. `data` may be NULL if
 * `len` is 0. */
static inline void wspec_mask(uint8_t *data, size_t len, const uint8_t masking_key[4],
                              uint64_t offset) {
  (void)wspec__mask(data, data, len, masking_key, offset);
}

/* wspec_mask_ascii is wspec_mask, and returns true if every octet that it wrote is ASCII; so it
 * does if there is none. */
static inline bool wspec_mask_ascii(uint8_t *data, size_t len, const uint8_t masking_key[4],
                                    uint64_t offset) {
  return wspec__mask(data, data, len, masking_key, offset);
}

/* wspec_mask_copy writes the `len` octets at `in`, masked or unmasked, to `out`, in one pass. `out`
 * and `in` are either the same or do not overlap; both may be NULL if `len` is 0. */
static inline void wspec_mask_copy(uint8_t *out, const uint8_t *in, size_t len,
                                   const uint8_t masking_key[4], uint64_t offset) {
  (void)wspec__mask(out, in, len, masking_key, offset);
}

/* wspec_mask_copy_ascii is wspec_mask_copy, and returns true if every octet that it wrote is ASCII;
 * so it does if there is none. */
static inline bool wspec_mask_copy_ascii(uint8_t *out, const uint8_t *in, size_t len,
                                         const uint8_t masking_key[4], uint64_t offset) {
  return wspec__mask(out, in, len, masking_key, offset);
}

#endif
