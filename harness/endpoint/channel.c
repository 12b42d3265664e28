#include "endpoint/channel.h"

#include <stdlib.h>

static void start_timer(struct wspec_channel *channel, uint32_t timeout_ms) {
  if (timeout_ms > 0) {
    wspec_timer_start(channel->timer, (uint64_t)timeout_ms * 1000);
  } else {
    wspec_timer_stop(channel->timer);
  }
}

static void follow_phase(struct wspec_channel *channel) {
  struct wspec_conn *conn = wspec_session_conn(channel->session);
  if (!conn || !channel->server) {
    return;
  }
  if (channel->phase == CHANNEL_HANDSHAKE) {
    channel->phase = CHANNEL_OPEN;
    start_timer(channel, channel->server->options.idle_timeout_ms);
  }
  if (channel->phase == CHANNEL_OPEN && wspec_conn_state(conn) != WSPEC_CONN_OPEN) {
    channel->phase = CHANNEL_CLOSING;
    start_timer(channel, channel->server->options.closing_timeout_ms);
  }
}

/* Sends what the session has to send as far as the stream takes it. WSPEC_ERR_LIMIT: on_drained
 * tries again; any other error: on_error has the last word, once reading comes to it. */
static enum wspec_err send_output(struct wspec_channel *channel) {
  struct wspec_span output = wspec_session_output(channel->session);
  while (output.len > 0) {
    enum wspec_err err = wspec_stream_write(channel->stream, output);
    if (err) {
      return err;
    }
    channel->octets_out += output.len;
    wspec_session_output_sent(channel->session, output.len);
    output = wspec_session_output(channel->session);
  }
  return WSPEC_OK;
}

static void pump(struct wspec_channel *channel) {
  enum wspec_err err = send_output(channel);
  follow_phase(channel);
  if (!err && wspec_session_wants_close(channel->session)) {
    wspec_stream_close(channel->stream);
  } else if (err == WSPEC_ERR_LIMIT ||
             wspec_stream_pending(channel->stream) > channel->high_water) {
    wspec_stream_pause(channel->stream);
  } else {
    wspec_stream_resume(channel->stream);
  }
}

static void on_open(void *user, struct wspec_stream *stream) {
  struct wspec_channel *channel = user;
  channel->has_peer = wspec_stream_peer(stream, &channel->peer) == WSPEC_OK;
  if (channel->server) {
    start_timer(channel, channel->server->options.handshake_timeout_ms);
  }
}

static void on_data(void *user, struct wspec_stream *stream, uint8_t *data, size_t len) {
  struct wspec_channel *channel = user;
  (void)stream;
  if (channel->server && channel->server->options.idle_timeout_ms > 0) {
    channel->active_us = wspec_loop_now_us(channel->server->loop);
  }
  channel->octets_in += len;
  channel->is_feeding = true;
  wspec_session_feed(channel->session, data, len);
  channel->is_feeding = false;
  pump(channel);
}

static void on_eof(void *user, struct wspec_stream *stream) {
  struct wspec_channel *channel = user;
  wspec_session_eof(channel->session);
  pump(channel);
  wspec_stream_close(stream);
}

static void on_drained(void *user, struct wspec_stream *stream) {
  (void)stream;
  pump(user);
}

static void unlink_channel(struct wspec_channel *channel) {
  struct wspec_server *server = channel->server;
  if (!server) {
    return;
  }
  if (channel->previous) {
    channel->previous->next = channel->next;
  } else {
    server->channels = channel->next;
  }
  if (channel->next) {
    channel->next->previous = channel->previous;
  }
  server->connections--;
  if (server->connections == 0) {
    wspec_timer_stop(server->drain_timer);
  }
}

static void channel_free(struct wspec_channel *channel) {
  wspec_session_free(channel->session);
  wspec_timer_free(channel->timer);
  if (channel->user && channel->user_free) {
    channel->user_free(channel->user);
  }
  free(channel);
}

