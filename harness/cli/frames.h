/* frames: what passes in one case, a line a frame, for a terminal. */
#ifndef WSPEC_CLI_FRAMES_H
#define WSPEC_CLI_FRAMES_H

#include "play/transcript.h"

#include <stdio.h>

struct wspec_frames;

/* wspec_frames_new prints to `out`, which must outlive it, in lines of at most `columns` as far as
 * payload can be left out; 0: at any length. NULL: out of memory. */
struct wspec_frames *wspec_frames_new(FILE *out, unsigned columns);

/* wspec_frames_print prints what came to `transcript` since the last call, which was with the same
 * one: each event with its time, connections, the first line of each HTTP head, every frame with its
 * bits and the start of its payload, unmasked. A frame is printed once it is whole. */
void wspec_frames_print(struct wspec_frames *frames, const struct wspec_transcript *transcript);

/* wspec_frames_free frees it; NULL is fine. */
void wspec_frames_free(struct wspec_frames *frames);

#endif
