#include "proto/deflate.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

enum {
  STEP = 16384,   /* octets by which inflated output grows */
  EXACT_STEP = 1, /* what zlib checks distances by: see inflate_some */
  WINDOW_MAX = 32768,
  SMALLEST_BITS = 9, /* of zlib's raw deflate */
  MEMORY_LEVEL = 8,
  LEVEL = 6,
  TAIL_LEN = 4
};

/* What a sync flush ends with; the sender removes it, the receiver puts it back (section 7.2). */
static const uint8_t TAIL[TAIL_LEN] = {0x00, 0x00, 0xFF, 0xFF};

struct wspec_deflate_stream wspec_deflate_stream_of(const struct wspec_deflate_params *agreed,
                                                    bool of_server) {
  uint8_t bits = of_server ? agreed->server_max_window_bits : agreed->client_max_window_bits;
  bool forgets =
      of_server ? agreed->server_no_context_takeover : agreed->client_no_context_takeover;
  return (struct wspec_deflate_stream){
      .window_bits = bits == 0 ? (unsigned)WSPEC_DEFLATE_BITS_MAX : bits,
      .context_takeover = !forgets,
  };
}

/* zlib takes its memory from the same place as all of us, so that tests can make it fail. */
static voidpf allocate(voidpf opaque, uInt count, uInt size) {
  (void)opaque;
  return calloc(count, size);
}

static void release(voidpf opaque, voidpf address) {
  (void)opaque;
  free(address);
}

static enum wspec_err err_of_zlib(int status) {
  return status == Z_MEM_ERROR ? WSPEC_ERR_NOMEM : WSPEC_ERR_INTERNAL;
}

/* ---- Inflating ---- */

struct wspec_inflater {
  struct wspec_deflate_stream stream;
  size_t exact_left;
  bool is_ready;   /* `zlib` holds memory */
  bool in_message; /* a message has begun */
  bool has_octets; /* and has at least one */
  size_t tail_at;  /* octets of TAIL that were put back */
  bool tail_was_judged;
  enum wspec_inflate_fault fault;
  int position; /* zlib's data_type behind the last call that got anywhere */
  z_stream zlib;
};

struct wspec_inflater *wspec_inflater_new(struct wspec_deflate_stream stream, size_t exact) {
  struct wspec_inflater *inflater = calloc(1, sizeof *inflater);
  if (inflater) {
    inflater->stream = stream;
    inflater->exact_left = stream.window_bits < WSPEC_DEFLATE_BITS_MAX ? exact : 0;
  }
  return inflater;
}

void wspec_inflater_free(struct wspec_inflater *inflater) {
  if (inflater && inflater->is_ready) {
    (void)inflateEnd(&inflater->zlib);
  }
  free(inflater);
}

enum wspec_inflate_fault wspec_inflater_fault(const struct wspec_inflater *inflater) {
  return inflater->fault;
}

static enum wspec_err prepare_inflater(struct wspec_inflater *inflater) {
  if (inflater->is_ready) {
    return WSPEC_OK;
  }
  inflater->zlib = (z_stream){.zalloc = allocate, .zfree = release};
  int status = inflateInit2(&inflater->zlib, -(int)inflater->stream.window_bits);
  inflater->is_ready = status == Z_OK;
  return status == Z_OK ? WSPEC_OK : err_of_zlib(status);
}

/* Goes on behind a block with BFINAL set: others may follow in the same message, and they may refer
 * to what came before (section 7.2.3.4). To zlib that is another stream with the old window. */
static enum wspec_err continue_after_final(struct wspec_inflater *inflater) {
  uint8_t window[WINDOW_MAX];
  uInt len = 0;
  z_stream *zlib = &inflater->zlib;
  int status = inflateGetDictionary(zlib, window, &len);
  if (status == Z_OK) {
    status = inflateReset(zlib);
  }
  if (status == Z_OK && len > 0) {
    status = inflateSetDictionary(zlib, window, len);
  }
  return status == Z_OK ? WSPEC_OK : err_of_zlib(status);
}

static enum wspec_err fail_inflate(struct wspec_inflater *inflater,
                                   enum wspec_inflate_fault fault) {
  inflater->fault = fault;
  return WSPEC_ERR_DEFLATE;
}

