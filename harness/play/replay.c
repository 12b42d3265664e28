#include "play/replay.h"

/* Deadlines that one play may pass, and actions between two of them. */
enum { ROUNDS_MAX = 1000000 };

/* What the play wants is not done: what came of it stands in the transcript. */
static void drain(struct wspec_play *play, uint64_t now_us) {
  struct wspec_action action;
  while (wspec_play_next(play, now_us, &action)) {
  }
}

/* Lets all deadlines pass; false: that is not the end of the play, or they are too many. */
static bool pass_time(struct wspec_play *play) {
  for (unsigned round = 0; round < ROUNDS_MAX; round++) {
    uint64_t deadline_us = wspec_play_deadline(play);
    if (deadline_us == UINT64_MAX) {
      break;
    }
    wspec_play_time(play, deadline_us);
    drain(play, deadline_us);
  }
  return wspec_play_is_done(play);
}

/* One entry. When the play noticed that a deadline had passed is told by what it did then, and by
 * nothing else: on a busy machine it woke up late, and read first what had come meanwhile. */
static void feed(struct wspec_play *play, const struct wspec_transcript *transcript,
                 const struct wspec_entry *entry) {
  struct wspec_span octets = wspec_transcript_octets(transcript, entry);
  switch (entry->kind) {
  case WSPEC_ENTRY_CONNECTED:
    wspec_play_connected(play, entry->connection, entry->at_us);
    break;
  case WSPEC_ENTRY_REFUSED:
    wspec_play_refused(play, entry->connection, "refused", entry->at_us);
    break;
  case WSPEC_ENTRY_RECEIVED:
    wspec_play_received(play, entry->connection, octets, entry->at_us);
    break;
  case WSPEC_ENTRY_FIN_RECEIVED:
    wspec_play_eof(play, entry->connection, entry->at_us);
    break;
  case WSPEC_ENTRY_RESET_RECEIVED:
    wspec_play_reset(play, entry->connection, entry->at_us);
    break;
  case WSPEC_ENTRY_CONNECT:
  case WSPEC_ENTRY_SENT:
  case WSPEC_ENTRY_FIN_SENT:
  case WSPEC_ENTRY_RESET_SENT:
  case WSPEC_ENTRY_STEP:
    wspec_play_time(play, entry->at_us);
    break;
  }
  drain(play, entry->at_us);
}

enum wspec_err wspec_replay(const struct wspec_script *script,
                            const struct wspec_play_config *config,
                            const struct wspec_transcript *transcript,
                            struct wspec_result *result) {
  *result = (struct wspec_result){.script = script};
  if (transcript->elided) {
    return WSPEC_ERR_LIMIT;
  }
  /* A client that the case has sent to a resource of its own was not told that of the run. */
  struct wspec_play_config told = *config;
  told.target = script->uri ? NULL : config->target;
  struct wspec_play *play = wspec_play_new(script, &told, 0);
  if (!play) {
    return WSPEC_ERR_NOMEM;
  }
  drain(play, 0);
  for (size_t i = 0; i < transcript->n_entries; i++) {
    feed(play, transcript, &transcript->entries[i]);
  }
  bool ended = pass_time(play);
  if (ended) {
    wspec_play_take_result(play, result);
  }
  wspec_play_free(play);
  return ended ? WSPEC_OK : WSPEC_ERR_INTERNAL;
}
