#include "endpoint/websocket_internal.h"

#include "proto/http_list.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_MAX = 64, SPILL_MIN = 1024 * 1024, EXTENSIONS_LEN_MAX = 64 * 1024 };

void wspec_websocket_options_init(struct wspec_websocket_options *options) {
  *options = (struct wspec_websocket_options){
      .deflate = true,
      .deflate_offer = {.has_client_max_window_bits = true},
      .message_max = UINT64_C(1) << 30,
      .spill_min = SPILL_MIN,
      .open_timeout_ms = 30 * 1000,
      .closing_timeout_ms = 5 * 1000,
  };
}

/* ---- The end ---- */

static void destroy(struct wspec_websocket *socket) {
  wspec__websocket_drop_queue(socket);
  wspec_client_session_free(socket->session);
  wspec_timer_free(socket->timer);
  wspec_timer_free(socket->resume);
  wspec__listeners_clear(&socket->listeners);
  wspec_tls_free(socket->own_tls);
  wspec_buf_clear(&socket->protocol);
  wspec_buf_clear(&socket->extensions);
  wspec_buf_clear(&socket->request);
  wspec_buf_clear(&socket->text);
  wspec_blob_writer_clear(&socket->binary);
  free(socket->protocols);
  wspec_url_clear(&socket->url);
  free((void *)(uintptr_t)socket->binary.directory);
  free(socket);
}

static void destroy_if_unused(struct wspec_websocket *socket) {
  if (socket->is_freed && !socket->stream && socket->listeners.depth == 0) {
    destroy(socket);
  }
}

void wspec_websocket_free(struct wspec_websocket *socket) {
  if (!socket) {
    return;
  }
  socket->is_freed = true;
  wspec__listeners_remove_all(&socket->listeners);
  wspec_timer_stop(socket->timer);
  wspec_timer_stop(socket->resume);
  if (socket->stream) {
    wspec_stream_reset(socket->stream); /* on_closed destroys */
  }
  destroy_if_unused(socket);
}

void wspec__websocket_tell(struct wspec_websocket *socket,
                           const struct wspec_websocket_event *event) {
  wspec__listeners_call(&socket->listeners, socket, event);
}

void wspec__websocket_note_failure(struct wspec_websocket *socket, enum wspec_err err,
                                   const char *sentence) {
  if (!socket->failure.err) {
    (void)wspec_net_error_set(&socket->failure, err, "%s", sentence);
  }
}

/* What the system has taken. Inside TLS both terms count differently; it still moves only when
 * octets do. */
static uint64_t octets_taken(const struct wspec_websocket *socket) {
  return socket->written - wspec_stream_pending(socket->stream);
}

void wspec__websocket_start_closing(struct wspec_websocket *socket) {
  if (socket->state == WSPEC_WEBSOCKET_OPEN) {
    socket->state = WSPEC_WEBSOCKET_CLOSING;
  }
  if (socket->closing_timeout_ms > 0 && !socket->is_freed) {
    socket->taken = octets_taken(socket);
    wspec_timer_start(socket->timer, (uint64_t)socket->closing_timeout_ms * 1000);
  }
}

void wspec__websocket_give_up(struct wspec_websocket *socket, enum wspec_err err,
                              const char *sentence) {
  wspec__websocket_note_failure(socket, err, sentence);
  wspec_buf_clear(&socket->text);
  wspec_blob_writer_clear(&socket->binary);
  if (wspec_conn_close(wspec_client_session_conn(socket->session), WSPEC_CLOSE_INTERNAL_ERROR,
                       wspec_span_text(sentence))) {
    wspec_stream_close(socket->stream);
  }
  socket->state = WSPEC_WEBSOCKET_CLOSING;
  wspec__websocket_start_closing(socket);
}

static struct wspec_conn_outcome outcome_of(struct wspec_websocket *socket) {
  struct wspec_conn *conn = wspec_client_session_conn(socket->session);
  if (conn) {
    return wspec_conn_outcome(conn);
  }
  /* WHATWG section 4: 1006 whatever it was; the error event says what. */
  return (struct wspec_conn_outcome){.status_code = WSPEC_CLOSE_ABNORMAL};
}

