/* http_body: a head and the body behind it, a request's or a response's, the answer to a HEAD too.
 *
 * Every portioning finds the same end and the same content; no more is consumed than there is; an
 * error sticks, and is one that the header names; nothing is allocated. */
#include "proto/http_body.h"
#include "common/head.h"

#include <stdlib.h>

static void walk(const struct wspec_http_head *head, bool answers_head, struct fuzz_input rest,
                 struct fuzz_plan plan, struct fuzz_log *log) {
  struct wspec_http_body body;
  struct fuzz_feed feed = {.input = rest, .plan = plan};
  enum wspec_err err = WSPEC_ERR_NEED_MORE;
  uint64_t total = 0;
  wspec_http_body_init(&body, head, answers_head);
  while (err == WSPEC_ERR_NEED_MORE && fuzz_feed_next(&feed)) {
    for (size_t at = 0; at < feed.portion_len && err == WSPEC_ERR_NEED_MORE;) {
      struct wspec_span content;
      struct wspec_span left = wspec_span_of(feed.portion + at, feed.portion_len - at);
      size_t used = SIZE_MAX;
      err = wspec_http_body_feed(&body, left, &used, &content);
      FUZZ_CHECK(used <= left.len && content.len <= used);
      FUZZ_CHECK(err != WSPEC_ERR_NEED_MORE || used > 0);
      fuzz_log_octets(log, content.data, content.len);
      at += used;
      total += used;
    }
  }
  fuzz_feed_end(&feed);
  FUZZ_CHECK(body.offset == total);
  FUZZ_CHECK(err == WSPEC_OK || err == WSPEC_ERR_NEED_MORE || err == WSPEC_ERR_HTTP ||
             err == WSPEC_ERR_LIMIT);
  if (err == WSPEC_ERR_HTTP || err == WSPEC_ERR_LIMIT) {
    struct wspec_span content;
    size_t used;
    FUZZ_CHECK(wspec_http_body_feed(&body, wspec_span_text("0"), &used, &content) == err);
    FUZZ_CHECK(body.error_text && body.error_offset <= rest.len);
  }
  fuzz_log_number(log, (uint64_t)-err);
  fuzz_log_number(log, (uint64_t)body.kind << 32 | (unsigned)body.content_length_state);
  fuzz_log_number(log, body.error_offset);
  fuzz_log_number(log, body.offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = fuzz_input_of(data, size);
  struct fuzz_plan plans[] = {fuzz_plan_at_once, fuzz_plan_octets, fuzz_take_plan(&input)};
  uint8_t choice = fuzz_take_octet(&input);
  enum wspec_http_kind kind = choice & 1 ? WSPEC_HTTP_REQUEST : WSPEC_HTTP_RESPONSE;
  struct wspec_http_head head;
  struct fuzz_log logs[3] = {0};
  fuzz_head_read(&head, kind, NULL, input, fuzz_plan_at_once);
  if (head.state == WSPEC_HTTP_STATE_COMPLETE) {
    struct fuzz_input rest = {input.data + head.raw.len, input.len - head.raw.len};
    fuzz_memory_start();
    for (size_t i = 0; i < 3; i++) {
      walk(&head, (choice & 2) != 0, rest, plans[i], &logs[i]);
      FUZZ_CHECK(fuzz_log_equal(&logs[i], &logs[0]));
      FUZZ_CHECK(fuzz_memory_requested() == 0);
    }
  }
  for (size_t i = 0; i < 3; i++) {
    fuzz_log_clear(&logs[i]);
  }
  wspec_http_head_clear(&head);
  return 0;
}
