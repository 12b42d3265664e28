#include "base/rng.h"
#include "conn_wire.h"
#include "failalloc.h"

/* What is sent to a connection of either role, and what it makes of it. */
struct row {
  struct wire_frame frames[WIRE_FRAMES_MAX];
  const char *log;    /* events, failure and outcome */
  const char *answer; /* what the peer makes of the output */
};

#define LONG_16  "0123456789ABCDEF"
#define LONG_128 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16 LONG_16 /* 128 octets */

static const struct row rows[] = {
    /* Messages, section 5.6 and 6.2. */
    {{{0x81, "Hello", 0}}, "text[Hello] end[1006]", "end[1006]"},
    {{{0x82, "\x00\xFF\x80", 3}}, "bin[\\00\\FF\\80] end[1006]", "end[1006]"},
    {{{0x81, "", 0}, {0x82, "", 0}}, "text[] bin[] end[1006]", "end[1006]"},
    {{{0x81, "a\xC3\xA9z", 0}}, "text[a\\C3\\A9z] end[1006]", "end[1006]"},
    {{{0x82, LONG_128, 0}, {0x81, "x", 0}}, "bin[" LONG_128 "] text[x] end[1006]", "end[1006]"},
    {{{0x81, "\xEF\xBB\xBF\xF4\x8F\xBF\xBF", 0}},
     "text[\\EF\\BB\\BF\\F4\\8F\\BF\\BF] end[1006]",
     "end[1006]"},
    {{{0x82, "abcdef", 0}, {0x82, "g", 0}, {0x82, "hijklm", 0}}, /* cut, whole, cut */
     "bin[abcdef] bin[g] bin[hijklm] end[1006]",
     "end[1006]"},

    /* Fragments, section 5.4. */
    {{{0x01, "Hel", 0}, {0x80, "lo", 0}, {0x82, "b", 0}},
     "text[Hello] bin[b] end[1006]",
     "end[1006]"},
    {{{0x02, "", 0}, {0x00, "", 0}, {0x00, "a", 0}, {0x80, "", 0}},
     "bin[a] end[1006]",
     "end[1006]"},
    {{{0x01, "\xE2\x82", 0}, {0x89, "p", 0}, {0x80, "\xAC", 0}},
     "ping[p] text[\\E2\\82\\AC] end[1006]",
     "pong[p] end[1006]"},
    {{{0x02, "a", 0}, {0x00, LONG_128, 0}}, "end[1006]", "end[1006]"},

    /* Control frames, section 5.5. */
    {{{0x89, "", 0}, {0x8A, "q", 0}}, "ping[] pong[q] end[1006]", "pong[] end[1006]"},
    {{{0x01, "a", 0}, {0x88, "\x03\xE8", 0}},
     "close[1000] end[1000 clean]",
     "close[1000] end[1000 clean]"},

    /* Closing, section 7. */
    {{{0x88, "", 0}, {0x81, "late", 0}},
     "close[1005] end[1005 clean]",
     "close[1005] end[1005 clean]"},
    {{{0x88,
       "\x03\xE8"
       "bye",
       0}},
     "close[1000 bye] end[1000 clean]",
     "close[1000] end[1000 clean]"},
    {{{0x88, "\x0F\xA0", 0}, {0x89, "p", 0}, {0x83, "?", 0}},
     "close[4000] end[4000 clean]",
     "close[4000] end[4000 clean]"},
    {{{0x88, "\x03", 0}}, "fail[1002 6455-5.5.1-02] end[1006]", "close[1002 *] end[1002 clean]"},
    {{{0x88, "\x03\xE7", 0}},
     "fail[1002 6455-7.4.2-01] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0x88, "\x03\xEC", 0}},
     "fail[1002 6455-7.4.1-05] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0x88, "\x03\xED", 0}},
     "fail[1002 6455-7.4.1-06] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0x88, "\x03\xEE", 0}},
     "fail[1002 6455-7.4.1-07] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0x88, "\x03\xF7", 0}},
     "fail[1002 6455-7.4.1-08] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0x88, "\x0B\xB7", 0}},
     "fail[1002 6455-7.4.2-02] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0x88, "\x13\x88", 0}},
     "fail[1002 6455-7.4.2-05] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0x88, "\x03\xE8\xC3", 0}},
     "fail[1007 6455-5.5.1-05] end[1006]",
     "close[1007 *] end[1007 clean]"},

    /* Violations of the framing, sections 5.2, 5.4 and 5.5. Nothing behind them counts. */
    {{{0x81, "ok", 0}, {0xC1, "x", 0}, {0x81, "no", 0}},
     "text[ok] fail[1002 6455-5.2-02] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0xA9, "x", 0}}, "fail[1002 6455-5.2-02] end[1006]", "close[1002 *] end[1002 clean]"},
    {{{0x01, "x", 0}, {0x90, "x", 0}},
     "fail[1002 6455-5.2-02] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0x83, "x", 0}}, "fail[1002 6455-5.2-09] end[1006]", "close[1002 *] end[1002 clean]"},
    {{{0x8B, "x", 0}}, "fail[1002 6455-5.2-09] end[1006]", "close[1002 *] end[1002 clean]"},
    {{{0x09, "x", 0}}, "fail[1002 6455-5.4-05] end[1006]", "close[1002 *] end[1002 clean]"},
    {{{0x8A, LONG_128, 0}}, "fail[1002 6455-5.5-01] end[1006]", "close[1002 *] end[1002 clean]"},
    {{{0x80, "x", 0}}, "fail[1002 6455-5.4-02] end[1006]", "close[1002 *] end[1002 clean]"},
    {{{0x81, "x", 0}, {0x00, "y", 0}},
     "text[x] fail[1002 6455-5.4-02] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0x01, "x", 0}, {0x81, "y", 0}},
     "fail[1002 6455-5.4-07] end[1006]",
     "close[1002 *] end[1002 clean]"},
    {{{0x02, "x", 0}, {0x02, "y", 0}},
     "fail[1002 6455-5.4-07] end[1006]",
     "close[1002 *] end[1002 clean]"},

    /* UTF-8, section 8.1. */
    {{{0x81, LONG_128 "\xC3\xA9", 0}, {0x81, LONG_128 "\xC3", 0}},
     "text[" LONG_128 "\\C3\\A9] fail[1007 6455-5.6-01] end[1006]",
     "close[1007 *] end[1007 clean]"},
    {{{0x81, "a\xFFz", 0}, {0x81, "no", 0}},
     "fail[1007 6455-5.6-01] end[1006]",
     "close[1007 *] end[1007 clean]"},
    {{{0x81, "ab\xE2\x82", 0}},
     "fail[1007 6455-5.6-01] end[1006]",
     "close[1007 *] end[1007 clean]"},
    {{{0x01, "\xE2\x82", 0}, {0x80, "", 0}},
     "fail[1007 6455-5.6-01] end[1006]",
     "close[1007 *] end[1007 clean]"},
    {{{0x01, "\xF0", 0}, {0x8A, "", 0}, {0x00, "\x80", 0}, {0x80, "?", 0}},
     "pong[] fail[1007 6455-5.6-01] end[1006]",
     "close[1007 *] end[1007 clean]"},
};

enum { N_ROWS = sizeof rows / sizeof *rows };

static struct wire_run first_run;
static struct wire_run run;
static uint8_t wire[WIRE_MAX];

/* Compares a log with what is wanted, in which "*" stands for the reason of a close frame. */
static void assert_log(const char *got, const char *want) {
  const char *star = strchr(want, '*');
  if (!star) {
    assert_string_equal(got, want);
    return;
  }
  size_t before = (size_t)(star - want);
  assert_true(strlen(got) > before + strlen(star + 1));
  assert_memory_equal(got, want, before);
  assert_string_equal(got + strlen(got) - strlen(star + 1), star + 1);
}

static void assert_same_as_first(void) {
  assert_string_equal(run.log, first_run.log);
  assert_int_equal(run.err, first_run.err);
  assert_true(run.violation.octet_offset == first_run.violation.octet_offset);
  assert_int_equal(run.output_len, first_run.output_len);
  assert_memory_equal(run.output, first_run.output, run.output_len);
}

static void check_all_portions(const struct wspec_conn_options *options, size_t len) {
  wire_feed(options, wire, len, (struct wire_plan){.portion = 1}, &run);
  assert_same_as_first();
  for (size_t portion = 2; portion < 9; portion++) {
    wire_feed(options, wire, len, (struct wire_plan){.portion = portion}, &run);
    assert_same_as_first();
  }
  for (size_t split = 0; split < len; split++) {
    wire_feed(options, wire, len, (struct wire_plan){.split = split}, &run);
    assert_same_as_first();
  }
}

static void check_row(const struct row *row, bool is_client, bool assemble) {
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, is_client);
  options.assemble = assemble;
  size_t len = wire_write(row->frames, !is_client, wire);
  wire_feed(&options, wire, len, (struct wire_plan){0}, &first_run);
  assert_log(first_run.log, row->log);
  wire_read_output(&first_run, is_client, &run);
  assert_log(run.log, row->answer);
  check_all_portions(&options, len);
}

static void test_rows_as_server(void **state) {
  (void)state;
  for (size_t i = 0; i < N_ROWS; i++) {
    check_row(&rows[i], false, true);
  }
}

static void test_rows_as_client(void **state) {
  (void)state;
  for (size_t i = 0; i < N_ROWS; i++) {
    check_row(&rows[i], true, true);
  }
}

static void test_rows_streamed(void **state) {
  (void)state;
  for (size_t i = 0; i < N_ROWS; i++) {
    check_row(&rows[i], false, false);
    check_row(&rows[i], true, false);
  }
}

/* Headers that frames of the rows cannot have. */
static const struct {
  const char *octets;
  size_t len;
  bool is_client;
  const char *log;
} raw_rows[] = {
    {"\x81\x02hi", 4, false, "fail[1002 6455-5.1-01] end[1006]"},
    {"\x89\x00", 2, false, "fail[1002 6455-5.1-01] end[1006]"},
    {"\x81\x80\x00\x00\x00\x00", 6, true, "fail[1002 6455-5.1-05] end[1006]"},
    {"\x82\x7E\x00\x05Hello", 9, true, "fail[1002 6455-5.2-16] end[1006]"},
    {"\x82\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF", 10, true, "fail[1002 6455-5.2-16] end[1006]"},
    {"\x82\x7F\x80\x00\x00\x00\x00\x00\x00\x00", 10, true, "fail[1002 6455-5.2-13] end[1006]"},
    {"\x88\x7E\x00\x7E", 4, true, "fail[1002 6455-5.5-01] end[1006]"},
    {"\x88\x02\x00\x00", 4, true, "fail[1002 6455-7.4.2-01] end[1006]"},
    {"\x81", 1, true, "end[1006]"},
};

static void test_raw_headers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof raw_rows / sizeof *raw_rows; i++) {
    struct wspec_conn_options options;
    wspec_conn_options_init(&options, raw_rows[i].is_client);
    memcpy(wire, raw_rows[i].octets, raw_rows[i].len);
    wire_feed(&options, wire, raw_rows[i].len, (struct wire_plan){0}, &first_run);
    assert_log(first_run.log, raw_rows[i].log);
    check_all_portions(&options, raw_rows[i].len);
  }
}

