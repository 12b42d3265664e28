/* What a play makes of a client's request, and of what it does with our answer: octets by hand, at
 * every split. */
#include "play/play.h"

#include "proto/frame.h"
#include "proto/handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct wspec_play_config config = {
    .is_server = true,
    .seed = 7,
    .host = "localhost:9001",
    .target = "/case/x",
    .have = WSPEC_NEED_ECHO,
    .settle_us = 1000,
    .timeout_us = 2000,
    .close_us = 1000,
};

#define DEFLATE "Sec-WebSocket-Extensions: permessage-deflate"

static const char RIGHT[] = "GET /case/x HTTP/1.1\r\n"
                            "Host: localhost:9001\r\n"
                            "Upgrade: websocket\r\n"
                            "Connection: Upgrade\r\n"
                            "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
                            "Sec-WebSocket-Version: 13\r\n"
                            "\r\n";

/* What a play left: its verdict, its findings as words, and what it sent first. */
struct outcome {
  enum wspec_verdict verdict;
  char requirements[256];
  char expected[256]; /* of the first finding */
  char sent[1024];
};

/* The target: sends `request` in two parts, and answers each ping if it `is_open`. */
struct client {
  const char *request;
  size_t split;
  bool is_open;  /* takes what it is answered for a right 101 */
  bool has_sent; /* the request */
  uint8_t key;
};

static void feed(struct wspec_play *play, const void *octets, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  memcpy(copy, octets, len);
  wspec_play_received(play, 0, wspec_span_of(copy, len), 1);
  free(copy);
}

static void send_request(struct wspec_play *play, struct client *client) {
  size_t len = strlen(client->request);
  size_t split = client->split < len ? client->split : len;
  client->has_sent = true;
  feed(play, client->request, split);
  feed(play, client->request + split, len - split);
}

/* Sends back what a frame of at most 125 octets has, masked: pings as pongs, all else as it came. */
static void echo(struct wspec_play *play, struct client *client, struct wspec_span frame) {
  uint8_t out[2 + 4 + 125];
  assert_true(frame.len >= 2 && frame.len - 2 == frame.data[1]);
  bool is_ping = frame.data[0] == 0x89;
  out[0] = is_ping ? 0x8a : frame.data[0];
  out[1] = (uint8_t)(0x80 | frame.data[1]);
  const uint8_t key[4] = {client->key++, 2, 3, 4};
  memcpy(out + 2, key, sizeof key);
  for (size_t i = 2; i < frame.len; i++) {
    out[4 + i] = (uint8_t)(frame.data[i] ^ key[(i - 2) % 4]);
  }
  feed(play, out, frame.len + 4);
}

static void act(struct wspec_play *play, struct client *client, const struct wspec_action *action,
                struct outcome *outcome) {
  if (action->kind == WSPEC_ACTION_CONNECT) {
    wspec_play_connected(play, 0, 1);
  } else if (action->kind == WSPEC_ACTION_WRITE && outcome->sent[0] == '\0') {
    assert_true(action->octets.len < sizeof outcome->sent);
    memcpy(outcome->sent, action->octets.data, action->octets.len);
    if (!client->is_open) {
      wspec_play_eof(play, 0, 1);
    }
  } else if (action->kind == WSPEC_ACTION_WRITE) {
    echo(play, client, action->octets);
  } else if (action->kind == WSPEC_ACTION_FIN) {
    wspec_play_eof(play, 0, 1);
  }
}

static struct outcome run_with(const struct wspec_script *script,
                               const struct wspec_play_config *told, struct client client) {
  struct outcome outcome = {.verdict = WSPEC_VERDICT_ERROR};
  struct wspec_play *play = wspec_play_new(script, told, 0);
  assert_non_null(play);
  struct wspec_action action;
  for (unsigned round = 0; round < 200 && !wspec_play_is_done(play); round++) {
    if (wspec_play_next(play, 1, &action)) {
      act(play, &client, &action, &outcome);
    } else if (!client.has_sent) {
      send_request(play, &client);
    } else {
      wspec_play_time(play, wspec_play_deadline(play));
    }
  }
  assert_true(wspec_play_is_done(play));
  struct wspec_result result;
  wspec_play_take_result(play, &result);
  outcome.verdict = result.verdict;
  for (size_t i = 0; i < result.n_findings; i++) {
    size_t len = strlen(outcome.requirements);
    snprintf(outcome.requirements + len, sizeof outcome.requirements - len, "%s ",
             result.findings[i].requirement);
  }
  if (result.n_findings > 0 && result.findings[0].expected) {
    snprintf(outcome.expected, sizeof outcome.expected, "%s", result.findings[0].expected);
  }
  wspec_result_clear(&result);
  wspec_play_free(play);
  return outcome;
}

