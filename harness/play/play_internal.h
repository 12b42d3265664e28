/* play_internal: the state that the files of play/ share. Not for other folders.
 *
 *   play.c         lifecycle, inputs and outputs, the course of a case
 *   needs.c        what a case needs and the target has not
 *   steps.c        the steps of the script, one after the other
 *   findings.c     findings, the transcript, and ends without a verdict
 *   compression.c  permessage-deflate on a connection, both ways
 *   compress.c     a message and a plan to octets of DEFLATE
 *   receive.c      the target's octets to events, and the standing rules on each frame
 *   send.c         what is to be sent to octets, in portions
 *   sent.c         the log of messages and pings that were sent, for "same"
 *   head.c         our head: the request, or the response to a client
 *   respond.c      our side of the opening handshake where the target is a client
 *   answer.c       the HTTP answer of a server against the rules of the opening handshake
 *   request.c      the request of a client, likewise
 *   expect.c       which alternative of an expectation happened
 *   describe.c     what was expected and what was seen, in words
 *   keys.c         whether the keys of a client can be known beforehand
 *   finish.c       how a connection is brought to its end, and the rules of closing */
#ifndef WSPEC_PLAY_PLAY_INTERNAL_H
#define WSPEC_PLAY_PLAY_INTERNAL_H

#include "base/buf.h"
#include "base/rng.h"
#include "play/play.h"
#include "proto/deflate.h"
#include "proto/frame.h"
#include "proto/http_head.h"
#include "proto/utf8.h"

enum {
  WRITE_MAX = 65536,       /* octets of one WRITE at most */
  EVENTS_MAX = 65536,      /* kept for one connection; consumed ones make room */
  AUTOMATIC_MAX = 1 << 20, /* octets of our pongs, sentinels and close frames that may wait */
  MASKING_KEYS_MAX = 4096, /* of a client that are compared */
  NONCE_LEN = 16,
  PREFIX_MAX = 126 /* octets kept of a message; a control payload whole */
};

enum event_kind {
  EVENT_HTTP,
  EVENT_MESSAGE,
  EVENT_PING,
  EVENT_PONG,
  EVENT_CLOSE,
  EVENT_EOF,
  EVENT_RESET
};

/* Something that the target was seen to do. */
struct event {
  enum event_kind kind;
  bool consumed;   /* an expectation has taken it */
  bool is_failure; /* as the end of a failed connection, which it stays */
  uint8_t opcode;
  uint8_t prefix_len;
  uint16_t status_code; /* CLOSE */
  uint64_t at_us;
  uint64_t offset; /* of its first octet in what the target sent */
  uint64_t payload_len;
  uint64_t hash; /* of the payload, see hash_octets */
  uint8_t prefix[PREFIX_MAX];
};

/* A run of equal payloads within a message that was sent. */
struct sent_part {
  const struct wspec_payload *payload;
  uint64_t times;
};

/* A message or ping that was sent, as "same" and labels refer to it. */
struct sent {
  bool is_ping;
  bool complete;
  uint8_t opcode;
  const char *label;
  struct sent_part *parts;
  size_t n_parts;
  uint64_t len, hash; /* valid if `hashed` */
  bool hashed;
};

/* Where the writing of a list of sends has got to. */
struct writer {
  const struct wspec_send *items;
  size_t n_items;
  size_t item;
  uint64_t repeated;
  uint64_t started; /* messages */
  bool waits;       /* for messages to come back before more are started */

  uint64_t fragment;       /* of a message: index of the next frame */
  uint64_t message_offset; /* and octets of the payload in frames so far */
  bool message_over;       /* its last frame is under way or written */
  bool after_fragment;     /* control frames behind fragment - 1 may be due */
  size_t interleave;       /* the next one to look at */

  bool in_frame; /* a frame, or raw octets, is being written */
  uint8_t header[WSPEC_FRAME_HEADER_MAX];
  size_t header_len;
  bool masked;
  uint8_t masking_key[4];
  const struct wspec_payload *message; /* what is fragmented, compressed if it is to be */
  const struct wspec_payload *payload;
  uint64_t payload_start, payload_len; /* the part of `payload` in this frame */
  uint64_t at, end;                    /* octets written of header and payload; where it ends */
};

