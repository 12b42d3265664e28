#include "net/process.h"

#include "net/internal.h"
#include "net/orphans.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whoever has left the group may hold the pipes open: they are not waited for any longer. */
enum { DRAIN_MS = 300, READ_SIZE = 16 * 1024, HANDLES = 4, MARK_SIZE = 64 };

extern char **environ;

struct wspec_process {
  uv_process_t uv;
  uv_pipe_t pipes[2]; /* its standard output and error */
  uv_timer_t timer;   /* until SIGKILL; once it has ended, until its output is given up */
  void (*on_end)(void *user, const struct wspec_process_end *end);
  void *user;
  uint8_t *output;
  size_t output_len, output_max;
  struct wspec_process_end end;
  int pid;
  int open_pipes;
  int open_handles;
  bool has_ended, was_told, is_freed;
  struct wspec_loop *loop;
  char mark[MARK_SIZE]; /* in its environment, and so in that of whatever it starts */
  char read_buffer[READ_SIZE];
};

static void on_handle_closed(uv_handle_t *handle) {
  struct wspec_process *process = handle->data;
  if (--process->open_handles == 0) {
    free(process->output);
    free(process);
  }
}

static void kill_group(const struct wspec_process *process, int number) {
  if (process->pid > 0) {
    (void)kill(-process->pid, number);
  }
}

static void tell(struct wspec_process *process) {
  bool is_over = process->has_ended && process->open_pipes == 0;
  if (is_over && !process->was_told && !process->is_freed) {
    process->was_told = true;
    (void)uv_timer_stop(&process->timer);
    process->on_end(process->user, &process->end);
  }
}

/* ---- Output ---- */

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
  struct wspec_process *process = handle->data;
  (void)size;
  *buf = uv_buf_init(process->read_buffer, sizeof process->read_buffer);
}

static void close_pipe(struct wspec_process *process, uv_pipe_t *pipe) {
  if (!uv_is_closing((uv_handle_t *)pipe)) {
    process->open_pipes--;
    uv_close((uv_handle_t *)pipe, on_handle_closed);
  }
}

static void on_read(uv_stream_t *stream, ssize_t n_read, const uv_buf_t *buf) {
  struct wspec_process *process = stream->data;
  if (n_read < 0) {
    close_pipe(process, (uv_pipe_t *)stream);
    tell(process);
    return;
  }
  size_t room = process->output_max - process->output_len;
  size_t len = (size_t)n_read < room ? (size_t)n_read : room;
  memcpy(process->output + process->output_len, buf->base, len);
  process->output_len += len;
}

/* ---- The end ---- */

static void on_drain_timer(uv_timer_t *timer) {
  struct wspec_process *process = timer->data;
  close_pipe(process, &process->pipes[0]);
  close_pipe(process, &process->pipes[1]);
  tell(process);
}

static void on_exit(uv_process_t *handle, int64_t exit_status, int term_signal) {
  struct wspec_process *process = handle->data;
  process->has_ended = true;
  process->end = (struct wspec_process_end){
      .exit_status = term_signal ? -1 : (int)exit_status,
      .signal = term_signal,
  };
  kill_group(process, SIGKILL); /* what it left behind */
  wspec_orphans_kill(process->loop, process->mark);
  process->pid = 0; /* it may soon be another's */
  if (!process->is_freed) {
    (void)uv_timer_start(&process->timer, on_drain_timer, DRAIN_MS, 0);
    tell(process);
  }
}

static void on_kill_timer(uv_timer_t *timer) {
  kill_group(timer->data, SIGKILL);
}

void wspec_process_stop(struct wspec_process *process, uint32_t grace_ms) {
  if (process->has_ended) {
    return;
  }
  kill_group(process, grace_ms > 0 ? SIGTERM : SIGKILL);
  if (grace_ms > 0) {
    (void)uv_timer_start(&process->timer, on_kill_timer, grace_ms, 0);
  }
}

struct wspec_span wspec_process_output(const struct wspec_process *process) {
  return (struct wspec_span){process->output, process->output_len};
}