static struct outcome run(const struct wspec_script *script, struct client client) {
  return run_with(script, &config, client);
}

static struct outcome answer_by(enum wspec_step_kind kind, const char *request, size_t split,
                                bool is_open) {
  struct wspec_step step = {.kind = kind};
  const struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = &step, .n_steps = 1};
  return run(&script, (struct client){.request = request, .split = split, .is_open = is_open});
}

/* RFC 6455 section 4.1: each thing that a request is held to, and the sentence that it breaks. */
static void test_each_fault_of_a_request_is_found_at_every_split(void **state) {
  (void)state;
  static const struct {
    const char *from, *to, *requirement;
  } faults[] = {
      {"GET", "POST", "6455-4.1-20 "},
      {"HTTP/1.1", "HTTP/1.0", "6455-4.1-21 "},
      {"/case/x", "/case/y", "6455-4.1-22 "},
      {"/case/x", "/case/x#f", "6455-3-06 6455-4.1-22 "},
      {"Host: localhost:9001\r\n", "", "6455-4.1-23 "},
      {"localhost:9001", "localhost", "6455-4.1-23 "},
      {"Upgrade: websocket\r\n", "", "6455-4.1-24 "},
      {"websocket", "web", "6455-4.1-24 "},
      {"Connection: Upgrade", "Connection: close", "6455-4.1-25 "},
      {"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n", "", "6455-4.1-26 "},
      {"DA0ODw==", "DA0O", "6455-4.1-27 "},
      {"DA0ODw==", "DA0ODx==", "6455-4.1-27 "},
      {"Sec-WebSocket-Version: 13\r\n", "", "6455-4.1-31 "},
      {": 13", ": 8", "6455-4.1-32 "},
      {": 13", ": 013", "6455-4.3-05 "},
      {"Version: 13", "Version: 13\r\nSec-WebSocket-Protocol: a, a", "6455-4.1-35 "},
      {"Version: 13", "Version: 13\r\nSec-WebSocket-Protocol: a b", "6455-4.1-34 "},
      {"Version: 13", "Version: 13\r\nSec-WebSocket-Extensions: a; =", "6455-4.3-02 "},
      {"Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13", "6455-11.3.5-02 "},
      {"Version: 13", "Version: 13\r\n" DEFLATE "; server_max_window_bits=08", "7692-7.1.2.1-02 "},
      {"Version: 13", "Version: 13\r\n" DEFLATE "; client_max_window_bits=16", "7692-7.1.2.2-02 "},
      {"Version: 13", "Version: 13\r\n" DEFLATE "; server_no_context_takeover=1",
       "7692-7.1.1.1-02 "},
      {"Version: 13", "Version: 13\r\n" DEFLATE "; client_no_context_takeover=1", "6455-9-04 "},
      {"Version: 13", "Version: 13\r\n" DEFLATE "; foo", "6455-9-04 "},
      {"Key: ", "Key : ", "9112-5.1-01 "},
  };
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    char request[512];
    const char *at = strstr(RIGHT, faults[i].from);
    assert_non_null(at);
    snprintf(request, sizeof request, "%.*s%s%s", (int)(at - RIGHT), RIGHT, faults[i].to,
             at + strlen(faults[i].from));
    for (size_t split = 0; split <= strlen(request); split++) {
      struct outcome outcome = answer_by(WSPEC_STEP_RESPOND, request, split, true);
      assert_string_equal(outcome.requirements, faults[i].requirement);
      assert_int_equal(outcome.verdict, WSPEC_VERDICT_FAIL);
    }
  }
}

