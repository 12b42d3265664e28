/* A socket that closes behind a long message, and a server that reads slowly or not at all. */
#include "endpoint/websocket.h"
#include "net/listener.h"
#include "net/timer.h"
#include "raw_answer.h"
#include "tempfile.h"

#include <stdlib.h>
#include <unistd.h>

/* The message is more than the buffers of the system hold. A sip every SIP_US takes twice
 * CLOSING_MS, so only a socket that looks at what was taken stays to the end; what is left in the
 * buffers by then, 10 MB or so, takes less. */
enum {
  FRAGMENT_LEN = 64 << 10,
  N_FRAGMENTS = 768,
  LONG_LEN = N_FRAGMENTS * FRAGMENT_LEN,
  LONG_WIRE_LEN = N_FRAGMENTS * (14 + FRAGMENT_LEN),
  CLOSE_WIRE_LEN = 6 + 2 + 3,
  SIP_LEN = 1 << 20,
  SIP_US = 40 * 1000,
  CLOSING_MS = 1000
};

struct world {
  struct wspec_loop *loop;
  struct wspec_listener *listener;
  struct wspec_websocket *socket;
  struct wspec_stream *stream; /* the server's end */
  struct wspec_timer *timer;   /* to the next sip */
  bool reads;                  /* behind the request */
  bool was_asked;
  size_t sip_len;
  size_t total; /* octets read behind the request */
  char log[64];
  enum wspec_err err;
  uint16_t status_code;
  bool was_clean;
};

/* ---- The server ---- */

static void sip(void *user) {
  struct world *world = user;
  world->sip_len = 0;
  wspec_stream_resume(world->stream);
}

static void pause_until_the_next_sip(struct world *world) {
  wspec_stream_pause(world->stream);
  if (world->reads) {
    wspec_timer_start(world->timer, SIP_US);
  }
}

static void on_data(void *user, struct wspec_stream *stream, uint8_t *data, size_t len) {
  struct world *world = user;
  if (!world->was_asked) {
    char answer[256];
    size_t answer_len = raw_answer(data, len, answer);
    world->was_asked = true;
    assert_int_equal(wspec_stream_write(stream, wspec_span_of(answer, answer_len)), WSPEC_OK);
    pause_until_the_next_sip(world);
    return;
  }
  world->total += len;
  world->sip_len += len;
  if (world->total == LONG_WIRE_LEN + CLOSE_WIRE_LEN) {
    assert_int_equal(wspec_stream_write(stream, wspec_span_text("\x88\x05\x0b\xb9"
                                                                "bye")),
                     WSPEC_OK);
    wspec_stream_finish(stream);
  } else if (world->sip_len >= SIP_LEN) {
    pause_until_the_next_sip(world);
  }
}

static void on_eof(void *user, struct wspec_stream *stream) {
  (void)user;
  wspec_stream_close(stream);
}

static void on_closed(void *user, struct wspec_stream *stream) {
  struct world *world = user;
  (void)stream;
  world->stream = NULL;
  wspec_timer_stop(world->timer);
}

static void on_accept(void *user, struct wspec_stream *stream) {
  static const struct wspec_stream_handlers HANDLERS = {
      .on_data = on_data, .on_eof = on_eof, .on_closed = on_closed};
  struct world *world = user;
  world->stream = stream;
  wspec_stream_set_handlers(stream, &HANDLERS, world);
  wspec_listener_free(world->listener); /* one connection, then the loop may end */
  world->listener = NULL;
}

/* ---- The client ---- */

