/* store: the outcomes of a run by agent and number, and the files of Autobahn that are made of
 * them. */
#ifndef WSPEC_COMPAT_STORE_H
#define WSPEC_COMPAT_STORE_H

#include "base/err.h"
#include "compat/numbers.h"

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

/* What the HTML pages say of each case. */
struct wspec_store_text {
  const char *description; /* NULL: no case of ours has this number */
};

/* Outcomes. Zeroed is not yet a store. */
struct wspec_store {
  struct cJSON *agents;                 /* private: {agent: {number: outcome}} */
  const struct wspec_store_text *texts; /* WSPEC_N_NUMBERS of them, borrowed */
  const char *tool;                     /* "wspec 0.1.0", borrowed */
};

/* wspec_store_init makes an empty store. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_store_init(struct wspec_store *store);

void wspec_store_clear(struct wspec_store *store);

/* wspec_store_add takes over `outcome`, that of `agent` for the case `number`. One that is there
 * already is replaced; if `keep_worse`, only by a worse one. WSPEC_ERR_NOMEM: `outcome` was
 * freed. */
WSPEC_MUST_USE enum wspec_err wspec_store_add(struct wspec_store *store, const char *agent,
                                              const char *number, struct cJSON *outcome,
                                              bool keep_worse);

/* wspec_store_find returns the outcome, borrowed; NULL: there is none. */
const struct cJSON *wspec_store_find(const struct wspec_store *store, const char *agent,
                                     const char *number);

/* wspec_store_file_name returns "<agent>_case_<number>.<extension>" as Autobahn spells it, which the
 * caller frees. NULL: out of memory. */
char *wspec_store_file_name(const char *agent, const char *number, const char *extension);

/* wspec_store_write makes the directory `outdir`, with those above it, and writes index.json,
 * index.html and two files for each outcome. On WSPEC_ERR_IO `*path` (free it) is what could not be
 * written, and errno says why; the other files were written all the same. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_store_write(struct wspec_store *store, const char *outdir,
                                                char **path);

#endif
