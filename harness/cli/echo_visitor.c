#include "cli/echo_visitor.h"

#include "endpoint/echo.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TARGET_MAX = 256 };

struct visitor {
  struct wspec_visitors *shared;
  struct wspec_echo *echo;
  char *target; /* of the request, with --access-log; cut to TARGET_MAX octets */
  uint64_t messages;
  unsigned status_code; /* of our answer; 0: none was given */
};

void *wspec_visitor_new(void *context) {
  struct visitor *visitor = calloc(1, sizeof *visitor);
  if (!visitor) {
    return NULL;
  }
  visitor->shared = context;
  visitor->echo = wspec_echo_new();
  if (!visitor->echo) {
    free(visitor);
    return NULL;
  }
  return visitor;
}

void wspec_visitor_free(void *user) {
  struct visitor *visitor = user;
  wspec_echo_free(visitor->echo);
  free(visitor->target);
  free(visitor);
}

static void push(const struct visitor *visitor, struct wspec_conn *conn) {
  for (uint64_t i = 1; i <= visitor->shared->pushes; i++) {
    char text[64];
    int len = snprintf(text, sizeof text, "push %" PRIu64, i);
    if (wspec_conn_send(conn, WSPEC_OPCODE_TEXT, wspec_span_of(text, (size_t)len))) {
      return; /* no memory, or no room: what was asked for by nobody is left out */
    }
  }
}

static void on_open(void *user, struct wspec_session *session,
                    const struct wspec_handshake_offer *offer, struct wspec_span protocol) {
  struct visitor *visitor = user;
  (void)protocol;
  visitor->status_code = 101;
  if (visitor->shared->access_log) {
    struct wspec_span name = offer->resource_name;
    visitor->target =
        strndup((const char *)name.data, name.len < TARGET_MAX ? name.len : TARGET_MAX);
  }
  push(visitor, wspec_session_conn(session));
}

static void on_refused(void *user, struct wspec_session *session,
                       const struct wspec_handshake_fault *fault) {
  struct visitor *visitor = user;
  (void)session;
  visitor->status_code = fault->status_code;
}

static void on_event(void *user, struct wspec_session *session,
                     const struct wspec_conn_event *event) {
  struct visitor *visitor = user;
  bool is_message = event->type == WSPEC_CONN_MESSAGE;
  visitor->messages += is_message && event->ends;
  if (is_message && visitor->shared->broadcasts) {
    wspec_server_broadcast(visitor->shared->server, (enum wspec_opcode)event->opcode,
                           event->payload);
  } else {
    wspec_echo_handlers()->on_event(visitor->echo, session, event);
  }
}

const struct wspec_session_handlers *wspec_visitor_handlers(void) {
  static const struct wspec_session_handlers HANDLERS = {
      .on_open = on_open, .on_refused = on_refused, .on_event = on_event};
  return &HANDLERS;
}

/* A peer chooses the octets of `text`: what could end the line or drive a terminal is escaped. */
static void print_quoted(FILE *out, struct wspec_span text) {
  (void)fputc('"', out);
  for (size_t i = 0; i < text.len; i++) {
    uint8_t octet = text.data[i];
    if (octet < 0x20 || octet >= 0x7f || octet == '"' || octet == '\\') {
      (void)fprintf(out, "\\x%02x", octet);
    } else {
      (void)fputc(octet, out);
    }
  }
  (void)fputc('"', out);
}

void wspec_visitor_log(void *context, void *user, const struct wspec_server_visit *visit) {
  struct wspec_visitors *shared = context;
  const struct visitor *visitor = user;
  FILE *out = shared->access_log;
  if (!out) {
    return;
  }
  char address[WSPEC_ADDRESS_TEXT_MAX] = "-";
  char when[32] = "-";
  time_t now = time(NULL);
  struct tm parts;
  if (gmtime_r(&now, &parts)) {
    (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
  }
  if (visit->has_peer) {
    wspec_address_text(&visit->peer, address);
  }
  (void)fprintf(out, "%s %s ", when, address);
  print_quoted(out, wspec_span_text(visitor->target));
  (void)fprintf(out, " status=%u messages=%" PRIu64 " in=%" PRIu64 " out=%" PRIu64 " ms=%" PRIu64,
                visitor->status_code, visitor->messages, visit->octets_in, visit->octets_out,
                visit->duration_us / 1000);
  if (visit->was_open) {
    (void)fprintf(out, " close=%u clean=%s reason=", (unsigned)visit->outcome.status_code,
                  visit->outcome.was_clean ? "yes" : "no");
    print_quoted(out, visit->outcome.reason);
  }
  (void)fputc('\n', out);
  if (fflush(out) != 0 && shared->log_error == 0) {
    shared->log_error = errno;
    (void)fprintf(stderr, "wspec echo: the access log is not complete: %s\n", strerror(errno));
  }
}