/* WHATWG section 4, "when the WebSocket connection is closed": the state first, then the events. */
static void tell_end(struct wspec_websocket *socket) {
  if (!wspec_client_session_conn(socket->session)) {
    wspec__websocket_note_failure(socket, WSPEC_ERR_NOMEM, "out of memory"); /* if nothing else */
  }
  struct wspec_conn_outcome outcome = outcome_of(socket);
  socket->state = WSPEC_WEBSOCKET_CLOSED;
  if (socket->failure.err) {
    wspec__websocket_tell(socket, &(struct wspec_websocket_event){
                                      .type = WSPEC_WEBSOCKET_ON_ERROR,
                                      .err = socket->failure.err,
                                      .sentence = socket->failure.sentence,
                                  });
  }
  wspec__websocket_tell(socket, &(struct wspec_websocket_event){
                                    .type = WSPEC_WEBSOCKET_ON_CLOSE,
                                    .status_code = outcome.status_code,
                                    .reason = outcome.reason,
                                    .was_clean = outcome.was_clean,
                                });
}

/* ---- The stream ---- */

static void on_stream_open(void *user, struct wspec_stream *stream) {
  struct wspec_websocket *socket = user;
  (void)stream;
  socket->is_connected = true;
  wspec__websocket_pump(socket);
}

static void on_stream_data(void *user, struct wspec_stream *stream, uint8_t *data, size_t len) {
  struct wspec_websocket *socket = user;
  (void)stream;
  socket->is_feeding = true;
  wspec_client_session_feed(socket->session, data, len);
  socket->is_feeding = false;
  wspec__websocket_pump(socket);
}

static void on_stream_eof(void *user, struct wspec_stream *stream) {
  struct wspec_websocket *socket = user;
  if (socket->state == WSPEC_WEBSOCKET_OPEN) {
    /* RFC 6455 section 7.2.1: a connection that is lost is failed, and so has an error event. */
    wspec__websocket_note_failure(socket, WSPEC_ERR_IO,
                                  "the server closed TCP without a close frame (FIN)");
  }
  wspec_client_session_eof(socket->session);
  wspec_stream_close(stream);
}

static void on_stream_error(void *user, struct wspec_stream *stream,
                            const struct wspec_net_error *error) {
  struct wspec_websocket *socket = user;
  (void)stream;
  struct wspec_conn *conn = wspec_client_session_conn(socket->session);
  /* Behind the closing handshake a RST takes nothing away. */
  if (!conn || !wspec_conn_outcome(conn).was_clean) {
    wspec__websocket_note_failure(socket, error->err, error->sentence);
  }
}

static void on_stream_drained(void *user, struct wspec_stream *stream) {
  (void)stream;
  wspec__websocket_pump(user);
}

static void on_stream_closed(void *user, struct wspec_stream *stream) {
  struct wspec_websocket *socket = user;
  (void)stream;
  socket->stream = NULL;
  wspec_timer_stop(socket->timer);
  wspec_timer_stop(socket->resume);
  if (!socket->is_freed) {
    wspec_client_session_eof(socket->session);
    socket->listeners.depth++; /* a handler may free the socket, and tell_end needs it to the end */
    tell_end(socket);
    socket->listeners.depth--;
  }
  destroy_if_unused(socket);
}

static const struct wspec_stream_handlers STREAM_HANDLERS = {
    .on_open = on_stream_open,
    .on_data = on_stream_data,
    .on_eof = on_stream_eof,
    .on_error = on_stream_error,
    .on_drained = on_stream_drained,
    .on_closed = on_stream_closed,
};

static void on_timer(void *user) {
  struct wspec_websocket *socket = user;
  if (socket->state == WSPEC_WEBSOCKET_CONNECTING) {
    wspec__websocket_note_failure(socket, WSPEC_ERR_TIMEOUT, "the connection was not open in time");
    socket->state = WSPEC_WEBSOCKET_CLOSING;
  } else if (octets_taken(socket) != socket->taken) {
    wspec__websocket_start_closing(socket); /* slow is not stuck */
    return;
  } else if (socket->close_waits) {
    wspec__websocket_note_failure(socket, WSPEC_ERR_TIMEOUT,
                                  "the server stopped reading, and messages were not sent");
  }
  wspec_stream_reset(socket->stream);
}

