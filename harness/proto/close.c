#include "proto/close.h"

#include "proto/utf8.h"

#include <string.h>

enum wspec_close_class wspec_close_classify(uint16_t status_code) {
  if (status_code < 1000 || status_code > 4999) {
    return WSPEC_CLOSE_CLASS_INVALID;
  }
  if (status_code >= 4000) {
    return WSPEC_CLOSE_CLASS_PRIVATE;
  }
  if (status_code >= 3000) {
    return WSPEC_CLOSE_CLASS_LIBRARY;
  }
  if (status_code == WSPEC_CLOSE_NO_STATUS || status_code == WSPEC_CLOSE_ABNORMAL ||
      status_code == WSPEC_CLOSE_TLS) {
    return WSPEC_CLOSE_CLASS_NEVER_SENT;
  }
  /* 1012 to 1014 are in the IANA registry that section 11.7 opened. */
  return status_code == 1004 || status_code > 1014 ? WSPEC_CLOSE_CLASS_RESERVED
                                                   : WSPEC_CLOSE_CLASS_DEFINED;
}

bool wspec_close_may_receive(uint16_t status_code) {
  enum wspec_close_class class = wspec_close_classify(status_code);
  return class == WSPEC_CLOSE_CLASS_DEFINED || class == WSPEC_CLOSE_CLASS_LIBRARY ||
         class == WSPEC_CLOSE_CLASS_PRIVATE;
}

bool wspec_close_may_send(uint16_t status_code, bool is_client) {
  if (status_code == WSPEC_CLOSE_MANDATORY_EXTENSION && !is_client) {
    return false; /* section 7.4.1: a server can refuse the handshake instead */
  }
  return wspec_close_may_receive(status_code);
}

static const char *name_of_class(enum wspec_close_class class) {
  switch (class) {
  case WSPEC_CLOSE_CLASS_LIBRARY:
    return "library use";
  case WSPEC_CLOSE_CLASS_PRIVATE:
    return "private use";
  case WSPEC_CLOSE_CLASS_NEVER_SENT:
  case WSPEC_CLOSE_CLASS_RESERVED:
    return "reserved";
  case WSPEC_CLOSE_CLASS_DEFINED: /* has a name of its own */
  case WSPEC_CLOSE_CLASS_INVALID:
    break;
  }
  return "not a status code";
}

const char *wspec_close_name(uint16_t status_code) {
  static const char *const names[] = {"normal closure",
                                      "going away",
                                      "protocol error",
                                      "unsupported data",
                                      NULL,
                                      "no status code",
                                      "abnormal closure",
                                      "invalid data",
                                      "policy violation",
                                      "too big",
                                      "mandatory extension",
                                      "internal error",
                                      "service restart",
                                      "try again later",
                                      "bad gateway",
                                      "TLS handshake failure"};
  size_t index = (size_t)(status_code - 1000);
  if (status_code >= 1000 && index < sizeof names / sizeof *names && names[index]) {
    return names[index];
  }
  return name_of_class(wspec_close_classify(status_code));
}

enum wspec_err wspec_close_parse(struct wspec_span payload, struct wspec_close *close) {
  *close = (struct wspec_close){.status_code = WSPEC_CLOSE_NO_STATUS};
  if (payload.len == 0) {
    return WSPEC_OK;
  }
  if (payload.len == 1) {
    return WSPEC_ERR_PROTOCOL; /* section 5.5.1: half a status code */
  }
  close->status_code = (uint16_t)(payload.data[0] << 8 | payload.data[1]);
  close->reason = wspec_span_from(payload, 2);
  return wspec_utf8_is_valid(close->reason) ? WSPEC_OK : WSPEC_ERR_UTF8;
}

enum wspec_err wspec_close_build(uint16_t status_code, struct wspec_span reason, uint8_t out[125],
                                 size_t *out_len) {
  *out_len = 0;
  if (status_code == WSPEC_CLOSE_NO_STATUS && reason.len == 0) {
    return WSPEC_OK;
  }
  if (status_code == WSPEC_CLOSE_NO_STATUS || reason.len > WSPEC_CLOSE_REASON_MAX ||
      !wspec_utf8_is_valid(reason)) {
    return WSPEC_ERR_MISUSE;
  }
  out[0] = (uint8_t)(status_code >> 8);
  out[1] = (uint8_t)status_code;
  if (reason.len > 0) {
    memcpy(out + 2, reason.data, reason.len);
  }
  *out_len = 2 + reason.len;
  return WSPEC_OK;
}
