/* embed_proto: a WebSocket conversation without a socket. A client and a server, each a struct
 * wspec_conn, exchange octets through memory: this is all that a program with a network of its own
 * has to do with harness/proto. It prints what each side sees and exits with 0 if both ended
 * cleanly. */
#include "proto/conn.h"

#include <stdio.h>

/* Prints an event; the server echoes messages. */
static enum wspec_err act(struct wspec_conn *conn, const char *name, bool is_server,
                          const struct wspec_conn_event *event) {
  switch (event->type) {
  case WSPEC_CONN_MESSAGE:
    printf("%s: %s message of %zu octets\n", name, wspec_opcode_name(event->opcode),
           event->payload.len);
    if (is_server) {
      return wspec_conn_send(conn, (enum wspec_opcode)event->opcode, event->payload);
    }
    return wspec_conn_close(conn, WSPEC_CLOSE_NORMAL, wspec_span_text("that was all"));
  case WSPEC_CONN_PING:
  case WSPEC_CONN_PONG:
    printf("%s: %s\n", name, event->type == WSPEC_CONN_PING ? "ping" : "pong");
    break;
  case WSPEC_CONN_CLOSE:
    printf("%s: close %u (%s)\n", name, event->close.status_code,
           wspec_close_name(event->close.status_code));
    break;
  }
  return WSPEC_OK;
}

/* Carries what `from` has to send to `to`, as TCP would. The payload is unmasked where it lies, so
 * the receiver needs octets of its own. */
static enum wspec_err carry(struct wspec_conn *from, struct wspec_conn *to, const char *name,
                            bool is_server) {
  static uint8_t received[4096];
  struct wspec_span output = wspec_conn_output(from);
  size_t len = output.len < sizeof received ? output.len : sizeof received;
  for (size_t i = 0; i < len; i++) {
    received[i] = output.data[i];
  }
  wspec_conn_output_sent(from, len);

  size_t at = 0;
  while (at < len) {
    struct wspec_conn_event event;
    size_t consumed;
    enum wspec_err err = wspec_conn_feed(to, received + at, len - at, &consumed, &event);
    at += consumed;
    if (err == WSPEC_OK) {
      err = act(to, name, is_server, &event);
    }
    if (err && err != WSPEC_ERR_NEED_MORE && err != WSPEC_ERR_END) {
      const struct wspec_violation *violation = wspec_conn_violation(to);
      printf("%s: %s\n", name, violation ? violation->sentence : wspec_err_sentence(err));
      return err;
    }
  }
  return WSPEC_OK;
}

/* Lets both talk until neither has octets to send; true if both ended cleanly. */
static bool converse(struct wspec_conn *client, struct wspec_conn *server) {
  if (wspec_conn_ping(client, wspec_span_text("are you there?")) ||
      wspec_conn_send(client, WSPEC_OPCODE_TEXT, wspec_span_text("Hello"))) {
    return false;
  }
  while (wspec_conn_output(client).len > 0 || wspec_conn_output(server).len > 0) {
    if (carry(client, server, "server", true) || carry(server, client, "client", false)) {
      return false;
    }
  }
  return wspec_conn_next(server) == WSPEC_CONN_CLOSE_TCP && wspec_conn_outcome(server).was_clean &&
         wspec_conn_outcome(client).was_clean;
}

int main(void) {
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, true); /* a real client also sets options.fill_random */
  struct wspec_conn *client = wspec_conn_new(&options);
  wspec_conn_options_init(&options, false);
  struct wspec_conn *server = wspec_conn_new(&options);
  bool is_good = client && server && converse(client, server);
  wspec_conn_free(client);
  wspec_conn_free(server);
  return is_good ? 0 : 1;
}
