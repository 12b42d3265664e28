/* judge: the results of a stored report, judged again from their transcripts without the target.
 *
 *   struct wspec_judge judge;
 *   wspec_judge_init(&judge, report, &requirements, &wrong);
 *   for each record: wspec_judge_record(&judge, record, script, &judged);
 *                    ... judged.outcome, judged.result, judged.json ...
 *                    wspec_judged_clear(&judged);
 *   wspec_judge_clear(&judge); */
#ifndef WSPEC_REPORTS_JUDGE_H
#define WSPEC_REPORTS_JUDGE_H

#include "base/err.h"
#include "case/requirement.h"
#include "case/script.h"
#include "play/play.h"
#include "play/result.h"
#include "reports/report.h"

/* What came of judging a result again. */
enum wspec_judge_outcome {
  WSPEC_JUDGE_SAME,        /* the same verdict, by the same requirements */
  WSPEC_JUDGE_DIFFERS,     /* another one */
  WSPEC_JUDGE_NOT_KEPT,    /* the report has no transcript of it */
  WSPEC_JUDGE_ELIDED,      /* octets of the target were left out of the transcript */
  WSPEC_JUDGE_NO_EVIDENCE, /* an `error`, or told by no transcript: not the target's doing */
  WSPEC_JUDGE_NO_CASE,     /* no such case is loaded */
  WSPEC_JUDGE_OF_SCRIPT,   /* of an API: what its script found is in no transcript */
  WSPEC_JUDGE_UNSOUND      /* the transcript is none that a play leaves; `wrong` says why */
};
enum { WSPEC_N_JUDGE_OUTCOMES = 8 };

/* How the cases of one report were played. Everything in it is private. */
struct wspec_judge {
  struct wspec_play_config config;
  struct wspec_play_field *fields;
  uint64_t seed;
};

/* One result, judged again. */
struct wspec_judged {
  enum wspec_judge_outcome outcome;
  const char *wrong;          /* of UNSOUND: the member that is not sound; static storage */
  struct wspec_result result; /* of SAME and DIFFERS; zeroed otherwise */
  char *json;                 /* likewise: the record, with what was found this time; owned */
};

/* wspec_judge_init reads how the cases of `report` were played; `report` and `requirements` must
 * outlive it. WSPEC_ERR_INPUT with `*wrong` (static storage): the member that is missing or not
 * sound; WSPEC_ERR_NOMEM. In both cases there is nothing to clear. */
WSPEC_MUST_USE enum wspec_err wspec_judge_init(struct wspec_judge *judge,
                                               const struct wspec_report *report,
                                               const struct wspec_requirements *requirements,
                                               const char **wrong);

void wspec_judge_clear(struct wspec_judge *judge);

/* wspec_judge_record judges `record` by `script`, the case with its id, which must outlive
 * `judged`; NULL: there is none. What no transcript tells stays as it was found: that the target died
 * of a case, what became of a client's process, that a client went where it was not told to.
 * WSPEC_ERR_NOMEM. Clear `judged` in each case. */
WSPEC_MUST_USE enum wspec_err wspec_judge_record(const struct wspec_judge *judge,
                                                 const struct wspec_record *record,
                                                 const struct wspec_script *script,
                                                 struct wspec_judged *judged);

/* wspec_judged_clear frees what `judged` holds; fine on a zeroed one. */
void wspec_judged_clear(struct wspec_judged *judged);

#endif
