/* tls: what a client or a server says about TLS: whom it trusts, who it is, what it offers. One
 * context serves any number of streams and must outlive them. TLS 1.2 and 1.3. */
#ifndef WSPEC_NET_TLS_H
#define WSPEC_NET_TLS_H

#include "base/err.h"
#include "net/certificate.h"
#include "net/error.h"
#include "net/stream.h"

#include <stdbool.h>
#include <stddef.h>

struct wspec_tls;

/* wspec_tls_options: zero what is not needed; borrowed for the call. Files are PEM.
 *
 * A client verifies the server's certificate, and that it is for the host it connects to, against
 * `ca_file` or else the system's store, unless `is_insecure`. It sends the host as SNI if that is
 * a name. A server needs `certificate`, or `certificate_file` and `key_file`; with `ca_file` it
 * demands a certificate from its clients. */
struct wspec_tls_options {
  const char *ca_file;                         /* whom to trust */
  const char *certificate_file;                /* the chain, own certificate first */
  const char *key_file;                        /* NULL: in `certificate_file` */
  const struct wspec_certificate *certificate; /* instead of the two files */
  const char *const *alpn;  /* protocols, best first: a client offers them, a server chooses */
  size_t alpn_count;        /* 0: no ALPN */
  const char *key_log_file; /* secrets are appended there, in the format of SSLKEYLOGFILE */
  bool is_insecure;         /* client: any certificate will do */
};

/* wspec_tls_new_client makes a context for wspec_connect_options; the caller frees it.
 * WSPEC_ERR_INPUT: a file is missing or wrong, a name in `alpn` is no name; the sentence says
 * which. WSPEC_ERR_TLS or WSPEC_ERR_NOMEM otherwise. On error `*out` is NULL. */
WSPEC_MUST_USE enum wspec_err wspec_tls_new_client(const struct wspec_tls_options *options,
                                                   struct wspec_tls **out,
                                                   struct wspec_net_error *error);

/* wspec_tls_new_server is wspec_tls_new_client for wspec_listen_options. */
WSPEC_MUST_USE enum wspec_err wspec_tls_new_server(const struct wspec_tls_options *options,
                                                   struct wspec_tls **out,
                                                   struct wspec_net_error *error);

/* wspec_tls_free frees `tls`; NULL is allowed. No stream may use it any more. */
void wspec_tls_free(struct wspec_tls *tls);

/* wspec_stream_alpn writes the protocol that ALPN settled on to `out`, NUL-terminated and cut to
 * `size`, and returns `out`; empty if none, or if `stream` is plain or not open yet. */
const char *wspec_stream_alpn(const struct wspec_stream *stream, char *out, size_t size);

/* wspec_stream_tls_version returns "TLSv1.3" and the like, or "" for a plain stream. Static
 * storage. */
const char *wspec_stream_tls_version(const struct wspec_stream *stream);

#endif
