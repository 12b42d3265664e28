#include "cli/outputs.h"

#include "cli/command.h"

#include "reports/badge.h"
#include "reports/html.h"
#include "reports/junit.h"
#include "reports/markdown.h"
#include "reports/pcapng.h"
#include "reports/sarif.h"
#include "reports/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* One format: how it is asked for, and who writes it. */
struct format {
  const char *option;
  const char *standard_name;
  enum wspec_err (*write)(FILE *file, const struct wspec_report *reports, size_t n_reports);
};

static const struct format FORMATS[WSPEC_N_FORMATS] = {
    [WSPEC_FORMAT_JSON] = {"json", "report.json", NULL},
    [WSPEC_FORMAT_JUNIT] = {"junit", "junit.xml", wspec_junit_write},
    [WSPEC_FORMAT_MARKDOWN] = {"markdown", "summary.md", wspec_markdown_write},
    [WSPEC_FORMAT_HTML] = {"html", "report.html", wspec_html_write},
    [WSPEC_FORMAT_TAP] = {"tap", "report.tap", wspec_tap_write},
    [WSPEC_FORMAT_SARIF] = {"sarif", "report.sarif", wspec_sarif_write},
    [WSPEC_FORMAT_BADGE] = {"badge", "badge.svg", wspec_badge_write},
    [WSPEC_FORMAT_PCAP] = {"pcap", "report.pcapng", wspec_pcapng_write},
};

const char *wspec_format_option(enum wspec_format format) {
  return FORMATS[format].option;
}

bool wspec_outputs_use_stdout(const struct wspec_outputs *outputs) {
  for (unsigned i = 0; i < WSPEC_N_FORMATS; i++) {
    if (outputs->asked[i] && strcmp(outputs->asked[i], "-") == 0) {
      return true;
    }
  }
  return false;
}

/* ---- Opening ---- */

/* What the file is written to: NULL where memory ran out, or where it is not wanted. */
static char *path_of(const struct wspec_outputs *outputs, unsigned format) {
  const char *asked = outputs->asked[format];
  const char *directory = asked ? "" : outputs->out_dir;
  const char *name = asked ? asked : FORMATS[format].standard_name;
  size_t size = strlen(directory) + strlen(name) + 2;
  char *path = malloc(size);
  if (path) {
    snprintf(path, size, "%s%s%s", directory, asked ? "" : "/", name);
  }
  return path;
}

/* Truncated only once the lock is held: two runs into one directory must not mix their lines. */
static FILE *open_locked(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) {
    return NULL;
  }
  struct stat status;
  bool is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  bool is_ready = !is_file || (flock(fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(fd, 0) == 0);
  FILE *file = is_ready ? fdopen(fd, "w") : NULL;
  if (!file) {
    int kept = errno;
    close(fd);
    errno = kept;
  }
  return file;
}

static int open_one(struct wspec_outputs *outputs, unsigned format) {
  outputs->paths[format] = path_of(outputs, format);
  const char *path = outputs->paths[format];
  if (!path) {
    return wspec_usage_error(outputs->command, "out of memory");
  }
  outputs->files[format] = strcmp(path, "-") == 0 ? stdout : open_locked(path);
  if (!outputs->files[format]) {
    return wspec_usage_error(outputs->command, "%s: %s", path,
                             errno == EWOULDBLOCK ? "another run is writing it" : strerror(errno));
  }
  return WSPEC_EXIT_OK;
}

int wspec_outputs_open(struct wspec_outputs *outputs) {
  const char *dir = outputs->out_dir;
  if (dir && mkdir(dir, 0777) != 0 && errno != EEXIST) {
    return wspec_usage_error(outputs->command, "--out %s: %s", dir, strerror(errno));
  }
  int code = WSPEC_EXIT_OK;
  for (unsigned i = 0; i < WSPEC_N_FORMATS && code == WSPEC_EXIT_OK; i++) {
    if (outputs->asked[i] || dir) {
      code = open_one(outputs, i);
    }
  }
  return code;
}

/* ---- Writing ---- */

void wspec_outputs_note(struct wspec_outputs *outputs, enum wspec_format format,
                        enum wspec_err err) {
  if (err && !outputs->broke[format]) {
    outputs->broke[format] = err == WSPEC_ERR_NOMEM ? ENOMEM : errno ? errno : EIO;
  }
}

void wspec_outputs_write(struct wspec_outputs *outputs, const struct wspec_report *reports,
                         size_t n_reports) {
  for (unsigned i = 0; i < WSPEC_N_FORMATS; i++) {
    if (outputs->files[i] && FORMATS[i].write) {
      errno = 0;
      wspec_outputs_note(outputs, i, FORMATS[i].write(outputs->files[i], reports, n_reports));
    }
  }
}

static int close_one(struct wspec_outputs *outputs, enum wspec_format format) {
  FILE *file = outputs->files[format];
  outputs->files[format] = NULL;
  errno = 0;
  if (fflush(file) != 0 || ferror(file)) {
    wspec_outputs_note(outputs, format, WSPEC_ERR_IO);
  }
  if (file != stdout && fclose(file) != 0) {
    wspec_outputs_note(outputs, format, WSPEC_ERR_IO);
  }
  if (!outputs->broke[format]) {
    return WSPEC_EXIT_OK;
  }
  return wspec_usage_error(outputs->command, "the report was not written whole: %s: %s",
                           outputs->paths[format], strerror(outputs->broke[format]));
}

int wspec_outputs_close(struct wspec_outputs *outputs) {
  int code = WSPEC_EXIT_OK;
  for (unsigned i = 0; i < WSPEC_N_FORMATS; i++) {
    int one = outputs->files[i] ? close_one(outputs, i) : WSPEC_EXIT_OK;
    code = one != WSPEC_EXIT_OK ? one : code;
    free(outputs->paths[i]);
    outputs->paths[i] = NULL;
  }
  return code;
}
