/* violation: what a peer did wrong, where, and which sentence forbids it. */
#ifndef WSPEC_PROTO_VIOLATION_H
#define WSPEC_PROTO_VIOLATION_H

#include "base/err.h"

#include <stdint.h>

/* Why a parser gave up. */
struct wspec_violation {
  enum wspec_err err;      /* what every further call returns */
  uint16_t status_code;    /* of the close frame that fits, RFC 6455 section 7.4.1 */
  const char *requirement; /* id of the sentence that the peer broke, "6455-5.2-02"; "" if the peer
                              broke none: out of memory. Static storage */
  const char *sentence;    /* what is wrong, at most 123 octets of ASCII. Static storage */
  uint64_t octet_offset;   /* of the octet that shows it, from the first one of the connection after
                              the opening handshake, counted from 0; where only inflating shows it,
                              of the first octet of the frame */
};

#endif
