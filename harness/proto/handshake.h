/* handshake: the opening handshake over HTTP/1.1, both sides (RFC 6455 section 4).
 *
 * The heads themselves are read by http_head. Here are the rules on top: what a server takes or
 * refuses, what a client takes or fails on, and the octets that each side sends. A check goes
 * through all its rules and lists every one that is broken, in the order in which an endpoint would
 * stumble over them; the first one decides the answer. Nothing is allocated but by the output
 * buffers; results borrow from the head that was checked.
 *
 *   server:  wspec_handshake_check_request -> wspec_handshake_select_protocol
 *            -> wspec_handshake_write_answer, or wspec_handshake_write_refusal
 *   client:  wspec_handshake_make_key -> wspec_handshake_write_request
 *            -> wspec_handshake_check_response */
#ifndef WSPEC_PROTO_HANDSHAKE_H
#define WSPEC_PROTO_HANDSHAKE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "proto/extensions.h"
#include "proto/http_head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  WSPEC_HANDSHAKE_NONCE_LEN = 16,
  WSPEC_HANDSHAKE_KEY_LEN = 24,       /* base64 of the nonce */
  WSPEC_HANDSHAKE_ACCEPT_LEN = 28,    /* base64 of a SHA-1 */
  WSPEC_HANDSHAKE_PROTOCOLS_MAX = 64, /* subprotocols that a request may offer */
  WSPEC_HANDSHAKE_FAULTS_MAX = 16
};

/* How a Sec-WebSocket-Key stands to section 4.2.1 item 5. */
enum wspec_handshake_key {
  WSPEC_HANDSHAKE_KEY_VALID,
  WSPEC_HANDSHAKE_KEY_PAD_BITS,   /* 16 octets, but with pad bits that are not 0 (RFC 4648 3.5), as
                                     in the RFC's own sample (erratum 3150): may be taken */
  WSPEC_HANDSHAKE_KEY_NOT_BASE64, /* an octet outside the alphabet, or wrong padding */
  WSPEC_HANDSHAKE_KEY_WRONG_LEN   /* not 24 characters, so not 16 octets */
};

/* One rule that a head breaks. */
struct wspec_handshake_fault {
  const char *requirement; /* "6455-4.1-50", static storage */
  const char *sentence;    /* what is wrong, without full stop, static storage */
  uint64_t offset;         /* octet of the head that shows it; its length where something lacks */
  unsigned status_code;    /* of a request: the HTTP status to refuse with; of a response: 0 */
};

/* What a request asks for, and what is wrong with it. It borrows from the head, and may not be
 * copied or moved (see extensions.h). */
struct wspec_handshake_offer {
  struct wspec_span resource_name; /* path and query as sent; of an absolute-form target it may lack
                                      the path, then "/" stands before it (section 3) */
  struct wspec_span host;          /* the target's authority, else the value of Host */
  struct wspec_span key;           /* as text, for the answer */
  struct wspec_span origin;        /* data NULL if there is none */
  struct wspec_extensions extensions;
  struct wspec_handshake_fault faults[WSPEC_HANDSHAKE_FAULTS_MAX];
  size_t n_faults;
};

/* What a response grants, and what is wrong with it. Borrows and moves as the offer above. */
struct wspec_handshake_grant {
  struct wspec_span protocol; /* data NULL if none was chosen */
  struct wspec_extensions extensions;
  struct wspec_handshake_fault faults[WSPEC_HANDSHAKE_FAULTS_MAX];
  size_t n_faults;
};

/* A header line of one's own. */
struct wspec_handshake_header {
  struct wspec_span name;
  struct wspec_span value;
};

/* A request to be written, or that was written: the response is checked against it. A span with
 * data NULL leaves its line out. */
struct wspec_handshake_request {
  struct wspec_span host;             /* value of Host: the port where it is not the default one */
  struct wspec_span target;           /* resource name, section 3 */
  struct wspec_span key;              /* from wspec_handshake_make_key */
  struct wspec_span origin;           /* optional */
  const struct wspec_span *protocols; /* by preference; may be NULL if there are none */
  size_t n_protocols;
  const struct wspec_extension *extensions; /* by preference; may be NULL if there are none */
  size_t n_extensions;
  const struct wspec_handshake_header *headers; /* more lines, written last */
  size_t n_headers;
};

