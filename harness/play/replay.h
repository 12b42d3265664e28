/* replay: a stored transcript judged again, without the target. */
#ifndef WSPEC_PLAY_REPLAY_H
#define WSPEC_PLAY_REPLAY_H

#include "base/err.h"
#include "play/play.h"
#include "play/transcript.h"

/* wspec_replay plays `script` against what the target did in `transcript`, at the times at which
 * it did it and as late as the first play noticed its own deadlines, and fills `result`, which the caller clears. With the configuration of the first play
 * the outcome is the same, as long as the rules are. WSPEC_ERR_LIMIT: the transcript is elided and
 * cannot be judged; WSPEC_ERR_INTERNAL: the play did not come to an end; WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_replay(const struct wspec_script *script,
                                           const struct wspec_play_config *config,
                                           const struct wspec_transcript *transcript,
                                           struct wspec_result *result);

#endif
