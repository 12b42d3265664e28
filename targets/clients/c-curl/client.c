/* Sends each message back to a URL, until the connection is over; offers a subprotocol, if it is not
 * empty. By the callback model of libcurl-ws: in the other one, of curl_ws_recv, a ping that comes
 * alone is not answered before the next message. */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  NORMAL = 1000,
  PROTOCOL_ERROR = 1002,
  INVALID_PAYLOAD = 1007,
};

struct octets {
  uint8_t *first;
  size_t len;
  size_t room;
};

struct connection {
  CURL *curl;
  struct octets message; /* what has come of it: a close frame may come inside */
  struct octets close;
  curl_off_t frame_len; /* what has come of the payload of a frame */
  bool is_closing;      /* a close frame has been sent: what comes is dropped */
};

static bool is_continuation(uint8_t octet) {
  return (octet & 0xc0) == 0x80;
}

/* The length of the code point at the beginning of `text`, or 0. */
static size_t code_point_len(const uint8_t *text, size_t len) {
  uint8_t first = text[0];
  size_t wanted = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first > 0xf4 || wanted > len) {
    return 0;
  }
  for (size_t i = 1; i < wanted; i++) {
    if (!is_continuation(text[i])) {
      return 0;
    }
  }
  bool is_wrong = (first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
                  (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f);
  return is_wrong ? 0 : wanted;
}

static bool is_utf8(const uint8_t *text, size_t len) {
  while (len) {
    size_t step = code_point_len(text, len);
    if (!step) {
      return false;
    }
    text += step;
    len -= step;
  }
  return true;
}

static bool may_be_sent(unsigned code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

/* The status code for the answer to a close frame with this payload. */
static unsigned answer_to_close(struct octets payload) {
  if (payload.len == 0) {
    return NORMAL;
  }
  unsigned code = payload.len == 1 ? 0 : (unsigned)(payload.first[0] << 8 | payload.first[1]);
  if (!may_be_sent(code)) {
    return PROTOCOL_ERROR;
  }
  return is_utf8(payload.first + 2, payload.len - 2) ? code : INVALID_PAYLOAD;
}

/* In a callback this waits until all is sent. */
static bool send_all(struct connection *connection, const void *octets, size_t len,
                     unsigned flags) {
  size_t sent = 0;
  return curl_ws_send(connection->curl, octets, len, &sent, 0, flags) == CURLE_OK && sent == len;
}

/* Then the server closes TCP, and until it does pings are not answered any more. */
static bool send_close(struct connection *connection, unsigned code) {
  uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
  connection->is_closing = true;
  curl_easy_setopt(connection->curl, CURLOPT_WS_OPTIONS, CURLWS_NOAUTOPONG);
  return send_all(connection, payload, sizeof payload, CURLWS_CLOSE);
}

/* libcurl leaves UTF-8 and what a close frame says to the application. */
static bool answer(struct connection *connection, int flags) {
  struct octets *message = &connection->message;
  if (flags & CURLWS_CLOSE) {
    return send_close(connection, answer_to_close(connection->close));
  }
  if (flags & CURLWS_TEXT && !is_utf8(message->first, message->len)) {
    return send_close(connection, INVALID_PAYLOAD);
  }
  bool is_sent = send_all(connection, message->first, message->len,
                          (unsigned)flags & (CURLWS_TEXT | CURLWS_BINARY));
  message->len = 0;
  return is_sent;
}

static bool append(struct octets *octets, const char *more, size_t len) {
  if (!octets->first || len > octets->room - octets->len) {
    size_t room = (octets->len + len + 1) * 2;
    uint8_t *first = realloc(octets->first, room);
    if (!first) {
      return false;
    }
    octets->first = first;
    octets->room = room;
  }
  memcpy(octets->first + octets->len, more, len);
  octets->len += len;
  return true;
}

static size_t on_octets(char *octets, size_t one, size_t len, void *user) {
  struct connection *connection = user;
  const struct curl_ws_frame *frame = curl_ws_meta(connection->curl);
  (void)one;
  if (!frame) {
    return CURL_WRITEFUNC_ERROR;
  }
  if (connection->is_closing || frame->flags & (CURLWS_PING | CURLWS_PONG)) {
    return len;
  }
  if (!append(frame->flags & CURLWS_CLOSE ? &connection->close : &connection->message, octets,
              len)) {
    return CURL_WRITEFUNC_ERROR;
  }
  connection->frame_len += (curl_off_t)len;
  if (connection->frame_len < frame->offset + (curl_off_t)frame->len + frame->bytesleft) {
    return len;
  }
  connection->frame_len = 0;
  if (frame->flags & CURLWS_CONT) {
    return len;
  }
  return answer(connection, frame->flags) ? len : CURL_WRITEFUNC_ERROR;
}

int send_back(const char *url, const char *subprotocol) {
  struct connection connection = {.curl = curl_easy_init()};
  struct curl_slist *fields = NULL;
  char field[256];
  if (!connection.curl) {
    return 1;
  }
  if (subprotocol[0]) {
    snprintf(field, sizeof field, "Sec-WebSocket-Protocol: %s", subprotocol);
    fields = curl_slist_append(NULL, field);
  }
  curl_easy_setopt(connection.curl, CURLOPT_URL, url);
  curl_easy_setopt(connection.curl, CURLOPT_HTTPHEADER, fields);
  curl_easy_setopt(connection.curl, CURLOPT_WRITEFUNCTION, on_octets);
  curl_easy_setopt(connection.curl, CURLOPT_WRITEDATA, &connection);
  CURLcode result = curl_easy_perform(connection.curl);
  curl_easy_cleanup(connection.curl);
  curl_slist_free_all(fields);
  free(connection.message.first);
  free(connection.close.first);
  return result != CURLE_OK;
}
