/* net_fixture: two ends of a real loopback connection on one loop, that record what they see.
 * A test gives each end a function that reacts to its events; the loop ends when both are closed,
 * so that nothing waits and nothing sleeps. */
#ifndef NET_FIXTURE_H
#define NET_FIXTURE_H

#include "base/buf.h"
#include "failalloc.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum event { EVENT_OPEN, EVENT_DATA, EVENT_EOF, EVENT_ERROR, EVENT_DRAINED, EVENT_CLOSED };

struct pair;

struct end {
  struct pair *pair;
  struct wspec_stream *stream; /* NULL before there is one, and after EVENT_CLOSED */
  void (*react)(struct end *end, enum event event);
  struct wspec_buf data;
  struct wspec_net_error error;
  unsigned opened, eofs, errors, drained, closed;
  char log[64]; /* one letter an event: o d (once for a row of data) e ! w c */
};

struct pair {
  struct wspec_loop *loop;
  struct wspec_listener *listener;
  struct end client, server;
  int descriptors; /* open before the loop was made */
};

static inline int count_descriptors(void) {
  DIR *directory = opendir("/proc/self/fd");
  int count = 0;
  if (!directory) {
    return -1;
  }
  while (readdir(directory)) {
    count++;
  }
  closedir(directory);
  return count;
}

static inline void note(struct end *end, char letter) {
  size_t len = strlen(end->log);
  bool repeats = letter == 'd' && len > 0 && end->log[len - 1] == 'd';
  if (!repeats && len + 1 < sizeof end->log) {
    end->log[len] = letter;
  }
}

static inline void tell(struct end *end, char letter, enum event event) {
  note(end, letter);
  if (end->react) {
    end->react(end, event);
  }
}

static inline void end_on_open(void *user, struct wspec_stream *stream) {
  struct end *end = user;
  end->stream = stream;
  end->opened++;
  tell(end, 'o', EVENT_OPEN);
}

static inline void end_on_data(void *user, struct wspec_stream *stream, uint8_t *data, size_t len) {
  struct end *end = user;
  (void)stream;
  if (wspec_buf_append(&end->data, data, len)) {
    abort();
  }
  memset(data, 0xee, len); /* the octets are ours to change for the call */
  tell(end, 'd', EVENT_DATA);
}

static inline void end_on_eof(void *user, struct wspec_stream *stream) {
  struct end *end = user;
  (void)stream;
  end->eofs++;
  tell(end, 'e', EVENT_EOF);
}

static inline void end_on_error(void *user, struct wspec_stream *stream,
                                const struct wspec_net_error *error) {
  struct end *end = user;
  (void)stream;
  end->errors++;
  end->error = *error;
  tell(end, '!', EVENT_ERROR);
}

static inline void end_on_drained(void *user, struct wspec_stream *stream) {
  struct end *end = user;
  (void)stream;
  end->drained++;
  tell(end, 'w', EVENT_DRAINED);
}

static inline void end_on_closed(void *user, struct wspec_stream *stream) {
  struct end *end = user;
  (void)stream;
  end->stream = NULL;
  end->closed++;
  tell(end, 'c', EVENT_CLOSED);
}

static const struct wspec_stream_handlers END_HANDLERS = {
    .on_open = end_on_open,
    .on_data = end_on_data,
    .on_eof = end_on_eof,
    .on_error = end_on_error,
    .on_drained = end_on_drained,
    .on_closed = end_on_closed,
};

static inline void pair_on_accept(void *user, struct wspec_stream *stream) {
  struct pair *pair = user;
  pair->server.stream = stream;
  wspec_stream_set_handlers(stream, &END_HANDLERS, &pair->server);
  wspec_listener_free(pair->listener); /* one connection, then the loop may end */
  pair->listener = NULL;
}

/* The first loop of a process makes libuv open descriptors of its own, for good. */
static inline void warm_up(void) {
  struct wspec_loop *loop;
  if (wspec_loop_new(&loop) == WSPEC_OK) {
    wspec_loop_free(loop);
  }
}

