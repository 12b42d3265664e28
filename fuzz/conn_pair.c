/* conn_pair: a client and a server of ours talk, driven by operations from the input: every function
 * of proto/conn.h that sends, rightly and wrongly used, with permessage-deflate or without.
 *
 * Beside each stands a model that knows what proto/conn.h promises: which call is refused and why,
 * what the peer is to see of those that are not, which close frames answer. The peer sees exactly
 * that, nothing of ours makes ours complain but its own limits, a call that is refused adds nothing
 * to the output, and the portions in which octets travel change nothing. */
#include "common/conn.h"
#include "proto/deflate.h"
#include "proto/mask.h"
#include "utf8_grammar.h"

#include <stdlib.h>
#include <string.h>

enum { OPERATIONS_MAX = 64, SMALL_OUTPUT = 300, SMALL_MESSAGE = 200, REASON_MAX = 123 };
enum { MEMORY_MAX = 3 << 20, PAYLOAD_MAX = 65536, ROUNDS_MAX = 16, CONTROL_MAX = 125 };

/* One of the two, and the model of it. */
struct side {
  bool is_client;
  struct wspec_conn *conn;
  struct wspec_deflate *deflate;
  size_t output_max;
  bool has_small_message_max;

  struct fuzz_sink seen, pongs_seen; /* events of `conn` */
  struct fuzz_sink sent, pongs_sent; /* what the peer is to see */
  struct fuzz_log wire;              /* all that it has put out */
  struct fuzz_log text;              /* of the text message that is going out, what was checked */
  bool is_open;                      /* a message is going out */
  bool is_compressed;                /* and is so */
  uint8_t opcode;                    /* and its type */
  bool close_sent, close_received, has_failed, is_gone;
  bool sent_unchecked_text; /* by wspec_conn_send_header */
};

/* The octets that operations are made of. */
struct tape {
  struct fuzz_input input;
  struct fuzz_plan plan;
  struct side sides[2]; /* server, client */
};

static uint8_t take(struct tape *tape) {
  if (tape->input.len == 0) {
    return 0;
  }
  tape->input.len--;
  return *tape->input.data++;
}

/* A payload in a block of its own, of the octets that come next, over and over. */
static uint8_t *take_payload(struct tape *tape, size_t *len) {
  static const size_t lens[] = {124, 125, 126, 127, 300, 1000}, large[] = {65535, 65536};
  uint8_t choice = take(tape);
  size_t n_octets = choice & 0x3F;
  n_octets = n_octets < tape->input.len ? n_octets : tape->input.len;
  *len = choice < 0xC0   ? n_octets
         : choice < 0xFE ? lens[choice % 6]
                         : large[choice & 1]; /* seldom: it is slow */
  uint8_t *block = malloc(*len);
  FUZZ_CHECK(block || *len == 0);
  for (size_t i = 0; i < *len; i++) {
    block[i] = n_octets > 0 ? tape->input.data[i % n_octets] : 'a';
  }
  tape->input.data += n_octets;
  tape->input.len -= n_octets;
  return block;
}

/* ---- the model ---- */

static bool may_send(const struct side *side) {
  return !side->close_sent && !side->has_failed && !side->is_gone;
}

/* Section 7.4, with the codes that IANA has registered since. */
static bool may_send_code(const struct side *side, uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014 && code != 1010) ||
         (code == 1010 && side->is_client) || (code >= 3000 && code <= 4999);
}

static size_t frame_len(const struct side *side, size_t payload_len) {
  return 2 +
         (payload_len > 65535 ? 8U
          : payload_len > 125 ? 2U
                              : 0U) +
         (side->is_client ? 4U : 0U) + payload_len;
}

static bool has_room(const struct side *side, size_t len) {
  return wspec_conn_output(side->conn).len + len <= side->output_max;
}

/* Whether the next frame of data is refused for what it is. */
static bool is_misuse(struct side *side, uint8_t opcode, struct wspec_span payload, bool fin,
                      bool is_checked) {
  if (!may_send(side) || (opcode != 1 && opcode != 2) ||
      (side->is_open && side->opcode != opcode)) {
    return true;
  }
  if (opcode != 1 || !is_checked) {
    return false;
  }
  size_t before = side->is_open ? side->text.len : 0;
  side->text.len = before;
  fuzz_log_octets(&side->text, payload.data, payload.len);
  bool may_end;
  bool is_wrong = utf8_first_wrong(side->text.data, side->text.len, &may_end) < side->text.len ||
                  (fin && !may_end && side->text.len > 0);
  side->text.len = before;
  return is_wrong;
}

