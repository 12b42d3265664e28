/* websocket_probe: the WebSocket API in C against an echo server, for test_api.py.
 *
 * usage: websocket_probe URL [CAFILE]. Expects "push 1" unasked, sends text, octets, a blob and
 * 10 MB, takes them back as both binary types, watches bufferedAmount, closes with 3001 "bye".
 * Prints what it saw, one word an event, and exits with 0 if all was as it should be. */
#include "endpoint/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BIG = 10 * 1000 * 1000 };

struct probe {
  struct wspec_blob *big;
  unsigned messages;
  bool failed;
};

static void check(struct probe *probe, bool is_good, const char *what) {
  printf("%s %s\n", what, is_good ? "good" : "WRONG");
  probe->failed = probe->failed || !is_good;
}

static void on_open(void *user, struct wspec_websocket *socket,
                    const struct wspec_websocket_event *event) {
  struct probe *probe = user;
  (void)event;
  check(probe, wspec_websocket_ready_state(socket) == WSPEC_WEBSOCKET_OPEN, "open");
}

static void send_first(struct probe *probe, struct wspec_websocket *socket) {
  struct wspec_blob *blob = wspec_blob_from_octets(wspec_span_text("blob"));
  check(probe,
        blob && !wspec_websocket_send_text(socket, wspec_span_text("h\xc3\xa9llo")) &&
            !wspec_websocket_send_octets(socket, wspec_span_of("\0\xff\1", 3)) &&
            !wspec_websocket_send_blob(socket, blob),
        "sent");
  wspec_blob_free(blob);
  check(probe, wspec_websocket_buffered_amount(socket) == 6 + 3 + 4, "bufferedAmount");
}

static bool is_big(const struct wspec_blob *blob, const struct wspec_blob *big) {
  static uint8_t a[BIG], b[BIG];
  return blob && wspec_blob_len(blob) == BIG && !wspec_blob_read(blob, 0, a, BIG) &&
         !wspec_blob_read(big, 0, b, BIG) && memcmp(a, b, BIG) == 0;
}

static void on_message(void *user, struct wspec_websocket *socket,
                       const struct wspec_websocket_event *event) {
  struct probe *probe = user;
  switch (probe->messages++) {
  case 0:
    check(probe, event->is_text && wspec_span_equal_text(event->data, "push 1"), "push");
    send_first(probe, socket);
    break;
  case 1:
    check(probe, event->is_text && wspec_span_equal_text(event->data, "h\xc3\xa9llo"), "text");
    wspec_websocket_set_binary_type(socket, WSPEC_WEBSOCKET_BUFFER);
    break;
  case 2:
    check(probe, !event->blob && wspec_span_equal(event->data, wspec_span_of("\0\xff\1", 3)),
          "buffer");
    wspec_websocket_set_binary_type(socket, WSPEC_WEBSOCKET_BLOB);
    break;
  case 3:
    check(probe, event->blob && wspec_span_equal_text(wspec_blob_span(event->blob), "blob"),
          "blob");
    check(probe, wspec_websocket_buffered_amount(socket) == 0, "sent-all");
    check(probe, !wspec_websocket_send_blob(socket, probe->big), "sent-10MB");
    check(probe, wspec_websocket_buffered_amount(socket) == BIG, "bufferedAmount-10MB");
    break;
  default:
    check(probe, is_big(event->blob, probe->big), "10MB");
    check(probe, wspec_websocket_buffered_amount(socket) == 0, "bufferedAmount-0");
    check(probe, !wspec_websocket_close(socket, 3001, wspec_span_text("bye")), "closing");
    break;
  }
}

static void on_error(void *user, struct wspec_websocket *socket,
                     const struct wspec_websocket_event *event) {
  (void)socket;
  check(user, false, event->sentence);
}

static void on_close(void *user, struct wspec_websocket *socket,
                     const struct wspec_websocket_event *event) {
  struct probe *probe = user;
  (void)socket;
  check(probe, probe->messages == 5, "messages");
  printf("close %u %.*s %s\n", (unsigned)event->status_code, (int)event->reason.len,
         event->reason.len > 0 ? (const char *)event->reason.data : "",
         event->was_clean ? "clean" : "unclean");
}

static enum wspec_err run(struct probe *probe, struct wspec_loop *loop, const char *url,
                          struct wspec_tls *tls, struct wspec_net_error *error) {
  struct wspec_websocket *socket;
  struct wspec_websocket_options options;
  wspec_websocket_options_init(&options);
  options.tls = tls;
  enum wspec_err err = wspec_websocket_new(loop, url, &options, &socket, error);
  if (err) {
    return err;
  }
  if (wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_OPEN, on_open, probe) ||
      wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_MESSAGE, on_message, probe) ||
      wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_ERROR, on_error, probe) ||
      wspec_websocket_set_handler(socket, WSPEC_WEBSOCKET_ON_CLOSE, on_close, probe)) {
    err = WSPEC_ERR_NOMEM;
  } else {
    wspec_loop_run(loop);
  }
  wspec_websocket_free(socket);
  return err;
}

static struct wspec_blob *make_big(void) {
  struct wspec_blob_writer writer;
  uint8_t piece[1000];
  wspec_blob_writer_init(&writer, 1000, NULL); /* so it is sent from a file */
  for (size_t i = 0; i < BIG / sizeof piece; i++) {
    memset(piece, (int)(i % 251), sizeof piece);
    if (wspec_blob_writer_append(&writer, wspec_span_of(piece, sizeof piece))) {
      return NULL;
    }
  }
  return wspec_blob_writer_take(&writer);
}

int main(int argc, char **argv) {
  struct probe probe = {.big = make_big()};
  struct wspec_loop *loop = NULL;
  struct wspec_tls *tls = NULL;
  struct wspec_net_error error = {.sentence = "out of memory"};
  struct wspec_tls_options tls_options = {.ca_file = argc > 2 ? argv[2] : NULL};
  if (argc < 2 || !probe.big || wspec_loop_new(&loop) ||
      wspec_tls_new_client(&tls_options, &tls, &error) || run(&probe, loop, argv[1], tls, &error)) {
    printf("%s\n", error.sentence);
    probe.failed = true;
  }
  wspec_blob_free(probe.big);
  wspec_loop_free(loop);
  wspec_tls_free(tls);
  return probe.failed ? 1 : 0;
}
