#include "play/compress.h"
#include "play/play_internal.h"

#include "base/ascii.h"

#include <stdlib.h>
#include <string.h>

enum {
  INFLATE_CHUNK = 16384,
  EXACT_OCTETS = 65536, /* for which a small window is held to exactly, which is slow */
  COMPRESSED_MAX = 2 * WSPEC_COMPRESS_PAYLOAD_MAX
};

/* ---- What was agreed ---- */

/* Whether to accept an offer that had to be declined is a case's question: opinions differ on a few
 * of them. What is said in the answer is judged on every connection. */
static bool is_case_business(const char *requirement) {
  return strncmp(requirement, "7692-7-", 7) == 0;
}

static void judge_faults(struct wspec_play *play, struct link *link,
                         const struct wspec_deflate_faults *faults) {
  const struct wspec_http_field *field =
      wspec_http_head_find(&link->head, "Sec-WebSocket-Extensions", NULL);
  uint64_t offset = link->head_offset + (field ? field->offset : 0);
  for (size_t i = 0; i < faults->n; i++) {
    const struct wspec_deflate_fault *fault = &faults->items[i];
    if (!is_case_business(fault->requirement)) {
      play_find(play, fault->requirement, link_index(play, link), offset,
                "permessage-deflate in the 101: %s", fault->sentence);
    }
  }
}

static bool is_named(const struct wspec_extensions *offers, struct wspec_span name) {
  for (size_t i = 0; i < offers->n_items; i++) {
    if (wspec_ascii_equal_nocase(offers->items[i].name, name)) {
      return true;
    }
  }
  return false;
}

static bool are_named(const struct wspec_extensions *offers,
                      const struct wspec_extensions *answers) {
  for (size_t i = 0; i < answers->n_items; i++) {
    if (!is_named(offers, answers->items[i].name)) {
      return false;
    }
  }
  return true;
}

void compression_agree(struct wspec_play *play, struct link *link,
                       const struct wspec_http_head *request,
                       const struct wspec_http_head *response) {
  struct wspec_extensions offers, answers;
  struct wspec_deflate_faults faults;
  link->deflate_offered = wspec_extensions_read(&offers, request) == WSPEC_OK && offers.n_items > 0;
  if (wspec_extensions_read(&answers, response)) {
    return; /* malformed, and reported as such */
  }
  bool fits = wspec_deflate_check_response(&offers, &answers, &link->deflate_agreed, &link->deflate,
                                           &faults);
  link->answer_was_offered = fits && are_named(&offers, &answers);
  if (link->deflate_offered && !play->config->is_server) {
    judge_faults(play, link, &faults);
  }
}

/* ---- The answer to a client ---- */

bool compression_is_offered(const struct link *link) {
  static const struct wspec_deflate_params anything = {0};
  struct wspec_extensions offers;
  struct wspec_deflate_params agreed;
  return wspec_extensions_read(&offers, &link->head) == WSPEC_OK &&
         wspec_deflate_accept(&offers, &anything, &agreed);
}

/* What a client would ask of the server, a server asks of the client, and the other way round. */
static struct wspec_deflate_params turn_round(const struct wspec_deflate_params *offer) {
  return (struct wspec_deflate_params){
      .server_no_context_takeover = offer->client_no_context_takeover,
      .client_no_context_takeover = offer->server_no_context_takeover,
      .server_max_window_bits = offer->client_max_window_bits,
      .client_max_window_bits = offer->server_max_window_bits,
  };
}

enum wspec_err compression_answer(const struct link *link, struct wspec_span offer,
                                  struct wspec_buf *out) {
  struct wspec_extensions of_case, of_client;
  struct wspec_deflate_params params, agreed;
  struct wspec_deflate_faults faults;
  struct wspec_deflate_text text;
  if (wspec_extensions_parse(&of_case, offer) || of_case.n_items == 0 ||
      !wspec_deflate_read_offer(&of_case.items[0], &params, &faults) ||
      wspec_extensions_read(&of_client, &link->head)) {
    return WSPEC_OK;
  }
  params = turn_round(&params);
  if (!wspec_deflate_accept(&of_client, &params, &agreed)) {
    return WSPEC_OK;
  }
  /* Section 7.1.2.2: only a client that offered to keep to a window can be told one. */
  if (params.client_max_window_bits != 0 && !agreed.has_client_max_window_bits) {
    return WSPEC_OK;
  }
  wspec_deflate_write(&agreed, &text);
  return wspec_extensions_write(out, &text.extension, 1);
}

