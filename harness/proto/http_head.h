/* http_head: the head of an HTTP/1.1 message, request or response, octets to fields (RFC 9112).
 *
 * The parser takes octets in any portion and gives the same outcome for every portioning. It
 * reports what is odd and judges nothing: a head that breaks the grammar is still read as long as
 * one reading is possible, and each departure sets a bit, on the head and on the line that it was
 * seen in. What follows the head (a body, or frames) is left to the caller.
 *
 *   struct wspec_http_head head;
 *   wspec_http_head_init(&head, WSPEC_HTTP_RESPONSE, NULL);
 *   size_t consumed;
 *   enum wspec_err err = wspec_http_head_feed(&head, octets, &consumed);
 *   if (err == WSPEC_OK) ...                  // complete: octets[consumed..] is not the head's
 *   else if (err == WSPEC_ERR_NEED_MORE) ...  // all were consumed, call again with more
 *   else ...                                  // head.error_text, at octet head.error_offset
 *   wspec_http_head_clear(&head);
 *
 * States: START_LINE -> FIELDS -> COMPLETE, and FAILED from either of the first two. Where the
 * connection ends before COMPLETE, the state and the fields read so far say how far it came.
 *
 * All spans borrow from `raw`: they hold until the next feed or clear. Nothing is copied, so a
 * folded value still has its line end inside; the queries and lists below read it as white space.
 */
#ifndef WSPEC_PROTO_HTTP_HEAD_H
#define WSPEC_PROTO_HTTP_HEAD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wspec_http_kind { WSPEC_HTTP_REQUEST, WSPEC_HTTP_RESPONSE };

enum wspec_http_state {
  WSPEC_HTTP_STATE_START_LINE, /* the request or status line is not complete */
  WSPEC_HTTP_STATE_FIELDS,     /* the empty line has not come */
  WSPEC_HTTP_STATE_COMPLETE,   /* the head is there; no more octets are taken */
  WSPEC_HTTP_STATE_FAILED      /* `err` says why; no more octets are taken */
};

/* What a head may take up. A member that is 0 stands for its default. */
struct wspec_http_limits {
  size_t line_len;  /* octets of one line with its line end; default 8192 (RFC 9112 section 3) */
  size_t head_len;  /* octets of the whole head; default 65536 */
  unsigned headers; /* field lines; default 128 */
};

/* What departs from the grammar that a sender is held to; one bit each. All but OBS_TEXT and
 * VERSION_OTHER are violations of the sender, see wspec_http_oddity_requirement. */
enum wspec_http_oddity {
  WSPEC_HTTP_BARE_LF = 1 << 0,             /* a line ends in LF without CR, RFC 9112 2.2 */
  WSPEC_HTTP_BARE_CR = 1 << 1,             /* a CR without LF; read as SP, RFC 9112 2.2 */
  WSPEC_HTTP_LEADING_EMPTY_LINE = 1 << 2,  /* before the start line; skipped, RFC 9112 2.2 */
  WSPEC_HTTP_LEADING_SPACE = 1 << 3,       /* lines that begin with white space before the first
                                              field line; skipped, RFC 9112 2.2 */
  WSPEC_HTTP_START_LINE_SPACE = 1 << 4,    /* other than single SP between words, or white space
                                              around the start line, RFC 9112 3 and 4 */
  WSPEC_HTTP_METHOD_OCTET = 1 << 5,        /* the method is not a token, RFC 9110 9.1 */
  WSPEC_HTTP_TARGET_OCTET = 1 << 6,        /* control or non-ASCII in the target, RFC 9112 3.2 */
  WSPEC_HTTP_TARGET_SPACE = 1 << 7,        /* white space inside the target, RFC 9112 3.2 */
  WSPEC_HTTP_VERSION_SYNTAX = 1 << 8,      /* not digit, dot, digit after "HTTP/", RFC 9112 2.3 */
  WSPEC_HTTP_VERSION_CASE = 1 << 9,        /* "HTTP" with lower-case letters, RFC 9112 2.3 */
  WSPEC_HTTP_VERSION_OTHER = 1 << 10,      /* well-formed, but not 1.1, RFC 9110 2.5 */
  WSPEC_HTTP_STATUS_CODE_LEN = 1 << 11,    /* not exactly 3 digits, RFC 9112 4 */
  WSPEC_HTTP_NO_REASON_SPACE = 1 << 12,    /* the line ends right after the status code, without
                                              the SP that an absent reason needs, RFC 9112 4 */
  WSPEC_HTTP_OBS_FOLD = 1 << 13,           /* a value goes on in the next line, RFC 9112 5.2 */
  WSPEC_HTTP_SPACE_BEFORE_COLON = 1 << 14, /* not part of the name, RFC 9112 5.1 */
  WSPEC_HTTP_EMPTY_NAME = 1 << 15,         /* the line begins with the colon, RFC 9110 5.1 */
  WSPEC_HTTP_NAME_OCTET = 1 << 16,         /* the name is not a token, RFC 9110 5.1 */
  WSPEC_HTTP_CONTROL_OCTET = 1 << 17,      /* NUL, DEL or another control octet but HTAB in a value
                                              or reason, RFC 9110 5.5 */
  WSPEC_HTTP_OBS_TEXT = 1 << 18            /* an octet 0x80-0xFF in a value: allowed, and opaque,
                                              RFC 9110 5.5 */
};

