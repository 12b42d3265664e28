#include "net/orphans.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* ROUNDS_MAX: what is killed leaves children of its own to us, and these are looked at in the next
 * round; whoever starts processes faster than that wins. */
enum { CHILDREN_LEN = 16 * 1024, ENVIRONMENT_LEN = 128 * 1024, PATH_LEN = 64, ROUNDS_MAX = 64 };

void wspec_orphans_adopt(void) {
  (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* Reads a file of /proc, at most `size` - 1 octets and a NUL; the length, 0 where it cannot be read. */
static size_t read_file(const char *path, char *out, size_t size) {
  size_t len = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && len < size - 1) {
    ssize_t n = read(fd, out + len, size - 1 - len);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      break;
    }
    len += (size_t)n;
  }
  if (fd >= 0) {
    close(fd);
  }
  out[len] = '\0';
  return len;
}

/* Variables are separated by NULs. */
static bool has_mark(pid_t pid, const char *mark, char *environment) {
  char path[PATH_LEN];
  (void)snprintf(path, sizeof path, "/proc/%ld/environ", (long)pid);
  size_t len = read_file(path, environment, ENVIRONMENT_LEN);
  for (const char *at = environment; at < environment + len; at += strlen(at) + 1) {
    if (strcmp(at, mark) == 0) {
      return true;
    }
  }
  return false;
}

struct search {
  pid_t pid;
  bool is_found;
};

static void compare(uv_handle_t *handle, void *user) {
  struct search *search = user;
  if (handle->type == UV_PROCESS && ((uv_process_t *)handle)->pid == search->pid) {
    search->is_found = true;
  }
}

/* Whom the loop waits for itself. */
static bool is_known(struct wspec_loop *loop, pid_t pid) {
  struct search search = {.pid = pid};
  uv_walk(&loop->uv, compare, &search);
  return search.is_found;
}

/* Returns true if `pid` was one to be killed; it has ended then. */
static bool look_at(struct wspec_loop *loop, pid_t pid, const char *mark, char *environment) {
  if (is_known(loop, pid)) {
    return false;
  }
  if (!has_mark(pid, mark, environment)) {
    (void)waitpid(pid, NULL, WNOHANG);
    return false;
  }
  (void)kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
  }
  return true;
}

static bool look_at_all(struct wspec_loop *loop, const char *mark, char *environment) {
  char children[CHILDREN_LEN];
  char path[PATH_LEN];
  bool was_one = false;
  (void)snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
  (void)read_file(path, children, sizeof children);
  char *at = children;
  char *end;
  for (long pid = strtol(at, &end, 10); end != at && pid > 0; pid = strtol(at, &end, 10)) {
    was_one = look_at(loop, (pid_t)pid, mark, environment) || was_one;
    at = end;
  }
  return was_one;
}

void wspec_orphans_kill(struct wspec_loop *loop, const char *mark) {
  char *environment = malloc(ENVIRONMENT_LEN);
  bool was_one = environment != NULL;
  for (unsigned i = 0; i < ROUNDS_MAX && was_one; i++) {
    was_one = look_at_all(loop, mark, environment);
  }
  free(environment);
}

#else

void wspec_orphans_adopt(void) {
}

void wspec_orphans_kill(struct wspec_loop *loop, const char *mark) {
  (void)loop;
  (void)mark;
}

#endif
