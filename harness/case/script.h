/* script: one expanded case, as the player takes it. Pure data: made by case/load from a case file,
 * or written by hand in a test; nothing here has behaviour.
 *
 * Everything that a script points to belongs to the struct wspec_case_set that it was loaded into
 * and lives as long as that. Text is NUL-terminated UTF-8; NULL where a member says so. */
#ifndef WSPEC_CASE_SCRIPT_H
#define WSPEC_CASE_SCRIPT_H

#include "case/payload.h"
#include "case/place.h"
#include "case/requirement.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  WSPEC_SCRIPT_CONNECTIONS_MAX = 16, /* connections by name in one case */
  WSPEC_SCRIPT_STEPS_MAX = 4096
};

/* Whom a case can test. */
enum wspec_case_target { WSPEC_TARGET_ANY, WSPEC_TARGET_SERVER, WSPEC_TARGET_CLIENT };

/* What a target must have for a case to be played; without it the case is a `skip`. Bits. */
enum wspec_need {
  WSPEC_NEED_ECHO = 1 << 0,         /* messages come back; a pong proves nothing for this case */
  WSPEC_NEED_SUBPROTOCOL = 1 << 1,  /* a subprotocol that the target knows (--subprotocol) */
  WSPEC_NEED_DEFLATE = 1 << 2,      /* permessage-deflate is negotiated */
  WSPEC_NEED_TLS = 1 << 3,          /* a wss or https URL */
  WSPEC_NEED_ORIGIN_POLICY = 1 << 4 /* the target is said to refuse foreign origins (--origin) */
};

/* What a client is asked to offer in a case that needs a subprotocol; another one does as well. */
#define WSPEC_ASKED_SUBPROTOCOL "chat"

/* ---- Octets to send ---- */

/* How the octets of one send are cut into writes, each a TCP segment of its own where the system
 * lets us. Zeroed: one write. */
struct wspec_segments {
  uint64_t *sizes; /* the first n_sizes writes; */
  size_t n_sizes;
  uint64_t every;    /* then pieces of this many octets; 0: all the rest in one */
  unsigned delay_ms; /* wait between two writes */
};

enum wspec_mask_plan {
  WSPEC_MASK_BY_ROLE, /* masked if we are the client */
  WSPEC_MASK_ON,
  WSPEC_MASK_OFF
};

/* One frame as fields, the wrong ones apart. */
struct wspec_frame_plan {
  uint8_t opcode;
  bool fin;
  uint8_t rsv; /* as in struct wspec_frame of proto: bits 0x40, 0x20, 0x10 */
  struct wspec_payload payload;

  enum wspec_mask_plan mask;
  bool has_masking_key; /* else one from the run's seed */
  uint8_t masking_key[4];
  unsigned length_form;  /* 0: the shortest; 7, 16 or 64 */
  bool has_declared_len; /* else the payload's length */
  uint64_t declared_len;
  bool has_cut;        /* send only the first `cut_at` octets of the frame, header and all, or */
  bool cut_in_payload; /* only so many of the payload behind the whole header */
  uint64_t cut_at;
};

enum wspec_fragmentation {
  WSPEC_FRAGMENTS_NONE,  /* one frame */
  WSPEC_FRAGMENTS_SIZES, /* fragments of sizes[]; what is left is one more, so sum == len gives no
                            empty last one */
  WSPEC_FRAGMENTS_EVERY, /* fragments of `every` octets */
  WSPEC_FRAGMENTS_COUNT  /* `count` fragments as equal as can be; more than octets: empty ones */
};

/* A control frame between two fragments of a message. */
struct wspec_interleave {
  uint64_t after; /* behind the fragment of this index, from 0; UINT64_MAX: behind every one but the
                     last */
  struct wspec_frame_plan frame;
};

/* A whole message, in one frame or fragmented. */
struct wspec_message_plan {
  uint8_t opcode; /* text or binary */
  struct wspec_payload payload;
  enum wspec_fragmentation fragmentation;
  uint64_t *sizes;
  size_t n_sizes;
  uint64_t every;
  uint64_t count;
  struct wspec_interleave *interleaves;
  size_t n_interleaves;
  bool has_masking_key;
  uint8_t masking_key[4];
  const struct wspec_compress_plan *compress; /* NULL: not compressed; see case/compress.h */
};

