#include "proto/utf8.h"

#include "proto/utf8_internal.h"

bool wspec__utf8_step(struct wspec_utf8 *utf8, uint8_t octet) {
  if (utf8->missing > 0) {
    if (octet < utf8->low || octet > utf8->high) {
      return false;
    }
    utf8->missing--;
    utf8->low = 0x80;
    utf8->high = 0xbf;
    return true;
  }
  if (octet < 0x80) {
    return true;
  }
  if (octet < 0xc2 || octet > 0xf4) {
    return false;
  }
  /* RFC 3629 section 4: after four lead octets the second has a smaller range, which keeps out
   * overlong forms (E0, F0), surrogates (ED) and what is above U+10FFFF (F4). */
  utf8->missing = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3;
  utf8->low = octet == 0xe0 ? 0xa0 : octet == 0xf0 ? 0x90 : 0x80;
  utf8->high = octet == 0xed ? 0x9f : octet == 0xf4 ? 0x8f : 0xbf;
  return true;
}

size_t wspec__utf8_border(const uint8_t *data, size_t index) {
  size_t border = index;
  while (border > 0 && index - border < 3 && (data[border - 1] & 0xc0) == 0x80) {
    border--;
  }
  /* The octet before is a lead or ASCII: the code point is whole, and `index` a border, unless the
   * lead asks for more continuations than there are. */
  if (border == 0) {
    return index;
  }
  uint8_t lead = data[border - 1];
  size_t have = index - border;
  size_t needed = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  return needed > have ? border - 1 : index;
}

/* The scan that this processor runs best. To ask each time costs a load and a branch that is always
 * predicted, and spares a global to keep the answer in. */
static inline size_t scan_best(const uint8_t *data, size_t len) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    return wspec__utf8_scan_avx2(data, len);
  }
  if (__builtin_cpu_supports("sse4.1")) {
    return wspec__utf8_scan_sse41(data, len);
  }
  return wspec__utf8_scan_portable(data, len);
#elif defined(__aarch64__)
  return wspec__utf8_scan_neon(data, len);
#else
  return wspec__utf8_scan_portable(data, len);
#endif
}

/* Takes octets from `start` on, before which all are right, until one is wrong, and returns its
 * index; `len` if none is. */
static size_t take(wspec__utf8_scan *scan, struct wspec_utf8 *utf8, const uint8_t *data, size_t len,
                   size_t start) {
  size_t i = start;
  while (utf8->missing > 0 && i < len) {
    if (!wspec__utf8_step(utf8, data[i])) {
      return i;
    }
    i++;
  }
  i += scan(data + i, wspec__utf8_cut(data + i, len - i));
  while (i < len && wspec__utf8_step(utf8, data[i])) {
    i++;
  }
  return i;
}

/* The part of wspec_utf8_feed for all but a whole valid text between code points; `start` as for
 * take. Apart, so that the other part stays small. */
__attribute__((noinline)) static enum wspec_err feed_rest(wspec__utf8_scan *scan,
                                                          struct wspec_utf8 *utf8,
                                                          struct wspec_span octets, size_t start,
                                                          size_t *error_offset) {
  size_t wrong = 0;
  if (!utf8->failed) {
    wrong = octets.len > 0 ? take(scan, utf8, octets.data, octets.len, start) : 0;
    if (wrong == octets.len) {
      return WSPEC_OK;
    }
    utf8->failed = true;
  }
  if (error_offset) {
    *error_offset = wrong;
  }
  return WSPEC_ERR_UTF8;
}

enum wspec_err wspec__utf8_feed_by(wspec__utf8_scan *scan, struct wspec_utf8 *utf8,
                                   struct wspec_span octets, size_t *error_offset) {
  size_t valid = 0;
  if (wspec_utf8_end(utf8) == WSPEC_OK) {
    valid = scan(octets.data, octets.len);
    if (valid == octets.len) {
      return WSPEC_OK;
    }
  }
  return feed_rest(scan, utf8, octets, valid, error_offset);
}

enum wspec_err wspec__utf8_feed(struct wspec_utf8 *utf8, struct wspec_span octets,
                                size_t *error_offset) {
  return wspec__utf8_feed_by(scan_best, utf8, octets, error_offset);
}

bool wspec__utf8_is_valid(struct wspec_span octets) {
  return scan_best(octets.data, octets.len) == octets.len;
}
