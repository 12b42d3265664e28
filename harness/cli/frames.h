/* frames: what passed in one case, a line a frame, for a terminal. */
#ifndef WSPEC_CLI_FRAMES_H
#define WSPEC_CLI_FRAMES_H

#include "play/transcript.h"

#include <stdio.h>

/* wspec_frames_print prints each event of `transcript` with its time: connections, the first line
 * of each HTTP head, every frame with its bits and the start of its payload, unmasked. */
void wspec_frames_print(FILE *out, const struct wspec_transcript *transcript);

#endif
