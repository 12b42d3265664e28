#include "case/compress.h"
#include "case/load_parts.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LEVEL = 6, LEVEL_MAX = 9, DISTANCE_MAX = 32768 };

static void load_block(struct wspec_reader *reader, const cJSON *item,
                       struct wspec_compress_block *out) {
  static const char *const members[] = {"stored",   "fixed", "dynamic",
                                        "reserved", "final", "distance"};
  static const char *const rest[] = {"rest"};
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  int kind = object ? wspec_reader_one_of(reader, object, members, 4) : -1;
  if (kind < 0) {
    return;
  }
  const cJSON *len = wspec_reader_member(object, members[kind]);
  const cJSON *final = wspec_reader_member(object, "final");
  const cJSON *distance = wspec_reader_member(object, "distance");
  out->kind = (enum wspec_block_kind)kind;
  if (cJSON_IsNumber(wspec_reader_resolve(reader, len))) {
    out->len = wspec_reader_uint(reader, len, 0, WSPEC_COMPRESS_PAYLOAD_MAX);
  } else {
    out->has_rest = wspec_reader_choice(reader, len, rest, 1) == 0;
  }
  out->final = final && wspec_reader_bool(reader, final);
  out->distance = distance ? (unsigned)wspec_reader_uint(reader, distance, 1, DISTANCE_MAX) : 0;
  if (distance && out->kind != WSPEC_BLOCK_FIXED) {
    wspec_reader_complain(reader, distance, "only a \"fixed\" block has a \"distance\"");
  }
}

static void load_blocks(struct wspec_reader *reader, const cJSON *item,
                        struct wspec_compress_plan *out) {
  const cJSON *element;
  int n = wspec_reader_array(reader, item, 1, &element);
  if (n > WSPEC_COMPRESS_BLOCKS_MAX) {
    wspec_reader_complain(reader, item, "at most %d blocks", WSPEC_COMPRESS_BLOCKS_MAX);
    return;
  }
  struct wspec_compress_block *blocks =
      n < 1 ? NULL : wspec_reader_alloc(reader, (size_t)n, sizeof *blocks);
  for (; element && blocks; element = element->next) {
    load_block(reader, element, &blocks[out->n_blocks++]);
  }
  out->blocks = blocks;
}

static void load_wrong(struct wspec_reader *reader, const cJSON *item,
                       struct wspec_compress_plan *out) {
  static const char *const members[] = {"rsv1", "tail", "window_bits", "flip_bit", "cut_at"};
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  if (!object) {
    return;
  }
  const cJSON *rsv1 = wspec_reader_member(object, "rsv1");
  const cJSON *tail = wspec_reader_member(object, "tail");
  const cJSON *window = wspec_reader_member(object, "window_bits");
  const cJSON *flip = wspec_reader_member(object, "flip_bit");
  const cJSON *cut = wspec_reader_member(object, "cut_at");
  out->without_rsv1 = rsv1 && !wspec_reader_bool(reader, rsv1);
  out->with_tail = tail && wspec_reader_bool(reader, tail);
  out->window_bits = window ? (unsigned)wspec_reader_uint(reader, window, 9, 15) : 0;
  out->has_flipped_bit = flip != NULL;
  out->flipped_bit =
      flip ? wspec_reader_uint(reader, flip, 0, 8 * (uint64_t)WSPEC_COMPRESS_PAYLOAD_MAX) : 0;
  out->has_cut = cut != NULL;
  out->cut_at = cut ? wspec_reader_uint(reader, cut, 0, WSPEC_COMPRESS_PAYLOAD_MAX) : 0;
}

static void load_members(struct wspec_reader *reader, const cJSON *item,
                         struct wspec_compress_plan *out) {
  static const char *const members[] = {"level", "takeover", "flush_every",
                                        "flush", "blocks",   "wrong"};
  static const char *const flushes[] = {"sync", "full"};
  const cJSON *object = wspec_reader_object(reader, item, members, COUNT(members));
  if (!object) {
    return;
  }
  const cJSON *level = wspec_reader_member(object, "level");
  const cJSON *takeover = wspec_reader_member(object, "takeover");
  const cJSON *every = wspec_reader_member(object, "flush_every");
  const cJSON *flush = wspec_reader_member(object, "flush");
  const cJSON *blocks = wspec_reader_member(object, "blocks");
  const cJSON *wrong = wspec_reader_member(object, "wrong");
  out->level = level ? (int)wspec_reader_uint(reader, level, 0, LEVEL_MAX) : LEVEL;
  out->alone = takeover && !wspec_reader_bool(reader, takeover);
  out->flush_every = every ? wspec_reader_uint(reader, every, 1, WSPEC_COMPRESS_PAYLOAD_MAX) : 0;
  int kind = flush ? wspec_reader_choice(reader, flush, flushes, COUNT(flushes)) : 0;
  out->flush = kind < 0 ? WSPEC_FLUSH_SYNC : (enum wspec_flush_kind)kind;
  if (blocks) {
    load_blocks(reader, blocks, out);
  }
  if (wrong) {
    load_wrong(reader, wrong, out);
  }
  if (blocks && (level || every || flush)) {
    wspec_reader_complain(reader, item, "\"blocks\" go without \"level\" and flushes");
  }
}

/* All of the payload has to be in a block. */
static void check_blocks(struct wspec_reader *reader, const cJSON *item,
                         const struct wspec_compress_plan *plan,
                         const struct wspec_payload *payload) {
  uint64_t left = payload->len;
  for (size_t i = 0; i < plan->n_blocks; i++) {
    uint64_t len = plan->blocks[i].has_rest ? left : plan->blocks[i].len;
    if (len > left) {
      wspec_reader_complain(reader, item, "the blocks have more octets than the payload");
      return;
    }
    left -= len;
  }
  if (plan->n_blocks > 0 && left > 0) {
    wspec_reader_complain(reader, item, "the blocks have fewer octets than the payload");
  }
}

const struct wspec_compress_plan *wspec_load_compress(struct wspec_reader *reader,
                                                      const cJSON *item,
                                                      const struct wspec_payload *payload) {
  struct wspec_compress_plan *plan = wspec_reader_alloc(reader, 1, sizeof *plan);
  if (!plan) {
    return NULL;
  }
  plan->level = LEVEL;
  if (payload->len > WSPEC_COMPRESS_PAYLOAD_MAX) {
    wspec_reader_complain(reader, item, "at most %d octets can be compressed",
                          WSPEC_COMPRESS_PAYLOAD_MAX);
  }
  const cJSON *value = wspec_reader_resolve(reader, item);
  if (cJSON_IsBool(value)) {
    return cJSON_IsTrue(value) ? plan : NULL;
  }
  load_members(reader, item, plan);
  check_blocks(reader, item, plan, payload);
  return plan;
}