bool compression_has_param(const struct link *link, const char *name) {
  const struct wspec_deflate_params *agreed = &link->deflate;
  if (strcmp(name, "server_no_context_takeover") == 0) {
    return agreed->server_no_context_takeover;
  }
  if (strcmp(name, "client_no_context_takeover") == 0) {
    return agreed->client_no_context_takeover;
  }
  return strcmp(name, "server_max_window_bits") == 0 ? agreed->server_max_window_bits != 0
                                                     : agreed->has_client_max_window_bits;
}

/* How our messages are compressed, or theirs. */
static struct wspec_deflate_stream stream_of(const struct wspec_play *play, const struct link *link,
                                             bool ours) {
  return wspec_deflate_stream_of(&link->deflate, play->config->is_server == ours);
}

/* ---- Sending ---- */

static enum wspec_err read_payload(const struct wspec_payload *payload, struct wspec_buf *out) {
  uint8_t *to;
  wspec_buf_init(out, WSPEC_COMPRESS_PAYLOAD_MAX);
  enum wspec_err err = payload->len > WSPEC_COMPRESS_PAYLOAD_MAX
                           ? WSPEC_ERR_LIMIT
                           : wspec_buf_reserve(out, (size_t)payload->len, &to);
  if (!err) {
    (void)wspec_payload_read(payload, 0, to, (size_t)payload->len);
  }
  return err;
}

/* What refers farther back than was agreed would be our fault. */
static bool is_ruled_out(const struct wspec_compress_plan *plan,
                         struct wspec_deflate_stream stream) {
  uint64_t at = 0;
  for (size_t i = 0; i < plan->n_blocks; i++) {
    const struct wspec_compress_block *block = &plan->blocks[i];
    if ((block->distance > at && !stream.context_takeover) ||
        block->distance > UINT64_C(1) << stream.window_bits) {
      return true;
    }
    at += block->len;
  }
  return false;
}

static enum wspec_err compress(struct wspec_play *play, struct link *link,
                               const struct wspec_compress_plan *plan, struct wspec_span payload) {
  struct wspec_deflate_stream stream = stream_of(play, link, true);
  if (plan->window_bits > 0) {
    stream.window_bits = plan->window_bits;
  }
  if (is_ruled_out(plan, stream)) {
    play_skip(play, "the target agreed to less than this reference: its window is too small, or "
                    "forgotten");
    return WSPEC_OK;
  }
  if (compress_needs_own_stream(plan)) {
    /* What this puts into the target's window the deflater does not know: it starts afresh, which
     * a sender may at any message. */
    wspec_deflater_free(link->deflater);
    link->deflater = NULL;
    return compress_alone(plan, payload, stream.window_bits, &link->compressed);
  }
  if (!link->deflater) {
    link->deflater = wspec_deflater_new(stream, plan->level);
    if (!link->deflater) {
      return WSPEC_ERR_NOMEM;
    }
  }
  return compress_on(plan, payload, link->deflater, &link->compressed);
}

/* A message that is sent again and again is compressed twice at most: with nothing like it in the
 * window, and then with itself there, which fits all that follow. */
static bool is_made_already(const struct wspec_play *play, const struct link *link,
                            const struct wspec_message_plan *message) {
  bool once =
      compress_needs_own_stream(message->compress) || !stream_of(play, link, true).context_takeover;
  return link->compressed_message == message && link->compressed_times >= (once ? 1u : 2u);
}

const struct wspec_payload *compression_of(struct wspec_play *play, struct link *link,
                                           const struct wspec_message_plan *message) {
  if (is_made_already(play, link, message)) {
    return &link->compressed_payload;
  }
  link->compressed_times = link->compressed_message == message ? link->compressed_times + 1 : 1;
  link->compressed_message = message;
  struct wspec_buf payload;
  wspec_buf_clear(&link->compressed);
  wspec_buf_init(&link->compressed, COMPRESSED_MAX);
  enum wspec_err err = read_payload(&message->payload, &payload);
  if (!err) {
    err = compress(play, link, message->compress, wspec_buf_span(&payload));
  }
  wspec_buf_clear(&payload);
  (void)play_check(play, err);
  link->compressed_part = (struct wspec_payload_part){.kind = WSPEC_PAYLOAD_LITERAL,
                                                      .len = link->compressed.len,
                                                      .data = link->compressed.data,
                                                      .data_len = link->compressed.len};
  link->compressed_payload = (struct wspec_payload){&link->compressed_part,
                                                    link->compressed.len > 0, link->compressed.len};
  return &link->compressed_payload;
}

