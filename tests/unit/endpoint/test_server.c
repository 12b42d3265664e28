#include "endpoint/echo.h"
#include "endpoint/server.h"
#include "failalloc.h"
#include "net/stream.h"
#include "net/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: sN9cRrP/n9NdMgdcy2VJFQ==\r\n\r\n";

struct world;

/* A client that records what it gets, and reacts to it. */
struct client {
  struct world *world;
  struct wspec_stream *stream;
  struct wspec_buf data;
  void (*on_open)(struct client *client);
  void (*on_frames)(struct client *client); /* after the 101, when it or more has come */
  unsigned eofs, errors, closed;
  bool was_reset;
};

struct world {
  struct wspec_loop *loop;
  struct wspec_server *server;
  struct client clients[3];
  unsigned users; /* made and not freed */
};

static void client_on_open(void *user, struct wspec_stream *stream) {
  struct client *client = user;
  client->stream = stream;
  if (client->on_open) {
    client->on_open(client);
  }
}

static void client_on_data(void *user, struct wspec_stream *stream, uint8_t *data, size_t len) {
  struct client *client = user;
  (void)stream;
  if (wspec_buf_append(&client->data, data, len)) {
    abort();
  }
  if (client->on_frames && client->data.len >= 4 &&
      memcmp(client->data.data + client->data.len - 4, "\r\n\r\n", 4) == 0) {
    wspec_buf_reset(&client->data); /* the end of the 101 */
    client->on_frames(client);
  } else if (client->on_frames) {
    client->on_frames(client);
  }
}

static void drain_if_last(struct client *client) {
  struct world *world = client->world;
  for (size_t i = 0; i < 3; i++) {
    if (world->clients[i].stream) {
      return;
    }
  }
  if (world->server) {
    wspec_server_drain(world->server, 10 * 1000);
  }
}

static void client_on_eof(void *user, struct wspec_stream *stream) {
  struct client *client = user;
  client->eofs++;
  wspec_stream_close(stream);
}

static void client_on_error(void *user, struct wspec_stream *stream,
                            const struct wspec_net_error *error) {
  struct client *client = user;
  (void)stream;
  client->errors++;
  client->was_reset = error->reset;
}

static void client_on_closed(void *user, struct wspec_stream *stream) {
  struct client *client = user;
  (void)stream;
  client->closed++;
  client->stream = NULL;
  drain_if_last(client);
}

static const struct wspec_stream_handlers CLIENT_HANDLERS = {
    .on_open = client_on_open,
    .on_data = client_on_data,
    .on_eof = client_on_eof,
    .on_error = client_on_error,
    .on_closed = client_on_closed,
};

static unsigned *g_users;

static void *new_user(void *context) {
  struct wspec_echo *echo = wspec_echo_new();
  g_users = context;
  *g_users += echo != NULL;
  return echo;
}

static void free_user(void *user) {
  (*g_users)--;
  wspec_echo_free(user);
}

static void world_init(struct world *world, struct wspec_server_options options) {
  memset(world, 0, sizeof *world);
  assert_int_equal(wspec_loop_new(&world->loop), WSPEC_OK);
  options.handlers = wspec_echo_handlers();
  options.user_new = new_user;
  options.user_free = free_user;
  options.context = &world->users;
  struct wspec_net_error error = {.sentence = ""};
  if (wspec_server_new(world->loop, &options, &world->server, &error)) {
    fail_msg("%s", error.sentence);
  }
  for (size_t i = 0; i < 3; i++) {
    world->clients[i].world = world;
    wspec_buf_init(&world->clients[i].data, 64 << 20);
  }
}

static struct wspec_server_options defaults(void) {
  struct wspec_server_options options;
  wspec_server_options_init(&options);
  return options;
}

static void world_clear(struct world *world) {
  wspec_server_free(world->server);
  world->server = NULL;
  wspec_loop_free(world->loop);
  for (size_t i = 0; i < 3; i++) {
    wspec_buf_clear(&world->clients[i].data);
  }
  assert_int_equal(world->users, 0);
}

static void connect_client(struct world *world, size_t index) {
  struct wspec_connect_options options = {
      .host = "127.0.0.1", .port = wspec_address_port(wspec_server_address(world->server))};
  assert_int_equal(wspec_stream_connect(world->loop, &options, &CLIENT_HANDLERS,
                                        &world->clients[index], &world->clients[index].stream),
                   WSPEC_OK);
}

/* A server that reset the connection makes the write fail; on_error then tells, and is counted. */
static void send_octets(struct client *client, const char *octets, size_t len) {
  enum wspec_err err = wspec_stream_write(client->stream, wspec_span_of(octets, len));
  assert_true(err == WSPEC_OK || err == WSPEC_ERR_IO);
}

static void request(struct client *client) {
  send_octets(client, REQUEST, sizeof REQUEST - 1);
}

static void assert_got(const struct client *client, const char *octets, size_t len) {
  assert_int_equal(client->data.len, len);
  assert_memory_equal(client->data.data, octets, len);
}

/* ---- */

