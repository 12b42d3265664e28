#include "base/err.h"

const char *wspec_err_name(enum wspec_err err) {
  switch (err) {
#define WSPEC_ERR_NAME(name, value, sentence) \
  case name:                                  \
    return #name;
    WSPEC_ERR_MAP(WSPEC_ERR_NAME)
#undef WSPEC_ERR_NAME
  }
  return "WSPEC_ERR_UNKNOWN";
}

const char *wspec_err_sentence(enum wspec_err err) {
  switch (err) {
#define WSPEC_ERR_SENTENCE(name, value, sentence) \
  case name:                                      \
    return sentence;
    WSPEC_ERR_MAP(WSPEC_ERR_SENTENCE)
#undef WSPEC_ERR_SENTENCE
  }
  return "an unknown error";
}
