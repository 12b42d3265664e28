/* place: where something stands in a case file. */
#ifndef WSPEC_CASE_PLACE_H
#define WSPEC_CASE_PLACE_H

/* Counted from 1, columns in characters. Zeroed: nowhere, as in a script that was made by hand. */
struct wspec_place {
  unsigned line;
  unsigned column;
};

#endif
