#include "cli/command.h"
#include "endpoint/echo.h"
#include "endpoint/server.h"
#include "net/certificate.h"
#include "net/signal.h"

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUBPROTOCOLS_MAX = 32, DEFAULT_PORT = 9001, DRAIN_MS = 3000, HEADERS_MAX = 1 << 20 };

static const char HELP[] =
    "usage: wspec echo [OPTION...]\n\n"
    "Runs the reference endpoint as an echo server, until SIGTERM or SIGINT: it then closes its\n"
    "connections with 1001, and a second signal cuts them off. Prints the URL it listens on.\n\n"
    "  --host HOST          address to listen on (default 127.0.0.1)\n"
    "  --port PORT          port to listen on, 0 for any free one (default 9001)\n"
    "  --tls                speak TLS (wss) with a certificate made for this run\n"
    "  --cert FILE          speak TLS with this certificate chain, PEM\n"
    "  --key FILE           its private key, PEM (default: in the --cert file)\n"
    "  --subprotocol NAME   a subprotocol to agree to; repeatable, at most 32\n"
    "  --max-message BYTES  longer messages are answered by 1009 (default 67108864)\n"
    "  --idle-timeout S     close connections that were silent that long (default: never)\n"
    "  --no-deflate         decline permessage-deflate (default: agree to it)\n"
    "  -h, --help           print this\n\n"
    "With TLS, SSLKEYLOGFILE names a file to append the secrets to.\n";

struct arguments {
  const char *host;
  const char *cert;
  const char *key;
  struct wspec_span subprotocols[SUBPROTOCOLS_MAX];
  size_t n_subprotocols;
  uint64_t port;
  uint64_t max_message;
  uint64_t idle_timeout_s;
  bool is_tls;
  bool no_deflate;
  bool wants_help;
};

static bool read_option(struct arguments *arguments, int option) {
  switch (option) {
  case 'H':
    arguments->host = optarg;
    return true;
  case 'p':
    return wspec_read_number("echo", "--port", optarg, 0, 65535, &arguments->port);
  case 't':
    arguments->is_tls = true;
    return true;
  case 'c':
    arguments->cert = optarg;
    arguments->is_tls = true;
    return true;
  case 'd':
    arguments->no_deflate = true;
    return true;
  case 'k':
    arguments->key = optarg;
    return true;
  case 's':
    if (arguments->n_subprotocols == SUBPROTOCOLS_MAX) {
      wspec_usage_error("echo", "more than %d subprotocols", SUBPROTOCOLS_MAX);
      return false;
    }
    arguments->subprotocols[arguments->n_subprotocols++] = wspec_span_text(optarg);
    return true;
  case 'm':
    return wspec_read_number("echo", "--max-message", optarg, 1, 1 << 30, &arguments->max_message);
  case 'i':
    return wspec_read_number("echo", "--idle-timeout", optarg, 1, UINT32_MAX / 1000,
                             &arguments->idle_timeout_s);
  default:
    arguments->wants_help = true;
    return true;
  }
}

