#include "run/memory_target.h"

#include "run/embedded.h"

enum wspec_err wspec_memory_target_open(struct wspec_memory_target *target, const char *resource,
                                        uint64_t seed) {
  *target = (struct wspec_memory_target){.echo = wspec_echo_new()};
  enum wspec_err err = target->echo ? WSPEC_OK : WSPEC_ERR_NOMEM;
  if (!err && resource) {
    const struct wspec_client_session_options options =
        wspec_embedded_client_options(resource, seed);
    err = wspec_client_session_new(&options, wspec_echo_client_handlers(), target->echo,
                                   &target->client);
  } else if (!err) {
    const struct wspec_session_options options = wspec_embedded_session_options();
    target->server = wspec_session_new(&options, wspec_echo_handlers(), target->echo);
    err = target->server ? WSPEC_OK : WSPEC_ERR_NOMEM;
  }
  if (err) {
    wspec_memory_target_clear(target);
  }
  return err;
}

void wspec_memory_target_clear(struct wspec_memory_target *target) {
  wspec_session_free(target->server);
  wspec_client_session_free(target->client);
  wspec_echo_free(target->echo);
  *target = (struct wspec_memory_target){.echo = NULL};
}

bool wspec_memory_target_is_open(const struct wspec_memory_target *target) {
  return target->server || target->client;
}

void wspec_memory_target_feed(struct wspec_memory_target *target, uint8_t *octets, size_t len) {
  if (target->client) {
    wspec_client_session_feed(target->client, octets, len);
  } else {
    wspec_session_feed(target->server, octets, len);
  }
}

void wspec_memory_target_eof(struct wspec_memory_target *target) {
  if (target->client) {
    wspec_client_session_eof(target->client);
  } else {
    wspec_session_eof(target->server);
  }
}

struct wspec_span wspec_memory_target_output(const struct wspec_memory_target *target) {
  return target->client ? wspec_client_session_output(target->client)
                        : wspec_session_output(target->server);
}

void wspec_memory_target_output_sent(struct wspec_memory_target *target, size_t len) {
  if (target->client) {
    wspec_client_session_output_sent(target->client, len);
  } else {
    wspec_session_output_sent(target->server, len);
  }
}

bool wspec_memory_target_wants_close(const struct wspec_memory_target *target) {
  return target->client ? wspec_client_session_wants_close(target->client)
                        : wspec_session_wants_close(target->server);
}
