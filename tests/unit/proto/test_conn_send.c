#include "conn_wire.h"
#include "failalloc.h"

static struct wire_run seen;
static uint8_t wire[WIRE_MAX];

static struct wspec_conn *new_conn(bool is_client) {
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, is_client);
  struct wspec_conn *conn = wspec_conn_new(&options);
  assert_non_null(conn);
  return conn;
}

/* Asserts what a strict peer makes of the output of `conn`, and takes the output. */
static void assert_peer_sees(struct wspec_conn *conn, bool is_client, const char *log) {
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, !is_client);
  struct wspec_span output = wspec_conn_output(conn);
  wire_feed(&options, output.data, output.len, (struct wire_plan){0}, &seen);
  assert_string_equal(seen.log, log);
  wspec_conn_output_sent(conn, output.len);
  assert_int_equal(wspec_conn_output(conn).len, 0);
}

static void test_server_octets(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false);
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_TEXT, wspec_span_text("Hello")), WSPEC_OK);
  assert_int_equal(wspec_conn_send_fragment(conn, WSPEC_OPCODE_BINARY, wspec_span_text("a"), false),
                   WSPEC_OK);
  assert_int_equal(wspec_conn_ping(conn, wspec_span_text("p")), WSPEC_OK);
  assert_int_equal(wspec_conn_send_fragment(conn, WSPEC_OPCODE_BINARY, wspec_span_text(""), false),
                   WSPEC_OK);
  assert_int_equal(wspec_conn_pong(conn, wspec_span_text("")), WSPEC_OK);
  assert_int_equal(wspec_conn_send_fragment(conn, WSPEC_OPCODE_BINARY, wspec_span_text("b"), true),
                   WSPEC_OK);
  assert_int_equal(wspec_conn_close(conn, 1000, wspec_span_text("bye")), WSPEC_OK);
  static const char want[] = "\x81\x05Hello\x02\x01"
                             "a\x89\x01p\x00\x00\x8A\x00\x80\x01"
                             "b"
                             "\x88\x05\x03\xE8"
                             "bye";
  struct wspec_span output = wspec_conn_output(conn);
  assert_int_equal(output.len, sizeof want - 1);
  assert_memory_equal(output.data, want, output.len);
  wspec_conn_free(conn);
}

static void count_up(void *context, uint8_t *out, size_t len) {
  uint8_t *next = context;
  for (size_t i = 0; i < len; i++) {
    out[i] = (*next)++;
  }
}

static void test_client_masks_each_frame_with_a_fresh_key(void **state) {
  (void)state;
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, true);
  uint8_t next = 1;
  options.fill_random = count_up;
  options.random_context = &next;
  struct wspec_conn *conn = wspec_conn_new(&options);
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_BINARY, wspec_span_text("abcde")), WSPEC_OK);
  assert_int_equal(wspec_conn_ping(conn, (struct wspec_span){NULL, 0}), WSPEC_OK);
  assert_int_equal(wspec_conn_close(conn, WSPEC_CLOSE_NO_STATUS, (struct wspec_span){NULL, 0}),
                   WSPEC_OK);
  static const char want[] = "\x82\x85\x01\x02\x03\x04\x60\x60\x60\x60\x64"
                             "\x89\x80\x05\x06\x07\x08\x88\x80\x09\x0A\x0B\x0C";
  struct wspec_span output = wspec_conn_output(conn);
  assert_int_equal(output.len, sizeof want - 1);
  assert_memory_equal(output.data, want, output.len);
  wspec_conn_free(conn);
}

static void test_seeded_keys_differ_and_repeat(void **state) {
  (void)state;
  uint8_t first[12];
  for (uint64_t seed = 0; seed < 3; seed++) {
    struct wspec_conn_options options;
    wspec_conn_options_init(&options, true);
    options.masking_seed = seed / 2; /* the first two are equal */
    struct wspec_conn *conn = wspec_conn_new(&options);
    assert_int_equal(wspec_conn_ping(conn, (struct wspec_span){NULL, 0}), WSPEC_OK);
    assert_int_equal(wspec_conn_ping(conn, (struct wspec_span){NULL, 0}), WSPEC_OK);
    struct wspec_span output = wspec_conn_output(conn);
    assert_int_equal(output.len, 12);
    assert_memory_not_equal(output.data + 2, output.data + 8, 4);
    if (seed == 0) {
      memcpy(first, output.data, 12);
    } else if (seed == 1) {
      assert_memory_equal(first, output.data, 12);
    } else {
      assert_memory_not_equal(first, output.data, 12);
    }
    wspec_conn_free(conn);
  }
}

