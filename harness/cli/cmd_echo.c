#include "cli/command.h"
#include "cli/echo_options.h"
#include "cli/echo_visitor.h"
#include "endpoint/server.h"
#include "net/certificate.h"
#include "net/signal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { HEADERS_MAX = 1 << 20 };

struct program {
  struct wspec_visitors visitors;
  uint32_t drain_timeout_ms;
  struct wspec_loop *loop;
  struct wspec_certificate *certificate; /* of --tls without --cert */
  struct wspec_tls *tls;
  struct wspec_server *server;
  struct wspec_signal *terminate;
  struct wspec_signal *interrupt;
};

static void on_signal(void *user) {
  struct program *program = user;
  wspec_server_drain(program->server, program->drain_timeout_ms);
}

static enum wspec_err make_tls(struct program *program,
                               const struct wspec_echo_arguments *arguments,
                               struct wspec_net_error *error) {
  if (!arguments->is_tls) {
    return WSPEC_OK;
  }
  struct wspec_tls_options options = {.certificate_file = arguments->cert,
                                      .key_file = arguments->key,
                                      .ca_file = arguments->cacert,
                                      .key_log_file = getenv("SSLKEYLOGFILE")};
  if (!arguments->cert) {
    struct wspec_certificate_options made = {0};
    enum wspec_err err = wspec_certificate_new(&made, &program->certificate, error);
    if (err) {
      return err;
    }
    options.certificate = program->certificate;
  }
  return wspec_tls_new_server(&options, &program->tls, error);
}

static void set_limits(struct wspec_server_options *options,
                       const struct wspec_echo_arguments *arguments) {
  options->connections_max = (size_t)arguments->max_connections;
  options->handshake_timeout_ms = (uint32_t)(arguments->handshake_timeout_s * 1000);
  options->idle_timeout_ms = (uint32_t)(arguments->idle_timeout_s * 1000);
  options->closing_timeout_ms = (uint32_t)(arguments->closing_timeout_s * 1000);
  options->high_water = (size_t)arguments->max_message + HEADERS_MAX;
  options->session.http_limits.head_len = (size_t)arguments->max_header;
  if (arguments->max_header < wspec_http_limits_default().line_len) {
    options->session.http_limits.line_len = (size_t)arguments->max_header;
  }
  options->session.conn.message_max = arguments->max_message;
  options->session.conn.frame_max =
      arguments->max_frame > 0 ? arguments->max_frame : arguments->max_message;
}

static enum wspec_err start(struct program *program, const struct wspec_echo_arguments *arguments,
                            struct wspec_net_error *error) {
  enum wspec_err err = make_tls(program, arguments, error);
  if (err) {
    return err;
  }
  struct wspec_server_options options;
  wspec_server_options_init(&options);
  set_limits(&options, arguments);
  options.host = arguments->host;
  options.port = (uint16_t)arguments->port;
  options.tls = program->tls;
  options.handlers = wspec_visitor_handlers();
  options.user_new = wspec_visitor_new;
  options.user_free = wspec_visitor_free;
  options.on_end = wspec_visitor_log;
  options.context = &program->visitors;
  options.session.protocols = arguments->subprotocols;
  options.session.n_protocols = arguments->n_subprotocols;
  options.session.deflate = !arguments->no_deflate;
  options.session.conn.auto_close = false;
  options.session.conn.assemble = arguments->broadcasts; /* pieces of two senders must not mix */
  err = wspec_server_new(program->loop, &options, &program->server, error);
  program->visitors.server = program->server;
  return err;
}

/* The log is opened before anything is listened on, so that a wrong path costs nothing. */
static bool open_log(struct program *program, const struct wspec_echo_arguments *arguments) {
  program->visitors.pushes = arguments->pushes;
  program->visitors.broadcasts = arguments->broadcasts;
  program->drain_timeout_ms = (uint32_t)(arguments->drain_timeout_s * 1000);
  if (!arguments->access_log) {
    return true;
  }
  bool is_stdout = strcmp(arguments->access_log, "-") == 0;
  program->visitors.access_log = is_stdout ? stdout : fopen(arguments->access_log, "ae");
  if (!program->visitors.access_log) {
    (void)fprintf(stderr, "wspec echo: cannot write %s: %s\n", arguments->access_log,
                  strerror(errno));
  }
  return program->visitors.access_log != NULL;
}

/* A connection is a descriptor: as many as the system allows without asking. */
static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* else accept tells, when there are too many */
  }
}

/* False: nobody will learn where we listen. */
static bool announce(const struct program *program) {
  char address[WSPEC_ADDRESS_TEXT_MAX];
  printf("listening on %s://%s/\n", program->tls ? "wss" : "ws",
         wspec_address_text(wspec_server_address(program->server), address));
  if (program->certificate) {
    char fingerprint[WSPEC_FINGERPRINT_MAX];
    printf("certificate SHA-256 fingerprint %s\n",
           wspec_certificate_fingerprint(program->certificate, fingerprint));
  }
  if (fflush(stdout) != 0) {
    (void)fprintf(stderr, "wspec echo: standard output: %s\n", strerror(errno));
    return false;
  }
  return true;
}

static int serve(struct program *program, const struct wspec_echo_arguments *arguments) {
  struct wspec_net_error error = {.sentence = "out of memory"};
  if (wspec_loop_new(&program->loop) || start(program, arguments, &error) ||
      wspec_signal_new(program->loop, SIGTERM, on_signal, program, &program->terminate) ||
      wspec_signal_new(program->loop, SIGINT, on_signal, program, &program->interrupt)) {
    (void)fprintf(stderr, "wspec echo: %s\n", error.sentence);
    return WSPEC_EXIT_USAGE;
  }
  if (!announce(program)) {
    return WSPEC_EXIT_USAGE;
  }
  wspec_loop_run(program->loop);
  return program->visitors.log_error == 0 ? WSPEC_EXIT_OK : WSPEC_EXIT_FAIL;
}

int wspec_cmd_echo(int argc, char **argv) {
  struct wspec_echo_arguments arguments;
  int status = wspec_echo_arguments_parse(&arguments, argc, argv);
  if (status != WSPEC_EXIT_OK) {
    return status < 0 ? WSPEC_EXIT_OK : status;
  }
  struct program program = {.loop = NULL};
  if (!open_log(&program, &arguments)) {
    return WSPEC_EXIT_USAGE;
  }
  raise_descriptor_limit();
  status = serve(&program, &arguments);
  wspec_signal_free(program.terminate);
  wspec_signal_free(program.interrupt);
  wspec_server_free(program.server);
  wspec_loop_free(program.loop);
  wspec_tls_free(program.tls);
  wspec_certificate_free(program.certificate);
  if (program.visitors.access_log && program.visitors.access_log != stdout) {
    (void)fclose(program.visitors.access_log);
  }
  return status;
}
