/* conn_closing: close frames, both ways, and failing the connection (RFC 6455 section 7). */
#include "proto/conn_internal.h"

#include <string.h>

/* Puts a close frame into the output, which always has room for one. */
static enum wspec_err queue_close(struct wspec_conn *conn, uint16_t status_code,
                                  struct wspec_span reason) {
  uint8_t body[WSPEC_FRAME_CONTROL_PAYLOAD_MAX];
  size_t body_len;
  enum wspec_err err = wspec_close_build(status_code, reason, body, &body_len);
  if (err) {
    return err;
  }
  err = wspec__conn_queue_control(conn, WSPEC_OPCODE_CLOSE, wspec_span_of(body, body_len));
  if (!err) {
    conn->close_sent = true;
  }
  return err;
}

enum wspec_err wspec_conn_close(struct wspec_conn *conn, uint16_t status_code,
                                struct wspec_span reason) {
  bool may_send = status_code == WSPEC_CLOSE_NO_STATUS ||
                  wspec_close_may_send(status_code, conn->options.is_client);
  if (!wspec__conn_may_send(conn) || !may_send) {
    return WSPEC_ERR_MISUSE;
  }
  return queue_close(conn, status_code, reason);
}

enum wspec_err wspec__conn_fail(struct wspec_conn *conn, const struct wspec_violation *violation) {
  conn->violation = *violation;
  conn->is_idle = false;
  conn->receiving = WSPEC__RECEIVING_OVER;
  if (wspec__conn_may_send(conn)) {
    /* Without memory for a close frame it is left out, as section 7.1.7 allows. */
    enum wspec_err err =
        queue_close(conn, violation->status_code, wspec_span_text(violation->sentence));
    (void)err;
  }
  conn->has_failed = true;
  return violation->err;
}

enum wspec_err wspec__conn_fail_internal(struct wspec_conn *conn, enum wspec_err err) {
  return wspec__conn_fail(conn, &(struct wspec_violation){.err = err,
                                                          .status_code = WSPEC_CLOSE_INTERNAL_ERROR,
                                                          .requirement = "",
                                                          .sentence = wspec_err_sentence(err),
                                                          .octet_offset = conn->at});
}

/* The sentence that forbids a code on the wire. */
static const char *requirement_against(uint16_t status_code) {
  switch (status_code) {
  case 1004:
    return "6455-7.4.1-05";
  case WSPEC_CLOSE_NO_STATUS:
    return "6455-7.4.1-06";
  case WSPEC_CLOSE_ABNORMAL:
    return "6455-7.4.1-07";
  case WSPEC_CLOSE_TLS:
    return "6455-7.4.1-08";
  default:
    break;
  }
  if (status_code < 1000) {
    return "6455-7.4.2-01";
  }
  return status_code < 3000 ? "6455-7.4.2-02" : "6455-7.4.2-05";
}

/* Fails the connection if the body of the close frame that has just been read is not allowed. */
static enum wspec_err judge_close(struct wspec_conn *conn, enum wspec_err parsed,
                                  const struct wspec_close *close) {
  struct wspec_violation violation = {.err = WSPEC_ERR_PROTOCOL,
                                      .status_code = WSPEC_CLOSE_PROTOCOL_ERROR,
                                      .octet_offset = conn->frame_at};
  if (parsed == WSPEC_ERR_PROTOCOL) {
    violation.requirement = "6455-5.5.1-02";
    violation.sentence = "the body of a close frame is a single octet";
  } else if (close->status_code != WSPEC_CLOSE_NO_STATUS || conn->frame.payload_len > 0) {
    if (!wspec_close_may_receive(close->status_code)) {
      violation.requirement = requirement_against(close->status_code);
      violation.sentence = "a close frame carries a status code that may not be sent";
    } else if (parsed == WSPEC_ERR_UTF8) {
      violation.err = WSPEC_ERR_UTF8;
      violation.status_code = WSPEC_CLOSE_INVALID_DATA;
      violation.requirement = "6455-5.5.1-05";
      violation.sentence = "the reason of a close frame is not valid UTF-8";
    }
  }
  return violation.requirement ? wspec__conn_fail(conn, &violation) : WSPEC_OK;
}

/* The code that answers `received`: the same one, as section 5.5.1 has it, unless it is one that
 * only the peer's role may send. */
static uint16_t answering_code(const struct wspec_conn *conn, uint16_t received) {
  if (received == WSPEC_CLOSE_NO_STATUS ||
      wspec_close_may_send(received, conn->options.is_client)) {
    return received;
  }
  return WSPEC_CLOSE_NORMAL;
}

enum wspec_err wspec__conn_receive_close(struct wspec_conn *conn, struct wspec_span payload,
                                         struct wspec_conn_event *event) {
  struct wspec_close close;
  enum wspec_err err = judge_close(conn, wspec_close_parse(payload, &close), &close);
  if (err) {
    return err;
  }
  conn->receiving = WSPEC__RECEIVING_OVER;
  conn->close_received = true;
  conn->status_code = close.status_code;
  conn->reason_len = (uint8_t)close.reason.len;
  if (close.reason.len > 0) {
    memcpy(conn->reason, close.reason.data, close.reason.len);
  }
  if (conn->options.auto_close && wspec__conn_may_send(conn)) {
    err = queue_close(conn, answering_code(conn, close.status_code), (struct wspec_span){NULL, 0});
    if (err) {
      return wspec__conn_fail_internal(conn, err);
    }
  }
  event->type = WSPEC_CONN_CLOSE;
  event->close.status_code = conn->status_code;
  event->close.reason = wspec_span_of(conn->reason, conn->reason_len);
  return WSPEC_OK;
}