static void test_a_right_request_gets_a_right_101_at_every_split(void **state) {
  (void)state;
  for (size_t split = 0; split <= strlen(RIGHT); split++) {
    struct outcome outcome = answer_by(WSPEC_STEP_OPEN, RIGHT, split, true);
    assert_string_equal(outcome.requirements, "");
    assert_int_equal(outcome.verdict, WSPEC_VERDICT_PASS);
    assert_string_equal(outcome.sent, "HTTP/1.1 101 Switching Protocols\r\n"
                                      "Upgrade: websocket\r\n"
                                      "Connection: Upgrade\r\n"
                                      "Sec-WebSocket-Accept: Bz3qJYTGdOe8gUSpLosEdiLKDrk=\r\n"
                                      "\r\n");
  }
}

/* RFC 7692 section 7.1.1.1: only an answer with server_no_context_takeover accepts an offer with it,
 * also in a case for clients. */
static void test_open_grants_what_the_offer_obliges_to(void **state) {
  (void)state;
  static const char name[] = "Sec-WebSocket-Extensions";
  static const char granted[] = "permessage-deflate; server_no_context_takeover";
  char request[512];
  snprintf(request, sizeof request, "%.*s%s: %s\r\n\r\n", (int)strlen(RIGHT) - 2, RIGHT, name,
           granted);
  struct wspec_field_edit edit = {.kind = WSPEC_FIELD_SET,
                                  .name = wspec_span_text(name),
                                  .value = wspec_span_text("permessage-deflate")};
  struct wspec_step step = {.kind = WSPEC_STEP_OPEN};
  step.as.head.edits = &edit;
  step.as.head.n_edits = 1;
  const struct wspec_script script = {.id = "test/case",
                                      .target = WSPEC_TARGET_CLIENT,
                                      .n_connections = 1,
                                      .steps = &step,
                                      .n_steps = 1};
  struct outcome outcome = run(&script, (struct client){.request = request, .is_open = true});
  assert_string_equal(outcome.requirements, "");
  const char *answer = strstr(outcome.sent, name);
  assert_non_null(answer);
  assert_memory_equal(answer + strlen(name) + 2, granted, strlen(granted));
}

/* RFC 7692 section 7.1.2.2: a window can be asked only of a client that offered to keep to one. A case that is
 * about the window says nothing about any other. */
static void test_open_asks_no_window_that_was_not_offered(void **state) {
  (void)state;
  static const struct {
    const char *offer, *granted;
    bool is_open;
    enum wspec_verdict verdict;
  } rows[] = {
      {DEFLATE, NULL, true, WSPEC_VERDICT_SKIP},
      {DEFLATE "; client_max_window_bits", "; client_max_window_bits=10", true, WSPEC_VERDICT_PASS},
      {DEFLATE "; client_max_window_bits=9", "; client_max_window_bits=9", true,
       WSPEC_VERDICT_PASS},
      /* It fails the connection: it may, as it offered to keep to some window, not to each. */
      {DEFLATE "; client_max_window_bits", "; client_max_window_bits=10", false,
       WSPEC_VERDICT_SKIP},
  };
  struct wspec_field_edit edit = {
      .kind = WSPEC_FIELD_SET,
      .name = wspec_span_text("Sec-WebSocket-Extensions"),
      .value = wspec_span_text("permessage-deflate; server_max_window_bits=10")};
  struct wspec_step step = {.kind = WSPEC_STEP_OPEN};
  step.as.head.edits = &edit;
  step.as.head.n_edits = 1;
  const struct wspec_script script = {.id = "test/case",
                                      .target = WSPEC_TARGET_CLIENT,
                                      .needs = WSPEC_NEED_DEFLATE,
                                      .n_connections = 1,
                                      .steps = &step,
                                      .n_steps = 1};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char request[512];
    snprintf(request, sizeof request, "%.*s%s\r\n\r\n", (int)strlen(RIGHT) - 2, RIGHT,
             rows[i].offer);
    struct outcome outcome =
        run(&script, (struct client){.request = request, .is_open = rows[i].is_open});
    assert_int_equal(outcome.verdict, rows[i].verdict);
    const char *answer = strstr(outcome.sent, DEFLATE);
    assert_int_equal(answer != NULL, rows[i].granted != NULL);
    if (answer) {
      assert_memory_equal(answer + strlen(DEFLATE), rows[i].granted, strlen(rows[i].granted));
    }
  }
}

