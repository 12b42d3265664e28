/* fuzz_target: any parser behind target.h beside wspec's own strict receiver.
 *
 * What both are given they see the same way: the same messages, control frames and closes, in the
 * same order. Where wspec's receiver ends the connection, the other may have seen less, as it is free
 * to notice later or to give nothing out, but nothing more. A difference is printed as frames, with
 * the requirement that decides it, and ends the process. */
#include "common/conn.h"
#include "proto/frame.h"
#include "target.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FRAMES_PRINTED_MAX = 32, MESSAGE_MAX = 1 << 20 };

static void print_frames(struct fuzz_input input) {
  struct wspec_span octets = wspec_span_of(input.data, input.len);
  struct wspec_frame_decoder decoder = {0};
  struct wspec_frame frame;
  size_t used;
  fprintf(stderr, "  the peer sends:\n");
  for (int i = 0; i < FRAMES_PRINTED_MAX && octets.len > 0; i++) {
    if (wspec_frame_decode(&decoder, octets, &used, &frame) != WSPEC_OK) {
      fprintf(stderr, "    %zu octets of a header\n", octets.len);
      return;
    }
    octets = wspec_span_from(octets, used);
    size_t len = frame.payload_len < octets.len ? (size_t)frame.payload_len : octets.len;
    fprintf(stderr, "    %s%s rsv %u %s length %" PRIu64 " in %d bits, %zu octets follow:",
            wspec_opcode_name(frame.opcode), frame.fin ? " fin" : "", frame.rsv >> 4,
            frame.masked ? "masked" : "unmasked", frame.payload_len, (int)frame.length_form, len);
    for (size_t k = 0; k < len && k < 16; k++) {
      fprintf(stderr, " %02x", octets.data[k] ^ frame.masking_key[k % 4]);
    }
    fprintf(stderr, len > 16 ? " ...\n" : "\n");
    octets = wspec_span_from(octets, len);
  }
}

_Noreturn static void tell_difference(struct fuzz_input input, const struct fuzz_conn_run *ours,
                                      const struct fuzz_sink *theirs, bool they_failed) {
  fprintf(stderr, "%s differs from wspec\n", fuzz_target_under_test.name);
  print_frames(input);
  fprintf(stderr, "  wspec sees:\n");
  fuzz_sink_print(&ours->seen);
  if (ours->violation.err) {
    fprintf(stderr, "    and fails the connection with %u at octet %" PRIu64 ": %s (%s)\n",
            ours->violation.status_code, ours->violation.octet_offset, ours->violation.sentence,
            ours->violation.requirement);
  }
  fprintf(stderr, "  %s sees:\n", fuzz_target_under_test.name);
  fuzz_sink_print(theirs);
  fprintf(stderr, they_failed ? "    and fails the connection\n" : "    and goes on\n");
  fuzz_fail(__FILE__, __LINE__, __func__, "both see the same");
}

static bool is_tolerated(const struct wspec_violation *violation) {
  const char *const *ids = fuzz_target_under_test.tolerates;
  for (size_t i = 0; violation->err && ids && ids[i]; i++) {
    if (strcmp(ids[i], violation->requirement) == 0) {
      return true;
    }
  }
  return false;
}

/* Returns whether the target failed the connection. */
static bool run_target(bool is_client, struct fuzz_input input, struct fuzz_plan plan,
                       struct fuzz_sink *seen) {
  const struct fuzz_target *target = &fuzz_target_under_test;
  const struct fuzz_target_options options = {.is_client = is_client, .message_max = MESSAGE_MAX};
  struct fuzz_feed feed = {.input = input, .plan = plan};
  fuzz_sink_reset(seen);
  void *receiver = target->create(&options, seen);
  FUZZ_CHECK(receiver);
  bool goes_on = true;
  while (goes_on && fuzz_feed_next(&feed)) {
    goes_on = target->feed(receiver, feed.portion, feed.portion_len);
  }
  fuzz_feed_end(&feed);
  target->destroy(receiver);
  return !goes_on;
}

