/* Inflating and deflating of messages: the samples of RFC 7692 section 7.2.3, every split, bombs at
 * the limit, windows, takeover, failing allocations; and two endpoints that talk compressed. */
#include "proto/deflate.h"

#include "failalloc.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct wspec_deflate_params PLAIN = {0};

enum { CEILING = 1 << 20 };

/* An endpoint that inflates into `out`. */
struct receiver {
  struct wspec_deflate *deflate;
  struct wspec_conn_codec codec;
  struct wspec_buf out;
};

static void open_receiver(struct receiver *receiver, const struct wspec_deflate_params *agreed,
                          size_t ceiling) {
  receiver->deflate = wspec_deflate_new(agreed, false);
  assert_non_null(receiver->deflate);
  receiver->codec = wspec_deflate_codec(receiver->deflate);
  wspec_buf_init(&receiver->out, ceiling);
}

static void close_receiver(struct receiver *receiver) {
  wspec_deflate_free(receiver->deflate);
  wspec_buf_clear(&receiver->out);
}

/* Gives a copy of its own size, so that a sanitizer sees what is read beyond it. */
static enum wspec_err give(struct receiver *receiver, const void *octets, size_t len, bool ends) {
  uint8_t *copy = malloc(len > 0 ? len : 1);
  assert_non_null(copy);
  if (len > 0) {
    memcpy(copy, octets, len);
  }
  enum wspec_err err = receiver->codec.inflate(receiver->codec.context, wspec_span_of(copy, len),
                                               ends, &receiver->out);
  free(copy);
  return err;
}

static enum wspec_err inflate_at(const void *octets, size_t len, size_t split,
                                 struct wspec_buf *out) {
  struct receiver receiver;
  open_receiver(&receiver, &PLAIN, CEILING);
  enum wspec_err err = give(&receiver, octets, split, false);
  if (!err) {
    err = give(&receiver, (const uint8_t *)octets + split, len - split, true);
  }
  *out = receiver.out;
  wspec_deflate_free(receiver.deflate);
  return err;
}

struct sample {
  const char *octets;
  size_t len;
  const char *want; /* NULL: it is an error */
};

#define SAMPLE(octets, want) \
  { octets, sizeof(octets) - 1, want }