enum wspec_send_kind { WSPEC_SEND_FRAME, WSPEC_SEND_MESSAGE, WSPEC_SEND_RAW };

/* One thing to send. */
struct wspec_send {
  enum wspec_send_kind kind;
  const char *label;  /* name for `echo`, or NULL */
  uint64_t repeat;    /* sent this many times; 1 is the rule */
  uint64_t in_flight; /* of a message: so many at most that have not come back; 0: no limit */
  union {
    struct wspec_frame_plan frame;
    struct wspec_message_plan message;
    struct wspec_payload raw;
  } as;
};

/* ---- The opening handshake ---- */

enum wspec_field_edit_kind {
  WSPEC_FIELD_SET,    /* replaces the value of the field of this name, or appends the field */
  WSPEC_FIELD_REMOVE, /* drops every field of this name */
  WSPEC_FIELD_ADD,    /* appends, whatever there is */
  WSPEC_FIELD_FIRST   /* puts it before all others */
};

/* A change to the field list of the ordinary head. Values may hold the placeholders ${host},
 * ${key}, ${target}, ${origin}, ${subprotocol} and ${accept}, filled in when it is played. Names
 * and values are octets: they may hold anything. */
struct wspec_field_edit {
  enum wspec_field_edit_kind kind;
  struct wspec_span name;
  struct wspec_span value;
  struct wspec_span separator; /* between name and value; empty: ": " */
};

/* The head of a request (target is a server) or of the response (target is a client), as changes
 * to the ordinary one. The ordinary response is a right 101; with another `status_code` it has none
 * of the 101's fields, but Content-Length and "Connection: close". */
struct wspec_head_plan {
  const char *method;             /* of a request; NULL: GET */
  const char *request_target;     /* of a request; NULL: the one of the URL under test; placeholders
                                     allowed */
  unsigned status_code;           /* of a response; 0: 101 */
  const char *reason;             /* of a response; NULL: a phrase that goes with the code */
  const char *version;            /* NULL: HTTP/1.1 */
  const char *start_line;         /* NULL: made of the above; else the whole line without its end */
  const char *line_ending;        /* NULL: CRLF */
  const char *key;                /* of a request; NULL: 16 octets from the run's seed, in base64 */
  struct wspec_field_edit *edits; /* in their order */
  size_t n_edits;
  bool has_raw; /* `raw` is the whole head, placeholders filled in; edits do not count */
  struct wspec_payload raw;
  struct wspec_payload body; /* behind the head */
  struct wspec_send *early;  /* behind the body, in the same write */
  size_t n_early;
  struct wspec_segments segments;
};

/* ---- Expectations ---- */

/* What the target may be seen to do. */
enum wspec_reaction {
  /* before the connection is open */
  WSPEC_REACTION_HTTP,    /* an HTTP answer; `http` narrows it */
  WSPEC_REACTION_DROPPED, /* TCP was closed before a whole HTTP answer */
  /* on the open connection */
  WSPEC_REACTION_ECHO,    /* the message came back; with the pong oracle: it was read past */
  WSPEC_REACTION_MESSAGE, /* a message with this payload, whoever sent one like it */
  WSPEC_REACTION_PONG,    /* a pong with this payload */
  WSPEC_REACTION_FAILED,  /* close frame with an error code, or TCP closed: the connection failed */
  WSPEC_REACTION_CLOSED,  /* a close frame with one of the codes, an answer or on its own */
  WSPEC_REACTION_IGNORED, /* a sentinel ping was answered and nothing else came before */
  WSPEC_REACTION_ENDED,   /* TCP was closed, with or without a close frame */
  /* either */
  WSPEC_REACTION_NOTHING, /* no octet for the settle time; no sentinel is sent */
  WSPEC_REACTION_SILENT,  /* no reaction within the time limit, no answer to a sentinel either */
  WSPEC_REACTION_ANY,     /* whatever it is */
  /* of a client, decided at once by what it has sent on all connections so far */
  WSPEC_REACTION_MASKING_KEYS, /* they are unpredictable */
  WSPEC_REACTION_KEY,          /* the Sec-WebSocket-Key is no other connection's */
  WSPEC_REACTION_REQUESTED,    /* its request has `fields` */
  WSPEC_REACTION_SERVER_NAME   /* TLS was begun with the name of the host that it asks for */
};

