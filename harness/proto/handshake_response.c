/* The client's rules for a server's opening handshake (RFC 6455 section 4.1). */
#include "base/ascii.h"
#include "proto/handshake.h"
#include "proto/http_list.h"

struct check {
  const struct wspec_http_head *head;
  const struct wspec_handshake_request *request;
  struct wspec_handshake_grant *grant;
};

static void add_fault(struct check *check, const char *requirement, uint64_t offset,
                      const char *sentence) {
  struct wspec_handshake_grant *grant = check->grant;
  if (grant->n_faults < WSPEC_HANDSHAKE_FAULTS_MAX) {
    grant->faults[grant->n_faults++] =
        (struct wspec_handshake_fault){requirement, sentence, offset, 0};
  }
}

static const struct wspec_http_field *find(const struct check *check, const char *name) {
  return wspec_http_head_find(check->head, name, NULL);
}

/* A user agent has to read a fold as a space (RFC 9112 section 5.2) and may take a lone LF for a
 * line end (section 2.2); a missing space after the status code leaves no doubt about the meaning.
 * Whatever leaves room for two readings is refused. */
static enum wspec_err check_head(struct check *check) {
  const unsigned accepted = WSPEC_HTTP_OBS_FOLD | WSPEC_HTTP_OBS_TEXT | WSPEC_HTTP_BARE_LF |
                            WSPEC_HTTP_NO_REASON_SPACE | WSPEC_HTTP_VERSION_OTHER;
  unsigned refused = check->head->oddities & ~accepted;
  for (unsigned bit = 1; bit <= refused && bit <= WSPEC_HTTP_OBS_TEXT; bit <<= 1) {
    if (refused & bit) {
      const char *sentence;
      const char *requirement = wspec_http_oddity_requirement(
          WSPEC_HTTP_RESPONSE, (enum wspec_http_oddity)bit, &sentence);
      add_fault(check, requirement, 0, sentence);
    }
  }
  if (check->head->version_major != 1 || check->head->version_minor < 1) {
    add_fault(check, "6455-4.2.2-21", wspec_http_head_offset(check->head, check->head->version),
              "the HTTP version of the response is not 1.1");
  }
  return WSPEC_OK;
}

static enum wspec_err check_upgrade(struct check *check) {
  const struct wspec_http_field *upgrade = find(check, "Upgrade");
  if (!upgrade) {
    add_fault(check, "6455-4.1-42", check->head->raw.len, "there is no Upgrade header");
    return WSPEC_OK;
  }
  /* In a request Upgrade may be a list; here its whole value is what was switched to. */
  const struct wspec_http_field *second = wspec_http_head_find(check->head, "Upgrade", upgrade);
  if (second || !wspec_ascii_equal_nocase(upgrade->value, wspec_span_text("websocket"))) {
    add_fault(check, "6455-4.1-43", upgrade->offset, "the Upgrade header is not websocket");
  }
  return WSPEC_OK;
}

static enum wspec_err check_connection(struct check *check) {
  const struct wspec_http_field *connection = find(check, "Connection");
  if (!connection) {
    add_fault(check, "6455-4.1-44", check->head->raw.len, "there is no Connection header");
  } else if (!wspec_http_list_has_token(check->head, "Connection", "upgrade")) {
    add_fault(check, "6455-4.1-45", connection->offset,
              "the Connection header does not contain the token Upgrade");
  }
  return WSPEC_OK;
}

static enum wspec_err check_accept(struct check *check) {
  char expected[WSPEC_HANDSHAKE_ACCEPT_LEN + 1];
  const struct wspec_http_field *accept = find(check, "Sec-WebSocket-Accept");
  if (!accept) {
    add_fault(check, "6455-4.1-46", check->head->raw.len,
              "there is no Sec-WebSocket-Accept header");
    return WSPEC_OK;
  }
  const struct wspec_http_field *second =
      wspec_http_head_find(check->head, "Sec-WebSocket-Accept", accept);
  if (second) {
    add_fault(check, "6455-11.3.3-01", second->offset,
              "there is more than one Sec-WebSocket-Accept header");
  }
  enum wspec_err err = wspec_handshake_accept(check->request->key, expected);
  if (err) {
    return err;
  }
  if (!wspec_span_equal_text(accept->value, expected)) {
    add_fault(check, "6455-4.1-47", accept->offset,
              "the Sec-WebSocket-Accept does not belong to the key sent");
  }
  return WSPEC_OK;
}

