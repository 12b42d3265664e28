#include "run/serve.h"

#include "net/listener.h"
#include "net/timer.h"
#include "proto/http_body.h"
#include "run/drive.h"

#include <stdlib.h>
#include <string.h>

enum { HTTP_HEAD_MAX = 4096, OCTETS_MAX = 2 * WSPEC_STREAM_READ_MAX + 65536 };

/* A case under way. */
struct session {
  struct wspec_serve *serve;
  struct session *next;
  struct wspec_serve_choice choice; /* without its body */
  struct wspec_play_config config;
  struct wspec_drive *drive;
  const char *refusal;     /* why no more connections will come; NULL: they may */
  struct visitor *waiting; /* connections that the case does not want yet, oldest first */
  size_t n_waiting, n_given;
};

/* A connection until a case has it. */
struct visitor {
  struct wspec_serve *serve;
  struct visitor *next;    /* of those whose request is being read, or that wait for the session */
  struct session *session; /* NULL: its request is being read */
  struct wspec_stream *stream;
  struct wspec_timer *timer;
  struct wspec_http_head head;
  struct wspec_http_body body;
  struct wspec_buf content; /* of a POST */
  struct wspec_buf octets;  /* all that came, for the play */
  bool has_head;            /* its content is being read */
  bool is_held;             /* its request is whole and waits to be looked at again */
};

struct wspec_serve {
  struct wspec_serve_options options;
  struct wspec_loop *loop;
  struct wspec_listener *listener; /* NULL once stopped */
  struct wspec_address address;
  struct session *sessions;
  struct visitor *reading;
  size_t n_sessions, n_visitors;
};

/* ---- Visitors ---- */

static void unlink_visitor(struct visitor *visitor) {
  struct session *session = visitor->session;
  struct visitor **at = session ? &session->waiting : &visitor->serve->reading;
  while (*at != visitor) {
    at = &(*at)->next;
  }
  *at = visitor->next;
  visitor->next = NULL;
  if (session) {
    session->n_waiting--;
  }
}

/* Its stream is somebody else's by now, or ends by itself. */
static void free_visitor(struct visitor *visitor) {
  unlink_visitor(visitor);
  visitor->serve->n_visitors--;
  wspec_timer_free(visitor->timer);
  wspec_http_head_clear(&visitor->head);
  wspec_buf_clear(&visitor->content);
  wspec_buf_clear(&visitor->octets);
  free(visitor);
}

static const struct wspec_stream_handlers no_handlers = {.on_open = NULL};

static void dismiss(struct visitor *visitor) {
  struct wspec_stream *stream = visitor->stream;
  free_visitor(visitor);
  wspec_stream_set_handlers(stream, &no_handlers, NULL);
  wspec_stream_resume(stream);
  wspec_stream_close(stream);
}

static void reset_visitor(struct visitor *visitor) {
  struct wspec_stream *stream = visitor->stream;
  free_visitor(visitor);
  wspec_stream_set_handlers(stream, &no_handlers, NULL);
  wspec_stream_reset(stream);
}

/* ---- Sessions ---- */

static void give_waiting(struct session *session) {
  while (session->waiting && session->drive && wspec_drive_wants(session->drive)) {
    struct visitor *visitor = session->waiting;
    struct wspec_stream *stream = visitor->stream;
    struct wspec_buf octets = visitor->octets;
    wspec_buf_init(&visitor->octets, 0);
    free_visitor(visitor);
    session->n_given++;
    if (!wspec_drive_give(session->drive, stream, wspec_buf_span(&octets))) {
      wspec_stream_reset(stream);
    }
    wspec_buf_clear(&octets);
  }
}

static void on_wanted(void *user, struct wspec_drive *drive) {
  struct session *session = user;
  session->drive = drive;
  give_waiting(session);
  if (session->refusal && !session->waiting) {
    wspec_drive_refuse(drive, session->refusal);
  }
}

