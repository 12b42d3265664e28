#include "compat/outcome.h"

#include "compat/expected.h"
#include "compat/numbers.h"
#include "compat/trace.h"
#include "proto/close.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The words; scripts of others fail on any that is not among them. */
static const char OK[] = "OK", NON_STRICT[] = "NON-STRICT", FAILED[] = "FAILED",
                  UNIMPLEMENTED[] = "UNIMPLEMENTED", INFORMATIONAL[] = "INFORMATIONAL",
                  WRONG_CODE[] = "WRONG CODE", UNCLEAN[] = "UNCLEAN",
                  FAILED_BY_CLIENT[] = "FAILED BY CLIENT";

enum { SENTENCE_SIZE = 160 };

/* A result on its way to words. */
struct judging {
  const struct wspec_result *result;
  const struct wspec_outcome_facts *facts;
  char number[WSPEC_NUMBER_SIZE];
  struct wspec_trace trace;
  struct wspec_expected expected;
  int remote_code; /* -1: none */
  bool target_closed_first, was_clean, dropped_by_me;
  const char *behavior, *behavior_close;
  char sentence[SENTENCE_SIZE], close_sentence[SENTENCE_SIZE];
  bool out_of_memory; /* the object is not whole */
};

/* ---- What happened ---- */

static void look(struct judging *judging) {
  const struct wspec_result *result = judging->result;
  const struct wspec_close_result *close = &result->close;
  const struct wspec_trace *trace = &judging->trace;
  bool has_code = close->status_code != WSPEC_CLOSE_NO_STATUS &&
                  close->status_code != WSPEC_CLOSE_ABNORMAL && close->status_code != 0;
  bool by_target = close->by == WSPEC_CLOSED_BY_TARGET;
  bool did_fail = result->verdict == WSPEC_VERDICT_FAIL;
  bool came = close->status_code != WSPEC_CLOSE_ABNORMAL && close->status_code != 0;
  judging->remote_code = has_code ? close->status_code : -1;
  judging->dropped_by_me = close->by == WSPEC_CLOSED_BY_PEER;
  if (trace->is_whole) {
    judging->target_closed_first = trace->target_closed_first;
    judging->was_clean = trace->sent.came && trace->received.came;
  } else {
    bool is_answer = close->status_code == WSPEC_CLOSE_NORMAL; /* to ours, as cases with much end */
    judging->target_closed_first = by_target && !is_answer;
    judging->was_clean = close->clean || (came && !did_fail);
  }
  /* A server that leaves it to us to close TCP has not ended cleanly (RFC 6455 section 7.1.1); which
   * of our FIN and that of a client comes first is chance. */
  judging->was_clean = judging->was_clean && (judging->facts->is_server || by_target);
}

/* ---- behaviorClose ---- */

static bool is_right_code(const struct judging *judging, int code) {
  const struct wspec_expected_close *close = &judging->expected.close;
  for (size_t i = 0; i < close->n_codes; i++) {
    if (close->codes[i] == code) {
      return true;
    }
  }
  return close->require_clean && judging->trace.sent.came &&
         judging->trace.sent.status_code == code;
}

static void say_codes(struct judging *judging) {
  const struct wspec_expected_close *close = &judging->expected.close;
  char list[64] = "";
  size_t at = 0;
  for (size_t i = 0; i < close->n_codes; i++) {
    at += (size_t)snprintf(list + at, sizeof list - at, at > 0 ? ",%d" : "%d", close->codes[i]);
  }
  int sent = judging->trace.sent.status_code;
  if (close->require_clean && judging->trace.sent.came && sent > 0 && sent != close->codes[0]) {
    (void)snprintf(list + at, sizeof list - at, ",%d", sent);
  }
  (void)snprintf(judging->close_sentence, SENTENCE_SIZE,
                 "The close code should have been %s or empty", list);
}

