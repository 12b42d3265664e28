#include "reports/badge.h"

#include "reports/text.h"

#include <string.h>

/* Of 11 px Verdana; textLength makes every font fit the same boxes. */
enum { CHAR_WIDTH = 7, PADDING = 6, LABEL_WIDTH = 5 * CHAR_WIDTH + 2 * PADDING };

enum wspec_err wspec_badge_write(FILE *file, const struct wspec_report *reports, size_t n_reports) {
  size_t n_good = 0;
  size_t n_played = 0;
  size_t n_failures = 0;
  for (size_t i = 0; i < n_reports; i++) {
    for (size_t k = 0; k < reports[i].n_records; k++) {
      const struct wspec_record *record = &reports[i].records[k];
      bool is_bad = record->verdict == WSPEC_VERDICT_FAIL || record->verdict == WSPEC_VERDICT_ERROR;
      n_played += record->verdict != WSPEC_VERDICT_SKIP;
      n_good += record->verdict != WSPEC_VERDICT_SKIP && !is_bad;
      n_failures += wspec_record_is_failure(record);
    }
  }
  char text[64];
  int len = snprintf(text, sizeof text, "%zu of %zu", n_good, n_played);
  int width = len * CHAR_WIDTH + 2 * PADDING;
  const char *color = n_failures > 0 ? "#b3261e" : n_good < n_played ? "#8a5a00" : "#1b6e3c";
  fprintf(file,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"20\" role=\"img\" "
          "aria-label=\"wspec: %s\">\n<title>wspec: %s cases are as the RFC wants</title>\n"
          "<rect width=\"%d\" height=\"20\" rx=\"3\" fill=\"#444\"/>\n"
          "<path d=\"M%d 0h%da3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-%dz\" fill=\"%s\"/>\n"
          "<g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\n"
          "<text x=\"%d\" y=\"14\" textLength=\"%d\">wspec</text>\n"
          "<text x=\"%d\" y=\"14\" textLength=\"%d\">%s</text>\n</g>\n</svg>\n",
          LABEL_WIDTH + width, text, text, LABEL_WIDTH + width, LABEL_WIDTH, width - 3, width - 3,
          color, PADDING, 5 * CHAR_WIDTH, LABEL_WIDTH + PADDING, len * CHAR_WIDTH, text);
  return wspec_file_result(file);
}
