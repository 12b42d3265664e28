#include "play/play_internal.h"

#include "base/ascii.h"
#include "proto/handshake.h"

#include <inttypes.h>
#include <string.h>

enum { FIELDS_MAX = 256, VALUE_MAX = 1 << 24, EXTENSIONS_LEN_MAX = 4096 };

void head_read_own(struct wspec_http_head *head, enum wspec_http_kind kind) {
  struct wspec_http_limits limits = {
      .line_len = SIZE_MAX / 4, .head_len = SIZE_MAX / 4, .headers = 100000};
  wspec_http_head_init(head, kind, &limits);
}

static bool is_line_end(uint8_t octet) {
  return octet == '\r' || octet == '\n';
}

/* The request line, behind empty lines (RFC 9112 section 2.2). */
static struct wspec_span request_line(const struct link *link) {
  struct wspec_span line = wspec_buf_span(&link->own_head);
  while (line.len > 0 && is_line_end(line.data[0])) {
    line = wspec_span_from(line, 1);
  }
  size_t len = 0;
  while (len < line.len && !is_line_end(line.data[len])) {
    len++;
  }
  return wspec_span_of(line.data, len);
}

/* RFC 9112 sections 2.3 and 3: three words, the last of which is the version. */
bool head_is_http_1(const struct link *link) {
  static const char name[] = "HTTP/1.";
  enum { NAME_LEN = sizeof name - 1 };
  struct wspec_span line = request_line(link);
  size_t n_spaces = 0, word = 0;
  for (size_t i = 0; i < line.len; i++) {
    if (line.data[i] == ' ') {
      n_spaces++;
      word = i + 1;
    }
  }
  struct wspec_span version = wspec_span_from(line, word);
  return n_spaces == 2 && version.len == NAME_LEN + 1 &&
         memcmp(version.data, name, NAME_LEN) == 0 && wspec_ascii_is_digit(version.data[NAME_LEN]);
}

struct head_field {
  struct wspec_span name, value, separator;
};

struct head_fields {
  struct head_field items[FIELDS_MAX];
  size_t n;
  struct wspec_buf content_length, extensions; /* values that were made for it */
};

enum { NUMBER_LEN_MAX = 24 };

/* ---- Placeholders ---- */

/* What the placeholders stand for, but ${accept}. */
struct placeholders {
  struct wspec_span host, key, target, origin, subprotocol;
};

static struct wspec_span text_or(struct wspec_span span, const char *otherwise) {
  return span.len > 0 ? span : wspec_span_text(otherwise);
}

/* Of the target's request where that is a client, else of ours. */
static struct placeholders placeholders_of(const struct wspec_play *play, const struct link *link) {
  const struct wspec_play_config *config = play->config;
  if (config->is_server) {
    return (struct placeholders){
        .host = text_or(request_value(link, "Host"), "localhost"),
        .key = request_value(link, "Sec-WebSocket-Key"),
        .target = link->head.target,
        .origin = text_or(request_value(link, "Origin"), "http://localhost"),
        .subprotocol = text_or(request_first_element(link, "Sec-WebSocket-Protocol"), "chat")};
  }
  return (struct placeholders){
      .host = wspec_span_text(config->host),
      .key = wspec_span_text(link->key),
      .target = wspec_span_text(config->target),
      .origin = wspec_span_text(config->origin ? config->origin : "http://localhost"),
      .subprotocol = wspec_span_text(config->subprotocol ? config->subprotocol : "chat")};
}

/* The right Sec-WebSocket-Accept of a key, or the same with its letters in the other case. */
static enum wspec_err append_accept(struct wspec_span key, bool in_other_letters,
                                    struct wspec_buf *out) {
  char accept[WSPEC_HANDSHAKE_ACCEPT_LEN + 1] = "";
  enum wspec_err err = wspec_handshake_accept(key, accept);
  for (char *letter = accept; *letter && in_other_letters; letter++) {
    *letter = wspec_ascii_is_alpha((uint8_t)*letter) ? (char)(*letter ^ 0x20) : *letter;
  }
  return err ? err : wspec_buf_append_text(out, accept);
}

