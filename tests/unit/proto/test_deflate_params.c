/* The negotiation of permessage-deflate: every parameter absent, bare, with each legal and many an
 * illegal value, for both roles. */
#include "proto/deflate_params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void parse(struct wspec_extensions *extensions, const char *text) {
  assert_int_equal(wspec_extensions_parse(extensions, wspec_span_text(text)), WSPEC_OK);
}

/* The requirement of the first fault of an offer, "" if it is legal. */
static const char *offer_fault(const char *params) {
  static struct wspec_extensions extensions;
  char text[256];
  (void)snprintf(text, sizeof text, "permessage-deflate; %s", params);
  parse(&extensions, text);
  struct wspec_deflate_params read;
  struct wspec_deflate_faults faults;
  bool legal = wspec_deflate_read_offer(&extensions.items[0], &read, &faults);
  assert_int_equal(legal, faults.n == 0);
  return legal ? "" : faults.items[0].requirement;
}

static void test_offers_that_are_to_be_declined(void **state) {
  (void)state;
  assert_string_equal(offer_fault("foo"), "7692-7-01");
  assert_string_equal(offer_fault("foo=10"), "7692-7-01");
  assert_string_equal(offer_fault("Server_no_context_takeover"), "7692-7-01");
  assert_string_equal(offer_fault("__proto__"), "7692-7-01");
  static const char *const bare[] = {"server_no_context_takeover", "client_no_context_takeover"};
  static const char *const bits[] = {"server_max_window_bits", "client_max_window_bits"};
  static const char *const wrong[] = {"0",
                                      "1",
                                      "7",
                                      "16",
                                      "08",
                                      "010",
                                      "015",
                                      "100",
                                      "\"\"",
                                      "abc",
                                      "+9",
                                      "-9",
                                      "9.0",
                                      "0x9",
                                      "1 5",
                                      "1:",
                                      "1/",
                                      "\"8 \"",
                                      "18446744073709551624"};
  for (size_t i = 0; i < 2; i++) {
    char text[128];
    (void)snprintf(text, sizeof text, "%s; %s", bare[i], bare[i]);
    assert_string_equal(offer_fault(text), "7692-7-03");
    (void)snprintf(text, sizeof text, "%s=1", bare[i]);
    assert_string_equal(offer_fault(text), "7692-7-02");
    (void)snprintf(text, sizeof text, "%s=10; %s=11", bits[i], bits[i]);
    assert_string_equal(offer_fault(text), "7692-7-03");
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
      struct wspec_extensions extensions;
      (void)snprintf(text, sizeof text, "permessage-deflate; %s=%s", bits[i], wrong[k]);
      if (wspec_extensions_parse(&extensions, wspec_span_text(text)) == WSPEC_OK) {
        (void)snprintf(text, sizeof text, "%s=%s", bits[i], wrong[k]);
        assert_string_equal(offer_fault(text), "7692-7-02");
      }
    }
  }
  assert_string_equal(offer_fault("server_max_window_bits"), "7692-7-02");
  assert_string_equal(offer_fault("client_max_window_bits"), "");
}

static void test_every_legal_value_is_read(void **state) {
  (void)state;
  for (uint8_t bits = 8; bits <= 15; bits++) {
    for (unsigned quoted = 0; quoted < 2; quoted++) {
      const char *quote = quoted ? "\"" : "";
      char text[256];
      (void)snprintf(text, sizeof text,
                     "permessage-deflate; client_max_window_bits=%s%u%s; "
                     "server_max_window_bits=%s%u%s; client_no_context_takeover",
                     quote, bits, quote, quote, 23u - bits, quote);
      struct wspec_extensions extensions;
      parse(&extensions, text);
      struct wspec_deflate_params read;
      struct wspec_deflate_faults faults;
      assert_true(wspec_deflate_read_offer(&extensions.items[0], &read, &faults));
      assert_int_equal(read.client_max_window_bits, bits);
      assert_int_equal(read.server_max_window_bits, 23 - bits);
      assert_true(read.has_client_max_window_bits);
      assert_true(read.client_no_context_takeover);
      assert_false(read.server_no_context_takeover);
      assert_true(wspec_deflate_read_response(&extensions.items[0], &read, &faults));
    }
  }
}

/* What a server that wants `wanted` answers to `offers`, "" for nothing. */
static const char *answer(const char *offers, struct wspec_deflate_params wanted) {
  static char text[256];
  struct wspec_extensions extensions;
  parse(&extensions, offers);
  struct wspec_deflate_params agreed;
  if (!wspec_deflate_accept(&extensions, &wanted, &agreed)) {
    return "";
  }
  struct wspec_deflate_text words;
  wspec_deflate_write(&agreed, &words);
  struct wspec_buf out;
  wspec_buf_init(&out, sizeof text - 1);
  assert_int_equal(wspec_extensions_write(&out, &words.extension, 1), WSPEC_OK);
  memcpy(text, out.data, out.len);
  text[out.len] = '\0';
  wspec_buf_clear(&out);
  /* What is answered has to be right in the eyes of a client. */
  struct wspec_extensions response;
  struct wspec_deflate_faults faults;
  struct wspec_deflate_params read;
  bool has;
  parse(&response, text);
  assert_true(wspec_deflate_check_response(&extensions, &response, &has, &read, &faults));
  assert_true(has);
  assert_memory_equal(&read, &agreed, sizeof read);
  return text;
}

#define PMD "permessage-deflate"

