/* What the player says of an HTTP answer: scripted octets go in, findings come out. */
#include "play/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

/* Plays a request that has to be refused, with `fields` judged, against a target whose only answer
 * is `answer`. */
static struct wspec_result play_answer(const char *answer, struct wspec_field_rule *rule) {
  struct wspec_code_range errors = {400, 599};
  struct wspec_alternative refused = {.reaction = WSPEC_REACTION_HTTP,
                                      .codes = &errors,
                                      .n_codes = 1,
                                      .fields = rule,
                                      .n_fields = rule ? 1 : 0};
  struct wspec_step steps[2] = {{.kind = WSPEC_STEP_REQUEST}, {.kind = WSPEC_STEP_EXPECT}};
  steps[1].as.expect = (struct wspec_expectation){.alternatives = &refused, .n_alternatives = 1};
  struct wspec_script script = {
      .id = "test/answer", .n_connections = 1, .steps = steps, .n_steps = 2};
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_no_list_stands_once),
      cmocka_unit_test(test_a_length_is_not_beside_chunks),
      cmocka_unit_test(test_lists_have_no_empty_elements),
      cmocka_unit_test(test_no_token_is_a_list_without_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
