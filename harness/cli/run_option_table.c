#include "cli/run_options_internal.h"

#include "cli/command.h"

#define FILE_ARGUMENT NULL, WSPEC_COMPLETES_FILE

/* Rows that several commands have. */

#define SELECTION_ROWS                                                                             \
  {                                                                                                \
      "cases", OPTION_CASES, "GLOB", "only cases whose id matches (repeatable): '6455/5.*'", NULL, \
      0},                                                                                          \
      {"exclude", OPTION_EXCLUDE, "GLOB", "but not these (repeatable)", NULL, 0},                  \
      {"tag", OPTION_TAG, "T", "only cases with this tag (repeatable)", NULL, 0},                  \
      {"case-file", OPTION_CASE_FILE, "FILE",                                                      \
       "cases of your own, beside the suite's (repeatable)", FILE_ARGUMENT},                       \
      {"case-dir", OPTION_CASE_DIR, "DIR", "another suite", NULL, WSPEC_COMPLETES_DIRECTORY}, {    \
    "exhaustive", OPTION_EXHAUSTIVE, NULL, "also the cases that try every value", NULL, 0          \
  }

#define JOBS_ROW \
  { "jobs", OPTION_JOBS, "N", "cases at a time (16)", NULL, 0 }

#define WAITING_ROWS                                                                              \
  {"timeout", OPTION_TIMEOUT, "S", "the longest wait for any reaction, in seconds (5)", NULL, 0}, \
  {                                                                                               \
    "oracle", OPTION_ORACLE, "O", "how a taken message is seen: auto, echo, pong, none",          \
        "auto echo pong none", 0                                                                  \
  }

#define CERTIFICATE_ROWS                                                                        \
  {"tls", OPTION_TLS, NULL, "over TLS (wss), with a certificate made for this run", NULL, 0},   \
      {"cert", OPTION_CERT, "F", "over TLS with this certificate chain, PEM", FILE_ARGUMENT}, { \
    "key", OPTION_KEY, "F", "and its key (default: in the --cert file)", FILE_ARGUMENT          \
  }

#define SEED_ROWS                                                                                 \
  {"seed", OPTION_SEED, "N", "the same seed sends the same octets (1)", NULL, 0}, {               \
    "shard", OPTION_SHARD, "I/N", "the I-th of N parts of the cases; 'auto' asks the CI", "auto", \
        0                                                                                         \
  }

#define STRICT_ROW \
  { "strict", OPTION_STRICT, NULL, "a warn fails the run", NULL, 0 }

#define CONFIRM_ROW \
  { "no-confirm", OPTION_NO_CONFIRM, NULL, "do not play again what did not pass", NULL, 0 }

#define BASELINE_ROWS                                                                       \
  {"baseline", OPTION_BASELINE, "F", "the known failures: only others fail the run",        \
   FILE_ARGUMENT},                                                                          \
  {                                                                                         \
    "write-baseline", OPTION_WRITE_BASELINE, "F", "write what fails now as known failures", \
        FILE_ARGUMENT                                                                       \
  }

#define OUTPUT_ROWS                                                            \
  WSPEC_REPORT_OPTIONS(OPTION_REPORT), {                                       \
    "out", OPTION_OUT, "DIR", "all reports, under their standard names", NULL, \
        WSPEC_COMPLETES_DIRECTORY                                              \
  }

#define TRANSCRIPTS_ROW                                                                        \
  {                                                                                            \
    "transcripts", OPTION_TRANSCRIPTS, "W", "in reports, of: failed (what did not pass), all", \
        "failed all", 0                                                                        \
  }

#define MEMORY_ROWS                                                                               \
  {"memory", OPTION_MEMORY, NULL, "the reference endpoint without a network, virtual time", NULL, \
   0},                                                                                            \
  {                                                                                               \
    "chunk", OPTION_CHUNK, "N", "with --memory: deliver N octets at a time", NULL, 0              \
  }

#define TERMINAL_ROWS                                                                        \
  {"color", OPTION_COLOR, "W", "auto, always, never", "auto always never", 0},               \
      {"verbose", 'v', NULL, "also frames: as they pass if cases come one by one", NULL, 0}, \
      {"quiet", 'q', NULL, "say less", NULL, 0}, {                                           \
    "help", OPTION_HELP, NULL, "print this", NULL, 0                                         \
  }