/* One call of zlib. It lets a distance reach to the beginning of the output of the same call,
 * whatever the window: only calls that put out one octet hold it to the window exactly. */
static int inflate_some(struct wspec_inflater *inflater, struct wspec_span *octets, uint8_t *out,
                        size_t room, size_t *written) {
  z_stream *zlib = &inflater->zlib;
  size_t len = octets->len < UINT_MAX ? octets->len : UINT_MAX;
  room = room < UINT_MAX ? room : UINT_MAX;
  if (inflater->exact_left > 0 && room > EXACT_STEP) {
    room = EXACT_STEP;
  }
  zlib->next_in = octets->data;
  zlib->avail_in = (uInt)len;
  zlib->next_out = out;
  zlib->avail_out = (uInt)room;
  int status = inflate(zlib, Z_SYNC_FLUSH);
  *octets = wspec_span_from(*octets, len - zlib->avail_in);
  *written = room - zlib->avail_out;
  if (len > zlib->avail_in || *written > 0) {
    inflater->position = zlib->data_type;
  }
  inflater->exact_left -= *written < inflater->exact_left ? *written : inflater->exact_left;
  return status;
}

static bool is_too_far(const z_stream *zlib) {
  return zlib->msg && strcmp(zlib->msg, "invalid distance too far back") == 0;
}

/* Inflates until `octets` are used up or `room` is filled. */
static enum wspec_err inflate_into(struct wspec_inflater *inflater, struct wspec_span *octets,
                                   uint8_t *out, size_t room, size_t *written) {
  while (*written < room) {
    size_t had = octets->len, some;
    int status = inflate_some(inflater, octets, out + *written, room - *written, &some);
    *written += some;
    if (status == Z_STREAM_END) {
      enum wspec_err err = continue_after_final(inflater);
      if (err) {
        return err;
      }
      if (octets->len == 0) {
        return WSPEC_ERR_NEED_MORE;
      }
    } else if (status == Z_MEM_ERROR) {
      return WSPEC_ERR_NOMEM;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return fail_inflate(inflater, is_too_far(&inflater->zlib) ? WSPEC_INFLATE_TOO_FAR
                                                                : WSPEC_INFLATE_CORRUPT);
    } else if (some == 0 && octets->len == had) {
      return WSPEC_ERR_NEED_MORE; /* zlib has nothing left to say */
    }
  }
  return WSPEC_OK;
}

enum wspec_err wspec_inflater_read(struct wspec_inflater *inflater, struct wspec_span *octets,
                                   uint8_t *out, size_t room, size_t *written) {
  *written = 0;
  if (inflater->fault != WSPEC_INFLATE_FINE && inflater->fault != WSPEC_INFLATE_TAIL_IS_THERE) {
    return WSPEC_ERR_DEFLATE;
  }
  if (!inflater->in_message) {
    enum wspec_err err = prepare_inflater(inflater);
    if (err) {
      return err;
    }
    inflater->in_message = true;
    inflater->has_octets = false;
    inflater->fault = WSPEC_INFLATE_FINE;
    inflater->tail_at = 0;
    inflater->tail_was_judged = false;
  }
  inflater->has_octets = inflater->has_octets || octets->len > 0;
  return inflate_into(inflater, octets, out, room, written);
}

/* zlib says by 128 that it stands between two blocks, and in the low bits how many bits of an octet
 * are left over: none behind a stored block. */
static bool is_between_blocks(const struct wspec_inflater *inflater) {
  return inflater->position == 128;
}

static enum wspec_err finish_message(struct wspec_inflater *inflater) {
  if (!is_between_blocks(inflater)) {
    return fail_inflate(inflater, WSPEC_INFLATE_INCOMPLETE);
  }
  if (!inflater->stream.context_takeover && inflateReset(&inflater->zlib) != Z_OK) {
    return WSPEC_ERR_INTERNAL;
  }
  inflater->in_message = false;
  return WSPEC_ERR_NEED_MORE;
}

