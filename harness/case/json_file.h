/* json_file: a JSON file of the user as a tree of cJSON, whose every value can be pointed at in a
 * message. */
#ifndef WSPEC_CASE_JSON_FILE_H
#define WSPEC_CASE_JSON_FILE_H

#include "base/err.h"
#include "case/diag.h"
#include "case/json_scan.h"

#include <cjson/cJSON.h>

#include <stddef.h>

enum { WSPEC_JSON_FILE_MAX = 16 * 1024 * 1024 };

/* A file that was read. Zeroed is none. */
struct wspec_json_file {
  char *path; /* as it was given */
  char *text; /* `len` octets and a NUL */
  size_t len;
  cJSON *root;                     /* the tree; its strings are UTF-8 without NUL */
  struct wspec_json_places places; /* private: sorted by item */
};

/* wspec_json_file_load reads the file at `path`. On error `diag` (which may be told several things
 * already) says why, and `file` is to be cleared all the same. WSPEC_ERR_INPUT: not JSON, larger
 * than WSPEC_JSON_FILE_MAX, nested deeper than WSPEC_JSON_DEPTH_MAX, or with the same member twice
 * in one object; WSPEC_ERR_IO: it cannot be read; WSPEC_ERR_NOMEM. */
WSPEC_MUST_USE enum wspec_err wspec_json_file_load(struct wspec_json_file *file, const char *path,
                                                   struct wspec_diag *diag);

/* wspec_json_file_parse is wspec_json_file_load for octets that are in memory; `path` is only for
 * messages. `text` is copied. */
WSPEC_MUST_USE enum wspec_err wspec_json_file_parse(struct wspec_json_file *file, const char *path,
                                                    struct wspec_span text,
                                                    struct wspec_diag *diag);

/* wspec_json_file_clear frees all; zeroed or cleared is fine. */
void wspec_json_file_clear(struct wspec_json_file *file);

/* wspec_json_file_place returns where `item` of the tree stands, a member of an object where its
 * name does; zeroed if it is not in the tree. */
struct wspec_place wspec_json_file_place(const struct wspec_json_file *file, const cJSON *item);

/* wspec_json_file_complain adds "file:line:column: at cases[3].steps[1]: …" to `diag`, printf-like.
 * The place is that of wspec_json_file_place. `item` NULL, or not in the tree: the file as a
 * whole. */
void wspec_json_file_complain(const struct wspec_json_file *file, struct wspec_diag *diag,
                              const cJSON *item, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* wspec_json_file_vcomplain is wspec_json_file_complain with a va_list. */
void wspec_json_file_vcomplain(const struct wspec_json_file *file, struct wspec_diag *diag,
                               const cJSON *item, const char *format, va_list arguments)
    __attribute__((format(printf, 4, 0)));

#endif
