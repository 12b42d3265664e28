#include "proto/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A header on the wire, and the fields that it says. */
struct row {
  const char *octets;
  size_t len;
  struct wspec_frame frame;
};

static const struct row rows[] = {
    {"\x81\x05", 2, {.fin = true, .opcode = 1, .payload_len = 5, .length_form = WSPEC_LENGTH_7}},
    {"\x02\x7D", 2, {.opcode = 2, .payload_len = 125, .length_form = WSPEC_LENGTH_7}},
    {"\x89\x80\x01\x02\x03\x04",
     6,
     {.fin = true,
      .opcode = 9,
      .masked = true,
      .masking_key = {1, 2, 3, 4},
      .length_form = WSPEC_LENGTH_7}},
    {"\x80\x7E\x01\x00",
     4,
     {.fin = true, .opcode = 0, .payload_len = 256, .length_form = WSPEC_LENGTH_16}},
    {"\x7F\xFE\xFF\xFF\xA0\xB0\xC0\xD0",
     8,
     {.rsv = WSPEC_RSV1 | WSPEC_RSV2 | WSPEC_RSV3,
      .opcode = 15,
      .masked = true,
      .masking_key = {0xA0, 0xB0, 0xC0, 0xD0},
      .payload_len = 65535,
      .length_form = WSPEC_LENGTH_16}},
    {"\xC2\x7F\x00\x00\x00\x00\x00\x01\x00\x00",
     10,
     {.fin = true,
      .rsv = WSPEC_RSV1,
      .opcode = 2,
      .payload_len = 65536,
      .length_form = WSPEC_LENGTH_64}},
    {"\x92\xFF\xFE\xDC\xBA\x98\x76\x54\x32\x10\x00\xFF\x00\xFF",
     14,
     {.fin = true,
      .rsv = WSPEC_RSV3,
      .opcode = 2,
      .masked = true,
      .masking_key = {0, 255, 0, 255},
      .payload_len = 0xFEDCBA9876543210,
      .length_form = WSPEC_LENGTH_64}},
    {"\xA1\x7F\x00\x00\x00\x00\x00\x00\x00\x01",
     10,
     {.fin = true,
      .rsv = WSPEC_RSV2,
      .opcode = 1,
      .payload_len = 1,
      .length_form = WSPEC_LENGTH_64}},
};

enum { N_ROWS = sizeof rows / sizeof *rows };

static void assert_frame_equal(const struct wspec_frame *got, const struct wspec_frame *want) {
  assert_int_equal(got->fin, want->fin);
  assert_int_equal(got->rsv, want->rsv);
  assert_int_equal(got->opcode, want->opcode);
  assert_int_equal(got->masked, want->masked);
  assert_memory_equal(got->masking_key, want->masking_key, 4);
  assert_true(got->payload_len == want->payload_len);
  assert_int_equal(got->length_form, want->length_form);
}

/* Decodes from a heap block of exactly `len` octets, so that ASan sees an over-read. */
static enum wspec_err decode_copy(struct wspec_frame_decoder *decoder, const char *octets,
                                  size_t len, size_t *consumed, struct wspec_frame *frame) {
  uint8_t *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  memcpy(copy, octets, len);
  enum wspec_err err = wspec_frame_decode(decoder, wspec_span_of(copy, len), consumed, frame);
  free(copy);
  return err;
}

static void test_decode_takes_the_header_and_no_octet_more(void **state) {
  (void)state;
  for (size_t i = 0; i < N_ROWS; i++) {
    for (size_t extra = 0; extra < 20; extra++) {
      char octets[64] = {0};
      memcpy(octets, rows[i].octets, rows[i].len);
      struct wspec_frame_decoder decoder = {0};
      struct wspec_frame frame;
      size_t consumed;
      assert_int_equal(decode_copy(&decoder, octets, rows[i].len + extra, &consumed, &frame),
                       WSPEC_OK);
      assert_int_equal(consumed, rows[i].len);
      assert_frame_equal(&frame, &rows[i].frame);
    }
  }
}

static void test_decode_at_every_split(void **state) {
  (void)state;
  for (size_t i = 0; i < N_ROWS; i++) {
    for (size_t split = 0; split < rows[i].len; split++) {
      struct wspec_frame_decoder decoder = {0};
      struct wspec_frame frame = {.opcode = 0x77};
      size_t consumed;
      assert_int_equal(decode_copy(&decoder, rows[i].octets, split, &consumed, &frame),
                       WSPEC_ERR_NEED_MORE);
      assert_int_equal(consumed, split);
      assert_int_equal(frame.opcode, 0x77);
      char rest[32] = {0};
      memcpy(rest, rows[i].octets + split, rows[i].len - split);
      assert_int_equal(decode_copy(&decoder, rest, rows[i].len - split + 3, &consumed, &frame),
                       WSPEC_OK);
      assert_int_equal(consumed, rows[i].len - split);
      assert_frame_equal(&frame, &rows[i].frame);
    }
  }
}