static void test_the_offset_is_that_of_the_octet(void **state) {
  (void)state;
  static const struct {
    struct wire_frame frames[WIRE_FRAMES_MAX];
    uint64_t as_client;
    uint64_t as_server;
  } places[] = {
      {{{0x81, LONG_128 "\xFF", 0}}, 132, 136},
      {{{0x81, "Hello", 0}, {0x83, "x", 0}}, 7, 11},             /* the frame's first octet */
      {{{0x81, "ab\xFFz", 0}}, 4, 8},                            /* the octet of the text */
      {{{0x82, "a", 0}, {0x81, "ab\xE2\x82", 0}}, 9, 17},        /* the end of the text */
      {{{0x01, "ab\xE2", 0}, {0x80, "\x82z", 0}}, 8, 16},        /* in a later fragment */
      {{{0x01, "ab", 0}, {0x89, "", 0}, {0x81, "z", 0}}, 6, 14}, /* interleaved */
      {{{0x8A, "", 0}, {0x88, "\x03\xED", 0}}, 2, 6},            /* the close frame's first */
  };
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    for (int is_client = 0; is_client < 2; is_client++) {
      struct wspec_conn_options options;
      wspec_conn_options_init(&options, is_client != 0);
      size_t len = wire_write(places[i].frames, is_client == 0, wire);
      wire_feed(&options, wire, len, (struct wire_plan){0}, &first_run);
      assert_true(first_run.violation.octet_offset ==
                  (is_client ? places[i].as_client : places[i].as_server));
      check_all_portions(&options, len);
    }
  }
}

