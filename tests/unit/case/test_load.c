#include "base/rng.h"
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
#include <sys/stat.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#define EVERYTHING WSPEC_TEST_DATA "/good-cases/5.2_everything.json"

static struct wspec_requirements g_requirements;
static struct wspec_case_set g_set; /* EVERYTHING */

static int set_up(void **state) {
  (void)state;
  char *message;
  if (wspec_requirements_load(&g_requirements, WSPEC_CASES_DIR "/requirements.json", &message) ||
      wspec_case_set_load(&g_set, EVERYTHING, &g_requirements, NULL, &message)) {
    print_error("%s\n", message ? message : "out of memory");
    return -1;
  }
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  wspec_case_set_clear(&g_set);
  wspec_requirements_clear(&g_requirements);
  return 0;
}

static const struct wspec_script *find(const char *id) {
  const struct wspec_script *script = wspec_case_set_find(&g_set, id);
  assert_non_null(script);
  return script;
}

static void check_span(struct wspec_span span, const char *expected) {
  assert_int_equal(span.len, strlen(expected));
  assert_memory_equal(span.data, expected, span.len);
}

static void check_payload(const struct wspec_payload *payload, const void *expected, size_t len) {
  assert_int_equal(payload->len, len);
  assert_true(wspec_payload_matches(payload, 0, wspec_span_of(expected, len), NULL));
}

/* ---- The real suite ---- */

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
  assert_int_equal(ping->steps[1].as.send.items[0].as.frame.payload.len, 125);
  assert_null(wspec_case_set_find(&set, "6455/5.5.2/ping-payload-126"));
  wspec_case_set_clear(&set);
}

/* ---- Expansion ---- */

static void test_every_combination_is_a_case_in_order(void **state) {
  (void)state;
  static const char *const ids[] = {"6455/5.2/frame-3-zero-0", "6455/5.2/frame-3-zero-125",
                                    "6455/5.2/frame-3-ones-0", "6455/5.2/frame-3-ones-125",
                                    "6455/5.2/frame-5-zero-0", "6455/5.2/frame-5-zero-125",
                                    "6455/5.2/frame-5-ones-0", "6455/5.2/frame-5-ones-125",
                                    "6455/5.2/frame-7-zero-0", "6455/5.2/frame-7-zero-125",
                                    "6455/5.2/frame-7-ones-0", "6455/5.2/frame-7-ones-125",
                                    "6455/5.2/payloads",       "6455/5.2/messages",
                                    "6455/5.2/heads",          "6455/5.2/answer"};
  assert_int_equal(g_set.n_scripts, sizeof ids / sizeof ids[0]);
  for (size_t i = 0; i < g_set.n_scripts; i++) {
    assert_string_equal(g_set.scripts[i].id, ids[i]);
    assert_ptr_equal(wspec_case_set_find(&g_set, ids[i]), &g_set.scripts[i]);
  }
}

static void test_exhaustive_cases_are_counted_and_expanded_on_demand(void **state) {
  (void)state;
  struct wspec_case_set set = {0};
  struct wspec_load_options options = {.exhaustive = true};
  char *messages;
  assert_int_equal(g_set.n_exhaustive, 300);
  assert_int_equal(wspec_case_set_load(&set, EVERYTHING, &g_requirements, &options, &messages),
                   WSPEC_OK);
  assert_int_equal(set.n_scripts, 316);
  assert_int_equal(set.n_exhaustive, 0);
  const struct wspec_script *last = wspec_case_set_find(&set, "6455/5.2/exhaustive-300");
  assert_non_null(last);
  assert_true(last->exhaustive);
  check_payload(&last->steps[1].as.send.items[0].as.message.payload, "300", 3);
  wspec_case_set_clear(&set);
}

/* What a set was asked about. */
struct asked {
  const char *wanted;
  size_t n;
};

static bool wants_one(void *user, const struct wspec_script *script) {
  struct asked *asked = user;
  asked->n++;
  assert_true(script->exhaustive);
  assert_non_null(script->summary);
  return strcmp(script->id, asked->wanted) == 0;
}

