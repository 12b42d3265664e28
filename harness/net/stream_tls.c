#include "net/internal.h"
#include "net/tls.h"
#include "net/tls_filter.h"

#include <string.h>

enum { ENCRYPT_AT_ONCE = 64 * 1024 };

enum wspec_err wspec_stream_tls_attach(struct wspec_stream *stream, struct wspec_tls *tls,
                                       const char *host) {
  return tls ? wspec_tls_filter_new(tls, host, &stream->tls) : WSPEC_OK;
}

/* A failure ends the stream, as every failure to send does, so that callers need not look. */
static enum wspec_err flush(struct wspec_stream *stream) {
  struct wspec_span output = wspec_tls_filter_output(stream->tls);
  if (output.len == 0) {
    return WSPEC_OK;
  }
  enum wspec_err err = wspec_stream_send(stream, output);
  wspec_tls_filter_output_taken(stream->tls);
  return err;
}

/* In slices, so that a large write does not stand in memory twice, in clear and encrypted. */
enum wspec_err wspec_stream_tls_write(struct wspec_stream *stream, struct wspec_span octets) {
  enum wspec_err err = WSPEC_OK;
  while (octets.len > 0 && !err) {
    size_t len = octets.len < ENCRYPT_AT_ONCE ? octets.len : ENCRYPT_AT_ONCE;
    err = wspec_tls_filter_write(stream->tls, wspec_span_of(octets.data, len));
    if (!err) {
      err = flush(stream);
    }
    octets = wspec_span_from(octets, len);
  }
  return err;
}

void wspec_stream_tls_finish(struct wspec_stream *stream) {
  wspec_tls_filter_finish(stream->tls);
  (void)flush(stream);
}

static void continue_handshake(struct wspec_stream *stream) {
  struct wspec_net_error error;
  enum wspec_err err = wspec_tls_filter_handshake(stream->tls, &error);
  (void)flush(stream); /* an alert too */
  if (err == WSPEC_ERR_END) {
    err = wspec_net_error_set(&error, WSPEC_ERR_TLS,
                              "the peer closed the connection during the TLS handshake");
  }
  if (!err) {
    wspec_stream_become_open(stream);
  } else if (err != WSPEC_ERR_NEED_MORE) {
    wspec_stream_fail(stream, &error);
  }
}

/* Ends when the filter runs dry, which it does, since what it was fed is finite. */
static void decrypt_all(struct wspec_stream *stream) {
  while (stream->state == STREAM_OPEN && !stream->is_paused && stream->end != END_ERROR) {
    struct wspec_net_error error;
    size_t len;
    uint8_t *buffer = stream->loop->read_buffer; /* its ciphertext is in the filter by now */
    enum wspec_err err =
        wspec_tls_filter_read(stream->tls, buffer, WSPEC_STREAM_READ_MAX, &len, &error);
    if (!err) {
      wspec_stream_deliver_data(stream, buffer, len);
      continue;
    }
    if (err == WSPEC_ERR_END && stream->end == END_NONE) {
      stream->end = END_EOF;
    } else if (err == WSPEC_ERR_TLS) {
      (void)flush(stream); /* the alert */
      wspec_stream_fail(stream, &error);
    }
    break;
  }
}

void wspec_stream_tls_pump(struct wspec_stream *stream) {
  if (stream->state == STREAM_TLS) {
    continue_handshake(stream);
  }
  decrypt_all(stream);
  if (stream->state == STREAM_OPEN) {
    (void)flush(stream); /* answers to key updates */
  }
}

void wspec_stream_tls_receive(struct wspec_stream *stream, const uint8_t *data, size_t len) {
  if (wspec_tls_filter_feed(stream->tls, data, len)) {
    struct wspec_net_error error;
    (void)wspec_net_error_set(&error, WSPEC_ERR_NOMEM, "out of memory");
    wspec_stream_fail(stream, &error);
    return;
  }
  wspec_stream_tls_pump(stream);
}

bool wspec_stream_is_tls(const struct wspec_stream *stream) {
  return stream->tls != NULL;
}

const char *wspec_stream_server_name(const struct wspec_stream *stream) {
  return stream->tls ? SSL_get_servername(stream->tls->ssl, TLSEXT_NAMETYPE_host_name) : NULL;
}

const char *wspec_stream_alpn(const struct wspec_stream *stream, char *out, size_t size) {
  const unsigned char *name = NULL;
  unsigned len = 0;
  if (stream->tls) {
    SSL_get0_alpn_selected(stream->tls->ssl, &name, &len);
  }
  if (size > 0) {
    size_t copied = len < size ? len : size - 1;
    if (copied > 0) {
      memcpy(out, name, copied);
    }
    out[copied] = '\0';
  }
  return out;
}

const char *wspec_stream_tls_version(const struct wspec_stream *stream) {
  return stream->tls ? SSL_get_version(stream->tls->ssl) : "";
}
