#include "case/fingerprint.h"

#include "case/compress.h"

#include <string.h>

/* FNV-1a. Lengths go in before what they measure, so that "ab", "c" is not "a", "bc". */
static void add_octets(uint64_t *hash, const void *data, size_t len) {
  const uint8_t *octets = data;
  for (size_t i = 0; i < len; i++) {
    *hash = (*hash ^ octets[i]) * UINT64_C(0x100000001b3);
  }
}

static void add_number(uint64_t *hash, uint64_t number) {
  uint8_t octets[8];
  for (unsigned i = 0; i < 8; i++) {
    octets[i] = (uint8_t)(number >> (8 * i));
  }
  add_octets(hash, octets, sizeof octets);
}

static void add_span(uint64_t *hash, struct wspec_span span) {
  add_number(hash, span.len);
  add_octets(hash, span.data, span.len);
}

static void add_text(uint64_t *hash, const char *text) {
  add_number(hash, text != NULL);
  add_span(hash, wspec_span_text(text));
}

static void add_payload(uint64_t *hash, const struct wspec_payload *payload) {
  add_number(hash, payload->n_parts);
  for (size_t i = 0; i < payload->n_parts; i++) {
    const struct wspec_payload_part *part = &payload->parts[i];
    add_number(hash, (uint64_t)part->kind);
    add_number(hash, part->len);
    add_span(hash, wspec_span_of(part->data, part->data_len));
    add_number(hash, part->piece_len);
  }
}

static void add_sizes(uint64_t *hash, const uint64_t *sizes, size_t n_sizes) {
  add_number(hash, n_sizes);
  for (size_t i = 0; i < n_sizes; i++) {
    add_number(hash, sizes[i]);
  }
}

static void add_segments(uint64_t *hash, const struct wspec_segments *segments) {
  add_sizes(hash, segments->sizes, segments->n_sizes);
  add_number(hash, segments->every);
  add_number(hash, segments->delay_ms);
}

static void add_key(uint64_t *hash, bool has_key, const uint8_t key[4]) {
  add_number(hash, has_key);
  add_octets(hash, key, has_key ? 4 : 0);
}

static void add_frame(uint64_t *hash, const struct wspec_frame_plan *frame) {
  const uint64_t numbers[] = {frame->opcode,         frame->fin,         frame->rsv,
                              (uint64_t)frame->mask, frame->length_form, frame->has_declared_len,
                              frame->declared_len,   frame->has_cut,     frame->cut_in_payload,
                              frame->cut_at};
  add_sizes(hash, numbers, sizeof numbers / sizeof numbers[0]);
  add_key(hash, frame->has_masking_key, frame->masking_key);
  add_payload(hash, &frame->payload);
}

static void add_compress(uint64_t *hash, const struct wspec_compress_plan *plan) {
  add_number(hash, plan != NULL);
  if (!plan) {
    return;
  }
  const uint64_t numbers[] = {(uint64_t)plan->level, plan->alone,           plan->flush_every,
                              (uint64_t)plan->flush, plan->without_rsv1,    plan->with_tail,
                              plan->window_bits,     plan->has_flipped_bit, plan->flipped_bit,
                              plan->has_cut,         plan->cut_at};
  add_sizes(hash, numbers, sizeof numbers / sizeof numbers[0]);
  add_number(hash, plan->n_blocks);
  for (size_t i = 0; i < plan->n_blocks; i++) {
    const struct wspec_compress_block *block = &plan->blocks[i];
    const uint64_t members[] = {(uint64_t)block->kind, block->has_rest, block->len, block->final,
                                block->distance};
    add_sizes(hash, members, sizeof members / sizeof members[0]);
  }
}

static void add_message(uint64_t *hash, const struct wspec_message_plan *message) {
  add_number(hash, message->opcode);
  add_number(hash, (uint64_t)message->fragmentation);
  add_number(hash, message->every);
  add_number(hash, message->count);
  add_sizes(hash, message->sizes, message->n_sizes);
  add_key(hash, message->has_masking_key, message->masking_key);
  add_payload(hash, &message->payload);
  add_compress(hash, message->compress);
  add_number(hash, message->n_interleaves);
  for (size_t i = 0; i < message->n_interleaves; i++) {
    add_number(hash, message->interleaves[i].after);
    add_frame(hash, &message->interleaves[i].frame);
  }
}