/* A frame of data was taken: what follows from it. */
static void note_data(struct side *side, uint8_t opcode, struct wspec_span payload, bool fin,
                      bool is_checked) {
  if (!side->is_open) {
    side->text.len = 0;
    side->opcode = opcode;
  }
  if (is_checked) {
    fuzz_log_octets(&side->text, payload.data, payload.len);
  }
  side->is_open = !fin;
  fuzz_sink_data(&side->sent, opcode == 1, payload.data, payload.len, fin);
}

static void note_close(struct side *side, uint16_t code, struct wspec_span reason) {
  side->close_sent = true;
  fuzz_sink_close(&side->sent, code, reason.data, reason.len);
}

static void note_event(struct side *side, const struct wspec_conn_event *event) {
  if (event->type == WSPEC_CONN_PING) {
    fuzz_sink_ping(&side->seen, event->payload.data, event->payload.len);
    if (may_send(side)) {
      fuzz_sink_pong(&side->pongs_sent, event->payload.data, event->payload.len);
    }
  } else if (event->type == WSPEC_CONN_PONG) {
    fuzz_sink_pong(&side->pongs_seen, event->payload.data, event->payload.len);
  } else if (event->type == WSPEC_CONN_CLOSE) {
    uint16_t code = event->close.status_code;
    fuzz_sink_close(&side->seen, code, event->close.reason.data, event->close.reason.len);
    side->close_received = true;
    if (may_send(side)) { /* section 5.5.1: the code that came, if this role may send it */
      code = code == 1005 || may_send_code(side, code) ? code : 1000;
      note_close(side, code, (struct wspec_span){NULL, 0});
    }
  } else {
    fuzz_sink_data(&side->seen, event->opcode == 1, event->payload.data, event->payload.len,
                   event->ends);
  }
}

/* `side` has ended the connection: only its own limits and text that nobody checked are reasons. */
static void note_failure(struct side *side, const struct side *peer) {
  const struct wspec_violation *violation = wspec_conn_violation(side->conn);
  FUZZ_CHECK(violation);
  FUZZ_CHECK((violation->err == WSPEC_ERR_LIMIT && side->has_small_message_max) ||
             (violation->err == WSPEC_ERR_UTF8 && peer->sent_unchecked_text));
  if (may_send(side)) {
    note_close(side, violation->status_code, wspec_span_text(violation->sentence));
  }
  side->has_failed = true;
}

static void check_state(const struct side *side) {
  bool is_open = !side->close_sent && !side->close_received && !side->has_failed;
  FUZZ_CHECK(wspec_conn_state(side->conn) == (side->is_gone ? WSPEC_CONN_CLOSED
                                              : is_open     ? WSPEC_CONN_OPEN
                                                            : WSPEC_CONN_CLOSING));
  bool is_closed = side->close_sent && side->close_received;
  enum wspec_conn_next next = wspec_conn_next(side->conn);
  FUZZ_CHECK((next == WSPEC_CONN_CLOSE_TCP) ==
             (side->is_gone || side->has_failed || (is_closed && !side->is_client)));
  FUZZ_CHECK(next != WSPEC_CONN_AWAIT_EOF || (is_closed && side->is_client));
  FUZZ_CHECK(wspec_conn_outcome(side->conn).was_clean == is_closed);
}

/* ---- the wire ---- */

static void receive(struct side *side, const struct side *peer, uint8_t *octets, size_t len) {
  while (len > 0) {
    struct wspec_conn_event event = {0};
    size_t used = SIZE_MAX;
    bool is_over = side->close_received || side->is_gone;
    enum wspec_err err = wspec_conn_feed(side->conn, octets, len, &used, &event);
    FUZZ_CHECK(used <= len && (err == WSPEC_OK || used == len));
    FUZZ_CHECK(!is_over || err == WSPEC_ERR_END || side->has_failed);
    if (err == WSPEC_OK) {
      note_event(side, &event);
    } else if (err != WSPEC_ERR_NEED_MORE && err != WSPEC_ERR_END && !side->has_failed) {
      note_failure(side, peer);
    }
    octets += used;
    len -= used;
  }
}

static void carry(struct tape *tape, const struct side *from, const uint8_t *octets, size_t len) {
  struct side *to = &tape->sides[!from->is_client];
  struct fuzz_feed feed = {.input = {octets, len}, .plan = tape->plan};
  while (fuzz_feed_next(&feed)) {
    receive(to, from, feed.portion, feed.portion_len);
  }
}