static void tell_end(struct wspec_channel *channel, uint64_t now_us) {
  struct wspec_conn *conn = wspec_session_conn(channel->session);
  struct wspec_server_visit visit = {
      .peer = channel->peer,
      .has_peer = channel->has_peer,
      .duration_us = now_us - channel->began_us,
      .octets_in = channel->octets_in,
      .octets_out = channel->octets_out,
      .was_open = conn != NULL,
  };
  if (conn) {
    visit.outcome = wspec_conn_outcome(conn);
  }
  channel->on_end(channel->context, channel->user, &visit);
}

static void on_closed(void *user, struct wspec_stream *stream) {
  struct wspec_channel *channel = user;
  wspec_session_eof(channel->session);
  if (channel->on_end) {
    tell_end(channel, wspec_loop_now_us(wspec_stream_loop(stream)));
  }
  unlink_channel(channel);
  channel_free(channel);
}

/* wspec_stream_close lingers and then gives up, so a time-out leaves nothing behind. */
static void on_timer(void *user) {
  struct wspec_channel *channel = user;
  struct wspec_conn *conn = wspec_session_conn(channel->session);
  if (channel->phase != CHANNEL_OPEN || !channel->server) {
    wspec_stream_close(channel->stream);
    return;
  }
  uint64_t idle_us = wspec_loop_now_us(channel->server->loop) - channel->active_us;
  uint64_t allowed_us = (uint64_t)channel->server->options.idle_timeout_ms * 1000;
  if (idle_us < allowed_us) {
    wspec_timer_start(channel->timer, allowed_us - idle_us);
    return;
  }
  if (wspec_conn_close(conn, WSPEC_CLOSE_GOING_AWAY, wspec_span_text("idle for too long"))) {
    wspec_stream_close(channel->stream);
    return;
  }
  pump(channel);
}

static const struct wspec_stream_handlers STREAM_HANDLERS = {
    .on_open = on_open,
    .on_data = on_data,
    .on_eof = on_eof,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

static bool fill_in(struct wspec_channel *channel, const struct wspec_server_options *options) {
  if (options->user_new) {
    channel->user = options->user_new(options->context);
    channel->user_free = options->user_free;
    if (!channel->user) {
      return false;
    }
  }
  channel->session = wspec_session_new(&options->session, options->handlers, channel->user);
  return channel->session &&
         wspec_timer_new(channel->server->loop, on_timer, channel, &channel->timer) == WSPEC_OK;
}

void wspec_channel_accept(struct wspec_server *server, struct wspec_stream *stream) {
  struct wspec_channel *channel = calloc(1, sizeof *channel);
  if (!channel) {
    wspec_stream_reset(stream);
    return;
  }
  channel->server = server;
  channel->stream = stream;
  channel->high_water = server->options.high_water;
  channel->on_end = server->options.on_end;
  channel->context = server->options.context;
  channel->began_us = wspec_loop_now_us(server->loop);
  if (!fill_in(channel, &server->options)) {
    channel_free(channel);
    wspec_stream_reset(stream);
    return;
  }
  channel->next = server->channels;
  if (channel->next) {
    channel->next->previous = channel;
  }
  server->channels = channel;
  server->connections++;
  wspec_stream_set_handlers(stream, &STREAM_HANDLERS, channel);
}

void wspec_channel_send(struct wspec_channel *channel, enum wspec_opcode opcode,
                        struct wspec_span payload) {
  struct wspec_conn *conn = wspec_session_conn(channel->session);
  if (!conn || wspec_conn_state(conn) != WSPEC_CONN_OPEN) {
    return;
  }
  enum wspec_err err = wspec_conn_send(conn, opcode, payload);
  if (err == WSPEC_ERR_LIMIT) {
    err = wspec_conn_close(conn, WSPEC_CLOSE_POLICY, wspec_span_text("reads too slowly"));
  }
  if (!channel->is_feeding) {
    pump(channel);
  }
}

void wspec_channel_drain(struct wspec_channel *channel) {
  struct wspec_conn *conn = wspec_session_conn(channel->session);
  if (!conn || wspec_conn_close(conn, WSPEC_CLOSE_GOING_AWAY, wspec_span_text(""))) {
    if (!conn || wspec_conn_state(conn) == WSPEC_CONN_OPEN) {
      wspec_stream_close(channel->stream);
    }
    return;
  }
  pump(channel);
}