enum wspec_err wspec_inflater_end(struct wspec_inflater *inflater, uint8_t *out, size_t room,
                                  size_t *written) {
  struct wspec_span nothing = {NULL, 0};
  *written = 0;
  if (!inflater->in_message) {
    enum wspec_err err = wspec_inflater_read(inflater, &nothing, out, 0, written);
    if (err != WSPEC_OK) {
      return err;
    }
  }
  struct wspec_span tail = wspec_span_of(TAIL + inflater->tail_at, TAIL_LEN - inflater->tail_at);
  /* A stream that is complete already had its tail; but not one of no octets at all. */
  if (!inflater->tail_was_judged && inflater->has_octets && is_between_blocks(inflater)) {
    inflater->fault = WSPEC_INFLATE_TAIL_IS_THERE;
  }
  inflater->tail_was_judged = true;
  enum wspec_err err = WSPEC_ERR_NEED_MORE;
  if (inflater->fault != WSPEC_INFLATE_TAIL_IS_THERE) {
    err = inflate_into(inflater, &tail, out, room, written);
    inflater->tail_at = TAIL_LEN - tail.len;
  }
  return err == WSPEC_ERR_NEED_MORE ? finish_message(inflater) : err;
}

/* ---- Deflating ---- */

struct wspec_deflater {
  struct wspec_deflate_stream stream;
  int level;
  bool is_ready;
  bool in_message;
  z_stream zlib;
};

struct wspec_deflater *wspec_deflater_new(struct wspec_deflate_stream stream, int level) {
  struct wspec_deflater *deflater = calloc(1, sizeof *deflater);
  if (deflater) {
    deflater->stream = stream;
    /* zlib makes 9 bits of a raw window of 8. Stored blocks know no distance at all. */
    deflater->level = stream.window_bits < SMALLEST_BITS ? Z_NO_COMPRESSION : level;
  }
  return deflater;
}

void wspec_deflater_free(struct wspec_deflater *deflater) {
  if (deflater && deflater->is_ready) {
    (void)deflateEnd(&deflater->zlib);
  }
  free(deflater);
}

static enum wspec_err begin_deflate(struct wspec_deflater *deflater) {
  int status = Z_OK;
  if (!deflater->is_ready) {
    unsigned bits = deflater->stream.window_bits;
    bits = bits < SMALLEST_BITS ? SMALLEST_BITS : bits;
    deflater->zlib = (z_stream){.zalloc = allocate, .zfree = release};
    status = deflateInit2(&deflater->zlib, deflater->level, Z_DEFLATED, -(int)bits, MEMORY_LEVEL,
                          Z_DEFAULT_STRATEGY);
    deflater->is_ready = status == Z_OK;
  } else if (!deflater->in_message && !deflater->stream.context_takeover) {
    status = deflateReset(&deflater->zlib);
  }
  deflater->in_message = status == Z_OK;
  return status == Z_OK ? WSPEC_OK : err_of_zlib(status);
}

/* Gives `octets` to zlib, flushes, and appends all that comes. */
static enum wspec_err deflate_into(z_stream *zlib, struct wspec_span octets,
                                   struct wspec_buf *out) {
  size_t room = octets.len / 2 < STEP ? 256 + octets.len / 2 : STEP;
  do {
    size_t len = octets.len < UINT_MAX ? octets.len : UINT_MAX;
    size_t before = out->len;
    room = room < out->ceiling - before ? room : out->ceiling - before;
    if (room == 0) {
      return WSPEC_ERR_LIMIT;
    }
    uint8_t *to;
    enum wspec_err err = wspec_buf_reserve(out, room, &to);
    if (err) {
      return err;
    }
    zlib->next_in = octets.data;
    zlib->avail_in = (uInt)len;
    zlib->next_out = to;
    zlib->avail_out = (uInt)room;
    int status = deflate(zlib, Z_SYNC_FLUSH);
    wspec_buf_truncate(out, before + room - zlib->avail_out);
    if (status != Z_OK && status != Z_BUF_ERROR) {
      return err_of_zlib(status);
    }
    octets = wspec_span_from(octets, len - zlib->avail_in);
    room = STEP;
  } while (octets.len > 0 || zlib->avail_out == 0);
  return WSPEC_OK;
}

/* Section 7.2.1: the four octets are removed. Nothing at all, an empty message or an empty last
 * fragment, is the rest of an empty stored block: one octet (section 7.2.3.6). */
