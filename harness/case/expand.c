#include "case/expand.h"

#include <string.h>

#define RANGE_MAX (UINT64_C(1) << 53)

static bool is_name(const char *text) {
  return text[0] >= 'a' && text[0] <= 'z' &&
         text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static void load_range(struct wspec_reader *reader, const cJSON *item, struct wspec_param *out) {
  static const char *const members[] = {"from", "to", "step"};
  const cJSON *object = wspec_reader_object(reader, item, members, 3);
  const cJSON *from = wspec_reader_member(object, "from");
  const cJSON *to = wspec_reader_member(object, "to");
  const cJSON *step = wspec_reader_member(object, "step");
  if (!from || !to) {
    wspec_reader_complain(reader, item, "expected \"from\" and \"to\"");
    return;
  }
  out->from = wspec_reader_uint(reader, from, 0, RANGE_MAX);
  out->step = step ? wspec_reader_uint(reader, step, 1, RANGE_MAX) : 1;
  uint64_t last = wspec_reader_uint(reader, to, out->from, RANGE_MAX);
  out->n_values = (last - out->from) / out->step + 1;
}

static void check_value(struct wspec_reader *reader, const cJSON *value) {
  if (cJSON_IsObject(value)) {
    const cJSON *name = wspec_reader_member(value, "name");
    if (!cJSON_IsString(name)) {
      wspec_reader_complain(reader, name ? name : value,
                            "a value that is an object needs a \"name\", which is text");
    }
  } else if (cJSON_IsArray(value) || cJSON_IsNull(value)) {
    wspec_reader_expected(reader, value, "a string, a number, true, false or an object");
  }
}

static void load_values(struct wspec_reader *reader, const cJSON *item, struct wspec_param *out) {
  const cJSON *value;
  int n = wspec_reader_array(reader, item, 1, &value);
  if (n < 0) {
    return;
  }
  const cJSON **values = wspec_reader_alloc(reader, (size_t)n, sizeof *values);
  if (!values) {
    return;
  }
  out->values = values;
  for (; value; value = value->next) {
    check_value(reader, value);
    values[out->n_values++] = value;
  }
}

static void load_param(struct wspec_reader *reader, const cJSON *item, struct wspec_param *out) {
  out->name = item->string;
  if (!is_name(item->string)) {
    wspec_reader_complain(reader, item,
                          "a parameter's name begins with a-z and has only a-z, 0-9 and _");
  }
  if (cJSON_IsArray(item)) {
    load_values(reader, item, out);
  } else if (cJSON_IsObject(item)) {
    load_range(reader, item, out);
  } else {
    wspec_reader_expected(reader, item, "an array of values, or {\"from\": …, \"to\": …}");
  }
}

void wspec_expansion_load(struct wspec_reader *reader, const cJSON *item,
                          struct wspec_expansion *out) {
  size_t mistakes = reader->diag->n_messages;
  *out = (struct wspec_expansion){.n_combinations = 1};
  if (item && !cJSON_IsObject(item)) {
    wspec_reader_expected(reader, item, "an object of parameters");
    item = NULL;
  }
  for (const cJSON *param = item ? item->child : NULL; param; param = param->next) {
    if (out->n_params == WSPEC_CASE_PARAMS_MAX) {
      wspec_reader_complain(reader, param, "more than %d parameters", WSPEC_CASE_PARAMS_MAX);
      break;
    }
    struct wspec_param *slot = &out->params[out->n_params++];
    load_param(reader, param, slot);
    if (slot->n_values > WSPEC_COMBINATIONS_MAX / out->n_combinations) {
      wspec_reader_complain(reader, param, "more than %d combinations of parameters",
                            WSPEC_COMBINATIONS_MAX);
      break;
    }
    out->n_combinations *= slot->n_values > 0 ? slot->n_values : 1;
  }
  if (reader->diag->n_messages > mistakes || reader->out_of_memory) {
    out->n_combinations = 0;
  }
}

void wspec_expansion_bind(struct wspec_reader *reader, struct wspec_expansion *expansion,
                          uint64_t index) {
  reader->n_bindings = expansion->n_params;
  for (size_t i = expansion->n_params; i-- > 0;) {
    struct wspec_param *param = &expansion->params[i];
    uint64_t value = index % param->n_values;
    index /= param->n_values;
    if (!param->values) {
      param->number =
          (cJSON){.type = cJSON_Number, .valuedouble = (double)(param->from + value * param->step)};
    }
    reader->bindings[i] =
        (struct wspec_binding){param->name, param->values ? param->values[value] : &param->number};
  }
}