/* ---- chance ---- */

/* Writes a few frames of which most are right; one octet in a few hundred is then changed. */
static size_t write_by_chance(struct wspec_rng *rng, bool from_client) {
  static const uint8_t firsts[] = {0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x00, 0x80, 0x89, 0x8A};
  static const char texts[] = "ab\xC3\xA9z\xE2\x82\xAC\xF0\x9F\x98\x80" LONG_128 LONG_128;
  static const size_t cuts[] = {0, 1, 2, 3, 4, 7, 9, 12, 125, 126, 127, 200};
  size_t len = 0;
  for (uint64_t n = wspec_rng_below(rng, 8); n > 0; n--) {
    struct wire_frame frame = {.payload = texts};
    frame.first = firsts[wspec_rng_below(rng, sizeof firsts)];
    frame.payload_len = cuts[wspec_rng_below(rng, sizeof cuts / sizeof *cuts)];
    if (frame.payload_len == 0) {
      frame.payload = "";
    }
    len += wire_write_frame(&frame, from_client, wire + len);
  }
  for (size_t i = 0; i < len; i++) {
    if (wspec_rng_below(rng, 300) == 0) {
      wire[i] ^= (uint8_t)(1u << wspec_rng_below(rng, 8));
    }
  }
  return len;
}

static void test_portions_and_modes_never_matter(void **state) {
  (void)state;
  size_t n_failed = 0;
  for (uint64_t seed = 0; seed < 3000; seed++) {
    struct wspec_rng rng = {seed};
    struct wspec_conn_options options;
    wspec_conn_options_init(&options, seed % 2 == 0);
    options.message_max = seed % 3 == 0 ? 200 : 1000;
    size_t len = write_by_chance(&rng, !options.is_client);
    wire_feed(&options, wire, len, (struct wire_plan){0}, &first_run);
    n_failed += first_run.err != WSPEC_OK;
    for (int i = 0; i < 6; i++) {
      struct wire_plan plan = {.split = wspec_rng_below(&rng, len + 1),
                               .portion = 1 + wspec_rng_below(&rng, 40)};
      options.assemble = i % 2 == 0;
      wire_feed(&options, wire, len, plan, &run);
      assert_same_as_first();
    }
  }
  assert_in_range(n_failed, 500, 2900); /* both kinds were met */
}

