#include "proto/extensions.h"

#include "base/ascii.h"
#include "proto/http_list.h"

/* A position in one value. `base` is what the offset of an error counts from. */
struct cursor {
  struct wspec_extensions *out;
  struct wspec_span text;
  size_t at;
  uint64_t base;
};

static enum wspec_err fail(struct cursor *cursor, enum wspec_err err, size_t at, const char *text) {
  cursor->out->err = err;
  cursor->out->error_offset = cursor->base + at;
  cursor->out->error_text = text;
  return err;
}

static bool at_octet(const struct cursor *cursor, char octet) {
  return cursor->at < cursor->text.len && cursor->text.data[cursor->at] == (uint8_t)octet;
}

/* RFC 6455 takes its grammar from RFC 2616, where white space may stand between any two words. */
static void skip_space(struct cursor *cursor) {
  while (cursor->at < cursor->text.len && wspec_http_is_space(cursor->text.data[cursor->at])) {
    cursor->at++;
  }
}

static enum wspec_err read_token(struct cursor *cursor, struct wspec_span *token,
                                 const char *error_text) {
  struct wspec_span rest = wspec_span_from(cursor->text, cursor->at);
  size_t len = wspec_http_token_len(rest);
  if (len == 0) {
    return fail(cursor, WSPEC_ERR_SYNTAX, cursor->at, error_text);
  }
  *token = (struct wspec_span){rest.data, len};
  cursor->at += len;
  skip_space(cursor);
  return WSPEC_OK;
}

/* Copies `quoted`, the octets between the quotes, without the backslashes of quoted-pairs. */
static enum wspec_err unescape(struct cursor *cursor, struct wspec_span quoted,
                               struct wspec_span *value) {
  struct wspec_extensions *out = cursor->out;
  uint8_t *start = out->unescaped + out->n_unescaped;
  if (quoted.len > sizeof out->unescaped - out->n_unescaped) {
    return fail(cursor, WSPEC_ERR_LIMIT, (size_t)(quoted.data - cursor->text.data),
                "the quoted parameter values are longer than the limit allows");
  }
  size_t len = 0;
  for (size_t i = 0; i < quoted.len; i++) {
    i += quoted.data[i] == '\\';
    start[len++] = quoted.data[i];
  }
  out->n_unescaped += len;
  *value = (struct wspec_span){start, len};
  return WSPEC_OK;
}

/* RFC 6455 section 9.1: what a quoted-string says has to be a token once it is unescaped. */
static enum wspec_err read_quoted(struct cursor *cursor, struct wspec_span *value) {
  size_t start = ++cursor->at;
  bool has_pair = false;
  while (cursor->at < cursor->text.len && !at_octet(cursor, '"')) {
    has_pair |= at_octet(cursor, '\\');
    cursor->at += at_octet(cursor, '\\') ? 2 : 1;
  }
  if (cursor->at >= cursor->text.len) {
    return fail(cursor, WSPEC_ERR_SYNTAX, start - 1, "a quoted parameter value is not closed");
  }
  *value = (struct wspec_span){cursor->text.data + start, cursor->at - start};
  if (has_pair && unescape(cursor, *value, value)) {
    return cursor->out->err;
  }
  if (!wspec_http_is_token(*value)) {
    return fail(cursor, WSPEC_ERR_SYNTAX, start, "a quoted parameter value is not a token");
  }
  cursor->at++;
  skip_space(cursor);
  return WSPEC_OK;
}

static enum wspec_err read_param(struct cursor *cursor, struct wspec_extension *extension) {
  struct wspec_extensions *out = cursor->out;
  if (out->n_params == WSPEC_EXTENSIONS_PARAMS_MAX) {
    return fail(cursor, WSPEC_ERR_LIMIT, cursor->at, "there are more than 128 parameters");
  }
  struct wspec_extension_param *param = &out->params[out->n_params];
  *param = (struct wspec_extension_param){.has_value = false};
  if (read_token(cursor, &param->name, "a parameter name was expected after ';'")) {
    return out->err;
  }
  if (at_octet(cursor, '=')) {
    cursor->at++;
    skip_space(cursor);
    param->has_value = true;
    param->was_quoted = at_octet(cursor, '"');
    enum wspec_err err =
        param->was_quoted
            ? read_quoted(cursor, &param->value)
            : read_token(cursor, &param->value,
                         "a parameter value, a token or quoted string, was expected after '='");
    if (err) {
      return err;
    }
  }
  out->n_params++;
  extension->n_params++;
  return WSPEC_OK;
}

