/* small_report: a report of every outcome, with text that no format may take as its own. */
#ifndef SMALL_REPORT_H
#define SMALL_REPORT_H

#include "reports/read_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SMALL_CASE(id, verdict)                                              \
  "{\"id\":\"" id "\",\"spec\":\"rfc6455\",\"section\":\"5.2\",\"summary\":" \
  "\"</script>]]>|*@x\\u0001 \\u00e9\",\"requirements\":[\"6455-5.2-01\"],"  \
  "\"tags\":[],\"autobahn\":[],\"verdict\":\"" verdict "\",\"flaky\":false," \
  "\"duration_ms\":1.5,"
#define SMALL_FINDING(verdict)                                                        \
  "\"findings\":[{\"verdict\":\"" verdict "\",\"requirement\":\"6455-5.2-01\","       \
  "\"level\":\"MUST\",\"message\":\"<&'\\\"> expected\",\"expected\":\"e\",\"seen\":" \
  "\"s\",\"connection\":0,\"offset\":17,\"at_us\":300}],"
#define SMALL_CLOSE "\"close\":{\"code\":1006,\"reason\":null,\"by\":\"target\",\"clean\":false}"
/* The target answers an opening handshake with 200, and closes. */
#define SMALL_TRANSCRIPT                                                                      \
  ",\"transcript\":[{\"kind\":\"step\",\"connection\":0,\"at_us\":0,\"offset\":0},"           \
  "{\"kind\":\"connect\",\"connection\":0,\"at_us\":0,\"offset\":0},"                         \
  "{\"kind\":\"connected\",\"connection\":0,\"at_us\":100,\"offset\":0},"                     \
  "{\"kind\":\"sent\",\"connection\":0,\"at_us\":100,\"offset\":0,\"octets\":\"4745\","       \
  "\"len\":99,\"more\":[{\"offset\":97,\"octets\":\"0d0a\"}]},"                               \
  "{\"kind\":\"received\",\"connection\":0,\"at_us\":300,\"offset\":0,\"len\":19,\"octets\":" \
  "\"485454502f312e3120323030204f4b0d0a0d0a\"},"                                              \
  "{\"kind\":\"fin-received\",\"connection\":0,\"at_us\":400,\"offset\":0}],\"elided\":true"
#define SMALL_HEAD                                                                              \
  "{\"schema\":\"wspec-report/1\",\n\"tool\":{\"name\":\"wspec\",\"version\":\"0\"},\n"         \
  "\"target\":{\"url\":\"ws://h/\",\"name\":\"<t>\",\"role\":\"server\",\"agent\":\"a\","       \
  "\"oracle\":\"echo\"},\n\"started\":\"2026-11-22T21:00:00Z\",\n\"seed\":\"1\",\n\"config\":{" \
  "\"host\":\"h\",\"resource\":\"/\",\"origin\":null,\"subprotocol\":null,\"fields\":[{"        \
  "\"name\":\"X\",\"value\":null}],\"have\":[\"echo\"],\"chatty\":false,\"settle_us\":100000,"  \
  "\"timeout_us\":5000000,\"close_us\":1000000,\"jobs\":16},\n\"shard\":{\"index\":1,\"of\":1}" \
  ",\n\"reproduce\":\"wspec run ws://h/\",\n\"selected\":6,\n\"results\":[\n"
#define SMALL_TAIL                                                                             \
  "\n],\n\"summary\":{},\n\"requirements\":{\"6455-5.2-01\":{\"rfc\":\"6455\",\"section\":"    \
  "\"5.2\",\"keyword\":\"MUST\",\"actor\":\"both\",\"text\":\"t</script>\",\"accept\":\"a\"}}" \
  ",\n\"duration_ms\":12}\n"
#define SMALL_FAIL          \
  SMALL_CASE("a/1", "fail") \
  SMALL_FINDING("fail") SMALL_CLOSE ",\"skip_reason\":null" SMALL_TRANSCRIPT
#define SMALL_REPORT                                                                              \
  SMALL_HEAD SMALL_FAIL                                                                           \
      "},\n" SMALL_CASE("a/2", "pass") "\"findings\":[]," SMALL_CLOSE                             \
                                       ",\"skip_reason\":null},\n" SMALL_CASE("a/3", "warn")      \
                                           SMALL_FINDING("warn") SMALL_CLOSE                      \
      ",\"skip_reason\":null},\n" SMALL_CASE(                                                     \
          "a/4", "skip") "\"findings\":[]," SMALL_CLOSE                                           \
                         ",\"skip_reason\":\"no <deflate>\"},\n" SMALL_CASE(                      \
                             "a/5", "error") "\"findings\":[]," SMALL_CLOSE                       \
                                             ",\"skip_reason\":\"gone\"},\n" SMALL_CASE(          \
                                                 "a/6", "fail") SMALL_FINDING("fail") SMALL_CLOSE \
      ",\"skip_reason\":null,\"known\":{\"reason\":\"r\",\"link\":\"https://x/\"}}" SMALL_TAIL

static inline enum wspec_err small_read(struct wspec_reports *reports, const char *text,
                                        char **message) {
  FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
  assert_non_null(file);
  enum wspec_err err = wspec_reports_read(reports, file, "r.json", message);
  fclose(file);
  return err;
}

/* Adds the report; it is right. */
static inline void small_add(struct wspec_reports *reports) {
  char *message = NULL;
  assert_int_equal(small_read(reports, SMALL_REPORT, &message), WSPEC_OK);
}

#endif
