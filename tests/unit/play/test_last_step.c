/* What a play does where a case ends by cutting TCP: that, and nothing before it. */
#include "play_fixture.h"

enum { WAITS_MAX = 8 };

static struct wspec_play_config config = FIXTURE_CONFIG;

static const char REQUEST[] = "GET / HTTP/1.1\r\n"
                              "Host: localhost\r\n"
                              "Upgrade: websocket\r\n"
                              "Connection: Upgrade\r\n"
                              "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
                              "Sec-WebSocket-Version: 13\r\n"
                              "\r\n";

/* What a play did, a letter each: C connect, h a head, t p c frames of these opcodes, F FIN, R RST,
 * X both ways closed. */
struct course {
  char letters[32];
  size_t len;
  uint64_t took_us;
  enum wspec_verdict verdict;
};

static void note(struct course *course, char letter) {
  assert_true(course->len + 1 < sizeof course->letters);
  course->letters[course->len++] = letter;
}

/* A frame of ours as the other side's answer, where it is a ping: the pong with the same payload. */
static void answer_ping(struct wspec_play *play, struct wspec_span ping, uint64_t now_us) {
  uint8_t pong[2 + 4 + 125] = {0x8a, (uint8_t)(0x80 | ping.data[1])}; /* the masking key is 0 */
  assert_true(ping.len == 2U + ping.data[1]);
  memcpy(pong + 6, ping.data + 2, ping.len - 2);
  wspec_play_received(play, 0, wspec_span_of(pong, ping.len + 4), now_us);
}

static void act(struct wspec_play *play, const struct wspec_action *action, uint64_t now_us,
                struct course *course) {
  switch (action->kind) {
  case WSPEC_ACTION_CONNECT:
    note(course, 'C');
    wspec_play_connected(play, 0, now_us);
    if (config.is_server) {
      wspec_play_received(play, 0, wspec_span_text(REQUEST), now_us);
    }
    break;
  case WSPEC_ACTION_WRITE: {
    uint8_t first = action->octets.data[0];
    bool is_head = first == 'G' || first == 'H';
    note(course, is_head ? 'h' : first == 0x81 ? 't' : first == 0x88 ? 'c' : 'p');
    if (first == 'G') {
      answer_request(play, action->octets, now_us);
    } else if (first == 0x89) {
      answer_ping(play, action->octets, now_us);
    }
    break;
  }
  case WSPEC_ACTION_FIN:
    note(course, 'F');
    break;
  case WSPEC_ACTION_RESET:
    note(course, 'R');
    break;
  case WSPEC_ACTION_CLOSE:
    note(course, 'X');
    break;
  case WSPEC_ACTION_STOP_READING:
  case WSPEC_ACTION_READ_AGAIN:
    note(course, '?');
    break;
  }
}

/* Plays open, a text, and `last`, against a target that never says anything behind its handshake. */
static struct course play_until(enum wspec_step_kind last) {
  struct wspec_payload_part part = {.kind = WSPEC_PAYLOAD_LITERAL, .data = (const uint8_t *)"hi"};
  part.len = part.data_len = 2;
  struct wspec_send message = {.kind = WSPEC_SEND_MESSAGE, .repeat = 1};
  message.as.message =
      (struct wspec_message_plan){.opcode = 1, .payload = {.parts = &part, .n_parts = 1, .len = 2}};
  struct wspec_step steps[] = {
      {.kind = WSPEC_STEP_OPEN}, {.kind = WSPEC_STEP_SEND}, {.kind = last}};
  steps[1].as.send.items = &message;
  steps[1].as.send.n_items = 1;
  struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = steps, .n_steps = 3};
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  struct course course = {.len = 0};
  struct wspec_action action;
  uint64_t now_us = 0;
  for (unsigned waits = 0; waits < WAITS_MAX && !wspec_play_is_done(play);) {
    if (wspec_play_next(play, now_us, &action)) {
      act(play, &action, now_us, &course);
      continue;
    }
    waits++;
    now_us = wspec_play_deadline(play);
    wspec_play_time(play, now_us);
  }
  assert_true(wspec_play_is_done(play));
  struct wspec_result result;
  wspec_play_take_result(play, &result);
  course.took_us = result.duration_us;
  course.verdict = result.verdict;
  wspec_result_clear(&result);
  wspec_play_free(play);
  return course;
}

static void check(enum wspec_step_kind last, bool is_server, const char *letters) {
  config.is_server = is_server;
  struct course course = play_until(last);
  assert_string_equal(course.letters, letters);
  assert_int_equal(course.took_us, 0);
  assert_int_equal(course.verdict, WSPEC_VERDICT_PASS);
}

/* A close frame before the RST would make of a connection that broke one that was closed. */
static void test_a_last_reset_comes_behind_no_close_frame(void **state) {
  (void)state;
  check(WSPEC_STEP_RESET, false, "ChtR");
  check(WSPEC_STEP_RESET, true, "ChptR");
}

static void test_a_last_fin_comes_behind_no_close_frame(void **state) {
  (void)state;
  check(WSPEC_STEP_FIN, false, "ChtFX");
  check(WSPEC_STEP_FIN, true, "ChptFX");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_last_reset_comes_behind_no_close_frame),
      cmocka_unit_test(test_a_last_fin_comes_behind_no_close_frame),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