void wspec_process_free(struct wspec_process *process) {
  if (!process || process->is_freed) {
    return;
  }
  process->is_freed = true;
  kill_group(process, SIGKILL);
  close_pipe(process, &process->pipes[0]);
  close_pipe(process, &process->pipes[1]);
  uv_close((uv_handle_t *)&process->timer, on_handle_closed);
  uv_close((uv_handle_t *)&process->uv, on_handle_closed);
}

/* ---- The beginning ---- */

static size_t count(const char *const *list) {
  size_t n = 0;
  while (list && list[n]) {
    n++;
  }
  return n;
}

/* Ours behind what is added, and `mark` last: the first of a name is what getenv finds. NULL: out of
 * memory. */
static const char **join_environment(const char *const *added, const char *mark) {
  size_t n_added = count(added);
  size_t n_own = count((const char *const *)environ);
  const char **all = calloc(n_added + n_own + 2, sizeof *all);
  if (all && n_added > 0) {
    memcpy(all, added, n_added * sizeof *all);
  }
  size_t n = n_added;
  for (size_t i = 0; all && i < n_own; i++) {
    const char *equals = strchr(environ[i], '=');
    size_t len = equals ? (size_t)(equals - environ[i]) + 1 : strlen(environ[i]);
    bool is_replaced = false;
    for (size_t k = 0; k < n_added; k++) {
      is_replaced = is_replaced || strncmp(added[k], environ[i], len) == 0;
    }
    if (!is_replaced) {
      all[n++] = environ[i];
    }
  }
  if (all) {
    all[n] = mark;
  }
  return all;
}

static int spawn(struct wspec_loop *loop, struct wspec_process *process,
                 const struct wspec_process_options *options, const char **environment) {
  uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
  for (int i = 0; i < 2; i++) {
    stdio[i + 1].flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
    stdio[i + 1].data.stream = (uv_stream_t *)&process->pipes[i];
  }
  const uv_process_options_t how = {
      .exit_cb = on_exit,
      .file = options->arguments[0],
      .args = (char **)(uintptr_t)options->arguments,
      .env = (char **)(uintptr_t)environment,
      .flags = UV_PROCESS_DETACHED, /* a session, and so a group, of its own */
      .stdio_count = 3,
      .stdio = stdio,
  };
  return uv_spawn(&loop->uv, &process->uv, &how);
}

enum wspec_err wspec_process_new(struct wspec_loop *loop,
                                 const struct wspec_process_options *options,
                                 void (*on_end)(void *user, const struct wspec_process_end *end),
                                 void *user, struct wspec_process **out,
                                 struct wspec_net_error *error) {
  *out = NULL;
  struct wspec_process *process = calloc(1, sizeof *process);
  const char **environment = process ? join_environment(options->environment, process->mark) : NULL;
  uint8_t *output = malloc(options->output_max > 0 ? options->output_max : 1);
  if (!process || !environment || !output) {
    free(process);
    free(environment);
    free(output);
    return wspec_net_error_set(error, WSPEC_ERR_NOMEM, "out of memory");
  }
  (void)snprintf(process->mark, sizeof process->mark, "WSPEC_PROCESS_%ld_%u=1", (long)getpid(),
                 ++loop->n_processes);
  wspec_orphans_adopt();
  process->loop = loop;
  process->on_end = on_end;
  process->user = user;
  process->output = output;
  process->output_max = options->output_max;
  process->open_pipes = 2;
  process->open_handles = HANDLES;
  process->uv.data = process;
  process->timer.data = process;
  (void)uv_timer_init(&loop->uv, &process->timer);
  for (int i = 0; i < 2; i++) {
    (void)uv_pipe_init(&loop->uv, &process->pipes[i], 0);
    process->pipes[i].data = process;
  }
  int code = spawn(loop, process, options, environment);
  free(environment);
  if (code != 0) {
    process->has_ended = true;
    wspec_process_free(process);
    return wspec_net_error_set(error, WSPEC_ERR_INPUT, "cannot start '%.200s': %s",
                               options->arguments[0], uv_strerror(code));
  }
  process->pid = process->uv.pid;
  (void)uv_read_start((uv_stream_t *)&process->pipes[0], on_alloc, on_read);
  (void)uv_read_start((uv_stream_t *)&process->pipes[1], on_alloc, on_read);
  *out = process;
  return WSPEC_OK;
}
