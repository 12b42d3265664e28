#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_CAPACITY = 64 };

void wspec_buf_init(struct wspec_buf *buf, size_t ceiling) {
  *buf = (struct wspec_buf){.ceiling = ceiling};
}

void wspec_buf_clear(struct wspec_buf *buf) {
  free(buf->data);
  wspec_buf_init(buf, buf->ceiling);
}

void wspec_buf_reset(struct wspec_buf *buf) {
  buf->len = 0;
}

/* Doubles up to the ceiling, so that n appends cost O(n) copies; one that is larger than all before it
 * gets what it needs, as nothing as large may follow. */
static enum wspec_err grow_for(struct wspec_buf *buf, size_t extra) {
  if (extra > buf->ceiling || buf->len > buf->ceiling - extra) {
    return WSPEC_ERR_LIMIT;
  }
  size_t needed = buf->len + extra;
  if (needed <= buf->capacity) {
    return WSPEC_OK;
  }
  size_t capacity = buf->capacity > buf->ceiling / 2 ? buf->ceiling : buf->capacity * 2;
  capacity = capacity < MIN_CAPACITY ? MIN_CAPACITY : capacity;
  capacity = capacity < needed ? needed : capacity;
  uint8_t *data = realloc(buf->data, capacity);
  if (!data) {
    return WSPEC_ERR_NOMEM;
  }
  buf->data = data;
  buf->capacity = capacity;
  return WSPEC_OK;
}

enum wspec_err wspec_buf_reserve(struct wspec_buf *buf, size_t len, uint8_t **out) {
  *out = NULL;
  enum wspec_err err = grow_for(buf, len);
  if (err) {
    return err;
  }
  if (len > 0) {
    *out = buf->data + buf->len;
    buf->len += len;
  }
  return WSPEC_OK;
}

enum wspec_err wspec_buf_append(struct wspec_buf *buf, const void *data, size_t len) {
  uint8_t *out;
  enum wspec_err err = wspec_buf_reserve(buf, len, &out);
  if (!err && len > 0) {
    memcpy(out, data, len);
  }
  return err;
}

enum wspec_err wspec_buf_append_span(struct wspec_buf *buf, struct wspec_span span) {
  return wspec_buf_append(buf, span.data, span.len);
}

enum wspec_err wspec_buf_append_text(struct wspec_buf *buf, const char *text) {
  return wspec_buf_append(buf, text, strlen(text));
}

enum wspec_err wspec_buf_append_octet(struct wspec_buf *buf, uint8_t octet) {
  return wspec_buf_append(buf, &octet, 1);
}

enum wspec_err wspec_buf_vappendf(struct wspec_buf *buf, const char *format, va_list arguments) {
  va_list measured;
  va_copy(measured, arguments);
  int wanted = vsnprintf(NULL, 0, format, measured);
  va_end(measured);
  if (wanted < 0) {
    return WSPEC_ERR_INTERNAL;
  }
  size_t len = (size_t)wanted;
  /* vsnprintf writes a NUL behind the text: reserve it, then give it back. */
  uint8_t *out;
  size_t ceiling = buf->ceiling;
  if (len > ceiling || buf->len > ceiling - len) {
    return WSPEC_ERR_LIMIT;
  }
  buf->ceiling = ceiling < SIZE_MAX ? ceiling + 1 : ceiling;
  enum wspec_err err = wspec_buf_reserve(buf, len + 1, &out);
  buf->ceiling = ceiling;
  if (err) {
    return err;
  }
  (void)vsnprintf((char *)out, len + 1, format, arguments);
  buf->len--;
  return WSPEC_OK;
}

enum wspec_err wspec_buf_appendf(struct wspec_buf *buf, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  enum wspec_err err = wspec_buf_vappendf(buf, format, arguments);
  va_end(arguments);
  return err;
}

void wspec_buf_truncate(struct wspec_buf *buf, size_t len) {
  buf->len = len < buf->len ? len : buf->len;
}

void wspec_buf_consume(struct wspec_buf *buf, size_t len) {
  if (len >= buf->len) {
    buf->len = 0;
    return;
  }
  memmove(buf->data, buf->data + len, buf->len - len);
  buf->len -= len;
}

struct wspec_span wspec_buf_span(const struct wspec_buf *buf) {
  return wspec_span_of(buf->data, buf->len);
}

char *wspec_buf_take_text(struct wspec_buf *buf) {
  char *text = realloc(buf->data, buf->len + 1);
  if (!text) {
    return NULL;
  }
  text[buf->len] = '\0';
  wspec_buf_init(buf, buf->ceiling);
  return text;
}
