/* Sends each message back to a URL, until the connection is over; offers a subprotocol, if it is not
 * empty. */
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message, and the room for a frame header that the library wants before it. */
struct message {
  struct message *next;
  size_t len;
  size_t room;
  enum lws_write_protocol kind;
  unsigned char octets[];
};

enum { QUEUED_MAX = 1 << 26 };

struct session {
  struct message *coming; /* what has come of a message */
  struct message *first;  /* to be sent back */
  struct message **end;
  size_t queued;      /* octets of them, and some for each */
  bool first_is_sent; /* but the library may still be reading it, to compress it */
};

static bool is_over;

static struct message *grown(struct message *message, size_t len) {
  size_t room = (len + 1024) * 2;
  bool is_new = !message;
  message = realloc(message, sizeof *message + LWS_PRE + room);
  if (message) {
    message->room = room;
    message->len = is_new ? 0 : message->len;
    message->next = NULL;
  }
  return message;
}

static void queue(struct lws *wsi, struct session *session, struct message *message) {
  message->kind = lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
  *session->end = message;
  session->end = &message->next;
  session->queued += sizeof *message + message->room;
  lws_callback_on_writable(wsi);
}

/* What is more than QUEUED_MAX is dropped: there are frames that the library hands over without end. */
static int receive(struct lws *wsi, struct session *session, const void *octets, size_t len) {
  struct message *message = session->coming;
  if (session->queued + len + (message ? message->len : 0) > QUEUED_MAX) {
    return 0;
  }
  if (!message || len > message->room - message->len) {
    message = grown(message, (message ? message->len : 0) + len);
    if (!message) {
      return -1;
    }
    session->coming = message;
  }
  memcpy(message->octets + LWS_PRE + message->len, octets, len);
  message->len += len;
  if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
    queue(wsi, session, message);
    session->coming = NULL;
  }
  return 0;
}

static void drop_first(struct session *session) {
  struct message *message = session->first;
  session->first = message->next;
  if (!session->first) {
    session->end = &session->first;
  }
  session->queued -= sizeof *message + message->room;
  free(message);
}

static int send_first(struct lws *wsi, struct session *session) {
  if (session->first_is_sent) {
    drop_first(session);
    session->first_is_sent = false;
  }
  struct message *message = session->first;
  if (!message) {
    return 0;
  }
  int written = lws_write(wsi, message->octets + LWS_PRE, message->len, message->kind);
  session->first_is_sent = true;
  lws_callback_on_writable(wsi);
  return written < 0 ? -1 : 0;
}

static void clear(struct session *session) {
  free(session->coming);
  while (session->first) {
    drop_first(session);
  }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len) {
  struct session *session = user;
  switch (reason) {
  case LWS_CALLBACK_CLIENT_ESTABLISHED:
    memset(session, 0, sizeof *session);
    session->end = &session->first;
    return 0;
  case LWS_CALLBACK_CLIENT_RECEIVE:
    return receive(wsi, session, in, len);
  case LWS_CALLBACK_CLIENT_WRITEABLE:
    return send_first(wsi, session);
  case LWS_CALLBACK_CLIENT_CLOSED:
    clear(session);
    is_over = true;
    return 0;
  case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    is_over = true;
    return 0;
  default:
    return lws_callback_http_dummy(wsi, reason, user, in, len);
  }
}

static const struct lws_protocols protocols[] = {
    {"default", on_event, sizeof(struct session), 65536, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static const struct lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
    {NULL, NULL, NULL},
};

static struct lws_context *new_context(void) {
  struct lws_context_creation_info info = {0};
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.protocols = protocols;
  info.extensions = extensions;
  info.options = LWS_SERVER_OPTION_VALIDATE_UTF8;
  info.gid = -1;
  info.uid = -1;
  lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
  return lws_create_context(&info);
}

/* `url` is cut to pieces. */
static struct lws *connect_to(struct lws_context *context, char *url, const char *subprotocol) {
  struct lws_client_connect_info info = {0};
  const char *scheme = NULL;
  const char *resource = NULL;
  static char path[4096];
  if (lws_parse_uri(url, &scheme, &info.address, &info.port, &resource)) {
    return NULL;
  }
  snprintf(path, sizeof path, "/%s", resource);
  char host[300];
  snprintf(host, sizeof host, "%s:%d", info.address, info.port);
  info.context = context;
  info.path = path;
  info.host = host;
  info.protocol = subprotocol[0] ? subprotocol : NULL;
  info.local_protocol_name = protocols[0].name;
  return lws_client_connect_via_info(&info);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    return 2;
  }
  struct lws_context *context = new_context();
  if (!context || !connect_to(context, argv[1], argv[2])) {
    return 1;
  }
  while (!is_over && lws_service(context, 0) >= 0) {
  }
  lws_context_destroy(context);
  return 0;
}
