/* model: a connection as the mutator sees it, a list of parts that are the lines of an HTTP head,
 * frames, or octets that are neither, and the options at the tail.
 *
 * Octets to model to octets gives the same octets. A frame's payload is held unmasked, and the length
 * that its header declares apart from the one it has, so that each can be changed by itself. */
#ifndef WSPEC_FUZZ_MODEL_H
#define WSPEC_FUZZ_MODEL_H

#include "proto/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_PARTS_MAX = 128, MODEL_TAIL_LEN = 6, MODEL_OCTETS_MAX = 1 << 16 };

enum model_kind {
  MODEL_LINE,  /* of a head, with its line end */
  MODEL_FRAME, /* `frame`; the octets are the payload, unmasked */
  MODEL_RAW    /* as they are */
};

struct model_part {
  enum model_kind kind;
  struct wspec_frame frame; /* of FRAME; payload_len is what is declared */
  bool declares_wrong;      /* FRAME: payload_len is not to follow the payload */
  size_t at, len;           /* the octets, in `octets` of the model */
};

struct model {
  struct model_part parts[MODEL_PARTS_MAX];
  size_t n_parts;
  uint8_t tail[MODEL_TAIL_LEN]; /* the harness's options */
  size_t tail_len;
  uint8_t octets[MODEL_OCTETS_MAX]; /* of all parts; a part that changes gets new ones at the end */
  size_t octets_len;
};

/* model_read fills `model` from an input. What does not fit into it stays in one part of its own, or
 * is left out if there is no room at all. */
void model_read(struct model *model, const uint8_t *data, size_t size);

/* model_write writes the octets of `model`, at most `max_size` of them, and returns how many. The
 * options at the tail are always among them if there is room. */
size_t model_write(const struct model *model, uint8_t *out, size_t max_size);

/* model_set gives a part new octets, which may be its own; as many of them as there is room for. A
 * frame goes on to declare what it has, unless it `declares_wrong`. */
void model_set(struct model *model, struct model_part *part, const uint8_t *octets, size_t len);

/* model_insert makes room for a part at index `i` and returns it, zeroed; NULL: there are too
 * many. */
struct model_part *model_insert(struct model *model, size_t i);

/* model_remove removes the part of index `i`. */
void model_remove(struct model *model, size_t i);

#endif
