/* close: the body of a close frame, and who may send which status code (RFC 6455 section 7.4). */
#ifndef WSPEC_PROTO_CLOSE_H
#define WSPEC_PROTO_CLOSE_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
  WSPEC_CLOSE_NORMAL = 1000,
  WSPEC_CLOSE_GOING_AWAY = 1001,
  WSPEC_CLOSE_PROTOCOL_ERROR = 1002,
  WSPEC_CLOSE_UNSUPPORTED_DATA = 1003,
  WSPEC_CLOSE_NO_STATUS = 1005, /* never on the wire: no code was given */
  WSPEC_CLOSE_ABNORMAL = 1006,  /* never on the wire: no close frame came */
  WSPEC_CLOSE_INVALID_DATA = 1007,
  WSPEC_CLOSE_POLICY = 1008,
  WSPEC_CLOSE_TOO_BIG = 1009,
  WSPEC_CLOSE_MANDATORY_EXTENSION = 1010,
  WSPEC_CLOSE_INTERNAL_ERROR = 1011,
  WSPEC_CLOSE_TLS = 1015, /* never on the wire: the TLS handshake failed */
  WSPEC_CLOSE_REASON_MAX = 123
};

/* How a status code stands on the wire. */
enum wspec_close_class {
  WSPEC_CLOSE_CLASS_DEFINED,    /* 1000-1003, 1007-1011 of the RFC, 1012-1014 registered since */
  WSPEC_CLOSE_CLASS_LIBRARY,    /* 3000-3999, section 7.4.2 */
  WSPEC_CLOSE_CLASS_PRIVATE,    /* 4000-4999, section 7.4.2 */
  WSPEC_CLOSE_CLASS_NEVER_SENT, /* 1005, 1006, 1015, section 7.4.1 */
  WSPEC_CLOSE_CLASS_RESERVED,   /* 1004 and 1016-2999: for later versions of the protocol */
  WSPEC_CLOSE_CLASS_INVALID     /* 0-999 are not used; 5000 and above are nobody's */
};

/* What a close frame says. */
struct wspec_close {
  uint16_t status_code;     /* WSPEC_CLOSE_NO_STATUS for an empty body */
  struct wspec_span reason; /* borrows from the payload that was parsed */
};

/* wspec_close_classify returns the class of `status_code`. */
enum wspec_close_class wspec_close_classify(uint16_t status_code);

/* wspec_close_may_send returns true if an endpoint may put the code on the wire: a client
 * (`is_client`) or a server. 1010 is the client's alone (section 7.4.1). */
bool wspec_close_may_send(uint16_t status_code, bool is_client);

/* wspec_close_may_receive returns true if a strict endpoint takes the code as well-formed:
 * classes DEFINED, LIBRARY and PRIVATE. */
bool wspec_close_may_receive(uint16_t status_code);

/* wspec_close_name returns a few words for the code, "protocol error", or "private use"; static
 * storage. */
const char *wspec_close_name(uint16_t status_code);

/* wspec_close_parse reads the whole, unmasked payload of a close frame. `close` is filled as far
 * as it can be read, even on error, so that a judge can say what stood there.
 * WSPEC_ERR_PROTOCOL: a payload of 1 octet (section 5.5.1; `status_code` is then NO_STATUS).
 * WSPEC_ERR_UTF8: the reason is not UTF-8. The code itself is not judged here. */
WSPEC_MUST_USE enum wspec_err wspec_close_parse(struct wspec_span payload,
                                                struct wspec_close *close);

/* wspec_close_build writes a payload of 0 to 125 octets to `out` and its length to `*out_len`.
 * NO_STATUS with an empty reason gives an empty payload. WSPEC_ERR_MISUSE: a reason without code,
 * one over 123 octets, or one that is not UTF-8. Any code is written, the forbidden ones too. */
WSPEC_MUST_USE enum wspec_err wspec_close_build(uint16_t status_code, struct wspec_span reason,
                                                uint8_t out[125], size_t *out_len);

#endif
