/* suggest: the name that somebody may have meant. */
#ifndef WSPEC_CASE_SUGGEST_H
#define WSPEC_CASE_SUGGEST_H

#include <stddef.h>

/* wspec_suggest returns the one of `names` that is nearest to `name`, if it differs by no more than
 * a slip or two, else NULL. */
const char *wspec_suggest(const char *name, const char *const *names, size_t n_names);

#endif
