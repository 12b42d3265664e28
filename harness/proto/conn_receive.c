/* conn_receive: octets to events (RFC 6455 section 6.2). */
#include "proto/conn_internal.h"
#include "proto/mask.h"

#include <string.h>

enum {
  FIN_TEXT = 0x80 | WSPEC_OPCODE_TEXT,
  FIN_BINARY = 0x80 | WSPEC_OPCODE_BINARY,

  /* A compressed message that is streamed is inflated this many octets at a time, which bounds the
   * pieces: see INFLATED_PIECE_MAX in conn.c. */
  INFLATE_STEP = 1024
};

/* What a step of feeding came to. */
enum step { STEP_AGAIN, STEP_EVENT, STEP_NEED_MORE, STEP_FAILED };

/* The octets that were fed. */
struct input {
  uint8_t *octets;
  size_t len;
};

static void take(struct wspec_conn *conn, struct input *in, size_t len) {
  in->octets += len;
  in->len -= len;
  conn->at += len;
}

static enum step fail(struct wspec_conn *conn, uint64_t octet_offset, uint16_t status_code,
                      const char *requirement, const char *sentence) {
  enum wspec_err err = WSPEC_ERR_PROTOCOL;
  if (status_code == WSPEC_CLOSE_TOO_BIG) {
    err = WSPEC_ERR_LIMIT;
  } else if (status_code == WSPEC_CLOSE_INVALID_DATA) {
    err = WSPEC_ERR_UTF8;
  }
  (void)wspec__conn_fail(conn, &(struct wspec_violation){.err = err,
                                                         .status_code = status_code,
                                                         .requirement = requirement,
                                                         .sentence = sentence,
                                                         .octet_offset = octet_offset});
  return STEP_FAILED;
}

/* Combines the next octets of the frame's payload with the key, if it is masked; returns true if
 * they are known to be ASCII. `out` is where they lie, or a copy of its own. */
static bool unmask(const struct wspec_conn *conn, uint8_t *out, const uint8_t *octets, size_t len) {
  if (conn->frame.masked) {
    return wspec_mask_copy_ascii(out, octets, len, conn->frame.masking_key, conn->payload_done);
  }
  if (out != octets && len > 0) {
    memcpy(out, octets, len);
  }
  return len == 0;
}

/* ---- headers ---- */

static enum step fail_header(struct wspec_conn *conn, unsigned faults) {
  enum wspec_frame_fault first = (enum wspec_frame_fault)(faults & (~faults + 1));
  const char *sentence;
  const char *requirement = wspec_frame_fault_requirement(first, &sentence);
  return fail(conn, conn->frame_at, WSPEC_CLOSE_PROTOCOL_ERROR, requirement, sentence);
}

static enum step judge_limits(struct wspec_conn *conn) {
  const struct wspec_conn_options *options = &conn->options;
  const struct wspec__incoming *incoming = &conn->incoming;
  const char *sentence = NULL;
  if (conn->frame.payload_len > options->frame_max) {
    sentence = "a frame is longer than this endpoint takes";
  } else if (!incoming->is_compressed &&
             conn->frame.payload_len > options->message_max - incoming->len) {
    sentence = "a message is longer than this endpoint takes";
  } else if (incoming->n_fragments >= options->fragments_max) {
    sentence = "a message has more fragments than this endpoint takes";
  }
  if (!sentence) {
    return STEP_AGAIN;
  }
  return fail(conn, conn->frame_at, WSPEC_CLOSE_TOO_BIG, "6455-10.4-01", sentence);
}

