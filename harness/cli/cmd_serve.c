#include "cli/command.h"
#include "cli/listen_tls.h"
#include "cli/run_suite.h"
#include "cli/serve_agents.h"
#include "cli/serve_api.h"
#include "cli/serve_pages.h"

#include "net/signal.h"
#include "net/timer.h"
#include "reports/merge.h"
#include "run/request_target.h"
#include "run/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_TIMEOUT_MS = 10 * 1000, PATH_LEN_MAX = 16 * 1024, QUERY_LEN_MAX = 256 };

struct program {
  struct wspec_run_suite suite;
  struct wspec_agents agents;
  struct wspec_loop *loop;
  struct wspec_listen_tls tls;
  struct wspec_serve *serve;
  struct wspec_api api; /* with --api */
  struct wspec_signal *terminate, *interrupt;
  struct wspec_timer *idle; /* --idle */
  bool is_ending;           /* what is cut off has results, too, and must not end it once more */
};

static const char NOT_CONNECTED[] = "the client did not connect to the URL that it was handed";
static const char CONFIRMS[] = "confirm=1"; /* the tag of a play whose client said so */

static void end(struct program *program) {
  if (!program->is_ending) {
    program->is_ending = true;
    wspec_api_end(&program->api);
    wspec_serve_stop(program->serve);
    wspec_loop_stop(program->loop);
  }
}

/* Somebody wants something, or a case is over: whoever waits for the next one has so long from now. */
static void note_activity(struct program *program) {
  if (program->suite.options.idle_ms > 0) {
    wspec_timer_start(program->idle, (uint64_t)program->suite.options.idle_ms * 1000);
  }
}

/* A case under way has time limits of its own. */
static void on_idle(void *user) {
  struct program *program = user;
  if (wspec_serve_n_playing(program->serve) > 0 || program->api.first) {
    note_activity(program);
  } else {
    end(program);
  }
}

/* ---- Requests ---- */

/* An id has three parts; what the path of a URI has behind them is judged by the case. */
static size_t id_len(const char *path) {
  size_t len = 0;
  for (unsigned n_parts = 0; path[len] && n_parts < 3; n_parts++) {
    len += n_parts > 0;
    len += strcspn(path + len, "/");
  }
  return len;
}

