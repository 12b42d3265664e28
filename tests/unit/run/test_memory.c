/* The player against the reference endpoint, in memory, at every chunk size. */
#include "run/memory.h"

#include "failalloc.h"

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
    .have = WSPEC_NEED_ECHO,
    .settle_us = 100000,
    .timeout_us = 2000000,
    .close_us = 1000000,
};

static struct wspec_payload_part hello_part = {
    .kind = WSPEC_PAYLOAD_LITERAL, .len = 5, .data = (const uint8_t *)"hello", .data_len = 5};

static struct wspec_payload hello(void) {
  return (struct wspec_payload){&hello_part, 1, 5};
}

static struct wspec_alternative echo_same = {.reaction = WSPEC_REACTION_ECHO};
static struct wspec_alternative pong_same = {.reaction = WSPEC_REACTION_PONG};
static struct wspec_alternative ignored = {.reaction = WSPEC_REACTION_IGNORED};
static struct wspec_code_range protocol_error = {1002, 1002};
static struct wspec_code_range normal = {1000, 1000};
static struct wspec_alternative failed = {
    .reaction = WSPEC_REACTION_FAILED, .codes = &protocol_error, .n_codes = 1};
static struct wspec_alternative closed = {
    .reaction = WSPEC_REACTION_CLOSED, .codes = &normal, .n_codes = 1};

static struct wspec_step expect(struct wspec_alternative *alternative) {
  struct wspec_step step = {.kind = WSPEC_STEP_EXPECT};
  step.as.expect = (struct wspec_expectation){.alternatives = alternative, .n_alternatives = 1};
  return step;
}

static struct wspec_step send_one(struct wspec_send *item) {
  struct wspec_step step = {.kind = WSPEC_STEP_SEND};
  step.as.send.items = item;
  step.as.send.n_items = 1;
  return step;
}

static struct wspec_step close_normally(void) {
  static struct wspec_payload_part code = {
      .kind = WSPEC_PAYLOAD_LITERAL, .len = 2, .data = (const uint8_t *)"\x03\xe8", .data_len = 2};
  struct wspec_step step = {.kind = WSPEC_STEP_CLOSE};
  step.as.close.payload = (struct wspec_payload){&code, 1, 2};
  step.as.close.expect = (struct wspec_expectation){.alternatives = &closed, .n_alternatives = 1};
  return step;
}

static struct wspec_result run_at(struct wspec_step *steps, size_t n_steps, size_t chunk_len) {
  struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = steps, .n_steps = n_steps};
  struct wspec_memory_options options = {
      .config = &config, .chunk_len = chunk_len, .latency_us = 100};
  struct wspec_result result;
  assert_int_equal(wspec_memory_run(&script, &options, &result), WSPEC_OK);
  return result;
}

static void assert_verdict(struct wspec_step *steps, size_t n_steps, enum wspec_verdict verdict) {
  for (size_t chunk_len = 0; chunk_len < 40; chunk_len++) {
    struct wspec_result result = run_at(steps, n_steps, chunk_len);
    if (result.verdict != verdict) {
      print_error("chunks of %zu: %s%s\n", chunk_len,
                  result.n_findings ? result.findings[0].message : "",
                  result.skip_reason ? result.skip_reason : "");
    }
    assert_int_equal(result.verdict, verdict);
    wspec_result_clear(&result);
  }
}

static void test_echo_ping_and_close_pass(void **state) {
  (void)state;
  struct wspec_send message = {.kind = WSPEC_SEND_MESSAGE, .repeat = 1};
  message.as.message = (struct wspec_message_plan){.opcode = 1, .payload = hello()};
  struct wspec_send ping = {.kind = WSPEC_SEND_FRAME, .repeat = 1};
  ping.as.frame = (struct wspec_frame_plan){.opcode = 9, .fin = true, .payload = hello()};
  struct wspec_step steps[] = {
      {.kind = WSPEC_STEP_OPEN}, send_one(&message), expect(&echo_same),
      send_one(&ping),           expect(&pong_same), close_normally(),
  };
  assert_verdict(steps, 6, WSPEC_VERDICT_PASS);
  struct wspec_result result = run_at(steps, 6, 0);
  assert_int_equal(result.close.status_code, 1000);
  assert_int_equal(result.close.by, WSPEC_CLOSED_BY_TARGET);
  assert_true(result.close.clean);
  assert_true(result.transcript.n_entries > 8);
  wspec_result_clear(&result);
}

static void test_a_violation_of_ours_fails_the_connection(void **state) {
  (void)state;
  struct wspec_send frame = {.kind = WSPEC_SEND_FRAME, .repeat = 1};
  frame.as.frame =
      (struct wspec_frame_plan){.opcode = 1, .fin = true, .rsv = 0x20, .payload = hello()};
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_OPEN}, send_one(&frame), expect(&failed)};
  assert_verdict(steps, 3, WSPEC_VERDICT_PASS);
}

