#include "cli/run_targets.h"

#include "cli/command.h"
#include "cli/read_reports.h"

#include "reports/merge.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  FILE_MAX = 1 << 20,
  ARGUMENTS_MAX = 512,
  PAUSE_MS = 50,
  READY_DEFAULT_S = 15,
  STOP_MS = 5000
};

/* One run of all targets. */
struct targets {
  struct wspec_run_options *options;
  char **argv; /* of the command, for what every run gets */
  int argc;
  char directory[64];
  struct wspec_reports reports;
  int code;
};

static const char *text_of(const cJSON *object, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void note_code(struct targets *targets, int code) {
  targets->code = code > targets->code ? code : targets->code;
}

static void pause_ms(long ms) {
  const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
  (void)nanosleep(&pause, NULL);
}

/* ---- The file ---- */

static cJSON *read_document(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) {
    (void)wspec_usage_error("run", "--targets %s: %s", path, strerror(errno));
    return NULL;
  }
  char *text = calloc(1, FILE_MAX);
  size_t len = text ? fread(text, 1, FILE_MAX - 1, file) : 0;
  (void)fclose(file);
  cJSON *document = text && len < FILE_MAX - 1 ? cJSON_Parse(text) : NULL;
  free(text);
  if (!document) {
    (void)wspec_usage_error("run", "--targets %s: this is no JSON", path);
  }
  return document;
}

static bool is_known_member(const char *name) {
  static const char *const names[] = {"name",    "start",    "env",     "url",
                                      "headers", "baseline", "ready_s", "stop"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(name, names[i]) == 0) {
      return true;
    }
  }
  return false;
}

static const char *fault_of(const cJSON *target) {
  for (const cJSON *item = cJSON_IsObject(target) ? target->child : NULL; item; item = item->next) {
    if (!is_known_member(item->string)) {
      return "a member that is none of name, start, env, url, headers, baseline, ready_s, stop";
    }
  }
  const cJSON *env = cJSON_GetObjectItemCaseSensitive(target, "env");
  for (const cJSON *item = env ? env->child : NULL; item; item = item->next) {
    if (!cJSON_IsString(item) || !item->string) {
      return "\"env\" is to be an object of texts";
    }
  }
  return !text_of(target, "name") || !text_of(target, "url")
             ? "expected \"name\" and \"url\", both text"
             : NULL;
}

static int check_document(const cJSON *document, const char *path) {
  const char *schema = text_of(document, "schema");
  const cJSON *array = cJSON_GetObjectItemCaseSensitive(document, "targets");
  if (!schema || strcmp(schema, "wspec-targets/1") != 0 || cJSON_GetArraySize(array) == 0) {
    return wspec_usage_error(
        "run", "%s: expected {\"schema\": \"wspec-targets/1\", \"targets\": [...]}", path);
  }
  size_t index = 0;
  for (const cJSON *target = array->child; target; target = target->next, index++) {
    const char *fault = fault_of(target);
    if (fault) {
      return wspec_usage_error("run", "%s: targets[%zu]: %s", path, index, fault);
    }
  }
  return WSPEC_EXIT_OK;
}

/* ---- Processes ---- */

/* Runs a command of the target in a group of its own, so that what it starts in turn is stopped with
 * it. -1: it could not. */
static pid_t run_command(const cJSON *target, const char *command) {
  pid_t pid = fork();
  if (pid != 0) {
    if (pid > 0) {
      (void)setpgid(pid, pid);
    }
    return pid;
  }
  (void)setpgid(0, 0);
  const cJSON *env = cJSON_GetObjectItemCaseSensitive(target, "env");
  for (const cJSON *item = env ? env->child : NULL; item; item = item->next) {
    (void)setenv(item->string, item->valuestring, 1);
  }
  (void)dup2(STDERR_FILENO, STDOUT_FILENO); /* standard output may be a report */
  execl("/bin/sh", "sh", "-c", command, (char *)NULL);
  _exit(127);
}