/* The first `len` octets of what waits reach the peer. */
static void deliver(struct tape *tape, struct side *from, size_t len) {
  struct wspec_span output = wspec_conn_output(from->conn);
  len = len < output.len ? len : output.len;
  uint8_t *octets = fuzz_copy(output.data, len);
  fuzz_log_octets(&from->wire, octets, len);
  wspec_conn_output_sent(from->conn, len);
  carry(tape, from, octets, len);
  free(octets);
}

/* ---- operations ---- */

static void check_outcome(enum wspec_err err, bool is_misuse, bool has_room) {
  FUZZ_CHECK(err == (is_misuse ? WSPEC_ERR_MISUSE : has_room ? WSPEC_OK : WSPEC_ERR_LIMIT));
}

static void send_data(struct side *side, uint8_t opcode, bool is_whole, struct wspec_span payload,
                      bool fin) {
  bool is_wrong = is_misuse(side, opcode, payload, fin, true) || (is_whole && side->is_open);
  size_t waiting = wspec_conn_output(side->conn).len;
  bool fits = has_room(side, frame_len(side, payload.len));
  bool was_open = side->is_open;
  enum wspec_err err =
      is_whole ? wspec_conn_send(side->conn, (enum wspec_opcode)opcode, payload)
               : wspec_conn_send_fragment(side->conn, (enum wspec_opcode)opcode, payload, fin);
  bool is_compressed = was_open ? side->is_compressed : side->deflate != NULL;
  if (is_compressed && !is_wrong) {
    FUZZ_CHECK(err == WSPEC_OK || (err == WSPEC_ERR_LIMIT && side->output_max == SMALL_OUTPUT));
  } else {
    check_outcome(err, is_wrong, fits);
  }
  if (err == WSPEC_OK) {
    side->is_compressed = is_compressed;
    note_data(side, opcode, payload, fin, true);
  } else {
    FUZZ_CHECK(wspec_conn_output(side->conn).len == waiting);
  }
}

/* Nothing can come between a header and its payload. */
static void check_owing(struct side *side) {
  uint8_t octet = 0;
  size_t used = SIZE_MAX;
  struct wspec_conn_event event;
  struct wspec_span nothing = {NULL, 0};
  FUZZ_CHECK(wspec_conn_ping(side->conn, nothing) == WSPEC_ERR_MISUSE);
  FUZZ_CHECK(wspec_conn_close(side->conn, 1000, nothing) == WSPEC_ERR_MISUSE);
  FUZZ_CHECK(wspec_conn_send_fragment(side->conn, (enum wspec_opcode)side->opcode, nothing, true) ==
             WSPEC_ERR_MISUSE);
  if (!side->close_received) {
    FUZZ_CHECK(wspec_conn_feed(side->conn, &octet, 1, &used, &event) == WSPEC_ERR_MISUSE);
    FUZZ_CHECK(used == 0);
  }
}

static void send_header(struct tape *tape, struct side *side, uint8_t opcode,
                        struct wspec_span payload, bool fin) {
  bool is_wrong =
      is_misuse(side, opcode, payload, fin, false) || (side->is_open && side->is_compressed);
  bool fits = has_room(side, frame_len(side, payload.len) - payload.len);
  uint8_t masking_key[4] = {0};
  enum wspec_opcode type = (enum wspec_opcode)opcode;
  FUZZ_CHECK(wspec_conn_send_header(side->conn, type, UINT64_MAX, fin, masking_key) ==
             WSPEC_ERR_MISUSE);
  enum wspec_err err = wspec_conn_send_header(side->conn, type, payload.len, fin, masking_key);
  check_outcome(err, is_wrong, fits);
  if (err != WSPEC_OK) {
    return;
  }
  if (!side->is_open) {
    side->is_compressed = false;
  }
  note_data(side, opcode, payload, fin, false);
  side->sent_unchecked_text = side->sent_unchecked_text || opcode == 1;
  if (payload.len > 0) {
    check_owing(side);
  }
  uint8_t *masked = fuzz_copy(payload.data, payload.len);
  wspec_mask(masked, payload.len, masking_key, 0);
  /* The peer gets the header first: what it sends back waits until the payload is out. */
  struct wspec_span output = wspec_conn_output(side->conn);
  uint8_t *header = fuzz_copy(output.data, output.len);
  size_t header_len = output.len;
  fuzz_log_octets(&side->wire, header, header_len);
  fuzz_log_octets(&side->wire, masked, payload.len);
  wspec_conn_output_sent(side->conn, header_len);
  carry(tape, side, header, header_len);
  carry(tape, side, masked, payload.len);
  free(header);
  free(masked);
}