/* A 101 to be written. A span with data NULL leaves its line out. */
struct wspec_handshake_answer {
  struct wspec_span key;                    /* of the request; the Accept value is made from it */
  struct wspec_span protocol;               /* chosen from those offered */
  const struct wspec_extension *extensions; /* accepted, in the order in which they are used */
  size_t n_extensions;
  struct wspec_span date; /* value of Date, an IMF-fixdate; there is no clock here */
  const struct wspec_handshake_header *headers; /* more lines, written last */
  size_t n_headers;
};

/* wspec_handshake_accept writes the Sec-WebSocket-Accept value for `key`, taken as text whatever it
 * is (section 4.2.2 item 5.4), and a NUL. WSPEC_ERR_INTERNAL: the crypto library gave no SHA-1. */
WSPEC_MUST_USE enum wspec_err wspec_handshake_accept(struct wspec_span key,
                                                     char out[WSPEC_HANDSHAKE_ACCEPT_LEN + 1]);

/* wspec_handshake_make_key writes the Sec-WebSocket-Key value for 16 octets, and a NUL. They must
 * be fresh random ones for each connection (section 4.1 item 7). */
void wspec_handshake_make_key(const uint8_t nonce[WSPEC_HANDSHAKE_NONCE_LEN],
                              char out[WSPEC_HANDSHAKE_KEY_LEN + 1]);

/* wspec_handshake_check_key returns how `key` stands. */
enum wspec_handshake_key wspec_handshake_check_key(struct wspec_span key);

/* wspec_handshake_check_request judges a request `head`, complete or failed, as a strict server
 * (section 4.2.1; RFC 9112 section 3.2 for Host; no body), and fills `*offer` as far as it can be
 * read. WSPEC_OK: it may be answered with 101. WSPEC_ERR_HANDSHAKE: refuse it by
 * wspec_handshake_write_refusal with faults[0], then close. WSPEC_ERR_MISUSE: the head is not a
 * request or waits for octets. */
WSPEC_MUST_USE enum wspec_err wspec_handshake_check_request(const struct wspec_http_head *head,
                                                            struct wspec_handshake_offer *offer);

/* wspec_handshake_select_protocol sets `*protocol` to the first subprotocol that the client offers
 * and the `n_supported` in `supported` have too, borrowed from `head`, and returns true; false, and
 * data NULL, if there is none. Names compare octet by octet. */
bool wspec_handshake_select_protocol(const struct wspec_http_head *head,
                                     const struct wspec_span *supported, size_t n_supported,
                                     struct wspec_span *protocol);

/* wspec_handshake_check_response judges a response `head`, complete or failed, as a strict client
 * (section 4.1, the list after item 12) that has sent `request`, and fills `*grant` as far as it
 * can be read. That no subprotocol was chosen is no fault here: only the WHATWG API fails on it.
 * WSPEC_OK: the connection is open. WSPEC_ERR_HANDSHAKE: see faults[]; a status other than 101 is
 * the only fault listed then. WSPEC_ERR_MISUSE: the head is not a response or waits for octets.
 * WSPEC_ERR_INTERNAL as wspec_handshake_accept. */
WSPEC_MUST_USE enum wspec_err
wspec_handshake_check_response(const struct wspec_http_head *head,
                               const struct wspec_handshake_request *request,
                               struct wspec_handshake_grant *grant);

/* wspec_handshake_write_request appends the request. WSPEC_ERR_MISUSE: a name that is no token, a
 * value or target with a control octet, which would end its line early; nothing is appended. Errors
 * of wspec_buf_append; part may have been appended then. */
WSPEC_MUST_USE enum wspec_err
wspec_handshake_write_request(struct wspec_buf *out, const struct wspec_handshake_request *request);

/* wspec_handshake_write_answer appends the 101. Errors as wspec_handshake_write_request, and
 * WSPEC_ERR_INTERNAL as wspec_handshake_accept. */
WSPEC_MUST_USE enum wspec_err
wspec_handshake_write_answer(struct wspec_buf *out, const struct wspec_handshake_answer *answer);

/* wspec_handshake_write_refusal appends an error response for `fault`, with the sentence as its
 * body, Connection: close, Content-Length, what the status asks for (Allow with 405, Upgrade with
 * 426), Sec-WebSocket-Version (section 4.4), and Date where `date` is not empty. Errors as
 * wspec_handshake_write_request. */
WSPEC_MUST_USE enum wspec_err
wspec_handshake_write_refusal(struct wspec_buf *out, const struct wspec_handshake_fault *fault,
                              struct wspec_span date);

#endif
