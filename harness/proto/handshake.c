#include "proto/handshake.h"

#include "base/ascii.h"

#include <openssl/evp.h>

static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
enum { SHA1_LEN = 20 };

/* RFC 6455 section 4.2.2 item 5.4: the key's text and the GUID, not the 16 octets. */
enum wspec_err wspec_handshake_accept(struct wspec_span key,
                                      char out[WSPEC_HANDSHAKE_ACCEPT_LEN + 1]) {
  uint8_t digest[SHA1_LEN];
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool done = context && EVP_DigestInit_ex(context, EVP_sha1(), NULL) == 1 &&
              EVP_DigestUpdate(context, key.data, key.len) == 1 &&
              EVP_DigestUpdate(context, GUID, sizeof GUID - 1) == 1 &&
              EVP_DigestFinal_ex(context, digest, NULL) == 1;
  EVP_MD_CTX_free(context);
  if (!done) {
    out[0] = '\0';
    return WSPEC_ERR_INTERNAL;
  }
  (void)EVP_EncodeBlock((unsigned char *)out, digest, sizeof digest);
  return WSPEC_OK;
}

void wspec_handshake_make_key(const uint8_t nonce[WSPEC_HANDSHAKE_NONCE_LEN],
                              char out[WSPEC_HANDSHAKE_KEY_LEN + 1]) {
  (void)EVP_EncodeBlock((unsigned char *)out, nonce, WSPEC_HANDSHAKE_NONCE_LEN);
}

static bool is_base64(uint8_t octet) {
  return wspec_ascii_is_alpha(octet) || wspec_ascii_is_digit(octet) || octet == '+' || octet == '/';
}

/* 16 octets are 21 characters of 6 bits and one of which 2 bits count, then "==". Decoders of
 * libraries differ in what they let pass, so the text itself is looked at. */
enum wspec_handshake_key wspec_handshake_check_key(struct wspec_span key) {
  enum { N_CHARACTERS = 22 };
  if (key.len != WSPEC_HANDSHAKE_KEY_LEN) {
    return WSPEC_HANDSHAKE_KEY_WRONG_LEN;
  }
  for (size_t i = 0; i < N_CHARACTERS; i++) {
    if (!is_base64(key.data[i])) {
      return WSPEC_HANDSHAKE_KEY_NOT_BASE64;
    }
  }
  if (key.data[N_CHARACTERS] != '=' || key.data[N_CHARACTERS + 1] != '=') {
    return is_base64(key.data[N_CHARACTERS]) ? WSPEC_HANDSHAKE_KEY_WRONG_LEN
                                             : WSPEC_HANDSHAKE_KEY_NOT_BASE64;
  }
  uint8_t last = key.data[N_CHARACTERS - 1];
  bool canonical = last == 'A' || last == 'Q' || last == 'g' || last == 'w';
  return canonical ? WSPEC_HANDSHAKE_KEY_VALID : WSPEC_HANDSHAKE_KEY_PAD_BITS;
}

bool wspec_handshake_select_protocol(const struct wspec_http_head *head,
                                     const struct wspec_span *supported, size_t n_supported,
                                     struct wspec_span *protocol) {
  struct wspec_http_list list;
  wspec_http_list_init(&list, head, "Sec-WebSocket-Protocol");
  while (wspec_http_list_next(&list, protocol)) {
    for (size_t i = 0; i < n_supported; i++) {
      if (wspec_span_equal(*protocol, supported[i])) {
        return true;
      }
    }
  }
  *protocol = (struct wspec_span){NULL, 0};
  return false;
}
