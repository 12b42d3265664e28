#include "play/play_internal.h"

#include "base/ascii.h"
#include "proto/extensions.h"
#include "proto/handshake.h"
#include "proto/http_list.h"

#include <stdlib.h>
#include <string.h>

/* ---- Syntax ---- */

const char *answer_head_name(const struct link *link) {
  return link->head.kind == WSPEC_HTTP_REQUEST ? "the client's request"
                                               : "the target's HTTP answer";
}

/* RFC 9110 section 5.3: what is no list stands on one line. */
static void judge_repeated(struct wspec_play *play, struct link *link) {
  static const char *const single[] = {"Content-Length", "Content-Type", "Date", "Location"};
  for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
    if (wspec_http_head_count(&link->head, single[i]) > 1) {
      play_find(play, "9110-5.3-01", link_index(play, link), link->head_offset,
                "%s has %s more than once", answer_head_name(link), single[i]);
    }
  }
  if (wspec_http_head_count(&link->head, "Content-Length") > 0 &&
      wspec_http_head_count(&link->head, "Transfer-Encoding") > 0) {
    play_find(play, "9112-6.2-01", link_index(play, link), link->head_offset,
              "%s has both Content-Length and Transfer-Encoding", answer_head_name(link));
  }
}

/* RFC 9110 section 5.6.1.1. A field without any element is an empty list, not an empty element. */
static void judge_empty_elements(struct wspec_play *play, struct link *link) {
  static const char *const lists[] = {"Connection", "Upgrade", "Sec-WebSocket-Version",
                                      "Sec-WebSocket-Extensions",
                                      "Sec-WebSocket-Protocol" /* in a request only */};
  size_t n_lists = sizeof lists / sizeof lists[0];
  n_lists -= link->head.kind == WSPEC_HTTP_RESPONSE ? 1 : 0;
  for (size_t i = 0; i < n_lists; i++) {
    struct wspec_http_list list;
    struct wspec_span element;
    size_t n = 0;
    wspec_http_list_init(&list, &link->head, lists[i]);
    while (wspec_http_list_next(&list, &element)) {
      n++;
    }
    if (n > 0 && list.n_empty > 0) {
      play_find(play, "9110-5.6.1.1-01", link_index(play, link), link->head_offset,
                "%s in %s has an empty element", lists[i], answer_head_name(link));
    }
  }
}

void answer_judge_syntax(struct wspec_play *play, struct link *link) {
  judge_repeated(play, link);
  judge_empty_elements(play, link);
  const struct wspec_http_head *head = &link->head;
  for (unsigned bit = 1; bit != 0 && bit <= head->oddities; bit <<= 1) {
    if (!(head->oddities & bit)) {
      continue;
    }
    const char *sentence;
    const char *requirement =
        wspec_http_oddity_requirement(head->kind, (enum wspec_http_oddity)bit, &sentence);
    if (requirement) {
      play_find(play, requirement, link_index(play, link), link->head_offset, "%s is odd: %s",
                answer_head_name(link), sentence);
    }
  }
}

/* ---- 101 ---- */

static void judge_fields_of_101(struct wspec_play *play, struct link *link) {
  const struct wspec_http_head *head = &link->head;
  unsigned index = link_index(play, link);
  uint64_t at = link->head_offset;
  const struct wspec_http_field *upgrade = wspec_http_head_find(head, "Upgrade", NULL);
  /* The client compares the whole value (section 4.1): a list is what was switched to in turn. */
  if (!upgrade || wspec_http_head_find(head, "Upgrade", upgrade) ||
      !wspec_ascii_equal_nocase(upgrade->value, wspec_span_text("websocket"))) {
    play_find(play, "6455-4.2.2-22", index, at, "the 101 has no 'Upgrade: websocket'");
  }
  if (!wspec_http_list_has_token(head, "Connection", "upgrade")) {
    play_find(play, "6455-4.2.2-23", index, at, "the 101 has no 'Connection: Upgrade'");
  }
  if (wspec_http_head_find(head, "Content-Length", NULL)) {
    play_find(play, "9110-8.6-01", index, at, "the 101 has a Content-Length");
  }
  if (wspec_http_head_find(head, "Transfer-Encoding", NULL)) {
    play_find(play, "9112-6.1-02", index, at, "the 101 has a Transfer-Encoding");
  }
}

