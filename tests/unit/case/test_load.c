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

static struct wspec_requirements g_requirements;

static int load_requirements(void **state) {
  (void)state;
  char *message;
  return wspec_requirements_load(&g_requirements, WSPEC_CASES_DIR "/requirements.json", &message);
}

static int clear_requirements(void **state) {
  (void)state;
  wspec_requirements_clear(&g_requirements);
  return 0;
}

static void test_the_real_cases_load(void **state) {
  (void)state;
  struct wspec_case_set set = {0};
  char *messages = NULL;
  enum wspec_err err = wspec_case_set_load(&set, WSPEC_CASES_DIR, &g_requirements, NULL, &messages);
  if (messages) {
    print_error("%s\n", messages);
  }
  assert_int_equal(err, WSPEC_OK);
  assert_null(messages);
  const struct wspec_script *ping = wspec_case_set_find(&set, "6455/5.5.2/ping-payload-125");
  assert_non_null(ping);
  assert_string_equal(ping->summary,
                      "A ping of 125 octets is answered by a pong with the same octets");
  assert_int_equal(ping->n_steps, 4);
  assert_int_equal(ping->steps[1].kind, WSPEC_STEP_SEND);
  assert_int_equal(ping->steps[1].as.send.items[0].as.frame.opcode, 9);
  assert_int_equal(ping->steps[1].as.send.items[0].as.frame.payload.len, 125);
  assert_true(ping->steps[1].line > ping->steps[0].line);
  assert_null(wspec_case_set_find(&set, "6455/5.5.2/ping-payload-126"));
  wspec_case_set_clear(&set);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_real_cases_load),
  };
  return cmocka_run_group_tests(tests, load_requirements, clear_requirements);
}