static void test_of_exhaustive_cases_only_those_wanted_are_held(void **state) {
  (void)state;
  static const char *const wanted[] = {"6455/5.2/exhaustive-1", "6455/5.2/exhaustive-150",
                                       "6455/5.2/exhaustive-300", "none"};
  for (size_t i = 0; i < 4; i++) {
    struct wspec_case_set set = {0};
    struct asked asked = {.wanted = wanted[i]};
    struct wspec_load_options options = {.exhaustive = true, .wants = wants_one, .user = &asked};
    char *messages;
    assert_int_equal(wspec_case_set_load(&set, EVERYTHING, &g_requirements, &options, &messages),
                     WSPEC_OK);
    assert_int_equal(asked.n, 300);
    assert_int_equal(set.n_scripts, i < 3 ? 17 : 16);
    assert_int_equal(set.n_exhaustive, i < 3 ? 299 : 300);
    const struct wspec_script *script = wspec_case_set_find(&set, wanted[i]);
    assert_true((script != NULL) == (i < 3));
    if (script) {
      const char *number = strrchr(wanted[i], '-') + 1;
      check_payload(&script->steps[1].as.send.items[0].as.message.payload, number, strlen(number));
    }
    wspec_case_set_clear(&set);
  }
}

/* ---- A case's members ---- */

static void test_members_of_a_case(void **state) {
  (void)state;
  const struct wspec_script *script = find("6455/5.2/frame-5-ones-125");
  assert_string_equal(script->spec, "rfc6455");
  assert_string_equal(script->section, "5.2");
  assert_string_equal(script->summary,
                      "A frame of opcode 5 with key ones, ffffffff, is sent, {125}");
  assert_string_equal(script->comment, "${key} is left alone");
  assert_string_equal(script->file, EVERYTHING);
  assert_int_equal(script->n_requirements, 2);
  assert_string_equal(script->requirements[0]->id, "6455-5.2-07");
  assert_int_equal(script->target, WSPEC_TARGET_SERVER);
  assert_int_equal(script->n_tags, 2);
  assert_string_equal(script->tags[1], "b");
  assert_int_equal(script->n_autobahn, 1);
  assert_string_equal(script->autobahn[0], "4.1.5");
  assert_int_equal(script->needs, 0x1F);
  assert_true(script->alone);
  assert_false(script->exhaustive);
  assert_int_equal(script->steps[0].place.line, 26);
  assert_int_equal(script->steps[1].place.line, 27);
}

/* ---- Sends ---- */

static void test_members_of_a_frame(void **state) {
  (void)state;
  const struct wspec_step *step = &find("6455/5.2/frame-5-ones-125")->steps[1];
  assert_int_equal(step->as.send.n_items, 2);
  const struct wspec_send *first = &step->as.send.items[0];
  assert_int_equal(first->kind, WSPEC_SEND_FRAME);
  assert_int_equal(first->repeat, 3);
  assert_string_equal(first->label, "first");
  assert_int_equal(first->as.frame.opcode, 5);
  assert_false(first->as.frame.fin);
  assert_int_equal(first->as.frame.rsv, 0x50);
  assert_true(first->as.frame.has_masking_key);
  assert_memory_equal(first->as.frame.masking_key, "\xff\xff\xff\xff", 4);
  assert_int_equal(first->as.frame.mask, WSPEC_MASK_BY_ROLE);
  check_payload(&first->as.frame.payload, "{{}", 3);
  check_payload(&find("6455/5.2/frame-5-zero-0")->steps[1].as.send.items[0].as.frame.payload,
                "\x00\xff", 2);
  const struct wspec_frame_plan *ping = &step->as.send.items[1].as.frame;
  assert_int_equal(ping->opcode, 9);
  assert_true(ping->fin);
  assert_int_equal(ping->rsv, 0);
  assert_int_equal(ping->mask, WSPEC_MASK_OFF);
  assert_memory_equal(ping->masking_key, "\x01\x02\x03\x04", 4);
  assert_int_equal(ping->length_form, 64);
  assert_true(ping->has_declared_len);
  assert_true(ping->declared_len == UINT64_MAX);
  assert_true(ping->has_cut);
  assert_int_equal(ping->cut_at, 7);
}

static void test_segments(void **state) {
  (void)state;
  const struct wspec_segments *all = &find("6455/5.2/frame-5-ones-125")->steps[1].as.send.segments;
  assert_int_equal(all->n_sizes, 2);
  assert_int_equal(all->sizes[0], 1);
  assert_int_equal(all->sizes[1], 2);
  assert_int_equal(all->every, 3);
  assert_int_equal(all->delay_ms, 4);
  const struct wspec_script *messages = find("6455/5.2/messages");
  assert_int_equal(messages->steps[1].as.send.segments.every, 5);
  assert_int_equal(messages->steps[1].as.send.segments.n_sizes, 0);
  assert_int_equal(messages->steps[2].as.send.segments.n_sizes, 2);
  assert_int_equal(messages->steps[2].as.send.segments.every, 0);
}

