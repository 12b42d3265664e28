#include "reports/record.h"

#include "base/buf.h"
#include "base/hex.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* Of a chunk longer than CHUNK_MAX, so many octets of its start, of its end, and before and behind
 * an octet that a finding points at are kept. */
enum { CHUNK_MAX = 4096, CHUNK_HEAD = 512, CHUNK_TAIL = 128, AROUND_FINDING = 64 };

/* A transcript with more octets or entries than this is long: of each direction of a connection only
 * the first octets, the last ones and those with a finding are kept, and entries of which nothing is
 * kept become one. */
enum { LONG_OCTETS = 64 * 1024, LONG_ENTRIES = 1000, LONG_HEAD = 8192, LONG_TAIL = 256 };

/* A result on its way, with what options ask of it. */
struct maker {
  const struct wspec_result *result;
  const struct wspec_record_options *options;
  bool failed; /* memory ran out: sticky */
  bool elided;
};

/* ---- Values ---- */

/* cJSON's own functions return NULL where memory ran out, and take NULL: one check at the end is
 * enough if each step tells. */
static void add(struct maker *maker, const void *added) {
  maker->failed = maker->failed || !added;
}

static void add_text(struct maker *maker, cJSON *object, const char *name, const char *text) {
  add(maker,
      text ? cJSON_AddStringToObject(object, name, text) : cJSON_AddNullToObject(object, name));
}

static void add_number(struct maker *maker, cJSON *object, const char *name, uint64_t number) {
  add(maker, cJSON_AddNumberToObject(object, name, (double)number));
}

static void add_bool(struct maker *maker, cJSON *object, const char *name, bool value) {
  add(maker, cJSON_AddBoolToObject(object, name, value));
}

static cJSON *add_array(struct maker *maker, cJSON *object, const char *name) {
  cJSON *array = cJSON_AddArrayToObject(object, name);
  add(maker, array);
  return array;
}

static cJSON *add_element(struct maker *maker, cJSON *array) {
  cJSON *object = cJSON_CreateObject();
  add(maker, object);
  if (!cJSON_AddItemToArray(array, object)) {
    cJSON_Delete(object);
    maker->failed = true;
    return NULL;
  }
  return object;
}

bool wspec_record_add_texts(cJSON *object, const char *name, const char *const *texts, size_t n) {
  cJSON *array = cJSON_AddArrayToObject(object, name);
  for (size_t i = 0; i < n && array; i++) {
    cJSON *text = cJSON_CreateString(texts[i]);
    if (!text || !cJSON_AddItemToArray(array, text)) {
      cJSON_Delete(text);
      return false;
    }
  }
  return array != NULL;
}

bool wspec_record_replace(cJSON *object, const char *name, cJSON *item) {
  bool is_there = cJSON_GetObjectItemCaseSensitive(object, name) != NULL;
  bool done = is_there ? cJSON_ReplaceItemInObjectCaseSensitive(object, name, item)
                       : cJSON_AddItemToObject(object, name, item);
  if (!done) {
    cJSON_Delete(item);
  }
  return done && item->string; /* cJSON does not tell that it could not copy the name */
}

/* ---- Findings and close ---- */

static void add_finding(struct maker *maker, cJSON *item, const struct wspec_finding *finding) {
  add_text(maker, item, "verdict", wspec_verdict_name(finding->verdict));
  add_text(maker, item, "requirement", finding->requirement[0] ? finding->requirement : NULL);
  add_text(maker, item, "level", finding->level[0] ? finding->level : NULL);
  add_text(maker, item, "message", finding->message);
  add_text(maker, item, "expected", finding->expected);
  add_text(maker, item, "seen", finding->seen);
  add_number(maker, item, "connection", finding->connection);
  if (finding->offset == WSPEC_OFFSET_NONE) {
    add(maker, cJSON_AddNullToObject(item, "offset"));
  } else {
    add_number(maker, item, "offset", finding->offset);
  }
  add_number(maker, item, "at_us", finding->at_us);
}

static void add_findings(struct maker *maker, cJSON *object) {
  cJSON *array = add_array(maker, object, "findings");
  for (size_t i = 0; i < maker->result->n_findings && !maker->failed; i++) {
    add_finding(maker, add_element(maker, array), &maker->result->findings[i]);
  }
}

