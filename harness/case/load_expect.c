#include "case/load_parts.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum {
  ALTERNATIVES_MAX = 64,
  CODE_MAX = 65535,
  TIMES_MAX = 1000000,
  EXPANDED_MAX = 4, /* alternatives that one word can stand for */
  ADDED_MAX = 3     /* that come behind what the author wrote */
};

/* The reactions by the words of the language, in an order of our own: what stands in the script
 * follows from the word. */
enum word {
  W_ECHO,
  W_MESSAGE,
  W_PONG,
  W_FAILED,
  W_CLOSED,
  W_IGNORED,
  W_ENDED,
  W_NOTHING,
  W_SILENT,
  W_ANY,
  W_HTTP,
  W_DROPPED,
  W_ACCEPTED,
  W_REFUSED,
  W_MASKING_KEYS,
  W_KEY,
  W_REQUESTED,
  W_SERVER_NAME,
  N_WORDS
};

static const char *const WORDS[] = {"echo",    "message",   "pong",       "failed",  "closed",
                                    "ignored", "ended",     "nothing",    "silent",  "any",
                                    "http",    "dropped",   "accepted",   "refused", "masking_keys",
                                    "key",     "requested", "server_name"};

static const char NOTE_OTHER_CODE[] = "another close code than the expected one, or none";
static const char NOTE_NO_ERROR[] = "closes the connection, but with a code that reports no error";
static const char NOTE_OTHER_ANSWER[] = "another status code than the one that was sent";
static const char NOTE_OTHER_STATUS[] = "another status than the expected one";
static const char NOTE_DROPPED[] = "TCP closed without an HTTP answer";
static const char NOTE_ORDINARY[] = "an ordinary HTTP answer";

/* Alternatives while their number is not known. */
struct list {
  struct wspec_reader *reader;
  struct wspec_alternative *items;
  size_t n_items;
};

static struct wspec_alternative *add(struct list *list, enum wspec_reaction reaction,
                                     enum wspec_rank rank, const char *note) {
  struct wspec_alternative *out = &list->items[list->n_items++];
  *out = (struct wspec_alternative){.reaction = reaction, .rank = rank, .note = note};
  return out;
}

/* ---- Codes ---- */

static void set_codes(struct list *list, struct wspec_alternative *out,
                      const struct wspec_code_range *ranges, size_t n) {
  out->codes = wspec_reader_alloc(list->reader, n, sizeof *ranges);
  if (out->codes) {
    memcpy(out->codes, ranges, n * sizeof *ranges);
    out->n_codes = n;
  }
}

static bool parse_number(const char **text, unsigned *out) {
  size_t len = strspn(*text, "0123456789");
  *out = 0;
  for (size_t i = 0; i < len && i < 6; i++) {
    *out = *out * 10 + (unsigned)((*text)[i] - '0');
  }
  *text += len;
  return len > 0 && len < 6 && *out <= CODE_MAX;
}

/* Reads "1000-1003", "404" or, for a status, "4xx". */
static bool parse_range(const char *text, bool status, struct wspec_code_range *out) {
  unsigned first;
  unsigned last;
  if (status && text[0] >= '1' && text[0] <= '9' && strcmp(text + 1, "xx") == 0) {
    uint16_t hundreds = (uint16_t)((text[0] - '0') * 100);
    *out = (struct wspec_code_range){hundreds, (uint16_t)(hundreds + 99)};
    return true;
  }
  if (!parse_number(&text, &first)) {
    return false;
  }
  last = first;
  if (*text == '-') {
    text++;
    if (!parse_number(&text, &last)) {
      return false;
    }
  }
  *out = (struct wspec_code_range){(uint16_t)first, (uint16_t)last};
  return *text == '\0' && first <= last;
}

