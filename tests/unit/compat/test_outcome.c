#include "compat/outcome.h"

#include "compat/numbers.h"
#include "failalloc.h"
#include "proto/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
static const char RESPONSE[] = "HTTP/1.1 101 Switching Protocols\r\nServer: s\r\n\r\n";

/* A case and what came of it, made by hand. */
struct play {
  struct wspec_script script;
  struct wspec_step steps[3];
  struct wspec_alternative alternative;
  struct wspec_code_range code;
  struct wspec_payload_part part;
  struct wspec_result result;
};

static void note(struct play *play, enum wspec_entry_kind kind, const void *octets, size_t len) {
  struct wspec_entry entry = {.kind = kind};
  assert_int_equal(
      wspec_transcript_add(&play->result.transcript, &entry, wspec_span_of(octets, len)), WSPEC_OK);
  entry.kind = WSPEC_ENTRY_STEP; /* or the next octets would join these */
  assert_int_equal(wspec_transcript_add(&play->result.transcript, &entry, wspec_span_of(NULL, 0)),
                   WSPEC_OK);
}

/* Opens the connection of a case that expects what `reaction` says. */
static void begin(struct play *play, enum wspec_reaction reaction, uint16_t code) {
  memset(play, 0, sizeof *play);
  play->part = (struct wspec_payload_part){
      .kind = WSPEC_PAYLOAD_LITERAL, .len = 2, .data = (const uint8_t *)"hi", .data_len = 2};
  static struct wspec_send send;
  send = (struct wspec_send){.kind = WSPEC_SEND_MESSAGE, .repeat = 1};
  send.as.message.opcode = WSPEC_OPCODE_TEXT;
  send.as.message.payload = (struct wspec_payload){&play->part, 1, 2};
  play->code = (struct wspec_code_range){code, code};
  play->alternative = (struct wspec_alternative){.reaction = reaction};
  if (code > 0) {
    play->alternative.codes = &play->code;
    play->alternative.n_codes = 1;
  }
  play->steps[0].kind = WSPEC_STEP_OPEN;
  play->steps[1].kind = WSPEC_STEP_SEND;
  play->steps[1].as.send.items = &send;
  play->steps[1].as.send.n_items = 1;
  play->steps[2].kind = WSPEC_STEP_EXPECT;
  play->steps[2].as.expect.alternatives = &play->alternative;
  play->steps[2].as.expect.n_alternatives = 1;
  play->script = (struct wspec_script){
      .id = "6455/5.2/x", .summary = "It answers", .steps = play->steps, .n_steps = 3};
  play->result.script = &play->script;
  wspec_transcript_init(&play->result.transcript);
  note(play, WSPEC_ENTRY_SENT, REQUEST, sizeof REQUEST - 1);
  note(play, WSPEC_ENTRY_RECEIVED, RESPONSE, sizeof RESPONSE - 1);
}

static void end_by_target(struct play *play, uint16_t status_code, bool clean) {
  note(play, WSPEC_ENTRY_FIN_RECEIVED, NULL, 0);
  play->result.close = (struct wspec_close_result){
      .status_code = status_code, .by = WSPEC_CLOSED_BY_TARGET, .clean = clean};
}

static cJSON *outcome_of(const struct play *play, const char *number) {
  size_t index = 0;
  assert_true(wspec_number_find(number, &index));
  const struct wspec_outcome_facts facts = {
      .index = index, .case_value = 7, .agent = "a", .started = "2026-01-01T00:00:00.000Z"};
  return wspec_outcome_new(&play->result, &facts);
}

static void expect_words(struct play *play, const char *number, const char *behavior,
                         const char *behavior_close, const char *result_close) {
  cJSON *outcome = outcome_of(play, number);
  assert_non_null(outcome);
  const char *names[] = {"behavior", "behaviorClose", "resultClose", "id"};
  const char *values[] = {behavior, behavior_close, result_close, number};
  for (size_t i = 0; i < 4; i++) {
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(outcome, names[i])),
                        values[i]);
  }
  assert_int_equal(cJSON_GetArraySize(outcome), 39);
  cJSON_Delete(outcome);
  wspec_result_clear(&play->result);
}

static const uint8_t ECHO[] = {0x81, 2, 'h', 'i'};
static const uint8_t CLOSE_1000[] = {0x88, 2, 0x03, 0xe8};
static const uint8_t CLOSE_1002[] = {0x88, 2, 0x03, 0xea};
static const uint8_t CLOSE_1000_MASKED[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8};

