/* Echoes each message; selects the subprotocol `chat` when it is offered. */
#include <libwebsockets.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MESSAGE_BYTES = 16 << 20 };

/* A chunk of a message, as the library hands it over: echoed as one frame. */
struct chunk {
  struct chunk *next;
  size_t len;
  enum lws_write_protocol flags;
  unsigned char octets[]; /* LWS_PRE octets of room for the frame header come first */
};

struct session {
  struct chunk *first;
  struct chunk **end;
  size_t message_len;
};

static volatile sig_atomic_t ended;

static void on_signal(int number) {
  (void)number;
  ended = 1;
}

static int queue(struct lws *wsi, struct session *session, const void *octets, size_t len) {
  session->message_len = lws_is_first_fragment(wsi) ? len : session->message_len + len;
  if (session->message_len > MAX_MESSAGE_BYTES) {
    lws_close_reason(wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NULL, 0);
    return -1;
  }
  struct chunk *chunk = malloc(sizeof *chunk + LWS_PRE + len);
  if (!chunk) {
    return -1;
  }
  chunk->next = NULL;
  chunk->len = len;
  chunk->flags = (enum lws_write_protocol)lws_write_ws_flags(
      lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT, lws_is_first_fragment(wsi),
      lws_is_final_fragment(wsi));
  memcpy(chunk->octets + LWS_PRE, octets, len);
  *session->end = chunk;
  session->end = &chunk->next;
  lws_callback_on_writable(wsi);
  return 0;
}

static int write_first(struct lws *wsi, struct session *session) {
  struct chunk *chunk = session->first;
  if (!chunk) {
    return 0;
  }
  int written = lws_write(wsi, chunk->octets + LWS_PRE, chunk->len, chunk->flags);
  session->first = chunk->next;
  if (!session->first) {
    session->end = &session->first;
  }
  free(chunk);
  if (session->first) {
    lws_callback_on_writable(wsi);
  }
  return written < 0 ? -1 : 0;
}

static int echo(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                size_t len) {
  struct session *session = user;
  switch (reason) {
  case LWS_CALLBACK_ESTABLISHED:
    memset(session, 0, sizeof *session);
    session->end = &session->first;
    return 0;
  case LWS_CALLBACK_RECEIVE:
    return queue(wsi, session, in, len);
  case LWS_CALLBACK_SERVER_WRITEABLE:
    return write_first(wsi, session);
  case LWS_CALLBACK_CLOSED:
    while (session->first) {
      struct chunk *chunk = session->first;
      session->first = chunk->next;
      free(chunk);
    }
    return 0;
  default:
    return lws_callback_http_dummy(wsi, reason, user, in, len);
  }
}

/* The first one serves connections that offer no subprotocol. */
static const struct lws_protocols protocols[] = {
    {"default", echo, sizeof(struct session), 65536, 0, NULL, 0},
    {"chat", echo, sizeof(struct session), 65536, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static const struct lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
    {NULL, NULL, NULL},
};

int main(int argc, char **argv) {
  struct lws_context_creation_info info = {0};
  info.port = argc > 1 ? atoi(argv[1]) : 0;
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  info.extensions = extensions;
  info.options = LWS_SERVER_OPTION_VALIDATE_UTF8;
  info.gid = -1;
  info.uid = -1;
  signal(SIGTERM, on_signal);
  lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
  struct lws_context *context = lws_create_context(&info);
  if (!context) {
    return 1;
  }
  while (!ended && lws_service(context, 0) >= 0) {
  }
  lws_context_destroy(context);
  return 0;
}
