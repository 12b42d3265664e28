/* conn_send: calls of the application to octets (RFC 6455 section 6.1). */
#include "proto/conn_internal.h"
#include "proto/mask.h"

#include <string.h>

bool wspec__conn_may_send(const struct wspec_conn *conn) {
  return !conn->close_sent && !conn->has_failed && !conn->is_closed && !conn->payload_is_owed;
}

/* Makes `frame` ours: masked with a fresh key in a client (sections 5.1 and 5.3). */
static void mask_by_role(struct wspec_conn *conn, struct wspec_frame *frame) {
  if (!conn->options.is_client) {
    return;
  }
  frame->masked = true;
  if (conn->options.fill_random) {
    conn->options.fill_random(conn->options.random_context, frame->masking_key, 4);
  } else {
    wspec_rng_fill(&conn->rng, frame->masking_key, 4);
  }
}

/* Only a close frame may use the room beyond output_max: it is the last one sent. */
static bool has_room(const struct wspec_conn *conn, uint8_t opcode, size_t len) {
  size_t max = opcode == WSPEC_OPCODE_CLOSE ? conn->output.ceiling : conn->options.output_max;
  size_t waiting = conn->output.len - conn->output_at;
  return waiting <= max && len <= max - waiting;
}

/* Makes room for `len` octets behind the output, which has_room has granted: where the ceiling of
 * the buffer is near, the octets that are sent make way. */
static enum wspec_err extend_output(struct wspec_conn *conn, size_t len, uint8_t **out) {
  if (len > conn->output.ceiling - conn->output.len) {
    wspec_buf_consume(&conn->output, conn->output_at);
    conn->output_at = 0;
  }
  return wspec_buf_reserve(&conn->output, len, out);
}

/* Puts a frame with its payload into the output. */
static enum wspec_err queue_frame(struct wspec_conn *conn, struct wspec_frame *frame,
                                  struct wspec_span payload) {
  frame->payload_len = payload.len;
  if (payload.len > SIZE_MAX - WSPEC_FRAME_HEADER_MAX) {
    return WSPEC_ERR_LIMIT;
  }
  mask_by_role(conn, frame);
  uint8_t header[WSPEC_FRAME_HEADER_MAX];
  size_t header_len = wspec_frame_encode(frame, header);
  if (!has_room(conn, frame->opcode, header_len + payload.len)) {
    return WSPEC_ERR_LIMIT;
  }
  uint8_t *out;
  enum wspec_err err = extend_output(conn, header_len + payload.len, &out);
  if (err) {
    return err;
  }
  memcpy(out, header, header_len);
  if (frame->masked) {
    wspec_mask_copy(out + header_len, payload.data, payload.len, frame->masking_key, 0);
  } else if (payload.len > 0) {
    memcpy(out + header_len, payload.data, payload.len);
  }
  return WSPEC_OK;
}

enum wspec_err wspec__conn_queue_control(struct wspec_conn *conn, enum wspec_opcode opcode,
                                         struct wspec_span payload) {
  struct wspec_frame frame = {.fin = true, .opcode = (uint8_t)opcode};
  return queue_frame(conn, &frame, payload);
}

/* ---- data ---- */

/* Checks that `opcode` may come next, and gives the state that holds once it is sent. */
static enum wspec_err plan(const struct wspec_conn *conn, enum wspec_opcode opcode, bool fin,
                           struct wspec__outgoing *next) {
  if (!wspec__conn_may_send(conn) ||
      (opcode != WSPEC_OPCODE_TEXT && opcode != WSPEC_OPCODE_BINARY)) {
    return WSPEC_ERR_MISUSE;
  }
  if (!conn->outgoing.is_open) {
    *next = (struct wspec__outgoing){.opcode = opcode};
  } else if (conn->outgoing.opcode == opcode) {
    *next = conn->outgoing; /* section 5.4: all fragments share the type */
  } else {
    return WSPEC_ERR_MISUSE;
  }
  next->is_open = !fin;
  return WSPEC_OK;
}

static enum wspec_err check_text(struct wspec__outgoing *next, struct wspec_span payload) {
  if (next->opcode != WSPEC_OPCODE_TEXT) {
    return WSPEC_OK;
  }
  if (wspec_utf8_feed(&next->utf8, payload, NULL) ||
      (!next->is_open && wspec_utf8_end(&next->utf8))) {
    return WSPEC_ERR_MISUSE;
  }
  return WSPEC_OK;
}

static struct wspec_frame frame_of(const struct wspec_conn *conn,
                                   const struct wspec__outgoing *next) {
  bool is_first = !conn->outgoing.is_open;
  return (struct wspec_frame){.fin = !next->is_open,
                              .opcode = is_first ? (uint8_t)next->opcode
                                                 : (uint8_t)WSPEC_OPCODE_CONTINUATION,
                              .rsv = is_first && next->is_compressed ? WSPEC_RSV1 : 0};
}

/* An upper bound of what deflate makes of `len` octets: the widest of zlib's own bounds. */
static size_t deflate_bound(size_t len) {
  return len + len / 8 + len / 64 + 64;
}

/* Compresses `payload` and queues it. There is no way back once the compressor has seen it: room is
 * made sure of first, and an error behind that point ends the connection. */
