/* websocket_send: what the application sends, until the stream has taken it. */
#include "endpoint/websocket_internal.h"
#include "proto/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
  FRAGMENT_MAX = 64 * 1024,
  HIGH_WATER = 256 * 1024, /* octets in the stream beyond which the queue waits */
  FRAGMENTS_A_TURN = 64    /* so that a fast receiver does not keep the loop from all else */
};

/* ---- The queue ---- */

static bool is_closing(const struct wspec_websocket *socket) {
  return socket->state == WSPEC_WEBSOCKET_CLOSING || socket->state == WSPEC_WEBSOCKET_CLOSED;
}

/* What is sent leaves in the next turn of the loop, or when the handler is done: bufferedAmount does
 * not fall within the task that sends (WHATWG section 3.1). */
static void pump_soon(struct wspec_websocket *socket) {
  if (!socket->is_feeding) {
    wspec_timer_start(socket->resume, 0);
  }
}

/* Takes over `blob`. */
static enum wspec_err enqueue(struct wspec_websocket *socket, enum wspec_opcode opcode,
                              struct wspec_blob *blob) {
  struct wspec__queued *item = blob ? calloc(1, sizeof *item) : NULL;
  if (!item) {
    wspec_blob_free(blob);
    return WSPEC_ERR_NOMEM;
  }
  item->blob = blob;
  item->opcode = opcode;
  if (socket->last) {
    socket->last->next = item;
  } else {
    socket->first = item;
  }
  socket->last = item;
  socket->buffered += wspec_blob_len(blob);
  pump_soon(socket);
  return WSPEC_OK;
}

static enum wspec_err send_octets(struct wspec_websocket *socket, enum wspec_opcode opcode,
                                  struct wspec_span octets) {
  if (socket->state == WSPEC_WEBSOCKET_CONNECTING) {
    return WSPEC_ERR_MISUSE;
  }
  if (is_closing(socket)) {
    socket->buffered += octets.len; /* WHATWG send(): it grows, and nothing is sent */
    return WSPEC_OK;
  }
  return enqueue(socket, opcode, wspec_blob_from_octets(octets));
}

enum wspec_err wspec_websocket_send_text(struct wspec_websocket *socket, struct wspec_span text) {
  return wspec_utf8_is_valid(text) ? send_octets(socket, WSPEC_OPCODE_TEXT, text)
                                   : WSPEC_ERR_MISUSE;
}

enum wspec_err wspec_websocket_send_octets(struct wspec_websocket *socket,
                                           struct wspec_span octets) {
  return send_octets(socket, WSPEC_OPCODE_BINARY, octets);
}

enum wspec_err wspec_websocket_send_blob(struct wspec_websocket *socket, struct wspec_blob *blob) {
  if (socket->state == WSPEC_WEBSOCKET_CONNECTING) {
    return WSPEC_ERR_MISUSE;
  }
  if (is_closing(socket)) {
    socket->buffered += wspec_blob_len(blob);
    return WSPEC_OK;
  }
  return enqueue(socket, WSPEC_OPCODE_BINARY, wspec_blob_keep(blob));
}

enum wspec_err wspec_websocket_ping(struct wspec_websocket *socket, struct wspec_span payload) {
  if (socket->state != WSPEC_WEBSOCKET_OPEN) {
    return WSPEC_ERR_MISUSE;
  }
  enum wspec_err err = wspec_conn_ping(wspec_client_session_conn(socket->session), payload);
  if (!err) {
    pump_soon(socket);
  }
  return err;
}

static void drop_first(struct wspec_websocket *socket) {
  struct wspec__queued *item = socket->first;
  socket->first = item->next;
  if (!socket->first) {
    socket->last = NULL;
  }
  wspec_blob_free(item->blob);
  free(item);
}

void wspec__websocket_drop_queue(struct wspec_websocket *socket) {
  while (socket->first) {
    drop_first(socket);
  }
}

/* ---- Queue to connection ---- */

/* Hands the next fragment of the first message to the connection. */
static enum wspec_err send_fragment(struct wspec_websocket *socket, struct wspec_conn *conn) {
  struct wspec__queued *item = socket->first;
  uint8_t piece[FRAGMENT_MAX];
  uint64_t left = wspec_blob_len(item->blob) - item->sent;
  size_t len = left < FRAGMENT_MAX ? (size_t)left : FRAGMENT_MAX;
  struct wspec_span octets = wspec_blob_span(item->blob);
  if (wspec_blob_is_file(item->blob)) {
    enum wspec_err err = wspec_blob_read(item->blob, item->sent, piece, len);
    if (err) {
      return err;
    }
    octets = wspec_span_of(piece, len);
  } else if (octets.data) {
    octets = wspec_span_of(octets.data + item->sent, len);
  }
  enum wspec_err err = wspec_conn_send_fragment(conn, item->opcode, octets, len == left);
  if (!err) {
    item->sent += len;
    socket->in_stream += len;
    if (len == left) {
      drop_first(socket);
    }
  }
  return err;
}

