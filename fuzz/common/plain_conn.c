#include "common/plain_conn.h"

#include "common/fuzz.h"
#include "utf8_grammar.h"

#include <string.h>

enum { PROTOCOL_ERROR = 1002, INVALID_DATA = 1007, TOO_BIG = 1009, CONTROL_MAX = 125 };

struct plain_frame {
  bool fin, is_masked;
  unsigned rsv, opcode;
  uint8_t key[4];
  uint64_t len;
  unsigned n_length_octets;
};

struct plain_conn {
  const struct plain_options *options;
  const uint8_t *octets;
  size_t left;
  struct fuzz_sink *sink;
  bool is_open; /* a message has begun and not ended */
  bool is_text, is_odd /* RSV1 */;
  uint64_t message_len, n_fragments;
  struct fuzz_log message; /* unmasked; what has come of it */
  size_t text_len;         /* of it, what is known to be whole code points */
};

static uint8_t next(struct plain_conn *conn) {
  conn->left--;
  return *conn->octets++;
}

/* Section 5.2: false if the header is not complete. */
static bool read_header(struct plain_conn *conn, struct plain_frame *frame) {
  if (conn->left < 2) {
    return false;
  }
  uint8_t first = next(conn), second = next(conn);
  *frame = (struct plain_frame){.fin = first >> 7,
                                .rsv = first >> 4 & 7,
                                .opcode = first & 15,
                                .is_masked = second >> 7,
                                .len = second & 127};
  frame->n_length_octets = frame->len == 126 ? 2 : frame->len == 127 ? 8 : 0;
  if (conn->left < frame->n_length_octets + (frame->is_masked ? 4U : 0U)) {
    return false;
  }
  if (frame->n_length_octets > 0) {
    frame->len = 0;
  }
  for (unsigned i = 0; i < frame->n_length_octets; i++) {
    frame->len = frame->len << 8 | next(conn);
  }
  for (unsigned i = 0; frame->is_masked && i < 4; i++) {
    frame->key[i] = next(conn);
  }
  return true;
}

/* Sections 5.1 to 5.5: what a header alone breaks. */
static bool is_header_wrong(const struct plain_conn *conn, const struct plain_frame *frame) {
  bool is_control = frame->opcode >= 8;
  bool begins_data = frame->opcode == 1 || frame->opcode == 2;
  unsigned allowed = conn->options->takes_rsv1 && begins_data ? 4 : 0;
  return (frame->rsv & ~allowed) != 0 || (frame->opcode >= 3 && frame->opcode <= 7) ||
         frame->opcode >= 11 || frame->is_masked == conn->options->is_client ||
         (frame->n_length_octets == 2 && frame->len < 126) ||
         (frame->n_length_octets == 8 && (frame->len < 65536 || frame->len >> 63 != 0)) ||
         (is_control && (!frame->fin || frame->len > CONTROL_MAX));
}

/* Section 5.4, and the limits of this endpoint. 0, or the status code. */
static uint16_t judge_data_header(struct plain_conn *conn, const struct plain_frame *frame) {
  bool continues = frame->opcode == 0;
  if (continues != conn->is_open) {
    return PROTOCOL_ERROR;
  }
  if (!continues) {
    conn->is_open = true;
    conn->is_text = frame->opcode == 1;
    conn->is_odd = frame->rsv != 0;
    conn->message_len = conn->n_fragments = 0;
    conn->message.len = conn->text_len = 0;
  }
  conn->n_fragments++;
  conn->message_len += conn->is_odd ? 0 : frame->len;
  if (frame->len > conn->options->frame_max || conn->n_fragments > conn->options->fragments_max ||
      (!conn->is_odd && conn->message_len > conn->options->message_max)) {
    return TOO_BIG;
  }
  return 0;
}

/* Section 8.1: whether no text begins with the message so far, or if it is `whole`, is it. What was
 * found to be whole code points before is not looked at again. */
