/* requirement: the normative sentences, cases/requirements.json, by their permanent ids. */
#ifndef WSPEC_CASE_REQUIREMENT_H
#define WSPEC_CASE_REQUIREMENT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum wspec_level {
  WSPEC_LEVEL_MUST,   /* MUST, MUST NOT: a violation is a `fail` */
  WSPEC_LEVEL_SHOULD, /* SHOULD, SHOULD NOT: a `warn` */
  WSPEC_LEVEL_MAY     /* a choice: `info` */
};

struct wspec_requirement {
  const char *id;      /* "6455-5.5.2-01" */
  const char *rfc;     /* "6455" */
  const char *section; /* "5.5.2" */
  enum wspec_level level;
  const char *keyword;    /* the RFC's word: "MUST NOT" */
  const char *actor;      /* "server", "client" or "both" */
  const char *text;       /* the sentence in our own words */
  const char *accept;     /* which reactions are right */
  const char *observable; /* "wire", "api" or "no" */
  const char *unjudged;   /* why no case can name it; NULL if one can */
};

/* All requirements, sorted by id. */
struct wspec_requirements {
  struct wspec_requirement *items;
  size_t n_items;
  void *store; /* private */
};

/* wspec_requirements_load reads `path`. WSPEC_ERR_INPUT with `*message` (free it) saying
 * file:line:column and what was expected; WSPEC_ERR_IO with `*message`; WSPEC_ERR_NOMEM, NULL. */
WSPEC_MUST_USE enum wspec_err wspec_requirements_load(struct wspec_requirements *requirements,
                                                      const char *path, char **message);

/* wspec_requirements_clear frees all; a zeroed or cleared struct is fine. */
void wspec_requirements_clear(struct wspec_requirements *requirements);

/* wspec_requirements_find returns the one with `id`, or NULL. Valid until cleared. */
const struct wspec_requirement *
wspec_requirements_find(const struct wspec_requirements *requirements, const char *id);

/* wspec_requirement_for returns which of `n` requirements a target of the role `actor`, "server" or
 * "client", violates by a reaction that is not right: the strongest that binds it, and the first of
 * those. Where none binds it, the strongest of all; NULL where there are none. */
const struct wspec_requirement *
wspec_requirement_for(const struct wspec_requirement *const *requirements, size_t n,
                      const char *actor);

#endif