/* Takes a data frame's header into the message: section 5.4. */
static enum step accept_data_header(struct wspec_conn *conn) {
  struct wspec__incoming *incoming = &conn->incoming;
  bool is_continuation = conn->frame.opcode == WSPEC_OPCODE_CONTINUATION;
  if (is_continuation && !incoming->is_open) {
    return fail(conn, conn->frame_at, WSPEC_CLOSE_PROTOCOL_ERROR, "6455-5.4-02",
                "a continuation frame has no message to continue");
  }
  if (!is_continuation && incoming->is_open) {
    return fail(conn, conn->frame_at, WSPEC_CLOSE_PROTOCOL_ERROR, "6455-5.4-07",
                "a message begins before the fragmented one has ended");
  }
  if (!is_continuation) {
    *incoming = (struct wspec__incoming){.is_open = true,
                                         .opcode = conn->frame.opcode,
                                         .is_compressed = (conn->frame.rsv & WSPEC_RSV1) != 0};
  }
  enum step step = judge_limits(conn);
  if (step == STEP_AGAIN) {
    incoming->n_fragments++;
    if (!incoming->is_compressed) {
      incoming->len += conn->frame.payload_len;
    }
    conn->receiving = WSPEC__RECEIVING_DATA;
  }
  return step;
}

static enum step receive_header(struct wspec_conn *conn, struct input *in) {
  if (conn->decoder.len == 0) {
    conn->frame_at = conn->at;
  }
  size_t used;
  enum wspec_err err =
      wspec_frame_decode(&conn->decoder, wspec_span_of(in->octets, in->len), &used, &conn->frame);
  take(conn, in, used);
  if (err) {
    return STEP_NEED_MORE;
  }
  uint8_t allowed_rsv = conn->options.codec.inflate ? WSPEC_RSV1 : 0;
  unsigned faults = wspec_frame_check(&conn->frame, !conn->options.is_client, allowed_rsv);
  if (faults != 0) {
    return fail_header(conn, faults);
  }
  conn->payload_done = 0;
  if (wspec_opcode_is_control(conn->frame.opcode)) {
    conn->receiving = WSPEC__RECEIVING_CONTROL;
    return STEP_AGAIN;
  }
  return accept_data_header(conn);
}

/* ---- data ---- */

static enum step fail_text(struct wspec_conn *conn, uint64_t octet_offset) {
  return fail(conn, octet_offset, WSPEC_CLOSE_INVALID_DATA, "6455-5.6-01",
              "a text message is not valid UTF-8");
}

/* Validates the next piece of a message, which starts at conn->at on the wire. */
static enum step judge_text(struct wspec_conn *conn, struct wspec_span piece, bool is_ascii) {
  struct wspec__incoming *incoming = &conn->incoming;
  if (incoming->opcode != WSPEC_OPCODE_TEXT || !conn->options.check_utf8 ||
      (is_ascii && incoming->utf8.missing == 0)) {
    return STEP_AGAIN;
  }
  size_t wrong = 0;
  if (wspec_utf8_feed(&incoming->utf8, piece, &wrong) == WSPEC_OK) {
    return STEP_AGAIN;
  }
  /* Inflated octets have no place of their own on the wire. Their piece has, but where that begins
   * is up to the portions in which TCP delivers, so the frame is named. */
  return fail_text(conn, incoming->is_compressed ? conn->frame_at : conn->at + wrong);
}

/* Closes the frame and the message behind a piece that has been taken, and makes the event if one
 * is due. `piece` is what is new; an assembled message is given from conn->message instead. */
static enum step finish_piece(struct wspec_conn *conn, struct wspec_span piece,
                              struct wspec_conn_event *event) {
  struct wspec__incoming *incoming = &conn->incoming;
  bool frame_ends = conn->payload_done == conn->frame.payload_len;
  bool ends = frame_ends && conn->frame.fin;
  if (frame_ends) {
    conn->receiving = WSPEC__RECEIVING_HEADER;
  }
  if (ends) {
    if (wspec_utf8_end(&incoming->utf8)) {
      return fail_text(conn, conn->at);
    }
    incoming->is_open = false;
  } else if (conn->options.assemble || (piece.len == 0 && incoming->has_begun)) {
    return STEP_AGAIN;
  }
  event->type = WSPEC_CONN_MESSAGE;
  event->opcode = incoming->opcode;
  event->begins = !incoming->has_begun;
  event->ends = ends;
  event->payload = piece;
  if (conn->message.len > 0) {
    event->payload = wspec_buf_span(&conn->message);
    conn->is_lent = true;
  }
  incoming->has_begun = true;
  return STEP_EVENT;
}