static void add_close(struct maker *maker, cJSON *object) {
  static const char *const sides[] = {"nobody", "target", "peer"};
  const struct wspec_close_result *close = &maker->result->close;
  cJSON *item = cJSON_AddObjectToObject(object, "close");
  add(maker, item);
  add_number(maker, item, "code", close->status_code);
  add_text(maker, item, "reason", close->reason);
  add_text(maker, item, "by", sides[close->by]);
  add_bool(maker, item, "clean", close->clean);
}

/* ---- Transcript ---- */

/* The octets of one entry with marks: which are kept, and which are a secret. */
struct chunk {
  const struct wspec_entry *entry;
  const uint8_t *octets;
  size_t len;
  uint8_t *keep; /* 0: elided, 1: kept, 2: kept, but as '*' */
};

static void mark(struct chunk *chunk, size_t first, size_t end, uint8_t how) {
  for (size_t i = first; i < end && i < chunk->len; i++) {
    chunk->keep[i] = chunk->keep[i] < how ? how : chunk->keep[i];
  }
}

static void keep_around_findings(const struct maker *maker, struct chunk *chunk) {
  const struct wspec_entry *entry = chunk->entry;
  for (size_t i = 0; i < maker->result->n_findings; i++) {
    const struct wspec_finding *finding = &maker->result->findings[i];
    bool is_here = finding->offset != WSPEC_OFFSET_NONE &&
                   finding->connection == entry->connection && finding->offset >= entry->offset &&
                   finding->offset - entry->offset < chunk->len;
    if (is_here) {
      size_t at = (size_t)(finding->offset - entry->offset);
      mark(chunk, at < AROUND_FINDING ? 0 : at - AROUND_FINDING, at + AROUND_FINDING, 1);
    }
  }
}

static void hide_secrets(const struct maker *maker, struct chunk *chunk) {
  for (size_t i = 0; i < maker->options->n_secrets; i++) {
    const char *secret = maker->options->secrets[i];
    size_t len = strlen(secret);
    for (size_t at = 0; len > 0 && at + len <= chunk->len; at++) {
      if (memcmp(chunk->octets + at, secret, len) == 0) {
        mark(chunk, at, at + len, 2);
      }
    }
  }
}

static void choose_octets(const struct maker *maker, struct chunk *chunk) {
  if (chunk->len <= CHUNK_MAX) {
    mark(chunk, 0, chunk->len, 1);
  } else {
    mark(chunk, 0, CHUNK_HEAD, 1);
    mark(chunk, chunk->len - CHUNK_TAIL, chunk->len, 1);
  }
  if (chunk->entry->kind == WSPEC_ENTRY_RECEIVED) {
    keep_around_findings(maker, chunk);
  } else if (chunk->entry->kind == WSPEC_ENTRY_SENT) {
    hide_secrets(maker, chunk);
  }
}

/* The octets from `first` to `end` as hex; NULL: out of memory. */
static char *to_hex(const struct chunk *chunk, size_t first, size_t end) {
  struct wspec_buf shown, hex;
  wspec_buf_init(&shown, end - first);
  wspec_buf_init(&hex, 2 * (end - first));
  enum wspec_err err = wspec_buf_append(&shown, chunk->octets + first, end - first);
  for (size_t i = first; i < end && !err; i++) {
    shown.data[i - first] = chunk->keep[i] == 2 ? '*' : shown.data[i - first];
  }
  err = err ? err : wspec_hex_encode(wspec_buf_span(&shown), '\0', &hex);
  char *text = err ? NULL : wspec_buf_take_text(&hex);
  wspec_buf_clear(&shown);
  wspec_buf_clear(&hex);
  return text;
}

static size_t end_of_kept(const struct chunk *chunk, size_t first) {
  while (first < chunk->len && chunk->keep[first]) {
    first++;
  }
  return first;
}

static void add_hex(struct maker *maker, cJSON *object, const struct chunk *chunk, size_t first,
                    size_t end) {
  char *hex = to_hex(chunk, first, end);
  add(maker, hex);
  if (hex) {
    add_text(maker, object, "octets", hex);
  }
  free(hex);
}

