#include "compat/spec.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MAX_S = 3600 };

/* A spec while it is read. */
struct reading {
  struct wspec_spec *spec;
  struct wspec_diag *diag;
  enum wspec_err err;
};

static const char DEFAULT_CLIENT[] = "{\n"
                                     "   \"outdir\": \"./reports/servers\",\n"
                                     "   \"servers\": [\n"
                                     "      {\n"
                                     "         \"url\": \"ws://127.0.0.1:9001\"\n"
                                     "      }\n"
                                     "   ],\n"
                                     "   \"cases\": [\"*\"],\n"
                                     "   \"exclude-cases\": [],\n"
                                     "   \"exclude-agent-cases\": {}\n"
                                     "}\n";

static const char DEFAULT_SERVER[] = "{\n"
                                     "   \"url\": \"ws://127.0.0.1:9001\",\n"
                                     "   \"outdir\": \"./reports/clients\",\n"
                                     "   \"cases\": [\"*\"],\n"
                                     "   \"exclude-cases\": [],\n"
                                     "   \"exclude-agent-cases\": {}\n"
                                     "}\n";

const char *wspec_spec_default(enum wspec_spec_role role) {
  return role == WSPEC_SPEC_CLIENT ? DEFAULT_CLIENT : DEFAULT_SERVER;
}

static void wrong(struct reading *reading, const cJSON *item, const char *expected) {
  wspec_json_file_complain(&reading->spec->file, reading->diag, item, "expected %s", expected);
  reading->err = WSPEC_ERR_INPUT;
}

/* Returns the text of a member, NULL where it is missing or null. */
static const char *text_member(struct reading *reading, const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!item || cJSON_IsNull(item)) {
    return NULL;
  }
  if (!cJSON_IsString(item)) {
    wrong(reading, item, "a string");
    return NULL;
  }
  return item->valuestring;
}

/* Returns the strings of an array as one list, which the caller frees; NULL where it is empty. */
static char *list_member(struct reading *reading, const cJSON *object, const char *name) {
  const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, name), *item;
  size_t len = 0;
  cJSON_ArrayForEach(item, array) {
    if (!cJSON_IsString(item)) {
      wrong(reading, item, "a string");
      return NULL;
    }
    len += strlen(item->valuestring) + 2;
  }
  if (array && !cJSON_IsArray(array)) {
    wrong(reading, array, "an array of strings");
    return NULL;
  }
  char *list = len > 0 ? calloc(1, len + 1) : NULL;
  if (len > 0 && !list) {
    reading->err = WSPEC_ERR_NOMEM;
    return NULL;
  }
  size_t at = 0;
  cJSON_ArrayForEach(item, array) {
    size_t text_len = strlen(item->valuestring);
    if (at > 0) {
      list[at++] = ',';
      list[at++] = ' ';
    }
    memcpy(list + at, item->valuestring, text_len);
    at += text_len;
  }
  return list;
}

/* ---- Options ---- */

/* The options of Autobahn|Python that spec files may hold. Those about time are heeded; the others
 * are about how its own endpoint works, and say nothing to this one. */
static bool is_known_option(const char *name) {
  static const char *const names[] = {"version",
                                      "versions",
                                      "webStatus",
                                      "utf8validateIncoming",
                                      "maskClientFrames",
                                      "maskServerFrames",
                                      "acceptMaskedServerFrames",
                                      "requireMaskedClientFrames",
                                      "applyMask",
                                      "maxFramePayloadSize",
                                      "maxMessagePayloadSize",
                                      "autoFragmentSize",
                                      "failByDrop",
                                      "echoCloseCodeReason",
                                      "openHandshakeTimeout",
                                      "closeHandshakeTimeout",
                                      "serverConnectionDropTimeout",
                                      "tcpNoDelay",
                                      "perMessageCompressionAccept",
                                      "perMessageCompressionOffers",
                                      "autoPingInterval",
                                      "autoPingTimeout",
                                      "autoPingSize",
                                      "serveFlashSocketPolicy",
                                      "flashSocketPolicy",
                                      "allowedOrigins",
                                      "allowNullOrigin",
                                      "maxConnections",
                                      "trustXForwardedFor",
                                      "allowHixie76",
                                      "logOctets",
                                      "logFrames"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(names[i], name) == 0) {
      return true;
    }
  }
  return false;
}

