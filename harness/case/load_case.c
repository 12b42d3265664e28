#include "case/expand.h"
#include "case/load_parts.h"
#include "case/store.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { ID_MAX = 120 };

static const char SCHEMA[] = "wspec-cases/1";

/* ---- The head of a file ---- */

static bool is_spec(const char *text) {
  if (strncmp(text, "rfc", 3) == 0) {
    return strlen(text) == 7 && strspn(text + 3, "0123456789") == 4;
  }
  return strcmp(text, "robustness") == 0 || strcmp(text, "api") == 0;
}

static bool is_id(const char *text) {
  size_t len = strlen(text);
  return len > 0 && len <= ID_MAX && text[0] != '.' && text[0] != '-' &&
         strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len;
}

static const char *load_head_text(struct wspec_reader *reader, const cJSON *root,
                                  const char *name) {
  const cJSON *item = wspec_reader_member(root, name);
  if (!item) {
    wspec_reader_complain(reader, root, "expected a member \"%s\"", name);
    return NULL;
  }
  return wspec_reader_text(reader, item);
}

static bool load_file_head(struct wspec_reader *reader, const cJSON *root,
                           struct wspec_file_head *out) {
  static const char *const members[] = {"schema", "spec", "section", "title", "cases"};
  if (!wspec_reader_object(reader, root, members, COUNT(members))) {
    return false;
  }
  const char *schema = load_head_text(reader, root, "schema");
  const cJSON *title = wspec_reader_member(root, "title");
  out->spec = load_head_text(reader, root, "spec");
  out->section = load_head_text(reader, root, "section");
  if (schema && strcmp(schema, SCHEMA) != 0) {
    wspec_reader_expected(reader, wspec_reader_member(root, "schema"),
                          "\"wspec-cases/1\", the only one that this version reads");
  }
  if (title) {
    (void)wspec_reader_text(reader, title);
  }
  if (out->spec && !is_spec(out->spec)) {
    wspec_reader_expected(reader, wspec_reader_member(root, "spec"),
                          "\"rfc\" and four digits, \"robustness\" or \"api\"");
    return false;
  }
  if (out->section && !is_id(out->section)) {
    wspec_reader_expected(reader, wspec_reader_member(root, "section"),
                          "a section: a-z, 0-9, '.' and '-'");
    return false;
  }
  if (out->spec) {
    out->number = strncmp(out->spec, "rfc", 3) == 0 ? out->spec + 3 : out->spec;
  }
  return out->spec && out->section;
}

/* ---- Members of a case ---- */

static const char **load_texts(struct wspec_reader *reader, const cJSON *item, size_t *n_out) {
  const cJSON *element = NULL;
  *n_out = 0;
  if (!item || wspec_reader_array(reader, item, 0, &element) < 1) {
    return NULL;
  }
  const char **texts = wspec_reader_alloc(
      reader, (size_t)cJSON_GetArraySize(wspec_reader_resolve(reader, item)), sizeof *texts);
  for (; element && texts; element = element->next) {
    texts[(*n_out)++] = wspec_reader_text(reader, element);
  }
  return texts;
}

static void load_requirements(struct wspec_reader *reader, const cJSON *object, bool may_be_empty) {
  struct wspec_script *script = reader->script;
  const cJSON *item = wspec_reader_member(object, "requirements");
  const cJSON *element = NULL;
  if (!item && !may_be_empty) {
    wspec_reader_complain(reader, object, "expected a member \"requirements\"");
  }
  int n = item ? wspec_reader_array(reader, item, may_be_empty ? 0 : 1, &element) : 0;
  if (n < 1) {
    return;
  }
  script->requirements = wspec_reader_alloc(reader, (size_t)n, sizeof *script->requirements);
  for (; element && script->requirements; element = element->next) {
    script->requirements[script->n_requirements++] = wspec_reader_requirement(reader, element);
  }
}

