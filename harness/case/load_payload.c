#include "base/buf.h"
#include "base/hex.h"
#include "base/rng.h"
#include "case/load_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
  PARTS_MAX = 4096,
  DEPTH_MAX = 8,
  REPEATED_MAX = 1024 * 1024, /* octets of what "repeat" repeats, if it has several parts */
  HEX_MAX = 8 * 1024 * 1024,
  CODE_POINT_MAX = 0x10FFFF,
  SHUFFLE_PIECE = 8, /* unless given */
  SHUFFLE_PIECE_MAX = 4096
};

struct builder {
  struct wspec_reader *reader;
  struct wspec_payload *out;
  size_t capacity;
  unsigned depth;
};

static void add_payload(struct builder *builder, const cJSON *item);

/* ---- Parts ---- */

static void add_part(struct builder *builder, const cJSON *item, struct wspec_payload_part part) {
  struct wspec_payload *out = builder->out;
  if (part.len == 0) {
    return;
  }
  if (part.len > WSPEC_PAYLOAD_LEN_MAX - out->len || out->n_parts == PARTS_MAX) {
    wspec_reader_complain(builder->reader, item,
                          "a payload of more than 1 GiB, or of more than %d parts", PARTS_MAX);
    return;
  }
  if (out->n_parts == builder->capacity) {
    size_t capacity = builder->capacity ? builder->capacity * 4 : 1;
    struct wspec_payload_part *parts = wspec_reader_alloc(builder->reader, capacity, sizeof *parts);
    if (!parts) {
      return;
    }
    if (out->n_parts > 0) {
      memcpy(parts, out->parts, out->n_parts * sizeof *parts);
    }
    out->parts = parts;
    builder->capacity = capacity;
  }
  out->parts[out->n_parts++] = part;
  out->len += part.len;
}

static void add_literal(struct builder *builder, const cJSON *item, struct wspec_span octets,
                        uint64_t len) {
  add_part(
      builder, item,
      (struct wspec_payload_part){
          .kind = WSPEC_PAYLOAD_LITERAL, .len = len, .data = octets.data, .data_len = octets.len});
}

static void add_text(struct builder *builder, const cJSON *item) {
  struct wspec_span octets = wspec_span_text(wspec_reader_text(builder->reader, item));
  add_literal(builder, item, octets, octets.len);
}

/* Returns a copy in the arena of what `buf` holds. */
static struct wspec_span keep(struct wspec_reader *reader, const struct wspec_buf *buf) {
  uint8_t *octets = wspec_reader_alloc(reader, buf->len, 1);
  if (!octets || buf->len == 0) {
    return (struct wspec_span){NULL, 0};
  }
  memcpy(octets, buf->data, buf->len);
  return wspec_span_of(octets, buf->len);
}

static struct wspec_span read_hex(struct wspec_reader *reader, const cJSON *item) {
  struct wspec_span octets = {NULL, 0};
  const char *text = wspec_reader_text(reader, item);
  if (!text) {
    return octets;
  }
  struct wspec_buf buf;
  size_t offset = 0;
  wspec_buf_init(&buf, HEX_MAX);
  enum wspec_err err = wspec_hex_decode(wspec_span_text(text), &buf, &offset);
  if (err == WSPEC_ERR_NOMEM) {
    reader->out_of_memory = true;
  } else if (err) {
    wspec_reader_complain(reader, item,
                          "expected octets of two hexadecimal digits each; character %zu is wrong",
                          offset + 1);
  } else {
    octets = keep(reader, &buf);
  }
  wspec_buf_clear(&buf);
  return octets;
}

static void add_hex(struct builder *builder, const cJSON *item) {
  struct wspec_span octets = read_hex(builder->reader, item);
  add_literal(builder, item, octets, octets.len);
}

