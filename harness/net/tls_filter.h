/* tls_filter: TLS as a filter between octets of the wire and octets of the user, without a socket;
 * internal to net/. Ciphertext goes in by feed and comes out by output. */
#ifndef WSPEC_NET_TLS_FILTER_H
#define WSPEC_NET_TLS_FILTER_H

#include "base/err.h"
#include "base/span.h"
#include "net/error.h"
#include "net/tls.h"

#include <openssl/ssl.h>
#include <stdio.h>

struct wspec_tls {
  SSL_CTX *context;
  FILE *key_log;
  unsigned char alpn[256]; /* as on the wire: length, name, length, name… */
  unsigned alpn_len;
  bool is_server;
  bool verifies;
};

struct wspec_tls_filter {
  SSL *ssl;
  BIO *in;                              /* ciphertext from the peer; owned by `ssl` */
  BIO *out;                             /* ciphertext for the peer; owned by `ssl` */
  char verdict[WSPEC_NET_SENTENCE_MAX]; /* why the peer's certificate was refused; else empty */
  char host[256];                       /* whom the certificate must be for */
};

/* wspec_tls_filter_new makes a filter; `host` is NULL for a server. WSPEC_ERR_INPUT: `host` is too
 * long to be one. */
WSPEC_MUST_USE enum wspec_err wspec_tls_filter_new(struct wspec_tls *tls, const char *host,
                                                   struct wspec_tls_filter **out);
void wspec_tls_filter_free(struct wspec_tls_filter *filter);

/* wspec_tls_filter_feed takes ciphertext of the peer. */
WSPEC_MUST_USE enum wspec_err wspec_tls_filter_feed(struct wspec_tls_filter *filter,
                                                    const void *data, size_t len);

/* wspec_tls_filter_handshake goes on with the handshake: WSPEC_OK when done, WSPEC_ERR_NEED_MORE,
 * or WSPEC_ERR_TLS with the sentence. There may be output in every case. */
WSPEC_MUST_USE enum wspec_err wspec_tls_filter_handshake(struct wspec_tls_filter *filter,
                                                         struct wspec_net_error *error);

/* wspec_tls_filter_read decrypts up to `size` octets: WSPEC_OK with `*len` > 0,
 * WSPEC_ERR_NEED_MORE, WSPEC_ERR_END after the peer's close_notify, or WSPEC_ERR_TLS. */
WSPEC_MUST_USE enum wspec_err wspec_tls_filter_read(struct wspec_tls_filter *filter, uint8_t *out,
                                                    size_t size, size_t *len,
                                                    struct wspec_net_error *error);

/* wspec_tls_filter_write encrypts all of `octets`. */
WSPEC_MUST_USE enum wspec_err wspec_tls_filter_write(struct wspec_tls_filter *filter,
                                                     struct wspec_span octets);

/* wspec_tls_filter_finish makes the close_notify. */
void wspec_tls_filter_finish(struct wspec_tls_filter *filter);

/* wspec_tls_filter_output returns the ciphertext to send, borrowed until output_taken. */
struct wspec_span wspec_tls_filter_output(struct wspec_tls_filter *filter);
void wspec_tls_filter_output_taken(struct wspec_tls_filter *filter);

#endif