static void test_payloads(void **state) {
  (void)state;
  const struct wspec_script *script = find("6455/5.2/payloads");
  const struct wspec_send *sends = script->steps[1].as.send.items;
  uint8_t random[16];
  for (size_t i = 0; i < sizeof random; i++) {
    uint64_t seed = wspec_rng_mix(1);
    random[i] = (uint8_t)(wspec_rng_mix(seed + i / 8) >> (8 * (i % 8)));
  }
  assert_int_equal(script->steps[1].as.send.n_items, 13);
  check_payload(&sends[0].as.raw, "text", 4);
  check_payload(&sends[1].as.raw, "\xc3\xa4", 2);
  check_payload(&sends[2].as.raw, "\x00\xff\x10", 3);
  check_payload(&sends[3].as.raw, "abcabca", 7);
  check_payload(&sends[4].as.raw, "\0\0\0", 3);
  check_payload(&sends[5].as.raw, random, sizeof random);
  check_payload(&sends[6].as.raw, "\xed\x9f\xbf\xee\x80\x80", 6);
  check_payload(&sends[7].as.raw, "\x7f\xc2\x80", 3);
  check_payload(&sends[8].as.raw, "ababab", 6);
  check_payload(&sends[9].as.raw, "abb", 3);
  check_payload(&sends[10].as.raw,
                "\x03\xea"
                "bye",
                5);
  check_payload(&sends[11].as.raw, "\x00\x01\x02", 3);
  assert_ptr_equal(sends[11].as.raw.parts[0].data, sends[12].as.raw.parts[0].data);
}

/* Octets of all code points, counted against what UTF-8 says: 128 of one octet, 1920 of two, 61440
 * without surrogates of three, 1048576 of four. */
static void test_code_points_reach_all_planes(void **state) {
  (void)state;
  static const char text[] =
      "{\"schema\": \"wspec-cases/1\", \"spec\": \"robustness\", \"section\": \"x\", \"cases\": "
      "[{\"id\": "
      "\"x\", \"summary\": \"x\", \"steps\": [{\"open\": {}}, {\"send\": {\"raw\": "
      "{\"code_points\": [0, 1114111]}}}]}]}";
  struct wspec_case_set set = {0};
  char *messages;
  char *dir = tempfile_dir();
  char *path = tempfile_write(dir, "x.json", text, strlen(text));
  assert_int_equal(wspec_case_set_load(&set, path, &g_requirements, NULL, &messages), WSPEC_OK);
  const struct wspec_payload *payload = &set.scripts[0].steps[1].as.send.items[0].as.raw;
  assert_int_equal(payload->len, 128 + 1920 * 2 + 61440 * 3 + 1048576 * 4);
  uint8_t last[4];
  assert_int_equal(wspec_payload_read(payload, payload->len - 4, last, 4), 4);
  assert_memory_equal(last, "\xf4\x8f\xbf\xbf", 4);
  assert_string_equal(set.scripts[0].id, "robustness/x/x");
  assert_int_equal(set.scripts[0].n_requirements, 0);
  wspec_case_set_clear(&set);
  free(path);
  tempfile_remove(dir);
}

static void test_random_payloads_differ_by_case_and_stay(void **state) {
  (void)state;
  const char *const ids[] = {"6455/5.2/frame-3-zero-125", "6455/5.2/frame-5-zero-125"};
  uint8_t first[2][125];
  for (size_t i = 0; i < 2; i++) {
    const struct wspec_payload *payload = &find(ids[i])->steps[1].as.send.items[1].as.frame.payload;
    assert_int_equal(wspec_payload_read(payload, 0, first[i], 125), 125);
  }
  assert_memory_not_equal(first[0], first[1], 125);
  /* Reports of other machines and versions hold these octets. */
  assert_int_equal(find(ids[0])->steps[1].as.send.items[1].as.frame.payload.parts[0].seed,
                   wspec_rng_mix(UINT64_C(0xBF91BE81B261287F)));
}

