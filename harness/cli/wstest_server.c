/* fuzzingserver: tests the clients that connect, by the URLs of Autobahn. */
#include "cli/command.h"
#include "cli/wstest.h"
#include "cli/wstest_visit.h"
#include "cli/wstest_web.h"

#include "net/signal.h"
#include "net/tls.h"
#include "proto/url.h"
#include "run/request_target.h"
#include "run/serve.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
  TIMEOUT_MS = 10000,
  SETTLE_MS = 100,
  CLOSE_MS = 1000,
  REQUEST_TIMEOUT_MS = 5000, /* Autobahn's for the opening handshake */
  VALUE_MAX = 4096
};

/* Commands are for looking at an endpoint by hand: nobody's tests send any (docs/autobahn.md). */
static const char NO_COMMANDS[] = "wspec carries no direct commands out; see docs/autobahn.md";

struct server {
  const struct wspec_wstest_arguments *arguments;
  const struct wspec_spec *spec;
  struct wspec_wstest_suite suite;
  struct wspec_store store;
  struct wspec_play_config config;
  size_t selected[WSPEC_N_NUMBERS]; /* indices of the selected cases: case 1 is selected[0] */
  struct wspec_loop *loop;
  struct wspec_tls *tls;
  struct wspec_serve *serve;
  struct wspec_wstest_web *web;
  struct wspec_signal *terminate, *interrupt;
  struct wspec_wstest_visit *visits; /* under way */
  bool out_of_memory;
};

/* A request, taken apart. Text is owned. */
struct request {
  char *path, *agent;
  bool has_case; /* `index` is one of the spec's cases */
  size_t index;
  unsigned number_of_url; /* its place among them, from 1 */
  bool shuts_down;
  const char *refusal; /* why it cannot be served; NULL: it can */
};

/* ---- Requests ---- */

/* Returns the value of a member of the query; NULL: there is none, or no memory. `*is_twice`: there
 * are several. */
static char *query_value(struct wspec_span target, const char *name, bool *is_twice) {
  struct wspec_buf value;
  wspec_buf_init(&value, VALUE_MAX);
  char *text = NULL;
  if (wspec_request_query(target, name, &value) == WSPEC_OK) {
    text = wspec_buf_take_text(&value);
  }
  wspec_buf_clear(&value);
  size_t len = strlen(name);
  size_t n = 0;
  for (size_t i = 0; text && i + len < target.len; i++) {
    bool begins = target.data[i] == '?' || target.data[i] == '&';
    n += begins && i + len + 1 < target.len && target.data[i + len + 1] == '=' &&
         memcmp(target.data + i + 1, name, len) == 0;
  }
  *is_twice = n > 1;
  return text;
}

static void take_index(const struct server *server, struct request *request, size_t place) {
  if (place == 0 || place > server->spec->n_selected) {
    request->refusal = "there is no such case";
    return;
  }
  request->has_case = true;
  request->number_of_url = (unsigned)place;
  request->index = server->selected[place - 1];
}

static void take_tuple(const struct server *server, struct request *request, const char *tuple) {
  size_t index;
  tuple += strspn(tuple, " ");
  if (!wspec_number_find(tuple, &index) || !server->spec->selected[index]) {
    request->refusal = "there is no such case";
    return;
  }
  for (size_t i = 0; i < server->spec->n_selected; i++) {
    if (server->selected[i] == index) {
      take_index(server, request, i + 1);
    }
  }
}

/* Case 0 is no case, but not a mistake either: Autobahn takes it for none. */
static void take_number(const struct server *server, struct request *request, const char *text) {
  char *end;
  errno = 0;
  unsigned long place = strtoul(text, &end, 10);
  bool is_number = text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
  if (!is_number) {
    request->refusal = "the case is no number";
  } else if (place > 0) {
    take_index(server, request, place);
  }
}

