#include "cli/reproduce.h"

#include "base/ascii.h"
#include "base/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_MAX = 64 * 1024 };

char *wspec_url_to_show(const char *url) {
  const char *authority = strstr(url, "://");
  authority = authority ? authority + 3 : url;
  size_t authority_len = strcspn(authority, "/?#");
  size_t userinfo_len = 0;
  for (size_t i = 0; i < authority_len; i++) {
    userinfo_len = authority[i] == '@' ? i + 1 : userinfo_len;
  }
  size_t before = (size_t)(authority - url);
  size_t size = strlen(url) - userinfo_len + 1;
  char *shown = malloc(size);
  if (shown) {
    memcpy(shown, url, before);
    memcpy(shown + before, authority + userinfo_len, size - before);
  }
  return shown;
}

bool wspec_is_secret_field(const char *name) {
  static const char *const words[] = {"authorization", "cookie", "token", "secret", "key"};
  for (; *name; name++) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
      struct wspec_span word = wspec_span_text(words[i]);
      if (strlen(name) >= word.len &&
          wspec_ascii_equal_nocase(wspec_span_of(name, word.len), word)) {
        return true;
      }
    }
  }
  return false;
}

/* In single quotes unless every octet is one that no shell looks at. */
static void add_word(struct wspec_buf *command, bool *failed, const char *word) {
  static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "_-./:=@,+%";
  bool is_safe = word[0] && strspn(word, safe) == strlen(word);
  enum wspec_err err = wspec_buf_append_text(command, is_safe ? " " : " '");
  for (; *word && !err; word++) {
    err = *word == '\'' ? wspec_buf_append_text(command, "'\\''")
                        : wspec_buf_append_octet(command, (uint8_t)*word);
  }
  err = err || is_safe ? err : wspec_buf_append_text(command, "'");
  *failed = *failed || err;
}

static void add_option(struct wspec_buf *command, bool *failed, const char *option,
                       const char *value) {
  if (value) {
    add_word(command, failed, option);
    add_word(command, failed, value);
  }
}

static void add_fields(struct wspec_buf *command, bool *failed,
                       const struct wspec_run_options *options) {
  for (size_t i = 0; i < options->n_fields; i++) {
    const struct wspec_play_field *field = &options->fields[i];
    struct wspec_buf text;
    wspec_buf_init(&text, COMMAND_MAX);
    *failed =
        *failed || wspec_buf_appendf(&text, "%s: %s", field->name,
                                     wspec_is_secret_field(field->name) ? "..." : field->value);
    char *value = *failed ? NULL : wspec_buf_take_text(&text);
    *failed = *failed || !value;
    add_option(command, failed, "-H", value);
    free(value);
    wspec_buf_clear(&text);
  }
}

static void add_number(struct wspec_buf *command, bool *failed, const char *option,
                       uint64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%" PRIu64, number);
  add_option(command, failed, option, text);
}

static void add_seconds(struct wspec_buf *command, bool *failed, const char *option,
                        uint32_t milliseconds) {
  char text[24];
  snprintf(text, sizeof text, "%.12g", (double)milliseconds / 1000);
  add_option(command, failed, option, text);
}

static void add_connect_to(struct wspec_buf *command, bool *failed,
                           const struct wspec_target_options *target) {
  struct wspec_buf text;
  wspec_buf_init(&text, COMMAND_MAX);
  if (target->connect_host) {
    *failed = *failed || wspec_buf_appendf(&text, "%s:%u", target->connect_host,
                                           (unsigned)target->connect_port);
    char *value = *failed ? NULL : wspec_buf_take_text(&text);
    *failed = *failed || !value;
    add_option(command, failed, "--connect-to", value);
    free(value);
  }
  wspec_buf_clear(&text);
}

/* Where the client connects to, and what it finds there. */
static void add_listening(struct wspec_buf *command, bool *failed,
                          const struct wspec_run_options *options) {
  if (options->api) {
    add_word(command, failed, "--api");
  }
  if (options->is_tls && !options->target.tls.certificate_file) {
    add_word(command, failed, "--tls");
  }
  add_option(command, failed, "--url-host", options->url_host);
  add_option(command, failed, "--bind", options->bind_host);
  if (options->port != WSPEC_RUN_PORT) {
    add_number(command, failed, "--port", options->port);
  }
  if (options->case_timeout_ms != WSPEC_RUN_CASE_TIMEOUT_MS) {
    add_seconds(command, failed, "--case-timeout", options->case_timeout_ms);
  }
  add_option(command, failed, "--name", options->name);
}

char *wspec_reproduce_end(const struct wspec_run_options *options) {
  struct wspec_buf end;
  wspec_buf_init(&end, COMMAND_MAX);
  bool failed = false;
  if (options->arguments) {
    add_word(&end, &failed, "--");
  }
  for (size_t i = 0; options->arguments && options->arguments[i]; i++) {
    add_word(&end, &failed, options->arguments[i]);
  }
  char *text = failed ? NULL : wspec_buf_take_text(&end);
  wspec_buf_clear(&end);
  return text;
}

char *wspec_reproduce_command(const struct wspec_run_options *options, const char *shown_url) {
  static const char *const oracles[] = {NULL, "echo", "pong", "none"};
  struct wspec_buf command;
  wspec_buf_init(&command, COMMAND_MAX);
  bool failed = wspec_buf_appendf(&command, "wspec %s", options->outputs.command) != WSPEC_OK;
  if (options->in_memory) {
    add_word(&command, &failed, "--memory");
  }
  if (options->chunk_len > 0) {
    add_number(&command, &failed, "--chunk", options->chunk_len);
  }
  if (options->seed != 1) {
    add_number(&command, &failed, "--seed", options->seed);
  }
  if (options->timeout_ms != WSPEC_RUN_TIMEOUT_MS) {
    add_seconds(&command, &failed, "--timeout", options->timeout_ms);
  }
  for (size_t i = 0; i < options->n_case_files; i++) {
    add_option(&command, &failed, "--case-file", options->case_files[i]);
  }
  add_option(&command, &failed, "--case-dir", options->case_dir);
  add_option(&command, &failed, "--oracle", oracles[options->oracle]);
  add_option(&command, &failed, "--subprotocol", options->subprotocol);
  add_option(&command, &failed, "--origin", options->origin);
  add_option(&command, &failed, "--cacert", options->target.tls.ca_file);
  add_option(&command, &failed, "--cert", options->target.tls.certificate_file);
  add_option(&command, &failed, "--key", options->target.tls.key_file);
  add_option(&command, &failed, "--user", options->target.user ? "..." : NULL);
  add_connect_to(&command, &failed, &options->target);
  if (options->exhaustive) {
    add_word(&command, &failed, "--exhaustive");
  }
  if (options->target.tls.is_insecure) {
    add_word(&command, &failed, "-k");
  }
  add_fields(&command, &failed, options);
  if (options->role == WSPEC_TARGET_CLIENT) {
    add_listening(&command, &failed, options);
  }
  if (shown_url) {
    add_word(&command, &failed, shown_url);
  }
  char *text = failed ? NULL : wspec_buf_take_text(&command);
  wspec_buf_clear(&command);
  return text;
}
