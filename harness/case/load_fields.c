#include "case/load_parts.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void load_field_rule(struct wspec_reader *reader, const cJSON *item, const char *name,
                            struct wspec_field_rule *out) {
  static const char *const words[] = {"present", "absent", "once"};
  static const enum wspec_field_rule_kind kinds[] = {WSPEC_FIELD_PRESENT, WSPEC_FIELD_ABSENT,
                                                     WSPEC_FIELD_ONCE};
  static const char *const members[] = {"is", "token", "equals", "no_token", "requirement"};
  static const enum wspec_field_rule_kind by_member[] = {WSPEC_FIELD_PRESENT, WSPEC_FIELD_TOKEN,
                                                         WSPEC_FIELD_EQUALS, WSPEC_FIELD_NO_TOKEN};
  const cJSON *word = item;
  const cJSON *object = NULL;
  out->name = name;
  if (!cJSON_IsString(wspec_reader_resolve(reader, item))) {
    object = wspec_reader_object(reader, item, members, COUNT(members));
    int kind = object ? wspec_reader_one_of(reader, object, members, 4) : -1;
    if (kind < 0) {
      return;
    }
    word = kind == 0 ? wspec_reader_member(object, "is") : NULL;
    if (kind > 0) {
      out->kind = by_member[kind];
      out->value = wspec_reader_text(reader, wspec_reader_member(object, members[kind]));
    }
  }
  if (word) {
    int index = wspec_reader_choice(reader, word, words, COUNT(words));
    out->kind = index < 0 ? WSPEC_FIELD_PRESENT : kinds[index];
  }
  const cJSON *requirement = object ? wspec_reader_member(object, "requirement") : NULL;
  out->requirement = requirement ? wspec_reader_requirement(reader, requirement) : NULL;
}

static size_t count_rules(struct wspec_reader *reader, const cJSON *object) {
  size_t n = 0;
  for (const cJSON *member = object->child; member; member = member->next) {
    const cJSON *value = wspec_reader_resolve(reader, member);
    n += cJSON_IsArray(value) ? (size_t)cJSON_GetArraySize(value) : 1;
  }
  return n;
}

/* A name has one rule or an array of them. */
void wspec_load_field_rules(struct wspec_reader *reader, const cJSON *item,
                            struct wspec_alternative *out) {
  const cJSON *object = wspec_reader_resolve(reader, item);
  if (!cJSON_IsObject(object)) {
    wspec_reader_expected(reader, item, "an object of field names");
    return;
  }
  out->fields = wspec_reader_alloc(reader, count_rules(reader, object), sizeof *out->fields);
  if (!out->fields) {
    return;
  }
  for (const cJSON *member = object->child; member; member = member->next) {
    const cJSON *value = wspec_reader_resolve(reader, member);
    if (!cJSON_IsArray(value)) {
      load_field_rule(reader, member, member->string, &out->fields[out->n_fields++]);
      continue;
    }
    for (const cJSON *rule = value->child; rule; rule = rule->next) {
      load_field_rule(reader, rule, member->string, &out->fields[out->n_fields++]);
    }
  }
}
