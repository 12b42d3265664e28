#include "cli/serve_pages.h"

#include "case/read_file.h"
#include "cli/cases_dir.h"
#include "reports/html.h"
#include "reports/junit.h"
#include "reports/markdown.h"
#include "run/case_url.h"
#include "run/request_target.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const unsigned char wspec_serve_page_html[];
extern const size_t wspec_serve_page_html_len;

enum { WORD_MAX = 256, PATH_LEN_MAX = 4096, MODULE_MAX = 1024 * 1024, URL_LEN_MAX = 64 * 1024 };

void wspec_serve_say(struct wspec_serve_choice *choice, unsigned status_code, const char *format,
                     ...) {
  va_list arguments;
  choice->status_code = status_code;
  va_start(arguments, format);
  enum wspec_err err = wspec_buf_vappendf(&choice->body, format, arguments);
  va_end(arguments);
  (void)err; /* an answer without words, then */
}

static void take_text(struct wspec_serve_choice *choice, char *text, const char *content_type) {
  if (!text || wspec_buf_append_text(&choice->body, text)) {
    wspec_serve_say(choice, 500, "out of memory\n");
    return;
  }
  choice->status_code = 200;
  choice->content_type = content_type;
}

/* ---- Cases ---- */

/* The module stands beside the case file, under the same name. */
static bool add_call(cJSON *item, const struct wspec_script *script) {
  static const char suffix[] = ".json";
  const char *slash = strrchr(script->file, '/');
  const char *name = slash ? slash + 1 : script->file;
  size_t len = strlen(name);
  char module[WORD_MAX];
  len -= len > sizeof suffix - 1 && strcmp(name + len - (sizeof suffix - 1), suffix) == 0
             ? sizeof suffix - 1
             : 0;
  cJSON *call = cJSON_AddObjectToObject(item, "call");
  (void)snprintf(module, sizeof module, "%.*s.mjs", (int)len, name);
  return call && cJSON_AddStringToObject(call, "module", module) &&
         cJSON_AddStringToObject(call, "function", script->call->function) &&
         cJSON_AddRawToObject(call, "with", script->call->arguments);
}

/* What the client is to connect to, with a place for the agent; only where a driver could not make it
 * up. */
static bool add_url(cJSON *item, const struct wspec_script *script, bool is_secure,
                    const char *host) {
  struct wspec_buf url;
  wspec_buf_init(&url, URL_LEN_MAX);
  enum wspec_err err = wspec_case_url(script, is_secure, host, "{agent}", &url);
  char *text = err ? NULL : wspec_buf_take_text(&url);
  bool is_added = text && cJSON_AddStringToObject(item, "url", text);
  free(text);
  wspec_buf_clear(&url);
  return is_added;
}

static bool add_case(cJSON *array, const struct wspec_script *script, bool is_secure,
                     const char *host) {
  cJSON *item = cJSON_CreateObject();
  if (!cJSON_AddItemToArray(array, item)) {
    cJSON_Delete(item);
    return false;
  }
  cJSON *tags = cJSON_AddArrayToObject(item, "tags");
  for (size_t i = 0; i < script->n_tags && tags; i++) {
    cJSON_AddItemToArray(tags, cJSON_CreateString(script->tags[i]));
  }
  if ((script->needs & WSPEC_NEED_SUBPROTOCOL) &&
      !cJSON_AddStringToObject(item, "subprotocol", WSPEC_ASKED_SUBPROTOCOL)) {
    return false;
  }
  bool complete = tags && cJSON_AddStringToObject(item, "id", script->id) &&
                  cJSON_AddStringToObject(item, "summary", script->summary) &&
                  cJSON_AddNumberToObject(item, "connections", (double)script->n_connections) &&
                  cJSON_AddBoolToObject(item, "alone", script->alone);
  return complete && (!script->call || add_call(item, script)) &&
         (!script->uri || add_url(item, script, is_secure, host));
}

