#include "proto/utf8_internal.h"

#if defined(__aarch64__)

#include "proto/utf8_lookup4.h"

#include <arm_neon.h>
#include <string.h>

static inline bool are_ascii(uint8x16_t octets) {
  return vmaxvq_u8(octets) < 0x80;
}

static inline bool are_zero(uint8x16_t errors) {
  return vmaxvq_u8(errors) == 0;
}

/* Not zero where an octet is wrong beside the three before it. `before1` are the octets one place
 * before `octets`, and so on. */
static inline uint8x16_t errors(uint8x16_t octets, uint8x16_t before1, uint8x16_t before2,
                                uint8x16_t before3) {
  uint8x16_t first_high = vqtbl1q_u8(vld1q_u8(utf8_first_high), vshrq_n_u8(before1, 4));
  uint8x16_t first_low = vqtbl1q_u8(vld1q_u8(utf8_first_low), vandq_u8(before1, vdupq_n_u8(0x0f)));
  uint8x16_t second_high = vqtbl1q_u8(vld1q_u8(utf8_second_high), vshrq_n_u8(octets, 4));
  uint8x16_t reasons = vandq_u8(vandq_u8(first_high, first_low), second_high);
  /* The high bit stays set where the octet two before is E0 or above, or three before F0. */
  uint8x16_t continued = vorrq_u8(vqsubq_u8(before2, vdupq_n_u8(0xe0 - 0x80)),
                                  vqsubq_u8(before3, vdupq_n_u8(0xf0 - 0x80)));
  return veorq_u8(vandq_u8(continued, vdupq_n_u8(0x80)), reasons);
}

/* The errors of the octets right behind those in `before`. */
static inline uint8x16_t errors_after(uint8x16_t octets, uint8x16_t before) {
  return errors(octets, vextq_u8(before, octets, 15), vextq_u8(before, octets, 14),
                vextq_u8(before, octets, 13));
}

/* The errors of 16 octets in memory with at least three before them. */
static inline uint8x16_t errors_at(const uint8_t *at) {
  return errors(vld1q_u8(at), vld1q_u8(at - 1), vld1q_u8(at - 2), vld1q_u8(at - 3));
}

/* Fewer than 19 octets, copied so that zeros stand behind them: they make a code point that is not
 * whole wrong. */
static size_t scan_short(const uint8_t *data, size_t len) {
  uint8_t octets[32] = {0};
  if (len > 0) {
    memcpy(octets, data, len);
  }
  uint8x16_t first = vld1q_u8(octets);
  uint8x16_t second = vld1q_u8(octets + 16);
  if (are_ascii(vorrq_u8(first, second))) {
    return len;
  }
  uint8x16_t found = vorrq_u8(errors_after(first, vdupq_n_u8(0)), errors_after(second, first));
  return are_zero(found) ? len : 0;
}

/* How many octets from `start` on are ASCII, in whole blocks of 64. */
static inline size_t ascii_blocks(const uint8_t *data, size_t start, size_t len) {
  size_t i = start;
  while (len - i >= 64) {
    uint8x16_t any = vorrq_u8(vorrq_u8(vld1q_u8(data + i), vld1q_u8(data + i + 16)),
                              vorrq_u8(vld1q_u8(data + i + 32), vld1q_u8(data + i + 48)));
    if (!are_ascii(any)) {
      break;
    }
    i += 64;
  }
  return i - start;
}

size_t wspec__utf8_scan_neon(const uint8_t *data, size_t len) {
  if (len < 19) {
    return scan_short(data, len);
  }
  size_t i = ascii_blocks(data, 0, len);
  size_t stretch = i;
  uint8x16_t found = vdupq_n_u8(0);
  if (i == 0) {
    found = errors_after(vld1q_u8(data), vdupq_n_u8(0));
    i = 16;
  }
  while (len - i > 16) {
    /* ASCII may be passed over only where no code point is open. */
    i += data[i - 1] < 0x80 ? ascii_blocks(data, i, len) : 0;
    for (size_t end = i + 64; i < end && len - i > 16; i += 16) {
      found = vorrq_u8(found, errors_at(data + i));
    }
    if (!are_zero(found)) {
      return wspec__utf8_border(data, stretch);
    }
    stretch = i;
  }
  found = vorrq_u8(found, errors_at(data + len - 16));
  return are_zero(found) ? wspec__utf8_cut(data, len) : wspec__utf8_border(data, stretch);
}

#endif