static void add_fill(struct builder *builder, const cJSON *object) {
  static const char *const hex_only[] = {"hex"};
  struct wspec_reader *reader = builder->reader;
  const cJSON *item = wspec_reader_member(object, "fill");
  const cJSON *size = wspec_reader_member(object, "size");
  struct wspec_span octets = {NULL, 0};
  if (!size) {
    wspec_reader_complain(reader, object, "\"fill\" needs a \"size\" in octets");
    return;
  }
  if (cJSON_IsObject(wspec_reader_resolve(reader, item))) {
    const cJSON *hex = wspec_reader_object(reader, item, hex_only, 1);
    octets = wspec_reader_member(hex, "hex") ? read_hex(reader, wspec_reader_member(hex, "hex"))
                                             : octets;
  } else {
    octets = wspec_span_text(wspec_reader_text(reader, item));
  }
  uint64_t len = wspec_reader_uint(reader, size, 0, WSPEC_PAYLOAD_LEN_MAX);
  if (octets.len == 0) {
    wspec_reader_complain(reader, item, "expected at least one octet to fill with");
    return;
  }
  add_literal(builder, item, octets, len);
}

/* Two payloads of a case differ, and all stay what they are as long as the case's id does. */
static void add_random(struct builder *builder, const cJSON *object) {
  struct wspec_reader *reader = builder->reader;
  const cJSON *item = wspec_reader_member(object, "random");
  const cJSON *seed = wspec_reader_member(object, "seed");
  uint64_t value = seed ? wspec_reader_uint(reader, seed, 0, UINT64_C(1) << 53)
                        : reader->seed + reader->n_random++;
  add_part(
      builder, object,
      (struct wspec_payload_part){.kind = WSPEC_PAYLOAD_RANDOM,
                                  .len = wspec_reader_uint(reader, item, 0, WSPEC_PAYLOAD_LEN_MAX),
                                  .seed = wspec_rng_mix(value)});
}

/* Text of any length that looks like some text and compresses like it: its pieces of 8 octets in
 * random order. */
static void add_shuffle(struct builder *builder, const cJSON *object) {
  struct wspec_reader *reader = builder->reader;
  const cJSON *item = wspec_reader_member(object, "shuffle");
  const cJSON *size = wspec_reader_member(object, "size");
  const cJSON *seed = wspec_reader_member(object, "seed");
  const cJSON *piece = wspec_reader_member(object, "piece");
  size_t piece_len =
      piece ? (size_t)wspec_reader_uint(reader, piece, 1, SHUFFLE_PIECE_MAX) : SHUFFLE_PIECE;
  struct wspec_span octets = wspec_span_text(wspec_reader_text(reader, item));
  uint64_t value = seed ? wspec_reader_uint(reader, seed, 0, UINT64_C(1) << 53)
                        : reader->seed + reader->n_random++;
  if (!size) {
    wspec_reader_complain(reader, object, "\"shuffle\" needs a \"size\" in octets");
    return;
  }
  if (octets.len == 0 || octets.len % piece_len != 0) {
    wspec_reader_complain(reader, item,
                          "expected text of a multiple of %zu octets to shuffle, not %zu",
                          piece_len, octets.len);
    return;
  }
  add_part(
      builder, object,
      (struct wspec_payload_part){.kind = WSPEC_PAYLOAD_SHUFFLE,
                                  .len = wspec_reader_uint(reader, size, 0, WSPEC_PAYLOAD_LEN_MAX),
                                  .data = octets.data,
                                  .data_len = octets.len,
                                  .piece_len = piece_len,
                                  .seed = wspec_rng_mix(value)});
}

/* ---- Code points ---- */

static uint32_t read_code_point(struct wspec_reader *reader, const cJSON *item) {
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (!cJSON_IsString(value)) {
    return (uint32_t)wspec_reader_uint(reader, item, 0, CODE_POINT_MAX);
  }
  const char *text = wspec_reader_text(reader, item);
  char *end = NULL;
  unsigned long number = 0;
  if (text && strncmp(text, "U+", 2) == 0 && strlen(text) <= 8) {
    number = strtoul(text + 2, &end, 16);
  }
  if (!end || end == text + 2 || *end || number > CODE_POINT_MAX) {
    wspec_reader_expected(reader, item,
                          "a code point: 0 to 1114111, or \"U+0000\" to \"U+10FFFF\"");
    return 0;
  }
  return (uint32_t)number;
}

