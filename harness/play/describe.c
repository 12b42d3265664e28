#include "play/play_internal.h"

#include "proto/close.h"

#include <stdarg.h>
#include <string.h>

enum { SHOWN_MAX = 32 }; /* octets of a payload in a sentence */

/* A sentence under way. It grows up to the size of a description and is cut there. */
struct words {
  struct wspec_play *play;
  struct wspec_buf buf;
};

static void begin(struct words *words, struct wspec_play *play) {
  words->play = play;
  wspec_buf_init(&words->buf, sizeof((struct description *)0)->text - 1);
}

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  enum wspec_err err = wspec_buf_vappendf(&words->buf, format, arguments);
  va_end(arguments);
  if (err != WSPEC_ERR_LIMIT) {
    play_check(words->play, err);
  }
}

static void end(struct words *words, struct description *out) {
  if (words->buf.len > 0) {
    memcpy(out->text, words->buf.data, words->buf.len);
  }
  out->text[words->buf.len] = '\0';
  wspec_buf_clear(&words->buf);
}

/* ---- Expected ---- */

static void say_codes(struct words *words, const struct wspec_alternative *alternative) {
  for (size_t i = 0; i < alternative->n_codes; i++) {
    const struct wspec_code_range *range = &alternative->codes[i];
    say(words, range->first == range->last ? "%s%u" : "%s%u-%u", i ? ", " : "",
        (unsigned)range->first, (unsigned)range->last);
  }
  if (alternative->no_code_allowed) {
    say(words, "%sno code", alternative->n_codes ? " or " : "");
  } else if (alternative->n_codes == 0) {
    say(words, "any");
  }
}

static const char *offered_words(enum wspec_offered_rule offered) {
  return offered == WSPEC_OFFERED ? "offered" : "not offered";
}

static void say_alternative(struct words *words, const struct wspec_alternative *alternative) {
  switch (alternative->reaction) {
  case WSPEC_REACTION_HTTP:
    say(words, "an HTTP answer with status ");
    say_codes(words, alternative);
    if (alternative->deflate != WSPEC_DEFLATE_ANY) {
      say(words, " %s permessage-deflate",
          alternative->deflate == WSPEC_DEFLATE_AGREED ? "with" : "without");
      if (alternative->deflate_param) {
        say(words, " and %s", alternative->deflate_param);
      }
    }
    break;
  case WSPEC_REACTION_DROPPED:
    say(words, "TCP closed without %s",
        words->play->config->is_server ? "a frame" : "an HTTP answer");
    break;
  case WSPEC_REACTION_ECHO:
    say(words, "the message is taken and comes back");
    break;
  case WSPEC_REACTION_MESSAGE:
    say(words, "a certain message");
    break;
  case WSPEC_REACTION_PONG:
    say(words, "a pong with the same payload");
    break;
  case WSPEC_REACTION_FAILED:
    say(words, "the connection fails (close code ");
    say_codes(words, alternative);
    say(words, ", or TCP closed)");
    break;
  case WSPEC_REACTION_CLOSED:
    say(words, "a close frame (code ");
    say_codes(words, alternative);
    say(words, alternative->reason ? ", with a certain reason)" : ")");
    break;
  case WSPEC_REACTION_IGNORED:
    say(words, "no reaction, and the connection lives");
    break;
  case WSPEC_REACTION_ENDED:
    say(words, "TCP closed");
    break;
  case WSPEC_REACTION_NOTHING:
    say(words, "nothing yet");
    break;
  case WSPEC_REACTION_SILENT:
    say(words, "silence");
    break;
  case WSPEC_REACTION_ANY:
    say(words, "anything");
    break;
  case WSPEC_REACTION_MASKING_KEYS:
    say(words, "masking keys that nobody can know beforehand");
    break;
  case WSPEC_REACTION_KEY:
    say(words, "a key of its own");
    break;
  case WSPEC_REACTION_SERVER_NAME:
    say(words, "TLS with the name of the host");
    break;
  case WSPEC_REACTION_REQUESTED:
    say(words, "a request with certain fields");
    break;
  }
  if (alternative->times > 1) {
    say(words, ", %llu times", (unsigned long long)alternative->times);
  }
  if (alternative->offered != WSPEC_OFFERED_OR_NOT) {
    say(words, ", if what was answered was %s", offered_words(alternative->offered));
  }
}

