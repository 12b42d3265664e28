#include "case/read_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK = 64 * 1024 };

static enum wspec_err read_all(FILE *stream, struct wspec_buf *out, const char **reason) {
  uint8_t chunk[CHUNK];
  size_t got;
  while ((got = fread(chunk, 1, sizeof chunk, stream)) > 0) {
    enum wspec_err err = wspec_buf_append(out, chunk, got);
    if (err) {
      *reason = err == WSPEC_ERR_LIMIT ? "the file is too large" : wspec_err_sentence(err);
      return err;
    }
  }
  if (ferror(stream)) {
    *reason = strerror(errno);
    return WSPEC_ERR_IO;
  }
  return WSPEC_OK;
}

/* A device or a pipe would be read for ever, or block. */
static enum wspec_err check_kind(const char *path, const char **reason) {
  struct stat status;
  if (stat(path, &status) != 0) {
    *reason = strerror(errno);
    return WSPEC_ERR_IO;
  }
  if (S_ISDIR(status.st_mode)) {
    *reason = "this is a directory, expected a file";
    return WSPEC_ERR_IO;
  }
  if (!S_ISREG(status.st_mode)) {
    *reason = "expected an ordinary file";
    return WSPEC_ERR_IO;
  }
  return WSPEC_OK;
}

enum wspec_err wspec_read_file(const char *path, struct wspec_buf *out, const char **reason) {
  enum wspec_err err = check_kind(path, reason);
  if (err) {
    return err;
  }
  FILE *stream = fopen(path, "rb");
  if (!stream) {
    *reason = strerror(errno);
    return errno == ENOMEM ? WSPEC_ERR_NOMEM : WSPEC_ERR_IO;
  }
  err = read_all(stream, out, reason);
  (void)fclose(stream);
  return err;
}