/* The first kept run is the entry's own "octets"; those behind a gap are "more" of it. */
static void add_runs(struct maker *maker, cJSON *item, const struct chunk *chunk) {
  size_t end = end_of_kept(chunk, 0);
  add_hex(maker, item, chunk, 0, end);
  cJSON *more = end < chunk->len ? add_array(maker, item, "more") : NULL;
  maker->elided = maker->elided || more;
  while (end < chunk->len && !maker->failed) {
    size_t first = end;
    while (first < chunk->len && !chunk->keep[first]) {
      first++;
    }
    end = end_of_kept(chunk, first);
    if (end > first) {
      cJSON *run = add_element(maker, more);
      add_number(maker, run, "offset", chunk->entry->offset + first);
      add_hex(maker, run, chunk, first, end);
    }
  }
}

static void add_octets(struct maker *maker, cJSON *item, const struct wspec_entry *entry,
                       struct wspec_span octets) {
  struct chunk chunk = {.entry = entry, .octets = octets.data, .len = octets.len};
  chunk.keep = calloc(octets.len + 1, 1);
  add(maker, chunk.keep);
  add_number(maker, item, "len", entry->len);
  if (chunk.keep) {
    choose_octets(maker, &chunk);
    add_runs(maker, item, &chunk);
  }
  free(chunk.keep);
}

static cJSON *add_entry(struct maker *maker, cJSON *array, const struct wspec_entry *entry) {
  cJSON *item = add_element(maker, array);
  add_text(maker, item, "kind", wspec_entry_kind_name(entry->kind));
  add_number(maker, item, "connection", entry->connection);
  add_number(maker, item, "at_us", entry->at_us);
  add_number(maker, item, "offset", entry->offset);
  return item;
}

/* What a long transcript is shortened by: how many octets passed on each connection, from us and from
 * the target, and entries on their way into one. */
struct shortening {
  bool is_long;
  uint64_t ends[WSPEC_SCRIPT_CONNECTIONS_MAX][2];
  struct wspec_entry left_out[2]; /* from us, from the target; `len` 0: none */
};

static bool is_octets(const struct wspec_entry *entry) {
  return entry->len > 0 &&
         (entry->kind == WSPEC_ENTRY_SENT || entry->kind == WSPEC_ENTRY_RECEIVED) &&
         entry->connection < WSPEC_SCRIPT_CONNECTIONS_MAX;
}

static struct shortening plan_shortening(const struct wspec_transcript *transcript) {
  struct shortening shortening = {.is_long = transcript->octets.len > LONG_OCTETS ||
                                             transcript->n_entries > LONG_ENTRIES};
  for (size_t i = 0; i < transcript->n_entries; i++) {
    const struct wspec_entry *entry = &transcript->entries[i];
    if (is_octets(entry)) {
      bool is_received = entry->kind == WSPEC_ENTRY_RECEIVED;
      shortening.ends[entry->connection][is_received] = entry->offset + entry->len;
    }
  }
  return shortening;
}

static bool has_finding(const struct maker *maker, const struct wspec_entry *entry) {
  for (size_t i = 0; i < maker->result->n_findings; i++) {
    const struct wspec_finding *finding = &maker->result->findings[i];
    if (finding->offset != WSPEC_OFFSET_NONE && finding->connection == entry->connection &&
        finding->offset + AROUND_FINDING >= entry->offset &&
        finding->offset < entry->offset + entry->len + AROUND_FINDING) {
      return entry->kind == WSPEC_ENTRY_RECEIVED;
    }
  }
  return false;
}

static bool is_left_out(const struct maker *maker, const struct shortening *shortening,
                        const struct wspec_entry *entry) {
  if (!shortening->is_long || !is_octets(entry) || entry->offset < LONG_HEAD) {
    return false;
  }
  bool is_received = entry->kind == WSPEC_ENTRY_RECEIVED;
  uint64_t end = shortening->ends[entry->connection][is_received];
  return entry->offset + entry->len + LONG_TAIL < end && !has_finding(maker, entry);
}

static void add_left_out(struct maker *maker, cJSON *array, struct shortening *shortening) {
  unsigned first = shortening->left_out[1].at_us < shortening->left_out[0].at_us;
  for (unsigned i = 0; i < 2; i++) {
    struct wspec_entry *entry = &shortening->left_out[i ? 1 - first : first];
    if (entry->len > 0) {
      cJSON *item = add_entry(maker, array, entry);
      add_number(maker, item, "len", entry->len);
      add_text(maker, item, "octets", "");
      add(maker, add_array(maker, item, "more"));
      maker->elided = true;
    }
    entry->len = 0;
  }
}

