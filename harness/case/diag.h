/* diag: the messages about a user's file, one a line, bounded. */
#ifndef WSPEC_CASE_DIAG_H
#define WSPEC_CASE_DIAG_H

#include "base/buf.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum {
  WSPEC_DIAG_MESSAGES_MAX = 20, /* of one file; the rest is only counted */
  WSPEC_DIAG_TEXT_MAX = 256 * 1024
};

/* Messages gathered so far. */
struct wspec_diag {
  struct wspec_buf text; /* private */
  size_t n_messages;     /* read-only for users: all since init, those left out too */
  size_t n_in_file;      /* private: since the last wspec_diag_new_file */
  bool out_of_memory;    /* a message is missing because of that */
};

/* wspec_diag_init makes `diag` empty. */
void wspec_diag_init(struct wspec_diag *diag);

/* wspec_diag_clear frees all messages and makes `diag` empty. */
void wspec_diag_clear(struct wspec_diag *diag);

/* wspec_diag_new_file ends the count of the file before: the next may again have
 * WSPEC_DIAG_MESSAGES_MAX messages. If some of the one before were left out, a line says how
 * many. */
void wspec_diag_new_file(struct wspec_diag *diag);

/* wspec_diag_add appends one line, printf-like, without its line end. Control characters of what it
 * quotes become '?'. */
void wspec_diag_add(struct wspec_diag *diag, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* wspec_diag_vadd is wspec_diag_add with a va_list behind a `prefix` that is copied as it is. */
void wspec_diag_vadd(struct wspec_diag *diag, const char *prefix, const char *format,
                     va_list arguments) __attribute__((format(printf, 3, 0)));

/* wspec_diag_take returns all lines as one text that the caller frees, the last without line end,
 * and makes `diag` empty. NULL: out of memory, or there was no message. */
char *wspec_diag_take(struct wspec_diag *diag);

#endif
