#include "compat/spec.h"

#include "tempfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Loads `text` as a spec; `*messages` (free it) is what was said, NULL for nothing. */
static enum wspec_err load(struct wspec_spec *spec, const char *text, enum wspec_spec_role role,
                           char **messages) {
  char *dir = tempfile_dir();
  char *path = tempfile_write(dir, "spec.json", text, strlen(text));
  struct wspec_diag diag;
  wspec_diag_init(&diag);
  enum wspec_err err = wspec_spec_load(spec, path, role, &diag);
  *messages = wspec_diag_take(&diag);
  wspec_diag_clear(&diag);
  free(path);
  tempfile_remove(dir);
  return err;
}

static void the_default_specs_are_whole(void **state) {
  (void)state;
  struct wspec_spec spec;
  char *messages;
  assert_int_equal(load(&spec, wspec_spec_default(WSPEC_SPEC_CLIENT), WSPEC_SPEC_CLIENT, &messages),
                   WSPEC_OK);
  assert_null(messages);
  assert_int_equal(spec.n_selected, 517);
  assert_int_equal(spec.n_servers, 1);
  assert_string_equal(spec.servers[0].url, "ws://127.0.0.1:9001");
  assert_null(spec.servers[0].agent);
  assert_string_equal(spec.outdir, "./reports/servers");
  wspec_spec_clear(&spec);
  assert_int_equal(load(&spec, wspec_spec_default(WSPEC_SPEC_SERVER), WSPEC_SPEC_SERVER, &messages),
                   WSPEC_OK);
  assert_null(messages);
  assert_string_equal(spec.url, "ws://127.0.0.1:9001");
  assert_string_equal(spec.outdir, "./reports/clients");
  wspec_spec_clear(&spec);
}

static void a_server_has_what_the_file_says(void **state) {
  (void)state;
  struct wspec_spec spec;
  char *messages;
  static const char text[] =
      "{\"options\": {\"version\": 18, \"openHandshakeTimeout\": 3},"
      " \"servers\": [{\"agent\": \"A\", \"url\": \"wss://h:1\", \"hostname\": \"n\","
      "   \"origin\": \"http://o\", \"protocols\": [\"x\", \"y\"],"
      "   \"options\": {\"closeHandshakeTimeout\": 0.5}}, {\"url\": \"ws://i\"}],"
      " \"cases\": [\"1.*\", \"7.1.1\"], \"exclude-cases\": [\"1.2.*\", \"\"]}";
  assert_int_equal(load(&spec, text, WSPEC_SPEC_CLIENT, &messages), WSPEC_OK);
  assert_null(messages);
  assert_int_equal(spec.n_servers, 2);
  assert_string_equal(spec.servers[0].agent, "A");
  assert_string_equal(spec.servers[0].hostname, "n");
  assert_string_equal(spec.servers[0].origin, "http://o");
  assert_string_equal(spec.servers[0].protocols, "x, y");
  assert_int_equal(spec.servers[0].open_timeout_ms, 3000);
  assert_int_equal(spec.servers[0].close_timeout_ms, 500);
  assert_int_equal(spec.servers[1].open_timeout_ms, 3000);
  assert_int_equal(spec.servers[1].close_timeout_ms, 0);
  assert_null(spec.servers[1].protocols);
  assert_int_equal(spec.n_selected, 9);
  assert_string_equal(spec.outdir, "./reports/servers/");
  wspec_spec_clear(&spec);
}

static void agents_are_excluded_by_anchored_patterns(void **state) {
  (void)state;
  struct wspec_spec spec;
  char *messages;
  static const char text[] = "{\"cases\": [\"*\"], \"servers\": [],"
                             " \"exclude-agent-cases\": {\"gob*\": [\"9.*\", \"1.1.1\"]}}";
  assert_int_equal(load(&spec, text, WSPEC_SPEC_CLIENT, &messages), WSPEC_OK);
  assert_true(wspec_spec_excludes(&spec, "gobwas", "9.1.1"));
  assert_true(wspec_spec_excludes(&spec, "gob", "1.1.1"));
  assert_false(wspec_spec_excludes(&spec, "gobwas", "1.1.2"));
  assert_false(wspec_spec_excludes(&spec, "a gobwas", "9.1.1"));
  wspec_spec_clear(&spec);
}