static void end_with(struct judging *judging, const char *word, const char *sentence) {
  judging->behavior_close = word;
  (void)snprintf(judging->close_sentence, SENTENCE_SIZE, "%s", sentence);
}

static void judge_close(struct judging *judging) {
  const struct wspec_expected_close *close = &judging->expected.close;
  if (close->by_target != judging->target_closed_first) {
    end_with(judging, FAILED, "The connection was failed by the wrong endpoint");
  } else if (close->require_clean && !judging->was_clean) {
    end_with(judging, UNCLEAN, "The spec requires the connection to be failed cleanly here");
  } else if (judging->remote_code >= 0 && !is_right_code(judging, judging->remote_code)) {
    judging->behavior_close = WRONG_CODE;
    say_codes(judging);
  } else if (!judging->facts->is_server && judging->dropped_by_me) {
    end_with(judging, FAILED_BY_CLIENT, "It is preferred that the server close the TCP connection");
  } else {
    end_with(judging, OK, "Connection was properly closed");
  }
}

/* ---- behavior ---- */

static bool is_about_closing(const struct wspec_finding *finding) {
  return strncmp(finding->requirement, "6455-5.5.1-", 11) == 0 ||
         strncmp(finding->requirement, "6455-7.", 7) == 0;
}

/* A violation that the words about the close do not tell. */
static bool has_failed(const struct judging *judging) {
  const struct wspec_result *result = judging->result;
  for (size_t i = 0; i < result->n_findings; i++) {
    const struct wspec_finding *finding = &result->findings[i];
    bool is_told = is_about_closing(finding) && judging->behavior_close != OK;
    if (finding->verdict == WSPEC_VERDICT_FAIL && !is_told) {
      return true;
    }
  }
  return false;
}

/* The target had to fail the connection: what it did before that counts. */
static const char *judge_failing(const struct judging *judging) {
  const struct wspec_expected *expected = &judging->expected;
  const struct wspec_trace *trace = &judging->trace;
  if (expected->close.is_fatal && !judging->target_closed_first) {
    return FAILED;
  }
  if (!trace->is_whole || trace->n_events > expected->n_events) {
    return FAILED;
  }
  bool is_told = judging->behavior_close != OK;
  if (judging->result->verdict == WSPEC_VERDICT_FAIL && !is_told) {
    return FAILED;
  }
  bool is_late = strncmp(judging->number, "6.4.", 4) == 0 &&
                 trace->closed_at_step > expected->close.failing_step;
  return is_late || trace->n_events < expected->n_events ? NON_STRICT : OK;
}

static const char *judge_behavior(const struct judging *judging) {
  if (judging->expected.close.by_target) {
    return judge_failing(judging);
  }
  bool is_wrong_code =
      strncmp(judging->number, "7.", 2) == 0 && judging->behavior_close == WRONG_CODE;
  /* A target that gives up, for a limit of its own say, has not sent back all it should have. */
  bool gave_up = judging->target_closed_first &&
                 (!judging->trace.is_whole || judging->trace.n_events < judging->expected.n_events);
  return is_wrong_code || gave_up || has_failed(judging) ? FAILED : OK;
}

static bool is_informational(const char *number) {
  return strcmp(number, "7.1.6") == 0 || strncmp(number, "7.13.", 5) == 0;
}

/* What Autobahn says of a message that did not come back in its time. */
static unsigned wait_seconds(const char *number) {
  if (strncmp(number, "9.5.", 4) == 0 || strncmp(number, "9.6.", 4) == 0) {
    return 1000;
  }
  bool is_large = strchr("456", number[4]) != NULL || strcmp(number, "9.1.3") == 0;
  bool is_simple = strncmp(number, "9.1.", 4) == 0 || strncmp(number, "9.2.", 4) == 0;
  bool is_short = is_simple && (!is_large || strcmp(number, "9.2.4") == 0);
  return is_short ? 10 : 100;
}

