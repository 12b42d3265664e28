/* channel: one connection of a server, a session on a stream; internal to endpoint/. */
#ifndef WSPEC_ENDPOINT_CHANNEL_H
#define WSPEC_ENDPOINT_CHANNEL_H

#include "endpoint/server.h"
#include "net/stream.h"
#include "net/timer.h"

struct wspec_channel;

struct wspec_server {
  struct wspec_server_options options;
  struct wspec_loop *loop;
  struct wspec_listener *listener; /* NULL once draining */
  struct wspec_timer *drain_timer;
  struct wspec_address address;
  struct wspec_channel *channels; /* doubly linked */
  size_t connections;
  bool is_draining;
};

struct wspec_channel {
  struct wspec_server *server; /* NULL once the server is freed */
  struct wspec_channel *previous;
  struct wspec_channel *next;
  struct wspec_stream *stream;
  struct wspec_session *session;
  struct wspec_timer *timer;
  void *user;
  void (*user_free)(void *user);
  size_t high_water;
  void (*on_end)(void *context, void *user, const struct wspec_server_visit *visit);
  void *context;
  uint64_t began_us;
  uint64_t active_us; /* when the last octet came */
  uint64_t octets_in;
  uint64_t octets_out;
  struct wspec_address peer;
  bool has_peer;
  bool is_feeding; /* inside the session: sending waits until it is out again */
  enum { CHANNEL_HANDSHAKE, CHANNEL_OPEN, CHANNEL_CLOSING } phase;
};

/* wspec_channel_accept makes a channel of `stream`, or resets it when out of memory. */
void wspec_channel_accept(struct wspec_server *server, struct wspec_stream *stream);

/* wspec_channel_send sends a message, if the connection is open. */
void wspec_channel_send(struct wspec_channel *channel, enum wspec_opcode opcode,
                        struct wspec_span payload);

/* wspec_channel_drain sends 1001, or just closes TCP during the handshake. */
void wspec_channel_drain(struct wspec_channel *channel);

#endif
