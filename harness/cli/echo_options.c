#include "cli/echo_options.h"

#include "cli/command.h"
#include "cli/option.h"

#include <getopt.h>
#include <stdio.h>

enum {
  OPTION_HOST = 256,
  OPTION_PORT,
  OPTION_TLS,
  OPTION_CERT,
  OPTION_KEY,
  OPTION_CACERT,
  OPTION_SUBPROTOCOL,
  OPTION_MAX_MESSAGE,
  OPTION_MAX_FRAME,
  OPTION_MAX_HEADER,
  OPTION_MAX_CONNECTIONS,
  OPTION_HANDSHAKE_TIMEOUT,
  OPTION_IDLE_TIMEOUT,
  OPTION_CLOSING_TIMEOUT,
  OPTION_DRAIN_TIMEOUT,
  OPTION_PUSH,
  OPTION_BROADCAST,
  OPTION_ACCESS_LOG,
  OPTION_NO_DEFLATE
};

#define FILE_ARGUMENT NULL, WSPEC_COMPLETES_FILE

const struct wspec_option wspec_echo_option_table[] = {
    {"host", OPTION_HOST, "HOST", "address to listen on (default 127.0.0.1)", NULL, 0},
    {"port", OPTION_PORT, "PORT", "port, 0 for any free one (default 9001)", NULL, 0},
    {"tls", OPTION_TLS, NULL, "speak TLS (wss) with a certificate made for this run", NULL, 0},
    {"cert", OPTION_CERT, "FILE", "speak TLS with this certificate chain, PEM", FILE_ARGUMENT},
    {"key", OPTION_KEY, "FILE", "its private key (default: in the --cert file)", FILE_ARGUMENT},
    {"cacert", OPTION_CACERT, "FILE", "demand certificates signed by these", FILE_ARGUMENT},
    {"subprotocol", OPTION_SUBPROTOCOL, "NAME", "one to agree to; repeatable, at most 32", NULL, 0},
    {"max-message", OPTION_MAX_MESSAGE, "BYTES", "1009 to longer messages (default 67108864)", NULL,
     0},
    {"max-frame", OPTION_MAX_FRAME, "BYTES", "1009 to longer frames (default: --max-message)", NULL,
     0},
    {"max-header", OPTION_MAX_HEADER, "BYTES", "431 to longer requests (default 65536)", NULL, 0},
    {"max-connections", OPTION_MAX_CONNECTIONS, "N", "reset further ones (default: no limit)", NULL,
     0},
    {"handshake-timeout", OPTION_HANDSHAKE_TIMEOUT, "S",
     "from TCP to the request's end (default 10)", NULL, 0},
    {"idle-timeout", OPTION_IDLE_TIMEOUT, "S", "1001 after such a silence (default: never)", NULL,
     0},
    {"closing-timeout", OPTION_CLOSING_TIMEOUT, "S", "wait for the peer's close (default 5)", NULL,
     0},
    {"drain-timeout", OPTION_DRAIN_TIMEOUT, "S", "between SIGTERM and the end (default 3)", NULL,
     0},
    {"push", OPTION_PUSH, "N", "send N text messages to each client that has opened", NULL, 0},
    {"broadcast", OPTION_BROADCAST, NULL, "send each message to all clients", NULL, 0},
    {"access-log", OPTION_ACCESS_LOG, "FILE", "a line a connection; '-' is standard output",
     FILE_ARGUMENT},
    {"no-deflate", OPTION_NO_DEFLATE, NULL, "decline permessage-deflate (default: agree)", NULL, 0},
    {"help", 'h', NULL, "print this", NULL, 0},
    {NULL, 0, NULL, NULL, NULL, 0},
};

static void print_help(void) {
  printf("usage: wspec echo [OPTION...]\n\n"
         "Runs the reference endpoint as an echo server, until SIGTERM or SIGINT: it then closes\n"
         "its connections with 1001, and a second signal cuts them off. Prints the URL it listens\n"
         "on.\n\n");
  wspec_options_help(stdout, wspec_echo_option_table);
  printf(
      "\nWith TLS, SSLKEYLOGFILE names a file to append the secrets to. Exit codes: 0 ended by a\n"
      "signal, 1 the same, but the access log is not complete, 2 bad usage or no port.\n");
}

/* An option with a number: where it goes and what it may be. */
struct number {
  int id;
  const char *name;
  uint64_t min, max;
  uint64_t *out;
};

