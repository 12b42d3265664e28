/* idle: how long a case waits by its own design, so that others can run meanwhile. */
#ifndef WSPEC_RUN_IDLE_H
#define WSPEC_RUN_IDLE_H

#include "case/script.h"

#include <stdint.h>

/* wspec_idle_us estimates how long `script` waits without anything to do for either side: its
 * `wait` steps, the delays between its writes, and what is told by nothing happening for
 * `settle_us`. What it sends and what the target takes for it do not count. */
uint64_t wspec_idle_us(const struct wspec_script *script, uint64_t settle_us);

#endif
