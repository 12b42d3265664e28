/* certificate: X.509 certificates made in memory, so that `wspec echo --tls` and the tests need no
 * files and no certificate authority. */
#ifndef WSPEC_NET_CERTIFICATE_H
#define WSPEC_NET_CERTIFICATE_H

#include "base/err.h"
#include "net/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_certificate;

enum { WSPEC_FINGERPRINT_MAX = 96 }; /* 32 octets as "AB:", and the NUL in place of the last ':' */

/* wspec_certificate_options: zero what is not needed. Borrowed for the call. */
struct wspec_certificate_options {
  const char *common_name;                /* NULL: "wspec" */
  const char *const *names;               /* DNS names and numeric addresses it is for; NULL: */
  size_t names_count;                     /* localhost, 127.0.0.1 and ::1 */
  int64_t starts_s;                       /* when it becomes valid, seconds from now */
  int64_t ends_s;                         /* when it expires, seconds from now; 0: in 30 days */
  const struct wspec_certificate *issuer; /* NULL: signed by itself */
  bool is_authority;                      /* may be an issuer */
};

/* wspec_certificate_new makes a key pair (P-256) and a certificate, which the caller frees.
 * WSPEC_ERR_NOMEM, or WSPEC_ERR_TLS with OpenSSL's reason; `*out` is then NULL. `error` may be
 * NULL. */
WSPEC_MUST_USE enum wspec_err wspec_certificate_new(const struct wspec_certificate_options *options,
                                                    struct wspec_certificate **out,
                                                    struct wspec_net_error *error);

/* wspec_certificate_free frees `certificate`; NULL is allowed. */
void wspec_certificate_free(struct wspec_certificate *certificate);

/* wspec_certificate_save writes PEM files: the certificate, and the private key (mode 0600); a
 * path may be NULL. WSPEC_ERR_INPUT names the file that cannot be written. */
WSPEC_MUST_USE enum wspec_err wspec_certificate_save(const struct wspec_certificate *certificate,
                                                     const char *certificate_path,
                                                     const char *key_path,
                                                     struct wspec_net_error *error);

/* wspec_certificate_fingerprint writes the SHA-256 fingerprint as "AB:CD:…" to `out` and returns
 * `out`; "?" if OpenSSL cannot tell. */
const char *wspec_certificate_fingerprint(const struct wspec_certificate *certificate,
                                          char out[WSPEC_FINGERPRINT_MAX]);

#endif
