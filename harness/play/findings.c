#include "play/play_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 2048 };

void play_out_of_memory(struct wspec_play *play) {
  play->out_of_memory = true;
}

bool play_check(struct wspec_play *play, enum wspec_err err) {
  if (err) {
    play_out_of_memory(play);
  }
  return err != WSPEC_OK;
}

static enum wspec_verdict verdict_of_level(enum wspec_level level) {
  switch (level) {
  case WSPEC_LEVEL_MUST:
    return WSPEC_VERDICT_FAIL;
  case WSPEC_LEVEL_SHOULD:
    return WSPEC_VERDICT_WARN;
  case WSPEC_LEVEL_MAY:
    return WSPEC_VERDICT_INFO;
  }
  return WSPEC_VERDICT_FAIL;
}

/* One finding a sentence and connection: a target that masks every frame is said so once. */
static bool was_found(const struct wspec_play *play, const char *requirement, unsigned connection) {
  for (size_t i = 0; i < play->result.n_findings; i++) {
    const struct wspec_finding *finding = &play->result.findings[i];
    if (finding->connection == connection && strcmp(finding->requirement, requirement) == 0) {
      return true;
    }
  }
  return false;
}

void play_find(struct wspec_play *play, const char *requirement, unsigned connection,
               uint64_t offset, const char *format, ...) {
  if (was_found(play, requirement, connection)) {
    return;
  }
  struct wspec_buf message;
  wspec_buf_init(&message, MESSAGE_MAX);
  va_list arguments;
  va_start(arguments, format);
  enum wspec_err err = wspec_buf_vappendf(&message, format, arguments);
  va_end(arguments);
  char *text = err ? NULL : wspec_buf_take_text(&message);
  wspec_buf_clear(&message);
  if (err == WSPEC_ERR_NOMEM || (!err && !text)) {
    play_out_of_memory(play);
    return;
  }
  const struct wspec_requirement *known =
      play->config->requirements ? wspec_requirements_find(play->config->requirements, requirement)
                                 : NULL;
  struct wspec_finding finding = {
      .verdict = known ? verdict_of_level(known->level) : WSPEC_VERDICT_FAIL,
      .requirement = known ? known->id : requirement,
      .level = known ? known->keyword : "",
      .message = text ? text : (char *)(uintptr_t) "the details are too long to be shown",
      .connection = connection,
      .offset = offset,
      .at_us = play->now_us - play->began_us,
  };
  play_check(play, wspec_result_add(&play->result, &finding));
  free(text);
}

void play_find_full(struct wspec_play *play, enum wspec_verdict verdict,
                    const struct wspec_requirement *requirement, unsigned connection,
                    uint64_t offset, const char *message, const char *expected, const char *seen) {
  struct wspec_finding finding = {
      .verdict = verdict,
      .requirement = requirement ? requirement->id : "",
      .level = requirement ? requirement->keyword : "",
      .message = (char *)(uintptr_t)message,
      .expected = (char *)(uintptr_t)expected,
      .seen = (char *)(uintptr_t)seen,
      .connection = connection,
      .offset = offset,
      .at_us = play->now_us - play->began_us,
  };
  play_check(play, wspec_result_add(&play->result, &finding));
}

void play_transcribe(struct wspec_play *play, enum wspec_entry_kind kind, unsigned connection,
                     uint64_t offset, struct wspec_span octets) {
  struct wspec_entry entry = {
      .kind = kind,
      .connection = connection,
      .at_us = play->now_us - play->began_us,
      .offset = offset,
  };
  play_check(play, wspec_transcript_add(&play->result.transcript, &entry, octets));
}

void play_end_without_verdict(struct wspec_play *play, enum wspec_verdict verdict,
                              const char *format, ...) {
  struct wspec_buf reason;
  wspec_buf_init(&reason, MESSAGE_MAX);
  va_list arguments;
  va_start(arguments, format);
  enum wspec_err err = wspec_buf_vappendf(&reason, format, arguments);
  va_end(arguments);
  play->result.verdict = verdict;
  if (!err && !play->result.skip_reason) {
    play->result.skip_reason = wspec_buf_take_text(&reason);
  }
  wspec_buf_clear(&reason);
  play->violated = true;
}

void play_skip(struct wspec_play *play, const char *reason) {
  play_end_without_verdict(play, WSPEC_VERDICT_SKIP, "%s", reason);
}
