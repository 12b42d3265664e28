#include "reports/judge.h"

#include "play/replay.h"
#include "reports/json_report.h"
#include "reports/read_transcript.h"
#include "reports/record.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* However long a client took to connect, it did so in time when it was played. */
#define CLIENT_CONNECT_US UINT64_C(3600000000)

/* ---- How it was played ---- */

static const cJSON *member(const cJSON *object, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool read_seed(const cJSON *head, uint64_t *seed) {
  const char *text = cJSON_GetStringValue(member(head, "seed"));
  if (!text || text[0] < '0' || text[0] > '9') {
    return false;
  }
  char *end;
  errno = 0;
  *seed = strtoull(text, &end, 10);
  return *end == '\0' && errno == 0;
}

static bool read_oracle(const char *name, enum wspec_oracle *oracle) {
  for (unsigned i = 0; i < WSPEC_N_ORACLES; i++) {
    if (strcmp(name, wspec_oracle_names[i]) == 0) {
      *oracle = (enum wspec_oracle)i;
      return true;
    }
  }
  return false;
}

static bool read_time(const cJSON *config, const char *name, uint64_t *out) {
  const cJSON *item = member(config, name);
  bool fits = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= 0x1p53;
  *out = fits ? (uint64_t)item->valuedouble : 0;
  return fits;
}

static unsigned read_have(const cJSON *config) {
  unsigned have = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, member(config, "have")) {
    const char *name = cJSON_GetStringValue(item);
    for (unsigned i = 0; name && i < WSPEC_N_NEEDS; i++) {
      have |= strcmp(name, wspec_need_names[i]) == 0 ? 1U << i : 0u;
    }
  }
  return have;
}

/* A value that the report keeps to itself does not matter: it is only sent. */
static enum wspec_err read_fields(struct wspec_judge *judge, const cJSON *config,
                                  const char **wrong) {
  const cJSON *array = member(config, "fields");
  size_t n = cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0;
  judge->fields = calloc(n + 1, sizeof *judge->fields);
  if (!judge->fields) {
    return WSPEC_ERR_NOMEM;
  }
  const cJSON *item;
  cJSON_ArrayForEach(item, array) {
    const char *name = cJSON_GetStringValue(member(item, "name"));
    const char *value = cJSON_GetStringValue(member(item, "value"));
    if (!name) {
      *wrong = "config.fields";
      return WSPEC_ERR_INPUT;
    }
    judge->fields[judge->config.n_fields++] = (struct wspec_play_field){name, value ? value : "*"};
  }
  judge->config.fields = judge->fields;
  return WSPEC_OK;
}

/* 0 if there is none that a close frame could carry. */
static uint16_t read_code(const cJSON *code) {
  double value = cJSON_IsNumber(code) ? code->valuedouble : 0;
  return value >= 1000 && value <= 4999 ? (uint16_t)value : 0;
}

static const char *read_config(struct wspec_play_config *config, const struct wspec_report *report,
                               const cJSON *from) {
  const char *role = cJSON_GetStringValue(member(member(report->head, "target"), "role"));
  config->host = cJSON_GetStringValue(member(from, "host"));
  config->target = cJSON_GetStringValue(member(from, "resource"));
  config->origin = cJSON_GetStringValue(member(from, "origin"));
  config->subprotocol = cJSON_GetStringValue(member(from, "subprotocol"));
  config->have = read_have(from);
  config->chatty = cJSON_IsTrue(member(from, "chatty"));
  config->refusal_code = read_code(member(from, "refusal_code"));
  config->one_at_a_time = cJSON_IsTrue(member(from, "one_at_a_time"));
  config->is_server = role && strcmp(role, "client") == 0;
  /* A client is told its own place for each case, or by somebody else. */
  config->connect_us = CLIENT_CONNECT_US;
  if (!config->is_server && (!config->host || !config->target)) {
    return "config.host and config.resource";
  }
  bool has_times = read_time(from, "settle_us", &config->settle_us) &&
                   read_time(from, "timeout_us", &config->timeout_us) &&
                   read_time(from, "close_us", &config->close_us);
  return has_times ? NULL : "config.settle_us, timeout_us and close_us";
}