/* ---- A URI of the case's own ---- */

static const struct wspec_uri in_path = {
    .path = "/\xc3\xa9", .escaped_path = "/%C3%A9", .is_ascii = false};
static const struct wspec_uri in_query = {
    .query = "a=%23", .escaped_query = "a=%23", .is_ascii = true};
static const struct wspec_uri in_host = {.has_fullwidth_host = true};

static struct wspec_script script_of_uri(struct wspec_step *step, const struct wspec_uri *uri) {
  static const struct wspec_requirement of_uri = {.id = "of-uri", .actor = "client"};
  static const struct wspec_requirement *requirements[] = {&of_uri};
  return (struct wspec_script){.id = "test/case",
                               .target = WSPEC_TARGET_CLIENT,
                               .requirements = requirements,
                               .n_requirements = 1,
                               .uri = uri,
                               .n_connections = 1,
                               .steps = step,
                               .n_steps = 1};
}

/* RFC 6455 sections 3, 11.1.1 and 11.1.2. What else is wrong is an info behind `open`. */
static void test_the_request_is_for_the_uri_of_the_case(void **state) {
  (void)state;
  static const struct {
    const struct wspec_uri *uri;
    const char *target, *host, *told; /* the resource name that is right; NULL: not known */
    enum wspec_verdict verdict;
    const char *requirements;
  } rows[] = {
      {&in_path, "/case/x/%C3%A9?agent=a", "h:1", NULL, WSPEC_VERDICT_PASS, ""},
      {&in_path, "/case/x/%c3%a9?agent=a", "h:1", "/case/x/%C3%A9?agent=a", WSPEC_VERDICT_PASS, ""},
      {&in_path, "http://h:1/case/x/%C3%A9?agent=a", "h:1", NULL, WSPEC_VERDICT_PASS, ""},
      {&in_path, "/case/x/%C3%A9?agent=b", "h:1", "/case/x/%C3%A9?agent=a", WSPEC_VERDICT_INFO,
       "6455-4.1-22 "},
      {&in_path, "/case/x/%C3%a8?agent=a", "h:1", NULL, WSPEC_VERDICT_FAIL, "of-uri "},
      {&in_path, "/case/x/%E9?agent=a", "h:1", "/case/x/%C3%A9?agent=a", WSPEC_VERDICT_FAIL,
       "of-uri "},
      {&in_path, "/case/x?agent=/%C3%A9", "h:1", NULL, WSPEC_VERDICT_FAIL, "of-uri "},
      {&in_path, "/case/x/\xc3\xa9?agent=a", "h:1", NULL, WSPEC_VERDICT_FAIL,
       "9110-2.2-01 of-uri "},
      {&in_path, "/case/x/%EF%BF%BD%EF%BF%BD?agent=a", "h:1", NULL, WSPEC_VERDICT_SKIP, ""},
      {&in_query, "/case/x?agent=a&a=%23", "h:1", NULL, WSPEC_VERDICT_PASS, ""},
      {&in_query, "/case/x?a=%23&agent=a", "h:1", NULL, WSPEC_VERDICT_PASS, ""},
      {&in_query, "/case/x?agent=a&a=%2523", "h:1", NULL, WSPEC_VERDICT_FAIL, "of-uri "},
      {&in_query, "/case/x?agent=a&a=%EF%BF%BD", "h:1", NULL, WSPEC_VERDICT_FAIL, "of-uri "},
      {&in_query, "/case/x?agent=a&ba=%23", "h:1", NULL, WSPEC_VERDICT_FAIL, "of-uri "},
      {&in_query, "/case/x?agent=a", "h:1", NULL, WSPEC_VERDICT_FAIL, "of-uri "},
      {&in_host, "/case/x", "H:1", "/case/x", WSPEC_VERDICT_PASS, ""},
      {&in_host, "/case/x", "xn--h-x:1", "/case/x", WSPEC_VERDICT_FAIL, "of-uri "},
      {&in_host, "/case/x", "%EF%BD%88:1", "/case/x", WSPEC_VERDICT_INFO, " "},
      {&in_host, "/case/x", "\xef\xbd\x88:1", NULL, WSPEC_VERDICT_FAIL, "6455-4.1-23 of-uri "},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char request[512];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s", rows[i].target,
             rows[i].host, strstr(RIGHT, "Upgrade: "));
    struct wspec_step step = {.kind = WSPEC_STEP_OPEN};
    const struct wspec_script script = script_of_uri(&step, rows[i].uri);
    struct wspec_play_config told = config;
    told.host = rows[i].told ? "h:1" : NULL;
    told.target = rows[i].told;
    struct outcome outcome =
        run_with(&script, &told, (struct client){.request = request, .is_open = true});
    assert_string_equal(outcome.requirements, rows[i].requirements);
    assert_int_equal(outcome.verdict, rows[i].verdict);
  }
}

