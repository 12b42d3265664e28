#include "run/client_command.h"

#include "base/ascii.h"
#include "net/listener.h"
#include "net/process.h"
#include "net/timer.h"
#include "run/case_url.h"
#include "run/drive.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  TEXT_MAX = 64 * 1024,
  EXIT_GRACE_MS = 1000, /* to end by itself once its case is over */
  TERM_GRACE_MS = 1000, /* from SIGTERM to SIGKILL */
  ACCEPT_GRACE_MS = 100 /* from its end until it counts as one that did not connect */
};

/* One case with its processes. */
struct client_play {
  struct wspec_loop *loop;
  const struct wspec_client_command *command;
  const struct wspec_script *script;
  void (*on_result)(void *user, struct wspec_result *result);
  void *user;
  struct wspec_listener *listener;
  struct wspec_drive *drive; /* NULL once it is done */
  struct wspec_result result;
  struct wspec_timer *timer;        /* the time limit, then the grace */
  struct wspec_timer *accept_timer; /* after an end, for what is still to be accepted */
  struct wspec_process *processes[WSPEC_SCRIPT_CONNECTIONS_MAX];
  size_t n_processes, n_ended;
  struct wspec_process_end end; /* the first that a signal or 127 ended, else the last */
  bool was_stopped;             /* by us: how it ends says nothing */
  bool timed_out;
  char *url, *host, *target; /* owned */
};

/* ---- Text ---- */

/* What the client is asked to offer; empty: nothing. */
static const char *asked_subprotocol(const struct client_play *play) {
  return play->script->needs & WSPEC_NEED_SUBPROTOCOL ? WSPEC_ASKED_SUBPROTOCOL : "";
}

/* Replaces {url}, {case}, {agent} and {subprotocol}. NULL: out of memory or of a limit. */
static char *fill_in(const struct client_play *play, const char *text) {
  const struct {
    const char *name, *value;
  } words[] = {
      {"{url}", play->url},
      {"{case}", play->script->id},
      {"{agent}", play->command->agent},
      {"{subprotocol}", asked_subprotocol(play)},
  };
  struct wspec_buf out;
  wspec_buf_init(&out, TEXT_MAX);
  enum wspec_err err = WSPEC_OK;
  while (*text && !err) {
    size_t consumed = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0] && consumed == 0; i++) {
      if (strncmp(text, words[i].name, strlen(words[i].name)) == 0) {
        consumed = strlen(words[i].name);
        err = wspec_buf_append_text(&out, words[i].value);
      }
    }
    if (consumed == 0) {
      consumed = 1;
      err = wspec_buf_append_octet(&out, (uint8_t)*text);
    }
    text += consumed;
  }
  char *filled = err ? NULL : wspec_buf_take_text(&out);
  wspec_buf_clear(&out);
  return filled;
}

static enum wspec_err append_encoded(struct wspec_buf *out, const char *text) {
  enum wspec_err err = WSPEC_OK;
  for (; *text && !err; text++) {
    uint8_t octet = (uint8_t)*text;
    bool is_plain =
        wspec_ascii_is_alpha(octet) || wspec_ascii_is_digit(octet) || strchr("-._~", octet);
    err = is_plain ? wspec_buf_append_octet(out, octet) : wspec_buf_appendf(out, "%%%02X", octet);
  }
  return err;
}

/* What the URL says behind "agent=": the client's name, and what it is asked to offer. */
static char *agent_and_more(const struct client_play *play) {
  struct wspec_buf out;
  wspec_buf_init(&out, TEXT_MAX);
  enum wspec_err err = append_encoded(&out, play->command->agent);
  if (!err && asked_subprotocol(play)[0]) {
    err = wspec_buf_appendf(&out, "&subprotocol=%s", asked_subprotocol(play));
  }
  char *text = err ? NULL : wspec_buf_take_text(&out);
  wspec_buf_clear(&out);
  return text;
}

