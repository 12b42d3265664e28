#include "failalloc.h"
#include "net_fixture.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_hello_then_close_on_eof(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    end_send(end, "hello");
    wspec_stream_finish(end->stream);
  } else if (event == EVENT_EOF) {
    wspec_stream_close(end->stream);
  }
}

static void check_half_close(const char *host) {
  struct pair pair;
  pair_init(&pair);
  if (!pair_listen(&pair, (struct wspec_listen_options){.host = host})) {
    pair_clear(&pair);
    print_message("this machine has no %s\n", host);
    skip();
  }
  pair.client.react = send_hello_then_close_on_eof;
  pair.server.react = answer_after_eof;
  pair_connect(&pair, (struct wspec_connect_options){.host = host});
  wspec_loop_run(pair.loop);
  assert_end_got(&pair.server, "hello");
  assert_end_got(&pair.client, "goodbye");
  assert_string_equal(pair.client.log, "odec");
  assert_string_equal(pair.server.log, "odec");
  pair_clear(&pair);
}

static void test_half_close_ipv4(void **state) {
  (void)state;
  check_half_close("127.0.0.1");
}

static void test_half_close_ipv6(void **state) {
  (void)state;
  check_half_close("::1");
}

static void test_half_close_by_name(void **state) {
  (void)state;
  check_half_close("localhost");
}

static void send_then_reset(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    end_send(end, "last words");
    wspec_stream_reset(end->stream);
  }
}

static void test_reset_by_client_comes_after_its_data(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  pair_run(&pair, send_then_reset, NULL);
  assert_end_got(&pair.server, "last words");
  assert_string_equal(pair.server.log, "od!c");
  assert_true(pair.server.error.reset);
  assert_int_equal(pair.server.error.err, WSPEC_ERR_IO);
  assert_string_equal(pair.server.error.sentence, "the peer reset the connection (RST)");
  assert_string_equal(pair.client.log, "oc");
  pair_clear(&pair);
}

static void test_reset_by_server_comes_after_its_data(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  pair_run(&pair, NULL, send_then_reset);
  assert_end_got(&pair.client, "last words");
  assert_string_equal(pair.client.log, "od!c");
  assert_true(pair.client.error.reset);
  pair_clear(&pair);
}

/* Once the RST has arrived, the paused server writes: the write is first to notice, and uses up
 * the socket's error. */
static void reset_and_let_server_write(struct end *end, enum event event) {
  struct end *server = &end->pair->server;
  if (event == EVENT_OPEN) {
    end_send(end, "last words");
    wspec_stream_reset(end->stream);
  } else if (event == EVENT_CLOSED) {
    if (!server->stream || server->opened == 0) {
      return;
    }
    assert_int_equal(wspec_stream_write(server->stream, wspec_span_text("x")), WSPEC_ERR_IO);
    assert_int_equal(wspec_stream_write(server->stream, wspec_span_text("x")), WSPEC_ERR_IO);
    wspec_stream_resume(server->stream);
  }
}

static void server_first(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    wspec_stream_pause(end->stream);
    end_send(end, "go");
  }
}

static void reset_when_told(struct end *end, enum event event) {
  if (event == EVENT_DATA) {
    reset_and_let_server_write(end, EVENT_OPEN);
  } else if (event == EVENT_CLOSED) {
    reset_and_let_server_write(end, EVENT_CLOSED);
  }
}

static void test_reset_seen_first_by_a_write_keeps_the_data(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  pair_run(&pair, reset_when_told, server_first);
  assert_end_got(&pair.server, "last words");
  assert_string_equal(pair.server.log, "od!c");
  assert_true(pair.server.error.reset);
  pair_clear(&pair);
}

static void reset_after_eof(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    wspec_stream_finish(end->stream);
  } else if (event == EVENT_DATA) {
    wspec_stream_reset(end->stream);
  } else if (event == EVENT_CLOSED) {
    struct end *server = &end->pair->server;
    assert_int_equal(wspec_stream_write(server->stream, wspec_span_text("x")), WSPEC_ERR_IO);
  }
}

