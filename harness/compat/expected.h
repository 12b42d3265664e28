/* expected: what a case wants to get, and how its connection is to end, in Autobahn's terms. */
#ifndef WSPEC_COMPAT_EXPECTED_H
#define WSPEC_COMPAT_EXPECTED_H

#include "case/script.h"
#include "compat/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WSPEC_EXPECTED_CODES_MAX = 4 };

/* How a connection is to end. */
struct wspec_expected_close {
  bool by_target;      /* the target fails the connection; else the closing handshake is ours */
  size_t failing_step; /* by_target: the first step at which that is right */
  int codes[WSPEC_EXPECTED_CODES_MAX]; /* of the target's close frame, if there is one */
  size_t n_codes;
  bool require_clean;
  bool is_fatal; /* by_target: if it does not, the behaviour has failed, too */
};

/* The messages and pongs that a case wants; the first WSPEC_TRACE_EVENTS_MAX. */
struct wspec_expected {
  struct wspec_traced events[WSPEC_TRACE_EVENTS_MAX];
  size_t n_events;
  struct wspec_expected_close close;
};

/* wspec_expected_read fills `expected` from the case that stands for `number`. */
void wspec_expected_read(struct wspec_expected *expected, const struct wspec_script *script,
                         const char *number);

#endif
