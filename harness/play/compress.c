#include "play/compress.h"

#include <limits.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

enum {
  STORED_MAX = 65535,
  MATCH_MIN = 3,
  MATCH_MAX = 258,
  END_OF_BLOCK = 256,
  FIRST_LENGTH_SYMBOL = 257,
  DISTANCE_BITS = 5,
  MEMORY_LEVEL = 9,
  SMALLEST_BITS = 9, /* of zlib's raw deflate */
  STEP = 16384
};

static const uint8_t TAIL[4] = {0x00, 0x00, 0xFF, 0xFF};

/* ---- Bits ---- */

/* Packs bits into octets, the low one first (RFC 1951 section 3.1.1). */
struct bits {
  struct wspec_buf *out;
  uint32_t held;
  unsigned n_held;
  enum wspec_err err; /* sticky */
};

static void put(struct bits *bits, uint32_t value, unsigned n) {
  bits->held |= value << bits->n_held;
  bits->n_held += n;
  while (bits->n_held >= 8) {
    if (!bits->err) {
      bits->err = wspec_buf_append_octet(bits->out, (uint8_t)bits->held);
    }
    bits->held >>= 8;
    bits->n_held -= 8;
  }
}

static void align(struct bits *bits) {
  if (bits->n_held > 0) {
    put(bits, 0, 8 - bits->n_held);
  }
}

static void put_octets(struct bits *bits, struct wspec_span octets) {
  if (!bits->err) {
    bits->err = wspec_buf_append_span(bits->out, octets);
  }
}

/* Huffman codes are packed from their high bit (RFC 1951 section 3.1.1). */
static void put_code(struct bits *bits, uint32_t code, unsigned n) {
  uint32_t reversed = 0;
  for (unsigned i = 0; i < n; i++) {
    reversed |= ((code >> i) & 1) << (n - 1 - i);
  }
  put(bits, reversed, n);
}

static void put_header(struct bits *bits, const struct wspec_compress_block *block) {
  put(bits, (uint32_t)block->final | (uint32_t)block->kind << 1, 3);
}

/* ---- Stored blocks ---- */

static void put_stored(struct bits *bits, const struct wspec_compress_block *block,
                       struct wspec_span octets) {
  do {
    uint32_t len = octets.len < STORED_MAX ? (uint32_t)octets.len : STORED_MAX;
    struct wspec_compress_block one = *block;
    one.final = block->final && len == octets.len;
    put_header(bits, &one);
    align(bits);
    put(bits, len, 16);
    put(bits, len ^ 0xFFFF, 16);
    put_octets(bits, wspec_span_of(octets.data, len));
    octets = wspec_span_from(octets, len);
  } while (octets.len > 0);
}

/* ---- Blocks of fixed codes, RFC 1951 section 3.2.6 ---- */

static void put_symbol(struct bits *bits, unsigned symbol) {
  if (symbol < 144) {
    put_code(bits, 0x30 + symbol, 8);
  } else if (symbol < 256) {
    put_code(bits, 0x190 + symbol - 144, 9);
  } else if (symbol < 280) {
    put_code(bits, symbol - 256, 7);
  } else {
    put_code(bits, 0xC0 + symbol - 280, 8);
  }
}

/* RFC 1951 section 3.2.5: each group of 2^`per_extra` symbols has one more extra bit. */
static void find_symbol(unsigned value, unsigned per_extra, unsigned *symbol, unsigned *extra,
                        unsigned *rest) {
  unsigned n = 0, base = 0, index = 0;
  while (value >= base + (1u << n)) {
    base += 1u << n;
    index++;
    n = index < 2u << per_extra ? 0 : (index >> per_extra) - 1;
  }
  *symbol = index;
  *extra = n;
  *rest = value - base;
}

static void put_match(struct bits *bits, unsigned len, unsigned distance) {
  unsigned symbol, extra, rest;
  if (len == MATCH_MAX) {
    put_symbol(bits, 285); /* a symbol of its own, without extra bits */
  } else {
    find_symbol(len - MATCH_MIN, 2, &symbol, &extra, &rest);
    put_symbol(bits, FIRST_LENGTH_SYMBOL + symbol);
    put(bits, rest, extra);
  }
  find_symbol(distance - 1, 1, &symbol, &extra, &rest);
  put_code(bits, symbol, DISTANCE_BITS);
  put(bits, rest, extra);
}

