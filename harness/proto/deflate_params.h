/* deflate_params: the negotiation of permessage-deflate (RFC 7692 sections 5 and 7.1): what an
 * offer asks for, which offer a server takes and what it answers, and whether an answer fits what
 * was offered. Nothing is allocated.
 *
 *   server:  wspec_deflate_accept -> wspec_deflate_write
 *   client:  wspec_deflate_write -> wspec_deflate_check_response */
#ifndef WSPEC_PROTO_DEFLATE_PARAMS_H
#define WSPEC_PROTO_DEFLATE_PARAMS_H

#include "proto/extensions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WSPEC_DEFLATE_NAME "permessage-deflate"

enum { WSPEC_DEFLATE_BITS_MIN = 8, WSPEC_DEFLATE_BITS_MAX = 15, WSPEC_DEFLATE_FAULTS_MAX = 8 };

/* The parameters of one element, in an offer or in an answer (section 7.1). */
struct wspec_deflate_params {
  bool server_no_context_takeover;
  bool client_no_context_takeover;
  uint8_t server_max_window_bits;  /* 8 to 15; 0: the parameter is not there, which means 15 */
  uint8_t client_max_window_bits;  /* likewise; as a hint in an offer */
  bool has_client_max_window_bits; /* the parameter is there; in an offer it may have no value */
};

/* One rule that an element breaks. */
struct wspec_deflate_fault {
  const char *requirement; /* "7692-7-02", static storage */
  const char *sentence;    /* what is wrong, without full stop, static storage */
  const char *of_sender;   /* of an offer: what the client broke, where `requirement` says what the
                              server has to do; static storage. NULL: `requirement` is the sender's */
};

struct wspec_deflate_faults {
  struct wspec_deflate_fault items[WSPEC_DEFLATE_FAULTS_MAX];
  size_t n;
};

/* wspec_deflate_is_name returns true if `extension` is permessage-deflate. Names of extensions
 * compare octet by octet here: RFC 6455 does not say that their case is folded. */
bool wspec_deflate_is_name(const struct wspec_extension *extension);

/* wspec_deflate_read_offer reads one element of a request into `*params` and lists in `*faults` why
 * a server has to decline it (section 7): an unknown parameter, one that is there twice, a value
 * that is missing, illegal, or not allowed. Returns true if there is none. */
bool wspec_deflate_read_offer(const struct wspec_extension *extension,
                              struct wspec_deflate_params *params,
                              struct wspec_deflate_faults *faults);

/* wspec_deflate_read_response does the same with one element of a 101. The requirements are those
 * that a server breaks with it. */
bool wspec_deflate_read_response(const struct wspec_extension *extension,
                                 struct wspec_deflate_params *params,
                                 struct wspec_deflate_faults *faults);

/* wspec_deflate_accept chooses the first element of `offers` that is legal and that a server which
 * would rather have `wanted` can honour (section 5), and sets `*agreed` to what the answer says:
 * what the offer asks for, and of `wanted` both no_context_takeover flags and, where smaller than
 * what is asked for, the window sizes; that of the client only where the offer allows it. False:
 * none is acceptable, the answer names no such extension. */
bool wspec_deflate_accept(const struct wspec_extensions *offers,
                          const struct wspec_deflate_params *wanted,
                          struct wspec_deflate_params *agreed);

/* wspec_deflate_check_response judges the 101's extensions against the request's as a strict client
 * (section 7.1). `*agreed` is what was agreed, as far as it can be read; `*has` whether
 * permessage-deflate is among `response` at all; `*faults` lists what does not fit the offer that
 * it fits best. An offer of the name in other letter case may be accepted, or not. Returns true if
 * the connection may go on. */
bool wspec_deflate_check_response(const struct wspec_extensions *offers,
                                  const struct wspec_extensions *response, bool *has,
                                  struct wspec_deflate_params *agreed,
                                  struct wspec_deflate_faults *faults);

/* An element as text, with its parameters; it points into itself, so it may not be moved. */
struct wspec_deflate_text {
  struct wspec_extension extension; /* to be given to wspec_extensions_write and the handshake */
  struct wspec_extension_param params[4]; /* private */
};

/* wspec_deflate_write fills `*text` for `params`, of an offer or an answer. */
void wspec_deflate_write(const struct wspec_deflate_params *params,
                         struct wspec_deflate_text *text);

#endif
