#include "cli/connect_options.h"

#include "base/ascii.h"
#include "cli/command.h"
#include "cli/option.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  OPTION_SUBPROTOCOL = 256,
  OPTION_ORIGIN,
  OPTION_USER_AGENT,
  OPTION_CACERT,
  OPTION_CERT,
  OPTION_KEY,
  OPTION_PING,
  OPTION_CLOSE,
  OPTION_FILE,
  OPTION_WAIT,
  OPTION_TIMEOUT,
  OPTION_MAX_MESSAGE,
  OPTION_NO_DEFLATE
};

#define FILE_ARGUMENT NULL, WSPEC_COMPLETES_FILE

const struct wspec_option wspec_connect_option_table[] = {
    {"header", 'H', "'N: V'", "a header of the request; repeatable", NULL, 0},
    {"subprotocol", OPTION_SUBPROTOCOL, "P", "a subprotocol to ask for; repeatable", NULL, 0},
    {"origin", OPTION_ORIGIN, "O", "value of the Origin header", NULL, 0},
    {"user-agent", OPTION_USER_AGENT, "A", "value of the User-Agent header", NULL, 0},
    {"insecure", 'k', NULL, "accept any certificate", NULL, 0},
    {"cacert", OPTION_CACERT, "F", "trust the certificates in F alone", FILE_ARGUMENT},
    {"cert", OPTION_CERT, "F", "our certificate", FILE_ARGUMENT},
    {"key", OPTION_KEY, "F", "our private key (default: in --cert)", FILE_ARGUMENT},
    {"binary", 'b', NULL, "all of standard input is one message; octets come out as is", NULL, 0},
    {"file", OPTION_FILE, "F", "send this file as a binary message", FILE_ARGUMENT},
    {"ping", OPTION_PING, NULL, "send a ping and tell how long its pong took", NULL, 0},
    {"close", OPTION_CLOSE, "CODE REASON", "what to close with at the end", NULL, 0},
    {"no-input", 'n', NULL, "leave standard input alone", NULL, 0},
    {"wait", OPTION_WAIT, "S", "stay for S seconds after the end of the input", NULL, 0},
    {"timeout", OPTION_TIMEOUT, "S", "limit for opening, and for closing (default 10)", NULL, 0},
    {"max-message", OPTION_MAX_MESSAGE, "BYTES", "refuse longer messages (default 1 GiB)", NULL, 0},
    {"no-deflate", OPTION_NO_DEFLATE, NULL, "do not offer permessage-deflate", NULL, 0},
    {"verbose", 'v', NULL, "show the handshake, pings, pongs and the close", NULL, 0},
    {"help", 'h', NULL, "print this", NULL, 0},
    {NULL, 0, NULL, NULL, NULL, 0},
};

static void print_help(void) {
  printf(
      "usage: wspec connect [OPTION...] URL\n\n"
      "Connects to a WebSocket server. In a pipe, each line of standard input is sent as a text\n"
      "message, and each message is a line of standard output, binary ones in hexadecimal. At\n"
      "the end of the input it waits until the server has read all of it, and closes.\n"
      "On a terminal lines are edited, and these are commands:\n"
      "  /ping [TEXT]   /binary HEX   /file PATH   /close [CODE [REASON]]   //text\n\n");
  wspec_options_help(stdout, wspec_connect_option_table);
  printf("\nSSLKEYLOGFILE names a file to append the TLS secrets to. Exit codes: 0 closed in good\n"
         "order, 1 closed otherwise, 2 bad usage or input, 3 not connected.\n");
}

static int add_header(struct wspec_connect_arguments *arguments, const char *text) {
  const char *colon = strchr(text, ':');
  if (!colon || colon == text) {
    return wspec_usage_error("connect", "-H '%s': expected 'Name: value'", text);
  }
  if (arguments->n_headers == WSPEC_CONNECT_LIST_MAX) {
    return wspec_usage_error("connect", "-H: at most %d of them", (int)WSPEC_CONNECT_LIST_MAX);
  }
  arguments->headers[arguments->n_headers++] = (struct wspec_handshake_header){
      wspec_span_of(text, (size_t)(colon - text)), wspec_ascii_trim(wspec_span_text(colon + 1))};
  return WSPEC_EXIT_OK;
}

