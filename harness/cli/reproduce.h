/* reproduce: what a report may say of how it was made, to whoever reads it. */
#ifndef WSPEC_CLI_REPRODUCE_H
#define WSPEC_CLI_REPRODUCE_H

#include "cli/run_options.h"

#include <stdbool.h>

/* wspec_url_to_show returns `url` without its user and password, to be freed; NULL: out of
 * memory. */
char *wspec_url_to_show(const char *url);

/* wspec_is_secret_field returns true if a header field of this name most likely lets somebody in:
 * Authorization, Cookie, X-Api-Key. */
bool wspec_is_secret_field(const char *name);

/* wspec_reproduce_command returns the command line that plays cases as `options` do, for a shell
 * and without `--cases`, to be freed; secrets stand there as "...". `shown_url` may be NULL. NULL:
 * out of memory. */
char *wspec_reproduce_command(const struct wspec_run_options *options, const char *shown_url);

/* wspec_reproduce_end returns what is to stand behind that and `--cases`, to be freed: the command
 * of a client, " -- CLIENT {url}"; "" where there is none. NULL: out of memory. */
char *wspec_reproduce_end(const struct wspec_run_options *options);

#endif
