#include "proto/frame.h"

#include <string.h>

enum {
  FIN_BIT = 0x80,
  RSV_BITS = WSPEC_RSV1 | WSPEC_RSV2 | WSPEC_RSV3,
  OPCODE_BITS = 0x0F,
  MASK_BIT = 0x80,
  LENGTH_BITS = 0x7F,
  MARK_16 = 126,
  MARK_64 = 127
};

const char *wspec_opcode_name(uint8_t opcode) {
  static const char *const names[16] = {
      "continuation", "text",         "binary",       "reserved 0x3",
      "reserved 0x4", "reserved 0x5", "reserved 0x6", "reserved 0x7",
      "close",        "ping",         "pong",         "reserved 0xB",
      "reserved 0xC", "reserved 0xD", "reserved 0xE", "reserved 0xF"};
  return names[opcode & OPCODE_BITS];
}

/* The second octet alone decides how long the header is (section 5.2). */
static inline size_t header_len(uint8_t second) {
  size_t len = (second & MASK_BIT) != 0 ? 2 + 4 : 2;
  uint8_t length = second & LENGTH_BITS;
  if (length < MARK_16) {
    return len;
  }
  return len + (length == MARK_16 ? 2 : 8);
}

static inline uint64_t load_u64(const uint8_t *octets) {
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) {
    value = value << 8 | octets[i];
  }
  return value;
}

/* Reads exactly header_len(octets[1]) octets, so that a header at the very end of what has come
 * needs no detour through the decoder's buffer. */
static inline void read_header(const uint8_t *octets, struct wspec_frame *frame) {
  frame->fin = (octets[0] & FIN_BIT) != 0;
  frame->rsv = octets[0] & RSV_BITS;
  frame->opcode = octets[0] & OPCODE_BITS;
  frame->masked = (octets[1] & MASK_BIT) != 0;
  uint8_t length = octets[1] & LENGTH_BITS;
  octets += 2;
  if (length < MARK_16) {
    frame->payload_len = length;
    frame->length_form = WSPEC_LENGTH_7;
  } else if (length == MARK_16) {
    frame->payload_len = (uint64_t)(octets[0] << 8 | octets[1]);
    frame->length_form = WSPEC_LENGTH_16;
    octets += 2;
  } else {
    frame->payload_len = load_u64(octets);
    frame->length_form = WSPEC_LENGTH_64;
    octets += 8;
  }
  if (frame->masked) {
    memcpy(frame->masking_key, octets, 4);
  } else {
    memset(frame->masking_key, 0, 4);
  }
}

/* Moves octets into the decoder until it holds `wanted`; returns how many. */
static size_t collect(struct wspec_frame_decoder *decoder, struct wspec_span octets,
                      size_t wanted) {
  size_t missing = wanted - decoder->len;
  size_t taken = octets.len < missing ? octets.len : missing;
  if (taken > 0) {
    memcpy(decoder->header + decoder->len, octets.data, taken);
    decoder->len = (uint8_t)(decoder->len + taken);
  }
  return taken;
}

static enum wspec_err decode_in_portions(struct wspec_frame_decoder *decoder,
                                         struct wspec_span octets, size_t *consumed,
                                         struct wspec_frame *frame) {
  size_t taken = 0;
  if (decoder->len < 2) {
    taken = collect(decoder, octets, 2);
  }
  if (decoder->len >= 2) {
    size_t wanted = header_len(decoder->header[1]);
    taken += collect(decoder, wspec_span_from(octets, taken), wanted);
    if (decoder->len == wanted) {
      read_header(decoder->header, frame);
      decoder->len = 0;
      *consumed = taken;
      return WSPEC_OK;
    }
  }
  *consumed = taken;
  return WSPEC_ERR_NEED_MORE;
}

enum wspec_err wspec__frame_decode(struct wspec_frame_decoder *decoder, struct wspec_span octets,
                                   size_t *consumed, struct wspec_frame *frame) {
  if (decoder->len == 0 && octets.len >= 2) {
    size_t len = header_len(octets.data[1]);
    if (octets.len >= len) {
      read_header(octets.data, frame);
      *consumed = len;
      return WSPEC_OK;
    }
  }
  return decode_in_portions(decoder, octets, consumed, frame);
}

static unsigned check_length(const struct wspec_frame *frame) {
  unsigned faults = 0;
  if (frame->length_form == WSPEC_LENGTH_16 && frame->payload_len < MARK_16) {
    faults |= WSPEC_FRAME_LENGTH_NOT_MINIMAL;
  }
  if (frame->length_form == WSPEC_LENGTH_64 && frame->payload_len <= UINT16_MAX) {
    faults |= WSPEC_FRAME_LENGTH_NOT_MINIMAL;
  }
  if (frame->payload_len >> 63 != 0) {
    faults |= WSPEC_FRAME_LENGTH_MSB;
  }
  return faults;
}