/* What would have finished the message is of no use any more, and of no harm. */
static void test_a_failed_connection_stays_failed(void **state) {
  (void)state;
  struct wspec_send frame = {.kind = WSPEC_SEND_FRAME, .repeat = 1};
  frame.as.frame =
      (struct wspec_frame_plan){.opcode = 1, .fin = false, .rsv = 0x20, .payload = hello()};
  struct wspec_send rest = {.kind = WSPEC_SEND_FRAME, .repeat = 1};
  rest.as.frame = (struct wspec_frame_plan){.opcode = 0, .fin = true, .payload = hello()};
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_OPEN},
                               send_one(&frame),
                               expect(&failed),
                               send_one(&rest),
                               expect(&failed)};
  assert_verdict(steps, 5, WSPEC_VERDICT_PASS);
  steps[4] = expect(&echo_same);
  assert_verdict(steps, 5, WSPEC_VERDICT_FAIL);
}

/* The endpoint takes no more while its answers are not read, and the case goes on all the same. */
static void test_a_send_is_finished_behind_read_again(void **state) {
  (void)state;
  struct wspec_payload_part part = {.kind = WSPEC_PAYLOAD_RANDOM, .len = 65536, .seed = 3};
  struct wspec_alternative echoes = {.reaction = WSPEC_REACTION_ECHO, .times = 128};
  struct wspec_send messages = {.kind = WSPEC_SEND_MESSAGE, .repeat = 128};
  messages.as.message = (struct wspec_message_plan){.opcode = 2, .payload = {&part, 1, part.len}};
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_OPEN}, {.kind = WSPEC_STEP_STOP_READING},
                               send_one(&messages),       {.kind = WSPEC_STEP_READ_AGAIN},
                               expect(&echoes),           close_normally()};
  struct wspec_result result = run_at(steps, 6, 0);
  assert_int_equal(result.verdict, WSPEC_VERDICT_PASS);
  wspec_result_clear(&result);
  echoes.times = 129;
  result = run_at(steps, 6, 0);
  assert_int_equal(result.verdict, WSPEC_VERDICT_FAIL);
  wspec_result_clear(&result);
}

/* What a correct endpoint does is not what these cases ask for: they must fail. */
static void test_what_does_not_happen_is_a_fail(void **state) {
  (void)state;
  struct wspec_send message = {.kind = WSPEC_SEND_MESSAGE, .repeat = 1};
  message.as.message = (struct wspec_message_plan){.opcode = 1, .payload = hello()};
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_OPEN}, send_one(&message), expect(&failed)};
  assert_verdict(steps, 3, WSPEC_VERDICT_FAIL);

  struct wspec_send pong = {.kind = WSPEC_SEND_FRAME, .repeat = 1};
  pong.as.frame = (struct wspec_frame_plan){.opcode = 10, .fin = true, .payload = hello()};
  struct wspec_step unsolicited[] = {
      {.kind = WSPEC_STEP_OPEN}, send_one(&pong), expect(&ignored), close_normally()};
  assert_verdict(unsolicited, 4, WSPEC_VERDICT_PASS);
  unsolicited[2] = expect(&failed);
  assert_verdict(unsolicited, 3, WSPEC_VERDICT_FAIL);
  unsolicited[2] = expect(&echo_same);
  assert_verdict(unsolicited, 3, WSPEC_VERDICT_FAIL);
}

static void test_allocation_failures_end_in_an_error(void **state) {
  (void)state;
  struct wspec_send message = {.kind = WSPEC_SEND_MESSAGE, .repeat = 1};
  message.as.message = (struct wspec_message_plan){.opcode = 1, .payload = hello()};
  struct wspec_step steps[] = {
      {.kind = WSPEC_STEP_OPEN}, send_one(&message), expect(&echo_same), close_normally()};
  struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = steps, .n_steps = 4};
  struct wspec_memory_options options = {.config = &config, .latency_us = 100};
  unsigned n = 1;
  for (;; n++) {
    struct wspec_result result;
    failalloc_arm(n);
    enum wspec_err err = wspec_memory_run(&script, &options, &result);
    bool reached = failalloc_disarm();
    if (!reached) {
      assert_int_equal(result.verdict, WSPEC_VERDICT_PASS);
      wspec_result_clear(&result);
      break;
    }
    /* Never a verdict on the target, unless it was the target that ran out of memory. */
    assert_true(err == WSPEC_ERR_NOMEM || result.verdict == WSPEC_VERDICT_ERROR ||
                result.verdict == WSPEC_VERDICT_FAIL || result.verdict == WSPEC_VERDICT_PASS);
    wspec_result_clear(&result);
  }
  assert_true(n > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_echo_ping_and_close_pass),
      cmocka_unit_test(test_a_violation_of_ours_fails_the_connection),
      cmocka_unit_test(test_a_failed_connection_stays_failed),
      cmocka_unit_test(test_a_send_is_finished_behind_read_again),
      cmocka_unit_test(test_what_does_not_happen_is_a_fail),
      cmocka_unit_test(test_allocation_failures_end_in_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