/* A field line, or several if it is folded. */
struct wspec_http_field {
  struct wspec_span name;  /* as sent, without white space before the colon */
  struct wspec_span value; /* without white space at its ends; of a folded one all lines */
  struct wspec_span raw;   /* the whole line or lines with the line ends */
  uint64_t offset;         /* of `raw`, and of the name, from the first octet fed */
  unsigned oddities;       /* enum wspec_http_oddity bits of this field alone */
  size_t value_at;         /* private */
};

/* A head while and after it is read. Everything but the private part is read-only for users. */
struct wspec_http_head {
  enum wspec_http_kind kind;
  enum wspec_http_state state;
  struct wspec_http_limits limits;
  struct wspec_buf raw; /* all octets consumed so far, as they came */

  struct wspec_span start_line; /* without its line end; empty until it is complete */
  struct wspec_span method;     /* request */
  struct wspec_span target;     /* request */
  struct wspec_span version;    /* "HTTP/1.1" as sent */
  int version_major;            /* -1 with VERSION_SYNTAX and before the start line is complete */
  int version_minor;            /* likewise */
  unsigned status_code;         /* response: up to 6 digits are read; 0 until then */
  struct wspec_span reason;     /* response; may be empty */

  struct wspec_http_field *fields; /* in the order of arrival */
  size_t n_fields;
  unsigned oddities; /* those of all lines together */

  enum wspec_err err;     /* why it failed; WSPEC_OK while it has not */
  uint64_t error_offset;  /* octet that shows it, from the first octet fed */
  const char *error_text; /* one sentence without full stop, static storage; NULL without error */

  size_t fields_capacity; /* private */
  size_t line_at;         /* private: where the line being read begins */
  uint64_t names;         /* private: a bit for each field name, see wspec__http_name_bit */
  uint64_t names_again;   /* private: the bits of names that came more than once */
  unsigned n_prefix;      /* private: octets of the start of the start line that were checked */
  struct {
    size_t start_line, method, target, version, reason;
  } at; /* private: where the spans begin, since `raw` moves as it grows */
};

/* wspec_http_limits_default returns 8 KiB a line, 64 KiB a head, 128 field lines. */
struct wspec_http_limits wspec_http_limits_default(void);

/* wspec_http_head_init makes `head` ready for a message of `kind`. `limits` NULL: the defaults.
 * Allocates nothing. */
void wspec_http_head_init(struct wspec_http_head *head, enum wspec_http_kind kind,
                          const struct wspec_http_limits *limits);

/* wspec_http_head_clear frees what `head` holds and makes it as after init, with the same kind and
 * limits. A zeroed struct may be cleared. */
void wspec_http_head_clear(struct wspec_http_head *head);

/* wspec_http_head_feed takes octets up to the end of the head. `*consumed` is how many were taken;
 * their sum over all calls is `raw.len`, whatever the outcome.
 * WSPEC_OK: the head is complete, the octets after `*consumed` belong to what follows it; further
 *   calls take nothing.
 * WSPEC_ERR_NEED_MORE: all were taken and the head goes on.
 * WSPEC_ERR_HTTP: no reading is possible. WSPEC_ERR_LIMIT: a limit is passed. WSPEC_ERR_NOMEM.
 *   These are sticky; error_offset and error_text say where and what; what was read before stays
 *   readable. */
