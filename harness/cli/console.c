#include "cli/console.h"

#include "base/buf.h"
#include "net/input.h"

#include <editline/readline.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 64 * 1024 * 1024, READ_LEN = 64 * 1024 };

struct wspec_console {
  const struct wspec_console_handlers *handlers;
  void *user;
  struct wspec_input *input;
  struct wspec_buf line; /* the start of a line that has no end yet */
  bool is_raw;
  bool is_interactive;
  bool is_over;
};

static const char PROMPT[] = "> ";

/* libedit hands a line to a function without a user pointer. */
static struct wspec_console *g_console;

static void end(struct wspec_console *console, const char *sentence) {
  if (console->is_over) {
    return;
  }
  console->is_over = true;
  wspec_input_pause(console->input);
  if (sentence) {
    console->handlers->on_error(console->user, sentence);
  } else {
    console->handlers->on_end(console->user);
  }
}

/* ---- A terminal ---- */

static void on_edited_line(char *text) {
  struct wspec_console *console = g_console;
  if (!text) { /* Control-D */
    rl_callback_handler_remove();
    (void)fputs("\n", stdout);
    end(console, NULL);
    return;
  }
  if (text[0] != '\0') {
    (void)add_history(text);
  }
  console->handlers->on_line(console->user, wspec_span_text(text));
  free(text);
}

/* ---- A pipe ---- */

static void take_lines(struct wspec_console *console, struct wspec_span octets) {
  while (octets.len > 0) {
    const uint8_t *line_end = memchr(octets.data, '\n', octets.len);
    size_t len = line_end ? (size_t)(line_end - octets.data) : octets.len;
    if (wspec_buf_append(&console->line, octets.data, len)) {
      end(console, "a line of standard input is longer than 64 MiB");
      return;
    }
    if (line_end) {
      console->handlers->on_line(console->user, wspec_buf_span(&console->line));
      wspec_buf_reset(&console->line);
    }
    octets = wspec_span_from(octets, line_end ? len + 1 : len);
  }
}

static void take_end(struct wspec_console *console) {
  if (console->line.len > 0) {
    console->handlers->on_line(console->user, wspec_buf_span(&console->line));
    wspec_buf_clear(&console->line);
  }
  end(console, NULL);
}

static void on_readable(void *user) {
  struct wspec_console *console = user;
  if (console->is_interactive) {
    rl_callback_read_char();
    return;
  }
  uint8_t octets[READ_LEN];
  ssize_t count = read(STDIN_FILENO, octets, sizeof octets);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
    return;
  }
  if (count < 0) {
    end(console, "standard input cannot be read");
  } else if (count == 0) {
    take_end(console);
  } else if (console->is_raw) {
    console->handlers->on_octets(console->user, wspec_span_of(octets, (size_t)count));
  } else {
    take_lines(console, wspec_span_of(octets, (size_t)count));
  }
}

/* ---- */

/* Text messages are UTF-8 whatever the user's locale is; libedit drops what is not of its own. */
static void speak_utf8(void) {
  if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
    (void)setlocale(LC_CTYPE, "C.UTF-8");
  }
}

struct wspec_console *wspec_console_new(struct wspec_loop *loop, bool is_raw,
                                        const struct wspec_console_handlers *handlers, void *user) {
  struct wspec_console *console = calloc(1, sizeof *console);
  if (!console) {
    return NULL;
  }
  console->handlers = handlers;
  console->user = user;
  console->is_raw = is_raw;
  console->is_interactive = !is_raw && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  wspec_buf_init(&console->line, LINE_MAX_LEN);
  if (wspec_input_new(loop, STDIN_FILENO, on_readable, console, &console->input)) {
    free(console);
    return NULL;
  }
  if (console->is_interactive) {
    g_console = console;
    speak_utf8();
    using_history();
    rl_callback_handler_install(PROMPT, on_edited_line);
  }
  return console;
}

void wspec_console_free(struct wspec_console *console) {
  if (!console) {
    return;
  }
  if (console->is_interactive && !console->is_over) {
    rl_callback_handler_remove();
    (void)fputs("\n", stdout);
  }
  wspec_input_free(console->input);
  wspec_buf_clear(&console->line);
  free(console);
}

bool wspec_console_is_interactive(const struct wspec_console *console) {
  return console->is_interactive;
}

void wspec_console_pause(struct wspec_console *console) {
  wspec_input_pause(console->input);
}

void wspec_console_resume(struct wspec_console *console) {
  if (!console->is_over) {
    wspec_input_resume(console->input);
  }
}

/* The server chooses the octets: what could drive the terminal is escaped, and further lines are
 * set in, so that none of them passes for a line of ours. */
static void print_to_person(const char *mark, struct wspec_span text) {
  printf("\r\033[K%s ", mark);
  for (size_t i = 0; i < text.len; i++) {
    uint8_t octet = text.data[i];
    bool is_c1 = octet == 0xc2 && i + 1 < text.len && text.data[i + 1] < 0xa0; /* U+0080 to 9F */
    if (octet == '\n') {
      printf("\n  ");
    } else if ((octet < 0x20 && octet != '\t') || octet == 0x7f || is_c1) {
      printf("\\x%02x", is_c1 ? text.data[++i] : octet);
    } else {
      (void)fputc(octet, stdout);
    }
  }
}

void wspec_console_print(struct wspec_console *console, const char *mark, struct wspec_span text) {
  if (console->is_interactive) {
    print_to_person(mark, text);
  } else {
    (void)fwrite(text.data, 1, text.len, stdout);
  }
  (void)fputc('\n', stdout);
  if (console->is_interactive && !console->is_over) {
    rl_forced_update_display();
  }
  (void)fflush(stdout);
}
