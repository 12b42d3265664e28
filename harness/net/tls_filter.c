#include "net/tls_filter.h"

#include "net/address.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* SNI carries names only (RFC 6066 section 3); addresses are checked as such (RFC 9110 section
 * 4.3.5). */
static bool set_host(struct wspec_tls *tls, struct wspec_tls_filter *filter) {
  struct wspec_address address;
  const char *host = filter->host;
  if (wspec_address_parse(host, 0, &address) != WSPEC_OK) {
    return SSL_set_tlsext_host_name(filter->ssl, host) == 1 &&
           (!tls->verifies || SSL_set1_host(filter->ssl, host) == 1);
  }
  size_t len = strlen(host);
  if (host[0] == '[') { /* wspec_address_parse has seen to the other one */
    memmove(filter->host, host + 1, len - 2);
    filter->host[len - 2] = '\0';
  }
  return !tls->verifies ||
         X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(filter->ssl), filter->host) == 1;
}

static bool set_up(struct wspec_tls *tls, struct wspec_tls_filter *filter) {
  filter->ssl = SSL_new(tls->context);
  BIO *in = BIO_new(BIO_s_mem());
  BIO *out = BIO_new(BIO_s_mem());
  if (!filter->ssl || !in || !out) {
    BIO_free(in);
    BIO_free(out);
    return false;
  }
  (void)BIO_set_mem_eof_return(in, -1); /* empty is "more is needed", not the end */
  SSL_set_bio(filter->ssl, in, out);
  filter->in = in;
  filter->out = out;
  SSL_set_app_data(filter->ssl, filter);
  if (tls->is_server) {
    SSL_set_accept_state(filter->ssl);
    return true;
  }
  SSL_set_connect_state(filter->ssl);
  return set_host(tls, filter);
}

enum wspec_err wspec_tls_filter_new(struct wspec_tls *tls, const char *host,
                                    struct wspec_tls_filter **out) {
  *out = NULL;
  struct wspec_tls_filter *filter = calloc(1, sizeof *filter);
  if (!filter) {
    return WSPEC_ERR_NOMEM;
  }
  size_t len = host ? strlen(host) : 0;
  if (len >= sizeof filter->host) {
    free(filter);
    return WSPEC_ERR_INPUT;
  }
  if (len > 0) {
    memcpy(filter->host, host, len);
  }
  if (!set_up(tls, filter)) {
    wspec_tls_filter_free(filter);
    return WSPEC_ERR_NOMEM;
  }
  *out = filter;
  return WSPEC_OK;
}

void wspec_tls_filter_free(struct wspec_tls_filter *filter) {
  if (filter) {
    SSL_free(filter->ssl);
    free(filter);
  }
}

enum wspec_err wspec_tls_filter_feed(struct wspec_tls_filter *filter, const void *data,
                                     size_t len) {
  return BIO_write(filter->in, data, (int)len) == (int)len ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

/* A peer that answers in another protocol shows as one of these. */
static bool is_not_tls(int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_HTTPS_PROXY_REQUEST || reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
         reason == SSL_R_RECORD_LENGTH_MISMATCH || reason == SSL_R_BAD_RECORD_TYPE;
}

static enum wspec_err describe_error(struct wspec_tls_filter *filter,
                                     struct wspec_net_error *error) {
  unsigned long code = ERR_peek_error();
  int reason = ERR_GET_REASON(code);
  const char *text = ERR_reason_error_string(code);
  ERR_clear_error();
  if (filter->verdict[0] != '\0') {
    return wspec_net_error_set(error, WSPEC_ERR_TLS, "the peer's certificate is refused: %s",
                               filter->verdict);
  }
  if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    return wspec_net_error_set(error, WSPEC_ERR_TLS, "the peer refused with the TLS alert '%s'",
                               SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
  }
  if (is_not_tls(reason) && !SSL_is_init_finished(filter->ssl)) {
    return wspec_net_error_set(error, WSPEC_ERR_TLS,
                               "the peer does not speak TLS: what it sent is no TLS record");
  }
  return wspec_net_error_set(error, WSPEC_ERR_TLS, "TLS failed: %s",
                             text ? text : "OpenSSL gives no reason");
}

static enum wspec_err conclude(struct wspec_tls_filter *filter, int result,
                               struct wspec_net_error *error) {
  switch (SSL_get_error(filter->ssl, result)) {
  case SSL_ERROR_WANT_READ:
    return WSPEC_ERR_NEED_MORE;
  case SSL_ERROR_ZERO_RETURN:
    return WSPEC_ERR_END;
  default:
    return describe_error(filter, error);
  }
}

enum wspec_err wspec_tls_filter_handshake(struct wspec_tls_filter *filter,
                                          struct wspec_net_error *error) {
  ERR_clear_error();
  int result = SSL_do_handshake(filter->ssl);
  return result == 1 ? WSPEC_OK : conclude(filter, result, error);
}

enum wspec_err wspec_tls_filter_read(struct wspec_tls_filter *filter, uint8_t *out, size_t size,
                                     size_t *len, struct wspec_net_error *error) {
  ERR_clear_error();
  *len = 0;
  int result = SSL_read_ex(filter->ssl, out, size, len);
  return result == 1 ? WSPEC_OK : conclude(filter, result, error);
}

enum wspec_err wspec_tls_filter_write(struct wspec_tls_filter *filter, struct wspec_span octets) {
  size_t written;
  ERR_clear_error();
  int result = SSL_write_ex(filter->ssl, octets.data, octets.len, &written);
  return result == 1 && written == octets.len ? WSPEC_OK : WSPEC_ERR_TLS;
}

void wspec_tls_filter_finish(struct wspec_tls_filter *filter) {
  ERR_clear_error();
  if (SSL_is_init_finished(filter->ssl)) {
    (void)SSL_shutdown(filter->ssl);
    ERR_clear_error();
  }
}

struct wspec_span wspec_tls_filter_output(struct wspec_tls_filter *filter) {
  char *data = NULL;
  long len = BIO_get_mem_data(filter->out, &data);
  return wspec_span_of(data, len > 0 ? (size_t)len : 0);
}

void wspec_tls_filter_output_taken(struct wspec_tls_filter *filter) {
  (void)BIO_reset(filter->out);
}
