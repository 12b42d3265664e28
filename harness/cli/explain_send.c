#include "cli/explain.h"

#include "case/compress.h"
#include "proto/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SHOWN = 60, HEX_SHOWN = 24, SIZES_SHOWN = 8, PARTS_SHOWN = 6 };

/* ---- Payloads ---- */

static bool is_plain_text(const uint8_t *octets, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (octets[i] < 0x20 || octets[i] > 0x7E || octets[i] == '"') {
      return false;
    }
  }
  return true;
}

static void print_hex(const uint8_t *octets, size_t len) {
  for (size_t i = 0; i < len && i < HEX_SHOWN; i++) {
    printf("%s%02x", i > 0 ? " " : "", octets[i]);
  }
  printf("%s", len > HEX_SHOWN ? " …" : "");
}

static void print_octets(const uint8_t *octets, size_t len) {
  if (is_plain_text(octets, len)) {
    printf("\"%.*s\"%s", len > TEXT_SHOWN ? TEXT_SHOWN : (int)len, (const char *)octets,
           len > TEXT_SHOWN ? "…" : "");
  } else {
    print_hex(octets, len);
  }
}

static void print_part(const struct wspec_payload_part *part) {
  if (part->kind == WSPEC_PAYLOAD_RANDOM) {
    printf("random octets");
  } else if (part->kind == WSPEC_PAYLOAD_SHUFFLE) {
    print_octets(part->data, part->data_len);
    printf(" in pieces of %zu octets in random order", part->piece_len);
  } else {
    print_octets(part->data, part->data_len);
    printf("%s", part->len > part->data_len ? " again and again" : "");
  }
}

void wspec_explain_payload(const struct wspec_payload *payload) {
  for (size_t i = 0; i < payload->n_parts && i < PARTS_SHOWN; i++) {
    printf("%s", i > 0 ? ", " : "");
    print_part(&payload->parts[i]);
  }
  printf("%s%s(%" PRIu64 " octet%s)", payload->n_parts > PARTS_SHOWN ? ", …" : "",
         payload->n_parts > 0 ? " " : "", payload->len, payload->len == 1 ? "" : "s");
}

/* ---- Frames ---- */

static void print_header(const struct wspec_frame_plan *plan, bool by_client) {
  struct wspec_frame frame = {
      .fin = plan->fin,
      .rsv = plan->rsv,
      .opcode = plan->opcode,
      .masked = plan->mask == WSPEC_MASK_BY_ROLE ? by_client : plan->mask == WSPEC_MASK_ON,
      .payload_len = plan->has_declared_len ? plan->declared_len : plan->payload.len,
      .length_form = (enum wspec_length_form)plan->length_form};
  uint8_t octets[WSPEC_FRAME_HEADER_MAX];
  memcpy(frame.masking_key, plan->masking_key, sizeof frame.masking_key);
  size_t len = wspec_frame_encode(&frame, octets);
  size_t shown = frame.masked && !plan->has_masking_key ? len - 4 : len;
  printf("       header to a %s: ", by_client ? "server" : "client");
  for (size_t i = 0; i < shown; i++) {
    printf("%s%02x", i > 0 ? " " : "", octets[i]);
  }
  printf("%s\n", shown < len ? " and a masking key" : "");
}

static void print_wrong(const struct wspec_frame_plan *plan) {
  if (plan->mask != WSPEC_MASK_BY_ROLE) {
    printf(", %s", plan->mask == WSPEC_MASK_ON ? "masked" : "not masked");
  }
  if (plan->length_form) {
    printf(", length in the %u-bit form", plan->length_form);
  }
  if (plan->has_declared_len) {
    printf(", length said to be %" PRIu64, plan->declared_len);
  }
  if (plan->has_cut) {
    printf(", only %s first %" PRIu64 " octets",
           plan->cut_in_payload ? "the header and the payload's" : "its", plan->cut_at);
  }
}

static void print_frame(const struct wspec_frame_plan *plan, enum wspec_case_target target) {
  printf("frame %s", wspec_opcode_name(plan->opcode));
  printf("%s", plan->fin ? "" : ", not the last of its message");
  for (unsigned bit = 0; bit < 3; bit++) {
    if (plan->rsv & (WSPEC_RSV1 >> bit)) {
      printf(", RSV%u", bit + 1);
    }
  }
  print_wrong(plan);
  printf(": ");
  wspec_explain_payload(&plan->payload);
  printf("\n");
  if (target != WSPEC_TARGET_CLIENT) {
    print_header(plan, true);
  }
  if (target != WSPEC_TARGET_SERVER) {
    print_header(plan, false);
  }
}

/* ---- Messages ---- */

static void print_sizes(const uint64_t *sizes, size_t n_sizes) {
  for (size_t i = 0; i < n_sizes && i < SIZES_SHOWN; i++) {
    printf("%s%" PRIu64, i > 0 ? ", " : "", sizes[i]);
  }
  printf("%s", n_sizes > SIZES_SHOWN ? ", …" : "");
}

static void print_fragmentation(const struct wspec_message_plan *plan) {
  switch (plan->fragmentation) {
  case WSPEC_FRAGMENTS_NONE:
    break;
  case WSPEC_FRAGMENTS_SIZES:
    printf(", in fragments of ");
    print_sizes(plan->sizes, plan->n_sizes);
    printf(" octets and the rest");
    break;
  case WSPEC_FRAGMENTS_EVERY:
    printf(", in fragments of %" PRIu64 " octets", plan->every);
    break;
  case WSPEC_FRAGMENTS_COUNT:
    printf(", in %" PRIu64 " fragments", plan->count);
    break;
  }
}

