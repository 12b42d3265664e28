/* What the player makes of a target that takes no binary messages. */
#include "play/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static const char SWITCHING[] = "HTTP/1.1 101 Switching Protocols\r\n"
                                "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

/* Sends a message of type `opcode`, expecting its echo, to a target that answers with `answer`. */
static struct wspec_result play_message(uint8_t opcode, const char *answer) {
  struct wspec_payload_part part = {
      .kind = WSPEC_PAYLOAD_LITERAL, .len = 1, .data = (const uint8_t *)"x", .data_len = 1};
  struct wspec_alternative echo = {.reaction = WSPEC_REACTION_ECHO};
  struct wspec_send message = {.kind = WSPEC_SEND_MESSAGE, .repeat = 1};
  message.as.message = (struct wspec_message_plan){.opcode = opcode, .payload = {&part, 1, 1}};
  struct wspec_step steps[3] = {
      {.kind = WSPEC_STEP_OPEN}, {.kind = WSPEC_STEP_SEND}, {.kind = WSPEC_STEP_EXPECT}};
  steps[1].as.send.items = &message;
  steps[1].as.send.n_items = 1;
  steps[2].as.expect = (struct wspec_expectation){.alternatives = &echo, .n_alternatives = 1};
  static const struct wspec_requirement of_clients = {.id = "of-clients", .actor = "client"},
                                        of_servers = {.id = "of-servers", .actor = "server"};
  const struct wspec_requirement *requirements[] = {&of_clients, &of_servers};
  struct wspec_script script = {.id = "test/refusal",
                                .requirements = requirements,
                                .n_requirements = 2,
                                .n_connections = 1,
                                .steps = steps,
                                .n_steps = 3};
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  struct wspec_action action;
  uint64_t now_us = 0;
  unsigned n_writes = 0;
  while (!wspec_play_is_done(play)) {
    while (wspec_play_next(play, now_us, &action)) {
      if (action.kind == WSPEC_ACTION_CONNECT) {
        wspec_play_connected(play, action.connection, ++now_us);
      } else if (action.kind == WSPEC_ACTION_WRITE && ++n_writes <= 2) {
        const char *octets = n_writes == 1 ? SWITCHING : answer;
        wspec_play_received(play, action.connection, wspec_span_text(octets), ++now_us);
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

static void test_1003_for_binary_is_a_skip(void **state) {
  (void)state;
  struct wspec_result result = play_message(2, "\x88\x02\x03\xeb");
  assert_int_equal(result.verdict, WSPEC_VERDICT_SKIP);
  assert_string_equal(result.skip_reason, "the target takes no binary messages");
  wspec_result_clear(&result);
}

static void test_nothing_else_is(void **state) {
  (void)state;
  struct wspec_result result = play_message(1, "\x88\x02\x03\xeb");
  assert_int_equal(result.verdict, WSPEC_VERDICT_FAIL);
  assert_null(result.skip_reason);
  bool is_named = false;
  for (size_t i = 0; i < result.n_findings; i++) {
    is_named = is_named || strcmp(result.findings[i].requirement, "of-servers") == 0;
    assert_string_not_equal(result.findings[i].requirement, "of-clients");
  }
  assert_true(is_named);
  wspec_result_clear(&result);
  result = play_message(2, "\x88\x02\x03\xea");
  assert_int_equal(result.verdict, WSPEC_VERDICT_FAIL);
  assert_null(result.skip_reason);
  wspec_result_clear(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_1003_for_binary_is_a_skip),
      cmocka_unit_test(test_nothing_else_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