/* The request as it was sent, as the target could read it; false: it cannot be parsed. */
static bool parse_request(struct wspec_play *play, struct link *link,
                          struct wspec_http_head *request) {
  head_read_own(request, WSPEC_HTTP_REQUEST);
  size_t consumed;
  enum wspec_err err = wspec_http_head_feed(request, wspec_buf_span(&link->own_head), &consumed);
  play->out_of_memory = play->out_of_memory || err == WSPEC_ERR_NOMEM;
  return err == WSPEC_OK;
}

/* The key as the target could read it; false: there are several, or none, and whatever Accept it
 * made of them says nothing. */
static bool find_key(const struct link *link, const struct wspec_http_head *request,
                     struct wspec_span *key) {
  if (!request) {
    *key = wspec_span_text(link->key);
    return true;
  }
  const struct wspec_http_field *field = wspec_http_head_find(request, "Sec-WebSocket-Key", NULL);
  if (!field || wspec_http_head_find(request, "Sec-WebSocket-Key", field)) {
    return false;
  }
  *key = field->value;
  return true;
}

/* `request` NULL: it cannot be parsed. */
static void judge_accept(struct wspec_play *play, struct link *link,
                         const struct wspec_http_head *request) {
  const struct wspec_http_head *head = &link->head;
  unsigned index = link_index(play, link);
  char accept[WSPEC_HANDSHAKE_ACCEPT_LEN + 1];
  const struct wspec_http_field *field = wspec_http_head_find(head, "Sec-WebSocket-Accept", NULL);
  if (!field) {
    play_find(play, "6455-4.2.2-24", index, link->head_offset,
              "the 101 has no Sec-WebSocket-Accept");
    return;
  }
  struct wspec_span key;
  if (find_key(link, request, &key) && !play_check(play, wspec_handshake_accept(key, accept)) &&
      !wspec_span_equal_text(field->value, accept)) {
    play_find(play, "6455-4.2.2-24", index, link->head_offset + field->offset,
              "the Sec-WebSocket-Accept for key '%.*s' must be '%s', not '%.*s'",
              (int)(key.len < 80 ? key.len : 80), (const char *)key.data, accept,
              (int)(field->value.len < 80 ? field->value.len : 80),
              (const char *)field->value.data);
  }
  if (wspec_http_head_count(head, "Sec-WebSocket-Accept") > 1) {
    play_find(play, "6455-11.3.3-01", index, link->head_offset + field->offset,
              "the 101 has Sec-WebSocket-Accept more than once");
  }
}

static bool offers_protocol(const struct wspec_http_head *request, struct wspec_span protocol) {
  struct wspec_http_list list;
  struct wspec_span element;
  wspec_http_list_init(&list, request, "Sec-WebSocket-Protocol");
  while (wspec_http_list_next(&list, &element)) {
    if (wspec_span_equal(element, protocol)) {
      return true;
    }
  }
  return false;
}

static void judge_protocol(struct wspec_play *play, struct link *link,
                           const struct wspec_http_head *request) {
  const struct wspec_http_head *head = &link->head;
  unsigned index = link_index(play, link);
  const struct wspec_http_field *field = wspec_http_head_find(head, "Sec-WebSocket-Protocol", NULL);
  if (!field) {
    return;
  }
  uint64_t at = link->head_offset + field->offset;
  if (wspec_http_head_count(head, "Sec-WebSocket-Protocol") > 1) {
    play_find(play, "6455-11.3.4-02", index, at,
              "the 101 has Sec-WebSocket-Protocol more than once");
  }
  if (field->value.len == 0) {
    play_find(play, "6455-4.2.2-16", index, at, "the subprotocol in the 101 is empty");
  } else if (!wspec_http_is_token(field->value)) {
    play_find(play, "6455-4.2.2-17", index, at, "the subprotocol in the 101 is not one token");
  } else if (wspec_http_head_count(request, "Sec-WebSocket-Protocol") == 0) {
    play_find(play, "6455-4.2.2-14", index, at,
              "the 101 names subprotocol '%.*s', but none was offered", (int)field->value.len,
              (const char *)field->value.data);
  } else if (!offers_protocol(request, field->value)) {
    play_find(play, "6455-4.2.2-13", index, at,
              "the 101 names subprotocol '%.*s', which was not offered", (int)field->value.len,
              (const char *)field->value.data);
  }
}

