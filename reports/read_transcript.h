/* read_transcript: the transcript of a result in a report, back in the form in which a play left
 * it. */
#ifndef WSPEC_REPORTS_READ_TRANSCRIPT_H
#define WSPEC_REPORTS_READ_TRANSCRIPT_H

#include "base/err.h"
#include "play/transcript.h"

struct cJSON;

/* wspec_transcript_read fills `transcript` from `array`, the member "transcript" of a result; the
 * caller clears it, also after an error. Octets that the report elides are missing there too; `elided`
 * says whether octets of the target are among them. WSPEC_ERR_INPUT with `*wrong` (static storage): what is not sound, an entry of
 * an unknown kind, say, or one that is earlier than the one before; WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_transcript_read(struct wspec_transcript *transcript,
                                                    const struct cJSON *array, const char **wrong);

#endif
