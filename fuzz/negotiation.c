/* negotiation: octets as the offer of a client and, behind a line end, the answer of a server, both
 * values of Sec-WebSocket-Extensions with permessage-deflate in them.
 *
 * A verdict is given with its faults, each with a requirement; parameters are what section 7.1 of
 * RFC 7692 allows; what our server answers to any offer our strict client takes, and both agree on
 * the same; what the client takes from anybody fits an offer by a plain reading of the sections;
 * parameters that are written read as themselves; a second judgement is the same; nothing is
 * allocated. */
#include "base/ascii.h"
#include "base/buf.h"
#include "common/fuzz.h"
#include "proto/deflate_params.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 12 };

static bool is_same(const struct wspec_deflate_params *a, const struct wspec_deflate_params *b) {
  return a->server_no_context_takeover == b->server_no_context_takeover &&
         a->client_no_context_takeover == b->client_no_context_takeover &&
         a->server_max_window_bits == b->server_max_window_bits &&
         a->client_max_window_bits == b->client_max_window_bits &&
         a->has_client_max_window_bits == b->has_client_max_window_bits;
}

static bool are_bits(uint8_t bits) {
  return bits == 0 || (bits >= 8 && bits <= 15);
}

static void check_verdict(bool is_fine, const struct wspec_deflate_params *params,
                          const struct wspec_deflate_faults *faults) {
  FUZZ_CHECK(is_fine == (faults->n == 0) && faults->n <= WSPEC_DEFLATE_FAULTS_MAX);
  for (size_t i = 0; i < faults->n; i++) {
    FUZZ_CHECK(faults->items[i].requirement[0] != '\0' && faults->items[i].sentence[0] != '\0');
  }
  FUZZ_CHECK(are_bits(params->server_max_window_bits) && are_bits(params->client_max_window_bits));
  FUZZ_CHECK(params->has_client_max_window_bits || params->client_max_window_bits == 0);
}

/* Section 7.1 by the letter: whether the list of parameters is one that a client may send. */
static bool is_legal_offer(const struct wspec_extension *extension) {
  static const char *const names[] = {"server_no_context_takeover", "client_no_context_takeover",
                                      "server_max_window_bits", "client_max_window_bits"};
  static const char *const bits[] = {"8", "9", "10", "11", "12", "13", "14", "15"};
  unsigned n_seen[4] = {0};
  for (size_t i = 0; i < extension->n_params; i++) {
    const struct wspec_extension_param *param = &extension->params[i];
    size_t which = 0, value = 0;
    while (which < 4 && !wspec_span_equal_text(param->name, names[which])) {
      which++;
    }
    while (value < 8 && !wspec_span_equal_text(param->value, bits[value])) {
      value++;
    }
    bool may_be_bare = which != 2, may_have_value = which >= 2 && value < 8;
    if (which == 4 || ++n_seen[which] > 1 || (param->has_value ? !may_have_value : !may_be_bare)) {
      return false;
    }
  }
  return true;
}

static struct wspec_deflate_params check_elements(const struct wspec_extensions *offers) {
  struct wspec_deflate_params first = {0}, params;
  bool is_found = false;
  for (size_t i = 0; i < offers->n_items; i++) {
    struct wspec_deflate_faults faults;
    bool is_fine = wspec_deflate_read_offer(&offers->items[i], &params, &faults);
    check_verdict(is_fine, &params, &faults);
    FUZZ_CHECK(is_fine == is_legal_offer(&offers->items[i]));
    if (is_fine && !is_found && wspec_deflate_is_name(&offers->items[i])) {
      first = params;
      is_found = true;
    }
    is_fine = wspec_deflate_read_response(&offers->items[i], &params, &faults);
    check_verdict(is_fine, &params, &faults);
    FUZZ_CHECK(!is_fine || is_legal_offer(&offers->items[i]));
  }
  return first;
}

/* Reads what wspec_deflate_write makes of `params`. */
static void write_and_read(const struct wspec_deflate_params *params,
                           struct wspec_extensions *again) {
  struct wspec_deflate_text text;
  struct wspec_buf out;
  wspec_buf_init(&out, TEXT_MAX);
  wspec_deflate_write(params, &text);
  FUZZ_CHECK(!wspec_extensions_write(&out, &text.extension, 1));
  static uint8_t kept[TEXT_MAX]; /* `again` points into it */
  memcpy(kept, out.data, out.len);
  FUZZ_CHECK(!wspec_extensions_parse(again, wspec_span_of(kept, out.len)) && again->n_items == 1);
  wspec_buf_clear(&out);
}

static void check_written(const struct wspec_deflate_params *params) {
  static struct wspec_extensions again; /* too large for the stack */
  struct wspec_deflate_params back;
  struct wspec_deflate_faults faults;
  write_and_read(params, &again);
  FUZZ_CHECK(wspec_deflate_is_name(&again.items[0]));
  FUZZ_CHECK(wspec_deflate_read_offer(&again.items[0], &back, &faults) && is_same(&back, params));
}

