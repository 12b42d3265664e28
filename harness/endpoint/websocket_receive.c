/* websocket_receive: what the session tells, as events of the API. */
#include "endpoint/websocket_internal.h"

#include <stdio.h>

static void on_head(void *user, struct wspec_client_session *session,
                    const struct wspec_http_head *head) {
  struct wspec_websocket *socket = user;
  (void)session;
  if (socket->on_handshake && !socket->is_freed) {
    socket->on_handshake(socket->on_handshake_user, wspec_buf_span(&socket->request),
                         wspec_buf_span(&head->raw));
  }
  wspec_buf_clear(&socket->request);
}

static void on_open(void *user, struct wspec_client_session *session,
                    const struct wspec_handshake_grant *grant) {
  struct wspec_websocket *socket = user;
  (void)session;
  if (socket->state != WSPEC_WEBSOCKET_CONNECTING) {
    return; /* closed by on_handshake */
  }
  if (wspec_buf_append_span(&socket->protocol, grant->protocol) ||
      wspec_extensions_write(&socket->extensions, grant->extensions.items,
                             grant->extensions.n_items)) {
    wspec__websocket_give_up(socket, WSPEC_ERR_NOMEM, "out of memory");
    return;
  }
  wspec_timer_stop(socket->timer);
  socket->state = WSPEC_WEBSOCKET_OPEN;
  wspec__websocket_tell(socket, &(struct wspec_websocket_event){.type = WSPEC_WEBSOCKET_ON_OPEN});
}

static void on_refused(void *user, struct wspec_client_session *session,
                       const struct wspec_handshake_fault *fault, unsigned status_code) {
  struct wspec_websocket *socket = user;
  (void)session;
  char sentence[WSPEC_NET_SENTENCE_MAX];
  if (status_code != 0 && status_code != 101) {
    (void)snprintf(sentence, sizeof sentence, "the server answered with HTTP status %u",
                   status_code);
  } else {
    (void)snprintf(sentence, sizeof sentence, "the server's opening handshake is wrong: %s",
                   fault->sentence);
  }
  wspec__websocket_note_failure(socket, WSPEC_ERR_HANDSHAKE, sentence);
}

static void on_failed(void *user, struct wspec_client_session *session,
                      const struct wspec_violation *violation) {
  struct wspec_websocket *socket = user;
  (void)session;
  char sentence[WSPEC_NET_SENTENCE_MAX];
  (void)snprintf(sentence, sizeof sentence, "closed with %u, because %s",
                 (unsigned)violation->status_code, violation->sentence);
  wspec__websocket_note_failure(socket, violation->err, sentence);
  wspec__websocket_start_closing(socket);
}

/* ---- Messages ---- */

static void tell_text(struct wspec_websocket *socket, struct wspec_span text) {
  wspec__websocket_tell(socket, &(struct wspec_websocket_event){.type = WSPEC_WEBSOCKET_ON_MESSAGE,
                                                                .is_text = true,
                                                                .data = text});
}

static void take_text(struct wspec_websocket *socket, const struct wspec_conn_event *event) {
  if (event->begins && event->ends) {
    tell_text(socket, event->payload);
    return;
  }
  enum wspec_err err = wspec_buf_append_span(&socket->text, event->payload);
  if (err) {
    wspec__websocket_give_up(socket, err, "a message could not be kept");
  } else if (event->ends) {
    tell_text(socket, wspec_buf_span(&socket->text));
    wspec_buf_clear(&socket->text);
  }
}

static void tell_octets(struct wspec_websocket *socket, struct wspec_span octets) {
  wspec__websocket_tell(
      socket, &(struct wspec_websocket_event){.type = WSPEC_WEBSOCKET_ON_MESSAGE, .data = octets});
}

/* A message that went to a file before the application asked for buffers has to come back. */
static enum wspec_err tell_file_as_octets(struct wspec_websocket *socket,
                                          const struct wspec_blob *blob) {
  struct wspec_buf octets;
  uint8_t *out;
  wspec_buf_init(&octets, SIZE_MAX / 2);
  enum wspec_err err = wspec_buf_reserve(&octets, (size_t)wspec_blob_len(blob), &out);
  if (!err) {
    err = wspec_blob_read(blob, 0, out, octets.len);
  }
  if (!err) {
    tell_octets(socket, wspec_buf_span(&octets));
  }
  wspec_buf_clear(&octets);
  return err;
}

static enum wspec_err tell_binary(struct wspec_websocket *socket) {
  struct wspec_blob *blob = wspec_blob_writer_take(&socket->binary);
  if (!blob) {
    return WSPEC_ERR_NOMEM;
  }
  enum wspec_err err = WSPEC_OK;
  if (socket->binary_type == WSPEC_WEBSOCKET_BLOB) {
    wspec__websocket_tell(
        socket, &(struct wspec_websocket_event){.type = WSPEC_WEBSOCKET_ON_MESSAGE, .blob = blob});
  } else if (wspec_blob_is_file(blob)) {
    err = tell_file_as_octets(socket, blob);
  } else {
    tell_octets(socket, wspec_blob_span(blob));
  }
  wspec_blob_free(blob);
  return err;
}

static void take_binary(struct wspec_websocket *socket, const struct wspec_conn_event *event) {
  if (event->begins && event->ends && socket->binary_type == WSPEC_WEBSOCKET_BUFFER) {
    tell_octets(socket, event->payload);
    return;
  }
  if (event->begins) {
    socket->binary.memory_max =
        socket->binary_type == WSPEC_WEBSOCKET_BLOB ? socket->spill_min : SIZE_MAX;
  }
  enum wspec_err err = wspec_blob_writer_append(&socket->binary, event->payload);
  if (!err && event->ends) {
    err = tell_binary(socket);
  }
  if (err) {
    wspec__websocket_give_up(socket, err, "a message could not be kept");
  }
}

static void take_message(struct wspec_websocket *socket, const struct wspec_conn_event *event) {
  if (socket->state != WSPEC_WEBSOCKET_OPEN) {
    return; /* WHATWG section 4: it is dropped once the state is CLOSING */
  }
  if (event->opcode == WSPEC_OPCODE_TEXT) {
    take_text(socket, event);
  } else {
    take_binary(socket, event);
  }
}

static void tell_control(struct wspec_websocket *socket, enum wspec_websocket_event_type type,
                         struct wspec_span payload) {
  if (socket->state == WSPEC_WEBSOCKET_OPEN) {
    wspec__websocket_tell(socket, &(struct wspec_websocket_event){.type = type, .data = payload});
  }
}

static void on_event(void *user, struct wspec_client_session *session,
                     const struct wspec_conn_event *event) {
  struct wspec_websocket *socket = user;
  (void)session;
  if (socket->is_freed) {
    return;
  }
  switch (event->type) {
  case WSPEC_CONN_MESSAGE:
    take_message(socket, event);
    break;
  case WSPEC_CONN_PING:
    tell_control(socket, WSPEC_WEBSOCKET_ON_PING, event->payload);
    break;
  case WSPEC_CONN_PONG:
    tell_control(socket, WSPEC_WEBSOCKET_ON_PONG, event->payload);
    break;
  case WSPEC_CONN_CLOSE:
    wspec__websocket_start_closing(socket);
    break;
  }
}

const struct wspec_client_session_handlers *wspec__websocket_session_handlers(void) {
  static const struct wspec_client_session_handlers HANDLERS = {
      .on_head = on_head,
      .on_open = on_open,
      .on_refused = on_refused,
      .on_event = on_event,
      .on_failed = on_failed,
  };
  return &HANDLERS;
}
