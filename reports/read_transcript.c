#include "reports/read_transcript.h"

#include "base/hex.h"
#include "case/script.h"

#include <cjson/cJSON.h>
#include <string.h>

static bool read_number(const cJSON *object, const char *name, uint64_t *out) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  bool fits = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= 0x1p53;
  *out = fits ? (uint64_t)item->valuedouble : 0;
  return fits;
}

static bool read_kind(const cJSON *object, enum wspec_entry_kind *kind) {
  const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "kind"));
  for (unsigned i = 0; name && i < WSPEC_N_ENTRY_KINDS; i++) {
    if (strcmp(name, wspec_entry_kind_name((enum wspec_entry_kind)i)) == 0) {
      *kind = (enum wspec_entry_kind)i;
      return true;
    }
  }
  return false;
}

/* What is wrong with the members of an entry but for its octets; NULL: nothing. */
static const char *read_members(const cJSON *item, struct wspec_entry *entry) {
  uint64_t connection = 0;
  if (!read_kind(item, &entry->kind)) {
    return "\"kind\" of an entry";
  }
  if (!read_number(item, "connection", &connection) || connection >= WSPEC_SCRIPT_CONNECTIONS_MAX) {
    return "\"connection\" of an entry";
  }
  entry->connection = (unsigned)connection;
  if (!read_number(item, "at_us", &entry->at_us)) {
    return "\"at_us\" of an entry";
  }
  return read_number(item, "offset", &entry->offset) ? NULL : "\"offset\" of an entry";
}

static enum wspec_err read_octets(const cJSON *item, struct wspec_buf *octets, uint64_t *len,
                                  const char **wrong) {
  const cJSON *hex = cJSON_GetObjectItemCaseSensitive(item, "octets");
  *len = 0;
  if (!hex) {
    return WSPEC_OK;
  }
  enum wspec_err err = cJSON_IsString(hex) && read_number(item, "len", len)
                           ? wspec_hex_decode(wspec_span_text(hex->valuestring), octets, NULL)
                           : WSPEC_ERR_INPUT;
  if (err && err != WSPEC_ERR_NOMEM) {
    *wrong = "\"octets\" of an entry, hex, with its \"len\"";
    err = WSPEC_ERR_INPUT;
  } else if (!err && octets->len > *len) {
    *wrong = "\"len\" of an entry: it has more octets";
    err = WSPEC_ERR_INPUT;
  }
  return err;
}

static enum wspec_err add_entry(struct wspec_transcript *transcript, const cJSON *item,
                                struct wspec_buf *octets, const char **wrong) {
  struct wspec_entry entry = {.kind = WSPEC_ENTRY_STEP};
  uint64_t last_us =
      transcript->n_entries > 0 ? transcript->entries[transcript->n_entries - 1].at_us : 0;
  *wrong = read_members(item, &entry);
  if (!*wrong && entry.at_us < last_us) {
    *wrong = "\"at_us\" of an entry: it is before the one in front of it";
  }
  if (*wrong) {
    return WSPEC_ERR_INPUT;
  }
  uint64_t len;
  wspec_buf_reset(octets);
  enum wspec_err err = read_octets(item, octets, &len, wrong);
  err = err ? err : wspec_transcript_add(transcript, &entry, wspec_buf_span(octets));
  /* What we sent is not judged: the play sends it again. */
  bool is_short = entry.kind == WSPEC_ENTRY_RECEIVED && octets->len < len;
  bool is_full = transcript->n_entries >= WSPEC_TRANSCRIPT_ENTRIES_MAX;
  transcript->elided = transcript->elided || is_short || is_full;
  return err;
}

enum wspec_err wspec_transcript_read(struct wspec_transcript *transcript, const cJSON *array,
                                     const char **wrong) {
  wspec_transcript_init(transcript);
  struct wspec_buf octets;
  wspec_buf_init(&octets, WSPEC_TRANSCRIPT_OCTETS_MAX);
  enum wspec_err err = WSPEC_OK;
  *wrong = NULL;
  if (!cJSON_IsArray(array)) {
    *wrong = "\"transcript\", an array";
    err = WSPEC_ERR_INPUT;
  }
  for (const cJSON *item = err ? NULL : array->child; item && !err; item = item->next) {
    err = add_entry(transcript, item, &octets, wrong);
  }
  wspec_buf_clear(&octets);
  return err;
}