static const struct wspec_script *find_case(const struct wspec_run_suite *suite, const char *path) {
  size_t len = id_len(path);
  for (size_t i = 0; i < suite->n_scripts; i++) {
    const struct wspec_script *script = suite->scripts[i];
    bool has_more = script->uri && script->uri->path;
    if (strncmp(script->id, path, len) == 0 && !script->id[len] && (!path[len] || has_more)) {
      return script;
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

static bool has_flag(struct wspec_span target, const char *name) {
  struct wspec_buf value;
  wspec_buf_init(&value, QUERY_LEN_MAX);
  enum wspec_err err = wspec_request_query(target, name, &value);
  bool is_set = !err && wspec_span_equal_text(wspec_buf_span(&value), "1");
  wspec_buf_clear(&value);
  return is_set;
}

/* `wait=1`: not before the cases of the agent that are under way are over. Their results come a
 * moment after their connections have ended, which is all that a client sees. */
static bool is_to_wait(const struct program *program, const char *path, struct wspec_span target) {
  static const char results[] = "/results/";
  struct wspec_buf name;
  wspec_buf_init(&name, WSPEC_SERVE_AGENT_MAX - 1);
  enum wspec_err err = strncmp(path, results, sizeof results - 1) == 0
                           ? wspec_buf_append_text(&name, path + sizeof results - 1)
                           : wspec_request_query(target, "unconfirmed", &name);
  char *text = err ? NULL : wspec_buf_take_text(&name);
  bool is_due = text && has_flag(target, "wait") &&
                (wspec_serve_is_playing(program->serve, NULL, text) ||
                 wspec_api_is_playing(&program->api, NULL, text));
  free(text);
  wspec_buf_clear(&name);
  return is_due;
}

/* What stands behind `prefix` in `path`, or NULL. */
static const char *behind(const char *path, const char *prefix) {
  size_t len = strlen(prefix);
  return strncmp(path, prefix, len) == 0 ? path + len : NULL;
}

/* The case `id` of the agent that the request names; false: there is none. */
static bool choose_case(struct program *program, const struct wspec_http_head *request,
                        const char *id, struct wspec_serve_choice *choice) {
  choice->script = find_case(&program->suite, id);
  name_agent(request->target, choice);
  /* `confirm=1`: the client plays again, one at a time, what did not pass. */
  choice->tag = has_flag(request->target, "confirm") ? (void *)(uintptr_t)CONFIRMS : NULL;
  if (!choice->script) {
    wspec_serve_say(choice, 404, "there is no case '%.200s'; /cases lists them\n", id);
  }
  return choice->script != NULL;
}

/* A connection of a case, which a script has begun before. Where none belongs to the case, it gets no
 * answer as long as the case goes on: the script has all the time to close it. */
static void choose_connection(struct program *program, struct wspec_serve_choice *choice) {
  choice->must_join = program->suite.options.api;
  if (choice->must_join && !wspec_api_is_playing(&program->api, choice->script, choice->agent)) {
    choice->script = NULL;
    wspec_serve_say(choice, 409, "the agent does not play this case: POST /playing/ID first\n");
  } else if (choice->must_join && choice->script->n_connections == 0) {
    choice->script = NULL;
    choice->is_held = true;
  }
}

/* The client is done with a URL that it may have rejected: the case that it has not connected for is
 * one, too. Whether it has is known when none of it is under way any more. */
static void hear_end(struct program *program, const struct wspec_http_head *request, const char *id,
                     struct wspec_serve_choice *choice) {
  if (!choose_case(program, request, id, choice)) {
    return;
  }
  if (wspec_serve_is_playing(program->serve, choice->script, choice->agent)) {
    choice->script = NULL;
    choice->is_held = true;
    return;
  }
  struct wspec_agent *agent = wspec_agents_find(&program->agents, choice->agent);
  bool *has_connected =
      agent ? &agent->has_connected[wspec_agents_index(&program->agents, choice->script)] : NULL;
  if (has_connected && *has_connected) {
    *has_connected = false; /* the next time tells of the next play */
    choice->script = NULL;
    wspec_serve_say(choice, 200, "the client has connected\n");
  } else {
    choice->refusal = NOT_CONNECTED;
    wspec_serve_say(choice, 200, "the client has not connected\n");
  }
}

/* What a script says of a case; nothing of it is a connection to be played. */
static void hear_script(struct program *program, const struct wspec_http_head *request,
                        const char *path, struct wspec_serve_choice *choice) {
  const char *begun = behind(path, "/playing/");
  const char *found = behind(path, "/findings/");
  if (!program->suite.options.api || (!begun && !found)) {
    wspec_serve_say(choice, 405, "only GET\n");
  } else if (choose_case(program, request, begun ? begun : found, choice)) {
    if (begun) {
      wspec_api_begin(&program->api, choice);
    } else {
      wspec_api_take_findings(&program->api, choice);
    }
    choice->script = NULL;
  }
}

static void choose(struct program *program, const struct wspec_http_head *request, const char *path,
                   struct wspec_serve_choice *choice) {
  const char *id = behind(path, "/case/");
  bool is_read = wspec_span_equal_text(request->method, "GET") ||
                 wspec_span_equal_text(request->method, "HEAD");
  if (id) {
    if (choose_case(program, request, id, choice)) {
      choose_connection(program, choice);
    }
  } else if (is_read && is_to_wait(program, path, request->target)) {
    choice->is_held = true;
  } else if (is_read) {
    wspec_serve_page(&program->agents, path, request, choice);
  } else if (wspec_span_equal_text(request->method, "POST") && behind(path, "/tried/") &&
             !program->suite.options.api) {
    hear_end(program, request, behind(path, "/tried/"), choice);
  } else if (wspec_span_equal_text(request->method, "POST")) {
    hear_script(program, request, path, choice);
  } else {
    wspec_serve_say(choice, 405, "only GET\n");
  }
}

static void on_request(void *user, const struct wspec_http_head *request,
                       struct wspec_serve_choice *choice) {
  struct wspec_buf path;
  wspec_buf_init(&path, PATH_LEN_MAX);
  char *text = wspec_request_path(request->target, &path) ? NULL : wspec_buf_take_text(&path);
  note_activity(user);
  if (text) {
    choose(user, request, text, choice);
  } else {
    wspec_serve_say(choice, 400, "the request target is too long\n");
  }
  free(text);
  wspec_buf_clear(&path);
}

/* ---- Results ---- */

static void add_result(void *user, const struct wspec_serve_choice *choice,
                       struct wspec_result *result) {
  struct program *program = user;
  struct wspec_run_suite *suite = &program->suite;
  const struct wspec_script *script = result->script;
  struct wspec_agent *agent =
      wspec_agents_add(&program->agents, choice->agent, result, choice->tag == CONFIRMS);
  if (agent) {
    agent->has_connected[wspec_agents_index(&program->agents, script)] = !choice->refusal;
  }
  if (!agent) {
    fprintf(stderr, "wspec serve: %s: %s: no room for the result\n", choice->agent, script->id);
    wspec_serve_ask_again(program->serve);
    return;
  }
  for (size_t i = 0; i < suite->n_scripts; i++) {
    if (suite->scripts[i] == script) {
      const struct wspec_baseline_entry *known =
          wspec_baseline_find(&suite->baseline.known, &agent->results[i]);
      wspec_terminal_result(&suite->terminal, &agent->results[i], known ? known->reason : NULL,
                            agent->n_played, suite->n_scripts);
    }
  }
  note_activity(program);
  wspec_serve_ask_again(program->serve);
  if (suite->options.once && wspec_agent_is_done(&program->agents, agent)) {
    end(program);
  }
}

static void on_result(void *user, const struct wspec_serve_choice *choice,
                      struct wspec_result *result) {
  struct program *program = user;
  if (program->suite.options.api) {
    wspec_api_take_result(&program->api, choice, result);
  } else {
    add_result(program, choice, result);
  }
}

/* ---- The end ---- */

/* What each agent came to in the end is held against the baseline, and not what it was between. */
static int check_baseline(struct program *program) {
  struct wspec_run_suite *suite = &program->suite;
  for (size_t i = 0; i < program->agents.n; i++) {
    const struct wspec_agent *agent = &program->agents.items[i];
    for (size_t k = 0; k < suite->n_scripts; k++) {
      if (agent->was_played[k]) {
        (void)wspec_baseline_match(&suite->baseline.known, &agent->results[k]);
      }
    }
  }
  return wspec_run_baseline_check(&suite->baseline, &suite->options, &suite->requirements,
                                  &suite->set);
}

static int write_baseline(struct program *program, const struct wspec_report *reports) {
  struct wspec_run_suite *suite = &program->suite;
  if (suite->baseline.written && program->agents.n != 1) {
    return wspec_usage_error("serve", "--write-baseline: %zu agents came, and a baseline is of one",
                             program->agents.n);
  }
  return wspec_run_baseline_write(&suite->baseline, reports, suite->options.strict);
}

static int make_reports(struct program *program, struct wspec_report *reports) {
  const struct wspec_agents *agents = &program->agents;
  enum wspec_err err = WSPEC_OK;
  for (size_t i = 0; i < agents->n && !err; i++) {
    err = wspec_agent_report(agents, &agents->items[i], &reports[i]);
    wspec_terminal_summary(&program->suite.terminal, &reports[i], reports[i].duration_ms / 1000);
  }
  return err ? wspec_run_suite_out_of_memory(&program->suite) : WSPEC_EXIT_OK;
}

static int write_reports(struct program *program, const struct wspec_report *reports) {
  struct wspec_outputs *outputs = &program->suite.options.outputs;
  FILE *json = outputs->files[WSPEC_FORMAT_JSON];
  size_t n = program->agents.n;
  if (n > 0) {
    errno = 0;
    wspec_outputs_note(outputs, WSPEC_FORMAT_JSON,
                       json ? wspec_matrix_write(json, reports, n) : WSPEC_OK);
    wspec_outputs_write(outputs, reports, n);
  }
  return wspec_outputs_close(outputs);
}

static int conclude_with(struct program *program, const struct wspec_report *reports) {
  const struct wspec_run_suite *suite = &program->suite;
  int code = write_reports(program, reports);
  if (program->agents.n == 0) {
    fprintf(stderr, "wspec serve: no client came\n");
    return code == WSPEC_EXIT_OK ? WSPEC_EXIT_UNREACHABLE : code;
  }
  int baseline_code = check_baseline(program);
  if (baseline_code == WSPEC_EXIT_OK) {
    baseline_code = write_baseline(program, reports);
  }
  bool has_failed = false;
  for (size_t i = 0; i < program->agents.n; i++) {
    has_failed = has_failed || wspec_run_suite_is_bad(suite, &reports[i]);
  }
  code = code != WSPEC_EXIT_OK ? code : baseline_code;
  return code != WSPEC_EXIT_OK ? code : has_failed ? WSPEC_EXIT_FAIL : WSPEC_EXIT_OK;
}

static int conclude(struct program *program) {
  struct wspec_report *reports = calloc(program->agents.n + 1, sizeof *reports);
  int code =
      reports ? make_reports(program, reports) : wspec_run_suite_out_of_memory(&program->suite);
  if (code == WSPEC_EXIT_OK) {
    code = conclude_with(program, reports);
  }
  for (size_t i = 0; i < program->agents.n && reports; i++) {
    wspec_report_clear(&reports[i]);
  }
  free(reports);
  return code;
}

/* ---- Serving ---- */

static void on_signal(void *user) {
  end(user);
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
  if (suite->options.api) {
    suite->config.oracle = WSPEC_ORACLE_PONG; /* a script sends what it likes */
    suite->config.have &= ~(unsigned)WSPEC_NEED_ECHO;
  }
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
      wspec_timer_new(program->loop, on_idle, program, &program->idle) ||
      wspec_serve_new(program->loop, &serve_options, &program->serve, &error) ||
      wspec_signal_new(program->loop, SIGTERM, on_signal, program, &program->terminate) ||
      wspec_signal_new(program->loop, SIGINT, on_signal, program, &program->interrupt)) {
    (void)fprintf(stderr, "wspec serve: %s\n", error.sentence);
    return WSPEC_EXIT_USAGE;
  }
  program->api = (struct wspec_api){.loop = program->loop,
                                    .serve = program->serve,
                                    .timeout_ms = options->case_timeout_ms,
                                    .on_over = add_result,
                                    .user = program};
  announce(program);
  note_activity(program);
  wspec_loop_run(program->loop);
  return conclude(program);
}

static int run(struct program *program) {
  struct wspec_run_suite *suite = &program->suite;
  int code = wspec_run_suite_load(suite);
  if (code == WSPEC_EXIT_OK) {
    code = wspec_run_suite_next_wave(suite, suite->n_cases); /* a client may ask for any */
  }
  if (code == WSPEC_EXIT_OK) {
    code = wspec_listen_tls_open(&program->tls, &suite->options);
  }
  if (code == WSPEC_EXIT_OK) {
    code = wspec_run_suite_reproduce(suite, NULL);
  }
  if (code == WSPEC_EXIT_OK) {
    code = wspec_run_suite_open_baseline(suite);
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
  suite->terminal.reproduce = suite->reproduce;
  program->agents.suite = suite;
  configure(program);
  return serve(program);
}

static void clear(struct program *program) {
  wspec_signal_free(program->terminate);
  wspec_signal_free(program->interrupt);
  wspec_timer_free(program->idle);
  wspec_api_clear(&program->api);
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
