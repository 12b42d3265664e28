/* extensions: the value of Sec-WebSocket-Extensions, text to structs and back (RFC 6455 section
 * 9.1). Which extension is taken, and what a parameter may say, is not its business.
 *
 *   struct wspec_extensions offers;
 *   err = wspec_extensions_read(&offers, &head);     // all field lines of a head
 *   for (size_t i = 0; i < offers.n_items; i++) ... offers.items[i] ...
 *
 * The result lives in the struct: nothing is allocated, nothing to be freed. Its spans borrow from
 * the text that was parsed, and unescaped values from the struct itself, so it may not be copied or
 * moved while it is in use. */
#ifndef WSPEC_PROTO_EXTENSIONS_H
#define WSPEC_PROTO_EXTENSIONS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "proto/http_head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  WSPEC_EXTENSIONS_MAX = 32,            /* extensions, over all lines */
  WSPEC_EXTENSIONS_PARAMS_MAX = 128,    /* parameters, over all extensions */
  WSPEC_EXTENSIONS_UNESCAPED_MAX = 1024 /* octets of values that had a quoted-pair */
};

/* One parameter: `name`, `name=value` or `name="value"`. */
struct wspec_extension_param {
  struct wspec_span name;  /* a token */
  struct wspec_span value; /* a token, unescaped; empty where has_value is false */
  bool has_value;
  bool was_quoted; /* the value stood in quotes; it means the same as without */
};

/* One element of the list, with its parameters in order. */
struct wspec_extension {
  struct wspec_span name; /* a token */
  const struct wspec_extension_param *params;
  size_t n_params;
};

struct wspec_extensions {
  struct wspec_extension items[WSPEC_EXTENSIONS_MAX]; /* in order, over all lines */
  size_t n_items;
  unsigned n_empty_elements; /* "a,,b": to be read, not to be sent (RFC 9110 section 5.6.1) */

  enum wspec_err err;     /* as returned; WSPEC_OK where all is well */
  uint64_t error_offset;  /* octet that shows it; what it counts from, see the function called */
  const char *error_text; /* one sentence without full stop, static storage; NULL without error */

  struct wspec_extension_param params[WSPEC_EXTENSIONS_PARAMS_MAX]; /* private: use items[] */
  size_t n_params;                                                  /* private */
  uint8_t unescaped[WSPEC_EXTENSIONS_UNESCAPED_MAX];                /* private */
  size_t n_unescaped;                                               /* private */
};

/* wspec_extensions_reset makes `extensions`, whatever it holds, one with no items and no error. */
void wspec_extensions_reset(struct wspec_extensions *extensions);

/* wspec_extensions_parse reads one field value; `error_offset` counts from its first octet.
 * WSPEC_ERR_SYNTAX: it breaks the grammar, and an element before the break may be in `items`; to
 *   use any part of such a header is wrong (RFC 6455 section 9.1). No element at all is an error of
 *   this kind too. WSPEC_ERR_LIMIT: more than the struct holds. */
WSPEC_MUST_USE enum wspec_err wspec_extensions_parse(struct wspec_extensions *extensions,
                                                     struct wspec_span value);

/* wspec_extensions_read reads all Sec-WebSocket-Extensions lines of `head` as one list, which they
 * are (RFC 6455 section 9.1); `error_offset` counts from the first octet of the head. A head
 * without such a line gives WSPEC_OK and no items. Errors as wspec_extensions_parse. */
WSPEC_MUST_USE enum wspec_err wspec_extensions_read(struct wspec_extensions *extensions,
                                                    const struct wspec_http_head *head);

/* wspec_extension_find_param returns the first parameter of that name behind `after`, or the first
 * of all where `after` is NULL; NULL if there is none. Names compare without ASCII case (RFC 9110
 * section 5.6.6). */
const struct wspec_extension_param *
wspec_extension_find_param(const struct wspec_extension *extension, const char *name,
                           const struct wspec_extension_param *after);

/* wspec_extensions_write appends `n_items` elements as a field value, "a; b=c, d". Values with
 * `was_quoted` are written in quotes, with '"' and '\' escaped; nothing else is checked, so that a
 * wrong value can be written too. Errors of wspec_buf_append; part may have been appended then. */
WSPEC_MUST_USE enum wspec_err
wspec_extensions_write(struct wspec_buf *out, const struct wspec_extension *items, size_t n_items);

#endif
