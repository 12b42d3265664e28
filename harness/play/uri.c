#include "play/play_internal.h"

#include "base/ascii.h"
#include "proto/handshake.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 250, MESSAGE_MAX = 300 };

/* RFC 3986 section 6.2.2.1: the letters of an escape may be capital or small. */
bool uri_is_same(struct wspec_span a, struct wspec_span b) {
  for (size_t i = 0; i < a.len && a.len == b.len; i++) {
    bool is_digit = (i > 0 && a.data[i - 1] == '%') || (i > 1 && a.data[i - 2] == '%');
    if (a.data[i] != b.data[i] &&
        !(is_digit && wspec_ascii_lower(a.data[i]) == wspec_ascii_lower(b.data[i]))) {
      return false;
    }
  }
  return a.len == b.len;
}

static bool ends_with(struct wspec_span text, const char *end) {
  size_t len = strlen(end);
  return text.len >= len &&
         uri_is_same(wspec_span_from(text, text.len - len), wspec_span_text(end));
}

/* The path ends, and a part of the query is, as the URI says. The rest is only known where the whole
 * resource name is. */
static bool has_resource(const struct wspec_uri *uri, struct wspec_span resource_name) {
  const uint8_t *mark =
      resource_name.len > 0 ? memchr(resource_name.data, '?', resource_name.len) : NULL;
  size_t path_len = mark ? (size_t)(mark - resource_name.data) : resource_name.len;
  struct wspec_span query = wspec_span_from(resource_name, mark ? path_len + 1 : path_len);
  bool has_query = !uri->escaped_query;
  while (!has_query && query.len > 0) {
    const uint8_t *end = memchr(query.data, '&', query.len);
    size_t len = end ? (size_t)(end - query.data) : query.len;
    has_query = uri_is_same(wspec_span_of(query.data, len), wspec_span_text(uri->escaped_query));
    query = wspec_span_from(query, end ? len + 1 : len);
  }
  return has_query && (!uri->escaped_path ||
                       ends_with(wspec_span_of(resource_name.data, path_len), uri->escaped_path));
}

static bool contains(struct wspec_span text, const char *part) {
  size_t len = strlen(part);
  for (size_t i = 0; i + len <= text.len; i++) {
    if (memcmp(text.data + i, part, len) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_beyond_ascii(struct wspec_span text) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] >= 0x80) {
      return true;
    }
  }
  return false;
}

/* What the client sent, as ASCII, cut off where it gets long. The caller frees it; NULL: out of
 * memory. */
static char *show(struct wspec_play *play, struct wspec_span text) {
  struct wspec_buf out;
  enum wspec_err err = WSPEC_OK;
  wspec_buf_init(&out, SHOWN_MAX);
  for (size_t i = 0; i < text.len && !err; i++) {
    bool is_plain = text.data[i] > 0x20 && text.data[i] < 0x7f;
    err = wspec_buf_appendf(&out, is_plain ? "%c" : "\\x%02X", (unsigned)text.data[i]);
  }
  char *shown = err == WSPEC_ERR_NOMEM ? NULL : wspec_buf_take_text(&out);
  wspec_buf_clear(&out);
  if (!shown) {
    play_out_of_memory(play);
  }
  return shown;
}

/* U+FFFD stands where somebody on the way could not read the URL: an environment that is not UTF-8,
 * and no fault of the client. */
static const char REPLACED[] = "%EF%BF%BD";

/* Sections 3, 11.1.1 and 11.1.2. */
static void find_other_resource(struct wspec_play *play, struct link *link) {
  const struct wspec_uri *uri = play->script->uri;
  char *shown = show(play, link->head.target);
  if (shown) {
    play_find(play, play->script->requirements[0]->id, link_index(play, link), link->head_offset,
              "the resource name of the URL has %s%s%s, and the request is for '%s'",
              uri->escaped_path ? uri->escaped_path : "",
              uri->escaped_path && uri->escaped_query ? " and " : "",
              uri->escaped_query ? uri->escaped_query : "", shown);
  }
  free(shown);
}

static void find_other_host(struct wspec_play *play, struct link *link, struct wspec_span host) {
  const char *expected = play->config->host;
  char *shown = show(play, host);
  if (shown) {
    play_find(play, play->script->requirements[0]->id, link_index(play, link), link->head_offset,
              WSPEC_FINDING_OTHER_HOST_OF_URI "%s%sbeyond ASCII, and that of the request is '%s'",
              expected ? expected : "", expected ? " in letters " : "", shown);
  }
  free(shown);
}

/* RFC 3986 section 3.2.2 has escapes in a host, too, and RFC 3987 section 3.1 writes them where no
 * IDNA is at hand. */
static bool judge_host(struct wspec_play *play, struct link *link, struct wspec_span host) {
  const char *expected = play->config->host;
  if (contains(host, "%")) {
    play_find_full(
        play, WSPEC_VERDICT_INFO, NULL, link_index(play, link), link->head_offset,
        "the host of the request is escaped, which is the same name but not that of IDNA", NULL,
        NULL);
    return true;
  }
  if (is_beyond_ascii(host) ||
      (expected && !wspec_ascii_equal_nocase(host, wspec_span_text(expected)))) {
    find_other_host(play, link, host);
    return true;
  }
  return false;
}

bool uri_judge_host(struct wspec_play *play, struct link *link,
                    const struct wspec_handshake_offer *offer) {
  const struct wspec_uri *uri = play->script->uri;
  struct wspec_span host = offer->host.len > 0 ? offer->host : request_value(link, "Host");
  return uri && uri->has_fullwidth_host && judge_host(play, link, host);
}

bool uri_judge_resource(struct wspec_play *play, struct link *link,
                        const struct wspec_handshake_offer *offer) {
  const struct wspec_uri *uri = play->script->uri;
  if (!uri || has_resource(uri, offer->resource_name)) {
    return false;
  }
  if (!uri->is_ascii && contains(offer->resource_name, REPLACED)) {
    play_skip(play, "the client was handed other characters than those of the URL: its environment "
                    "does not take them for UTF-8");
  } else {
    find_other_resource(play, link);
  }
  return true;
}

void uri_find_no_connection(struct wspec_play *play, struct link *link, const char *sentence) {
  const struct wspec_uri *uri = play->script->uri;
  unsigned index = link_index(play, link);
  play->violated = true;
  if (!uri || uri->is_ascii) {
    /* RFC 6455 section 4.1: a client that is to connect opens a connection. */
    play_find(play, uri ? play->script->requirements[0]->id : "6455-4.1-02", index,
              WSPEC_OFFSET_NONE, "%s", sentence);
    return;
  }
  struct wspec_buf message;
  wspec_buf_init(&message, MESSAGE_MAX);
  enum wspec_err err = wspec_buf_appendf(
      &message, "%s: what it was handed is beyond ASCII and so no URI, which it may reject",
      sentence);
  char *text = err ? NULL : wspec_buf_take_text(&message);
  if (err == WSPEC_ERR_NOMEM) {
    play_out_of_memory(play);
  }
  play_find_full(play, WSPEC_VERDICT_INFO, NULL, index, WSPEC_OFFSET_NONE, text ? text : sentence,
                 NULL, NULL);
  free(text);
  wspec_buf_clear(&message);
}
