/* result: what came of one case; what reports are made of.
 *
 * A result owns its findings and transcript. Text that comes from the script (id, summary,
 * requirements) stays with the script, which must outlive the result. */
#ifndef WSPEC_PLAY_RESULT_H
#define WSPEC_PLAY_RESULT_H

#include "case/script.h"
#include "play/transcript.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a case ends with, from best to worst as far as the target is concerned. */
enum wspec_verdict {
  WSPEC_VERDICT_PASS,
  WSPEC_VERDICT_INFO, /* the target's free choice is reported */
  WSPEC_VERDICT_WARN, /* a SHOULD is violated, or a debatable point */
  WSPEC_VERDICT_FAIL, /* a MUST is violated */
  WSPEC_VERDICT_SKIP, /* the target lacks what the case needs; `skip_reason` says what */
  WSPEC_VERDICT_ERROR /* wspec or the environment is at fault; `skip_reason` says how */
};
enum { WSPEC_N_VERDICTS = 6 };

/* wspec_verdict_name returns "pass", "info", ...; static storage. */
const char *wspec_verdict_name(enum wspec_verdict verdict);

#define WSPEC_OFFSET_NONE UINT64_MAX

/* One thing that was found. */
struct wspec_finding {
  enum wspec_verdict verdict; /* INFO, WARN or FAIL */
  const char *requirement;    /* id, or "" for a finding that no sentence carries */
  const char *level;          /* the RFC's word, "MUST NOT", or "" */
  char *message;              /* one sentence: expected and seen */
  char *expected;             /* what was right, NULL where `message` says it all */
  char *seen;                 /* what came, NULL likewise */
  unsigned connection;
  uint64_t offset; /* of the octet that shows it, in what the target sent on that connection, from
                      0; WSPEC_OFFSET_NONE where it is the absence of something */
  uint64_t at_us;  /* since the case began */
};

/* The findings that no play makes, but who looked after the target when a case had ended: a fail; a
 * warn where it lived when the case was played again; and one where it is gone for good, so that nobody
 * can tell what it died of. */
#define WSPEC_FINDING_TARGET_DIED \
  "the target answered no handshake right after this case: it has died of it"
#define WSPEC_FINDING_TARGET_DIED_ONCE \
  "the target answered no handshake right after this case, and did when it was played again"
#define WSPEC_FINDING_TARGET_GONE \
  "TCP ended without a close frame and the target is gone: it may have died of this case"

/* How the findings begin that go by what a client was told, or by what became of its process, of which
 * no transcript tells. */
#define WSPEC_FINDING_OTHER_HOST        "the client was told to connect to "
#define WSPEC_FINDING_OTHER_HOST_OF_URI "the host of the URL is "
#define WSPEC_FINDING_OTHER_RESOURCE    "the resource name is "
#define WSPEC_FINDING_CLIENT_DIED       "the client died of signal "
#define WSPEC_FINDING_CLIENT_LATE       "the case was not over after "

/* How the `skip_reason` begins of a case for which the command of a client says so. */
#define WSPEC_SKIP_NOT_SUPPORTED "the client does not support this"

/* How the `skip_reason` begins of a case whose message the target refused, as every other that is
 * not of its own protocol; the status code follows. */
#define WSPEC_SKIP_REFUSED \
  "the target closes on every message that is not of its own protocol, with "

enum wspec_closed_by { WSPEC_CLOSED_BY_NOBODY, WSPEC_CLOSED_BY_TARGET, WSPEC_CLOSED_BY_PEER };

/* How the first connection of a case ended. */
struct wspec_close_result {
  uint16_t status_code;    /* of the target's close frame; 1005: no code; 1006: no close frame */
  char *reason;            /* valid UTF-8, or NULL */
  enum wspec_closed_by by; /* whose FIN or RST ended TCP */
  bool clean;              /* both close frames were exchanged, then TCP was closed */
};

struct wspec_result {
  const struct wspec_script *script;
  enum wspec_verdict verdict;
  bool flaky;
  bool unconfirmed; /* it did not pass, and was played only once */
  uint64_t duration_us;
  struct wspec_finding *findings;
  size_t n_findings;
  struct wspec_close_result close;
  char *skip_reason; /* for SKIP and ERROR */
  char *output;      /* what the command of a client under test printed, as ASCII; NULL: nothing */
  struct wspec_transcript transcript;
  struct wspec_transcript
      flaky_transcript; /* of the play that ended otherwise; empty if not flaky */
};

/* wspec_result_clear frees what `result` owns and zeroes it; fine on a zeroed one. */
void wspec_result_clear(struct wspec_result *result);

/* wspec_result_add copies a finding with `message`, `expected` and `seen` (the last two may be
 * NULL). At most 64 findings are kept; more are dropped. WSPEC_ERR_NOMEM: nothing was added. */
WSPEC_MUST_USE enum wspec_err wspec_result_add(struct wspec_result *result,
                                               const struct wspec_finding *finding);

/* wspec_result_skip makes it a SKIP for `reason`, without findings; out of memory: without a
 * reason. */
void wspec_result_skip(struct wspec_result *result, const char *reason);

/* wspec_result_conclude sets `verdict` to the worst of the findings, PASS without any. A SKIP or
 * ERROR that was set before stays. */
void wspec_result_conclude(struct wspec_result *result);

#endif
