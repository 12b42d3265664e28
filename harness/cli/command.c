#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>

int wspec_usage_error(const char *command, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (command) {
    (void)fprintf(stderr, "wspec %s: ", command);
  } else {
    (void)fprintf(stderr, "wspec: ");
  }
  (void)vfprintf(stderr, format, arguments);
  if (command) {
    (void)fprintf(stderr, "\nTry 'wspec %s --help'.\n", command);
  } else {
    (void)fprintf(stderr, "\nTry 'wspec help'.\n");
  }
  va_end(arguments);
  return WSPEC_EXIT_USAGE;
}