static void exchange_closes(struct play *play, const uint8_t answer[4]) {
  note(play, WSPEC_ENTRY_SENT, CLOSE_1000_MASKED, sizeof CLOSE_1000_MASKED);
  note(play, WSPEC_ENTRY_RECEIVED, answer, 4);
}

static void an_echo_and_a_clean_close_are_ok(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_ECHO, 0);
  note(&play, WSPEC_ENTRY_RECEIVED, ECHO, sizeof ECHO);
  exchange_closes(&play, CLOSE_1000);
  end_by_target(&play, 1000, true);
  expect_words(&play, "1.1.2", "OK", "OK", "Connection was properly closed");
}

static void another_code_in_the_answer_is_a_wrong_code(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_ECHO, 0);
  note(&play, WSPEC_ENTRY_RECEIVED, ECHO, sizeof ECHO);
  exchange_closes(&play, CLOSE_1002);
  end_by_target(&play, 1002, true);
  expect_words(&play, "1.1.2", "OK", "WRONG CODE", "The close code should have been 1000 or empty");
}

/* In group 7 the code is what the case is about. */
static void a_wrong_code_fails_a_case_about_closing(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_ECHO, 0);
  note(&play, WSPEC_ENTRY_RECEIVED, ECHO, sizeof ECHO);
  exchange_closes(&play, CLOSE_1002);
  end_by_target(&play, 1002, true);
  expect_words(&play, "7.1.1", "FAILED", "WRONG CODE",
               "The close code should have been 1000 or empty");
}

static void a_target_that_gives_up_has_failed(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_ECHO, 0);
  note(&play, WSPEC_ENTRY_RECEIVED, CLOSE_1002, sizeof CLOSE_1002);
  end_by_target(&play, 1002, false);
  expect_words(&play, "1.1.2", "FAILED", "FAILED",
               "The connection was failed by the wrong endpoint");
}

static void a_close_without_an_answer_is_unclean(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_ECHO, 0);
  note(&play, WSPEC_ENTRY_RECEIVED, ECHO, sizeof ECHO);
  note(&play, WSPEC_ENTRY_SENT, CLOSE_1000_MASKED, sizeof CLOSE_1000_MASKED);
  end_by_target(&play, 1006, false);
  expect_words(&play, "1.1.2", "OK", "UNCLEAN",
               "The spec requires the connection to be failed cleanly here");
}

static void a_target_fails_what_is_wrong(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_FAILED, 1002);
  note(&play, WSPEC_ENTRY_RECEIVED, CLOSE_1002, sizeof CLOSE_1002);
  end_by_target(&play, 1002, true);
  expect_words(&play, "3.1", "OK", "OK", "Connection was properly closed");
}

static void failing_with_another_code_is_a_wrong_code(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_FAILED, 1002);
  note(&play, WSPEC_ENTRY_RECEIVED, CLOSE_1000, sizeof CLOSE_1000);
  end_by_target(&play, 1000, true);
  expect_words(&play, "3.1", "OK", "WRONG CODE", "The close code should have been 1002 or empty");
}

/* Autobahn's own division: who closed is told by behaviorClose alone, what was answered by
 * behavior. */
static void a_target_that_ignores_what_is_wrong_fails_by_its_close(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_FAILED, 1002);
  exchange_closes(&play, CLOSE_1000);
  end_by_target(&play, 1000, true);
  play.result.verdict = WSPEC_VERDICT_FAIL;
  expect_words(&play, "3.1", "OK", "FAILED", "The connection was failed by the wrong endpoint");
  begin(&play, WSPEC_REACTION_FAILED, 1002);
  note(&play, WSPEC_ENTRY_RECEIVED, ECHO, sizeof ECHO);
  exchange_closes(&play, CLOSE_1000);
  end_by_target(&play, 1000, true);
  play.result.verdict = WSPEC_VERDICT_FAIL;
  expect_words(&play, "3.1", "FAILED", "FAILED", "The connection was failed by the wrong endpoint");
  begin(&play, WSPEC_REACTION_FAILED, 1007);
  exchange_closes(&play, CLOSE_1000);
  end_by_target(&play, 1000, true);
  play.result.verdict = WSPEC_VERDICT_FAIL;
  expect_words(&play, "6.3.1", "FAILED", "FAILED",
               "The connection was failed by the wrong endpoint");
}

