#include "cli/wstest_visit.h"

#include "proto/frame.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE = 360 }; /* times the ordinary time limit: an hour */

static struct wspec_wstest_visit *new_visit(const char *text) {
  size_t len = text ? strlen(text) : 0;
  struct wspec_wstest_visit *visit = calloc(1, sizeof *visit + len + 1);
  if (!visit) {
    return NULL;
  }
  memcpy(visit->text, text ? text : "", len);
  visit->part = (struct wspec_payload_part){.kind = WSPEC_PAYLOAD_LITERAL,
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

struct wspec_wstest_visit *wspec_wstest_visit_new(const char *text) {
  struct wspec_wstest_visit *visit = new_visit(text);
  if (!visit) {
    return NULL;
  }
  if (text) {
    visit->send = (struct wspec_send){.kind = WSPEC_SEND_MESSAGE, .repeat = 1};
    visit->send.as.message.opcode = WSPEC_OPCODE_TEXT;
    visit->send.as.message.payload = (struct wspec_payload){&visit->part, 1, visit->part.len};
    struct wspec_step *step = &visit->steps[visit->script.n_steps++];
    step->kind = WSPEC_STEP_SEND;
    step->as.send.items = &visit->send;
    step->as.send.n_items = 1;
  }
  /* Some clients close first, some never answer: neither matters here. */
  struct wspec_step *step = &visit->steps[visit->script.n_steps++];
  visit->alternative = (struct wspec_alternative){.reaction = WSPEC_REACTION_ANY};
  step->kind = WSPEC_STEP_CLOSE;
  step->as.close.expect.alternatives = &visit->alternative;
  step->as.close.expect.n_alternatives = 1;
  step->as.close.expect.patience = 1;
  return visit;
}

struct wspec_wstest_visit *wspec_wstest_visit_new_open(void) {
  struct wspec_wstest_visit *visit = new_visit(NULL);
  if (!visit) {
    return NULL;
  }
  struct wspec_step *step = &visit->steps[visit->script.n_steps++];
  visit->alternative = (struct wspec_alternative){.reaction = WSPEC_REACTION_ENDED};
  step->kind = WSPEC_STEP_EXPECT;
  step->as.expect.alternatives = &visit->alternative;
  step->as.expect.n_alternatives = 1;
  step->as.expect.patience = PATIENCE;
  return visit;
}
