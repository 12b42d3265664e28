/* What the player says of an HTTP answer: scripted octets go in, findings come out. */
#include "play/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct wspec_play_config config = {
    .seed = 7,
    .host = "localhost",
    .target = "/",
    .settle_us = 100000,
    .timeout_us = 2000000,
    .close_us = 1000000,
};

/* Plays these steps against a target whose only answer is `answer`. */
static struct wspec_result play_steps(struct wspec_step *steps, size_t n_steps,
                                      const char *answer) {
  struct wspec_script script = {
      .id = "test/answer", .n_connections = 1, .steps = steps, .n_steps = n_steps};
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  struct wspec_action action;
  uint64_t now_us = 0;
  while (!wspec_play_is_done(play)) {
    while (wspec_play_next(play, now_us, &action)) {
      if (action.kind == WSPEC_ACTION_CONNECT) {
        wspec_play_connected(play, action.connection, ++now_us);
      } else if (action.kind == WSPEC_ACTION_WRITE) {
        wspec_play_received(play, action.connection, wspec_span_text(answer), ++now_us);
        answer = "";
      }
    }
    if (!wspec_play_is_done(play)) {
      now_us = wspec_play_deadline(play);
      assert_true(now_us != UINT64_MAX);
      wspec_play_time(play, now_us);
    }
  }
  struct wspec_result result;
  wspec_play_take_result(play, &result);
  wspec_play_free(play);
  return result;
}

/* Plays a request with these changes, and judges `rule` (may be NULL) on the answer. */
static struct wspec_result play_answer_to(struct wspec_field_edit *edits, size_t n_edits,
                                          const char *answer, struct wspec_field_rule *rule) {
  struct wspec_code_range errors = {101, 599};
  struct wspec_alternative refused = {.reaction = WSPEC_REACTION_HTTP,
                                      .codes = &errors,
                                      .n_codes = 1,
                                      .fields = rule,
                                      .n_fields = rule ? 1 : 0};
  struct wspec_step steps[2] = {{.kind = WSPEC_STEP_REQUEST}, {.kind = WSPEC_STEP_EXPECT}};
  steps[0].as.head.edits = edits;
  steps[0].as.head.n_edits = n_edits;
  steps[1].as.expect = (struct wspec_expectation){.alternatives = &refused, .n_alternatives = 1};
  return play_steps(steps, 2, answer);
}

static struct wspec_result play_answer(const char *answer, struct wspec_field_rule *rule) {
  return play_answer_to(NULL, 0, answer, rule);
}

/* `requirement` is that of the only finding; NULL: there is none. */
static void assert_found(const char *answer, const char *requirement) {
  struct wspec_result result = play_answer(answer, NULL);
  assert_int_equal(result.n_findings, requirement ? 1 : 0);
  if (requirement) {
    assert_string_equal(result.findings[0].requirement, requirement);
  }
  wspec_result_clear(&result);
}

static void test_what_is_no_list_stands_once(void **state) {
  (void)state;
  assert_found("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", NULL);
  assert_found("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", "9110-5.3-01");
  assert_found("HTTP/1.1 400 Bad\r\nDate: x\r\ndate: x\r\n\r\n", "9110-5.3-01");
  assert_found("HTTP/1.1 400 Bad\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n", NULL);
}

static void test_a_length_is_not_beside_chunks(void **state) {
  (void)state;
  assert_found("HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n", NULL);
  assert_found("HTTP/1.1 400 Bad\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
               "9112-6.2-01");
}

static void test_lists_have_no_empty_elements(void **state) {
  (void)state;
  assert_found("HTTP/1.1 426 No\r\nUpgrade: websocket\r\nConnection: close, Upgrade\r\n\r\n", NULL);
  assert_found("HTTP/1.1 426 No\r\nConnection: , Upgrade\r\n\r\n", "9110-5.6.1.1-01");
  assert_found("HTTP/1.1 426 No\r\nSec-WebSocket-Version: 13,\r\n\r\n", "9110-5.6.1.1-01");
  assert_found("HTTP/1.1 426 No\r\nUpgrade:\r\n\r\n", NULL);
}

static void assert_no_token_holds(const char *answer, bool holds) {
  struct wspec_field_rule rule = {
      .kind = WSPEC_FIELD_NO_TOKEN, .name = "Sec-WebSocket-Version", .value = "8"};
  struct wspec_result result = play_answer(answer, &rule);
  assert_int_equal(result.n_findings, holds ? 0 : 1);
  wspec_result_clear(&result);
}

static void test_no_token_is_a_list_without_it(void **state) {
  (void)state;
  assert_no_token_holds("HTTP/1.1 400 Bad\r\n\r\n", true);
  assert_no_token_holds("HTTP/1.1 400 Bad\r\nSec-WebSocket-Version: 13, 18\r\n\r\n", true);
  assert_no_token_holds("HTTP/1.1 400 Bad\r\nSec-WebSocket-Version: 13, 8\r\n\r\n", false);
  assert_no_token_holds(
      "HTTP/1.1 400 Bad\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8\r\n\r\n", false);
}

