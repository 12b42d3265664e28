/* websocket_remote: the WebSocket API in C, one call a line, for a script that plays cases/api with it
 * (tests/e2e/c_api/main.mjs).
 *
 * Commands come on standard input, each with one line as its answer. Octets are in hexadecimal, "-" is
 * none; ID is 0 to 63, of the caller's choice.
 *
 *   new ID URL PROTOCOL,PROTOCOL...  ok, misuse
 *   close ID CODE REASON             ok, misuse
 *   text|octets|blob ID OCTETS       ok, misuse
 *   type ID blob|buffer              ok
 *   listen ID TYPE LISTENER          ok
 *   handler ID TYPE LISTENER         ok; LISTENER 0: none
 *   forget ID TYPE LISTENER          ok
 *   get ID                           STATE AMOUNT URL PROTOCOL EXTENSIONS
 *   free ID                          ok
 *   turn                             event lines, each answered with "go", then idle
 *
 * An event is "event ID LISTENER TYPE ...", printed from within its handler, which takes commands until
 * the "go": so that what the script calls then is called from within the handler, as in a page. */
#include "endpoint/websocket.h"
#include "net/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKETS_MAX = 64, LISTENERS_MAX = 4096, PROTOCOLS_MAX = 16, TURN_US = 1000 };

static struct wspec_loop *g_loop;
static struct wspec_websocket *g_sockets[SOCKETS_MAX];
static int g_listeners[LISTENERS_MAX]; /* the number of each, to be pointed at */
static const char *const TYPES[] = {"open", "message", "error", "close"};

static void serve(const char *until);

/* ---- Words ---- */

static void fail(const char *why) {
  (void)fprintf(stderr, "websocket_remote: %s\n", why);
  exit(1);
}

static int digit(char letter) {
  static const char digits[] = "0123456789abcdef";
  const char *at = letter ? strchr(digits, letter) : NULL;
  if (!at) {
    fail("expected hexadecimal");
  }
  return (int)(at - digits);
}

/* Decodes in place and ends it with a NUL. */
static struct wspec_span octets_of(char *word) {
  size_t len = strcmp(word, "-") == 0 ? 0 : strlen(word) / 2;
  for (size_t i = 0; i < len; i++) {
    word[i] = (char)(digit(word[2 * i]) << 4 | digit(word[2 * i + 1]));
  }
  word[len] = '\0';
  return wspec_span_of(word, len);
}

static void print_octets(struct wspec_span octets) {
  printf(octets.len == 0 ? " -" : " ");
  for (size_t i = 0; i < octets.len; i++) {
    printf("%02x", octets.data[i]);
  }
}

static const char *next(char **words) {
  char *word = strtok_r(NULL, " \n", words);
  if (!word) {
    fail("a word is missing");
  }
  return word;
}

static unsigned number(char **words) {
  return (unsigned)strtoul(next(words), NULL, 10);
}

static void answer(enum wspec_err err) {
  bool is_misuse = err == WSPEC_ERR_MISUSE || err == WSPEC_ERR_URL;
  if (err && !is_misuse) {
    fail(wspec_err_sentence(err));
  }
  printf("%s\n", err ? "misuse" : "ok");
}

/* ---- Events ---- */

static void print_blob(struct wspec_blob *blob) {
  size_t len = (size_t)wspec_blob_len(blob);
  uint8_t *octets = malloc(len + 1);
  if (!octets || wspec_blob_read(blob, 0, octets, len)) {
    fail("the blob cannot be read");
  }
  print_octets(wspec_span_of(octets, len));
  free(octets);
}

static void on_event(void *user, struct wspec_websocket *socket,
                     const struct wspec_websocket_event *event) {
  unsigned id = 0;
  while (g_sockets[id] != socket) {
    id++;
  }
  printf("event %u %d %s", id, *(int *)user, TYPES[event->type]);
  if (event->type == WSPEC_WEBSOCKET_ON_MESSAGE) {
    printf(" %s", event->is_text ? "text" : event->blob ? "blob" : "buffer");
    if (event->blob) {
      print_blob(event->blob);
    } else {
      print_octets(event->data);
    }
  } else if (event->type == WSPEC_WEBSOCKET_ON_CLOSE) {
    printf(" %u %d", event->status_code, event->was_clean);
    print_octets(event->reason);
  }
  printf("\n");
  serve("go");
  wspec_loop_stop(g_loop);
}

/* ---- Commands ---- */

static void make(unsigned id, char **words) {
  struct wspec_websocket_options options;
  struct wspec_net_error error;
  const char *protocols[PROTOCOLS_MAX];
  char *url = (char *)(uintptr_t)next(words);
  char *list = (char *)(uintptr_t)next(words);
  char *rest;
  (void)octets_of(url);
  wspec_websocket_options_init(&options);
  options.protocols = protocols;
  for (char *word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
    if (strcmp(list, "-") != 0) {
      (void)octets_of(*word == '_' ? word + 1 : word);
      protocols[options.n_protocols++] = *word == '_' ? word + 1 : word;
    }
  }
  answer(wspec_websocket_new(g_loop, url, &options, &g_sockets[id], &error));
}

