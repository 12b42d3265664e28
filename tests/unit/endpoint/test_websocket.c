#include "endpoint/echo.h"
#include "endpoint/server.h"
#include "endpoint/websocket.h"
#include "failalloc.h"
#include "net/listener.h"
#include "net/timer.h"
#include "raw_answer.h"
#include "tempfile.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

/* A socket against an echo server on one loop, which ends when both are closed. */
struct world {
  struct wspec_loop *loop;
  struct wspec_server *server;
  struct wspec_listener *raw; /* instead of `server`: sends `rubbish` once a request has come */
  const char *rubbish;
  size_t rubbish_len;
  struct wspec_websocket *socket;
  struct wspec_timer *timer;
  void (*on_open)(struct world *world);
  void (*on_message)(struct world *world, const struct wspec_websocket_event *event);
  char log[256];
  uint16_t status_code;
  uint16_t server_status_code; /* what the server was told */
  bool was_clean;
  char reason[128];
  enum wspec_err err;
  unsigned messages;
};

static void note(struct world *world, const char *word) {
  size_t len = strlen(world->log);
  (void)snprintf(world->log + len, sizeof world->log - len, "%s%s", len > 0 ? " " : "", word);
}

static void handle(void *user, struct wspec_websocket *socket,
                   const struct wspec_websocket_event *event) {
  static const char *const NAMES[] = {"open", "message", "error", "close", "ping", "pong"};
  static const char STATES[] = "0123";
  struct world *world = user;
  char word[16];
  (void)snprintf(word, sizeof word, "%s%c", NAMES[event->type],
                 STATES[wspec_websocket_ready_state(socket)]);
  note(world, word);
  switch (event->type) {
  case WSPEC_WEBSOCKET_ON_OPEN:
    if (world->on_open) {
      world->on_open(world);
    }
    break;
  case WSPEC_WEBSOCKET_ON_MESSAGE:
    world->messages++;
    if (world->on_message) {
      world->on_message(world, event);
    }
    break;
  case WSPEC_WEBSOCKET_ON_ERROR:
    assert_true(event->sentence[0] != '\0');
    world->err = event->err;
    break;
  case WSPEC_WEBSOCKET_ON_CLOSE:
    world->status_code = event->status_code;
    world->was_clean = event->was_clean;
    (void)snprintf(world->reason, sizeof world->reason, "%.*s", (int)event->reason.len,
                   event->reason.len > 0 ? (const char *)event->reason.data : "");
    if (world->server) {
      wspec_server_drain(world->server, 10 * 1000);
    }
    wspec_listener_free(world->raw);
    world->raw = NULL;
    break;
  default:
    break;
  }
}

static void *new_echo(void *context) {
  (void)context;
  return wspec_echo_new();
}

static void free_echo(void *user) {
  wspec_echo_free(user);
}

static void note_visit(void *context, void *user, const struct wspec_server_visit *visit) {
  struct world *world = context;
  (void)user;
  world->server_status_code = visit->outcome.status_code;
}

static const struct wspec_span SERVER_PROTOCOLS[] = {{(const uint8_t *)"b", 1}};

static void world_init(struct world *world) {
  *world = (struct world){.messages = 0};
  struct wspec_server_options options;
  wspec_server_options_init(&options);
  options.handlers = wspec_echo_handlers();
  options.user_new = new_echo;
  options.user_free = free_echo;
  options.on_end = note_visit;
  options.context = world;
  options.high_water = 64 << 20;
  options.session.deflate = true;
  options.session.conn.auto_close = false; /* the echo answers, with the reason */
  options.session.protocols = SERVER_PROTOCOLS;
  options.session.n_protocols = 1;
  options.session.conn.message_max = 64 << 20;
  options.session.conn.frame_max = 64 << 20;
  assert_int_equal(wspec_loop_new(&world->loop), WSPEC_OK);
  assert_int_equal(wspec_server_new(world->loop, &options, &world->server, NULL), WSPEC_OK);
}

static void world_clear(struct world *world) {
  wspec_websocket_free(world->socket);
  wspec_server_free(world->server);
  wspec_listener_free(world->raw);
  wspec_loop_free(world->loop);
}

static const char *url_of(const struct wspec_address *address, char out[64]) {
  (void)snprintf(out, 64, "ws://127.0.0.1:%u/a?b", wspec_address_port(address));
  return out;
}