static void speak_after_eof(struct end *end, enum event event) {
  if (event == EVENT_EOF) {
    end_send(end, "still here");
  }
}

static void test_reset_after_fin_is_told_by_the_next_write(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  pair_run(&pair, reset_after_eof, speak_after_eof);
  assert_string_equal(pair.server.log, "oe!c");
  assert_true(pair.server.error.reset);
  pair_clear(&pair);
}

enum { FLOOD_CHUNK = 100 * 1000, FLOOD_CHUNKS = 200 };

static uint8_t flood[FLOOD_CHUNK];

static void flood_on_open(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    for (size_t i = 0; i < sizeof flood; i++) {
      flood[i] = (uint8_t)(i % 251);
    }
    for (int i = 0; i < FLOOD_CHUNKS; i++) {
      assert_int_equal(wspec_stream_write(end->stream, wspec_span_of(flood, sizeof flood)),
                       WSPEC_OK);
    }
    /* The reader is paused: the kernel cannot have taken all of it. */
    assert_true(wspec_stream_pending(end->stream) > 0);
    wspec_stream_resume(end->pair->client.stream);
  } else if (event == EVENT_DRAINED) {
    assert_int_equal(wspec_stream_pending(end->stream), 0);
    wspec_stream_finish(end->stream);
  } else if (event == EVENT_EOF) {
    wspec_stream_close(end->stream);
  }
}

static void test_back_pressure_queues_then_drains(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  pair.client.react = close_on_eof;
  pair.server.react = flood_on_open;
  assert_true(pair_listen(&pair, (struct wspec_listen_options){0}));
  pair_connect(&pair, (struct wspec_connect_options){.host = "127.0.0.1"});
  wspec_stream_pause(pair.client.stream);
  wspec_loop_run(pair.loop);
  assert_int_equal(pair.client.data.len, FLOOD_CHUNK * FLOOD_CHUNKS);
  for (int i = 0; i < FLOOD_CHUNKS; i++) {
    assert_memory_equal(pair.client.data.data + (size_t)i * FLOOD_CHUNK, flood, FLOOD_CHUNK);
  }
  assert_string_equal(pair.server.log, "owec");
  pair_clear(&pair);
}

static void fill_to_the_ceiling(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    enum wspec_err err = WSPEC_OK;
    for (int i = 0; i < 100000 && !err; i++) {
      err = wspec_stream_write(end->stream, wspec_span_of(flood, 1000));
    }
    assert_int_equal(err, WSPEC_ERR_LIMIT);
    /* Small writes cost their bookkeeping too, so the octets alone stay below. */
    assert_true(wspec_stream_pending(end->stream) <= 50000);
    assert_true(wspec_stream_pending(end->stream) > 30000);
    wspec_stream_reset(end->stream);
    wspec_stream_reset(end->pair->client.stream);
  }
}

static void test_pending_has_a_ceiling(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  pair.server.react = fill_to_the_ceiling;
  assert_true(pair_listen(&pair, (struct wspec_listen_options){.pending_max = 50000}));
  pair_connect(&pair, (struct wspec_connect_options){.host = "127.0.0.1"});
  wspec_stream_pause(pair.client.stream);
  wspec_loop_run(pair.loop);
  assert_string_equal(pair.server.log, "oc");
  pair_clear(&pair);
}

static void count_release(void *user) {
  (*(unsigned *)user)++;
}

static unsigned g_released;

static void lend_more_than_fits_then_reset(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    for (int i = 0; i < FLOOD_CHUNKS; i++) {
      assert_int_equal(wspec_stream_write_borrowed(end->stream, wspec_span_of(flood, sizeof flood),
                                                   count_release, &g_released),
                       WSPEC_OK);
    }
    assert_true(g_released < FLOOD_CHUNKS);
    wspec_stream_reset(end->stream);
    assert_int_equal(wspec_stream_write_borrowed(end->stream, wspec_span_of(flood, sizeof flood),
                                                 count_release, &g_released),
                     WSPEC_ERR_MISUSE);
    wspec_stream_reset(end->pair->client.stream);
  }
}

