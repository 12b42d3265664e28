/* Stored results judged again: the same, another verdict, and transcripts that are none. */
#include "reports/judge.h"

#include "failalloc.h"
#include "small_report.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdlib.h>

static struct wspec_step open_step = {.kind = WSPEC_STEP_OPEN};
static const struct wspec_script script = {.id = "a/1",
                                           .spec = "rfc6455",
                                           .section = "5.2",
                                           .summary = "S",
                                           .n_connections = 1,
                                           .steps = &open_step,
                                           .n_steps = 1};

static void *own_malloc(size_t size) {
  return malloc(size);
}

/* The small report with `what` replaced by `with`, in its first place; to be freed. */
static char *replace(const char *what, const char *with) {
  const char *at = strstr(SMALL_REPORT, what);
  assert_non_null(at);
  size_t size = strlen(SMALL_REPORT) + strlen(with) + 1;
  char *text = malloc(size);
  assert_non_null(text);
  snprintf(text, size, "%.*s%s%s", (int)(at - SMALL_REPORT), SMALL_REPORT, with, at + strlen(what));
  return text;
}

static enum wspec_err judge_first(const char *text, const struct wspec_script *with,
                                  struct wspec_judged *judged, const char **wrong) {
  struct wspec_reports reports = {.items = NULL};
  char *message = NULL;
  assert_int_equal(small_read(&reports, text, &message), WSPEC_OK);
  struct wspec_judge judge;
  *judged = (struct wspec_judged){.json = NULL};
  enum wspec_err err = wspec_judge_init(&judge, &reports.items[0], NULL, wrong);
  if (!err) {
    err = wspec_judge_record(&judge, &reports.items[0].records[0], with, judged);
    wspec_judge_clear(&judge);
  }
  wspec_reports_clear(&reports);
  return err;
}

/* What the case makes of the transcript is another requirement than the report says. */
static void tells_another_finding(void **state) {
  (void)state;
  struct wspec_judged judged;
  const char *wrong;
  assert_int_equal(judge_first(SMALL_REPORT, &script, &judged, &wrong), WSPEC_OK);
  assert_int_equal(judged.outcome, WSPEC_JUDGE_DIFFERS);
  assert_true(judged.result.verdict == WSPEC_VERDICT_FAIL);
  cJSON *again = cJSON_Parse(judged.json);
  const cJSON *findings = cJSON_GetObjectItemCaseSensitive(again, "findings");
  assert_int_equal(cJSON_GetArraySize(findings), (int)judged.result.n_findings);
  const cJSON *transcript = cJSON_GetObjectItemCaseSensitive(again, "transcript");
  assert_int_equal(cJSON_GetArraySize(transcript), 6); /* the evidence is that of the report */
  cJSON_Delete(again);
  wspec_judged_clear(&judged);
}

static void a_judged_report_is_the_same_again(void **state) {
  (void)state;
  struct wspec_judged first, second;
  const char *wrong;
  assert_int_equal(judge_first(SMALL_REPORT, &script, &first, &wrong), WSPEC_OK);
  size_t size = strlen(SMALL_HEAD) + strlen(first.json) + strlen(SMALL_TAIL) + 1;
  char *text = malloc(size);
  assert_non_null(text);
  snprintf(text, size, "%s%s%s", SMALL_HEAD, first.json, SMALL_TAIL);
  assert_int_equal(judge_first(text, &script, &second, &wrong), WSPEC_OK);
  assert_int_equal(second.outcome, WSPEC_JUDGE_SAME);
  assert_string_equal(first.json, second.json);
  free(text);
  wspec_judged_clear(&first);
  wspec_judged_clear(&second);
}

