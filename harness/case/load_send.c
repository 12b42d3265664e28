#include "base/buf.h"
#include "base/hex.h"
#include "case/load_parts.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { SEGMENT_MAX = 1 << 30, DELAY_MAX_MS = 10000, OPCODE_MAX = 15 };

static const char *const OPCODE_NAMES[] = {"text", "binary", "continuation",
                                           "ping", "pong",   "close"};
static const uint8_t OPCODES[] = {0x1, 0x2, 0x0, 0x9, 0xA, 0x8};

/* ---- Sizes and segments ---- */

static uint64_t *load_sizes(struct wspec_reader *reader, const cJSON *item, uint64_t min,
                            size_t *n_out) {
  const cJSON *element;
  int n = wspec_reader_array(reader, item, 1, &element);
  *n_out = 0;
  if (n < 0) {
    return NULL;
  }
  uint64_t *sizes = wspec_reader_alloc(reader, (size_t)n, sizeof *sizes);
  for (; element && sizes; element = element->next) {
    sizes[(*n_out)++] = wspec_reader_uint(reader, element, min, SEGMENT_MAX);
  }
  return sizes;
}

void wspec_load_segments(struct wspec_reader *reader, const cJSON *item,
                         struct wspec_segments *out) {
  static const char *const members[] = {"sizes", "every", "delay_ms"};
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (cJSON_IsNumber(value)) {
    out->every = wspec_reader_uint(reader, item, 1, SEGMENT_MAX);
    return;
  }
  if (cJSON_IsArray(value)) {
    out->sizes = load_sizes(reader, item, 1, &out->n_sizes);
    return;
  }
  if (!cJSON_IsObject(value)) {
    wspec_reader_expected(reader, item,
                          "segments: a size, an array of sizes, or an object with \"sizes\", "
                          "\"every\" and \"delay_ms\"");
    return;
  }
  (void)wspec_reader_object(reader, item, members, COUNT(members));
  const cJSON *sizes = wspec_reader_member(value, "sizes");
  const cJSON *every = wspec_reader_member(value, "every");
  const cJSON *delay = wspec_reader_member(value, "delay_ms");
  if (!sizes && !every) {
    wspec_reader_complain(reader, item, "expected \"sizes\", \"every\" or both");
  }
  out->sizes = sizes ? load_sizes(reader, sizes, 1, &out->n_sizes) : NULL;
  out->every = every ? wspec_reader_uint(reader, every, 1, SEGMENT_MAX) : 0;
  out->delay_ms = delay ? (unsigned)wspec_reader_uint(reader, delay, 0, DELAY_MAX_MS) : 0;
}

/* ---- Frames ---- */

static uint8_t load_opcode(struct wspec_reader *reader, const cJSON *item) {
  if (cJSON_IsNumber(wspec_reader_resolve(reader, item))) {
    return (uint8_t)wspec_reader_uint(reader, item, 0, OPCODE_MAX);
  }
  int index = wspec_reader_choice(reader, item, OPCODE_NAMES, COUNT(OPCODE_NAMES));
  return index < 0 ? 0 : OPCODES[index];
}

/* RSV1 is the highest of the three bits, 0x40. */
static uint8_t load_rsv(struct wspec_reader *reader, const cJSON *item) {
  const cJSON *element;
  uint8_t rsv = 0;
  (void)wspec_reader_array(reader, item, 0, &element);
  for (; element; element = element->next) {
    uint8_t bit = (uint8_t)(0x80 >> wspec_reader_uint(reader, element, 1, 3));
    if (rsv & bit) {
      wspec_reader_complain(reader, element, "this bit is there twice");
    }
    rsv |= bit;
  }
  return rsv;
}

static bool load_masking_key(struct wspec_reader *reader, const cJSON *item, uint8_t key[4]) {
  const char *text = item ? wspec_reader_text(reader, item) : NULL;
  if (!text) {
    return false;
  }
  struct wspec_buf buf;
  wspec_buf_init(&buf, 4);
  enum wspec_err err = wspec_hex_decode(wspec_span_text(text), &buf, NULL);
  bool right = !err && buf.len == 4;
  if (right) {
    memcpy(key, buf.data, 4);
  } else if (err == WSPEC_ERR_NOMEM) {
    reader->out_of_memory = true;
  } else {
    wspec_reader_expected(reader, item, "a masking key: 8 hexadecimal digits");
  }
  wspec_buf_clear(&buf);
  return right;
}

/* The largest lengths do not fit in a number of JSON, and are written as text. */
static uint64_t load_declared_len(struct wspec_reader *reader, const cJSON *item) {
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (!cJSON_IsString(value)) {
    return wspec_reader_uint(reader, item, 0, UINT64_C(1) << 53);
  }
  const char *digits = value->valuestring;
  uint64_t number = 0;
  size_t len = strspn(digits, "0123456789");
  bool right = len > 0 && digits[len] == '\0';
  for (size_t i = 0; i < len && right; i++) {
    uint64_t digit = (uint64_t)(digits[i] - '0');
    right = number <= (UINT64_MAX - digit) / 10;
    number = number * 10 + digit;
  }
  if (!right) {
    wspec_reader_expected(reader, item, "a length: 0 to 18446744073709551615, as text above 2^53");
  }
  return right ? number : 0;
}