/* Takes an entry of which nothing is kept; others of the same direction and connection join it. */
static void leave_out(struct maker *maker, cJSON *array, struct shortening *shortening,
                      const struct wspec_entry *entry) {
  struct wspec_entry *one = &shortening->left_out[entry->kind == WSPEC_ENTRY_RECEIVED];
  if (one->len > 0 && one->connection != entry->connection) {
    add_left_out(maker, array, shortening);
  }
  if (one->len == 0) {
    *one = *entry;
  } else {
    one->len += entry->len;
  }
}

static void add_transcript(struct maker *maker, cJSON *object, const char *name,
                           const struct wspec_transcript *transcript) {
  cJSON *array = add_array(maker, object, name);
  struct shortening shortening = plan_shortening(transcript);
  maker->elided = maker->elided || transcript->elided;
  for (size_t i = 0; i < transcript->n_entries && !maker->failed; i++) {
    const struct wspec_entry *entry = &transcript->entries[i];
    if (is_left_out(maker, &shortening, entry)) {
      leave_out(maker, array, &shortening, entry);
      continue;
    }
    add_left_out(maker, array, &shortening);
    cJSON *item = add_entry(maker, array, entry);
    if (entry->len > 0) {
      add_octets(maker, item, entry, wspec_transcript_octets(transcript, entry));
    }
  }
  add_left_out(maker, array, &shortening);
}

/* ---- The whole ---- */

static void add_script(struct maker *maker, cJSON *object) {
  const struct wspec_script *script = maker->result->script;
  add_text(maker, object, "id", script->id);
  add_text(maker, object, "spec", script->spec);
  add_text(maker, object, "section", script->section);
  add_text(maker, object, "summary", script->summary);
  cJSON *array = add_array(maker, object, "requirements");
  for (size_t i = 0; i < script->n_requirements && !maker->failed; i++) {
    cJSON *id = cJSON_CreateString(script->requirements[i]->id);
    add(maker, id);
    maker->failed = maker->failed || !cJSON_AddItemToArray(array, id);
  }
  maker->failed = maker->failed ||
                  !wspec_record_add_texts(object, "tags", script->tags, script->n_tags) ||
                  !wspec_record_add_texts(object, "autobahn", script->autobahn, script->n_autobahn);
}

static void add_known(struct maker *maker, cJSON *object) {
  const struct wspec_record_options *options = maker->options;
  if (options->known_reason) {
    cJSON *known = cJSON_AddObjectToObject(object, "known");
    add(maker, known);
    add_text(maker, known, "reason", options->known_reason);
    add_text(maker, known, "link", options->known_link);
  }
}

static void add_transcripts(struct maker *maker, cJSON *object) {
  const struct wspec_result *result = maker->result;
  bool is_quiet = result->verdict == WSPEC_VERDICT_PASS || result->verdict == WSPEC_VERDICT_SKIP;
  if (is_quiet && !maker->options->has_transcript && !result->flaky) {
    return;
  }
  add_transcript(maker, object, "transcript", &result->transcript);
  if (result->flaky) {
    add_transcript(maker, object, "flaky_transcript", &result->flaky_transcript);
  }
  add_bool(maker, object, "elided", maker->elided);
}

cJSON *wspec_record_to_json(const struct wspec_result *result,
                            const struct wspec_record_options *options) {
  struct maker maker = {.result = result, .options = options};
  cJSON *object = cJSON_CreateObject();
  add(&maker, object);
  add_script(&maker, object);
  add_text(&maker, object, "verdict", wspec_verdict_name(result->verdict));
  add_bool(&maker, object, "flaky", result->flaky);
  if (result->unconfirmed) {
    add_bool(&maker, object, "unconfirmed", true);
  }
  add(&maker, cJSON_AddNumberToObject(object, "duration_ms", (double)result->duration_us / 1000));
  add_findings(&maker, object);
  add_close(&maker, object);
  add_text(&maker, object, "skip_reason", result->skip_reason);
  if (result->output) {
    add_text(&maker, object, "output", result->output);
  }
  add_known(&maker, object);
  add_transcripts(&maker, object);
  if (maker.failed) {
    cJSON_Delete(object);
    return NULL;
  }
  return object;
}