/* Gives the next `len` octets of the payload to the caller where they lie. */
static enum step lend_piece(struct wspec_conn *conn, struct input *in, size_t len,
                            struct wspec_conn_event *event) {
  struct wspec_span piece = wspec_span_of(in->octets, len);
  bool is_ascii = unmask(conn, in->octets, in->octets, len);
  enum step step = judge_text(conn, piece, is_ascii);
  if (step != STEP_AGAIN) {
    return step;
  }
  take(conn, in, len);
  conn->payload_done += len;
  return finish_piece(conn, piece, event);
}

/* Adds the next `len` octets of the payload to the message: one pass, unmasking on the way. */
static enum step assemble_piece(struct wspec_conn *conn, struct input *in, size_t len,
                                struct wspec_conn_event *event) {
  uint8_t *out;
  enum wspec_err err = wspec_buf_reserve(&conn->message, len, &out);
  if (err) {
    (void)wspec__conn_fail_internal(conn, err);
    return STEP_FAILED;
  }
  bool is_ascii = unmask(conn, out, in->octets, len);
  enum step step = judge_text(conn, wspec_span_of(out, len), is_ascii);
  if (step != STEP_AGAIN) {
    return step;
  }
  take(conn, in, len);
  conn->payload_done += len;
  return finish_piece(conn, (struct wspec_span){NULL, 0}, event);
}

static enum step fail_inflate(struct wspec_conn *conn, enum wspec_err err) {
  struct wspec_violation violation = {.err = err, .octet_offset = conn->frame_at};
  if (err == WSPEC_ERR_LIMIT) {
    violation.status_code = WSPEC_CLOSE_TOO_BIG;
    violation.requirement = "6455-10.4-01";
    violation.sentence = "a message inflates to more than this endpoint takes";
  } else if (err == WSPEC_ERR_DEFLATE) {
    violation.status_code = WSPEC_CLOSE_INVALID_DATA;
    violation.requirement = "7692-7.2.1-01";
    violation.sentence = "a compressed message is not a valid deflate stream";
  } else {
    (void)wspec__conn_fail_internal(conn, err);
    return STEP_FAILED;
  }
  (void)wspec__conn_fail(conn, &violation);
  return STEP_FAILED;
}

/* Adds to the message what the next `len` octets of the payload inflate to. */
static enum step inflate_piece(struct wspec_conn *conn, struct input *in, size_t len,
                               struct wspec_conn_event *event) {
  struct wspec__incoming *incoming = &conn->incoming;
  if (!conn->options.assemble && len > INFLATE_STEP) {
    len = INFLATE_STEP;
  }
  (void)unmask(conn, in->octets, in->octets, len);
  bool ends = conn->frame.fin && conn->payload_done + len == conn->frame.payload_len;
  size_t before = conn->message.len;
  const struct wspec_conn_codec *codec = &conn->options.codec;
  enum wspec_err err =
      codec->inflate(codec->context, wspec_span_of(in->octets, len), ends, &conn->message);
  struct wspec_span piece = wspec_span_from(wspec_buf_span(&conn->message), before);
  uint64_t room = conn->options.message_max - incoming->len;
  /* Of several faults the one that comes first in the message counts: which that is, is not up to
   * the portions of TCP. */
  if (piece.len > room) {
    err = WSPEC_ERR_LIMIT;
    piece.len = (size_t)room;
  }
  if (!err || err == WSPEC_ERR_LIMIT || err == WSPEC_ERR_DEFLATE) {
    enum step step = judge_text(conn, piece, false);
    if (step != STEP_AGAIN) {
      return step;
    }
  }
  if (err) {
    return fail_inflate(conn, err);
  }
  incoming->len += piece.len;
  take(conn, in, len);
  conn->payload_done += len;
  return finish_piece(conn, piece, event);
}

