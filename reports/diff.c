#include "reports/diff.h"

#include "reports/text.h"

#include <stdlib.h>
#include <string.h>

const char *wspec_change_name(enum wspec_change change) {
  static const char *const names[WSPEC_N_CHANGES] = {"broken", "fixed", "changed", "new", "gone"};
  return names[change];
}

/* ---- Comparing ---- */

static bool is_bad(const struct wspec_record *record) {
  return record->verdict == WSPEC_VERDICT_FAIL || record->verdict == WSPEC_VERDICT_ERROR;
}

/* Both violate the same sentences: messages hold nonces and times, ids do not. */
static bool is_same_evidence(const struct wspec_record *a, const struct wspec_record *b) {
  if (a->n_findings != b->n_findings) {
    return false;
  }
  for (size_t i = 0; i < a->n_findings; i++) {
    if (a->findings[i].verdict != b->findings[i].verdict ||
        strcmp(a->findings[i].requirement, b->findings[i].requirement) != 0) {
      return false;
    }
  }
  return true;
}

/* What changed; false: nothing did. */
static bool compare(const struct wspec_record *before, const struct wspec_record *after,
                    enum wspec_change *change) {
  *change = !before                            ? WSPEC_CHANGE_NEW
            : !after                           ? WSPEC_CHANGE_GONE
            : !is_bad(before) && is_bad(after) ? WSPEC_CHANGE_BROKEN
            : is_bad(before) && !is_bad(after) ? WSPEC_CHANGE_FIXED
                                               : WSPEC_CHANGE_CHANGED;
  return *change != WSPEC_CHANGE_CHANGED || before->verdict != after->verdict ||
         !is_same_evidence(before, after);
}

static void note(struct wspec_diff *diff, const struct wspec_record *before,
                 const struct wspec_record *after) {
  enum wspec_change change;
  if (compare(before, after, &change)) {
    diff->items[diff->n_items++] = (struct wspec_difference){change, before, after};
    diff->by_change[change]++;
    diff->n_worse += change == WSPEC_CHANGE_BROKEN || (!before && is_bad(after));
  }
}

static const char *id_of(const struct wspec_difference *item) {
  return (item->after ? item->after : item->before)->id;
}

static int compare_items(const void *a, const void *b) {
  const struct wspec_difference *left = a;
  const struct wspec_difference *right = b;
  return left->change != right->change ? (left->change < right->change ? -1 : 1)
                                       : wspec_id_compare(id_of(left), id_of(right));
}

enum wspec_err wspec_diff_make(struct wspec_diff *diff, const struct wspec_report *before,
                               const struct wspec_report *after) {
  *diff = (struct wspec_diff){.label = wspec_report_label(after)};
  diff->items = calloc(before->n_records + after->n_records + 1, sizeof *diff->items);
  if (!diff->items) {
    return WSPEC_ERR_NOMEM;
  }
  for (size_t i = 0; i < after->n_records; i++) {
    note(diff, wspec_report_find(before, after->records[i].id), &after->records[i]);
  }
  for (size_t i = 0; i < before->n_records; i++) {
    if (!wspec_report_find(after, before->records[i].id)) {
      note(diff, &before->records[i], NULL);
    }
  }
  qsort(diff->items, diff->n_items, sizeof *diff->items, compare_items);
  return WSPEC_OK;
}

void wspec_diff_clear(struct wspec_diff *diff) {
  free(diff->items);
  *diff = (struct wspec_diff){.items = NULL};
}

/* ---- Writing ---- */

static const char *verdict_of(const struct wspec_record *record) {
  return record ? wspec_verdict_name(record->verdict) : "-";
}

/* What to say of a case: why it fails now, or failed before. */
static const char *reason_of(const struct wspec_difference *item) {
  const char *reason = item->after ? wspec_record_headline(item->after) : "";
  return reason[0] || !item->before ? reason : wspec_record_headline(item->before);
}

static void put_counts(FILE *file, const struct wspec_diff *diff) {
  for (unsigned i = 0; i < WSPEC_N_CHANGES; i++) {
    fprintf(file, "%s%zu %s", i ? ", " : "", diff->by_change[i],
            wspec_change_name((enum wspec_change)i));
  }
}

enum wspec_err wspec_diff_write_text(FILE *file, const struct wspec_diff *diffs, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const struct wspec_diff *diff = &diffs[i];
    for (size_t k = 0; k < diff->n_items; k++) {
      const struct wspec_difference *item = &diff->items[k];
      fprintf(file, "%-7s  %s (%s -> %s)\n", wspec_change_name(item->change), id_of(item),
              verdict_of(item->before), verdict_of(item->after));
      if (item->change != WSPEC_CHANGE_GONE && reason_of(item)[0]) {
        fprintf(file, "         %s%s\n", item->change == WSPEC_CHANGE_FIXED ? "was: " : "",
                reason_of(item));
      }
    }
    fprintf(file, "%s: ", diff->label);
    put_counts(file, diff);
    fputc('\n', file);
  }
  return wspec_file_result(file);
}

enum wspec_err wspec_diff_write_markdown(FILE *file, const struct wspec_diff *diffs, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const struct wspec_diff *diff = &diffs[i];
    fputs("## wspec: ", file);
    wspec_put_markdown(file, diff->label);
    fputs("\n\n", file);
    put_counts(file, diff);
    fputs("\n", file);
    if (diff->n_items > 0) {
      fputs("\n| | case | before | after | |\n| --- | --- | --- | --- | --- |\n", file);
    }
    for (size_t k = 0; k < diff->n_items; k++) {
      const struct wspec_difference *item = &diff->items[k];
      fprintf(file, "| %s | ", wspec_change_name(item->change));
      wspec_put_markdown(file, id_of(item));
      fprintf(file, " | %s | %s | ", verdict_of(item->before), verdict_of(item->after));
      wspec_put_markdown(file, reason_of(item));
      fputs(" |\n", file);
    }
  }
  return wspec_file_result(file);
}

static void put_json_item(FILE *file, const struct wspec_difference *item) {
  fprintf(file, "\n{\"change\":\"%s\",\"id\":", wspec_change_name(item->change));
  wspec_put_json(file, id_of(item));
  fputs(",\"before\":", file);
  fprintf(file, item->before ? "\"%s\"" : "null", verdict_of(item->before));
  fputs(",\"after\":", file);
  fprintf(file, item->after ? "\"%s\"" : "null", verdict_of(item->after));
  fputs(",\"message\":", file);
  wspec_put_json(file, reason_of(item));
  fputc('}', file);
}

enum wspec_err wspec_diff_write_json(FILE *file, const struct wspec_diff *diffs, size_t n) {
  fputs("{\"schema\":\"wspec-diff/1\",\"targets\":[", file);
  for (size_t i = 0; i < n; i++) {
    const struct wspec_diff *diff = &diffs[i];
    fputs(i > 0 ? ",\n{\"target\":" : "\n{\"target\":", file);
    wspec_put_json(file, diff->label);
    for (unsigned k = 0; k < WSPEC_N_CHANGES; k++) {
      fprintf(file, ",\"%s\":%zu", wspec_change_name((enum wspec_change)k), diff->by_change[k]);
    }
    fputs(",\"changes\":[", file);
    for (size_t k = 0; k < diff->n_items; k++) {
      fputs(k > 0 ? "," : "", file);
      put_json_item(file, &diff->items[k]);
    }
    fputs("]}", file);
  }
  fputs("]}\n", file);
  return wspec_file_result(file);
}