const struct wspec_option wspec_run_option_table[] = {
    SELECTION_ROWS,
    JOBS_ROW,
    WAITING_ROWS,
    {"header", 'H', "'Name: value'", "a header field of every request (repeatable)", NULL, 0},
    {"subprotocol", OPTION_SUBPROTOCOL, "P", "a subprotocol that the server speaks", NULL, 0},
    {"origin", OPTION_ORIGIN, "O", "an origin that the server accepts", NULL, 0},
    {"user", OPTION_USER, "U:P", "user and password, Basic authentication", NULL, 0},
    {"connect-to", OPTION_CONNECT_TO, "H:P", "connect there, whatever the URL says", NULL, 0},
    {"insecure", 'k', NULL, "accept any certificate", NULL, 0},
    {"cacert", OPTION_CACERT, "F", "trust the certificates in F alone", FILE_ARGUMENT},
    {"cert", OPTION_CERT, "F", "certificate of the client, PEM", FILE_ARGUMENT},
    {"key", OPTION_KEY, "F", "and its key", FILE_ARGUMENT},
    {"key-log", OPTION_KEY_LOG, "F", "append TLS secrets, for Wireshark ($SSLKEYLOGFILE)",
     FILE_ARGUMENT},
    SEED_ROWS,
    STRICT_ROW,
    CONFIRM_ROW,
    BASELINE_ROWS,
    OUTPUT_ROWS,
    {"targets", OPTION_TARGETS, "F", "test every target of this file, one after another",
     FILE_ARGUMENT},
    {"name", OPTION_NAME, "T", "what reports call the target, instead of its URL", NULL, 0},
    TRANSCRIPTS_ROW,
    MEMORY_ROWS,
    TERMINAL_ROWS,
    {NULL, 0, NULL, NULL, NULL, 0},
};

const struct wspec_option wspec_run_client_option_table[] = {
    SELECTION_ROWS,
    JOBS_ROW,
    WAITING_ROWS,
    {"case-timeout", OPTION_CASE_TIMEOUT, "S", "for one case, then its client is killed (60)", NULL,
     0},
    {"header", 'H', "'Name: value'", "a header field of every response (repeatable)", NULL, 0},
    CERTIFICATE_ROWS,
    {"url-host", OPTION_URL_HOST, "H", "host in {url}, instead of 127.0.0.1", NULL, 0},
    SEED_ROWS,
    STRICT_ROW,
    CONFIRM_ROW,
    BASELINE_ROWS,
    OUTPUT_ROWS,
    {"name", OPTION_NAME, "T", "what reports call the client, and {agent} is (client)", NULL, 0},
    TRANSCRIPTS_ROW,
    MEMORY_ROWS,
    TERMINAL_ROWS,
    {NULL, 0, NULL, NULL, NULL, 0},
};

const struct wspec_option wspec_serve_option_table[] = {
    SELECTION_ROWS,
    WAITING_ROWS,
    {"api", OPTION_API, NULL, "the cases of the JavaScript API, which scripts run", NULL, 0},
    {"case-timeout", OPTION_CASE_TIMEOUT, "S", "with --api: for the findings on one case (60)",
     NULL, 0},
    {"bind", OPTION_BIND, "HOST", "address to listen on (127.0.0.1)", NULL, 0},
    {"port", OPTION_PORT, "PORT", "port, 0 for any free one (9001)", NULL, 0},
    {"once", OPTION_ONCE, NULL, "end when an agent has played all cases", NULL, 0},
    {"idle", OPTION_IDLE, "S", "end when nothing was asked for so many seconds (never)", NULL, 0},
    {"header", 'H', "'Name: value'", "a header field of every response (repeatable)", NULL, 0},
    CERTIFICATE_ROWS,
    SEED_ROWS,
    STRICT_ROW,
    BASELINE_ROWS,
    OUTPUT_ROWS,
    TRANSCRIPTS_ROW,
    TERMINAL_ROWS,
    {NULL, 0, NULL, NULL, NULL, 0},
};

static const struct run_kind kinds[] = {
    [WSPEC_RUN_SERVER] = {"run", wspec_run_option_table,
                          "usage: wspec run [OPTION...] [URL]\n\n"
                          "Tests the WebSocket server at URL (ws, wss, http, https); without URL,\n"
                          "the reference endpoint in this program.\n\n"},
    [WSPEC_RUN_CLIENT] = {"run-client", wspec_run_client_option_table,
                          "usage: wspec run-client [OPTION...] [-- COMMAND [ARGUMENT...]]\n\n"
                          "Tests a WebSocket client that sends back every message that it gets. "
                          "COMMAND is\nstarted for each case, with {url}, {case} and {agent} "
                          "replaced in its arguments; the\nenvironment has WSPEC_URL, WSPEC_CASE "
                          "and WSPEC_AGENT. Exit status 127 says that it\ndoes not support what "
                          "the case needs. Without COMMAND, the reference client in this\n"
                          "program, in memory.\n\n"},
    [WSPEC_RUN_SERVE] = {"serve", wspec_serve_option_table,
                         "usage: wspec serve [OPTION...]\n\n"
                         "Tests WebSocket clients that connect to /case/ID?agent=NAME and send "
                         "back every\nmessage that they get, until SIGTERM or SIGINT. /cases lists "
                         "the cases, /results/NAME\nis the report on an agent, and / a page that "
                         "plays all cases in the browser that\nopens it. Prints the URL it listens "
                         "on.\n\n"},
};

const struct run_kind *run_kind_of(enum wspec_run_kind kind) {
  return &kinds[kind];
}