/* ---- limits ---- */

static void check_limit(const struct wspec_conn_options *options, const struct wire_frame *frames,
                        const char *log) {
  size_t len = wire_write(frames, !options->is_client, wire);
  wire_feed(options, wire, len, (struct wire_plan){0}, &first_run);
  assert_log(first_run.log, log);
  check_all_portions(options, len);
}

static void test_limits_hold_at_the_octet(void **state) {
  (void)state;
  static const struct wire_frame fits[WIRE_FRAMES_MAX] = {
      {0x81, "123456", 0}, {0x01, "12", 0}, {0x00, "345", 0}, {0x80, "6", 0}};
  static const struct wire_frame too_long[WIRE_FRAMES_MAX] = {{0x81, "1234567", 0}};
  static const struct wire_frame behind_pong[WIRE_FRAMES_MAX] = {{0x8A, "", 0}, {0x81, "1", 0}};
  static const struct wire_frame medium[WIRE_FRAMES_MAX] = {{0x82, LONG_128, 0}};
  static const struct wire_frame adds_up[WIRE_FRAMES_MAX] = {
      {0x01, "1234", 0}, {0x00, "56", 0}, {0x80, "7", 0}};
  static const struct wire_frame four[WIRE_FRAMES_MAX] = {
      {0x01, "", 0}, {0x00, "", 0}, {0x00, "", 0}, {0x80, "", 0}};
  for (int i = 0; i < 4; i++) {
    struct wspec_conn_options options;
    wspec_conn_options_init(&options, (i & 1) != 0);
    options.assemble = (i & 2) != 0;
    options.message_max = 6;
    options.fragments_max = 3;
    check_limit(&options, fits, "text[123456] text[123456] end[1006]");
    check_limit(&options, too_long, "fail[1009 6455-10.4-01] end[1006]");
    check_limit(&options, adds_up, "fail[1009 6455-10.4-01] end[1006]");
    check_limit(&options, four, "fail[1009 6455-10.4-01] end[1006]");
    options.frame_max = 3;
    check_limit(&options, fits, "fail[1009 6455-10.4-01] end[1006]");
    options.frame_max = UINT64_MAX;
    options.fragments_max = 0;
    check_limit(&options, fits, "fail[1009 6455-10.4-01] end[1006]");
    check_limit(&options, behind_pong, "pong[] fail[1009 6455-10.4-01] end[1006]");
    options.fragments_max = 1;
    options.message_max = 127;
    check_limit(&options, medium, "fail[1009 6455-10.4-01] end[1006]");
  }
}

