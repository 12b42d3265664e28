#include "run/target.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static char *copy_span(struct wspec_span span) {
  char *text = malloc(span.len + 1);
  if (text) {
    if (span.len > 0) {
      memcpy(text, span.data, span.len);
    }
    text[span.len] = '\0';
  }
  return text;
}

/* The Basic scheme, RFC 7617 section 2; NULL: out of memory. */
static char *basic(struct wspec_span credentials) {
  static const char scheme[] = "Basic ";
  char *value = malloc(sizeof scheme + 4 * (credentials.len / 3 + 1));
  if (value) {
    memcpy(value, scheme, sizeof scheme);
    EVP_EncodeBlock((unsigned char *)value + sizeof scheme - 1, credentials.data,
                    (int)credentials.len);
  }
  return value;
}

/* What a browser makes of user:password in a URL. */
static char *basic_of_url(const struct wspec_url *url) {
  struct wspec_buf userinfo;
  wspec_buf_init(&userinfo, WSPEC_URL_LEN_MAX);
  char *value = NULL;
  if (wspec_url_decode_userinfo(url, &userinfo) == WSPEC_OK) {
    value = basic(wspec_buf_span(&userinfo));
  }
  wspec_buf_clear(&userinfo);
  return value;
}

static enum wspec_err copy_texts(struct wspec_target *target, const char *user) {
  const struct wspec_url *url = &target->url;
  target->href = copy_span(url->href);
  target->host = copy_span(url->host);
  target->host_header = copy_span(url->host_header);
  target->resource_name = copy_span(url->resource_name);
  bool has_user = user || url->userinfo.data != NULL;
  if (has_user) {
    target->authorization = user ? basic(wspec_span_text(user)) : basic_of_url(url);
  }
  bool complete = target->href && target->host && target->host_header && target->resource_name &&
                  (target->authorization || !has_user);
  return complete ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

static enum wspec_err resolve(struct wspec_target *target, struct wspec_loop *loop,
                              const struct wspec_target_options *options,
                              struct wspec_net_error *error) {
  const char *host = options->connect_host ? options->connect_host : target->host;
  uint16_t port = options->connect_port ? options->connect_port : target->url.port;
  target->route = (struct wspec_drive_route){
      .host = target->host,
      .port = port,
      .addresses = &target->addresses,
      .connect_timeout_ms = options->timeout_ms,
  };
  return wspec_resolve_now(loop, host, port, &target->addresses, error);
}

enum wspec_err wspec_target_open(struct wspec_target *target, struct wspec_loop *loop,
                                 const char *url, const struct wspec_target_options *options,
                                 struct wspec_net_error *error) {
  *target = (struct wspec_target){.href = NULL};
  struct wspec_url_error url_error;
  enum wspec_err err = wspec_url_parse(&target->url, wspec_span_text(url), 0, &url_error);
  if (err) {
    return wspec_net_error_set(error, err, "'%.200s': %s", url, url_error.text);
  }
  err = copy_texts(target, options->user);
  if (!err) {
    err = resolve(target, loop, options, error);
  }
  if (!err && target->url.is_secure) {
    err = wspec_tls_new_client(&options->tls, &target->tls, error);
    target->route.tls = target->tls;
  }
  if (err) {
    wspec_target_clear(target);
  }
  return err;
}

void wspec_target_clear(struct wspec_target *target) {
  wspec_tls_free(target->tls);
  free(target->href);
  free(target->host);
  free(target->host_header);
  free(target->resource_name);
  free(target->authorization);
  wspec_url_clear(&target->url);
  *target = (struct wspec_target){.href = NULL};
}