static void load_needs(struct wspec_reader *reader, const cJSON *item) {
  /* By the bits of enum wspec_need. */
  static const char *const needs[] = {"echo", "subprotocol", "deflate", "tls", "origin-policy"};
  const cJSON *element;
  (void)wspec_reader_array(reader, item, 0, &element);
  for (; element; element = element->next) {
    int index = wspec_reader_choice(reader, element, needs, COUNT(needs));
    reader->script->needs |= index < 0 ? 0 : 1U << index;
  }
}

static const char *load_full_id(struct wspec_reader *reader, const struct wspec_file_head *head,
                                const cJSON *item) {
  const char *id = wspec_reader_text(reader, item);
  if (!id) {
    return NULL;
  }
  if (!is_id(id)) {
    wspec_reader_complain(reader, item,
                          "\"%s\" is no id: expected a-z, 0-9, '.' and '-', beginning with a "
                          "letter or digit, at most %d",
                          id, ID_MAX);
    return NULL;
  }
  size_t len = strlen(head->number) + strlen(head->section) + strlen(id) + 3;
  char *full = wspec_reader_alloc(reader, len, 1);
  if (full) {
    (void)snprintf(full, len, "%s/%s/%s", head->number, head->section, id);
  }
  return full;
}

/* FNV-1a: the same on every machine, as reports of two machines are compared. */
static uint64_t hash_text(const char *text) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *text; text++) {
    hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
  }
  return hash;
}

static void load_optional(struct wspec_reader *reader, const cJSON *object) {
  static const char *const targets[] = {"any", "server", "client"};
  struct wspec_script *script = reader->script;
  const cJSON *comment = wspec_reader_member(object, "comment");
  const cJSON *target = wspec_reader_member(object, "target");
  const cJSON *needs = wspec_reader_member(object, "needs");
  const cJSON *exhaustive = wspec_reader_member(object, "exhaustive");
  const cJSON *alone = wspec_reader_member(object, "alone");
  const cJSON *uri = wspec_reader_member(object, "uri");
  script->comment = comment ? wspec_reader_text(reader, comment) : NULL;
  script->tags = load_texts(reader, wspec_reader_member(object, "tags"), &script->n_tags);
  script->autobahn =
      load_texts(reader, wspec_reader_member(object, "autobahn"), &script->n_autobahn);
  int index = target ? wspec_reader_choice(reader, target, targets, COUNT(targets)) : 0;
  script->target = index < 0 ? WSPEC_TARGET_ANY : (enum wspec_case_target)index;
  if (needs) {
    load_needs(reader, needs);
  }
  script->exhaustive = exhaustive && wspec_reader_bool(reader, exhaustive);
  script->alone = alone && wspec_reader_bool(reader, alone);
  script->uri = uri ? wspec_load_uri(reader, uri) : NULL;
}

void wspec_load_script_head(struct wspec_reader *reader, const struct wspec_file_head *head,
                            const cJSON *object) {
  struct wspec_script *script = reader->script;
  script->spec = head->spec;
  script->section = head->section;
  script->file = reader->file->path;
  script->place = wspec_json_file_place(reader->file, object);
  script->id = load_full_id(reader, head, wspec_reader_member(object, "id"));
  script->summary = wspec_reader_text(reader, wspec_reader_member(object, "summary"));
  reader->seed = script->id ? hash_text(script->id) : 0;
  reader->n_random = 0;
  load_requirements(reader, object, strcmp(head->spec, "robustness") == 0);
  load_optional(reader, object);
  const cJSON *call = wspec_reader_member(object, "call");
  if (strcmp(head->spec, "api") == 0) {
    script->target = WSPEC_TARGET_CLIENT;
    script->call = wspec_load_call(reader, call ? call : object);
  } else if (call) {
    wspec_reader_complain(reader, call, "\"call\" is for cases of the spec \"api\"");
  }
}

/* ---- Cases ---- */

