/* suspects: the cases of which a target that is gone may have died. */
#ifndef WSPEC_CLI_SUSPECTS_H
#define WSPEC_CLI_SUSPECTS_H

#include "reports/report.h"

#include <stdio.h>

/* wspec_suspects_print writes to `out` which cases of `report` may have ended the target for good,
 * and the command that finds out: `reproduce` (NULL: it is not said), a `--cases` for each, and
 * `end` (NULL: nothing). It writes nothing where there are none. */
void wspec_suspects_print(FILE *out, const struct wspec_report *report, const char *reproduce,
                          const char *end);

#endif