static const struct sample SAMPLES[] = {
    SAMPLE("\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello"),                         /* 7.2.3.1 */
    SAMPLE("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", "Hello"),         /* 7.2.3.3 */
    SAMPLE("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "Hello"),                     /* 7.2.3.4 */
    SAMPLE("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "Hello"), /* 7.2.3.5 */
    SAMPLE("\x00", ""),                                                      /* 7.2.3.6 */
    SAMPLE("\x02\x00", ""),
    SAMPLE("\x03\x00\x00", ""),
    SAMPLE("\x00\x00\x00\xff\xff\x00", ""),
    SAMPLE("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff", "Hello"), /* its tail is there */
    SAMPLE("", NULL),
    SAMPLE("\x07", NULL),                         /* block type 11 */
    SAMPLE("\xf2\x48\xcd\xc9", NULL),             /* cut */
    SAMPLE("\xf3\x48\xcd\xc9\xc9\x07\x00", NULL), /* nothing behind the final block */
    SAMPLE("\x00\x05\x00\xfa\xfe\x48\x65\x6c\x6c\x6f\x00", NULL),
    SAMPLE("\x02\x03\x00", NULL),                         /* a match before the beginning */
    SAMPLE("\x78\x9c\xf2\x48\xcd\xc9\xc9\x07\x00", NULL), /* of zlib, not raw */
};

static void test_samples_at_every_split(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
    const struct sample *sample = &SAMPLES[i];
    for (size_t split = 0; split <= sample->len; split++) {
      struct wspec_buf out;
      enum wspec_err err = inflate_at(sample->octets, sample->len, split, &out);
      assert_int_equal(err, sample->want ? WSPEC_OK : WSPEC_ERR_DEFLATE);
      if (sample->want) {
        assert_int_equal(out.len, strlen(sample->want));
        assert_true(out.len == 0 || memcmp(out.data, sample->want, out.len) == 0);
      }
      wspec_buf_clear(&out);
    }
  }
}

/* Section 7.2.3.2: the second Hello refers to the first. */
static void test_takeover(void **state) {
  (void)state;
  static const char first[] = "\xf2\x48\xcd\xc9\xc9\x07\x00", again[] = "\xf2\x00\x11\x00\x00";
  struct receiver receiver;
  open_receiver(&receiver, &PLAIN, CEILING);
  assert_int_equal(give(&receiver, first, 7, true), WSPEC_OK);
  assert_int_equal(give(&receiver, again, 5, true), WSPEC_OK);
  assert_int_equal(receiver.out.len, 10);
  assert_memory_equal(receiver.out.data, "HelloHello", 10);
  close_receiver(&receiver);

  const struct wspec_deflate_params forgetful = {.client_no_context_takeover = true};
  open_receiver(&receiver, &forgetful, CEILING);
  assert_int_equal(give(&receiver, first, 7, true), WSPEC_OK);
  assert_int_equal(give(&receiver, again, 5, true), WSPEC_ERR_DEFLATE);
  assert_int_equal(give(&receiver, first, 7, true), WSPEC_ERR_DEFLATE);
  close_receiver(&receiver);
}

/* A final block ends neither the message nor what later ones may refer to. */
static void test_a_final_block_keeps_the_window(void **state) {
  (void)state;
  static const char final[] = "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", again[] = "\xf2\x00\x11\x00\x00";
  struct receiver receiver;
  open_receiver(&receiver, &PLAIN, CEILING);
  assert_int_equal(give(&receiver, final, 8, true), WSPEC_OK);
  assert_int_equal(give(&receiver, again, 5, true), WSPEC_OK);
  assert_memory_equal(receiver.out.data, "HelloHello", 10);
  close_receiver(&receiver);
}

static void make_payload(uint8_t *octets, size_t len, uint64_t seed) {
  struct wspec_rng rng = {seed};
  for (size_t i = 0; i < len; i++) {
    octets[i] = (uint8_t)("etaoin shrdlu{}\n"[wspec_rng_below(&rng, 16)]);
  }
}

static void check_round_trip(const struct wspec_deflate_params *agreed, size_t len,
                             size_t fragment) {
  struct wspec_deflate *sender = wspec_deflate_new(agreed, true);
  struct wspec_conn_codec codec = wspec_deflate_codec(sender);
  struct receiver receiver;
  open_receiver(&receiver, agreed, CEILING);
  uint8_t *payload = malloc(len > 0 ? len : 1);
  for (uint64_t round = 0; round < 3; round++) {
    make_payload(payload, len, round / 2);
    wspec_buf_reset(&receiver.out);
    size_t at = 0;
    do {
      size_t part = len - at < fragment ? len - at : fragment;
      struct wspec_buf wire;
      wspec_buf_init(&wire, CEILING);
      bool ends = at + part == len;
      assert_int_equal(codec.deflate(codec.context, wspec_span_of(payload + at, part), ends, &wire),
                       WSPEC_OK);
      assert_int_equal(give(&receiver, wire.data, wire.len, ends), WSPEC_OK);
      at += part;
      assert_int_equal(receiver.out.len, at); /* nothing is kept back */
      wspec_buf_clear(&wire);
    } while (at < len);
    assert_true(len == 0 || memcmp(receiver.out.data, payload, len) == 0);
  }
  free(payload);
  close_receiver(&receiver);
  wspec_deflate_free(sender);
}

static void test_round_trips(void **state) {
  (void)state;
  static const size_t lens[] = {0, 1, 5, 125, 126, 1000, 32768, 65536, 100000};
  for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
    for (uint8_t bits = 7; bits <= 15; bits++) {
      struct wspec_deflate_params agreed = {.has_client_max_window_bits = bits > 7,
                                            .client_max_window_bits = bits > 7 ? bits : 0};
      check_round_trip(&agreed, lens[i], 100000);
      agreed.client_no_context_takeover = true;
      check_round_trip(&agreed, lens[i], 1 + lens[i] / 3);
    }
  }
}

