/* frame: the octets of one frame header to fields, and fields to octets (RFC 6455 section 5.2).
 *
 * The decoder takes octets in any portion and allocates nothing. It reports what stands there and
 * judges nothing: wspec_frame_check says which sentences a header breaks, so that a strict endpoint
 * can refuse and a judge can go on looking. The payload is never held: after a header, the caller
 * itself passes `payload_len` octets on, unmasking them with wspec_mask.
 *
 *   struct wspec_frame_decoder decoder = {0};
 *   struct wspec_frame frame;
 *   size_t consumed;
 *   enum wspec_err err = wspec_frame_decode(&decoder, octets, &consumed, &frame);
 *   if (err == WSPEC_OK) ...                  // `frame.payload_len` octets of payload follow
 *   else if (err == WSPEC_ERR_NEED_MORE) ...  // all octets were consumed, call again with more
 *
 * The encoder can write every wrong header: each field is written as it is given, whatever the
 * others say. */
#ifndef WSPEC_PROTO_FRAME_H
#define WSPEC_PROTO_FRAME_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
  WSPEC_FRAME_HEADER_MAX = 14,          /* 2 + 8 + 4 octets */
  WSPEC_FRAME_CONTROL_PAYLOAD_MAX = 125 /* RFC 6455 section 5.5 */
};

/* The opcodes of RFC 6455 section 5.2; 0x3-0x7 and 0xB-0xF are reserved. */
enum wspec_opcode {
  WSPEC_OPCODE_CONTINUATION = 0x0,
  WSPEC_OPCODE_TEXT = 0x1,
  WSPEC_OPCODE_BINARY = 0x2,
  WSPEC_OPCODE_CLOSE = 0x8,
  WSPEC_OPCODE_PING = 0x9,
  WSPEC_OPCODE_PONG = 0xA
};

/* Which of the three forms the payload length has on the wire. AUTO is for the encoder: the
 * shortest one that can hold the length. */
enum wspec_length_form {
  WSPEC_LENGTH_AUTO = 0,
  WSPEC_LENGTH_7 = 7,
  WSPEC_LENGTH_16 = 16,
  WSPEC_LENGTH_64 = 64
};

/* The bits of the first octet that RFC 6455 reserves, as they stand there. */
enum { WSPEC_RSV1 = 0x40, WSPEC_RSV2 = 0x20, WSPEC_RSV3 = 0x10 };

/* A frame header. */
struct wspec_frame {
  bool fin;
  uint8_t rsv;    /* WSPEC_RSV1 | WSPEC_RSV2 | WSPEC_RSV3, or 0 */
  uint8_t opcode; /* 0-15 */
  bool masked;
  uint8_t masking_key[4];             /* all 0 where not masked */
  uint64_t payload_len;               /* as declared; up to 2^64-1 */
  enum wspec_length_form length_form; /* decoder: the one on the wire */
};

/* A decoder between two portions. Zeroed is the initial state; after a header it is initial
 * again. */
struct wspec_frame_decoder {
  uint8_t header[WSPEC_FRAME_HEADER_MAX]; /* private */
  uint8_t len;                            /* private */
};

/* What a header breaks, by wspec_frame_check; one bit each. */
enum wspec_frame_fault {
  WSPEC_FRAME_RSV = 1 << 0,                /* a reserved bit without extension, section 5.2 */
  WSPEC_FRAME_OPCODE = 1 << 1,             /* a reserved opcode, section 5.2 */
  WSPEC_FRAME_NOT_MASKED = 1 << 2,         /* a client's frame without mask, section 5.1 */
  WSPEC_FRAME_MASKED = 1 << 3,             /* a server's frame with mask, section 5.1 */
  WSPEC_FRAME_LENGTH_NOT_MINIMAL = 1 << 4, /* section 5.2 */
  WSPEC_FRAME_LENGTH_MSB = 1 << 5,         /* the most significant bit of 64 is 1, section 5.2 */
  WSPEC_FRAME_CONTROL_FRAGMENTED = 1 << 6, /* section 5.5 */
  WSPEC_FRAME_CONTROL_TOO_LONG = 1 << 7    /* more than 125 octets, section 5.5 */
};

