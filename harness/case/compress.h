/* compress: how a message is compressed before it is sent, as data (RFC 7692 section 7.2.1). */
#ifndef WSPEC_CASE_COMPRESS_H
#define WSPEC_CASE_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  WSPEC_COMPRESS_PAYLOAD_MAX = 16 << 20, /* octets of a message that can be compressed */
  WSPEC_COMPRESS_BLOCKS_MAX = 4096,
  WSPEC_COMPRESS_DYNAMIC_MAX = 16384 /* octets in one dynamic block */
};

/* RFC 1951 section 3.2.3. */
enum wspec_block_kind {
  WSPEC_BLOCK_STORED,
  WSPEC_BLOCK_FIXED,
  WSPEC_BLOCK_DYNAMIC,
  WSPEC_BLOCK_RESERVED /* BTYPE 11: an error */
};

/* One block; above 65,535 octets a stored one is as many as it takes. */
struct wspec_compress_block {
  enum wspec_block_kind kind;
  bool has_rest; /* all that is left of the payload; else: */
  uint64_t len;  /* so many octets of it */
  bool final;    /* BFINAL; zero bits follow up to the next octet */
  /* FIXED: 0: literals. Else matches that reach so far back, whatever the payload says: what it
   * inflates to is the payload only if that repeats itself at this distance. */
  unsigned distance;
};

enum wspec_flush_kind { WSPEC_FLUSH_SYNC, WSPEC_FLUSH_FULL };

/* Zeroed but for `level`: what an ordinary sender does, with the window and takeover agreed. */
struct wspec_compress_plan {
  int level;                   /* of zlib, 0 to 9 */
  bool alone;                  /* refers to no earlier message, and none to it */
  uint64_t flush_every;        /* octets between flushes within the message; 0: none */
  enum wspec_flush_kind flush; /* of these */
  const struct wspec_compress_block *blocks; /* written by hand; none: zlib's choice */
  size_t n_blocks;

  /* what is wrong with it */
  bool without_rsv1;
  bool with_tail;       /* the four octets are not removed */
  unsigned window_bits; /* instead of what was agreed; 0: that */
  bool has_flipped_bit;
  uint64_t flipped_bit; /* counted from the low one of the first octet */
  bool has_cut;
  uint64_t cut_at; /* only so many octets */
};

#endif