static void test_a_server_answers(void **state) {
  (void)state;
  const struct wspec_deflate_params nothing = {0};
  assert_string_equal(answer(PMD, nothing), PMD);
  assert_string_equal(answer("x-webkit-deflate-frame, foo", nothing), "");
  assert_string_equal(answer("Permessage-Deflate", nothing), "");
  assert_string_equal(answer(PMD "; foo", nothing), "");
  assert_string_equal(answer(PMD "; foo, " PMD "; server_max_window_bits=16, " PMD, nothing), PMD);
  assert_string_equal(answer("a, " PMD "; server_no_context_takeover, " PMD, nothing),
                      PMD "; server_no_context_takeover");
  assert_string_equal(answer(PMD "; client_no_context_takeover", nothing),
                      PMD "; client_no_context_takeover");
  assert_string_equal(answer(PMD "; server_max_window_bits=8", nothing),
                      PMD "; server_max_window_bits=8");
  assert_string_equal(answer(PMD "; client_max_window_bits", nothing), PMD);
  assert_string_equal(answer(PMD "; client_max_window_bits=9", nothing), PMD);
  const struct wspec_deflate_params thrifty = {.server_no_context_takeover = true,
                                               .client_no_context_takeover = true,
                                               .server_max_window_bits = 10,
                                               .has_client_max_window_bits = true,
                                               .client_max_window_bits = 11};
  assert_string_equal(answer(PMD, thrifty), PMD "; server_no_context_takeover; "
                                                "client_no_context_takeover; "
                                                "server_max_window_bits=10");
  assert_string_equal(answer(PMD "; client_max_window_bits; server_max_window_bits=9", thrifty),
                      PMD "; server_no_context_takeover; client_no_context_takeover; "
                          "server_max_window_bits=9; client_max_window_bits=11");
  assert_string_equal(answer(PMD "; client_max_window_bits=9; server_max_window_bits=15", thrifty),
                      PMD "; server_no_context_takeover; client_no_context_takeover; "
                          "server_max_window_bits=10; client_max_window_bits=9");
}

/* The requirement of the first fault of an answer, "" if it is right. */
static const char *answer_fault(const char *offers, const char *response) {
  static struct wspec_extensions offered, answered;
  struct wspec_deflate_params agreed;
  struct wspec_deflate_faults faults;
  bool has;
  if (offers) {
    parse(&offered, offers);
  } else {
    offered.n_items = 0;
  }
  parse(&answered, response);
  bool right = wspec_deflate_check_response(&offered, &answered, &has, &agreed, &faults);
  assert_int_equal(right, faults.n == 0);
  return right ? "" : faults.items[0].requirement;
}

static void test_a_client_checks_the_answer(void **state) {
  (void)state;
  assert_string_equal(answer_fault(PMD, PMD), "");
  assert_string_equal(answer_fault(NULL, PMD), "6455-4.2.2-19");
  assert_string_equal(answer_fault("x", "x"), "");
  assert_string_equal(answer_fault(PMD, PMD ", " PMD), "7692-5-09");
  assert_string_equal(answer_fault(PMD, PMD "; level=6"), "6455-9.1-05");
  assert_string_equal(answer_fault(PMD, PMD "; server_no_context_takeover; "
                                            "server_no_context_takeover"),
                      "6455-9-04");
  assert_string_equal(answer_fault(PMD, PMD "; server_no_context_takeover=true"),
                      "7692-7.1.1.1-02");
  assert_string_equal(answer_fault(PMD, PMD "; client_no_context_takeover=true"),
                      "7692-7.1.1.2-03");
  assert_string_equal(answer_fault(PMD, PMD "; server_max_window_bits=010"), "7692-7.1.2.1-07");
  assert_string_equal(answer_fault(PMD, PMD "; server_max_window_bits"), "7692-7.1.2.1-07");
  assert_string_equal(answer_fault(PMD "; client_max_window_bits", PMD "; client_max_window_bits"),
                      "7692-7.1.2.2-05");
  assert_string_equal(answer_fault(PMD, PMD "; client_max_window_bits=15"), "7692-7.1.2.2-06");
  /* A server may add what was not asked for, and may not follow a hint. */
  assert_string_equal(answer_fault(PMD, PMD "; server_max_window_bits=10; "
                                            "server_no_context_takeover; "
                                            "client_no_context_takeover"),
                      "");
  assert_string_equal(
      answer_fault(PMD "; client_max_window_bits=9", PMD "; client_max_window_bits=15"), "");
  assert_string_equal(answer_fault(PMD "; server_no_context_takeover", PMD), "7692-7.1.1.1-04");
  assert_string_equal(answer_fault(PMD "; server_max_window_bits=10", PMD), "7692-7.1.2.1-04");
  assert_string_equal(
      answer_fault(PMD "; server_max_window_bits=10", PMD "; server_max_window_bits=11"),
      "7692-7.1.2.1-04");
  /* Left out, the window is one of 15 bits: what was offered, if that was 15. */
  assert_string_equal(answer_fault(PMD "; server_max_window_bits=14", PMD), "7692-7.1.2.1-04");
  assert_string_equal(answer_fault(PMD "; server_max_window_bits=15", PMD), "");
  /* Whether names fold case is said nowhere. */
  assert_string_equal(answer_fault("PerMessage-Deflate", PMD), "");
  /* Of several offers the one that fits is meant. */
  assert_string_equal(answer_fault(PMD "; server_max_window_bits=10, " PMD, PMD), "");
  assert_string_equal(answer_fault(PMD "; foo", PMD), "7692-7-01");
  assert_string_equal(answer_fault(PMD "; foo, " PMD, PMD), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_offers_that_are_to_be_declined),
      cmocka_unit_test(test_every_legal_value_is_read),
      cmocka_unit_test(test_a_server_answers),
      cmocka_unit_test(test_a_client_checks_the_answer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