static void load_codes(struct list *list, const cJSON *item, bool status,
                       struct wspec_alternative *out) {
  struct wspec_reader *reader = list->reader;
  const cJSON *element;
  int n = wspec_reader_array(reader, item, 1, &element);
  if (n < 0) {
    return;
  }
  out->codes = wspec_reader_alloc(reader, (size_t)n, sizeof *out->codes);
  for (; element && out->codes; element = element->next) {
    struct wspec_code_range *range = &out->codes[out->n_codes++];
    const cJSON *value = wspec_reader_resolve(reader, element);
    if (!cJSON_IsString(value)) {
      range->first = range->last = (uint16_t)wspec_reader_uint(reader, element, 0, CODE_MAX);
      continue;
    }
    const char *text = wspec_reader_text(reader, element);
    if (text && !parse_range(text, status, range)) {
      wspec_reader_expected(reader, element,
                            status ? "a status: 400, \"4xx\" or \"300-399\""
                                   : "a close code: 1002 or \"1000-1003\"");
    }
  }
}

/* ---- Payload references ---- */

static void load_given(struct wspec_reader *reader, const cJSON *object, int kind,
                       const char *const *names, struct wspec_payload_ref *out) {
  static const uint8_t opcodes[] = {0x1, 0x2, 0};
  const cJSON *item = wspec_reader_member(object, names[kind]);
  if (strcmp(names[kind], "of") == 0) {
    out->kind = WSPEC_REF_LABEL;
    out->label = wspec_reader_text(reader, item);
    return;
  }
  out->kind = WSPEC_REF_PAYLOAD;
  out->opcode = opcodes[kind];
  wspec_load_payload(reader, item, &out->payload);
}

/* `names` are the ways in which a payload can be given here; "of" is a label. */
static void load_ref(struct wspec_reader *reader, const cJSON *item, const char *const *names,
                     size_t n_names, bool same_allowed, struct wspec_payload_ref *out) {
  static const char *const same[] = {"same"};
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (same_allowed && cJSON_IsString(value)) {
    (void)wspec_reader_choice(reader, item, same, 1);
    out->kind = WSPEC_REF_SAME;
    return;
  }
  const cJSON *object = wspec_reader_object(reader, item, names, n_names);
  int kind = object ? wspec_reader_one_of(reader, object, names, n_names) : -1;
  if (kind >= 0) {
    load_given(reader, object, kind, names, out);
  }
}

static void load_payload_reaction(struct list *list, enum word word, const cJSON *item) {
  static const char *const message[] = {"text", "binary", "of"};
  static const char *const pong[] = {"of", "of", "payload"};
  struct wspec_reader *reader = list->reader;
  if (word == W_PONG) {
    load_ref(reader, item, pong + 1, 2, true,
             &add(list, WSPEC_REACTION_PONG, WSPEC_RANK_PASS, NULL)->payload);
    list->items[list->n_items - 1].payload.opcode = 0;
  } else if (word == W_ECHO) {
    load_ref(reader, item, message, 3, true,
             &add(list, WSPEC_REACTION_ECHO, WSPEC_RANK_PASS, NULL)->payload);
  } else {
    load_ref(reader, item, message, 2, false,
             &add(list, WSPEC_REACTION_MESSAGE, WSPEC_RANK_PASS, NULL)->payload);
  }
}

/* ---- One alternative ---- */

static void load_failed(struct list *list, enum word word, const cJSON *item) {
  static const char *const members[] = {"codes", "no_code", "reason"};
  struct wspec_reader *reader = list->reader;
  struct wspec_alternative *out =
      add(list, word == W_FAILED ? WSPEC_REACTION_FAILED : WSPEC_REACTION_CLOSED, WSPEC_RANK_PASS,
          NULL);
  const cJSON *object = wspec_reader_object(reader, item, members, word == W_FAILED ? 2 : 3);
  if (!object) {
    return;
  }
  const cJSON *codes = wspec_reader_member(object, "codes");
  const cJSON *no_code = wspec_reader_member(object, "no_code");
  const cJSON *reason = wspec_reader_member(object, "reason");
  if (codes) {
    load_codes(list, codes, false, out);
  } else if (word == W_FAILED) {
    wspec_reader_complain(reader, item, "\"failed\" needs \"codes\", such as [1002]");
  }
  out->no_code_allowed = no_code && wspec_reader_bool(reader, no_code);
  struct wspec_payload *payload = reason ? wspec_reader_alloc(reader, 1, sizeof *payload) : NULL;
  if (payload) {
    wspec_load_payload(reader, reason, payload);
    out->reason = payload;
  }
}

