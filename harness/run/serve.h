/* serve: a port to which clients under test connect. The request of each connection says what it is
 * for: a case to be played, or something to be answered over HTTP.
 *
 * A case that wants several connections gets each from one more of the same agent with the same
 * request. Whoever stays silent, sends too much or nothing that can be read is let go. */
#ifndef WSPEC_RUN_SERVE_H
#define WSPEC_RUN_SERVE_H

#include "base/buf.h"
#include "base/err.h"
#include "case/script.h"
#include "net/address.h"
#include "net/error.h"
#include "net/loop.h"
#include "play/play.h"
#include "proto/http_head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wspec_serve;
struct wspec_tls;

enum {
  WSPEC_SERVE_AGENT_MAX = 128,
  WSPEC_SERVE_BODY_MAX = 256 * 1024 * 1024, /* of an answer */
  WSPEC_SERVE_CONTENT_MAX = 64 * 1024,      /* of a request */
  WSPEC_SERVE_CONNECTIONS_MAX = 1024        /* at a time */
};

/* What is to be done with a request; zeroed but for `content` and an empty `body` where on_request
 * gets it. */
struct wspec_serve_choice {
  struct wspec_span content; /* of the request; borrowed for the call */

  const struct wspec_script *script; /* to be played; it must outlive its result. NULL: none */
  char agent[WSPEC_SERVE_AGENT_MAX]; /* for whom: names the results */
  void *tag;                         /* handed to on_result */
  /* NULL, or the case is played as that of a client which does not connect, for which this says why
   * (static storage); the request is answered over HTTP. */
  const char *refusal;
  bool must_join; /* only a case that was begun, and wants a connection, gets this one */
  bool is_held;   /* nothing yet: the same is asked again by wspec_serve_ask_again */

  unsigned status_code; /* without a script, or with a refusal: the HTTP answer, 200, 404, ... */
  const char *content_type; /* static storage */
  struct wspec_buf body;
};

/* How to serve. All is borrowed for the life of it. */
struct wspec_serve_options {
  const char *host;                       /* NULL: 127.0.0.1 */
  uint16_t port;                          /* 0: the system picks one */
  struct wspec_tls *tls;                  /* a server's context; NULL: plain TCP */
  const struct wspec_play_config *config; /* is_server; `seed` is mixed with each case's id */
  uint32_t request_timeout_ms;            /* from TCP to the end of the request */

  /* on_request fills `choice`. `request` is whole, a GET or not, and borrowed for the call. A POST
   * comes with its content; with more than WSPEC_SERVE_CONTENT_MAX it is refused before. */
  void (*on_request)(void *user, const struct wspec_http_head *request,
                     struct wspec_serve_choice *choice);
  /* on_result gets the result of a case, which is its own from then on. */
  void (*on_result)(void *user, const struct wspec_serve_choice *choice,
                    struct wspec_result *result);
  void *user;
};

/* wspec_serve_new listens. Errors as wspec_listener_new; `*out` is then NULL. */
WSPEC_MUST_USE enum wspec_err wspec_serve_new(struct wspec_loop *loop,
                                              const struct wspec_serve_options *options,
                                              struct wspec_serve **out,
                                              struct wspec_net_error *error);

/* wspec_serve_address returns where it listens, with the real port; borrowed. */
const struct wspec_address *wspec_serve_address(const struct wspec_serve *serve);

/* wspec_serve_stop takes no more connections and cuts those off that are there; the cases under way
 * end by that, and on_result gets what came of them. The loop then ends by itself. */
void wspec_serve_stop(struct wspec_serve *serve);

/* wspec_serve_begin begins the case of `choice` before its connections come; each joins it by
 * another request. False: out of memory. */
WSPEC_MUST_USE bool wspec_serve_begin(struct wspec_serve *serve,
                                      const struct wspec_serve_choice *choice);

/* wspec_serve_refuse tells a case under way that no more connections will come; `sentence`, of static
 * storage, says why. */
void wspec_serve_refuse(struct wspec_serve *serve, const struct wspec_script *script,
                        const char *agent, const char *sentence);

/* wspec_serve_ask_again calls on_request for every request that is held. */
void wspec_serve_ask_again(struct wspec_serve *serve);

/* wspec_serve_is_playing returns true if that case of that agent is under way; NULL: any case. */
bool wspec_serve_is_playing(const struct wspec_serve *serve, const struct wspec_script *script,
                            const char *agent);

/* wspec_serve_n_playing returns how many cases are under way. */
size_t wspec_serve_n_playing(const struct wspec_serve *serve);

/* wspec_serve_free frees it; NULL is allowed. Not while cases are under way. */
void wspec_serve_free(struct wspec_serve *serve);

#endif
