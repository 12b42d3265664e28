#include "cli/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Commands that have a table of options; the others are completed by their names alone. */
static const struct {
  const char *command;
  const struct wspec_option *options;
} TABLES[] = {{"run", wspec_run_option_table},
              {"serve", wspec_serve_option_table},
              {"run-client", wspec_run_client_option_table},
              {"merge", wspec_merge_option_table},
              {"diff", wspec_diff_option_table},
              {"judge", wspec_judge_option_table},
              {"wstest", wspec_wstest_option_table}};
enum { N_TABLES = sizeof TABLES / sizeof TABLES[0] };

/* In single quotes, for all three shells. */
static void print_quoted(const char *text) {
  putchar('\'');
  for (; *text; text++) {
    if (*text == '\'') {
      printf("'\\''");
    } else {
      putchar(*text);
    }
  }
  putchar('\'');
}

static bool has_letter(const struct wspec_option *option) {
  return option->id > ' ' && option->id < 127;
}

/* ---- bash ---- */

static void print_bash_values(const struct wspec_option *options) {
  for (const struct wspec_option *option = options; option->name; option++) {
    if (!option->argument) {
      continue;
    }
    printf("        --%s) ", option->name);
    if (option->choices) {
      printf("COMPREPLY=($(compgen -W '%s' -- \"$word\"))", option->choices);
    } else if (option->completes == WSPEC_COMPLETES_DIRECTORY) {
      printf("COMPREPLY=($(compgen -d -- \"$word\"))");
    } else if (option->completes == WSPEC_COMPLETES_FILE) {
      printf("COMPREPLY=($(compgen -f -- \"$word\"))");
    } else {
      printf("COMPREPLY=()");
    }
    printf("; return ;;\n");
  }
}

static void print_bash(void) {
  printf("# bash completion for wspec: source it, or put it into\n"
         "# ~/.local/share/bash-completion/completions/wspec\n"
         "_wspec() {\n  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W '");
  for (const struct wspec_command *command = wspec_commands(); command->name; command++) {
    printf("%s ", command->name);
  }
  printf("help' -- \"$word\"))\n    return\n  fi\n  case ${COMP_WORDS[1]} in\n");
  for (size_t i = 0; i < N_TABLES; i++) {
    printf("    %s)\n      case $previous in\n", TABLES[i].command);
    print_bash_values(TABLES[i].options);
    printf("      esac\n      if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W '");
    for (const struct wspec_option *option = TABLES[i].options; option->name; option++) {
      printf("--%s ", option->name);
    }
    printf("' -- \"$word\"))\n        return\n      fi ;;\n");
  }
  printf("  esac\n  COMPREPLY=($(compgen -f -- \"$word\"))\n}\ncomplete -F _wspec wspec\n");
}

/* ---- zsh ---- */

static void print_zsh_option(const struct wspec_option *option) {
  printf("      '--%s[", option->name);
  for (const char *c = option->help; *c; c++) { /* brackets and quotes have a meaning here */
    if (*c != '[' && *c != ']' && *c != '\'' && *c != ':') {
      putchar(*c);
    }
  }
  printf("]");
  if (option->argument) {
    printf(":value:");
    if (option->choices) {
      printf("(%s)", option->choices);
    } else if (option->completes == WSPEC_COMPLETES_DIRECTORY) {
      printf("_files -/");
    } else if (option->completes == WSPEC_COMPLETES_FILE) {
      printf("_files");
    }
  }
  printf("' \\\n");
}

static void print_zsh(void) {
  printf("#compdef wspec\n# zsh completion for wspec: put it as _wspec into a folder of $fpath\n"
         "_wspec() {\n  if (( CURRENT == 2 )); then\n    local -a commands=(\n");
  for (const struct wspec_command *command = wspec_commands(); command->name; command++) {
    printf("      '%s:%s'\n", command->name, command->summary);
  }
  printf("    )\n    _describe command commands\n    return\n  fi\n"
         "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n");
  for (size_t i = 0; i < N_TABLES; i++) {
    printf("    %s) _arguments \\\n", TABLES[i].command);
    for (const struct wspec_option *option = TABLES[i].options; option->name; option++) {
      print_zsh_option(option);
    }
    printf("      '*:file:_files' ;;\n");
  }
  printf("    *) _files ;;\n  esac\n}\n_wspec \"$@\"\n");
}

