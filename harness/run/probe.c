#include "run/probe.h"

#include "proto/close.h"
#include "proto/deflate_params.h"
#include "proto/frame.h"
#include "proto/http_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No target that answers at all needs longer to show whether it echoes. */
enum { PROBE_TIMEOUT_US = 1500 * 1000, PROBE_SETTLE_US = 20 * 1000 };

/* A target that was late once may serve a second connection all the same. */
enum { PAIR_LOOKS = 2 };

static const char does_not_echo[] = "the target did not echo";
static const char is_silent[] = "the target neither echoed nor answered a ping";
static const char refuses[] = "the target closes on an ordinary message";
static const char broadcasts[] = "a message of one connection came on another";

/* What one play of the probe showed. */
struct glimpse {
  struct wspec_loop *loop;
  struct wspec_result result;
  uint64_t rtt_us;
  unsigned status_code; /* of the answer on the first connection; 0: none */
  bool serves_second;   /* there was a 101 on the second */
  char agent[128];
  bool deflate;
};

/* ---- Scripts ---- */

static struct wspec_payload_part hello_part = {
    .kind = WSPEC_PAYLOAD_LITERAL,
    .len = 11,
    .data = (const uint8_t *)"wspec probe",
    .data_len = 11,
};

static struct wspec_send hello = {
    .kind = WSPEC_SEND_MESSAGE,
    .repeat = 1,
    .as.message = {.opcode = WSPEC_OPCODE_TEXT, .payload = {&hello_part, 1, 11}},
};

/* Policy, a type or content that the application does not take, an error of its own on what it does
 * not know, or a code of its own. 1002 would say that the frame was wrong, which it was not. */
static struct wspec_code_range refusal_codes[] = {
    {1003, 1003}, {1007, 1008}, {1011, 1011}, {3000, 4999}};

static struct wspec_alternative echo_alternatives[] = {
    {.reaction = WSPEC_REACTION_ECHO},
    {.reaction = WSPEC_REACTION_FAILED, /* `closed` would let any message come before */
     .codes = refusal_codes,
     .n_codes = sizeof refusal_codes / sizeof refusal_codes[0],
     .rank = WSPEC_RANK_INFO,
     .note = refuses},
    {.reaction = WSPEC_REACTION_IGNORED, .rank = WSPEC_RANK_INFO, .note = does_not_echo},
    {.reaction = WSPEC_REACTION_SILENT, .rank = WSPEC_RANK_INFO, .note = is_silent},
};

static struct wspec_alternative quiet_alternatives[] = {
    {.reaction = WSPEC_REACTION_IGNORED},
    {.reaction = WSPEC_REACTION_ANY, .rank = WSPEC_RANK_INFO, .note = broadcasts},
};

static struct wspec_field_edit deflate_offer = {
    .kind = WSPEC_FIELD_SET,
    .name = {(const uint8_t *)"Sec-WebSocket-Extensions", 24},
    .value = {(const uint8_t *)"permessage-deflate", 18},
};

enum { ECHO_STEPS = 3, PAIR_STEPS = 5, PAIR_OPENS = 2, DEFLATE_STEPS = 1 };

static void echo_steps(struct wspec_step steps[ECHO_STEPS]) {
  memset(steps, 0, ECHO_STEPS * sizeof *steps);
  steps[0].kind = WSPEC_STEP_OPEN;
  steps[1].kind = WSPEC_STEP_SEND;
  steps[1].as.send.items = &hello;
  steps[1].as.send.n_items = 1;
  steps[2].kind = WSPEC_STEP_EXPECT;
  steps[2].as.expect.alternatives = echo_alternatives;
  steps[2].as.expect.n_alternatives = sizeof echo_alternatives / sizeof echo_alternatives[0];
}

