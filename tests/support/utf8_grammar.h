/* utf8_grammar: UTF-8 as the grammar of RFC 3629 section 4 spells it, for tests. It knows nothing
 * of the validator under test, and is slow. */
#ifndef UTF8_GRAMMAR_H
#define UTF8_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct utf8_production {
  size_t len;
  uint8_t range[4][2];
};

static const struct utf8_production utf8_productions[] = {
    {1, {{0x00, 0x7f}}},
    {2, {{0xc2, 0xdf}, {0x80, 0xbf}}},
    {3, {{0xe0, 0xe0}, {0xa0, 0xbf}, {0x80, 0xbf}}},
    {3, {{0xe1, 0xec}, {0x80, 0xbf}, {0x80, 0xbf}}},
    {3, {{0xed, 0xed}, {0x80, 0x9f}, {0x80, 0xbf}}},
    {3, {{0xee, 0xef}, {0x80, 0xbf}, {0x80, 0xbf}}},
    {4, {{0xf0, 0xf0}, {0x90, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
    {4, {{0xf1, 0xf3}, {0x80, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
    {4, {{0xf4, 0xf4}, {0x80, 0x8f}, {0x80, 0xbf}, {0x80, 0xbf}}},
};

/* utf8_matched returns how many octets at `at` follow `production`. */
static inline size_t utf8_matched(const struct utf8_production *production, const uint8_t *at,
                                  size_t len) {
  size_t i = 0;
  while (i < len && i < production->len && at[i] >= production->range[i][0] &&
         at[i] <= production->range[i][1]) {
    i++;
  }
  return i;
}

/* utf8_first_wrong returns the index of the first octet of `data` up to which no text of the
 * grammar goes, or `len` if there is none; `*whole` tells whether all of it is a text. */
static inline size_t utf8_first_wrong(const uint8_t *data, size_t len, bool *whole) {
  size_t start = 0;
  *whole = true;
  while (start < len) {
    size_t longest = 0;
    *whole = false;
    for (size_t p = 0; p < sizeof utf8_productions / sizeof *utf8_productions && !*whole; p++) {
      size_t matched = utf8_matched(&utf8_productions[p], data + start, len - start);
      *whole = matched == utf8_productions[p].len;
      longest = matched > longest ? matched : longest;
    }
    start += longest;
    if (!*whole) {
      break;
    }
  }
  return start;
}

#endif