static enum wspec_err queue_deflated(struct wspec_conn *conn, struct wspec_frame *frame,
                                     struct wspec_span payload) {
  if (payload.len > SIZE_MAX / 2 ||
      !has_room(conn, frame->opcode, WSPEC_FRAME_HEADER_MAX + deflate_bound(payload.len))) {
    return WSPEC_ERR_LIMIT;
  }
  wspec_buf_reset(&conn->deflated);
  const struct wspec_conn_codec *codec = &conn->options.codec;
  enum wspec_err err = codec->deflate(codec->context, payload, frame->fin, &conn->deflated);
  if (!err) {
    err = queue_frame(conn, frame, wspec_buf_span(&conn->deflated));
  }
  return err ? wspec__conn_fail_internal(conn, err) : WSPEC_OK;
}

static bool wants_deflate(const struct wspec_conn *conn, bool fin, size_t len) {
  return conn->options.codec.deflate && (!fin || len >= conn->options.deflate_min);
}

enum wspec_err wspec_conn_send_fragment(struct wspec_conn *conn, enum wspec_opcode opcode,
                                        struct wspec_span payload, bool fin) {
  struct wspec__outgoing next;
  enum wspec_err err = plan(conn, opcode, fin, &next);
  if (!err && conn->options.check_utf8) {
    err = check_text(&next, payload);
  }
  if (err) {
    return err;
  }
  if (!conn->outgoing.is_open) {
    next.is_compressed = wants_deflate(conn, fin, payload.len);
  }
  struct wspec_frame frame = frame_of(conn, &next);
  err = next.is_compressed ? queue_deflated(conn, &frame, payload)
                           : queue_frame(conn, &frame, payload);
  if (!err) {
    conn->outgoing = next;
  }
  return err;
}

enum wspec_err wspec_conn_send(struct wspec_conn *conn, enum wspec_opcode opcode,
                               struct wspec_span payload) {
  if (conn->outgoing.is_open) {
    return WSPEC_ERR_MISUSE;
  }
  return wspec_conn_send_fragment(conn, opcode, payload, true);
}

enum wspec_err wspec_conn_send_header(struct wspec_conn *conn, enum wspec_opcode opcode,
                                      uint64_t payload_len, bool fin, uint8_t masking_key[4]) {
  struct wspec__outgoing next;
  enum wspec_err err = plan(conn, opcode, fin, &next);
  if (err || next.is_compressed || payload_len > INT64_MAX ||
      (conn->options.is_client && !masking_key)) {
    return WSPEC_ERR_MISUSE;
  }
  struct wspec_frame frame = frame_of(conn, &next);
  frame.payload_len = payload_len;
  mask_by_role(conn, &frame);
  uint8_t header[WSPEC_FRAME_HEADER_MAX];
  size_t header_len = wspec_frame_encode(&frame, header);
  if (!has_room(conn, frame.opcode, header_len)) {
    return WSPEC_ERR_LIMIT;
  }
  uint8_t *out;
  err = extend_output(conn, header_len, &out);
  if (err) {
    return err;
  }
  memcpy(out, header, header_len);
  if (masking_key) {
    memcpy(masking_key, frame.masking_key, 4);
  }
  conn->outgoing = next;
  conn->payload_is_owed = payload_len > 0;
  conn->is_idle = false;
  return WSPEC_OK;
}

/* ---- control ---- */

static enum wspec_err send_control(struct wspec_conn *conn, enum wspec_opcode opcode,
                                   struct wspec_span payload) {
  if (!wspec__conn_may_send(conn) || payload.len > WSPEC_FRAME_CONTROL_PAYLOAD_MAX) {
    return WSPEC_ERR_MISUSE;
  }
  return wspec__conn_queue_control(conn, opcode, payload);
}

enum wspec_err wspec_conn_ping(struct wspec_conn *conn, struct wspec_span payload) {
  return send_control(conn, WSPEC_OPCODE_PING, payload);
}

enum wspec_err wspec_conn_pong(struct wspec_conn *conn, struct wspec_span payload) {
  return send_control(conn, WSPEC_OPCODE_PONG, payload);
}

/* Queues the pong that waits, if it may be sent and has room. */
static enum wspec_err release_pong(struct wspec_conn *conn) {
  if (!conn->pong_waits || !wspec__conn_may_send(conn)) {
    return WSPEC_OK;
  }
  enum wspec_err err =
      wspec__conn_queue_control(conn, WSPEC_OPCODE_PONG, wspec_span_of(conn->pong, conn->pong_len));
  if (err == WSPEC_ERR_LIMIT) {
    return WSPEC_OK;
  }
  conn->pong_waits = err != WSPEC_OK;
  return err;
}

enum wspec_err wspec__conn_answer_ping(struct wspec_conn *conn, struct wspec_span payload) {
  /* Section 5.5.3: a later ping may take the place of one that is not answered yet. So a peer that
   * pings and never reads cannot make the output grow. */
  conn->pong_waits = true;
  conn->pong_len = (uint8_t)payload.len;
  if (payload.len > 0) {
    memcpy(conn->pong, payload.data, payload.len);
  }
  return release_pong(conn);
}

/* ---- output ---- */

struct wspec_span wspec_conn_output(const struct wspec_conn *conn) {
  return wspec_span_from(wspec_buf_span(&conn->output), conn->output_at);
}

void wspec_conn_output_sent(struct wspec_conn *conn, size_t len) {
  size_t waiting = conn->output.len - conn->output_at;
  conn->output_at += len < waiting ? len : waiting;
  if (conn->output_at == conn->output.len) {
    wspec__conn_empty(&conn->output);
    conn->output_at = 0;
    conn->payload_is_owed = false;
  }
  enum wspec_err err = release_pong(conn);
  (void)err; /* without memory it goes on waiting */
}
