/* websocket: the WebSocket API in C: what `new WebSocket(url, protocols)` is in a browser (WHATWG
 * WebSockets standard section 3), over the network, on a wspec_loop.
 *
 *   wspec_websocket_options_init(&options);
 *   err = wspec_websocket_new(loop, "ws://localhost:9001/", &options, &socket, &error);
 *   wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_MESSAGE, on_message, user);
 *   wspec_loop_run(loop);
 *   wspec_websocket_free(socket);
 *
 * Handlers are called from wspec_loop_run only, never from within the call that leads to them, and
 * may call everything here, wspec_websocket_free too. The order of events:
 *
 *   [open, message...] [error...] close
 *
 * with `error` only where the connection could not be made, was failed, or broke, and `close`
 * exactly once, as the last. A message that comes after wspec_websocket_close is dropped. */
#ifndef WSPEC_ENDPOINT_WEBSOCKET_H
#define WSPEC_ENDPOINT_WEBSOCKET_H

#include "base/err.h"
#include "base/span.h"
#include "endpoint/blob.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/tls.h"
#include "proto/deflate_params.h"
#include "proto/handshake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_websocket;

/* The values of the readyState attribute. */
enum wspec_websocket_state {
  WSPEC_WEBSOCKET_CONNECTING = 0,
  WSPEC_WEBSOCKET_OPEN = 1,
  WSPEC_WEBSOCKET_CLOSING = 2,
  WSPEC_WEBSOCKET_CLOSED = 3
};

/* What binary messages are given as; text is always given whole. */
enum wspec_websocket_binary_type {
  WSPEC_WEBSOCKET_BLOB,  /* `blob`: in a file from `spill_min` octets on */
  WSPEC_WEBSOCKET_BUFFER /* `data`: all of it in memory */
};

enum wspec_websocket_event_type {
  WSPEC_WEBSOCKET_ON_OPEN,
  WSPEC_WEBSOCKET_ON_MESSAGE, /* `is_text`, and `data` or `blob` */
  WSPEC_WEBSOCKET_ON_ERROR,   /* `err`, `sentence` */
  WSPEC_WEBSOCKET_ON_CLOSE,   /* `status_code`, `reason`, `was_clean` */
  WSPEC_WEBSOCKET_ON_PING,    /* `data`; the pong is sent already. Not in the standard */
  WSPEC_WEBSOCKET_ON_PONG,    /* `data`. Not in the standard */
  WSPEC_WEBSOCKET_N_EVENTS
};

/* What happened. Only the fields named at the type are set; all is borrowed for the call. */
struct wspec_websocket_event {
  enum wspec_websocket_event_type type;
  bool is_text;
  struct wspec_span data;
  struct wspec_blob *blob; /* NULL unless binary and WSPEC_WEBSOCKET_BLOB; wspec_blob_keep keeps it
                              beyond the call */
  enum wspec_err err;
  const char *sentence; /* for a person, without full stop */
  /* 1005: a close frame without a code; 1006: none came, whatever the reason (of a failed TLS
   * handshake, too: WHATWG section 4). Neither is ever sent. */
  uint16_t status_code;
  struct wspec_span reason;
  bool was_clean; /* close frames went both ways */
};

typedef void wspec_websocket_handler(void *user, struct wspec_websocket *socket,
                                     const struct wspec_websocket_event *event);

/* How to connect. wspec_websocket_options_init gives every member a usable value. All that it
 * points at is borrowed for wspec_websocket_new only, but for `tls`, which must outlive the
 * socket. There are no proxies. */
struct wspec_websocket_options {
  const char *const *protocols; /* subprotocols by preference; the server has to choose one */
  size_t n_protocols;
  const struct wspec_handshake_header *headers; /* more lines of the request */
  size_t n_headers;
  const char *origin;                      /* NULL: none is sent */
  const char *user_agent;                  /* NULL: "wspec"; empty: none is sent */
  struct wspec_tls *tls;                   /* for wss; NULL: one that trusts the system's store */
  const struct wspec_addresses *addresses; /* NULL: look the URL's host up */
  bool deflate;                            /* offer permessage-deflate */
  struct wspec_deflate_params deflate_offer;
  uint64_t message_max;        /* octets; longer messages fail the connection with 1009 */
  size_t spill_min;            /* octets of a binary message beyond which a file takes it */
  const char *spill_directory; /* NULL: /tmp */
  uint32_t open_timeout_ms;    /* from wspec_websocket_new to `open`; 0: none */
  /* For closing, until the end of TCP: so long the network may take nothing of the messages before
   * our close frame, and so long TCP may stay open once it has taken all. 0: for ever. */
  uint32_t closing_timeout_ms;
  /* on_handshake is called once when the answer's head has come, or was given up: what was sent
   * and what came, as octets, borrowed for the call. NULL: not called. */
  void (*on_handshake)(void *user, struct wspec_span request, struct wspec_span response);
  void *on_handshake_user;
};

/* wspec_websocket_options_init fills `options`: no subprotocols, permessage-deflate offered,
 * messages of at most 1 GiB, files from 1 MiB on, 30 s to open, 5 s to close. */
void wspec_websocket_options_init(struct wspec_websocket_options *options);

/* wspec_websocket_new starts to connect to `url`, NUL-terminated, as the constructor does: http and
 * https stand for ws and wss, user and password become an Authorization header. `error` gets the
 * sentence, and may be NULL.
 * WSPEC_ERR_URL: no usable URL; WSPEC_ERR_MISUSE: a subprotocol that is no token or there twice, or
 * a header that cannot be sent; both are the SyntaxError of the standard. WSPEC_ERR_TLS,
 * WSPEC_ERR_NOMEM. On error `*out` is NULL; whatever else goes wrong is an event. */