/* What comes behind a close frame is nobody's business (RFC 6455 section 5.5.1). */
static void cut_behind_close(const struct wspec_conn_options *options, struct fuzz_input *input) {
  struct wspec_conn *conn = wspec_conn_new(options);
  FUZZ_CHECK(conn);
  struct fuzz_feed feed = {.input = *input, .plan = fuzz_plan_at_once};
  size_t at = 0, used;
  struct wspec_conn_event event = {0};
  while (fuzz_feed_next(&feed)) {
    while (at < feed.portion_len && event.type != WSPEC_CONN_CLOSE &&
           !wspec_conn_feed(conn, feed.portion + at, feed.portion_len - at, &used, &event)) {
      at += used;
    }
  }
  if (event.type == WSPEC_CONN_CLOSE) {
    input->len = at;
  }
  wspec_conn_free(conn);
}

/* Some look at a header, or the body of a close frame, before it is complete. Whether that is wrong
 * shows when it is completed. */
static bool is_wrong_so_far(const struct wspec_conn_options *options, struct fuzz_input input) {
  static struct fuzz_conn_run run; /* for its memory alone */
  static const uint8_t rest[WSPEC_FRAME_HEADER_MAX + WSPEC_FRAME_CONTROL_PAYLOAD_MAX];
  struct fuzz_log octets = {0};
  fuzz_log_octets(&octets, input.data, input.len);
  fuzz_log_octets(&octets, rest, sizeof rest);
  fuzz_conn_feed(options, fuzz_input_of(octets.data, octets.len), fuzz_plan_at_once, &run);
  fuzz_log_clear(&octets);
  return run.violation.err && run.violation.octet_offset < input.len;
}

static bool is_prefix(const struct fuzz_log *part, const struct fuzz_log *whole) {
  return part->len <= whole->len &&
         (part->len == 0 || memcmp(part->data, whole->data, part->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct fuzz_conn_run ours; /* for their memory alone */
  static struct fuzz_sink theirs;
  struct fuzz_input input = fuzz_input_of(data, size);
  bool is_client = (fuzz_take_octet(&input) & 1) != 0 && !fuzz_target_under_test.only_server;
  (void)fuzz_take_octet(&input); /* the tail is that of conn_server and conn_client */
  struct fuzz_plan plan = fuzz_take_plan(&input);
  if (fuzz_target_under_test.only_at_once) {
    plan = fuzz_plan_at_once;
  }
  struct wspec_conn_options options;
  wspec_conn_options_init(&options, is_client);
  options.message_max = MESSAGE_MAX;
  ours.seen.hides_pings = theirs.hides_pings = fuzz_target_under_test.hides_pings;
  ours.seen.hides_closes = theirs.hides_closes = fuzz_target_under_test.hides_closes;
  cut_behind_close(&options, &input);
  fuzz_conn_feed(&options, input, fuzz_plan_at_once, &ours);
  if (is_tolerated(&ours.violation)) {
    return 0;
  }
  bool they_failed = run_target(is_client, input, plan, &theirs);
  /* 1012 to 1014 came to IANA's registry after the RFC: who refuses them is not to blame. */
  bool may_refuse =
      ours.violation.err || (ours.outcome.status_code >= 1012 && ours.outcome.status_code <= 1014);
  bool is_same = may_refuse ? is_prefix(&theirs.events, &ours.seen.events)
                            : fuzz_log_equal(&theirs.events, &ours.seen.events);
  bool is_over = ours.violation.err || ours.outcome.status_code != WSPEC_CLOSE_ABNORMAL;
  if (!is_same || (they_failed && !is_over && !is_wrong_so_far(&options, input))) {
    tell_difference(input, &ours, &theirs, they_failed);
  }
  return 0;
}