/* true, false, or a parameter that the answer has. */
static void load_deflate(struct wspec_reader *reader, const cJSON *item,
                         struct wspec_alternative *out) {
  static const char *const params[] = {"server_no_context_takeover", "client_no_context_takeover",
                                       "server_max_window_bits", "client_max_window_bits"};
  if (cJSON_IsBool(wspec_reader_resolve(reader, item))) {
    out->deflate = wspec_reader_bool(reader, item) ? WSPEC_DEFLATE_AGREED : WSPEC_DEFLATE_DECLINED;
    return;
  }
  int index = wspec_reader_choice(reader, item, params, COUNT(params));
  out->deflate = WSPEC_DEFLATE_AGREED;
  out->deflate_param = index < 0 ? NULL : params[index];
}

static void load_http(struct list *list, enum word word, const cJSON *item) {
  static const char *const of_http[] = {"fields", "status"};
  static const char *const of_accepted[] = {"fields", "deflate"};
  struct wspec_reader *reader = list->reader;
  struct wspec_alternative *out = add(list, WSPEC_REACTION_HTTP, WSPEC_RANK_PASS, NULL);
  const cJSON *object =
      wspec_reader_object(reader, item, word == W_HTTP ? of_http : of_accepted, 2);
  if (!object) {
    return;
  }
  const cJSON *fields = wspec_reader_member(object, "fields");
  const cJSON *status = wspec_reader_member(object, "status");
  const cJSON *deflate = wspec_reader_member(object, "deflate");
  if (deflate) {
    load_deflate(reader, deflate, out);
  }
  if (word == W_ACCEPTED) {
    set_codes(list, out, &(struct wspec_code_range){101, 101}, 1);
    out->validate = true;
  } else if (status) {
    load_codes(list, status, true, out);
  }
  if (fields) {
    wspec_load_field_rules(reader, fields, out);
  }
}

/* A server refuses a handshake with an HTTP error; without one, or with an ordinary page, it did
 * not switch either, which nobody may call a failure. */
static void load_refused(struct list *list, const cJSON *item) {
  static const char *const members[] = {"status", "fields"};
  static const struct wspec_code_range errors = {400, 599};
  static const struct wspec_code_range ordinary = {200, 399};
  const cJSON *object = item ? wspec_reader_object(list->reader, item, members, 2) : NULL;
  const cJSON *status = object ? wspec_reader_member(object, "status") : NULL;
  const cJSON *fields = object ? wspec_reader_member(object, "fields") : NULL;
  struct wspec_alternative *first = add(list, WSPEC_REACTION_HTTP, WSPEC_RANK_PASS, NULL);
  if (status) {
    load_codes(list, status, true, first);
    set_codes(list, add(list, WSPEC_REACTION_HTTP, WSPEC_RANK_INFO, NOTE_OTHER_STATUS), &errors, 1);
  } else {
    set_codes(list, first, &errors, 1);
  }
  if (fields) {
    wspec_load_field_rules(list->reader, fields, first);
  }
  (void)add(list, WSPEC_REACTION_DROPPED, WSPEC_RANK_INFO, NOTE_DROPPED);
  set_codes(list, add(list, WSPEC_REACTION_HTTP, WSPEC_RANK_INFO, NOTE_ORDINARY), &ordinary, 1);
}

static void load_plain(struct list *list, enum word word, const cJSON *item) {
  static const enum wspec_reaction reactions[] = {
      [W_IGNORED] = WSPEC_REACTION_IGNORED, [W_ENDED] = WSPEC_REACTION_ENDED,
      [W_NOTHING] = WSPEC_REACTION_NOTHING, [W_SILENT] = WSPEC_REACTION_SILENT,
      [W_ANY] = WSPEC_REACTION_ANY,         [W_DROPPED] = WSPEC_REACTION_DROPPED};
  (void)wspec_reader_object(list->reader, item, NULL, 0);
  (void)add(list, reactions[word], WSPEC_RANK_PASS, NULL);
}

