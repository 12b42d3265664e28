/* transcript: every octet and event of a case, both ways, with times. With the script and the
 * play's configuration it is enough to judge the case again without the target. */
#ifndef WSPEC_PLAY_TRANSCRIPT_H
#define WSPEC_PLAY_TRANSCRIPT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wspec_entry_kind {
  WSPEC_ENTRY_CONNECT,   /* we asked for a connection */
  WSPEC_ENTRY_CONNECTED, /* and it stands */
  WSPEC_ENTRY_REFUSED,   /* or could not be made; octets hold the reason */
  WSPEC_ENTRY_SENT,      /* octets from us */
  WSPEC_ENTRY_RECEIVED,  /* octets from the target */
  WSPEC_ENTRY_FIN_SENT,
  WSPEC_ENTRY_FIN_RECEIVED,
  WSPEC_ENTRY_RESET_SENT,
  WSPEC_ENTRY_RESET_RECEIVED,
  WSPEC_ENTRY_STEP /* the player began step `offset` of the script */
};
enum { WSPEC_N_ENTRY_KINDS = 10 };

/* wspec_entry_kind_name returns "connect", "sent", ...; static storage. */
const char *wspec_entry_kind_name(enum wspec_entry_kind kind);

struct wspec_entry {
  enum wspec_entry_kind kind;
  unsigned connection;
  uint64_t at_us;      /* since the case began */
  uint64_t offset;     /* SENT, RECEIVED: of the first octet in that direction */
  uint64_t len;        /* SENT, RECEIVED: octets that passed */
  size_t octets_start; /* private: where the kept ones lie; see wspec_transcript_octets */
  size_t octets_len;   /* kept; fewer than `len` where they were elided */
};

/* A transcript. Zeroed is empty and keeps nothing; wspec_transcript_init opens it. */
struct wspec_transcript {
  struct wspec_entry *entries; /* read-only for users */
  size_t n_entries;
  size_t capacity;         /* private */
  struct wspec_buf octets; /* private */
  bool elided;             /* octets or entries were left out: it cannot be judged again */
};

enum {
  WSPEC_TRANSCRIPT_ENTRIES_MAX = 20000,
  WSPEC_TRANSCRIPT_OCTETS_MAX = 256 * 1024 /* kept in all; the start of a chunk beyond is kept */
};

void wspec_transcript_init(struct wspec_transcript *transcript);

/* wspec_transcript_clear frees all and zeroes; fine on a zeroed one. */
void wspec_transcript_clear(struct wspec_transcript *transcript);

/* wspec_transcript_add appends an entry; `octets` are copied as far as there is room, the rest is
 * elided. Consecutive chunks of one direction and connection at the same time become one entry.
 * WSPEC_ERR_NOMEM: nothing was added. */
WSPEC_MUST_USE enum wspec_err wspec_transcript_add(struct wspec_transcript *transcript,
                                                   const struct wspec_entry *entry,
                                                   struct wspec_span octets);

/* wspec_transcript_octets returns the octets kept of an entry, borrowed until the next add. */
struct wspec_span wspec_transcript_octets(const struct wspec_transcript *transcript,
                                          const struct wspec_entry *entry);

#endif