static void on_done(void *user, struct wspec_play *play) {
  struct session *session = user;
  struct wspec_serve *serve = session->serve;
  struct wspec_result result;
  wspec_play_take_result(play, &result);
  for (struct session **at = &serve->sessions; *at; at = &(*at)->next) {
    if (*at == session) {
      *at = session->next;
      break;
    }
  }
  serve->n_sessions--;
  while (session->waiting) {
    dismiss(session->waiting);
  }
  serve->options.on_result(serve->options.user, &session->choice, &result);
  free(session);
}

/* One more connection of a case that still has a place for it. */
static struct session *find_session(struct wspec_serve *serve,
                                    const struct wspec_serve_choice *choice) {
  for (struct session *session = serve->sessions; session; session = session->next) {
    size_t n_expected = session->n_given + session->n_waiting;
    if (session->choice.script == choice->script &&
        strcmp(session->choice.agent, choice->agent) == 0 &&
        n_expected < choice->script->n_connections) {
      return session;
    }
  }
  return NULL;
}

static struct session *new_session(struct wspec_serve *serve,
                                   const struct wspec_serve_choice *choice) {
  static const struct wspec_drive_handlers handlers = {.on_wanted = on_wanted, .on_done = on_done};
  struct session *session = calloc(1, sizeof *session);
  if (!session) {
    return NULL;
  }
  session->serve = serve;
  session->choice = *choice;
  session->choice.body = (struct wspec_buf){.data = NULL};
  session->choice.content = (struct wspec_span){NULL, 0};
  session->refusal = choice->refusal;
  session->config = *serve->options.config;
  session->config.seed = wspec_play_seed(session->config.seed, choice->script->id);
  struct wspec_play *play =
      wspec_play_new(choice->script, &session->config, wspec_loop_now_us(serve->loop));
  if (!play || wspec_drive_new_awaiting(serve->loop, play, &handlers, session, &session->drive)) {
    free(session);
    return NULL;
  }
  session->next = serve->sessions;
  serve->sessions = session;
  serve->n_sessions++;
  return session;
}

/* A connection that its case has a place for, or that begins it. */
static void join_session(struct visitor *visitor, const struct wspec_serve_choice *choice) {
  struct session *session = find_session(visitor->serve, choice);
  session = session || choice->must_join ? session : new_session(visitor->serve, choice);
  if (!session) {
    reset_visitor(visitor);
    return;
  }
  unlink_visitor(visitor);
  struct visitor **at = &session->waiting;
  while (*at) {
    at = &(*at)->next;
  }
  *at = visitor;
  visitor->session = session;
  session->n_waiting++;
  wspec_timer_stop(visitor->timer);
  wspec_stream_pause(visitor->stream);
  give_waiting(session);
}

/* ---- HTTP ---- */

static const char *reason_of(unsigned status_code) {
  switch (status_code) {
  case 200:
    return "OK";
  case 400:
    return "Bad Request";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 409:
    return "Conflict";
  case 413:
    return "Content Too Large";
  default:
    return "Internal Server Error";
  }
}

static void answer_http(struct visitor *visitor, struct wspec_serve_choice *choice) {
  struct wspec_buf head;
  bool has_body = !wspec_span_equal_text(visitor->head.method, "HEAD");
  wspec_buf_init(&head, HTTP_HEAD_MAX);
  enum wspec_err err = wspec_buf_appendf(
      &head,
      "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
      "Cache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\n"
      "Connection: close\r\n\r\n",
      choice->status_code, reason_of(choice->status_code),
      choice->content_type ? choice->content_type : "text/plain; charset=utf-8", choice->body.len);
  err = err ? err : wspec_stream_write(visitor->stream, wspec_buf_span(&head));
  if (!err && has_body && choice->body.len > 0) {
    err = wspec_stream_write(visitor->stream, wspec_buf_span(&choice->body));
  }
  (void)err; /* the connection ends in any case */
  wspec_buf_clear(&head);
  dismiss(visitor);
}