static struct wspec_websocket_options socket_options(void) {
  struct wspec_websocket_options options;
  wspec_websocket_options_init(&options);
  return options;
}

static void listen_to_all(struct world *world) {
  for (int type = 0; type < WSPEC_WEBSOCKET_N_EVENTS; type++) {
    assert_int_equal(wspec_websocket_set_handler(
                         world->socket, (enum wspec_websocket_event_type)type, handle, world),
                     WSPEC_OK);
  }
}

static void connect_socket(struct world *world, const struct wspec_websocket_options *options) {
  char url[64];
  struct wspec_net_error error;
  const struct wspec_address *address =
      world->raw ? wspec_listener_address(world->raw) : wspec_server_address(world->server);
  if (wspec_websocket_new(world->loop, url_of(address, url), options, &world->socket, &error)) {
    fail_msg("%s", error.sentence);
  }
  listen_to_all(world);
}

static void send_text(struct world *world, const char *text) {
  assert_int_equal(wspec_websocket_send_text(world->socket, wspec_span_text(text)), WSPEC_OK);
}

static void close_with(struct world *world, uint16_t code, const char *reason) {
  assert_int_equal(wspec_websocket_close(world->socket, code, wspec_span_text(reason)), WSPEC_OK);
}

/* ---- The course of a connection ---- */

static void say_hello(struct world *world) {
  send_text(world, "Hello");
  assert_int_equal(wspec_websocket_buffered_amount(world->socket), 5); /* until the handler ends */
}

static void close_after_hello(struct world *world, const struct wspec_websocket_event *event) {
  assert_true(event->is_text);
  assert_true(wspec_span_equal_text(event->data, "Hello"));
  assert_int_equal(wspec_websocket_buffered_amount(world->socket), 0);
  close_with(world, 3001, "bye");
  assert_int_equal(wspec_websocket_ready_state(world->socket), WSPEC_WEBSOCKET_CLOSING);
}

static void test_hello_and_close(void **state) {
  (void)state;
  struct world world;
  const char *const protocols[] = {"a", "b"};
  world_init(&world);
  world.on_open = say_hello;
  world.on_message = close_after_hello;
  struct wspec_websocket_options options = socket_options();
  options.protocols = protocols;
  options.n_protocols = 2;
  connect_socket(&world, &options);
  assert_int_equal(wspec_websocket_ready_state(world.socket), WSPEC_WEBSOCKET_CONNECTING);
  assert_int_equal(wspec_websocket_protocol(world.socket).len, 0);
  assert_int_equal(wspec_websocket_send_text(world.socket, wspec_span_text("early")),
                   WSPEC_ERR_MISUSE);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1 message1 close3");
  assert_int_equal(world.status_code, 3001);
  assert_string_equal(world.reason, "bye");
  assert_true(world.was_clean);
  assert_true(wspec_span_equal_text(wspec_websocket_protocol(world.socket), "b"));
  assert_true(
      wspec_span_equal_text(wspec_websocket_extensions(world.socket), "permessage-deflate"));
  send_text(&world, "late");
  assert_int_equal(wspec_websocket_buffered_amount(world.socket), 4);
  world_clear(&world);
}

/* Outside of all handlers, as from a button of a program. */
static void send_from_a_timer(void *user) {
  struct world *world = user;
  say_hello(world);
  assert_int_equal(wspec_websocket_ping(world->socket, wspec_span_text("")), WSPEC_OK);
  assert_int_equal(wspec_websocket_buffered_amount(world->socket), 5);
}

static void start_timer(struct world *world) {
  wspec_timer_start(world->timer, 0);
}

static void test_buffered_amount_falls_in_the_loop_only(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  world.on_open = start_timer;
  world.on_message = close_after_hello; /* it is 0 there */
  assert_int_equal(wspec_timer_new(world.loop, send_from_a_timer, &world, &world.timer), WSPEC_OK);
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1 pong1 message1 close3");
  wspec_timer_free(world.timer);
  world_clear(&world);
}

static void close_without_code(struct world *world) {
  close_with(world, 0, "");
}

static void close_with_reason_alone(struct world *world) {
  close_with(world, 0, "why not");
}

