#include "base/hex.h"
#include "cli/command.h"
#include "cli/connect_options.h"
#include "cli/console.h"
#include "endpoint/websocket.h"
#include "net/signal.h"
#include "net/timer.h"
#include "proto/url.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  INPUT_HIGH_WATER = 1024 * 1024, /* octets waiting to be sent beyond which input waits */
  INPUT_RETRY_US = 2000,
  MEMORY_MAX = 1024 * 1024
};

/* The ping behind the last message: its pong tells that the server has read all of them. */
static const char SENTINEL[] = "wspec connect: end of input";

struct program {
  struct wspec_connect_arguments arguments;
  struct wspec_loop *loop;
  struct wspec_tls *tls;
  struct wspec_websocket *socket;
  struct wspec_console *console;
  struct wspec_signal *interrupt;
  struct wspec_timer *timer;         /* lets input go on */
  struct wspec_timer *closing_timer; /* ends the wait for the server to read, and --wait */
  struct wspec_blob_writer input;
  uint64_t pinged_us;
  uint64_t waiting; /* octets that were to be sent when they were last looked at */
  bool was_open;
  bool has_ended; /* the input */
  bool is_deaf;   /* standard output takes no more */
  bool is_good;
};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)fprintf(stderr, "wspec connect: ");
  (void)vfprintf(stderr, format, arguments);
  (void)fputc('\n', stderr);
  va_end(arguments);
}

static void print(struct program *program, const char *mark, struct wspec_span text) {
  if (program->console) {
    wspec_console_print(program->console, mark, text);
  } else {
    (void)fwrite(text.data, 1, text.len, stdout);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
  }
}

static bool is_interactive(const struct program *program) {
  return program->console && wspec_console_is_interactive(program->console);
}