/* RFC 6455 section 4.1: what is no URI fails the connection; what is one is connected to. */
static void test_a_client_may_reject_what_is_no_uri(void **state) {
  (void)state;
  const struct wspec_uri *const uris[] = {&in_path, &in_host, &in_query};
  for (size_t i = 0; i < 6; i++) {
    const struct wspec_uri *uri = uris[i / 2];
    struct wspec_step step = {.kind = WSPEC_STEP_OPEN};
    const struct wspec_script script = script_of_uri(&step, uri);
    struct wspec_play *play = wspec_play_new(&script, &config, 0);
    struct wspec_action action;
    assert_true(wspec_play_next(play, 1, &action));
    if (i % 2) {
      wspec_play_refused(play, 0, "it ended", 2);
    } else {
      wspec_play_time(play, 100 * config.timeout_us);
    }
    while (wspec_play_next(play, 100 * config.timeout_us, &action)) {
      assert_int_not_equal(action.kind, WSPEC_ACTION_CONNECT);
    }
    assert_true(wspec_play_is_done(play));
    struct wspec_result result;
    wspec_play_take_result(play, &result);
    assert_int_equal(result.verdict, uri->is_ascii ? WSPEC_VERDICT_FAIL : WSPEC_VERDICT_INFO);
    assert_int_equal(result.n_findings, 1);
    assert_string_equal(result.findings[0].requirement, uri->is_ascii ? "of-uri" : "");
    wspec_result_clear(&result);
    wspec_play_free(play);
  }
}

/* Nothing but the request has happened: no time may have to pass before it is answered. */
static void test_a_request_is_answered_when_it_comes(void **state) {
  (void)state;
  struct wspec_step step = {.kind = WSPEC_STEP_OPEN};
  const struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = &step, .n_steps = 1};
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  struct wspec_action action;
  assert_true(wspec_play_next(play, 1, &action));
  assert_int_equal(action.kind, WSPEC_ACTION_CONNECT);
  wspec_play_connected(play, 0, 1);
  assert_false(wspec_play_next(play, 1, &action));
  feed(play, RIGHT, strlen(RIGHT));
  assert_true(wspec_play_next(play, 1, &action));
  assert_int_equal(action.kind, WSPEC_ACTION_WRITE);
  wspec_play_free(play);
}

/* So that one blemish in all requests of a client does not hide all else. */
static void test_open_remarks_what_a_server_would_not_refuse(void **state) {
  (void)state;
  char request[512];
  const char *at = strstr(RIGHT, ":9001");
  snprintf(request, sizeof request, "%.*s%s", (int)(at - RIGHT), RIGHT, at + strlen(":9001"));
  struct outcome outcome = answer_by(WSPEC_STEP_OPEN, request, 0, true);
  assert_string_equal(outcome.requirements, "6455-4.1-23 ");
  assert_int_equal(outcome.verdict, WSPEC_VERDICT_INFO);
}

