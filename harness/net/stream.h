/* stream: one connection, TCP or TLS over TCP, made by wspec_stream_connect or by a listener.
 *
 * The life of a stream: on_open once, then on_data as octets come, on_eof when the peer has sent
 * FIN (or the TLS close_notify), on_closed as the last callback of all, after which the stream is
 * freed. on_error may come once at any time, before on_open too; the stream then closes by itself.
 * Whatever the peer sent before an error is delivered before the error: a RST does not swallow the
 * octets that came ahead of it, even if a write was the first to notice.
 *
 * Writes are never merged: each wspec_stream_write is handed to the kernel by a call of its own
 * with TCP_NODELAY set, so that it begins a TCP segment of its own (as far as the peer's window
 * lets it), and inside TLS is a record of its own. A caller that wants few segments gathers its
 * octets first; a caller that wants pauses between segments waits between writes. */
#ifndef WSPEC_NET_STREAM_H
#define WSPEC_NET_STREAM_H

#include "base/err.h"
#include "base/span.h"
#include "net/address.h"
#include "net/error.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_stream;
struct wspec_tls;

enum {
  WSPEC_STREAM_READ_MAX = 64 * 1024,              /* the most that one on_data brings */
  WSPEC_STREAM_PENDING_DEFAULT = 64 * 1024 * 1024 /* the ceiling of what waits to be sent */
};

/* wspec_stream_handlers: what a stream calls; any member may be NULL. The struct must outlive the
 * stream; `user` is what was given beside it.
 *
 * - on_open: connected, TLS handshake done; writing is allowed from here on.
 * - on_data: `len` > 0 octets at `data`, borrowed for the call, which may change them in place.
 *   Not called while the stream is paused.
 * - on_eof: the peer will send no more. Writing is still allowed.
 * - on_error: `error` is borrowed for the call. error->reset tells a RST.
 * - on_drained: wspec_stream_pending fell to 0 after it was more. It also comes when a write
 *   failed, so that a reader who paused for it resumes and gets to see the error.
 * - on_closed: the last call; `stream` is freed when it returns. */
struct wspec_stream_handlers {
  void (*on_open)(void *user, struct wspec_stream *stream);
  void (*on_data)(void *user, struct wspec_stream *stream, uint8_t *data, size_t len);
  void (*on_eof)(void *user, struct wspec_stream *stream);
  void (*on_error)(void *user, struct wspec_stream *stream, const struct wspec_net_error *error);
  void (*on_drained)(void *user, struct wspec_stream *stream);
  void (*on_closed)(void *user, struct wspec_stream *stream);
};

/* wspec_connect_options: zero what is not needed. All that it points at is borrowed for the call
 * only, but for `tls`, which must outlive the stream. */
struct wspec_connect_options {
  const char *host; /* a name or a numeric address; also the name that a certificate must have */
  uint16_t port;
  const struct wspec_addresses *addresses; /* NULL: look `host` up; else try these, in order */
  struct wspec_tls *tls;                   /* NULL: plain TCP */
  uint32_t timeout_ms; /* for all until on_open: look-up, TCP, TLS; 0: none but the system's */
  size_t pending_max;  /* ceiling of wspec_stream_pending; 0: WSPEC_STREAM_PENDING_DEFAULT */
};

/* wspec_stream_connect starts to connect, trying each address in turn, and points `*out` at the
 * stream; on_open or on_error follow. WSPEC_ERR_NOMEM, WSPEC_ERR_INPUT (no host): `*out` is NULL
 * and no callback comes. */
WSPEC_MUST_USE enum wspec_err wspec_stream_connect(struct wspec_loop *loop,
                                                   const struct wspec_connect_options *options,
                                                   const struct wspec_stream_handlers *handlers,
                                                   void *user, struct wspec_stream **out);

/* wspec_stream_set_handlers replaces the handlers of `stream`, for one that a listener accepted or
 * one that changes hands. */
void wspec_stream_set_handlers(struct wspec_stream *stream,
                               const struct wspec_stream_handlers *handlers, void *user);