/* Two connections at once: what is sent on the first must not come on the second. */
static void pair_steps(struct wspec_step steps[PAIR_STEPS]) {
  memset(steps, 0, PAIR_STEPS * sizeof *steps);
  struct wspec_step echo[ECHO_STEPS];
  echo_steps(echo);
  steps[0] = echo[0];
  steps[1].kind = WSPEC_STEP_OPEN;
  steps[1].connection = 1;
  steps[2] = echo[1];
  steps[3] = echo[2];
  steps[4].kind = WSPEC_STEP_EXPECT;
  steps[4].connection = 1;
  steps[4].as.expect.alternatives = quiet_alternatives;
  steps[4].as.expect.n_alternatives = sizeof quiet_alternatives / sizeof quiet_alternatives[0];
}

static void deflate_steps(struct wspec_step steps[DEFLATE_STEPS]) {
  memset(steps, 0, DEFLATE_STEPS * sizeof *steps);
  steps[0].kind = WSPEC_STEP_OPEN;
  steps[0].as.head.edits = &deflate_offer;
  steps[0].as.head.n_edits = 1;
}

/* ---- One play ---- */

static uint64_t time_of_answer(const struct wspec_transcript *transcript) {
  uint64_t sent_us = 0;
  for (size_t i = 0; i < transcript->n_entries; i++) {
    const struct wspec_entry *entry = &transcript->entries[i];
    if (entry->kind == WSPEC_ENTRY_SENT) {
      sent_us = entry->at_us;
    } else if (entry->kind == WSPEC_ENTRY_RECEIVED) {
      return entry->at_us - sent_us;
    }
  }
  return 0;
}

static bool has_deflate(const struct wspec_http_head *answer) {
  struct wspec_extensions extensions;
  bool found = false;
  if (wspec_extensions_read(&extensions, answer) == WSPEC_OK) {
    for (size_t i = 0; i < extensions.n_items; i++) {
      found = found || wspec_deflate_is_name(&extensions.items[i]);
    }
  }
  return found;
}

static void on_done(void *user, struct wspec_play *play) {
  struct glimpse *glimpse = user;
  const struct wspec_http_head *answer = wspec_play_head(play, 0);
  const struct wspec_http_head *second = wspec_play_head(play, 1);
  glimpse->serves_second = second && second->status_code == 101;
  if (answer) {
    glimpse->status_code = answer->status_code;
    const struct wspec_http_field *server = wspec_http_head_find(answer, "Server", NULL);
    if (server) {
      size_t room = sizeof glimpse->agent - 1;
      size_t len = server->value.len < room ? server->value.len : room;
      memcpy(glimpse->agent, server->value.data, len);
    }
    glimpse->deflate = has_deflate(answer);
  }
  wspec_play_take_result(play, &glimpse->result);
  glimpse->rtt_us = time_of_answer(&glimpse->result.transcript);
  wspec_loop_stop(glimpse->loop);
}

static enum wspec_err look(struct wspec_loop *loop, const struct wspec_drive_route *route,
                           const struct wspec_play_config *config, struct wspec_step *steps,
                           size_t n_steps, unsigned n_connections, struct glimpse *glimpse) {
  const struct wspec_script script = {
      .id = "probe", .n_connections = n_connections, .steps = steps, .n_steps = n_steps};
  *glimpse = (struct glimpse){.loop = loop};
  struct wspec_play *play = wspec_play_new(&script, config, wspec_loop_now_us(loop));
  if (!play || wspec_drive_new(loop, route, play, NULL, on_done, glimpse)) {
    return WSPEC_ERR_NOMEM;
  }
  wspec_loop_run(loop);
  return WSPEC_OK;
}

static bool was_noted(const struct wspec_result *result, const char *note) {
  for (size_t i = 0; i < result->n_findings; i++) {
    if (strcmp(result->findings[i].message, note) == 0) {
      return true;
    }
  }
  return false;
}

/* ---- The probe ---- */