static void test_close_without_code_is_1005(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  world.on_open = close_without_code;
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1 close3");
  assert_int_equal(world.status_code, 1005);
  assert_true(world.was_clean);
  world_clear(&world);
}

static void test_reason_without_code_is_1000(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  world.on_open = close_with_reason_alone;
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  wspec_loop_run(world.loop);
  assert_int_equal(world.status_code, 1000);
  assert_string_equal(world.reason, "why not");
  world_clear(&world);
}

static void misuse_close(struct world *world) {
  static const uint16_t CODES[] = {1, 999, 1001, 1004, 1005, 1006, 1011, 1015, 2999, 5000, 65535};
  char reason[124];
  memset(reason, 'x', sizeof reason);
  for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++) {
    assert_int_equal(wspec_websocket_close(world->socket, CODES[i], wspec_span_text("")),
                     WSPEC_ERR_MISUSE);
  }
  assert_int_equal(wspec_websocket_close(world->socket, 1000, wspec_span_of(reason, 124)),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_websocket_close(world->socket, 1000, wspec_span_text("\xff")),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_websocket_ready_state(world->socket), WSPEC_WEBSOCKET_OPEN);
  assert_int_equal(wspec_websocket_send_text(world->socket, wspec_span_text("\xc3")),
                   WSPEC_ERR_MISUSE);
  say_hello(world);
}

static void test_misuse_changes_nothing(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  world.on_open = misuse_close;
  world.on_message = close_after_hello;
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1 message1 close3");
  assert_int_equal(wspec_websocket_close(world.socket, 1001, wspec_span_text("")),
                   WSPEC_ERR_MISUSE); /* the check comes before that of the state */
  world_clear(&world);
}

static void test_close_while_connecting_fails(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  close_with(&world, 0, "");
  assert_int_equal(wspec_websocket_ready_state(world.socket), WSPEC_WEBSOCKET_CLOSING);
  assert_string_equal(world.log, "");
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "error3 close3");
  assert_int_equal(world.status_code, 1006);
  assert_false(world.was_clean);
  world_clear(&world);
}

static void send_then_close(struct world *world) {
  for (unsigned i = 0; i < 100; i++) {
    send_text(world, "Hello");
  }
  assert_int_equal(wspec_websocket_buffered_amount(world->socket), 500);
  close_with(world, 1000, "");
  send_text(world, "dropped");
  assert_int_equal(wspec_websocket_buffered_amount(world->socket), 507);
}

static void test_messages_before_close_are_sent_and_echoes_dropped(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  world.on_open = send_then_close;
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1 close3");
  assert_int_equal(world.status_code, 1000);
  assert_int_equal(wspec_websocket_buffered_amount(world.socket), 7);
  world_clear(&world);
}

/* ---- Binary ---- */

enum { BIG = 10 * 1000 * 1000 };

static void send_big(struct world *world) {
  uint8_t *octets = malloc(BIG);
  assert_non_null(octets);
  for (size_t i = 0; i < BIG; i++) {
    octets[i] = (uint8_t)(i * i >> 7);
  }
  assert_int_equal(wspec_websocket_send_octets(world->socket, wspec_span_of(octets, BIG)),
                   WSPEC_OK);
  assert_int_equal(wspec_websocket_buffered_amount(world->socket), BIG);
  free(octets);
}

static void check_big(const uint8_t *octets, size_t len) {
  assert_int_equal(len, BIG);
  for (size_t i = 0; i < BIG; i++) {
    if (octets[i] != (uint8_t)(i * i >> 7)) {
      fail_msg("octet %zu is wrong", i);
    }
  }
}

static void expect_big_blob(struct world *world, const struct wspec_websocket_event *event) {
  assert_false(event->is_text);
  assert_non_null(event->blob);
  assert_true(wspec_blob_is_file(event->blob));
  assert_null(wspec_blob_span(event->blob).data);
  size_t len = (size_t)wspec_blob_len(event->blob);
  uint8_t *octets = malloc(len);
  assert_non_null(octets);
  assert_int_equal(wspec_blob_read(event->blob, 0, octets, len), WSPEC_OK);
  assert_int_equal(wspec_blob_read(event->blob, 1, octets, len), WSPEC_ERR_MISUSE);
  check_big(octets, len);
  free(octets);
  assert_int_equal(wspec_websocket_buffered_amount(world->socket), 0);
  if (world->messages == 1) { /* once more, the same blob, and this time as a buffer */
    wspec_websocket_set_binary_type(world->socket, WSPEC_WEBSOCKET_BUFFER);
    assert_int_equal(wspec_websocket_send_blob(world->socket, event->blob), WSPEC_OK);
    assert_int_equal(wspec_websocket_buffered_amount(world->socket), BIG);
  }
}

