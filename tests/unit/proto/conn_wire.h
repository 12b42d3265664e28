/* conn_wire: what goes to a connection and what comes of it, as text that a test can compare.
 *
 * The log has one word for each event, whatever the portions in which it came:
 *   text[abc] bin[\FF] ping[x] pong[] close[1000 bye] fail[1002 6455-5.2-02] end[1000 clean]
 * Included by the tests of proto/conn alone, so everything is static. */
#ifndef CONN_WIRE_H
#define CONN_WIRE_H

#include "proto/conn.h"
#include "proto/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIRE_MAX = 1 << 18, WIRE_LOG_MAX = 1 << 15, WIRE_FRAMES_MAX = 8 };

/* A frame to be written: its first octet, and its payload. A list ends with a NULL payload. */
struct wire_frame {
  uint8_t first;
  const char *payload;
  size_t payload_len; /* 0: that of the string */
};

/* How octets are fed: `split` octets at once, the rest in portions of `portion` octets (0: at
 * once). Each portion is an exact-size heap copy, unless `in_place`. */
struct wire_plan {
  size_t split;
  size_t portion;
  bool in_place;
};

/* What a run has seen. */
struct wire_run {
  char log[WIRE_LOG_MAX];
  size_t log_len;
  uint8_t open[WIRE_MAX]; /* the message that has begun and not ended */
  size_t open_len;
  uint8_t output[WIRE_MAX];
  size_t output_len;
  enum wspec_err err; /* the last one but NEED_MORE */
  struct wspec_violation violation;
};

static inline void wire_log(struct wire_run *run, const char *text) {
  size_t len = strlen(text);
  assert_true(run->log_len + len < WIRE_LOG_MAX);
  memcpy(run->log + run->log_len, text, len + 1);
  run->log_len += len;
}

/* Writes `word[octets] `, with what is not a plain character as \XX. */
static inline void wire_log_octets(struct wire_run *run, const char *word, const uint8_t *octets,
                                   size_t len) {
  char text[8];
  wire_log(run, word);
  wire_log(run, "[");
  for (size_t i = 0; i < len; i++) {
    bool is_plain = octets[i] >= ' ' && octets[i] < 0x7F;
    (void)snprintf(text, sizeof text, is_plain ? "%c" : "\\%02X", octets[i]);
    wire_log(run, text);
  }
  wire_log(run, "] ");
}

static inline void wire_log_close(struct wire_run *run, const struct wspec_close *close) {
  char text[200];
  (void)snprintf(text, sizeof text, "close[%u%s%.*s] ", close->status_code,
                 close->reason.len ? " " : "", (int)close->reason.len,
                 close->reason.len ? (const char *)close->reason.data : "");
  wire_log(run, text);
}

static inline void wire_log_message(struct wire_run *run, const struct wspec_conn_event *event) {
  if (event->begins) {
    run->open_len = 0;
  }
  assert_true(event->payload.len <= WIRE_MAX - run->open_len);
  if (event->payload.len > 0) {
    memcpy(run->open + run->open_len, event->payload.data, event->payload.len);
  }
  run->open_len += event->payload.len;
  if (event->ends) {
    wire_log_octets(run, event->opcode == WSPEC_OPCODE_TEXT ? "text" : "bin", run->open,
                    run->open_len);
  }
}

static inline void wire_log_event(struct wire_run *run, const struct wspec_conn_event *event) {
  switch (event->type) {
  case WSPEC_CONN_MESSAGE:
    wire_log_message(run, event);
    break;
  case WSPEC_CONN_PING:
    wire_log_octets(run, "ping", event->payload.data, event->payload.len);
    break;
  case WSPEC_CONN_PONG:
    wire_log_octets(run, "pong", event->payload.data, event->payload.len);
    break;
  case WSPEC_CONN_CLOSE:
    wire_log_close(run, &event->close);
    break;
  }
}

/* Masks as RFC 6455 section 5.3 has it, octet by octet: the tests' own, apart from proto/mask. */
static inline size_t wire_write_frame(const struct wire_frame *frame, bool from_client,
                                      uint8_t *out) {
  static const uint8_t key[4] = {0x37, 0xFA, 0x21, 0x3D};
  size_t payload_len = frame->payload_len ? frame->payload_len : strlen(frame->payload);
  uint8_t mask_bit = from_client ? 0x80 : 0;
  size_t len = 0;
  out[len++] = frame->first;
  if (payload_len < 126) {
    out[len++] = (uint8_t)(mask_bit | payload_len);
  } else {
    assert_true(payload_len <= 0xFFFF);
    out[len++] = (uint8_t)(mask_bit | 126);
    out[len++] = (uint8_t)(payload_len >> 8);
    out[len++] = (uint8_t)payload_len;
  }
  for (size_t i = 0; from_client && i < 4; i++) {
    out[len++] = key[i];
  }
  for (size_t i = 0; i < payload_len; i++) {
    out[len++] = (uint8_t)((uint8_t)frame->payload[i] ^ (from_client ? key[i % 4] : 0));
  }
  return len;
}

