#include "net/tls.h"

#include "net/certificate_internal.h"
#include "net/tls_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum wspec_err input_error(struct wspec_net_error *error, const char *what,
                                  const char *path) {
  const char *reason = ERR_reason_error_string(ERR_peek_error());
  if (access(path, R_OK) != 0) {
    reason = strerror(errno);
  }
  ERR_clear_error();
  return wspec_net_error_set(error, WSPEC_ERR_INPUT, "cannot use '%s' as %s: %s", path, what,
                             reason ? reason : "unknown reason");
}

static enum wspec_err tls_error(struct wspec_net_error *error, const char *what) {
  const char *reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  return wspec_net_error_set(error, WSPEC_ERR_TLS, "%s: %s", what,
                             reason ? reason : "OpenSSL gives no reason");
}

void wspec_tls_free(struct wspec_tls *tls) {
  if (tls) {
    SSL_CTX_free(tls->context);
    if (tls->key_log) {
      (void)fclose(tls->key_log);
    }
    free(tls);
  }
}

static void on_key_log(const SSL *ssl, const char *line) {
  struct wspec_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
  (void)fprintf(tls->key_log, "%s\n", line);
  (void)fflush(tls->key_log);
}

/* The file lays all traffic bare: nobody else may read it. */
static enum wspec_err open_key_log(struct wspec_tls *tls, const char *path,
                                   struct wspec_net_error *error) {
  if (!path) {
    return WSPEC_OK;
  }
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  tls->key_log = fd < 0 ? NULL : fdopen(fd, "a");
  if (!tls->key_log) {
    int code = errno;
    if (fd >= 0) {
      (void)close(fd);
    }
    return wspec_net_error_set(error, WSPEC_ERR_INPUT, "cannot write the key log '%s': %s", path,
                               strerror(code));
  }
  SSL_CTX_set_keylog_callback(tls->context, on_key_log);
  return WSPEC_OK;
}