static void test_borrowed_octets_are_released_once_each(void **state) {
  (void)state;
  struct pair pair;
  g_released = 0;
  pair_init(&pair);
  pair.server.react = lend_more_than_fits_then_reset;
  assert_true(pair_listen(&pair, (struct wspec_listen_options){0}));
  pair_connect(&pair, (struct wspec_connect_options){.host = "127.0.0.1"});
  wspec_stream_pause(pair.client.stream);
  wspec_loop_run(pair.loop);
  assert_int_equal(g_released, FLOOD_CHUNKS + 1);
  pair_clear(&pair);
}

static void say_bye_with_unread_octets(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    wspec_stream_pause(end->stream);
    end_send(end, "ready");
  }
}

static void send_unread_octets(struct end *end, enum event event) {
  if (event == EVENT_DATA && wspec_span_equal_text(wspec_buf_span(&end->data), "ready")) {
    end_send(end, "never read");
    end_send(&end->pair->server, "bye");
    wspec_stream_close(end->pair->server.stream);
  } else if (event == EVENT_EOF) {
    wspec_stream_close(end->stream);
  }
}

static void test_close_with_unread_octets_does_not_reset(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  pair_run(&pair, send_unread_octets, say_bye_with_unread_octets);
  assert_end_got(&pair.client, "readybye");
  assert_string_equal(pair.client.log, "odec");
  assert_string_equal(pair.server.log, "oc");
  pair_clear(&pair);
}

static void close_at_once(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    wspec_stream_close(end->stream);
    wspec_stream_close(end->stream);
    assert_int_equal(wspec_stream_write(end->stream, wspec_span_text("x")), WSPEC_ERR_MISUSE);
  }
}

static void reset_when_server_gave_up(struct end *end, enum event event) {
  if (event == EVENT_CLOSED) {
    wspec_stream_reset(end->pair->client.stream);
  }
}

static void test_close_gives_up_on_a_peer_that_never_closes(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  pair.client.react = NULL; /* keeps its half open although the server's FIN has come */
  pair.server.react = close_at_once;
  assert_true(pair_listen(&pair, (struct wspec_listen_options){0}));
  pair_connect(&pair, (struct wspec_connect_options){.host = "127.0.0.1"});
  uint64_t start_us = wspec_loop_now_us(pair.loop);
  wspec_loop_run(pair.loop); /* the client's stream is idle at EOF and holds up nothing */
  assert_int_equal(pair.server.closed, 1);
  assert_true(wspec_loop_now_us(pair.loop) - start_us >= 1000 * 1000);
  assert_string_equal(pair.client.log, "oe");
  reset_when_server_gave_up(&pair.server, EVENT_CLOSED);
  wspec_loop_run(pair.loop);
  assert_string_equal(pair.client.log, "oec");
  pair_clear(&pair);
}

static uint16_t unused_port(struct wspec_loop *loop) {
  struct wspec_listener *listener;
  struct wspec_listen_options options = {0};
  assert_int_equal(wspec_listener_new(loop, &options, NULL, NULL, &listener, NULL), WSPEC_OK);
  uint16_t port = wspec_address_port(wspec_listener_address(listener));
  wspec_listener_free(listener);
  wspec_loop_run(loop);
  return port;
}

static void test_refused_connection_is_told(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  struct wspec_connect_options options = {.host = "127.0.0.1", .port = unused_port(pair.loop)};
  assert_int_equal(
      wspec_stream_connect(pair.loop, &options, &END_HANDLERS, &pair.client, &pair.client.stream),
      WSPEC_OK);
  wspec_loop_run(pair.loop);
  assert_string_equal(pair.client.log, "!c");
  assert_int_equal(pair.client.error.err, WSPEC_ERR_CONNECT);
  assert_false(pair.client.error.reset);
  char expected[WSPEC_NET_SENTENCE_MAX];
  snprintf(expected, sizeof expected, "cannot connect to 127.0.0.1:%u: connection refused",
           (unsigned)options.port);
  assert_string_equal(pair.client.error.sentence, expected);
  pair_clear(&pair);
}