static void send_data(struct wspec_websocket *socket, const char *verb, char *word) {
  struct wspec_span octets = octets_of(word);
  if (strcmp(verb, "text") == 0) {
    answer(wspec_websocket_send_text(socket, octets));
  } else if (strcmp(verb, "octets") == 0) {
    answer(wspec_websocket_send_octets(socket, octets));
  } else {
    struct wspec_blob *blob = wspec_blob_from_octets(octets);
    answer(blob ? wspec_websocket_send_blob(socket, blob) : WSPEC_ERR_NOMEM);
    wspec_blob_free(blob);
  }
}

static void listen_to(struct wspec_websocket *socket, const char *verb, char **words) {
  const char *name = next(words);
  enum wspec_websocket_event_type type = WSPEC_WEBSOCKET_ON_OPEN;
  while (strcmp(TYPES[type], name) != 0) {
    type++;
  }
  unsigned listener = number(words) % LISTENERS_MAX;
  void *user = &g_listeners[listener];
  g_listeners[listener] = (int)listener;
  if (strcmp(verb, "listen") == 0) {
    answer(wspec_websocket_add_listener(socket, type, on_event, user));
  } else if (strcmp(verb, "handler") == 0) {
    answer(wspec_websocket_set_handler(socket, type, listener ? on_event : NULL, user));
  } else {
    wspec_websocket_remove_listener(socket, type, on_event, user);
    answer(WSPEC_OK);
  }
}

static void tell(const struct wspec_websocket *socket) {
  printf("%d %llu", (int)wspec_websocket_ready_state(socket),
         (unsigned long long)wspec_websocket_buffered_amount(socket));
  print_octets(wspec_websocket_url(socket));
  print_octets(wspec_websocket_protocol(socket));
  print_octets(wspec_websocket_extensions(socket));
  printf("\n");
}

static void on_turn_over(void *user) {
  (void)user;
  wspec_loop_stop(g_loop);
}

static void turn(void) {
  struct wspec_timer *timer;
  if (wspec_timer_new(g_loop, on_turn_over, NULL, &timer)) {
    fail("out of memory");
  }
  wspec_timer_start(timer, TURN_US);
  wspec_loop_run(g_loop);
  wspec_timer_free(timer);
  printf("idle\n");
}

static void obey(char *line) {
  char *words;
  const char *verb = strtok_r(line, " \n", &words);
  if (!verb) {
    fail("an empty line");
  }
  if (strcmp(verb, "turn") == 0) {
    turn();
    return;
  }
  unsigned id = number(&words) % SOCKETS_MAX;
  struct wspec_websocket *socket = g_sockets[id];
  if (strcmp(verb, "new") == 0) {
    make(id, &words);
  } else if (!socket) {
    fail("there is no such socket");
  } else if (strcmp(verb, "close") == 0) {
    unsigned code = number(&words);
    answer(
        wspec_websocket_close(socket, (uint16_t)code, octets_of((char *)(uintptr_t)next(&words))));
  } else if (strcmp(verb, "type") == 0) {
    wspec_websocket_set_binary_type(
        socket, strcmp(next(&words), "blob") == 0 ? WSPEC_WEBSOCKET_BLOB : WSPEC_WEBSOCKET_BUFFER);
    answer(WSPEC_OK);
  } else if (strcmp(verb, "get") == 0) {
    tell(socket);
  } else if (strcmp(verb, "free") == 0) {
    wspec_websocket_free(socket);
    g_sockets[id] = NULL;
    answer(WSPEC_OK);
  } else if (strcmp(verb, "text") == 0 || strcmp(verb, "octets") == 0 ||
             strcmp(verb, "blob") == 0) {
    send_data(socket, verb, (char *)(uintptr_t)next(&words));
  } else {
    listen_to(socket, verb, &words);
  }
}

/* Obeys until the line `until`, or the end of standard input where that is NULL. */
static void serve(const char *until) {
  char *line = NULL;
  size_t size = 0;
  ssize_t len;
  (void)fflush(stdout);
  while ((len = getline(&line, &size, stdin)) > 0) {
    if (until && strncmp(line, until, strlen(until)) == 0) {
      free(line);
      return;
    }
    obey(line);
    (void)fflush(stdout);
  }
  free(line);
  if (until) {
    fail("standard input has ended within an event");
  }
}

int main(void) {
  if (wspec_loop_new(&g_loop)) {
    fail("out of memory");
  }
  serve(NULL);
  for (unsigned i = 0; i < SOCKETS_MAX; i++) {
    wspec_websocket_free(g_sockets[i]);
  }
  wspec_loop_free(g_loop);
  return 0;
}
