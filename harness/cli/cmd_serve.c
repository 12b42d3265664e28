#include "cli/command.h"
#include "cli/listen_tls.h"
#include "cli/run_suite.h"
#include "cli/serve_agents.h"
#include "cli/serve_pages.h"

#include "net/signal.h"
#include "reports/merge.h"
#include "run/request_target.h"
#include "run/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_TIMEOUT_MS = 10 * 1000, PATH_LEN_MAX = 16 * 1024 };

struct program {
  struct wspec_run_suite suite;
  struct wspec_agents agents;
  struct wspec_loop *loop;
  struct wspec_listen_tls tls;
  struct wspec_serve *serve;
  struct wspec_signal *terminate, *interrupt;
  bool has_failed; /* a case, for the exit code */
};

/* ---- Requests ---- */

static const struct wspec_script *find_case(const struct wspec_run_suite *suite, const char *id) {
  for (size_t i = 0; i < suite->n_scripts; i++) {
    if (strcmp(suite->scripts[i]->id, id) == 0) {
      return suite->scripts[i];
    }
  }
  return NULL;
}

static void name_agent(struct wspec_span target, struct wspec_serve_choice *choice) {
  struct wspec_buf name;
  wspec_buf_init(&name, sizeof choice->agent - 1);
  /* What is too long is cut. Control characters would be no name on a terminal. */
  enum wspec_err err = wspec_request_query(target, "agent", &name);
  memcpy(choice->agent, "unnamed", sizeof "unnamed");
  if (err != WSPEC_ERR_NEED_MORE && name.len > 0) {
    for (size_t i = 0; i < name.len; i++) {
      uint8_t octet = name.data[i];
      choice->agent[i] = octet < 0x20 || octet >= 0x7f ? '?' : (char)octet;
    }
    choice->agent[name.len] = '\0';
  }
  wspec_buf_clear(&name);
}

static void choose(struct program *program, const struct wspec_http_head *request, const char *path,
                   struct wspec_serve_choice *choice) {
  static const char prefix[] = "/case/";
  bool is_case = strncmp(path, prefix, sizeof prefix - 1) == 0;
  bool is_read = wspec_span_equal_text(request->method, "GET") ||
                 wspec_span_equal_text(request->method, "HEAD");
  if (is_case) {
    choice->script = find_case(&program->suite, path + sizeof prefix - 1);
    name_agent(request->target, choice);
    if (!choice->script) {
      wspec_serve_say(choice, 404, "there is no case '%.200s'; /cases lists them\n",
                      path + sizeof prefix - 1);
    }
  } else if (is_read) {
    wspec_serve_page(&program->agents, path, request->target, choice);
  } else {
    wspec_serve_say(choice, 405, "only GET\n");
  }
}

static void on_request(void *user, const struct wspec_http_head *request,
                       struct wspec_serve_choice *choice) {
  struct wspec_buf path;
  wspec_buf_init(&path, PATH_LEN_MAX);
  char *text = wspec_request_path(request->target, &path) ? NULL : wspec_buf_take_text(&path);
  if (text) {
    choose(user, request, text, choice);
  } else {
    wspec_serve_say(choice, 400, "the request target is too long\n");
  }
  free(text);
  wspec_buf_clear(&path);
}

/* ---- Results ---- */

static void on_result(void *user, const struct wspec_serve_choice *choice,
                      struct wspec_result *result) {
  struct program *program = user;
  struct wspec_run_suite *suite = &program->suite;
  const struct wspec_script *script = result->script;
  struct wspec_agent *agent = wspec_agents_add(&program->agents, choice->agent, result);
  if (!agent) {
    fprintf(stderr, "wspec serve: %s: %s: no room for the result\n", choice->agent, script->id);
    return;
  }
  for (size_t i = 0; i < suite->n_scripts; i++) {
    if (suite->scripts[i] == script) {
      wspec_terminal_result(&suite->terminal, &agent->results[i], NULL, agent->n_played,
                            suite->n_scripts);
    }
  }
  if (suite->options.once && agent->n_played == suite->n_scripts) {
    wspec_serve_stop(program->serve);
    wspec_loop_stop(program->loop);
  }
}

/* ---- The end ---- */

static void note_failures(struct program *program, const struct wspec_report *report) {
  bool is_strict = program->suite.options.strict;
  program->has_failed = program->has_failed || report->summary.by_verdict[WSPEC_VERDICT_FAIL] > 0 ||
                        (is_strict && report->summary.by_verdict[WSPEC_VERDICT_WARN] > 0);
}

static int write_reports(struct program *program) {
  struct wspec_outputs *outputs = &program->suite.options.outputs;
  const struct wspec_agents *agents = &program->agents;
  struct wspec_report *reports = calloc(agents->n + 1, sizeof *reports);
  enum wspec_err err = reports ? WSPEC_OK : WSPEC_ERR_NOMEM;
  for (size_t i = 0; i < agents->n && !err; i++) {
    err = wspec_agent_report(agents, &agents->items[i], &reports[i]);
    note_failures(program, &reports[i]);
    wspec_terminal_summary(&program->suite.terminal, &reports[i], reports[i].duration_ms / 1000);
  }
  FILE *json = outputs->files[WSPEC_FORMAT_JSON];
  if (!err && agents->n > 0) {
    errno = 0;
    wspec_outputs_note(outputs, WSPEC_FORMAT_JSON,
                       json ? wspec_matrix_write(json, reports, agents->n) : WSPEC_OK);
    wspec_outputs_write(outputs, reports, agents->n);
  }
  for (size_t i = 0; i < agents->n && reports; i++) {
    wspec_report_clear(&reports[i]);
  }
  free(reports);
  int code = wspec_outputs_close(outputs);
  return err ? wspec_run_suite_out_of_memory(&program->suite) : code;
}

