#include "cli/option.h"

#include <stdbool.h>
#include <string.h>

enum { HELP_COLUMN = 26 };

static bool has_letter(const struct wspec_option *option) {
  return option->id > ' ' && option->id < 127;
}

void wspec_options_to_getopt(const struct wspec_option *options, struct wspec_getopt *out) {
  memset(out, 0, sizeof *out);
  char *shorts = out->shorts;
  *shorts++ = ':'; /* a missing argument is told from an unknown option */
  for (size_t i = 0; options[i].name && i < WSPEC_OPTIONS_MAX; i++) {
    out->longs[i] =
        (struct option){options[i].name, options[i].argument ? required_argument : no_argument,
                        NULL, options[i].id};
    if (has_letter(&options[i])) {
      *shorts++ = (char)options[i].id;
      if (options[i].argument) {
        *shorts++ = ':';
      }
    }
  }
}

static void print_option(FILE *file, const struct wspec_option *option) {
  int column = has_letter(option) ? fprintf(file, "  -%c, --%s", option->id, option->name)
                                  : fprintf(file, "  --%s", option->name);
  if (option->argument) {
    column += fprintf(file, " %s", option->argument);
  }
  if (column >= HELP_COLUMN) {
    fputc('\n', file);
    column = 0;
  }
  fprintf(file, "%*s%s\n", HELP_COLUMN - column, "", option->help);
}

void wspec_options_help(FILE *file, const struct wspec_option *options) {
  for (const struct wspec_option *option = options; option->name; option++) {
    print_option(file, option);
  }
}