/* The file is of zeros and takes no room. */
static void send_long_file_and_close(struct wspec_websocket *socket) {
  char *directory = tempfile_dir();
  char *path = tempfile_write(directory, "long", "", 0);
  struct wspec_blob *blob;
  assert_int_equal(truncate(path, LONG_LEN), 0);
  assert_int_equal(wspec_blob_open(path, &blob), WSPEC_OK);
  assert_int_equal(wspec_websocket_send_blob(socket, blob), WSPEC_OK);
  wspec_blob_free(blob);
  free(path);
  tempfile_remove(directory);
  assert_int_equal(wspec_websocket_close(socket, 3001, wspec_span_text("bye")), WSPEC_OK);
  assert_int_equal(wspec_websocket_ready_state(socket), WSPEC_WEBSOCKET_CLOSING);
}

static void on_event(void *user, struct wspec_websocket *socket,
                     const struct wspec_websocket_event *event) {
  static const char *const NAMES[] = {"open ", "message ", "error ", "close ", "ping ", "pong "};
  struct world *world = user;
  assert_true(strlen(world->log) + 16 < sizeof world->log);
  strcat(world->log, NAMES[event->type]);
  if (event->type == WSPEC_WEBSOCKET_ON_OPEN) {
    send_long_file_and_close(socket);
  } else if (event->type == WSPEC_WEBSOCKET_ON_ERROR) {
    world->err = event->err;
  } else if (event->type == WSPEC_WEBSOCKET_ON_CLOSE) {
    world->status_code = event->status_code;
    world->was_clean = event->was_clean;
    if (world->stream && !world->reads) {
      wspec_stream_reset(world->stream); /* paused for ever, it would keep the loop */
    }
  }
}

static void run(struct world *world, uint32_t closing_timeout_ms) {
  char url[64];
  struct wspec_listen_options listen = {.host = NULL};
  struct wspec_websocket_options options;
  wspec_websocket_options_init(&options);
  options.deflate = false;
  options.closing_timeout_ms = closing_timeout_ms;
  assert_int_equal(wspec_loop_new(&world->loop), WSPEC_OK);
  assert_int_equal(wspec_timer_new(world->loop, sip, world, &world->timer), WSPEC_OK);
  assert_int_equal(
      wspec_listener_new(world->loop, &listen, on_accept, world, &world->listener, NULL), WSPEC_OK);
  (void)snprintf(url, sizeof url, "ws://127.0.0.1:%u/",
                 wspec_address_port(wspec_listener_address(world->listener)));
  assert_int_equal(wspec_websocket_new(world->loop, url, &options, &world->socket, NULL), WSPEC_OK);
  for (int type = 0; type < WSPEC_WEBSOCKET_N_EVENTS; type++) {
    assert_int_equal(wspec_websocket_set_handler(
                         world->socket, (enum wspec_websocket_event_type)type, on_event, world),
                     WSPEC_OK);
  }
  wspec_loop_run(world->loop);
}

static void clear(struct world *world) {
  wspec_websocket_free(world->socket);
  wspec_timer_free(world->timer);
  wspec_loop_free(world->loop);
}

static void test_server_that_stops_reading_is_cut_off(void **state) {
  (void)state;
  struct world world = {.reads = false};
  run(&world, 50);
  assert_string_equal(world.log, "open error close ");
  assert_int_equal(world.err, WSPEC_ERR_TIMEOUT);
  assert_int_equal(world.status_code, 1006);
  assert_false(world.was_clean);
  assert_true(wspec_websocket_buffered_amount(world.socket) > 0); /* closing does not lower it */
  clear(&world);
}

static void test_server_that_reads_slowly_gets_all_of_it(void **state) {
  (void)state;
  struct world world = {.reads = true};
  run(&world, CLOSING_MS);
  assert_string_equal(world.log, "open close ");
  assert_int_equal(world.total, LONG_WIRE_LEN + CLOSE_WIRE_LEN);
  assert_int_equal(world.status_code, 3001);
  assert_true(world.was_clean);
  assert_int_equal(wspec_websocket_buffered_amount(world.socket), 0);
  clear(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_server_that_stops_reading_is_cut_off),
      cmocka_unit_test(test_server_that_reads_slowly_gets_all_of_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