static void test_messages(void **state) {
  (void)state;
  const struct wspec_script *script = find("6455/5.2/messages");
  const struct wspec_message_plan *text = &script->steps[1].as.send.items[0].as.message;
  assert_int_equal(text->opcode, 1);
  assert_int_equal(text->fragmentation, WSPEC_FRAGMENTS_COUNT);
  assert_int_equal(text->count, 3);
  assert_true(text->has_masking_key);
  assert_int_equal(text->n_interleaves, 2);
  assert_true(text->interleaves[0].after == UINT64_MAX);
  assert_int_equal(text->interleaves[0].frame.opcode, 9);
  assert_int_equal(text->interleaves[1].after, 1);
  check_payload(&text->interleaves[1].frame.payload, "x", 1);
  const struct wspec_message_plan *binary = &script->steps[2].as.send.items[0].as.message;
  assert_int_equal(binary->opcode, 2);
  assert_int_equal(binary->fragmentation, WSPEC_FRAGMENTS_SIZES);
  assert_int_equal(binary->n_sizes, 3);
  assert_int_equal(binary->sizes[1], 0);
  assert_int_equal(binary->sizes[2], 2);
  assert_int_equal(binary->payload.len, 0);
  const struct wspec_message_plan *every = &script->steps[3].as.send.items[0].as.message;
  assert_int_equal(every->fragmentation, WSPEC_FRAGMENTS_EVERY);
  assert_int_equal(every->every, 2);
  assert_null(every->compress);
}

/* ---- Heads ---- */

static void test_heads(void **state) {
  (void)state;
  static const enum wspec_field_edit_kind kinds[] = {
      WSPEC_FIELD_SET,    WSPEC_FIELD_SET, WSPEC_FIELD_SET,  WSPEC_FIELD_SET,
      WSPEC_FIELD_REMOVE, WSPEC_FIELD_ADD, WSPEC_FIELD_FIRST};
  static const char *const names[] = {
      "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Origin", "Upgrade", "Host", "X", "Y"};
  static const char *const values[] = {"a, b", "e", "o", "\xff", "", "${host}", ""};
  const struct wspec_script *script = find("6455/5.2/heads");
  const struct wspec_head_plan *head = &script->steps[0].as.head;
  assert_string_equal(head->method, "POST");
  assert_string_equal(head->request_target, "/x");
  assert_string_equal(head->version, "HTTP/1.0");
  assert_string_equal(head->line_ending, "\n");
  assert_string_equal(head->key, "k");
  assert_null(head->start_line);
  assert_int_equal(head->n_edits, 7);
  for (size_t i = 0; i < 7; i++) {
    assert_int_equal(head->edits[i].kind, kinds[i]);
    check_span(head->edits[i].name, names[i]);
    check_span(head->edits[i].value, values[i]);
  }
  check_span(head->edits[3].separator, ":");
  assert_false(head->has_raw);
  check_payload(&head->body, "body", 4);
  assert_int_equal(head->n_early, 1);
  assert_int_equal(head->segments.every, 1);
  assert_true(script->steps[2].as.head.has_raw);
  check_payload(&script->steps[2].as.head.raw, "GET\r\n", 5);
  assert_string_equal(script->steps[4].as.head.start_line, "GET");
}

static void test_connections_have_names(void **state) {
  (void)state;
  const struct wspec_script *script = find("6455/5.2/heads");
  assert_int_equal(script->n_connections, 3);
  assert_string_equal(script->connection_names[0], "a");
  assert_string_equal(script->connection_names[2], "c");
  assert_int_equal(script->steps[1].connection, 0);
  assert_int_equal(script->steps[2].connection, 1);
  assert_int_equal(script->steps[7].connection, 2);
}

/* ---- Expectations ---- */

static void check_alternative(const struct wspec_expectation *expect, size_t i,
                              enum wspec_reaction reaction, enum wspec_rank rank) {
  assert_true(i < expect->n_alternatives);
  assert_int_equal(expect->alternatives[i].reaction, reaction);
  assert_int_equal(expect->alternatives[i].rank, rank);
}

static void check_codes(const struct wspec_alternative *alternative, size_t n,
                        const uint16_t *codes) {
  assert_int_equal(alternative->n_codes, n);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(alternative->codes[i].first, codes[2 * i]);
    assert_int_equal(alternative->codes[i].last, codes[2 * i + 1]);
  }
}

/* 1000 and 1001 report no error, which only a SHOULD asks for. */
static void check_code_of_no_error(const struct wspec_expectation *expect, size_t i) {
  check_alternative(expect, i, WSPEC_REACTION_FAILED, WSPEC_RANK_WARN);
  check_codes(&expect->alternatives[i], 1, (const uint16_t[]){1000, 1001});
  assert_true(expect->alternatives[i].is_implied);
  assert_false(expect->alternatives[i].no_code_allowed);
}

