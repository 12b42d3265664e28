/* handshake_server: octets as the opening request that a server gets.
 *
 * Every portioning gives the same verdict; a fault has a requirement, a place and an HTTP status;
 * what is refused gets an answer that is a well-formed response with that status; what is taken gets
 * one that a strict client takes. */
#include "base/buf.h"
#include "common/head.h"
#include "proto/handshake.h"

static void log_offer(const struct wspec_http_head *head, const struct wspec_handshake_offer *offer,
                      struct fuzz_log *log) {
  fuzz_log_span(log, offer->resource_name);
  fuzz_log_span(log, offer->host);
  fuzz_log_span(log, offer->key);
  fuzz_log_span(log, offer->origin);
  fuzz_log_number(log, offer->extensions.n_items);
  FUZZ_CHECK(offer->n_faults <= WSPEC_HANDSHAKE_FAULTS_MAX);
  for (size_t i = 0; i < offer->n_faults; i++) {
    const struct wspec_handshake_fault *fault = &offer->faults[i];
    FUZZ_CHECK(fault->requirement[0] != '\0' && fault->sentence[0] != '\0');
    FUZZ_CHECK(fault->offset <= head->raw.len);
    FUZZ_CHECK(fault->status_code >= 400 && fault->status_code < 600);
    fuzz_log_span(log, wspec_span_text(fault->requirement));
    fuzz_log_number(log, fault->offset);
    fuzz_log_number(log, fault->status_code);
  }
}

static void read_answer(struct wspec_http_head *answer, const struct wspec_buf *out) {
  fuzz_head_read(answer, WSPEC_HTTP_RESPONSE, NULL, fuzz_input_of(out->data, out->len),
                 fuzz_plan_at_once);
  FUZZ_CHECK(answer->state == WSPEC_HTTP_STATE_COMPLETE && answer->oddities == 0);
}

static void check_refusal(const struct wspec_handshake_offer *offer) {
  struct wspec_buf out;
  struct wspec_http_head answer;
  wspec_buf_init(&out, 1 << 16);
  FUZZ_CHECK(!wspec_handshake_write_refusal(&out, &offer->faults[0], (struct wspec_span){0}));
  read_answer(&answer, &out);
  FUZZ_CHECK(answer.status_code == offer->faults[0].status_code);
  wspec_http_head_clear(&answer);
  wspec_buf_clear(&out);
}

static void check_answer(const struct wspec_http_head *head,
                         const struct wspec_handshake_offer *offer) {
  static struct wspec_handshake_grant grant; /* too large for the stack */
  const struct wspec_span supported[] = {wspec_span_text("chat"), wspec_span_text("superchat")};
  struct wspec_handshake_answer answer = {.key = offer->key};
  bool chose = wspec_handshake_select_protocol(head, supported, 2, &answer.protocol);
  FUZZ_CHECK(chose == (answer.protocol.data != NULL));
  struct wspec_buf out;
  wspec_buf_init(&out, 1 << 16);
  FUZZ_CHECK(!wspec_handshake_write_answer(&out, &answer));
  struct wspec_http_head response;
  read_answer(&response, &out);
  struct wspec_handshake_request request = {
      .key = offer->key, .protocols = supported, .n_protocols = 2};
  FUZZ_CHECK(!wspec_handshake_check_response(&response, &request, &grant));
  FUZZ_CHECK(wspec_span_equal(grant.protocol, answer.protocol));
  wspec_http_head_clear(&response);
  wspec_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct wspec_handshake_offer offer;
  struct fuzz_input input = fuzz_input_of(data, size);
  struct fuzz_plan plans[] = {fuzz_plan_at_once, fuzz_take_plan(&input)};
  struct fuzz_log logs[2] = {0};
  for (size_t i = 0; i < 2; i++) {
    struct wspec_http_head head;
    fuzz_memory_start();
    fuzz_head_read(&head, WSPEC_HTTP_REQUEST, NULL, input, plans[i]);
    enum wspec_err err = wspec_handshake_check_request(&head, &offer);
    FUZZ_CHECK(fuzz_memory_requested() <= 65536 + 128 * input.len);
    bool is_waiting = head.state < WSPEC_HTTP_STATE_COMPLETE;
    FUZZ_CHECK(is_waiting == (err == WSPEC_ERR_MISUSE));
    if (!is_waiting) {
      FUZZ_CHECK(err == (offer.n_faults > 0 ? WSPEC_ERR_HANDSHAKE : WSPEC_OK));
      log_offer(&head, &offer, &logs[i]);
    }
    FUZZ_CHECK(i == 0 || fuzz_log_equal(&logs[i], &logs[0]));
    if (i == 0 && err == WSPEC_OK) {
      check_answer(&head, &offer);
    } else if (i == 0 && err == WSPEC_ERR_HANDSHAKE) {
      check_refusal(&offer);
    }
    wspec_http_head_clear(&head);
  }
  fuzz_log_clear(&logs[0]);
  fuzz_log_clear(&logs[1]);
  return 0;
}
