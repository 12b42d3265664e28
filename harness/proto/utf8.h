/* utf8: incremental validation of UTF-8, RFC 3629 section 4 and RFC 6455 section 8.1.
 *
 * Text is fed in pieces of any size, cut anywhere. An error is reported at the first octet that no
 * continuation could make right, without waiting for the rest of its code point:
 *
 *   octets                                  first wrong octet
 *   80..BF where a code point starts        that octet
 *   C0, C1, F5..FF                          that octet
 *   E0 80..9F, ED A0..BF                    the second (an overlong form, a surrogate)
 *   F0 80..8F, F4 90..BF                    the second (an overlong form, above U+10FFFF)
 *   a lead octet, then no continuation      the octet that is none
 *
 * The pieces of one text go through one struct wspec_utf8:
 *
 *   struct wspec_utf8 utf8 = {0};
 *   while (...) {
 *     if (wspec_utf8_feed(&utf8, piece, &error_offset)) { fail with 1007 }
 *   }
 *   if (wspec_utf8_end(&utf8)) { fail with 1007: the text ends within a code point }
 *
 * The octets are looked at in vectors where the processor has them, which is found out on the way;
 * nothing is allocated and nothing is global. */
#ifndef WSPEC_PROTO_UTF8_H
#define WSPEC_PROTO_UTF8_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* struct wspec_utf8 is what a text's pieces so far leave open. Zero is the state before a text;
 * assign zero to start another one, also after an error. */
struct wspec_utf8 {
  uint8_t missing; /* read-only for users: octets that the open code point still needs, 0..3 */
  uint8_t low;     /* private: the smallest octet that may come next; of no meaning if 0 missing */
  uint8_t high;    /* private: the largest */
  bool failed;     /* read-only for users: an octet was wrong */
};

/* Private, as are all names with two underscores: short ASCII, which most messages are, is done
 * with where it is met, sooner than a call would be. */
static inline bool wspec__utf8_is_short_ascii(struct wspec_span octets) {
  uint64_t words[4] = {0};
  if (octets.len < 8 || octets.len > 32) {
    return false;
  }
  /* Words that overlap cover every length, and nothing beside the octets is read. */
  memcpy(&words[0], octets.data, 8);
  memcpy(&words[1], octets.data + octets.len - 8, 8);
  if (octets.len > 16) {
    memcpy(&words[2], octets.data + 8, 8);
    memcpy(&words[3], octets.data + octets.len - 16, 8);
  }
  return ((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080)) == 0;
}
WSPEC_MUST_USE enum wspec_err wspec__utf8_feed(struct wspec_utf8 *utf8, struct wspec_span octets,
                                               size_t *error_offset);
bool wspec__utf8_is_valid(struct wspec_span octets);

/* wspec_utf8_end returns whether the text may end here. WSPEC_ERR_UTF8: it ends within a code
 * point, or an octet was wrong before. Changes nothing, so that more may be fed after it. */
WSPEC_MUST_USE static inline enum wspec_err wspec_utf8_end(const struct wspec_utf8 *utf8) {
  return utf8->missing == 0 && !utf8->failed ? WSPEC_OK : WSPEC_ERR_UTF8;
}

/* wspec_utf8_feed takes the next piece of the text. WSPEC_OK: all octets so far are valid UTF-8, or
 * are once the open code point is completed. WSPEC_ERR_UTF8: the octet of index `*error_offset` of
 * this piece is wrong and all before it are not; give the text up. The error is sticky: from then
 * on every call fails with `*error_offset` 0. `error_offset` may be NULL, and is left as it was on
 * success. An empty piece changes nothing. */
WSPEC_MUST_USE static inline enum wspec_err
wspec_utf8_feed(struct wspec_utf8 *utf8, struct wspec_span octets, size_t *error_offset) {
  if (wspec__utf8_is_short_ascii(octets) && wspec_utf8_end(utf8) == WSPEC_OK) {
    return WSPEC_OK;
  }
  return wspec__utf8_feed(utf8, octets, error_offset);
}

/* wspec_utf8_is_valid returns true if `octets` is a whole text of valid UTF-8; so is an empty
 * one. */
static inline bool wspec_utf8_is_valid(struct wspec_span octets) {
  return wspec__utf8_is_short_ascii(octets) || wspec__utf8_is_valid(octets);
}

#endif
