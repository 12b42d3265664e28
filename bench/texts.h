/* texts: natural text to measure with, made on the spot. */
#ifndef WSPEC_BENCH_TEXTS_H
#define WSPEC_BENCH_TEXTS_H

#include <stddef.h>
#include <stdint.h>

/* The texts, by number. */
enum {
  BENCH_TEXT_ASCII,
  BENCH_TEXT_RUSSIAN,
  BENCH_TEXT_CHINESE,
  BENCH_TEXT_FRENCH,
  BENCH_TEXT_EMOJI,
  BENCH_TEXT_SPARSE, /* ASCII but for one letter */
  BENCH_TEXTS
};

/* bench_text_name returns the name of text `text`, 0 to BENCH_TEXTS - 1. */
const char *bench_text_name(size_t text);

/* bench_text_fill writes exactly `len` octets of text `text`, valid UTF-8: whole sentences over and
 * over, then whole code points, then as many full stops as are missing. */
void bench_text_fill(size_t text, uint8_t *out, size_t len);

#endif