static enum wspec_err append_placeholder(struct wspec_play *play, struct link *link,
                                         struct wspec_span name, struct wspec_buf *out) {
  const struct placeholders values = placeholders_of(play, link);
  bool in_other_letters = wspec_span_equal_text(name, "accept_in_other_letters");
  if (in_other_letters || wspec_span_equal_text(name, "accept")) {
    return append_accept(values.key, in_other_letters, out);
  }
  const struct {
    const char *name;
    struct wspec_span value;
  } known[] = {
      {"host", values.host},
      {"key", values.key},
      {"target", values.target},
      {"origin", values.origin},
      {"subprotocol", values.subprotocol},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (wspec_span_equal_text(name, known[i].name)) {
      return wspec_buf_append_span(out, known[i].value);
    }
  }
  return WSPEC_ERR_MISUSE;
}

enum wspec_err head_fill_text(struct wspec_play *play, struct link *link, struct wspec_span text,
                              struct wspec_buf *out) {
  while (text.len > 0) {
    const uint8_t *dollar = memchr(text.data, '$', text.len);
    size_t plain = dollar ? (size_t)(dollar - text.data) : text.len;
    enum wspec_err err = wspec_buf_append(out, text.data, plain);
    if (err) {
      return err;
    }
    text = wspec_span_from(text, plain);
    const uint8_t *end =
        text.len > 2 && text.data[1] == '{' ? memchr(text.data, '}', text.len) : NULL;
    size_t consumed = text.len > 0 ? 1 : 0;
    err = WSPEC_ERR_MISUSE;
    if (end) {
      consumed = (size_t)(end - text.data) + 1;
      err = append_placeholder(play, link, wspec_span_of(text.data + 2, consumed - 3), out);
    }
    if (err == WSPEC_ERR_MISUSE && consumed > 0) {
      err = wspec_buf_append(out, text.data, consumed); /* a dollar that names nothing is itself */
    } else if (consumed == 0) {
      err = WSPEC_OK;
    }
    if (err) {
      return err;
    }
    text = wspec_span_from(text, consumed);
  }
  return WSPEC_OK;
}

/* ---- Fields ---- */

static void add_field(struct head_fields *fields, size_t at, struct head_field field) {
  if (fields->n >= FIELDS_MAX) {
    return;
  }
  memmove(&fields->items[at + 1], &fields->items[at], (fields->n - at) * sizeof field);
  fields->items[at] = field;
  fields->n++;
}

static void add_text_field(struct head_fields *fields, const char *name, const char *value) {
  if (value) {
    add_field(fields, fields->n,
              (struct head_field){wspec_span_text(name), wspec_span_text(value), {NULL, 0}});
  }
}

static void fields_of_request(const struct wspec_play *play, struct head_fields *fields) {
  const struct wspec_play_config *config = play->config;
  add_text_field(fields, "Host", "${host}");
  add_text_field(fields, "Upgrade", "websocket");
  add_text_field(fields, "Connection", "Upgrade");
  add_text_field(fields, "Sec-WebSocket-Key", "${key}");
  add_text_field(fields, "Sec-WebSocket-Version", "13");
  add_text_field(fields, "Origin", config->origin);
  add_text_field(fields, "Sec-WebSocket-Protocol", config->subprotocol);
}

/* A subprotocol that is offered is granted: clients with the WHATWG's API insist on one. */
static enum wspec_err fields_of_response(const struct link *link,
                                         const struct wspec_head_plan *plan,
                                         struct head_fields *fields) {
  bool is_switching = plan->status_code == 0 || plan->status_code == 101;
  if (!is_switching) {
    enum wspec_err err = wspec_buf_appendf(&fields->content_length, "%" PRIu64, plan->body.len);
    add_text_field(fields, "Connection", "close");
    add_field(fields, fields->n,
              (struct head_field){wspec_span_text("Content-Length"),
                                  wspec_buf_span(&fields->content_length),
                                  {NULL, 0}});
    return err;
  }
  add_text_field(fields, "Upgrade", "websocket");
  add_text_field(fields, "Connection", "Upgrade");
  add_text_field(fields, "Sec-WebSocket-Accept", "${accept}");
  if (request_first_element(link, "Sec-WebSocket-Protocol").len > 0) {
    add_text_field(fields, "Sec-WebSocket-Protocol", "${subprotocol}");
  }
  return WSPEC_OK;
}

static enum wspec_err ordinary_fields(const struct wspec_play *play, const struct link *link,
                                      const struct wspec_head_plan *plan,
                                      struct head_fields *fields) {
  const struct wspec_play_config *config = play->config;
  enum wspec_err err = WSPEC_OK;
  if (config->is_server) {
    err = fields_of_response(link, plan, fields);
  } else {
    fields_of_request(play, fields);
  }
  for (size_t i = 0; i < config->n_fields; i++) {
    add_text_field(fields, config->fields[i].name, config->fields[i].value);
  }
  return err;
}