static void send_control(struct side *side, bool is_ping, struct wspec_span payload) {
  bool is_wrong = !may_send(side) || payload.len > CONTROL_MAX;
  bool fits = has_room(side, frame_len(side, payload.len));
  enum wspec_err err = (is_ping ? wspec_conn_ping : wspec_conn_pong)(side->conn, payload);
  check_outcome(err, is_wrong, fits);
  if (err == WSPEC_OK) {
    is_ping ? fuzz_sink_ping(&side->sent, payload.data, payload.len)
            : fuzz_sink_pong(&side->pongs_sent, payload.data, payload.len);
  }
}

static void send_close(struct side *side, uint16_t code, struct wspec_span reason) {
  bool may_end;
  bool is_text = utf8_first_wrong(reason.data, reason.len, &may_end) == reason.len && may_end;
  bool is_wrong = !may_send(side) || !is_text || reason.len > REASON_MAX ||
                  (code == 1005 ? reason.len > 0 : !may_send_code(side, code));
  check_outcome(wspec_conn_close(side->conn, code, reason), is_wrong, true);
  if (!is_wrong) {
    note_close(side, code, reason);
  }
}

static void operate(struct tape *tape) {
  static const uint16_t codes[] = {1000, 1001, 1005, 1006, 1010, 1012, 3000, 4999};
  uint8_t operation = take(tape), opcode = 1 + (operation >> 6 & 1);
  struct side *side = &tape->sides[operation >> 7];
  bool fin = (operation & 0x20) != 0;
  size_t len;
  uint8_t *block = take_payload(tape, &len);
  struct wspec_span payload = wspec_span_of(block, len);
  switch (operation & 0x0F) {
  case 0:
  case 1:
    send_data(side, opcode, true, payload, true);
    break;
  case 2:
  case 3:
  case 4:
    send_data(side, opcode, false, payload, fin);
    break;
  case 5:
    send_data(side, (uint8_t)(len & 0x0F), fin, payload, true);
    break;
  case 6:
  case 7:
    send_header(tape, side, opcode, payload, fin);
    break;
  case 8:
  case 9:
    send_control(side, (operation & 1) != 0, payload);
    break;
  case 10: {
    uint16_t code = (uint16_t)(take(tape) << 8);
    code |= take(tape);
    send_close(side, fin ? codes[code & 7] : code, payload);
    break;
  }
  case 11:
    wspec_conn_eof(side->conn);
    side->is_gone = true;
    break;
  default:
    deliver(tape, side, fin ? SIZE_MAX : len);
    break;
  }
  free(block);
}

/* ---- the whole ---- */

static void begin(struct side *side, bool is_client, uint8_t choice, uint8_t bits) {
  const struct wspec_deflate_params agreed = {
      .server_no_context_takeover = (choice & 4) != 0,
      .client_no_context_takeover = (choice & 8) != 0,
      .server_max_window_bits = bits & 8 ? (uint8_t)(8 + (bits & 7)) : 0,
      .client_max_window_bits = bits & 0x80 ? (uint8_t)(8 + (bits >> 4 & 7)) : 0,
      .has_client_max_window_bits = (bits & 0x80) != 0};
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, is_client);
  side->is_client = is_client;
  options.assemble = (choice & 0x10) == 0;
  if (choice & (is_client ? 0x20 : 0x40)) {
    options.output_max = SMALL_OUTPUT;
  }
  side->has_small_message_max = (choice & 2) != 0;
  options.message_max = side->has_small_message_max ? SMALL_MESSAGE : options.message_max;
  side->output_max = options.output_max;
  if (choice & 1) {
    side->deflate = wspec_deflate_new(&agreed, is_client);
    FUZZ_CHECK(side->deflate);
    options.codec = wspec_deflate_codec(side->deflate);
  }
  side->conn = wspec_conn_new(&options);
  FUZZ_CHECK(side->conn);
}

/* How long the event is that begins at `at`. */
static size_t event_len(const struct fuzz_log *log, size_t at) {
  uint64_t len;
  memcpy(&len, log->data + at + 1, sizeof len);
  return 1 + sizeof len + (size_t)len;
}

