#include "run/case_url.h"

#include "base/ascii.h"

#include <string.h>

static enum wspec_err append_scheme(const struct wspec_uri *uri, bool is_secure,
                                    struct wspec_buf *out) {
  const char *scheme = uri && uri->scheme ? uri->scheme : "ws";
  return is_secure ? wspec_buf_appendf(out, "%s%c://", scheme, scheme[1])
                   : wspec_buf_appendf(out, "%s://", scheme);
}

/* U+FF01 to U+FF5E are the printable ones of ASCII once more, and IDNA takes each for its twin (UTS
 * 46, and the Nameprep of RFC 3491 before). The port is no part of the host. */
static enum wspec_err append_fullwidth(const char *host, struct wspec_buf *out) {
  const char *port = strrchr(host, ':');
  const char *end = port ? port : host + strlen(host);
  enum wspec_err err = WSPEC_OK;
  for (const char *at = host; *at && !err; at++) {
    uint8_t octet = (uint8_t)*at;
    bool has_twin = at < end && (wspec_ascii_is_alpha(octet) || wspec_ascii_is_digit(octet));
    unsigned code_point = 0xff01u + octet - '!';
    err = has_twin ? wspec_buf_appendf(out, "\xef%c%c", (int)(0x80 | (code_point >> 6 & 0x3f)),
                                       (int)(0x80 | (code_point & 0x3f)))
                   : wspec_buf_append_octet(out, octet);
  }
  return err;
}

static enum wspec_err append_resource(const struct wspec_script *script, const char *path,
                                      const char *agent, const char *query, struct wspec_buf *out) {
  return wspec_buf_appendf(out, "/case/%s%s?agent=%s%s%s", script->id, path ? path : "", agent,
                           query ? "&" : "", query ? query : "");
}

enum wspec_err wspec_case_url(const struct wspec_script *script, bool is_secure, const char *host,
                              const char *agent, struct wspec_buf *out) {
  const struct wspec_uri *uri = script->uri;
  enum wspec_err err = append_scheme(uri, is_secure, out);
  if (!err) {
    err = uri && uri->has_fullwidth_host ? append_fullwidth(host, out)
                                         : wspec_buf_append_text(out, host);
  }
  return err ? err
             : append_resource(script, uri ? uri->path : NULL, agent, uri ? uri->query : NULL, out);
}

enum wspec_err wspec_case_resource(const struct wspec_script *script, const char *agent,
                                   struct wspec_buf *out) {
  const struct wspec_uri *uri = script->uri;
  return append_resource(script, uri ? uri->escaped_path : NULL, agent,
                         uri ? uri->escaped_query : NULL, out);
}