static void test_addresses_are_tried_in_order(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  struct wspec_addresses addresses = {.count = 2};
  uint16_t closed_port = unused_port(pair.loop);
  assert_true(pair_listen(&pair, (struct wspec_listen_options){0}));
  assert_int_equal(wspec_address_parse("127.0.0.1", closed_port, &addresses.items[0]), WSPEC_OK);
  addresses.items[1] = *wspec_listener_address(pair.listener);
  pair.client.react = send_hello_then_close_on_eof;
  pair.server.react = answer_after_eof;
  pair_connect(&pair, (struct wspec_connect_options){.host = "two", .addresses = &addresses});
  wspec_loop_run(pair.loop);
  assert_end_got(&pair.client, "goodbye");
  pair_clear(&pair);
}

static void test_connect_can_be_called_off(void **state) {
  (void)state;
  static const char *const HOSTS[] = {"127.0.0.1", "localhost"};
  for (size_t i = 0; i < 2; i++) {
    struct pair pair;
    pair_init(&pair);
    struct wspec_connect_options options = {.host = HOSTS[i], .port = unused_port(pair.loop)};
    assert_int_equal(
        wspec_stream_connect(pair.loop, &options, &END_HANDLERS, &pair.client, &pair.client.stream),
        WSPEC_OK);
    wspec_stream_close(pair.client.stream);
    wspec_loop_run(pair.loop);
    assert_string_equal(pair.client.log, "c");
    pair_clear(&pair);
  }
}

/* ---- What goes out in which segment ---- */

/* A listener that accepts nobody before it is asked to; `*port` is told. */
static int listen_aside(uint16_t *port) {
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof name;
  assert_int_equal(bind(listening, (struct sockaddr *)&name, len), 0);
  assert_int_equal(listen(listening, 1), 0);
  assert_int_equal(getsockname(listening, (struct sockaddr *)&name, &len), 0);
  *port = ntohs(name.sin_port);
  return listening;
}

/* What came of a client that reacts so, and lingers, since nobody answers its FIN. */
static struct tcp_info info_of(void (*react)(struct end *end, enum event event)) {
  uint16_t port;
  int listening = listen_aside(&port);
  struct pair pair;
  pair_init(&pair);
  pair.client.react = react;
  struct wspec_connect_options options = {.host = "127.0.0.1", .port = port};
  assert_int_equal(
      wspec_stream_connect(pair.loop, &options, &END_HANDLERS, &pair.client, &pair.client.stream),
      WSPEC_OK);
  wspec_loop_run(pair.loop);
  int accepted = accept(listening, NULL, NULL);
  struct tcp_info info;
  socklen_t len = sizeof info;
  assert_int_equal(getsockopt(accepted, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
  close(accepted);
  pair_clear(&pair);
  close(listening);
  return info;
}

static void three_writes(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    end_send(end, "a");
    end_send(end, "b");
    end_send(end, "c");
    wspec_stream_close(end->stream);
  }
}

static void test_each_write_is_a_segment(void **state) {
  (void)state;
  assert_int_equal(info_of(three_writes).tcpi_data_segs_in, 3);
}

static void write_then_finish(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    end_send(end, "last words");
    wspec_stream_close(end->stream);
  }
}

static void write_and_finish(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    static const char octets[] = "last words";
    struct wspec_span span = wspec_span_of(octets, sizeof octets - 1);
    assert_int_equal(wspec_stream_write_and_finish(end->stream, span), WSPEC_OK);
    assert_int_equal(wspec_stream_write_and_finish(end->stream, span), WSPEC_ERR_MISUSE);
    wspec_stream_close(end->stream);
  }
}

static void test_fin_is_in_the_segment_of_the_last_octets(void **state) {
  (void)state;
  struct tcp_info apart = info_of(write_then_finish), together = info_of(write_and_finish);
  assert_int_equal(together.tcpi_data_segs_in, 1);
  assert_int_equal(together.tcpi_bytes_received, apart.tcpi_bytes_received);
  assert_int_equal(together.tcpi_segs_in, apart.tcpi_segs_in - 1);
}

