/* error: what went wrong on the network, as a value and as a sentence for a person. */
#ifndef WSPEC_NET_ERROR_H
#define WSPEC_NET_ERROR_H

#include "base/err.h"

#include <stdbool.h>

enum { WSPEC_NET_SENTENCE_MAX = 320 };

/* wspec_net_error: `err` is WSPEC_ERR_CONNECT (the connection was never there), WSPEC_ERR_TLS,
 * WSPEC_ERR_TIMEOUT, WSPEC_ERR_IO, WSPEC_ERR_INPUT (a file or an address of the user is wrong),
 * WSPEC_ERR_LIMIT or WSPEC_ERR_NOMEM. */
struct wspec_net_error {
  enum wspec_err err;
  bool reset;                            /* the peer sent RST; a FIN is never an error */
  char sentence[WSPEC_NET_SENTENCE_MAX]; /* lower case, no full stop, no newline; may be cut */
};

/* wspec_net_error_set fills `error` (NULL: nothing happens) and returns `err`, so that a function
 * can end with it. */
enum wspec_err wspec_net_error_set(struct wspec_net_error *error, enum wspec_err err,
                                   const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
