/* fuzz: what every harness stands on.
 *
 * A harness is one file with LLVMFuzzerTestOneInput and one property. Its input is the octets that
 * the code under test gets, and behind them, at the tail, the options: so a recorded stream is a
 * valid input as it is, and cutting or growing it leaves the options where they were.
 *
 *   struct fuzz_input input = fuzz_input_of(data, size);
 *   bool is_client = fuzz_take_octet(&input) & 1;       // from the tail
 *   struct fuzz_plan plan = fuzz_take_plan(&input);
 *   ... input.data, input.len is what is left: the stream
 *
 * The code under test never sees the input itself but heap copies of exactly the octets that it is
 * given, so that a sanitizer sees every over-read. */
#ifndef WSPEC_FUZZ_FUZZ_H
#define WSPEC_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* LLVMFuzzerTestOneInput runs the harness on one input and returns 0. It keeps nothing from one
 * call to the next. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* FUZZ_CHECK ends the process, in every build, if `condition` does not hold. */
#define FUZZ_CHECK(condition) \
  ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, __func__, #condition))

/* fuzz_fail prints what did not hold and where, and aborts. */
_Noreturn void fuzz_fail(const char *file, int line, const char *function, const char *condition);

/* An input from which the options are taken. */
struct fuzz_input {
  const uint8_t *data;
  size_t len;
};

/* fuzz_input_of returns the whole input. */
static inline struct fuzz_input fuzz_input_of(const uint8_t *data, size_t size) {
  return (struct fuzz_input){data, size};
}

/* fuzz_take_octet takes the last octet off; 0 if there is none left. */
static inline uint8_t fuzz_take_octet(struct fuzz_input *input) {
  return input->len > 0 ? input->data[--input->len] : 0;
}

/* In which portions octets are fed: four lengths that are used in turn. */
enum { FUZZ_PLAN_LEN = 4 };
struct fuzz_plan {
  uint8_t lens[FUZZ_PLAN_LEN]; /* 0: all that is left; to 200: that many octets; else 64 times
                                  what it is above 200 */
};

/* fuzz_take_plan takes the last four octets off as a plan. */
struct fuzz_plan fuzz_take_plan(struct fuzz_input *input);

/* fuzz_portion returns the length of the `i`-th portion where `left` octets are left, 1 to `left`;
 * 0 only if nothing is left. */
size_t fuzz_portion(const struct fuzz_plan *plan, size_t i, size_t left);

/* The plans besides the input's own. */
extern const struct fuzz_plan fuzz_plan_at_once;
extern const struct fuzz_plan fuzz_plan_octets;

enum { FUZZ_PLANS_MAX = 3 };

/* fuzz_choose_plans fills `plans` with those under which an input is to come to the same, `own`
 * first, and returns how many. A fuzzer's time is spent best on new inputs, so by a hash of its
 * octets every second one is compared with all at once, every fourth also with an octet at a time.
 * A replay (fuzz_is_replay) gets all for each input. What is the same for `input` comes once. */
size_t fuzz_choose_plans(struct fuzz_input input, struct fuzz_plan own,
                         struct fuzz_plan plans[FUZZ_PLANS_MAX]);

/* fuzz_is_replay returns true where the environment has WSPEC_FUZZ_REPLAY, as replay_main sets it:
 * every oracle is asked, however long it takes. */
bool fuzz_is_replay(void);

/* The portions of an input one after the other, each at the start of a heap block of its size.
 *
 *   struct fuzz_feed feed = {.input = input, .plan = plan};
 *   while (fuzz_feed_next(&feed)) { use feed.portion, feed.portion_len }
 *   fuzz_feed_end(&feed); */
struct fuzz_feed {
  struct fuzz_input input;
  struct fuzz_plan plan;
  uint8_t *portion; /* valid and writable until the next call; NULL at the end */
  size_t portion_len;
  size_t at;        /* private: where the next portion begins */
  size_t i;         /* private */
  size_t block_len; /* private */
};

/* fuzz_feed_next makes the next portion. false: there is none. A run of portions of one length may
 * use one block. */
bool fuzz_feed_next(struct fuzz_feed *feed);

/* fuzz_feed_end frees the portion; needed only by who leaves before fuzz_feed_next gave false. */
void fuzz_feed_end(struct fuzz_feed *feed);

/* fuzz_copy returns a heap copy of exactly `len` octets, to be freed with free(). Never NULL. */
uint8_t *fuzz_copy(const uint8_t *data, size_t len);

/* ---- memory ---- */

/* fuzz_memory_start starts counting what the code under test asks for. */
void fuzz_memory_start(void);

/* fuzz_memory_requested returns how many octets were asked for since: the sum over all calls of
 * malloc, calloc and realloc in what is linked statically, less what was asked for by this header's
 * own functions. It bounds the memory ever held, and the work too. */
size_t fuzz_memory_requested(void);

#endif
