#include "endpoint/blob.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct wspec_blob {
  unsigned holders;
  int fd; /* -1: in `octets` */
  uint64_t len;
  struct wspec_buf octets;
};

static struct wspec_blob *new_blob(void) {
  struct wspec_blob *blob = calloc(1, sizeof *blob);
  if (blob) {
    blob->holders = 1;
    blob->fd = -1;
    wspec_buf_init(&blob->octets, SIZE_MAX / 2);
  }
  return blob;
}

struct wspec_blob *wspec_blob_from_octets(struct wspec_span octets) {
  struct wspec_blob *blob = new_blob();
  if (blob && wspec_buf_append_span(&blob->octets, octets)) {
    wspec_blob_free(blob);
    return NULL;
  }
  if (blob) {
    blob->len = octets.len;
  }
  return blob;
}

static enum wspec_err take_file(struct wspec_blob *blob, const char *path) {
  struct stat status;
  /* Without O_NONBLOCK, opening a FIFO that nobody writes to would wait for ever. */
  blob->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (blob->fd < 0 || fstat(blob->fd, &status) != 0) {
    return WSPEC_ERR_INPUT;
  }
  if (!S_ISREG(status.st_mode)) {
    errno = EINVAL;
    return WSPEC_ERR_INPUT;
  }
  blob->len = (uint64_t)status.st_size;
  return WSPEC_OK;
}

enum wspec_err wspec_blob_open(const char *path, struct wspec_blob **out) {
  *out = NULL;
  struct wspec_blob *blob = new_blob();
  if (!blob) {
    return WSPEC_ERR_NOMEM;
  }
  enum wspec_err err = take_file(blob, path);
  if (err) {
    int code = errno;
    wspec_blob_free(blob);
    errno = code;
    return err;
  }
  *out = blob;
  return WSPEC_OK;
}

struct wspec_blob *wspec_blob_keep(struct wspec_blob *blob) {
  blob->holders++;
  return blob;
}

void wspec_blob_free(struct wspec_blob *blob) {
  if (!blob || --blob->holders > 0) {
    return;
  }
  if (blob->fd >= 0) {
    (void)close(blob->fd);
  }
  wspec_buf_clear(&blob->octets);
  free(blob);
}

uint64_t wspec_blob_len(const struct wspec_blob *blob) {
  return blob->len;
}

bool wspec_blob_is_file(const struct wspec_blob *blob) {
  return blob->fd >= 0;
}

struct wspec_span wspec_blob_span(const struct wspec_blob *blob) {
  return wspec_blob_is_file(blob) ? (struct wspec_span){NULL, 0} : wspec_buf_span(&blob->octets);
}

static enum wspec_err read_file(int fd, uint64_t offset, uint8_t *out, size_t len) {
  while (len > 0) {
    ssize_t count = pread(fd, out, len, (off_t)offset);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return WSPEC_ERR_IO;
    }
    out += count;
    offset += (uint64_t)count;
    len -= (size_t)count;
  }
  return WSPEC_OK;
}

enum wspec_err wspec_blob_read(const struct wspec_blob *blob, uint64_t offset, uint8_t *out,
                               size_t len) {
  if (offset > blob->len || len > blob->len - offset) {
    return WSPEC_ERR_MISUSE;
  }
  if (wspec_blob_is_file(blob)) {
    return read_file(blob->fd, offset, out, len);
  }
  if (len > 0) {
    memcpy(out, blob->octets.data + offset, len);
  }
  return WSPEC_OK;
}

/* ---- Making one piece by piece ---- */

void wspec_blob_writer_init(struct wspec_blob_writer *writer, size_t memory_max,
                            const char *directory) {
  *writer = (struct wspec_blob_writer){.memory_max = memory_max,
                                       .directory = directory ? directory : "/tmp"};
}

static enum wspec_err write_file(int fd, struct wspec_span octets) {
  while (octets.len > 0) {
    ssize_t count = write(fd, octets.data, octets.len);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return WSPEC_ERR_IO;
    }
    octets = wspec_span_from(octets, (size_t)count);
  }
  return WSPEC_OK;
}

/* Puts what is held into a file without a name, so that nothing is left behind by whoever dies. */
static enum wspec_err spill(struct wspec_blob_writer *writer) {
  struct wspec_blob *blob = writer->blob;
  char path[4096];
  int len = snprintf(path, sizeof path, "%s/wspec-XXXXXX", writer->directory);
  if (len < 0 || (size_t)len >= sizeof path) {
    return WSPEC_ERR_IO;
  }
  blob->fd = mkstemp(path);
  if (blob->fd < 0 || unlink(path) != 0 || fcntl(blob->fd, F_SETFD, FD_CLOEXEC) != 0) {
    return WSPEC_ERR_IO;
  }
  enum wspec_err err = write_file(blob->fd, wspec_buf_span(&blob->octets));
  wspec_buf_clear(&blob->octets);
  return err;
}

static enum wspec_err append(struct wspec_blob_writer *writer, struct wspec_span octets) {
  struct wspec_blob *blob = writer->blob;
  if (!wspec_blob_is_file(blob) && octets.len > writer->memory_max - blob->octets.len) {
    enum wspec_err err = spill(writer);
    if (err) {
      return err;
    }
  }
  blob->len += octets.len;
  return wspec_blob_is_file(blob) ? write_file(blob->fd, octets)
                                  : wspec_buf_append_span(&blob->octets, octets);
}

enum wspec_err wspec_blob_writer_append(struct wspec_blob_writer *writer,
                                        struct wspec_span octets) {
  if (!writer->blob) {
    writer->blob = new_blob();
  }
  enum wspec_err err = writer->blob ? append(writer, octets) : WSPEC_ERR_NOMEM;
  if (err) {
    wspec_blob_writer_clear(writer);
  }
  return err;
}

struct wspec_blob *wspec_blob_writer_take(struct wspec_blob_writer *writer) {
  struct wspec_blob *blob = writer->blob ? writer->blob : new_blob();
  writer->blob = NULL;
  return blob;
}

void wspec_blob_writer_clear(struct wspec_blob_writer *writer) {
  wspec_blob_free(writer->blob);
  writer->blob = NULL;
}
