/* conn: an open WebSocket connection, from the end of the opening handshake to the end of TCP.
 *
 * A strict endpoint of either role as a machine without input or output: the caller brings the
 * octets that TCP delivered and carries away the octets that TCP is to send; it owns the socket,
 * the timers and the randomness. Nothing that RFC 6455 forbids gets through: the first violation
 * fails the connection (section 7.1.7), and a struct wspec_violation says which and where.
 *
 *   OPEN --- a close frame sent or received, or failed --> CLOSING --- wspec_conn_eof --> CLOSED
 *
 * The loop of a caller:
 *
 *   while (len > 0) {
 *     enum wspec_err err = wspec_conn_feed(conn, octets, len, &consumed, &event);
 *     octets += consumed;
 *     len -= consumed;
 *     if (err == WSPEC_OK) ...                  // an event: act on it, then go on
 *     else if (err == WSPEC_ERR_NEED_MORE) ...  // all was consumed, read from TCP
 *     else ...                                  // receiving is over, all was consumed
 *   }
 *   write wspec_conn_output(conn) to TCP; wspec_conn_output_sent(conn, how much of it);
 *   if (wspec_conn_next(conn) == WSPEC_CONN_CLOSE_TCP && wspec_conn_output(conn).len == 0) close
 *
 * What an endpoint owes by itself is put into the output on the way: the pong for a ping, the
 * answer to a close frame, the close frame of a connection that is failed. */
#ifndef WSPEC_PROTO_CONN_H
#define WSPEC_PROTO_CONN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "proto/close.h"
#include "proto/frame.h"
#include "proto/violation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_conn; /* private */

/* The place where permessage-deflate (RFC 7692) plugs in. Zeroed: no such extension was
 * negotiated, and RSV1 is a violation. */
struct wspec_conn_codec {
  void *context; /* handed to both functions; not owned */

  /* inflate appends to `out` what the next octets of a compressed message inflate to, all of it.
   * `ends`: they are the message's last ones. An error fails the connection: WSPEC_ERR_DEFLATE
   * with 1007, WSPEC_ERR_LIMIT (the ceiling of `out`) with 1009, any other with 1011. NULL: RSV1
   * is a violation when received. */
  enum wspec_err (*inflate)(void *context, struct wspec_span octets, bool ends,
                            struct wspec_buf *out);

  /* deflate appends to `out` the next octets of a message, compressed, and keeps nothing back:
   * what was given to it is in `out` when it returns. `ends`: they are the message's last ones. An
   * error fails the connection, because the peer's window could no longer follow. NULL: messages
   * are sent as they are. */
  enum wspec_err (*deflate)(void *context, struct wspec_span octets, bool ends,
                            struct wspec_buf *out);
};

/* What a connection is to be. wspec_conn_options_init gives every field a strict value. */
struct wspec_conn_options {
  bool is_client;         /* our role */
  bool assemble;          /* events carry whole messages; else pieces, as they come */
  bool check_utf8;        /* text is validated, both ways (section 8.1) */
  bool auto_pong;         /* pings are answered (section 5.5.2) */
  bool auto_close;        /* the peer's close frame is answered (section 5.5.1) */
  uint64_t message_max;   /* octets of a message, inflated; more is answered by 1009 */
  uint64_t frame_max;     /* octets of payload in one data frame; more is answered by 1009 */
  uint64_t fragments_max; /* frames of one message; more is answered by 1009 */
  size_t output_max;      /* octets of output that wait; a close frame has room beyond it */
  size_t deflate_min;     /* unfragmented messages under this length are sent uncompressed */
  struct wspec_conn_codec codec;

  /* fill_random writes `len` unpredictable octets to `out`, for masking keys (section 5.3). It is
   * called for each frame that a client sends. NULL: keys come from a generator seeded with
   * `masking_seed`, the same on every run: for tests and never for a real network. */
  void (*fill_random)(void *random_context, uint8_t *out, size_t len);
  void *random_context;
  uint64_t masking_seed;
};

/* wspec_conn_options_init fills `options` for a client (`is_client`) or a server: whole messages of
 * at most 16 MiB, text checked, pings and close frames answered, any frame length and number of
 * fragments, 32 MiB of output, no codec, a seeded generator. */
