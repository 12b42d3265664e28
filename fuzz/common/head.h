/* head: an HTTP head read from an input in portions, with what every harness on heads asserts. */
#ifndef WSPEC_FUZZ_HEAD_H
#define WSPEC_FUZZ_HEAD_H

#include "common/fuzz.h"
#include "common/log.h"
#include "proto/http_head.h"

/* fuzz_head_read feeds `input` to `head`, which it inits and the caller clears, in the portions of
 * `plan`. It ends the process if more is consumed than there is, if `raw` is not what was consumed,
 * if an outcome is not one of the header's, or if it does not stick. */
void fuzz_head_read(struct wspec_http_head *head, enum wspec_http_kind kind,
                    const struct wspec_http_limits *limits, struct fuzz_input input,
                    struct fuzz_plan plan);

/* fuzz_head_log appends all that a user can see of `head`, with places instead of pointers. */
void fuzz_head_log(const struct wspec_http_head *head, struct fuzz_log *log);

/* fuzz_head_check is the whole of the harnesses http_head_request and http_head_response. */
void fuzz_head_check(enum wspec_http_kind kind, struct fuzz_input input);

#endif