/* Where this case is to be found: its URL, and the parts of it that the request must have. */
static enum wspec_err name_place(struct client_play *play, struct wspec_play_config *config) {
  struct wspec_buf host, target, url;
  const char *name = play->command->url_host ? play->command->url_host : "127.0.0.1";
  unsigned port = wspec_address_port(wspec_listener_address(play->listener));
  char *agent = agent_and_more(play);
  wspec_buf_init(&host, TEXT_MAX);
  wspec_buf_init(&target, TEXT_MAX);
  wspec_buf_init(&url, TEXT_MAX);
  enum wspec_err err = agent ? WSPEC_OK : WSPEC_ERR_NOMEM;
  err = err ? err : wspec_buf_appendf(&host, "%s:%u", name, port);
  play->host = err ? NULL : wspec_buf_take_text(&host);
  if (play->host) {
    err = wspec_case_resource(play->script, agent, &target);
    play->target = err ? NULL : wspec_buf_take_text(&target);
    err = err ? err
              : wspec_case_url(play->script, play->command->tls != NULL, play->host, agent, &url);
    play->url = err ? NULL : wspec_buf_take_text(&url);
  }
  free(agent);
  wspec_buf_clear(&host);
  wspec_buf_clear(&target);
  wspec_buf_clear(&url);
  config->host = play->host;
  config->target = play->target;
  return play->url && play->target ? WSPEC_OK : WSPEC_ERR_NOMEM;
}

/* ---- The end ---- */

static void free_play(struct client_play *play) {
  for (size_t i = 0; i < play->n_processes; i++) {
    wspec_process_free(play->processes[i]);
  }
  wspec_listener_free(play->listener);
  wspec_timer_free(play->timer);
  wspec_timer_free(play->accept_timer);
  free(play->url);
  free(play->host);
  free(play->target);
  free(play);
}

static void add_finding(struct client_play *play, char *message) {
  const struct wspec_finding finding = {
      .verdict = WSPEC_VERDICT_FAIL,
      .requirement = "",
      .level = "",
      .message = message,
      .offset = WSPEC_OFFSET_NONE,
      .at_us = play->result.duration_us,
  };
  if (play->result.verdict == WSPEC_VERDICT_SKIP || play->result.verdict == WSPEC_VERDICT_ERROR) {
    return;
  }
  if (wspec_result_add(&play->result, &finding)) {
    play->result.verdict = WSPEC_VERDICT_ERROR;
  }
  wspec_result_conclude(&play->result);
}

/* How the command ended counts beside what it did on the wire. */
static void judge_end(struct client_play *play) {
  char message[160];
  if (play->end.exit_status == WSPEC_CLIENT_NOT_SUPPORTED && !play->was_stopped) {
    wspec_result_skip(&play->result, WSPEC_SKIP_NOT_SUPPORTED " (exit status 127)");
  } else if (play->end.signal && !play->was_stopped) {
    snprintf(message, sizeof message, WSPEC_FINDING_CLIENT_DIED "%d (%s)", play->end.signal,
             strsignal(play->end.signal));
    add_finding(play, message);
  } else if (play->timed_out) {
    snprintf(message, sizeof message, WSPEC_FINDING_CLIENT_LATE "%u ms, and its client stopped",
             (unsigned)play->command->time_limit_ms);
    add_finding(play, message);
  }
}

/* A report is text: what is no ASCII, and no line end or tab, is a question mark there. */
static void make_printable(struct wspec_buf *output) {
  for (size_t i = 0; i < output->len; i++) {
    uint8_t octet = output->data[i];
    bool is_control = (octet < 0x20 && octet != '\n' && octet != '\t') || octet == 0x7f;
    output->data[i] = is_control || octet >= 0x80 ? '?' : octet;
  }
}