/* Waits until it has ended, at most STOP_MS. */
static bool await_end(pid_t pid) {
  for (long waited = 0; waited < STOP_MS; waited += PAUSE_MS) {
    if (waitpid(pid, NULL, WNOHANG) != 0) {
      return true;
    }
    pause_ms(PAUSE_MS);
  }
  return false;
}

static void kill_group(pid_t pid) {
  (void)kill(-pid, SIGKILL); /* also what outlived its parent */
  (void)waitpid(pid, NULL, WNOHANG);
}

/* By its own command, if it has one; SIGTERM does it where that is not enough. */
static void stop_target(const cJSON *target, pid_t pid) {
  const char *stop = text_of(target, "stop");
  pid_t stopper = stop ? run_command(target, stop) : -1;
  if (stopper > 0) {
    (void)await_end(stopper);
    kill_group(stopper);
  }
  if (pid <= 0 || (stopper > 0 && await_end(pid))) {
    return;
  }
  (void)kill(-pid, SIGTERM);
  (void)await_end(pid);
  kill_group(pid);
}

static bool is_alive(pid_t pid) {
  siginfo_t info = {.si_pid = 0};
  return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

/* ---- One target ---- */

/* Options about reports are for all targets together. */
static bool is_passed_on(const char *name) {
  static const char *const kept[] = {"targets", "out", "name", "baseline", "write-baseline"};
  for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
    if (strcmp(name, kept[i]) == 0) {
      return false;
    }
  }
  for (unsigned i = 0; i < WSPEC_N_FORMATS; i++) {
    if (strcmp(name, wspec_format_option((enum wspec_format)i)) == 0) {
      return false;
    }
  }
  return true;
}

static const char *long_name(const struct wspec_getopt *words, int id) {
  for (const struct option *option = words->longs; option->name; option++) {
    if (option->val == id) {
      return option->name;
    }
  }
  return "";
}

/* Long options that getopt may have been given as "--name=value": said again as two words. */
static size_t pass_options_on(const struct targets *targets, char (*names)[40],
                              const char **arguments) {
  struct wspec_getopt words;
  wspec_options_to_getopt(wspec_run_option_table, &words);
  size_t n = 0;
  int id;
  optind = 1;
  while ((id = getopt_long(targets->argc, targets->argv, words.shorts, words.longs, NULL)) != -1 &&
         n + 16 < ARGUMENTS_MAX) {
    const char *name = long_name(&words, id);
    if (is_passed_on(name)) {
      snprintf(names[n], sizeof names[n], "--%s", name);
      arguments[n] = names[n];
      n++;
      if (optarg) {
        arguments[n++] = optarg;
      }
    }
  }
  return n;
}

static void exec_run(const struct targets *targets, const cJSON *target, const char *json) {
  static char names[ARGUMENTS_MAX][40];
  static const char *arguments[ARGUMENTS_MAX + 64] = {"wspec", "run"};
  size_t n = 2 + pass_options_on(targets, names, arguments + 2);
  const char *const fixed[] = {"--name", text_of(target, "name"), "--json", json};
  for (size_t i = 0; i < 4; i++) {
    arguments[n++] = fixed[i];
  }
  const char *baseline = text_of(target, "baseline");
  if (baseline) {
    arguments[n++] = "--baseline";
    arguments[n++] = baseline;
  }
  const cJSON *headers = cJSON_GetObjectItemCaseSensitive(target, "headers");
  for (const cJSON *item = headers ? headers->child : NULL; item && n + 8 < ARGUMENTS_MAX;
       item = item->next) {
    arguments[n++] = "-H";
    arguments[n++] = cJSON_IsString(item) ? item->valuestring : "";
  }
  arguments[n++] = text_of(target, "url");
  arguments[n] = NULL;
  if (wspec_outputs_use_stdout(&targets->options->outputs)) {
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
  }
  execv("/proc/self/exe", (char *const *)(uintptr_t)arguments);
  _exit(127);
}

