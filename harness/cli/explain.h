/* explain: what a case does, in words, for a terminal. All print to standard output. */
#ifndef WSPEC_CLI_EXPLAIN_H
#define WSPEC_CLI_EXPLAIN_H

#include "case/script.h"

/* wspec_explain_payload prints what a payload holds, without a line end: "Hello" (5 octets). */
void wspec_explain_payload(const struct wspec_payload *payload);

/* wspec_explain_sends prints each send on lines of its own: what it is, and the octets of a frame's
 * header against each kind of target that the case is for. */
void wspec_explain_sends(const struct wspec_send *sends, size_t n_sends,
                         enum wspec_case_target target);

/* wspec_explain_segments prints how octets are cut, or nothing if they are not. */
void wspec_explain_segments(const struct wspec_segments *segments);

/* wspec_explain_head prints how a head differs from the ordinary one. */
void wspec_explain_head(const struct wspec_head_plan *head, enum wspec_case_target target);

/* wspec_explain_expectation prints each alternative with what it gets, and what it means if none
 * comes. */
void wspec_explain_expectation(const struct wspec_expectation *expect,
                               const struct wspec_script *script);

#endif
