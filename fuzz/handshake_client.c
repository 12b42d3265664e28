/* handshake_client: octets as the answer that a client gets. Its key is always that of the example
 * in RFC 6455 section 1.3, so that seeds and dictionary can hold the right Sec-WebSocket-Accept.
 *
 * Every portioning gives the same verdict; a fault has a requirement and a place; an answer that is
 * taken is a 101 with that Accept value and grants nothing that was not asked for. */
#include "base/ascii.h"
#include "common/head.h"
#include "proto/handshake.h"
#include "proto/http_list.h"

static const char accept_value[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

static void log_grant(const struct wspec_http_head *head, const struct wspec_handshake_grant *grant,
                      struct fuzz_log *log) {
  fuzz_log_span(log, grant->protocol);
  fuzz_log_number(log, grant->extensions.n_items);
  FUZZ_CHECK(grant->n_faults <= WSPEC_HANDSHAKE_FAULTS_MAX);
  for (size_t i = 0; i < grant->n_faults; i++) {
    const struct wspec_handshake_fault *fault = &grant->faults[i];
    FUZZ_CHECK(fault->requirement[0] != '\0' && fault->sentence[0] != '\0');
    FUZZ_CHECK(fault->offset <= head->raw.len && fault->status_code == 0);
    fuzz_log_span(log, wspec_span_text(fault->requirement));
    fuzz_log_number(log, fault->offset);
  }
}

static void check_grant(const struct wspec_http_head *head,
                        const struct wspec_handshake_request *request,
                        const struct wspec_handshake_grant *grant) {
  FUZZ_CHECK(head->status_code == 101);
  const struct wspec_http_field *accept = wspec_http_head_find(head, "Sec-WebSocket-Accept", NULL);
  FUZZ_CHECK(accept && wspec_span_equal_text(wspec_http_trim(accept->value), accept_value));
  FUZZ_CHECK(wspec_http_list_has_token(head, "Connection", "upgrade"));
  bool was_offered = !grant->protocol.data;
  for (size_t i = 0; i < request->n_protocols; i++) {
    was_offered = was_offered || wspec_span_equal(grant->protocol, request->protocols[i]);
  }
  FUZZ_CHECK(was_offered);
  FUZZ_CHECK(request->n_extensions > 0 || grant->extensions.n_items == 0);
  for (size_t i = 0; i < grant->extensions.n_items; i++) {
    FUZZ_CHECK(wspec_ascii_equal_nocase(grant->extensions.items[i].name,
                                        wspec_span_text("permessage-deflate")));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct wspec_handshake_grant grant; /* too large for the stack */
  struct fuzz_input input = fuzz_input_of(data, size);
  uint8_t choice = fuzz_take_octet(&input);
  const struct wspec_span protocols[] = {wspec_span_text("chat"), wspec_span_text("superchat")};
  const struct wspec_extension extension = {.name = wspec_span_text("permessage-deflate")};
  const struct wspec_handshake_request request = {.key =
                                                      wspec_span_text("dGhlIHNhbXBsZSBub25jZQ=="),
                                                  .protocols = protocols,
                                                  .n_protocols = choice % 3,
                                                  .extensions = &extension,
                                                  .n_extensions = choice >> 4 & 1};
  struct fuzz_plan plans[] = {fuzz_plan_at_once, fuzz_take_plan(&input)};
  struct fuzz_log logs[2] = {0};
  for (size_t i = 0; i < 2; i++) {
    struct wspec_http_head head;
    fuzz_memory_start();
    fuzz_head_read(&head, WSPEC_HTTP_RESPONSE, NULL, input, plans[i]);
    enum wspec_err err = wspec_handshake_check_response(&head, &request, &grant);
    FUZZ_CHECK(fuzz_memory_requested() <= 65536 + 128 * input.len);
    bool is_waiting = head.state < WSPEC_HTTP_STATE_COMPLETE;
    FUZZ_CHECK(is_waiting == (err == WSPEC_ERR_MISUSE));
    if (!is_waiting) {
      FUZZ_CHECK(err == (grant.n_faults > 0 ? WSPEC_ERR_HANDSHAKE : WSPEC_OK));
      log_grant(&head, &grant, &logs[i]);
    }
    FUZZ_CHECK(fuzz_log_equal(&logs[i], &logs[0]));
    if (err == WSPEC_OK) {
      check_grant(&head, &request, &grant);
    }
    wspec_http_head_clear(&head);
  }
  fuzz_log_clear(&logs[0]);
  fuzz_log_clear(&logs[1]);
  return 0;
}
