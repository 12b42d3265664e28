#include "net/error.h"

#include <stdarg.h>
#include <stdio.h>

enum wspec_err wspec_net_error_set(struct wspec_net_error *error, enum wspec_err err,
                                   const char *format, ...) {
  if (error) {
    va_list arguments;
    va_start(arguments, format);
    error->err = err;
    error->reset = false;
    (void)vsnprintf(error->sentence, sizeof error->sentence, format, arguments);
    va_end(arguments);
  }
  return err;
}
