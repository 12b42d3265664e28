/* websocket_internal: the inside of struct wspec_websocket, shared by the websocket*.c files. */
#ifndef WSPEC_ENDPOINT_WEBSOCKET_INTERNAL_H
#define WSPEC_ENDPOINT_WEBSOCKET_INTERNAL_H

#include "base/buf.h"
#include "endpoint/client_session.h"
#include "endpoint/listeners.h"
#include "endpoint/websocket.h"
#include "net/stream.h"
#include "net/timer.h"
#include "proto/url.h"

/* A message that waits to be sent. */
struct wspec__queued {
  struct wspec__queued *next;
  struct wspec_blob *blob;
  uint64_t sent; /* octets of it that the connection has taken */
  enum wspec_opcode opcode;
};

struct wspec_websocket {
  struct wspec_loop *loop;
  struct wspec_url url;
  struct wspec_tls *own_tls; /* NULL: the caller's, or none */
  struct wspec_span *protocols;
  size_t n_protocols;
  struct wspec_client_session *session;
  struct wspec_stream *stream; /* NULL once it is closed */
  struct wspec_timer *timer;   /* until open, then for closing */
  struct wspec_timer *resume;  /* goes on sending in the next turn of the loop */
  struct wspec__listeners listeners;
  enum wspec_websocket_state state;
  enum wspec_websocket_binary_type binary_type;
  uint32_t closing_timeout_ms;
  bool is_connected; /* the stream is open */
  bool is_feeding;   /* inside the session: sending waits until it is out again */
  bool is_freed;     /* by the user; the rest follows when nothing needs it any more */

  struct wspec_buf protocol;
  struct wspec_buf extensions;
  struct wspec_buf request; /* for on_handshake */
  void (*on_handshake)(void *user, struct wspec_span request, struct wspec_span response);
  void *on_handshake_user;

  /* Sending. */
  struct wspec__queued *first;
  struct wspec__queued *last;
  uint64_t buffered;  /* the bufferedAmount */
  uint64_t in_stream; /* what of it the connection has taken and the system has not */
  uint64_t written;   /* octets that the stream has accepted */
  uint64_t taken;     /* what of them the system had taken when the closing timer started */
  bool close_waits;   /* until the messages before it are sent */
  uint16_t close_code;
  size_t close_reason_len;
  uint8_t close_reason[WSPEC_CLOSE_REASON_MAX];

  /* Receiving. */
  struct wspec_buf text;
  struct wspec_blob_writer binary;
  size_t spill_min;

  struct wspec_net_error failure; /* the first; `err` is WSPEC_OK while there is none */
};

/* wspec__websocket_tell calls the handlers of `event`. */
void wspec__websocket_tell(struct wspec_websocket *socket,
                           const struct wspec_websocket_event *event);

/* wspec__websocket_note_failure keeps the first reason for an error event. */
void wspec__websocket_note_failure(struct wspec_websocket *socket, enum wspec_err err,
                                   const char *sentence);

/* wspec__websocket_give_up closes the open connection with 1011, for no fault of the peer. */
void wspec__websocket_give_up(struct wspec_websocket *socket, enum wspec_err err,
                              const char *sentence);

/* wspec__websocket_start_closing makes the state CLOSING and limits the time that is left. */
void wspec__websocket_start_closing(struct wspec_websocket *socket);

/* wspec__websocket_pump sends as much as the stream takes now, and closes it when it is time. */
void wspec__websocket_pump(struct wspec_websocket *socket);

/* wspec__websocket_drop_queue frees the messages that wait. */
void wspec__websocket_drop_queue(struct wspec_websocket *socket);

/* wspec__websocket_session_handlers returns what turns a session's news into events. */
const struct wspec_client_session_handlers *wspec__websocket_session_handlers(void);

#endif