static void test_decode_octet_by_octet_many_headers_in_a_row(void **state) {
  (void)state;
  struct wspec_frame_decoder decoder = {0};
  for (size_t i = 0; i < N_ROWS; i++) {
    struct wspec_frame frame;
    for (size_t at = 0; at < rows[i].len; at++) {
      size_t consumed;
      enum wspec_err err = decode_copy(&decoder, rows[i].octets + at, 1, &consumed, &frame);
      assert_int_equal(consumed, 1);
      assert_int_equal(err, at + 1 == rows[i].len ? WSPEC_OK : WSPEC_ERR_NEED_MORE);
    }
    assert_frame_equal(&frame, &rows[i].frame);
  }
}

static void test_decode_of_nothing_needs_more(void **state) {
  (void)state;
  struct wspec_frame_decoder decoder = {0};
  struct wspec_frame frame;
  size_t consumed = 9;
  assert_int_equal(wspec_frame_decode(&decoder, (struct wspec_span){NULL, 0}, &consumed, &frame),
                   WSPEC_ERR_NEED_MORE);
  assert_int_equal(consumed, 0);
}

static void test_encode_writes_the_octets_of_each_row(void **state) {
  (void)state;
  for (size_t i = 0; i < N_ROWS; i++) {
    uint8_t out[WSPEC_FRAME_HEADER_MAX];
    assert_int_equal(wspec_frame_encode(&rows[i].frame, out), rows[i].len);
    assert_memory_equal(out, rows[i].octets, rows[i].len);
  }
}

static void test_encode_auto_takes_the_shortest_form(void **state) {
  (void)state;
  static const struct {
    uint64_t payload_len;
    size_t header_len;
  } lengths[] = {
      {0, 2}, {125, 2}, {126, 4}, {127, 4}, {65535, 4}, {65536, 10}, {UINT64_MAX >> 1, 10}};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct wspec_frame frame = {.fin = true, .opcode = 2, .payload_len = lengths[i].payload_len};
    uint8_t out[WSPEC_FRAME_HEADER_MAX];
    assert_int_equal(wspec_frame_encode(&frame, out), lengths[i].header_len);
    struct wspec_frame_decoder decoder = {0};
    struct wspec_frame back;
    size_t consumed;
    assert_int_equal(
        wspec_frame_decode(&decoder, wspec_span_of(out, lengths[i].header_len), &consumed, &back),
        WSPEC_OK);
    assert_true(back.payload_len == lengths[i].payload_len);
    assert_int_equal(wspec_frame_check(&back, false, 0), 0);
  }
}

static void test_encode_cuts_the_length_to_the_form(void **state) {
  (void)state;
  uint8_t out[WSPEC_FRAME_HEADER_MAX];
  struct wspec_frame frame = {.payload_len = 0x12345, .length_form = WSPEC_LENGTH_16};
  assert_int_equal(wspec_frame_encode(&frame, out), 4);
  assert_memory_equal(out, "\x00\x7E\x23\x45", 4);
  frame.length_form = WSPEC_LENGTH_7;
  assert_int_equal(wspec_frame_encode(&frame, out), 2);
  assert_memory_equal(out, "\x00\x45", 2);
  frame = (struct wspec_frame){.opcode = 0xF9, .rsv = 0xFF, .length_form = WSPEC_LENGTH_7};
  assert_int_equal(wspec_frame_encode(&frame, out), 2);
  assert_memory_equal(out, "\x79\x00", 2);
}

/* A header as a client sends it, and what is wrong with it. */
static void assert_faults(struct wspec_frame frame, unsigned want) {
  frame.masked = true;
  assert_int_equal(wspec_frame_check(&frame, true, 0), want);
  assert_int_equal(wspec_frame_check(&frame, false, 0), want | WSPEC_FRAME_MASKED);
  frame.masked = false;
  assert_int_equal(wspec_frame_check(&frame, true, 0), want | WSPEC_FRAME_NOT_MASKED);
  assert_int_equal(wspec_frame_check(&frame, false, 0), want);
}

static void test_check_of_lengths(void **state) {
  (void)state;
  static const struct {
    uint64_t payload_len;
    enum wspec_length_form form;
    unsigned faults;
  } lengths[] = {
      {125, WSPEC_LENGTH_7, 0},
      {125, WSPEC_LENGTH_16, WSPEC_FRAME_LENGTH_NOT_MINIMAL},
      {126, WSPEC_LENGTH_16, 0},
      {65535, WSPEC_LENGTH_16, 0},
      {65535, WSPEC_LENGTH_64, WSPEC_FRAME_LENGTH_NOT_MINIMAL},
      {0, WSPEC_LENGTH_64, WSPEC_FRAME_LENGTH_NOT_MINIMAL},
      {65536, WSPEC_LENGTH_64, 0},
      {UINT64_MAX >> 1, WSPEC_LENGTH_64, 0},
      {(UINT64_MAX >> 1) + 1, WSPEC_LENGTH_64, WSPEC_FRAME_LENGTH_MSB},
      {5, WSPEC_LENGTH_AUTO, 0},
  };
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    assert_faults((struct wspec_frame){.opcode = 2,
                                       .payload_len = lengths[i].payload_len,
                                       .length_form = lengths[i].form},
                  lengths[i].faults);
  }
}