static void on_resume(void *user) {
  wspec__websocket_pump(user);
}

/* ---- The constructor ---- */

static void fill_random(void *context, uint8_t *out, size_t len) {
  (void)context;
  if (RAND_bytes(out, (int)len) != 1) {
    abort(); /* it was ready when the socket was made; a key that can be guessed is no way out */
  }
}

static enum wspec_err check_protocols(const struct wspec_websocket_options *options,
                                      struct wspec_net_error *error) {
  for (size_t i = 0; i < options->n_protocols; i++) {
    const char *name = options->protocols[i];
    if (!wspec_http_is_token(wspec_span_text(name))) {
      return wspec_net_error_set(error, WSPEC_ERR_MISUSE, "the subprotocol '%s' is no token", name);
    }
    for (size_t j = 0; j < i; j++) {
      if (strcmp(options->protocols[j], name) == 0) {
        return wspec_net_error_set(error, WSPEC_ERR_MISUSE, "the subprotocol '%s' is there twice",
                                   name);
      }
    }
  }
  return WSPEC_OK;
}

static enum wspec_err parse_url(struct wspec_websocket *socket, const char *url,
                                struct wspec_net_error *error) {
  struct wspec_url_error url_error = {.text = ""};
  enum wspec_err err = wspec_url_parse(&socket->url, wspec_span_text(url), 0, &url_error);
  if (err) {
    return wspec_net_error_set(error, err == WSPEC_ERR_NOMEM ? err : WSPEC_ERR_URL,
                               "the URL cannot be used: %s", url_error.text);
  }
  return WSPEC_OK;
}

/* Copies the names behind an array of spans over them, in one block: the session looks at them when
 * the answer comes. */
static enum wspec_err copy_protocols(struct wspec_websocket *socket,
                                     const struct wspec_websocket_options *options) {
  size_t len = options->n_protocols * sizeof(struct wspec_span);
  for (size_t i = 0; i < options->n_protocols; i++) {
    len += strlen(options->protocols[i]);
  }
  socket->n_protocols = options->n_protocols;
  socket->protocols = len > 0 ? malloc(len) : NULL;
  if (len > 0 && !socket->protocols) {
    return WSPEC_ERR_NOMEM;
  }
  uint8_t *at = (uint8_t *)(socket->protocols + options->n_protocols);
  for (size_t i = 0; i < options->n_protocols; i++) {
    size_t name_len = strlen(options->protocols[i]);
    memcpy(at, options->protocols[i], name_len);
    socket->protocols[i] = wspec_span_of(at, name_len);
    at += name_len;
  }
  return WSPEC_OK;
}

/* The lines of the request that are not the protocol's own. */
struct header_list {
  struct wspec_handshake_header items[HEADERS_MAX + 2];
  size_t n;
  struct wspec_buf authorization;
};

/* RFC 7617: "Basic" and the base64 of "user:password". */
static enum wspec_err write_authorization(const struct wspec_url *url, struct wspec_buf *out) {
  struct wspec_buf plain;
  wspec_buf_init(&plain, WSPEC_URL_LEN_MAX);
  enum wspec_err err = wspec_url_decode_userinfo(url, &plain);
  if (!err && plain.len > 0) {
    err = wspec_buf_append_text(out, "Basic ");
    uint8_t *base64 = NULL;
    if (!err) {
      err = wspec_buf_reserve(out, (plain.len + 2) / 3 * 4 + 1, &base64);
    }
    if (!err) {
      (void)EVP_EncodeBlock(base64, plain.data, (int)plain.len);
      wspec_buf_truncate(out, out->len - 1); /* the NUL */
    }
  }
  wspec_buf_clear(&plain);
  return err;
}

