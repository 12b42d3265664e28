/* player: the octets of a hostile target while a case of the suite plays.
 *
 * The tail names the case, the role and the portions. The play ends, whatever comes, in a bounded
 * number of steps; its verdict is one of the enum and goes with its findings; and what is judged
 * again from the transcript alone comes to the same verdict and findings. */
#include "common/fuzz.h"
#include "common/suite.h"
#include "play/replay.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 200000, LATENCY_US = 50 };

struct stage {
  struct wspec_play *play;
  struct fuzz_feed feed;
  uint64_t now_us;
  unsigned connection; /* the last one that was made */
  bool resets;
  bool is_told; /* that the target is gone */
};

static void act(struct stage *stage) {
  struct wspec_action action;
  for (unsigned n = 0; wspec_play_next(stage->play, stage->now_us, &action); n++) {
    FUZZ_CHECK(n < ROUNDS_MAX);
    FUZZ_CHECK(action.connection < WSPEC_SCRIPT_CONNECTIONS_MAX);
    if (action.kind == WSPEC_ACTION_CONNECT) {
      stage->connection = action.connection;
      wspec_play_connected(stage->play, action.connection, stage->now_us);
    }
  }
}

/* What the target does next: it sends its next portion, then leaves, then lets time pass. */
static void step(struct stage *stage) {
  stage->now_us += LATENCY_US;
  if (fuzz_feed_next(&stage->feed)) {
    struct wspec_span octets = wspec_span_of(stage->feed.portion, stage->feed.portion_len);
    wspec_play_received(stage->play, stage->connection, octets, stage->now_us);
  } else if (!stage->is_told) {
    stage->is_told = true;
    (stage->resets ? wspec_play_reset : wspec_play_eof)(stage->play, stage->connection,
                                                        stage->now_us);
  } else {
    uint64_t deadline_us = wspec_play_deadline(stage->play);
    FUZZ_CHECK(deadline_us != UINT64_MAX || wspec_play_is_done(stage->play));
    stage->now_us = deadline_us > stage->now_us ? deadline_us : stage->now_us;
    wspec_play_time(stage->play, stage->now_us);
  }
}

static void check_result(const struct wspec_result *result) {
  enum wspec_verdict worst = WSPEC_VERDICT_PASS;
  for (size_t i = 0; i < result->n_findings; i++) {
    const struct wspec_finding *finding = &result->findings[i];
    FUZZ_CHECK(finding->verdict == WSPEC_VERDICT_INFO || finding->verdict == WSPEC_VERDICT_WARN ||
               finding->verdict == WSPEC_VERDICT_FAIL);
    FUZZ_CHECK(finding->message && finding->message[0] != '\0');
    worst = finding->verdict > worst ? finding->verdict : worst;
  }
  bool is_judged = result->verdict <= WSPEC_VERDICT_FAIL;
  FUZZ_CHECK(is_judged ? result->verdict == worst : result->skip_reason != NULL);
}

static void check_replay(const struct wspec_script *script, const struct wspec_play_config *config,
                         const struct wspec_result *result) {
  struct wspec_result again;
  FUZZ_CHECK(!wspec_replay(script, config, &result->transcript, &again));
  FUZZ_CHECK(again.verdict == result->verdict && again.n_findings == result->n_findings);
  for (size_t i = 0; i < again.n_findings; i++) {
    FUZZ_CHECK(strcmp(again.findings[i].message, result->findings[i].message) == 0);
    FUZZ_CHECK(again.findings[i].offset == result->findings[i].offset);
  }
  FUZZ_CHECK(again.close.status_code == result->close.status_code);
  wspec_result_clear(&again);
}

static const struct wspec_script *take_script(struct fuzz_input *input) {
  uint32_t tag = 0;
  for (unsigned i = 0; i < 4; i++) {
    tag = tag << 8 | fuzz_take_octet(input);
  }
  return fuzz_suite_pick(tag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = fuzz_input_of(data, size);
  const struct wspec_script *script = take_script(&input);
  uint8_t choice = fuzz_take_octet(&input);
  struct fuzz_plan plan = fuzz_take_plan(&input);
  struct wspec_play_config config = {.oracle = (enum wspec_oracle)(choice % 3),
                                     .is_server =
                                         script->target == WSPEC_TARGET_CLIENT ||
                                         (script->target == WSPEC_TARGET_ANY && (choice & 0x10)),
                                     .seed = 1,
                                     .host = "localhost",
                                     .target = "/",
                                     .have = choice & 0x20 ? 0 : ~0U,
                                     .chatty = (choice & 0x40) != 0,
                                     .settle_us = 100000,
                                     .timeout_us = 5000000,
                                     .close_us = 1000000,
                                     .requirements = fuzz_suite_requirements()};
  struct stage stage = {.play = wspec_play_new(script, &config, 0),
                        .feed = {.input = input, .plan = plan},
                        .resets = (choice & 0x80) != 0};
  FUZZ_CHECK(stage.play);
  act(&stage);
  for (unsigned n = 0; !wspec_play_is_done(stage.play); n++) {
    FUZZ_CHECK(n < ROUNDS_MAX);
    step(&stage);
    act(&stage);
  }
  fuzz_feed_end(&stage.feed);
  struct wspec_result result;
  wspec_play_take_result(stage.play, &result);
  wspec_play_free(stage.play);
  check_result(&result);
  if (!result.transcript.elided) {
    check_replay(script, &config, &result);
  }
  wspec_result_clear(&result);
  return 0;
}
