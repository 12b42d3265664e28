#include "case/payload.h"

#include "base/rng.h"

#include <string.h>

/* Enough for one comparison without touching the heap; a multiple of 8, so that random payloads are
 * mostly made in whole steps. */
enum { COMPARE_CHUNK = 4096 };

static size_t smaller(uint64_t a, size_t b) {
  return a < b ? (size_t)a : b;
}

static void read_literal(const struct wspec_payload_part *part, uint64_t offset, uint8_t *out,
                         size_t len) {
  size_t period = part->data_len;
  if (period == 1) {
    memset(out, part->data[0], len);
    return;
  }
  size_t phase = (size_t)(offset % period);
  size_t done = smaller(period - phase, len);
  memcpy(out, part->data + phase, done);
  size_t head = smaller(phase, len - done);
  if (head > 0) {
    memcpy(out + done, part->data, head);
    done += head;
  }
  /* `out` now holds whole periods and is its own pattern: each copy doubles it. */
  while (done < len) {
    size_t chunk = smaller(done, len - done);
    memcpy(out + done, out, chunk);
    done += chunk;
  }
}

/* Written out, as compilers make one store of this and not of a loop. */
static void store_octets(uint64_t value, uint8_t out[8]) {
  out[0] = (uint8_t)value;
  out[1] = (uint8_t)(value >> 8);
  out[2] = (uint8_t)(value >> 16);
  out[3] = (uint8_t)(value >> 24);
  out[4] = (uint8_t)(value >> 32);
  out[5] = (uint8_t)(value >> 40);
  out[6] = (uint8_t)(value >> 48);
  out[7] = (uint8_t)(value >> 56);
}

static void read_random(const struct wspec_payload_part *part, uint64_t offset, uint8_t *out,
                        size_t len) {
  uint64_t word = offset / 8;
  size_t phase = (size_t)(offset % 8);
  uint8_t octets[8];
  size_t done = 0;
  if (phase > 0) {
    store_octets(wspec_rng_mix(part->seed + word++), octets);
    done = smaller(8 - phase, len);
    memcpy(out, octets + phase, done);
  }
  for (; len - done >= 8; done += 8) {
    store_octets(wspec_rng_mix(part->seed + word++), out + done);
  }
  if (done < len) {
    store_octets(wspec_rng_mix(part->seed + word), octets);
    memcpy(out + done, octets, len - done);
  }
}

static void read_shuffle(const struct wspec_payload_part *part, uint64_t offset, uint8_t *out,
                         size_t len) {
  size_t piece_len = part->piece_len;
  uint64_t n_pieces = part->data_len / piece_len;
  for (size_t done = 0; done < len;) {
    size_t phase = (size_t)((offset + done) % piece_len);
    uint64_t piece = wspec_rng_mix(part->seed + (offset + done) / piece_len) % n_pieces;
    size_t chunk = smaller(piece_len - phase, len - done);
    memcpy(out + done, part->data + piece * piece_len + phase, chunk);
    done += chunk;
  }
}

size_t wspec_payload_read(const struct wspec_payload *payload, uint64_t offset, uint8_t *out,
                          size_t len) {
  size_t done = 0;
  for (size_t i = 0; i < payload->n_parts && done < len; i++) {
    const struct wspec_payload_part *part = &payload->parts[i];
    if (offset >= part->len) {
      offset -= part->len;
      continue;
    }
    size_t chunk = smaller(part->len - offset, len - done);
    if (part->kind == WSPEC_PAYLOAD_RANDOM) {
      read_random(part, offset, out + done, chunk);
    } else if (part->kind == WSPEC_PAYLOAD_SHUFFLE) {
      read_shuffle(part, offset, out + done, chunk);
    } else {
      read_literal(part, offset, out + done, chunk);
    }
    done += chunk;
    offset = 0;
  }
  return done;
}

bool wspec_payload_matches(const struct wspec_payload *payload, uint64_t offset,
                           struct wspec_span octets, size_t *mismatch) {
  uint8_t chunk[COMPARE_CHUNK];
  size_t done = 0;
  while (done < octets.len) {
    size_t wanted = smaller(sizeof chunk, octets.len - done);
    size_t got = wspec_payload_read(payload, offset + done, chunk, wanted);
    if (got < wanted || memcmp(chunk, octets.data + done, wanted) != 0) {
      size_t i = 0;
      while (i < got && chunk[i] == octets.data[done + i]) {
        i++;
      }
      if (mismatch) {
        *mismatch = done + i;
      }
      return false;
    }
    done += wanted;
  }
  return true;
}
