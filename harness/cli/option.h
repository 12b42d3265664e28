/* option: the options of a command as one table, from which its parsing, its --help, the man page
 * and the completions of the shells are made. */
#ifndef WSPEC_CLI_OPTION_H
#define WSPEC_CLI_OPTION_H

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

/* What a shell may offer for the argument of an option. */
enum wspec_completes { WSPEC_COMPLETES_NOTHING, WSPEC_COMPLETES_FILE, WSPEC_COMPLETES_DIRECTORY };

/* One option. A row without a name ends a table. */
struct wspec_option {
  const char *name;     /* the long one, without its dashes */
  int id;               /* what getopt_long returns: a letter where there is a short form */
  const char *argument; /* how it is called in the help, or NULL: the option takes none */
  const char *help;     /* lower case, no full stop, at most 60 columns */
  const char *choices;  /* the words that it takes, by spaces; NULL: any text */
  enum wspec_completes completes;
};

enum { WSPEC_OPTIONS_MAX = 64 };

/* The same table as getopt_long wants it. */
struct wspec_getopt {
  struct option longs[WSPEC_OPTIONS_MAX + 1];
  char shorts[2 * WSPEC_OPTIONS_MAX + 2];
};

/* wspec_options_to_getopt fills `out`; rows beyond WSPEC_OPTIONS_MAX are left out. */
void wspec_options_to_getopt(const struct wspec_option *options, struct wspec_getopt *out);

/* wspec_options_help prints one line an option, in the order of the table. */
void wspec_options_help(FILE *file, const struct wspec_option *options);

#endif