/* What a deflater makes for a window is within it, also for the 8 bits that zlib knows not. */
static void test_no_distance_is_beyond_the_window(void **state) {
  (void)state;
  enum { LEN = 40000 };
  uint8_t *payload = malloc(LEN), out[512];
  for (unsigned bits = 8; bits <= 15; bits++) {
    /* Repeated at a little more than the window, and at a little less than twice that. */
    make_payload(payload, LEN, bits);
    size_t period = (1u << bits) + 1;
    for (size_t i = period; i < LEN; i++) {
      payload[i] = payload[i - period];
    }
    for (unsigned wider = 0; wider < 2; wider++) {
      unsigned written_bits = wider && bits < 14 ? bits + 1 : bits;
      struct wspec_deflate_stream written = {written_bits, true}, read = {bits, true};
      struct wspec_deflater *deflater = wspec_deflater_new(written, 9);
      struct wspec_inflater *inflater = wspec_inflater_new(read, LEN);
      struct wspec_buf wire;
      wspec_buf_init(&wire, CEILING);
      assert_int_equal(wspec_deflater_write(deflater, wspec_span_of(payload, LEN), true, &wire),
                       WSPEC_OK);
      struct wspec_span rest = wspec_buf_span(&wire);
      size_t total = 0, some;
      enum wspec_err err = WSPEC_OK;
      while (err == WSPEC_OK) {
        err = wspec_inflater_read(inflater, &rest, out, sizeof out, &some);
        total += some;
      }
      bool is_beyond = written_bits > bits && written_bits > 9;
      assert_int_equal(err, is_beyond ? WSPEC_ERR_DEFLATE : WSPEC_ERR_NEED_MORE);
      assert_int_equal(wspec_inflater_fault(inflater),
                       is_beyond ? WSPEC_INFLATE_TOO_FAR : WSPEC_INFLATE_FINE);
      if (!is_beyond) {
        assert_int_equal(total, LEN);
        assert_int_equal(wspec_inflater_end(inflater, out, sizeof out, &some), WSPEC_ERR_NEED_MORE);
      }
      wspec_buf_clear(&wire);
      wspec_inflater_free(inflater);
      wspec_deflater_free(deflater);
    }
  }
  free(payload);
}

/* 1000:1, at one octet below the ceiling, at it, and one above: no memory beyond it. */
static void test_bombs(void **state) {
  (void)state;
  enum { LIMIT = 300000 };
  static uint8_t zeros[LIMIT + 1];
  for (size_t len = LIMIT - 1; len <= LIMIT + 1; len++) {
    struct wspec_deflate *sender = wspec_deflate_new(&PLAIN, true);
    struct wspec_conn_codec codec = wspec_deflate_codec(sender);
    struct wspec_buf wire;
    wspec_buf_init(&wire, CEILING);
    assert_int_equal(codec.deflate(codec.context, wspec_span_of(zeros, len), true, &wire),
                     WSPEC_OK);
    assert_true(wire.len < 1000);
    for (size_t split = 0; split < wire.len; split += 7) {
      struct receiver receiver;
      open_receiver(&receiver, &PLAIN, LIMIT);
      enum wspec_err err = give(&receiver, wire.data, split, false);
      if (!err) {
        err = give(&receiver, wire.data + split, wire.len - split, true);
      }
      assert_int_equal(err, len <= LIMIT ? WSPEC_OK : WSPEC_ERR_LIMIT);
      assert_true(receiver.out.capacity <= LIMIT);
      assert_int_equal(receiver.out.len, len <= LIMIT ? len : LIMIT);
      close_receiver(&receiver);
    }
    wspec_buf_clear(&wire);
    wspec_deflate_free(sender);
  }
}

static void test_the_output_of_a_deflater_has_a_ceiling(void **state) {
  (void)state;
  uint8_t payload[4000];
  struct wspec_rng rng = {1};
  wspec_rng_fill(&rng, payload, sizeof payload);
  struct wspec_deflater *deflater = wspec_deflater_new((struct wspec_deflate_stream){15, true}, 6);
  struct wspec_buf wire;
  wspec_buf_init(&wire, 2000);
  assert_int_equal(
      wspec_deflater_write(deflater, wspec_span_of(payload, sizeof payload), true, &wire),
      WSPEC_ERR_LIMIT);
  assert_true(wire.len <= 2000);
  wspec_buf_clear(&wire);
  wspec_deflater_free(deflater);
}