/* Returns true if the connection has octets more to send. */
static bool send_next(struct wspec_websocket *socket) {
  struct wspec_conn *conn = wspec_client_session_conn(socket->session);
  if (!conn || wspec_conn_state(conn) != WSPEC_CONN_OPEN) {
    return false;
  }
  if (socket->first) {
    enum wspec_err err = send_fragment(socket, conn);
    if (err && err != WSPEC_ERR_LIMIT) {
      wspec__websocket_give_up(socket, err, "a message could not be sent to its end");
    }
    return err != WSPEC_ERR_LIMIT;
  }
  if (!socket->close_waits) {
    return false;
  }
  socket->close_waits = false;
  enum wspec_err err = wspec_conn_close(
      conn, socket->close_code, wspec_span_of(socket->close_reason, socket->close_reason_len));
  if (err) {
    wspec__websocket_note_failure(socket, err, "the close frame could not be sent");
    wspec_stream_close(socket->stream);
  }
  wspec__websocket_start_closing(socket);
  return true;
}

/* ---- Connection to stream ---- */

/* Returns true if all the octets of the session went. */
static bool flush(struct wspec_websocket *socket) {
  struct wspec_span output = wspec_client_session_output(socket->session);
  while (output.len > 0) {
    if (wspec_stream_write(socket->stream, output)) {
      return false; /* on_drained tries again, or on_error has the last word */
    }
    socket->written += output.len;
    wspec_client_session_output_sent(socket->session, output.len);
    output = wspec_client_session_output(socket->session);
  }
  return true;
}

void wspec__websocket_pump(struct wspec_websocket *socket) {
  if (!socket->stream || !socket->is_connected || socket->is_freed) {
    return;
  }
  bool is_sent = flush(socket);
  unsigned n = 0;
  while (is_sent && wspec_stream_pending(socket->stream) < HIGH_WATER && n < FRAGMENTS_A_TURN &&
         send_next(socket)) {
    is_sent = flush(socket);
    n++;
  }
  if (is_sent && wspec_stream_pending(socket->stream) == 0) {
    socket->buffered -= socket->in_stream;
    socket->in_stream = 0;
  }
  if (n == FRAGMENTS_A_TURN) {
    wspec_timer_start(socket->resume, 0);
  }
  if (is_sent && wspec_client_session_wants_close(socket->session)) {
    wspec_stream_close(socket->stream);
  }
}

/* ---- Closing ---- */

static bool is_closable(uint16_t status_code, struct wspec_span reason) {
  bool is_allowed = status_code == 0 || status_code == WSPEC_CLOSE_NORMAL ||
                    (status_code >= 3000 && status_code <= 4999);
  return is_allowed && reason.len <= WSPEC_CLOSE_REASON_MAX && wspec_utf8_is_valid(reason);
}

enum wspec_err wspec_websocket_close(struct wspec_websocket *socket, uint16_t status_code,
                                     struct wspec_span reason) {
  if (!is_closable(status_code, reason)) {
    return WSPEC_ERR_MISUSE;
  }
  if (is_closing(socket)) {
    return WSPEC_OK;
  }
  bool was_connecting = socket->state == WSPEC_WEBSOCKET_CONNECTING;
  socket->state = WSPEC_WEBSOCKET_CLOSING;
  if (was_connecting) {
    wspec__websocket_note_failure(socket, WSPEC_ERR_MISUSE,
                                  "the socket was closed before the connection was open");
    wspec_stream_reset(socket->stream);
    return WSPEC_OK;
  }
  socket->close_waits = true;
  socket->close_code = status_code;
  if (status_code == 0) {
    socket->close_code = reason.len > 0 ? WSPEC_CLOSE_NORMAL : WSPEC_CLOSE_NO_STATUS;
  }
  socket->close_reason_len = reason.len;
  if (reason.len > 0) {
    memcpy(socket->close_reason, reason.data, reason.len);
  }
  wspec__websocket_start_closing(socket);
  pump_soon(socket);
  return WSPEC_OK;
}