WSPEC_MUST_USE enum wspec_err wspec_websocket_new(struct wspec_loop *loop, const char *url,
                                                  const struct wspec_websocket_options *options,
                                                  struct wspec_websocket **out,
                                                  struct wspec_net_error *error);

/* wspec_websocket_free frees `socket`; a connection that is not closed is reset, without an event.
 * NULL is allowed. From within a handler, no further one is called. */
void wspec_websocket_free(struct wspec_websocket *socket);

/* ---- Handlers ---- */

/* wspec_websocket_set_handler assigns the one handler of that type, in place of the one before;
 * NULL takes it away. It is called in turn with the listeners, by the time of its first assignment.
 * WSPEC_ERR_NOMEM: nothing has changed. */
WSPEC_MUST_USE enum wspec_err wspec_websocket_set_handler(struct wspec_websocket *socket,
                                                          enum wspec_websocket_event_type type,
                                                          wspec_websocket_handler *handler,
                                                          void *user);

/* wspec_websocket_add_listener adds one more; the same handler with the same `user` is not added
 * twice. One that is added while an event is handled does not get this event. WSPEC_ERR_NOMEM:
 * nothing has changed. */
WSPEC_MUST_USE enum wspec_err wspec_websocket_add_listener(struct wspec_websocket *socket,
                                                           enum wspec_websocket_event_type type,
                                                           wspec_websocket_handler *handler,
                                                           void *user);

/* wspec_websocket_remove_listener removes it, also from the event being handled; nothing happens if
 * it is not there. */
void wspec_websocket_remove_listener(struct wspec_websocket *socket,
                                     enum wspec_websocket_event_type type,
                                     wspec_websocket_handler *handler, void *user);

/* ---- Sending ---- */

/* All that send: WSPEC_ERR_MISUSE while CONNECTING. Once the state is CLOSING or CLOSED they return
 * WSPEC_OK and send nothing, but wspec_websocket_buffered_amount grows, as the standard says.
 * WSPEC_ERR_NOMEM: nothing was accepted. What is longer than 64 KiB goes out in fragments of that
 * size, as fast as the network takes them. */

/* wspec_websocket_send_text sends a copy of `text`. Also WSPEC_ERR_MISUSE: it is not UTF-8. */
WSPEC_MUST_USE enum wspec_err wspec_websocket_send_text(struct wspec_websocket *socket,
                                                        struct wspec_span text);

/* wspec_websocket_send_octets sends a copy of `octets` as a binary message. */
WSPEC_MUST_USE enum wspec_err wspec_websocket_send_octets(struct wspec_websocket *socket,
                                                          struct wspec_span octets);

/* wspec_websocket_send_blob sends `blob` as a binary message, and holds it until that is done; one
 * in a file (wspec_blob_open) is read piece by piece. A file that cannot be read to its end closes
 * the connection with 1011. */
WSPEC_MUST_USE enum wspec_err wspec_websocket_send_blob(struct wspec_websocket *socket,
                                                        struct wspec_blob *blob);

/* wspec_websocket_ping sends a ping of at most 125 octets, ahead of the messages that wait. Not in
 * the standard. WSPEC_ERR_MISUSE: not open, or too long. */
WSPEC_MUST_USE enum wspec_err wspec_websocket_ping(struct wspec_websocket *socket,
                                                   struct wspec_span payload);

/* wspec_websocket_close closes, after what was sent before. `status_code` 0: none is given; the
 * close frame is then empty, or has 1000 if there is a reason. Nothing happens once the state is
 * CLOSING or CLOSED; while CONNECTING the connection is failed. A server that stops reading is cut
 * off by `closing_timeout_ms`, with an error event if messages were lost.
 * WSPEC_ERR_MISUSE, in every state: a code other than 0, 1000 and 3000 to 4999, or a reason that is
 * over 123 octets or not UTF-8. WSPEC_ERR_NOMEM. Nothing is sent then, the state stays. */
WSPEC_MUST_USE enum wspec_err wspec_websocket_close(struct wspec_websocket *socket,
                                                    uint16_t status_code, struct wspec_span reason);

/* ---- Attributes ---- */

/* wspec_websocket_ready_state returns the readyState. */
enum wspec_websocket_state wspec_websocket_ready_state(const struct wspec_websocket *socket);

/* wspec_websocket_buffered_amount returns the octets of messages that were accepted and not handed
 * to the system yet, without framing, before compression. It falls in wspec_loop_run only, never
 * within the handler or other code that sends, and does not fall to 0 by closing. */
uint64_t wspec_websocket_buffered_amount(const struct wspec_websocket *socket);

/* wspec_websocket_set_binary_type sets the binaryType, WSPEC_WEBSOCKET_BLOB at first; it holds from
 * the next event on. */
void wspec_websocket_set_binary_type(struct wspec_websocket *socket,
                                     enum wspec_websocket_binary_type binary_type);

/* wspec_websocket_binary_type returns the binaryType. */
enum wspec_websocket_binary_type wspec_websocket_binary_type(const struct wspec_websocket *socket);

/* wspec_websocket_url returns the URL in its normal form; wspec_websocket_protocol and
 * wspec_websocket_extensions what the server chose, empty before `open` or where it chose none.
 * Borrowed from `socket`. */
struct wspec_span wspec_websocket_url(const struct wspec_websocket *socket);
struct wspec_span wspec_websocket_protocol(const struct wspec_websocket *socket);
struct wspec_span wspec_websocket_extensions(const struct wspec_websocket *socket);

#endif