/* ---- Receiving ---- */

/* The sentence that a stream breaks that cannot be inflated. */
static const char *requirement_of(const struct wspec_play *play, const struct link *link) {
  struct wspec_deflate_stream stream = stream_of(play, link, false);
  if (wspec_inflater_fault(link->inflater) != WSPEC_INFLATE_TOO_FAR) {
    return "7692-7.2.1-01";
  }
  bool is_within_message = link->incoming.event.payload_len >= UINT64_C(1) << stream.window_bits;
  if (!stream.context_takeover && !is_within_message) {
    return play->config->is_server ? "7692-7.2.1-08" : "7692-7.2.1-10";
  }
  if (stream.window_bits < WSPEC_DEFLATE_BITS_MAX) {
    return play->config->is_server ? "7692-7.2.1-12" : "7692-7.2.1-14";
  }
  return "7692-7.2.1-01";
}

static void report(struct wspec_play *play, struct link *link) {
  static const char *const sentences[] = {
      [WSPEC_INFLATE_FINE] = "cannot be inflated",
      [WSPEC_INFLATE_CORRUPT] = "is no DEFLATE",
      [WSPEC_INFLATE_TOO_FAR] = "refers to octets beyond the window that was agreed",
      [WSPEC_INFLATE_INCOMPLETE] = "does not end where a flush ends",
      [WSPEC_INFLATE_TAIL_IS_THERE] = "has its last four octets left on",
  };
  if (!link->inflate_failed) {
    play_find(play, requirement_of(play, link), link_index(play, link), link->incoming.frame_offset,
              "the target sent a compressed message that %s",
              sentences[wspec_inflater_fault(link->inflater)]);
  }
  link->inflate_failed = true;
}

static bool open_inflater(struct wspec_play *play, struct link *link) {
  if (!link->inflater) {
    link->inflater = wspec_inflater_new(stream_of(play, link, false), EXACT_OCTETS);
    if (!link->inflater) {
      play_out_of_memory(play);
    }
  }
  return link->inflater != NULL;
}

static void inflate(struct wspec_play *play, struct link *link, struct wspec_span octets,
                    bool ends) {
  uint8_t inflated[INFLATE_CHUNK];
  enum wspec_err err = WSPEC_OK;
  while (err == WSPEC_OK && !link->inflate_failed && open_inflater(play, link)) {
    size_t written;
    err = ends ? wspec_inflater_end(link->inflater, inflated, sizeof inflated, &written)
               : wspec_inflater_read(link->inflater, &octets, inflated, sizeof inflated, &written);
    receive_data(play, link, wspec_span_of(inflated, written));
    if (err == WSPEC_ERR_DEFLATE) {
      report(play, link);
    } else if (err != WSPEC_OK && err != WSPEC_ERR_NEED_MORE) {
      play_out_of_memory(play);
    }
  }
}

void compression_receive(struct wspec_play *play, struct link *link, struct wspec_span octets) {
  inflate(play, link, octets, false);
}

void compression_end_message(struct wspec_play *play, struct link *link) {
  inflate(play, link, (struct wspec_span){NULL, 0}, true);
  if (!link->tail_reported && !link->inflate_failed && link->inflater &&
      wspec_inflater_fault(link->inflater) == WSPEC_INFLATE_TAIL_IS_THERE) {
    link->tail_reported = true;
    play_find_full(play, WSPEC_VERDICT_INFO, NULL, link_index(play, link),
                   link->incoming.frame_offset,
                   "the target leaves the last four octets on its compressed messages", NULL, NULL);
  }
}

void compression_clear(struct link *link) {
  wspec_deflater_free(link->deflater);
  wspec_inflater_free(link->inflater);
  wspec_buf_clear(&link->compressed);
}
