/* utf8_lookup4: the tables of the vector scans of UTF-8, after J. Keiser and D. Lemire, "Validating
 * UTF-8 in less than one instruction per byte" (2021).
 *
 * Whether two neighbouring octets may stand side by side is read from three tables of 16, one each
 * for the high half of the first octet, its low half, and the high half of the second. Each bit is
 * a reason why they may not; it holds if all three tables have it. Only the third and fourth octet
 * of a code point need more: bit 7, two continuations in a row, is an error unless an octet two
 * before is E0 or above or one three before is F0 or above, and then its absence is. */
#ifndef WSPEC_PROTO_UTF8_LOOKUP4_H
#define WSPEC_PROTO_UTF8_LOOKUP4_H

#include <stdint.h>

enum {
  SHORT = 1 << 0,      /* a lead, then no continuation */
  LONG = 1 << 1,       /* ASCII, then a continuation */
  OVERLONG_3 = 1 << 2, /* E0 80..9F */
  LARGE = 1 << 3,      /* F4 90..BF and F5..FF 90..BF */
  SURROGATE = 1 << 4,  /* ED A0..BF */
  OVERLONG_2 = 1 << 5, /* C0, C1 */
  OVERLONG_4 = 1 << 6, /* F0 80..8F, and with it F5..FF 80..8F */
  TWO = 1 << 7,        /* two continuations */
  ANY_LOW = SHORT | LONG | TWO,
};

static const uint8_t utf8_first_high[16] = {
    [0x0 ... 0x7] = LONG,
    [0x8 ... 0xb] = TWO,
    [0xc] = SHORT | OVERLONG_2,
    [0xd] = SHORT,
    [0xe] = SHORT | OVERLONG_3 | SURROGATE,
    [0xf] = SHORT | LARGE | OVERLONG_4,
};

static const uint8_t utf8_first_low[16] = {
    [0x0] = ANY_LOW | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
    [0x1] = ANY_LOW | OVERLONG_2,
    [0x2 ... 0x3] = ANY_LOW,
    [0x4] = ANY_LOW | LARGE,
    [0x5 ... 0xc] = ANY_LOW | LARGE | OVERLONG_4,
    [0xd] = ANY_LOW | LARGE | OVERLONG_4 | SURROGATE,
    [0xe ... 0xf] = ANY_LOW | LARGE | OVERLONG_4,
};

static const uint8_t utf8_second_high[16] = {
    [0x0 ... 0x7] = SHORT,
    [0x8] = LONG | TWO | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
    [0x9] = LONG | TWO | OVERLONG_2 | OVERLONG_3 | LARGE,
    [0xa ... 0xb] = LONG | TWO | OVERLONG_2 | SURROGATE | LARGE,
    [0xc ... 0xf] = SHORT,
};

#endif
