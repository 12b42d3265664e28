#include "net/address.h"

#include "net/internal.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wspec_resolution {
  uv_getaddrinfo_t uv;
  void (*done)(void *user, const struct wspec_addresses *addresses,
               const struct wspec_net_error *error);
  void *user;
  uint16_t port;
  char host[]; /* NUL-terminated */
};

enum wspec_err wspec_address_parse(const char *text, uint16_t port, struct wspec_address *out) {
  memset(out, 0, sizeof *out);
  if (uv_ip4_addr(text, port, &out->as.v4) == 0) {
    return WSPEC_OK;
  }
  char inner[WSPEC_ADDRESS_TEXT_MAX];
  size_t len = strlen(text);
  if (len > 2 && len < sizeof inner && text[0] == '[' && text[len - 1] == ']') {
    memcpy(inner, text + 1, len - 2);
    inner[len - 2] = '\0';
    text = inner;
  }
  memset(out, 0, sizeof *out);
  return uv_ip6_addr(text, port, &out->as.v6) == 0 ? WSPEC_OK : WSPEC_ERR_SYNTAX;
}

enum wspec_err wspec_address_from_socket(const struct sockaddr *socket, struct wspec_address *out) {
  memset(out, 0, sizeof *out);
  if (socket->sa_family == AF_INET) {
    memcpy(&out->as.v4, socket, sizeof out->as.v4);
    return WSPEC_OK;
  }
  if (socket->sa_family == AF_INET6) {
    memcpy(&out->as.v6, socket, sizeof out->as.v6);
    return WSPEC_OK;
  }
  return WSPEC_ERR_INPUT;
}

uint16_t wspec_address_port(const struct wspec_address *address) {
  return ntohs(address->as.any.sa_family == AF_INET6 ? address->as.v6.sin6_port
                                                     : address->as.v4.sin_port);
}

bool wspec_address_is_loopback(const struct wspec_address *address) {
  if (address->as.any.sa_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&address->as.v6.sin6_addr);
  }
  return ntohl(address->as.v4.sin_addr.s_addr) >> 24 == 127;
}

const char *wspec_address_text(const struct wspec_address *address,
                               char out[WSPEC_ADDRESS_TEXT_MAX]) {
  char name[INET6_ADDRSTRLEN] = "?";
  bool is_v6 = address->as.any.sa_family == AF_INET6;
  if (is_v6) {
    (void)uv_ip6_name(&address->as.v6, name, sizeof name);
  } else {
    (void)uv_ip4_name(&address->as.v4, name, sizeof name);
  }
  (void)snprintf(out, WSPEC_ADDRESS_TEXT_MAX, is_v6 ? "[%s]:%u" : "%s:%u", name,
                 (unsigned)wspec_address_port(address));
  return out;
}

static void set_port(struct wspec_address *address, uint16_t port) {
  if (address->as.any.sa_family == AF_INET6) {
    address->as.v6.sin6_port = htons(port);
  } else {
    address->as.v4.sin_port = htons(port);
  }
}

static void collect(const struct addrinfo *info, uint16_t port, struct wspec_addresses *out) {
  out->count = 0;
  for (; info && out->count < WSPEC_ADDRESSES_MAX; info = info->ai_next) {
    struct wspec_address *item = &out->items[out->count];
    if (wspec_address_from_socket(info->ai_addr, item) == WSPEC_OK) {
      set_port(item, port);
      out->count++;
    }
  }
}

/* Takes `info`, which may be NULL. */
static enum wspec_err conclude(const char *host, uint16_t port, int status, struct addrinfo *info,
                               struct wspec_addresses *out, struct wspec_net_error *error) {
  collect(status == 0 ? info : NULL, port, out);
  uv_freeaddrinfo(info);
  if (status == 0 && out->count == 0) {
    status = UV_EAI_NODATA;
  }
  if (status != 0) {
    return wspec_net_error_set(error, WSPEC_ERR_CONNECT, "cannot find the address of '%s': %s",
                               host, uv_strerror(status));
  }
  return WSPEC_OK;
}

static const struct addrinfo TCP_HINTS = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

static void on_uv_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *info) {
  struct wspec_resolution *resolution = request->data;
  struct wspec_addresses addresses;
  struct wspec_net_error error;
  enum wspec_err err =
      conclude(resolution->host, resolution->port, status, info, &addresses, &error);
  if (resolution->done) {
    resolution->done(resolution->user, err ? NULL : &addresses, err ? &error : NULL);
  }
  free(resolution);
}

enum wspec_err wspec_resolve(struct wspec_loop *loop, const char *host, uint16_t port,
                             void (*done)(void *user, const struct wspec_addresses *addresses,
                                          const struct wspec_net_error *error),
                             void *user, struct wspec_resolution **out) {
  *out = NULL;
  size_t size = strlen(host) + 1;
  struct wspec_resolution *resolution = calloc(1, sizeof *resolution + size);
  if (!resolution) {
    return WSPEC_ERR_NOMEM;
  }
  resolution->done = done;
  resolution->user = user;
  resolution->port = port;
  resolution->uv.data = resolution;
  memcpy(resolution->host, host, size);
  int code = uv_getaddrinfo(&loop->uv, &resolution->uv, on_uv_resolved, host, NULL, &TCP_HINTS);
  if (code != 0) {
    free(resolution);
    return code == UV_ENOMEM ? WSPEC_ERR_NOMEM : WSPEC_ERR_INPUT;
  }
  *out = resolution;
  return WSPEC_OK;
}

void wspec_resolution_cancel(struct wspec_resolution *resolution) {
  if (resolution) {
    resolution->done = NULL;
    (void)uv_cancel((uv_req_t *)&resolution->uv);
  }
}

enum wspec_err wspec_resolve_now(struct wspec_loop *loop, const char *host, uint16_t port,
                                 struct wspec_addresses *out, struct wspec_net_error *error) {
  out->count = 1;
  if (wspec_address_parse(host, port, &out->items[0]) == WSPEC_OK) {
    return WSPEC_OK;
  }
  uv_getaddrinfo_t request;
  memset(&request, 0, sizeof request);
  int status = uv_getaddrinfo(&loop->uv, &request, NULL, host, NULL, &TCP_HINTS);
  return conclude(host, port, status, status == 0 ? request.addrinfo : NULL, out, error);
}