WSPEC_MUST_USE enum wspec_err wspec_http_head_feed(struct wspec_http_head *head,
                                                   struct wspec_span octets, size_t *consumed);

/* wspec_http_head_offset returns where `span`, one of the head's spans or a part of one, begins,
 * counted from the first octet fed. */
static inline uint64_t wspec_http_head_offset(const struct wspec_http_head *head,
                                              struct wspec_span span) {
  return span.data ? (uint64_t)(span.data - head->raw.data) : 0;
}

/* wspec_http_oddity_requirement returns the requirement that a sender of `kind` violates by one
 * oddity bit, "9112-2.2-03", or NULL for one that is allowed; and in `*sentence` (may be NULL) what
 * is odd, for a report. Static storage. */
const char *wspec_http_oddity_requirement(enum wspec_http_kind kind, enum wspec_http_oddity oddity,
                                          const char **sentence);

/* Private, as are all names with two underscores: one of 64 bits for a field name, the same in
 * whatever case it is written. A head is asked for more names than it has, and most questions are
 * answered by the bit alone, which the compiler knows of a name that stands in the source. */
static inline uint64_t wspec__http_name_bit(struct wspec_span name) {
  uint8_t first = name.len > 0 ? name.data[0] | 0x20 : 0;
  uint8_t last = name.len > 0 ? name.data[name.len - 1] | 0x20 : 0;
  return UINT64_C(1) << ((name.len + 7u * first + 3u * last) % 64);
}
const struct wspec_http_field *wspec__http_head_search(const struct wspec_http_head *head,
                                                       struct wspec_span name,
                                                       const struct wspec_http_field *after);
static inline const struct wspec_http_field *
wspec__http_head_find(const struct wspec_http_head *head, struct wspec_span name,
                      const struct wspec_http_field *after) {
  if (((after ? head->names_again : head->names) & wspec__http_name_bit(name)) == 0) {
    return NULL;
  }
  return wspec__http_head_search(head, name, after);
}

/* wspec_http_head_find returns the first field of that name behind `after`, or the first of all
 * where `after` is NULL; NULL if there is none. Names compare without ASCII case. */
static inline const struct wspec_http_field *
wspec_http_head_find(const struct wspec_http_head *head, const char *name,
                     const struct wspec_http_field *after) {
  return wspec__http_head_find(head, wspec_span_text(name), after);
}

/* wspec_http_head_count returns how many field lines have that name. */
size_t wspec_http_head_count(const struct wspec_http_head *head, const char *name);

/* A walk over the elements of a list that may be spread over several field lines of one name
 * (RFC 9110 sections 5.3 and 5.6.1).
 *
 *   struct wspec_http_list list;
 *   struct wspec_span element;
 *   wspec_http_list_init(&list, &head, "Connection");
 *   while (wspec_http_list_next(&list, &element)) ... */
struct wspec_http_list {
  unsigned n_empty; /* empty elements skipped so far: allowed to read, not to send (5.6.1) */
  const struct wspec_http_field *field; /* the line that the last element stood in */
  const struct wspec_http_head *head;   /* private */
  struct wspec_span name;               /* private */
  struct wspec_span rest;               /* private */
};

/* wspec_http_list_init puts `list` before the first element. It borrows `head` and `name`. */
void wspec_http_list_init(struct wspec_http_list *list, const struct wspec_http_head *head,
                          const char *name);

/* wspec_http_list_next sets `*element` to the next element that is not empty, trimmed, and returns
 * true; false at the end. A comma inside a quoted string separates nothing. */
bool wspec_http_list_next(struct wspec_http_list *list, struct wspec_span *element);

/* wspec_http_list_has_token returns true if the list in the fields `name` has an element equal to
 * `token` but for ASCII case: "keep-alive, Upgrade" has "upgrade", "notupgrade" has not. */
bool wspec_http_list_has_token(const struct wspec_http_head *head, const char *name,
                               const char *token);

#endif