static void test_addresses_of_both_ends(void **state) {
  (void)state;
  struct pair pair;
  pair_init(&pair);
  assert_true(pair_listen(&pair, (struct wspec_listen_options){0}));
  char listening[WSPEC_ADDRESS_TEXT_MAX], peer[WSPEC_ADDRESS_TEXT_MAX];
  struct wspec_address address;
  wspec_address_text(wspec_listener_address(pair.listener), listening);
  pair_connect(&pair, (struct wspec_connect_options){.host = "127.0.0.1"});
  assert_int_equal(wspec_stream_peer(pair.client.stream, &address), WSPEC_ERR_MISUSE);
  pair.client.react = NULL;
  pair.server.react = send_then_reset;
  wspec_stream_pause(pair.client.stream);
  wspec_loop_run(pair.loop);
  assert_int_equal(wspec_stream_peer(pair.client.stream, &address), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_stream_local(pair.client.stream, &address), WSPEC_OK);
  assert_true(wspec_address_is_loopback(&address));
  assert_string_not_equal(wspec_address_text(&address, peer), listening);
  wspec_stream_reset(pair.client.stream);
  wspec_loop_run(pair.loop);
  pair_clear(&pair);
}

static void exchange(struct end *end, enum event event) {
  if (event == EVENT_OPEN) {
    if (wspec_stream_write(end->stream, wspec_span_of(flood, sizeof flood))) {
      wspec_stream_reset(end->stream);
    } else {
      wspec_stream_finish(end->stream);
    }
  } else if (event == EVENT_EOF) {
    wspec_stream_close(end->stream);
  }
}

/* If the server's end never came to be, nothing else would free the listener. */
static void exchange_and_stop_listening(struct end *end, enum event event) {
  exchange(end, event);
  if (event == EVENT_CLOSED) {
    wspec_listener_free(end->pair->listener);
    end->pair->listener = NULL;
  }
}

/* However little memory there is, both ends come to their end and nothing leaks. */
static bool exchange_with_failure(unsigned n) {
  struct pair pair;
  pair_init(&pair);
  assert_true(pair_listen(&pair, (struct wspec_listen_options){0}));
  pair.client.react = exchange_and_stop_listening;
  pair.server.react = exchange;
  bool failed = pair_connect_without_memory(&pair, n, NULL, FLOOD_CHUNK);
  pair_clear(&pair);
  return failed;
}

static void test_every_allocation_failure_ends_well(void **state) {
  (void)state;
  unsigned n = 1;
  while (exchange_with_failure(n)) {
    n++;
  }
  assert_true(n > 3);
}

int main(void) {
  alarm(60); /* a test that hangs is a test that fails */
  warm_up();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_half_close_ipv4),
      cmocka_unit_test(test_half_close_ipv6),
      cmocka_unit_test(test_half_close_by_name),
      cmocka_unit_test(test_reset_by_client_comes_after_its_data),
      cmocka_unit_test(test_reset_by_server_comes_after_its_data),
      cmocka_unit_test(test_reset_seen_first_by_a_write_keeps_the_data),
      cmocka_unit_test(test_reset_after_fin_is_told_by_the_next_write),
      cmocka_unit_test(test_back_pressure_queues_then_drains),
      cmocka_unit_test(test_pending_has_a_ceiling),
      cmocka_unit_test(test_borrowed_octets_are_released_once_each),
      cmocka_unit_test(test_close_with_unread_octets_does_not_reset),
      cmocka_unit_test(test_close_gives_up_on_a_peer_that_never_closes),
      cmocka_unit_test(test_refused_connection_is_told),
      cmocka_unit_test(test_addresses_are_tried_in_order),
      cmocka_unit_test(test_connect_can_be_called_off),
      cmocka_unit_test(test_each_write_is_a_segment),
      cmocka_unit_test(test_fin_is_in_the_segment_of_the_last_octets),
      cmocka_unit_test(test_addresses_of_both_ends),
      cmocka_unit_test(test_every_allocation_failure_ends_well),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
