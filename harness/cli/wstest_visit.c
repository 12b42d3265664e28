#include "cli/wstest_visit.h"

#include "proto/frame.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE = 360 }; /* times the ordinary time limit: an hour */

static const uint8_t POLICY_VIOLATION[] = {1008 >> 8, 1008 & 0xFF}; /* RFC 6455 section 7.4.1 */

static struct wspec_wstest_visit *new_visit(const char *text) {
  size_t len = text ? strlen(text) : 0;
  struct wspec_wstest_visit *visit = calloc(1, sizeof *visit + len + 1);
  if (!visit) {
    return NULL;
  }
  memcpy(visit->text, text ? text : "", len);
  visit->parts[0] = (struct wspec_payload_part){.kind = WSPEC_PAYLOAD_LITERAL,
                                                .len = len,
                                                .data = (const uint8_t *)visit->text,
                                                .data_len = len};
  visit->script = (struct wspec_script){.id = "wstest/answer",
                                        .spec = "api",
                                        .section = "",
                                        .summary = "",
                                        .file = "",
                                        .connection_names = {"a"},
                                        .n_connections = 1,
                                        .steps = visit->steps};
  /* Not an `open` step: that would look whether the client lives before it sends anything. */
  visit->steps[visit->script.n_steps++].kind = WSPEC_STEP_REQUEST;
  return visit;
}

static struct wspec_expectation whatever(struct wspec_wstest_visit *visit) {
  visit->alternatives[1] = (struct wspec_alternative){.reaction = WSPEC_REACTION_ANY};
  return (struct wspec_expectation){
      .alternatives = &visit->alternatives[1], .n_alternatives = 1, .patience = 1};
}

/* Until there is a message, but no longer than the client wants. Its close frame is none of the
 * expected: with that the script ends, and the play answers it as any other. */
static struct wspec_expectation a_message(struct wspec_wstest_visit *visit) {
  struct wspec_expectation expectation = whatever(visit);
  visit->alternatives[0] =
      (struct wspec_alternative){.reaction = WSPEC_REACTION_CLOSED, .rank = WSPEC_RANK_FAIL};
  expectation.alternatives = visit->alternatives;
  expectation.n_alternatives = 2;
  expectation.patience = PATIENCE;
  expectation.without_sentinel = true;
  return expectation;
}

/* Some clients close first, some never answer: neither matters here. */
static struct wspec_step *add_close(struct wspec_wstest_visit *visit) {
  struct wspec_step *step = &visit->steps[visit->script.n_steps++];
  step->kind = WSPEC_STEP_CLOSE;
  step->as.close.expect = whatever(visit);
  return step;
}

struct wspec_wstest_visit *wspec_wstest_visit_new(const char *text) {
  struct wspec_wstest_visit *visit = new_visit(text);
  if (!visit) {
    return NULL;
  }
  if (text) {
    visit->send = (struct wspec_send){.kind = WSPEC_SEND_MESSAGE, .repeat = 1};
    visit->send.as.message.opcode = WSPEC_OPCODE_TEXT;
    visit->send.as.message.payload = (struct wspec_payload){visit->parts, 1, visit->parts[0].len};
    struct wspec_step *step = &visit->steps[visit->script.n_steps++];
    step->kind = WSPEC_STEP_SEND;
    step->as.send.items = &visit->send;
    step->as.send.n_items = 1;
  }
  (void)add_close(visit);
  return visit;
}

struct wspec_wstest_visit *wspec_wstest_visit_new_open(const char *refusal) {
  struct wspec_wstest_visit *visit = new_visit(refusal);
  if (!visit) {
    return NULL;
  }
  struct wspec_step *step = &visit->steps[visit->script.n_steps++];
  step->kind = WSPEC_STEP_EXPECT;
  step->as.expect = a_message(visit);
  visit->parts[1] = visit->parts[0];
  visit->parts[0] = (struct wspec_payload_part){.kind = WSPEC_PAYLOAD_LITERAL,
                                                .len = sizeof POLICY_VIOLATION,
                                                .data = POLICY_VIOLATION,
                                                .data_len = sizeof POLICY_VIOLATION};
  add_close(visit)->as.close.payload =
      (struct wspec_payload){visit->parts, 2, visit->parts[0].len + visit->parts[1].len};
  return visit;
}