static void take_output(struct client_play *play) {
  struct wspec_buf output;
  wspec_buf_init(&output, WSPEC_CLIENT_OUTPUT_MAX);
  for (size_t i = 0; i < play->n_processes; i++) {
    struct wspec_span printed = wspec_process_output(play->processes[i]);
    size_t room = WSPEC_CLIENT_OUTPUT_MAX - output.len;
    if (wspec_buf_append(&output, printed.data, printed.len < room ? printed.len : room)) {
      break;
    }
  }
  make_printable(&output);
  play->result.output = output.len > 0 ? wspec_buf_take_text(&output) : NULL;
  wspec_buf_clear(&output);
}

static void finish_if_over(struct client_play *play) {
  if (play->drive || play->n_ended < play->n_processes) {
    return;
  }
  judge_end(play);
  take_output(play);
  struct wspec_result result = play->result;
  void (*on_result)(void *user, struct wspec_result *result) = play->on_result;
  void *user = play->user;
  free_play(play);
  on_result(user, &result);
}

static void stop_processes(struct client_play *play, uint32_t grace_ms) {
  play->was_stopped = true;
  for (size_t i = 0; i < play->n_processes; i++) {
    wspec_process_stop(play->processes[i], grace_ms);
  }
}

/* The time limit of the case, or that of a client which does not end though its case is over. */
static void on_timer(void *user) {
  struct client_play *play = user;
  if (play->drive) {
    play->timed_out = true;
    wspec_drive_refuse(play->drive, "the client did not connect within the time limit of the case");
  }
  if (play->drive) {
    wspec_drive_abort(play->drive);
  }
  stop_processes(play, TERM_GRACE_MS);
}

static void on_done(void *user, struct wspec_play *machine) {
  struct client_play *play = user;
  play->drive = NULL;
  wspec_play_take_result(machine, &play->result);
  wspec_listener_free(play->listener);
  play->listener = NULL;
  if (play->n_ended < play->n_processes) {
    wspec_timer_start(play->timer, (uint64_t)EXIT_GRACE_MS * 1000);
  } else {
    /* Not from within the drive's call, which goes on after this one. */
    wspec_timer_start(play->accept_timer, 0);
  }
}

/* ---- The processes ---- */

/* What the kernel has accepted for us comes within this time. */
static void on_accept_timer(void *user) {
  struct client_play *play = user;
  if (play->drive && play->n_ended == play->n_processes) {
    char sentence[160];
    if (play->end.signal) {
      snprintf(sentence, sizeof sentence, "the client died of signal %d before it connected",
               play->end.signal);
    } else {
      snprintf(sentence, sizeof sentence,
               "the client ended with exit status %d before it connected", play->end.exit_status);
    }
    wspec_drive_refuse(play->drive, sentence);
  }
  if (!play->drive) {
    finish_if_over(play);
  }
}

static void on_end(void *user, const struct wspec_process_end *end) {
  struct client_play *play = user;
  bool is_told = play->end.signal || play->end.exit_status == WSPEC_CLIENT_NOT_SUPPORTED;
  play->n_ended++;
  if (!is_told) {
    play->end = *end;
  }
  /* Not from within the process's call either: its output is freed with it. */
  wspec_timer_start(play->accept_timer, play->drive ? (uint64_t)ACCEPT_GRACE_MS * 1000 : 0);
}

static enum wspec_err start_process(struct client_play *play, const char **arguments,
                                    const char **environment) {
  const struct wspec_process_options options = {
      .arguments = arguments, .environment = environment, .output_max = WSPEC_CLIENT_OUTPUT_MAX};
  struct wspec_net_error error;
  struct wspec_process *process;
  enum wspec_err err = wspec_process_new(play->loop, &options, on_end, play, &process, &error);
  if (err) {
    wspec_drive_refuse(play->drive, error.sentence);
    return err;
  }
  play->processes[play->n_processes++] = process;
  return WSPEC_OK;
}

static size_t count(const char *const *list) {
  size_t n = 0;
  while (list[n]) {
    n++;
  }
  return n;
}