static enum step receive_data(struct wspec_conn *conn, struct input *in,
                              struct wspec_conn_event *event) {
  uint64_t left = conn->frame.payload_len - conn->payload_done;
  size_t len = in->len < left ? in->len : (size_t)left;
  if (len == 0 && left > 0) {
    return STEP_NEED_MORE;
  }
  if (conn->incoming.is_compressed) {
    return inflate_piece(conn, in, len, event);
  }
  bool is_whole_message =
      conn->frame.fin && conn->incoming.n_fragments == 1 && conn->payload_done == 0 && len == left;
  if (conn->options.assemble && !is_whole_message) {
    return assemble_piece(conn, in, len, event);
  }
  return lend_piece(conn, in, len, event);
}

/* ---- control frames ---- */

static enum step finish_control(struct wspec_conn *conn, struct wspec_span payload,
                                struct wspec_conn_event *event) {
  conn->receiving = WSPEC__RECEIVING_HEADER;
  if (conn->frame.opcode == WSPEC_OPCODE_CLOSE) {
    return wspec__conn_receive_close(conn, payload, event) ? STEP_FAILED : STEP_EVENT;
  }
  event->type = WSPEC_CONN_PONG;
  event->payload = payload;
  if (conn->frame.opcode == WSPEC_OPCODE_PING) {
    event->type = WSPEC_CONN_PING;
    enum wspec_err err =
        conn->options.auto_pong ? wspec__conn_answer_ping(conn, payload) : WSPEC_OK;
    if (err) {
      (void)wspec__conn_fail_internal(conn, err);
      return STEP_FAILED;
    }
  }
  return STEP_EVENT;
}

static enum step receive_control(struct wspec_conn *conn, struct input *in,
                                 struct wspec_conn_event *event) {
  size_t done = (size_t)conn->payload_done;
  size_t left = (size_t)conn->frame.payload_len - done;
  size_t len = in->len < left ? in->len : left;
  bool is_whole = done == 0 && len == left;
  uint8_t *out = is_whole ? in->octets : conn->control + done;
  (void)unmask(conn, out, in->octets, len);
  take(conn, in, len);
  conn->payload_done += len;
  if (len < left) {
    return STEP_NEED_MORE;
  }
  uint8_t *payload = is_whole ? out : conn->control;
  return finish_control(conn, wspec_span_of(payload, (size_t)conn->frame.payload_len), event);
}

/* ---- feeding ---- */

/* Takes back what the last event has borrowed. */
static void end_loan(struct wspec_conn *conn) {
  if (!conn->is_lent) {
    return;
  }
  conn->is_lent = false;
  wspec__conn_empty(&conn->message);
}

static enum step take_step(struct wspec_conn *conn, struct input *in,
                           struct wspec_conn_event *event) {
  switch (conn->receiving) {
  case WSPEC__RECEIVING_HEADER:
    return receive_header(conn, in);
  case WSPEC__RECEIVING_DATA:
    return receive_data(conn, in, event);
  case WSPEC__RECEIVING_CONTROL:
    return receive_control(conn, in, event);
  case WSPEC__RECEIVING_OVER:
    break;
  }
  return STEP_FAILED;
}

static bool is_idle(const struct wspec_conn *conn) {
  return conn->receiving == WSPEC__RECEIVING_HEADER && conn->decoder.len == 0 &&
         !conn->incoming.is_open && conn->options.fragments_max > 0;
}

/* The long way. Kept out of line, like what only failing takes, so that the short cut stays as
 * small as it is plain. */
__attribute__((noinline)) static enum wspec_err feed_any(struct wspec_conn *conn, uint8_t *octets,
                                                         size_t len, size_t *consumed,
                                                         struct wspec_conn_event *event) {
  if (conn->payload_is_owed) {
    *consumed = 0;
    return WSPEC_ERR_MISUSE;
  }
  end_loan(conn);
  struct input in = {octets, len};
  enum step step;
  do { /* each turn takes at least an octet, or ends a frame */
    step = take_step(conn, &in, event);
  } while (step == STEP_AGAIN);
  conn->is_idle = is_idle(conn);
  if (step == STEP_EVENT) {
    *consumed = len - in.len;
    return WSPEC_OK;
  }
  *consumed = len;
  if (step == STEP_NEED_MORE) {
    return WSPEC_ERR_NEED_MORE;
  }
  return conn->has_failed ? conn->violation.err : WSPEC_ERR_END;
}