static int add_protocol(struct wspec_connect_arguments *arguments, const char *name) {
  if (arguments->n_protocols == WSPEC_CONNECT_LIST_MAX) {
    return wspec_usage_error("connect", "--subprotocol: at most %d of them",
                             (int)WSPEC_CONNECT_LIST_MAX);
  }
  arguments->protocols[arguments->n_protocols++] = name;
  return WSPEC_EXIT_OK;
}

/* Reads CODE from optarg and REASON from the argument behind it. */
static int set_close(struct wspec_connect_arguments *arguments, int argc, char **argv) {
  uint64_t code;
  if (!wspec_read_number("connect", "--close", optarg, 1000, 4999, &code)) {
    return WSPEC_EXIT_USAGE;
  }
  if (code != 1000 && code < 3000) {
    return wspec_usage_error("connect", "--close %s: a client may close with 1000 or 3000-4999",
                             optarg);
  }
  if (optind >= argc) {
    return wspec_usage_error("connect", "--close needs a REASON behind the code, which may be ''");
  }
  arguments->close_code = (uint16_t)code;
  arguments->close_reason = argv[optind++];
  if (strlen(arguments->close_reason) > 123) {
    return wspec_usage_error("connect", "--close: the reason is longer than 123 octets");
  }
  return WSPEC_EXIT_OK;
}

static int read_number(const char *option, uint64_t max, uint64_t *out) {
  return wspec_read_number("connect", option, optarg, 0, max, out) ? WSPEC_EXIT_OK
                                                                   : WSPEC_EXIT_USAGE;
}

/* Where an option with a text goes; NULL: `id` is no such option. */
static const char **text_of(struct wspec_connect_arguments *arguments, int id) {
  switch (id) {
  case OPTION_ORIGIN:
    return &arguments->origin;
  case OPTION_USER_AGENT:
    return &arguments->user_agent;
  case OPTION_CACERT:
    return &arguments->tls.ca_file;
  case OPTION_CERT:
    return &arguments->tls.certificate_file;
  case OPTION_KEY:
    return &arguments->tls.key_file;
  case OPTION_FILE:
    return &arguments->file;
  default:
    return NULL;
  }
}

static bool *flag_of(struct wspec_connect_arguments *arguments, int id) {
  switch (id) {
  case 'k':
    return &arguments->tls.is_insecure;
  case 'b':
    return &arguments->is_binary;
  case 'n':
    return &arguments->no_input;
  case 'v':
    return &arguments->is_verbose;
  case OPTION_PING:
    return &arguments->pings;
  case OPTION_NO_DEFLATE:
    return &arguments->no_deflate;
  default:
    return NULL;
  }
}

static int read_option(struct wspec_connect_arguments *arguments, int id, int argc, char **argv) {
  const char **text = text_of(arguments, id);
  bool *flag = flag_of(arguments, id);
  if (text) {
    *text = optarg;
    return WSPEC_EXIT_OK;
  }
  if (flag) {
    *flag = true;
    return WSPEC_EXIT_OK;
  }
  switch (id) {
  case 'H':
    return add_header(arguments, optarg);
  case OPTION_SUBPROTOCOL:
    return add_protocol(arguments, optarg);
  case OPTION_CLOSE:
    return set_close(arguments, argc, argv);
  case OPTION_WAIT:
    return read_number("--wait", 1000000, &arguments->wait_s);
  case OPTION_TIMEOUT:
    return read_number("--timeout", 1000000, &arguments->timeout_s);
  case OPTION_MAX_MESSAGE:
    return read_number("--max-message", UINT64_C(1) << 40, &arguments->max_message);
  case 'h':
    print_help();
    return -1;
  default:
    return wspec_option_error("connect", id, argv);
  }
}

int wspec_connect_arguments_parse(struct wspec_connect_arguments *arguments, int argc,
                                  char **argv) {
  struct wspec_getopt table;
  *arguments = (struct wspec_connect_arguments){
      .timeout_s = 10, .max_message = UINT64_C(1) << 30, .close_reason = ""};
  wspec_options_to_getopt(wspec_connect_option_table, &table);
  int id;
  while ((id = getopt_long(argc, argv, table.shorts, table.longs, NULL)) != -1) {
    int status = read_option(arguments, id, argc, argv);
    if (status != WSPEC_EXIT_OK) {
      return status;
    }
  }
  if (optind + 1 != argc) {
    return wspec_usage_error("connect",
                             optind == argc ? "the URL is missing" : "more than one URL was given");
  }
  arguments->url = argv[optind];
  arguments->tls.key_log_file = getenv("SSLKEYLOGFILE");
  return WSPEC_EXIT_OK;
}
