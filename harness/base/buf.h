/* buf: a growable buffer with a hard ceiling.
 *
 * A zeroed struct is a valid empty buffer with ceiling 0; wspec_buf_init sets the ceiling. The
 * first append that fails leaves the content as it was and marks nothing: the caller sees the
 * error and decides. */
#ifndef WSPEC_BASE_BUF_H
#define WSPEC_BASE_BUF_H

#include "base/err.h"
#include "base/span.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_buf {
  uint8_t *data;   /* read-only for users: NULL while empty */
  size_t len;      /* read-only for users */
  size_t capacity; /* private */
  size_t ceiling;  /* read-only for users: `len` never exceeds it */
};

/* wspec_buf_init makes `buf` empty with room for at most `ceiling` octets. Allocates nothing. */
void wspec_buf_init(struct wspec_buf *buf, size_t ceiling);

/* wspec_buf_clear frees what `buf` holds and makes it empty; its ceiling stays. */
void wspec_buf_clear(struct wspec_buf *buf);

/* wspec_buf_reset makes `buf` empty but keeps its memory for the next use. */
void wspec_buf_reset(struct wspec_buf *buf);

/* wspec_buf_append copies `len` octets to the end. WSPEC_ERR_LIMIT: the ceiling would be passed;
 * WSPEC_ERR_NOMEM. On error nothing was added. `data` may be NULL if `len` is 0. */
WSPEC_MUST_USE enum wspec_err wspec_buf_append(struct wspec_buf *buf, const void *data, size_t len);

/* wspec_buf_append_span is wspec_buf_append for a span. */
WSPEC_MUST_USE enum wspec_err wspec_buf_append_span(struct wspec_buf *buf, struct wspec_span span);

/* wspec_buf_append_text is wspec_buf_append for a NUL-terminated string, without its NUL. */
WSPEC_MUST_USE enum wspec_err wspec_buf_append_text(struct wspec_buf *buf, const char *text);

/* wspec_buf_append_octet appends one octet. */
WSPEC_MUST_USE enum wspec_err wspec_buf_append_octet(struct wspec_buf *buf, uint8_t octet);

/* wspec_buf_appendf appends as printf would, without the NUL. Errors as wspec_buf_append. */
WSPEC_MUST_USE enum wspec_err wspec_buf_appendf(struct wspec_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* wspec_buf_vappendf is wspec_buf_appendf with a va_list. */
WSPEC_MUST_USE enum wspec_err wspec_buf_vappendf(struct wspec_buf *buf, const char *format,
                                                 va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* wspec_buf_reserve grows `buf` by `len` octets of undefined content and points `out` at them, to
 * be filled by the caller. Errors as wspec_buf_append; `out` is then NULL. */
WSPEC_MUST_USE enum wspec_err wspec_buf_reserve(struct wspec_buf *buf, size_t len, uint8_t **out);

/* wspec_buf_truncate drops what is behind the first `len` octets; `len` is at most buf->len. */
void wspec_buf_truncate(struct wspec_buf *buf, size_t len);

/* wspec_buf_consume drops the first `len` octets; more than there are drops all. */
void wspec_buf_consume(struct wspec_buf *buf, size_t len);

/* wspec_buf_span returns the content, borrowed until the next call on `buf`. */
struct wspec_span wspec_buf_span(const struct wspec_buf *buf);

/* wspec_buf_take_text hands the content over as a NUL-terminated string that the caller frees
 * with free(), and makes `buf` empty. NULL: out of memory, `buf` keeps its content. */
char *wspec_buf_take_text(struct wspec_buf *buf);

#endif