static bool is_text_wrong(struct plain_conn *conn, bool is_whole) {
  bool may_end;
  const uint8_t *octets = conn->message.data + conn->text_len;
  size_t len = conn->message.len - conn->text_len;
  if (utf8_first_wrong(octets, len, &may_end) < len || (is_whole && !may_end)) {
    return true;
  }
  conn->text_len = conn->message.len;
  while (!may_end) { /* back to the lead of the last code point, which is cut */
    may_end = conn->message.data[--conn->text_len] >> 6 != 2;
  }
  return false;
}

static uint16_t read_data(struct plain_conn *conn, const struct plain_frame *frame) {
  size_t len = frame->len < conn->left ? (size_t)frame->len : conn->left;
  uint8_t *out = fuzz_log_reserve(&conn->message, len);
  for (size_t i = 0; i < len; i++) {
    out[i] = next(conn) ^ frame->key[i % 4];
  }
  bool is_whole = len == frame->len && frame->fin;
  if (conn->message.len > conn->options->message_max) {
    return TOO_BIG; /* with RSV1, where the header could not tell */
  }
  if (conn->is_text && conn->options->check_utf8 && is_text_wrong(conn, is_whole)) {
    return INVALID_DATA;
  }
  if (is_whole) {
    fuzz_sink_data(conn->sink, conn->is_text, conn->message.data, conn->message.len, true);
    conn->is_open = false;
  }
  return 0;
}

/* Section 7.4, with the codes that IANA has registered since. */
static bool may_be_sent(unsigned status_code) {
  return (status_code >= 1000 && status_code <= 1003) ||
         (status_code >= 1007 && status_code <= 1014) ||
         (status_code >= 3000 && status_code <= 4999);
}

static uint16_t take_close(struct plain_conn *conn, const uint8_t *body, size_t len) {
  if (len == 0) {
    fuzz_sink_close(conn->sink, 1005, NULL, 0);
    return 0;
  }
  unsigned status_code = len == 1 ? 0 : (unsigned)(body[0] << 8 | body[1]);
  if (!may_be_sent(status_code)) {
    return PROTOCOL_ERROR;
  }
  bool may_end;
  if (utf8_first_wrong(body + 2, len - 2, &may_end) < len - 2 || !may_end) {
    return INVALID_DATA;
  }
  fuzz_sink_close(conn->sink, (uint16_t)status_code, body + 2, len - 2);
  return 0;
}

/* Section 5.5: a control frame whose payload is there. */
static uint16_t read_control(struct plain_conn *conn, const struct plain_frame *frame,
                             bool *closed) {
  uint8_t body[CONTROL_MAX];
  for (unsigned i = 0; i < frame->len; i++) {
    body[i] = next(conn) ^ frame->key[i % 4];
  }
  if (frame->opcode == 8) {
    uint16_t status_code = take_close(conn, body, (size_t)frame->len);
    *closed = status_code == 0;
    return status_code;
  }
  if (frame->opcode == 9) {
    fuzz_sink_ping(conn->sink, body, (size_t)frame->len);
  } else {
    fuzz_sink_pong(conn->sink, body, (size_t)frame->len);
  }
  return 0;
}

/* One frame; false at the end of what can be read. */
static bool read_frame(struct plain_conn *conn, uint16_t *status_code, bool *closed) {
  struct plain_frame frame;
  if (!read_header(conn, &frame)) {
    return false;
  }
  if (is_header_wrong(conn, &frame)) {
    *status_code = PROTOCOL_ERROR;
  } else if (frame.opcode < 8) {
    *status_code = judge_data_header(conn, &frame);
    if (*status_code == 0) {
      *status_code = read_data(conn, &frame);
    }
  } else if (frame.len <= conn->left) {
    *status_code = read_control(conn, &frame, closed);
  } else {
    return false;
  }
  return *status_code == 0 && !*closed;
}

uint16_t plain_conn_read(const struct plain_options *options, const uint8_t *octets, size_t len,
                         struct fuzz_sink *sink, bool *closed) {
  static struct fuzz_log message; /* for its memory alone */
  struct plain_conn conn = {
      .options = options, .octets = octets, .left = len, .sink = sink, .message = message};
  uint16_t status_code = 0;
  *closed = false;
  while (read_frame(&conn, &status_code, closed)) {
  }
  message = conn.message;
  return status_code;
}