/* The agent that `?unconfirmed=` names; `*is_asked` is whether it is there. */
static const struct wspec_agent *find_unconfirmed(struct wspec_agents *agents,
                                                  struct wspec_span target, bool *is_asked) {
  struct wspec_buf name;
  wspec_buf_init(&name, WORD_MAX);
  enum wspec_err err = wspec_request_query(target, "unconfirmed", &name);
  *is_asked = err != WSPEC_ERR_NEED_MORE;
  char *text = err ? NULL : wspec_buf_take_text(&name);
  const struct wspec_agent *agent = text ? wspec_agents_find(agents, text) : NULL;
  free(text);
  wspec_buf_clear(&name);
  return agent;
}

/* By which name the client found us, which leads there again. NULL: the request has no such thing. */
static char *host_of(const struct wspec_http_head *request) {
  const struct wspec_http_field *field = wspec_http_head_find(request, "Host", NULL);
  struct wspec_buf host;
  wspec_buf_init(&host, WORD_MAX);
  enum wspec_err err = field ? WSPEC_OK : WSPEC_ERR_INPUT;
  for (size_t i = 0; !err && i < field->value.len; i++) {
    uint8_t octet = field->value.data[i];
    err = octet > 0x20 && octet < 0x7f ? wspec_buf_append_octet(&host, octet) : WSPEC_ERR_INPUT;
  }
  char *text = err || host.len == 0 ? NULL : wspec_buf_take_text(&host);
  wspec_buf_clear(&host);
  return text;
}

static void list_cases(struct wspec_agents *agents, const struct wspec_http_head *request,
                       struct wspec_serve_choice *choice) {
  const struct wspec_run_suite *suite = agents->suite;
  bool is_secure = (suite->config.have & WSPEC_NEED_TLS) != 0;
  bool is_asked;
  const struct wspec_agent *agent = find_unconfirmed(agents, request->target, &is_asked);
  cJSON *object = cJSON_CreateObject();
  cJSON *array = cJSON_AddArrayToObject(object, "cases");
  char *host = host_of(request);
  bool complete = array != NULL;
  for (size_t i = 0; i < suite->n_scripts && complete && host; i++) {
    if (!is_asked || (agent && agent->results[i].unconfirmed)) {
      complete = add_case(array, suite->scripts[i], is_secure, host);
    }
  }
  if (!host) {
    wspec_serve_say(choice, 400, "the request has no Host: by what name is this server known?\n");
    cJSON_Delete(object);
    return;
  }
  free(host);
  char *text = complete ? cJSON_PrintUnformatted(object) : NULL;
  take_text(choice, text, "application/json");
  free(text);
  cJSON_Delete(object);
}

/* ---- Results ---- */

static void list_agents(const struct wspec_agents *agents, struct wspec_serve_choice *choice) {
  cJSON *object = cJSON_CreateObject();
  cJSON *array = cJSON_AddArrayToObject(object, "agents");
  for (size_t i = 0; i < agents->n && array; i++) {
    cJSON_AddItemToArray(array, cJSON_CreateString(agents->items[i].name));
  }
  char *text = array ? cJSON_PrintUnformatted(object) : NULL;
  take_text(choice, text, "application/json");
  free(text);
  cJSON_Delete(object);
}

static enum wspec_err write_json(FILE *file, const struct wspec_report *reports, size_t n) {
  (void)n;
  return wspec_json_write(file, reports);
}

struct format {
  const char *name, *content_type;
  enum wspec_err (*write)(FILE *file, const struct wspec_report *reports, size_t n_reports);
};

static const struct format formats[] = {
    {"json", "application/json", write_json},
    {"html", "text/html; charset=utf-8", wspec_html_write},
    {"junit", "application/xml", wspec_junit_write},
    {"markdown", "text/markdown; charset=utf-8", wspec_markdown_write},
};

static const struct format *find_format(struct wspec_span target) {
  struct wspec_buf name;
  const struct format *found = NULL;
  wspec_buf_init(&name, WORD_MAX);
  enum wspec_err err = wspec_request_query(target, "format", &name);
  for (size_t i = 0; i < sizeof formats / sizeof formats[0] && !err; i++) {
    if (wspec_span_equal_text(wspec_buf_span(&name), formats[i].name)) {
      found = &formats[i];
    }
  }
  wspec_buf_clear(&name);
  return err == WSPEC_ERR_NEED_MORE ? &formats[0] : found;
}