static void test_text_is_checked_across_fragments(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(true);
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_TEXT, wspec_span_text("a\xFF")),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_TEXT, wspec_span_text("\xE2\x82")),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  enum wspec_opcode text = WSPEC_OPCODE_TEXT;
  assert_int_equal(wspec_conn_send_fragment(conn, text, wspec_span_text("\xE2\x82"), false),
                   WSPEC_OK);
  /* A refused piece leaves the message as it was. */
  assert_int_equal(wspec_conn_send_fragment(conn, text, wspec_span_text("z"), true),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_send_fragment(conn, text, wspec_span_text(""), true),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_send_fragment(conn, text, wspec_span_text("\xAC"), true), WSPEC_OK);
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_BINARY, wspec_span_text("\xFF")), WSPEC_OK);
  assert_peer_sees(conn, true, "text[\\E2\\82\\AC] bin[\\FF] end[1006]");
  wspec_conn_free(conn);
}

static void test_text_is_sent_unchecked_if_wanted(void **state) {
  (void)state;
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, false);
  options.check_utf8 = false;
  struct wspec_conn *conn = wspec_conn_new(&options);
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_TEXT, wspec_span_text("\xFF")), WSPEC_OK);
  assert_peer_sees(conn, false, "fail[1007 6455-5.6-01] end[1006]");
  wspec_conn_free(conn);
}

static void test_the_order_of_fragments_is_kept(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false);
  struct wspec_span a = wspec_span_text("a");
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_CONTINUATION, a), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_PING, a), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_send_fragment(conn, WSPEC_OPCODE_TEXT, a, false), WSPEC_OK);
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_TEXT, a), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_send_fragment(conn, WSPEC_OPCODE_BINARY, a, true), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_send_fragment(conn, WSPEC_OPCODE_TEXT, a, true), WSPEC_OK);
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_BINARY, a), WSPEC_OK);
  assert_peer_sees(conn, false, "text[aa] bin[a] end[1006]");
  wspec_conn_free(conn);
}

static void test_control_payloads_end_at_125(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false);
  uint8_t payload[126] = {0};
  assert_int_equal(wspec_conn_ping(conn, wspec_span_of(payload, 126)), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_pong(conn, wspec_span_of(payload, 126)), WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  assert_int_equal(wspec_conn_ping(conn, wspec_span_of(payload, 125)), WSPEC_OK);
  assert_int_equal(wspec_conn_pong(conn, wspec_span_of(payload, 125)), WSPEC_OK);
  assert_int_equal(wspec_conn_output(conn).len, 2 * 127);
  wspec_conn_free(conn);
}

/* ---- headers without payload ---- */

static void test_a_header_waits_for_its_payload(void **state) {
  (void)state;
  for (int is_client = 0; is_client < 2; is_client++) {
    struct wspec_conn *conn = new_conn(is_client != 0);
    uint8_t payload[70000];
    memset(payload, 'x', sizeof payload);
    uint8_t key[4] = {0};
    struct wspec_conn_event event;
    size_t consumed = 9;
    enum wspec_opcode binary = WSPEC_OPCODE_BINARY;
    assert_int_equal(wspec_conn_send_header(conn, binary, sizeof payload, false, key), WSPEC_OK);
    assert_int_equal(wspec_conn_send_header(conn, binary, 1, true, key), WSPEC_ERR_MISUSE);
    assert_int_equal(wspec_conn_send(conn, binary, wspec_span_text("")), WSPEC_ERR_MISUSE);
    assert_int_equal(wspec_conn_ping(conn, wspec_span_text("")), WSPEC_ERR_MISUSE);
    assert_int_equal(wspec_conn_close(conn, 1000, wspec_span_text("")), WSPEC_ERR_MISUSE);
    static const struct wire_frame message = {0x82, "m", 0};
    uint8_t octets[7];
    size_t octets_len = wire_write_frame(&message, is_client == 0, octets);
    assert_int_equal(wspec_conn_feed(conn, octets, octets_len, &consumed, &event),
                     WSPEC_ERR_MISUSE);
    assert_int_equal(consumed, 0);

    struct wspec_span output = wspec_conn_output(conn);
    memcpy(wire, output.data, output.len);
    size_t len = output.len;
    assert_int_equal(len, is_client ? 14 : 10);
    wspec_conn_output_sent(conn, len - 1);
    assert_int_equal(wspec_conn_ping(conn, wspec_span_text("")), WSPEC_ERR_MISUSE);
    wspec_conn_output_sent(conn, 1);
    if (is_client) {
      wspec_mask(payload, sizeof payload, key, 0);
    }
    memcpy(wire + len, payload, sizeof payload);
    len += sizeof payload;

    assert_int_equal(wspec_conn_send_fragment(conn, binary, wspec_span_text("y"), true), WSPEC_OK);
    output = wspec_conn_output(conn);
    memcpy(wire + len, output.data, output.len);
    len += output.len;

    struct wspec_conn *peer = new_conn(is_client == 0);
    assert_int_equal(wspec_conn_feed(peer, wire, len, &consumed, &event), WSPEC_OK);
    assert_int_equal(event.payload.len, sizeof payload + 1);
    assert_int_equal(event.payload.data[0], 'x');
    assert_int_equal(event.payload.data[sizeof payload - 1], 'x');
    assert_int_equal(event.payload.data[sizeof payload], 'y');
    wspec_conn_free(peer);
    wspec_conn_free(conn);
  }
}

