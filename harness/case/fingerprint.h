/* fingerprint: a number that two cases share if they do the same; private to case/. */
#ifndef WSPEC_CASE_FINGERPRINT_H
#define WSPEC_CASE_FINGERPRINT_H

#include "case/script.h"

#include <stdint.h>

/* wspec_fingerprint returns a hash of what `script` does and expects: target, needs and steps, but
 * for lines, notes, requirements and the seeds of random payloads, which follow from the id. */
uint64_t wspec_fingerprint(const struct wspec_script *script);

#endif