static bool was_offered(const struct wspec_handshake_request *request, struct wspec_span name) {
  for (size_t i = 0; i < request->n_extensions; i++) {
    if (wspec_ascii_equal_nocase(request->extensions[i].name, name)) {
      return true;
    }
  }
  return false;
}

static enum wspec_err check_extensions(struct check *check) {
  struct wspec_extensions *extensions = &check->grant->extensions;
  if (wspec_extensions_read(extensions, check->head)) {
    add_fault(check, "6455-9.1-02", extensions->error_offset, extensions->error_text);
    return WSPEC_OK;
  }
  for (size_t i = 0; i < extensions->n_items; i++) {
    struct wspec_span name = extensions->items[i].name;
    if (!was_offered(check->request, name)) {
      add_fault(check, "6455-4.1-49", wspec_http_head_offset(check->head, name),
                "an extension was accepted that was not offered");
      return WSPEC_OK;
    }
  }
  return WSPEC_OK;
}

static bool is_offered_protocol(const struct wspec_handshake_request *request,
                                struct wspec_span name) {
  for (size_t i = 0; i < request->n_protocols; i++) {
    if (wspec_span_equal(request->protocols[i], name)) {
      return true;
    }
  }
  return false;
}

static enum wspec_err check_protocol(struct check *check) {
  static const char NAME[] = "Sec-WebSocket-Protocol";
  const struct wspec_http_field *protocol = find(check, NAME);
  if (!protocol) {
    return WSPEC_OK;
  }
  const struct wspec_http_field *second = wspec_http_head_find(check->head, NAME, protocol);
  if (second) {
    add_fault(check, "6455-11.3.4-02", second->offset,
              "there is more than one Sec-WebSocket-Protocol header");
  }
  if (!wspec_http_is_token(protocol->value)) {
    add_fault(check, "6455-4.3-07", protocol->offset,
              "the Sec-WebSocket-Protocol is not a single token");
  } else if (!is_offered_protocol(check->request, protocol->value)) {
    add_fault(check, "6455-4.1-50", protocol->offset,
              "a subprotocol was chosen that was not offered");
  } else {
    check->grant->protocol = protocol->value;
  }
  return WSPEC_OK;
}

static bool is_readable(struct check *check) {
  const struct wspec_http_head *head = check->head;
  if (head->state == WSPEC_HTTP_STATE_FAILED) {
    add_fault(check, "6455-4.2.2-21", head->error_offset, head->error_text);
  } else if (head->status_code != 101) {
    add_fault(check, "6455-4.1-40", wspec_http_head_offset(head, head->start_line),
              "the status code is not 101");
  }
  return check->grant->n_faults == 0;
}

enum wspec_err wspec_handshake_check_response(const struct wspec_http_head *head,
                                              const struct wspec_handshake_request *request,
                                              struct wspec_handshake_grant *grant) {
  static enum wspec_err (*const RULES[])(struct check *) = {
      check_head, check_upgrade, check_connection, check_accept, check_extensions, check_protocol,
  };
  struct check check = {head, request, grant};
  grant->protocol = (struct wspec_span){NULL, 0};
  wspec_extensions_reset(&grant->extensions);
  grant->n_faults = 0;
  if (head->kind != WSPEC_HTTP_RESPONSE || head->state == WSPEC_HTTP_STATE_START_LINE ||
      head->state == WSPEC_HTTP_STATE_FIELDS) {
    return WSPEC_ERR_MISUSE;
  }
  if (!is_readable(&check)) {
    return WSPEC_ERR_HANDSHAKE;
  }
  for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
    enum wspec_err err = RULES[i](&check);
    if (err) {
      return err;
    }
  }
  return grant->n_faults > 0 ? WSPEC_ERR_HANDSHAKE : WSPEC_OK;
}
