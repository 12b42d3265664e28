#include "peers.h"

#include <wslay/wslay.h>

/* wslay reads into a buffer of its own: the copy from the stream goes straight there. */

static ssize_t read_for_frames(uint8_t *out, size_t room, int, void *user) {
  size_t len = bench_frames_read(static_cast<bench_frames *>(user), out, room);
  return len > 0 ? static_cast<ssize_t>(len) : -1;
}

uint64_t peer_wslay_frames(void *context, uint64_t rounds) {
  static const wslay_frame_callbacks callbacks = {nullptr, read_for_frames, nullptr};
  wslay_frame_context_ptr wslay;
  uint64_t sum = 0;
  if (wslay_frame_context_init(&wslay, &callbacks, context) != 0) {
    return 0;
  }
  for (uint64_t i = 0; i < rounds; i++) {
    wslay_frame_iocb frame;
    uint64_t done = 0;
    while (wslay_frame_recv(wslay, &frame) >= 0) { /* until the stream's end */
      done += frame.data_length;
      sum += frame.data_length;
      if (done == frame.payload_length) {
        sum += frame.data[frame.data_length - 1];
        done = 0;
      }
    }
  }
  wslay_frame_context_free(wslay);
  return sum;
}

struct receiver {
  bench_frames *frames;
  uint64_t sum;
};

static ssize_t read_for_events(wslay_event_context_ptr wslay, uint8_t *out, size_t room, int,
                               void *user) {
  size_t len = bench_frames_read(static_cast<receiver *>(user)->frames, out, room);
  if (len == 0) {
    wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  return static_cast<ssize_t>(len);
}

static void on_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg *message,
                       void *user) {
  static_cast<receiver *>(user)->sum += bench_frames_count(message->msg, message->msg_length);
}

uint64_t peer_wslay_messages(void *context, uint64_t rounds) {
  wslay_event_callbacks callbacks = {};
  callbacks.recv_callback = read_for_events;
  callbacks.on_msg_recv_callback = on_message;
  receiver to = {static_cast<bench_frames *>(context), 0};
  wslay_event_context_ptr wslay;
  if (wslay_event_context_server_init(&wslay, &callbacks, &to) != 0) {
    return 0;
  }
  for (uint64_t i = 0; i < rounds; i++) {
    if (wslay_event_recv(wslay) != 0) { /* until the stream's end */
      break;
    }
  }
  wslay_event_context_free(wslay);
  return to.sum;
}