static void say_behavior(struct judging *judging) {
  const char *sentence = judging->behavior == OK || judging->behavior == NON_STRICT ||
                                 judging->behavior == INFORMATIONAL
                             ? "Actual events match at least one expected."
                             : "Actual events differ from any expected.";
  bool is_limit = strncmp(judging->number, "9.", 2) == 0 && judging->number[2] < '7';
  bool is_compressed =
      strncmp(judging->number, "12.", 3) == 0 || strncmp(judging->number, "13.", 3) == 0;
  if (is_compressed && judging->behavior == OK) {
    sentence = "Ok, received all echo'ed messages in time.";
  }
  (void)snprintf(judging->sentence, SENTENCE_SIZE, "%s", sentence);
  if (is_limit && judging->behavior == FAILED) {
    (void)snprintf(judging->sentence, SENTENCE_SIZE, "Did not receive message within %u seconds.",
                   wait_seconds(judging->number));
  }
}

static void judge(struct judging *judging) {
  const struct wspec_result *result = judging->result;
  look(judging);
  if (!judging->trace.was_open) {
    end_with(judging, FAILED, "The WebSocket opening handshake was never completed!");
    judging->behavior = FAILED;
  } else {
    judge_close(judging);
    judging->behavior = judge_behavior(judging);
  }
  if (result->verdict == WSPEC_VERDICT_ERROR) {
    judging->behavior = FAILED;
  } else if (result->verdict == WSPEC_VERDICT_SKIP && judging->trace.was_open) {
    /* A target that takes no binary messages is one that did not send them back. */
    bool needs_deflate = (result->script->needs & WSPEC_NEED_DEFLATE) != 0;
    judging->behavior = needs_deflate ? UNIMPLEMENTED : FAILED;
  } else if (is_informational(judging->number)) {
    judging->behavior = judging->behavior_close = INFORMATIONAL;
  }
  say_behavior(judging);
}

/* ---- The object ---- */

/* Adds `item`, which may be NULL for lack of memory, and returns it if it is there. */
static cJSON *put(struct judging *judging, cJSON *array, cJSON *item) {
  if (!item || !cJSON_AddItemToArray(array, item)) {
    cJSON_Delete(item);
    judging->out_of_memory = true;
    return NULL;
  }
  return item;
}

static cJSON *put_member(struct judging *judging, cJSON *object, const char *name, cJSON *item) {
  if (!item || !cJSON_AddItemToObject(object, name, item)) {
    cJSON_Delete(item);
    judging->out_of_memory = true;
    return NULL;
  }
  return item;
}

static void put_event(struct judging *judging, cJSON *list, const struct wspec_traced *event) {
  static const char *const names[] = {"message", "ping", "pong"};
  cJSON *array = put(judging, list, cJSON_CreateArray());
  put(judging, array, cJSON_CreateString(names[event->kind]));
  put(judging, array, cJSON_CreateString(event->payload.text));
  if (event->kind == WSPEC_TRACED_MESSAGE) {
    put(judging, array, cJSON_CreateBool(event->is_binary));
  }
}

static void put_events(struct judging *judging, cJSON *object, const char *name,
                       const struct wspec_traced *events, size_t n) {
  cJSON *list = put_member(judging, object, name, cJSON_CreateArray());
  for (size_t i = 0; i < n; i++) {
    put_event(judging, list, &events[i]);
  }
}

static void add_events(struct judging *judging, cJSON *object) {
  const struct wspec_expected *expected = &judging->expected;
  bool is_compressed = (judging->result->script->needs & WSPEC_NEED_DEFLATE) != 0;
  cJSON *lists = put_member(judging, object, "expected", cJSON_CreateObject());
  if (!is_compressed) {
    put_events(judging, lists, OK, expected->events, expected->n_events);
  }
  if (!is_compressed && expected->close.by_target && expected->n_events > 0) {
    put_events(judging, lists, NON_STRICT, NULL, 0);
  }
  put_events(judging, object, "received", judging->trace.events,
             is_compressed ? 0 : judging->trace.n_events);
}

