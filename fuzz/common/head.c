#include "common/head.h"

#include <string.h>

static void check_sticks(struct wspec_http_head *head) {
  size_t used = SIZE_MAX, len = head->raw.len;
  enum wspec_err err = wspec_http_head_feed(head, wspec_span_text("A: b\r\n\r\n"), &used);
  FUZZ_CHECK(err == head->err && used == 0 && head->raw.len == len);
}

void fuzz_head_read(struct wspec_http_head *head, enum wspec_http_kind kind,
                    const struct wspec_http_limits *limits, struct fuzz_input input,
                    struct fuzz_plan plan) {
  wspec_http_head_init(head, kind, limits);
  struct fuzz_feed feed = {.input = input, .plan = plan};
  size_t total = 0;
  enum wspec_err err = WSPEC_ERR_NEED_MORE;
  while (err == WSPEC_ERR_NEED_MORE && fuzz_feed_next(&feed)) {
    size_t used = SIZE_MAX;
    err = wspec_http_head_feed(head, wspec_span_of(feed.portion, feed.portion_len), &used);
    FUZZ_CHECK(used <= feed.portion_len);
    FUZZ_CHECK(err != WSPEC_ERR_NEED_MORE || used == feed.portion_len);
    total += used;
  }
  fuzz_feed_end(&feed);
  FUZZ_CHECK(head->raw.len == total);
  FUZZ_CHECK(total == 0 || memcmp(head->raw.data, input.data, total) == 0);
  FUZZ_CHECK(err == WSPEC_OK || err == WSPEC_ERR_NEED_MORE || err == WSPEC_ERR_HTTP ||
             err == WSPEC_ERR_LIMIT);
  FUZZ_CHECK((err == WSPEC_OK) == (head->state == WSPEC_HTTP_STATE_COMPLETE));
  FUZZ_CHECK((head->err != WSPEC_OK) == (head->state == WSPEC_HTTP_STATE_FAILED));
  FUZZ_CHECK(!head->err || (head->error_text && head->error_offset <= total));
  if (err != WSPEC_ERR_NEED_MORE) {
    check_sticks(head);
  }
}

static void log_part(const struct wspec_http_head *head, struct wspec_span part,
                     struct fuzz_log *log) {
  uint64_t offset = wspec_http_head_offset(head, part);
  FUZZ_CHECK(offset <= head->raw.len && part.len <= head->raw.len - offset);
  fuzz_log_number(log, part.data ? offset : UINT64_MAX);
  fuzz_log_number(log, part.len);
}

void fuzz_head_log(const struct wspec_http_head *head, struct fuzz_log *log) {
  const struct wspec_span parts[] = {head->start_line, head->method, head->target, head->version,
                                     head->reason};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    log_part(head, parts[i], log);
  }
  fuzz_log_number(log, (uint64_t)head->version_major << 32 | (unsigned)head->version_minor);
  fuzz_log_number(log, (uint64_t)head->status_code << 32 | head->oddities);
  fuzz_log_number(log, (uint64_t)head->state);
  fuzz_log_number(log, head->raw.len);
  fuzz_log_number(log, (uint64_t)-head->err);
  fuzz_log_number(log, head->error_offset);
  fuzz_log_span(log, wspec_span_text(head->error_text));
  for (size_t i = 0; i < head->n_fields; i++) {
    const struct wspec_http_field *field = &head->fields[i];
    log_part(head, field->name, log);
    log_part(head, field->value, log);
    log_part(head, field->raw, log);
    FUZZ_CHECK(wspec_http_head_offset(head, field->raw) == field->offset);
    FUZZ_CHECK((field->oddities & ~head->oddities) == 0);
    fuzz_log_number(log, field->oddities);
  }
}