void wspec_conn_options_init(struct wspec_conn_options *options, bool is_client);

/* wspec_conn_new returns an open connection; `options` is copied. NULL: out of memory. */
struct wspec_conn *wspec_conn_new(const struct wspec_conn_options *options);

/* wspec_conn_free frees `conn` and what its events and output have lent. NULL is allowed. */
void wspec_conn_free(struct wspec_conn *conn);

/* ---- receiving ---- */

enum wspec_conn_event_type {
  WSPEC_CONN_MESSAGE, /* `opcode`, `begins`, `ends`, `payload` */
  WSPEC_CONN_PING,    /* `payload`; the pong is already in the output if `auto_pong` */
  WSPEC_CONN_PONG,    /* `payload` */
  WSPEC_CONN_CLOSE    /* `close`; the answer is already in the output if `auto_close` */
};

/* What came. Only the fields named at the type are set. */
struct wspec_conn_event {
  enum wspec_conn_event_type type;
  uint8_t opcode; /* WSPEC_OPCODE_TEXT or WSPEC_OPCODE_BINARY, also for later pieces */
  bool begins;    /* the piece is the first of its message; always true if `assemble` */
  bool ends;      /* the piece is the last of its message; always true if `assemble` */

  /* Borrowed until the next wspec_conn_feed or wspec_conn_free, and as long as the caller keeps
   * the octets it fed: the span points into them wherever it can. A piece of text is valid UTF-8
   * up to a code point that the next piece completes. It may be empty. */
  struct wspec_span payload;

  struct wspec_close close; /* `reason` is borrowed until wspec_conn_free */
};

/* wspec_conn_feed takes octets that TCP delivered, up to the end of the next event. `*consumed` is
 * how many of the `len` were taken; they are unmasked where they lie.
 *
 *   WSPEC_OK             `*event` is filled; call again with the rest, if there is any
 *   WSPEC_ERR_NEED_MORE  all were consumed, there is no event
 *   WSPEC_ERR_END        a close frame was received before, or wspec_conn_eof was called: all were
 *                        consumed and ignored (section 5.5.1)
 *   WSPEC_ERR_MISUSE     wspec_conn_send_header waits for its payload; nothing was consumed
 *   any other            the connection has failed: wspec_conn_violation says why, the close frame
 *                        is in the output, all octets were consumed. The error is sticky
 *
 * A frame of any length costs nothing before its payload comes; a limit that its header passes is
 * answered at the header. A piece that ends in an invalid octet of text is not delivered at all. */
WSPEC_MUST_USE enum wspec_err wspec_conn_feed(struct wspec_conn *conn, uint8_t *octets, size_t len,
                                              size_t *consumed, struct wspec_conn_event *event);

/* wspec_conn_eof says that TCP is closed: by the peer, by us, or by a reset. The connection is
 * CLOSED from then on. Call it once the last octets have been fed. */
void wspec_conn_eof(struct wspec_conn *conn);

/* wspec_conn_violation returns why the connection has failed, NULL if it has not. Borrowed until
 * wspec_conn_free. */
const struct wspec_violation *wspec_conn_violation(const struct wspec_conn *conn);

/* ---- sending ---- */

/* Errors of all functions that send. In each case nothing was added to the output.
 *
 *   WSPEC_ERR_MISUSE  a close frame was sent, the connection has failed or is CLOSED, the arguments
 *                     are not allowed, text is not UTF-8, or wspec_conn_send_header waits for its
 *                     payload
 *   WSPEC_ERR_LIMIT   `output_max` would be passed: drain the output and call again
 *   WSPEC_ERR_NOMEM   call again later, or give the connection up
 *   of the codec      the connection has failed, wspec_conn_violation says so */

/* wspec_conn_send sends a message as one frame. `opcode` is TEXT or BINARY. Also WSPEC_ERR_MISUSE:
 * a fragmented message has begun and not ended. */
WSPEC_MUST_USE enum wspec_err wspec_conn_send(struct wspec_conn *conn, enum wspec_opcode opcode,
                                              struct wspec_span payload);