static bool check_required(struct wspec_reader *reader, const cJSON *object) {
  static const char *const required[] = {"id", "summary", "steps"};
  bool all = true;
  for (size_t i = 0; i < COUNT(required); i++) {
    if (!wspec_reader_member(object, required[i])) {
      wspec_reader_complain(reader, object, "expected a member \"%s\"", required[i]);
      all = false;
    }
  }
  return all;
}

/* Without its parameter in it, an id would be that of many cases. */
static void check_params_in_id(struct wspec_reader *reader, const cJSON *id,
                               const struct wspec_expansion *expansion) {
  for (size_t i = 0; i < expansion->n_params && cJSON_IsString(id); i++) {
    const char *name = expansion->params[i].name;
    size_t len = strlen(name);
    const char *at = id->valuestring;
    bool found = false;
    while (!found && (at = strchr(at, '{')) != NULL) {
      at++;
      found = strncmp(at, name, len) == 0 && (at[len] == '}' || at[len] == '.');
    }
    if (!found) {
      wspec_reader_complain(reader, id, "the id lacks the parameter \"{%s}\"", name);
    }
  }
}

/* An id that is there already is a mistake of the file like any other. */
static enum wspec_err tell_twice(struct wspec_reader *reader, const cJSON *object,
                                 enum wspec_err err) {
  if (err == WSPEC_ERR_INPUT) {
    wspec_reader_complain(reader, wspec_reader_member(object, "id"),
                          "there is a case \"%s\" already", reader->script->id);
    return WSPEC_OK;
  }
  return err;
}

static bool is_wanted(const struct wspec_load_options *options, const struct wspec_script *script) {
  return !script->exhaustive ||
         (options->exhaustive && (!options->wants || options->wants(options->user, script)));
}

/* Where the combinations of one case go. */
struct destination {
  struct wspec_case_set *set;
  const struct wspec_load_options *options;
  struct wspec_family *family;
  bool later; /* none is held but for its id */
};

static enum wspec_err add_combination(const struct destination *to, struct wspec_reader *reader,
                                      uint64_t index) {
  enum wspec_err err = to->later
                           ? wspec_case_set_add_later(to->set, reader->script, to->family, index)
                           : wspec_case_set_add(to->set, reader->script);
  return tell_twice(reader, to->family->object, err);
}

/* Reads combination `index` and adds it to the set, if it is wanted. Of one that is not nothing is
 * kept, as there can be a hundred thousand; but the first is read whole, so that a mistake does not
 * wait for whoever asks for all. */
static enum wspec_err load_combination(const struct destination *to, struct wspec_reader *reader,
                                       uint64_t index) {
  const struct wspec_family *family = to->family;
  struct wspec_arena_mark mark = wspec_arena_mark(reader->arena);
  wspec_load_script_head(reader, family->head, family->object);
  if (index == 0 && !reader->out_of_memory) {
    wspec_load_steps(reader, wspec_reader_member(family->object, "steps"));
  }
  if (reader->out_of_memory || reader->failed) {
    return WSPEC_OK;
  }
  bool wanted = is_wanted(to->options, reader->script);
  if (index > 0 && wanted) {
    wspec_load_steps(reader, wspec_reader_member(family->object, "steps"));
  }
  to->set->n_exhaustive += !wanted;
  bool is_right = !reader->out_of_memory && !reader->failed;
  enum wspec_err err = wanted && is_right ? add_combination(to, reader, index) : WSPEC_OK;
  if (to->later || (index > 0 && !wanted)) {
    wspec_arena_rewind(reader->arena, mark);
  }
  return err;
}

