/* Cases that are expanded later are what they are when all are expanded at once. */
#include "case/fingerprint.h"
#include "case/load.h"
#include "failalloc.h"
#include "tempfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#define EVERYTHING WSPEC_TEST_DATA "/good-cases/5.2_everything.json"

enum { ARENA_MAX = 1 << 26 };

static const struct wspec_load_options AT_ONCE = {.exhaustive = true};
static const struct wspec_load_options LATER = {.exhaustive = true, .expand_later = true};

static struct wspec_requirements g_requirements;

static int set_up(void **state) {
  (void)state;
  char *message;
  return wspec_requirements_load(&g_requirements, WSPEC_CASES_DIR "/requirements.json", &message);
}

static int tear_down(void **state) {
  (void)state;
  wspec_requirements_clear(&g_requirements);
  return 0;
}

static void load(struct wspec_case_set *set, const char *path,
                 const struct wspec_load_options *options) {
  char *messages;
  *set = (struct wspec_case_set){0};
  assert_int_equal(wspec_case_set_load(set, path, &g_requirements, options, &messages), WSPEC_OK);
}

/* ---- The same ---- */

static void check_same_texts(const char *const *texts, const char *const *others, size_t n) {
  for (size_t i = 0; i < n; i++) {
    assert_string_equal(texts[i], others[i]);
  }
}

static void check_same_head(const struct wspec_script *script, const struct wspec_script *other) {
  assert_string_equal(script->id, other->id);
  assert_string_equal(script->spec, other->spec);
  assert_string_equal(script->section, other->section);
  assert_string_equal(script->summary, other->summary);
  assert_string_equal(script->file, other->file);
  assert_int_equal(script->place.line, other->place.line);
  assert_int_equal(script->n_requirements, other->n_requirements);
  assert_memory_equal(script->requirements, other->requirements,
                      script->n_requirements * sizeof(struct wspec_requirement *));
  assert_int_equal(script->n_tags, other->n_tags);
  check_same_texts(script->tags, other->tags, script->n_tags);
  assert_int_equal(script->n_autobahn, other->n_autobahn);
  check_same_texts(script->autobahn, other->autobahn, script->n_autobahn);
  assert_int_equal(script->needs, other->needs);
  assert_int_equal(script->exhaustive, other->exhaustive);
  assert_int_equal(script->alone, other->alone);
}

/* A fingerprint leaves out the seeds of random payloads. */
static void check_same_octets(const struct wspec_script *script, const struct wspec_script *other) {
  for (size_t i = 0; i < script->n_steps; i++) {
    for (size_t k = 0;
         script->steps[i].kind == WSPEC_STEP_SEND && k < script->steps[i].as.send.n_items; k++) {
      const struct wspec_send *send = &script->steps[i].as.send.items[k];
      uint8_t octets[2][32];
      if (send->kind == WSPEC_SEND_MESSAGE) {
        size_t len = wspec_payload_read(&send->as.message.payload, 0, octets[0], 32);
        const struct wspec_send *same = &other->steps[i].as.send.items[k];
        assert_int_equal(wspec_payload_read(&same->as.message.payload, 0, octets[1], 32), len);
        assert_memory_equal(octets[0], octets[1], len);
      }
    }
  }
}

static void check_same_set(const char *path, size_t n_later) {
  struct wspec_case_set at_once, later;
  struct wspec_arena arena;
  load(&at_once, path, &AT_ONCE);
  load(&later, path, &LATER);
  assert_int_equal(at_once.n_cases, at_once.n_scripts);
  assert_int_equal(later.n_cases, at_once.n_cases);
  assert_int_equal(later.n_scripts, at_once.n_scripts - n_later);
  wspec_arena_init(&arena, ARENA_MAX);
  for (size_t i = 0; i < later.n_cases; i++) {
    const struct wspec_script *expected = &at_once.scripts[i];
    struct wspec_arena_mark mark = wspec_arena_mark(&arena);
    const struct wspec_script *head = wspec_case_expand_head(&later, &later.cases[i], &arena);
    const struct wspec_script *script = wspec_case_expand(&later, &later.cases[i], &arena);
    assert_non_null(head);
    assert_non_null(script);
    assert_string_equal(later.cases[i].id, expected->id);
    assert_int_equal(later.cases[i].target, expected->target);
    check_same_head(head, expected);
    check_same_head(script, expected);
    assert_int_equal(script->target, expected->target);
    assert_true(wspec_fingerprint(script) == wspec_fingerprint(expected));
    check_same_octets(script, expected);
    assert_ptr_equal(wspec_case_set_find_case(&later, expected->id), &later.cases[i]);
    assert_true((wspec_case_set_find(&later, expected->id) == NULL) == expected->exhaustive);
    wspec_arena_rewind(&arena, mark);
  }
  assert_null(wspec_case_set_find_case(&later, "no/such/case"));
  wspec_arena_clear(&arena);
  wspec_case_set_clear(&later);
  wspec_case_set_clear(&at_once);
}

static void test_expanded_later_is_the_same(void **state) {
  (void)state;
  check_same_set(EVERYTHING, 300);
  check_same_set(WSPEC_CASES_DIR "/rfc7692/7.2_traffic.json", 216);
  check_same_set(WSPEC_CASES_DIR "/rfc6455/7.1.7_failing.json", 0);
}