static void test_a_header_of_nothing_waits_for_nothing(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false);
  assert_int_equal(wspec_conn_send_header(conn, WSPEC_OPCODE_TEXT, 0, true, NULL), WSPEC_OK);
  assert_int_equal(wspec_conn_ping(conn, wspec_span_text("p")), WSPEC_OK);
  assert_peer_sees(conn, false, "text[] ping[p] end[1006]");
  wspec_conn_free(conn);
}

static void test_a_header_that_cannot_be(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(true);
  uint8_t key[4];
  assert_int_equal(wspec_conn_send_header(conn, WSPEC_OPCODE_TEXT, 1, true, NULL),
                   WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_send_header(conn, WSPEC_OPCODE_PING, 1, true, key), WSPEC_ERR_MISUSE);
  assert_int_equal(
      wspec_conn_send_header(conn, WSPEC_OPCODE_TEXT, (uint64_t)INT64_MAX + 1, true, key),
      WSPEC_ERR_MISUSE);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  wspec_conn_free(conn);
}

/* ---- room ---- */

static struct wspec_conn *new_conn_with_room(size_t output_max) {
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, false);
  options.output_max = output_max;
  struct wspec_conn *conn = wspec_conn_new(&options);
  assert_non_null(conn);
  return conn;
}

static void test_output_is_bounded_but_for_the_close_frame(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn_with_room(10);
  struct wspec_span eight = wspec_span_text("12345678");
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_TEXT, wspec_span_text("123456789")),
                   WSPEC_ERR_LIMIT);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  assert_int_equal(wspec_conn_send(conn, WSPEC_OPCODE_TEXT, eight), WSPEC_OK);
  assert_int_equal(wspec_conn_ping(conn, wspec_span_text("")), WSPEC_ERR_LIMIT);
  assert_int_equal(wspec_conn_send_header(conn, WSPEC_OPCODE_TEXT, 5, true, NULL), WSPEC_ERR_LIMIT);
  assert_int_equal(
      wspec_conn_send(conn, WSPEC_OPCODE_BINARY, wspec_span_of(eight.data, SIZE_MAX - 3)),
      WSPEC_ERR_LIMIT);
  uint8_t reason[123];
  memset(reason, 'r', sizeof reason);
  assert_int_equal(wspec_conn_close(conn, 1001, wspec_span_of(reason, sizeof reason)), WSPEC_OK);
  assert_int_equal(wspec_conn_output(conn).len, 10 + 127);
  wspec_conn_free(conn);
}

static void test_sent_octets_make_way_for_new_ones(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn_with_room(20);
  size_t n_octets = 0;
  for (uint8_t i = 0; i < 200; i++) { /* between 8 and 20 octets wait, whatever went before */
    uint8_t payload[10];
    memset(payload, i, sizeof payload);
    assert_int_equal(
        wspec_conn_send(conn, WSPEC_OPCODE_BINARY, wspec_span_of(payload, sizeof payload)),
        WSPEC_OK);
    size_t len = i == 0 ? 4 : 12;
    struct wspec_span output = wspec_conn_output(conn);
    assert_int_equal(output.len, i == 0 ? 12 : 20);
    memcpy(wire + n_octets, output.data, len);
    n_octets += len;
    wspec_conn_output_sent(conn, len);
    assert_int_equal(wspec_conn_output(conn).len, 8);
  }
  for (size_t at = 0; at < n_octets; at++) {
    size_t place = at % 12;
    assert_int_equal(wire[at], place == 0 ? 0x82 : place == 1 ? 10 : at / 12);
  }
  wspec_conn_output_sent(conn, SIZE_MAX);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  wspec_conn_free(conn);
}