static void read_request(const struct server *server, struct wspec_span target,
                         struct request *request) {
  struct wspec_buf path;
  wspec_buf_init(&path, VALUE_MAX);
  if (wspec_request_path(target, &path) == WSPEC_OK) {
    request->path = wspec_buf_take_text(&path);
  }
  wspec_buf_clear(&path);
  bool is_twice[4];
  request->agent = query_value(target, "agent", &is_twice[0]);
  char *tuple = query_value(target, "casetuple", &is_twice[1]);
  char *number = query_value(target, "case", &is_twice[2]);
  char *shutdown = query_value(target, "shutdownOnComplete", &is_twice[3]);
  request->shuts_down =
      shutdown && (strcmp(shutdown, "true") == 0 || strcmp(shutdown, "True") == 0 ||
                   strcmp(shutdown, "yes") == 0 || strcmp(shutdown, "Yes") == 0);
  if (tuple) {
    take_tuple(server, request, tuple);
  }
  if (number) {
    take_number(server, request, number);
  }
  for (size_t i = 0; i < 4; i++) {
    request->refusal = is_twice[i] ? "a member of the query is there twice" : request->refusal;
  }
  request->refusal = request->path ? request->refusal : "the request is too long";
  free(tuple);
  free(number);
  free(shutdown);
}

static void clear_request(struct request *request) {
  free(request->path);
  free(request->agent);
}

/* ---- Answers ---- */

static void refuse(struct wspec_serve_choice *choice, const char *why) {
  choice->status_code = 500;
  (void)!wspec_buf_appendf(&choice->body, "%s\n", why);
}

static void serve_visit(struct server *server, struct wspec_serve_choice *choice,
                        struct wspec_wstest_visit *visit) {
  if (!visit) {
    server->out_of_memory = true;
    refuse(choice, "out of memory");
    return;
  }
  visit->next = server->visits;
  server->visits = visit;
  choice->tag = visit;
  choice->script = &visit->script;
}

/* {"a": "b", "c": "d"}, as Python spaces it; `c` may be NULL. */
static void serve_pairs(struct server *server, struct wspec_serve_choice *choice, const char *a,
                        const char *b, const char *c, const char *d) {
  cJSON *values[] = {cJSON_CreateString(b), cJSON_CreateString(d ? d : "")};
  char *texts[] = {values[0] ? cJSON_PrintUnformatted(values[0]) : NULL,
                   values[1] ? cJSON_PrintUnformatted(values[1]) : NULL};
  struct wspec_buf buf;
  wspec_buf_init(&buf, VALUE_MAX * 8);
  enum wspec_err err =
      texts[0] && texts[1] ? wspec_buf_appendf(&buf, "{\"%s\": %s", a, texts[0]) : WSPEC_ERR_NOMEM;
  if (!err && c) {
    err = wspec_buf_appendf(&buf, ", \"%s\": %s", c, texts[1]);
  }
  err = err ? err : wspec_buf_append_text(&buf, "}");
  char *text = err ? NULL : wspec_buf_take_text(&buf);
  serve_visit(server, choice, text ? wspec_wstest_visit_new(text) : NULL);
  free(text);
  for (size_t i = 0; i < 2; i++) {
    cJSON_free(texts[i]);
    cJSON_Delete(values[i]);
  }
  wspec_buf_clear(&buf);
}