static void test_failed_gets_a_tier_for_other_error_codes(void **state) {
  (void)state;
  const struct wspec_expectation *expect = &find("6455/5.2/frame-5-ones-125")->steps[2].as.expect;
  assert_int_equal(expect->n_alternatives, 5);
  assert_int_equal(expect->patience, 5);
  assert_string_equal(expect->requirement->id, "6455-5.2-01");
  check_alternative(expect, 0, WSPEC_REACTION_FAILED, WSPEC_RANK_PASS);
  check_codes(&expect->alternatives[0], 2, (const uint16_t[]){1002, 1002, 1007, 1009});
  assert_true(expect->alternatives[0].no_code_allowed);
  check_alternative(expect, 1, WSPEC_REACTION_FAILED, WSPEC_RANK_INFO);
  check_codes(&expect->alternatives[1], 3, (const uint16_t[]){1002, 1003, 1007, 1014, 3000, 4999});
  assert_true(expect->alternatives[1].no_code_allowed);
  assert_non_null(expect->alternatives[1].note);
  check_alternative(expect, 2, WSPEC_REACTION_PONG, WSPEC_RANK_WARN);
  assert_string_equal(expect->alternatives[2].note, "n");
  assert_string_equal(expect->alternatives[2].requirement->id, "6455-5.2-01");
  assert_int_equal(expect->alternatives[2].payload.kind, WSPEC_REF_LABEL);
  assert_string_equal(expect->alternatives[2].payload.label, "first");
  check_alternative(expect, 3, WSPEC_REACTION_SILENT, WSPEC_RANK_PASS);
  check_code_of_no_error(expect, 4);
}

/* A client that closes with 1000 behind a wrong answer took the connection for an open one. */
static void test_a_client_fails_a_handshake_with_errors_only(void **state) {
  (void)state;
  const struct wspec_expectation *expect = &find("6455/5.2/answer")->steps[1].as.expect;
  assert_int_equal(expect->n_alternatives, 3);
  check_alternative(expect, 0, WSPEC_REACTION_FAILED, WSPEC_RANK_PASS);
  check_alternative(expect, 1, WSPEC_REACTION_FAILED, WSPEC_RANK_INFO);
  check_alternative(expect, 2, WSPEC_REACTION_IGNORED, WSPEC_RANK_PASS);
}

/* What a failure with the expected code stands beside, one with another code does, too. */
static void test_an_alternative_may_depend_on_the_offer_and_end_the_case(void **state) {
  (void)state;
  const struct wspec_expectation *expect = &find("6455/5.2/answer")->steps[1].as.expect;
  static const enum wspec_offered_rule offered[] = {WSPEC_NOT_OFFERED, WSPEC_NOT_OFFERED,
                                                    WSPEC_OFFERED};
  for (size_t i = 0; i < expect->n_alternatives; i++) {
    assert_int_equal(expect->alternatives[i].offered, offered[i]);
    assert_int_equal(expect->alternatives[i].ends, i < 2);
  }
  const struct wspec_expectation *other = &find("6455/5.2/messages")->steps[4].as.expect;
  assert_int_equal(other->alternatives[0].offered, WSPEC_OFFERED_OR_NOT);
  assert_false(other->alternatives[0].ends);
}

static void test_payload_references(void **state) {
  (void)state;
  const struct wspec_step *steps = &find("6455/5.2/messages")->steps[4];
  const struct wspec_payload_ref *refs[6];
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(steps[i].kind, WSPEC_STEP_EXPECT);
    assert_int_equal(steps[i].as.expect.n_alternatives, 1);
    assert_int_equal(steps[i].as.expect.patience, 1);
    assert_null(steps[i].as.expect.requirement);
    refs[i] = &steps[i].as.expect.alternatives[0].payload;
  }
  assert_int_equal(refs[0]->kind, WSPEC_REF_LABEL);
  assert_string_equal(refs[0]->label, "second");
  assert_int_equal(refs[1]->kind, WSPEC_REF_PAYLOAD);
  assert_int_equal(refs[1]->opcode, 2);
  check_payload(&refs[1]->payload, "x", 1);
  assert_int_equal(refs[2]->opcode, 1);
  check_payload(&refs[2]->payload, "y", 1);
  check_alternative(&steps[2].as.expect, 0, WSPEC_REACTION_MESSAGE, WSPEC_RANK_PASS);
  assert_int_equal(refs[3]->kind, WSPEC_REF_PAYLOAD);
  assert_int_equal(refs[3]->opcode, 0);
  check_payload(&refs[3]->payload, "z", 1);
  assert_int_equal(refs[4]->kind, WSPEC_REF_SAME);
  assert_int_equal(refs[5]->kind, WSPEC_REF_SAME);
  check_alternative(&steps[4].as.expect, 0, WSPEC_REACTION_ECHO, WSPEC_RANK_PASS);
  check_alternative(&steps[5].as.expect, 0, WSPEC_REACTION_PONG, WSPEC_RANK_PASS);
}

