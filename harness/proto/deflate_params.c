#include "proto/deflate_params.h"

#include "base/ascii.h"

#include <string.h>

/* Which parameter, in the order of section 7.1. */
enum param {
  SERVER_NO_CONTEXT_TAKEOVER,
  CLIENT_NO_CONTEXT_TAKEOVER,
  SERVER_MAX_WINDOW_BITS,
  CLIENT_MAX_WINDOW_BITS,
  N_PARAMS
};

static const char *const NAMES[N_PARAMS] = {
    "server_no_context_takeover",
    "client_no_context_takeover",
    "server_max_window_bits",
    "client_max_window_bits",
};

/* What an element of one side breaks. */
struct rules {
  struct wspec_deflate_fault unknown;
  struct wspec_deflate_fault repeated;
  struct wspec_deflate_fault bad_value[N_PARAMS];
  bool client_bits_may_be_bare;
};

/* Section 7: a server declines such an offer. */
static const struct rules OFFER_RULES = {
    .unknown = {"7692-7-01", "the offer has a parameter that is not defined", "6455-9-04"},
    .repeated = {"7692-7-03", "the offer has a parameter twice", "6455-9-04"},
    .bad_value = {{"7692-7-02", "the offer gives server_no_context_takeover a value",
                   "7692-7.1.1.1-02"},
                  {"7692-7-02", "the offer gives client_no_context_takeover a value", "6455-9-04"},
                  {"7692-7-02", "the value of server_max_window_bits is none of 8 to 15",
                   "7692-7.1.2.1-02"},
                  {"7692-7-02", "the value of client_max_window_bits is none of 8 to 15",
                   "7692-7.1.2.2-02"}},
    .client_bits_may_be_bare = true,
};

static const struct rules RESPONSE_RULES = {
    .unknown = {"6455-9.1-05", "the answer has a parameter that is not defined", NULL},
    .repeated = {"6455-9-04", "the answer has a parameter twice", NULL},
    .bad_value = {{"7692-7.1.1.1-02", "the answer gives server_no_context_takeover a value", NULL},
                  {"7692-7.1.1.2-03", "the answer gives client_no_context_takeover a value", NULL},
                  {"7692-7.1.2.1-07", "the value of server_max_window_bits is none of 8 to 15",
                   NULL},
                  {"7692-7.1.2.2-05", "the value of client_max_window_bits is none of 8 to 15",
                   NULL}},
};

bool wspec_deflate_is_name(const struct wspec_extension *extension) {
  return wspec_span_equal_text(extension->name, WSPEC_DEFLATE_NAME);
}

static void copy_fault(struct wspec_deflate_faults *faults,
                       const struct wspec_deflate_fault *fault) {
  if (faults->n < WSPEC_DEFLATE_FAULTS_MAX) {
    faults->items[faults->n++] = *fault;
  }
}

static void add_fault(struct wspec_deflate_faults *faults, const char *requirement,
                      const char *sentence) {
  copy_fault(faults,
             &(struct wspec_deflate_fault){.requirement = requirement, .sentence = sentence});
}

/* A decimal from 8 to 15 without a leading zero (section 7.1.2); 0 if it is none. */
static uint8_t read_bits(struct wspec_span value) {
  if (value.len == 1 && (value.data[0] == '8' || value.data[0] == '9')) {
    return (uint8_t)(value.data[0] - '0');
  }
  if (value.len == 2 && value.data[0] == '1' && value.data[1] >= '0' && value.data[1] <= '5') {
    return (uint8_t)(10 + value.data[1] - '0');
  }
  return 0;
}

static enum param find_param(const struct wspec_extension_param *param) {
  unsigned which = 0;
  while (which < N_PARAMS && !wspec_span_equal_text(param->name, NAMES[which])) {
    which++;
  }
  return (enum param)which;
}

/* Takes one parameter; false: its value is not legal. */
static bool take_param(const struct wspec_extension_param *param, enum param which,
                       const struct rules *rules, struct wspec_deflate_params *params) {
  uint8_t bits = param->has_value ? read_bits(param->value) : 0;
  switch (which) {
  case SERVER_NO_CONTEXT_TAKEOVER:
    params->server_no_context_takeover = true;
    return !param->has_value;
  case CLIENT_NO_CONTEXT_TAKEOVER:
    params->client_no_context_takeover = true;
    return !param->has_value;
  case SERVER_MAX_WINDOW_BITS:
    params->server_max_window_bits = bits;
    return bits != 0;
  case CLIENT_MAX_WINDOW_BITS:
    params->has_client_max_window_bits = true;
    params->client_max_window_bits = bits;
    return bits != 0 || (!param->has_value && rules->client_bits_may_be_bare);
  case N_PARAMS:
    break;
  }
  return false;
}