static void take_request(struct visitor *visitor) {
  struct wspec_serve *serve = visitor->serve;
  struct wspec_serve_choice choice = {.content = wspec_buf_span(&visitor->content)};
  wspec_buf_init(&choice.body, WSPEC_SERVE_BODY_MAX);
  serve->options.on_request(serve->options.user, &visitor->head, &choice);
  visitor->is_held = choice.is_held;
  if (choice.is_held) {
    wspec_buf_clear(&choice.body);
    wspec_timer_stop(visitor->timer);
    return;
  }
  if (choice.script && !choice.refusal) {
    wspec_buf_clear(&choice.body);
    join_session(visitor, &choice);
    return;
  }
  if (choice.script && !new_session(serve, &choice)) {
    choice.status_code = 500;
  }
  answer_http(visitor, &choice);
  wspec_buf_clear(&choice.body);
}

static void refuse(struct visitor *visitor, unsigned status_code, const char *what,
                   const char *why) {
  struct wspec_serve_choice choice = {.status_code = status_code};
  wspec_buf_init(&choice.body, HTTP_HEAD_MAX);
  enum wspec_err err =
      wspec_buf_appendf(&choice.body, "%s: %s\n", what, why ? why : "out of memory");
  (void)err; /* an answer without words, then */
  answer_http(visitor, &choice);
  wspec_buf_clear(&choice.body);
}

/* Content is read of a POST alone: whoever sends some behind a GET is not waited for. */
static void read_content(struct visitor *visitor, struct wspec_span octets) {
  enum wspec_err err = WSPEC_ERR_NEED_MORE;
  do {
    size_t consumed = 0;
    struct wspec_span content = {NULL, 0};
    err = wspec_http_body_feed(&visitor->body, octets, &consumed, &content);
    octets = wspec_span_from(octets, consumed);
    if (wspec_buf_append_span(&visitor->content, content)) {
      refuse(visitor, 413, "there is no room for the content of the request", "it is too large");
      return;
    }
  } while (err == WSPEC_ERR_NEED_MORE && octets.len > 0);
  if (err == WSPEC_OK) {
    take_request(visitor);
  } else if (err != WSPEC_ERR_NEED_MORE) {
    refuse(visitor, 400, "the content of the request cannot be read", visitor->body.error_text);
  }
}

static void take_head(struct visitor *visitor, struct wspec_span behind) {
  if (!wspec_span_equal_text(visitor->head.method, "POST")) {
    take_request(visitor);
    return;
  }
  visitor->has_head = true;
  wspec_http_body_init(&visitor->body, &visitor->head, false);
  read_content(visitor, behind);
}

/* ---- What a visitor does ---- */

static void on_data(void *user, struct wspec_stream *stream, uint8_t *data, size_t len) {
  (void)stream;
  struct visitor *visitor = user;
  size_t consumed;
  struct wspec_span octets = wspec_span_of(data, len);
  if (visitor->has_head && !visitor->is_held) {
    read_content(visitor, octets);
    return;
  }
  if (wspec_buf_append(&visitor->octets, data, len)) {
    dismiss(visitor);
    return;
  }
  if (visitor->is_held) {
    return;
  }
  enum wspec_err err = wspec_http_head_feed(&visitor->head, octets, &consumed);
  if (err == WSPEC_OK) {
    take_head(visitor, wspec_span_from(octets, consumed));
  } else if (err != WSPEC_ERR_NEED_MORE) {
    refuse(visitor, 400, "this is no request", visitor->head.error_text);
  }
}

static void on_eof(void *user, struct wspec_stream *stream) {
  (void)stream;
  dismiss(user);
}

static void on_error(void *user, struct wspec_stream *stream, const struct wspec_net_error *error) {
  (void)stream;
  (void)error;
  free_visitor(user);
}

static void on_request_timer(void *user) {
  reset_visitor(user);
}

static const struct wspec_stream_handlers visitor_handlers = {
    .on_data = on_data, .on_eof = on_eof, .on_error = on_error};

