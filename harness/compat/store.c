#include "compat/store.h"

#include "base/buf.h"
#include "compat/html.h"
#include "compat/outcome.h"
#include "compat/python_json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_LEN_MAX = 8192 };

enum wspec_err wspec_store_init(struct wspec_store *store) {
  *store = (struct wspec_store){.agents = cJSON_CreateObject()};
  return store->agents ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

void wspec_store_clear(struct wspec_store *store) {
  cJSON_Delete(store->agents);
  *store = (struct wspec_store){.agents = NULL};
}

enum wspec_err wspec_store_add(struct wspec_store *store, const char *agent, const char *number,
                               struct cJSON *outcome, bool keep_worse) {
  cJSON *cases = cJSON_GetObjectItemCaseSensitive(store->agents, agent);
  if (!cases) {
    cases = cJSON_AddObjectToObject(store->agents, agent);
  }
  const cJSON *old = cJSON_GetObjectItemCaseSensitive(cases, number);
  if (old && keep_worse && !wspec_outcome_is_worse(outcome, old)) {
    cJSON_Delete(outcome);
    return WSPEC_OK;
  }
  cJSON_DeleteItemFromObjectCaseSensitive(cases, number);
  if (!cases || !cJSON_AddItemToObject(cases, number, outcome)) {
    cJSON_Delete(outcome);
    return WSPEC_ERR_NOMEM;
  }
  return WSPEC_OK;
}

const struct cJSON *wspec_store_find(const struct wspec_store *store, const char *agent,
                                     const char *number) {
  return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(store->agents, agent),
                                          number);
}

/* ---- Names of files ---- */

static bool is_plain(char octet) {
  return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9');
}

/* Lower case; at both ends what is no letter or digit is dropped, elsewhere each octet of it is an
 * underscore. */
static char *clean_agent(const char *agent, size_t *len) {
  char *clean = strdup(agent);
  if (!clean) {
    return NULL;
  }
  for (char *at = clean; *at; at++) {
    if (*at >= 'A' && *at <= 'Z') {
      *at = (char)(*at - 'A' + 'a');
    }
    if (!is_plain(*at)) {
      *at = '_';
    }
  }
  size_t start = strspn(clean, "_");
  *len = strlen(clean + start);
  memmove(clean, clean + start, *len + 1);
  while (*len > 0 && clean[*len - 1] == '_') {
    clean[--*len] = '\0';
  }
  return clean;
}

char *wspec_store_file_name(const char *agent, const char *number, const char *extension) {
  size_t len;
  char *clean = clean_agent(agent, &len);
  size_t size = len + strlen(number) + strlen(extension) + 8;
  char *name = clean ? malloc(size) : NULL;
  if (name) {
    (void)snprintf(name, size, "%s_case_%s", clean, number);
    for (char *at = name + len; *at; at++) {
      *at = *at == '.' ? '_' : *at;
    }
    size_t end = strlen(name);
    (void)snprintf(name + end, size - end, ".%s", extension);
  }
  free(clean);
  return name;
}

/* ---- Files ---- */

/* Files while they are written: the first that failed is kept. */
struct writing {
  struct wspec_store *store;
  const char *outdir;
  char *failed_path;
  int failed_errno;
  bool out_of_memory;
};

static void fail(struct writing *writing, const char *path) {
  if (!writing->failed_path) {
    writing->failed_errno = errno;
    writing->failed_path = strdup(path);
    writing->out_of_memory = writing->out_of_memory || !writing->failed_path;
  }
}

static void make_directories(struct writing *writing) {
  char path[PATH_LEN_MAX];
  int len = snprintf(path, sizeof path, "%s/", writing->outdir);
  if (len < 0 || (size_t)len >= sizeof path) {
    errno = ENAMETOOLONG;
    fail(writing, writing->outdir);
    return;
  }
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
      fail(writing, path);
      return;
    }
    *slash = '/';
  }
}

static FILE *open_file(struct writing *writing, const char *name, char path[PATH_LEN_MAX]) {
  int len = snprintf(path, PATH_LEN_MAX, "%s/%s", writing->outdir, name);
  FILE *file = NULL;
  errno = ENAMETOOLONG;
  if (len > 0 && len < PATH_LEN_MAX) {
    file = fopen(path, "w");
  }
  if (!file) {
    fail(writing, path);
  }
  return file;
}

static void close_file(struct writing *writing, FILE *file, const char *path, bool is_whole) {
  is_whole = !ferror(file) && is_whole;
  if (fclose(file) != 0 || !is_whole) {
    fail(writing, path);
  }
}

static void write_json(struct writing *writing, const char *name, cJSON *value) {
  char path[PATH_LEN_MAX];
  FILE *file = open_file(writing, name, path);
  if (file) {
    close_file(writing, file, path, wspec_python_json_write(file, value) == WSPEC_OK);
  }
}

/* The five members of an outcome that the index has. */
static cJSON *index_entry(const cJSON *outcome, const char *report_file) {
  static const char *const names[] = {"behavior", "behaviorClose", "duration", "remoteCloseCode"};
  cJSON *entry = cJSON_CreateObject();
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(outcome, names[i]);
    cJSON_AddItemToObject(entry, names[i], cJSON_Duplicate(member, false));
  }
  if (!cJSON_AddStringToObject(entry, "reportfile", report_file)) {
    cJSON_Delete(entry);
    return NULL;
  }
  return entry;
}

static void write_case(struct writing *writing, const char *agent, cJSON *outcome, cJSON *entries) {
  char *json_name = wspec_store_file_name(agent, outcome->string, "json");
  char *html_name = wspec_store_file_name(agent, outcome->string, "html");
  cJSON *entry = json_name && html_name ? index_entry(outcome, json_name) : NULL;
  if (!entry || !cJSON_AddItemToObject(entries, outcome->string, entry)) {
    cJSON_Delete(entry);
    writing->out_of_memory = true;
  } else {
    char path[PATH_LEN_MAX];
    write_json(writing, json_name, outcome);
    FILE *file = open_file(writing, html_name, path);
    if (file) {
      wspec_html_case(file, outcome);
      close_file(writing, file, path, true);
    }
  }
  free(json_name);
  free(html_name);
}

static void write_index(struct writing *writing, cJSON *index) {
  char path[PATH_LEN_MAX];
  FILE *file = open_file(writing, "index.html", path);
  if (file) {
    wspec_html_index(file, writing->store);
    close_file(writing, file, path, true);
  }
  write_json(writing, "index.json", index);
}

enum wspec_err wspec_store_write(struct wspec_store *store, const char *outdir, char **path) {
  struct writing writing = {.store = store, .outdir = outdir};
  *path = NULL;
  make_directories(&writing);
  cJSON *index = writing.failed_path ? NULL : cJSON_CreateObject();
  cJSON *agent, *outcome;
  const cJSON *agents = index ? store->agents : NULL;
  cJSON_ArrayForEach(agent, agents) {
    cJSON *entries = cJSON_AddObjectToObject(index, agent->string);
    cJSON_ArrayForEach(outcome, agent) {
      write_case(&writing, agent->string, outcome, entries);
    }
  }
  if (index) {
    write_index(&writing, index); /* the last: who sees it finds all others */
  }
  cJSON_Delete(index);
  errno = writing.failed_errno;
  *path = writing.failed_path;
  if (writing.out_of_memory) {
    return WSPEC_ERR_NOMEM;
  }
  return writing.failed_path ? WSPEC_ERR_IO : WSPEC_OK;
}
