#include "endpoint/session_conn.h"

enum wspec__fed wspec__session_feed(struct wspec_conn *conn, bool *failed, uint8_t **octets,
                                    size_t *len, struct wspec_conn_event *event) {
  if (*len == 0) {
    return WSPEC__FED_ALL;
  }
  size_t consumed;
  enum wspec_err err = wspec_conn_feed(conn, *octets, *len, &consumed, event);
  *octets += consumed;
  *len -= consumed;
  if (err == WSPEC_OK) {
    return WSPEC__FED_EVENT;
  }
  bool is_new = wspec_conn_violation(conn) && !*failed;
  *failed = *failed || is_new;
  return is_new ? WSPEC__FED_FAILED : WSPEC__FED_ALL;
}

struct wspec_span wspec__session_output(const struct wspec_buf *handshake,
                                        const struct wspec_conn *conn) {
  return handshake->len > 0 || !conn ? wspec_buf_span(handshake) : wspec_conn_output(conn);
}

void wspec__session_output_sent(struct wspec_buf *handshake, struct wspec_conn *conn, size_t len) {
  if (handshake->len == 0 && conn) {
    wspec_conn_output_sent(conn, len);
    return;
  }
  wspec_buf_consume(handshake, len);
  if (handshake->len == 0) {
    wspec_buf_clear(handshake); /* an idle connection keeps nothing of its handshake */
  }
}
