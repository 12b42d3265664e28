/* serve_pages: what `wspec serve` answers over HTTP: the page for browsers, the list of cases, the
 * results. */
#ifndef WSPEC_CLI_SERVE_PAGES_H
#define WSPEC_CLI_SERVE_PAGES_H

#include "cli/serve_agents.h"

#include "run/serve.h"

/* wspec_serve_page fills the HTTP answer of `choice` for a decoded `path` and the request that it
 * stands in. A path that is nothing gets 404 with a sentence. */
void wspec_serve_page(struct wspec_agents *agents, const char *path,
                      const struct wspec_http_head *request, struct wspec_serve_choice *choice);

/* wspec_serve_say makes the answer a sentence. */
void wspec_serve_say(struct wspec_serve_choice *choice, unsigned status_code, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

#endif