static void test_a_limit_is_answered_at_the_header(void **state) {
  (void)state;
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, true);
  options.message_max = 1000;
  memcpy(wire, "\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10);
  wire_feed(&options, wire, 10, (struct wire_plan){0}, &first_run);
  assert_string_equal(first_run.log, "fail[1009 6455-10.4-01] end[1006]");
  assert_int_equal(first_run.err, WSPEC_ERR_LIMIT);
  assert_true(first_run.output_len > 0);
}

static void test_a_declared_length_costs_nothing(void **state) {
  (void)state;
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, true);
  options.message_max = UINT64_MAX;
  for (int assemble = 0; assemble < 2; assemble++) {
    options.assemble = assemble != 0;
    struct wspec_conn *conn = wspec_conn_new(&options);
    uint8_t octets[13] = "\x02\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                         "abc";
    struct wspec_conn_event event;
    size_t consumed;
    failalloc_arm(1000);
    enum wspec_err err = wspec_conn_feed(conn, octets, 10, &consumed, &event);
    failalloc_disarm();
    assert_int_equal(err, WSPEC_ERR_NEED_MORE);
    assert_int_equal(failalloc_count(), 0);
    err = wspec_conn_feed(conn, octets + 10, 3, &consumed, &event);
    assert_int_equal(err, assemble ? WSPEC_ERR_NEED_MORE : WSPEC_OK);
    if (!assemble) {
      assert_true(event.begins);
      assert_false(event.ends);
      assert_true(wspec_span_equal_text(event.payload, "abc"));
    }
    wspec_conn_free(conn);
  }
}

/* ---- ownership ---- */

static void test_a_whole_frame_is_lent_where_it_lies(void **state) {
  (void)state;
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, false);
  static const struct wire_frame frames[WIRE_FRAMES_MAX] = {
      {0x82, "small", 0}, {0x82, LONG_128, 0}, {0x89, "ping", 0}};
  size_t len = wire_write(frames, true, wire);
  struct wspec_conn *conn = wspec_conn_new(&options);
  size_t at = 0;
  for (int i = 0; i < 3; i++) {
    struct wspec_conn_event event;
    size_t consumed;
    failalloc_arm(1000);
    assert_int_equal(wspec_conn_feed(conn, wire + at, len - at, &consumed, &event), WSPEC_OK);
    failalloc_disarm();
    assert_int_equal(failalloc_count(), i == 2 ? 1 : 0); /* the pong's place in the output */
    at += consumed;
    assert_ptr_equal(event.payload.data, wire + at - event.payload.len);
    assert_true(wspec_span_equal_text(event.payload, frames[i].payload));
  }
  assert_int_equal(at, len);
  wspec_conn_free(conn);
}

