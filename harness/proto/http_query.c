/* Queries on a head that was read: fields by name, lists over several lines, oddities in words. */
#include "base/ascii.h"
#include "proto/http_head.h"
#include "proto/http_list.h"

/* Most names are written in the one usual way, which is found out fast. */
static bool is_same_name(const uint8_t *a, const uint8_t *b, size_t len) {
  return memcmp(a, b, len) == 0 ||
         wspec_ascii_equal_nocase(wspec_span_of(a, len), wspec_span_of(b, len));
}

const struct wspec_http_field *wspec__http_head_search(const struct wspec_http_head *head,
                                                       struct wspec_span name,
                                                       const struct wspec_http_field *after) {
  for (size_t i = after ? (size_t)(after - head->fields) + 1 : 0; i < head->n_fields; i++) {
    struct wspec_span other = head->fields[i].name;
    if (other.len == name.len && is_same_name(other.data, name.data, name.len)) {
      return &head->fields[i];
    }
  }
  return NULL;
}

size_t wspec_http_head_count(const struct wspec_http_head *head, const char *name) {
  size_t count = 0;
  const struct wspec_http_field *field = NULL;
  while ((field = wspec_http_head_find(head, name, field))) {
    count++;
  }
  return count;
}

void wspec_http_list_init(struct wspec_http_list *list, const struct wspec_http_head *head,
                          const char *name) {
  *list = (struct wspec_http_list){.head = head, .name = wspec_span_text(name)};
}

bool wspec_http_list_next(struct wspec_http_list *list, struct wspec_span *element) {
  for (;;) {
    if (!list->rest.data) {
      const struct wspec_http_field *next =
          wspec__http_head_find(list->head, list->name, list->field);
      if (!next) {
        return false;
      }
      list->field = next;
      list->rest = next->value;
    }
    *element = wspec_http_list_split(&list->rest);
    if (element->len > 0) {
      return true;
    }
    list->n_empty++;
  }
}

bool wspec_http_list_has_token(const struct wspec_http_head *head, const char *name,
                               const char *token) {
  struct wspec_http_list list;
  struct wspec_span element;
  struct wspec_span wanted = wspec_span_text(token);
  wspec_http_list_init(&list, head, name);
  while (wspec_http_list_next(&list, &element)) {
    if (wspec_ascii_equal_nocase(element, wanted)) {
      return true;
    }
  }
  return false;
}

/* What an oddity breaks; `response` is NULL where it is the same sentence as for a request. */
struct oddity_row {
  enum wspec_http_oddity oddity;
  const char *request;
  const char *response;
  const char *sentence;
};

static const struct oddity_row ODDITIES[] = {
    {WSPEC_HTTP_BARE_LF, "9112-2.1-01", NULL, "a line ends in LF without CR"},
    {WSPEC_HTTP_BARE_CR, "9112-2.2-03", NULL, "a CR stands without LF"},
    {WSPEC_HTTP_LEADING_EMPTY_LINE, "9112-2.2-06", "9112-2.1-01",
     "an empty line stands before the start line"},
    {WSPEC_HTTP_LEADING_SPACE, "9112-2.2-06", "9112-2.1-01",
     "white space stands between the start line and the first field line"},
    {WSPEC_HTTP_START_LINE_SPACE, "9110-2.2-01", "9112-4-01",
     "the words of the start line are not separated by single spaces"},
    {WSPEC_HTTP_METHOD_OCTET, "9110-2.2-01", NULL, "the method is not a token"},
    {WSPEC_HTTP_TARGET_OCTET, "9110-2.2-01", NULL,
     "the request target has a control or non-ASCII octet"},
    {WSPEC_HTTP_TARGET_SPACE, "9112-3.2-01", NULL, "the request target has white space in it"},
    {WSPEC_HTTP_VERSION_SYNTAX, "9112-2.3-01", NULL,
     "the HTTP version is not HTTP/, a digit, a dot and a digit"},
    {WSPEC_HTTP_VERSION_CASE, "9112-2.3-01", NULL, "the HTTP in the version is not in capitals"},
    {WSPEC_HTTP_VERSION_OTHER, NULL, NULL, "the HTTP version is not 1.1"},
    {WSPEC_HTTP_STATUS_CODE_LEN, "9112-4-01", NULL, "the status code does not have three digits"},
    {WSPEC_HTTP_NO_REASON_SPACE, "9112-4-01", NULL, "no space follows the status code"},
    {WSPEC_HTTP_OBS_FOLD, "9112-5.2-01", NULL, "a field value is folded over several lines"},
    {WSPEC_HTTP_SPACE_BEFORE_COLON, "9112-5.1-01", NULL,
     "white space stands between a field name and its colon"},
    {WSPEC_HTTP_EMPTY_NAME, "9112-5-01", NULL, "a field line has no name"},
    {WSPEC_HTTP_NAME_OCTET, "9112-5-01", NULL, "a field name is not a token"},
    {WSPEC_HTTP_CONTROL_OCTET, "9110-2.2-01", NULL, "a value has a control octet in it"},
    {WSPEC_HTTP_OBS_TEXT, NULL, NULL, "a field value has octets above 0x7F"},
};

const char *wspec_http_oddity_requirement(enum wspec_http_kind kind, enum wspec_http_oddity oddity,
                                          const char **sentence) {
  for (size_t i = 0; i < sizeof ODDITIES / sizeof ODDITIES[0]; i++) {
    const struct oddity_row *row = &ODDITIES[i];
    if (row->oddity == oddity) {
      if (sentence) {
        *sentence = row->sentence;
      }
      return kind == WSPEC_HTTP_RESPONSE && row->response ? row->response : row->request;
    }
  }
  if (sentence) {
    *sentence = "no such oddity";
  }
  return NULL;
}