static void on_accept(void *user, struct wspec_stream *stream) {
  struct wspec_serve *serve = user;
  bool is_full = serve->n_visitors + serve->n_sessions >= WSPEC_SERVE_CONNECTIONS_MAX;
  struct visitor *visitor = is_full ? NULL : calloc(1, sizeof *visitor);
  if (!visitor || wspec_timer_new(serve->loop, on_request_timer, visitor, &visitor->timer)) {
    free(visitor);
    wspec_stream_reset(stream);
    return;
  }
  visitor->serve = serve;
  visitor->stream = stream;
  visitor->next = serve->reading;
  serve->reading = visitor;
  serve->n_visitors++;
  wspec_http_head_init(&visitor->head, WSPEC_HTTP_REQUEST, NULL);
  wspec_buf_init(&visitor->content, WSPEC_SERVE_CONTENT_MAX);
  wspec_buf_init(&visitor->octets, OCTETS_MAX);
  wspec_stream_set_handlers(stream, &visitor_handlers, visitor);
  wspec_timer_start(visitor->timer, (uint64_t)serve->options.request_timeout_ms * 1000);
}

/* ---- Lifecycle ---- */

enum wspec_err wspec_serve_new(struct wspec_loop *loop, const struct wspec_serve_options *options,
                               struct wspec_serve **out, struct wspec_net_error *error) {
  *out = NULL;
  struct wspec_serve *serve = calloc(1, sizeof *serve);
  if (!serve) {
    return wspec_net_error_set(error, WSPEC_ERR_NOMEM, "out of memory");
  }
  serve->options = *options;
  serve->loop = loop;
  const struct wspec_listen_options listen_options = {
      .host = options->host,
      .port = options->port,
      .tls = options->tls,
      .timeout_ms = options->request_timeout_ms,
      .pending_max = WSPEC_SERVE_BODY_MAX,
  };
  enum wspec_err err =
      wspec_listener_new(loop, &listen_options, on_accept, serve, &serve->listener, error);
  if (err) {
    free(serve);
    return err;
  }
  serve->address = *wspec_listener_address(serve->listener);
  *out = serve;
  return WSPEC_OK;
}

const struct wspec_address *wspec_serve_address(const struct wspec_serve *serve) {
  return &serve->address;
}

bool wspec_serve_is_playing(const struct wspec_serve *serve, const struct wspec_script *script,
                            const char *agent) {
  for (const struct session *session = serve->sessions; session; session = session->next) {
    if ((!script || session->choice.script == script) &&
        strcmp(session->choice.agent, agent) == 0) {
      return true;
    }
  }
  return false;
}

size_t wspec_serve_n_playing(const struct wspec_serve *serve) {
  return serve->n_sessions;
}

bool wspec_serve_begin(struct wspec_serve *serve, const struct wspec_serve_choice *choice) {
  return new_session(serve, choice) != NULL;
}

void wspec_serve_refuse(struct wspec_serve *serve, const struct wspec_script *script,
                        const char *agent, const char *sentence) {
  for (struct session *session = serve->sessions; session; session = session->next) {
    if (session->choice.script == script && strcmp(session->choice.agent, agent) == 0) {
      session->refusal = sentence;
      if (session->drive && !session->waiting) {
        wspec_drive_refuse(session->drive, sentence); /* the session may be gone */
      }
      return;
    }
  }
}

void wspec_serve_ask_again(struct wspec_serve *serve) {
  struct visitor *next;
  for (struct visitor *visitor = serve->reading; visitor; visitor = next) {
    next = visitor->next; /* looking at one again touches no other */
    if (visitor->is_held) {
      take_request(visitor);
    }
  }
}

void wspec_serve_stop(struct wspec_serve *serve) {
  wspec_listener_free(serve->listener);
  serve->listener = NULL;
  while (serve->reading) {
    reset_visitor(serve->reading);
  }
  struct session *next;
  for (struct session *session = serve->sessions; session; session = next) {
    next = session->next;
    if (session->drive) {
      wspec_drive_abort(session->drive);
    }
  }
}

void wspec_serve_free(struct wspec_serve *serve) {
  if (serve) {
    wspec_serve_stop(serve);
    free(serve);
  }
}
