#include "net/certificate.h"

#include "net/certificate_internal.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY_S = 24 * 3600, DEFAULT_ENDS_S = 30 * DAY_S };

static const char *const LOCAL_NAMES[] = {"localhost", "127.0.0.1", "::1"};

void wspec_certificate_free(struct wspec_certificate *certificate) {
  if (certificate) {
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
    free(certificate);
  }
}

static bool set_serial(X509 *x509) {
  unsigned char octets[8];
  if (RAND_bytes(octets, sizeof octets) != 1) {
    return false;
  }
  uint64_t serial = 0;
  for (size_t i = 0; i < sizeof octets; i++) {
    serial = serial << 8 | octets[i];
  }
  /* RFC 5280 section 4.1.2.2: a serial number is positive. */
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1 | 1) == 1;
}

static bool set_name(X509 *x509, const char *common_name) {
  X509_NAME *name = X509_get_subject_name(x509);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
                                    -1, -1, 0) == 1;
}

static bool add_extension(X509 *x509, X509V3_CTX *context, int nid, const char *value) {
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
  bool done = extension && X509_add_ext(x509, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return done;
}

static bool is_numeric_address(const char *name) {
  unsigned char octets[16];
  return inet_pton(AF_INET, name, octets) == 1 || inet_pton(AF_INET6, name, octets) == 1;
}

static bool add_alternative_names(X509 *x509, X509V3_CTX *context, const char *const *names,
                                  size_t count) {
  char text[1024] = "";
  size_t len = 0;
  for (size_t i = 0; i < count; i++) {
    int wrote = snprintf(text + len, sizeof text - len, "%s%s:%s", i > 0 ? "," : "",
                         is_numeric_address(names[i]) ? "IP" : "DNS", names[i]);
    if (wrote < 0 || (size_t)wrote >= sizeof text - len) {
      return false;
    }
    len += (size_t)wrote;
  }
  return add_extension(x509, context, NID_subject_alt_name, text);
}

static bool fill_in(struct wspec_certificate *certificate,
                    const struct wspec_certificate_options *options) {
  X509 *x509 = certificate->x509;
  const X509 *issuer = options->issuer ? options->issuer->x509 : x509;
  bool has_names = options->names != NULL;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, (X509 *)(uintptr_t)issuer, x509, NULL, NULL, 0);
  return X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) &&
         X509_gmtime_adj(X509_getm_notBefore(x509), (long)options->starts_s) &&
         X509_gmtime_adj(X509_getm_notAfter(x509),
                         (long)(options->ends_s ? options->ends_s : DEFAULT_ENDS_S)) &&
         X509_set_pubkey(x509, certificate->key) == 1 &&
         set_name(x509, options->common_name ? options->common_name : "wspec") &&
         X509_set_issuer_name(x509, X509_get_subject_name(issuer)) == 1 &&
         add_extension(x509, &context, NID_basic_constraints,
                       options->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
         add_alternative_names(x509, &context, has_names ? options->names : LOCAL_NAMES,
                               has_names ? options->names_count : 3) &&
         X509_sign(x509, options->issuer ? options->issuer->key : certificate->key, EVP_sha256()) !=
             0;
}

enum wspec_err wspec_certificate_new(const struct wspec_certificate_options *options,
                                     struct wspec_certificate **out,
                                     struct wspec_net_error *error) {
  *out = NULL;
  struct wspec_certificate *certificate = calloc(1, sizeof *certificate);
  if (!certificate) {
    return wspec_net_error_set(error, WSPEC_ERR_NOMEM, "out of memory");
  }
  ERR_clear_error();
  certificate->key = EVP_EC_gen("P-256");
  certificate->x509 = X509_new();
  if (!certificate->key || !certificate->x509 || !fill_in(certificate, options)) {
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    wspec_certificate_free(certificate);
    return wspec_net_error_set(error, WSPEC_ERR_TLS, "cannot make a certificate: %s",
                               reason ? reason : "OpenSSL gives no reason");
  }
  *out = certificate;
  return WSPEC_OK;
}

/* The key must never have been readable by others, not even for a moment. */
static FILE *open_for_writing(const char *path, mode_t mode) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
  if (!file && fd >= 0) {
    (void)close(fd);
  }
  return file;
}

static enum wspec_err save(const struct wspec_certificate *certificate, const char *path,
                           bool is_key, struct wspec_net_error *error) {
  if (!path) {
    return WSPEC_OK;
  }
  FILE *file = open_for_writing(path, is_key ? 0600 : 0644);
  bool done = false;
  if (file) {
    done = is_key ? PEM_write_PrivateKey(file, certificate->key, NULL, NULL, 0, NULL, NULL) == 1
                  : PEM_write_X509(file, certificate->x509) == 1;
    done = fclose(file) == 0 && done;
  }
  return done ? WSPEC_OK : wspec_net_error_set(error, WSPEC_ERR_INPUT, "cannot write '%s'", path);
}

enum wspec_err wspec_certificate_save(const struct wspec_certificate *certificate,
                                      const char *certificate_path, const char *key_path,
                                      struct wspec_net_error *error) {
  enum wspec_err err = save(certificate, certificate_path, false, error);
  return err ? err : save(certificate, key_path, true, error);
}

const char *wspec_certificate_fingerprint(const struct wspec_certificate *certificate,
                                          char out[WSPEC_FINGERPRINT_MAX]) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned len = 0;
  if (X509_digest(certificate->x509, EVP_sha256(), digest, &len) != 1 || len != 32) {
    return strcpy(out, "?");
  }
  for (unsigned i = 0; i < len; i++) {
    (void)snprintf(out + (size_t)i * 3, 4, i + 1 < len ? "%02X:" : "%02X", digest[i]);
  }
  return out;
}
