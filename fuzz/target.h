/* target: how a WebSocket parser of any make is put under wspec's fuzzer.
 *
 * An adapter is one file that defines `fuzz_target_under_test`: it makes a receiver of the parser,
 * feeds it octets and reports what it makes of them. fuzz_target.c does the rest: it feeds the same
 * octets to wspec's own strict receiver, and ends the process where the two differ, with the frames
 * and the requirement that decides. docs/fuzzing-your-parser.md goes through it step by step;
 * adapters/ has examples in C and C++. */
#ifndef WSPEC_FUZZ_TARGET_H
#define WSPEC_FUZZ_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a receiver reports what it saw; the reports of one message or frame are made in the order of
 * the wire. */
struct fuzz_sink;

/* fuzz_sink_data reports the next octets of a message, all of it or a piece. `ends`: the last. */
void fuzz_sink_data(struct fuzz_sink *sink, bool is_text, const uint8_t *octets, size_t len,
                    bool ends);

/* fuzz_sink_ping and fuzz_sink_pong report a control frame. A target that cannot report them says so
 * by `hides_pings`. */
void fuzz_sink_ping(struct fuzz_sink *sink, const uint8_t *octets, size_t len);
void fuzz_sink_pong(struct fuzz_sink *sink, const uint8_t *octets, size_t len);

/* fuzz_sink_close reports a close frame that was taken; 1005 for one without a code. */
void fuzz_sink_close(struct fuzz_sink *sink, uint16_t status_code, const uint8_t *reason,
                     size_t len);

/* What is asked of a receiver. */
struct fuzz_target_options {
  bool is_client;       /* it reads what a server sends: frames without mask */
  uint64_t message_max; /* octets of a message that it is to take, if it can be told */
};

/* A parser under test. */
struct fuzz_target {
  const char *name;

  /* create returns a receiver behind the opening handshake, which reports to `sink`. It may not be
   * NULL: abort if there is no memory. */
  void *(*create)(const struct fuzz_target_options *options, struct fuzz_sink *sink);

  /* feed gives it the next octets, which are valid for the call and may be changed. Returns false if
   * it has failed the connection, or does so now: it is not fed again. */
  bool (*feed)(void *receiver, uint8_t *octets, size_t len);

  /* destroy frees it. */
  void (*destroy)(void *receiver);

  bool only_server;  /* it can only be made to read what a client sends */
  bool hides_pings;  /* pings and pongs are answered inside and not reported */
  bool hides_closes; /* close frames likewise */
  bool only_at_once; /* what it makes of octets is known to depend on the portions: it gets one */

  /* Ids of requirements that the target is known not to keep, NULL at the end: an input on which it
   * goes on where one of these ends the connection is not compared any further. May be NULL. */
  const char *const *tolerates;
};

extern const struct fuzz_target fuzz_target_under_test;

#ifdef __cplusplus
}
#endif

#endif