/* What is compared of a client has one word each, for what it is to be. */
static void load_keys(struct list *list, enum word word, const cJSON *item) {
  static const struct {
    enum wspec_reaction reaction;
    const char *is;
  } rows[N_WORDS] = {
      [W_MASKING_KEYS] = {WSPEC_REACTION_MASKING_KEYS, "unpredictable"},
      [W_KEY] = {WSPEC_REACTION_KEY, "fresh"},
      [W_SERVER_NAME] = {WSPEC_REACTION_SERVER_NAME, "host"},
  };
  (void)wspec_reader_choice(list->reader, item, &rows[word].is, 1);
  (void)add(list, rows[word].reaction, WSPEC_RANK_PASS, NULL);
}

/* The fields of a client's request. */
static void load_requested(struct list *list, const cJSON *item) {
  static const char *const members[] = {"fields"};
  struct wspec_alternative *out = add(list, WSPEC_REACTION_REQUESTED, WSPEC_RANK_PASS, NULL);
  const cJSON *object = wspec_reader_object(list->reader, item, members, 1);
  if (object && wspec_reader_one_of(list->reader, object, members, 1) == 0) {
    wspec_load_field_rules(list->reader, wspec_reader_member(object, "fields"), out);
  }
}

static void load_reaction(struct list *list, enum word word, const cJSON *item) {
  switch (word) {
  case W_ECHO:
  case W_MESSAGE:
  case W_PONG:
    load_payload_reaction(list, word, item);
    break;
  case W_FAILED:
  case W_CLOSED:
    load_failed(list, word, item);
    break;
  case W_HTTP:
  case W_ACCEPTED:
    load_http(list, word, item);
    break;
  case W_REFUSED:
    load_refused(list, item);
    break;
  case W_MASKING_KEYS:
  case W_KEY:
  case W_SERVER_NAME:
    load_keys(list, word, item);
    break;
  case W_REQUESTED:
    load_requested(list, item);
    break;
  default:
    load_plain(list, word, item);
    break;
  }
}

static void load_words_alone(struct list *list, const cJSON *item) {
  static const char *const alone[] = {"echo", "pong",     "ignored", "ended",  "nothing", "silent",
                                      "any",  "accepted", "refused", "failed", "dropped"};
  static const enum word words[] = {W_ECHO, W_PONG,     W_IGNORED, W_ENDED,  W_NOTHING, W_SILENT,
                                    W_ANY,  W_ACCEPTED, W_REFUSED, W_FAILED, W_DROPPED};
  static const cJSON empty = {.type = cJSON_Object};
  int index = wspec_reader_choice(list->reader, item, alone, COUNT(alone));
  if (index < 0) {
    return;
  }
  switch (words[index]) {
  case W_ECHO:
    (void)add(list, WSPEC_REACTION_ECHO, WSPEC_RANK_PASS, NULL);
    break;
  case W_PONG:
    (void)add(list, WSPEC_REACTION_PONG, WSPEC_RANK_PASS, NULL);
    break;
  case W_FAILED:
    set_codes(list, add(list, WSPEC_REACTION_FAILED, WSPEC_RANK_PASS, NULL),
              &(struct wspec_code_range){1002, 1002}, 1);
    break;
  default:
    load_reaction(list, words[index], &empty);
    break;
  }
}

static void load_times(struct wspec_reader *reader, const cJSON *item,
                       struct wspec_alternative *out) {
  if (out->reaction != WSPEC_REACTION_ECHO && out->reaction != WSPEC_REACTION_MESSAGE &&
      out->reaction != WSPEC_REACTION_PONG) {
    wspec_reader_complain(reader, item, "\"times\" goes with echo, message and pong only");
    return;
  }
  out->times = wspec_reader_uint(reader, item, 1, TIMES_MAX);
}

static enum wspec_offered_rule load_offered(struct wspec_reader *reader, const cJSON *item) {
  return wspec_reader_bool(reader, item) ? WSPEC_OFFERED : WSPEC_NOT_OFFERED;
}

/* What stands beside the reaction is about what the author wrote: the first alternative that it
 * stands for. */