static void test_a_large_message_does_not_keep_its_memory(void **state) {
  (void)state;
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, true);
  struct wspec_conn *conn = wspec_conn_new(&options);
  static uint8_t octets[1100000 + 10];
  memcpy(octets, "\x82\x7F\x00\x00\x00\x00\x00\x10\xC8\xE0", 10); /* 1,100,000 */
  for (int round = 0; round < 2; round++) {
    struct wspec_conn_event event;
    size_t consumed;
    assert_int_equal(wspec_conn_feed(conn, octets, 20, &consumed, &event), WSPEC_ERR_NEED_MORE);
    assert_int_equal(wspec_conn_feed(conn, octets + 20, sizeof octets - 20, &consumed, &event),
                     WSPEC_OK);
    assert_int_equal(event.payload.len, 1100000);
  }
  failalloc_arm(1000);
  struct wspec_conn_event event;
  size_t consumed;
  assert_int_equal(wspec_conn_feed(conn, octets, 20, &consumed, &event), WSPEC_ERR_NEED_MORE);
  failalloc_disarm();
  assert_int_equal(failalloc_count(), 1);
  wspec_conn_free(conn);
}

/* ---- text that is not checked, and what is switched off ---- */

static void test_utf8_is_not_checked_if_not_wanted(void **state) {
  (void)state;
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, false);
  options.check_utf8 = false;
  static const struct wire_frame frames[WIRE_FRAMES_MAX] = {
      {0x81, "\xFF", 0}, {0x01, "\xE2", 0}, {0x80, "z", 0}};
  check_limit(&options, frames, "text[\\FF] text[\\E2z] end[1006]");
}

static void test_pings_are_not_answered_if_not_wanted(void **state) {
  (void)state;
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, false);
  options.auto_pong = false;
  static const struct wire_frame frames[WIRE_FRAMES_MAX] = {{0x89, "x", 0}};
  check_limit(&options, frames, "ping[x] end[1006]");
  assert_int_equal(first_run.output_len, 0);
}

/* ---- memory ---- */

static void test_every_allocation_failure_ends_the_connection(void **state) {
  (void)state;
  unsigned most = 0;
  for (size_t i = 0; i < N_ROWS; i++) {
    struct wspec_conn_options options;
    wspec_conn_options_init(&options, false);
    size_t len = wire_write(rows[i].frames, true, wire);
    struct wire_plan plan = {.portion = 5, .in_place = true};
    for (unsigned n = 1;; n++) {
      failalloc_arm(n);
      wire_feed(&options, wire, len, plan, &run);
      if (!failalloc_disarm()) {
        assert_log(run.log, rows[i].log);
        break;
      }
      most = n > most ? n : most;
      /* A violation stays what it was: only its close frame had no memory. */
      assert_true(run.err == WSPEC_ERR_NOMEM || run.output_len == 0);
    }
  }
  assert_true(most > 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_as_server),
      cmocka_unit_test(test_rows_as_client),
      cmocka_unit_test(test_rows_streamed),
      cmocka_unit_test(test_raw_headers),
      cmocka_unit_test(test_the_offset_is_that_of_the_octet),
      cmocka_unit_test(test_portions_and_modes_never_matter),
      cmocka_unit_test(test_limits_hold_at_the_octet),
      cmocka_unit_test(test_a_limit_is_answered_at_the_header),
      cmocka_unit_test(test_a_declared_length_costs_nothing),
      cmocka_unit_test(test_a_whole_frame_is_lent_where_it_lies),
      cmocka_unit_test(test_a_large_message_does_not_keep_its_memory),
      cmocka_unit_test(test_utf8_is_not_checked_if_not_wanted),
      cmocka_unit_test(test_pings_are_not_answered_if_not_wanted),
      cmocka_unit_test(test_every_allocation_failure_ends_the_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
