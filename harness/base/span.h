/* span: borrowed octets. A span never owns; the header of whoever hands one out says how long it
 * stays valid. An empty span may have data NULL. */
#ifndef WSPEC_BASE_SPAN_H
#define WSPEC_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wspec_span {
  const uint8_t *data;
  size_t len;
};

/* wspec_span_of returns a span over the `len` octets at `data`. */
static inline struct wspec_span wspec_span_of(const void *data, size_t len) {
  return (struct wspec_span){(const uint8_t *)data, len};
}

/* wspec_span_text returns a span over a NUL-terminated string, without its NUL; NULL gives an
 * empty span. */
static inline struct wspec_span wspec_span_text(const char *text) {
  return (struct wspec_span){(const uint8_t *)text, text ? strlen(text) : 0};
}

/* wspec_span_from returns what is left of `span` from octet `start` on; empty if `start` is past
 * the end. */
static inline struct wspec_span wspec_span_from(struct wspec_span span, size_t start) {
  if (start >= span.len) {
    return (struct wspec_span){NULL, 0};
  }
  return (struct wspec_span){span.data + start, span.len - start};
}

/* wspec_span_equal returns true if both have the same octets. */
static inline bool wspec_span_equal(struct wspec_span a, struct wspec_span b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* wspec_span_equal_text returns true if `span` has exactly the octets of the string `text`. */
static inline bool wspec_span_equal_text(struct wspec_span span, const char *text) {
  return wspec_span_equal(span, wspec_span_text(text));
}

#endif
