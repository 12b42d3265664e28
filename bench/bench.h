/* bench: compares candidates for the same work in one process.
 *
 * A repetition gives each candidate of a row some turns, one after the other, so that a machine
 * whose speed drifts, or that others use too, is as kind to each. Each repetition gives a ratio to
 * the first candidate, and one to the best peer; the median ratio counts: only ratios within one
 * row carry over to another machine, so the table leads with them. Time is the thread's processor
 * time.
 *
 *   struct bench_candidate row[] = {{.name = "theirs", .role = BENCH_PEER, .run = run_theirs,
 *                                    .context = &input},
 *                                   {.name = "ours", .role = BENCH_OURS, ...}};
 *   bench_print_head("UTF-8 validation", row, 2);
 *   failed |= bench_measure(row, 2);
 *   bench_print_row("Russian 1 KiB", 1024, row, 2);
 *   bench_sum_up_lead("UTF-8, Russian 1 KiB", &row[1], 1.0);
 *
 * Two variables of the environment are read, which bench/run sets: WSPEC_BENCH_QUICK, not empty,
 * for one short turn of each, which shows that all runs and agrees and whose figures mean nothing;
 * and WSPEC_BENCH_SUMMARY, the file to which the bench_sum_up_ functions append. */
#ifndef WSPEC_BENCH_H
#define WSPEC_BENCH_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_REPETITIONS    7
#define BENCH_TURNS          4
#define BENCH_TURN_NS        1000000
#define BENCH_MAX_CANDIDATES 16

enum bench_role {
  BENCH_LIMIT, /* what bounds all, such as a memcpy, or a yardstick that is no peer */
  BENCH_PEER,  /* what others wrote */
  BENCH_OURS
};

/* struct bench_candidate is one way to do the work. */
struct bench_candidate {
  const char *name;
  enum bench_role role;
  uint64_t (*run)(void *context, uint64_t rounds); /* does the work `rounds` times; the sum of the
                                                      results, the same for each candidate */
  void *context;                                   /* handed to `run` */
  double median_ns;                                /* out: of one round */
  double speed; /* out: the median of the ratios of the first candidate's time to this one's */
  const char *best_peer; /* out: the peer with the best `speed`; NULL without peers */
  double lead;           /* out: the median of the ratios of that peer's time to this one's */
};

/* bench_touch_memory makes the compiler believe that all memory is read and written here, so that
 * no round's work is moved out of the loop or left out. */
static inline void bench_touch_memory(void) {
  __asm__ volatile("" ::: "memory");
}

/* bench_measure fills in the results of the `n` candidates, 1 to BENCH_MAX_CANDIDATES. Returns 0,
 * or 1 after a line on standard error if their results for the same rounds differ: then they do
 * not do the same work, and the figures mean nothing. */
int bench_measure(struct bench_candidate *candidates, size_t n);

/* bench_print_head prints the title and the head of a Markdown table with a column for each of the
 * `n` candidates. Ratios in it are to the first. */
void bench_print_head(const char *title, const struct bench_candidate *candidates, size_t n);

/* bench_print_row prints one row of measured candidates: of each the speed as a ratio to the
 * first's, and in brackets the GB/s for `octets` octets a round, or, if that is 0, the nanoseconds
 * of a round. */
void bench_print_row(const char *label, size_t octets, const struct bench_candidate *candidates,
                     size_t n);

/* bench_sum_up_speed adds to the summary what `ours` got in `cell` beside the first candidate,
 * whose name is `first`; bench_sum_up_lead what it got beside the best peer, if there is one. The
 * ratio is to be at least `goal`. */
void bench_sum_up_speed(const char *cell, const struct bench_candidate *ours, const char *first,
                        double goal);
void bench_sum_up_lead(const char *cell, const struct bench_candidate *ours, double goal);

#endif
