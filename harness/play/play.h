/* play: one case as a machine without input or output: what the target did goes in with the time,
 * what to do next comes out.
 *
 * The machine sees time as a number of microseconds that only grows; it never waits, and it never
 * asks for more than wspec_play_deadline. The same machine runs over a network, in memory, under a
 * fuzzer, and again over a stored transcript.
 *
 *   struct wspec_play *play = wspec_play_new(script, &config);
 *   while (!wspec_play_is_done(play)) {
 *     while (wspec_play_next(play, now_us, &action)) { do it }
 *     wait for the network, at most until wspec_play_deadline(play);
 *     wspec_play_received(play, connection, octets, now_us); ...or connected, eof, reset, time
 *   }
 *   struct wspec_result result;
 *   wspec_play_take_result(play, &result);
 *   wspec_play_free(play);
 *
 * Every input may make new actions and a new deadline: ask for both after each. Inputs for a
 * connection that is gone are ignored. Out of memory ends the case with the verdict `error`. */
#ifndef WSPEC_PLAY_PLAY_H
#define WSPEC_PLAY_PLAY_H

#include "base/err.h"
#include "base/span.h"
#include "case/requirement.h"
#include "case/script.h"
#include "play/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the peer learns that a message was taken (docs/design.md, "Oracles"). */
enum wspec_oracle {
  WSPEC_ORACLE_ECHO, /* the target sends every message back */
  WSPEC_ORACLE_PONG, /* it does not: a ping behind the message is answered */
  WSPEC_ORACLE_NONE  /* neither can be relied on: only failures, closes and HTTP answers count */
};

/* A header field of every request, or response to a client, from -H. */
struct wspec_play_field {
  const char *name;
  const char *value;
};

/* What holds for every case of a run. All pointers are borrowed for the life of the play. */
struct wspec_play_config {
  enum wspec_oracle oracle;
  bool is_server;     /* we play the server: the target is a client */
  uint64_t seed;      /* for keys, masking keys and nonces */
  const char *host;   /* value of the Host field: "localhost:9001". Against a client: what it was
                              told to connect to, NULL where that is not known */
  const char *target; /* resource name: "/chat?x=1"; likewise */
  const char *origin; /* NULL: no Origin field */
  const char *subprotocol; /* NULL: none is offered by the ordinary handshake */
  const struct wspec_play_field *fields;
  size_t n_fields;
  unsigned have; /* enum wspec_need bits that the target has */
  bool chatty;   /* it sends messages of its own accord: one that was not expected is no fault */
  /* The status code with which it closes on any message that is not of its own protocol, as servers
   * of an application may; 0: it does not. Where this code comes behind a message, nothing that was
   * to be shown is: the case is a `skip`, or a `warn` where it names the code as a fault. */
  uint16_t refusal_code;
  /* It serves no second connection beside the first: a case that needs two is a `skip`. */
  bool one_at_a_time;
  uint64_t settle_us;  /* after this long without a reaction a sentinel is sent */
  uint64_t timeout_us; /* the hard limit for each wait */
  uint64_t close_us;   /* how long the target gets to close TCP first */
  bool always_close;   /* with a closing handshake also where the case found a violation */
  uint64_t connect_us; /* how long a client gets to connect; 0: twice `timeout_us` */
  const struct wspec_requirements *requirements; /* levels of the standing rules; NULL: all MUST */
};

enum wspec_action_kind {
  WSPEC_ACTION_CONNECT,      /* against a client: it is to connect */
  WSPEC_ACTION_WRITE,        /* `octets`, as one write, without waiting for more */
  WSPEC_ACTION_FIN,          /* close our side for writing */
  WSPEC_ACTION_RESET,        /* close with RST */
  WSPEC_ACTION_CLOSE,        /* close both ways: nothing that comes matters any more */
  WSPEC_ACTION_STOP_READING, /* leave what comes in the kernel */
  WSPEC_ACTION_READ_AGAIN
};