static size_t encode_utf8(uint32_t code_point, uint8_t out[4]) {
  if (code_point < 0x80) {
    out[0] = (uint8_t)code_point;
    return 1;
  }
  size_t len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  static const uint8_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = len - 1; i > 0; i--) {
    out[i] = (uint8_t)(0x80 | (code_point & 0x3F));
    code_point >>= 6;
  }
  out[0] = (uint8_t)(leads[len] | code_point);
  return len;
}

static void add_code_points(struct builder *builder, const cJSON *item) {
  struct wspec_reader *reader = builder->reader;
  const cJSON *first;
  int n = wspec_reader_array(reader, item, 2, &first);
  if (n != 2) {
    if (n > 2) {
      wspec_reader_complain(reader, item, "expected [first, last], got %d elements", n);
    }
    return;
  }
  uint32_t from = read_code_point(reader, first);
  uint32_t to = read_code_point(reader, first->next);
  if (from > to) {
    wspec_reader_complain(reader, item, "the first code point is above the last");
    return;
  }
  uint8_t *octets = wspec_reader_alloc(reader, (size_t)(to - from) + 1, 4);
  if (!octets) {
    return;
  }
  size_t len = 0;
  for (uint32_t code_point = from; code_point <= to; code_point++) {
    /* Surrogates have no UTF-8 (RFC 3629 section 3). */
    if (code_point < 0xD800 || code_point > 0xDFFF) {
      len += encode_utf8(code_point, octets + len);
    }
  }
  add_literal(builder, item, wspec_span_of(octets, len), len);
}

/* ---- Payloads of payloads ---- */

static void add_repeat(struct builder *builder, const cJSON *object) {
  struct wspec_reader *reader = builder->reader;
  const cJSON *times_item = wspec_reader_member(object, "times");
  const cJSON *item = wspec_reader_member(object, "repeat");
  if (!times_item) {
    wspec_reader_complain(reader, object, "\"repeat\" needs \"times\"");
    return;
  }
  struct wspec_payload once = {0};
  struct builder inner = {.reader = reader, .out = &once, .depth = builder->depth};
  add_payload(&inner, item);
  uint64_t times = wspec_reader_uint(reader, times_item, 0, WSPEC_PAYLOAD_LEN_MAX);
  if (once.len == 0 || times == 0) {
    return;
  }
  if (times > WSPEC_PAYLOAD_LEN_MAX / once.len) {
    wspec_reader_complain(reader, object, "a payload of more than 1 GiB");
    return;
  }
  struct wspec_span octets = wspec_reader_octets(reader, item, &once, REPEATED_MAX);
  if (octets.len > 0) {
    add_literal(builder, object, octets, octets.len * times);
  }
}

static void add_concat(struct builder *builder, const cJSON *item) {
  const cJSON *element;
  (void)wspec_reader_array(builder->reader, item, 0, &element);
  for (; element; element = element->next) {
    add_payload(builder, element);
  }
}

static void add_status_code(struct builder *builder, const cJSON *code) {
  uint64_t number = wspec_reader_uint(builder->reader, code, 0, 65535);
  uint8_t *octets = wspec_reader_alloc(builder->reader, 2, 1);
  if (octets) {
    octets[0] = (uint8_t)(number >> 8);
    octets[1] = (uint8_t)number;
    add_literal(builder, code, wspec_span_of(octets, 2), 2);
  }
}

static void add_close_body(struct builder *builder, const cJSON *item) {
  const cJSON *code;
  int n = wspec_reader_array(builder->reader, item, 1, &code);
  if (n > 2) {
    wspec_reader_complain(builder->reader, item, "expected [code] or [code, reason]");
    return;
  }
  if (code) {
    add_status_code(builder, code);
    if (code->next) {
      add_payload(builder, code->next);
    }
  }
}