static void test_allocation_failures(void **state) {
  (void)state;
  unsigned n = 1;
  for (;; n++) {
    failalloc_arm(n);
    struct wspec_deflate *deflate = wspec_deflate_new(&PLAIN, false);
    enum wspec_err err = WSPEC_ERR_NOMEM;
    struct wspec_buf out, wire;
    wspec_buf_init(&out, CEILING);
    wspec_buf_init(&wire, CEILING);
    if (deflate) {
      struct wspec_conn_codec codec = wspec_deflate_codec(deflate);
      err = codec.inflate(codec.context, wspec_span_of("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8), true,
                          &out);
      if (!err) {
        err = codec.deflate(codec.context, wspec_buf_span(&out), true, &wire);
      }
    }
    bool reached = failalloc_disarm();
    wspec_deflate_free(deflate);
    wspec_buf_clear(&out);
    wspec_buf_clear(&wire);
    assert_int_equal(err, reached ? WSPEC_ERR_NOMEM : WSPEC_OK);
    if (!reached) {
      break;
    }
  }
  assert_true(n > 6);
}

/* ---- Two connections ---- */

static void carry(struct wspec_conn *from, struct wspec_conn *to, struct wspec_buf *got) {
  struct wspec_span output = wspec_conn_output(from);
  uint8_t *octets = malloc(output.len);
  assert_non_null(octets);
  memcpy(octets, output.data, output.len);
  size_t len = output.len, at = 0;
  wspec_conn_output_sent(from, len);
  while (at < len) {
    struct wspec_conn_event event;
    size_t consumed;
    enum wspec_err err = wspec_conn_feed(to, octets + at, len - at, &consumed, &event);
    at += consumed;
    if (err == WSPEC_OK && event.type == WSPEC_CONN_MESSAGE) {
      assert_int_equal(wspec_buf_append_span(got, event.payload), WSPEC_OK);
    } else {
      assert_true(err == WSPEC_OK || err == WSPEC_ERR_NEED_MORE);
    }
  }
  free(octets);
}

static void test_two_endpoints_talk_compressed(void **state) {
  (void)state;
  for (unsigned assemble = 0; assemble < 2; assemble++) {
    struct wspec_deflate *deflates[2];
    struct wspec_conn *conns[2];
    for (unsigned i = 0; i < 2; i++) {
      struct wspec_conn_options options;
      wspec_conn_options_init(&options, i == 0);
      deflates[i] = wspec_deflate_new(&PLAIN, i == 0);
      options.codec = wspec_deflate_codec(deflates[i]);
      options.assemble = assemble == 1;
      conns[i] = wspec_conn_new(&options);
    }
    static uint8_t text[50000];
    make_payload(text, sizeof text, 9);
    struct wspec_buf got;
    wspec_buf_init(&got, CEILING);
    for (unsigned round = 0; round < 4; round++) {
      wspec_buf_reset(&got);
      struct wspec_conn *from = conns[round % 2], *to = conns[1 - round % 2];
      assert_int_equal(wspec_conn_send(from, WSPEC_OPCODE_TEXT, wspec_span_of(text, sizeof text)),
                       WSPEC_OK);
      assert_true(wspec_conn_output(from).len < sizeof text * 3 / 4);
      assert_int_equal(wspec_conn_output(from).data[0], 0xC1);
      carry(from, to, &got);
      assert_int_equal(got.len, sizeof text);
      assert_memory_equal(got.data, text, got.len);
    }
    for (unsigned i = 0; i < 2; i++) {
      assert_null(wspec_conn_violation(conns[i]));
      wspec_conn_free(conns[i]);
      wspec_deflate_free(deflates[i]);
    }
    wspec_buf_clear(&got);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_samples_at_every_split),
      cmocka_unit_test(test_takeover),
      cmocka_unit_test(test_a_final_block_keeps_the_window),
      cmocka_unit_test(test_round_trips),
      cmocka_unit_test(test_no_distance_is_beyond_the_window),
      cmocka_unit_test(test_bombs),
      cmocka_unit_test(test_the_output_of_a_deflater_has_a_ceiling),
      cmocka_unit_test(test_allocation_failures),
      cmocka_unit_test(test_two_endpoints_talk_compressed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
