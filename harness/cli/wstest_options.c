#include "cli/command.h"
#include "cli/wstest.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_HELP = 256, OPTION_JOBS, OPTION_CASE_DIR, OPTION_VERSION };

enum { DEFAULT_JOBS = 16, JOBS_MAX = 1024, DEFAULT_WEBPORT = 8080 };

#define FILE_ARGUMENT NULL, WSPEC_COMPLETES_FILE

const struct wspec_option wspec_wstest_option_table[] = {
    {"mode", 'm', "MODE", "what to do; see below",
     "fuzzingclient fuzzingserver echoserver testeeserver broadcastserver", 0},
    {"spec", 's', "FILE", "what to run (default ./MODE.json, made if missing)", FILE_ARGUMENT},
    {"wsuri", 'w', "URI", "where to listen, or the server to test", NULL, 0},
    {"webport", 'u', "PORT", "port of the web pages; 0: none (8080)", NULL, 0},
    {"ident", 'i', "NAME", "taken, and of no effect", NULL, 0},
    {"key", 'k', "FILE", "key of the server, PEM", FILE_ARGUMENT},
    {"cert", 'c', "FILE", "certificate of the server, PEM", FILE_ARGUMENT},
    {"testset", 't', "NAME", "taken, and of no effect", NULL, 0},
    {"outfile", 'o', "FILE", "taken, and of no effect", FILE_ARGUMENT},
    {"debug", 'd', NULL, "taken, and of no effect", NULL, 0},
    {"autobahnversion", 'a', NULL, "print the version", NULL, 0},
    {"jobs", OPTION_JOBS, "N", "cases at a time, not in Autobahn (16)", NULL, 0},
    {"case-dir", OPTION_CASE_DIR, "DIR", "another suite, not in Autobahn", NULL,
     WSPEC_COMPLETES_DIRECTORY},
    {"version", OPTION_VERSION, NULL, "print the version", NULL, 0},
    {"help", OPTION_HELP, NULL, "print this", NULL, 0},
    {NULL, 0, NULL, NULL, NULL, 0},
};

static const char MODES[] =
    "\nModes: fuzzingclient tests the servers of a spec file, fuzzingserver the clients that\n"
    "connect; echoserver, testeeserver and broadcastserver are 'wspec echo' at --wsuri. The exit\n"
    "code says nothing of verdicts: they are in the reports. 'wspec run' is the command that\n"
    "fails when a test fails.\n";

static int print_help(void) {
  printf("usage: wspec wstest -m MODE [OPTION...]\n\n"
         "Does what wstest of Autobahn|Testsuite does, with the same files, words and reports.\n"
         "A link to wspec that is called wstest is this command.\n\n");
  wspec_options_help(stdout, wspec_wstest_option_table);
  printf("%s", MODES);
  return WSPEC_WSTEST_DONE;
}

static int usage_error(const char *message) {
  fprintf(stderr, "wstest: %s\n\nTry wstest --help for usage details\n", message);
  return WSPEC_WSTEST_USAGE;
}

static int parse_number(const char *option, const char *text, uint64_t min, uint64_t max,
                        uint64_t *out) {
  return wspec_read_number("wstest", option, text, min, max, out) ? -1 : WSPEC_WSTEST_USAGE;
}

static int parse_option(struct wspec_wstest_arguments *arguments, int id, const char *text) {
  uint64_t value = 0;
  int code = -1;
  switch (id) {
  case 'm':
    arguments->mode = text;
    break;
  case 's':
    arguments->spec = text;
    break;
  case 'w':
    arguments->wsuri = text;
    break;
  case 'k':
    arguments->key = text;
    break;
  case 'c':
    arguments->cert = text;
    break;
  case 'u':
    code = parse_number("--webport", text, 0, UINT16_MAX, &value);
    arguments->webport = (uint16_t)value;
    arguments->has_webport = true;
    break;
  case 'd':
    arguments->is_debug = true;
    break;
  case OPTION_JOBS:
    code = parse_number("--jobs", text, 1, JOBS_MAX, &value);
    arguments->jobs = (unsigned)value;
    break;
  case OPTION_CASE_DIR:
    arguments->case_dir = text;
    break;
  default:
    break; /* those without an effect */
  }
  return code;
}

int wspec_wstest_arguments_parse(struct wspec_wstest_arguments *arguments, int argc, char **argv) {
  *arguments = (struct wspec_wstest_arguments){.jobs = DEFAULT_JOBS, .webport = DEFAULT_WEBPORT};
  struct wspec_getopt words;
  wspec_options_to_getopt(wspec_wstest_option_table, &words);
  opterr = 0;
  optind = 1;
  int id;
  while ((id = getopt_long(argc, argv, words.shorts, words.longs, NULL)) != -1) {
    if (id == OPTION_HELP) {
      return print_help();
    }
    if (id == 'a' || id == OPTION_VERSION) {
      printf("wspec %s\n", WSPEC_VERSION);
      return WSPEC_WSTEST_DONE;
    }
    if (id == '?' || id == ':') {
      (void)wspec_option_error("wstest", id, argv);
      return WSPEC_WSTEST_USAGE;
    }
    int code = parse_option(arguments, id, optarg);
    if (code >= 0) {
      return code;
    }
  }
  if (optind < argc) {
    return usage_error("it takes options alone; the URL goes into the spec file or to --wsuri");
  }
  return arguments->mode ? -1 : usage_error("a mode must be specified to run!");
}