/* The known answer of RFC 6455 section 1.3, and a close frame. */
static const char SAMPLE_KEY[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char SAMPLE_101[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x88\x00";

static struct wspec_field_edit key_edit(enum wspec_field_edit_kind kind, const char *key) {
  return (struct wspec_field_edit){
      .kind = kind, .name = wspec_span_text("Sec-WebSocket-Key"), .value = wspec_span_text(key)};
}

/* Findings on the Accept of SAMPLE_101 for a request with these changes. */
static size_t count_accept_findings(struct wspec_field_edit *edits, size_t n_edits) {
  struct wspec_result result = play_answer_to(edits, n_edits, SAMPLE_101, NULL);
  size_t n = 0;
  for (size_t i = 0; i < result.n_findings; i++) {
    n += strcmp(result.findings[i].requirement, "6455-4.2.2-24") == 0;
  }
  wspec_result_clear(&result);
  return n;
}

static void test_the_accept_is_that_of_the_key_sent(void **state) {
  (void)state;
  char padded[sizeof SAMPLE_KEY + 4];
  (void)strcpy(padded, "\t ");
  (void)strcat(padded, SAMPLE_KEY);
  struct wspec_field_edit same = key_edit(WSPEC_FIELD_SET, SAMPLE_KEY);
  assert_int_equal(count_accept_findings(&same, 1), 0);
  struct wspec_field_edit with_blanks = key_edit(WSPEC_FIELD_SET, padded);
  assert_int_equal(count_accept_findings(&with_blanks, 1), 0);
  struct wspec_field_edit other = key_edit(WSPEC_FIELD_SET, "AAAAAAAAAAAAAAAAAAAAAA==");
  assert_int_equal(count_accept_findings(&other, 1), 1);
  assert_int_equal(count_accept_findings(NULL, 0), 1);
}

static void test_the_accept_of_several_keys_or_none_says_nothing(void **state) {
  (void)state;
  struct wspec_field_edit second = key_edit(WSPEC_FIELD_ADD, "AAAAAAAAAAAAAAAAAAAAAA==");
  assert_int_equal(count_accept_findings(&second, 1), 0);
  struct wspec_field_edit removed = key_edit(WSPEC_FIELD_REMOVE, "");
  assert_int_equal(count_accept_findings(&removed, 1), 0);
}

static size_t count_grammar_findings(const char *extensions) {
  struct wspec_field_edit offer = {.kind = WSPEC_FIELD_SET,
                                   .name = wspec_span_text("Sec-WebSocket-Extensions"),
                                   .value = wspec_span_text("a")};
  char answer[256];
  (void)snprintf(answer, sizeof answer,
                 "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Extensions: %s\r\n\r\n",
                 extensions);
  struct wspec_result result = play_answer_to(&offer, 1, answer, NULL);
  size_t n = 0;
  for (size_t i = 0; i < result.n_findings; i++) {
    n += strcmp(result.findings[i].requirement, "6455-4.3-02") == 0;
  }
  wspec_result_clear(&result);
  return n;
}

static void test_extensions_keep_to_their_grammar(void **state) {
  (void)state;
  assert_int_equal(count_grammar_findings("a; b=1; c=\"2\""), 0);
  assert_int_equal(count_grammar_findings("a; = 1"), 1);
  assert_int_equal(count_grammar_findings("a; b=\"1 2\""), 1);
  assert_int_equal(count_grammar_findings("a b"), 1);
}

/* The first verdict on a right 101 with `line` in it, behind an ordinary handshake or as the
 * subject of the case; PASS: nothing was found. */
static enum wspec_verdict verdict_on_101(enum wspec_step_kind kind, const char *line) {
  char answer[512];
  (void)snprintf(answer, sizeof answer,
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n%s\r\n",
                 line);
  struct wspec_step step = {.kind = kind, .as.head.key = "dGhlIHNhbXBsZSBub25jZQ=="};
  struct wspec_result result = play_steps(&step, 1, answer);
  const char *close_unanswered = "6455-5.5.1-09";
  enum wspec_verdict verdict = WSPEC_VERDICT_PASS;
  for (size_t i = 0; i < result.n_findings && verdict == WSPEC_VERDICT_PASS; i++) {
    if (strcmp(result.findings[i].requirement, close_unanswered) != 0) {
      verdict = result.findings[i].verdict;
    }
  }
  wspec_result_clear(&result);
  return verdict;
}

static void test_a_blemish_of_an_ordinary_101_is_a_remark(void **state) {
  (void)state;
  static const char *const blemishes[] = {"Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n",
                                          "Sec-WebSocket-Extensions:\r\n"};
  assert_int_equal(verdict_on_101(WSPEC_STEP_OPEN, ""), WSPEC_VERDICT_PASS);
  for (size_t i = 0; i < sizeof blemishes / sizeof blemishes[0]; i++) {
    assert_int_equal(verdict_on_101(WSPEC_STEP_OPEN, blemishes[i]), WSPEC_VERDICT_INFO);
    assert_int_equal(verdict_on_101(WSPEC_STEP_REQUEST, blemishes[i]), WSPEC_VERDICT_FAIL);
  }
}

static void test_what_no_client_takes_fails_any_case(void **state) {
  (void)state;
  static const char *const faults[] = {"Sec-WebSocket-Protocol: chat\r\n", "Upgrade: h2c\r\n",
                                       "Sec-WebSocket-Extensions: a\r\n",
                                       "Sec-WebSocket-Extensions: =\r\n"};
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    assert_int_equal(verdict_on_101(WSPEC_STEP_OPEN, faults[i]), WSPEC_VERDICT_FAIL);
    assert_int_equal(verdict_on_101(WSPEC_STEP_REQUEST, faults[i]), WSPEC_VERDICT_FAIL);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_no_list_stands_once),
      cmocka_unit_test(test_a_length_is_not_beside_chunks),
      cmocka_unit_test(test_lists_have_no_empty_elements),
      cmocka_unit_test(test_no_token_is_a_list_without_it),
      cmocka_unit_test(test_the_accept_is_that_of_the_key_sent),
      cmocka_unit_test(test_the_accept_of_several_keys_or_none_says_nothing),
      cmocka_unit_test(test_extensions_keep_to_their_grammar),
      cmocka_unit_test(test_a_blemish_of_an_ordinary_101_is_a_remark),
      cmocka_unit_test(test_what_no_client_takes_fails_any_case),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
