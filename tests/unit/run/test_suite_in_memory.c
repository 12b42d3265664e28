/* The suite itself against the reference endpoint, in memory: no case fails, whatever the size of
 * the chunks that both sides get, and each transcript is judged again to the same verdict. */
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

static int load(void **state) {
  static struct suite suite;
  char *message = NULL;
  if (wspec_requirements_load(&suite.requirements, WSPEC_CASES_DIR "/requirements.json",
                              &message) ||
      wspec_case_set_load(&suite.set, WSPEC_CASES_DIR, &suite.requirements, NULL, &message)) {
    print_error("%s\n", message ? message : "out of memory");
    free(message);
    return -1;
  }
  suite.is_small = calloc(suite.set.n_scripts + 1, sizeof(bool));
  suite.is_elided = calloc(suite.set.n_scripts + 1, sizeof(bool));
  if (!suite.is_small || !suite.is_elided) {
    return -1;
  }
  suite.config = (struct wspec_play_config){
      .seed = 1,
      .host = "localhost",
      .target = "/",
      .have = WSPEC_NEED_ECHO | WSPEC_NEED_DEFLATE,
      .settle_us = 100000,
      .timeout_us = 5000000,
      .close_us = 1000000,
      .requirements = &suite.requirements,
  };
  *state = &suite;
  return 0;
}

static int unload(void **state) {
  struct suite *suite = *state;
  free(suite->is_small);
  free(suite->is_elided);
  wspec_case_set_clear(&suite->set);
  wspec_requirements_clear(&suite->requirements);
  return 0;
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
    if (script->target == WSPEC_TARGET_CLIENT || (only_small && !suite->is_small[i])) {
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
      print_error("%s, chunks of %zu: %s: %s\n", script->id, chunk_len,
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
  assert_true(((struct suite *)*state)->set.n_scripts >= 20);
  assert_int_equal(count_wrong(*state, 0, false), 0);
}

static void test_chunks_change_nothing(void **state) {
  static const size_t chunk_lens[] = {1, 2, 3, 7, 64, 1000};
  for (size_t i = 0; i < sizeof chunk_lens / sizeof chunk_lens[0]; i++) {
    assert_int_equal(count_wrong(*state, chunk_lens[i], true), 0);
  }
}

static void test_a_transcript_is_judged_to_the_same_verdict(void **state) {
  const struct suite *suite = *state;
  size_t n_judged = 0, n_elided = 0;
  for (size_t i = 0; i < suite->set.n_scripts; i++) {
    const struct wspec_script *script = &suite->set.scripts[i];
    /* Of the transcripts that are not whole, one shows that they are told apart. */
    bool is_known = suite->is_elided[i] && n_elided++ > 0;
    if (script->target == WSPEC_TARGET_CLIENT || is_known) {
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_case_fails_on_the_reference_endpoint),
      cmocka_unit_test(test_chunks_change_nothing),
      cmocka_unit_test(test_a_transcript_is_judged_to_the_same_verdict),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
