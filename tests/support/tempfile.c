#define _XOPEN_SOURCE 700
#include "tempfile.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

char *tempfile_dir(void) {
  char *dir = strdup("/tmp/wspec-test-XXXXXX");
  assert_non_null(dir);
  assert_non_null(mkdtemp(dir));
  return dir;
}

char *tempfile_write(const char *dir, const char *name, const void *octets, size_t len) {
  char *path = malloc(strlen(dir) + strlen(name) + 2);
  assert_non_null(path);
  (void)sprintf(path, "%s/%s", dir, name);
  char *slash = strrchr(path, '/');
  *slash = '\0';
  (void)mkdir(path, 0700);
  *slash = '/';
  FILE *stream = fopen(path, "wb");
  assert_non_null(stream);
  assert_int_equal(fwrite(octets, 1, len, stream), len);
  assert_int_equal(fclose(stream), 0);
  return path;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status;
  (void)type;
  (void)ftw;
  return remove(path);
}

void tempfile_remove(char *dir) {
  (void)nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  free(dir);
}
