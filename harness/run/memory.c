#include "run/memory.h"

#include "base/rng.h"
#include "run/case_url.h"
#include "run/memory_target.h"

#include <stdlib.h>
#include <string.h>

/* A case that takes more rounds than this will not end. */
#define ROUNDS_MAX UINT64_C(200000000)

enum {
  TO_TARGET_MAX = 4 * 1024 * 1024,
  BLOCKED_ABOVE = 256 * 1024,
  DELIVER_MAX = 65536,
  RESOURCE_MAX = 65536
};

struct memory_link {
  struct wspec_memory_target target;
  struct wspec_buf to_target; /* written by the play, not yet delivered */
  size_t delivered;           /* of it */
  bool fin, is_reading, eof_told, blocked;
};

struct memory {
  const struct wspec_memory_options *options;
  struct wspec_play_config config;
  char *resource; /* of the URI that the case wants; NULL: of no special one */
  struct wspec_play *play;
  size_t n_connections;
  uint64_t now_us;
  struct memory_link links[WSPEC_SCRIPT_CONNECTIONS_MAX];
  enum wspec_err err;
};

static void connect_link(struct memory *memory, unsigned connection) {
  struct memory_link *link = &memory->links[connection];
  const struct wspec_play_config *config = &memory->config;
  const char *resource = memory->resource ? memory->resource : "/";
  memory->err = wspec_memory_target_open(&link->target, config->is_server ? resource : NULL,
                                         wspec_rng_mix(config->seed + 1 + connection));
  wspec_buf_init(&link->to_target, TO_TARGET_MAX);
  link->is_reading = true;
  if (!memory->err) {
    wspec_play_connected(memory->play, connection, memory->now_us);
  }
}

static void drop_link(struct memory_link *link) {
  wspec_memory_target_clear(&link->target);
  wspec_buf_clear(&link->to_target);
  *link = (struct memory_link){0};
}

/* ---- Both ways ---- */

static void act(struct memory *memory, const struct wspec_action *action) {
  struct memory_link *link = &memory->links[action->connection];
  switch (action->kind) {
  case WSPEC_ACTION_CONNECT:
    connect_link(memory, action->connection);
    break;
  case WSPEC_ACTION_WRITE:
    memory->err = wspec_buf_append_span(&link->to_target, action->octets);
    if (link->to_target.len > BLOCKED_ABOVE) {
      link->blocked = true;
      wspec_play_set_blocked(memory->play, action->connection, true, memory->now_us);
    }
    break;
  case WSPEC_ACTION_FIN:
    link->fin = true;
    break;
  case WSPEC_ACTION_RESET:
  case WSPEC_ACTION_CLOSE:
    drop_link(link);
    break;
  case WSPEC_ACTION_STOP_READING:
    link->is_reading = false;
    break;
  case WSPEC_ACTION_READ_AGAIN:
    link->is_reading = true;
    break;
  }
}

static size_t portion(const struct memory *memory, size_t available) {
  size_t len = memory->options->chunk_len > 0 ? memory->options->chunk_len : DELIVER_MAX;
  len = len < DELIVER_MAX ? len : DELIVER_MAX;
  return len < available ? len : available;
}

/* Each chunk is a heap block of its own size, so that a sanitizer sees every over-read. */
static uint8_t *copy_chunk(struct memory *memory, struct wspec_span octets) {
  uint8_t *chunk = malloc(octets.len);
  if (!chunk) {
    memory->err = WSPEC_ERR_NOMEM;
    return NULL;
  }
  return memcpy(chunk, octets.data, octets.len);
}

static bool deliver_to_target(struct memory *memory, unsigned connection) {
  struct memory_link *link = &memory->links[connection];
  size_t len = portion(memory, link->to_target.len - link->delivered);
  /* A target that does not get rid of its answers stops reading, as over a network. */
  if (!wspec_memory_target_is_open(&link->target) ||
      wspec_memory_target_output(&link->target).len > TO_TARGET_MAX) {
    return false;
  }
  if (len == 0) {
    if (link->fin) {
      link->fin = false;
      wspec_memory_target_eof(&link->target);
      return true;
    }
    return false;
  }
  uint8_t *chunk = copy_chunk(memory, wspec_span_of(link->to_target.data + link->delivered, len));
  if (!chunk) {
    return false;
  }
  link->delivered += len;
  if (link->delivered == link->to_target.len) {
    link->delivered = 0;
    wspec_buf_reset(&link->to_target);
    if (link->blocked) {
      link->blocked = false;
      wspec_play_set_blocked(memory->play, connection, false, memory->now_us);
    }
  }
  wspec_memory_target_feed(&link->target, chunk, len);
  free(chunk);
  return true;
}

