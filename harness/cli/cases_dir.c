#include "cli/cases_dir.h"

#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LEN_MAX = 4096 };

static bool is_dir(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Writes the path of the installed cases to `out`; false if there are none. */
static bool find_installed(char out[PATH_LEN_MAX]) {
  char program[PATH_LEN_MAX];
  ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
  if (len <= 0) {
    return false;
  }
  program[len] = '\0';
  char *slash = strrchr(program, '/');
  if (!slash) {
    return false;
  }
  *slash = '\0';
  int written = snprintf(out, PATH_LEN_MAX, "%s/../share/wspec/cases", program);
  return written > 0 && written < PATH_LEN_MAX && is_dir(out);
}

char *wspec_cases_dir(const char *given) {
  char installed[PATH_LEN_MAX];
  const char *environment = getenv("WSPEC_CASES");
  if (given) {
    return strdup(given);
  }
  if (environment && environment[0] != '\0') {
    return strdup(environment);
  }
  return strdup(find_installed(installed) ? installed : WSPEC_CASES_DIR);
}

static int complain(const char *command, enum wspec_err err, char *messages) {
  if (messages) {
    (void)fprintf(stderr, "%s\n", messages);
  } else {
    (void)fprintf(stderr, "wspec %s: %s\n", command, wspec_err_sentence(err));
  }
  free(messages);
  return WSPEC_EXIT_USAGE;
}

int wspec_load_requirements(const char *command, const char *dir,
                            struct wspec_requirements *requirements) {
  static const char name[] = "/requirements.json";
  char *path = malloc(strlen(dir) + sizeof name);
  char *message = NULL;
  enum wspec_err err = WSPEC_ERR_NOMEM;
  if (path) {
    memcpy(path, dir, strlen(dir));
    memcpy(path + strlen(dir), name, sizeof name);
    err = wspec_requirements_load(requirements, path, &message);
  }
  free(path);
  return err ? complain(command, err, message) : WSPEC_EXIT_OK;
}

int wspec_load_cases_at(const char *command, const char *path,
                        const struct wspec_requirements *requirements,
                        const struct wspec_load_options *options, struct wspec_case_set *set) {
  char *messages;
  enum wspec_err err = wspec_case_set_load(set, path, requirements, options, &messages);
  return err ? complain(command, err, messages) : WSPEC_EXIT_OK;
}

int wspec_load_suite(const char *command, const char *given_dir,
                     const struct wspec_load_options *options,
                     struct wspec_requirements *requirements, struct wspec_case_set *set) {
  *requirements = (struct wspec_requirements){0};
  *set = (struct wspec_case_set){0};
  char *dir = wspec_cases_dir(given_dir);
  if (!dir) {
    return complain(command, WSPEC_ERR_NOMEM, NULL);
  }
  int exit_code = wspec_load_requirements(command, dir, requirements);
  if (exit_code == WSPEC_EXIT_OK) {
    exit_code = wspec_load_cases_at(command, dir, requirements, options, set);
  }
  free(dir);
  return exit_code;
}