/* A range of HTTP status codes or close codes, both ends included. */
struct wspec_code_range {
  uint16_t first, last;
};

enum wspec_field_rule_kind {
  WSPEC_FIELD_PRESENT,
  WSPEC_FIELD_ABSENT,
  WSPEC_FIELD_TOKEN, /* as a comma-separated list over all its lines, it holds `value`, any case */
  WSPEC_FIELD_EQUALS,
  WSPEC_FIELD_ONCE,    /* exactly one line of this name */
  WSPEC_FIELD_NO_TOKEN /* as TOKEN, it does not hold `value`; it may be absent */
};

/* What a field of the HTTP answer must be. */
struct wspec_field_rule {
  enum wspec_field_rule_kind kind;
  const char *name;
  const char *value;                           /* TOKEN, EQUALS, NO_TOKEN; placeholders allowed */
  const struct wspec_requirement *requirement; /* violated if it is not; NULL: the case's first */
};

/* What a named payload in an expectation stands for. */
enum wspec_payload_ref_kind {
  WSPEC_REF_SAME,   /* of the last message, or the last ping, that was sent */
  WSPEC_REF_LABEL,  /* of the send with that label */
  WSPEC_REF_PAYLOAD /* given here */
};

struct wspec_payload_ref {
  enum wspec_payload_ref_kind kind;
  const char *label;
  struct wspec_payload payload;
  uint8_t opcode; /* text or binary for messages; 0: that of the message referred to, or any */
};

/* How an alternative counts when it is the one that happened. */
enum wspec_rank { WSPEC_RANK_PASS, WSPEC_RANK_INFO, WSPEC_RANK_WARN, WSPEC_RANK_FAIL };

/* What a 101 says of permessage-deflate, where that makes an alternative. */
enum wspec_deflate_rule { WSPEC_DEFLATE_ANY, WSPEC_DEFLATE_AGREED, WSPEC_DEFLATE_DECLINED };

/* Of a client: whether an alternative counts only where its request offered the extensions that our
 * 101 named, as they were named, or only where it did not. */
enum wspec_offered_rule { WSPEC_OFFERED_OR_NOT, WSPEC_OFFERED, WSPEC_NOT_OFFERED };

/* One reaction that is foreseen. */
struct wspec_alternative {
  enum wspec_reaction reaction;
  enum wspec_rank rank;
  const char *note; /* what is to be said of it in a report; NULL for a plain pass */
  const struct wspec_requirement *requirement; /* for WARN and FAIL; NULL: the case's first */
  bool is_implied; /* not the author's: it stands behind every alternative of its kind */

  struct wspec_payload_ref payload;   /* ECHO, MESSAGE, PONG */
  const struct wspec_payload *reason; /* CLOSED: of the close frame; NULL: any */
  uint64_t times;                     /* ECHO, MESSAGE, PONG: it must come so often; 0 is 1 */
  struct wspec_code_range *codes;     /* HTTP: status codes; FAILED, CLOSED: close codes */
  size_t n_codes;                     /* 0: any */
  bool no_code_allowed;            /* FAILED, CLOSED: a close frame with an empty body fits too */
  struct wspec_field_rule *fields; /* HTTP */
  size_t n_fields;
  bool validate;                   /* HTTP 101: RFC 6455 4.2.2 is judged too, and the connection is
                    open from here on */
  enum wspec_deflate_rule deflate; /* HTTP 101 */
  const char *deflate_param;       /* of AGREED: this parameter is in the answer; NULL: any are */
  enum wspec_offered_rule offered;
  bool ends; /* the steps behind it are not played */
};

/* What must happen: the first alternative that fits what did. If none fits, the requirement is
 * violated. */