static void put_now(char out[WSPEC_WSTEST_STARTED_SIZE]) {
  struct timespec now;
  struct tm utc;
  clock_gettime(CLOCK_REALTIME, &now);
  size_t len =
      strftime(out, WSPEC_WSTEST_STARTED_SIZE, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
  (void)snprintf(out + len, WSPEC_WSTEST_STARTED_SIZE - len, ".%03ldZ", now.tv_nsec / 1000000);
}

/* Of several cases with one number a client can be given but one. */
static const struct wspec_script *script_of(const struct server *server, size_t index) {
  for (size_t i = 0; i < server->suite.n_cases; i++) {
    if (server->suite.cases[i].index == index) {
      return server->suite.cases[i].script;
    }
  }
  return NULL;
}

static void run_case(struct server *server, const struct request *request,
                     struct wspec_serve_choice *choice) {
  char number[WSPEC_NUMBER_SIZE];
  const struct wspec_script *script = request->has_case ? script_of(server, request->index) : NULL;
  if (!script || !request->agent) {
    refuse(choice, request->has_case ? "need agent to run case" : "need case to run");
    return;
  }
  struct wspec_wstest_visit *visit = wspec_wstest_visit_new(NULL);
  serve_visit(server, choice, visit);
  wspec_number_text(request->index, number);
  if (wspec_spec_excludes(server->spec, request->agent, number)) {
    printf("Skipping test case %s for agent %s by test configuration!\n", number, request->agent);
  } else if (visit) {
    printf("Running test case ID %s for agent %s from peer tcp\n", number, request->agent);
    visit->is_case = true;
    visit->index = request->index;
    visit->case_value = request->number_of_url;
    put_now(visit->started);
    choice->script = script;
  }
}

static void get_info(struct server *server, const struct request *request,
                     struct wspec_serve_choice *choice) {
  if (!request->has_case) {
    refuse(choice, "need case to get info");
    return;
  }
  char number[WSPEC_NUMBER_SIZE];
  wspec_number_text(request->index, number);
  const char *description = server->suite.texts[request->index].description;
  serve_pairs(server, choice, "id", number, "description", description ? description : "");
}

static void get_status(struct server *server, const struct request *request,
                       struct wspec_serve_choice *choice) {
  if (!request->has_case || !request->agent) {
    refuse(choice, request->has_case ? "need agent to get status" : "need case to get status");
    return;
  }
  char number[WSPEC_NUMBER_SIZE];
  wspec_number_text(request->index, number);
  const cJSON *outcome = wspec_store_find(&server->store, request->agent, number);
  if (!outcome) {
    choice->is_held = true; /* until there is one */
    return;
  }
  const cJSON *behavior = cJSON_GetObjectItemCaseSensitive(outcome, "behavior");
  serve_pairs(server, choice, "behavior", cJSON_GetStringValue(behavior), NULL, NULL);
}

static void update_reports(struct server *server, const struct request *request,
                           struct wspec_serve_choice *choice) {
  if (!request->agent) {
    refuse(choice, "need agent to update reports for");
    return;
  }
  printf("Updating reports, requested by peer tcp\n");
  (void)wspec_wstest_write(&server->store, server->spec->outdir);
  struct wspec_wstest_visit *visit = wspec_wstest_visit_new(NULL);
  serve_visit(server, choice, visit);
  if (visit && request->shuts_down) {
    visit->after = WSPEC_WSTEST_SHUT_DOWN;
    printf("Report generation complete; shutting down server.\n");
  } else {
    printf("Report generation complete.\n");
  }
}

static void stop(struct server *server) {
  wspec_serve_stop(server->serve);
  wspec_loop_stop(server->loop);
}

static void choose(struct server *server, const struct request *request,
                   struct wspec_serve_choice *choice) {
  const char *path = request->path;
  if (request->refusal) {
    refuse(choice, request->refusal);
  } else if (strcmp(path, "/runCase") == 0) {
    run_case(server, request, choice);
  } else if (strcmp(path, "/getCaseCount") == 0) {
    char count[8];
    (void)snprintf(count, sizeof count, "%u", (unsigned)server->spec->n_selected % 1000);
    serve_visit(server, choice, wspec_wstest_visit_new(count));
  } else if (strcmp(path, "/getCaseInfo") == 0) {
    get_info(server, request, choice);
  } else if (strcmp(path, "/getCaseStatus") == 0) {
    get_status(server, request, choice);
  } else if (strcmp(path, "/updateReports") == 0) {
    update_reports(server, request, choice);
  } else if (strcmp(path, "/stopServer") == 0) {
    struct wspec_wstest_visit *visit = wspec_wstest_visit_new(NULL);
    printf("Shutting down server.\n");
    serve_visit(server, choice, visit);
    if (visit) {
      visit->after = WSPEC_WSTEST_SHUT_DOWN;
    }
  } else {
    printf("Entering direct command mode for peer tcp\n");
    serve_visit(server, choice, wspec_wstest_visit_new_open(NO_COMMANDS));
  }
}

static void on_request(void *user, const struct wspec_http_head *head,
                       struct wspec_serve_choice *choice) {
  struct server *server = user;
  struct request request = {.path = NULL};
  read_request(server, head->target, &request);
  if (request.agent && strlen(request.agent) < sizeof choice->agent) {
    memcpy(choice->agent, request.agent, strlen(request.agent) + 1);
  } else if (request.agent) {
    request.refusal = "the agent's name is too long";
  }
  if (!wspec_http_head_find(head, "Sec-WebSocket-Key", NULL) && !request.refusal) {
    request.refusal = "this is no WebSocket handshake";
  }
  choose(server, &request, choice);
  clear_request(&request);
}

/* ---- Results ---- */

static void keep_outcome(struct server *server, const struct wspec_serve_choice *choice,
                         const struct wspec_result *result) {
  const struct wspec_wstest_visit *visit = choice->tag;
  char number[WSPEC_NUMBER_SIZE];
  wspec_number_text(visit->index, number);
  const struct wspec_outcome_facts facts = {.index = visit->index,
                                            .case_value = visit->case_value,
                                            .agent = choice->agent,
                                            .started = visit->started,
                                            .is_server = true};
  struct cJSON *outcome = wspec_outcome_new(result, &facts);
  if (!outcome || wspec_store_add(&server->store, choice->agent, number, outcome, false)) {
    fprintf(stderr, "wstest: out of memory: the result of case %s is lost\n", number);
    server->out_of_memory = true;
  }
}

static void end_visit(struct server *server, struct wspec_wstest_visit *visit) {
  struct wspec_wstest_visit **at = &server->visits;
  while (*at && *at != visit) {
    at = &(*at)->next;
  }
  if (*at) {
    *at = visit->next;
  }
  free(visit);
}

static void on_result(void *user, const struct wspec_serve_choice *choice,
                      struct wspec_result *result) {
  struct server *server = user;
  struct wspec_wstest_visit *visit = choice->tag;
  bool is_case = visit->is_case, is_last = visit->after == WSPEC_WSTEST_SHUT_DOWN;
  if (is_case) {
    keep_outcome(server, choice, result);
  }
  wspec_result_clear(result);
  end_visit(server, visit);
  if (is_last) {
    stop(server);
  } else if (is_case) {
    wspec_serve_ask_again(server->serve);
  }
}

/* ---- The run ---- */

static void on_signal(void *user) {
  stop(user);
}

static void print_start(const struct server *server) {
  printf("Autobahn WebSocket wspec/%s Fuzzing Server (Port %u%s)\n", WSPEC_VERSION,
         (unsigned)wspec_address_port(wspec_serve_address(server->serve)),
         server->tls ? " TLS" : "");
  printf("Ok, will run %zu test cases for any clients connecting\n", server->spec->n_selected);
  wspec_wstest_print_cases(server->spec);
}

static bool open_tls(struct server *server, bool is_secure, struct wspec_net_error *error) {
  const struct wspec_wstest_arguments *arguments = server->arguments;
  const struct wspec_tls_options options = {
      .certificate_file = arguments->cert ? arguments->cert : server->spec->cert,
      .key_file = arguments->key ? arguments->key : server->spec->key,
  };
  if (!is_secure && !options.certificate_file) {
    return true;
  }
  return wspec_tls_new_server(&options, &server->tls, error) == WSPEC_OK;
}

/* Whatever the URL's host is: a container's port is reached from outside. */
static bool listen_at(struct server *server, uint16_t port, struct wspec_net_error *error) {
  static const char *const hosts[] = {"::", "0.0.0.0"};
  for (size_t i = 0; i < 2 && !server->serve; i++) {
    const struct wspec_serve_options options = {
        .host = hosts[i],
        .port = port,
        .tls = server->tls,
        .config = &server->config,
        .request_timeout_ms = REQUEST_TIMEOUT_MS,
        .on_request = on_request,
        .on_result = on_result,
        .user = server,
    };
    (void)!wspec_serve_new(server->loop, &options, &server->serve, error);
  }
  return server->serve != NULL;
}

static bool open_web(struct server *server, struct wspec_net_error *error) {
  uint16_t port = server->spec->has_webport && !server->arguments->has_webport
                      ? server->spec->webport
                      : server->arguments->webport;
  uint16_t case_port = wspec_address_port(wspec_serve_address(server->serve));
  return port == 0 || wspec_wstest_web_new(server->loop, port, case_port, server->tls, &server->web,
                                           error) == WSPEC_OK;
}

static void configure(struct server *server) {
  static const struct wspec_play_field fields[] = {
      {"Server", "AutobahnTestSuite/wspec-" WSPEC_VERSION}};
  server->config = (struct wspec_play_config){
      .oracle = WSPEC_ORACLE_ECHO,
      .is_server = true,
      .always_close = true,
      .seed = 1,
      .fields = fields,
      .n_fields = 1,
      .timeout_us = (uint64_t)TIMEOUT_MS * 1000,
      .settle_us = (uint64_t)SETTLE_MS * 1000,
      .close_us = (uint64_t)CLOSE_MS * 1000,
      .requirements = &server->suite.requirements,
      .have = WSPEC_NEED_ECHO | WSPEC_NEED_DEFLATE,
  };
  size_t n = 0;
  for (size_t i = 0; i < WSPEC_N_NUMBERS; i++) {
    if (server->spec->selected[i]) {
      server->selected[n++] = i;
    }
  }
}

static bool open_all(struct server *server) {
  struct wspec_net_error error = {.sentence = "out of memory"};
  struct wspec_url_error url_error;
  struct wspec_url url;
  if (wspec_url_parse(&url, wspec_span_text(server->spec->url), 0, &url_error)) {
    fprintf(stderr, "wstest: '%s': %s\n", server->spec->url, url_error.text);
    return false;
  }
  bool is_open =
      wspec_store_init(&server->store) == WSPEC_OK && wspec_loop_new(&server->loop) == WSPEC_OK &&
      open_tls(server, url.is_secure, &error) && listen_at(server, url.port, &error) &&
      open_web(server, &error) &&
      wspec_signal_new(server->loop, SIGTERM, on_signal, server, &server->terminate) == WSPEC_OK &&
      wspec_signal_new(server->loop, SIGINT, on_signal, server, &server->interrupt) == WSPEC_OK;
  wspec_url_clear(&url);
  server->store.texts = server->suite.texts;
  server->store.tool = "wspec " WSPEC_VERSION;
  if (!is_open) {
    fprintf(stderr, "wstest: %s\n", error.sentence);
  }
  return is_open;
}

static void clear(struct server *server) {
  wspec_signal_free(server->terminate);
  wspec_signal_free(server->interrupt);
  wspec_wstest_web_free(server->web);
  wspec_serve_free(server->serve);
  if (server->loop) {
    wspec_loop_free(server->loop);
  }
  while (server->visits) {
    end_visit(server, server->visits);
  }
  wspec_tls_free(server->tls);
  wspec_store_clear(&server->store);
  wspec_wstest_suite_clear(&server->suite);
}

int wspec_wstest_fuzzing_server(const struct wspec_wstest_arguments *arguments,
                                const struct wspec_spec *spec) {
  struct server *server = calloc(1, sizeof *server);
  if (!server) {
    fprintf(stderr, "wstest: out of memory\n");
    return WSPEC_WSTEST_USAGE;
  }
  server->arguments = arguments;
  server->spec = spec;
  bool is_done = wspec_wstest_suite_load(&server->suite, arguments->case_dir, WSPEC_SPEC_SERVER);
  configure(server);
  is_done = is_done && open_all(server);
  if (is_done) {
    print_start(server);
    wspec_loop_run(server->loop);
  }
  clear(server);
  free(server);
  return is_done ? WSPEC_WSTEST_DONE : WSPEC_WSTEST_USAGE;
}