static void what_is_unknown_is_said_and_ignored(void **state) {
  (void)state;
  struct wspec_spec spec;
  char *messages;
  static const char text[] =
      "{\"cases\": [\"1.1.1\", \"99.1\"],"
      " \"servers\": [{\"url\": \"ws://h\", \"options\": {\"vresion\": 1}}]}";
  assert_int_equal(load(&spec, text, WSPEC_SPEC_CLIENT, &messages), WSPEC_OK);
  assert_non_null(messages);
  assert_non_null(strstr(messages, "'99.1' names no case"));
  assert_non_null(strstr(messages, "no such option"));
  assert_int_equal(spec.n_selected, 1);
  free(messages);
  wspec_spec_clear(&spec);
}

static void what_is_wrong_is_refused_with_its_place(void **state) {
  (void)state;
  static const struct {
    enum wspec_spec_role role;
    const char *text, *message;
  } wrong[] = {
      {WSPEC_SPEC_CLIENT, "[]", "expected an object"},
      {WSPEC_SPEC_CLIENT, "{\"servers\": []}", "\"cases\""},
      {WSPEC_SPEC_CLIENT, "{\"cases\": \"*\"}", "\"cases\""},
      {WSPEC_SPEC_CLIENT, "{\"cases\": [1]}", "a string"},
      {WSPEC_SPEC_CLIENT, "{\"cases\": [], \"servers\": [{}]}", "\"url\""},
      {WSPEC_SPEC_CLIENT, "{\"cases\": [], \"servers\": [\"x\"]}", "\"url\""},
      {WSPEC_SPEC_CLIENT, "{\"cases\": [], \"servers\": [{\"url\": 1}]}", "a string"},
      {WSPEC_SPEC_CLIENT, "{\"cases\": [], \"servers\": [{\"url\": \"u\", \"protocols\": [1]}]}",
       "a string"},
      {WSPEC_SPEC_CLIENT, "{\"cases\": [], \"options\": 1, \"servers\": [{\"url\": \"u\"}]}",
       "an object"},
      {WSPEC_SPEC_CLIENT, "{\"cases\": [], \"exclude-agent-cases\": {\"a\": [1]}}", "a string"},
      {WSPEC_SPEC_CLIENT, "{\"cases\": [], \"exclude-agent-cases\": {\"a\": 1}}", "an array"},
      {WSPEC_SPEC_SERVER, "{\"cases\": []}", "\"url\""},
      {WSPEC_SPEC_SERVER, "{\"cases\": [], \"url\": \"u\", \"webport\": 65536}", "a port"},
      {WSPEC_SPEC_SERVER,
       "{\"cases\": [], \"url\": \"u\", \"options\": {\"openHandshakeTimeout\": -1}}", "seconds"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct wspec_spec spec;
    char *messages;
    assert_int_equal(load(&spec, wrong[i].text, wrong[i].role, &messages), WSPEC_ERR_INPUT);
    assert_non_null(messages);
    assert_non_null(strstr(messages, wrong[i].message));
    assert_non_null(strstr(messages, "spec.json:1:"));
    free(messages);
    wspec_spec_clear(&spec);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_default_specs_are_whole),
      cmocka_unit_test(a_server_has_what_the_file_says),
      cmocka_unit_test(agents_are_excluded_by_anchored_patterns),
      cmocka_unit_test(what_is_unknown_is_said_and_ignored),
      cmocka_unit_test(what_is_wrong_is_refused_with_its_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