static void put_matches(struct bits *bits, size_t len, unsigned distance) {
  while (len > 0) {
    size_t take = len;
    if (len > MATCH_MAX) {
      take = len - MATCH_MAX < MATCH_MIN ? (size_t)(MATCH_MAX - MATCH_MIN) : (size_t)MATCH_MAX;
    }
    put_match(bits, (unsigned)take, distance);
    len -= take;
  }
}

static void put_fixed(struct bits *bits, const struct wspec_compress_block *block,
                      struct wspec_span octets) {
  put_header(bits, block);
  if (block->distance > 0) {
    if (octets.len < MATCH_MIN) {
      bits->err = WSPEC_ERR_INPUT;
      return;
    }
    put_matches(bits, octets.len, block->distance);
  } else {
    for (size_t i = 0; i < octets.len; i++) {
      put_symbol(bits, octets.data[i]);
    }
  }
  put_symbol(bits, END_OF_BLOCK);
}

/* ---- By zlib ---- */

/* Gives all of `octets` to zlib and appends what comes. */
static enum wspec_err run_deflate(z_stream *zlib, struct wspec_span octets, int flush,
                                  struct wspec_buf *out) {
  do {
    uint8_t *to;
    enum wspec_err err = wspec_buf_reserve(out, STEP, &to);
    if (err) {
      return err;
    }
    size_t len = octets.len < UINT_MAX ? octets.len : UINT_MAX;
    zlib->next_in = octets.data;
    zlib->avail_in = (uInt)len;
    zlib->next_out = to;
    zlib->avail_out = STEP;
    int status = deflate(zlib, flush);
    wspec_buf_truncate(out, out->len - zlib->avail_out);
    if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END) {
      return WSPEC_ERR_INTERNAL;
    }
    octets = wspec_span_from(octets, len - zlib->avail_in);
  } while (octets.len > 0 || zlib->avail_out == 0);
  return WSPEC_OK;
}