static void test_output_without_bound(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn_with_room(SIZE_MAX);
  assert_int_equal(wspec_conn_ping(conn, wspec_span_text("p")), WSPEC_OK);
  assert_int_equal(wspec_conn_close(conn, 1000, wspec_span_text("")), WSPEC_OK);
  assert_peer_sees(conn, false, "ping[p] close[1000] end[1000 clean]");
  wspec_conn_free(conn);
}

static void feed(struct wspec_conn *conn, const struct wire_frame *frames, bool from_client,
                 enum wspec_err want) {
  static uint8_t octets[WIRE_MAX];
  size_t len = wire_write(frames, from_client, octets);
  for (size_t at = 0; at < len;) {
    struct wspec_conn_event event;
    size_t consumed;
    enum wspec_err err = wspec_conn_feed(conn, octets + at, len - at, &consumed, &event);
    assert_int_equal(err, want);
    at += consumed;
  }
}

static void test_the_latest_pong_waits_for_room(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn_with_room(8);
  static const struct wire_frame pings[WIRE_FRAMES_MAX] = {
      {0x89, "12345", 0}, {0x89, "b", 0}, {0x89, "ccc", 0}, {0x8A, "", 0}};
  feed(conn, pings, true, WSPEC_OK);
  assert_int_equal(wspec_conn_output(conn).len, 7);
  wspec_conn_output_sent(conn, 2); /* five wait: no room for the five of the pong */
  assert_int_equal(wspec_conn_output(conn).len, 5);
  wspec_conn_output_sent(conn, 5);
  assert_peer_sees(conn, false, "pong[ccc] end[1006]");
  wspec_conn_output_sent(conn, 0);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  wspec_conn_free(conn);
}

static void test_a_pong_that_waits_is_dropped_behind_a_close(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn_with_room(2);
  static const struct wire_frame ping[WIRE_FRAMES_MAX] = {{0x89, "1", 0}};
  feed(conn, ping, true, WSPEC_OK);
  assert_int_equal(wspec_conn_output(conn).len, 0);
  assert_int_equal(wspec_conn_close(conn, 1000, wspec_span_text("")), WSPEC_OK);
  assert_peer_sees(conn, false, "close[1000] end[1000 clean]");
  wspec_conn_free(conn);
}

/* ---- both ends ---- */

/* Carries what `from` has to send to `to`, in portions of `portion` octets, and counts messages
 * that are as they should be: octets of value `n % 251`, n of them. */
static void carry(struct wspec_conn *from, struct wspec_conn *to, size_t portion, size_t *n_good) {
  struct wspec_span output = wspec_conn_output(from);
  uint8_t *copy = malloc(output.len + 1);
  assert_non_null(copy);
  memcpy(copy, output.data, output.len);
  for (size_t at = 0; at < output.len;) {
    size_t len = output.len - at < portion ? output.len - at : portion;
    while (len > 0) {
      struct wspec_conn_event event;
      size_t consumed;
      enum wspec_err err = wspec_conn_feed(to, copy + at, len, &consumed, &event);
      assert_true(err == WSPEC_OK || err == WSPEC_ERR_NEED_MORE);
      at += consumed;
      len -= consumed;
      if (err == WSPEC_OK && event.type == WSPEC_CONN_MESSAGE) {
        for (size_t i = 0; i < event.payload.len; i++) {
          assert_int_equal(event.payload.data[i], event.payload.len % 251);
        }
        (*n_good)++;
      }
    }
  }
  wspec_conn_output_sent(from, output.len);
  free(copy);
}

static void send_of_len(struct wspec_conn *conn, size_t len, size_t fragment_len) {
  uint8_t *payload = malloc(len + 1);
  assert_non_null(payload);
  memset(payload, (int)(len % 251), len);
  size_t at = 0;
  for (; len - at > fragment_len; at += fragment_len) {
    assert_int_equal(wspec_conn_send_fragment(conn, WSPEC_OPCODE_BINARY,
                                              wspec_span_of(payload + at, fragment_len), false),
                     WSPEC_OK);
  }
  assert_int_equal(wspec_conn_send_fragment(conn, WSPEC_OPCODE_BINARY,
                                            wspec_span_of(payload + at, len - at), true),
                   WSPEC_OK);
  free(payload);
}

