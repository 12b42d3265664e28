/* err: the one error enum of wspec, with names and sentences.
 *
 * 0 is success. Negative values come in bands of 100, so that a caller can react to the kind
 * without knowing each value:
 *
 *   -1xx  not an error of the input: more octets are needed, or the end was reached
 *   -2xx  misuse: the caller broke the contract of the header; a bug on our side
 *   -3xx  the peer violated the protocol; a struct wspec_violation says where and which sentence
 *   -4xx  a limit given at init was reached
 *   -5xx  a file of the user is wrong: a case file, a baseline, an argument
 *   -6xx  the operating system, the network or TLS said no
 *   -7xx  out of memory, or a state that our code rules out
 */
#ifndef WSPEC_BASE_ERR_H
#define WSPEC_BASE_ERR_H

#define WSPEC_MUST_USE __attribute__((warn_unused_result))

#define WSPEC_ERR_MAP(X)                                                                     \
  X(WSPEC_OK, 0, "no error")                                                                 \
  X(WSPEC_ERR_NEED_MORE, -101, "more octets are needed")                                     \
  X(WSPEC_ERR_END, -102, "the end was reached")                                              \
  X(WSPEC_ERR_MISUSE, -201, "the call is not allowed in this state or with these arguments") \
  X(WSPEC_ERR_NO_SPACE, -202, "the output given is too small")                               \
  X(WSPEC_ERR_PROTOCOL, -301, "the peer violated the protocol")                              \
  X(WSPEC_ERR_UTF8, -302, "the octets are not valid UTF-8")                                  \
  X(WSPEC_ERR_HTTP, -303, "the octets are not a well-formed HTTP/1.1 message head")          \
  X(WSPEC_ERR_HANDSHAKE, -304, "the opening handshake is not valid")                         \
  X(WSPEC_ERR_DEFLATE, -305, "the octets are not a valid deflate stream")                    \
  X(WSPEC_ERR_URL, -306, "the text is not a usable URL")                                     \
  X(WSPEC_ERR_SYNTAX, -307, "the text does not follow its grammar")                          \
  X(WSPEC_ERR_LIMIT, -401, "a limit was reached")                                            \
  X(WSPEC_ERR_INPUT, -501, "a file or argument of the user is wrong")                        \
  X(WSPEC_ERR_IO, -601, "input or output failed")                                            \
  X(WSPEC_ERR_CONNECT, -602, "the connection could not be made")                             \
  X(WSPEC_ERR_TLS, -603, "TLS failed")                                                       \
  X(WSPEC_ERR_TIMEOUT, -604, "the time ran out")                                             \
  X(WSPEC_ERR_NOMEM, -701, "out of memory")                                                  \
  X(WSPEC_ERR_INTERNAL, -702, "a state that should be impossible")

enum wspec_err {
#define WSPEC_ERR_ENUM(name, value, sentence) name = value,
  WSPEC_ERR_MAP(WSPEC_ERR_ENUM)
#undef WSPEC_ERR_ENUM
};

/* wspec_err_name returns the constant's own name, "WSPEC_ERR_LIMIT"; for a value that is none of
 * them, "WSPEC_ERR_UNKNOWN". Never NULL; static storage. */
const char *wspec_err_name(enum wspec_err err);

/* wspec_err_sentence returns what `err` means, in lower case and without a full stop. Never NULL;
 * static storage. */
const char *wspec_err_sentence(enum wspec_err err);

#endif