/* The texts are the play's for this call: a process has its own. */
static enum wspec_err fill_and_start(struct client_play *play) {
  enum { N_VARIABLES = 4 };
  static const char *const variables[N_VARIABLES] = {"WSPEC_URL={url}", "WSPEC_CASE={case}",
                                                     "WSPEC_AGENT={agent}",
                                                     "WSPEC_SUBPROTOCOL={subprotocol}"};
  size_t n_arguments = count(play->command->arguments);
  char **texts = calloc(n_arguments + 1 + N_VARIABLES + 1, sizeof *texts);
  bool complete = texts != NULL;
  for (size_t i = 0; i < n_arguments && complete; i++) {
    texts[i] = fill_in(play, play->command->arguments[i]);
    complete = texts[i] != NULL;
  }
  char **environment = texts ? texts + n_arguments + 1 : NULL;
  for (size_t i = 0; i < N_VARIABLES && complete; i++) {
    environment[i] = fill_in(play, variables[i]);
    complete = environment[i] != NULL;
  }
  enum wspec_err err = complete
                           ? start_process(play, (const char **)texts, (const char **)environment)
                           : WSPEC_ERR_NOMEM;
  for (size_t i = 0; texts && i < n_arguments + 1 + N_VARIABLES; i++) {
    free(texts[i]);
  }
  free(texts);
  return err;
}

/* Each connection that the case wants is one more client. */
static void on_wanted(void *user, struct wspec_drive *drive) {
  struct client_play *play = user;
  play->drive = drive;
  if (play->n_processes == WSPEC_SCRIPT_CONNECTIONS_MAX) {
    return;
  }
  if (fill_and_start(play) == WSPEC_ERR_NOMEM) {
    wspec_drive_refuse(drive, "no memory for the client's command");
  }
}

static void on_accept(void *user, struct wspec_stream *stream) {
  struct client_play *play = user;
  struct wspec_span nothing = {NULL, 0};
  if (!play->drive || !wspec_drive_give(play->drive, stream, nothing)) {
    wspec_stream_reset(stream); /* more than the case wants */
  }
}

/* ---- The beginning ---- */

static enum wspec_err listen_for(struct client_play *play) {
  const struct wspec_listen_options options = {.tls = play->command->tls,
                                               .timeout_ms = play->command->time_limit_ms};
  struct wspec_net_error error;
  return wspec_listener_new(play->loop, &options, on_accept, play, &play->listener, &error);
}

static enum wspec_err start_drive(struct client_play *play,
                                  const struct wspec_play_config *config) {
  static const struct wspec_drive_handlers handlers = {.on_wanted = on_wanted, .on_done = on_done};
  struct wspec_play *machine = wspec_play_new(play->script, config, wspec_loop_now_us(play->loop));
  return machine ? wspec_drive_new_awaiting(play->loop, machine, &handlers, play, &play->drive)
                 : WSPEC_ERR_NOMEM;
}

enum wspec_err
wspec_client_command_play(struct wspec_loop *loop, const struct wspec_client_command *command,
                          const struct wspec_script *script, struct wspec_play_config *config,
                          void (*on_result)(void *user, struct wspec_result *result), void *user) {
  struct client_play *play = calloc(1, sizeof *play);
  if (!play) {
    return WSPEC_ERR_NOMEM;
  }
  play->loop = loop;
  play->command = command;
  play->script = script;
  play->on_result = on_result;
  play->user = user;
  enum wspec_err err = wspec_timer_new(loop, on_timer, play, &play->timer);
  err = err ? err : wspec_timer_new(loop, on_accept_timer, play, &play->accept_timer);
  err = err ? err : listen_for(play);
  err = err ? err : name_place(play, config);
  err = err ? err : start_drive(play, config);
  if (err) {
    free_play(play);
    return err;
  }
  wspec_timer_start(play->timer, (uint64_t)command->time_limit_ms * 1000);
  return WSPEC_OK;
}
