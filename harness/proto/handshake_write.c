/* The octets of the opening handshake: request, 101, and refusals. */
#include "proto/handshake.h"
#include "proto/http_list.h"

/* A head being written; after the first error the rest does nothing. */
struct writer {
  struct wspec_buf *out;
  enum wspec_err err;
};

static void put(struct writer *writer, struct wspec_span span) {
  if (!writer->err) {
    writer->err = wspec_buf_append_span(writer->out, span);
  }
}

static void put_text(struct writer *writer, const char *text) {
  put(writer, wspec_span_text(text));
}

/* A span with data NULL leaves the line out. */
static void put_line(struct writer *writer, struct wspec_span name, struct wspec_span value) {
  if (value.data) {
    put(writer, name);
    put_text(writer, ": ");
    put(writer, value);
    put_text(writer, "\r\n");
  }
}

static void put_named(struct writer *writer, const char *name, struct wspec_span value) {
  put_line(writer, wspec_span_text(name), value);
}

static void put_extensions(struct writer *writer, const struct wspec_extension *items, size_t n) {
  if (n > 0) {
    put_text(writer, "Sec-WebSocket-Extensions: ");
    writer->err = writer->err ? writer->err : wspec_extensions_write(writer->out, items, n);
    put_text(writer, "\r\n");
  }
}

static void put_protocols(struct writer *writer, const struct wspec_span *protocols, size_t n) {
  for (size_t i = 0; i < n; i++) {
    put_text(writer, i == 0 ? "Sec-WebSocket-Protocol: " : ", ");
    put(writer, protocols[i]);
  }
  put_text(writer, n > 0 ? "\r\n" : "");
}

static void put_headers(struct writer *writer, const struct wspec_handshake_header *headers,
                        size_t n) {
  for (size_t i = 0; i < n; i++) {
    put_line(writer, headers[i].name, headers[i].value);
  }
}

/* A control octet, CR and LF above all, would let a value end its line and begin another. */
static bool is_safe(struct wspec_span value) {
  for (size_t i = 0; i < value.len; i++) {
    if ((value.data[i] < 0x20 && value.data[i] != '\t') || value.data[i] == 0x7f) {
      return false;
    }
  }
  return true;
}

static bool are_safe(const struct wspec_span *values, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!is_safe(values[i])) {
      return false;
    }
  }
  return true;
}

static bool are_safe_headers(const struct wspec_handshake_header *headers, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!wspec_http_is_token(headers[i].name) || !is_safe(headers[i].value)) {
      return false;
    }
  }
  return true;
}

static bool are_safe_extensions(const struct wspec_extension *items, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!is_safe(items[i].name)) {
      return false;
    }
    for (size_t j = 0; j < items[i].n_params; j++) {
      if (!is_safe(items[i].params[j].name) || !is_safe(items[i].params[j].value)) {
        return false;
      }
    }
  }
  return true;
}

enum wspec_err wspec_handshake_write_request(struct wspec_buf *out,
                                             const struct wspec_handshake_request *request) {
  struct wspec_span values[] = {request->host, request->target, request->key, request->origin};
  if (request->target.len == 0 || memchr(request->target.data, ' ', request->target.len) ||
      !are_safe(values, sizeof values / sizeof values[0]) ||
      !are_safe(request->protocols, request->n_protocols) ||
      !are_safe_extensions(request->extensions, request->n_extensions) ||
      !are_safe_headers(request->headers, request->n_headers)) {
    return WSPEC_ERR_MISUSE;
  }
  struct writer writer = {out, WSPEC_OK};
  put_text(&writer, "GET ");
  put(&writer, request->target);
  put_text(&writer, " HTTP/1.1\r\n");
  put_named(&writer, "Host", request->host);
  put_text(&writer, "Upgrade: websocket\r\nConnection: Upgrade\r\n");
  put_named(&writer, "Sec-WebSocket-Key", request->key);
  put_text(&writer, "Sec-WebSocket-Version: 13\r\n");
  put_protocols(&writer, request->protocols, request->n_protocols);
  put_extensions(&writer, request->extensions, request->n_extensions);
  put_named(&writer, "Origin", request->origin);
  put_headers(&writer, request->headers, request->n_headers);
  put_text(&writer, "\r\n");
  return writer.err;
}

enum wspec_err wspec_handshake_write_answer(struct wspec_buf *out,
                                            const struct wspec_handshake_answer *answer) {
  char accept[WSPEC_HANDSHAKE_ACCEPT_LEN + 1];
  struct wspec_span values[] = {answer->protocol, answer->date};
  if (!are_safe(values, sizeof values / sizeof values[0]) ||
      !are_safe_extensions(answer->extensions, answer->n_extensions) ||
      !are_safe_headers(answer->headers, answer->n_headers)) {
    return WSPEC_ERR_MISUSE;
  }
  struct writer writer = {out, wspec_handshake_accept(answer->key, accept)};
  put_text(&writer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\n");
  put_named(&writer, "Sec-WebSocket-Accept", wspec_span_text(accept));
  put_named(&writer, "Sec-WebSocket-Protocol", answer->protocol);
  put_extensions(&writer, answer->extensions, answer->n_extensions);
  put_named(&writer, "Date", answer->date);
  put_headers(&writer, answer->headers, answer->n_headers);
  put_text(&writer, "\r\n");
  return writer.err;
}

static const char *reason_phrase(unsigned status_code) {
  switch (status_code) {
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 414:
    return "URI Too Long";
  case 426:
    return "Upgrade Required";
  case 431:
    return "Request Header Fields Too Large";
  case 503:
    return "Service Unavailable";
  case 505:
    return "HTTP Version Not Supported";
  default:
    return ""; /* a reason may be absent (RFC 9112 section 4) */
  }
}

enum wspec_err wspec_handshake_write_refusal(struct wspec_buf *out,
                                             const struct wspec_handshake_fault *fault,
                                             struct wspec_span date) {
  size_t body_len = strlen(fault->sentence) + 1;
  if (!is_safe(date)) {
    return WSPEC_ERR_MISUSE;
  }
  enum wspec_err err = wspec_buf_appendf(out, "HTTP/1.1 %03u %s\r\n", fault->status_code,
                                         reason_phrase(fault->status_code));
  struct writer writer = {out, err};
  /* RFC 9110 section 15.5.22: a 426 names the protocol in Upgrade, and Connection lists it. */
  put_text(&writer, fault->status_code == 426
                        ? "Upgrade: websocket\r\nConnection: Upgrade, close\r\n"
                        : "Connection: close\r\n");
  put_text(&writer, fault->status_code == 405 ? "Allow: GET\r\n" : "");
  put_text(&writer, "Sec-WebSocket-Version: 13\r\nContent-Type: text/plain; charset=utf-8\r\n");
  put_named(&writer, "Date", date.len > 0 ? date : (struct wspec_span){NULL, 0});
  if (!writer.err) {
    writer.err =
        wspec_buf_appendf(out, "Content-Length: %zu\r\n\r\n%s\n", body_len, fault->sentence);
  }
  return writer.err;
}
