/* wstest_web: the web port of fuzzingserver: a page that runs the cases in a browser, and the files
 * of the working directory below /cwd/. */
#ifndef WSPEC_CLI_WSTEST_WEB_H
#define WSPEC_CLI_WSTEST_WEB_H

#include "net/error.h"
#include "net/loop.h"

#include <stdint.h>

struct wspec_tls;
struct wspec_wstest_web;

/* wspec_wstest_web_new serves at `port`; `case_port` is that of the cases. Errors as
 * wspec_serve_new. The caller frees `*out`. */
WSPEC_MUST_USE enum wspec_err wspec_wstest_web_new(struct wspec_loop *loop, uint16_t port,
                                                   uint16_t case_port, struct wspec_tls *tls,
                                                   struct wspec_wstest_web **out,
                                                   struct wspec_net_error *error);

/* wspec_wstest_web_free stops and frees it; NULL is allowed. */
void wspec_wstest_web_free(struct wspec_wstest_web *web);

#endif