/* Stops at the first combination with a mistake: the others would only repeat it. */
static enum wspec_err load_combinations(const struct destination *to, struct wspec_reader *reader,
                                        uint64_t n) {
  enum wspec_err err = WSPEC_OK;
  for (uint64_t i = 0; i < n && !err && !reader->out_of_memory && !reader->failed; i++) {
    struct wspec_script script = {0};
    reader->script = &script;
    wspec_expansion_bind(reader, &to->family->expansion, i);
    err = load_combination(to, reader, i);
  }
  reader->script = NULL;
  return reader->out_of_memory ? WSPEC_ERR_NOMEM : err;
}

/* Of those that are expanded later, each is read in the same place and forgotten. The place holds
 * something always, so that its first block stays. */
static enum wspec_err load_for_later(struct destination *to, struct wspec_reader *reader,
                                     uint64_t n) {
  struct wspec_case_store *store = to->set->store;
  struct wspec_arena *arena = reader->arena;
  struct wspec_family *kept = wspec_reader_alloc(reader, 1, sizeof *kept);
  if (!kept || (!store->scratch.blocks && !wspec_arena_alloc(&store->scratch, 1, 1))) {
    return WSPEC_ERR_NOMEM;
  }
  *kept = *to->family;
  to->family = kept;
  to->later = true;
  reader->arena = &store->scratch;
  enum wspec_err err = load_combinations(to, reader, n);
  reader->arena = arena;
  return err;
}

static enum wspec_err load_family(struct destination *to, struct wspec_reader *reader) {
  const struct wspec_load_options *options = to->options;
  bool exhaustive = cJSON_IsTrue(wspec_reader_member(to->family->object, "exhaustive"));
  uint64_t n = to->family->expansion.n_combinations;
  if (exhaustive && !options->exhaustive && n > 0) {
    to->set->n_exhaustive += (size_t)(n - 1);
    n = 1;
  }
  return exhaustive && options->exhaustive && options->expand_later
             ? load_for_later(to, reader, n)
             : load_combinations(to, reader, n);
}

static enum wspec_err load_case(struct wspec_case_set *set, struct wspec_reader *reader,
                                const struct wspec_file_head *head, const cJSON *item,
                                const struct wspec_load_options *options) {
  static const char *const members[] = {"id",     "each", "summary",  "comment", "requirements",
                                        "target", "tags", "autobahn", "needs",   "exhaustive",
                                        "alone",  "uri",  "call",     "steps"};
  struct wspec_family family = {
      .file = reader->file, .requirements = reader->requirements, .head = head};
  struct destination to = {.set = set, .options = options, .family = &family};
  reader->failed = false;
  reader->n_bindings = 0;
  family.object = wspec_reader_object(reader, item, members, COUNT(members));
  if (!family.object || !check_required(reader, family.object)) {
    return WSPEC_OK;
  }
  wspec_expansion_load(reader, wspec_reader_member(family.object, "each"), &family.expansion);
  check_params_in_id(reader, wspec_reader_member(family.object, "id"), &family.expansion);
  return load_family(&to, reader);
}

enum wspec_err wspec_load_cases(struct wspec_case_set *set, struct wspec_reader *reader,
                                const struct wspec_load_options *options) {
  const struct wspec_load_options none = {0};
  struct wspec_file_head *head = wspec_reader_alloc(reader, 1, sizeof *head);
  size_t before = reader->diag->n_messages;
  const cJSON *root = reader->file->root;
  const cJSON *item = NULL;
  bool right = head && load_file_head(reader, root, head);
  if (reader->out_of_memory) {
    return WSPEC_ERR_NOMEM;
  }
  if (right && !wspec_reader_member(root, "cases")) {
    wspec_reader_complain(reader, root, "expected a member \"cases\"");
  } else if (right) {
    (void)wspec_reader_array(reader, wspec_reader_member(root, "cases"), 1, &item);
  }
  for (; item; item = item->next) {
    enum wspec_err err = load_case(set, reader, head, item, options ? options : &none);
    if (err) {
      return err;
    }
  }
  return reader->diag->n_messages > before ? WSPEC_ERR_INPUT : WSPEC_OK;
}
