/* replay_main: runs a harness over the files and directories that it is given, and nothing else; so
 * that any compiler can build it, and ctest replay what fuzzing has found and collected. */
#include "common/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 16 * 1024 * 1024, PATH_LEN_MAX = 4096 };

static int replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  uint8_t *data = malloc(FILE_MAX);
  if (!file || !data) {
    perror(path);
    free(data);
    return -1;
  }
  size_t len = fread(data, 1, FILE_MAX, file);
  int failed = ferror(file) || len == FILE_MAX;
  (void)fclose(file);
  uint8_t *input = fuzz_copy(data, len);
  free(data);
  if (failed) {
    fprintf(stderr, "%s: cannot be read, or is over %d octets\n", path, FILE_MAX);
  } else {
    fprintf(stderr, "%s\n", path); /* the last line names the culprit of a crash */
    LLVMFuzzerTestOneInput(input, len);
  }
  free(input);
  return failed ? -1 : 1;
}

/* How many files were replayed; -1 if one could not be. */
static int replay(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) {
    perror(path);
    return -1;
  }
  if (!S_ISDIR(status.st_mode)) {
    return replay_file(path);
  }
  DIR *directory = opendir(path);
  int n_files = 0;
  for (struct dirent *entry; directory && n_files >= 0 && (entry = readdir(directory));) {
    char name[PATH_LEN_MAX];
    if (entry->d_name[0] != '.') {
      (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
      int n = replay(name);
      n_files = n < 0 ? -1 : n_files + n;
    }
  }
  if (!directory || closedir(directory) != 0) {
    perror(path);
    return -1;
  }
  return n_files;
}

int main(int argc, char **argv) {
  int n_files = 0;
  if (setenv("WSPEC_FUZZ_REPLAY", "1", 1) != 0) {
    perror("WSPEC_FUZZ_REPLAY");
    return 1;
  }
  LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
  for (int i = 1; i < argc; i++) {
    int n = replay(argv[i]);
    if (n < 0) {
      return 1;
    }
    n_files += n;
  }
  printf("%d files replayed\n", n_files);
  return 0;
}