static void load_wrong(struct wspec_reader *reader, const cJSON *item,
                       struct wspec_frame_plan *out) {
  static const char *const members[] = {"mask",   "masking_key",   "length_form", "declared_length",
                                        "cut_at", "cut_payload_at"};
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  if (!object) {
    return;
  }
  const cJSON *mask = wspec_reader_member(object, "mask");
  const cJSON *key = wspec_reader_member(object, "masking_key");
  const cJSON *form = wspec_reader_member(object, "length_form");
  const cJSON *declared = wspec_reader_member(object, "declared_length");
  const cJSON *cut = wspec_reader_member(object, "cut_at");
  const cJSON *cut_payload = wspec_reader_member(object, "cut_payload_at");
  if (mask) {
    out->mask = wspec_reader_bool(reader, mask) ? WSPEC_MASK_ON : WSPEC_MASK_OFF;
  }
  out->has_masking_key = load_masking_key(reader, key, out->masking_key);
  if (form) {
    out->length_form = (unsigned)wspec_reader_uint(reader, form, 7, 64);
    if (out->length_form != 7 && out->length_form != 16 && out->length_form != 64) {
      wspec_reader_expected(reader, form, "7, 16 or 64");
    }
  }
  out->has_declared_len = declared != NULL;
  out->declared_len = declared ? load_declared_len(reader, declared) : 0;
  if (cut && cut_payload) {
    wspec_reader_complain(reader, cut_payload,
                          "\"cut_at\" and \"cut_payload_at\" exclude each other");
  }
  out->cut_in_payload = cut_payload != NULL;
  cut = cut ? cut : cut_payload;
  out->has_cut = cut != NULL;
  out->cut_at = cut ? wspec_reader_uint(reader, cut, 0, WSPEC_PAYLOAD_LEN_MAX) : 0;
}

static void load_frame_members(struct wspec_reader *reader, const cJSON *object,
                               struct wspec_frame_plan *out) {
  const cJSON *fin = wspec_reader_member(object, "fin");
  const cJSON *rsv = wspec_reader_member(object, "rsv");
  const cJSON *payload = wspec_reader_member(object, "payload");
  const cJSON *wrong = wspec_reader_member(object, "wrong");
  const cJSON *key = wspec_reader_member(object, "masking_key");
  out->opcode = load_opcode(reader, wspec_reader_member(object, "frame"));
  out->fin = fin ? wspec_reader_bool(reader, fin) : true;
  out->rsv = rsv ? load_rsv(reader, rsv) : 0;
  if (payload) {
    wspec_load_payload(reader, payload, &out->payload);
  }
  if (wrong) {
    load_wrong(reader, wrong, out);
  }
  if (key) {
    if (out->has_masking_key) {
      wspec_reader_complain(reader, key, "the masking key is given in \"wrong\" already");
    }
    out->has_masking_key = load_masking_key(reader, key, out->masking_key);
  }
}

/* ---- Messages ---- */

static void load_fragments(struct wspec_reader *reader, const cJSON *item,
                           struct wspec_message_plan *out) {
  static const char *const members[] = {"every"};
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (cJSON_IsNumber(value)) {
    out->fragmentation = WSPEC_FRAGMENTS_COUNT;
    out->count = wspec_reader_uint(reader, item, 1, WSPEC_FRAGMENTS_MAX);
  } else if (cJSON_IsArray(value)) {
    out->fragmentation = WSPEC_FRAGMENTS_SIZES;
    out->sizes = load_sizes(reader, item, 0, &out->n_sizes);
  } else if (cJSON_IsObject(value) && wspec_reader_object(reader, item, members, 1) &&
             wspec_reader_one_of(reader, value, members, 1) == 0) {
    out->fragmentation = WSPEC_FRAGMENTS_EVERY;
    out->every =
        wspec_reader_uint(reader, wspec_reader_member(value, "every"), 1, WSPEC_PAYLOAD_LEN_MAX);
  } else if (!cJSON_IsObject(value)) {
    wspec_reader_expected(reader, item,
                          "fragments: a count, an array of sizes, or {\"every\": size}");
  }
}

static void load_interleave(struct wspec_reader *reader, const cJSON *item,
                            struct wspec_interleave *out) {
  static const char *const members[] = {"after",   "frame", "fin",        "rsv",
                                        "payload", "wrong", "masking_key"};
  static const char *const each[] = {"each"};
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  if (!object) {
    return;
  }
  const cJSON *after = wspec_reader_member(object, "after");
  if (!after || !wspec_reader_member(object, "frame")) {
    wspec_reader_complain(reader, item, "expected \"after\" and \"frame\"");
    return;
  }
  if (cJSON_IsNumber(wspec_reader_resolve(reader, after))) {
    out->after = wspec_reader_uint(reader, after, 0, WSPEC_FRAGMENTS_MAX);
  } else {
    out->after = UINT64_MAX;
    (void)wspec_reader_choice(reader, after, each, 1);
  }
  load_frame_members(reader, object, &out->frame);
}