/* What waits to be written by one step. */
struct job {
  struct wspec_buf head; /* an HTTP head and body before the sends */
  size_t head_at;
  struct writer writer;
  const struct wspec_segments *segments; /* NULL: none */
  size_t segment;                        /* index of the next write */
  uint64_t not_before_us;
  bool active;
};

/* Where a stream of frames stands, by its own headers. */
struct frame_position {
  struct wspec_frame_decoder decoder;
  uint64_t payload_left;
};

/* The target's message that is being received. */
struct incoming {
  bool in_message;
  uint8_t opcode;
  bool bad_utf8; /* reported once */
  bool is_compressed;
  struct wspec_utf8 utf8;
  struct event event; /* of the message */

  bool in_payload;
  struct wspec_frame frame;
  uint64_t frame_offset;
  uint64_t payload_at;
  struct event control; /* of a control frame */
};

enum link_state {
  LINK_IDLE,
  LINK_CONNECTING,
  LINK_HTTP, /* connected; the target's head is awaited, or its answer was no 101 */
  LINK_OPEN, /* the opening handshake is done */
  LINK_ENDED /* FIN or RST came, or we gave it up */
};

/* One connection of the case. */
struct link {
  enum link_state state;
  bool wants_connect, wants_fin, wants_reset, wants_close; /* actions to hand out */
  bool wants_stop_reading, wants_read_again;
  bool reading_stopped; /* by the case */
  bool blocked;
  bool own_head_sent; /* our request, or response */
  bool has_head;      /* the target's: its final answer; or its request, which we have not answered
                         but by a 101 */
  bool was_open;      /* before it ended */
  bool lacks_head;    /* what the target answers is no HTTP/1, as our request was not */
  bool fin_sent, given_up;

  /* sending */
  struct job job;
  struct wspec_buf automatic; /* whole frames of our own: pongs, sentinels, closes */
  struct wspec_buf write;     /* the octets of the last WRITE */
  struct frame_position out;  /* in what we send */
  uint64_t sent_offset;
  uint64_t last_sent_us;
  uint64_t n_masked; /* frames with a masking key from the seed so far */
  struct sent *sent;
  size_t n_sent;
  bool close_sent;
  uint16_t close_code_sent; /* 1005: none */

  /* the opening handshake */
  char key[64];                /* of our request, for ${accept} */
  struct wspec_http_head head; /* of the target: its answer, or its request */
  uint64_t head_offset;
  struct wspec_buf own_head; /* as it was sent, for what was offered or agreed */
  uint64_t connected_us;
  bool
      has_server_name; /* it is known: not so without TLS, and where a transcript is played again */
  char server_name[WSPEC_PLAY_SERVER_NAME_SIZE]; /* of the TLS handshake; empty: it named none */
  uint64_t answer_us;                            /* how long the target took over it */

  /* permessage-deflate */
  bool deflate_offered, deflate_agreed;
  bool answer_was_offered;             /* our 101 names only what the client offered, as it did */
  bool lacks_deflate;                  /* a client that offers none to a case that needs it */
  struct wspec_deflate_params deflate; /* agreed */
  struct wspec_deflater *deflater;     /* of our ordinary messages; NULL: none so far */
  struct wspec_buf compressed;         /* the message that is sent */
  struct wspec_payload_part compressed_part;
  struct wspec_payload compressed_payload;
  const struct wspec_message_plan *compressed_message; /* it is of; NULL: none */
  unsigned compressed_times;                           /* how often in a row it was compressed */
  struct wspec_inflater *inflater;                     /* NULL: nothing compressed came so far */
  bool inflate_failed, tail_reported;

  /* receiving */
  struct wspec_frame_decoder decoder;
  struct incoming incoming;
  uint64_t received_offset;
  uint64_t n_frames;    /* received */
  bool has_masking_key; /* of the last frame that had one */
  uint8_t masking_key[4];
  uint64_t n_messages;     /* received */
  uint64_t n_messages_was; /* when the job began */
  uint64_t last_received_us;
  struct event *events;
  size_t n_events, events_capacity;
  uint64_t n_events_seen; /* all there ever were */
  bool close_received;
  bool after_close_reported;
  uint16_t close_code;
  uint64_t close_received_us;
  struct wspec_buf close_reason;
  bool eof, reset;

