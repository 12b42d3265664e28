#include "mutator/mutate.h"

#include <string.h>

enum { PAYLOAD_ROOM = 512 };

static size_t below(struct wspec_rng *rng, size_t bound) {
  return (size_t)wspec_rng_below(rng, bound);
}

#define PICK(rng, table) ((table)[below((rng), sizeof(table) / sizeof *(table))])

/* ---- a frame ---- */

static uint8_t pick_opcode(struct wspec_rng *rng) {
  static const uint8_t usual[] = {0, 0, 1, 1, 2, 8, 9, 10};
  return below(rng, 8) == 0 ? (uint8_t)below(rng, 16) : PICK(rng, usual);
}

static void change_bits(struct model_part *part, struct wspec_rng *rng) {
  static const uint8_t rsv_bits[] = {WSPEC_RSV1, WSPEC_RSV1, WSPEC_RSV2, WSPEC_RSV3};
  switch (below(rng, 6)) {
  case 0:
  case 1:
    part->frame.fin = !part->frame.fin;
    break;
  case 2:
    part->frame.rsv ^= PICK(rng, rsv_bits);
    break;
  case 3:
    part->frame.masked = !part->frame.masked;
    break;
  case 4:
    wspec_rng_fill(rng, part->frame.masking_key, sizeof part->frame.masking_key);
    break;
  default:
    part->frame.opcode = pick_opcode(rng);
    break;
  }
}

/* The lengths at which the forms, the limits and the signs change. */
static void change_length(struct model_part *part, struct wspec_rng *rng) {
  static const uint64_t borders[] = {0,
                                     1,
                                     125,
                                     126,
                                     127,
                                     128,
                                     65535,
                                     65536,
                                     1 << 24,
                                     1 << 30,
                                     INT32_MAX,
                                     UINT32_MAX,
                                     (uint64_t)1 << 32,
                                     INT64_MAX,
                                     (uint64_t)1 << 63,
                                     UINT64_MAX};
  static const enum wspec_length_form forms[] = {WSPEC_LENGTH_AUTO, WSPEC_LENGTH_7, WSPEC_LENGTH_16,
                                                 WSPEC_LENGTH_64};
  switch (below(rng, 4)) {
  case 0:
    part->frame.length_form = PICK(rng, forms);
    break;
  case 1:
    part->frame.payload_len = PICK(rng, borders);
    part->frame.length_form = PICK(rng, forms);
    part->declares_wrong = true;
    break;
  case 2:
    part->frame.payload_len = part->len + below(rng, 5) - 2;
    part->declares_wrong = true;
    break;
  default:
    part->frame.payload_len = part->len;
    part->frame.length_form = WSPEC_LENGTH_AUTO;
    part->declares_wrong = false;
    break;
  }
}

static size_t fill_payload(struct model_part *part, struct wspec_rng *rng, uint8_t *out) {
  static const uint16_t codes[] = {0,    999,  1000, 1001, 1003, 1004, 1005, 1006, 1007, 1010,
                                   1011, 1014, 1015, 1016, 2999, 3000, 4999, 5000, 65535};
  static const char *const texts[] = {"\xC3\xA9",
                                      "\xE2\x82\xAC",
                                      "\xF0\x9F\x98\x80",
                                      "\xED\xA0\x80",
                                      "\xF4\x90\x80\x80",
                                      "\xC0\xAF",
                                      "\xE0\x80\xAF",
                                      "\xF0\x80\x80\xAF",
                                      "\xC3",
                                      "\xE2\x82",
                                      "\xF0\x9F\x98",
                                      "a",
                                      "\xF4\x8F\xBF\xBF",
                                      "\xEF\xBF\xBF",
                                      "\x7F",
                                      "\xFF"};
  if (part->frame.opcode == WSPEC_OPCODE_CLOSE) {
    uint16_t code = PICK(rng, codes);
    out[0] = (uint8_t)(code >> 8);
    out[1] = (uint8_t)code;
    size_t len = below(rng, 4) == 0 ? below(rng, 3) : 2;
    const char *reason = PICK(rng, texts);
    size_t reason_len = len == 2 && below(rng, 2) == 0 ? strlen(reason) : 0;
    memcpy(out + len, reason, reason_len);
    return len + reason_len;
  }
  static const size_t lens[] = {0, 1, 2, 8, 16, 31, 32, 63, 64, 65, 124, 125, 126, 127, 128, 300};
  size_t len = PICK(rng, lens);
  memset(out, 'a', len);
  for (size_t n = below(rng, 3); n > 0; n--) {
    const char *text = PICK(rng, texts);
    size_t at = below(rng, len + 1);
    memcpy(out + at, text, strlen(text));
    len = at + strlen(text) > len ? at + strlen(text) : len;
  }
  return len;
}

static void change_payload(struct model *model, struct model_part *part, struct wspec_rng *rng,
                           mutate_octets octets) {
  uint8_t payload[PAYLOAD_ROOM];
  size_t len = part->len < PAYLOAD_ROOM / 2 ? part->len : PAYLOAD_ROOM / 2;
  memcpy(payload, model->octets + part->at, len);
  if (part->kind == MODEL_FRAME && below(rng, 2) == 0) {
    len = fill_payload(part, rng, payload);
  } else {
    len = octets(payload, len, PAYLOAD_ROOM);
  }
  model_set(model, part, payload, len);
}