static int on_alpn_select(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                          const unsigned char *offered, unsigned offered_len, void *user) {
  const struct wspec_tls *tls = user;
  unsigned char *chosen;
  (void)ssl;
  if (SSL_select_next_proto(&chosen, out_len, tls->alpn, tls->alpn_len, offered, offered_len) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

static enum wspec_err set_alpn(struct wspec_tls *tls, const struct wspec_tls_options *options,
                               struct wspec_net_error *error) {
  for (size_t i = 0; i < options->alpn_count; i++) {
    size_t len = strlen(options->alpn[i]);
    if (len == 0 || len > 255 || tls->alpn_len + 1 + len > sizeof tls->alpn) {
      return wspec_net_error_set(error, WSPEC_ERR_INPUT, "'%s' cannot be an ALPN protocol",
                                 options->alpn[i]);
    }
    tls->alpn[tls->alpn_len] = (unsigned char)len;
    memcpy(tls->alpn + tls->alpn_len + 1, options->alpn[i], len);
    tls->alpn_len += (unsigned)len + 1;
  }
  if (tls->alpn_len == 0) {
    return WSPEC_OK;
  }
  if (tls->is_server) {
    SSL_CTX_set_alpn_select_cb(tls->context, on_alpn_select, tls);
    return WSPEC_OK;
  }
  /* Returns 0 on success, unlike the rest of OpenSSL. */
  return SSL_CTX_set_alpn_protos(tls->context, tls->alpn, tls->alpn_len) == 0
             ? WSPEC_OK
             : tls_error(error, "cannot set ALPN");
}

static enum wspec_err set_identity(struct wspec_tls *tls, const struct wspec_tls_options *options,
                                   struct wspec_net_error *error) {
  SSL_CTX *context = tls->context;
  if (options->certificate) {
    return SSL_CTX_use_certificate(context, options->certificate->x509) == 1 &&
                   SSL_CTX_use_PrivateKey(context, options->certificate->key) == 1
               ? WSPEC_OK
               : tls_error(error, "cannot use the certificate");
  }
  if (!options->certificate_file) {
    return tls->is_server ? wspec_net_error_set(error, WSPEC_ERR_INPUT,
                                                "a TLS server needs a certificate and its key")
                          : WSPEC_OK;
  }
  const char *key_file = options->key_file ? options->key_file : options->certificate_file;
  if (SSL_CTX_use_certificate_chain_file(context, options->certificate_file) != 1) {
    return input_error(error, "certificate", options->certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return input_error(error, "private key", key_file);
  }
  return WSPEC_OK;
}

static void describe_names(X509 *x509, char *out, size_t size) {
  GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
  size_t len = 0;
  out[0] = '\0';
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && len + 1 < size; i++) {
    BIO *text = BIO_new(BIO_s_mem());
    char *data = NULL;
    if (text && GENERAL_NAME_print(text, sk_GENERAL_NAME_value(names, i)) == 1) {
      long data_len = BIO_get_mem_data(text, &data);
      const char *colon = memchr(data, ':', (size_t)data_len);
      size_t skip = colon ? (size_t)(colon + 1 - data) : 0; /* "DNS:", "IP Address:" */
      int wrote = snprintf(out + len, size - len, "%s%.*s", i > 0 ? ", " : "",
                           (int)data_len - (int)skip, data + skip);
      len += wrote > 0 ? (size_t)wrote : 0;
    }
    BIO_free(text);
  }
  if (out[0] == '\0') {
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName, out, (int)size);
  }
  GENERAL_NAMES_free(names);
}

static void describe_time(const ASN1_TIME *time, char *out, size_t size) {
  BIO *text = BIO_new(BIO_s_mem());
  char *data = NULL;
  long len = text && ASN1_TIME_print(text, time) == 1 ? BIO_get_mem_data(text, &data) : 0;
  (void)snprintf(out, size, "%.*s", (int)len, data ? data : "");
  BIO_free(text);
}

/* Notes why a certificate is refused, while it is still at hand. */
static int on_verify(int is_good, X509_STORE_CTX *store) {
  if (is_good) {
    return 1;
  }
  SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct wspec_tls_filter *filter = SSL_get_app_data(ssl);
  int code = X509_STORE_CTX_get_error(store);
  X509 *x509 = X509_STORE_CTX_get_current_cert(store);
  const char *reason = X509_verify_cert_error_string(code);
  char detail[160] = "";
  if (x509 && (code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH)) {
    describe_names(x509, detail, sizeof detail);
    (void)snprintf(filter->verdict, sizeof filter->verdict,
                   "hostname mismatch: the certificate is for %s, not for %.100s", detail,
                   filter->host);
  } else if (x509 && code == X509_V_ERR_CERT_HAS_EXPIRED) {
    describe_time(X509_get0_notAfter(x509), detail, sizeof detail);
    (void)snprintf(filter->verdict, sizeof filter->verdict, "certificate has expired on %s",
                   detail);
  } else {
    (void)snprintf(filter->verdict, sizeof filter->verdict, "%s", reason);
  }
  return 0;
}

static enum wspec_err set_trust(struct wspec_tls *tls, const struct wspec_tls_options *options,
                                struct wspec_net_error *error) {
  SSL_CTX *context = tls->context;
  tls->verifies = tls->is_server ? options->ca_file != NULL : !options->is_insecure;
  if (!tls->verifies) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    return WSPEC_OK;
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_verify);
  if (!options->ca_file) {
    return SSL_CTX_set_default_verify_paths(context) == 1
               ? WSPEC_OK
               : tls_error(error, "cannot use the system's certificates");
  }
  if (SSL_CTX_load_verify_file(context, options->ca_file) != 1) {
    return input_error(error, "certificate authority", options->ca_file);
  }
  if (tls->is_server) {
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(options->ca_file));
  }
  return WSPEC_OK;
}

static enum wspec_err configure(struct wspec_tls *tls, const struct wspec_tls_options *options,
                                struct wspec_net_error *error) {
  SSL_CTX *context = tls->context;
  SSL_CTX_set_app_data(context, tls);
  (void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  /* An idle connection should cost little. */
  (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  enum wspec_err err = set_trust(tls, options, error);
  if (!err) {
    err = set_identity(tls, options, error);
  }
  if (!err) {
    err = set_alpn(tls, options, error);
  }
  if (!err) {
    err = open_key_log(tls, options->key_log_file, error);
  }
  return err;
}

static enum wspec_err tls_new(bool is_server, const struct wspec_tls_options *options,
                              struct wspec_tls **out, struct wspec_net_error *error) {
  *out = NULL;
  struct wspec_tls *tls = calloc(1, sizeof *tls);
  if (!tls) {
    return wspec_net_error_set(error, WSPEC_ERR_NOMEM, "out of memory");
  }
  ERR_clear_error();
  tls->is_server = is_server;
  tls->context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
  enum wspec_err err =
      tls->context ? configure(tls, options, error) : tls_error(error, "cannot make a TLS context");
  if (err) {
    wspec_tls_free(tls);
    return err;
  }
  *out = tls;
  return WSPEC_OK;
}

enum wspec_err wspec_tls_new_client(const struct wspec_tls_options *options, struct wspec_tls **out,
                                    struct wspec_net_error *error) {
  return tls_new(false, options, out, error);
}

enum wspec_err wspec_tls_new_server(const struct wspec_tls_options *options, struct wspec_tls **out,
                                    struct wspec_net_error *error) {
  return tls_new(true, options, out, error);
}
