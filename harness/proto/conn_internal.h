/* conn_internal: the inside of struct wspec_conn, shared by the conn*.c files alone. */
#ifndef WSPEC_PROTO_CONN_INTERNAL_H
#define WSPEC_PROTO_CONN_INTERNAL_H

#include "base/rng.h"
#include "proto/conn.h"
#include "proto/utf8.h"

enum { WSPEC__KEPT_MAX = 1024 * 1024 };

/* What the next octet received is. */
enum wspec__receiving {
  WSPEC__RECEIVING_HEADER,
  WSPEC__RECEIVING_DATA,
  WSPEC__RECEIVING_CONTROL,
  WSPEC__RECEIVING_OVER /* of no interest: close frame received, failed, or end of TCP */
};

/* The message that is coming in. */
struct wspec__incoming {
  bool is_open;
  bool has_begun; /* an event with `begins` was given */
  bool is_compressed;
  uint8_t opcode;
  uint64_t len; /* declared by its headers, or inflated so far */
  uint64_t n_fragments;
  struct wspec_utf8 utf8;
};

/* The message that is going out. */
struct wspec__outgoing {
  bool is_open;
  bool is_compressed;
  enum wspec_opcode opcode;
  struct wspec_utf8 utf8;
};

struct wspec_conn {
  struct wspec_conn_options options;

  /* Receiving. `is_idle` is true only if the next octet starts a frame and no message is open:
   * wspec_conn_feed may then take a short cut. Only feed sets it; who changes that, clears it. */
  bool is_idle;
  uint8_t mask_bit;         /* of the peer's second octet */
  uint8_t short_header_len; /* of a header with the 7-bit length */
  uint8_t short_max;        /* the longest payload of such a frame that the short cut takes */
  uint16_t medium_max;      /* the same for the 16-bit length */
  uint64_t at;              /* offset of the next octet */
  enum wspec__receiving receiving;
  struct wspec_frame_decoder decoder;
  struct wspec_frame frame;
  uint64_t frame_at;     /* offset of the frame's first octet */
  uint64_t payload_done; /* octets of the frame's payload that were taken */
  struct wspec__incoming incoming;
  struct wspec_buf message;                         /* what was assembled or inflated */
  bool is_lent;                                     /* the last event borrows `message` */
  uint8_t control[WSPEC_FRAME_CONTROL_PAYLOAD_MAX]; /* payload of a control frame that is cut */

  /* Sending. */
  struct wspec_buf output;
  size_t output_at; /* the octets of `output` before it are sent */
  struct wspec_buf deflated;
  struct wspec__outgoing outgoing;
  struct wspec_rng rng;
  bool payload_is_owed; /* wspec_conn_send_header waits for its payload */
  bool pong_waits;
  uint8_t pong_len;
  uint8_t pong[WSPEC_FRAME_CONTROL_PAYLOAD_MAX];

  /* The end. */
  bool close_sent;
  bool close_received;
  bool has_failed;
  bool is_closed;
  uint16_t status_code; /* received */
  uint8_t reason_len;
  uint8_t reason[WSPEC_CLOSE_REASON_MAX]; /* received */
  struct wspec_violation violation;
};

/* wspec__conn_empty makes `buf` empty, and keeps a memory of moderate size for the next message. */
static inline void wspec__conn_empty(struct wspec_buf *buf) {
  if (buf->len > WSPEC__KEPT_MAX) {
    wspec_buf_clear(buf);
  } else {
    wspec_buf_reset(buf);
  }
}

/* wspec__conn_fail fails the connection (section 7.1.7): keeps `violation`, sends a close frame
 * unless one was sent, receives nothing more. Returns the violation's error. */
enum wspec_err wspec__conn_fail(struct wspec_conn *conn, const struct wspec_violation *violation);

/* wspec__conn_fail_internal fails the connection for no fault of the peer, with 1011. */
enum wspec_err wspec__conn_fail_internal(struct wspec_conn *conn, enum wspec_err err);

/* wspec__conn_receive_close takes the payload of a close frame: WSPEC_OK with the event filled, or
 * the error with which the connection has failed. */
enum wspec_err wspec__conn_receive_close(struct wspec_conn *conn, struct wspec_span payload,
                                         struct wspec_conn_event *event);

/* wspec__conn_may_send returns true while frames may still be sent. */
bool wspec__conn_may_send(const struct wspec_conn *conn);

/* wspec__conn_queue_control puts a whole control frame into the output. Errors as in conn.h. */
enum wspec_err wspec__conn_queue_control(struct wspec_conn *conn, enum wspec_opcode opcode,
                                         struct wspec_span payload);

/* wspec__conn_answer_ping queues the pong for a ping, or lets it wait for room in the output.
 * WSPEC_ERR_NOMEM. */
enum wspec_err wspec__conn_answer_ping(struct wspec_conn *conn, struct wspec_span payload);

#endif
