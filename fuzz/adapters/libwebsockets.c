/* libwebsockets 4.1.6 (Debian libwebsockets-dev). Its parser takes octets from a descriptor alone, so it
 * gets one half of a socket pair; whoever holds the other half decides what it reads in one go. One
 * context serves all receivers, and there is one of them at a time. It looks at text only if it is
 * told to, and then at pongs too: WSPEC_FUZZ_LWS_UTF8 in the environment tells it. */
#include "target.h"

#include <libwebsockets.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS_MAX = 64, DISCARD_LEN = 4096 };

struct receiver {
  struct fuzz_sink *sink;
  struct lws *wsi;
  int near, far;         /* our half, and that of libwebsockets, which closes it */
  bool is_open, is_gone; /* the handshake is done; the connection is no more */
  bool has_close;        /* a close frame came */
};

static struct receiver *current;

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len) {
  (void)user;
  if (!current) {
    return 0;
  }
  switch (reason) {
  case LWS_CALLBACK_ESTABLISHED:
    current->is_open = true;
    break;
  case LWS_CALLBACK_RECEIVE:
    if (!current->has_close) { /* it goes on giving what stands behind a close frame */
      fuzz_sink_data(current->sink, !lws_frame_is_binary(wsi), in, len,
                     lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0);
    }
    break;
  case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    current->has_close = true;
    break;
  case LWS_CALLBACK_WSI_DESTROY:
    current->is_gone = true;
    break;
  default:
    break;
  }
  return 0;
}

static struct lws_vhost *vhost(void) {
  static const struct lws_protocols protocols[] = {{"fuzz", on_event, 0, 0, 0, NULL, 0},
                                                   {NULL, NULL, 0, 0, 0, NULL, 0}};
  static struct lws_context *context;
  if (!context) {
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .options = getenv("WSPEC_FUZZ_LWS_UTF8") ? LWS_SERVER_OPTION_VALIDATE_UTF8 : 0,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1};
    lws_set_log_level(0, NULL);
    context = lws_create_context(&info);
  }
  return context ? lws_get_vhost_by_name(context, "default") : NULL;
}

/* Lets libwebsockets read and answer as long as there is something to read. */
static void serve(struct receiver *receiver) {
  struct lws_context *context = lws_get_context(receiver->wsi);
  for (int i = 0; i < ROUNDS_MAX && !receiver->is_gone; i++) {
    struct pollfd poll_far = {.fd = receiver->far, .events = POLLIN};
    bool has_more = poll(&poll_far, 1, 0) > 0;
    if (i > 1 && !has_more && lws_service_adjust_timeout(context, 1, 0) != 0) {
      return;
    }
    (void)lws_service_tsi(context, -1, 0);
  }
}

static void discard_answer(const struct receiver *receiver) {
  uint8_t answer[DISCARD_LEN];
  while (recv(receiver->near, answer, sizeof answer, MSG_DONTWAIT) > 0) {
  }
}

static bool feed(void *context, uint8_t *octets, size_t len) {
  struct receiver *receiver = context;
  if (send(receiver->near, octets, len, MSG_NOSIGNAL) != (ssize_t)len) {
    return false;
  }
  serve(receiver);
  discard_answer(receiver);
  return !receiver->is_gone;
}

static void *create(const struct fuzz_target_options *options, struct fuzz_sink *sink) {
  static char request[] = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  struct receiver *receiver = calloc(1, sizeof *receiver);
  int pair[2];
  (void)options;
  if (!receiver || !vhost() || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0) {
    abort();
  }
  *receiver = (struct receiver){.sink = sink, .near = pair[0], .far = pair[1]};
  current = receiver;
  receiver->wsi = lws_adopt_socket_vhost(vhost(), receiver->far);
  if (!receiver->wsi || !feed(receiver, (uint8_t *)request, sizeof request - 1) ||
      !receiver->is_open) {
    abort();
  }
  return receiver;
}

static void destroy(void *context) {
  struct receiver *receiver = context;
  if (!receiver->is_gone) {
    lws_set_timeout(receiver->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
  }
  current = NULL;
  (void)close(receiver->near);
  free(receiver);
}

static const char *const tolerates[] = {"6455-5.1-01", "6455-5.2-16", "6455-5.6-01", NULL};

const struct fuzz_target fuzz_target_under_test = {.name = "libwebsockets",
                                                   .create = create,
                                                   .feed = feed,
                                                   .destroy = destroy,
                                                   .only_server = true,
                                                   .hides_pings = true,
                                                   .hides_closes = true,
                                                   .tolerates = tolerates};
