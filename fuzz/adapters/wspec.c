/* wspec's own receiver, in pieces, as a target: what the others are compared with, and the shortest
 * example of an adapter. */
#include "proto/conn.h"
#include "target.h"

#include <stdlib.h>

struct receiver {
  struct wspec_conn *conn;
  struct fuzz_sink *sink;
};

static void *create(const struct fuzz_target_options *options, struct fuzz_sink *sink) {
  struct receiver *receiver = malloc(sizeof *receiver);
  struct wspec_conn_options conn_options;
  wspec_conn_options_init(&conn_options, options->is_client);
  conn_options.message_max = options->message_max;
  conn_options.assemble = false;
  if (!receiver || !(receiver->conn = wspec_conn_new(&conn_options))) {
    abort();
  }
  receiver->sink = sink;
  return receiver;
}

static void report(struct fuzz_sink *sink, const struct wspec_conn_event *event) {
  const struct wspec_span *payload = &event->payload;
  switch (event->type) {
  case WSPEC_CONN_MESSAGE:
    fuzz_sink_data(sink, event->opcode == WSPEC_OPCODE_TEXT, payload->data, payload->len,
                   event->ends);
    break;
  case WSPEC_CONN_PING:
    fuzz_sink_ping(sink, payload->data, payload->len);
    break;
  case WSPEC_CONN_PONG:
    fuzz_sink_pong(sink, payload->data, payload->len);
    break;
  case WSPEC_CONN_CLOSE:
    fuzz_sink_close(sink, event->close.status_code, event->close.reason.data,
                    event->close.reason.len);
    break;
  }
}

static bool feed(void *context, uint8_t *octets, size_t len) {
  struct receiver *receiver = context;
  struct wspec_conn_event event;
  size_t used;
  enum wspec_err err = WSPEC_OK;
  for (; len > 0 && !err; octets += used, len -= used) {
    err = wspec_conn_feed(receiver->conn, octets, len, &used, &event);
    if (!err) {
      report(receiver->sink, &event);
    }
  }
  return wspec_conn_violation(receiver->conn) == NULL;
}

static void destroy(void *context) {
  struct receiver *receiver = context;
  wspec_conn_free(receiver->conn);
  free(receiver);
}

const struct fuzz_target fuzz_target_under_test = {
    .name = "wspec", .create = create, .feed = feed, .destroy = destroy};
