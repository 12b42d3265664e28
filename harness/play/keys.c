#include "play/play_internal.h"

#include "base/ascii.h"

#include <stdlib.h>

/* What is told from chance here happens by chance less than once in 10^9 cases:
 *
 *   repeats       of 4,096 random keys at most, 2.0 * 10^-3 pairs are equal, so more than 4 of them
 *                 come once in 3 * 10^15 cases; and so with each kind of difference between one key
 *                 and the next
 *   bits          a sum of n random bits is off n/2 by 8 standard deviations, 4 * sqrt(n), at most
 *                 2 * e^-32 of the time (Hoeffding), and there are 64 bits and 2,016 pairs of them
 *   letters       10 or more of the first 21 letters of two values in base64 are equal once in
 *                 3 * 10^12 (the last letter of 16 octets stands for two bits only) */
enum {
  KEYS_MIN = 128, /* a bit that never changes is not off by 8 standard deviations before 64 */
  REPEATS_MAX = 4,
  N_BITS = 64, /* of a key and the one before it */
  KEY_LETTERS = 21,
  EQUAL_LETTERS_MAX = 9
};

void keys_add(struct wspec_play *play, const uint8_t masking_key[4]) {
  if (play->masking_keys.len < (size_t)MASKING_KEYS_MAX * 4) {
    play_check(play, wspec_buf_append(&play->masking_keys, masking_key, 4));
  }
}

/* ---- Masking keys ---- */