static enum wspec_err read_extension(struct cursor *cursor) {
  struct wspec_extensions *out = cursor->out;
  if (out->n_items == WSPEC_EXTENSIONS_MAX) {
    return fail(cursor, WSPEC_ERR_LIMIT, cursor->at, "there are more than 32 extensions");
  }
  struct wspec_extension *extension = &out->items[out->n_items];
  *extension = (struct wspec_extension){.params = &out->params[out->n_params]};
  if (read_token(cursor, &extension->name, "an extension name was expected")) {
    return out->err;
  }
  while (at_octet(cursor, ';')) {
    cursor->at++;
    skip_space(cursor);
    if (read_param(cursor, extension)) {
      return out->err;
    }
  }
  out->n_items++;
  return WSPEC_OK;
}

static enum wspec_err read_list(struct wspec_extensions *out, struct wspec_span text,
                                uint64_t base) {
  struct cursor cursor = {out, text, 0, base};
  for (;;) {
    skip_space(&cursor);
    if (cursor.at == text.len || at_octet(&cursor, ',')) {
      out->n_empty_elements++;
    } else if (read_extension(&cursor)) {
      return out->err;
    }
    if (cursor.at == text.len) {
      return WSPEC_OK;
    }
    if (!at_octet(&cursor, ',')) {
      return fail(&cursor, WSPEC_ERR_SYNTAX, cursor.at,
                  "';', '=', ',' or the end was expected after a name or value");
    }
    cursor.at++;
  }
}

void wspec_extensions_reset(struct wspec_extensions *extensions) {
  extensions->n_items = 0;
  extensions->n_params = 0;
  extensions->n_unescaped = 0;
  extensions->n_empty_elements = 0;
  extensions->err = WSPEC_OK;
  extensions->error_offset = 0;
  extensions->error_text = NULL;
}

/* RFC 6455 section 9.1: 1#extension, so one element at least. */
static enum wspec_err check_not_empty(struct wspec_extensions *extensions, uint64_t offset) {
  if (extensions->n_items > 0) {
    return WSPEC_OK;
  }
  extensions->err = WSPEC_ERR_SYNTAX;
  extensions->error_offset = offset;
  extensions->error_text = "the list of extensions is empty";
  return WSPEC_ERR_SYNTAX;
}

enum wspec_err wspec_extensions_parse(struct wspec_extensions *extensions,
                                      struct wspec_span value) {
  wspec_extensions_reset(extensions);
  enum wspec_err err = read_list(extensions, value, 0);
  return err ? err : check_not_empty(extensions, 0);
}

enum wspec_err wspec_extensions_read(struct wspec_extensions *extensions,
                                     const struct wspec_http_head *head) {
  static const char NAME[] = "Sec-WebSocket-Extensions";
  const struct wspec_http_field *field = NULL;
  uint64_t base = 0;
  wspec_extensions_reset(extensions);
  while ((field = wspec_http_head_find(head, NAME, field))) {
    base = wspec_http_head_offset(head, field->value);
    if (read_list(extensions, field->value, base)) {
      return extensions->err;
    }
  }
  return base > 0 ? check_not_empty(extensions, base) : WSPEC_OK;
}

const struct wspec_extension_param *
wspec_extension_find_param(const struct wspec_extension *extension, const char *name,
                           const struct wspec_extension_param *after) {
  for (size_t i = after ? (size_t)(after - extension->params) + 1 : 0; i < extension->n_params;
       i++) {
    if (wspec_ascii_equal_nocase(extension->params[i].name, wspec_span_text(name))) {
      return &extension->params[i];
    }
  }
  return NULL;
}

static enum wspec_err write_quoted(struct wspec_buf *out, struct wspec_span value) {
  enum wspec_err err = wspec_buf_append_octet(out, '"');
  for (size_t i = 0; !err && i < value.len; i++) {
    if (value.data[i] == '"' || value.data[i] == '\\') {
      err = wspec_buf_append_octet(out, '\\');
    }
    err = err ? err : wspec_buf_append_octet(out, value.data[i]);
  }
  return err ? err : wspec_buf_append_octet(out, '"');
}

static enum wspec_err write_param(struct wspec_buf *out,
                                  const struct wspec_extension_param *param) {
  enum wspec_err err = wspec_buf_append_text(out, "; ");
  err = err ? err : wspec_buf_append_span(out, param->name);
  if (err || !param->has_value) {
    return err;
  }
  err = wspec_buf_append_octet(out, '=');
  if (err) {
    return err;
  }
  return param->was_quoted ? write_quoted(out, param->value)
                           : wspec_buf_append_span(out, param->value);
}

enum wspec_err wspec_extensions_write(struct wspec_buf *out, const struct wspec_extension *items,
                                      size_t n_items) {
  enum wspec_err err = WSPEC_OK;
  for (size_t i = 0; !err && i < n_items; i++) {
    err = i > 0 ? wspec_buf_append_text(out, ", ") : WSPEC_OK;
    err = err ? err : wspec_buf_append_span(out, items[i].name);
    for (size_t j = 0; !err && j < items[i].n_params; j++) {
      err = write_param(out, &items[i].params[j]);
    }
  }
  return err;
}