static void read_seconds(struct reading *reading, const cJSON *item, uint32_t *out_ms) {
  if (cJSON_IsNull(item)) {
    return;
  }
  if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= TIMEOUT_MAX_S)) {
    wrong(reading, item, "seconds, from 0 to 3600");
    return;
  }
  *out_ms = (uint32_t)(item->valuedouble * 1000);
}

static void read_options(struct reading *reading, const cJSON *object,
                         struct wspec_spec_server *server) {
  const cJSON *options = cJSON_GetObjectItemCaseSensitive(object, "options"), *option;
  if (options && !cJSON_IsObject(options)) {
    wrong(reading, options, "an object");
    return;
  }
  cJSON_ArrayForEach(option, options) {
    if (strcmp(option->string, "openHandshakeTimeout") == 0) {
      read_seconds(reading, option, &server->open_timeout_ms);
    } else if (strcmp(option->string, "closeHandshakeTimeout") == 0) {
      read_seconds(reading, option, &server->close_timeout_ms);
    } else if (!is_known_option(option->string)) {
      wspec_json_file_complain(&reading->spec->file, reading->diag, option,
                               "there is no such option; it is ignored");
    }
  }
}

/* ---- Servers ---- */

static void read_server(struct reading *reading, const cJSON *item,
                        struct wspec_spec_server *server) {
  if (!cJSON_IsObject(item)) {
    wrong(reading, item, "an object with a \"url\"");
    return;
  }
  read_options(reading, reading->spec->file.root, server);
  read_options(reading, item, server);
  server->agent = text_member(reading, item, "agent");
  server->url = text_member(reading, item, "url");
  server->hostname = text_member(reading, item, "hostname");
  server->origin = text_member(reading, item, "origin");
  server->protocols = list_member(reading, item, "protocols");
  if (!server->url && !reading->err) {
    wrong(reading, item, "a \"url\"");
  }
}

static void read_servers(struct reading *reading) {
  struct wspec_spec *spec = reading->spec;
  const cJSON *servers = cJSON_GetObjectItemCaseSensitive(spec->file.root, "servers"), *item;
  int n = cJSON_GetArraySize(servers);
  if (servers && (!cJSON_IsArray(servers) || n > WSPEC_SPEC_SERVERS_MAX)) {
    wrong(reading, servers, "an array of at most 1000 servers");
    return;
  }
  spec->servers = calloc((size_t)n + 1, sizeof *spec->servers); /* one more: of the command line */
  if (!spec->servers) {
    reading->err = WSPEC_ERR_NOMEM;
    return;
  }
  cJSON_ArrayForEach(item, servers) {
    read_server(reading, item, &spec->servers[spec->n_servers++]);
  }
}

/* ---- Cases ---- */

static void select_cases(struct reading *reading, const char *name, bool value) {
  struct wspec_spec *spec = reading->spec;
  const cJSON *patterns = cJSON_GetObjectItemCaseSensitive(spec->file.root, name), *pattern;
  if (!cJSON_IsArray(patterns)) {
    if (patterns || value) {
      wrong(reading, patterns ? patterns : spec->file.root,
            "\"cases\" and \"exclude-cases\" to be arrays of strings");
    }
    return;
  }
  cJSON_ArrayForEach(pattern, patterns) {
    if (!cJSON_IsString(pattern)) {
      wrong(reading, pattern, "a string");
    } else if (!wspec_pattern_select(pattern->valuestring, value, spec->selected) && value) {
      wspec_json_file_complain(&spec->file, reading->diag, pattern,
                               "'%s' names no case; it is ignored", pattern->valuestring);
    }
  }
}

