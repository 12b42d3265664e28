/* wstest_visit: what a connection to fuzzingserver is for, as a script that a play can run: a case of
 * the suite, or an answer that is one text message and a close frame. */
#ifndef WSPEC_CLI_WSTEST_VISIT_H
#define WSPEC_CLI_WSTEST_VISIT_H

#include "case/script.h"

#include <stdbool.h>
#include <stddef.h>

/* What is due once the connection has ended. */
enum wspec_wstest_after { WSPEC_WSTEST_GO_ON, WSPEC_WSTEST_SHUT_DOWN };

enum { WSPEC_WSTEST_STEPS_MAX = 3, WSPEC_WSTEST_STARTED_SIZE = 32 };

struct wspec_wstest_visit {
  struct wspec_wstest_visit *next; /* for the owner */
  bool is_case;
  size_t index;                            /* is_case: of the number */
  unsigned case_value;                     /* is_case: as the URL has it */
  char started[WSPEC_WSTEST_STARTED_SIZE]; /* is_case */
  enum wspec_wstest_after after;

  /* Else: what is played. */
  struct wspec_script script;
  struct wspec_step steps[WSPEC_WSTEST_STEPS_MAX]; /* private, as all below */
  struct wspec_send send;
  struct wspec_payload_part parts[2];
  struct wspec_alternative alternatives[2];
  char text[];
};

/* wspec_wstest_visit_new returns a visit that the caller frees with free(), whose script accepts the
 * connection, sends `text` (NULL: nothing) and closes it. NULL: out of memory. */
struct wspec_wstest_visit *wspec_wstest_visit_new(const char *text);

/* wspec_wstest_visit_new_open is one whose script accepts and then waits for the client to end it; a
 * message is answered by a close frame with 1008 and the reason `refusal`, 123 octets at most. */
struct wspec_wstest_visit *wspec_wstest_visit_new_open(const char *refusal);

#endif