static void test_frames_before_the_answer_are_found(void **state) {
  (void)state;
  char request[512];
  snprintf(request, sizeof request, "%s%s", RIGHT, "\x81\x80\x01\x02\x03\x04");
  struct outcome outcome = answer_by(WSPEC_STEP_OPEN, request, sizeof request, true);
  assert_string_equal(outcome.requirements, "6455-4.1-38 ");
}

static void test_a_client_that_drops_a_right_101_fails(void **state) {
  (void)state;
  struct outcome outcome = answer_by(WSPEC_STEP_OPEN, RIGHT, 0, false);
  assert_string_equal(outcome.requirements, "6455-4.1-53 ");
}

/* Plays respond and expects failure; the answer has no Sec-WebSocket-Accept. */
static struct outcome respond_wrong(bool is_open) {
  struct wspec_field_edit edit = {.kind = WSPEC_FIELD_REMOVE,
                                  .name = wspec_span_text("Sec-WebSocket-Accept")};
  struct wspec_alternative failed = {.reaction = WSPEC_REACTION_FAILED};
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_RESPOND}, {.kind = WSPEC_STEP_EXPECT}};
  steps[0].as.head.edits = &edit;
  steps[0].as.head.n_edits = 1;
  steps[1].as.expect.alternatives = &failed;
  steps[1].as.expect.n_alternatives = 1;
  static const struct wspec_requirement of_servers = {.id = "of-servers", .actor = "server"},
                                        of_clients = {.id = "of-clients", .actor = "client"};
  const struct wspec_requirement *requirements[] = {&of_servers, &of_clients};
  const struct wspec_script script = {.id = "test/case",
                                      .requirements = requirements,
                                      .n_requirements = 2,
                                      .n_connections = 1,
                                      .steps = steps,
                                      .n_steps = 2};
  return run(&script, (struct client){.request = RIGHT, .is_open = is_open});
}

/* Answers a client that offers `offer` with `answer`, which one that offered it has to take and any
 * other one to refuse. */
static enum wspec_verdict respond_extension(const char *offer, const char *answer, bool is_open) {
  char request[512];
  snprintf(request, sizeof request, "%.*sSec-WebSocket-Extensions: %s\r\n\r\n",
           (int)strlen(RIGHT) - 2, RIGHT, offer);
  struct wspec_field_edit edit = {.kind = WSPEC_FIELD_SET,
                                  .name = wspec_span_text("Sec-WebSocket-Extensions"),
                                  .value = wspec_span_text(answer)};
  struct wspec_alternative alternatives[] = {
      {.reaction = WSPEC_REACTION_IGNORED, .offered = WSPEC_OFFERED},
      {.reaction = WSPEC_REACTION_FAILED, .offered = WSPEC_NOT_OFFERED}};
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_RESPOND}, {.kind = WSPEC_STEP_EXPECT}};
  steps[0].as.head.edits = &edit;
  steps[0].as.head.n_edits = 1;
  steps[1].as.expect.alternatives = alternatives;
  steps[1].as.expect.n_alternatives = 2;
  const struct wspec_script script = {.id = "test/case",
                                      .target = WSPEC_TARGET_CLIENT,
                                      .n_connections = 1,
                                      .steps = steps,
                                      .n_steps = 2};
  struct outcome outcome = run(&script, (struct client){.request = request, .is_open = is_open});
  if (is_open && outcome.verdict == WSPEC_VERDICT_FAIL) {
    assert_non_null(strstr(outcome.expected, "not offered"));
  }
  return outcome.verdict;
}