static enum wspec_err remove_tail(struct wspec_buf *out, size_t before) {
  if (out->len - before < TAIL_LEN) {
    wspec_buf_truncate(out, before);
    return wspec_buf_append_octet(out, 0x00);
  }
  wspec_buf_truncate(out, out->len - TAIL_LEN);
  return WSPEC_OK;
}

enum wspec_err wspec_deflater_write(struct wspec_deflater *deflater, struct wspec_span octets,
                                    bool ends, struct wspec_buf *out) {
  enum wspec_err err = begin_deflate(deflater);
  size_t before = out->len;
  if (!err && octets.len > 0) {
    err = deflate_into(&deflater->zlib, octets, out);
  }
  if (!err && ends) {
    deflater->in_message = false;
    err = remove_tail(out, before);
  }
  return err;
}

/* ---- Both, for a connection ---- */

struct wspec_deflate {
  struct wspec_inflater *inflater;
  struct wspec_deflater *deflater;
};

struct wspec_deflate *wspec_deflate_new(const struct wspec_deflate_params *agreed, bool is_client) {
  struct wspec_deflate *deflate = calloc(1, sizeof *deflate);
  if (!deflate) {
    return NULL;
  }
  deflate->inflater = wspec_inflater_new(wspec_deflate_stream_of(agreed, is_client), 0);
  deflate->deflater = wspec_deflater_new(wspec_deflate_stream_of(agreed, !is_client), LEVEL);
  if (!deflate->inflater || !deflate->deflater) {
    wspec_deflate_free(deflate);
    return NULL;
  }
  return deflate;
}

void wspec_deflate_free(struct wspec_deflate *deflate) {
  if (deflate) {
    wspec_inflater_free(deflate->inflater);
    wspec_deflater_free(deflate->deflater);
    free(deflate);
  }
}

/* How much is to be made room for: little at first, for most messages are short, then what is there
 * once more. */
static size_t next_room(const struct wspec_buf *out, size_t octets_left) {
  size_t room = out->len > 4 * octets_left ? out->len : 4 * octets_left;
  return room < 256 ? 256 : room < STEP ? room : STEP;
}

/* Inflates into `out`. At its ceiling one octet more than fits tells whether there is more: memory
 * is never taken for what is beyond. */
static enum wspec_err inflate_all(struct wspec_inflater *inflater, struct wspec_span *octets,
                                  bool ends, struct wspec_buf *out) {
  enum wspec_err err = WSPEC_OK;
  while (err == WSPEC_OK) {
    size_t before = out->len, written;
    size_t room = next_room(out, octets->len);
    room = room < out->ceiling - before ? room : out->ceiling - before;
    uint8_t beyond, *to = &beyond;
    if (room > 0) {
      err = wspec_buf_reserve(out, room, &to);
      if (err) {
        return err;
      }
    }
    size_t asked = room > 0 ? room : 1;
    err = ends ? wspec_inflater_end(inflater, to, asked, &written)
               : wspec_inflater_read(inflater, octets, to, asked, &written);
    if (room == 0 && written > 0) {
      return WSPEC_ERR_LIMIT;
    }
    wspec_buf_truncate(out, before + (room > 0 ? written : 0));
  }
  return err == WSPEC_ERR_NEED_MORE ? WSPEC_OK : err;
}

static enum wspec_err codec_inflate(void *context, struct wspec_span octets, bool ends,
                                    struct wspec_buf *out) {
  struct wspec_deflate *deflate = context;
  enum wspec_err err = inflate_all(deflate->inflater, &octets, false, out);
  return !err && ends ? inflate_all(deflate->inflater, &octets, true, out) : err;
}

static enum wspec_err codec_deflate(void *context, struct wspec_span octets, bool ends,
                                    struct wspec_buf *out) {
  struct wspec_deflate *deflate = context;
  return wspec_deflater_write(deflate->deflater, octets, ends, out);
}

struct wspec_conn_codec wspec_deflate_codec(struct wspec_deflate *deflate) {
  return (struct wspec_conn_codec){
      .context = deflate, .inflate = codec_inflate, .deflate = codec_deflate};
}