static void remove_fields(struct head_fields *fields, struct wspec_span name) {
  size_t kept = 0;
  for (size_t i = 0; i < fields->n; i++) {
    if (!wspec_ascii_equal_nocase(fields->items[i].name, name)) {
      fields->items[kept++] = fields->items[i];
    }
  }
  fields->n = kept;
}

static void set_field(struct head_fields *fields, struct head_field field) {
  for (size_t i = 0; i < fields->n; i++) {
    if (wspec_ascii_equal_nocase(fields->items[i].name, field.name)) {
      fields->items[i] = field;
      return;
    }
  }
  add_field(fields, fields->n, field);
}

static void edit_fields(struct head_fields *fields, const struct wspec_head_plan *plan) {
  for (size_t i = 0; i < plan->n_edits; i++) {
    const struct wspec_field_edit *edit = &plan->edits[i];
    struct head_field field = {edit->name, edit->value, edit->separator};
    switch (edit->kind) {
    case WSPEC_FIELD_SET:
      set_field(fields, field);
      break;
    case WSPEC_FIELD_REMOVE:
      remove_fields(fields, edit->name);
      break;
    case WSPEC_FIELD_ADD:
      add_field(fields, fields->n, field);
      break;
    case WSPEC_FIELD_FIRST:
      add_field(fields, 0, field);
      break;
    }
  }
}

/* What `open` says is what a client offers; a server answers what the client did offer. RFC 7692
 * section 7.1.1.1: an answer without the server_no_context_takeover of the offer does not accept it,
 * so that words of our own would be wrong for some of them. */
static enum wspec_err turn_offer_round(const struct wspec_play *play, const struct link *link,
                                       struct head_fields *fields) {
  static const char name[] = "Sec-WebSocket-Extensions";
  bool is_open = play->script->steps[play->step].kind == WSPEC_STEP_OPEN;
  if (!play->config->is_server || !is_open) {
    return WSPEC_OK;
  }
  for (size_t i = 0; i < fields->n; i++) {
    struct head_field *field = &fields->items[i];
    if (!wspec_ascii_equal_nocase(field->name, wspec_span_text(name))) {
      continue;
    }
    enum wspec_err err = compression_answer(link, field->value, &fields->extensions);
    field->value = wspec_buf_span(&fields->extensions);
    if (field->value.len == 0) {
      remove_fields(fields, wspec_span_text(name));
    }
    return err;
  }
  return WSPEC_OK;
}

/* ---- The head ---- */

static const char *reason_of(unsigned status_code) {
  static const struct {
    unsigned code;
    const char *reason;
  } known[] = {{100, "Continue"},
               {101, "Switching Protocols"},
               {200, "OK"},
               {204, "No Content"},
               {301, "Moved Permanently"},
               {302, "Found"},
               {303, "See Other"},
               {307, "Temporary Redirect"},
               {308, "Permanent Redirect"},
               {400, "Bad Request"},
               {401, "Unauthorized"},
               {403, "Forbidden"},
               {404, "Not Found"},
               {407, "Proxy Authentication Required"},
               {426, "Upgrade Required"},
               {429, "Too Many Requests"},
               {500, "Internal Server Error"},
               {503, "Service Unavailable"}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (known[i].code == status_code) {
      return known[i].reason;
    }
  }
  return "Unnamed";
}

static enum wspec_err append_status_line(const struct wspec_head_plan *plan,
                                         struct wspec_buf *out) {
  unsigned status_code = plan->status_code ? plan->status_code : 101;
  return wspec_buf_appendf(out, "%s %u %s", plan->version ? plan->version : "HTTP/1.1", status_code,
                           plan->reason ? plan->reason : reason_of(status_code));
}

static enum wspec_err append_payload(const struct wspec_payload *payload, struct wspec_buf *out) {
  if (payload->len > VALUE_MAX) {
    return WSPEC_ERR_LIMIT;
  }
  uint8_t *octets;
  enum wspec_err err = wspec_buf_reserve(out, (size_t)payload->len, &octets);
  if (!err && payload->len > 0) {
    wspec_payload_read(payload, 0, octets, (size_t)payload->len);
  }
  return err;
}