static void print_block(const struct wspec_compress_block *block) {
  static const char *const kinds[] = {"stored", "fixed", "dynamic", "reserved"};
  printf("%s of ", kinds[block->kind]);
  if (block->has_rest) {
    printf("the rest");
  } else {
    printf("%" PRIu64, block->len);
  }
  if (block->distance > 0) {
    printf(" from %u back", block->distance);
  }
  printf("%s", block->final ? " with BFINAL" : "");
}

static void print_compress(const struct wspec_compress_plan *plan) {
  printf(", compressed");
  for (size_t i = 0; i < plan->n_blocks && i < PARTS_SHOWN; i++) {
    printf("%s", i == 0 ? " in blocks: " : "; ");
    print_block(&plan->blocks[i]);
  }
  printf("%s", plan->n_blocks > PARTS_SHOWN ? "; …" : "");
  if (plan->n_blocks == 0) {
    printf(" at level %d", plan->level);
  }
  if (plan->flush_every > 0) {
    printf(", flushed every %" PRIu64 " octets", plan->flush_every);
  }
  printf("%s%s%s", plan->alone ? ", alone" : "", plan->without_rsv1 ? ", without RSV1" : "",
         plan->with_tail ? ", its tail left on" : "");
  if (plan->window_bits > 0) {
    printf(", with a window of %u bits", plan->window_bits);
  }
  if (plan->has_flipped_bit) {
    printf(", bit %" PRIu64 " flipped", plan->flipped_bit);
  }
  if (plan->has_cut) {
    printf(", only its first %" PRIu64 " octets", plan->cut_at);
  }
}

static void print_message(const struct wspec_message_plan *plan, enum wspec_case_target target) {
  printf("message %s", wspec_opcode_name(plan->opcode));
  if (plan->compress) {
    print_compress(plan->compress);
  }
  print_fragmentation(plan);
  printf(": ");
  wspec_explain_payload(&plan->payload);
  printf("\n");
  for (size_t i = 0; i < plan->n_interleaves; i++) {
    if (plan->interleaves[i].after == UINT64_MAX) {
      printf("       behind each fragment but the last: ");
    } else {
      printf("       behind fragment %" PRIu64 ": ", plan->interleaves[i].after);
    }
    print_frame(&plan->interleaves[i].frame, target);
  }
}

void wspec_explain_sends(const struct wspec_send *sends, size_t n_sends,
                         enum wspec_case_target target) {
  for (size_t i = 0; i < n_sends; i++) {
    printf("     ");
    if (sends[i].repeat > 1) {
      printf("%" PRIu64 " times ", sends[i].repeat);
    }
    if (sends[i].label) {
      printf("[%s] ", sends[i].label);
    }
    switch (sends[i].kind) {
    case WSPEC_SEND_FRAME:
      print_frame(&sends[i].as.frame, target);
      break;
    case WSPEC_SEND_MESSAGE:
      print_message(&sends[i].as.message, target);
      break;
    case WSPEC_SEND_RAW:
      printf("octets: ");
      wspec_explain_payload(&sends[i].as.raw);
      printf("\n");
      break;
    }
  }
}

void wspec_explain_segments(const struct wspec_segments *segments) {
  if (segments->n_sizes == 0 && segments->every == 0) {
    return;
  }
  printf("     cut into writes of ");
  print_sizes(segments->sizes, segments->n_sizes);
  if (segments->every > 0) {
    printf("%s%" PRIu64 " octets each", segments->n_sizes > 0 ? ", then " : "", segments->every);
  } else {
    printf(" octets and the rest");
  }
  if (segments->delay_ms > 0) {
    printf(", %u ms apart", segments->delay_ms);
  }
  printf("\n");
}

/* ---- Heads ---- */

/* Control characters are shown as escapes: they are what many of these cases are about. */
static void print_escaped(struct wspec_span text) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] >= 0x20 && text.data[i] < 0x7F) {
      (void)putchar(text.data[i]);
    } else {
      printf("\\x%02x", text.data[i]);
    }
  }
}

static void print_edit(const struct wspec_field_edit *edit) {
  static const char *const verbs[] = {"set", "remove", "add", "put first"};
  printf("     %s ", verbs[edit->kind]);
  print_escaped(edit->name);
  if (edit->kind != WSPEC_FIELD_REMOVE) {
    print_escaped(edit->separator.len > 0 ? edit->separator : wspec_span_text(": "));
    print_escaped(edit->value);
  }
  printf("\n");
}

void wspec_explain_head(const struct wspec_head_plan *head, enum wspec_case_target target) {
  const struct {
    const char *name;
    const char *value;
  } texts[] = {{"method", head->method},
               {"target", head->request_target},
               {"version", head->version},
               {"start line", head->start_line},
               {"line ending", head->line_ending},
               {"key", head->key},
               {"reason", head->reason}};
  if (head->status_code > 0) {
    printf("     status: %u\n", head->status_code);
  }
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    if (texts[i].value) {
      printf("     %s: ", texts[i].name);
      print_escaped(wspec_span_text(texts[i].value));
      printf("\n");
    }
  }
  for (size_t i = 0; i < head->n_edits; i++) {
    print_edit(&head->edits[i]);
  }
  if (head->has_raw) {
    printf("     the whole head: ");
    wspec_explain_payload(&head->raw);
    printf("\n");
  }
  if (head->body.len > 0) {
    printf("     with a body: ");
    wspec_explain_payload(&head->body);
    printf("\n");
  }
  if (head->n_early > 0) {
    printf("     in the same write:\n");
    wspec_explain_sends(head->early, head->n_early, target);
  }
  wspec_explain_segments(&head->segments);
}