static void test_check_of_every_first_octet(void **state) {
  (void)state;
  for (unsigned octet = 0; octet < 256; octet++) {
    struct wspec_frame frame = {.fin = (octet & 0x80) != 0,
                                .rsv = octet & 0x70,
                                .opcode = octet & 0x0F,
                                .length_form = WSPEC_LENGTH_7};
    unsigned want = (octet & 0x70) != 0 ? WSPEC_FRAME_RSV : 0;
    want |= strchr("\x03\x04\x05\x06\x07\x0B\x0C\x0D\x0E\x0F", (int)(octet & 0x0F)) &&
                    (octet & 0x0F) != 0
                ? WSPEC_FRAME_OPCODE
                : 0;
    want |= (octet & 0x88) == 0x08 ? WSPEC_FRAME_CONTROL_FRAGMENTED : 0;
    assert_faults(frame, want);
  }
}

static void test_check_of_long_control_frames(void **state) {
  (void)state;
  assert_faults(
      (struct wspec_frame){
          .fin = true, .opcode = 9, .payload_len = 126, .length_form = WSPEC_LENGTH_16},
      WSPEC_FRAME_CONTROL_TOO_LONG);
  assert_faults(
      (struct wspec_frame){
          .fin = true, .opcode = 8, .payload_len = 125, .length_form = WSPEC_LENGTH_7},
      0);
}

static void test_check_allows_rsv_on_the_first_data_frame_alone(void **state) {
  (void)state;
  struct wspec_frame frame = {.fin = true, .rsv = WSPEC_RSV1, .length_form = WSPEC_LENGTH_7};
  for (uint8_t opcode = 0; opcode < 11; opcode++) {
    if (wspec_opcode_is_reserved(opcode)) {
      continue;
    }
    frame.opcode = opcode;
    bool may = opcode == WSPEC_OPCODE_TEXT || opcode == WSPEC_OPCODE_BINARY;
    assert_int_equal(wspec_frame_check(&frame, false, WSPEC_RSV1), may ? 0 : WSPEC_FRAME_RSV);
  }
  frame.opcode = WSPEC_OPCODE_TEXT;
  frame.rsv = WSPEC_RSV1 | WSPEC_RSV3;
  assert_int_equal(wspec_frame_check(&frame, false, WSPEC_RSV1), WSPEC_FRAME_RSV);
}

static void test_every_fault_has_a_requirement_of_its_own(void **state) {
  (void)state;
  static const char *const ids[] = {"6455-5.2-02", "6455-5.2-09", "6455-5.1-01", "6455-5.1-05",
                                    "6455-5.2-16", "6455-5.2-13", "6455-5.4-05", "6455-5.5-01"};
  for (size_t bit = 0; bit < sizeof ids / sizeof *ids; bit++) {
    const char *sentence = NULL;
    enum wspec_frame_fault fault = (enum wspec_frame_fault)(1u << bit);
    assert_string_equal(wspec_frame_fault_requirement(fault, &sentence), ids[bit]);
    assert_true(strlen(sentence) > 10);
    assert_string_equal(wspec_frame_fault_requirement(fault, NULL), ids[bit]);
  }
  const char *sentence = NULL;
  assert_string_equal(wspec_frame_fault_requirement((enum wspec_frame_fault)3, &sentence), "");
  assert_string_equal(sentence, "no fault");
}

static void test_opcodes_have_the_names_of_the_rfc(void **state) {
  (void)state;
  assert_string_equal(wspec_opcode_name(WSPEC_OPCODE_CONTINUATION), "continuation");
  assert_string_equal(wspec_opcode_name(WSPEC_OPCODE_BINARY), "binary");
  assert_string_equal(wspec_opcode_name(WSPEC_OPCODE_CLOSE), "close");
  assert_string_equal(wspec_opcode_name(WSPEC_OPCODE_PONG), "pong");
  assert_string_equal(wspec_opcode_name(0x3), "reserved 0x3");
  assert_string_equal(wspec_opcode_name(0xF), "reserved 0xF");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decode_takes_the_header_and_no_octet_more),
      cmocka_unit_test(test_decode_at_every_split),
      cmocka_unit_test(test_decode_octet_by_octet_many_headers_in_a_row),
      cmocka_unit_test(test_decode_of_nothing_needs_more),
      cmocka_unit_test(test_encode_writes_the_octets_of_each_row),
      cmocka_unit_test(test_encode_auto_takes_the_shortest_form),
      cmocka_unit_test(test_encode_cuts_the_length_to_the_form),
      cmocka_unit_test(test_check_of_lengths),
      cmocka_unit_test(test_check_of_every_first_octet),
      cmocka_unit_test(test_check_of_long_control_frames),
      cmocka_unit_test(test_check_allows_rsv_on_the_first_data_frame_alone),
      cmocka_unit_test(test_every_fault_has_a_requirement_of_its_own),
      cmocka_unit_test(test_opcodes_have_the_names_of_the_rfc),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
