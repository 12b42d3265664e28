/* certificate_internal: what tls.c needs to see of a certificate. */
#ifndef WSPEC_NET_CERTIFICATE_INTERNAL_H
#define WSPEC_NET_CERTIFICATE_INTERNAL_H

#include <openssl/evp.h>
#include <openssl/x509.h>

struct wspec_certificate {
  X509 *x509;
  EVP_PKEY *key;
};

#endif