static void add_sends(uint64_t *hash, const struct wspec_send *sends, size_t n_sends) {
  add_number(hash, n_sends);
  for (size_t i = 0; i < n_sends; i++) {
    add_number(hash, (uint64_t)sends[i].kind);
    add_number(hash, sends[i].repeat);
    add_number(hash, sends[i].in_flight);
    add_text(hash, sends[i].label);
    switch (sends[i].kind) {
    case WSPEC_SEND_FRAME:
      add_frame(hash, &sends[i].as.frame);
      break;
    case WSPEC_SEND_MESSAGE:
      add_message(hash, &sends[i].as.message);
      break;
    case WSPEC_SEND_RAW:
      add_payload(hash, &sends[i].as.raw);
      break;
    }
  }
}

static void add_head(uint64_t *hash, const struct wspec_head_plan *head) {
  const char *const texts[] = {head->method,     head->request_target, head->version,
                               head->start_line, head->line_ending,    head->key};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    add_text(hash, texts[i]);
  }
  add_number(hash, head->status_code);
  add_text(hash, head->reason);
  add_number(hash, head->n_edits);
  for (size_t i = 0; i < head->n_edits; i++) {
    add_number(hash, (uint64_t)head->edits[i].kind);
    add_span(hash, head->edits[i].name);
    add_span(hash, head->edits[i].value);
    add_span(hash, head->edits[i].separator);
  }
  add_number(hash, head->has_raw);
  add_payload(hash, &head->raw);
  add_payload(hash, &head->body);
  add_sends(hash, head->early, head->n_early);
  add_segments(hash, &head->segments);
}

static void add_alternative(uint64_t *hash, const struct wspec_alternative *alternative) {
  add_number(hash, (uint64_t)alternative->reaction);
  add_number(hash, (uint64_t)alternative->rank);
  add_number(hash, (uint64_t)alternative->payload.kind);
  add_number(hash, alternative->payload.opcode);
  add_text(hash, alternative->payload.label);
  add_payload(hash, &alternative->payload.payload);
  add_number(hash, alternative->no_code_allowed);
  add_number(hash, alternative->reason != NULL);
  if (alternative->reason) {
    add_payload(hash, alternative->reason);
  }
  add_number(hash, alternative->validate);
  add_number(hash, (uint64_t)alternative->deflate);
  add_text(hash, alternative->deflate_param);
  add_number(hash, (uint64_t)alternative->offered);
  add_number(hash, alternative->ends);
  add_number(hash, alternative->times);
  add_number(hash, alternative->n_codes);
  for (size_t i = 0; i < alternative->n_codes; i++) {
    add_number(hash, alternative->codes[i].first);
    add_number(hash, alternative->codes[i].last);
  }
  add_number(hash, alternative->n_fields);
  for (size_t i = 0; i < alternative->n_fields; i++) {
    add_number(hash, (uint64_t)alternative->fields[i].kind);
    add_text(hash, alternative->fields[i].name);
    add_text(hash, alternative->fields[i].value);
  }
}

static void add_expectation(uint64_t *hash, const struct wspec_expectation *expect) {
  add_number(hash, expect->patience);
  add_number(hash, expect->n_alternatives);
  for (size_t i = 0; i < expect->n_alternatives; i++) {
    add_alternative(hash, &expect->alternatives[i]);
  }
}

static void add_step(uint64_t *hash, const struct wspec_step *step) {
  add_number(hash, (uint64_t)step->kind);
  add_number(hash, step->connection);
  switch (step->kind) {
  case WSPEC_STEP_OPEN:
  case WSPEC_STEP_REQUEST:
  case WSPEC_STEP_RESPOND:
    add_head(hash, &step->as.head);
    break;
  case WSPEC_STEP_SEND:
    add_sends(hash, step->as.send.items, step->as.send.n_items);
    add_segments(hash, &step->as.send.segments);
    break;
  case WSPEC_STEP_EXPECT:
    add_expectation(hash, &step->as.expect);
    break;
  case WSPEC_STEP_CLOSE:
    add_payload(hash, &step->as.close.payload);
    add_expectation(hash, &step->as.close.expect);
    break;
  case WSPEC_STEP_WAIT:
    add_number(hash, step->as.wait_ms);
    break;
  default:
    break;
  }
}

static void add_uri(uint64_t *hash, const struct wspec_uri *uri) {
  add_text(hash, uri->scheme);
  add_number(hash, uri->has_fullwidth_host);
  add_text(hash, uri->path);
  add_text(hash, uri->query);
}

uint64_t wspec_fingerprint(const struct wspec_script *script) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  add_number(&hash, (uint64_t)script->target);
  add_number(&hash, script->needs);
  if (script->call) {
    add_text(&hash, script->section);
    add_text(&hash, script->call->function);
    add_text(&hash, script->call->arguments);
  }
  if (script->uri) {
    add_uri(&hash, script->uri);
  }
  add_number(&hash, script->n_steps);
  for (size_t i = 0; i < script->n_steps; i++) {
    add_step(&hash, &script->steps[i]);
  }
  return hash;
}