static enum wspec_err explain(struct wspec_probe *probe, const struct glimpse *glimpse) {
  const struct wspec_result *result = &glimpse->result;
  if (result->verdict == WSPEC_VERDICT_ERROR) {
    snprintf(probe->sentence, sizeof probe->sentence, "%s",
             result->skip_reason ? result->skip_reason : "out of memory");
    return WSPEC_ERR_CONNECT;
  }
  if (glimpse->status_code != 0 && glimpse->status_code != 101) {
    snprintf(probe->sentence, sizeof probe->sentence,
             "the target answers an ordinary opening handshake with HTTP status %u",
             glimpse->status_code);
    return WSPEC_ERR_CONNECT;
  }
  if (glimpse->status_code == 0) {
    snprintf(probe->sentence, sizeof probe->sentence,
             "the target does not answer the opening handshake as HTTP: %s",
             result->n_findings ? result->findings[0].message : "no answer");
    return WSPEC_ERR_CONNECT;
  }
  return WSPEC_OK;
}

/* The first answer of a program that has just started is no measure of the others. */
static void note_round_trip(struct wspec_probe *probe, const struct glimpse *glimpse) {
  if (probe->rtt_us == 0 || (glimpse->rtt_us > 0 && glimpse->rtt_us < probe->rtt_us)) {
    probe->rtt_us = glimpse->rtt_us;
  }
}

/* Whatever comes first is taken for the echo, unless the target talks of its own accord. */
static enum wspec_err probe_echo(struct wspec_loop *loop, const struct wspec_drive_route *route,
                                 struct wspec_play_config *config, struct wspec_probe *probe) {
  struct wspec_step steps[ECHO_STEPS];
  struct glimpse glimpse;
  echo_steps(steps);
  for (unsigned round = 0; round < 2; round++) {
    config->chatty = round == 1;
    enum wspec_err err = look(loop, route, config, steps, ECHO_STEPS, 1, &glimpse);
    if (err) {
      return err;
    }
    err = explain(probe, &glimpse);
    note_round_trip(probe, &glimpse);
    memcpy(probe->agent, glimpse.agent, sizeof probe->agent);
    bool is_pong = was_noted(&glimpse.result, does_not_echo);
    bool is_none = was_noted(&glimpse.result, is_silent);
    bool is_violated = glimpse.result.verdict == WSPEC_VERDICT_FAIL;
    if (was_noted(&glimpse.result, refuses)) {
      bool has_code = glimpse.result.close.status_code != WSPEC_CLOSE_ABNORMAL;
      probe->refusal_code = has_code ? glimpse.result.close.status_code : 0;
      is_pong = has_code; /* between its refusals it may still answer pings */
      is_violated = !has_code;
    }
    wspec_result_clear(&glimpse.result);
    if (err) {
      return err;
    }
    probe->chatty = config->chatty;
    probe->oracle = is_none ? WSPEC_ORACLE_NONE : is_pong ? WSPEC_ORACLE_PONG : WSPEC_ORACLE_ECHO;
    if (!is_violated) {
      return WSPEC_OK;
    }
  }
  /* Something is wrong that a case will say better. */
  probe->oracle = WSPEC_ORACLE_ECHO;
  probe->chatty = false;
  return WSPEC_OK;
}

/* Of a target that takes no messages, only whether it serves two. */
static enum wspec_err probe_pair(struct wspec_loop *loop, const struct wspec_drive_route *route,
                                 struct wspec_play_config *config, struct wspec_probe *probe) {
  struct wspec_step steps[PAIR_STEPS];
  struct glimpse glimpse;
  pair_steps(steps);
  bool takes_messages = probe->oracle != WSPEC_ORACLE_NONE && probe->refusal_code == 0;
  size_t n_steps = takes_messages ? PAIR_STEPS : PAIR_OPENS;
  config->chatty = probe->chatty;
  config->oracle = probe->oracle;
  for (unsigned round = 0; round < PAIR_LOOKS; round++) {
    enum wspec_err err = look(loop, route, config, steps, n_steps, 2, &glimpse);
    if (err) {
      return err;
    }
    note_round_trip(probe, &glimpse);
    if (glimpse.status_code == 101) {
      probe->one_at_a_time = !glimpse.serves_second;
    }
    if (was_noted(&glimpse.result, broadcasts)) {
      probe->chatty = true;
      probe->oracle = WSPEC_ORACLE_PONG;
    }
    wspec_result_clear(&glimpse.result);
    if (!probe->one_at_a_time) {
      break;
    }
  }
  return WSPEC_OK;
}