static void a_server_that_leaves_tcp_open_is_failed_by_the_client(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_FAILED, 1002);
  note(&play, WSPEC_ENTRY_RECEIVED, CLOSE_1002, sizeof CLOSE_1002);
  play.result.close = (struct wspec_close_result){.status_code = 1002, .by = WSPEC_CLOSED_BY_PEER};
  expect_words(&play, "3.1", "OK", "FAILED BY CLIENT",
               "It is preferred that the server close the TCP connection");
}

static void a_declined_offer_is_unimplemented(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_ECHO, 0);
  play.script.needs = WSPEC_NEED_DEFLATE;
  play.result.verdict = WSPEC_VERDICT_SKIP;
  exchange_closes(&play, CLOSE_1000);
  end_by_target(&play, 1000, true);
  expect_words(&play, "12.1.1", "UNIMPLEMENTED", "OK", "Connection was properly closed");
}

static void some_cases_only_inform(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_ECHO, 0);
  exchange_closes(&play, CLOSE_1002);
  end_by_target(&play, 1002, true);
  expect_words(&play, "7.13.1", "INFORMATIONAL", "INFORMATIONAL",
               "The close code should have been 1000 or empty");
}

static void without_a_connection_all_has_failed(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_ECHO, 0);
  wspec_transcript_clear(&play.result.transcript);
  play.result.verdict = WSPEC_VERDICT_ERROR;
  expect_words(&play, "1.1.1", "FAILED", "FAILED",
               "The WebSocket opening handshake was never completed!");
}

static void frames_may_be_cut_anywhere(void **state) {
  (void)state;
  for (size_t cut = 1; cut < sizeof ECHO; cut++) {
    struct play play;
    begin(&play, WSPEC_REACTION_ECHO, 0);
    note(&play, WSPEC_ENTRY_RECEIVED, ECHO, cut);
    note(&play, WSPEC_ENTRY_RECEIVED, ECHO + cut, sizeof ECHO - cut);
    cJSON *outcome = outcome_of(&play, "1.1.2");
    char *received = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(outcome, "received"));
    assert_string_equal(received, "[[\"message\",\"hi\",false]]");
    free(received);
    cJSON_Delete(outcome);
    wspec_result_clear(&play.result);
  }
}

/* Without memory there is no outcome, and never half of one. */
static void every_allocation_may_fail(void **state) {
  (void)state;
  struct play play;
  begin(&play, WSPEC_REACTION_ECHO, 0);
  note(&play, WSPEC_ENTRY_RECEIVED, ECHO, sizeof ECHO);
  exchange_closes(&play, CLOSE_1000);
  end_by_target(&play, 1000, true);
  cJSON_Hooks hooks = {malloc, free}; /* those of failalloc */
  cJSON_InitHooks(&hooks);
  bool did_fail = true;
  unsigned n = 0;
  while (did_fail) {
    failalloc_arm(++n);
    cJSON *outcome = outcome_of(&play, "1.1.2");
    did_fail = failalloc_disarm();
    assert_true(did_fail ? outcome == NULL : outcome != NULL);
    cJSON_Delete(outcome);
  }
  cJSON_InitHooks(NULL);
  assert_true(n > 39);
  wspec_result_clear(&play.result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_echo_and_a_clean_close_are_ok),
      cmocka_unit_test(another_code_in_the_answer_is_a_wrong_code),
      cmocka_unit_test(a_wrong_code_fails_a_case_about_closing),
      cmocka_unit_test(a_target_that_gives_up_has_failed),
      cmocka_unit_test(a_close_without_an_answer_is_unclean),
      cmocka_unit_test(a_target_fails_what_is_wrong),
      cmocka_unit_test(failing_with_another_code_is_a_wrong_code),
      cmocka_unit_test(a_target_that_ignores_what_is_wrong_fails_by_its_close),
      cmocka_unit_test(a_server_that_leaves_tcp_open_is_failed_by_the_client),
      cmocka_unit_test(a_declined_offer_is_unimplemented),
      cmocka_unit_test(some_cases_only_inform),
      cmocka_unit_test(without_a_connection_all_has_failed),
      cmocka_unit_test(frames_may_be_cut_anywhere),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