static void test_close_steps(void **state) {
  (void)state;
  const struct wspec_step *steps = &find("6455/5.2/messages")->steps[13];
  check_payload(&steps[0].as.close.payload, "\x0b\xb8r", 3);
  const struct wspec_expectation *expect = &steps[0].as.close.expect;
  assert_int_equal(expect->n_alternatives, 2);
  check_alternative(expect, 0, WSPEC_REACTION_CLOSED, WSPEC_RANK_PASS);
  check_alternative(expect, 1, WSPEC_REACTION_CLOSED, WSPEC_RANK_INFO);
  check_codes(&expect->alternatives[1], 4,
              (const uint16_t[]){1001, 1001, 1008, 1008, 1011, 1014, 3000, 4999});
  check_codes(&expect->alternatives[0], 2, (const uint16_t[]){1000, 1000, 3000, 3000});
  assert_true(expect->alternatives[0].no_code_allowed);
  assert_string_equal(expect->requirement->id, "6455-5.5.1-09");
  assert_int_equal(expect->patience, 1);
  assert_int_equal(steps[1].as.close.payload.len, 0);
  check_codes(&steps[1].as.close.expect.alternatives[0], 1, (const uint16_t[]){1000, 1000});
  /* Given by hand: no requirement of ours, and the tier behind a `failed` of rank info, too. */
  assert_int_equal(steps[2].as.close.expect.n_alternatives, 4);
  check_alternative(&steps[2].as.close.expect, 2, WSPEC_REACTION_FAILED, WSPEC_RANK_INFO);
  check_codes(&steps[2].as.close.expect.alternatives[2], 3,
              (const uint16_t[]){1008, 1009, 1011, 1014, 3000, 4999});
  assert_true(steps[2].as.close.expect.alternatives[2].no_code_allowed);
  assert_null(steps[2].as.close.expect.requirement);
  assert_int_equal(steps[2].as.close.expect.alternatives[0].n_codes, 0);
  assert_int_equal(steps[3].kind, WSPEC_STEP_RESET);
}

static void test_http_answers(void **state) {
  (void)state;
  const struct wspec_expectation *expect = &find("6455/5.2/heads")->steps[1].as.expect;
  assert_int_equal(expect->n_alternatives, 6);
  const struct wspec_alternative *http = &expect->alternatives[0];
  check_alternative(expect, 0, WSPEC_REACTION_HTTP, WSPEC_RANK_PASS);
  check_codes(http, 3, (const uint16_t[]){400, 400, 400, 499, 300, 399});
  static const enum wspec_field_rule_kind kinds[] = {WSPEC_FIELD_PRESENT, WSPEC_FIELD_ABSENT,
                                                     WSPEC_FIELD_ONCE,    WSPEC_FIELD_TOKEN,
                                                     WSPEC_FIELD_EQUALS,  WSPEC_FIELD_ABSENT};
  static const char *const names[] = {"Allow", "A", "B", "B", "C", "D"};
  assert_int_equal(http->n_fields, 6);
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(http->fields[i].kind, kinds[i]);
    assert_string_equal(http->fields[i].name, names[i]);
  }
  assert_string_equal(http->fields[3].value, "13");
  assert_string_equal(http->fields[4].value, "x");
  assert_string_equal(http->fields[4].requirement->id, "6455-5.2-02");
  check_alternative(expect, 1, WSPEC_REACTION_HTTP, WSPEC_RANK_WARN);
  check_codes(&expect->alternatives[1], 1, (const uint16_t[]){403, 403});
  assert_int_equal(expect->alternatives[1].n_fields, 1);
  check_alternative(expect, 2, WSPEC_REACTION_HTTP, WSPEC_RANK_INFO);
  check_codes(&expect->alternatives[2], 1, (const uint16_t[]){400, 599});
  check_alternative(expect, 3, WSPEC_REACTION_DROPPED, WSPEC_RANK_INFO);
  check_alternative(expect, 4, WSPEC_REACTION_HTTP, WSPEC_RANK_INFO);
  check_codes(&expect->alternatives[4], 1, (const uint16_t[]){200, 399});
  check_alternative(expect, 5, WSPEC_REACTION_HTTP, WSPEC_RANK_PASS);
  assert_true(expect->alternatives[5].validate);
  check_codes(&expect->alternatives[5], 1, (const uint16_t[]){101, 101});
  assert_int_equal(expect->alternatives[5].n_fields, 1);
}