/* What a server answers that wants `wanted`. */
static void check_answer(const struct wspec_extensions *offers,
                         const struct wspec_deflate_params *first,
                         const struct wspec_deflate_params *wanted) {
  static struct wspec_extensions answer; /* too large for the stack */
  struct wspec_deflate_params agreed, understood;
  struct wspec_deflate_faults faults;
  bool has;
  if (!wspec_deflate_accept(offers, wanted, &agreed)) {
    return;
  }
  check_written(&agreed);
  write_and_read(&agreed, &answer);
  bool is_fine = wspec_deflate_check_response(offers, &answer, &has, &understood, &faults);
  check_verdict(is_fine, &understood, &faults);
  FUZZ_CHECK(is_fine && has && is_same(&understood, &agreed));
  FUZZ_CHECK(agreed.server_no_context_takeover ==
             (first->server_no_context_takeover || wanted->server_no_context_takeover));
  FUZZ_CHECK(agreed.client_no_context_takeover ==
             (first->client_no_context_takeover || wanted->client_no_context_takeover));
  FUZZ_CHECK(!agreed.has_client_max_window_bits || first->has_client_max_window_bits);
}

/* Sections 7.1.1 and 7.1.2: whether an answer is one to this offer. */
static bool fits(const struct wspec_deflate_params *offer,
                 const struct wspec_deflate_params *answer) {
  unsigned window = answer->server_max_window_bits ? answer->server_max_window_bits : 15;
  return (!offer->server_no_context_takeover || answer->server_no_context_takeover) &&
         (offer->server_max_window_bits == 0 || window <= offer->server_max_window_bits) &&
         (offer->has_client_max_window_bits || !answer->has_client_max_window_bits);
}

static bool is_answer_to_any(const struct wspec_extensions *offers,
                             const struct wspec_deflate_params *answer) {
  for (size_t i = 0; i < offers->n_items; i++) {
    const struct wspec_extension *item = &offers->items[i];
    struct wspec_deflate_params offer;
    struct wspec_deflate_faults faults;
    bool is_exact = wspec_deflate_is_name(item);
    if (!is_exact && wspec_ascii_equal_nocase(item->name, wspec_span_text("permessage-deflate"))) {
      return true; /* nobody knows what that means */
    }
    if (is_exact && wspec_deflate_read_offer(item, &offer, &faults) && fits(&offer, answer)) {
      return true;
    }
  }
  return false;
}

static void check_response(const struct wspec_extensions *offers,
                           const struct wspec_extensions *response) {
  struct wspec_deflate_params agreed[2];
  struct wspec_deflate_faults faults[2];
  bool has[2], is_fine[2];
  for (size_t i = 0; i < 2; i++) {
    is_fine[i] = wspec_deflate_check_response(offers, response, &has[i], &agreed[i], &faults[i]);
    check_verdict(is_fine[i], &agreed[i], &faults[i]);
  }
  FUZZ_CHECK(is_fine[0] == is_fine[1] && has[0] == has[1] && is_same(&agreed[0], &agreed[1]));
  FUZZ_CHECK(faults[0].n == faults[1].n);
  size_t n_named = 0;
  for (size_t i = 0; i < response->n_items; i++) {
    n_named += wspec_deflate_is_name(&response->items[i]);
  }
  FUZZ_CHECK(has[0] == (n_named > 0));
  FUZZ_CHECK(!is_fine[0] || n_named < 2);
  FUZZ_CHECK(!is_fine[0] || !has[0] || is_answer_to_any(offers, &agreed[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct wspec_extensions offers, response; /* too large for the stack */
  struct fuzz_input input = fuzz_input_of(data, size);
  uint8_t choice = fuzz_take_octet(&input), bits = fuzz_take_octet(&input);
  const struct wspec_deflate_params wanted = {
      .server_no_context_takeover = (choice & 1) != 0,
      .client_no_context_takeover = (choice & 2) != 0,
      .server_max_window_bits = choice & 4 ? (uint8_t)(8 + (bits & 7)) : 0,
      .client_max_window_bits = choice & 8 ? (uint8_t)(8 + (bits >> 3 & 7)) : 0,
      .has_client_max_window_bits = (choice & 8) != 0};
  const uint8_t *end = input.len > 0 ? memchr(input.data, '\n', input.len) : NULL;
  size_t offer_len = end ? (size_t)(end - input.data) : input.len;
  size_t response_len = end ? input.len - offer_len - 1 : 0;
  uint8_t *offer_text = fuzz_copy(input.data, offer_len);
  uint8_t *response_text = fuzz_copy(end ? end + 1 : NULL, response_len);
  check_written(&wanted);
  if (!wspec_extensions_parse(&offers, wspec_span_of(offer_text, offer_len))) {
    struct wspec_deflate_params first = check_elements(&offers);
    check_answer(&offers, &first, &wanted);
    fuzz_memory_start();
    if (!wspec_extensions_parse(&response, wspec_span_of(response_text, response_len))) {
      check_response(&offers, &response);
    }
    FUZZ_CHECK(fuzz_memory_requested() == 0);
  }
  free(offer_text);
  free(response_text);
  return 0;
}
