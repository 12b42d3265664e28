/* trace: the first connection of a transcript as Autobahn tells it: heads, frames, octets, who
 * closed first. */
#ifndef WSPEC_COMPAT_TRACE_H
#define WSPEC_COMPAT_TRACE_H

#include "base/buf.h"
#include "base/err.h"
#include "play/transcript.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;

enum { WSPEC_TRACE_TEXT_MAX = 64, WSPEC_TRACE_EVENTS_MAX = 64, WSPEC_TRACE_ROWS_MAX = 400 };

/* Octets as Autobahn shows them: more than 60 are cut to their first 64 and an ellipsis, and what is
 * not UTF-8 is shown in hexadecimal. */
struct wspec_shown {
  char text[2 * WSPEC_TRACE_TEXT_MAX + 8];
};

/* wspec_show fills `out` with `prefix`, the first octets (64 of them, or all) of `len`. */
void wspec_show(struct wspec_shown *out, const uint8_t *prefix, uint64_t len);

enum wspec_traced_kind { WSPEC_TRACED_MESSAGE, WSPEC_TRACED_PING, WSPEC_TRACED_PONG };

/* A message or control frame of the target. */
struct wspec_traced {
  enum wspec_traced_kind kind;
  bool is_binary;
  struct wspec_shown payload;
};

/* A close frame. */
struct wspec_traced_close {
  bool came;
  int status_code; /* -1: none in it */
  char reason[124];
};

/* What happened. */
struct wspec_trace {
  char *request, *response; /* HTTP heads, owned; NULL: none */
  bool was_open;            /* frames were possible */
  bool is_whole;            /* every frame was seen; else octets were elided */
  struct wspec_traced events[WSPEC_TRACE_EVENTS_MAX]; /* the first ones, without answers to pings
                                                         that only sound the target out */
  size_t n_events;
  struct wspec_traced_close sent, received;
  bool target_closed_first; /* by a close frame, FIN or RST, before ours */
  size_t closed_at_step;    /* the step of the script that was then under way */
  bool target_ended_tcp;    /* before we did */
  size_t step;              /* private */
  struct cJSON *wire_log;   /* owned arrays and objects, in Autobahn's form */
  struct cJSON *octets_received, *octets_sent, *frames_received, *frames_sent;
};

/* wspec_trace_read fills `trace` from `transcript`; `is_server`: the target is a client.
 * WSPEC_ERR_NOMEM. Clear `trace` in any case. */
WSPEC_MUST_USE enum wspec_err wspec_trace_read(struct wspec_trace *trace,
                                               const struct wspec_transcript *transcript,
                                               bool is_server);

/* wspec_trace_clear frees all. */
void wspec_trace_clear(struct wspec_trace *trace);

#endif