static void says_why_it_does_not_judge(void **state) {
  (void)state;
  static const struct {
    const char *what, *with;
    enum wspec_judge_outcome outcome;
  } rows[] = {
      {"\"verdict\":\"fail\"", "\"verdict\":\"error\"", WSPEC_JUDGE_NO_EVIDENCE},
      {"\"transcript\"", "\"transcripts\"", WSPEC_JUDGE_NOT_KEPT},
      {"\"len\":19", "\"len\":20", WSPEC_JUDGE_ELIDED},
      {"\"len\":19", "\"len\":18", WSPEC_JUDGE_UNSOUND},
      {"\"len\":19", "\"len\":null", WSPEC_JUDGE_UNSOUND},
      {"\"4854", "\"485", WSPEC_JUDGE_UNSOUND},
      {"\"kind\":\"connect\"", "\"kind\":\"con\"", WSPEC_JUDGE_UNSOUND},
      {"\"kind\":\"connect\"", "\"kind\":7", WSPEC_JUDGE_UNSOUND},
      {"\"kind\":\"connect\",\"connection\":0", "\"kind\":\"connect\",\"connection\":16",
       WSPEC_JUDGE_UNSOUND},
      {"\"at_us\":100", "\"at_us\":1e300", WSPEC_JUDGE_UNSOUND},
      {"\"at_us\":100", "\"at_us\":500", WSPEC_JUDGE_UNSOUND},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char *text = replace(rows[i].what, rows[i].with);
    struct wspec_judged judged;
    const char *wrong;
    assert_int_equal(judge_first(text, &script, &judged, &wrong), WSPEC_OK);
    assert_int_equal(judged.outcome, rows[i].outcome);
    assert_int_equal(judged.wrong != NULL, rows[i].outcome == WSPEC_JUDGE_UNSOUND);
    assert_null(judged.json);
    wspec_judged_clear(&judged);
    free(text);
  }
  struct wspec_judged judged;
  const char *wrong;
  assert_int_equal(judge_first(SMALL_REPORT, NULL, &judged, &wrong), WSPEC_OK);
  assert_int_equal(judged.outcome, WSPEC_JUDGE_NO_CASE);
}

static void says_what_a_head_lacks(void **state) {
  (void)state;
  static const struct {
    const char *what, *with, *wrong;
  } rows[] = {
      {"\"config\"", "\"konfig\"", "config.host and config.resource"},
      {"\"settle_us\":100000", "\"settle_us\":-1", "config.settle_us, timeout_us and close_us"},
      {"\"seed\":\"1\"", "\"seed\":\"99999999999999999999\"", "seed"},
      {"\"seed\":\"1\"", "\"seed\":\"1x\"", "seed"},
      {"\"seed\":\"1\"", "\"seed\":1", "seed"},
      {"\"oracle\":\"echo\"", "\"oracle\":\"e\"", "target.oracle"},
      {"{\"name\":\"X\"", "{\"nom\":\"X\"", "config.fields"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char *text = replace(rows[i].what, rows[i].with);
    struct wspec_judged judged;
    const char *wrong = NULL;
    assert_int_equal(judge_first(text, &script, &judged, &wrong), WSPEC_ERR_INPUT);
    assert_string_equal(wrong, rows[i].wrong);
    free(text);
  }
}

/* A finding that no transcript holds stays in its place; everything else is found anew. */
static void keeps_that_the_target_died(void **state) {
  (void)state;
  char *text = replace("<&'\\\"> expected", WSPEC_FINDING_TARGET_DIED);
  struct wspec_judged judged;
  const char *wrong;
  assert_int_equal(judge_first(text, &script, &judged, &wrong), WSPEC_OK);
  const struct wspec_result *result = &judged.result;
  assert_true(result->n_findings > 1);
  assert_string_equal(result->findings[0].message, WSPEC_FINDING_TARGET_DIED);
  wspec_judged_clear(&judged);
  free(text);
}

static void survives_every_failing_allocation(void **state) {
  (void)state;
  struct wspec_reports reports = {.items = NULL};
  small_add(&reports);
  cJSON_Hooks hooks = {.malloc_fn = own_malloc, .free_fn = free};
  cJSON_InitHooks(&hooks);
  bool failed = true;
  unsigned n = 1;
  for (; failed; n++) {
    struct wspec_judge judge;
    struct wspec_judged judged = {.json = NULL};
    const char *wrong;
    failalloc_arm(n);
    enum wspec_err err = wspec_judge_init(&judge, &reports.items[0], NULL, &wrong);
    if (!err) {
      err = wspec_judge_record(&judge, &reports.items[0].records[0], &script, &judged);
      wspec_judge_clear(&judge);
    }
    failed = failalloc_disarm();
    bool told = err == WSPEC_ERR_NOMEM || judged.result.verdict == WSPEC_VERDICT_ERROR;
    assert_true(failed ? told : err == WSPEC_OK);
    wspec_judged_clear(&judged);
  }
  assert_true(n > 50);
  cJSON_InitHooks(NULL);
  wspec_reports_clear(&reports);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_another_finding),
      cmocka_unit_test(a_judged_report_is_the_same_again),
      cmocka_unit_test(says_why_it_does_not_judge),
      cmocka_unit_test(says_what_a_head_lacks),
      cmocka_unit_test(keeps_that_the_target_died),
      cmocka_unit_test(survives_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
