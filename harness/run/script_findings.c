#include "run/script_findings.h"

#include "base/buf.h"
#include "case/json_file.h"

#include <stdlib.h>
#include <string.h>

static const char SHAPE[] =
    "expected {\"findings\": [{\"message\": TEXT, \"requirement\"?, \"rank\"?, \"expected\"?, "
    "\"seen\"?}...], \"skip\"?: TEXT}";

/* ---- Members ---- */

/* True: `object` has no members but these. */
static bool has_only(const cJSON *object, const char *const *names, size_t n_names) {
  for (const cJSON *member = object->child; member; member = member->next) {
    size_t i = 0;
    while (i < n_names && strcmp(names[i], member->string) != 0) {
      i++;
    }
    if (i == n_names) {
      return false;
    }
  }
  return true;
}

static bool is_text_or_absent(const cJSON *item) {
  return !item || cJSON_IsString(item);
}

/* A control character of C1, as UTF-8: some terminals obey those, too. */
static bool is_c1(const uint8_t *octets) {
  return octets[0] == 0xc2 && octets[1] >= 0x80 && octets[1] <= 0x9f;
}

/* A copy of a text that whoever reads the report can be shown. It is valid UTF-8 before and stays
 * so where it is cut. */
static enum wspec_err copy_text(const cJSON *item, char **out) {
  struct wspec_buf buf;
  size_t len = item ? strlen(item->valuestring) : 0;
  *out = NULL;
  if (!item) {
    return WSPEC_OK;
  }
  if (len > WSPEC_SCRIPT_TEXT_MAX) {
    len = WSPEC_SCRIPT_TEXT_MAX;
    while (len > 0 && ((uint8_t)item->valuestring[len] & 0xc0) == 0x80) {
      len--;
    }
  }
  wspec_buf_init(&buf, WSPEC_SCRIPT_TEXT_MAX);
  enum wspec_err err = wspec_buf_append(&buf, item->valuestring, len);
  for (size_t i = 0; i < len && !err; i++) {
    if (buf.data[i] < 0x20 || buf.data[i] == 0x7f) {
      buf.data[i] = '?';
    } else if (i + 1 < len && is_c1(buf.data + i)) {
      buf.data[i] = buf.data[i + 1] = '?';
    }
  }
  *out = err ? NULL : wspec_buf_take_text(&buf);
  wspec_buf_clear(&buf);
  return *out ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

/* ---- One finding ---- */

static const struct wspec_requirement *requirement_of(const struct wspec_script *script,
                                                      const cJSON *item) {
  for (size_t i = 0; i < script->n_requirements; i++) {
    if (!item || strcmp(script->requirements[i]->id, item->valuestring) == 0) {
      return script->requirements[i];
    }
  }
  return NULL;
}

static enum wspec_verdict verdict_of(const struct wspec_requirement *requirement,
                                     const cJSON *rank) {
  static const enum wspec_verdict by_level[] = {[WSPEC_LEVEL_MUST] = WSPEC_VERDICT_FAIL,
                                                [WSPEC_LEVEL_SHOULD] = WSPEC_VERDICT_WARN,
                                                [WSPEC_LEVEL_MAY] = WSPEC_VERDICT_INFO};
  enum wspec_verdict verdict = by_level[requirement->level];
  if (rank) {
    enum wspec_verdict softer =
        strcmp(rank->valuestring, "info") == 0 ? WSPEC_VERDICT_INFO : WSPEC_VERDICT_WARN;
    verdict = softer < verdict ? softer : verdict;
  }
  return verdict;
}

static const char *check_finding(const struct wspec_script *script, const cJSON *item) {
  static const char *const names[] = {"requirement", "rank", "message", "expected", "seen"};
  if (!cJSON_IsObject(item) || !has_only(item, names, sizeof names / sizeof names[0])) {
    return SHAPE;
  }
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!is_text_or_absent(cJSON_GetObjectItemCaseSensitive(item, names[i]))) {
      return SHAPE;
    }
  }
  const cJSON *rank = cJSON_GetObjectItemCaseSensitive(item, "rank");
  if (!cJSON_GetObjectItemCaseSensitive(item, "message")) {
    return SHAPE;
  }
  if (rank && strcmp(rank->valuestring, "info") != 0 && strcmp(rank->valuestring, "warn") != 0) {
    return "\"rank\" is \"info\" or \"warn\"";
  }
  if (!requirement_of(script, cJSON_GetObjectItemCaseSensitive(item, "requirement"))) {
    return "\"requirement\" is none of the case's own";
  }
  return NULL;
}

static enum wspec_err add_finding(struct wspec_result *result, const cJSON *item) {
  const struct wspec_requirement *requirement =
      requirement_of(result->script, cJSON_GetObjectItemCaseSensitive(item, "requirement"));
  struct wspec_finding finding = {
      .verdict = verdict_of(requirement, cJSON_GetObjectItemCaseSensitive(item, "rank")),
      .requirement = requirement->id,
      .level = requirement->keyword,
      .offset = WSPEC_OFFSET_NONE,
  };
  enum wspec_err err =
      copy_text(cJSON_GetObjectItemCaseSensitive(item, "message"), &finding.message);
  err =
      err ? err : copy_text(cJSON_GetObjectItemCaseSensitive(item, "expected"), &finding.expected);
  err = err ? err : copy_text(cJSON_GetObjectItemCaseSensitive(item, "seen"), &finding.seen);
  err = err ? err : wspec_result_add(result, &finding);
  free(finding.message);
  free(finding.expected);
  free(finding.seen);
  return err;
}

/* ---- All of them ---- */

static const char *check_all(const struct wspec_script *script, const cJSON *root) {
  static const char *const names[] = {"findings", "skip"};
  const cJSON *findings = cJSON_GetObjectItemCaseSensitive(root, "findings");
  const cJSON *item;
  if (!cJSON_IsObject(root) || !has_only(root, names, 2) || !cJSON_IsArray(findings) ||
      !is_text_or_absent(cJSON_GetObjectItemCaseSensitive(root, "skip"))) {
    return SHAPE;
  }
  if (cJSON_GetArraySize(findings) > WSPEC_SCRIPT_FINDINGS_MAX) {
    return "there are more than 32 findings";
  }
  cJSON_ArrayForEach(item, findings) {
    const char *why = check_finding(script, item);
    if (why) {
      return why;
    }
  }
  return NULL;
}

static enum wspec_err add_all(struct wspec_result *result, const cJSON *root) {
  const cJSON *skip = cJSON_GetObjectItemCaseSensitive(root, "skip");
  const cJSON *item;
  enum wspec_err err = WSPEC_OK;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "findings")) {
    err = err ? err : add_finding(result, item);
  }
  if (!err && skip && result->n_findings == 0) {
    char *reason;
    err = copy_text(skip, &reason);
    if (!err) {
      wspec_result_skip(result, reason);
    }
    free(reason);
  }
  wspec_result_conclude(result);
  return err;
}

enum wspec_err wspec_script_findings_read(struct wspec_span octets, struct wspec_result *result,
                                          const char **why) {
  struct wspec_json_file file;
  struct wspec_diag diag;
  *why = NULL;
  wspec_diag_init(&diag);
  enum wspec_err err = wspec_json_file_parse(&file, "findings", octets, &diag);
  if (err == WSPEC_ERR_INPUT) {
    *why = "the findings are not JSON";
  } else if (!err) {
    *why = check_all(result->script, file.root);
    err = *why ? WSPEC_ERR_INPUT : add_all(result, file.root);
  }
  wspec_json_file_clear(&file);
  wspec_diag_clear(&diag);
  return err;
}