struct wspec_action {
  enum wspec_action_kind kind;
  unsigned connection;
  struct wspec_span octets; /* WRITE: borrowed until the next call on the play */
};

struct wspec_http_head;
struct wspec_play;

/* wspec_play_seed returns the seed of the play of case `id` in a run with `run_seed`: the same case
 * sends the same octets whatever else is run, and in what order. */
uint64_t wspec_play_seed(uint64_t run_seed, const char *id);

/* wspec_play_new makes the machine for `script`; both it and `config` must outlive the play, the
 * script its result too. NULL: out of memory. A case that needs what the target has not is done at
 * once, with the verdict `skip`. */
struct wspec_play *wspec_play_new(const struct wspec_script *script,
                                  const struct wspec_play_config *config, uint64_t now_us);

/* wspec_play_free frees the machine and the result that was not taken. NULL is fine. */
void wspec_play_free(struct wspec_play *play);

/* wspec_play_connected: the connection that was asked for stands. */
void wspec_play_connected(struct wspec_play *play, unsigned connection, uint64_t now_us);

/* wspec_play_set_server_name says by which name the target began TLS on a connection ("": by none);
 * before its first octets are given. What does not fit is cut. */
enum { WSPEC_PLAY_SERVER_NAME_SIZE = 256 };
void wspec_play_set_server_name(struct wspec_play *play, unsigned connection, const char *name);

/* wspec_play_refused: it could not be made; `sentence` says why. The case ends as `error`; against a
 * client as violated, since it was told to connect. */
void wspec_play_refused(struct wspec_play *play, unsigned connection, const char *sentence,
                        uint64_t now_us);

/* wspec_play_received: octets came from the target. Borrowed for the call. */
void wspec_play_received(struct wspec_play *play, unsigned connection, struct wspec_span octets,
                         uint64_t now_us);

/* wspec_play_eof: the target closed its side for writing (FIN). */
void wspec_play_eof(struct wspec_play *play, unsigned connection, uint64_t now_us);

/* wspec_play_reset: the connection broke (RST, or TLS that ended in an error). */
void wspec_play_reset(struct wspec_play *play, unsigned connection, uint64_t now_us);

/* wspec_play_time: the time is now `now_us`; to be called at the deadline, harmless at others. */
void wspec_play_time(struct wspec_play *play, uint64_t now_us);

/* wspec_play_set_blocked says that writes of a connection pile up (true) or drained (false): while
 * they do, no WRITE is handed out for it. */
void wspec_play_set_blocked(struct wspec_play *play, unsigned connection, bool blocked,
                            uint64_t now_us);

/* wspec_play_next takes the next action to be done; false: none now. */
bool wspec_play_next(struct wspec_play *play, uint64_t now_us, struct wspec_action *action);

/* wspec_play_deadline returns when wspec_play_time is due; UINT64_MAX: never. */
uint64_t wspec_play_deadline(const struct wspec_play *play);

/* wspec_play_is_done returns true if the verdict stands and every connection was given up. */
bool wspec_play_is_done(const struct wspec_play *play);

/* wspec_play_was_refused returns true if a connection that the case asked for could not be made. */
bool wspec_play_was_refused(const struct wspec_play *play);

/* wspec_play_head returns the target's last HTTP head on a connection, an answer or a client's
 * request, for a look at its fields; NULL if there is none. Borrowed until the play is freed. */
const struct wspec_http_head *wspec_play_head(const struct wspec_play *play, unsigned connection);

/* wspec_play_script returns the case that is played. */
const struct wspec_script *wspec_play_script(const struct wspec_play *play);

/* wspec_play_transcript returns what has passed so far, valid until the next call on the play. */
const struct wspec_transcript *wspec_play_transcript(const struct wspec_play *play);

/* wspec_play_take_result hands the result over to the caller, who clears it. Only once, and only
 * when the play is done. */
void wspec_play_take_result(struct wspec_play *play, struct wspec_result *result);

#endif