struct wspec_expectation {
  struct wspec_alternative *alternatives;
  size_t n_alternatives;
  const struct wspec_requirement *requirement; /* NULL: the case's first */
  unsigned patience;                           /* times the ordinary time limit; 1 is the rule */
  bool without_sentinel;                       /* it waits, and asks the target for nothing */
};

/* ---- Steps ---- */

enum wspec_step_kind {
  WSPEC_STEP_OPEN,    /* connect or be connected to, handshake, and be open, or the case ends */
  WSPEC_STEP_REQUEST, /* connect if need be, and send a head; EXPECT judges the answer */
  WSPEC_STEP_RESPOND, /* await the client's request, and answer it; EXPECT judges what it does */
  WSPEC_STEP_SEND,
  WSPEC_STEP_EXPECT,
  WSPEC_STEP_CLOSE, /* send a close frame, expect the closing handshake, TCP close included */
  WSPEC_STEP_FIN,   /* close our side for writing */
  WSPEC_STEP_RESET, /* RST */
  WSPEC_STEP_WAIT,  /* do nothing for `wait_ms` */
  WSPEC_STEP_STOP_READING,
  WSPEC_STEP_READ_AGAIN
};

struct wspec_step {
  enum wspec_step_kind kind;
  unsigned connection;      /* index into script's connection_names */
  struct wspec_place place; /* in the case file, for messages */
  union {
    struct wspec_head_plan head; /* OPEN, REQUEST, RESPOND */
    struct {
      struct wspec_send *items; /* written together, then cut as `segments` say */
      size_t n_items;
      struct wspec_segments segments;
    } send;
    struct wspec_expectation expect;
    struct {
      struct wspec_payload payload; /* the body of the close frame */
      struct wspec_expectation expect;
    } close;
    unsigned wait_ms;
  } as;
};

/* What the target's own side does in a case about an API: a function of the module that stands beside
 * the case file. */
struct wspec_call {
  const char *function;
  const char *arguments; /* a JSON object */
};

/* What the URI is like that a client is handed, where it is another than the plain one of the case,
 * ws://HOST/case/ID?agent=NAME. All but `scheme` and `has_fullwidth_host` is UTF-8, and may be beyond
 * ASCII: no URI then, but an IRI, which a client may reject. Not all is NULL and false. */
struct wspec_uri {
  const char *scheme;      /* its letters, as "WS"; for wss the last one comes twice. NULL: "ws" */
  bool has_fullwidth_host; /* the host in the fullwidth letters of Unicode, the same name by IDNA */
  const char *path;        /* behind the id: "/x"; NULL: nothing */
  const char *query;       /* behind all else: "x=y"; NULL: nothing */
  /* The two as a request has to have them: what is beyond ASCII escaped (RFC 6455 section 11.1.1). */
  const char *escaped_path, *escaped_query;
  bool is_ascii; /* all of it: a URI, which no client may reject */
};

/* One case, expanded. */
struct wspec_script {
  const char *id;      /* "6455/5.5.2/ping-payload-125" */
  const char *spec;    /* "rfc6455" */
  const char *section; /* "5.5.2" */
  const char *summary;
  const char *comment;                           /* NULL if none */
  const char *file;                              /* path of the case file */
  struct wspec_place place;                      /* of the case in it, for messages */
  const struct wspec_requirement **requirements; /* at least one, but for robustness cases */
  size_t n_requirements;
  const char **tags;
  size_t n_tags;
  const char **autobahn; /* numbers of the equivalent cases there, "2.5" */
  size_t n_autobahn;
  enum wspec_case_target target;
  unsigned needs;  /* enum wspec_need bits */
  bool exhaustive; /* only with --exhaustive */
  bool alone;      /* never at the same time as another case */
  const char *connection_names[WSPEC_SCRIPT_CONNECTIONS_MAX];
  size_t n_connections;
  struct wspec_step *steps;
  size_t n_steps;
  const struct wspec_uri *uri; /* that a client is handed; NULL: the plain one */
  const struct wspec_call
      *call; /* of a case about an API, which may have no steps; NULL: it is none */
};

#endif