static void load_alternative(struct list *list, const cJSON *item) {
  static const char *const ranks[] = {"pass", "info", "warn", "fail"};
  const char *members[N_WORDS + 6];
  struct wspec_reader *reader = list->reader;
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (cJSON_IsString(value)) {
    load_words_alone(list, item);
    return;
  }
  memcpy(members, WORDS, sizeof WORDS);
  members[N_WORDS] = "rank";
  members[N_WORDS + 1] = "note";
  members[N_WORDS + 2] = "requirement";
  members[N_WORDS + 3] = "times";
  members[N_WORDS + 4] = "offered";
  members[N_WORDS + 5] = "ends";
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  int word = object ? wspec_reader_one_of(reader, object, WORDS, N_WORDS) : -1;
  if (word < 0) {
    return;
  }
  struct wspec_alternative *first = &list->items[list->n_items];
  load_reaction(list, (enum word)word, wspec_reader_member(object, WORDS[word]));
  const cJSON *rank = wspec_reader_member(object, "rank");
  const cJSON *note = wspec_reader_member(object, "note");
  const cJSON *requirement = wspec_reader_member(object, "requirement");
  const cJSON *times = wspec_reader_member(object, "times");
  const cJSON *offered = wspec_reader_member(object, "offered");
  const cJSON *ends = wspec_reader_member(object, "ends");
  int index = rank ? wspec_reader_choice(reader, rank, ranks, COUNT(ranks)) : 0;
  if (times) {
    load_times(reader, times, first);
  }
  first->rank = index < 0 ? WSPEC_RANK_PASS : (enum wspec_rank)index;
  first->note = note ? wspec_reader_text(reader, note) : NULL;
  first->requirement = requirement ? wspec_reader_requirement(reader, requirement) : NULL;
  first->offered = offered ? load_offered(reader, offered) : WSPEC_OFFERED_OR_NOT;
  first->ends = ends && wspec_reader_bool(reader, ends);
}

/* ---- Expectations ---- */

static bool answers_a_client(const struct wspec_script *script) {
  for (size_t i = 0; i < script->n_steps; i++) {
    if (script->steps[i].kind == WSPEC_STEP_RESPOND) {
      return true;
    }
  }
  return false;
}

/* To fail a connection is to close it; that the close frame has a fitting code is a SHOULD (RFC 6455
 * section 7.1.7), and 1000 and 1001 report no error. What the author says of these codes goes first.
 * A client that says 1000 to a wrong answer has taken the connection for an open one. */
static void add_code_of_no_error(struct list *list, bool ends) {
  static const struct wspec_code_range codes[] = {{1000, 1001}};
  if (answers_a_client(list->reader->script)) {
    return;
  }
  struct wspec_alternative *out = add(list, WSPEC_REACTION_FAILED, WSPEC_RANK_WARN, NOTE_NO_ERROR);
  set_codes(list, out, codes, COUNT(codes));
  out->requirement = wspec_requirements_find(list->reader->requirements, "6455-7.1.7-05");
  out->is_implied = true;
  out->ends = ends;
}

/* Failing a connection with another error code, or with none in the close frame, is reported, not
 * punished: which of them fits is seldom a plain MUST, and 7.4.2 leaves 3000 to 4999 to the
 * application. Where a failure is no more than put up with, what was sent is right: 1002, 1003, 1007
 * and 1010 would say that it is not. Whoever lists two `failed` has ranked the codes by hand. */
static void add_other_error_codes(struct list *list) {
  static const struct wspec_code_range any_error[] = {{1002, 1003}, {1007, 1014}, {3000, 4999}};
  static const struct wspec_code_range no_blame[] = {{1008, 1009}, {1011, 1014}, {3000, 4999}};
  size_t n_failed = 0;
  size_t at = 0;
  for (size_t i = 0; i < list->n_items; i++) {
    if (list->items[i].reaction == WSPEC_REACTION_FAILED) {
      n_failed++;
      at = i;
    }
  }
  if (n_failed != 1 || list->items[at].rank > WSPEC_RANK_INFO) {
    return;
  }
  memmove(&list->items[at + 2], &list->items[at + 1],
          (list->n_items - at - 1) * sizeof *list->items);
  list->items[at + 1] = (struct wspec_alternative){.reaction = WSPEC_REACTION_FAILED,
                                                   .rank = WSPEC_RANK_INFO,
                                                   .note = NOTE_OTHER_CODE,
                                                   .no_code_allowed = true,
                                                   .offered = list->items[at].offered,
                                                   .ends = list->items[at].ends};
  list->n_items++;
  set_codes(list, &list->items[at + 1],
            list->items[at].rank == WSPEC_RANK_PASS ? any_error : no_blame, COUNT(any_error));
  add_code_of_no_error(list, list->items[at].ends);
}

