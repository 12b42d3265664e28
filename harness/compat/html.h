/* html: the pages of Autobahn's reports. Scripts count class names in them, "case_failed" most of
 * all: it stands twice in an index without failures. */
#ifndef WSPEC_COMPAT_HTML_H
#define WSPEC_COMPAT_HTML_H

#include "compat/store.h"

#include <stdio.h>

struct cJSON;

/* wspec_html_index writes the table of all cases and agents. Check the stream afterwards. */
void wspec_html_index(FILE *file, const struct wspec_store *store);

/* wspec_html_case writes the page of one outcome. Check the stream afterwards. */
void wspec_html_case(FILE *file, const struct cJSON *outcome);

#endif