  /* the sentinel of the expectation under way */
  bool sentinel_sent, sentinel_seen;
  uint64_t sentinel_seen_us;
  bool is_asked_again; /* the first was answered, and a second one sent */
  uint64_t matched;    /* events that fitted the alternative that must come several times */
  uint8_t nonce[NONCE_LEN];

  /* the end of the connection */
  bool finish_began, finish_done, close_answer_expected;
  bool tcp_close_awaited; /* both close frames were exchanged */
  bool forced_fin;        /* we closed TCP first, in the end */
  uint64_t finish_deadline_us;
};

enum play_phase { PHASE_STEPS, PHASE_FINISH, PHASE_DONE };

struct wspec_play {
  const struct wspec_script *script;
  const struct wspec_play_config *config;
  enum play_phase phase;
  uint64_t began_us, now_us;
  size_t step;
  bool step_began;
  bool step_sent; /* what the step does at its beginning is done */
  uint64_t step_began_us;
  uint64_t deadline_us;
  bool violated; /* an expectation was not met: the steps that follow mean nothing */
  bool is_over;  /* what was seen ends the case: there are no steps that follow */
  bool out_of_memory;
  bool refused;    /* a connection could not be made */
  bool is_settled; /* there is nothing to do before the deadline, or before something happens */
  struct wspec_rng rng;
  struct wspec_buf masking_keys; /* of the client's frames, on all connections, as they came */
  struct link links[WSPEC_SCRIPT_CONNECTIONS_MAX];
  struct wspec_result result;
};

/* ---- findings.c ---- */

/* play_out_of_memory ends the case as an error of ours. */
void play_out_of_memory(struct wspec_play *play);

/* play_check gives `err` to play_out_of_memory if it is not WSPEC_OK; returns true if it was. */
bool play_check(struct wspec_play *play, enum wspec_err err);

/* play_skip ends the case without a verdict: the target has not what the case needs; `reason` says
 * what. */
void play_skip(struct wspec_play *play, const char *reason);