/* The elements of a list stand in its fields, in their order, and are not empty. */
static void check_list(const struct wspec_http_head *head, const char *name, struct fuzz_log *log) {
  struct wspec_http_list list;
  struct wspec_span element;
  uint64_t last = 0;
  wspec_http_list_init(&list, head, name);
  while (wspec_http_list_next(&list, &element)) {
    uint64_t at = wspec_http_head_offset(head, element);
    FUZZ_CHECK(element.len > 0 && at >= last);
    FUZZ_CHECK(at >= wspec_http_head_offset(head, list.field->value));
    last = at + element.len;
    FUZZ_CHECK(last <= wspec_http_head_offset(head, list.field->value) + list.field->value.len);
    log_part(head, element, log);
  }
  fuzz_log_number(log, list.n_empty);
}

/* The same head written plainly is read as the same, without an oddity. */
static void check_round_trip(const struct wspec_http_head *head) {
  struct fuzz_log text = {0};
  fuzz_log_octets(&text, head->start_line.data, head->start_line.len);
  for (size_t i = 0; i < head->n_fields; i++) {
    fuzz_log_octets(&text, "\r\n", 2);
    fuzz_log_octets(&text, head->fields[i].name.data, head->fields[i].name.len);
    fuzz_log_octets(&text, ":", 1);
    fuzz_log_octets(&text, head->fields[i].value.data, head->fields[i].value.len);
  }
  fuzz_log_octets(&text, "\r\n\r\n", 4);
  struct wspec_http_head again;
  fuzz_head_read(&again, head->kind, &head->limits, fuzz_input_of(text.data, text.len),
                 fuzz_plan_at_once);
  FUZZ_CHECK(again.state == WSPEC_HTTP_STATE_COMPLETE && again.oddities == head->oddities);
  FUZZ_CHECK(again.n_fields == head->n_fields && again.status_code == head->status_code);
  FUZZ_CHECK(wspec_span_equal(again.method, head->method));
  FUZZ_CHECK(wspec_span_equal(again.target, head->target));
  FUZZ_CHECK(wspec_span_equal(again.reason, head->reason));
  for (size_t i = 0; i < again.n_fields; i++) {
    FUZZ_CHECK(wspec_span_equal(again.fields[i].name, head->fields[i].name));
    FUZZ_CHECK(wspec_span_equal(again.fields[i].value, head->fields[i].value));
  }
  wspec_http_head_clear(&again);
  fuzz_log_clear(&text);
}

static struct wspec_http_limits take_limits(struct fuzz_input *input) {
  uint8_t choice = fuzz_take_octet(input);
  return (struct wspec_http_limits){.line_len = choice & 1 ? 64 : 0,
                                    .head_len = choice & 2 ? 256 : 0,
                                    .headers = choice & 4 ? 4 : 0};
}

void fuzz_head_check(enum wspec_http_kind kind, struct fuzz_input input) {
  struct wspec_http_limits limits = take_limits(&input);
  struct fuzz_plan plans[] = {fuzz_plan_at_once, fuzz_plan_octets, fuzz_take_plan(&input)};
  struct fuzz_log logs[3] = {0};
  for (size_t i = 0; i < 3; i++) {
    struct wspec_http_head head;
    fuzz_memory_start();
    fuzz_head_read(&head, kind, &limits, input, plans[i]);
    FUZZ_CHECK(fuzz_memory_requested() <= 65536 + 128 * input.len);
    fuzz_head_log(&head, &logs[i]);
    check_list(&head, "Connection", &logs[i]);
    check_list(&head, "Sec-WebSocket-Protocol", &logs[i]);
    FUZZ_CHECK(fuzz_log_equal(&logs[i], &logs[0]));
    const unsigned harmless = WSPEC_HTTP_OBS_TEXT | WSPEC_HTTP_VERSION_OTHER;
    if (i == 0 && head.state == WSPEC_HTTP_STATE_COMPLETE && (head.oddities & ~harmless) == 0) {
      check_round_trip(&head);
    }
    wspec_http_head_clear(&head);
  }
  for (size_t i = 0; i < 3; i++) {
    fuzz_log_clear(&logs[i]);
  }
}
