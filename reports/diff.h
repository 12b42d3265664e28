/* diff: what became of the cases between two runs. */
#ifndef WSPEC_REPORTS_DIFF_H
#define WSPEC_REPORTS_DIFF_H

#include "base/err.h"
#include "reports/report.h"

#include <stddef.h>
#include <stdio.h>

enum wspec_change {
  WSPEC_CHANGE_BROKEN,  /* it did not fail, and does */
  WSPEC_CHANGE_FIXED,   /* it failed, and does not */
  WSPEC_CHANGE_CHANGED, /* another verdict, or another sentence is violated */
  WSPEC_CHANGE_NEW,     /* there was no such case */
  WSPEC_CHANGE_GONE     /* there is no such case any more */
};
enum { WSPEC_N_CHANGES = 5 };

/* wspec_change_name returns "broken", "fixed", ...; static storage. */
const char *wspec_change_name(enum wspec_change change);

/* One case that is not as it was. */
struct wspec_difference {
  enum wspec_change change;
  const struct wspec_record *before, *after; /* NULL for NEW and GONE */
};

/* The differences of two reports, by change and then by id. Zeroed is empty. */
struct wspec_diff {
  const char *label; /* of the target, borrowed */
  struct wspec_difference *items;
  size_t n_items;
  size_t by_change[WSPEC_N_CHANGES];
  size_t n_worse; /* broken, and new ones that fail */
};

/* wspec_diff_make compares two sorted reports, which must outlive the diff. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_diff_make(struct wspec_diff *diff,
                                              const struct wspec_report *before,
                                              const struct wspec_report *after);

void wspec_diff_clear(struct wspec_diff *diff);

/* Each writes `n` diffs, one a target. WSPEC_ERR_IO. */
WSPEC_MUST_USE enum wspec_err wspec_diff_write_text(FILE *file, const struct wspec_diff *diffs,
                                                    size_t n);
WSPEC_MUST_USE enum wspec_err wspec_diff_write_markdown(FILE *file, const struct wspec_diff *diffs,
                                                        size_t n);
WSPEC_MUST_USE enum wspec_err wspec_diff_write_json(FILE *file, const struct wspec_diff *diffs,
                                                    size_t n);

#endif