static void expect_big(struct world *world, const struct wspec_websocket_event *event) {
  if (world->messages == 1) {
    expect_big_blob(world, event);
    return;
  }
  assert_null(event->blob);
  check_big(event->data.data, event->data.len);
  close_with(world, 1000, "");
}

static void test_big_blob_then_buffer(void **state) {
  (void)state;
  for (int deflate = 0; deflate < 2; deflate++) {
    struct world world;
    char *directory = tempfile_dir();
    world_init(&world);
    world.on_open = send_big;
    world.on_message = expect_big;
    struct wspec_websocket_options options = socket_options();
    options.deflate = deflate != 0;
    options.spill_directory = directory;
    connect_socket(&world, &options);
    wspec_loop_run(world.loop);
    assert_string_equal(world.log, "open1 message1 message1 close3");
    assert_true(world.was_clean);
    world_clear(&world);
    tempfile_remove(directory);
  }
}

static void send_file(struct world *world) {
  char *directory = tempfile_dir();
  char *path = tempfile_write(directory, "file", "Hello", 5);
  struct wspec_blob *blob;
  assert_int_equal(wspec_blob_open(path, &blob), WSPEC_OK);
  assert_int_equal(wspec_websocket_send_blob(world->socket, blob), WSPEC_OK);
  wspec_blob_free(blob);
  assert_int_equal(wspec_blob_open(directory, &blob), WSPEC_ERR_INPUT);
  tempfile_remove(directory);
  assert_int_equal(wspec_blob_open(path, &blob), WSPEC_ERR_INPUT);
  free(path);
}

static void expect_small_blob(struct world *world, const struct wspec_websocket_event *event) {
  assert_non_null(event->blob);
  assert_true(wspec_span_equal_text(wspec_blob_span(event->blob), "Hello"));
  close_with(world, 1000, "");
}

static void test_file_comes_back_as_small_blob(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  world.on_open = send_file;
  world.on_message = expect_small_blob;
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1 message1 close3");
  world_clear(&world);
}

static void check_no_room(const char *spill_directory) {
  struct world world;
  world_init(&world);
  world.on_open = send_big;
  struct wspec_websocket_options options = socket_options();
  options.deflate = false;
  options.spill_directory = spill_directory;
  connect_socket(&world, &options);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1 error3 close3");
  assert_int_equal(world.err, WSPEC_ERR_IO);
  assert_int_equal(world.server_status_code, 1011);
  world_clear(&world);
}

static void test_directory_that_is_not_there_closes_with_1011(void **state) {
  (void)state;
  check_no_room("/nonexistent");
}

/* The system refuses what goes beyond the limit, as a full disk does: in the midst of the message. */
static void test_full_disk_closes_with_1011(void **state) {
  (void)state;
  struct rlimit limit;
  char *directory = tempfile_dir();
  void (*before)(int number) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  struct rlimit small = {.rlim_cur = BIG / 2, .rlim_max = limit.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  check_no_room(directory);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, before);
  assert_int_equal(rmdir(directory), 0); /* nothing was left in it */
  free(directory);
}

/* ---- Servers that are wrong ---- */

static void raw_on_data(void *user, struct wspec_stream *stream, uint8_t *data, size_t len) {
  struct world *world = user;
  char answer[256];
  size_t answer_len = raw_answer(data, len, answer);
  if (answer_len == 0) {
    return;
  }
  if (world->rubbish[0] != 'H') {
    assert_int_equal(wspec_stream_write(stream, wspec_span_of(answer, answer_len)), WSPEC_OK);
  }
  assert_int_equal(wspec_stream_write(stream, wspec_span_of(world->rubbish, world->rubbish_len)),
                   WSPEC_OK);
  wspec_stream_finish(stream);
}

static void raw_on_eof(void *user, struct wspec_stream *stream) {
  (void)user;
  wspec_stream_close(stream);
}

