/* python_json: JSON in the very layout of Autobahn's files, which scripts read line by line: keys
 * sorted, three spaces a level, one member a line, "," and ": ", all but ASCII escaped, and no line
 * end behind the last octet. */
#ifndef WSPEC_COMPAT_PYTHON_JSON_H
#define WSPEC_COMPAT_PYTHON_JSON_H

#include "base/err.h"

#include <stdio.h>

struct cJSON;

/* wspec_python_json_write writes `value`. Its objects are sorted where they stand: keys that are
 * numbers by value, all others by their octets. WSPEC_ERR_IO: the file is not whole. */
WSPEC_MUST_USE enum wspec_err wspec_python_json_write(FILE *file, struct cJSON *value);

#endif