/* Two frames of a message instead of one. */
static void split_frame(struct model *model, size_t i, struct wspec_rng *rng) {
  struct model_part *rest = model_insert(model, i + 1);
  if (!rest) {
    return;
  }
  struct model_part *part = &model->parts[i];
  size_t at = below(rng, part->len + 1);
  *rest = *part;
  rest->frame.opcode = WSPEC_OPCODE_CONTINUATION;
  rest->frame.rsv = 0;
  rest->at += at;
  rest->len -= at;
  part->len = at;
  part->frame.fin = false;
  part->declares_wrong = rest->declares_wrong = false;
  part->frame.payload_len = part->len;
  rest->frame.payload_len = rest->len;
  part->frame.length_form = rest->frame.length_form = WSPEC_LENGTH_AUTO;
}

static void change_frame(struct model *model, size_t i, struct wspec_rng *rng,
                         mutate_octets octets) {
  struct model_part *part = &model->parts[i];
  switch (below(rng, 8)) {
  case 0:
  case 1:
  case 2:
    change_bits(part, rng);
    break;
  case 3:
    change_length(part, rng);
    break;
  case 4:
    split_frame(model, i, rng);
    break;
  default:
    change_payload(model, part, rng, octets);
    break;
  }
}

/* ---- the line of a head ---- */

static void replace_line(struct model *model, struct model_part *part, struct wspec_rng *rng) {
  static const char *const lines[] = {"Host: localhost\r\n",
                                      "Upgrade: websocket\r\n",
                                      "Connection: keep-alive, Upgrade\r\n",
                                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                                      "Sec-WebSocket-Version: 13\r\n",
                                      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
                                      "Sec-WebSocket-Protocol: chat, superchat\r\n",
                                      "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                                      "Content-Length: 0\r\n",
                                      "Transfer-Encoding: chunked\r\n",
                                      "\r\n",
                                      "X:\n"};
  const char *line = PICK(rng, lines);
  model_set(model, part, (const uint8_t *)line, strlen(line));
}

static void change_line(struct model *model, struct model_part *part, struct wspec_rng *rng,
                        mutate_octets octets) {
  if (below(rng, 2) == 0) {
    replace_line(model, part, rng);
  } else {
    change_payload(model, part, rng, octets);
  }
}

/* ---- the list of parts ---- */

/* A whole and right frame of the role that the stream has, so that more can follow it. */
static void insert_frame(struct model *model, size_t i, struct wspec_rng *rng) {
  bool masked = below(rng, 2) == 0;
  for (size_t k = 0; k < model->n_parts; k++) {
    if (model->parts[k].kind == MODEL_FRAME) {
      masked = model->parts[k].frame.masked;
    }
  }
  struct model_part *part = model_insert(model, i);
  if (!part) {
    return;
  }
  uint8_t payload[PAYLOAD_ROOM];
  part->kind = MODEL_FRAME;
  part->frame =
      (struct wspec_frame){.fin = below(rng, 4) != 0, .opcode = pick_opcode(rng), .masked = masked};
  model_set(model, part, payload, fill_payload(part, rng, payload));
}

static void copy_part(struct model *model, struct wspec_rng *rng) {
  struct model_part part = model->parts[below(rng, model->n_parts)];
  struct model_part *copy = model_insert(model, below(rng, model->n_parts + 1));
  if (copy) {
    *copy = part;
  }
}

static void swap_parts(struct model *model, struct wspec_rng *rng) {
  struct model_part *a = &model->parts[below(rng, model->n_parts)];
  struct model_part *b = &model->parts[below(rng, model->n_parts)];
  struct model_part part = *a;
  *a = *b;
  *b = part;
}

static void change_list(struct model *model, struct wspec_rng *rng) {
  switch (model->n_parts == 0 ? 0 : below(rng, 6)) {
  case 1:
    copy_part(model, rng);
    break;
  case 2:
    swap_parts(model, rng);
    break;
  case 3:
    model_remove(model, below(rng, model->n_parts));
    break;
  default:
    insert_frame(model, below(rng, model->n_parts + 1), rng);
    break;
  }
}

/* The options of the harness: portions, limits, modes. */
static void change_tail(struct model *model, struct wspec_rng *rng) {
  static const uint8_t portions[] = {0, 0, 1, 2, 3, 5, 7, 64, 125, 201, 255};
  while (model->tail_len < MODEL_TAIL_LEN) {
    model->tail[model->tail_len++] = 0;
  }
  size_t i = below(rng, MODEL_TAIL_LEN);
  model->tail[i] = i < 4 ? PICK(rng, portions) : (uint8_t)below(rng, 256);
}

void mutate_once(struct model *model, struct wspec_rng *rng, mutate_octets octets) {
  size_t choice = below(rng, 16);
  if (choice == 0) {
    change_tail(model, rng);
    return;
  }
  if (choice < 5 || model->n_parts == 0) {
    change_list(model, rng);
    return;
  }
  size_t i = below(rng, model->n_parts);
  struct model_part *part = &model->parts[i];
  switch (part->kind) {
  case MODEL_FRAME:
    change_frame(model, i, rng, octets);
    break;
  case MODEL_LINE:
    change_line(model, part, rng, octets);
    break;
  case MODEL_RAW:
    change_payload(model, part, rng, octets);
    break;
  }
}

void mutate_splice(struct model *model, const struct model *other, struct wspec_rng *rng) {
  size_t from = other->n_parts > 0 ? below(rng, other->n_parts) : 0;
  model->n_parts = model->n_parts > 0 ? 1 + below(rng, model->n_parts) : 0;
  for (size_t i = from; i < other->n_parts; i++) {
    struct model_part *part = model_insert(model, model->n_parts);
    if (!part) {
      return;
    }
    struct model_part copy = other->parts[i];
    *part = copy;
    part->declares_wrong = true; /* while the octets are copied */
    model_set(model, part, other->octets + copy.at, copy.len);
    part->frame = copy.frame;
    part->declares_wrong = copy.declares_wrong;
  }
}