static size_t count_of(const struct fuzz_log *log, const uint8_t *event, size_t len) {
  size_t n = 0;
  for (size_t at = 0; at < log->len; at += event_len(log, at)) {
    n += event_len(log, at) == len && memcmp(log->data + at, event, len) == 0;
  }
  return n;
}

/* Each event of `part` is in `whole`, at least as often. Their order is free: a pong that waits for
 * room may be overtaken by a smaller one of the caller's, which section 5.5.3 does not forbid. */
static bool is_part_of(const struct fuzz_log *part, const struct fuzz_log *whole) {
  for (size_t at = 0; at < part->len; at += event_len(part, at)) {
    const uint8_t *event = part->data + at;
    size_t len = event_len(part, at);
    if (count_of(part, event, len) > count_of(whole, event, len)) {
      return false;
    }
  }
  return true;
}

/* Everything that was sent has arrived. */
static void check_arrived(const struct side *from, const struct side *to) {
  const struct fuzz_log *sent = &from->sent.events, *seen = &to->seen.events;
  bool is_cut = to->is_gone || to->has_failed;
  FUZZ_CHECK(seen->len <= sent->len && (is_cut || seen->len == sent->len));
  FUZZ_CHECK(seen->len == 0 || memcmp(seen->data, sent->data, seen->len) == 0);
  FUZZ_CHECK(is_part_of(&to->pongs_seen.events, &from->pongs_sent.events));
  FUZZ_CHECK(is_cut || from->output_max == SMALL_OUTPUT ||
             fuzz_log_equal(&to->pongs_seen.events, &from->pongs_sent.events));
}

static void end(struct side *side) {
  check_state(side);
  wspec_conn_free(side->conn);
  wspec_deflate_free(side->deflate);
}

static void reset(struct side *side) {
  struct side kept = *side;
  fuzz_sink_reset(&kept.seen);
  fuzz_sink_reset(&kept.pongs_seen);
  fuzz_sink_reset(&kept.sent);
  fuzz_sink_reset(&kept.pongs_sent);
  kept.wire.len = kept.text.len = 0;
  *side = (struct side){.seen = kept.seen,
                        .pongs_seen = kept.pongs_seen,
                        .sent = kept.sent,
                        .pongs_sent = kept.pongs_sent,
                        .wire = kept.wire,
                        .text = kept.text};
}

static void run(struct tape *tape, uint8_t choice, uint8_t bits) {
  fuzz_memory_start();
  size_t input_len = tape->input.len;
  for (size_t i = 0; i < 2; i++) {
    reset(&tape->sides[i]);
    begin(&tape->sides[i], i == 1, choice, bits);
  }
  size_t n = 0;
  for (; n < OPERATIONS_MAX && tape->input.len > 0; n++) {
    operate(tape);
    check_state(&tape->sides[0]);
    check_state(&tape->sides[1]);
  }
  for (size_t i = 0; i < ROUNDS_MAX; i++) { /* pings are answered, pongs are not */
    deliver(tape, &tape->sides[0], SIZE_MAX);
    deliver(tape, &tape->sides[1], SIZE_MAX);
  }
  FUZZ_CHECK(fuzz_memory_requested() <= MEMORY_MAX + 16 * (input_len + n * PAYLOAD_MAX));
  check_arrived(&tape->sides[0], &tape->sides[1]);
  check_arrived(&tape->sides[1], &tape->sides[0]);
  end(&tape->sides[0]);
  end(&tape->sides[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct tape tapes[2]; /* for their memory alone */
  struct fuzz_input input = fuzz_input_of(data, size);
  uint8_t choice = fuzz_take_octet(&input), bits = fuzz_take_octet(&input);
  struct fuzz_plan own = fuzz_take_plan(&input), plans[FUZZ_PLANS_MAX];
  size_t n_plans = fuzz_choose_plans(input, own, plans);
  for (size_t i = 0; i < n_plans && i < 2; i++) {
    tapes[i].input = input;
    tapes[i].plan = plans[i];
    run(&tapes[i], choice, bits);
    for (size_t k = 0; k < 2; k++) {
      const struct side *side = &tapes[i].sides[k], *first = &tapes[0].sides[k];
      FUZZ_CHECK(fuzz_log_equal(&side->wire, &first->wire));
      FUZZ_CHECK(fuzz_log_equal(&side->seen.events, &first->seen.events));
    }
  }
  return 0;
}