/* ---- Dispatch ---- */

enum form {
  TEXT,
  HEX,
  FILL,
  RANDOM,
  SHUFFLE,
  CODE_POINTS,
  REPEAT,
  CONCAT,
  CLOSE,
  FROM_FILE,
  N_FORMS
};

static void check_companions(struct wspec_reader *reader, const cJSON *object, enum form form) {
  static const struct {
    const char *name;
    enum form form;
  } companions[] = {{"size", FILL}, {"seed", RANDOM}, {"times", REPEAT}, {"piece", SHUFFLE}};
  static const char *const forms[] = {
      [FILL] = "fill", [RANDOM] = "random", [REPEAT] = "repeat", [SHUFFLE] = "shuffle"};
  for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++) {
    const cJSON *member = wspec_reader_member(object, companions[i].name);
    bool shuffles = form == SHUFFLE && companions[i].form != REPEAT;
    if (member && companions[i].form != form && !shuffles) {
      wspec_reader_complain(reader, member, "\"%s\" goes with \"%s\" only", companions[i].name,
                            forms[companions[i].form]);
    }
  }
}

static void add_form(struct builder *builder, const cJSON *object) {
  static const char *const members[] = {"text",        "hex",    "fill",   "random", "shuffle",
                                        "code_points", "repeat", "concat", "close",  "file",
                                        "size",        "seed",   "times",  "piece"};
  struct wspec_reader *reader = builder->reader;
  (void)wspec_reader_object(reader, object, members, sizeof members / sizeof members[0]);
  int form = wspec_reader_one_of(reader, object, members, N_FORMS);
  if (form < 0) {
    return;
  }
  check_companions(reader, object, (enum form)form);
  const cJSON *value = wspec_reader_member(object, members[form]);
  struct wspec_span octets;
  switch ((enum form)form) {
  case TEXT:
    add_text(builder, value);
    break;
  case HEX:
    add_hex(builder, value);
    break;
  case FILL:
    add_fill(builder, object);
    break;
  case RANDOM:
    add_random(builder, object);
    break;
  case SHUFFLE:
    add_shuffle(builder, object);
    break;
  case CODE_POINTS:
    add_code_points(builder, value);
    break;
  case REPEAT:
    add_repeat(builder, object);
    break;
  case CONCAT:
    add_concat(builder, value);
    break;
  case CLOSE:
    add_close_body(builder, value);
    break;
  case FROM_FILE:
    octets = wspec_load_octet_file(reader, value);
    add_literal(builder, value, octets, octets.len);
    break;
  case N_FORMS:
    break;
  }
}

static void add_payload(struct builder *builder, const cJSON *item) {
  const cJSON *value = wspec_reader_resolve(builder->reader, item);
  if (cJSON_IsString(item) && !cJSON_IsObject(value)) {
    add_text(builder, item);
    return;
  }
  if (!cJSON_IsObject(value)) {
    wspec_reader_expected(builder->reader, item, "a payload: a string or an object");
    return;
  }
  /* A parameter's value may name the parameter itself. */
  if (builder->depth == DEPTH_MAX) {
    wspec_reader_complain(builder->reader, item, "payloads nested deeper than %d", DEPTH_MAX);
    return;
  }
  builder->depth++;
  add_form(builder, value);
  builder->depth--;
}

void wspec_load_payload(struct wspec_reader *reader, const cJSON *item, struct wspec_payload *out) {
  struct builder builder = {.reader = reader, .out = out};
  add_payload(&builder, item);
}

void wspec_load_close_body(struct wspec_reader *reader, const cJSON *code, const cJSON *reason,
                           struct wspec_payload *out) {
  struct builder builder = {.reader = reader, .out = out};
  if (code) {
    add_status_code(&builder, code);
  }
  if (reason && !code) {
    wspec_reader_complain(reader, reason, "a reason needs a \"code\" before it");
  } else if (reason) {
    add_payload(&builder, reason);
  }
}