/* Text that ends at conn->at, unmasked by the short cut and not ASCII. */
__attribute__((noinline)) static enum wspec_err
judge_plain_text(struct wspec_conn *conn, struct wspec_span text, size_t len, size_t *consumed) {
  struct wspec_utf8 utf8 = {0};
  size_t wrong = text.len; /* of a last code point that is cut */
  if (wspec_utf8_is_valid(text)) {
    return WSPEC_OK;
  }
  enum wspec_err err = wspec_utf8_feed(&utf8, text, &wrong);
  (void)err; /* the answer is known, and only the place is asked for */
  conn->at -= text.len;
  (void)fail_text(conn, conn->at + wrong);
  *consumed = len;
  return conn->violation.err;
}

/* Gives away a whole message in one frame that lies at `octets`, with nothing odd in its header.
 * The payload is touched last: then little has to be remembered over the calls for that. */
static inline enum wspec_err lend_plain(struct wspec_conn *conn, uint8_t *octets, size_t header_len,
                                        size_t payload_len, size_t len, size_t *consumed,
                                        struct wspec_conn_event *event) {
  uint8_t *payload = octets + header_len;
  bool is_text = octets[0] == FIN_TEXT;
  *consumed = header_len + payload_len;
  conn->at += header_len + payload_len;
  event->type = WSPEC_CONN_MESSAGE;
  event->opcode = is_text ? WSPEC_OPCODE_TEXT : WSPEC_OPCODE_BINARY;
  event->begins = true;
  event->ends = true;
  event->payload = wspec_span_of(payload, payload_len);
  bool is_ascii = false;
  if (conn->mask_bit != 0) {
    const uint8_t *masking_key = payload - 4;
    is_ascii = wspec_mask_ascii(payload, payload_len, masking_key, 0);
  }
  if (!is_text || is_ascii || !conn->options.check_utf8) {
    return WSPEC_OK;
  }
  return judge_plain_text(conn, wspec_span_of(payload, payload_len), len, consumed);
}

/* The short cut for frames with the 16-bit length; any others are sent on the long way. */
__attribute__((noinline)) static enum wspec_err feed_medium(struct wspec_conn *conn,
                                                            uint8_t *octets, size_t len,
                                                            size_t *consumed,
                                                            struct wspec_conn_event *event) {
  if (len < 4 || (octets[1] ^ conn->mask_bit) != 126 ||
      (octets[0] != FIN_TEXT && octets[0] != FIN_BINARY)) {
    return feed_any(conn, octets, len, consumed, event);
  }
  size_t header_len = (size_t)conn->short_header_len + 2;
  size_t payload_len = (size_t)(octets[2] << 8 | octets[3]);
  if (payload_len <= WSPEC_FRAME_CONTROL_PAYLOAD_MAX || payload_len > conn->medium_max ||
      len < header_len + payload_len) {
    return feed_any(conn, octets, len, consumed, event);
  }
  return lend_plain(conn, octets, header_len, payload_len, len, consumed, event);
}

/* Most frames come whole and are a message each. They are recognised by their first octets and
 * given away on the spot; whatever is not as plain as that goes the long way. The 7-bit length, of
 * most frames by far, is looked at first. */
enum wspec_err wspec_conn_feed(struct wspec_conn *conn, uint8_t *octets, size_t len,
                               size_t *consumed, struct wspec_conn_event *event) {
  if (!conn->is_idle || len < 2) {
    return feed_any(conn, octets, len, consumed, event);
  }
  size_t header_len = conn->short_header_len;
  size_t payload_len = octets[1] ^ conn->mask_bit; /* over 127 with the wrong MASK bit */
  if (payload_len > conn->short_max || len < header_len + payload_len) {
    return feed_medium(conn, octets, len, consumed, event);
  }
  if (octets[0] != FIN_TEXT && octets[0] != FIN_BINARY) {
    return feed_any(conn, octets, len, consumed, event);
  }
  return lend_plain(conn, octets, header_len, payload_len, len, consumed, event);
}
