#include "mutator/model.h"

#include <string.h>

/* Octets masked or unmasked plainly: the mutator uses nothing that is under test but the header. */
static void combine(uint8_t *out, const uint8_t *octets, size_t len, const uint8_t key[4]) {
  for (size_t i = 0; i < len; i++) {
    out[i] = octets[i] ^ key[i % 4];
  }
}

static size_t header_len(const uint8_t *data, size_t size) {
  if (size < 2) {
    return 0;
  }
  unsigned length = data[1] & 0x7F;
  size_t len = 2 + (length == 126 ? 2U : length == 127 ? 8U : 0U) + (data[1] & 0x80 ? 4U : 0U);
  return len <= size ? len : 0;
}

static void read_header(const uint8_t *data, size_t len, struct wspec_frame *frame) {
  unsigned length = data[1] & 0x7F;
  size_t n_octets = length == 126 ? 2 : length == 127 ? 8 : 0;
  *frame = (struct wspec_frame){.fin = data[0] >> 7,
                                .rsv = data[0] & 0x70,
                                .opcode = data[0] & 0x0F,
                                .masked = data[1] >> 7,
                                .payload_len = n_octets ? 0 : length,
                                .length_form = n_octets == 2   ? WSPEC_LENGTH_16
                                               : n_octets == 8 ? WSPEC_LENGTH_64
                                                               : WSPEC_LENGTH_7};
  for (size_t i = 0; i < n_octets; i++) {
    frame->payload_len = frame->payload_len << 8 | data[2 + i];
  }
  if (frame->masked) {
    memcpy(frame->masking_key, data + len - 4, 4);
  }
}

struct model_part *model_insert(struct model *model, size_t i) {
  if (model->n_parts == MODEL_PARTS_MAX) {
    return NULL;
  }
  memmove(&model->parts[i + 1], &model->parts[i], (model->n_parts - i) * sizeof *model->parts);
  model->n_parts++;
  model->parts[i] = (struct model_part){.kind = MODEL_RAW};
  return &model->parts[i];
}

void model_remove(struct model *model, size_t i) {
  model->n_parts--;
  memmove(&model->parts[i], &model->parts[i + 1], (model->n_parts - i) * sizeof *model->parts);
}

void model_set(struct model *model, struct model_part *part, const uint8_t *octets, size_t len) {
  size_t room = MODEL_OCTETS_MAX - model->octets_len;
  len = len < room ? len : room;
  if (len > 0) {
    memmove(model->octets + model->octets_len, octets, len);
  }
  part->at = model->octets_len;
  part->len = len;
  model->octets_len += len;
  if (part->kind == MODEL_FRAME && !part->declares_wrong) {
    part->frame.payload_len = len;
  }
}

static struct model_part *append(struct model *model, enum model_kind kind, const uint8_t *octets,
                                 size_t len) {
  struct model_part *part = model_insert(model, model->n_parts);
  if (part) {
    part->kind = kind;
    part->declares_wrong = true; /* until it is known */
    model_set(model, part, octets, len);
  }
  return part;
}

/* The lines of a head, if the input begins with one. Returns how many octets they are. */
static size_t read_lines(struct model *model, const uint8_t *data, size_t size) {
  size_t at = 0;
  if (size < 4 || (memcmp(data, "GET ", 4) != 0 && memcmp(data, "HTTP", 4) != 0)) {
    return 0;
  }
  while (at < size && model->n_parts < MODEL_PARTS_MAX / 2) {
    const uint8_t *end = memchr(data + at, '\n', size - at);
    size_t len = end ? (size_t)(end - data) + 1 - at : size - at;
    append(model, MODEL_LINE, data + at, len);
    at += len;
    if (len <= 2) { /* the empty line */
      break;
    }
  }
  return at;
}

static size_t read_frame(struct model *model, const uint8_t *data, size_t size) {
  size_t len = header_len(data, size);
  if (len == 0 || model->n_parts == MODEL_PARTS_MAX - 1) {
    append(model, MODEL_RAW, data, size);
    return size;
  }
  struct wspec_frame frame;
  read_header(data, len, &frame);
  size_t payload_len = frame.payload_len < size - len ? (size_t)frame.payload_len : size - len;
  struct model_part *part = append(model, MODEL_FRAME, data + len, payload_len);
  part->frame = frame;
  part->declares_wrong = frame.payload_len != part->len;
  combine(model->octets + part->at, model->octets + part->at, part->len, frame.masking_key);
  return len + payload_len;
}

void model_read(struct model *model, const uint8_t *data, size_t size) {
  model->n_parts = model->octets_len = 0;
  model->tail_len = size < MODEL_TAIL_LEN ? size : MODEL_TAIL_LEN;
  size -= model->tail_len;
  memcpy(model->tail, data + size, model->tail_len);
  size = size < MODEL_OCTETS_MAX / 2 ? size : MODEL_OCTETS_MAX / 2;
  for (size_t at = read_lines(model, data, size); at < size && model->n_parts < MODEL_PARTS_MAX;) {
    at += read_frame(model, data + at, size - at);
  }
}

static size_t write_part(const struct model *model, const struct model_part *part, uint8_t *out,
                         size_t room) {
  static const uint8_t no_key[4];
  uint8_t header[WSPEC_FRAME_HEADER_MAX];
  size_t len = part->kind == MODEL_FRAME ? wspec_frame_encode(&part->frame, header) : 0;
  len = len < room ? len : room;
  memcpy(out, header, len);
  size_t payload_len = part->len < room - len ? part->len : room - len;
  bool is_masked = part->kind == MODEL_FRAME && part->frame.masked;
  combine(out + len, model->octets + part->at, payload_len,
          is_masked ? part->frame.masking_key : no_key);
  return len + payload_len;
}

size_t model_write(const struct model *model, uint8_t *out, size_t max_size) {
  size_t len = 0;
  size_t room = max_size > model->tail_len ? max_size - model->tail_len : 0;
  for (size_t i = 0; i < model->n_parts; i++) {
    len += write_part(model, &model->parts[i], out + len, room - len);
  }
  size_t tail_len = max_size - len < model->tail_len ? max_size - len : model->tail_len;
  memcpy(out + len, model->tail, tail_len);
  return len + tail_len;
}