void describe_expectation(struct wspec_play *play, const struct wspec_expectation *expectation,
                          struct description *out) {
  struct words words;
  begin(&words, play);
  for (size_t i = 0; i < expectation->n_alternatives; i++) {
    const struct wspec_alternative *alternative = &expectation->alternatives[i];
    if (alternative->rank == WSPEC_RANK_PASS || i == 0) {
      say(&words, "%s", i ? "; or " : "");
      say_alternative(&words, alternative);
    }
  }
  end(&words, out);
}

/* ---- Seen ---- */

static void say_octets(struct words *words, const uint8_t *octets, size_t len) {
  say(words, "\"");
  for (size_t i = 0; i < len && i < SHOWN_MAX; i++) {
    bool is_plain = octets[i] >= 0x20 && octets[i] < 0x7f && octets[i] != '\\' && octets[i] != '"';
    say(words, is_plain ? "%c" : "\\x%02x", octets[i]);
  }
}

static void say_payload(struct words *words, const struct event *event) {
  say_octets(words, event->prefix, event->prefix_len);
  say(words, "%s\"", event->payload_len > SHOWN_MAX ? "..." : "");
}

static void say_reason(struct words *words, const struct event *event) {
  if (event->payload_len > 2) {
    say(words, " and reason ");
    say_octets(words, event->prefix + 2, (size_t)event->prefix_len - 2);
    say(words, "%s\"", event->payload_len - 2 > SHOWN_MAX ? "..." : "");
  }
}

static void say_event(struct words *words, const struct event *event) {
  switch (event->kind) {
  case EVENT_HTTP:
    if (event->status_code == 0) {
      say(words, "octets that are not HTTP");
    } else {
      say(words, "an HTTP answer with status %u", (unsigned)event->status_code);
    }
    break;
  case EVENT_MESSAGE:
  case EVENT_PING:
  case EVENT_PONG:
    say(words, "a %s %s of %llu octets: ", wspec_opcode_name(event->opcode),
        event->kind == EVENT_MESSAGE ? "message" : "frame", (unsigned long long)event->payload_len);
    say_payload(words, event);
    break;
  case EVENT_CLOSE:
    if (event->payload_len < 2) {
      say(words, "a close frame without status code");
    } else {
      say(words, "a close frame with status code %u", (unsigned)event->status_code);
      say_reason(words, event);
    }
    break;
  case EVENT_EOF:
    say(words, "TCP closed (FIN)");
    break;
  case EVENT_RESET:
    say(words, "TCP reset (RST)");
    break;
  }
}

void describe_seen(struct wspec_play *play, const struct seen *seen, struct description *out) {
  struct words words;
  begin(&words, play);
  if (seen->event) {
    say_event(&words, seen->event);
  } else if (seen->reaction == WSPEC_REACTION_IGNORED) {
    say(&words, "no reaction, but a ping sent after it was answered: the connection lives");
  } else if (seen->reaction == WSPEC_REACTION_NOTHING) {
    say(&words, "nothing for %llu ms", (unsigned long long)(seen->waited_us / 1000));
  } else {
    say(&words, "no reaction at all within the time limit");
  }
  end(&words, out);
}

void describe_violation(struct wspec_play *play, const struct description *expected,
                        const struct description *seen, struct description *out) {
  struct words words;
  begin(&words, play);
  /* Each at most half, so that what was seen is never what gets cut. */
  say(&words, "expected %.480s; seen: %.480s", expected->text, seen->text);
  end(&words, out);
}