static bool read_element(const struct wspec_extension *extension, const struct rules *rules,
                         struct wspec_deflate_params *params, struct wspec_deflate_faults *faults) {
  bool seen[N_PARAMS] = {false};
  *params = (struct wspec_deflate_params){0};
  *faults = (struct wspec_deflate_faults){.n = 0};
  for (size_t i = 0; i < extension->n_params; i++) {
    const struct wspec_extension_param *param = &extension->params[i];
    enum param which = find_param(param);
    if (which == N_PARAMS) {
      copy_fault(faults, &rules->unknown);
    } else if (seen[which]) {
      copy_fault(faults, &rules->repeated);
    } else {
      seen[which] = true;
      if (!take_param(param, which, rules, params)) {
        copy_fault(faults, &rules->bad_value[which]);
      }
    }
  }
  return faults->n == 0;
}

bool wspec_deflate_read_offer(const struct wspec_extension *extension,
                              struct wspec_deflate_params *params,
                              struct wspec_deflate_faults *faults) {
  return read_element(extension, &OFFER_RULES, params, faults);
}

bool wspec_deflate_read_response(const struct wspec_extension *extension,
                                 struct wspec_deflate_params *params,
                                 struct wspec_deflate_faults *faults) {
  return read_element(extension, &RESPONSE_RULES, params, faults);
}

/* ---- The server's choice ---- */

/* The smaller of two windows, where 0 stands for none being named. */
static uint8_t smaller_bits(uint8_t a, uint8_t b) {
  if (a == 0 || b == 0) {
    return a == 0 ? b : a;
  }
  return a < b ? a : b;
}

static struct wspec_deflate_params answer_offer(const struct wspec_deflate_params *offer,
                                                const struct wspec_deflate_params *wanted) {
  struct wspec_deflate_params agreed = {
      .server_no_context_takeover =
          offer->server_no_context_takeover || wanted->server_no_context_takeover,
      .client_no_context_takeover =
          offer->client_no_context_takeover || wanted->client_no_context_takeover,
      .server_max_window_bits =
          smaller_bits(offer->server_max_window_bits, wanted->server_max_window_bits),
  };
  /* Section 7.1.2.2: only in answer to an offer that has it. The hint itself may be ignored, and
   * is, unless we want a smaller window: memory for 15 bits is what an inflater has anyway. */
  if (offer->has_client_max_window_bits && wanted->client_max_window_bits != 0) {
    agreed.has_client_max_window_bits = true;
    agreed.client_max_window_bits =
        smaller_bits(offer->client_max_window_bits, wanted->client_max_window_bits);
  }
  return agreed;
}

bool wspec_deflate_accept(const struct wspec_extensions *offers,
                          const struct wspec_deflate_params *wanted,
                          struct wspec_deflate_params *agreed) {
  for (size_t i = 0; i < offers->n_items; i++) {
    struct wspec_deflate_params offer;
    struct wspec_deflate_faults faults;
    if (wspec_deflate_is_name(&offers->items[i]) &&
        wspec_deflate_read_offer(&offers->items[i], &offer, &faults)) {
      *agreed = answer_offer(&offer, wanted);
      return true;
    }
  }
  *agreed = (struct wspec_deflate_params){0};
  return false;
}

/* ---- The client's check ---- */

/* What in `response` does not fit `offer`. */
static void compare(const struct wspec_deflate_params *offer,
                    const struct wspec_deflate_params *response,
                    struct wspec_deflate_faults *faults) {
  if (offer->server_no_context_takeover && !response->server_no_context_takeover) {
    add_fault(faults, "7692-7.1.1.1-04",
              "the offer's server_no_context_takeover is missing in the answer");
  }
  /* Section 7.1.2.1: an answer without the parameter allows 15 bits, which is what was offered if
   * that was 15. */
  uint8_t answered_bits = response->server_max_window_bits != 0 ? response->server_max_window_bits
                                                                : WSPEC_DEFLATE_BITS_MAX;
  if (offer->server_max_window_bits != 0 && answered_bits > offer->server_max_window_bits) {
    add_fault(faults, "7692-7.1.2.1-04",
              "the answer's server_max_window_bits is missing or larger than the offer's");
  }
  if (response->has_client_max_window_bits && !offer->has_client_max_window_bits) {
    add_fault(faults, "7692-7.1.2.2-06",
              "the answer has client_max_window_bits, which the offer has not");
  }
}

