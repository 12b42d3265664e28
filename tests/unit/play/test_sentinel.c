/* How often a target is asked whether it lives, before what it did not do is held against it. */
#include "play_fixture.h"

enum { TICK_US = 100 };

static const struct wspec_play_config config = FIXTURE_CONFIG;

static const uint8_t failing_close_frame[] = {0x88, 0x02, 0x03, 0xef}; /* 1007 */
static const uint8_t normal_close_frame[] = {0x88, 0x02, 0x03, 0xe8};

/* A server that answers pings at once, and closes when it is asked to. */
struct server {
  unsigned n_asked;     /* pings so far */
  uint64_t asked_us[2]; /* when the first of them came */
  unsigned fails_at;    /* this ping finds the connection failed; 0: none */
  unsigned n_answers;   /* it answers so many pings; 0: all */
};

static void end(struct wspec_play *play, struct wspec_span close_frame, uint64_t now_us) {
  wspec_play_received(play, 0, close_frame, now_us);
  wspec_play_eof(play, 0, now_us);
}

static void take(struct server *server, struct wspec_play *play, struct wspec_span octets,
                 uint64_t now_us) {
  if (octets.data[0] == 0x88 && server->fails_at == 0) {
    end(play, wspec_span_of(normal_close_frame, sizeof normal_close_frame), now_us);
  }
  if (octets.data[0] != 0x89) {
    return;
  }
  uint8_t pong[2 + 125] = {0x8a, octets.data[1] & 0x7f};
  for (size_t i = 0; i < pong[1]; i++) {
    pong[2 + i] = octets.data[6 + i] ^ octets.data[2 + i % 4];
  }
  if (server->n_asked < 2) {
    server->asked_us[server->n_asked] = now_us;
  }
  server->n_asked++;
  if (server->n_asked == server->fails_at) {
    end(play, wspec_span_of(failing_close_frame, sizeof failing_close_frame), now_us);
  } else if (server->n_answers == 0 || server->n_asked <= server->n_answers) {
    wspec_play_received(play, 0, wspec_span_of(pong, (size_t)pong[1] + 2), now_us);
  }
}

/* Plays a case that wants the connection failed, and gives `rank` to a target that ignores it. */
static enum wspec_verdict play(struct server *server, enum wspec_rank rank) {
  struct wspec_alternative alternatives[] = {
      {.reaction = WSPEC_REACTION_FAILED},
      {.reaction = WSPEC_REACTION_IGNORED, .rank = rank, .note = "so"}};
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_OPEN},
                               {.kind = WSPEC_STEP_EXPECT,
                                .as.expect = {.alternatives = alternatives, .n_alternatives = 2}}};
  struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = steps, .n_steps = 2};
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  bool is_open = false;
  for (uint64_t now_us = 0; !wspec_play_is_done(play); now_us += TICK_US) {
    assert_true(now_us < 1000 * (uint64_t)TICK_US);
    wspec_play_time(play, now_us);
    struct wspec_action action;
    while (wspec_play_next(play, now_us, &action)) {
      if (action.kind == WSPEC_ACTION_CONNECT) {
        wspec_play_connected(play, 0, now_us);
      } else if (action.kind == WSPEC_ACTION_WRITE && !is_open) {
        is_open = true;
        answer_request(play, action.octets, now_us);
      } else if (action.kind == WSPEC_ACTION_WRITE) {
        take(server, play, action.octets, now_us);
      }
    }
  }
  return end_play(play);
}

/* A busy server answers a ping ahead of the text that its application has yet to look at. */
static void test_a_pong_that_overtakes_the_failure_convicts_nobody(void **state) {
  (void)state;
  struct server server = {.fails_at = 2};
  assert_int_equal(play(&server, WSPEC_RANK_WARN), WSPEC_VERDICT_PASS);
  assert_int_equal(server.n_asked, 2);
}

static void test_who_ignores_it_is_asked_twice(void **state) {
  (void)state;
  struct server server = {0};
  assert_int_equal(play(&server, WSPEC_RANK_WARN), WSPEC_VERDICT_WARN);
  assert_int_equal(server.n_asked, 2);
}

/* Two pings that a stalled server finds beside each other would be one question. */
static void test_it_is_asked_again_a_settle_time_later(void **state) {
  (void)state;
  struct server server = {0};
  assert_int_equal(play(&server, WSPEC_RANK_WARN), WSPEC_VERDICT_WARN);
  assert_true(server.asked_us[1] - server.asked_us[0] >= config.settle_us);
}

static void test_who_may_ignore_it_is_asked_once(void **state) {
  (void)state;
  struct server server = {0};
  assert_int_equal(play(&server, WSPEC_RANK_PASS), WSPEC_VERDICT_PASS);
  assert_int_equal(server.n_asked, 1);
}

/* The first pong has shown that it lives. */
static void test_who_answers_only_the_first_has_ignored_it(void **state) {
  (void)state;
  struct server server = {.n_answers = 1};
  assert_int_equal(play(&server, WSPEC_RANK_WARN), WSPEC_VERDICT_WARN);
  assert_int_equal(server.n_asked, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_pong_that_overtakes_the_failure_convicts_nobody),
      cmocka_unit_test(test_who_ignores_it_is_asked_twice),
      cmocka_unit_test(test_it_is_asked_again_a_settle_time_later),
      cmocka_unit_test(test_who_may_ignore_it_is_asked_once),
      cmocka_unit_test(test_who_answers_only_the_first_has_ignored_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
