/* The suite itself against the reference endpoint, its server and its client, in memory: no case
 * fails, whatever the size of the chunks that both sides get, and each transcript is judged again to
 * the same verdict. */
#include "case/load.h"
#include "play/replay.h"
#include "run/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Octets that a case may send for it to be played in chunks of a few octets as well. */
enum { SMALL_CASE_OCTETS = 20000 };

struct suite {
  struct wspec_requirements requirements;
  struct wspec_case_set set;
  bool *is_small;  /* by the index of the script, once all were played */
  bool *is_elided; /* its transcript is not whole */
  struct wspec_play_config config;
};

/* The suite as it tests servers and as it tests clients. */
static struct suite suites[2];

static int load(struct suite *suite, bool is_server) {
  char *message = NULL;
  if (wspec_requirements_load(&suite->requirements, WSPEC_CASES_DIR "/requirements.json",
                              &message) ||
      wspec_case_set_load(&suite->set, WSPEC_CASES_DIR, &suite->requirements, NULL, &message)) {
    print_error("%s\n", message ? message : "out of memory");
    free(message);
    return -1;
  }
  suite->is_small = calloc(suite->set.n_scripts + 1, sizeof(bool));
  suite->is_elided = calloc(suite->set.n_scripts + 1, sizeof(bool));
  if (!suite->is_small || !suite->is_elided) {
    return -1;
  }
  suite->config = (struct wspec_play_config){
      .is_server = is_server,
      .seed = 1,
      .host = "localhost",
      .target = "/",
      .have = WSPEC_NEED_ECHO | WSPEC_NEED_DEFLATE,
      .settle_us = 100000,
      .timeout_us = 5000000,
      .close_us = 1000000,
      .requirements = &suite->requirements,
  };
  return 0;
}

static int load_both(void **state) {
  *state = suites;
  return load(&suites[0], false) || load(&suites[1], true) ? -1 : 0;
}

static int unload_both(void **state) {
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    free(suites[i].is_small);
    free(suites[i].is_elided);
    wspec_case_set_clear(&suites[i].set);
    wspec_requirements_clear(&suites[i].requirements);
  }
  return 0;
}

static bool is_for(const struct suite *suite, const struct wspec_script *script) {
  return !script->call &&
         script->target != (suite->config.is_server ? WSPEC_TARGET_SERVER : WSPEC_TARGET_CLIENT);
}

static struct wspec_result play(const struct suite *suite, const struct wspec_script *script,
                                size_t chunk_len) {
  const struct wspec_memory_options options = {
      .config = &suite->config, .chunk_len = chunk_len, .latency_us = 50};
  struct wspec_result result;
  enum wspec_err err = wspec_memory_run(script, &options, &result);
  if (err) {
    print_error("%s, chunks of %zu: %s\n", script->id, chunk_len, wspec_err_name(err));
  }
  assert_int_equal(err, WSPEC_OK);
  return result;
}

/* The reference endpoint may make use of a choice (info), but is never at fault. */
static bool is_right(const struct wspec_result *result) {
  return result->verdict == WSPEC_VERDICT_PASS || result->verdict == WSPEC_VERDICT_INFO ||
         result->verdict == WSPEC_VERDICT_SKIP;
}

static size_t count_wrong(const struct suite *suite, size_t chunk_len, bool only_small) {
  size_t n_wrong = 0;
  for (size_t i = 0; i < suite->set.n_scripts; i++) {
    const struct wspec_script *script = &suite->set.scripts[i];
    if (!is_for(suite, script) || (only_small && !suite->is_small[i])) {
      continue;
    }
    struct wspec_result result = play(suite, script, chunk_len);
    if (!only_small) {
      suite->is_elided[i] = result.transcript.elided;
      suite->is_small[i] =
          result.transcript.octets.len < SMALL_CASE_OCTETS && !result.transcript.elided;
    }
    if (!is_right(&result)) {
      n_wrong++;
      print_error("%s, %s, chunks of %zu: %s: %s\n", script->id,
                  suite->config.is_server ? "client" : "server", chunk_len,
                  wspec_verdict_name(result.verdict),
                  result.n_findings    ? result.findings[0].message
                  : result.skip_reason ? result.skip_reason
                                       : "");
    }
    wspec_result_clear(&result);
  }
  return n_wrong;
}

static void test_no_case_fails_on_the_reference_endpoint(void **state) {
  struct suite *both = *state;
  for (size_t i = 0; i < 2; i++) {
    assert_true(both[i].set.n_scripts >= 20);
    assert_int_equal(count_wrong(&both[i], 0, false), 0);
  }
}

static void test_chunks_change_nothing(void **state) {
  (void)state;
  static const size_t chunk_lens[] = {1, 2, 3, 7, 64, 1000};
  for (size_t i = 0; i < sizeof chunk_lens / sizeof chunk_lens[0]; i++) {
    assert_int_equal(count_wrong(&suites[0], chunk_lens[i], true), 0);
    assert_int_equal(count_wrong(&suites[1], chunk_lens[i], true), 0);
  }
}

static void judge_again(const struct suite *suite) {
  size_t n_judged = 0, n_elided = 0;
  for (size_t i = 0; i < suite->set.n_scripts; i++) {
    const struct wspec_script *script = &suite->set.scripts[i];
    /* Of the transcripts that are not whole, one shows that they are told apart. */
    bool is_known = suite->is_elided[i] && n_elided++ > 0;
    if (!is_for(suite, script) || is_known) {
      continue;
    }
    struct wspec_result first = play(suite, script, 0), again;
    enum wspec_err err = wspec_replay(script, &suite->config, &first.transcript, &again);
    if (err == WSPEC_ERR_LIMIT) {
      assert_true(first.transcript.elided);
    } else {
      assert_int_equal(err, WSPEC_OK);
      if (first.verdict != again.verdict) {
        print_error("%s: %s, then %s\n", script->id, wspec_verdict_name(first.verdict),
                    wspec_verdict_name(again.verdict));
      }
      assert_int_equal(first.verdict, again.verdict);
      assert_int_equal(first.n_findings, again.n_findings);
      n_judged++;
    }
    wspec_result_clear(&first);
    wspec_result_clear(&again);
  }
  assert_true(n_judged > suite->set.n_scripts / 2);
}

static void test_a_transcript_is_judged_to_the_same_verdict(void **state) {
  const struct suite *both = *state;
  judge_again(&both[0]);
  judge_again(&both[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_case_fails_on_the_reference_endpoint),
      cmocka_unit_test(test_chunks_change_nothing),
      cmocka_unit_test(test_a_transcript_is_judged_to_the_same_verdict),
  };
  return cmocka_run_group_tests(tests, load_both, unload_both);
}
