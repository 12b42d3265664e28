#include "compat/python_json.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 3 };

static bool is_number(const char *key) {
  return key[0] != '\0' && key[strspn(key, "0123456789")] == '\0';
}

/* Lengths and opcodes are numbers where the counting is done, and are sorted as such. */
static int compare_keys(const char *a, const char *b) {
  if (is_number(a) && is_number(b) && strlen(a) != strlen(b)) {
    return strlen(a) < strlen(b) ? -1 : 1;
  }
  return strcmp(a, b);
}

/* Merges two sorted lists into one. */
static cJSON *merge(cJSON *a, cJSON *b) {
  cJSON *head = NULL, **end = &head;
  while (a && b) {
    cJSON **from = compare_keys(b->string, a->string) < 0 ? &b : &a;
    *end = *from;
    end = &(*end)->next;
    *from = (*from)->next;
  }
  *end = a ? a : b;
  return head;
}

static cJSON *sort_list(cJSON *list, size_t n) {
  if (n < 2) {
    if (list) {
      list->next = NULL;
    }
    return list;
  }
  cJSON *half = list;
  for (size_t i = 0; i < n / 2; i++) {
    half = half->next;
  }
  cJSON *second = sort_list(half, n - n / 2);
  /* The first half is cut where the second began: sort_list ends its last item. */
  return merge(sort_list(list, n / 2), second);
}

static void sort_members(cJSON *object) {
  int n = cJSON_GetArraySize(object);
  if (n < 2) {
    return;
  }
  object->child = sort_list(object->child, (size_t)n);
  cJSON *before = NULL;
  for (cJSON *item = object->child; item; item = item->next) {
    item->prev = before;
    before = item;
  }
  object->child->prev = before; /* cJSON's way to the last item */
}

/* Takes one code point of UTF-8, which cJSON promises to be whole; an octet that is none counts as
 * U+FFFD. */
static uint32_t take_code_point(const unsigned char **text) {
  const unsigned char *octet = *text;
  unsigned more = octet[0] >= 0xf0 ? 3 : octet[0] >= 0xe0 ? 2 : octet[0] >= 0xc0 ? 1 : 0;
  static const uint8_t masks[] = {0x7f, 0x1f, 0x0f, 0x07};
  uint32_t value = octet[0] & masks[more];
  for (unsigned i = 1; i <= more; i++) {
    if ((octet[i] & 0xc0) != 0x80) {
      *text = octet + 1;
      return 0xfffd;
    }
    value = value << 6 | (octet[i] & 0x3f);
  }
  *text = octet + 1 + more;
  return value;
}

static void write_escaped(FILE *file, uint32_t value) {
  static const char specials[] = "\"\\\n\r\t\f\b", letters[] = "\"\\nrtfb";
  const char *special = value != 0 && value < 0x80 ? strchr(specials, (int)value) : NULL;
  if (special) {
    (void)fprintf(file, "\\%c", letters[special - specials]);
  } else if (value >= 0x20 && value < 0x7f) {
    (void)fputc((int)value, file);
  } else if (value == 0x7f) {
    (void)fputc(0x7f, file);
  } else if (value < 0x10000) {
    (void)fprintf(file, "\\u%04" PRIx32, value);
  } else {
    value -= 0x10000;
    (void)fprintf(file, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (value >> 10),
                  0xdc00 + (value & 0x3ff));
  }
}

static void write_text(FILE *file, const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  (void)fputc('"', file);
  while (*at) {
    write_escaped(file, take_code_point(&at));
  }
  (void)fputc('"', file);
}

static void write_number(FILE *file, double value) {
  if (floor(value) == value && fabs(value) < 9e15) {
    (void)fprintf(file, "%.0f", value);
  } else {
    (void)fprintf(file, "%.12g", value);
  }
}

static void write_value(FILE *file, cJSON *value, int depth);

static void write_members(FILE *file, cJSON *value, int depth) {
  bool is_object = cJSON_IsObject(value);
  (void)fputc(is_object ? '{' : '[', file);
  for (cJSON *item = value->child; item; item = item->next) {
    (void)fprintf(file, "\n%*s", INDENT * (depth + 1), "");
    if (is_object) {
      write_text(file, item->string);
      (void)fputs(": ", file);
    }
    write_value(file, item, depth + 1);
    (void)fputs(item->next ? "," : "", file);
  }
  if (value->child) {
    (void)fprintf(file, "\n%*s", INDENT * depth, "");
  }
  (void)fputc(is_object ? '}' : ']', file);
}

static void write_value(FILE *file, cJSON *value, int depth) {
  if (cJSON_IsObject(value)) {
    sort_members(value);
  }
  if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
    write_members(file, value, depth);
  } else if (cJSON_IsString(value)) {
    write_text(file, value->valuestring);
  } else if (cJSON_IsNumber(value)) {
    write_number(file, value->valuedouble);
  } else {
    (void)fputs(cJSON_IsTrue(value) ? "true" : cJSON_IsFalse(value) ? "false" : "null", file);
  }
}

enum wspec_err wspec_python_json_write(FILE *file, struct cJSON *value) {
  write_value(file, value, 0);
  return fflush(file) == 0 && !ferror(file) ? WSPEC_OK : WSPEC_ERR_IO;
}