/* wspec_opcode_is_control returns true for 0x8-0xF, the reserved ones too (section 5.5). */
static inline bool wspec_opcode_is_control(uint8_t opcode) {
  return (opcode & 0x8) != 0;
}

/* wspec_opcode_is_reserved returns true for 0x3-0x7 and 0xB-0xF. */
static inline bool wspec_opcode_is_reserved(uint8_t opcode) {
  return (opcode & 0x7) > 2;
}

/* wspec_opcode_name returns the RFC's word, "text", or "reserved 0x3"; static storage. */
const char *wspec_opcode_name(uint8_t opcode);

/* Private, as are all names with two underscores: the header of a short masked frame, and what has
 * no fault, are done with where they are met, sooner than a call would be. */
static inline bool wspec__frame_is_short(uint8_t second) {
  return second >= 0x80 && second < 0x80 + 126;
}
WSPEC_MUST_USE enum wspec_err wspec__frame_decode(struct wspec_frame_decoder *decoder,
                                                  struct wspec_span octets, size_t *consumed,
                                                  struct wspec_frame *frame);
unsigned wspec__frame_check(const struct wspec_frame *frame, bool from_client, uint8_t allowed_rsv);

/* wspec_frame_decode reads octets up to the end of one header. `*consumed` is how many were taken,
 * on WSPEC_OK up to and with the last octet of the header, and `*frame` is filled; on
 * WSPEC_ERR_NEED_MORE all of them, and `*frame` is untouched. It has no other outcome: every
 * sequence of octets is a header. */
WSPEC_MUST_USE static inline enum wspec_err wspec_frame_decode(struct wspec_frame_decoder *decoder,
                                                               struct wspec_span octets,
                                                               size_t *consumed,
                                                               struct wspec_frame *frame) {
  if (decoder->len == 0 && octets.len >= 6 && wspec__frame_is_short(octets.data[1])) {
    *frame = (struct wspec_frame){.fin = (octets.data[0] & 0x80) != 0,
                                  .rsv = octets.data[0] & 0x70,
                                  .opcode = octets.data[0] & 0x0F,
                                  .masked = true,
                                  .payload_len = octets.data[1] & 0x7F,
                                  .length_form = WSPEC_LENGTH_7};
    memcpy(frame->masking_key, octets.data + 2, 4);
    *consumed = 6;
    return WSPEC_OK;
  }
  return wspec__frame_decode(decoder, octets, consumed, frame);
}

/* wspec_frame_check returns the faults of a header, enum wspec_frame_fault bits, as it was sent by
 * a client (`from_client`) or a server; `allowed_rsv` are the bits to which a negotiated extension
 * has given a meaning on the first frame of a data message, the only place where RFC 7692 section
 * 6.1 has one. The order of fragments is not its business. A `length_form` of AUTO is minimal. */
static inline unsigned wspec_frame_check(const struct wspec_frame *frame, bool from_client,
                                         uint8_t allowed_rsv) {
  bool is_plain = frame->length_form <= WSPEC_LENGTH_7 && frame->rsv == 0 &&
                  (frame->opcode == WSPEC_OPCODE_TEXT || frame->opcode == WSPEC_OPCODE_BINARY);
  if (is_plain && frame->masked == from_client) {
    return 0;
  }
  return wspec__frame_check(frame, from_client, allowed_rsv);
}

/* wspec_frame_fault_requirement returns the id of the requirement that the sender of a frame with
 * this one fault bit violates, "6455-5.2-02"; and in `*sentence` (may be NULL) what is wrong, for a
 * report. Static storage. For a value that is not one bit of the enum, "" and "no fault". What a
 * receiver owes on such a frame are other sentences (6455-5.2-03 and its neighbours). */
const char *wspec_frame_fault_requirement(enum wspec_frame_fault fault, const char **sentence);

/* wspec_frame_encode writes the header of `frame` to `out` and returns its length, 2-14. With
 * `length_form` AUTO the shortest form is taken; with another one the low 7, 16 or 64 bits of the
 * length are written, so that in the 7-bit form 126 and 127 announce octets that do not follow.
 * `masking_key` is written only if `masked`. Only the low 4 bits of `opcode` and the three RSV bits
 * of `rsv` are taken. */
size_t wspec_frame_encode(const struct wspec_frame *frame, uint8_t out[WSPEC_FRAME_HEADER_MAX]);

#endif
