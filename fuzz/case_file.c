/* case_file: octets as a case file, read, expanded and linted as `wspec lint` does it.
 *
 * A file that is wrong is refused with messages that begin with its name, and one that is right has
 * no message and gives scripts that are complete; a second reading is the same. */
#include "case/diag.h"
#include "case/lint.h"
#include "case/load.h"
#include "common/fuzz.h"
#include "common/log.h"
#include "common/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN = 64, REQUIREMENTS_PATH_LEN = 4200, AGAIN_MAX = 500 };

/* The file is made in a directory of its own, as a case may name files beside its own. */
static char directory[] = "/tmp/wspec-fuzz-XXXXXX";
static char path[PATH_LEN];

static void remove_directory(void) {
  (void)unlink(path);
  (void)rmdir(directory);
}

static void make_file(const uint8_t *data, size_t size) {
  if (path[0] == '\0') {
    FUZZ_CHECK(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/case.json", directory);
    FUZZ_CHECK(atexit(remove_directory) == 0);
  }
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  FUZZ_CHECK(file >= 0 && write(file, data, size) == (ssize_t)size && close(file) == 0);
}

static void log_script(const struct wspec_script *script, struct fuzz_log *log) {
  FUZZ_CHECK(script->id && script->summary && script->spec && script->section && script->file);
  FUZZ_CHECK((script->n_steps > 0 || script->call) && script->n_steps <= WSPEC_SCRIPT_STEPS_MAX);
  FUZZ_CHECK(!script->call || (script->call->function && script->call->arguments));
  FUZZ_CHECK(script->n_connections <= WSPEC_SCRIPT_CONNECTIONS_MAX);
  fuzz_log_span(log, wspec_span_text(script->id));
  fuzz_log_span(log, wspec_span_text(script->summary));
  fuzz_log_number(log, script->n_steps);
}

static void check_messages(const char *messages) {
  size_t n_lines = 0;
  for (const char *line = messages; line && *line != '\0'; n_lines++) {
    const char *end = strchr(line, '\n');
    bool counts_the_rest = n_lines == WSPEC_DIAG_MESSAGES_MAX && !end;
    FUZZ_CHECK(counts_the_rest ? strncmp(line, "and ", 4) == 0
                               : strncmp(line, path, strlen(path)) == 0);
    line = end ? end + 1 : NULL;
  }
  FUZZ_CHECK(n_lines > 0 && n_lines <= WSPEC_DIAG_MESSAGES_MAX + 1);
}

static void lint(const struct wspec_case_set *set, struct fuzz_log *log) {
  char *messages = NULL;
  enum wspec_err err = wspec_case_set_lint(set, "6455/1/gone\n", &messages);
  FUZZ_CHECK(err == WSPEC_OK || err == WSPEC_ERR_INPUT);
  FUZZ_CHECK((err == WSPEC_ERR_INPUT) == (messages != NULL));
  fuzz_log_span(log, wspec_span_text(messages));
  free(messages);
}

/* Returns how many scripts the file gave. */
static size_t run(const struct wspec_requirements *requirements, struct fuzz_log *log) {
  struct wspec_case_set set = {0};
  char *messages = NULL;
  enum wspec_err err = wspec_case_set_load(&set, path, requirements, NULL, &messages);
  FUZZ_CHECK(err == WSPEC_OK || err == WSPEC_ERR_INPUT || err == WSPEC_ERR_LIMIT);
  FUZZ_CHECK((err == WSPEC_ERR_INPUT) == (messages != NULL));
  if (messages) {
    check_messages(messages);
    fuzz_log_span(log, wspec_span_text(messages));
  }
  for (size_t i = 0; err == WSPEC_OK && i < set.n_scripts; i++) {
    log_script(&set.scripts[i], log);
    FUZZ_CHECK(wspec_case_set_find(&set, set.scripts[i].id) == &set.scripts[i]);
  }
  if (err == WSPEC_OK) {
    lint(&set, log);
  }
  fuzz_log_number(log, (uint64_t)-err);
  size_t n_scripts = set.n_scripts;
  free(messages);
  wspec_case_set_clear(&set);
  return n_scripts;
}

static void load_requirements(struct wspec_requirements *requirements) {
  char file[REQUIREMENTS_PATH_LEN], *message = NULL;
  (void)snprintf(file, sizeof file, "%s/requirements.json", fuzz_cases_dir());
  FUZZ_CHECK(!wspec_requirements_load(requirements, file, &message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct wspec_requirements requirements;
  if (!requirements.items) {
    load_requirements(&requirements);
  }
  make_file(data, size);
  struct fuzz_log logs[2] = {0};
  if (run(&requirements, &logs[0]) <= AGAIN_MAX) {
    (void)run(&requirements, &logs[1]);
    FUZZ_CHECK(fuzz_log_equal(&logs[0], &logs[1]));
  }
  fuzz_log_clear(&logs[0]);
  fuzz_log_clear(&logs[1]);
  return 0;
}
