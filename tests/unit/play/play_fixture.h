/* play_fixture: a server by hand, for the tests of play. */
#ifndef WSPEC_PLAY_FIXTURE_H
#define WSPEC_PLAY_FIXTURE_H

#include "play/play.h"

#include "proto/handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The initializer of a config against a server that echoes, with short times. */
#define FIXTURE_CONFIG                                                                         \
  {                                                                                            \
    .seed = 7, .host = "localhost", .target = "/", .have = WSPEC_NEED_ECHO, .settle_us = 1000, \
    .timeout_us = 2000, .close_us = 1000                                                       \
  }

/* answer_request answers the request that is in `request` with a right 101, at `now_us`. */
static inline void answer_request(struct wspec_play *play, struct wspec_span request,
                                  uint64_t now_us) {
  static const char name[] = "Sec-WebSocket-Key: ";
  char text[2048] = {0};
  assert_true(request.len < sizeof text);
  memcpy(text, request.data, request.len);
  const char *key = strstr(text, name);
  assert_non_null(key);
  key += sizeof name - 1;
  char accept[WSPEC_HANDSHAKE_ACCEPT_LEN + 1];
  assert_int_equal(wspec_handshake_accept(wspec_span_of(key, strcspn(key, "\r")), accept),
                   WSPEC_OK);
  char answer[512];
  int len = snprintf(answer, sizeof answer,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
  wspec_play_received(play, 0, wspec_span_of(answer, (size_t)len), now_us);
}

/* end_play frees a play that is done and returns its verdict. */
static inline enum wspec_verdict end_play(struct wspec_play *play) {
  assert_true(wspec_play_is_done(play));
  struct wspec_result result;
  wspec_play_take_result(play, &result);
  enum wspec_verdict verdict = result.verdict;
  wspec_result_clear(&result);
  wspec_play_free(play);
  return verdict;
}

#endif
