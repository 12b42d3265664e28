#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

int wspec_option_error(const char *command, int result, char **argv) {
  const char *given = argv[optind - 1];
  if (result == ':') {
    return wspec_usage_error(command, "option '%s' needs a value", given);
  }
  if (optopt > 0 && optopt < 128 && given[0] == '-' && given[1] != '-') {
    return wspec_usage_error(command, "there is no option '-%c'", optopt);
  }
  return wspec_usage_error(command, "there is no option '%s', or not with that value", given);
}

bool wspec_read_number(const char *command, const char *option, const char *text, uint64_t min,
                       uint64_t max, uint64_t *out) {
  char *end;
  errno = 0;
  bool is_digit = text[0] >= '0' && text[0] <= '9'; /* strtoull takes spaces and signs too */
  unsigned long long value = is_digit ? strtoull(text, &end, 10) : 0;
  if (!is_digit || *end != '\0' || errno != 0 || value < min || value > max) {
    (void)wspec_usage_error(command,
                            "%s is '%s', but must be a number from %" PRIu64 " to %" PRIu64, option,
                            text, min, max);
    return false;
  }
  *out = value;
  return true;
}