static int conclude(struct program *program) {
  int code = write_reports(program);
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  if (program->agents.n == 0) {
    fprintf(stderr, "wspec serve: no client came\n");
    return WSPEC_EXIT_UNREACHABLE;
  }
  return program->has_failed ? WSPEC_EXIT_FAIL : WSPEC_EXIT_OK;
}

/* ---- Serving ---- */

static void on_signal(void *user) {
  struct program *program = user;
  wspec_serve_stop(program->serve);
  wspec_loop_stop(program->loop);
}

static void configure(struct program *program) {
  struct wspec_run_suite *suite = &program->suite;
  enum wspec_oracle_choice choice = suite->options.oracle;
  wspec_run_suite_configure(suite);
  suite->config.is_server = true;
  /* Which client will come is not known: the drivers that there are echo. */
  suite->config.oracle = choice == WSPEC_CHOOSE_AUTO
                             ? WSPEC_ORACLE_ECHO
                             : (enum wspec_oracle)(choice - WSPEC_CHOOSE_ECHO);
  suite->config.have = suite->config.oracle == WSPEC_ORACLE_ECHO ? WSPEC_NEED_ECHO : 0u;
  suite->config.have |= program->tls.tls ? WSPEC_NEED_TLS : 0u;
  wspec_run_suite_hide(suite);
}

static void announce(const struct program *program) {
  char address[WSPEC_ADDRESS_TEXT_MAX];
  FILE *out = program->suite.terminal.out;
  fprintf(out, "listening on %s://%s/\n", program->tls.tls ? "wss" : "ws",
          wspec_address_text(wspec_serve_address(program->serve), address));
  fprintf(out, "for browsers: %s://%s/\n", program->tls.tls ? "https" : "http", address);
  (void)fflush(out);
}

static int serve(struct program *program) {
  const struct wspec_run_options *options = &program->suite.options;
  struct wspec_net_error error = {.sentence = "out of memory"};
  const struct wspec_serve_options serve_options = {
      .host = options->bind_host,
      .port = options->port,
      .tls = program->tls.tls,
      .config = &program->suite.config,
      .request_timeout_ms = REQUEST_TIMEOUT_MS,
      .on_request = on_request,
      .on_result = on_result,
      .user = program,
  };
  if (wspec_loop_new(&program->loop) ||
      wspec_serve_new(program->loop, &serve_options, &program->serve, &error) ||
      wspec_signal_new(program->loop, SIGTERM, on_signal, program, &program->terminate) ||
      wspec_signal_new(program->loop, SIGINT, on_signal, program, &program->interrupt)) {
    (void)fprintf(stderr, "wspec serve: %s\n", error.sentence);
    return WSPEC_EXIT_USAGE;
  }
  announce(program);
  wspec_loop_run(program->loop);
  return conclude(program);
}

static int run(struct program *program) {
  struct wspec_run_suite *suite = &program->suite;
  int code = wspec_run_suite_load(suite);
  if (code == WSPEC_EXIT_OK) {
    code = wspec_listen_tls_open(&program->tls, &suite->options);
  }
  if (code == WSPEC_EXIT_OK) {
    code = wspec_outputs_open(&suite->options.outputs);
  }
  if (code != WSPEC_EXIT_OK) {
    return code;
  }
  FILE *out = wspec_outputs_use_stdout(&suite->options.outputs) ? stderr : stdout;
  wspec_terminal_init(&suite->terminal, out, suite->options.color);
  suite->terminal.quiet = suite->options.quiet;
  suite->terminal.verbose = suite->options.verbose;
  program->agents.suite = suite;
  configure(program);
  return serve(program);
}

static void clear(struct program *program) {
  wspec_signal_free(program->terminate);
  wspec_signal_free(program->interrupt);
  wspec_serve_free(program->serve);
  wspec_loop_free(program->loop);
  wspec_listen_tls_clear(&program->tls);
  (void)wspec_outputs_close(&program->suite.options.outputs);
  wspec_agents_clear(&program->agents);
  wspec_run_suite_clear(&program->suite);
}

int wspec_cmd_serve(int argc, char **argv) {
  struct program *program = calloc(1, sizeof *program);
  if (!program) {
    (void)fprintf(stderr, "wspec serve: out of memory\n");
    return WSPEC_EXIT_UNREACHABLE;
  }
  int code = wspec_run_options_parse(&program->suite.options, WSPEC_RUN_SERVE, argc, argv);
  if (code == WSPEC_EXIT_OK) {
    code = run(program);
  }
  clear(program);
  free(program);
  return code < 0 ? WSPEC_EXIT_OK : code;
}