static void test_little_is_held_of_a_case(void **state) {
  (void)state;
  struct wspec_case_set set;
  struct wspec_arena arena;
  load(&set, WSPEC_CASES_DIR "/rfc3629/4_exhaustive.json", &LATER);
  assert_true(set.n_cases > 30000);
  assert_int_equal(set.n_scripts, 0);
  assert_true(sizeof *set.cases <= 24);
  /* Nor does a second look at each add up, where its place is given back. */
  wspec_arena_init(&arena, 1 << 16);
  for (size_t i = 0; i < set.n_cases; i += 100) {
    struct wspec_arena_mark mark = wspec_arena_mark(&arena);
    assert_non_null(wspec_case_expand(&set, &set.cases[i], &arena));
    wspec_arena_rewind(&arena, mark);
  }
  wspec_arena_clear(&arena);
  wspec_case_set_clear(&set);
}

static bool wants_one(void *user, const struct wspec_script *script) {
  return strcmp(script->id, user) == 0;
}

static void test_of_those_only_the_wanted_are_held(void **state) {
  (void)state;
  static char wanted[] = "6455/5.2/exhaustive-150";
  struct wspec_load_options options = LATER;
  struct wspec_case_set set;
  options.wants = wants_one;
  options.user = wanted;
  load(&set, EVERYTHING, &options);
  assert_int_equal(set.n_cases, set.n_scripts + 1);
  assert_int_equal(set.n_exhaustive, 299);
  assert_string_equal(set.cases[set.n_cases - 1].id, wanted);
  wspec_case_set_clear(&set);
}

/* ---- Mistakes ---- */

static void check_fails(const char *each, const char *steps, const char *expected) {
  char text[1024];
  int len =
      snprintf(text, sizeof text,
               "{\"schema\": \"wspec-cases/1\", \"spec\": \"robustness\", \"section\": \"x\","
               " \"cases\": [{\"id\": \"a-{n}\", \"each\": {\"n\": %s}, \"summary\": \"s\", "
               "\"exhaustive\": true, \"requirements\": [], \"steps\": [{\"open\": {}}, %s]}]}",
               each, steps);
  char *dir = tempfile_dir();
  char *path = tempfile_write(dir, "1.json", text, (size_t)len);
  char *messages[2];
  for (unsigned i = 0; i < 2; i++) {
    struct wspec_case_set set = {0};
    assert_int_equal(
        wspec_case_set_load(&set, path, &g_requirements, i ? &LATER : &AT_ONCE, &messages[i]),
        WSPEC_ERR_INPUT);
    wspec_case_set_clear(&set);
  }
  assert_non_null(strstr(messages[1], expected));
  assert_string_equal(messages[1], messages[0]);
  free(messages[0]);
  free(messages[1]);
  free(path);
  tempfile_remove(dir);
}

/* Nobody is to learn of it in the middle of a run. */
static void test_a_mistake_in_a_later_combination_is_told_at_once(void **state) {
  (void)state;
  check_fails("[1, 2, \"many\"]", "{\"wait\": {\"ms\": \"{n}\"}}",
              "expected a whole number from 1 to 60000, got \"many\"");
  check_fails("[1, 2, 1]", "{\"wait\": {\"ms\": 1}}",
              "there is a case \"robustness/x/a-1\" already");
}

/* ---- Memory ---- */

static unsigned walk_loading(void) {
  unsigned n = 1;
  for (bool failed = true; failed; n++) {
    struct wspec_case_set set = {0};
    char *messages;
    failalloc_arm(n);
    enum wspec_err err = wspec_case_set_load(&set, EVERYTHING, &g_requirements, &LATER, &messages);
    failed = failalloc_disarm();
    assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : WSPEC_OK);
    assert_null(messages);
    wspec_case_set_clear(&set);
  }
  return n;
}

static void test_no_memory_is_said_at_each_allocation(void **state) {
  (void)state;
  cJSON_Hooks hooks = {malloc, free};
  cJSON_InitHooks(&hooks);
  assert_true(walk_loading() > 500);
  cJSON_InitHooks(NULL);
}

static void test_no_memory_to_expand(void **state) {
  (void)state;
  struct wspec_case_set set;
  struct wspec_arena arena;
  load(&set, EVERYTHING, &LATER);
  const struct wspec_case *last = wspec_case_set_find_case(&set, "6455/5.2/exhaustive-300");
  assert_non_null(last);
  unsigned n = 1;
  for (bool failed = true; failed; n++) {
    wspec_arena_init(&arena, ARENA_MAX);
    failalloc_arm(n);
    const struct wspec_script *script = wspec_case_expand(&set, last, &arena);
    failed = failalloc_disarm();
    assert_true((script == NULL) == failed);
    wspec_arena_clear(&arena);
  }
  assert_true(n > 2);
  for (size_t ceiling = 0; ceiling < 300; ceiling += 50) { /* a script alone has 272 octets */
    wspec_arena_init(&arena, ceiling);
    assert_null(wspec_case_expand(&set, last, &arena));
    wspec_arena_clear(&arena);
  }
  wspec_case_set_clear(&set);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_expanded_later_is_the_same),
      cmocka_unit_test(test_little_is_held_of_a_case),
      cmocka_unit_test(test_of_those_only_the_wanted_are_held),
      cmocka_unit_test(test_a_mistake_in_a_later_combination_is_told_at_once),
      cmocka_unit_test(test_no_memory_is_said_at_each_allocation),
      cmocka_unit_test(test_no_memory_to_expand),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