static void raw_accept(void *user, struct wspec_stream *stream) {
  static const struct wspec_stream_handlers HANDLERS = {.on_data = raw_on_data,
                                                        .on_eof = raw_on_eof};
  wspec_stream_set_handlers(stream, &HANDLERS, user);
}

static const struct {
  const char *octets;
  size_t len;
  const char *log;
  uint16_t status_code;
  bool was_clean;
  enum wspec_err err;
} RUBBISH[] = {
#define OCTETS(text) text, sizeof text - 1
    {OCTETS("HTTP/1.1 403 Forbidden\r\n\r\n"), "error3 close3", 1006, false, WSPEC_ERR_HANDSHAKE},
    {OCTETS("HTTP/1.1 101 Switch"), "error3 close3", 1006, false, WSPEC_ERR_HANDSHAKE},
    {OCTETS("HELO\r\n\r\n"), "error3 close3", 1006, false, WSPEC_ERR_HANDSHAKE},
    {OCTETS("\x81\x85\0\0\0\0Hello"), "open1 error3 close3", 1006, false, WSPEC_ERR_PROTOCOL},
    {OCTETS("\x81\x01\xff"), "open1 error3 close3", 1006, false, WSPEC_ERR_UTF8},
    {OCTETS("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), "open1 error3 close3", 1006, false,
     WSPEC_ERR_LIMIT},
    {OCTETS("\x88\x02\x03\xed"), "open1 error3 close3", 1006, false, WSPEC_ERR_PROTOCOL},
    {OCTETS("\x88\x05\x03\xe8yes"), "open1 close3", 1000, true, WSPEC_OK},
    {OCTETS("\x88\x00"), "open1 close3", 1005, true, WSPEC_OK},
    {OCTETS("\x89\x01?\x8a\x00\x88\x00"), "open1 ping1 pong1 close3", 1005, true, WSPEC_OK},
    {OCTETS("\x81\x01"), "open1 error3 close3", 1006, false, WSPEC_ERR_IO},
};

static void test_servers_that_are_wrong(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof RUBBISH / sizeof RUBBISH[0]; i++) {
    struct world world = {.rubbish = RUBBISH[i].octets, .rubbish_len = RUBBISH[i].len};
    struct wspec_listen_options listen = {.host = NULL};
    assert_int_equal(wspec_loop_new(&world.loop), WSPEC_OK);
    assert_int_equal(wspec_listener_new(world.loop, &listen, raw_accept, &world, &world.raw, NULL),
                     WSPEC_OK);
    struct wspec_websocket_options options = socket_options();
    connect_socket(&world, &options);
    wspec_loop_run(world.loop);
    assert_string_equal(world.log, RUBBISH[i].log);
    assert_int_equal(world.status_code, RUBBISH[i].status_code);
    assert_int_equal(world.was_clean, RUBBISH[i].was_clean);
    assert_int_equal(world.err, RUBBISH[i].err);
    world_clear(&world);
  }
}

static void ignore(void *user, struct wspec_stream *stream, uint8_t *data, size_t len) {
  (void)user;
  (void)stream;
  (void)data;
  (void)len;
}

static void silent_accept(void *user, struct wspec_stream *stream) {
  static const struct wspec_stream_handlers HANDLERS = {.on_data = ignore, .on_eof = raw_on_eof};
  wspec_stream_set_handlers(stream, &HANDLERS, user);
}

static void test_silent_server_runs_out_of_time(void **state) {
  (void)state;
  struct world world = {.messages = 0};
  struct wspec_listen_options listen = {.host = NULL};
  assert_int_equal(wspec_loop_new(&world.loop), WSPEC_OK);
  assert_int_equal(wspec_listener_new(world.loop, &listen, silent_accept, &world, &world.raw, NULL),
                   WSPEC_OK);
  struct wspec_websocket_options options = socket_options();
  options.open_timeout_ms = 20;
  connect_socket(&world, &options);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "error3 close3");
  assert_int_equal(world.err, WSPEC_ERR_TIMEOUT);
  world_clear(&world);
}

/* ---- The constructor ---- */

