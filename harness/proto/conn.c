#include "proto/conn.h"

#include "proto/conn_internal.h"

#include <stdlib.h>

enum {
  MEBIBYTE = 1024 * 1024,
  CLOSE_FRAME_MAX = 2 + 4 + WSPEC_FRAME_CONTROL_PAYLOAD_MAX,

  /* What one piece of a streamed message that is compressed may inflate to: 1 KiB of deflate makes
   * at most 1032 KiB (258 octets from 2 bits), and what it held back before is little. */
  INFLATED_PIECE_MAX = 2 * MEBIBYTE
};

void wspec_conn_options_init(struct wspec_conn_options *options, bool is_client) {
  *options = (struct wspec_conn_options){.is_client = is_client,
                                         .assemble = true,
                                         .check_utf8 = true,
                                         .auto_pong = true,
                                         .auto_close = true,
                                         .message_max = 16 * MEBIBYTE,
                                         .frame_max = UINT64_MAX,
                                         .fragments_max = UINT64_MAX,
                                         .output_max = 32 * MEBIBYTE};
}

/* The longest payload that no limit forbids, at most `max`. */
static uint64_t payload_max(const struct wspec_conn_options *options, uint64_t max) {
  max = options->message_max < max ? options->message_max : max;
  return options->frame_max < max ? options->frame_max : max;
}

struct wspec_conn *wspec_conn_new(const struct wspec_conn_options *options) {
  struct wspec_conn *conn = calloc(1, sizeof *conn);
  if (!conn) {
    return NULL;
  }
  conn->options = *options;
  conn->mask_bit = options->is_client ? 0 : 0x80;
  conn->short_header_len = options->is_client ? 2 : 6;
  conn->short_max = (uint8_t)payload_max(options, WSPEC_FRAME_CONTROL_PAYLOAD_MAX);
  conn->medium_max = (uint16_t)payload_max(options, UINT16_MAX);
  conn->is_idle = options->fragments_max > 0;
  uint64_t message_max = options->message_max;
  if (!options->assemble && message_max > INFLATED_PIECE_MAX) {
    message_max = INFLATED_PIECE_MAX;
  }
  wspec_buf_init(&conn->message, message_max < SIZE_MAX ? (size_t)message_max : SIZE_MAX);
  size_t output_max = options->output_max;
  if (output_max > SIZE_MAX / 2) {
    output_max = SIZE_MAX / 2;
    conn->options.output_max = output_max;
  }
  /* The half is for octets that are sent and have not made way yet: extend_output. */
  wspec_buf_init(&conn->output, output_max + output_max / 2 + CLOSE_FRAME_MAX);
  wspec_buf_init(&conn->deflated, output_max);
  conn->rng.state = options->masking_seed;
  conn->status_code = WSPEC_CLOSE_ABNORMAL;
  return conn;
}

void wspec_conn_free(struct wspec_conn *conn) {
  if (!conn) {
    return;
  }
  wspec_buf_clear(&conn->message);
  wspec_buf_clear(&conn->output);
  wspec_buf_clear(&conn->deflated);
  free(conn);
}

void wspec_conn_eof(struct wspec_conn *conn) {
  conn->is_closed = true;
  conn->is_idle = false;
  conn->receiving = WSPEC__RECEIVING_OVER;
}

const struct wspec_violation *wspec_conn_violation(const struct wspec_conn *conn) {
  return conn->has_failed ? &conn->violation : NULL;
}

enum wspec_conn_state wspec_conn_state(const struct wspec_conn *conn) {
  if (conn->is_closed) {
    return WSPEC_CONN_CLOSED;
  }
  bool is_open = !conn->close_sent && !conn->close_received && !conn->has_failed;
  return is_open ? WSPEC_CONN_OPEN : WSPEC_CONN_CLOSING;
}

enum wspec_conn_next wspec_conn_next(const struct wspec_conn *conn) {
  if (conn->is_closed || conn->has_failed) {
    return WSPEC_CONN_CLOSE_TCP;
  }
  if (conn->close_sent && conn->close_received) {
    return conn->options.is_client ? WSPEC_CONN_AWAIT_EOF : WSPEC_CONN_CLOSE_TCP;
  }
  return WSPEC_CONN_READ;
}

struct wspec_conn_outcome wspec_conn_outcome(const struct wspec_conn *conn) {
  return (struct wspec_conn_outcome){.status_code = conn->status_code,
                                     .reason = wspec_span_of(conn->reason, conn->reason_len),
                                     .was_clean = conn->close_sent && conn->close_received};
}