static void write_report(const struct wspec_agents *agents, const struct wspec_agent *agent,
                         const struct format *format, struct wspec_serve_choice *choice) {
  struct wspec_report report;
  char *text = NULL;
  size_t len = 0;
  enum wspec_err err = wspec_agent_report(agents, agent, &report);
  FILE *file = err ? NULL : open_memstream(&text, &len);
  if (file) {
    err = format->write(file, &report, 1);
    (void)fclose(file);
  }
  if (!file || err || wspec_buf_append(&choice->body, text, len)) {
    wspec_serve_say(choice, 500, "the report cannot be written: out of memory\n");
  } else {
    choice->status_code = 200;
    choice->content_type = format->content_type;
  }
  free(text);
  wspec_report_clear(&report);
}

static void show_results(struct wspec_agents *agents, const char *name, struct wspec_span target,
                         struct wspec_serve_choice *choice) {
  const struct wspec_agent *agent = wspec_agents_find(agents, name);
  const struct format *format = find_format(target);
  if (!agent) {
    wspec_serve_say(choice, 404,
                    "no case was played with agent=%.100s; /results lists those that "
                    "came\n",
                    name);
  } else if (!format) {
    wspec_serve_say(choice, 400, "?format= is json, html, junit or markdown\n");
  } else {
    write_report(agents, agent, format, choice);
  }
}

/* ---- Scripts ---- */

/* A name that leads out of the folder has no such letters, or begins with a full stop. */
static bool is_module_name(const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  size_t len = strlen(name);
  return len > 4 && len < WORD_MAX && name[0] != '.' && strspn(name, letters) == len &&
         strcmp(name + len - 4, ".mjs") == 0;
}

static void show_module(const struct wspec_agents *agents, const char *name,
                        struct wspec_serve_choice *choice) {
  char path[PATH_LEN_MAX];
  struct wspec_buf octets;
  const char *reason = NULL;
  char *dir = is_module_name(name) ? wspec_cases_dir(agents->suite->options.case_dir) : NULL;
  wspec_buf_init(&octets, MODULE_MAX);
  int len = dir ? snprintf(path, sizeof path, "%s/api/%s", dir, name) : -1;
  if (len > 0 && len < (int)sizeof path && !wspec_read_file(path, &octets, &reason) &&
      !wspec_buf_append_span(&choice->body, wspec_buf_span(&octets))) {
    choice->status_code = 200;
    choice->content_type = "text/javascript; charset=utf-8";
  } else {
    wspec_serve_say(choice, 404, "there is no module '%.100s'\n", name);
  }
  wspec_buf_clear(&octets);
  free(dir);
}

void wspec_serve_page(struct wspec_agents *agents, const char *path,
                      const struct wspec_http_head *request, struct wspec_serve_choice *choice) {
  static const char results[] = "/results/";
  static const char modules[] = "/api/";
  if (agents->suite->options.api && strncmp(path, modules, sizeof modules - 1) == 0) {
    show_module(agents, path + sizeof modules - 1, choice);
  } else if (strcmp(path, "/") == 0) {
    choice->status_code = 200;
    choice->content_type = "text/html; charset=utf-8";
    if (wspec_buf_append(&choice->body, wspec_serve_page_html, wspec_serve_page_html_len)) {
      choice->status_code = 500;
    }
  } else if (strcmp(path, "/cases") == 0) {
    list_cases(agents, request, choice);
  } else if (strcmp(path, "/results") == 0) {
    list_agents(agents, choice);
  } else if (strncmp(path, results, sizeof results - 1) == 0) {
    show_results(agents, path + sizeof results - 1, request->target, choice);
  } else {
    wspec_serve_say(choice, 404,
                    "there is nothing at %.100s; expected /, /cases, /results, /results/AGENT or "
                    "/case/ID?agent=AGENT\n",
                    path);
  }
}
