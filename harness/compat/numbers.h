/* numbers: the 517 cases of Autobahn|Testsuite by their numbers, and the patterns that select
 * them. */
#ifndef WSPEC_COMPAT_NUMBERS_H
#define WSPEC_COMPAT_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>

enum { WSPEC_N_NUMBERS = 517, WSPEC_NUMBER_SIZE = 12 };

/* wspec_number_text writes the number of case `index` (0 to 516, in the order of Autobahn), such as
 * "12.1.18", to `out`. */
void wspec_number_text(size_t index, char out[WSPEC_NUMBER_SIZE]);

/* wspec_number_find puts the index of the case of this number in `*index`; false: there is none. */
bool wspec_number_find(const char *number, size_t *index);

/* wspec_number_category returns what a report calls the cases whose number begins as that of case
 * `index` does; wspec_number_subcategory the same for its first two parts, "" where they have no
 * name. Static storage. */
const char *wspec_number_category(size_t index);
const char *wspec_number_subcategory(size_t index);

/* wspec_pattern_matches returns true if '*' in `pattern`, any octets, and all else as it stands
 * match `text` from its start; and to its end if `to_the_end`. */
bool wspec_pattern_matches(const char *pattern, const char *text, bool to_the_end);

/* wspec_pattern_select sets `selected[i]` to `value` for each case that `pattern` names. With a '*'
 * it need not match the end of a number: "1*" names 10.1.1, too; without, it is a number. False: it
 * names no case. */
bool wspec_pattern_select(const char *pattern, bool value, bool selected[WSPEC_N_NUMBERS]);

#endif
