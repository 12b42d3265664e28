#include "cli/command.h"
#include "cli/wstest.h"

#include "proto/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN_MAX = 4096 };

/* ---- Modes with a spec file ---- */

/* Writes the spec that is missing. */
static bool make_spec(const char *path, enum wspec_spec_role role) {
  printf("Auto-generating spec file '%s'\n", path);
  FILE *file = fopen(path, "w");
  bool is_written = file && fputs(wspec_spec_default(role), file) >= 0;
  if (file && fclose(file) != 0) {
    is_written = false;
  }
  if (!is_written) {
    fprintf(stderr, "wstest: %s: %s\n", path, strerror(errno));
  }
  return is_written;
}

static bool find_spec(const struct wspec_wstest_arguments *arguments, enum wspec_spec_role role,
                      char *path, size_t size) {
  if (arguments->spec) {
    (void)snprintf(path, size, "%s", arguments->spec);
    printf("Using explicit spec file '%s'\n", path);
    return true;
  }
  (void)snprintf(path, size, "%s.json", arguments->mode);
  if (access(path, F_OK) != 0) {
    return make_spec(path, role);
  }
  printf("Using implicit spec file '%s'\n", path);
  return true;
}

static bool load_spec(struct wspec_spec *spec, const struct wspec_wstest_arguments *arguments,
                      enum wspec_spec_role role) {
  char path[PATH_LEN_MAX];
  if (!find_spec(arguments, role, path, sizeof path)) {
    return false;
  }
  char folder[PATH_LEN_MAX];
  if (path[0] == '/' || !getcwd(folder, sizeof folder)) {
    folder[0] = '\0';
  }
  printf("Loading spec from %s%s%s\n", folder, folder[0] ? "/" : "", path);
  struct wspec_diag diag;
  wspec_diag_init(&diag);
  enum wspec_err err = wspec_spec_load(spec, path, role, &diag);
  char *messages = wspec_diag_take(&diag);
  if (messages) {
    fprintf(stderr, "%s\n", messages);
  } else if (err) {
    fprintf(stderr, "wstest: %s: %s\n", path, wspec_err_sentence(err));
  }
  free(messages);
  wspec_diag_clear(&diag);
  return err == WSPEC_OK;
}

static int run_with_spec(const struct wspec_wstest_arguments *arguments,
                         enum wspec_spec_role role) {
  struct wspec_spec spec = {.outdir = NULL};
  int code = WSPEC_WSTEST_USAGE;
  if (load_spec(&spec, arguments, role)) {
    code = role == WSPEC_SPEC_CLIENT ? wspec_wstest_fuzzing_client(arguments, &spec)
                                     : wspec_wstest_fuzzing_server(arguments, &spec);
  }
  wspec_spec_clear(&spec);
  return code;
}

/* ---- Modes that are wspec echo ---- */

static int run_echo(const struct wspec_wstest_arguments *arguments, bool broadcasts) {
  struct wspec_url url;
  if (!arguments->wsuri) {
    fprintf(stderr, "wstest: mode needs a WebSocket URI!\n\nTry wstest --help for usage details\n");
    return WSPEC_WSTEST_USAGE;
  }
  struct wspec_url_error error;
  if (wspec_url_parse(&url, wspec_span_text(arguments->wsuri), 0, &error)) {
    fprintf(stderr, "wstest: '%s': %s\n", arguments->wsuri, error.text);
    return WSPEC_WSTEST_USAGE;
  }
  char port[8];
  (void)snprintf(port, sizeof port, "%u", (unsigned)url.port);
  const char *words[] = {"echo", "--host", "0.0.0.0", "--port", port, NULL,
                         NULL,   NULL,     NULL,      NULL,     NULL};
  int n = 5;
  if (broadcasts) {
    words[n++] = "--broadcast";
  }
  if (arguments->cert) {
    words[n++] = "--cert";
    words[n++] = arguments->cert;
  } else if (url.is_secure) {
    words[n++] = "--tls";
  }
  if (arguments->key && arguments->cert) {
    words[n++] = "--key";
    words[n++] = arguments->key;
  }
  int code = wspec_cmd_echo(n, (char **)(uintptr_t)words); /* getopt may reorder, not change them */
  wspec_url_clear(&url);
  return code == WSPEC_EXIT_OK ? WSPEC_WSTEST_DONE : WSPEC_WSTEST_USAGE;
}

/* ---- The command ---- */

static int refuse_mode(const char *mode) {
  static const char *const others[] = {"echoclient", "broadcastclient", "testeeclient",
                                       "massconnect", "serializer"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    if (strcmp(mode, others[i]) == 0) {
      fprintf(stderr, "wstest: mode '%s' of Autobahn is not in wspec; see docs/autobahn.md\n",
              mode);
      return WSPEC_WSTEST_USAGE;
    }
  }
  fprintf(stderr,
          "wstest: Mode '%s' is invalid.\nAvailable modes:\n\t- broadcastserver\n\t- echoserver\n"
          "\t- fuzzingclient\n\t- fuzzingserver\n\t- testeeserver\n\n"
          "Try wstest --help for usage details\n",
          mode);
  return WSPEC_WSTEST_USAGE;
}

int wspec_cmd_wstest(int argc, char **argv) {
  struct wspec_wstest_arguments arguments;
  /* Scripts wait for lines such as "Ok, will run", through a pipe, too. */
  (void)setvbuf(stdout, NULL, _IOLBF, 0);
  int code = wspec_wstest_arguments_parse(&arguments, argc, argv);
  if (code >= 0) {
    return code;
  }
  if (strcmp(arguments.mode, "fuzzingclient") == 0) {
    return run_with_spec(&arguments, WSPEC_SPEC_CLIENT);
  }
  if (strcmp(arguments.mode, "fuzzingserver") == 0) {
    return run_with_spec(&arguments, WSPEC_SPEC_SERVER);
  }
  if (strcmp(arguments.mode, "echoserver") == 0 || strcmp(arguments.mode, "testeeserver") == 0) {
    return run_echo(&arguments, false);
  }
  if (strcmp(arguments.mode, "broadcastserver") == 0) {
    return run_echo(&arguments, true);
  }
  return refuse_mode(arguments.mode);
}