/* The name of an extension: what stands before its parameters. */
static struct wspec_span extension_name(struct wspec_span element) {
  const uint8_t *semicolon = element.len > 0 ? memchr(element.data, ';', element.len) : NULL;
  size_t len = semicolon ? (size_t)(semicolon - element.data) : element.len;
  return wspec_ascii_trim(wspec_span_of(element.data, len));
}

static bool offers_extension(const struct wspec_http_head *request, struct wspec_span name) {
  struct wspec_http_list list;
  struct wspec_span element;
  wspec_http_list_init(&list, request, "Sec-WebSocket-Extensions");
  while (wspec_http_list_next(&list, &element)) {
    if (wspec_ascii_equal_nocase(extension_name(element), name)) {
      return true;
    }
  }
  return false;
}

static void judge_extensions(struct wspec_play *play, struct link *link,
                             const struct wspec_http_head *request) {
  const struct wspec_http_head *head = &link->head;
  unsigned index = link_index(play, link);
  const struct wspec_http_field *field =
      wspec_http_head_find(head, "Sec-WebSocket-Extensions", NULL);
  if (!field) {
    return;
  }
  uint64_t at = link->head_offset + field->offset;
  struct wspec_http_list list;
  struct wspec_span element;
  bool is_empty = true;
  wspec_http_list_init(&list, head, "Sec-WebSocket-Extensions");
  while (wspec_http_list_next(&list, &element)) {
    struct wspec_span name = extension_name(element);
    is_empty = false;
    if (!wspec_http_is_token(name)) {
      play_find(play, "6455-4.3-02", index, at, "Sec-WebSocket-Extensions in the 101 is malformed");
    } else if (!offers_extension(request, name)) {
      play_find(play, "6455-4.2.2-19", index, at,
                "the 101 lists extension '%.*s', which was not offered", (int)name.len,
                (const char *)name.data);
    }
  }
  struct wspec_extensions extensions;
  if (!is_empty && wspec_extensions_read(&extensions, head) == WSPEC_ERR_SYNTAX) {
    play_find(play, "6455-4.3-02", index, at,
              "Sec-WebSocket-Extensions in the 101 is malformed: %s", extensions.error_text);
  }
  if (is_empty) {
    play_find(play, "6455-4.2.2-20", index, at,
              "the 101 has an empty Sec-WebSocket-Extensions instead of none");
  }
}

void answer_judge_101(struct wspec_play *play, struct link *link) {
  const struct wspec_http_head *head = &link->head;
  if (head->version_major == 1 && head->version_minor == 0) {
    /* HTTP/1.0 has no Upgrade (RFC 9110 section 7.8). */
    play_find(play, "6455-4.2.2-21", link_index(play, link), link->head_offset,
              "the 101 is an answer of HTTP/1.0");
  }
  judge_fields_of_101(play, link);
  struct wspec_http_head request;
  bool is_parsed = parse_request(play, link, &request);
  judge_accept(play, link, is_parsed ? &request : NULL);
  if (is_parsed) {
    judge_protocol(play, link, &request);
    judge_extensions(play, link, &request);
    compression_agree(play, link, &request, head);
  }
  wspec_http_head_clear(&request);
}

bool answer_is_of_draft(struct wspec_play *play, struct link *link) {
  if (wspec_http_head_count(&link->head, "Sec-WebSocket-Accept") > 0) {
    return false;
  }
  struct wspec_http_head request;
  bool lacks_key = parse_request(play, link, &request) &&
                   wspec_http_head_count(&request, "Sec-WebSocket-Key") == 0;
  wspec_http_head_clear(&request);
  return lacks_key;
}

static bool is_among(const struct wspec_finding *finding, const char *const *requirements,
                     size_t n_requirements) {
  for (size_t i = 0; i < n_requirements; i++) {
    if (strcmp(finding->requirement, requirements[i]) == 0) {
      return true;
    }
  }
  return false;
}

/* RFC 6455 section 4.1 lists what a client fails the connection for; the syntax of the two lists is
 * among it, since it cannot be known what they name. RFC 7692 section 7.1 adds an agreement on
 * permessage-deflate that is none. */