static enum wspec_err append_start_line(struct wspec_play *play, struct link *link,
                                        const struct wspec_head_plan *plan, struct wspec_buf *out) {
  if (plan->start_line) {
    return head_fill_text(play, link, wspec_span_text(plan->start_line), out);
  }
  if (play->config->is_server) {
    return append_status_line(plan, out);
  }
  const char *words[] = {plan->method ? plan->method : "GET", " ",
                         plan->request_target ? plan->request_target : "${target}", " ",
                         plan->version ? plan->version : "HTTP/1.1"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    enum wspec_err err = head_fill_text(play, link, wspec_span_text(words[i]), out);
    if (err) {
      return err;
    }
  }
  return WSPEC_OK;
}

static enum wspec_err append_field(struct wspec_play *play, struct link *link,
                                   const struct head_field *field, struct wspec_span line_ending,
                                   struct wspec_buf *out) {
  enum wspec_err err = wspec_buf_append_span(out, field->name);
  if (!err) {
    err = wspec_buf_append_span(out, field->separator.len > 0 ? field->separator
                                                              : wspec_span_text(": "));
  }
  if (!err) {
    err = head_fill_text(play, link, field->value, out);
  }
  return err ? err : wspec_buf_append_span(out, line_ending);
}

static enum wspec_err append_fields(struct wspec_play *play, struct link *link,
                                    const struct wspec_head_plan *plan, struct head_fields *fields,
                                    struct wspec_buf *out) {
  struct wspec_span line_ending = wspec_span_text(plan->line_ending ? plan->line_ending : "\r\n");
  enum wspec_err err = append_start_line(play, link, plan, out);
  if (!err) {
    err = wspec_buf_append_span(out, line_ending);
  }
  for (size_t i = 0; i < fields->n && !err; i++) {
    err = append_field(play, link, &fields->items[i], line_ending, out);
  }
  return err ? err : wspec_buf_append_span(out, line_ending);
}

static enum wspec_err append_lines(struct wspec_play *play, struct link *link,
                                   const struct wspec_head_plan *plan, struct wspec_buf *out) {
  struct head_fields fields = {.n = 0};
  wspec_buf_init(&fields.content_length, NUMBER_LEN_MAX);
  wspec_buf_init(&fields.extensions, EXTENSIONS_LEN_MAX);
  enum wspec_err err = ordinary_fields(play, link, plan, &fields);
  if (!err) {
    edit_fields(&fields, plan);
    err = turn_offer_round(play, link, &fields);
  }
  if (!err) {
    err = append_fields(play, link, plan, &fields, out);
  }
  wspec_buf_clear(&fields.content_length);
  wspec_buf_clear(&fields.extensions);
  return err;
}

static enum wspec_err append_raw(struct wspec_play *play, struct link *link,
                                 const struct wspec_head_plan *plan, struct wspec_buf *out) {
  struct wspec_buf raw;
  wspec_buf_init(&raw, VALUE_MAX);
  enum wspec_err err = append_payload(&plan->raw, &raw);
  if (!err) {
    err = head_fill_text(play, link, wspec_buf_span(&raw), out);
  }
  wspec_buf_clear(&raw);
  return err;
}

static enum wspec_err choose_key(struct wspec_play *play, struct link *link,
                                 const struct wspec_head_plan *plan) {
  if (play->config->is_server) {
    return WSPEC_OK; /* it is the client's */
  }
  if (plan->key) {
    size_t len = strlen(plan->key);
    len = len < sizeof link->key ? len : sizeof link->key - 1;
    memcpy(link->key, plan->key, len);
    link->key[len] = '\0';
    return WSPEC_OK;
  }
  uint8_t nonce[WSPEC_HANDSHAKE_NONCE_LEN];
  wspec_rng_fill(&play->rng, nonce, sizeof nonce);
  wspec_handshake_make_key(nonce, link->key);
  return WSPEC_OK;
}

enum wspec_err head_build(struct wspec_play *play, struct link *link,
                          const struct wspec_head_plan *plan, struct wspec_buf *out) {
  enum wspec_err err = choose_key(play, link, plan);
  if (!err) {
    err = plan->has_raw ? append_raw(play, link, plan, out) : append_lines(play, link, plan, out);
  }
  if (!err) {
    wspec_buf_reset(&link->own_head);
    err = wspec_buf_append_span(&link->own_head, wspec_buf_span(out));
  }
  return err ? err : append_payload(&plan->body, out);
}