static void test_words_alone(void **state) {
  (void)state;
  const struct wspec_step *steps = find("6455/5.2/heads")->steps;
  const struct wspec_expectation *refused = &steps[3].as.expect;
  assert_int_equal(refused->n_alternatives, 3);
  check_alternative(refused, 0, WSPEC_REACTION_HTTP, WSPEC_RANK_PASS);
  check_codes(&refused->alternatives[0], 1, (const uint16_t[]){400, 599});
  check_alternative(refused, 1, WSPEC_REACTION_DROPPED, WSPEC_RANK_INFO);
  check_alternative(refused, 2, WSPEC_REACTION_HTTP, WSPEC_RANK_INFO);
  check_codes(&refused->alternatives[2], 1, (const uint16_t[]){200, 399});
  check_alternative(&steps[5].as.expect, 0, WSPEC_REACTION_HTTP, WSPEC_RANK_PASS);
  assert_true(steps[5].as.expect.alternatives[0].validate);
  check_alternative(&steps[5].as.expect, 1, WSPEC_REACTION_DROPPED, WSPEC_RANK_PASS);
  const struct wspec_expectation *failed = &steps[6].as.expect;
  assert_int_equal(failed->n_alternatives, 3);
  check_codes(&failed->alternatives[0], 1, (const uint16_t[]){1002, 1002});
  check_alternative(failed, 1, WSPEC_REACTION_FAILED, WSPEC_RANK_INFO);
  check_code_of_no_error(failed, 2);
  check_alternative(&steps[7].as.expect, 0, WSPEC_REACTION_IGNORED, WSPEC_RANK_PASS);
  check_alternative(&steps[7].as.expect, 1, WSPEC_REACTION_NOTHING, WSPEC_RANK_PASS);
  check_alternative(&steps[7].as.expect, 2, WSPEC_REACTION_ANY, WSPEC_RANK_PASS);
}

/* ---- Files and directories ---- */

static char *case_text(const char *id) {
  static const char format[] =
      "{\"schema\": \"wspec-cases/1\", \"spec\": \"robustness\", \"section\": \"x\", \"cases\": "
      "[{\"id\": \"%s\", \"summary\": \"x\", \"steps\": [{\"open\": {}}, {\"close\": {}}]}]}";
  char *text = malloc(sizeof format + strlen(id));
  assert_non_null(text);
  (void)sprintf(text, format, id);
  return text;
}

static void write_case(const char *dir, const char *name, const char *id) {
  char *text = case_text(id);
  free(tempfile_write(dir, name, text, strlen(text)));
  free(text);
}

static void test_a_directory_is_read_in_the_order_of_its_numbers(void **state) {
  (void)state;
  static const char *const ids[] = {"robustness/x/two", "robustness/x/ten", "robustness/x/sub"};
  struct wspec_case_set set = {0};
  char *messages;
  char *dir = tempfile_dir();
  write_case(dir, "5.10_b.json", "ten");
  write_case(dir, "5.2_a.json", "two");
  write_case(dir, "sub/1.json", "sub");
  free(tempfile_write(dir, "requirements.json", "[]", 2));
  free(tempfile_write(dir, "schema/case.schema.json", "{}", 2));
  free(tempfile_write(dir, ".hidden.json", "{}", 2));
  free(tempfile_write(dir, "notes.txt", "x", 1));
  assert_int_equal(wspec_case_set_load(&set, dir, &g_requirements, NULL, &messages), WSPEC_OK);
  assert_int_equal(set.n_files, 3);
  assert_int_equal(set.n_scripts, 3);
  for (size_t i = 0; i < 3; i++) {
    assert_string_equal(set.scripts[i].id, ids[i]);
  }
  wspec_case_set_clear(&set);
  tempfile_remove(dir);
}

static void check_load_fails(const char *path, enum wspec_err expected, const char *message) {
  struct wspec_case_set set = {0};
  char *messages;
  assert_int_equal(wspec_case_set_load(&set, path, &g_requirements, NULL, &messages), expected);
  assert_non_null(messages);
  assert_memory_equal(messages, path, strlen(path));
  assert_non_null(strstr(messages, message));
  free(messages);
  wspec_case_set_clear(&set);
}

static void test_what_is_no_readable_file_is_said(void **state) {
  (void)state;
  char *dir = tempfile_dir();
  check_load_fails("/nonexistent.json", WSPEC_ERR_IO, ": No such file or directory");
  check_load_fails("/dev/null", WSPEC_ERR_IO, ": expected an ordinary file");
  check_load_fails(dir, WSPEC_ERR_INPUT, ": there is no case file (.json) in this directory");
  size_t len = 16 * 1024 * 1024 + 1;
  char *large = malloc(len);
  assert_non_null(large);
  memset(large, ' ', len);
  char *path = tempfile_write(dir, "large.json", large, len);
  check_load_fails(path, WSPEC_ERR_INPUT, ": the file is larger than 16 MiB");
  free(path);
  free(large);
  tempfile_remove(dir);
}