static enum wspec_err probe_deflate(struct wspec_loop *loop, const struct wspec_drive_route *route,
                                    struct wspec_play_config *config, struct wspec_probe *probe) {
  struct wspec_step steps[DEFLATE_STEPS];
  struct glimpse glimpse;
  deflate_steps(steps);
  enum wspec_err err = look(loop, route, config, steps, DEFLATE_STEPS, 1, &glimpse);
  if (!err) {
    note_round_trip(probe, &glimpse);
    probe->deflate = glimpse.deflate;
    wspec_result_clear(&glimpse.result);
  }
  return err;
}

enum wspec_err wspec_probe_run(struct wspec_loop *loop, const struct wspec_drive_route *route,
                               const struct wspec_play_config *config, struct wspec_probe *probe) {
  *probe = (struct wspec_probe){.oracle = WSPEC_ORACLE_ECHO};
  struct wspec_play_config own = *config;
  own.oracle = WSPEC_ORACLE_ECHO;
  own.settle_us = PROBE_SETTLE_US;
  own.timeout_us =
      config->timeout_us < PROBE_TIMEOUT_US ? config->timeout_us : (uint64_t)PROBE_TIMEOUT_US;
  enum wspec_err err = probe_echo(loop, route, &own, probe);
  err = err ? err : probe_pair(loop, route, &own, probe);
  return err ? err : probe_deflate(loop, route, &own, probe);
}

/* ---- A client ---- */

static void on_client_result(void *user, struct wspec_result *result) {
  struct glimpse *glimpse = user;
  glimpse->result = *result;
  wspec_loop_stop(glimpse->loop);
}

static bool did_connect(const struct wspec_result *result) {
  for (size_t i = 0; i < result->transcript.n_entries; i++) {
    if (result->transcript.entries[i].kind == WSPEC_ENTRY_CONNECTED) {
      return true;
    }
  }
  return false;
}

static enum wspec_err explain_client(struct wspec_probe *probe, const struct wspec_result *result) {
  if (did_connect(result)) {
    return WSPEC_OK;
  }
  const char *why = result->skip_reason      ? result->skip_reason
                    : result->n_findings > 0 ? result->findings[0].message
                                             : "the client did not connect";
  snprintf(probe->sentence, sizeof probe->sentence, "%s%s%.150s", why,
           result->output ? "; it printed: " : "", result->output ? result->output : "");
  return WSPEC_ERR_CONNECT;
}

enum wspec_err wspec_probe_client(struct wspec_loop *loop,
                                  const struct wspec_client_command *command,
                                  const struct wspec_play_config *config,
                                  struct wspec_probe *probe) {
  struct wspec_step steps[ECHO_STEPS];
  echo_steps(steps);
  const struct wspec_script script = {
      .id = "probe", .n_connections = 1, .steps = steps, .n_steps = ECHO_STEPS};
  struct wspec_play_config own = *config;
  struct glimpse glimpse = {.loop = loop};
  *probe = (struct wspec_probe){.oracle = WSPEC_ORACLE_ECHO};
  own.oracle = WSPEC_ORACLE_ECHO;
  enum wspec_err err =
      wspec_client_command_play(loop, command, &script, &own, on_client_result, &glimpse);
  if (err) {
    return err;
  }
  wspec_loop_run(loop);
  err = explain_client(probe, &glimpse.result);
  probe->oracle = was_noted(&glimpse.result, is_silent)       ? WSPEC_ORACLE_NONE
                  : was_noted(&glimpse.result, does_not_echo) ? WSPEC_ORACLE_PONG
                                                              : WSPEC_ORACLE_ECHO;
  wspec_result_clear(&glimpse.result);
  return err;
}