static inline void pair_init(struct pair *pair) {
  memset(pair, 0, sizeof *pair);
  pair->descriptors = count_descriptors();
  pair->client.pair = pair->server.pair = pair;
  wspec_buf_init(&pair->client.data, 64 << 20);
  wspec_buf_init(&pair->server.data, 64 << 20);
  assert_int_equal(wspec_loop_new(&pair->loop), WSPEC_OK);
}

/* pair_clear checks that nothing was left open. */
static inline void pair_clear(struct pair *pair) {
  wspec_listener_free(pair->listener);
  wspec_loop_free(pair->loop);
  wspec_buf_clear(&pair->client.data);
  wspec_buf_clear(&pair->server.data);
  assert_null(pair->client.stream);
  assert_null(pair->server.stream);
  assert_int_equal(count_descriptors(), pair->descriptors);
}

static inline bool pair_listen(struct pair *pair, struct wspec_listen_options options) {
  struct wspec_net_error error;
  return wspec_listener_new(pair->loop, &options, pair_on_accept, pair, &pair->listener, &error) ==
         WSPEC_OK;
}

static inline void pair_connect(struct pair *pair, struct wspec_connect_options options) {
  options.port = wspec_address_port(wspec_listener_address(pair->listener));
  assert_int_equal(wspec_stream_connect(pair->loop, &options, &END_HANDLERS, &pair->client,
                                        &pair->client.stream),
                   WSPEC_OK);
}

static inline void pair_run(struct pair *pair, void (*client)(struct end *end, enum event event),
                            void (*server)(struct end *end, enum event event)) {
  pair->client.react = client;
  pair->server.react = server;
  assert_true(pair_listen(pair, (struct wspec_listen_options){0}));
  pair_connect(pair, (struct wspec_connect_options){.host = "127.0.0.1"});
  wspec_loop_run(pair->loop);
  assert_int_equal(pair->client.closed, 1);
  assert_int_equal(pair->server.closed, 1);
}

static inline void end_send(struct end *end, const char *text) {
  assert_int_equal(wspec_stream_write(end->stream, wspec_span_text(text)), WSPEC_OK);
}

/* Reactions that several tests share. The answer comes only after the other side's FIN: half-closed
 * streams still carry octets. */

static inline void answer_after_eof(struct end *end, enum event event) {
  if (event == EVENT_EOF) {
    end_send(end, "good");
    end_send(end, "bye");
    wspec_stream_close(end->stream);
  }
}

static inline void close_on_eof(struct end *end, enum event event) {
  if (event == EVENT_EOF) {
    wspec_stream_close(end->stream);
  }
}

/* pair_connect_without_memory makes the n-th allocation of a whole exchange fail, which both ends
 * have reactions for; `len` octets are to come at each. Returns false if there is no n-th. If the
 * server's end never came to be, the client's has to free the listener when it is closed. */
static inline bool pair_connect_without_memory(struct pair *pair, unsigned n, struct wspec_tls *tls,
                                               size_t len) {
  struct wspec_connect_options options = {
      .host = "127.0.0.1",
      .port = wspec_address_port(wspec_listener_address(pair->listener)),
      .tls = tls};
  uint8_t *room; /* what the fixture itself needs is not part of it */
  assert_int_equal(wspec_buf_reserve(&pair->client.data, len, &room), WSPEC_OK);
  assert_int_equal(wspec_buf_reserve(&pair->server.data, len, &room), WSPEC_OK);
  wspec_buf_reset(&pair->client.data);
  wspec_buf_reset(&pair->server.data);
  failalloc_arm(n);
  enum wspec_err err = wspec_stream_connect(pair->loop, &options, &END_HANDLERS, &pair->client,
                                            &pair->client.stream);
  if (err) {
    assert_int_equal(err, WSPEC_ERR_NOMEM);
    wspec_listener_free(pair->listener);
    pair->listener = NULL;
  }
  wspec_loop_run(pair->loop);
  bool failed = failalloc_disarm();
  assert_true(failed || (pair->client.data.len == len && pair->server.data.len == len));
  return failed;
}

#define assert_end_got(end, text)                              \
  do {                                                         \
    assert_int_equal((end)->data.len, strlen(text));           \
    assert_memory_equal((end)->data.data, text, strlen(text)); \
  } while (0)

#endif