static bool is_refused_by_clients(const struct wspec_finding *finding) {
  static const char *const refused[] = {"6455-4.2.2-13", "6455-4.2.2-14", "6455-4.2.2-17",
                                        "6455-4.2.2-19", "6455-4.2.2-22", "6455-4.2.2-23",
                                        "6455-4.2.2-24", "6455-4.3-02"};
  return strncmp(finding->requirement, "7692-", 5) == 0 ||
         is_among(finding, refused, sizeof refused / sizeof refused[0]);
}

/* Section 4.2.1 lists what a server refuses a request for. */
static bool is_refused_by_servers(const struct wspec_finding *finding) {
  static const char *const refused[] = {"6455-4.1-20", "6455-4.1-21", "6455-4.1-24",
                                        "6455-4.1-25", "6455-4.1-26", "6455-4.1-27",
                                        "6455-4.1-31", "6455-4.1-32", "6455-4.1-38"};
  return is_among(finding, refused, sizeof refused / sizeof refused[0]);
}

/* The URI of a case is about the request, which comes of it. */
static bool is_of_uri(const struct wspec_play *play, const struct wspec_finding *finding) {
  return play->script->uri && strcmp(finding->requirement, play->script->requirements[0]->id) == 0;
}

/* One blemish in every head would otherwise hide all that comes after the handshake. */
void answer_excuse(struct wspec_play *play, const struct link *link, size_t first) {
  const struct wspec_step *step = &play->script->steps[play->step];
  if (play->step >= play->script->n_steps || step->kind != WSPEC_STEP_OPEN ||
      step->connection != link_index(play, link)) {
    return;
  }
  for (size_t i = first; i < play->result.n_findings; i++) {
    struct wspec_finding *finding = &play->result.findings[i];
    bool is_grave =
        play->config->is_server ? is_refused_by_servers(finding) : is_refused_by_clients(finding);
    if (!is_grave && !is_of_uri(play, finding)) {
      finding->verdict = WSPEC_VERDICT_INFO;
    }
  }
}

/* ---- What a case asks of a field ---- */

static bool field_holds(struct wspec_play *play, struct link *link,
                        const struct wspec_field_rule *rule) {
  const struct wspec_http_head *head = &link->head;
  size_t count = wspec_http_head_count(head, rule->name);
  struct wspec_buf value;
  wspec_buf_init(&value, 65536);
  bool holds = false;
  if (rule->value &&
      play_check(play, head_fill_text(play, link, wspec_span_text(rule->value), &value))) {
    wspec_buf_clear(&value);
    return true;
  }
  switch (rule->kind) {
  case WSPEC_FIELD_PRESENT:
    holds = count > 0;
    break;
  case WSPEC_FIELD_ABSENT:
    holds = count == 0;
    break;
  case WSPEC_FIELD_ONCE:
    holds = count == 1;
    break;
  case WSPEC_FIELD_TOKEN:
  case WSPEC_FIELD_NO_TOKEN: {
    char *token = wspec_buf_take_text(&value);
    holds = token &&
            wspec_http_list_has_token(head, rule->name, token) == (rule->kind == WSPEC_FIELD_TOKEN);
    play->out_of_memory = play->out_of_memory || !token;
    free(token);
    break;
  }
  case WSPEC_FIELD_EQUALS: {
    const struct wspec_http_field *field = wspec_http_head_find(head, rule->name, NULL);
    holds = field && wspec_span_equal(field->value, wspec_buf_span(&value));
    break;
  }
  }
  wspec_buf_clear(&value);
  return holds;
}

void answer_judge_field(struct wspec_play *play, struct link *link,
                        const struct wspec_field_rule *rule) {
  static const char *const wanted[] = {"be there", "be absent",     "list",
                                       "be",       "be there once", "not list"};
  if (field_holds(play, link, rule)) {
    return;
  }
  const struct wspec_requirement *requirement =
      rule->requirement ? rule->requirement : expect_requirement(play);
  const char *id = requirement ? requirement->id : "";
  const char *space = rule->value ? " " : "";
  const char *value = rule->value ? rule->value : "";
  if (link->head.kind == WSPEC_HTTP_REQUEST) {
    play_find(play, id, link_index(play, link), link->head_offset,
              "%s must %s%s%s in the client's request", rule->name, wanted[rule->kind], space,
              value);
    return;
  }
  play_find(play, id, link_index(play, link), link->head_offset,
            "%s must %s%s%s in the target's %u answer", rule->name, wanted[rule->kind], space,
            value, link->head.status_code);
}