/* RFC 7692 sections 5 and 7.1: what a client may take is what it offered. */
static void test_an_alternative_goes_by_what_was_offered(void **state) {
  (void)state;
  static const struct {
    const char *offer, *answer;
    bool was_offered;
  } rows[] = {
      {"permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=9",
       true},
      {"permessage-deflate", "permessage-deflate; client_max_window_bits=9", false},
      {"permessage-deflate, permessage-deflate; client_max_window_bits=15",
       "permessage-deflate; client_max_window_bits=9", true},
      {"permessage-deflate", "permessage-deflate; server_max_window_bits=9", true},
      {"permessage-deflate; server_max_window_bits=10",
       "permessage-deflate; server_max_window_bits=11", false},
      {"permessage-deflate; server_no_context_takeover", "permessage-deflate", false},
      {"permessage-deflate", "permessage-deflate; client_no_context_takeover", true},
      {"permessage-deflate", "permessage-deflate; foo", false},
      {"foo", "permessage-deflate", false},
      {"foo", "foo", true},
      {"foo", "bar", false},
      {"permessage-deflate, foo", "permessage-deflate, bar", false},
      {"permessage-deflate", "permessage-deflate; =", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(respond_extension(rows[i].offer, rows[i].answer, true),
                     rows[i].was_offered ? WSPEC_VERDICT_PASS : WSPEC_VERDICT_FAIL);
    assert_int_equal(respond_extension(rows[i].offer, rows[i].answer, false),
                     rows[i].was_offered ? WSPEC_VERDICT_FAIL : WSPEC_VERDICT_PASS);
  }
}

/* A client may refuse, or take it and go on. */
static enum wspec_verdict respond_and_go_on(bool is_open, bool ends) {
  struct wspec_alternative alternatives[] = {
      {.reaction = WSPEC_REACTION_FAILED, .rank = WSPEC_RANK_INFO, .ends = ends},
      {.reaction = WSPEC_REACTION_IGNORED}};
  struct wspec_step steps[] = {
      {.kind = WSPEC_STEP_RESPOND}, {.kind = WSPEC_STEP_EXPECT}, {.kind = WSPEC_STEP_EXPECT}};
  steps[1].as.expect.alternatives = alternatives;
  steps[1].as.expect.n_alternatives = 2;
  steps[2].as.expect.alternatives = &alternatives[1];
  steps[2].as.expect.n_alternatives = 1;
  const struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = steps, .n_steps = 3};
  return run(&script, (struct client){.request = RIGHT, .is_open = is_open}).verdict;
}

static void test_an_alternative_can_end_the_case(void **state) {
  (void)state;
  assert_int_equal(respond_and_go_on(false, true), WSPEC_VERDICT_INFO);
  assert_int_equal(respond_and_go_on(false, false), WSPEC_VERDICT_FAIL);
  assert_int_equal(respond_and_go_on(true, true), WSPEC_VERDICT_PASS);
}

static void test_a_client_that_takes_a_wrong_101_is_convicted_by_a_pong(void **state) {
  (void)state;
  assert_int_equal(respond_wrong(false).verdict, WSPEC_VERDICT_PASS);
  struct outcome outcome = respond_wrong(true);
  assert_int_equal(outcome.verdict, WSPEC_VERDICT_FAIL);
  assert_string_equal(outcome.requirements, "of-clients ");
}

/* Each alphabet of base64 is told from the other: a client must compare the value with case. */
static void test_the_accept_in_other_letters(void **state) {
  (void)state;
  struct wspec_field_edit edit = {.kind = WSPEC_FIELD_SET,
                                  .name = wspec_span_text("Sec-WebSocket-Accept"),
                                  .value = wspec_span_text("${accept_in_other_letters}")};
  struct wspec_step step = {.kind = WSPEC_STEP_RESPOND};
  step.as.head.edits = &edit;
  step.as.head.n_edits = 1;
  const struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = &step, .n_steps = 1};
  struct outcome outcome = run(&script, (struct client){.request = RIGHT});
  assert_non_null(
      strstr(outcome.sent, "\r\nSec-WebSocket-Accept: bZ3QjytgDoE8GusPlOSeDIlkdRK=\r\n"));
}