static void test_constructor_refuses(void **state) {
  (void)state;
  static const char *const URLS[] = {"", "localhost", "ftp://a/", "ws://a/#", "ws://a:99999/"};
  static const char *const PROTOCOLS[][2] = {{"a", "a"}, {"a", ""}, {"a", "b c"}};
  struct wspec_loop *loop;
  assert_int_equal(wspec_loop_new(&loop), WSPEC_OK);
  struct wspec_websocket *socket;
  struct wspec_net_error error;
  struct wspec_websocket_options options = socket_options();
  for (size_t i = 0; i < sizeof URLS / sizeof URLS[0]; i++) {
    assert_int_equal(wspec_websocket_new(loop, URLS[i], &options, &socket, &error), WSPEC_ERR_URL);
    assert_null(socket);
    assert_non_null(strstr(error.sentence, "URL"));
  }
  for (size_t i = 0; i < sizeof PROTOCOLS / sizeof PROTOCOLS[0]; i++) {
    options.protocols = PROTOCOLS[i];
    options.n_protocols = 2;
    assert_int_equal(wspec_websocket_new(loop, "ws://a/", &options, &socket, &error),
                     WSPEC_ERR_MISUSE);
    assert_non_null(strstr(error.sentence, "subprotocol"));
  }
  wspec_loop_free(loop);
}

static void test_url_is_in_normal_form(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  struct wspec_websocket_options options = socket_options();
  assert_int_equal(wspec_websocket_new(world.loop, " HTTP://u:p@LocalHost/x/../a", &options,
                                       &world.socket, NULL),
                   WSPEC_OK);
  assert_true(wspec_span_equal_text(wspec_websocket_url(world.socket), "ws://u:p@localhost/a"));
  world_clear(&world); /* frees a socket that is connecting */
}

/* ---- Listeners ---- */

struct order {
  struct world *world;
  char letter;
  bool removes;
  struct order *other;
};

static void append_letter(void *user, struct wspec_websocket *socket,
                          const struct wspec_websocket_event *event) {
  struct order *order = user;
  note(order->world, (char[]){order->letter, '\0'});
  if (order->removes) {
    wspec_websocket_remove_listener(socket, event->type, append_letter, order->other);
    assert_int_equal(wspec_websocket_add_listener(socket, event->type, append_letter, order),
                     WSPEC_OK); /* it is there already */
  }
}

static void test_listeners_are_called_in_turn(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  world.on_open = close_without_code;
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  struct order c = {.world = &world, .letter = 'c'};
  struct order a = {.world = &world, .letter = 'a', .removes = true, .other = &c};
  struct order b = {.world = &world, .letter = 'b'};
  struct order *const all[] = {&a, &c, &b, &b};
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(
        wspec_websocket_add_listener(world.socket, WSPEC_WEBSOCKET_ON_OPEN, append_letter, all[i]),
        WSPEC_OK);
  }
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1 a b close3");
  world_clear(&world);
}

static void test_assigned_handler_keeps_its_turn(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  struct order first = {.world = &world, .letter = '1'};
  struct order second = {.world = &world, .letter = '2'};
  assert_int_equal(
      wspec_websocket_add_listener(world.socket, WSPEC_WEBSOCKET_ON_CLOSE, append_letter, &second),
      WSPEC_OK);
  assert_int_equal(
      wspec_websocket_set_handler(world.socket, WSPEC_WEBSOCKET_ON_ERROR, append_letter, &first),
      WSPEC_OK);
  assert_int_equal(wspec_websocket_set_handler(world.socket, WSPEC_WEBSOCKET_ON_OPEN, NULL, NULL),
                   WSPEC_OK);
  close_with(&world, 0, "");
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "1 close3 2");
  world_clear(&world);
}

/* ---- Freeing at any time ---- */

static void free_socket(struct world *world) {
  send_text(world, "never sent");
  wspec_websocket_free(world->socket);
  world->socket = NULL;
  wspec_server_drain(world->server, 10 * 1000);
}

static void free_at_message(struct world *world, const struct wspec_websocket_event *event) {
  (void)event;
  free_socket(world);
}

static void free_at_close(void *user, struct wspec_websocket *socket,
                          const struct wspec_websocket_event *event) {
  struct world *world = user;
  (void)event;
  note(world, "freed");
  wspec_websocket_free(socket);
  world->socket = NULL;
}