static enum wspec_err open_zlib(z_stream *zlib, int level, unsigned window_bits) {
  int bits = window_bits < SMALLEST_BITS ? SMALLEST_BITS : (int)window_bits;
  *zlib = (z_stream){.zalloc = Z_NULL};
  int status = deflateInit2(zlib, level, Z_DEFLATED, -bits, MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
  return status == Z_OK ? WSPEC_OK : status == Z_MEM_ERROR ? WSPEC_ERR_NOMEM : WSPEC_ERR_INTERNAL;
}

/* One block of zlib's, without what a flush puts behind it: `*n_bits` of `out` are the block. It
 * refers no farther back than the window that was agreed has octets (RFC 7692 section 7.1.2). */
static enum wspec_err make_block(struct wspec_span octets, unsigned window_bits,
                                 struct wspec_buf *out, size_t *n_bits) {
  z_stream zlib;
  enum wspec_err err = open_zlib(&zlib, Z_BEST_COMPRESSION, window_bits);
  if (err) {
    return err;
  }
  unsigned pending = 0;
  int n = 0;
  err = run_deflate(&zlib, octets, Z_BLOCK, out);
  if (!err && deflatePending(&zlib, &pending, &n) != Z_OK) {
    err = WSPEC_ERR_INTERNAL;
  }
  *n_bits = 8 * (out->len + pending) + (unsigned)n;
  if (!err) {
    err = run_deflate(&zlib, (struct wspec_span){NULL, 0}, Z_SYNC_FLUSH, out);
  }
  (void)deflateEnd(&zlib);
  return err;
}

static void put_dynamic(struct bits *bits, const struct wspec_compress_block *block,
                        struct wspec_span octets, unsigned window_bits) {
  struct wspec_buf made;
  size_t n_bits;
  wspec_buf_init(&made, (size_t)2 * WSPEC_COMPRESS_DYNAMIC_MAX + STEP);
  enum wspec_err err = octets.len > WSPEC_COMPRESS_DYNAMIC_MAX
                           ? WSPEC_ERR_INPUT
                           : make_block(octets, window_bits, &made, &n_bits);
  if (!err && (made.data[0] & 7) >> 1 != WSPEC_BLOCK_DYNAMIC) {
    err = WSPEC_ERR_INPUT;
  }
  if (err) {
    bits->err = bits->err ? bits->err : err;
    wspec_buf_clear(&made);
    return;
  }
  put_header(bits, block);
  for (size_t i = 3; i < n_bits; i++) {
    put(bits, (made.data[i / 8] >> (i % 8)) & 1, 1);
  }
  wspec_buf_clear(&made);
}

/* ---- Plans ---- */

static void put_block(struct bits *bits, const struct wspec_compress_block *block,
                      struct wspec_span octets, unsigned window_bits) {
  switch (block->kind) {
  case WSPEC_BLOCK_STORED:
    put_stored(bits, block, octets);
    break;
  case WSPEC_BLOCK_FIXED:
    put_fixed(bits, block, octets);
    break;
  case WSPEC_BLOCK_DYNAMIC:
    put_dynamic(bits, block, octets, window_bits);
    break;
  case WSPEC_BLOCK_RESERVED:
    put_header(bits, block);
    break;
  }
  if (block->final) {
    align(bits); /* section 7.2.1 */
  }
}

static enum wspec_err write_blocks(const struct wspec_compress_plan *plan,
                                   struct wspec_span payload, unsigned window_bits,
                                   struct wspec_buf *out) {
  struct bits bits = {.out = out};
  for (size_t i = 0; i < plan->n_blocks && !bits.err; i++) {
    const struct wspec_compress_block *block = &plan->blocks[i];
    if (!block->has_rest && block->len > payload.len) {
      return WSPEC_ERR_INPUT;
    }
    size_t len = block->has_rest ? payload.len : (size_t)block->len;
    put_block(&bits, block, wspec_span_of(payload.data, len), window_bits);
    payload = wspec_span_from(payload, len);
  }
  const struct wspec_compress_block *last = &plan->blocks[plan->n_blocks - 1];
  bool has_marker =
      last->kind == WSPEC_BLOCK_STORED && last->len == 0 && !last->has_rest && !last->final;
  if (!has_marker) {
    /* Section 7.2.1 item 2: an empty block without compression comes last. */
    put_stored(&bits, &(struct wspec_compress_block){.kind = WSPEC_BLOCK_STORED},
               (struct wspec_span){NULL, 0});
  }
  return bits.err;
}

static enum wspec_err write_by_zlib(const struct wspec_compress_plan *plan,
                                    struct wspec_span payload, unsigned window_bits,
                                    struct wspec_buf *out) {
  z_stream zlib;
  size_t before = out->len;
  enum wspec_err err = open_zlib(&zlib, plan->level, window_bits);
  if (err) {
    return err;
  }
  int flush = plan->flush == WSPEC_FLUSH_FULL ? Z_FULL_FLUSH : Z_SYNC_FLUSH;
  size_t every = plan->flush_every > 0 ? (size_t)plan->flush_every : payload.len;
  for (size_t at = 0; at < payload.len && !err; at += every) {
    size_t len = payload.len - at < every ? payload.len - at : every;
    err = run_deflate(&zlib, wspec_span_of(payload.data + at, len), flush, out);
  }
  (void)deflateEnd(&zlib);
  if (!err && out->len == before) {
    err = wspec_buf_append(out, "\x00\x00\x00\xFF\xFF", 5); /* of nothing zlib makes nothing */
  }
  return err;
}

static enum wspec_err spoil(const struct wspec_compress_plan *plan, size_t before,
                            struct wspec_buf *out) {
  if (!plan->with_tail && out->len - before >= sizeof TAIL) {
    wspec_buf_truncate(out, out->len - sizeof TAIL);
  }
  size_t len = out->len - before;
  if (plan->has_flipped_bit) {
    if (plan->flipped_bit / 8 >= len) {
      return WSPEC_ERR_INPUT;
    }
    out->data[before + plan->flipped_bit / 8] ^= (uint8_t)(1u << (plan->flipped_bit % 8));
  }
  if (plan->has_cut && plan->cut_at < len) {
    wspec_buf_truncate(out, before + (size_t)plan->cut_at);
  }
  return WSPEC_OK;
}

bool compress_needs_own_stream(const struct wspec_compress_plan *plan) {
  return plan->alone || plan->n_blocks > 0 || plan->flush_every > 0 || plan->window_bits > 0;
}

enum wspec_err compress_alone(const struct wspec_compress_plan *plan, struct wspec_span payload,
                              unsigned window_bits, struct wspec_buf *out) {
  size_t before = out->len;
  enum wspec_err err = plan->n_blocks > 0 ? write_blocks(plan, payload, window_bits, out)
                                          : write_by_zlib(plan, payload, window_bits, out);
  return err ? err : spoil(plan, before, out);
}

enum wspec_err compress_on(const struct wspec_compress_plan *plan, struct wspec_span payload,
                           struct wspec_deflater *deflater, struct wspec_buf *out) {
  size_t before = out->len;
  enum wspec_err err = wspec_deflater_write(deflater, payload, true, out);
  if (!err) {
    err = wspec_buf_append(out, TAIL, sizeof TAIL);
  }
  return err ? err : spoil(plan, before, out);
}