unsigned wspec__frame_check(const struct wspec_frame *frame, bool from_client,
                            uint8_t allowed_rsv) {
  unsigned faults = 0;
  bool is_control = wspec_opcode_is_control(frame->opcode);
  if (is_control || frame->opcode == WSPEC_OPCODE_CONTINUATION) {
    allowed_rsv = 0; /* RFC 7692 section 6.1 */
  }
  if ((frame->rsv & ~allowed_rsv) != 0) {
    faults |= WSPEC_FRAME_RSV;
  }
  if (wspec_opcode_is_reserved(frame->opcode)) {
    faults |= WSPEC_FRAME_OPCODE;
  }
  if (frame->masked != from_client) {
    faults |= from_client ? WSPEC_FRAME_NOT_MASKED : WSPEC_FRAME_MASKED;
  }
  if (frame->length_form > WSPEC_LENGTH_7) {
    faults |= check_length(frame);
  }
  if (is_control && !frame->fin) {
    faults |= WSPEC_FRAME_CONTROL_FRAGMENTED;
  }
  if (is_control && frame->payload_len > WSPEC_FRAME_CONTROL_PAYLOAD_MAX) {
    faults |= WSPEC_FRAME_CONTROL_TOO_LONG;
  }
  return faults;
}

struct fault_text {
  const char *requirement;
  const char *sentence;
};

static struct fault_text text_of_fault(enum wspec_frame_fault fault) {
  switch (fault) {
  case WSPEC_FRAME_RSV:
    return (struct fault_text){"6455-5.2-02", "a reserved bit is set that no extension defines"};
  case WSPEC_FRAME_OPCODE:
    return (struct fault_text){"6455-5.2-09", "the opcode is a reserved one"};
  case WSPEC_FRAME_NOT_MASKED:
    return (struct fault_text){"6455-5.1-01", "a frame of the client is not masked"};
  case WSPEC_FRAME_MASKED:
    return (struct fault_text){"6455-5.1-05", "a frame of the server is masked"};
  case WSPEC_FRAME_LENGTH_NOT_MINIMAL:
    return (struct fault_text){"6455-5.2-16", "the payload length is not in its shortest form"};
  case WSPEC_FRAME_LENGTH_MSB:
    return (struct fault_text){"6455-5.2-13",
                               "the most significant bit of the 64-bit payload length is 1"};
  case WSPEC_FRAME_CONTROL_FRAGMENTED:
    return (struct fault_text){"6455-5.4-05", "a control frame is fragmented"};
  case WSPEC_FRAME_CONTROL_TOO_LONG:
    return (struct fault_text){"6455-5.5-01",
                               "a control frame has more than 125 octets of payload"};
  }
  return (struct fault_text){"", "no fault"};
}

const char *wspec_frame_fault_requirement(enum wspec_frame_fault fault, const char **sentence) {
  struct fault_text text = text_of_fault(fault);
  if (sentence) {
    *sentence = text.sentence;
  }
  return text.requirement;
}

static enum wspec_length_form shortest_form(uint64_t payload_len) {
  if (payload_len < MARK_16) {
    return WSPEC_LENGTH_7;
  }
  return payload_len <= UINT16_MAX ? WSPEC_LENGTH_16 : WSPEC_LENGTH_64;
}

/* Writes the `n_octets` low octets of `value` in network byte order. */
static size_t store_be(uint8_t *out, uint64_t value, size_t n_octets) {
  for (size_t i = 0; i < n_octets; i++) {
    out[i] = (uint8_t)(value >> (8 * (n_octets - 1 - i)));
  }
  return n_octets;
}

size_t wspec_frame_encode(const struct wspec_frame *frame, uint8_t out[WSPEC_FRAME_HEADER_MAX]) {
  enum wspec_length_form form = frame->length_form;
  if (form == WSPEC_LENGTH_AUTO) {
    form = shortest_form(frame->payload_len);
  }
  uint8_t mask = frame->masked ? MASK_BIT : 0;
  out[0] = (uint8_t)((frame->fin ? FIN_BIT : 0) | (frame->rsv & RSV_BITS) |
                     (frame->opcode & OPCODE_BITS));
  size_t len = 2;
  if (form == WSPEC_LENGTH_7) {
    out[1] = (uint8_t)(mask | (frame->payload_len & LENGTH_BITS));
  } else if (form == WSPEC_LENGTH_16) {
    out[1] = mask | MARK_16;
    len += store_be(out + len, frame->payload_len, 2);
  } else {
    out[1] = mask | MARK_64;
    len += store_be(out + len, frame->payload_len, 8);
  }
  if (frame->masked) {
    memcpy(out + len, frame->masking_key, 4);
    len += 4;
  }
  return len;
}