static void load_between(struct wspec_reader *reader, const cJSON *item,
                         struct wspec_message_plan *out) {
  const cJSON *element;
  int n = wspec_reader_array(reader, item, 1, &element);
  if (n < 0) {
    return;
  }
  out->interleaves = wspec_reader_alloc(reader, (size_t)n, sizeof *out->interleaves);
  for (; element && out->interleaves; element = element->next) {
    load_interleave(reader, element, &out->interleaves[out->n_interleaves++]);
  }
  if (out->fragmentation == WSPEC_FRAGMENTS_NONE) {
    wspec_reader_complain(reader, item, "\"between\" needs \"fragments\"");
  }
}

static void load_message_members(struct wspec_reader *reader, const cJSON *object,
                                 struct wspec_message_plan *out) {
  const cJSON *payload = wspec_reader_member(object, "payload");
  const cJSON *fragments = wspec_reader_member(object, "fragments");
  const cJSON *between = wspec_reader_member(object, "between");
  const cJSON *compress = wspec_reader_member(object, "compress");
  int kind = wspec_reader_choice(reader, wspec_reader_member(object, "message"), OPCODE_NAMES, 2);
  out->opcode = kind < 0 ? 0x1 : OPCODES[kind];
  if (payload) {
    wspec_load_payload(reader, payload, &out->payload);
  }
  if (fragments) {
    load_fragments(reader, fragments, out);
  }
  if (between) {
    load_between(reader, between, out);
  }
  if (compress) {
    out->compress = wspec_load_compress(reader, compress, &out->payload);
  }
  out->has_masking_key =
      load_masking_key(reader, wspec_reader_member(object, "masking_key"), out->masking_key);
}

/* ---- Sends ---- */

static const char *const SEND_KINDS[] = {"frame", "message", "raw"};

/* Each kind has members of its own: its list of them makes the messages precise. */
static const cJSON *open_send(struct wspec_reader *reader, const cJSON *item, int *kind) {
  static const char *const frame[] = {"frame", "fin",         "rsv",    "payload",
                                      "wrong", "masking_key", "repeat", "as"};
  static const char *const message[] = {"message", "payload",   "fragments",
                                        "between", "compress",  "masking_key",
                                        "repeat",  "in_flight", "as"};
  static const char *const raw[] = {"raw", "repeat", "as"};
  const cJSON *object = wspec_reader_resolve(reader, item);
  if (!cJSON_IsObject(object)) {
    wspec_reader_expected(reader, item, "an object with \"frame\", \"message\" or \"raw\"");
    return NULL;
  }
  *kind = wspec_reader_one_of(reader, object, SEND_KINDS, COUNT(SEND_KINDS));
  switch (*kind) {
  case WSPEC_SEND_FRAME:
    return wspec_reader_object(reader, item, frame, COUNT(frame));
  case WSPEC_SEND_MESSAGE:
    return wspec_reader_object(reader, item, message, COUNT(message));
  case WSPEC_SEND_RAW:
    return wspec_reader_object(reader, item, raw, COUNT(raw));
  default:
    return NULL;
  }
}

static void load_send(struct wspec_reader *reader, const cJSON *item, struct wspec_send *out) {
  int kind = 0;
  const cJSON *object = open_send(reader, item, &kind);
  if (!object) {
    return;
  }
  const cJSON *repeat = wspec_reader_member(object, "repeat");
  const cJSON *label = wspec_reader_member(object, "as");
  out->kind = (enum wspec_send_kind)kind;
  out->repeat = repeat ? wspec_reader_uint(reader, repeat, 1, WSPEC_SEND_REPEAT_MAX) : 1;
  const cJSON *in_flight = wspec_reader_member(object, "in_flight");
  out->in_flight = in_flight ? wspec_reader_uint(reader, in_flight, 1, WSPEC_SEND_REPEAT_MAX) : 0;
  out->label = label ? wspec_reader_text(reader, label) : NULL;
  switch (out->kind) {
  case WSPEC_SEND_FRAME:
    load_frame_members(reader, object, &out->as.frame);
    break;
  case WSPEC_SEND_MESSAGE:
    load_message_members(reader, object, &out->as.message);
    break;
  case WSPEC_SEND_RAW:
    wspec_load_payload(reader, wspec_reader_member(object, "raw"), &out->as.raw);
    break;
  }
}

struct wspec_send *wspec_load_sends(struct wspec_reader *reader, const cJSON *item, size_t *n_out) {
  const cJSON *first = item;
  int n = 1;
  bool many = cJSON_IsArray(wspec_reader_resolve(reader, item));
  *n_out = 0;
  if (many) {
    n = wspec_reader_array(reader, item, 1, &first);
  }
  struct wspec_send *sends = n < 1 ? NULL : wspec_reader_alloc(reader, (size_t)n, sizeof *sends);
  if (!sends) {
    return NULL;
  }
  for (const cJSON *element = first; *n_out < (size_t)n; element = element->next) {
    load_send(reader, element, &sends[(*n_out)++]);
  }
  return sends;
}
