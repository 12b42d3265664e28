#include "compat/numbers.h"

#include <stdio.h>
#include <string.h>

/* Cases whose numbers count from 1 behind a common start, in order. */
struct group {
  const char *start;
  unsigned n;
  const char *category, *subcategory;
};

static const char FRAMING[] = "Framing", OPCODES[] = "Opcodes", UTF8[] = "UTF-8 Handling",
                  CLOSE[] = "Close Handling", LIMITS[] = "Limits/Performance",
                  PAYLOADS[] = "WebSocket Compression (different payloads)",
                  PARAMETERS[] = "WebSocket Compression (different parameters)";

static const struct group GROUPS[] = {
    {"1.1", 8, FRAMING, "Text Messages"},
    {"1.2", 8, FRAMING, "Binary Messages"},
    {"2", 11, "Pings/Pongs", ""},
    {"3", 7, "Reserved Bits", ""},
    {"4.1", 5, OPCODES, "Non-control Opcodes"},
    {"4.2", 5, OPCODES, "Control Opcodes"},
    {"5", 20, "Fragmentation", ""},
    {"6.1", 3, UTF8, "Valid UTF-8 in empty fragments"},
    {"6.2", 4, UTF8, "Valid UTF-8 in fragments"},
    {"6.3", 2, UTF8, "Invalid UTF-8 in fragments"},
    {"6.4", 4, UTF8, "Fail-fast on invalid UTF-8"},
    {"6.5", 5, UTF8, "Texts of valid UTF-8"},
    {"6.6", 11, UTF8, "All prefixes of a text"},
    {"6.7", 4, UTF8, "First sequence of each length"},
    {"6.8", 2, UTF8, "First sequence of lengths that are no more"},
    {"6.9", 4, UTF8, "Last sequence of each length"},
    {"6.10", 3, UTF8, "Last sequence of lengths that are no more"},
    {"6.11", 5, UTF8, "Other boundaries"},
    {"6.12", 8, UTF8, "Unexpected continuation octets"},
    {"6.13", 5, UTF8, "Lonely start octets"},
    {"6.14", 10, UTF8, "Sequences without their last octet"},
    {"6.15", 1, UTF8, "Incomplete sequences in a row"},
    {"6.16", 3, UTF8, "Impossible octets"},
    {"6.17", 5, UTF8, "Overlong ASCII"},
    {"6.18", 5, UTF8, "Largest overlong sequences"},
    {"6.19", 5, UTF8, "Overlong NUL"},
    {"6.20", 7, UTF8, "Single surrogates"},
    {"6.21", 8, UTF8, "Paired surrogates"},
    {"6.22", 34, UTF8, "Non-characters"},
    {"6.23", 7, UTF8, "Specials"},
    {"7.1", 6, CLOSE, "Basic closing"},
    {"7.3", 6, CLOSE, "Length of the body of a close frame"},
    {"7.5", 1, CLOSE, "Body of a close frame"},
    {"7.7", 13, CLOSE, "Valid close codes"},
    {"7.9", 9, CLOSE, "Invalid close codes"},
    {"7.13", 2, CLOSE, "Close codes that are left open"},
    {"9.1", 6, LIMITS, "Text messages of growing size"},
    {"9.2", 6, LIMITS, "Binary messages of growing size"},
    {"9.3", 9, LIMITS, "Fragmented text messages"},
    {"9.4", 9, LIMITS, "Fragmented binary messages"},
    {"9.5", 6, LIMITS, "Text messages in small writes"},
    {"9.6", 6, LIMITS, "Binary messages in small writes"},
    {"9.7", 6, LIMITS, "Many text messages"},
    {"9.8", 6, LIMITS, "Many binary messages"},
    {"10.1", 1, "Misc", "Fragmentation by the sender"},
    {"12.1", 18, PAYLOADS, "JSON"},
    {"12.2", 18, PAYLOADS, "A picture"},
    {"12.3", 18, PAYLOADS, "Prose"},
    {"12.4", 18, PAYLOADS, "HTML"},
    {"12.5", 18, PAYLOADS, "A document"},
    {"13.1", 18, PARAMETERS, "Default"},
    {"13.2", 18, PARAMETERS, "No context takeover"},
    {"13.3", 18, PARAMETERS, "Window of 9 bits"},
    {"13.4", 18, PARAMETERS, "Window of 15 bits"},
    {"13.5", 18, PARAMETERS, "No context takeover, window of 9 bits"},
    {"13.6", 18, PARAMETERS, "No context takeover, window of 15 bits"},
    {"13.7", 18, PARAMETERS, "Three variants to choose from"},
};
enum { N_GROUPS = sizeof GROUPS / sizeof GROUPS[0] };

/* Returns the group of a case and makes `*index` its place there, from 0. */
static const struct group *group_of(size_t *index) {
  const struct group *group = GROUPS;
  while (group < GROUPS + N_GROUPS - 1 && *index >= group->n) {
    *index -= group->n;
    group++;
  }
  return group;
}

void wspec_number_text(size_t index, char out[WSPEC_NUMBER_SIZE]) {
  const struct group *group = group_of(&index);
  (void)snprintf(out, WSPEC_NUMBER_SIZE, "%s.%u", group->start, (unsigned)index % 1000 + 1);
}

bool wspec_number_find(const char *number, size_t *index) {
  for (size_t i = 0; i < WSPEC_N_NUMBERS; i++) {
    char text[WSPEC_NUMBER_SIZE];
    wspec_number_text(i, text);
    if (strcmp(text, number) == 0) {
      *index = i;
      return true;
    }
  }
  return false;
}

const char *wspec_number_category(size_t index) {
  return group_of(&index)->category;
}

const char *wspec_number_subcategory(size_t index) {
  return group_of(&index)->subcategory;
}

bool wspec_pattern_matches(const char *pattern, const char *text, bool to_the_end) {
  const char *star = NULL, *resume = text; /* the last '*', and where its octets end so far */
  while (*text || *pattern) {
    if (*pattern == '*') {
      star = pattern++;
      resume = text;
    } else if (*pattern && *pattern == *text) {
      pattern++;
      text++;
    } else if (!*pattern && !to_the_end) {
      return true;
    } else if (star && *resume) {
      pattern = star + 1;
      text = ++resume;
    } else {
      return false;
    }
  }
  return true;
}

bool wspec_pattern_select(const char *pattern, bool value, bool selected[WSPEC_N_NUMBERS]) {
  bool is_literal = !strchr(pattern, '*');
  bool found = false;
  for (size_t i = 0; i < WSPEC_N_NUMBERS; i++) {
    char number[WSPEC_NUMBER_SIZE];
    wspec_number_text(i, number);
    if (wspec_pattern_matches(pattern, number, is_literal)) {
      selected[i] = value;
      found = true;
    }
  }
  return found;
}