static int run_once(const struct targets *targets, const cJSON *target, const char *json,
                    bool is_last_try) {
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    int null = is_last_try ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0) {
      (void)dup2(null, STDERR_FILENO); /* that it does not listen yet is no news */
    }
    exec_run(targets, target, json);
  }
  int status = 0;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : WSPEC_EXIT_UNREACHABLE;
}

static bool has_report(const char *json) {
  struct stat status;
  return stat(json, &status) == 0 && status.st_size > 0;
}

/* Until it listens, or has died, or its time is over; a run that cannot connect ends at once. */
static int run_until_ready(const struct targets *targets, const cJSON *target, pid_t pid,
                           const char *json) {
  const cJSON *ready = cJSON_GetObjectItemCaseSensitive(target, "ready_s");
  double ready_s = cJSON_IsNumber(ready) ? ready->valuedouble : READY_DEFAULT_S;
  struct timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (;;) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    bool is_last = pid <= 0 || !is_alive(pid) || (double)(now.tv_sec - start.tv_sec) >= ready_s;
    int code = run_once(targets, target, json, is_last);
    if (code != WSPEC_EXIT_UNREACHABLE || is_last || has_report(json)) {
      return code;
    }
    pause_ms(PAUSE_MS);
  }
}

static void test_target(struct targets *targets, const cJSON *target, size_t index) {
  const char *name = text_of(target, "name");
  char json[128];
  snprintf(json, sizeof json, "%s/%zu.json", targets->directory, index);
  fprintf(stderr, "wspec run: target %s\n", name);
  const char *start = text_of(target, "start");
  pid_t pid = start ? run_command(target, start) : 0;
  int code = pid < 0 ? WSPEC_EXIT_UNREACHABLE : run_until_ready(targets, target, pid, json);
  if (pid > 0 && !is_alive(pid)) {
    fprintf(stderr, "wspec run: target %s died\n", name);
    code = WSPEC_EXIT_UNREACHABLE;
  } else if (!has_report(json)) {
    fprintf(stderr, "wspec run: target %s was not tested\n", name);
  }
  stop_target(target, pid);
  note_code(targets, code);
  if (has_report(json)) {
    note_code(targets, wspec_read_reports("run", &targets->reports, json));
  }
  (void)unlink(json);
}

static void write_reports(struct targets *targets) {
  struct wspec_outputs *outputs = &targets->options->outputs;
  int merged = wspec_merge_reports("run", &targets->reports);
  note_code(targets, merged);
  FILE *json = outputs->files[WSPEC_FORMAT_JSON];
  if (merged == WSPEC_EXIT_OK && targets->reports.n > 0) {
    errno = 0;
    wspec_outputs_note(outputs, WSPEC_FORMAT_JSON,
                       json ? wspec_matrix_write(json, targets->reports.items, targets->reports.n)
                            : WSPEC_OK);
    wspec_outputs_write(outputs, targets->reports.items, targets->reports.n);
  }
}

int wspec_run_targets(struct wspec_run_options *options, int argc, char **argv) {
  struct targets targets = {.options = options, .argc = argc, .argv = argv};
  cJSON *document = read_document(options->targets_path);
  int code = document ? check_document(document, options->targets_path) : WSPEC_EXIT_USAGE;
  code = code == WSPEC_EXIT_OK ? wspec_outputs_open(&options->outputs) : code;
  snprintf(targets.directory, sizeof targets.directory, "/tmp/wspec-XXXXXX");
  if (code == WSPEC_EXIT_OK && !mkdtemp(targets.directory)) {
    code = wspec_usage_error("run", "%s: %s", targets.directory, strerror(errno));
  }
  targets.code = code;
  if (code == WSPEC_EXIT_OK) {
    size_t index = 0;
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(document, "targets");
    for (const cJSON *target = array->child; target; target = target->next) {
      test_target(&targets, target, index++);
    }
    (void)rmdir(targets.directory);
    write_reports(&targets);
  }
  note_code(&targets, wspec_outputs_close(&options->outputs));
  wspec_reports_clear(&targets.reports);
  cJSON_Delete(document);
  return targets.code;
}