/* The answer to a close frame typically echoes its code, RFC 6455 section 5.5.1: another one is as
 * legal, and is reported; an API's script names its code itself. Not so 1002, 1003, 1007, 1009 and 1010, which say that what we sent was
 * wrong. */
static void add_other_answers(struct list *list) {
  static const struct wspec_code_range codes[] = {
      {1001, 1001}, {1008, 1008}, {1011, 1014}, {3000, 4999}};
  const struct wspec_alternative *closed = NULL;
  size_t n_closed = 0;
  for (size_t i = 0; i < list->n_items; i++) {
    if (list->items[i].reaction == WSPEC_REACTION_CLOSED &&
        list->items[i].rank == WSPEC_RANK_PASS) {
      n_closed++;
      closed = &list->items[i];
    }
  }
  if (n_closed != 1 || closed->n_codes == 0 || list->reader->script->call) {
    return;
  }
  set_codes(list, add(list, WSPEC_REACTION_CLOSED, WSPEC_RANK_INFO, NOTE_OTHER_ANSWER), codes,
            COUNT(codes));
}

/* What keys are like is no event that another one could come before. */
static void check_keys_alone(struct list *list, const cJSON *item) {
  for (size_t i = 0; list->n_items > 1 && i < list->n_items; i++) {
    if (list->items[i].reaction >= WSPEC_REACTION_MASKING_KEYS) {
      wspec_reader_complain(
          list->reader, item,
          "\"masking_keys\", \"key\", \"requested\" and \"server_name\" have no alternatives");
      return;
    }
  }
}

void wspec_load_expectation(struct wspec_reader *reader, const cJSON *item,
                            struct wspec_expectation *out) {
  const cJSON *element = item;
  int n = 1;
  out->patience = 1;
  if (cJSON_IsArray(wspec_reader_resolve(reader, item))) {
    n = wspec_reader_array(reader, item, 1, &element);
  }
  if (n > ALTERNATIVES_MAX) {
    wspec_reader_complain(reader, item, "more than %d alternatives", ALTERNATIVES_MAX);
    return;
  }
  if (n < 1) {
    return;
  }
  struct list list = {.reader = reader};
  list.items = wspec_reader_alloc(reader, (size_t)n * EXPANDED_MAX + ADDED_MAX, sizeof *list.items);
  if (!list.items) {
    return;
  }
  for (int i = 0; i < n; i++, element = element->next) {
    load_alternative(&list, element);
  }
  check_keys_alone(&list, item);
  add_other_error_codes(&list);
  add_other_answers(&list);
  out->alternatives = list.items;
  out->n_alternatives = list.n_items;
}

/* The answer typically echoes the code (RFC 6455 section 5.5.1); 1000 and none are as right. That
 * there is none at all violates that section, not the sentence that the case is about. */
void wspec_load_close_expectation(struct wspec_reader *reader, bool has_code, uint16_t code,
                                  struct wspec_expectation *out) {
  struct wspec_code_range codes[] = {{1000, 1000}, {code, code}};
  struct list list = {.reader = reader};
  list.items = wspec_reader_alloc(reader, 2, sizeof *list.items);
  if (!list.items) {
    return;
  }
  struct wspec_alternative *closed = add(&list, WSPEC_REACTION_CLOSED, WSPEC_RANK_PASS, NULL);
  set_codes(&list, closed, codes, has_code && code != 1000 ? 2 : 1);
  closed->no_code_allowed = true;
  add_other_answers(&list);
  out->alternatives = list.items;
  out->n_alternatives = list.n_items;
  out->requirement = wspec_requirements_find(reader->requirements, "6455-5.5.1-09");
  out->patience = 1;
}