static bool deliver_to_play(struct memory *memory, unsigned connection) {
  struct memory_link *link = &memory->links[connection];
  if (!wspec_memory_target_is_open(&link->target) || !link->is_reading || link->eof_told) {
    return false;
  }
  struct wspec_span output = wspec_memory_target_output(&link->target);
  if (output.len == 0) {
    bool is_over = wspec_memory_target_wants_close(&link->target);
    link->eof_told = is_over;
    if (is_over) {
      wspec_play_eof(memory->play, connection, memory->now_us);
    }
    return is_over;
  }
  size_t len = portion(memory, output.len);
  uint8_t *chunk = copy_chunk(memory, wspec_span_of(output.data, len));
  if (!chunk) {
    return false;
  }
  wspec_memory_target_output_sent(&link->target, len);
  wspec_play_received(memory->play, connection, wspec_span_of(chunk, len), memory->now_us);
  free(chunk);
  return true;
}

static bool deliver(struct memory *memory) {
  bool moved = false;
  for (unsigned i = 0; i < memory->n_connections; i++) {
    moved = deliver_to_target(memory, i) || moved;
    moved = deliver_to_play(memory, i) || moved;
  }
  if (moved) {
    memory->now_us += memory->options->latency_us;
  }
  return moved;
}

/* One round: what the play wants, what is under way, or else the time of its deadline. */
static void round_of(struct memory *memory) {
  struct wspec_action action;
  bool acted = false;
  while (!memory->err && wspec_play_next(memory->play, memory->now_us, &action)) {
    act(memory, &action);
    acted = true;
  }
  if (memory->err || acted || deliver(memory)) {
    return;
  }
  uint64_t deadline_us = wspec_play_deadline(memory->play);
  if (deadline_us == UINT64_MAX) {
    memory->err = wspec_play_is_done(memory->play) ? WSPEC_OK : WSPEC_ERR_INTERNAL;
    return;
  }
  memory->now_us = deadline_us > memory->now_us ? deadline_us : memory->now_us + 1;
  wspec_play_time(memory->play, memory->now_us);
}

/* The reference client is handed no URL, and asks for what is right for that of the case. */
static enum wspec_err name_resource(struct memory *memory, const struct wspec_script *script) {
  struct wspec_buf resource;
  if (!script->uri) {
    return WSPEC_OK;
  }
  wspec_buf_init(&resource, RESOURCE_MAX);
  enum wspec_err err = wspec_case_resource(script, "memory", &resource);
  memory->resource = err ? NULL : wspec_buf_take_text(&resource);
  wspec_buf_clear(&resource);
  memory->config.target = memory->resource;
  return memory->resource ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

enum wspec_err wspec_memory_run(const struct wspec_script *script,
                                const struct wspec_memory_options *options,
                                struct wspec_result *result) {
  *result = (struct wspec_result){0};
  struct memory memory = {
      .options = options, .config = *options->config, .n_connections = script->n_connections};
  memory.err = name_resource(&memory, script);
  memory.play = memory.err ? NULL : wspec_play_new(script, &memory.config, 0);
  if (!memory.play) {
    free(memory.resource);
    return WSPEC_ERR_NOMEM;
  }
  uint64_t rounds = 0;
  while (!memory.err && !wspec_play_is_done(memory.play)) {
    round_of(&memory);
    if (++rounds > ROUNDS_MAX) {
      memory.err = WSPEC_ERR_INTERNAL;
    }
  }
  if (!memory.err) {
    wspec_play_take_result(memory.play, result);
  }
  wspec_play_free(memory.play);
  free(memory.resource);
  for (unsigned i = 0; i < WSPEC_SCRIPT_CONNECTIONS_MAX; i++) {
    drop_link(&memory.links[i]);
  }
  return memory.err;
}