/* play_find adds a finding about `requirement` (an id; its level decides the verdict). */
void play_find(struct wspec_play *play, const char *requirement, unsigned connection,
               uint64_t offset, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* play_find_full adds a finding whose verdict was chosen by a case. Any text may be NULL. */
void play_find_full(struct wspec_play *play, enum wspec_verdict verdict,
                    const struct wspec_requirement *requirement, unsigned connection,
                    uint64_t offset, const char *message, const char *expected, const char *seen);

/* play_transcribe adds an entry to the transcript. */
void play_transcribe(struct wspec_play *play, enum wspec_entry_kind kind, unsigned connection,
                     uint64_t offset, struct wspec_span octets);

/* play_end_without_verdict ends the case as `skip` or `error`; the words say why. The first reason
 * stays. */
void play_end_without_verdict(struct wspec_play *play, enum wspec_verdict verdict,
                              const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- needs.c ---- */

/* needs_missing returns why the script cannot be played against this target, for a `skip`; NULL: it
 * can. */
const char *needs_missing(const struct wspec_script *script,
                          const struct wspec_play_config *config);

/* ---- steps.c ---- */

/* steps_run goes on with the steps as far as they go; behind the last one, or once the case is
 * decided, the phase is FINISH. */
void steps_run(struct wspec_play *play);

/* ---- receive.c ---- */

/* receive_octets takes what the target sent on a link. */
void receive_octets(struct wspec_play *play, struct link *link, struct wspec_span octets);

/* receive_event appends an event to the link's list. */
void receive_event(struct wspec_play *play, struct link *link, const struct event *event);

/* receive_end notes that the target closed its side (EOF) or that the connection broke (RESET). */
void receive_end(struct wspec_play *play, struct link *link, enum event_kind kind);

/* receive_data takes octets of the target's message, inflated if it was compressed. */
void receive_data(struct wspec_play *play, struct link *link, struct wspec_span octets);

/* ---- compression.c ---- */

/* compression_agree reads from the request and the 101 what was agreed, and judges the latter if it
 * is the target's. */
void compression_agree(struct wspec_play *play, struct link *link,
                       const struct wspec_http_head *request,
                       const struct wspec_http_head *response);

/* compression_is_offered returns true if the client's request has an offer that can be taken. */
bool compression_is_offered(const struct link *link);

/* compression_answer appends the value of Sec-WebSocket-Extensions that answers the client's request
 * with what `offer`, the one that the case would make to a server, means from the other side; nothing
 * if the client's offers do not allow it. */
enum wspec_err compression_answer(const struct link *link, struct wspec_span offer,
                                  struct wspec_buf *out);

/* compression_of returns the compressed octets of a message that has a plan for that, to be sent
 * next. They are the link's, until the next call. */
const struct wspec_payload *compression_of(struct wspec_play *play, struct link *link,
                                           const struct wspec_message_plan *message);

/* compression_receive inflates the next octets of the target's message for receive_data. */
void compression_receive(struct wspec_play *play, struct link *link, struct wspec_span octets);

/* compression_end_message does so with what comes of the tail, and judges the end. */
void compression_end_message(struct wspec_play *play, struct link *link);

/* compression_has_param returns true if a parameter of this name was agreed. */
bool compression_has_param(const struct link *link, const char *name);

void compression_clear(struct link *link);

/* ---- sent.c ---- */

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* hash_octets goes on with a hash that does not depend on how octets are portioned. */
uint64_t hash_octets(uint64_t hash, struct wspec_span octets);

/* hash_payload does so with the octets of a payload. */
uint64_t hash_payload(uint64_t hash, const struct wspec_payload *payload);

/* sent_log notes what `items` put on the wire as messages and pings. */
void sent_log(struct wspec_play *play, struct link *link, const struct wspec_send *items,
              size_t n_items);

/* sent_find returns the last message or ping (`pings`) that a reference names, or NULL. */
struct sent *sent_find(struct link *link, const struct wspec_payload_ref *ref, bool pings);

/* sent_hash makes `len` and `hash` valid. */
void sent_hash(struct sent *sent);

void sent_clear(struct link *link);

/* ---- send.c ---- */

/* send_start makes the items the job of the link; whatever was the job must be finished. */
void send_start(struct wspec_play *play, struct link *link, const struct wspec_send *items,
                size_t n_items, const struct wspec_segments *segments);

/* send_is_idle returns true if the job is finished and nothing of our own waits. */
bool send_is_idle(const struct link *link);

/* send_at_boundary returns true if what was sent ends where a frame ends. */
bool send_at_boundary(const struct link *link);

/* send_control queues a frame of our own, sent as soon as the stream is at a frame's border. */
void send_control(struct wspec_play *play, struct link *link, uint8_t opcode,
                  struct wspec_span payload);

/* send_next fills `octets` with what is to be written next; false: nothing now. */
bool send_next(struct wspec_play *play, struct link *link, struct wspec_span *octets);

/* send_deadline returns when a delayed segment is due; UINT64_MAX: none. */
uint64_t send_deadline(const struct link *link);

/* send_abandon drops what was not written yet. */
void send_abandon(struct link *link);

void send_clear(struct link *link);

/* ---- head.c ---- */

/* head_read_own makes `head` ready for what we sent: nothing that a case sends is too much. */
void head_read_own(struct wspec_http_head *head, enum wspec_http_kind kind);

/* head_is_http_1 returns true if our request begins with a request line of HTTP/1, which the target
 * has to know by. */
bool head_is_http_1(const struct link *link);

/* head_build writes our head (and body) of `plan` to `out`, and a request's key to the link. */
enum wspec_err head_build(struct wspec_play *play, struct link *link,
                          const struct wspec_head_plan *plan, struct wspec_buf *out);

/* head_fill_text appends `text` to `out` with the placeholders filled in. */
enum wspec_err head_fill_text(struct wspec_play *play, struct link *link, struct wspec_span text,
                              struct wspec_buf *out);

/* ---- respond.c ---- */

/* respond_run goes on with OPEN or RESPOND where the target is a client; true: it is over. */
bool respond_run(struct wspec_play *play, struct link *link, const struct wspec_step *step);

/* ---- uri.c: the URI that a client was handed ---- */

struct wspec_handshake_offer;

/* uri_judge_host and uri_judge_resource find what the client made of a URI of the case's own; true:
 * it is not what the URI says, as was told. */
bool uri_judge_host(struct wspec_play *play, struct link *link,
                    const struct wspec_handshake_offer *offer);
bool uri_judge_resource(struct wspec_play *play, struct link *link,
                        const struct wspec_handshake_offer *offer);

/* uri_is_same compares two resource names. */
bool uri_is_same(struct wspec_span a, struct wspec_span b);

/* uri_find_no_connection finds that the client has not connected, for which `sentence` says more. It
 * ends the case. */
void uri_find_no_connection(struct wspec_play *play, struct link *link, const char *sentence);

/* ---- request.c ---- */

/* request_judge finds what is wrong with the client's request, complete or failed. */
void request_judge(struct wspec_play *play, struct link *link);

/* request_value returns the value of the first field of that name in the client's request;
 * request_first_element the first element of the list in such fields. Data NULL: there is none. */
struct wspec_span request_value(const struct link *link, const char *name);
struct wspec_span request_first_element(const struct link *link, const char *name);

/* ---- answer.c ---- */

/* answer_head_name returns what a report calls the head of the target. */
const char *answer_head_name(const struct link *link);

/* answer_judge_syntax finds what is not well-formed in the target's HTTP answer, or request. */
void answer_judge_syntax(struct wspec_play *play, struct link *link);

/* answer_judge_101 finds what breaks RFC 6455 section 4.2.2 in a 101. */
void answer_judge_101(struct wspec_play *play, struct link *link);

/* answer_is_of_draft returns true for a 101 that answers a handshake of a draft before hybi: a request
 * without a key gets no Accept value, and what follows is no frame. */
bool answer_is_of_draft(struct wspec_play *play, struct link *link);

/* answer_excuse makes a remark of each finding from `first` on that is about the target's head in an
 * ordinary `open` and would not make the other side give up: the cases about the handshake judge it. */
void answer_excuse(struct wspec_play *play, const struct link *link, size_t first);

/* answer_judge_field judges one field rule of a case. */
void answer_judge_field(struct wspec_play *play, struct link *link,
                        const struct wspec_field_rule *rule);

/* ---- expect.c ---- */

/* expect_begin resets what belongs to one expectation of a link. */
void expect_begin(struct wspec_play *play, struct link *link);

/* expect_poll looks whether the expectation is decided; true: it is, and its finding was made.
 * Sends the sentinel when its time has come and sets the play's deadline. */
bool expect_poll(struct wspec_play *play, struct link *link,
                 const struct wspec_expectation *expectation);

/* expect_ping sends the sentinel at once, if it was not sent and can be; false: it cannot. */
bool expect_ping(struct wspec_play *play, struct link *link);

/* expect_requirement returns the requirement of the script that the target violates where no
 * expectation or rule names one, or NULL. */
const struct wspec_requirement *expect_requirement(const struct wspec_play *play);

/* ---- keys.c ---- */

/* keys_add keeps the masking key of a client's frame for a later comparison; of very many, the
 * first. */
void keys_add(struct wspec_play *play, const uint8_t masking_key[4]);

/* keys_decide decides an expectation about keys, at once; false: it is about something else. */
bool keys_decide(struct wspec_play *play, struct link *link,
                 const struct wspec_expectation *expectation);

/* ---- describe.c ---- */

/* What the target was seen to do, where an expectation is decided. */
struct seen {
  enum wspec_reaction reaction;
  const struct event *event; /* NULL for the absence of one */
  uint64_t waited_us;        /* for it */
};

/* Words for a report, cut where they are too long; NUL-terminated. */
struct description {
  char text[1024];
};

/* describe_expectation says which reactions would have been right. */
void describe_expectation(struct wspec_play *play, const struct wspec_expectation *expectation,
                          struct description *out);

/* describe_seen says what came. */
void describe_seen(struct wspec_play *play, const struct seen *seen, struct description *out);

/* describe_violation puts the two together. */
void describe_violation(struct wspec_play *play, const struct description *expected,
                        const struct description *seen, struct description *out);

/* ---- finish.c ---- */

/* finish_poll brings a link to its end; true: it is given up. */
bool finish_poll(struct wspec_play *play, struct link *link);

/* finish_report fills the close result from the first link. */
void finish_report(struct wspec_play *play);

/* link_index returns the number of a link within its play. */
static inline unsigned link_index(const struct wspec_play *play, const struct link *link) {
  return (unsigned)(link - play->links);
}

/* play_wait_until lowers the deadline to `at_us`. */
static inline void play_wait_until(struct wspec_play *play, uint64_t at_us) {
  if (at_us < play->deadline_us) {
    play->deadline_us = at_us;
  }
}

#endif