/* wspec_conn_send_fragment sends the next piece of a message as a frame of its own. `opcode` is
 * that of the message, for every piece; `fin` ends the message. Pings, pongs and a close may be
 * sent between pieces. */
WSPEC_MUST_USE enum wspec_err wspec_conn_send_fragment(struct wspec_conn *conn,
                                                       enum wspec_opcode opcode,
                                                       struct wspec_span payload, bool fin);

/* wspec_conn_send_header puts the header of a data frame into the output and leaves the payload to
 * the caller, so that a large one is not copied. `opcode` and `fin` as for
 * wspec_conn_send_fragment; it is sent uncompressed, and text is not checked. The caller sends the
 * output, then `payload_len` octets, masked with `masking_key` (may be NULL for a server, which
 * does not mask), and reports the output as sent. Until then every call that feeds or sends is
 * WSPEC_ERR_MISUSE, so that nothing can come between header and payload. */
WSPEC_MUST_USE enum wspec_err wspec_conn_send_header(struct wspec_conn *conn,
                                                     enum wspec_opcode opcode, uint64_t payload_len,
                                                     bool fin, uint8_t masking_key[4]);

/* wspec_conn_ping sends a ping of at most 125 octets. */
WSPEC_MUST_USE enum wspec_err wspec_conn_ping(struct wspec_conn *conn, struct wspec_span payload);

/* wspec_conn_pong sends a pong of at most 125 octets, as an answer without `auto_pong` or
 * unasked. */
WSPEC_MUST_USE enum wspec_err wspec_conn_pong(struct wspec_conn *conn, struct wspec_span payload);

/* wspec_conn_close starts the closing handshake (section 7.1.2), or answers the peer's close frame
 * without `auto_close`. WSPEC_CLOSE_NO_STATUS with an empty reason sends an empty body. Also
 * WSPEC_ERR_MISUSE: a code that this role may not send (wspec_close_may_send), or a reason that is
 * over 123 octets or not UTF-8. It never gives WSPEC_ERR_LIMIT. */
WSPEC_MUST_USE enum wspec_err wspec_conn_close(struct wspec_conn *conn, uint16_t status_code,
                                               struct wspec_span reason);

/* wspec_conn_output returns the octets that wait to be sent, borrowed until the next call on
 * `conn` that is not a question. */
struct wspec_span wspec_conn_output(const struct wspec_conn *conn);

/* wspec_conn_output_sent drops the first `len` octets of the output. A pong that found no room
 * before may take it now; of several only the latest waited (section 5.5.3). */
void wspec_conn_output_sent(struct wspec_conn *conn, size_t len);

/* ---- the end ---- */

enum wspec_conn_state { WSPEC_CONN_OPEN, WSPEC_CONN_CLOSING, WSPEC_CONN_CLOSED };

/* wspec_conn_state returns the state (sections 4, 7.1.3 and 7.1.4). */
enum wspec_conn_state wspec_conn_state(const struct wspec_conn *conn);

/* What the caller does with TCP. */
enum wspec_conn_next {
  WSPEC_CONN_READ,      /* goes on reading and feeding */
  WSPEC_CONN_AWAIT_EOF, /* a client after the closing handshake: waits for the server to close TCP,
                           for a time of its choice, then closes it itself (section 7.1.1) */
  WSPEC_CONN_CLOSE_TCP  /* sends what is in the output, then closes at once: a server after the
                           closing handshake, either role after failing or wspec_conn_eof */
};

/* wspec_conn_next returns what is due now. */
enum wspec_conn_next wspec_conn_next(const struct wspec_conn *conn);

/* How a connection ended (sections 7.1.4 to 7.1.6), or would if TCP were closed now. */
struct wspec_conn_outcome {
  uint16_t status_code;     /* received; 1005 for an empty close frame, 1006 if there was none */
  struct wspec_span reason; /* received; borrowed until wspec_conn_free */
  bool was_clean;           /* close frames went both ways */
};

/* wspec_conn_outcome returns it. */
struct wspec_conn_outcome wspec_conn_outcome(const struct wspec_conn *conn);

#endif