/* Writes a list of frames as a client (masked) or a server sends them. */
static inline size_t wire_write(const struct wire_frame *frames, bool from_client, uint8_t *out) {
  size_t len = 0;
  for (size_t i = 0; i < WIRE_FRAMES_MAX && frames[i].payload; i++) {
    len += wire_write_frame(&frames[i], from_client, out + len);
  }
  return len;
}

static inline void wire_drain(struct wspec_conn *conn, struct wire_run *run) {
  struct wspec_span output = wspec_conn_output(conn);
  assert_true(output.len <= WIRE_MAX - run->output_len);
  if (output.len > 0) {
    memcpy(run->output + run->output_len, output.data, output.len);
  }
  run->output_len += output.len;
  wspec_conn_output_sent(conn, output.len);
}

/* Feeds one portion to its end and logs what comes. */
static inline void wire_feed_portion(struct wspec_conn *conn, uint8_t *octets, size_t len,
                                     struct wire_run *run) {
  while (len > 0) {
    struct wspec_conn_event event;
    size_t consumed = SIZE_MAX;
    enum wspec_err err = wspec_conn_feed(conn, octets, len, &consumed, &event);
    assert_true(consumed <= len);
    assert_true(err == WSPEC_OK || consumed == len);
    if (err == WSPEC_OK) {
      assert_true(consumed > 0);
      wire_log_event(run, &event);
    } else if (err != WSPEC_ERR_NEED_MORE) {
      assert_true(run->err == WSPEC_OK || run->err == err); /* sticky */
      run->err = err;
    }
    octets += consumed;
    len -= consumed;
  }
}

static inline void wire_log_end(struct wspec_conn *conn, struct wire_run *run) {
  char text[100];
  const struct wspec_violation *violation = wspec_conn_violation(conn);
  if (violation) {
    run->violation = *violation;
    assert_true(run->err == violation->err);
    (void)snprintf(text, sizeof text, "fail[%u %s] ", violation->status_code,
                   violation->requirement);
    wire_log(run, text);
  }
  struct wspec_conn_outcome outcome = wspec_conn_outcome(conn);
  (void)snprintf(text, sizeof text, "end[%u%s]", outcome.status_code,
                 outcome.was_clean ? " clean" : "");
  wire_log(run, text);
}

/* Feeds `octets` to a new connection as `plan` says, takes the output after each portion, and ends
 * TCP. WSPEC_ERR_NOMEM in `run->err` if there was no memory for the connection. */
static inline void wire_feed(const struct wspec_conn_options *options, const uint8_t *octets,
                             size_t len, struct wire_plan plan, struct wire_run *run) {
  static uint8_t work[WIRE_MAX];
  run->log_len = run->open_len = run->output_len = 0;
  run->log[0] = '\0';
  run->err = WSPEC_OK;
  run->violation = (struct wspec_violation){.err = WSPEC_OK};
  struct wspec_conn *conn = wspec_conn_new(options);
  if (!conn) {
    run->err = WSPEC_ERR_NOMEM;
    return;
  }
  for (size_t at = 0; at < len;) {
    size_t portion = at < plan.split ? plan.split - at : plan.portion;
    if (portion == 0 || portion > len - at) {
      portion = len - at;
    }
    uint8_t *copy = plan.in_place ? work : malloc(portion);
    assert_true(copy);
    memcpy(copy, octets + at, portion);
    wire_feed_portion(conn, copy, portion, run);
    wire_drain(conn, run);
    if (!plan.in_place) {
      free(copy);
    }
    at += portion;
  }
  wspec_conn_eof(conn);
  wire_log_end(conn, run);
  wspec_conn_free(conn);
}

/* Reads the output of `from` as its peer would, with a connection of the other role, and writes
 * the log of that to `seen`. */
static inline void wire_read_output(const struct wire_run *from, bool from_client,
                                    struct wire_run *seen) {
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, !from_client);
  wire_feed(&options, from->output, from->output_len, (struct wire_plan){0}, seen);
}

#endif