enum wspec_err wspec_judge_init(struct wspec_judge *judge, const struct wspec_report *report,
                                const struct wspec_requirements *requirements, const char **wrong) {
  *judge = (struct wspec_judge){.config = {.requirements = requirements}};
  const cJSON *config = member(report->head, "config");
  *wrong = read_config(&judge->config, report, config);
  if (!*wrong && !read_seed(report->head, &judge->seed)) {
    *wrong = "seed";
  }
  if (!*wrong && !read_oracle(report->oracle, &judge->config.oracle)) {
    *wrong = "target.oracle";
  }
  enum wspec_err err = *wrong ? WSPEC_ERR_INPUT : read_fields(judge, config, wrong);
  if (err) {
    wspec_judge_clear(judge);
  }
  return err;
}

void wspec_judge_clear(struct wspec_judge *judge) {
  free(judge->fields);
  *judge = (struct wspec_judge){.fields = NULL};
}

/* ---- One result ---- */

/* The world outside the transcript told this: a canary that found nobody, the end of a process, where a
 * client was told to go. */
static bool is_told_from_outside(const char *message) {
  static const char *const beginnings[] = {
      WSPEC_FINDING_TARGET_DIED, WSPEC_FINDING_TARGET_DIED_ONCE, WSPEC_FINDING_TARGET_GONE,
      WSPEC_FINDING_OTHER_HOST,  WSPEC_FINDING_OTHER_RESOURCE,   WSPEC_FINDING_CLIENT_DIED,
      WSPEC_FINDING_CLIENT_LATE, WSPEC_FINDING_OTHER_HOST_OF_URI};
  for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
    if (strncmp(message, beginnings[i], strlen(beginnings[i])) == 0) {
      return true;
    }
  }
  return false;
}

static bool was_found_again(const struct wspec_result *result,
                            const struct wspec_record_finding *finding) {
  for (size_t i = 0; i < result->n_findings; i++) {
    if (result->findings[i].verdict == finding->verdict &&
        strcmp(result->findings[i].requirement, finding->requirement) == 0) {
      return true;
    }
  }
  return false;
}

/* In its place among the others, which the report shows in their order. */
static enum wspec_err keep_finding(const struct wspec_record_finding *finding, size_t index,
                                   struct wspec_result *result) {
  char message[2048];
  size_t n_before = result->n_findings;
  (void)snprintf(message, sizeof message, "%s", finding->message);
  const struct wspec_finding kept = {.verdict = finding->verdict,
                                     .requirement = finding->requirement,
                                     .level = finding->level,
                                     .message = message,
                                     .connection = finding->connection,
                                     .offset = finding->offset,
                                     .at_us = finding->at_us};
  enum wspec_err err = wspec_result_add(result, &kept);
  if (!err && result->n_findings > n_before && index < n_before) {
    struct wspec_finding added = result->findings[n_before];
    memmove(&result->findings[index + 1], &result->findings[index],
            (n_before - index) * sizeof added);
    result->findings[index] = added;
  }
  return err;
}

static enum wspec_err keep_told(const struct wspec_record *record, struct wspec_result *result) {
  enum wspec_err err = WSPEC_OK;
  for (size_t i = 0; i < record->n_findings && !err; i++) {
    const struct wspec_record_finding *finding = &record->findings[i];
    if (is_told_from_outside(finding->message) && !was_found_again(result, finding)) {
      err = keep_finding(finding, i, result);
    }
  }
  wspec_result_conclude(result);
  return err;
}

/* As two plays of a case agree: the verdict and the violated requirements, in their order. */
static bool agree(const struct wspec_record *record, const struct wspec_result *result) {
  bool same = record->verdict == result->verdict && record->n_findings == result->n_findings;
  for (size_t i = 0; i < record->n_findings && same; i++) {
    same = record->findings[i].verdict == result->findings[i].verdict &&
           strcmp(record->findings[i].requirement, result->findings[i].requirement) == 0;
  }
  return same;
}

static enum wspec_err replay(const struct wspec_judge *judge, const struct wspec_record *record,
                             const struct wspec_script *script,
                             const struct wspec_transcript *transcript,
                             struct wspec_judged *judged) {
  struct wspec_play_config config = judge->config;
  config.seed = wspec_play_seed(judge->seed, script->id);
  enum wspec_err err = wspec_replay(script, &config, transcript, &judged->result);
  if (err == WSPEC_ERR_INTERNAL) {
    judged->outcome = WSPEC_JUDGE_UNSOUND;
    judged->wrong = "the case does not come to an end";
    return WSPEC_OK;
  }
  err = err ? err : keep_told(record, &judged->result);
  if (!err) {
    judged->outcome = agree(record, &judged->result) ? WSPEC_JUDGE_SAME : WSPEC_JUDGE_DIFFERS;
  }
  return err;
}