static enum wspec_err list_headers(const struct wspec_websocket *socket,
                                   const struct wspec_websocket_options *options,
                                   struct header_list *list) {
  const char *agent = options->user_agent ? options->user_agent : "wspec";
  list->n = 0;
  wspec_buf_init(&list->authorization, 2 * WSPEC_URL_LEN_MAX);
  if (options->n_headers > HEADERS_MAX) {
    return WSPEC_ERR_LIMIT;
  }
  if (agent[0] != '\0') {
    list->items[list->n++] =
        (struct wspec_handshake_header){wspec_span_text("User-Agent"), wspec_span_text(agent)};
  }
  enum wspec_err err = write_authorization(&socket->url, &list->authorization);
  if (list->authorization.len > 0) {
    list->items[list->n++] = (struct wspec_handshake_header){wspec_span_text("Authorization"),
                                                             wspec_buf_span(&list->authorization)};
  }
  for (size_t i = 0; i < options->n_headers; i++) {
    list->items[list->n++] = options->headers[i];
  }
  return err;
}

static enum wspec_err make_session(struct wspec_websocket *socket,
                                   const struct wspec_websocket_options *options) {
  struct wspec_client_session_options session;
  struct header_list list;
  wspec_client_session_options_init(&session);
  enum wspec_err err = list_headers(socket, options, &list);
  session.host = socket->url.host_header;
  session.target = socket->url.resource_name;
  session.origin = wspec_span_text(options->origin);
  session.protocols = socket->protocols;
  session.n_protocols = socket->n_protocols;
  session.protocol_required = true;
  session.headers = list.items;
  session.n_headers = list.n;
  session.deflate = options->deflate;
  session.deflate_offer = options->deflate_offer;
  session.conn.assemble = false;
  session.conn.message_max = options->message_max;
  session.conn.frame_max = options->message_max;
  session.conn.fill_random = fill_random;
  if (!err) {
    err = wspec_client_session_new(&session, wspec__websocket_session_handlers(), socket,
                                   &socket->session);
  }
  if (!err && options->on_handshake) {
    err = wspec_buf_append_span(&socket->request, wspec_client_session_output(socket->session));
  }
  wspec_buf_clear(&list.authorization);
  return err;
}

static enum wspec_err start_connecting(struct wspec_websocket *socket,
                                       const struct wspec_websocket_options *options,
                                       struct wspec_net_error *error) {
  struct wspec_tls *tls = NULL;
  if (socket->url.is_secure && !options->tls) {
    struct wspec_tls_options defaults = {0};
    enum wspec_err err = wspec_tls_new_client(&defaults, &socket->own_tls, error);
    if (err) {
      return err;
    }
  }
  if (socket->url.is_secure) {
    tls = options->tls ? options->tls : socket->own_tls;
  }
  char *host = calloc(1, socket->url.host.len + 1);
  if (!host) {
    return WSPEC_ERR_NOMEM;
  }
  memcpy(host, socket->url.host.data, socket->url.host.len);
  struct wspec_connect_options connect = {
      .host = host, .port = socket->url.port, .addresses = options->addresses, .tls = tls};
  enum wspec_err err =
      wspec_stream_connect(socket->loop, &connect, &STREAM_HANDLERS, socket, &socket->stream);
  free(host);
  if (!err && options->open_timeout_ms > 0) {
    wspec_timer_start(socket->timer, (uint64_t)options->open_timeout_ms * 1000);
  }
  return err;
}

static enum wspec_err init_parts(struct wspec_websocket *socket,
                                 const struct wspec_websocket_options *options) {
  const char *directory = options->spill_directory ? options->spill_directory : "/tmp";
  char *copy = strdup(directory);
  size_t text_max = options->message_max < SIZE_MAX ? (size_t)options->message_max : SIZE_MAX - 1;
  socket->closing_timeout_ms = options->closing_timeout_ms;
  socket->spill_min = options->spill_min;
  socket->on_handshake = options->on_handshake;
  socket->on_handshake_user = options->on_handshake_user;
  wspec_buf_init(&socket->protocol, EXTENSIONS_LEN_MAX);
  wspec_buf_init(&socket->extensions, EXTENSIONS_LEN_MAX);
  wspec_buf_init(&socket->request, SIZE_MAX / 2);
  wspec_buf_init(&socket->text, text_max);
  wspec_blob_writer_init(&socket->binary, options->spill_min, copy);
  if (!copy) {
    socket->binary.directory = NULL;
    return WSPEC_ERR_NOMEM;
  }
  enum wspec_err err = wspec_timer_new(socket->loop, on_timer, socket, &socket->timer);
  return err ? err : wspec_timer_new(socket->loop, on_resume, socket, &socket->resume);
}