/* Returns 1 where `id` is such an option and good, 0 where it is another, -1 after an error. */
static int read_number(struct wspec_echo_arguments *arguments, int id) {
  const uint64_t seconds = UINT32_MAX / 1000;
  const struct number numbers[] = {
      {OPTION_PORT, "--port", 0, 65535, &arguments->port},
      {OPTION_MAX_MESSAGE, "--max-message", 1, 1 << 30, &arguments->max_message},
      {OPTION_MAX_FRAME, "--max-frame", 1, 1 << 30, &arguments->max_frame},
      {OPTION_MAX_HEADER, "--max-header", 64, 1 << 24, &arguments->max_header},
      {OPTION_MAX_CONNECTIONS, "--max-connections", 1, 1 << 24, &arguments->max_connections},
      {OPTION_HANDSHAKE_TIMEOUT, "--handshake-timeout", 1, seconds,
       &arguments->handshake_timeout_s},
      {OPTION_IDLE_TIMEOUT, "--idle-timeout", 1, seconds, &arguments->idle_timeout_s},
      {OPTION_CLOSING_TIMEOUT, "--closing-timeout", 1, seconds, &arguments->closing_timeout_s},
      {OPTION_DRAIN_TIMEOUT, "--drain-timeout", 0, seconds, &arguments->drain_timeout_s},
      {OPTION_PUSH, "--push", 1, 1000, &arguments->pushes},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    const struct number *number = &numbers[i];
    if (number->id == id) {
      return wspec_read_number("echo", number->name, optarg, number->min, number->max, number->out)
                 ? 1
                 : -1;
    }
  }
  return 0;
}

/* Where an option with a text goes; NULL: `id` is no such option. */
static const char **text_of(struct wspec_echo_arguments *arguments, int id) {
  switch (id) {
  case OPTION_HOST:
    return &arguments->host;
  case OPTION_CERT:
    return &arguments->cert;
  case OPTION_KEY:
    return &arguments->key;
  case OPTION_CACERT:
    return &arguments->cacert;
  case OPTION_ACCESS_LOG:
    return &arguments->access_log;
  default:
    return NULL;
  }
}

static bool *flag_of(struct wspec_echo_arguments *arguments, int id) {
  switch (id) {
  case OPTION_TLS:
    return &arguments->is_tls;
  case OPTION_BROADCAST:
    return &arguments->broadcasts;
  case OPTION_NO_DEFLATE:
    return &arguments->no_deflate;
  default:
    return NULL;
  }
}

static int read_option(struct wspec_echo_arguments *arguments, int id, char **argv) {
  const char **text = text_of(arguments, id);
  bool *flag = flag_of(arguments, id);
  int number = read_number(arguments, id);
  if (number != 0) {
    return number > 0 ? WSPEC_EXIT_OK : WSPEC_EXIT_USAGE;
  }
  if (text) {
    *text = optarg;
    return WSPEC_EXIT_OK;
  }
  if (flag) {
    *flag = true;
    return WSPEC_EXIT_OK;
  }
  if (id == 'h') {
    print_help();
    return -1;
  }
  if (id != OPTION_SUBPROTOCOL) {
    return wspec_option_error("echo", id, argv);
  }
  if (arguments->n_subprotocols == WSPEC_ECHO_SUBPROTOCOLS_MAX) {
    return wspec_usage_error("echo", "more than %d subprotocols", (int)WSPEC_ECHO_SUBPROTOCOLS_MAX);
  }
  arguments->subprotocols[arguments->n_subprotocols++] = wspec_span_text(optarg);
  return WSPEC_EXIT_OK;
}

int wspec_echo_arguments_parse(struct wspec_echo_arguments *arguments, int argc, char **argv) {
  struct wspec_getopt table;
  *arguments = (struct wspec_echo_arguments){.port = 9001,
                                             .max_message = 64 << 20,
                                             .max_header = 64 << 10,
                                             .handshake_timeout_s = 10,
                                             .closing_timeout_s = 5,
                                             .drain_timeout_s = 3};
  wspec_options_to_getopt(wspec_echo_option_table, &table);
  int id;
  while ((id = getopt_long(argc, argv, table.shorts, table.longs, NULL)) != -1) {
    int status = read_option(arguments, id, argv);
    if (status != WSPEC_EXIT_OK) {
      return status;
    }
  }
  if (optind < argc) {
    return wspec_usage_error("echo", "unexpected argument '%s'", argv[optind]);
  }
  if (arguments->key && !arguments->cert) {
    return wspec_usage_error("echo", "--key needs --cert");
  }
  arguments->is_tls = arguments->is_tls || arguments->cert;
  if (arguments->cacert && !arguments->is_tls) {
    return wspec_usage_error("echo", "--cacert needs --tls or --cert");
  }
  return WSPEC_EXIT_OK;
}