static int compare_words(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* Returns the number of words that are there already; sorts them. */
static size_t count_repeats(uint32_t *words, size_t n) {
  size_t n_repeats = 0;
  qsort(words, n, sizeof *words, compare_words);
  for (size_t i = 1; i < n; i++) {
    n_repeats += words[i] == words[i - 1];
  }
  return n_repeats;
}

static uint32_t swap_octets(uint32_t word) {
  return word << 24 | (word & 0xff00) << 8 | (word >> 8 & 0xff00) | word >> 24;
}

enum step { STEP_NONE, STEP_BIG_ENDIAN, STEP_LITTLE_ENDIAN, STEP_XOR, N_STEPS };

static uint32_t step_between(enum step step, uint32_t before, uint32_t key) {
  switch (step) {
  case STEP_BIG_ENDIAN:
    return key - before;
  case STEP_LITTLE_ENDIAN:
    return swap_octets(key) - swap_octets(before);
  case STEP_XOR:
    return key ^ before;
  default:
    return key;
  }
}

static size_t count_equal_steps(const uint32_t *keys, size_t n, enum step step, uint32_t *words) {
  for (size_t i = 1; i < n; i++) {
    words[i - 1] = step_between(step, keys[i - 1], keys[i]);
  }
  return count_repeats(words, n - 1);
}

static bool is_off(size_t n_ones, size_t n) {
  double distance = (double)n_ones - (double)n / 2;
  return distance * distance > 16.0 * (double)n;
}

/* Returns true if a bit, or whether two of them are equal, is not even; the bits are those of each
 * key and of the one before it. */
static bool has_uneven_bits(const uint32_t *keys, size_t n) {
  for (unsigned a = 0; a < N_BITS; a++) {
    for (unsigned b = a; b < N_BITS; b++) {
      size_t n_ones = 0;
      for (size_t i = 1; i < n; i++) {
        uint64_t both = (uint64_t)keys[i] << 32 | keys[i - 1];
        n_ones += a == b ? both >> a & 1 : (both >> a ^ both >> b) & 1;
      }
      if (is_off(n_ones, n - 1)) {
        return true;
      }
    }
  }
  return false;
}

/* Returns what shows that the next masking key can be known; NULL: nothing does. */
static const char *find_pattern(const uint32_t *keys, size_t n, uint32_t *words) {
  static const char *const patterns[N_STEPS] = {
      [STEP_NONE] = "come again and again",
      [STEP_BIG_ENDIAN] = "go on by equal steps",
      [STEP_LITTLE_ENDIAN] = "go on by equal steps, low octet first",
      [STEP_XOR] = "differ from the one before in the same bits",
  };
  for (enum step step = STEP_NONE; step < N_STEPS; step++) {
    if (count_equal_steps(keys, n, step, words) > REPEATS_MAX) {
      return patterns[step];
    }
  }
  return has_uneven_bits(keys, n) ? "have bits that are not random" : NULL;
}

static void judge_masking_keys(struct wspec_play *play, struct link *link,
                               const char *requirement) {
  size_t n = play->masking_keys.len / 4;
  if (n < KEYS_MIN) {
    play_skip(play, "the client sent too few frames for its masking keys to be compared");
    return;
  }
  uint32_t *keys = calloc(n, 2 * sizeof *keys);
  if (!keys) {
    play_out_of_memory(play);
    return;
  }
  const uint8_t *octets = play->masking_keys.data;
  for (size_t i = 0; i < n; i++, octets += 4) {
    keys[i] = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
              octets[3];
  }
  const char *pattern = find_pattern(keys, n, keys + n);
  if (pattern) {
    play_find(play, requirement, link_index(play, link), link->received_offset,
              "the masking keys of %zu frames %s", n, pattern);
  }
  free(keys);
}

/* ---- The key of the opening handshake ---- */

static unsigned count_equal_letters(struct wspec_span a, struct wspec_span b) {
  unsigned n = 0;
  for (size_t i = 0; i < KEY_LETTERS && i < a.len && i < b.len; i++) {
    n += a.data[i] == b.data[i];
  }
  return n;
}

static void judge_key(struct wspec_play *play, struct link *link, const char *requirement) {
  struct wspec_span key = request_value(link, "Sec-WebSocket-Key");
  for (size_t i = 0; i < play->script->n_connections; i++) {
    const struct link *other = &play->links[i];
    unsigned n_equal =
        other == link ? 0 : count_equal_letters(key, request_value(other, "Sec-WebSocket-Key"));
    if (n_equal > EQUAL_LETTERS_MAX) {
      play_find(play, requirement, link_index(play, link), link->head_offset,
                "%u of the first %d letters of the key are those of connection %s", n_equal,
                (int)KEY_LETTERS, play->script->connection_names[i]);
      return;
    }
  }
}

/* ---- The name that TLS was begun with ---- */

/* Where a colon ends the name; an address in brackets has others. */
static struct wspec_span name_of_host(struct wspec_span host) {
  const uint8_t *colon = host.len > 0 ? memchr(host.data, ':', host.len) : NULL;
  return wspec_span_of(host.data, colon ? (size_t)(colon - host.data) : host.len);
}

/* Digits and dots are an address, and so is what begins with a bracket. */
static bool is_address(struct wspec_span host) {
  bool is_number = host.len > 0;
  for (size_t i = 0; i < host.len && is_number; i++) {
    is_number = wspec_ascii_is_digit(host.data[i]) || host.data[i] == '.';
  }
  return is_number || (host.len > 0 && host.data[0] == '[');
}

/* Section 4.1: the extension is a MUST; RFC 6066 section 3: it holds the name without a port, and no
 * address. */
static void judge_server_name(struct wspec_play *play, struct link *link, const char *requirement) {
  struct wspec_span host = name_of_host(request_value(link, "Host"));
  if (!link->has_server_name) {
    play_skip(play, "no TLS handshake was seen");
  } else if (is_address(host)) {
    play_skip(play, "the URL names an address, which TLS cannot; --url-host gives a name");
  } else if (!wspec_ascii_equal_nocase(host, wspec_span_text(link->server_name))) {
    play_find(play, requirement, link_index(play, link), WSPEC_OFFSET_NONE,
              link->server_name[0]
                  ? "the request is for '%.*s', and TLS was begun for '%s'"
                  : "the request is for '%.*s', and TLS was begun without a name%s",
              (int)(host.len < 200 ? host.len : 200), (const char *)host.data, link->server_name);
  }
}

static void judge_fields(struct wspec_play *play, struct link *link,
                         const struct wspec_alternative *alternative,
                         const struct wspec_requirement *violated) {
  for (size_t i = 0; i < alternative->n_fields; i++) {
    struct wspec_field_rule rule = alternative->fields[i];
    rule.requirement = rule.requirement ? rule.requirement : violated;
    answer_judge_field(play, link, &rule);
  }
}

bool keys_decide(struct wspec_play *play, struct link *link,
                 const struct wspec_expectation *expectation) {
  enum wspec_reaction reaction =
      expectation->n_alternatives > 0 ? expectation->alternatives[0].reaction : WSPEC_REACTION_ANY;
  if (reaction < WSPEC_REACTION_MASKING_KEYS) {
    return false;
  }
  const struct wspec_requirement *violated =
      expectation->requirement ? expectation->requirement : expect_requirement(play);
  const char *requirement = violated ? violated->id : "";
  if (reaction == WSPEC_REACTION_REQUESTED) {
    judge_fields(play, link, &expectation->alternatives[0], violated);
  } else if (reaction == WSPEC_REACTION_SERVER_NAME) {
    judge_server_name(play, link, requirement);
  } else if (reaction == WSPEC_REACTION_KEY) {
    judge_key(play, link, requirement);
  } else {
    judge_masking_keys(play, link, requirement);
  }
  return true;
}