static enum wspec_err construct(struct wspec_websocket *socket, const char *url,
                                const struct wspec_websocket_options *options,
                                struct wspec_net_error *error) {
  enum wspec_err err = init_parts(socket, options);
  if (!err) {
    err = parse_url(socket, url, error);
  }
  if (!err) {
    err = check_protocols(options, error);
  }
  if (!err && RAND_status() != 1) {
    return wspec_net_error_set(error, WSPEC_ERR_TLS, "the system gives no random octets");
  }
  if (!err) {
    err = copy_protocols(socket, options);
  }
  if (!err) {
    err = make_session(socket, options);
  }
  return err ? err : start_connecting(socket, options, error);
}

enum wspec_err wspec_websocket_new(struct wspec_loop *loop, const char *url,
                                   const struct wspec_websocket_options *options,
                                   struct wspec_websocket **out, struct wspec_net_error *error) {
  *out = NULL;
  if (error) {
    *error = (struct wspec_net_error){.sentence = ""};
  }
  struct wspec_websocket *socket = calloc(1, sizeof *socket);
  if (!socket) {
    return wspec_net_error_set(error, WSPEC_ERR_NOMEM, "out of memory");
  }
  socket->loop = loop;
  enum wspec_err err = construct(socket, url, options, error);
  if (err) {
    destroy(socket);
    if (error && error->sentence[0] == '\0') {
      (void)wspec_net_error_set(error, err, "%s",
                                err == WSPEC_ERR_MISUSE ? "a header of the request cannot be sent"
                                                        : wspec_err_sentence(err));
    }
    return err;
  }
  *out = socket;
  return WSPEC_OK;
}

/* ---- Handlers and attributes ---- */

enum wspec_err wspec_websocket_set_handler(struct wspec_websocket *socket,
                                           enum wspec_websocket_event_type type,
                                           wspec_websocket_handler *handler, void *user) {
  struct wspec__listener listener = {type, handler, user, true};
  return wspec__listeners_assign(&socket->listeners, &listener);
}

enum wspec_err wspec_websocket_add_listener(struct wspec_websocket *socket,
                                            enum wspec_websocket_event_type type,
                                            wspec_websocket_handler *handler, void *user) {
  struct wspec__listener listener = {type, handler, user, false};
  return wspec__listeners_add(&socket->listeners, &listener);
}

void wspec_websocket_remove_listener(struct wspec_websocket *socket,
                                     enum wspec_websocket_event_type type,
                                     wspec_websocket_handler *handler, void *user) {
  struct wspec__listener listener = {type, handler, user, false};
  wspec__listeners_remove(&socket->listeners, &listener);
}

enum wspec_websocket_state wspec_websocket_ready_state(const struct wspec_websocket *socket) {
  return socket->state;
}

uint64_t wspec_websocket_buffered_amount(const struct wspec_websocket *socket) {
  return socket->buffered;
}

void wspec_websocket_set_binary_type(struct wspec_websocket *socket,
                                     enum wspec_websocket_binary_type binary_type) {
  socket->binary_type = binary_type;
}

enum wspec_websocket_binary_type wspec_websocket_binary_type(const struct wspec_websocket *socket) {
  return socket->binary_type;
}

struct wspec_span wspec_websocket_url(const struct wspec_websocket *socket) {
  return socket->url.href;
}

struct wspec_span wspec_websocket_protocol(const struct wspec_websocket *socket) {
  return wspec_buf_span(&socket->protocol);
}

struct wspec_span wspec_websocket_extensions(const struct wspec_websocket *socket) {
  return wspec_buf_span(&socket->extensions);
}
