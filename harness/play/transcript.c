#include "play/transcript.h"

#include <stdlib.h>

/* Of a chunk that does not fit any more, so much is still kept: what it began with. */
enum { ELIDED_HEAD = 64 };

const char *wspec_entry_kind_name(enum wspec_entry_kind kind) {
  switch (kind) {
  case WSPEC_ENTRY_CONNECT:
    return "connect";
  case WSPEC_ENTRY_CONNECTED:
    return "connected";
  case WSPEC_ENTRY_REFUSED:
    return "refused";
  case WSPEC_ENTRY_SENT:
    return "sent";
  case WSPEC_ENTRY_RECEIVED:
    return "received";
  case WSPEC_ENTRY_FIN_SENT:
    return "fin-sent";
  case WSPEC_ENTRY_FIN_RECEIVED:
    return "fin-received";
  case WSPEC_ENTRY_RESET_SENT:
    return "reset-sent";
  case WSPEC_ENTRY_RESET_RECEIVED:
    return "reset-received";
  case WSPEC_ENTRY_STEP:
    return "step";
  }
  return "unknown";
}

void wspec_transcript_init(struct wspec_transcript *transcript) {
  *transcript = (struct wspec_transcript){0};
  wspec_buf_init(&transcript->octets, WSPEC_TRANSCRIPT_OCTETS_MAX + ELIDED_HEAD);
}

void wspec_transcript_clear(struct wspec_transcript *transcript) {
  free(transcript->entries);
  wspec_buf_clear(&transcript->octets);
  *transcript = (struct wspec_transcript){0};
}

static size_t octets_to_keep(const struct wspec_transcript *transcript, size_t len) {
  size_t room = transcript->octets.len < WSPEC_TRANSCRIPT_OCTETS_MAX
                    ? WSPEC_TRANSCRIPT_OCTETS_MAX - transcript->octets.len
                    : 0;
  if (len <= room) {
    return len;
  }
  size_t hard_room = transcript->octets.ceiling - transcript->octets.len;
  size_t head = len < ELIDED_HEAD ? len : ELIDED_HEAD;
  return room > head ? room : (head < hard_room ? head : hard_room);
}

/* The last entry, if `entry` is only more octets of it. Received octets are never joined: the
 * borders of the chunks are part of what is judged again. */
static struct wspec_entry *entry_to_extend(struct wspec_transcript *transcript,
                                           const struct wspec_entry *entry) {
  if (transcript->n_entries == 0 || entry->kind != WSPEC_ENTRY_SENT) {
    return NULL;
  }
  struct wspec_entry *last = &transcript->entries[transcript->n_entries - 1];
  bool joins = last->kind == entry->kind && last->connection == entry->connection &&
               last->at_us == entry->at_us && last->octets_len == last->len;
  return joins ? last : NULL;
}

static enum wspec_err grow_entries(struct wspec_transcript *transcript) {
  if (transcript->n_entries < transcript->capacity) {
    return WSPEC_OK;
  }
  size_t capacity = transcript->capacity ? transcript->capacity * 2 : 32;
  struct wspec_entry *entries = realloc(transcript->entries, capacity * sizeof *entries);
  if (!entries) {
    return WSPEC_ERR_NOMEM;
  }
  transcript->entries = entries;
  transcript->capacity = capacity;
  return WSPEC_OK;
}

enum wspec_err wspec_transcript_add(struct wspec_transcript *transcript,
                                    const struct wspec_entry *entry, struct wspec_span octets) {
  struct wspec_entry *last = entry_to_extend(transcript, entry);
  if (!last && transcript->n_entries >= WSPEC_TRANSCRIPT_ENTRIES_MAX) {
    transcript->elided = true;
    return WSPEC_OK;
  }
  if (!last) {
    enum wspec_err err = grow_entries(transcript);
    if (err) {
      return err;
    }
  }
  size_t kept = octets_to_keep(transcript, octets.len);
  size_t start = transcript->octets.len;
  enum wspec_err err = wspec_buf_append(&transcript->octets, octets.data, kept);
  if (err) {
    return err;
  }
  transcript->elided = transcript->elided || kept < octets.len;
  if (last) {
    last->len += octets.len;
    last->octets_len += kept;
    return WSPEC_OK;
  }
  struct wspec_entry *added = &transcript->entries[transcript->n_entries++];
  *added = *entry;
  added->len = octets.len;
  added->octets_start = start;
  added->octets_len = kept;
  return WSPEC_OK;
}

struct wspec_span wspec_transcript_octets(const struct wspec_transcript *transcript,
                                          const struct wspec_entry *entry) {
  if (entry->octets_len == 0) {
    return (struct wspec_span){NULL, 0};
  }
  return wspec_span_of(transcript->octets.data + entry->octets_start, entry->octets_len);
}
