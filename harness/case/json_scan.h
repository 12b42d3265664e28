/* json_scan: walks JSON text by its grammar (RFC 8259), strictly, and notes where each value
 * stands. cJSON makes the tree, but keeps no positions, says of a mistake only where it gave up,
 * and takes some texts that are not JSON. */
#ifndef WSPEC_CASE_JSON_SCAN_H
#define WSPEC_CASE_JSON_SCAN_H

#include "base/err.h"
#include "base/span.h"
#include "case/place.h"

#include <stddef.h>

enum {
  WSPEC_JSON_DEPTH_MAX = 32,    /* arrays and objects within one another */
  WSPEC_JSON_MEMBERS_MAX = 1024 /* of one object: keeps the search for twins cheap */
};

/* Where one value stands, in octets from the start of the text. */
struct wspec_json_place {
  size_t key;               /* its key, if it is a member of an object; else as `value` */
  size_t value;             /* its first octet */
  struct wspec_place place; /* not set by the scan: room for the caller; */
  const void *item;         /* so is this */
};

/* All values of a text, each before those within it. */
struct wspec_json_places {
  struct wspec_json_place *items;
  size_t n_items;
  size_t capacity; /* private */
};

/* What is wrong, and where. */
struct wspec_json_fault {
  size_t offset;       /* in octets */
  const char *message; /* static storage: "expected ',' or ']'" */
};

/* wspec_json_scan reads `text` and fills `places` (zeroed before), to be freed with
 * wspec_json_places_clear whatever the outcome. WSPEC_ERR_SYNTAX: `fault` says what; also for NUL
 * octets, text that is not UTF-8, and \u0000, which a C string cannot hold. WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_json_scan(struct wspec_span text,
                                              struct wspec_json_places *places,
                                              struct wspec_json_fault *fault);

/* wspec_json_places_clear frees the list; zeroed is fine. */
void wspec_json_places_clear(struct wspec_json_places *places);

#endif
