/* wslay 1.1.1 (Debian libwslay-dev), by its event API. */
#include "target.h"

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

struct receiver {
  wslay_event_context_ptr context;
  struct fuzz_sink *sink;
  const uint8_t *octets; /* what was fed and not yet read */
  size_t len;
  bool is_closed; /* a close frame came */
};

static ssize_t on_recv(wslay_event_context_ptr context, uint8_t *out, size_t len, int flags,
                       void *user) {
  struct receiver *receiver = user;
  (void)flags;
  if (receiver->len == 0) {
    wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  len = len < receiver->len ? len : receiver->len;
  memcpy(out, receiver->octets, len);
  receiver->octets += len;
  receiver->len -= len;
  return (ssize_t)len;
}

static ssize_t on_send(wslay_event_context_ptr context, const uint8_t *octets, size_t len,
                       int flags, void *user) {
  (void)context, (void)octets, (void)flags, (void)user;
  return (ssize_t)len;
}

static int on_genmask(wslay_event_context_ptr context, uint8_t *out, size_t len, void *user) {
  (void)context, (void)user;
  memset(out, 0, len);
  return 0;
}

static void on_message(wslay_event_context_ptr context,
                       const struct wslay_event_on_msg_recv_arg *message, void *user) {
  struct receiver *receiver = user;
  (void)context;
  switch (message->opcode) {
  case WSLAY_PING:
    fuzz_sink_ping(receiver->sink, message->msg, message->msg_length);
    break;
  case WSLAY_PONG:
    fuzz_sink_pong(receiver->sink, message->msg, message->msg_length);
    break;
  case WSLAY_CONNECTION_CLOSE: {
    size_t code_len = message->msg_length < 2 ? message->msg_length : 2;
    receiver->is_closed = true;
    fuzz_sink_close(receiver->sink, message->msg_length ? message->status_code : 1005,
                    message->msg + code_len, message->msg_length - code_len);
    break;
  }
  default:
    fuzz_sink_data(receiver->sink, message->opcode == WSLAY_TEXT_FRAME, message->msg,
                   message->msg_length, true);
    break;
  }
}

static void *create(const struct fuzz_target_options *options, struct fuzz_sink *sink) {
  static const struct wslay_event_callbacks callbacks = {.recv_callback = on_recv,
                                                         .send_callback = on_send,
                                                         .genmask_callback = on_genmask,
                                                         .on_msg_recv_callback = on_message};
  struct receiver *receiver = calloc(1, sizeof *receiver);
  if (!receiver ||
      (options->is_client
           ? wslay_event_context_client_init(&receiver->context, &callbacks, receiver)
           : wslay_event_context_server_init(&receiver->context, &callbacks, receiver)) != 0) {
    abort();
  }
  receiver->sink = sink;
  wslay_event_config_set_max_recv_msg_length(receiver->context, options->message_max);
  return receiver;
}

static bool feed(void *context, uint8_t *octets, size_t len) {
  struct receiver *receiver = context;
  receiver->octets = octets;
  receiver->len = len;
  if (wslay_event_recv(receiver->context) != 0 || wslay_event_send(receiver->context) != 0) {
    return false;
  }
  return receiver->is_closed || wslay_event_get_read_enabled(receiver->context);
}

static void destroy(void *context) {
  struct receiver *receiver = context;
  wslay_event_context_free(receiver->context);
  free(receiver);
}

/* Found by this harness; docs/fuzzing-your-parser.md has the inputs. */
static const char *const tolerates[] = {
    "6455-5.5.1-02", /* a close frame with a body of one octet passes */
    NULL};

/* Of the body of a close frame it passes over the first two octets of each portion, where the first
 * two of all are the code: a reason that comes in portions is misread. */
const struct fuzz_target fuzz_target_under_test = {.name = "wslay",
                                                   .create = create,
                                                   .feed = feed,
                                                   .destroy = destroy,
                                                   .tolerates = tolerates,
                                                   .only_at_once = true};