static void test_folders_may_not_nest_for_ever(void **state) {
  (void)state;
  char *dir = tempfile_dir();
  char name[64] = "d";
  for (int i = 0; i < 8; i++) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)strcat(name, "/d");
  }
  check_load_fails(dir, WSPEC_ERR_INPUT, ": folders nested deeper than 8");
  tempfile_remove(dir);
}

static void test_mistakes_of_all_files_are_told_and_good_files_stay(void **state) {
  (void)state;
  struct wspec_case_set set = {0};
  char *messages;
  char *dir = tempfile_dir();
  write_case(dir, "1.json", "A");
  write_case(dir, "2.json", "good");
  free(tempfile_write(dir, "3.json", "{", 1));
  write_case(dir, "4.json", "good");
  assert_int_equal(wspec_case_set_load(&set, dir, &g_requirements, NULL, &messages),
                   WSPEC_ERR_INPUT);
  assert_non_null(strstr(messages, "1.json:1:78: at cases[0].id: \"A\" is no id"));
  assert_non_null(strstr(messages, "3.json:1:2: the text ends too early"));
  assert_non_null(strstr(messages, "4.json:1:78: at cases[0].id: there is a case "
                                   "\"robustness/x/good\" already"));
  free(messages);
  assert_int_equal(set.n_scripts, 1);
  assert_int_equal(set.n_files, 1);
  wspec_case_set_clear(&set);
  tempfile_remove(dir);
}

/* ---- Memory ---- */

static unsigned walk_allocations(const char *path, enum wspec_err outcome) {
  cJSON_Hooks hooks = {malloc, free};
  cJSON_InitHooks(&hooks);
  unsigned n = 1;
  for (bool failed = true; failed; n++) {
    struct wspec_case_set set = {0};
    char *messages;
    failalloc_arm(n);
    enum wspec_err err = wspec_case_set_load(&set, path, &g_requirements, NULL, &messages);
    failed = failalloc_disarm();
    assert_int_equal(err, failed ? WSPEC_ERR_NOMEM : outcome);
    assert_true((messages != NULL) == (err == WSPEC_ERR_INPUT));
    free(messages);
    wspec_case_set_clear(&set);
  }
  cJSON_InitHooks(NULL);
  return n;
}

static void test_no_memory_is_said_at_each_allocation(void **state) {
  (void)state;
  assert_true(walk_allocations(EVERYTHING, WSPEC_OK) > 500);
  assert_true(walk_allocations(WSPEC_TEST_DATA "/bad-cases/schema-more-than-twenty.json",
                               WSPEC_ERR_INPUT) > 100);
  char *dir = tempfile_dir();
  write_case(dir, "1.json", "a");
  write_case(dir, "2.json", "b");
  assert_true(walk_allocations(dir, WSPEC_OK) > 20);
  tempfile_remove(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_real_cases_load),
      cmocka_unit_test(test_every_combination_is_a_case_in_order),
      cmocka_unit_test(test_exhaustive_cases_are_counted_and_expanded_on_demand),
      cmocka_unit_test(test_of_exhaustive_cases_only_those_wanted_are_held),
      cmocka_unit_test(test_members_of_a_case),
      cmocka_unit_test(test_members_of_a_frame),
      cmocka_unit_test(test_segments),
      cmocka_unit_test(test_payloads),
      cmocka_unit_test(test_code_points_reach_all_planes),
      cmocka_unit_test(test_random_payloads_differ_by_case_and_stay),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_heads),
      cmocka_unit_test(test_connections_have_names),
      cmocka_unit_test(test_failed_gets_a_tier_for_other_error_codes),
      cmocka_unit_test(test_a_client_fails_a_handshake_with_errors_only),
      cmocka_unit_test(test_an_alternative_may_depend_on_the_offer_and_end_the_case),
      cmocka_unit_test(test_payload_references),
      cmocka_unit_test(test_close_steps),
      cmocka_unit_test(test_http_answers),
      cmocka_unit_test(test_words_alone),
      cmocka_unit_test(test_a_directory_is_read_in_the_order_of_its_numbers),
      cmocka_unit_test(test_what_is_no_readable_file_is_said),
      cmocka_unit_test(test_folders_may_not_nest_for_ever),
      cmocka_unit_test(test_mistakes_of_all_files_are_told_and_good_files_stay),
      cmocka_unit_test(test_no_memory_is_said_at_each_allocation),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