static void read_agent_excludes(struct reading *reading) {
  const cJSON *agents =
      cJSON_GetObjectItemCaseSensitive(reading->spec->file.root, "exclude-agent-cases");
  const cJSON *agent, *pattern;
  if (agents && !cJSON_IsObject(agents)) {
    wrong(reading, agents, "an object of arrays of strings");
    return;
  }
  cJSON_ArrayForEach(agent, agents) {
    cJSON_ArrayForEach(pattern, agent) {
      if (!cJSON_IsString(pattern)) {
        wrong(reading, pattern, "a string");
      }
    }
    if (!cJSON_IsArray(agent)) {
      wrong(reading, agent, "an array of strings");
    }
  }
  reading->spec->agent_excludes = agents;
}

bool wspec_spec_excludes(const struct wspec_spec *spec, const char *agent, const char *number) {
  const cJSON *patterns, *pattern;
  cJSON_ArrayForEach(patterns, spec->agent_excludes) {
    if (!wspec_pattern_matches(patterns->string, agent, true)) {
      continue;
    }
    cJSON_ArrayForEach(pattern, patterns) {
      if (wspec_pattern_matches(pattern->valuestring, number, true)) {
        return true;
      }
    }
  }
  return false;
}

/* ---- The whole ---- */

static void read_webport(struct reading *reading) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(reading->spec->file.root, "webport");
  if (!item || cJSON_IsNull(item)) {
    return;
  }
  if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= UINT16_MAX)) {
    wrong(reading, item, "a port, from 0 to 65535");
    return;
  }
  reading->spec->webport = (uint16_t)item->valuedouble;
  reading->spec->has_webport = true;
}

enum wspec_err wspec_spec_load(struct wspec_spec *spec, const char *path, enum wspec_spec_role role,
                               struct wspec_diag *diag) {
  *spec = (struct wspec_spec){.outdir = NULL};
  struct reading reading = {.spec = spec, .diag = diag};
  enum wspec_err err = wspec_json_file_load(&spec->file, path, diag);
  if (err) {
    return err;
  }
  const cJSON *root = spec->file.root;
  if (!cJSON_IsObject(root)) {
    wrong(&reading, root, "an object");
    return reading.err;
  }
  const char *outdir = text_member(&reading, root, "outdir");
  spec->outdir = outdir                      ? outdir
                 : role == WSPEC_SPEC_CLIENT ? "./reports/servers/"
                                             : "./reports/clients/";
  select_cases(&reading, "cases", true);
  select_cases(&reading, "exclude-cases", false);
  for (size_t i = 0; i < WSPEC_N_NUMBERS; i++) {
    spec->n_selected += spec->selected[i];
  }
  read_agent_excludes(&reading);
  if (role == WSPEC_SPEC_CLIENT) {
    read_servers(&reading);
  } else {
    spec->url = text_member(&reading, root, "url");
    spec->key = text_member(&reading, root, "key");
    spec->cert = text_member(&reading, root, "cert");
    spec->protocols = list_member(&reading, root, "protocols");
    read_webport(&reading);
    struct wspec_spec_server ignored = {.url = NULL};
    read_options(&reading, root, &ignored);
    if (!spec->url && !reading.err) {
      wrong(&reading, root, "a \"url\"");
    }
  }
  return diag->out_of_memory ? WSPEC_ERR_NOMEM : reading.err;
}

void wspec_spec_clear(struct wspec_spec *spec) {
  for (size_t i = 0; i < spec->n_servers; i++) {
    free(spec->servers[i].protocols);
  }
  free(spec->servers);
  free(spec->protocols);
  wspec_json_file_clear(&spec->file);
  *spec = (struct wspec_spec){.outdir = NULL};
}
