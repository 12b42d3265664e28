#include "case/load_parts.h"
#include "case/read_file.h"

#include <stdio.h>
#include <string.h>

enum { OCTET_FILE_MAX = 16 * 1024 * 1024, PATH_LEN_MAX = 4096 };

/* A file is read once, however many cases name it. */
struct wspec_octet_file {
  struct wspec_octet_file *next;
  const char *path;
  struct wspec_span octets;
};

/* A case file from a stranger shall not reach for the files of whoever runs it. */
static bool is_below(const char *path) {
  if (path[0] == '/' || path[0] == '\0') {
    return false;
  }
  for (const char *part = path; part; part = strchr(part, '/')) {
    part += *part == '/';
    if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) {
      return false;
    }
  }
  return true;
}

static struct wspec_octet_file *read_new(struct wspec_reader *reader, const cJSON *item,
                                         const char *path) {
  struct wspec_buf buf;
  const char *reason = "";
  wspec_buf_init(&buf, OCTET_FILE_MAX);
  struct wspec_octet_file *file = NULL;
  enum wspec_err err = wspec_read_file(path, &buf, &reason);
  if (err == WSPEC_ERR_NOMEM) {
    reader->out_of_memory = true;
  } else if (err) {
    wspec_reader_complain(reader, item, "%s: %s", path, reason);
  } else {
    file = wspec_arena_alloc(reader->octet_arena, 1, sizeof *file);
    uint8_t *octets = wspec_arena_alloc(reader->octet_arena, buf.len, 1);
    const char *kept = wspec_arena_text(reader->octet_arena, wspec_span_text(path));
    if (file && octets && kept) {
      if (buf.len > 0) {
        memcpy(octets, buf.data, buf.len);
      }
      *file = (struct wspec_octet_file){*reader->octet_files, kept, wspec_span_of(octets, buf.len)};
      *reader->octet_files = file;
    } else {
      reader->out_of_memory = true;
      file = NULL;
    }
  }
  wspec_buf_clear(&buf);
  return file;
}

struct wspec_span wspec_load_octet_file(struct wspec_reader *reader, const cJSON *item) {
  struct wspec_span none = {NULL, 0};
  const char *name = wspec_reader_text(reader, item);
  if (!name) {
    return none;
  }
  if (!is_below(name)) {
    wspec_reader_expected(reader, item, "a path below the folder of the case file");
    return none;
  }
  char path[PATH_LEN_MAX];
  const char *slash = strrchr(reader->file->path, '/');
  int folder_len = slash ? (int)(slash - reader->file->path) + 1 : 0;
  int len = snprintf(path, sizeof path, "%.*s%s", folder_len, reader->file->path, name);
  if (len < 0 || len >= PATH_LEN_MAX) {
    wspec_reader_complain(reader, item, "the path is too long");
    return none;
  }
  struct wspec_octet_file *file = *reader->octet_files;
  while (file && strcmp(file->path, path) != 0) {
    file = file->next;
  }
  if (!file) {
    file = read_new(reader, item, path);
  }
  return file ? file->octets : none;
}
