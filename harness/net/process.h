/* process: a child process in a process group of its own, with what it prints. It has no standard
 * input. What it starts ends with it: its group, and on Linux also what left the group. */
#ifndef WSPEC_NET_PROCESS_H
#define WSPEC_NET_PROCESS_H

#include "base/err.h"
#include "base/span.h"
#include "net/error.h"
#include "net/loop.h"

#include <stddef.h>
#include <stdint.h>

struct wspec_process;

/* What to start. Borrowed for the call. */
struct wspec_process_options {
  const char *const *arguments;   /* the program, looked up in PATH, and its arguments; then NULL */
  const char *const *environment; /* "NAME=value" beside our own and before it; then NULL. May be
                                     NULL */
  size_t output_max;              /* octets kept of standard output and error; more are read, and
                                     dropped */
};

/* How a process ended. */
struct wspec_process_end {
  int exit_status; /* 0 to 255; -1: a signal ended it */
  int signal;      /* 0: none */
};

/* wspec_process_new starts it, with a variable WSPEC_PROCESS_… more in its environment. `on_end` is
 * called once from the loop when it has ended, with what it left behind, and all that it printed is there. WSPEC_ERR_INPUT: it cannot be started,
 * the sentence says why; WSPEC_ERR_NOMEM. On error `*out` is NULL and `on_end` is not called. */
WSPEC_MUST_USE enum wspec_err
wspec_process_new(struct wspec_loop *loop, const struct wspec_process_options *options,
                  void (*on_end)(void *user, const struct wspec_process_end *end), void *user,
                  struct wspec_process **out, struct wspec_net_error *error);

/* wspec_process_stop sends SIGTERM to its group, and SIGKILL if it has not ended after `grace_ms`; 0:
 * SIGKILL at once. Fine if it has ended. */
void wspec_process_stop(struct wspec_process *process, uint32_t grace_ms);

/* wspec_process_output returns what it has printed so far, both streams as they came; borrowed until
 * the loop runs on. */
struct wspec_span wspec_process_output(const struct wspec_process *process);

/* wspec_process_free kills it if it runs, and frees it; `on_end` is not called any more. NULL is
 * allowed, and so is its own on_end. */
void wspec_process_free(struct wspec_process *process);

#endif
