/* internal: what the files of net/ share and nobody else sees. */
#ifndef WSPEC_NET_INTERNAL_H
#define WSPEC_NET_INTERNAL_H

#include "net/loop.h"
#include "net/stream.h"

#include <stdbool.h>
#include <uv.h>

struct wspec_connect_attempt;
struct wspec_tls_filter;

struct wspec_loop {
  uv_loop_t uv;
  uv_idle_t idle; /* runs while `deferred_first` is set, and keeps poll from blocking */
  struct wspec_stream *deferred_first;
  struct wspec_stream *deferred_last;
  size_t deferred_count;
  unsigned n_processes; /* that were started so far */
  bool is_firing;       /* inside the callback of a timer */
  uint8_t *read_buffer; /* WSPEC_STREAM_READ_MAX octets, shared by all streams */
};

enum stream_state {
  STREAM_CONNECTING, /* look-up, TCP handshake */
  STREAM_TLS,        /* TLS handshake */
  STREAM_OPEN,
  STREAM_FAILED,    /* inside on_error */
  STREAM_LINGERING, /* wspec_stream_close: flushes, then discards until the peer's FIN */
  STREAM_DEAD       /* uv_close was called */
};

enum stream_end { END_NONE, END_EOF, END_ERROR };

struct wspec_stream {
  uv_tcp_t tcp;
  uv_timer_t timer; /* until on_open: the time-out; then: the end of lingering */
  uv_shutdown_t shutdown;
  struct wspec_loop *loop;
  const struct wspec_stream_handlers *handlers;
  void *user;
  struct wspec_tls_filter *tls;          /* NULL: plain TCP */
  struct wspec_connect_attempt *attempt; /* while STREAM_CONNECTING */
  struct wspec_stream *deferred_previous;
  struct wspec_stream *deferred_next;
  size_t pending;      /* octets in write requests */
  size_t pending_cost; /* `pending` and the requests themselves: what the ceiling is held to */
  size_t pending_max;
  uint32_t timeout_ms;
  enum stream_state state;
  enum stream_end end; /* how reading ended, if not yet delivered to the user */
  int end_code;        /* libuv's, for END_ERROR */
  int write_code;      /* libuv's, once a write has failed; the error waits for reading to end */
  int open_handles;    /* `tcp` and `timer` */
  bool has_tcp;        /* `tcp` is an initialised handle */
  bool is_paused;
  bool is_deferred;
  bool finish_asked;  /* FIN is queued */
  bool finish_done;   /* FIN is handed to the kernel, or cannot be */
  bool peer_finished; /* the peer's FIN or RST was read from the kernel */
  bool eof_delivered;
};

/* loop.c */

/* wspec_loop_defer makes wspec_stream_run_deferred(stream) be called in the next turn. */
void wspec_loop_defer(struct wspec_stream *stream);
void wspec_loop_undefer(struct wspec_stream *stream);

/* stream.c */

struct wspec_stream *wspec_stream_new(struct wspec_loop *loop, size_t pending_max);
int wspec_stream_init_tcp(struct wspec_stream *stream); /* libuv's code */
void wspec_stream_handle_closed(uv_handle_t *handle);
void wspec_stream_run_deferred(struct wspec_stream *stream);
/* wspec_stream_code_is_reset tells whether libuv's `code` is what a RST of the peer leads to. */
bool wspec_stream_code_is_reset(int code);
/* wspec_stream_start: TCP is there; does what comes next and starts reading. */
void wspec_stream_start(struct wspec_stream *stream);
void wspec_stream_start_timeout(struct wspec_stream *stream, uint32_t timeout_ms);
/* wspec_stream_fail delivers on_error, then closes. */
void wspec_stream_fail(struct wspec_stream *stream, const struct wspec_net_error *error);
/* wspec_stream_destroy closes the handles; on_closed follows when they are. */
void wspec_stream_destroy(struct wspec_stream *stream);
void wspec_stream_become_open(struct wspec_stream *stream);
void wspec_stream_deliver_data(struct wspec_stream *stream, uint8_t *data, size_t len);
void wspec_stream_check_lingering(struct wspec_stream *stream);

/* stream_write.c */

/* wspec_stream_send sends a copy of octets of the wire, whatever the state and the ceiling. */
WSPEC_MUST_USE enum wspec_err wspec_stream_send(struct wspec_stream *stream,
                                                struct wspec_span octets);
void wspec_stream_send_fin(struct wspec_stream *stream);

/* stream_tls.c */

/* wspec_stream_tls_attach makes `stream` speak TLS; does nothing if `tls` is NULL. */
WSPEC_MUST_USE enum wspec_err wspec_stream_tls_attach(struct wspec_stream *stream,
                                                      struct wspec_tls *tls, const char *host);
WSPEC_MUST_USE enum wspec_err wspec_stream_tls_write(struct wspec_stream *stream,
                                                     struct wspec_span octets);
void wspec_stream_tls_finish(struct wspec_stream *stream);
void wspec_stream_tls_receive(struct wspec_stream *stream, const uint8_t *data, size_t len);
/* wspec_stream_tls_pump goes as far as what was received allows: handshake, then data. */
void wspec_stream_tls_pump(struct wspec_stream *stream);

/* connect.c */

void wspec_connect_run_deferred(struct wspec_stream *stream);
void wspec_connect_cancel(struct wspec_stream *stream);

#endif