static void test_what_one_sends_the_other_receives(void **state) {
  (void)state;
  static const size_t lengths[] = {0, 1, 3, 124, 125, 126, 127, 1000, 65535, 65536, 200000};
  static const size_t portions[] = {1, 7, 1000, SIZE_MAX};
  for (size_t p = 0; p < 4; p++) {
    struct wspec_conn *ends[2] = {new_conn(false), new_conn(true)};
    for (int from = 0; from < 2; from++) {
      size_t n_good = 0, n_sent = 0;
      for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        send_of_len(ends[from], lengths[i], SIZE_MAX);
        send_of_len(ends[from], lengths[i], lengths[i] / 3 + 1);
        n_sent += 2;
      }
      carry(ends[from], ends[1 - from], portions[p], &n_good);
      assert_int_equal(n_good, n_sent);
    }
    wspec_conn_free(ends[0]);
    wspec_conn_free(ends[1]);
  }
}

/* ---- memory ---- */

static void test_every_allocation_failure_is_reported(void **state) {
  (void)state;
  unsigned n = 1;
  for (;; n++) {
    failalloc_arm(n);
    struct wspec_conn_options options;
    wspec_conn_options_init(&options, true);
    struct wspec_conn *conn = wspec_conn_new(&options);
    uint8_t key[4];
    enum wspec_err errs[4] = {WSPEC_ERR_NOMEM, WSPEC_OK, WSPEC_OK, WSPEC_OK};
    if (conn) {
      uint8_t kilo[1000] = {0};
      errs[0] = wspec_conn_ping(conn, wspec_span_text("p"));
      errs[1] = wspec_conn_send(conn, WSPEC_OPCODE_BINARY, wspec_span_of(kilo, sizeof kilo));
      errs[2] = wspec_conn_send_header(conn, WSPEC_OPCODE_BINARY, 0, true, key);
      errs[3] = wspec_conn_close(conn, 1000, wspec_span_of(kilo, 100));
    }
    bool failed = failalloc_disarm();
    int n_nomem = 0;
    for (int i = 0; i < 4; i++) {
      assert_true(errs[i] == WSPEC_OK || errs[i] == WSPEC_ERR_NOMEM);
      n_nomem += errs[i] == WSPEC_ERR_NOMEM;
    }
    assert_int_equal(n_nomem, failed ? 1 : 0);
    wspec_conn_free(conn);
    if (!failed) {
      break;
    }
  }
  assert_true(n > 3);
}

static void test_a_header_without_memory(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false);
  failalloc_arm(1);
  enum wspec_err err = wspec_conn_send_header(conn, WSPEC_OPCODE_TEXT, 3, true, NULL);
  assert_true(failalloc_disarm());
  assert_int_equal(err, WSPEC_ERR_NOMEM);
  assert_int_equal(wspec_conn_ping(conn, wspec_span_text("")), WSPEC_OK);
  wspec_conn_free(conn);
}

static void test_a_pong_without_memory_ends_the_connection(void **state) {
  (void)state;
  struct wspec_conn *conn = new_conn(false);
  static const struct wire_frame ping[WIRE_FRAMES_MAX] = {{0x89, "1", 0}};
  failalloc_arm(1);
  feed(conn, ping, true, WSPEC_ERR_NOMEM);
  assert_true(failalloc_disarm());
  assert_int_equal(wspec_conn_violation(conn)->status_code, WSPEC_CLOSE_INTERNAL_ERROR);
  assert_string_equal(wspec_conn_violation(conn)->requirement, "");
  wspec_conn_free(conn);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_server_octets),
      cmocka_unit_test(test_client_masks_each_frame_with_a_fresh_key),
      cmocka_unit_test(test_seeded_keys_differ_and_repeat),
      cmocka_unit_test(test_text_is_checked_across_fragments),
      cmocka_unit_test(test_text_is_sent_unchecked_if_wanted),
      cmocka_unit_test(test_the_order_of_fragments_is_kept),
      cmocka_unit_test(test_control_payloads_end_at_125),
      cmocka_unit_test(test_a_header_waits_for_its_payload),
      cmocka_unit_test(test_a_header_of_nothing_waits_for_nothing),
      cmocka_unit_test(test_a_header_that_cannot_be),
      cmocka_unit_test(test_output_is_bounded_but_for_the_close_frame),
      cmocka_unit_test(test_sent_octets_make_way_for_new_ones),
      cmocka_unit_test(test_output_without_bound),
      cmocka_unit_test(test_the_latest_pong_waits_for_room),
      cmocka_unit_test(test_a_pong_that_waits_is_dropped_behind_a_close),
      cmocka_unit_test(test_what_one_sends_the_other_receives),
      cmocka_unit_test(test_every_allocation_failure_is_reported),
      cmocka_unit_test(test_a_header_without_memory),
      cmocka_unit_test(test_a_pong_without_memory_ends_the_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