/* No sentence says whether the names of extensions fold case. Whoever offers one so leaves it open
 * what its parameters are, and has nothing to complain about. */
static bool is_name_in_other_case(const struct wspec_extension *extension) {
  return !wspec_deflate_is_name(extension) &&
         wspec_ascii_equal_nocase(extension->name, wspec_span_text(WSPEC_DEFLATE_NAME));
}

/* Adds the faults of the offer that the answer fits best. */
static void compare_best(const struct wspec_extensions *offers,
                         const struct wspec_deflate_params *response,
                         struct wspec_deflate_faults *faults) {
  struct wspec_deflate_faults best = {.n = WSPEC_DEFLATE_FAULTS_MAX};
  bool was_offered = false;
  for (size_t i = 0; i < offers->n_items; i++) {
    struct wspec_deflate_params offer;
    struct wspec_deflate_faults ignored, mismatches = {.n = 0};
    if (is_name_in_other_case(&offers->items[i])) {
      return;
    }
    if (!wspec_deflate_is_name(&offers->items[i])) {
      continue;
    }
    if (!wspec_deflate_read_offer(&offers->items[i], &offer, &ignored)) {
      add_fault(&mismatches, ignored.items[0].requirement,
                "the answer accepts an offer that had to be declined");
    }
    compare(&offer, response, &mismatches);
    if (!was_offered || mismatches.n < best.n) {
      best = mismatches;
    }
    was_offered = true;
  }
  if (!was_offered) {
    add_fault(faults, "6455-4.2.2-19", "the answer has permessage-deflate, which was not offered");
    return;
  }
  for (size_t i = 0; i < best.n; i++) {
    copy_fault(faults, &best.items[i]);
  }
}

bool wspec_deflate_check_response(const struct wspec_extensions *offers,
                                  const struct wspec_extensions *response, bool *has,
                                  struct wspec_deflate_params *agreed,
                                  struct wspec_deflate_faults *faults) {
  *has = false;
  *agreed = (struct wspec_deflate_params){0};
  *faults = (struct wspec_deflate_faults){.n = 0};
  for (size_t i = 0; i < response->n_items; i++) {
    if (!wspec_deflate_is_name(&response->items[i])) {
      continue;
    }
    if (*has) {
      /* Section 5: two users of RSV1 exclude each other. */
      add_fault(faults, "7692-5-09", "the answer accepts two users of RSV1");
      continue;
    }
    *has = true;
    (void)wspec_deflate_read_response(&response->items[i], agreed, faults);
    compare_best(offers, agreed, faults);
  }
  return faults->n == 0;
}

/* ---- As text ---- */

static void add_param(struct wspec_deflate_text *text, enum param which, uint8_t bits) {
  static const char *const values[] = {"8", "9", "10", "11", "12", "13", "14", "15"};
  struct wspec_extension_param *param = &text->params[text->extension.n_params++];
  param->name = wspec_span_text(NAMES[which]);
  if (bits >= WSPEC_DEFLATE_BITS_MIN && bits <= WSPEC_DEFLATE_BITS_MAX) {
    param->has_value = true;
    param->value = wspec_span_text(values[bits - WSPEC_DEFLATE_BITS_MIN]);
  }
}

void wspec_deflate_write(const struct wspec_deflate_params *params,
                         struct wspec_deflate_text *text) {
  *text = (struct wspec_deflate_text){
      .extension = {.name = wspec_span_text(WSPEC_DEFLATE_NAME), .params = text->params}};
  if (params->server_no_context_takeover) {
    add_param(text, SERVER_NO_CONTEXT_TAKEOVER, 0);
  }
  if (params->client_no_context_takeover) {
    add_param(text, CLIENT_NO_CONTEXT_TAKEOVER, 0);
  }
  if (params->server_max_window_bits != 0) {
    add_param(text, SERVER_MAX_WINDOW_BITS, params->server_max_window_bits);
  }
  if (params->has_client_max_window_bits) {
    add_param(text, CLIENT_MAX_WINDOW_BITS, params->client_max_window_bits);
  }
}
