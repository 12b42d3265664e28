#include "case/lint_rules.h"

#include "case/read_file.h"

#include <stdlib.h>
#include <string.h>

enum { MODULE_MAX = 1024 * 1024, PATH_LEN_MAX = 4096, NAME_LEN_MAX = 100 };

static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$";

/* ---- The module ---- */

/* Returns the text of the module beside `file`, or NULL. */
static char *read_module(const char *file) {
  static const char suffix[] = ".json";
  struct wspec_buf path;
  struct wspec_buf text;
  const char *reason;
  size_t len = strlen(file);
  len -= len >= sizeof suffix && strcmp(file + len - (sizeof suffix - 1), suffix) == 0
             ? sizeof suffix - 1
             : 0;
  wspec_buf_init(&path, PATH_LEN_MAX);
  wspec_buf_init(&text, MODULE_MAX);
  enum wspec_err err = wspec_buf_appendf(&path, "%.*s.mjs", (int)len, file);
  char *name = err ? NULL : wspec_buf_take_text(&path);
  err = name ? wspec_read_file(name, &text, &reason) : WSPEC_ERR_NOMEM;
  char *module = err ? NULL : wspec_buf_take_text(&text);
  free(name);
  wspec_buf_clear(&path);
  wspec_buf_clear(&text);
  return module;
}

/* Returns the name of the next exported function from `at` on, `*len` letters of it, or NULL. */
static const char *next_function(const char *at, size_t *len) {
  static const char *const words[] = {"\nexport function ", "\nexport async function "};
  const char *first = NULL;
  for (size_t i = 0; i < 2; i++) {
    const char *found = strstr(at, words[i]);
    const char *name = found ? found + strlen(words[i]) : NULL;
    first = name && (!first || name < first) ? name : first;
  }
  *len = first ? strspn(first, LETTERS) : 0;
  return first;
}

static bool is_name(const char *name, size_t len, const char *text) {
  return strlen(text) == len && strncmp(name, text, len) == 0;
}

/* ---- The rules ---- */

static bool is_exported(const char *module, const char *function) {
  size_t len;
  for (const char *at = next_function(module, &len); at; at = next_function(at, &len)) {
    if (is_name(at, len, function)) {
      return true;
    }
  }
  return false;
}

static bool is_called(const struct wspec_linter *linter, const char *name, size_t len) {
  const struct wspec_case_set *set = linter->set;
  for (size_t i = 0; i < set->n_scripts; i++) {
    const struct wspec_script *script = &set->scripts[i];
    if (script->call && script->file == linter->script->file &&
        is_name(name, len, script->call->function)) {
      return true;
    }
  }
  return false;
}

static void lint_functions(struct wspec_linter *linter) {
  size_t len;
  for (const char *at = next_function(linter->module, &len); at; at = next_function(at, &len)) {
    if (len <= NAME_LEN_MAX && !is_called(linter, at, len)) {
      wspec_linter_tell(linter, WSPEC_LINT_UNUSED_FUNCTION, NULL, "no case of its file calls %.*s",
                        (int)len, at);
    }
  }
}

void wspec_lint_call(struct wspec_linter *linter) {
  const struct wspec_script *script = linter->script;
  if (!script->call) {
    return;
  }
  if (linter->module_of != script->file) {
    free(linter->module);
    linter->module = read_module(script->file);
    linter->module_of = script->file;
    if (linter->module) {
      lint_functions(linter);
    }
  }
  if (!linter->module) {
    wspec_linter_tell(linter, WSPEC_LINT_NO_FUNCTION, NULL,
                      "there is no module beside its file, under the same name and .mjs");
  } else if (!is_exported(linter->module, script->call->function)) {
    wspec_linter_tell(linter, WSPEC_LINT_NO_FUNCTION, NULL,
                      "the module beside its file exports no function %s", script->call->function);
  }
}
