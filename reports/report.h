/* report: one run in memory, as every writer of a format takes it. It is made of the JSON of
 * "wspec-report/1" alone, whether the run has just been played or was read from a file, so that no
 * format can say more or less after a detour over a file.
 *
 * All text is valid UTF-8, NUL-terminated, and belongs to the report that it is in. */
#ifndef WSPEC_REPORTS_REPORT_H
#define WSPEC_REPORTS_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "case/arena.h"
#include "play/result.h"
#include "reports/spool.h"
#include "reports/texts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;

/* A finding as a report tells it; the fields are those of struct wspec_finding. */
struct wspec_record_finding {
  enum wspec_verdict verdict;
  const char *requirement; /* "" if no sentence carries it */
  const char *level;       /* "" likewise */
  const char *message;
  const char *expected, *seen; /* NULL where `message` says it all */
  unsigned connection;
  uint64_t offset; /* WSPEC_OFFSET_NONE: the absence of something */
  uint64_t at_us;
};

/* One case with its result. Records share the texts and lists that they have in common. */
struct wspec_record {
  const char *id, *spec, *section;
  const char *summary; /* NULL for a pass of which there is nothing to say: wspec_record_summary */
  const char *const *requirements;
  struct wspec_record_finding *findings;
  unsigned n_requirements, n_findings;
  double duration_ms;
  const char *skip_reason;  /* NULL if there is none */
  const char *known_reason; /* from the baseline: a known failure; NULL if it is none */
  const char *known_link;   /* NULL if there is none */
  enum wspec_verdict verdict;
  bool flaky;
  bool unconfirmed; /* it did not pass, and was played only once */
  bool has_transcript;
  /* Private: where the whole result is, for wspec_record_json. */
  const struct wspec_spool *spool; /* NULL: in memory */
  union {
    const uint8_t *octets;
    uint64_t at; /* in the spool */
  } json;
  size_t json_len;
};

/* How many results have each verdict. `known` are among the others. */
struct wspec_summary {
  size_t total, flaky, known;
  size_t by_verdict[WSPEC_N_VERDICTS];
};

/* One run. Zeroed is empty; wspec_report_init makes it ready for records. */
struct wspec_report {
  struct wspec_arena arena;   /* private: where the text of the records is */
  struct wspec_texts texts;   /* private: of it what records have in common */
  struct wspec_spool *spool;  /* private: the JSON of records that were added as copies, or NULL */
  char *file;                 /* private: octets that read reports point into, or NULL */
  struct cJSON *head;         /* owned: the members before "results", by their names */
  struct cJSON *requirements; /* owned: the member "requirements", or NULL */
  const char *url, *name, *agent, *oracle, *started, *version; /* of head; "" if not there */
  unsigned shard, n_shards;                                    /* 1 of 1 for a whole run */
  size_t n_selected;     /* results that a whole report of this run has */
  unsigned refusal_code; /* with which the target closes on an ordinary message; 0: it does not */
  size_t n_refused;      /* results that are a skip for it */
  struct wspec_record *records; /* in the order of the file */
  size_t n_records;
  size_t capacity; /* private */
  struct wspec_summary summary;
  double duration_ms;
  bool is_complete; /* false: the run was cut off, or its file */
};

/* wspec_report_init makes `report` empty. Allocates nothing. */
void wspec_report_init(struct wspec_report *report);

/* wspec_report_clear frees all that it holds; fine on a zeroed one. */
void wspec_report_clear(struct wspec_report *report);

/* wspec_report_set_head takes `head` over, also on error, and fills what is read of it.
 * WSPEC_ERR_INPUT: it is not the head of a "wspec-report/1". */
WSPEC_MUST_USE enum wspec_err wspec_report_set_head(struct wspec_report *report,
                                                    struct cJSON *head);

/* wspec_report_add_json appends one result. `value` is only read; `json` is its text, which must
 * live as long as the report. WSPEC_ERR_INPUT with `*wrong` (static storage) saying which member is
 * missing or of the wrong kind; WSPEC_ERR_NOMEM. On error nothing was added. */
WSPEC_MUST_USE enum wspec_err wspec_report_add_json(struct wspec_report *report,
                                                    const struct cJSON *value,
                                                    struct wspec_span json, const char **wrong);

/* wspec_report_add_copy is wspec_report_add_json for a text that does not live so long. Also
 * WSPEC_ERR_LIMIT: the results take more than memory and disk have. */
WSPEC_MUST_USE enum wspec_err wspec_report_add_copy(struct wspec_report *report,
                                                    const struct cJSON *value,
                                                    struct wspec_span json, const char **wrong);

/* wspec_record_json points `*json` at the whole result, transcript and all: valid until `room`, an
 * initialised buffer that may be used again, is touched. WSPEC_ERR_NOMEM, WSPEC_ERR_IO. */
WSPEC_MUST_USE enum wspec_err wspec_record_json(const struct wspec_record *record,
                                                struct wspec_buf *room, struct wspec_span *json);

/* wspec_record_parse parses that text; the caller frees `*value`, NULL on an error, with cJSON_Delete.
 * Errors likewise. */
WSPEC_MUST_USE enum wspec_err wspec_record_parse(const struct wspec_record *record,
                                                 struct cJSON **value);

/* wspec_record_summary points `*summary` at the summary of any record: its own, or what `*parsed` has,
 * which the caller frees with cJSON_Delete in each case. Errors likewise. */
WSPEC_MUST_USE enum wspec_err wspec_record_summary(const struct wspec_record *record,
                                                   struct cJSON **parsed, const char **summary);

/* wspec_report_sort puts the records in the order of their ids, numbers by their value, so that no
 * format shows in which order concurrent cases happened to end. */
void wspec_report_sort(struct wspec_report *report);

/* wspec_report_find returns the record with `id` of a sorted report, or NULL; valid until one is
 * added. */
const struct wspec_record *wspec_report_find(const struct wspec_report *report, const char *id);

/* wspec_id_compare compares two ids in that order, a section before those below it: negative, 0 or
 * positive. */
int wspec_id_compare(const char *a, const char *b);

/* wspec_verdict_parse finds a verdict by its name; false: there is none. */
bool wspec_verdict_parse(const char *name, enum wspec_verdict *verdict);

/* wspec_report_label returns what to call the target in a table: its name, or else its URL. */
const char *wspec_report_label(const struct wspec_report *report);

#endif
