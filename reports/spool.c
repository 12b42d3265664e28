#include "reports/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MEMORY_MAX = 1 << 30, PATH_LEN_MAX = 4096 };

/* What stands first is in the file, what stands behind it in `held`. */
struct wspec_spool {
  struct wspec_buf held;
  size_t held_max;
  uint64_t in_file;
  int fd;          /* -1: none yet */
  bool has_failed; /* the file could not be made or written: no more of it */
};

struct wspec_spool *wspec_spool_new(size_t held_max) {
  struct wspec_spool *spool = calloc(1, sizeof *spool);
  if (spool) {
    wspec_buf_init(&spool->held, MEMORY_MAX);
    spool->held_max = held_max;
    spool->fd = -1;
  }
  return spool;
}

void wspec_spool_free(struct wspec_spool *spool) {
  if (spool) {
    if (spool->fd >= 0) {
      close(spool->fd);
    }
    wspec_buf_clear(&spool->held);
    free(spool);
  }
}

/* Without a name at once: nothing is left behind, however the run ends. */
static int open_nameless(void) {
  const char *dir = getenv("TMPDIR");
  char path[PATH_LEN_MAX];
  int len = snprintf(path, sizeof path, "%s/wspec-XXXXXX", dir && dir[0] ? dir : "/tmp");
  int fd = len > 0 && len < PATH_LEN_MAX ? mkstemp(path) : -1;
  if (fd >= 0) {
    unlink(path);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  return fd;
}

static bool write_all(int fd, struct wspec_span octets, uint64_t at) {
  size_t done = 0;
  while (done < octets.len) {
    ssize_t n = pwrite(fd, octets.data + done, octets.len - done, (off_t)(at + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return false;
    }
    done += (size_t)n;
  }
  return true;
}

/* What was written of a chunk that did not fit is written over, or never read. */
static void move_to_file(struct wspec_spool *spool) {
  int kept = errno; /* whoever appends has other troubles to tell */
  if (spool->fd < 0) {
    spool->fd = open_nameless();
  }
  spool->has_failed =
      spool->fd < 0 || !write_all(spool->fd, wspec_buf_span(&spool->held), spool->in_file);
  if (!spool->has_failed) {
    spool->in_file += spool->held.len;
    wspec_buf_reset(&spool->held);
  }
  errno = kept;
}

enum wspec_err wspec_spool_append(struct wspec_spool *spool, struct wspec_span octets,
                                  uint64_t *at) {
  if (spool->held.len > 0 && spool->held.len + octets.len > spool->held_max && !spool->has_failed) {
    move_to_file(spool);
  }
  *at = spool->in_file + spool->held.len;
  return wspec_buf_append_span(&spool->held, octets);
}

static enum wspec_err read_all(const struct wspec_spool *spool, uint64_t at, uint8_t *out,
                               size_t len) {
  size_t done = 0;
  while (done < len) {
    ssize_t n = pread(spool->fd, out + done, len - done, (off_t)(at + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return WSPEC_ERR_IO;
    }
    done += (size_t)n;
  }
  return WSPEC_OK;
}

enum wspec_err wspec_spool_read(const struct wspec_spool *spool, uint64_t at, size_t len,
                                struct wspec_buf *room, struct wspec_span *octets) {
  if (at >= spool->in_file) {
    *octets = wspec_span_of(spool->held.data + (at - spool->in_file), len);
    return WSPEC_OK;
  }
  uint8_t *out;
  wspec_buf_reset(room);
  enum wspec_err err = wspec_buf_reserve(room, len, &out);
  err = err ? err : read_all(spool, at, out, len);
  *octets = wspec_buf_span(room);
  return err;
}

uint64_t wspec_spool_in_file(const struct wspec_spool *spool) {
  return spool->in_file;
}