/* What is not a message: to a person among the messages, else to standard error with -v. */
static void remark(struct program *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void remark(struct program *program, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (is_interactive(program)) {
    print(program, "*", wspec_span_text(text));
  } else if (program->arguments.is_verbose) {
    (void)fprintf(stderr, "* %s\n", text);
  }
}

static void close_socket(struct program *program, uint16_t code, const char *reason) {
  enum wspec_err err = wspec_websocket_close(program->socket, code, wspec_span_text(reason));
  if (err) {
    remark(program, "not closed: a code is 1000 or 3000-4999, a reason at most 123 octets");
  } else {
    program->arguments.close_code = code; /* the one to expect back */
  }
}

/* Nobody reads what is printed from here on, or the disk is full: there is nothing left to do. */
static void check_output(struct program *program) {
  if (ferror(stdout) && !program->is_deaf) {
    say("standard output: %s", strerror(errno));
    program->is_deaf = true;
    program->is_good = false;
    close_socket(program, 0, "");
  }
}

/* ---- Sending ---- */

static void note_unsent(struct program *program, enum wspec_err err) {
  if (err == WSPEC_ERR_MISUSE) {
    say("a message was not sent: it is not UTF-8, or the connection is not open");
    program->is_good = false;
  } else if (err) {
    say("a message was not sent: %s", wspec_err_sentence(err));
    program->is_good = false;
  }
}

static void send_file(struct program *program, const char *path) {
  struct wspec_blob *blob;
  enum wspec_err err = wspec_blob_open(path, &blob);
  if (err) {
    say("%s: %s", path, errno == EINVAL ? "not an ordinary file" : strerror(errno));
    program->is_good = false;
    return;
  }
  note_unsent(program, wspec_websocket_send_blob(program->socket, blob));
  wspec_blob_free(blob);
}

static void send_ping(struct program *program, struct wspec_span payload) {
  program->pinged_us = wspec_loop_now_us(program->loop);
  if (wspec_websocket_ping(program->socket, payload)) {
    remark(program, "not sent: a ping has at most 125 octets");
  }
}

static void send_hex(struct program *program, const char *text) {
  struct wspec_buf octets;
  wspec_buf_init(&octets, MEMORY_MAX);
  if (wspec_hex_decode(wspec_span_text(text), &octets, NULL)) {
    remark(program, "not sent: '%s' is not hexadecimal", text);
  } else {
    note_unsent(program, wspec_websocket_send_octets(program->socket, wspec_buf_span(&octets)));
  }
  wspec_buf_clear(&octets);
}

static void close_by_command(struct program *program, char *text) {
  char *reason = strchr(text, ' ');
  if (reason) {
    *reason++ = '\0';
  }
  unsigned long code = text[0] ? strtoul(text, NULL, 10) : 0;
  close_socket(program, code > 65535 ? 1 : (uint16_t)code, reason ? reason : "");
}

/* A line of a person that begins with '/'. */
static void obey(struct program *program, char *line) {
  char *rest = strchr(line, ' ');
  if (rest) {
    *rest++ = '\0';
  } else {
    rest = line + strlen(line);
  }
  if (strcmp(line, "/ping") == 0) {
    send_ping(program, wspec_span_text(rest));
  } else if (strcmp(line, "/binary") == 0) {
    send_hex(program, rest);
  } else if (strcmp(line, "/file") == 0) {
    send_file(program, rest);
  } else if (strcmp(line, "/close") == 0) {
    close_by_command(program, rest);
  } else {
    remark(program, "there is no command '%s': /ping /binary /file /close, //text for text", line);
  }
}

/* Reading is held back while the network takes less than the input brings. */
static void hold_back(struct program *program) {
  if (wspec_websocket_buffered_amount(program->socket) > INPUT_HIGH_WATER) {
    wspec_console_pause(program->console);
    wspec_timer_start(program->timer, INPUT_RETRY_US);
  }
}

static void on_line(void *user, struct wspec_span line) {
  struct program *program = user;
  if (wspec_websocket_ready_state(program->socket) != WSPEC_WEBSOCKET_OPEN) {
    return;
  }
  bool is_command = is_interactive(program) && line.len > 0 && line.data[0] == '/';
  if (is_command && line.len > 1 && line.data[1] == '/') {
    is_command = false;
    line = wspec_span_from(line, 1);
  }
  if (is_command) {
    char *copy = strndup((const char *)line.data, line.len);
    if (copy) {
      obey(program, copy);
    }
    free(copy);
    return;
  }
  note_unsent(program, wspec_websocket_send_text(program->socket, line));
  hold_back(program);
}

static void on_octets(void *user, struct wspec_span octets) {
  struct program *program = user;
  if (wspec_blob_writer_append(&program->input, octets)) {
    say("standard input cannot be kept in a file in /tmp");
    program->is_good = false;
    wspec_console_pause(program->console);
    close_socket(program, 0, "");
  }
}

static void on_input_end(void *user) {
  struct program *program = user;
  program->has_ended = true;
  if (program->arguments.is_binary && program->console) {
    struct wspec_blob *blob = wspec_blob_writer_take(&program->input);
    note_unsent(program, blob ? wspec_websocket_send_blob(program->socket, blob) : WSPEC_ERR_NOMEM);
    wspec_blob_free(blob);
  }
  if (is_interactive(program)) {
    close_socket(program, program->arguments.close_code, program->arguments.close_reason);
  } else {
    wspec_timer_start(program->timer, 0);
  }
}

static void on_input_error(void *user, const char *sentence) {
  struct program *program = user;
  say("%s", sentence);
  program->is_good = false;
  close_socket(program, 0, "");
}

/* Behind the end of the input, --timeout limits how long the server may read nothing. */
static void watch_what_waits(struct program *program, uint64_t waiting) {
  if (program->has_ended && waiting != program->waiting) {
    program->waiting = waiting;
    wspec_timer_start(program->closing_timer, program->arguments.timeout_s * 1000000);
  }
  wspec_timer_start(program->timer, INPUT_RETRY_US);
}

/* A ping goes ahead of what waits: the sentinel is sent once nothing does. */
static void on_timer(void *user) {
  struct program *program = user;
  uint64_t waiting = wspec_websocket_buffered_amount(program->socket);
  bool is_open = wspec_websocket_ready_state(program->socket) == WSPEC_WEBSOCKET_OPEN;
  if (waiting > 0 && is_open && (program->has_ended || waiting > INPUT_HIGH_WATER)) {
    watch_what_waits(program, waiting);
  } else if (!program->has_ended) {
    wspec_console_resume(program->console);
  } else if (wspec_websocket_ping(program->socket, wspec_span_text(SENTINEL))) {
    close_socket(program, program->arguments.close_code, program->arguments.close_reason);
  } else {
    wspec_timer_start(program->closing_timer, program->arguments.timeout_s * 1000000);
  }
}

static void on_wait_is_over(void *user) {
  struct program *program = user;
  close_socket(program, program->arguments.close_code, program->arguments.close_reason);
}

/* ---- The events of the socket ---- */

static const struct wspec_console_handlers CONSOLE_HANDLERS = {
    .on_line = on_line,
    .on_octets = on_octets,
    .on_end = on_input_end,
    .on_error = on_input_error,
};

static void on_open(void *user, struct wspec_websocket *socket,
                    const struct wspec_websocket_event *event) {
  struct program *program = user;
  (void)event;
  program->was_open = true;
  program->is_good = true;
  struct wspec_span protocol = wspec_websocket_protocol(socket);
  struct wspec_span extensions = wspec_websocket_extensions(socket);
  if (!program->arguments.no_input) {
    program->console =
        wspec_console_new(program->loop, program->arguments.is_binary, &CONSOLE_HANDLERS, program);
  }
  remark(program, "open%s%.*s%s%.*s", protocol.len > 0 ? ", subprotocol " : "", (int)protocol.len,
         protocol.len > 0 ? (const char *)protocol.data : "",
         extensions.len > 0 ? ", extensions " : "", (int)extensions.len,
         extensions.len > 0 ? (const char *)extensions.data : "");
  if (program->arguments.pings) {
    send_ping(program, wspec_span_text("wspec"));
  }
  if (program->arguments.file) {
    send_file(program, program->arguments.file);
  }
  if (!program->console) {
    on_input_end(program);
  }
}

static void print_hex(struct program *program, struct wspec_span octets) {
  struct wspec_buf text;
  wspec_buf_init(&text, SIZE_MAX / 2);
  if (wspec_hex_encode(octets, '\0', &text)) {
    say("a message was not printed: out of memory");
    program->is_good = false;
  } else {
    print(program, "<#", wspec_buf_span(&text));
  }
  wspec_buf_clear(&text);
}

/* Writes a binary message to standard output piece by piece. */
static void copy_blob(struct program *program, const struct wspec_blob *blob) {
  uint8_t piece[64 * 1024];
  uint64_t len = wspec_blob_len(blob);
  for (uint64_t at = 0; at < len; at += sizeof piece) {
    size_t part = len - at < sizeof piece ? (size_t)(len - at) : sizeof piece;
    if (wspec_blob_read(blob, at, piece, part) || fwrite(piece, 1, part, stdout) != part) {
      if (!ferror(stdout)) {
        say("a message was not written whole: it could not be read back from /tmp");
        program->is_good = false;
      }
      return;
    }
  }
  (void)fflush(stdout);
}

static void on_message(void *user, struct wspec_websocket *socket,
                       const struct wspec_websocket_event *event) {
  struct program *program = user;
  (void)socket;
  if (event->blob) {
    copy_blob(program, event->blob);
  } else if (event->is_text) {
    print(program, "<", event->data);
  } else {
    print_hex(program, event->data);
  }
  check_output(program);
}

static void on_pong(void *user, struct wspec_websocket *socket,
                    const struct wspec_websocket_event *event) {
  struct program *program = user;
  (void)socket;
  if (program->has_ended && wspec_span_equal_text(event->data, SENTINEL)) {
    wspec_timer_start(program->closing_timer, program->arguments.wait_s * 1000000);
  } else if (program->pinged_us > 0) {
    char text[64];
    uint64_t took_us = wspec_loop_now_us(program->loop) - program->pinged_us;
    (void)snprintf(text, sizeof text, "pong after %.3f ms", (double)took_us / 1000);
    print(program, "*", wspec_span_text(text));
    program->pinged_us = 0;
  } else {
    remark(program, "pong of %zu octets", event->data.len);
  }
}

static void on_ping(void *user, struct wspec_websocket *socket,
                    const struct wspec_websocket_event *event) {
  (void)socket;
  remark(user, "ping of %zu octets, answered", event->data.len);
}

static void on_error(void *user, struct wspec_websocket *socket,
                     const struct wspec_websocket_event *event) {
  struct program *program = user;
  (void)socket;
  program->is_good = false;
  wspec_console_free(program->console); /* a terminal is its old self before it is written to */
  program->console = NULL;
  say("%s", event->sentence);
}

static void on_close(void *user, struct wspec_websocket *socket,
                     const struct wspec_websocket_event *event) {
  struct program *program = user;
  (void)socket;
  remark(program, "closed %s with %u%s%.*s", event->was_clean ? "in good order" : "abruptly",
         (unsigned)event->status_code, event->reason.len > 0 ? ": " : "", (int)event->reason.len,
         event->reason.len > 0 ? (const char *)event->reason.data : "");
  wspec_console_free(program->console);
  program->console = NULL;
  wspec_timer_stop(program->timer);
  wspec_timer_stop(program->closing_timer);
  bool is_expected = event->status_code == 1000 || event->status_code == 1001 ||
                     event->status_code == 1005 ||
                     event->status_code == program->arguments.close_code;
  if (program->is_good && (!event->was_clean || !is_expected)) {
    say("the server closed with %u%s%.*s", (unsigned)event->status_code,
        event->reason.len > 0 ? ": " : "", (int)event->reason.len,
        event->reason.len > 0 ? (const char *)event->reason.data : "");
    program->is_good = false;
  }
  wspec_loop_stop(program->loop);
}

static void show_lines(const char *mark, struct wspec_span text) {
  bool is_start = true;
  for (size_t i = 0; i < text.len; i++) {
    uint8_t octet = text.data[i];
    if (is_start) {
      (void)fprintf(stderr, "%s ", mark);
    }
    is_start = octet == '\n';
    if (octet == '\n' || octet == '\t' || (octet >= 0x20 && octet < 0x7f)) {
      (void)fputc(octet, stderr);
    } else if (octet != '\r') {
      (void)fprintf(stderr, "\\x%02x", octet);
    }
  }
}

static void on_handshake(void *user, struct wspec_span request, struct wspec_span response) {
  (void)user;
  show_lines(">", request);
  show_lines("<", response);
}

static void on_interrupt(void *user) {
  struct program *program = user;
  if (wspec_websocket_ready_state(program->socket) == WSPEC_WEBSOCKET_OPEN) {
    close_socket(program, program->arguments.close_code, program->arguments.close_reason);
  } else {
    wspec_loop_stop(program->loop);
  }
}

/* ---- */

static enum wspec_err set_handlers(struct program *program) {
  static wspec_websocket_handler *const HANDLERS[WSPEC_WEBSOCKET_N_EVENTS] = {
      [WSPEC_WEBSOCKET_ON_OPEN] = on_open,   [WSPEC_WEBSOCKET_ON_MESSAGE] = on_message,
      [WSPEC_WEBSOCKET_ON_ERROR] = on_error, [WSPEC_WEBSOCKET_ON_CLOSE] = on_close,
      [WSPEC_WEBSOCKET_ON_PING] = on_ping,   [WSPEC_WEBSOCKET_ON_PONG] = on_pong,
  };
  enum wspec_err err = WSPEC_OK;
  for (int type = 0; type < WSPEC_WEBSOCKET_N_EVENTS && !err; type++) {
    err = wspec_websocket_set_handler(program->socket, (enum wspec_websocket_event_type)type,
                                      HANDLERS[type], program);
  }
  return err;
}

/* Reading the system's certificates takes ten times as long as a short conversation without TLS. */
static bool wants_tls(const struct wspec_connect_arguments *arguments) {
  const struct wspec_tls_options *tls = &arguments->tls;
  struct wspec_url url;
  struct wspec_url_error unread; /* wspec_websocket_new tells of it */
  bool is_secure =
      !wspec_url_parse(&url, wspec_span_text(arguments->url), 0, &unread) && url.is_secure;
  wspec_url_clear(&url);
  return is_secure || tls->ca_file || tls->certificate_file || tls->key_file;
}

static enum wspec_err start(struct program *program, struct wspec_net_error *error) {
  const struct wspec_connect_arguments *arguments = &program->arguments;
  enum wspec_err err = WSPEC_OK;
  if (wants_tls(arguments)) {
    err = wspec_tls_new_client(&arguments->tls, &program->tls, error);
  }
  if (err) {
    return err;
  }
  struct wspec_websocket_options options;
  wspec_websocket_options_init(&options);
  options.protocols = arguments->protocols;
  options.n_protocols = arguments->n_protocols;
  options.headers = arguments->headers;
  options.n_headers = arguments->n_headers;
  options.origin = arguments->origin;
  options.user_agent = arguments->user_agent;
  options.tls = program->tls;
  options.deflate = !arguments->no_deflate;
  options.message_max = arguments->max_message;
  options.open_timeout_ms = (uint32_t)arguments->timeout_s * 1000;
  options.closing_timeout_ms = (uint32_t)arguments->timeout_s * 1000;
  options.on_handshake = arguments->is_verbose ? on_handshake : NULL;
  err = wspec_websocket_new(program->loop, arguments->url, &options, &program->socket, error);
  if (!err) {
    wspec_websocket_set_binary_type(program->socket, arguments->is_binary ? WSPEC_WEBSOCKET_BLOB
                                                                          : WSPEC_WEBSOCKET_BUFFER);
    err = set_handlers(program);
  }
  return err;
}

static int converse(struct program *program) {
  struct wspec_net_error error = {.sentence = "out of memory"};
  wspec_blob_writer_init(&program->input, MEMORY_MAX, NULL);
  if (wspec_loop_new(&program->loop) ||
      wspec_timer_new(program->loop, on_timer, program, &program->timer) ||
      wspec_timer_new(program->loop, on_wait_is_over, program, &program->closing_timer) ||
      start(program, &error) ||
      wspec_signal_new(program->loop, SIGINT, on_interrupt, program, &program->interrupt)) {
    say("%s", error.sentence);
    return WSPEC_EXIT_USAGE;
  }
  wspec_loop_run(program->loop);
  if (!program->was_open) {
    return WSPEC_EXIT_UNREACHABLE;
  }
  return program->is_good ? WSPEC_EXIT_OK : WSPEC_EXIT_FAIL;
}

int wspec_cmd_connect(int argc, char **argv) {
  struct program program = {.loop = NULL};
  int status = wspec_connect_arguments_parse(&program.arguments, argc, argv);
  if (status != WSPEC_EXIT_OK) {
    return status < 0 ? WSPEC_EXIT_OK : status;
  }
  status = converse(&program);
  wspec_console_free(program.console);
  wspec_blob_writer_clear(&program.input);
  wspec_websocket_free(program.socket);
  wspec_signal_free(program.interrupt);
  wspec_timer_free(program.timer);
  wspec_timer_free(program.closing_timer);
  wspec_loop_free(program.loop);
  wspec_tls_free(program.tls);
  return status;
}