static void hello_then_close(struct client *client) {
  if (client->data.len == 0) {
    send_octets(client, "\x81\x85\0\0\0\0Hello\x88\x82\0\0\0\0\x03\xe8", 19);
  }
}

static void test_echo_and_close(void **state) {
  (void)state;
  struct world world;
  world_init(&world, defaults());
  world.clients[0].on_open = request;
  world.clients[0].on_frames = hello_then_close;
  connect_client(&world, 0);
  wspec_loop_run(world.loop);
  assert_got(&world.clients[0], "\x81\x05Hello\x88\x02\x03\xe8", 11);
  assert_int_equal(world.clients[0].eofs, 1);
  assert_int_equal(world.clients[0].errors, 0);
  assert_int_equal(wspec_server_connections(world.server), 0);
  world_clear(&world);
}

static void test_silent_client_loses_to_the_handshake_timer(void **state) {
  (void)state;
  struct world world;
  struct wspec_server_options options = defaults();
  options.handshake_timeout_ms = 20;
  world_init(&world, options);
  connect_client(&world, 0);
  wspec_loop_run(world.loop);
  assert_int_equal(world.clients[0].eofs, 1);
  assert_int_equal(world.clients[0].data.len, 0);
  world_clear(&world);
}

static void answer_close(struct client *client) {
  if (client->data.len > 0) {
    send_octets(client, "\x88\x82\0\0\0\0\x03\xe9", 8);
  }
}

static void test_idle_client_is_told_1001(void **state) {
  (void)state;
  struct world world;
  struct wspec_server_options options = defaults();
  options.idle_timeout_ms = 20;
  world_init(&world, options);
  world.clients[0].on_open = request;
  world.clients[0].on_frames = answer_close;
  connect_client(&world, 0);
  wspec_loop_run(world.loop);
  assert_got(&world.clients[0], "\x88\x13\x03\xe9idle for too long", 21);
  assert_int_equal(world.clients[0].eofs, 1);
  world_clear(&world);
}

static void ignore(struct client *client) {
  (void)client;
}

static void test_unanswered_close_loses_to_the_closing_timer(void **state) {
  (void)state;
  struct world world;
  struct wspec_server_options options = defaults();
  options.idle_timeout_ms = 20;
  options.closing_timeout_ms = 20;
  world_init(&world, options);
  world.clients[0].on_open = request;
  world.clients[0].on_frames = ignore;
  connect_client(&world, 0);
  wspec_loop_run(world.loop);
  assert_got(&world.clients[0], "\x88\x13\x03\xe9idle for too long", 21);
  assert_int_equal(world.clients[0].eofs, 1);
  world_clear(&world);
}

static void connect_second(struct client *client) {
  if (client->data.len == 0) {
    connect_client(client->world, 1);
  } else {
    hello_then_close(client);
  }
}

static void test_connections_over_the_limit_are_reset(void **state) {
  (void)state;
  struct world world;
  struct wspec_server_options options = defaults();
  options.connections_max = 1;
  options.idle_timeout_ms = options.closing_timeout_ms = 50;
  world_init(&world, options);
  world.clients[0].on_open = request;
  world.clients[0].on_frames = connect_second;
  connect_client(&world, 0);
  wspec_loop_run(world.loop);
  assert_int_equal(world.clients[0].errors, 0);
  assert_int_equal(world.clients[1].errors, 1);
  assert_true(world.clients[1].was_reset);
  world_clear(&world);
}

static void drain_when_both_are_open(struct client *client) {
  struct world *world = client->world;
  if (client->data.len > 0) {
    answer_close(client);
    return;
  }
  client->eofs = 0;
  static unsigned opened;
  if (++opened == 2) {
    opened = 0;
    wspec_server_drain(world->server, 10 * 1000);
    assert_int_equal(wspec_server_connections(world->server), 3);
  }
}

static void test_drain_tells_1001_and_ends(void **state) {
  (void)state;
  struct world world;
  world_init(&world, defaults());
  for (size_t i = 0; i < 3; i++) {
    world.clients[i].on_open = i < 2 ? request : NULL; /* the third is still in its handshake */
    world.clients[i].on_frames = drain_when_both_are_open;
    connect_client(&world, 2 - i);
  }
  wspec_loop_run(world.loop);
  for (size_t i = 0; i < 2; i++) {
    assert_got(&world.clients[i], "\x88\x02\x03\xe9", 4);
    assert_int_equal(world.clients[i].eofs, 1);
  }
  assert_int_equal(world.clients[2].data.len, 0);
  assert_int_equal(world.clients[2].eofs, 1);
  assert_int_equal(wspec_server_connections(world.server), 0);
  world_clear(&world);
}

static void drain_quickly(struct client *client) {
  if (client->data.len == 0) {
    wspec_server_drain(client->world->server, 20);
  }
}

static void test_drain_resets_who_does_not_answer(void **state) {
  (void)state;
  struct world world;
  world_init(&world, defaults());
  world.clients[0].on_open = request;
  world.clients[0].on_frames = drain_quickly;
  connect_client(&world, 0);
  wspec_loop_run(world.loop);
  assert_got(&world.clients[0], "\x88\x02\x03\xe9", 4);
  assert_int_equal(world.clients[0].errors, 1);
  assert_true(world.clients[0].was_reset);
  world_clear(&world);
}

