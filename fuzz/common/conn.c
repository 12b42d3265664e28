#include "common/conn.h"

#include "common/head.h"
#include "common/plain_conn.h"
#include "proto/handshake.h"

#include <stdlib.h>
#include <string.h>

/* ---- one run ---- */

static void see(struct fuzz_sink *sink, const struct wspec_conn_event *event) {
  switch (event->type) {
  case WSPEC_CONN_MESSAGE:
    FUZZ_CHECK(event->opcode == WSPEC_OPCODE_TEXT || event->opcode == WSPEC_OPCODE_BINARY);
    FUZZ_CHECK(!event->begins || sink->open.len == 0);
    fuzz_sink_data(sink, event->opcode == WSPEC_OPCODE_TEXT, event->payload.data,
                   event->payload.len, event->ends);
    break;
  case WSPEC_CONN_PING:
    fuzz_sink_ping(sink, event->payload.data, event->payload.len);
    break;
  case WSPEC_CONN_PONG:
    fuzz_sink_pong(sink, event->payload.data, event->payload.len);
    break;
  case WSPEC_CONN_CLOSE:
    fuzz_sink_close(sink, event->close.status_code, event->close.reason.data,
                    event->close.reason.len);
    break;
  }
}

static void feed_portion(struct wspec_conn *conn, uint8_t *octets, size_t len,
                         struct fuzz_conn_run *run) {
  for (size_t at = 0; at < len;) {
    struct wspec_conn_event event = {0};
    size_t used = SIZE_MAX;
    enum wspec_err err = wspec_conn_feed(conn, octets + at, len - at, &used, &event);
    FUZZ_CHECK(used <= len - at && (err == WSPEC_OK ? used > 0 : used == len - at));
    at += used;
    if (err == WSPEC_OK) {
      FUZZ_CHECK(run->err == WSPEC_OK); /* no event after an error */
      see(&run->seen, &event);
    } else if (err != WSPEC_ERR_NEED_MORE) {
      FUZZ_CHECK(run->err == WSPEC_OK || run->err == err);
      run->err = err;
    }
  }
}

static void take_output(struct wspec_conn *conn, struct fuzz_conn_run *run) {
  struct wspec_span output = wspec_conn_output(conn);
  if (output.len == 0) {
    return;
  }
  fuzz_log_octets(&run->output, output.data, output.len);
  wspec_conn_output_sent(conn, output.len);
}

/* An error sticks, whatever comes. */
static void check_sticks(struct wspec_conn *conn, enum wspec_err err) {
  uint8_t *octets = fuzz_copy((const uint8_t[]){0x81, 0x00}, 2);
  for (size_t i = 0; i < 2; i++) {
    struct wspec_conn_event event;
    size_t used = SIZE_MAX;
    FUZZ_CHECK(wspec_conn_feed(conn, octets + i, 2 - i, &used, &event) == err && used == 2 - i);
  }
  free(octets);
}

static void finish(struct wspec_conn *conn, struct fuzz_conn_run *run) {
  const struct wspec_violation *violation = wspec_conn_violation(conn);
  FUZZ_CHECK((violation != NULL) == (run->err != WSPEC_OK && run->err != WSPEC_ERR_END));
  if (violation) {
    FUZZ_CHECK(violation->err == run->err && violation->sentence[0] != '\0');
    FUZZ_CHECK(run->err == WSPEC_ERR_PROTOCOL || run->err == WSPEC_ERR_UTF8 ||
               run->err == WSPEC_ERR_LIMIT || run->err == WSPEC_ERR_DEFLATE);
    run->violation = *violation;
    FUZZ_CHECK(wspec_conn_next(conn) == WSPEC_CONN_CLOSE_TCP);
  }
  wspec_conn_eof(conn);
  FUZZ_CHECK(wspec_conn_state(conn) == WSPEC_CONN_CLOSED);
  run->outcome = wspec_conn_outcome(conn);
  run->outcome.reason = (struct wspec_span){NULL, 0};
}

void fuzz_conn_feed(const struct wspec_conn_options *options, struct fuzz_input input,
                    struct fuzz_plan plan, struct fuzz_conn_run *run) {
  fuzz_sink_reset(&run->seen);
  run->output.len = 0;
  run->err = WSPEC_OK;
  run->violation = (struct wspec_violation){.err = WSPEC_OK};
  struct wspec_conn *conn = wspec_conn_new(options);
  FUZZ_CHECK(conn);
  struct fuzz_feed feed = {.input = input, .plan = plan};
  while (fuzz_feed_next(&feed)) {
    feed_portion(conn, feed.portion, feed.portion_len, run);
    take_output(conn, run);
    if (run->err) {
      feed.plan = fuzz_plan_at_once; /* what is left changes nothing */
    }
  }
  if (run->err) {
    check_sticks(conn, run->err);
    FUZZ_CHECK(wspec_conn_output(conn).len == 0);
  }
  finish(conn, run);
  wspec_conn_free(conn);
}

void fuzz_conn_run_clear(struct fuzz_conn_run *run) {
  fuzz_sink_clear(&run->seen);
  fuzz_log_clear(&run->output);
}

/* ---- what is asserted of a connection ---- */

/* A codec whose compressed form is the octets themselves: for the ways through conn that RSV1 opens,
 * beside a reader that knows no DEFLATE. */
static enum wspec_err pass_on(void *context, struct wspec_span octets, bool ends,
                              struct wspec_buf *out) {
  (void)context;
  (void)ends;
  return wspec_buf_append_span(out, octets);
}