static void test_free_in_open(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  world.on_open = free_socket;
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1");
  world_clear(&world);
}

static void test_free_in_message(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  world.on_open = say_hello;
  world.on_message = free_at_message;
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1 message1");
  world_clear(&world);
}

static void test_free_in_close(void **state) {
  (void)state;
  struct world world;
  world_init(&world);
  world.on_open = close_without_code;
  struct wspec_websocket_options options = socket_options();
  connect_socket(&world, &options);
  assert_int_equal(
      wspec_websocket_add_listener(world.socket, WSPEC_WEBSOCKET_ON_CLOSE, free_at_close, &world),
      WSPEC_OK);
  wspec_loop_run(world.loop);
  assert_string_equal(world.log, "open1 close3 freed");
  assert_null(world.socket);
  world_clear(&world);
}

/* Without memory the constructor says so, or the connection ends with a close event. */
static void test_every_allocation_of_the_constructor_may_fail(void **state) {
  (void)state;
  bool failed = true;
  for (unsigned n = 1; failed; n++) {
    struct world world;
    char url[64];
    world_init(&world);
    const char *const protocols[] = {"b"};
    struct wspec_websocket_options options = socket_options();
    options.protocols = protocols;
    options.n_protocols = 1;
    url_of(wspec_server_address(world.server), url);
    failalloc_arm(n);
    enum wspec_err err = wspec_websocket_new(world.loop, url, &options, &world.socket, NULL);
    failed = failalloc_disarm();
    assert_true(err == WSPEC_OK || err == WSPEC_ERR_NOMEM);
    assert_true(failed || err == WSPEC_OK);
    assert_int_equal(err == WSPEC_OK, world.socket != NULL);
    world_clear(&world);
  }
}

static void converse_without_memory(struct world *world) {
  enum wspec_err err = wspec_websocket_send_text(world->socket, wspec_span_text("Hello"));
  if (!err) {
    err = wspec_websocket_close(world->socket, 1000, wspec_span_text(""));
  }
  if (err) {
    assert_int_equal(err, WSPEC_ERR_NOMEM);
    close_with(world, 0, "");
  }
}

static void test_every_allocation_of_a_conversation_may_fail(void **state) {
  (void)state;
  bool failed = true;
  for (unsigned n = 1; failed; n++) {
    struct world world;
    world_init(&world);
    world.on_open = converse_without_memory;
    struct wspec_websocket_options options = socket_options();
    options.open_timeout_ms = 1000;
    options.closing_timeout_ms = 1000;
    connect_socket(&world, &options);
    failalloc_arm(n);
    wspec_loop_run(world.loop);
    failed = failalloc_disarm();
    const char *last = strrchr(world.log, ' ');
    assert_string_equal(last ? last + 1 : world.log, "close3");
    if (!failed) {
      assert_string_equal(world.log, "open1 close3");
    }
    world_clear(&world);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hello_and_close),
      cmocka_unit_test(test_buffered_amount_falls_in_the_loop_only),
      cmocka_unit_test(test_close_without_code_is_1005),
      cmocka_unit_test(test_reason_without_code_is_1000),
      cmocka_unit_test(test_misuse_changes_nothing),
      cmocka_unit_test(test_close_while_connecting_fails),
      cmocka_unit_test(test_messages_before_close_are_sent_and_echoes_dropped),
      cmocka_unit_test(test_big_blob_then_buffer),
      cmocka_unit_test(test_file_comes_back_as_small_blob),
      cmocka_unit_test(test_directory_that_is_not_there_closes_with_1011),
      cmocka_unit_test(test_full_disk_closes_with_1011),
      cmocka_unit_test(test_servers_that_are_wrong),
      cmocka_unit_test(test_silent_server_runs_out_of_time),
      cmocka_unit_test(test_constructor_refuses),
      cmocka_unit_test(test_url_is_in_normal_form),
      cmocka_unit_test(test_listeners_are_called_in_turn),
      cmocka_unit_test(test_assigned_handler_keeps_its_turn),
      cmocka_unit_test(test_free_in_open),
      cmocka_unit_test(test_free_in_message),
      cmocka_unit_test(test_free_in_close),
      cmocka_unit_test(test_every_allocation_of_the_constructor_may_fail),
      cmocka_unit_test(test_every_allocation_of_a_conversation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