static bool read_arguments(struct arguments *arguments, int argc, char **argv) {
  static const struct option OPTIONS[] = {{"host", required_argument, NULL, 'H'},
                                          {"port", required_argument, NULL, 'p'},
                                          {"tls", no_argument, NULL, 't'},
                                          {"cert", required_argument, NULL, 'c'},
                                          {"key", required_argument, NULL, 'k'},
                                          {"subprotocol", required_argument, NULL, 's'},
                                          {"max-message", required_argument, NULL, 'm'},
                                          {"idle-timeout", required_argument, NULL, 'i'},
                                          {"no-deflate", no_argument, NULL, 'd'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  int option;
  while ((option = getopt_long(argc, argv, ":h", OPTIONS, NULL)) != -1) {
    if (option == '?' || option == ':') {
      wspec_option_error("echo", option, argv);
      return false;
    }
    if (!read_option(arguments, option)) {
      return false;
    }
  }
  if (optind < argc) {
    wspec_usage_error("echo", "unexpected argument '%s'", argv[optind]);
    return false;
  }
  if (arguments->key && !arguments->cert) {
    wspec_usage_error("echo", "--key needs --cert");
    return false;
  }
  return true;
}

struct program {
  struct wspec_loop *loop;
  struct wspec_certificate *certificate; /* of --tls without --cert */
  struct wspec_tls *tls;
  struct wspec_server *server;
  struct wspec_signal *terminate;
  struct wspec_signal *interrupt;
};

static void on_signal(void *user) {
  struct program *program = user;
  wspec_server_drain(program->server, DRAIN_MS);
}

static enum wspec_err make_tls(struct program *program, const struct arguments *arguments,
                               struct wspec_net_error *error) {
  if (!arguments->is_tls) {
    return WSPEC_OK;
  }
  struct wspec_tls_options options = {.certificate_file = arguments->cert,
                                      .key_file = arguments->key,
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

static void *new_echo(void *context) {
  (void)context;
  return wspec_echo_new();
}

static void free_echo(void *user) {
  wspec_echo_free(user);
}

static enum wspec_err start(struct program *program, const struct arguments *arguments,
                            struct wspec_net_error *error) {
  enum wspec_err err = make_tls(program, arguments, error);
  if (err) {
    return err;
  }
  struct wspec_server_options options;
  wspec_server_options_init(&options);
  options.host = arguments->host;
  options.port = (uint16_t)arguments->port;
  options.tls = program->tls;
  options.handlers = wspec_echo_handlers();
  options.user_new = new_echo;
  options.user_free = free_echo;
  options.idle_timeout_ms = (uint32_t)(arguments->idle_timeout_s * 1000);
  options.session.protocols = arguments->subprotocols;
  options.session.n_protocols = arguments->n_subprotocols;
  options.session.deflate = !arguments->no_deflate;
  options.session.conn.auto_close = false;
  options.session.conn.message_max = arguments->max_message;
  options.session.conn.frame_max = arguments->max_message;
  options.high_water = (size_t)arguments->max_message + HEADERS_MAX;
  return wspec_server_new(program->loop, &options, &program->server, error);
}

static void announce(const struct program *program) {
  char address[WSPEC_ADDRESS_TEXT_MAX];
  printf("listening on %s://%s/\n", program->tls ? "wss" : "ws",
         wspec_address_text(wspec_server_address(program->server), address));
  if (program->certificate) {
    char fingerprint[WSPEC_FINGERPRINT_MAX];
    printf("certificate SHA-256 fingerprint %s\n",
           wspec_certificate_fingerprint(program->certificate, fingerprint));
  }
  (void)fflush(stdout);
}

static int serve(struct program *program, const struct arguments *arguments) {
  struct wspec_net_error error = {.sentence = "out of memory"};
  if (wspec_loop_new(&program->loop) || start(program, arguments, &error) ||
      wspec_signal_new(program->loop, SIGTERM, on_signal, program, &program->terminate) ||
      wspec_signal_new(program->loop, SIGINT, on_signal, program, &program->interrupt)) {
    (void)fprintf(stderr, "wspec echo: %s\n", error.sentence);
    return WSPEC_EXIT_USAGE;
  }
  announce(program);
  wspec_loop_run(program->loop);
  return WSPEC_EXIT_OK;
}

int wspec_cmd_echo(int argc, char **argv) {
  struct arguments arguments = {.port = DEFAULT_PORT, .max_message = 64 << 20};
  if (!read_arguments(&arguments, argc, argv)) {
    return WSPEC_EXIT_USAGE;
  }
  if (arguments.wants_help) {
    (void)fputs(HELP, stdout);
    return WSPEC_EXIT_OK;
  }
  struct program program = {0};
  int status = serve(&program, &arguments);
  wspec_signal_free(program.terminate);
  wspec_signal_free(program.interrupt);
  wspec_server_free(program.server);
  wspec_loop_free(program.loop);
  wspec_tls_free(program.tls);
  wspec_certificate_free(program.certificate);
  return status;
}