static struct wspec_conn_options take_options(bool is_client, struct fuzz_input *input) {
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, is_client);
  uint8_t choice = fuzz_take_octet(input);
  uint8_t limits = fuzz_take_octet(input);
  options.assemble = (choice & 1) == 0;
  options.check_utf8 = (choice & 2) == 0;
  options.codec.inflate = choice & 4 ? pass_on : NULL;
  options.message_max = limits & 1 ? 64 : options.message_max;
  options.frame_max = limits & 2 ? 32 : options.frame_max;
  options.fragments_max = limits & 4 ? 3 : options.fragments_max;
  if (options.codec.inflate && (limits & 1)) {
    options.check_utf8 = false; /* the plain reader looks at the length first */
  }
  return options;
}

void fuzz_conn_check_same(const struct fuzz_conn_run *a, const struct fuzz_conn_run *b) {
  FUZZ_CHECK(fuzz_log_equal(&a->seen.events, &b->seen.events));
  FUZZ_CHECK(fuzz_log_equal(&a->output, &b->output));
  FUZZ_CHECK(a->err == b->err);
  FUZZ_CHECK(a->violation.status_code == b->violation.status_code);
  FUZZ_CHECK(a->violation.requirement == b->violation.requirement);
  FUZZ_CHECK(a->violation.octet_offset == b->violation.octet_offset);
  FUZZ_CHECK(a->outcome.status_code == b->outcome.status_code);
  FUZZ_CHECK(a->outcome.was_clean == b->outcome.was_clean);
}

static void check_plainly(const struct wspec_conn_options *options, struct fuzz_input input,
                          const struct fuzz_conn_run *run) {
  static struct fuzz_sink expected; /* for its memory alone */
  struct plain_options plain = {.is_client = options->is_client,
                                .check_utf8 = options->check_utf8,
                                .takes_rsv1 = options->codec.inflate != NULL,
                                .message_max = options->message_max,
                                .frame_max = options->frame_max,
                                .fragments_max = options->fragments_max};
  bool closed;
  fuzz_sink_reset(&expected);
  uint16_t status_code = plain_conn_read(&plain, input.data, input.len, &expected, &closed);
  if (!fuzz_log_equal(&expected.events, &run->seen.events) ||
      run->violation.status_code != status_code) {
    fuzz_sink_print(&run->seen);
  }
  FUZZ_CHECK(fuzz_log_equal(&expected.events, &run->seen.events));
  FUZZ_CHECK(run->violation.status_code == status_code);
  FUZZ_CHECK(closed || run->outcome.status_code == WSPEC_CLOSE_ABNORMAL);
}

void fuzz_conn_check_output(bool is_client, const struct fuzz_conn_run *run) {
  static struct fuzz_sink seen;
  struct plain_options plain = {.is_client = !is_client,
                                .check_utf8 = true,
                                .message_max = UINT64_MAX,
                                .frame_max = UINT64_MAX,
                                .fragments_max = UINT64_MAX};
  bool closed;
  fuzz_sink_reset(&seen);
  FUZZ_CHECK(plain_conn_read(&plain, run->output.data, run->output.len, &seen, &closed) == 0);
  FUZZ_CHECK(closed == (run->violation.err || run->outcome.status_code != WSPEC_CLOSE_ABNORMAL));
}

/* Takes the head off the input, if there is one that is taken. */
static void skip_handshake(bool is_client, struct fuzz_input *input) {
  static const struct wspec_handshake_request request = {
      .key = {(const uint8_t *)"dGhlIHNhbXBsZSBub25jZQ==", WSPEC_HANDSHAKE_KEY_LEN}};
  static struct wspec_handshake_grant grant; /* too large for the stack */
  static struct wspec_handshake_offer offer;
  if (input->len == 0 || input->data[0] != (is_client ? 'H' : 'G')) {
    return;
  }
  struct wspec_http_head head;
  fuzz_head_read(&head, is_client ? WSPEC_HTTP_RESPONSE : WSPEC_HTTP_REQUEST, NULL, *input,
                 fuzz_plan_at_once);
  size_t len = head.raw.len;
  enum wspec_err err = is_client ? wspec_handshake_check_response(&head, &request, &grant)
                                 : wspec_handshake_check_request(&head, &offer);
  wspec_http_head_clear(&head);
  if (err == WSPEC_OK) {
    input->data += len;
    input->len -= len;
  } else {
    input->len = 0;
  }
}

void fuzz_conn_check(bool is_client, struct fuzz_input input) {
  static struct fuzz_conn_run runs[FUZZ_PLANS_MAX]; /* for their memory alone */
  struct wspec_conn_options options = take_options(is_client, &input);
  struct fuzz_plan own = fuzz_take_plan(&input), plans[FUZZ_PLANS_MAX];
  skip_handshake(is_client, &input);
  size_t n_plans = fuzz_choose_plans(input, own, plans);
  for (size_t i = 0; i < n_plans; i++) {
    fuzz_memory_start();
    fuzz_conn_feed(&options, input, plans[i], &runs[i]);
    FUZZ_CHECK(fuzz_memory_requested() <= 65536 + 16 * input.len);
    fuzz_conn_check_same(&runs[i], &runs[0]);
  }
  check_plainly(&options, input, &runs[0]);
  fuzz_conn_check_output(is_client, &runs[0]);
}
