/* sink: what a receiver saw, whoever it is, in a form that can be compared and printed. */
#ifndef WSPEC_FUZZ_SINK_H
#define WSPEC_FUZZ_SINK_H

#include "common/log.h"
#include "target.h"

/* What was seen. Messages stand in `events` when they are complete; one that is still open stands in
 * `open`, so that pieces of any size come to the same. Zeroed is empty. */
struct fuzz_sink {
  struct fuzz_log events;
  struct fuzz_log open;
  bool is_text; /* the open one */
  bool hides_pings, hides_closes;
};

/* fuzz_sink_print writes the events to standard error, one a line. */
void fuzz_sink_print(const struct fuzz_sink *sink);

/* fuzz_sink_reset makes the sink empty and keeps its memory. */
void fuzz_sink_reset(struct fuzz_sink *sink);

/* fuzz_sink_clear frees it. */
void fuzz_sink_clear(struct fuzz_sink *sink);

#endif