/* What was found is of today; the evidence stays as it was recorded. */
static enum wspec_err rewrite(cJSON *record, struct wspec_judged *judged) {
  static const char *const found[] = {"verdict", "findings", "close", "skip_reason"};
  const struct wspec_record_options options = {.known_reason = NULL};
  cJSON *again = wspec_record_to_json(&judged->result, &options);
  bool done = again != NULL;
  for (size_t i = 0; i < sizeof found / sizeof found[0] && done; i++) {
    cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(again, found[i]);
    done = wspec_record_replace(record, found[i], item);
  }
  if (judged->outcome == WSPEC_JUDGE_DIFFERS) {
    cJSON_DeleteItemFromObjectCaseSensitive(record, "known"); /* it was another outcome's reason */
  }
  cJSON_Delete(again);
  judged->json = done ? cJSON_PrintUnformatted(record) : NULL;
  return judged->json ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

static enum wspec_err judge_transcript(const struct wspec_judge *judge,
                                       const struct wspec_record *record, cJSON *value,
                                       const struct wspec_script *script,
                                       struct wspec_judged *judged) {
  struct wspec_transcript transcript;
  enum wspec_err err =
      wspec_transcript_read(&transcript, member(value, "transcript"), &judged->wrong);
  if (err == WSPEC_ERR_INPUT) {
    judged->outcome = WSPEC_JUDGE_UNSOUND;
    err = WSPEC_OK;
  } else if (!err && transcript.elided) {
    judged->outcome = WSPEC_JUDGE_ELIDED;
  } else if (!err) {
    err = replay(judge, record, script, &transcript, judged);
    bool is_judged = !err && judged->outcome != WSPEC_JUDGE_UNSOUND;
    err = is_judged ? rewrite(value, judged) : err;
  }
  wspec_transcript_clear(&transcript);
  return err;
}

/* A transcript begins behind the TLS handshake. */
static bool asks_for_server_name(const struct wspec_script *script) {
  for (size_t i = 0; i < script->n_steps; i++) {
    const struct wspec_step *step = &script->steps[i];
    if (step->kind == WSPEC_STEP_EXPECT && step->as.expect.n_alternatives > 0 &&
        step->as.expect.alternatives[0].reaction == WSPEC_REACTION_SERVER_NAME) {
      return true;
    }
  }
  return false;
}

static enum wspec_judge_outcome why_not_judged(const struct wspec_record *record,
                                               const struct wspec_script *script) {
  static const char not_supported[] = WSPEC_SKIP_NOT_SUPPORTED;
  bool is_passed_up = record->skip_reason &&
                      strncmp(record->skip_reason, not_supported, sizeof not_supported - 1) == 0;
  if (!script) {
    return WSPEC_JUDGE_NO_CASE;
  }
  if (script->call) {
    return WSPEC_JUDGE_OF_SCRIPT;
  }
  if (record->verdict == WSPEC_VERDICT_ERROR || is_passed_up || asks_for_server_name(script)) {
    return WSPEC_JUDGE_NO_EVIDENCE;
  }
  return record->has_transcript ? WSPEC_JUDGE_SAME : WSPEC_JUDGE_NOT_KEPT;
}

enum wspec_err wspec_judge_record(const struct wspec_judge *judge,
                                  const struct wspec_record *record,
                                  const struct wspec_script *script, struct wspec_judged *judged) {
  *judged = (struct wspec_judged){.outcome = why_not_judged(record, script)};
  if (judged->outcome != WSPEC_JUDGE_SAME) {
    return WSPEC_OK;
  }
  cJSON *value;
  enum wspec_err err = wspec_record_parse(record, &value);
  if (!err) {
    err = judge_transcript(judge, record, value, script, judged);
    cJSON_Delete(value);
  }
  return err;
}

void wspec_judged_clear(struct wspec_judged *judged) {
  wspec_result_clear(&judged->result);
  free(judged->json);
  *judged = (struct wspec_judged){.json = NULL};
}