/* ---- fish ---- */

static void print_fish(void) {
  printf("# fish completion for wspec: put it into ~/.config/fish/completions/wspec.fish\n");
  for (const struct wspec_command *command = wspec_commands(); command->name; command++) {
    printf("complete -c wspec -n __fish_use_subcommand -a %s -d ", command->name);
    print_quoted(command->summary);
    putchar('\n');
  }
  for (size_t i = 0; i < N_TABLES; i++) {
    for (const struct wspec_option *option = TABLES[i].options; option->name; option++) {
      printf("complete -c wspec -n '__fish_seen_subcommand_from %s' -l %s", TABLES[i].command,
             option->name);
      if (has_letter(option)) {
        printf(" -s %c", option->id);
      }
      if (option->argument) {
        printf(option->completes == WSPEC_COMPLETES_NOTHING ? " -x" : " -r");
      }
      if (option->choices) {
        printf(" -a '%s'", option->choices);
      }
      printf(" -d ");
      print_quoted(option->help);
      putchar('\n');
    }
  }
}

/* ---- The man page ---- */

static void print_roff(const char *text) {
  for (; *text; text++) {
    if (*text == '-') {
      printf("\\-");
    } else if (*text == '\\') {
      printf("\\e");
    } else if (*text == '\'') {
      printf("\\(aq"); /* at the start of a line it would be a request */
    } else {
      putchar(*text);
    }
  }
}

static void print_man_options(const struct wspec_option *options) {
  for (const struct wspec_option *option = options; option->name; option++) {
    printf(".TP\n");
    if (has_letter(option)) {
      printf("\\fB\\-%c\\fR, ", option->id);
    }
    printf("\\fB\\-\\-");
    print_roff(option->name);
    printf("\\fR");
    if (option->argument) {
      printf(" \\fI");
      print_roff(option->argument);
      printf("\\fR");
    }
    putchar('\n');
    print_roff(option->help);
    putchar('\n');
  }
}

static void print_man(void) {
  printf(".TH WSPEC 1 \"\" \"wspec %s\" \"User Commands\"\n"
         ".SH NAME\nwspec \\- WebSocket conformance and fuzzing suite\n"
         ".SH SYNOPSIS\n\\fBwspec\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n"
         ".SH COMMANDS\n",
         WSPEC_VERSION);
  for (const struct wspec_command *command = wspec_commands(); command->name; command++) {
    printf(".TP\n\\fB%s\\fR\n", command->name);
    print_roff(command->summary);
    putchar('\n');
  }
  for (size_t i = 0; i < N_TABLES; i++) {
    printf(".SH OPTIONS OF \\(lq%s\\(rq\n", TABLES[i].command);
    print_man_options(TABLES[i].options);
  }
  printf(".SH EXIT STATUS\n"
         ".TP\n0\nno failure outside the baseline, and no stale entry of it\n"
         ".TP\n1\na failure outside the baseline, a stale entry, or a warn under \\-\\-strict\n"
         ".TP\n2\nbad usage or bad input; nothing was run\n"
         ".TP\n3\nthe target could not be reached, or went away for good\n"
         ".TP\n4\nno case was selected\n"
         ".SH ENVIRONMENT\n.TP\nNO_COLOR\nif set and not empty, no color unless asked for\n"
         ".TP\nSSLKEYLOGFILE\nwhere \\fBrun\\fR appends TLS secrets without \\-\\-key\\-log\n"
         ".TP\nWSPEC_CASES\nthe directory of the cases\n");
}

/* ---- The command ---- */

int wspec_cmd_completion(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*print)(void);
  } kinds[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}, {"man", print_man}};
  const char *asked = argc == 2 ? argv[1] : "";
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcmp(asked, kinds[i].name) == 0) {
      kinds[i].print();
      return fflush(stdout) == 0 ? WSPEC_EXIT_OK
                                 : wspec_usage_error("completion", "standard output: write error");
    }
  }
  if (strcmp(asked, "--help") == 0) {
    printf("usage: wspec completion bash|zsh|fish|man\n\n"
           "Prints the completions for a shell, or the man page.\n");
    return WSPEC_EXIT_OK;
  }
  return wspec_usage_error("completion", "expected bash, zsh, fish or man");
}
