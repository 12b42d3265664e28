/* raw_answer: the 101 of a server that is nothing but a stream. */
#ifndef RAW_ANSWER_H
#define RAW_ANSWER_H

#include "net/stream.h"
#include "proto/handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* raw_answer writes the answer to `request` to `out` and returns its length; 0 if what came is no
 * request but frames. */
static inline size_t raw_answer(const uint8_t *octets, size_t len, char out[256]) {
  static const char NAME[] = "Sec-WebSocket-Key: ";
  char request[2048];
  char accept[WSPEC_HANDSHAKE_ACCEPT_LEN + 1];
  size_t taken = len < sizeof request ? len : sizeof request - 1;
  memcpy(request, octets, taken);
  request[taken] = '\0';
  const char *key = strstr(request, NAME);
  if (!key) {
    return 0;
  }
  assert_int_equal(
      wspec_handshake_accept(wspec_span_of(key + sizeof NAME - 1, WSPEC_HANDSHAKE_KEY_LEN), accept),
      WSPEC_OK);
  return (size_t)snprintf(out, 256,
                          "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n",
                          accept);
}

#endif
