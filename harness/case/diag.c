#include "case/diag.h"

void wspec_diag_init(struct wspec_diag *diag) {
  *diag = (struct wspec_diag){0};
  wspec_buf_init(&diag->text, WSPEC_DIAG_TEXT_MAX);
}

void wspec_diag_clear(struct wspec_diag *diag) {
  wspec_buf_clear(&diag->text);
  wspec_diag_init(diag);
}

/* A text that is full drops messages as if they were one too many; memory is another matter, as the
 * caller has to say so. */
static bool note(struct wspec_diag *diag, enum wspec_err err) {
  if (err == WSPEC_ERR_NOMEM) {
    diag->out_of_memory = true;
  }
  return err == WSPEC_OK;
}

void wspec_diag_new_file(struct wspec_diag *diag) {
  if (diag->n_in_file > WSPEC_DIAG_MESSAGES_MAX) {
    note(diag, wspec_buf_appendf(&diag->text, "%sand %zu more in this file",
                                 diag->text.len > 0 ? "\n" : "",
                                 diag->n_in_file - WSPEC_DIAG_MESSAGES_MAX));
  }
  diag->n_in_file = 0;
}

/* What a message quotes from a file must neither end its line nor command the terminal: C0, DEL and
 * C1, which is C2 and 80 to 9F in UTF-8. */
static uint8_t shown(const struct wspec_buf *line, size_t at) {
  uint8_t octet = line->data[at];
  bool begins_c1 = octet == 0xc2 && at + 1 < line->len && line->data[at + 1] < 0xa0;
  bool ends_c1 = octet >= 0x80 && octet < 0xa0 && at > 0 && line->data[at - 1] == 0xc2;
  return octet < 0x20 || octet == 0x7f || begins_c1 || ends_c1 ? '?' : octet;
}

/* A line goes in whole or not at all. */
static enum wspec_err append_line(struct wspec_buf *text, const struct wspec_buf *line) {
  size_t separator = text->len > 0;
  uint8_t *out;
  enum wspec_err err = wspec_buf_reserve(text, separator + line->len, &out);
  if (err) {
    return err;
  }
  if (separator) {
    out[0] = '\n';
  }
  for (size_t i = 0; i < line->len; i++) {
    out[separator + i] = shown(line, i);
  }
  return WSPEC_OK;
}

void wspec_diag_vadd(struct wspec_diag *diag, const char *prefix, const char *format,
                     va_list arguments) {
  diag->n_messages++;
  if (++diag->n_in_file > WSPEC_DIAG_MESSAGES_MAX) {
    return;
  }
  struct wspec_buf line;
  wspec_buf_init(&line, WSPEC_DIAG_TEXT_MAX);
  (void)(note(diag, wspec_buf_append_text(&line, prefix)) &&
         note(diag, wspec_buf_vappendf(&line, format, arguments)) &&
         note(diag, append_line(&diag->text, &line)));
  wspec_buf_clear(&line);
}

void wspec_diag_add(struct wspec_diag *diag, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wspec_diag_vadd(diag, "", format, arguments);
  va_end(arguments);
}

char *wspec_diag_take(struct wspec_diag *diag) {
  wspec_diag_new_file(diag);
  char *text = diag->text.len > 0 ? wspec_buf_take_text(&diag->text) : NULL;
  wspec_diag_clear(diag);
  return text;
}