/* Plays respond with status 200 and expects that TCP is closed without a frame. */
static struct outcome respond_200(const char *behind) {
  struct wspec_alternative dropped = {.reaction = WSPEC_REACTION_DROPPED};
  struct wspec_step steps[] = {{.kind = WSPEC_STEP_RESPOND}, {.kind = WSPEC_STEP_EXPECT}};
  steps[0].as.head.status_code = 200;
  steps[1].as.expect.alternatives = &dropped;
  steps[1].as.expect.n_alternatives = 1;
  const struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = steps, .n_steps = 2};
  struct outcome outcome = {.verdict = WSPEC_VERDICT_ERROR};
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  struct wspec_action action;
  for (unsigned round = 0; round < 200 && !wspec_play_is_done(play); round++) {
    if (!wspec_play_next(play, 1, &action)) {
      wspec_play_time(play, wspec_play_deadline(play));
    } else if (action.kind == WSPEC_ACTION_CONNECT) {
      wspec_play_connected(play, 0, 1);
      feed(play, RIGHT, strlen(RIGHT));
    } else if (action.kind == WSPEC_ACTION_WRITE) {
      assert_true(action.octets.len < sizeof outcome.sent);
      memcpy(outcome.sent, action.octets.data, action.octets.len);
      feed(play, behind, strlen(behind));
      wspec_play_eof(play, 0, 1);
    }
  }
  struct wspec_result result;
  wspec_play_take_result(play, &result);
  outcome.verdict = result.verdict;
  wspec_result_clear(&result);
  wspec_play_free(play);
  return outcome;
}

static void test_behind_another_status_there_are_no_frames(void **state) {
  (void)state;
  struct outcome outcome = respond_200("");
  assert_int_equal(outcome.verdict, WSPEC_VERDICT_PASS);
  assert_string_equal(outcome.sent, "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                    "Content-Length: 0\r\n\r\n");
  assert_int_equal(respond_200("\x81\x80\x01\x02\x03\x04").verdict, WSPEC_VERDICT_FAIL);
}

/* A key that comes twice in a row is no fresh one (section 5.3). */
static void test_a_masking_key_that_stays_is_found(void **state) {
  (void)state;
  static const char pongs[] = "\x8a\x80\x01\x02\x03\x04\x8a\x80\x01\x02\x03\x04";
  struct wspec_step step = {.kind = WSPEC_STEP_OPEN};
  const struct wspec_script script = {
      .id = "test/case", .n_connections = 1, .steps = &step, .n_steps = 1};
  struct wspec_play *play = wspec_play_new(&script, &config, 0);
  assert_non_null(play);
  struct wspec_action action;
  bool was_answered = false;
  for (unsigned round = 0; round < 200 && !wspec_play_is_done(play); round++) {
    if (!wspec_play_next(play, 1, &action)) {
      wspec_play_time(play, wspec_play_deadline(play));
    } else if (action.kind == WSPEC_ACTION_CONNECT) {
      wspec_play_connected(play, 0, 1);
      feed(play, RIGHT, strlen(RIGHT));
    } else if (action.kind == WSPEC_ACTION_WRITE && !was_answered) {
      was_answered = true;
      feed(play, pongs, sizeof pongs - 1);
    }
  }
  struct wspec_result result;
  wspec_play_take_result(play, &result);
  assert_true(result.n_findings > 0);
  assert_string_equal(result.findings[0].requirement, "6455-5.3-02");
  wspec_result_clear(&result);
  wspec_play_free(play);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_fault_of_a_request_is_found_at_every_split),
      cmocka_unit_test(test_a_right_request_gets_a_right_101_at_every_split),
      cmocka_unit_test(test_open_grants_what_the_offer_obliges_to),
      cmocka_unit_test(test_open_asks_no_window_that_was_not_offered),
      cmocka_unit_test(test_the_request_is_for_the_uri_of_the_case),
      cmocka_unit_test(test_a_client_may_reject_what_is_no_uri),
      cmocka_unit_test(test_a_request_is_answered_when_it_comes),
      cmocka_unit_test(test_open_remarks_what_a_server_would_not_refuse),
      cmocka_unit_test(test_frames_before_the_answer_are_found),
      cmocka_unit_test(test_a_client_that_drops_a_right_101_fails),
      cmocka_unit_test(test_an_alternative_goes_by_what_was_offered),
      cmocka_unit_test(test_an_alternative_can_end_the_case),
      cmocka_unit_test(test_a_client_that_takes_a_wrong_101_is_convicted_by_a_pong),
      cmocka_unit_test(test_the_accept_in_other_letters),
      cmocka_unit_test(test_behind_another_status_there_are_no_frames),
      cmocka_unit_test(test_a_masking_key_that_stays_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