static void add_expected_close(struct judging *judging, cJSON *object) {
  const struct wspec_expected_close *close = &judging->expected.close;
  cJSON *expected = put_member(judging, object, "expectedClose", cJSON_CreateObject());
  put_member(judging, expected, "closedByMe", cJSON_CreateBool(!close->by_target));
  put_member(judging, expected, "closeCode",
             cJSON_CreateIntArray(close->codes, (int)close->n_codes));
  put_member(judging, expected, "requireClean", cJSON_CreateBool(close->require_clean));
  if (close->is_fatal) {
    put_member(judging, expected, "closedByWrongEndpointIsFatal", cJSON_CreateBool(true));
  }
}

static void add_code(struct judging *judging, cJSON *object, const char *name, int code) {
  put_member(judging, object, name, code >= 0 ? cJSON_CreateNumber(code) : cJSON_CreateNull());
}

static void add_text_or_null(struct judging *judging, cJSON *object, const char *name,
                             const char *text) {
  put_member(judging, object, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static const char *why_not_clean(const struct judging *judging) {
  if (judging->was_clean) {
    return NULL;
  }
  if (!judging->trace.was_open) {
    return "the opening handshake was not completed";
  }
  return judging->dropped_by_me ? "TCP was closed by this side"
                                : "TCP was closed by the peer without a closing handshake";
}

static void add_close(struct judging *judging, cJSON *object) {
  const struct wspec_trace *trace = &judging->trace;
  bool came = judging->result->close.status_code != WSPEC_CLOSE_ABNORMAL;
  put_member(judging, object, "closedByMe", cJSON_CreateBool(!judging->target_closed_first));
  put_member(
      judging, object, "failedByMe",
      cJSON_CreateBool(!judging->target_closed_first && !trace->sent.came && trace->is_whole));
  put_member(judging, object, "droppedByMe", cJSON_CreateBool(judging->dropped_by_me));
  put_member(judging, object, "wasClean", cJSON_CreateBool(judging->was_clean));
  add_text_or_null(judging, object, "wasNotCleanReason", why_not_clean(judging));
  put_member(judging, object, "wasServerConnectionDropTimeout",
             cJSON_CreateBool(!judging->facts->is_server && judging->dropped_by_me && came));
  put_member(judging, object, "wasOpenHandshakeTimeout", cJSON_CreateBool(!trace->was_open));
  put_member(judging, object, "wasCloseHandshakeTimeout",
             cJSON_CreateBool(trace->sent.came && !trace->received.came && judging->dropped_by_me));
  add_code(judging, object, "localCloseCode", trace->sent.came ? trace->sent.status_code : -1);
  add_text_or_null(judging, object, "localCloseReason",
                   trace->sent.came && trace->sent.reason[0] ? trace->sent.reason : NULL);
  add_code(judging, object, "remoteCloseCode", judging->remote_code);
  add_text_or_null(judging, object, "remoteCloseReason", judging->result->close.reason);
}

static void add_wire(struct judging *judging, cJSON *object) {
  struct wspec_trace *trace = &judging->trace;
  const char *request = trace->request ? trace->request : "?";
  const char *response = trace->response ? trace->response : "?";
  put_member(judging, object, "httpRequest", cJSON_CreateString(request));
  put_member(judging, object, "httpResponse", cJSON_CreateString(response));
  put_member(judging, object, "createWirelog", cJSON_CreateBool(true));
  put_member(judging, object, "createStats", cJSON_CreateBool(true));
  struct {
    const char *name;
    cJSON **part;
  } parts[] = {{"wirelog", &trace->wire_log},
               {"rxOctetStats", &trace->octets_received},
               {"txOctetStats", &trace->octets_sent},
               {"rxFrameStats", &trace->frames_received},
               {"txFrameStats", &trace->frames_sent}};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    put_member(judging, object, parts[i].name, *parts[i].part);
    *parts[i].part = NULL;
  }
}

static void add_description(struct judging *judging, cJSON *object) {
  const struct wspec_expected_close *close = &judging->expected.close;
  char expectation[SENTENCE_SIZE];
  if (close->by_target) {
    (void)snprintf(expectation, sizeof expectation,
                   "The peer fails the connection: a close frame with code %d, or TCP is closed",
                   close->n_codes > 0 ? close->codes[0] : WSPEC_CLOSE_PROTOCOL_ERROR);
  } else {
    (void)snprintf(expectation, sizeof expectation, "%s, then the closing handshake%s",
                   judging->expected.n_events > 0 ? "What was sent is answered"
                                                  : "No message comes",
                   close->require_clean ? " ends cleanly" : "");
  }
  put_member(judging, object, "description", cJSON_CreateString(judging->result->script->summary));
  put_member(judging, object, "expectation", cJSON_CreateString(expectation));
}

static cJSON *to_json(struct judging *judging) {
  const struct wspec_outcome_facts *facts = judging->facts;
  bool is_compressed =
      strncmp(judging->number, "12.", 3) == 0 || strncmp(judging->number, "13.", 3) == 0;
  cJSON *object = cJSON_CreateObject();
  put_member(judging, object, "case", cJSON_CreateNumber(facts->case_value));
  put_member(judging, object, "id", cJSON_CreateString(judging->number));
  add_description(judging, object);
  put_member(judging, object, "agent", cJSON_CreateString(facts->agent));
  put_member(judging, object, "started", cJSON_CreateString(facts->started));
  put_member(judging, object, "duration",
             cJSON_CreateNumber((double)((judging->result->duration_us + 500) / 1000)));
  put_member(judging, object, "reportTime",
             cJSON_CreateBool(judging->number[0] == '9' || is_compressed));
  put_member(judging, object, "reportCompressionRatio", cJSON_CreateBool(is_compressed));
  put_member(judging, object, "behavior", cJSON_CreateString(judging->behavior));
  put_member(judging, object, "behaviorClose", cJSON_CreateString(judging->behavior_close));
  add_events(judging, object);
  add_expected_close(judging, object);
  put_member(judging, object, "result", cJSON_CreateString(judging->sentence));
  put_member(judging, object, "resultClose", cJSON_CreateString(judging->close_sentence));
  put_member(judging, object, "isServer", cJSON_CreateBool(facts->is_server));
  add_close(judging, object);
  add_wire(judging, object);
  put_member(judging, object, "trafficStats", cJSON_CreateNull());
  return object;
}

struct cJSON *wspec_outcome_new(const struct wspec_result *result,
                                const struct wspec_outcome_facts *facts) {
  struct judging judging = {.result = result, .facts = facts};
  wspec_number_text(facts->index, judging.number);
  wspec_expected_read(&judging.expected, result->script, judging.number);
  cJSON *object = NULL;
  if (wspec_trace_read(&judging.trace, &result->transcript, facts->is_server) == WSPEC_OK) {
    judge(&judging);
    object = to_json(&judging);
    if (judging.out_of_memory) {
      cJSON_Delete(object);
      object = NULL;
    }
  }
  wspec_trace_clear(&judging.trace);
  return object;
}

static int rank(const cJSON *outcome, const char *name) {
  static const char *const words[] = {OK,         INFORMATIONAL,    UNIMPLEMENTED, NON_STRICT,
                                      WRONG_CODE, FAILED_BY_CLIENT, UNCLEAN,       FAILED};
  const cJSON *word = cJSON_GetObjectItemCaseSensitive(outcome, name);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(cJSON_GetStringValue(word), words[i]) == 0) {
      return (int)i;
    }
  }
  return 0;
}

bool wspec_outcome_is_worse(const struct cJSON *outcome, const struct cJSON *other) {
  int difference = rank(outcome, "behavior") - rank(other, "behavior");
  return difference != 0 ? difference > 0
                         : rank(outcome, "behaviorClose") > rank(other, "behaviorClose");
}