static void free_the_server(struct client *client) {
  if (client->data.len == 0) {
    wspec_server_free(client->world->server);
    client->world->server = NULL;
  }
}

static void test_free_resets_what_is_open(void **state) {
  (void)state;
  struct world world;
  world_init(&world, defaults());
  world.clients[0].on_open = request;
  world.clients[0].on_frames = free_the_server;
  connect_client(&world, 0);
  wspec_loop_run(world.loop);
  assert_int_equal(world.clients[0].errors, 1);
  assert_true(world.clients[0].was_reset);
  world_clear(&world);
}

enum { FLOOD = 20 * 1000 * 1000 };

static uint8_t flood[FLOOD + 14];

/* The client does not read. The server stops to read at its high water, so the client's octets
 * pile up on our side; then it reads on, and all comes back. */
static void flood_without_reading(struct client *client) {
  if (client->data.len == 0) {
    memcpy(flood, "\x82\xff\0\0\0\0\x01\x31\x2d\x00\0\0\0\0", 14);
    for (size_t i = 14; i < sizeof flood; i++) {
      flood[i] = (uint8_t)(i % 251);
    }
    wspec_stream_pause(client->stream);
    assert_int_equal(wspec_stream_write(client->stream, wspec_span_of(flood, sizeof flood)),
                     WSPEC_OK);
  } else if (client->data.len > FLOOD) {
    wspec_stream_finish(client->stream);
  }
}

/* Looks once a turn of the loop, in which the server reads if it still does. */
struct watch {
  struct client *client;
  struct wspec_timer *timer;
  size_t pending;
  unsigned unchanged;
};

static void resume_once_nothing_moves(void *user) {
  struct watch *watch = user;
  struct wspec_stream *stream = watch->client->stream;
  size_t pending =
      stream && wspec_stream_is_paused(stream) ? wspec_stream_pending(stream) : SIZE_MAX;
  watch->unchanged = pending == watch->pending && pending != SIZE_MAX ? watch->unchanged + 1 : 0;
  watch->pending = pending;
  if (watch->unchanged < 20) {
    wspec_timer_start(watch->timer, 0);
    return;
  }
  assert_true(pending > FLOOD / 2);
  wspec_stream_resume(stream);
}

static void test_back_pressure_reaches_the_peer(void **state) {
  (void)state;
  struct world world;
  struct wspec_server_options options = defaults();
  options.session.conn.message_max = options.session.conn.frame_max = FLOOD;
  world_init(&world, options);
  world.clients[0].on_open = request;
  world.clients[0].on_frames = flood_without_reading;
  struct watch watch = {.client = &world.clients[0]};
  assert_int_equal(wspec_timer_new(world.loop, resume_once_nothing_moves, &watch, &watch.timer),
                   WSPEC_OK);
  wspec_timer_start(watch.timer, 0);
  connect_client(&world, 0);
  wspec_loop_run(world.loop);
  wspec_timer_free(watch.timer);
  assert_int_equal(world.clients[0].errors, 0);
  assert_true(world.clients[0].data.len > FLOOD);
  assert_memory_equal(world.clients[0].data.data + 10, flood + 14, 65536);
  world_clear(&world);
}

/* However little memory there is, both ends come to their end and nothing leaks. */
static bool serve_with_failure(unsigned n) {
  struct world world;
  world_init(&world, defaults());
  world.clients[0].on_open = request;
  world.clients[0].on_frames = hello_then_close;
  uint8_t *room;
  assert_int_equal(wspec_buf_reserve(&world.clients[0].data, 1000, &room), WSPEC_OK);
  wspec_buf_reset(&world.clients[0].data);
  connect_client(&world, 0);
  failalloc_arm(n);
  wspec_loop_run(world.loop);
  bool failed = failalloc_disarm();
  assert_int_equal(world.clients[0].closed, 1);
  if (!failed) {
    assert_got(&world.clients[0], "\x81\x05Hello\x88\x02\x03\xe8", 11);
  }
  world_clear(&world);
  return failed;
}

static void test_every_allocation_failure_ends_well(void **state) {
  (void)state;
  unsigned n = 1;
  while (serve_with_failure(n)) {
    n++;
  }
  assert_true(n > 6);
}

int main(void) {
  alarm(60); /* a test that hangs is a test that fails */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_echo_and_close),
      cmocka_unit_test(test_silent_client_loses_to_the_handshake_timer),
      cmocka_unit_test(test_idle_client_is_told_1001),
      cmocka_unit_test(test_unanswered_close_loses_to_the_closing_timer),
      cmocka_unit_test(test_connections_over_the_limit_are_reset),
      cmocka_unit_test(test_drain_tells_1001_and_ends),
      cmocka_unit_test(test_drain_resets_who_does_not_answer),
      cmocka_unit_test(test_free_resets_what_is_open),
      cmocka_unit_test(test_back_pressure_reaches_the_peer),
      cmocka_unit_test(test_every_allocation_failure_ends_well),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
