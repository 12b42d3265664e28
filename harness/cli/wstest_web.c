#include "cli/wstest_web.h"

#include "case/read_file.h"
#include "play/play.h"
#include "run/request_target.h"
#include "run/serve.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_LEN_MAX = 4096, REQUEST_TIMEOUT_MS = 10 * 1000 };

struct wspec_wstest_web {
  struct wspec_serve *serve;
  struct wspec_play_config config;
  uint16_t case_port;
  bool is_secure;
};

/* ---- The page ---- */

static const char PAGE[] =
    "<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>wstest</title></head>\n<body>\n"
    "<h1>Test this browser</h1>\n"
    "<p>Agent <input id=\"agent\"> <button id=\"run\">Run all cases</button>\n"
    "<a href=\"/cwd/reports/clients/index.html\">Reports</a></p>\n<p id=\"state\"></p>\n<script>\n"
    "const base = `%s://${location.hostname}:%u`;\n"
    "const agent = document.getElementById('agent');\n"
    "const state = document.getElementById('state');\n"
    "agent.value = navigator.userAgent;\n"
    "function visit(path, echoes) {\n"
    "  return new Promise((resolve) => {\n"
    "    const socket = new WebSocket(base + path);\n"
    "    let last = null;\n"
    "    socket.binaryType = 'arraybuffer';\n"
    "    socket.onmessage = (event) => {\n"
    "      last = event.data;\n"
    "      if (echoes) socket.send(event.data);\n"
    "    };\n"
    "    socket.onclose = () => resolve(last);\n"
    "  });\n"
    "}\n"
    "document.getElementById('run').onclick = async () => {\n"
    "  const name = encodeURIComponent(agent.value);\n"
    "  const count = Number(await visit('/getCaseCount', false));\n"
    "  for (let n = 1; n <= count; n++) {\n"
    "    state.textContent = `case ${n} of ${count}`;\n"
    "    await visit(`/runCase?case=${n}&agent=${name}`, true);\n"
    "  }\n"
    "  await visit(`/updateReports?agent=${name}`, false);\n"
    "  state.textContent = `${count} cases done`;\n"
    "};\n</script>\n</body>\n</html>\n";

/* ---- Files ---- */

static const char *content_type_of(const char *path) {
  static const struct {
    const char *extension, *type;
  } types[] = {{".html", "text/html; charset=utf-8"}, {".json", "application/json"}};
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(dot, types[i].extension) == 0) {
      return types[i].type;
    }
  }
  return "text/plain; charset=utf-8";
}

/* A path that stays below the working directory: no part of it is "..", and none is empty. */
static bool is_below(const char *path) {
  for (const char *part = path;;) {
    if (*part == '/' || *part == '\0' || strncmp(part, "..", 2) == 0) {
      return false;
    }
    const char *slash = strchr(part, '/');
    if (!slash) {
      return true;
    }
    part = slash + 1;
  }
}

static void say(struct wspec_serve_choice *choice, unsigned status_code, const char *text) {
  choice->status_code = status_code;
  wspec_buf_reset(&choice->body);
  (void)!wspec_buf_append_text(&choice->body, text);
}

static void serve_file(struct wspec_serve_choice *choice, const char *path) {
  const char *reason;
  if (!is_below(path) || wspec_read_file(path, &choice->body, &reason)) {
    say(choice, 404, "there is no such file\n");
    return;
  }
  choice->status_code = 200;
  choice->content_type = content_type_of(path);
}

static void choose(const struct wspec_wstest_web *web, const char *path,
                   struct wspec_serve_choice *choice) {
  static const char prefix[] = "/cwd/";
  if (strncmp(path, prefix, sizeof prefix - 1) == 0) {
    serve_file(choice, path + sizeof prefix - 1);
  } else if (strcmp(path, "/") == 0 || strcmp(path, "/test_browser.html") == 0) {
    choice->status_code = 200;
    choice->content_type = "text/html; charset=utf-8";
    (void)!wspec_buf_appendf(&choice->body, PAGE, web->is_secure ? "wss" : "ws",
                             (unsigned)web->case_port);
  } else {
    say(choice, 404, "there is no such page\n");
  }
}

static void on_request(void *user, const struct wspec_http_head *request,
                       struct wspec_serve_choice *choice) {
  struct wspec_buf path;
  wspec_buf_init(&path, PATH_LEN_MAX);
  bool is_read = wspec_span_equal_text(request->method, "GET") ||
                 wspec_span_equal_text(request->method, "HEAD");
  char *text = wspec_request_path(request->target, &path) ? NULL : wspec_buf_take_text(&path);
  if (!text || !is_read) {
    say(choice, is_read ? 400 : 405, "only GET, and no longer paths\n");
  } else {
    choose(user, text, choice);
  }
  free(text);
  wspec_buf_clear(&path);
}

/* ---- Lifecycle ---- */

enum wspec_err wspec_wstest_web_new(struct wspec_loop *loop, uint16_t port, uint16_t case_port,
                                    struct wspec_tls *tls, struct wspec_wstest_web **out,
                                    struct wspec_net_error *error) {
  struct wspec_wstest_web *web = calloc(1, sizeof *web);
  *out = NULL;
  if (!web) {
    return wspec_net_error_set(error, WSPEC_ERR_NOMEM, "out of memory");
  }
  web->case_port = case_port;
  web->is_secure = tls != NULL;
  const struct wspec_serve_options options = {
      .host = "::",
      .port = port,
      .tls = tls,
      .config = &web->config,
      .request_timeout_ms = REQUEST_TIMEOUT_MS,
      .on_request = on_request,
      .user = web,
  };
  struct wspec_serve_options v4 = options;
  v4.host = "0.0.0.0";
  enum wspec_err err = wspec_serve_new(loop, &options, &web->serve, error);
  if (err) { /* a machine without IPv6 */
    err = wspec_serve_new(loop, &v4, &web->serve, error);
  }
  if (err) {
    free(web);
    return err;
  }
  *out = web;
  return WSPEC_OK;
}

void wspec_wstest_web_free(struct wspec_wstest_web *web) {
  if (web) {
    wspec_serve_free(web->serve);
    free(web);
  }
}