/* wspec_stream_write sends a copy of `octets`. WSPEC_ERR_LIMIT: the pending ceiling would be
 * passed, nothing is sent; wait for on_drained. WSPEC_ERR_IO: the connection is broken, on_error is
 * on its way. WSPEC_ERR_MISUSE: not open yet, or after finish, close or reset. WSPEC_ERR_NOMEM:
 * part may have been sent, and on_error is on its way. */
WSPEC_MUST_USE enum wspec_err wspec_stream_write(struct wspec_stream *stream,
                                                 struct wspec_span octets);

/* wspec_stream_write_borrowed is wspec_stream_write without the copy: `octets` must stay as they
 * are until `release(release_user)` is called, once, whether the call fails or not and however the
 * stream ends; it may be called before this function returns. */
WSPEC_MUST_USE enum wspec_err wspec_stream_write_borrowed(struct wspec_stream *stream,
                                                          struct wspec_span octets,
                                                          void (*release)(void *release_user),
                                                          void *release_user);

/* wspec_stream_finish sends FIN (inside TLS: close_notify, then FIN) after what is pending.
 * Reading goes on. A second call does nothing; so does one before on_open or after a failure. */
void wspec_stream_finish(struct wspec_stream *stream);

/* wspec_stream_write_and_finish is wspec_stream_write, and behind it wspec_stream_finish: the FIN is
 * in the segment of the last octets, where the system can hold octets back (TCP_CORK), so that the
 * peer meets both at once. Errors as wspec_stream_write; no FIN is sent then. */
WSPEC_MUST_USE enum wspec_err wspec_stream_write_and_finish(struct wspec_stream *stream,
                                                            struct wspec_span octets);

/* wspec_stream_reset drops what is pending, sends RST if there is a connection, and closes;
 * on_closed follows, nothing else. */
void wspec_stream_reset(struct wspec_stream *stream);

/* wspec_stream_close closes in good order: sends what is pending, then FIN, and discards what
 * comes until the peer's FIN, because closing with unread octets would make the kernel send RST
 * and so destroy our last octets on their way. After 1 second it gives up waiting (with RST if
 * something was still pending). on_closed follows, nothing else. A second call does nothing. */
void wspec_stream_close(struct wspec_stream *stream);

/* wspec_stream_pause stops on_data, on_eof and the errors of reading; the kernel's window then
 * fills up and holds the peer back. May be called before on_open. */
void wspec_stream_pause(struct wspec_stream *stream);

/* wspec_stream_resume undoes wspec_stream_pause. */
void wspec_stream_resume(struct wspec_stream *stream);

/* wspec_stream_is_paused returns true between pause and resume. */
bool wspec_stream_is_paused(const struct wspec_stream *stream);

/* wspec_stream_pending returns how many octets (of TLS records, inside TLS) the kernel has not
 * taken yet. */
size_t wspec_stream_pending(const struct wspec_stream *stream);

/* wspec_stream_peer stores the peer's address. WSPEC_ERR_MISUSE: there is no connection (yet). */
WSPEC_MUST_USE enum wspec_err wspec_stream_peer(const struct wspec_stream *stream,
                                                struct wspec_address *out);

/* wspec_stream_local is wspec_stream_peer for our own end. */
WSPEC_MUST_USE enum wspec_err wspec_stream_local(const struct wspec_stream *stream,
                                                 struct wspec_address *out);

/* wspec_stream_is_tls returns true for TLS. */
bool wspec_stream_is_tls(const struct wspec_stream *stream);

/* wspec_stream_server_name returns the name that the peer began TLS with (Server Name Indication);
 * NULL: none, or no TLS. Of a server, once it is open; borrowed. */
const char *wspec_stream_server_name(const struct wspec_stream *stream);

/* wspec_stream_user returns the `user` given with the handlers. */
void *wspec_stream_user(const struct wspec_stream *stream);

/* wspec_stream_loop returns the loop that `stream` runs on. */
struct wspec_loop *wspec_stream_loop(const struct wspec_stream *stream);

#endif
