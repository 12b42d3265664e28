/* text: what several formats need to put text into a file of theirs. Errors of the stream are the
 * caller's to ask for (ferror) when all is written. */
#ifndef WSPEC_REPORTS_TEXT_H
#define WSPEC_REPORTS_TEXT_H

#include "base/err.h"
#include "reports/report.h"

#include <stdio.h>

/* wspec_put_xml writes `text` for XML 1.0 content or a quoted attribute. A character that XML 1.0
 * cannot hold becomes U+FFFD. */
void wspec_put_xml(FILE *file, const char *text);

/* wspec_put_json writes `text` as a JSON string with its quotes; '<' is written as an escape, so
 * that it may stand in a script element of HTML. */
void wspec_put_json(FILE *file, const char *text);

/* wspec_put_markdown writes `text` so that GitHub's Markdown shows it as it is, also in a cell of a
 * table: no markup, no mention of users, one line. */
void wspec_put_markdown(FILE *file, const char *text);

/* wspec_put_requirement_url writes where the sentence `id` ("6455-5.2-01") stands at
 * rfc-editor.org. Nothing is written, and false returned, if the id names no RFC. */
bool wspec_put_requirement_url(FILE *file, const char *id);

/* wspec_put_evidence writes what is known of a result as plain lines, each behind `indent`:
 * findings with what was expected and seen, the reason of a skip, and how to play it again. `put`
 * is one of the functions above. */
void wspec_put_evidence(FILE *file, void (*put)(FILE *, const char *), const char *indent,
                        const struct wspec_report *report, const struct wspec_record *record);

/* wspec_put_remark writes what a reader of the counts has to know of the run: that the target
 * closes on an ordinary message, with which code, and how many cases were skipped for that. Nothing
 * is written, and false returned, where it does not. Plain ASCII, without an end of line. */
bool wspec_put_remark(FILE *file, const struct wspec_report *report);

/* wspec_record_is_failure returns true for a fail or error that is no known failure. */
bool wspec_record_is_failure(const struct wspec_record *record);

/* wspec_record_headline returns the message of the worst finding, the reason of a skip, or "". */
const char *wspec_record_headline(const struct wspec_record *record);

/* wspec_requirement_text returns what a requirement says in words, "" if the report does not
 * tell. */
const char *wspec_requirement_text(const struct wspec_report *report, const char *id);

/* wspec_file_result returns WSPEC_ERR_IO if `file` has an error, else WSPEC_OK. */
enum wspec_err wspec_file_result(FILE *file);

#endif
